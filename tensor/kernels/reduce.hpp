// Reductions for the library's own use (reduce_loops.hpp makes any other), and scans. Accuracy:
// blocks are summed in many lanes and joined pairwise, float32 blocks in float64, so that a float32 result lies within
// a few ulp of the exact one for any length.
//
// `dims`: the dimensions to reduce, normalized, sorted and unique; ignored for tensors without dimensions. Results are
// fresh contiguous tensors. Reducing nothing gives the neutral element, NaN for mean; amax, amin and argmax of nothing
// are for the caller to refuse.
#pragma once

#include <xgrad/tensor/tensor.hpp>

namespace xg::kernels {

/// The shape that is left of `shape` without `dims` (sizes 1 there if keepdim).
Shape reduced_shape(const Shape& shape, const Shape& dims, bool keepdim);

/// Bools and integers sum to int64, and wrap.
Tensor sum(const Tensor& x, const Shape& dims, bool keepdim);
/// x is floating.
Tensor mean(const Tensor& x, const Shape& dims, bool keepdim);
/// NaN where there is one.
Tensor amax(const Tensor& x, const Shape& dims, bool keepdim);
Tensor amin(const Tensor& x, const Shape& dims, bool keepdim);
/// int64: where the largest element along `dim` first occurs; a NaN is larger than all numbers.
Tensor argmax(const Tensor& x, std::int64_t dim, bool keepdim);
/// int64: where the smallest element along `dim` first occurs; a NaN is smaller than all numbers.
Tensor argmin(const Tensor& x, std::int64_t dim, bool keepdim);

/// sum (x - mean)^2 over dims, for a floating x and its mean (with keepdim). The rounding of `mean` is corrected for:
/// sum d^2 - (sum d)^2 / n with d = x - mean (Chan, Golub, LeVeque 1983).
Tensor sum_squared_deviation(const Tensor& x, const Tensor& mean_keepdim, const Shape& dims, bool keepdim);

/// Running sums along dim; bools and integers give int64.
Tensor cumsum(const Tensor& x, std::int64_t dim);
Tensor cumprod(const Tensor& x, std::int64_t dim);
/// log(e^x_1 + ... + e^x_i) along dim, for a floating x.
Tensor logcumsumexp(const Tensor& x, std::int64_t dim);

}  // namespace xg::kernels
