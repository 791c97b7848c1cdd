// Products with sparse matrices along one dimension. The derivative is the product with the transpose.
#include <xgrad/autograd/detail/rearrangement.hpp>
#include <xgrad/autograd/detail/resampling.hpp>
#include <xgrad/autograd/detail/samples.hpp>
#include <xgrad/autograd/detail/views.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>

#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace xg::autograd {
namespace {

/// sum_j matrix[i, j] x[.., j, ..]
struct Resample : Rearrangement {
  static constexpr const char* name = "resample";
  std::size_t dim = 0;
  std::int64_t size = 0;                                       // of the result
  std::shared_ptr<const kernels::SparseRows> matrix, adjoint;  // no matrix where there are no elements

  bool mixes_rows(std::int64_t) const { return dim == 0; }
  Tensor forward(const Tensor& x) const {
    if (matrix != nullptr) return kernels::resample(x, static_cast<std::int64_t>(dim), *matrix);
    Shape shape = x.shape();
    shape[dim] = size;
    return kernels::zeros(shape, x.dtype());
  }
  Tensor backward(const OpContext& c, const Tensor& g) const {
    std::shared_ptr<const kernels::SparseRows> back = adjoint;
    if (back == nullptr && matrix != nullptr)
      back = std::make_shared<const kernels::SparseRows>(kernels::transposed(*matrix));
    return apply(Resample{{}, dim, c.input_shape(0)[dim], std::move(back), matrix}, g);
  }
  /// A bound on the rounding of the sums: the sum of the magnitudes of their terms.
  Tensor rounding(const RoundingContext& c) const {
    if (matrix == nullptr) return {};
    kernels::SparseRows magnitudes = *matrix;
    for (Tensor* numbers : {&magnitudes.weight, &magnitudes.divisor})
      if (numbers->defined()) *numbers = contiguous(abs(*numbers));
    return kernels::resample(c.of_term(0), static_cast<std::int64_t>(dim), magnitudes);
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto along = [](std::size_t dim, bool weighted) {
      return [=](const Inputs& in) {
        const std::int64_t columns = in[0].size(static_cast<std::int64_t>(dim));
        return resampled(name, in[0], dim, 3, [&] {
          kernels::SparseBuilder rows(3, columns, 2 * columns,
                                      weighted ? kernels::SparseBuilder::weights : kernels::SparseBuilder::divisors);
          for (std::int64_t j = 0; j < columns; ++j) rows.add(j, 0.5 + static_cast<double>(j));
          rows.end_row(4);
          rows.end_row();
          for (std::int64_t j = columns; j-- > 0;) rows.add(j / 2, 1 - static_cast<double>(j));
          rows.end_row(0.5);
          return std::move(rows).finish();
        });
      };
    };
    return shaped_samples(d, {{"last", {{2, 4}}, along(1, true)},
                              {"middle", {{2, 4, 3}}, along(1, false)},
                              {"first", {{2, 3}}, along(0, true)},
                              {"empty", {{0, 4}}, along(1, true)}});
  }
};

}  // namespace

Tensor resampled(const char* op, const Tensor& x, std::size_t dim, std::int64_t size,
                 const std::function<kernels::SparseRows()>& matrix) {
  Shape shape = x.shape();
  shape[dim] = size;
  const bool none = checked_numel(op, shape) == 0 || x.numel() == 0;
  return apply(Resample{{}, dim, size, none ? nullptr : std::make_shared<const kernels::SparseRows>(matrix()), nullptr},
               x);
}

kernels::SparseRows covering_means(std::int64_t size, std::int64_t count) {
  // Neighbouring windows share one element at most.
  kernels::SparseBuilder rows(count, size, size + 2 * count, kernels::SparseBuilder::divisors);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t begin = i * size / count, end = ((i + 1) * size + count - 1) / count;
    for (std::int64_t j = begin; j < end; ++j) rows.add(j);
    rows.end_row(static_cast<double>(end - begin));
  }
  return std::move(rows).finish();
}

}  // namespace xg::autograd
