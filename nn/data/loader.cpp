#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/data/loader.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>
#include <utility>

namespace xg::nn::data {
namespace {

// The size of the blocks in which shuffled rows are gathered. One gather serves many small batches, the block stays in
// the cache, and large data are not copied as a whole.
constexpr std::int64_t block_bytes = 1 << 20;

void check_rows(const char* argument, const Tensor& t, std::int64_t rows) {
  if (!t.defined() || (t.dim() > 0 && t.size(0) == rows)) return;
  raise<ShapeError>("[TensorDataset] X has {} rows, {} is {}: their first dimensions must be equal.", rows, argument,
                    t.shape().str());
}

std::int64_t bytes_per_row(const Tensor& t) {
  if (!t.defined() || t.size(0) == 0) return 0;
  return t.numel() / t.size(0) * static_cast<std::int64_t>(item_size(t.dtype()));
}

Tensor picked(const Tensor& t, const Tensor& rows) { return t.defined() ? t.index_select(0, rows) : t; }

Tensor cut(const Tensor& t, std::int64_t start, std::int64_t length) {
  return t.defined() ? t.narrow(0, start, length) : t;
}

}  // namespace

TensorDataset::TensorDataset(Tensor X, Tensor y, Tensor weight)
    : X_(std::move(X)), y_(std::move(y)), weight_(std::move(weight)) {
  if (!X_.defined()) throw ValueError("[TensorDataset] X is undefined: pass a tensor.");
  if (X_.dim() == 0) throw ShapeError("[TensorDataset] X has no dimension: its first one counts the rows.");
  check_rows("y", y_, X_.size(0));
  check_rows("weight", weight_, X_.size(0));
}

DataLoader::DataLoader(TensorDataset dataset, DataLoaderOptions options)
    : dataset_(std::move(dataset)), options_(options) {
  if (options_.batch_size < 1)
    raise<ValueError>("[DataLoader] batch_size is {}, it must be positive.", options_.batch_size);
  // A batch larger than the data behaves like one of rows + 1, with which products do not overflow.
  options_.batch_size = std::min(options_.batch_size, dataset_.size() + 1);
  if (options_.seed) own_.emplace(*options_.seed);
}

DataLoader::DataLoader(Tensor X, Tensor y, DataLoaderOptions options)
    : DataLoader(TensorDataset(std::move(X), std::move(y)), options) {}

DataLoader::DataLoader(const Dataset& dataset, DataLoaderOptions options)
    : DataLoader(TensorDataset(dataset.X, dataset.y), options) {}

std::int64_t DataLoader::size() const {
  const std::int64_t rows = dataset_.size(), batch = options_.batch_size;
  return options_.drop_last ? rows / batch : (rows + batch - 1) / batch;
}

DataLoader::Iterator DataLoader::begin() {
  Tensor order;
  if (options_.shuffle) order = randperm(dataset_.size(), {.generator = own_ ? &*own_ : options_.generator});
  return Iterator(dataset_, std::move(order), options_.batch_size,
                  std::min(dataset_.size(), size() * options_.batch_size));
}

DataLoader::Iterator::Iterator(const TensorDataset& dataset, Tensor order, std::int64_t batch_size, std::int64_t stop)
    : dataset_(&dataset), order_(std::move(order)), batch_size_(batch_size), stop_(stop) {
  if (start_ < stop_) load();
}

DataLoader::Iterator& DataLoader::Iterator::operator++() {
  start_ += batch_size_;
  if (start_ < stop_) load();
  return *this;
}

void DataLoader::Iterator::load() {
  const std::int64_t length = std::min(batch_size_, stop_ - start_);
  const TensorDataset& data = *dataset_;
  if (!order_.defined()) {
    batch_ = {cut(data.X(), start_, length), cut(data.y(), start_, length), cut(data.weight(), start_, length)};
    return;
  }
  if (start_ >= block_stop_) {
    const std::int64_t row = bytes_per_row(data.X()) + bytes_per_row(data.y()) + bytes_per_row(data.weight());
    const std::int64_t batches = std::max<std::int64_t>(1, block_bytes / std::max<std::int64_t>(1, row * batch_size_));
    block_start_ = start_;
    block_stop_ = std::min(stop_, start_ + std::min(batches, (stop_ - start_) / batch_size_ + 1) * batch_size_);
    const Tensor rows = order_.narrow(0, block_start_, block_stop_ - block_start_);
    block_ = {picked(data.X(), rows), picked(data.y(), rows), picked(data.weight(), rows)};
  }
  const std::int64_t offset = start_ - block_start_;
  batch_ = {cut(block_.x, offset, length), cut(block_.y, offset, length), cut(block_.weight, offset, length)};
}

}  // namespace xg::nn::data
