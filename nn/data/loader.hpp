// Iterates over rows in batches.
#pragma once

#include <xgrad/nn/data/dataset.hpp>
#include <xgrad/tensor/random.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <cstdint>
#include <iterator>
#include <optional>

namespace xg::nn::data {

/// Tensors with the same number of rows: features, targets and, where given, weights of the rows.
class XG_API TensorDataset {
 public:
  /// Throws ValueError where X is undefined, ShapeError where the numbers of rows differ or X is 0-d.
  explicit TensorDataset(Tensor X, Tensor y = {}, Tensor weight = {});

  std::int64_t size() const { return X_.size(0); }  ///< the number of rows
  const Tensor& X() const { return X_; }            ///< [rows, ...]
  const Tensor& y() const { return y_; }            ///< [rows, ...], or undefined
  const Tensor& weight() const { return weight_; }  ///< [rows, ...], or undefined

 private:
  Tensor X_, y_, weight_;
};

/// The rows of one batch.
struct Batch {
  Tensor x;            ///< [rows, ...]
  Tensor y = {};       ///< [rows, ...]; undefined if the data has none
  Tensor weight = {};  ///< [rows, ...]; undefined if the data has none
};

/// Options of DataLoader.
struct DataLoaderOptions {
  std::int64_t batch_size = 32;            ///< rows in a batch
  bool shuffle = false;                    ///< in a new order for each call of begin()
  bool drop_last = false;                  ///< skip a last batch that is smaller
  std::optional<std::uint64_t> seed = {};  ///< seed of a generator of its own; if empty, `generator` is used
  Generator* generator = nullptr;          ///< the default generator if null
};

/// `for (const Batch& batch : DataLoader(X, y, {.batch_size = 32, .shuffle = true})) ...`
///
/// Without shuffling, batches are views of the data, so do not change them in place; shuffled rows are gathered,
/// several small batches at a time.
class XG_API DataLoader {
 public:
  /// Throws ValueError unless batch_size is positive, ShapeError as TensorDataset.
  explicit DataLoader(TensorDataset dataset, DataLoaderOptions options = {});
  /// Loads X and y. Throws as above.
  DataLoader(Tensor X, Tensor y, DataLoaderOptions options = {});
  /// Loads X and y of an encoded data set. Throws as above.
  explicit DataLoader(const Dataset& dataset, DataLoaderOptions options = {});

  /// Number of batches in one pass.
  std::int64_t size() const;
  const TensorDataset& dataset() const { return dataset_; }  ///< the data

  /// The sentinel of an iterator.
  struct End {};
  /// Iterates over the batches of one pass. It refers to the loader, which must outlive it.
  class XG_API Iterator {
   public:
    using iterator_category = std::input_iterator_tag;  ///< single pass
    using value_type = Batch;                           ///< the element type
    using difference_type = std::ptrdiff_t;             ///< for the standard library
    using pointer = const Batch*;                       ///< for the standard library
    using reference = const Batch&;                     ///< for the standard library

    const Batch& operator*() const { return batch_; }    ///< the batch; valid until the next step
    const Batch* operator->() const { return &batch_; }  ///< the batch; valid until the next step
    Iterator& operator++();                              ///< advances to the next batch
    void operator++(int) { ++*this; }                    ///< advances to the next batch
    friend bool operator==(const Iterator& it, End) { return it.start_ >= it.stop_; }  ///< is it past the last batch?

   private:
    friend class DataLoader;
    Iterator(const TensorDataset& dataset, Tensor order, std::int64_t batch_size, std::int64_t stop);
    void load();

    const TensorDataset* dataset_;
    Tensor order_;  // indices of the rows; undefined without shuffling
    std::int64_t batch_size_;
    std::int64_t start_ = 0, stop_;
    std::int64_t block_start_ = 0, block_stop_ = 0;  // range of the rows in block_
    Batch block_;
    Batch batch_;
  };

  Iterator begin();               ///< starts a pass, in a new order if shuffling
  End end() const { return {}; }  ///< the end of every pass

 private:
  TensorDataset dataset_;
  DataLoaderOptions options_;
  std::optional<Generator> own_;
};

}  // namespace xg::nn::data
