// Gather and scatter by integer tensors and masks. Index tensors are int64 or int32. Every index is checked: one out of
// range is an IndexError that names `op`, the index and the valid range; shapes that do not fit are a ShapeError. A
// `dim` is normalized. Functions with a trailing underscore write into their first argument, which may have any strides
// but no overlap, and all their tensors have its dtype.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <span>

namespace xg::kernels {

/// out[.., i, ..] = x[.., index[i], ..] for a one-dimensional (or zero-dimensional) index. Negative indices are errors.
Tensor index_select(const Tensor& x, std::int64_t dim, const Tensor& index, const char* op = "index_select");
/// x[.., index[i], ..] += alpha * source[.., i, ..]
void index_add_(Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source, Scalar alpha = 1,
                const char* op = "index_add");
/// x[.., index[i], ..] = source[.., i, ..]; the last of equal indices wins.
void index_copy_(Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source, const char* op = "index_copy");

/// out[i, j, k] = x[index[i, j, k], j, k] for dim 0. index has x's number of dimensions and is nowhere larger than x,
/// except along dim. Negative indices are errors.
Tensor gather(const Tensor& x, std::int64_t dim, const Tensor& index, const char* op = "gather");
/// x[index[i, j, k], j, k] = source[i, j, k] for dim 0. index is nowhere larger than source.
void scatter_(Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source, const char* op = "scatter");
/// x[index[i, j, k], j, k] += source[i, j, k] for dim 0.
void scatter_add_(Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source,
                  const char* op = "scatter_add");
/// x[index[i, j, k], j, k] *= source[i, j, k] for dim 0.
void scatter_multiply_(Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source,
                       const char* op = "scatter_multiply");
/// x[index[i, j, k], j, k] becomes the larger (or smaller) of itself and source[i, j, k] for dim 0; NaN where one is.
void scatter_extreme_(Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source, bool largest,
                      const char* op = "scatter_extreme");

/// The elements of x where the (broadcast) mask is true, in row-major order: [count].
Tensor masked_select(const Tensor& x, const Tensor& mask);
/// The elements of x where mask is true become values[0], values[1], ... in row-major order. mask has x's shape; throws
/// ShapeError where there are fewer values than true elements.
void masked_scatter_(Tensor& x, const Tensor& mask, const Tensor& values, const char* op = "masked_scatter");
/// Coordinates of the elements that are not zero, in row-major order: int64 [count, x.dim()].
Tensor nonzero(const Tensor& x);

/// Tensors of one dtype joined along dim. Their other sizes are equal; tensors of shape [0] are skipped.
Tensor cat(std::span<const Tensor* const> tensors, std::int64_t dim, const char* op = "cat");

/// A contiguous tensor as [outer, size of dim, inner].
struct AroundDim {
  std::int64_t outer = 1, inner = 1;
  AroundDim(const Shape& shape, std::int64_t dim) {
    for (std::size_t k = 0; k < shape.size(); ++k)
      if (k != static_cast<std::size_t>(dim)) (k < static_cast<std::size_t>(dim) ? outer : inner) *= shape[k];
  }
};

/// Slice i of x along dim repeated counts[i] times, `total` slices in all. counts is int64, contiguous and checked:
/// none negative, one for each slice, and their sum is `total`.
Tensor repeat_slices(const Tensor& x, std::int64_t dim, const Tensor& counts, std::int64_t total);
/// The adjoint of repeat_slices: x along dim in groups of counts[i] slices, each group summed to one slice (in float64,
/// or modulo 2^n).
Tensor sum_groups(const Tensor& x, std::int64_t dim, const Tensor& counts);

/// Rows of weight [n, d] picked by an index of any shape: [..., d]. Negative indices are errors.
Tensor embedding(const Tensor& index, const Tensor& weight, const char* op = "embedding");

}  // namespace xg::kernels
