// Sums, means and maxima of bags of embeddings.
#include <xgrad/autograd/detail/indexing.hpp>
#include <xgrad/autograd/detail/reduction.hpp>
#include <xgrad/autograd/detail/resampling.hpp>
#include <xgrad/autograd/detail/window_max.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/comparison.hpp>
#include <xgrad/autograd/ops/embedding_bag.hpp>
#include <xgrad/autograd/ops/indexing.hpp>
#include <xgrad/autograd/ops/reductions.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace xg {
namespace {

using Mode = EmbeddingBagMode;
constexpr const char* op_name = "embedding_bag";

void check_arguments(const Tensor& index, const Tensor& weight, const EmbeddingBagOptions& options) {
  if (weight.dim() != 2)
    raise<ShapeError>("[embedding_bag] the weight has shape {}, it must be [rows, features].", weight.shape().str());
  autograd::check_floating(op_name, weight);
  if (index.dim() != 1 && index.dim() != 2)
    raise<ShapeError>("[embedding_bag] the index has shape {}, it must be [n] with offsets, or [bags, n].",
                      index.shape().str());
  if ((index.dim() == 1) != options.offsets.defined())
    raise<ValueError>("[embedding_bag] the index has shape {}: offsets belong to an index of one dimension.",
                      index.shape().str());
  const Tensor& weights = options.per_sample_weights;
  if (!weights.defined()) return;
  if (options.mode != Mode::sum)
    throw ValueError("[embedding_bag] per_sample_weights are for the mode sum: use it, or leave them out.");
  if (weights.shape() != index.shape())
    raise<ShapeError>("[embedding_bag] per_sample_weights are {}, the index is {}: the shapes must be equal.",
                      weights.shape().str(), index.shape().str());
  if (weights.dtype() != weight.dtype())
    raise<DtypeError>("[embedding_bag] per_sample_weights are {}, the weight is {}: the dtypes must be equal.",
                      name(weights.dtype()), name(weight.dtype()));
}

/// padding_idx counted from the front, or -1.
std::int64_t padding_of(const Tensor& weight, const EmbeddingBagOptions& options) {
  if (!options.padding_idx) return -1;
  const std::int64_t rows = weight.size(0), padding = *options.padding_idx;
  if (padding < -rows || padding >= rows)
    raise<IndexError>("[embedding_bag] padding_idx is {}, the weight has {} rows.", padding, rows);
  return padding < 0 ? padding + rows : padding;
}

/// The rows of each bag of an index [bags, n], reduced.
Tensor of_equal_bags(const Tensor& index, const Tensor& weight, std::int64_t padding,
                     const EmbeddingBagOptions& options) {
  Tensor rows = embedding(index, weight);
  if (options.per_sample_weights.defined()) rows = rows * unsqueeze(options.per_sample_weights, -1);
  if (index.size(1) == 0) return sum(rows, 1);
  const Tensor kept = padding < 0 ? Tensor() : unsqueeze(index != Scalar(padding), -1);
  if (options.mode == Mode::max) {
    if (!kept.defined()) return max(rows, 1).first;
    const Tensor best = max(where(kept, rows, -std::numeric_limits<double>::infinity()), 1).first;
    return where(any(kept, 1), best, 0.0);
  }
  if (!kept.defined()) return options.mode == Mode::mean ? mean(rows, 1) : sum(rows, 1);
  const Tensor total = sum(where(kept, rows, 0.0), 1);
  if (options.mode == Mode::sum) return total;
  const Tensor count = to(sum(to(kept, Dtype::int64), 1), weight.dtype());
  return total / clamp(count, 1.0);
}

/// The first index of each bag, and the end of the last.
std::vector<std::int64_t> bounds_of(const Tensor& offsets, std::int64_t count, bool include_last) {
  if (offsets.dim() != 1)
    raise<ShapeError>("[embedding_bag] offsets have shape {}, they must be a vector.", offsets.shape().str());
  std::vector<std::int64_t> bounds =
      autograd::checked_index(op_name, offsets).to(Dtype::int64).to_vector<std::int64_t>();
  if (include_last && bounds.empty())
    throw ValueError("[embedding_bag] there are no offsets, so the last of them cannot be included.");
  if (!include_last) bounds.push_back(count);
  for (std::size_t i = 0; i < bounds.size(); ++i)
    if ((i == 0 && bounds.size() > 1 && bounds[0] != 0) || bounds[i] < 0 || bounds[i] > count ||
        (i > 0 && bounds[i] < bounds[i - 1]))
      raise<ValueError>("[embedding_bag] offset {} is {}: they begin with 0, do not decrease, and are at most {}.", i,
                        bounds[i], count);
  return bounds;
}

/// The same for an index [n] with bag i from bounds[i] to bounds[i + 1].
Tensor of_bags(const Tensor& index, const Tensor& weight, std::int64_t padding, const EmbeddingBagOptions& options) {
  const std::vector<std::int64_t> bounds = bounds_of(options.offsets, index.numel(), options.include_last_offset);
  const std::vector<std::int64_t> chosen = index.to(Dtype::int64).to_vector<std::int64_t>();
  const auto bags = static_cast<std::int64_t>(bounds.size()) - 1, features = weight.size(1);
  Tensor rows = embedding(index, weight);
  if (options.per_sample_weights.defined()) rows = rows * unsqueeze(options.per_sample_weights, -1);
  if (options.mode != Mode::max)
    return autograd::resampled(op_name, rows, 0, bags, [&] {
      kernels::SparseBuilder matrix(bags, index.numel(), index.numel(), kernels::SparseBuilder::divisors);
      for (std::size_t b = 0; b + 1 < bounds.size(); ++b) {
        std::int64_t count = 0;
        for (std::int64_t i = bounds[b]; i < bounds[b + 1]; ++i)
          if (chosen[static_cast<std::size_t>(i)] != padding) matrix.add(i), ++count;
        matrix.end_row(options.mode == Mode::mean ? static_cast<double>(std::max<std::int64_t>(count, 1)) : 1.0);
      }
      return std::move(matrix).finish();
    });
  // The maxima of the bags that are not empty, of the rows that count.
  std::vector<std::int64_t> kept, begin, end, filled;
  for (std::size_t b = 0; b + 1 < bounds.size(); ++b) {
    const auto first = static_cast<std::int64_t>(kept.size());
    for (std::int64_t i = bounds[b]; i < bounds[b + 1]; ++i)
      if (chosen[static_cast<std::size_t>(i)] != padding) kept.push_back(i);
    if (static_cast<std::int64_t>(kept.size()) == first) continue;
    begin.push_back(first);
    end.push_back(static_cast<std::int64_t>(kept.size()));
    filled.push_back(static_cast<std::int64_t>(b));
  }
  const auto vector = [](const std::vector<std::int64_t>& values) {
    return from_data(values.data(), {static_cast<std::int64_t>(values.size())});
  };
  const Tensor nothing = zeros({bags, features}, {.dtype = weight.dtype()});
  const Tensor some = index_select(rows, 0, vector(kept));
  const kernels::WindowRanges of_rows{static_cast<std::int64_t>(begin.size()), vector(begin), vector(end)};
  const Tensor columns = arange(features);
  const kernels::WindowRanges of_columns{features, columns, columns + 1};
  const Tensor best = autograd::window_maxima(unsqueeze(some, 0), of_rows, of_columns).first;
  return index_copy(nothing, 0, vector(filled), squeeze(best, 0));
}

}  // namespace

Tensor embedding_bag(const Tensor& index, const Tensor& weight, const EmbeddingBagOptions& options) {
  check_arguments(index, weight, options);
  const Tensor places = autograd::checked_index(op_name, index);
  const std::int64_t padding = padding_of(weight, options);
  return index.dim() == 2 ? of_equal_bags(places, weight, padding, options) : of_bags(places, weight, padding, options);
}

}  // namespace xg
