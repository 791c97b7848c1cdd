// Reductions: sums, products, extrema, quantiles, variances and norms over dimensions; running sums, products and
// extrema along one; softmax and its relatives.
//
// `dims` names the dimensions to reduce; none means all of them, and negative ones count from the end. A dimension out
// of range is an IndexError, one named twice a ValueError. They are removed from the result, or keep size 1 with
// `keepdim`. A 0-d tensor is treated as a vector of one element. Sums are computed in blocks and in float64, so that a
// float32 result is accurate to a few units in the last place.
#pragma once

#include <xgrad/tensor/dtype.hpp>
#include <xgrad/tensor/shape.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <cstdint>
#include <optional>
#include <utility>

namespace xg {

/// The dtype in which a reduction computes.
struct DtypeOption {
  std::optional<Dtype> dtype = {};  ///< convert the input to this first
};

/// The sum over dims, 0 for no elements. Bools and integers give int64, which wraps around.
XG_API Tensor sum(const Tensor& x, const Dims& dims = {}, bool keepdim = false, DtypeOption options = {});
/// The arithmetic mean over dims, NaN for no elements. Throws DtypeError unless the dtype is floating-point.
XG_API Tensor mean(const Tensor& x, const Dims& dims = {}, bool keepdim = false, DtypeOption options = {});
/// sum() of the elements that are not NaN; the others have derivative 0.
XG_API Tensor nansum(const Tensor& x, const Dims& dims = {}, bool keepdim = false, DtypeOption options = {});
/// mean() of the elements that are not NaN, NaN where there are none. Throws as mean.
XG_API Tensor nanmean(const Tensor& x, const Dims& dims = {}, bool keepdim = false, DtypeOption options = {});
/// The product of all elements, 1 for no elements: 0-d. Bools and integers give int64. The derivative is also correct
/// where factors are 0.
XG_API Tensor prod(const Tensor& x, DtypeOption options = {});
/// The product along one dimension, as prod() of all elements.
XG_API Tensor prod(const Tensor& x, std::int64_t dim, bool keepdim = false, DtypeOption options = {});

/// sum (x - mean)^2 / (n - correction) over dims, in two passes. Where n <= correction it is infinite, or NaN if all
/// values are equal. Throws DtypeError unless x is floating-point. Chan, Golub & LeVeque 1983, "Algorithms for
/// computing the sample variance".
XG_API Tensor var(const Tensor& x, const Dims& dims = {}, double correction = 1, bool keepdim = false);
/// The square root of var; derivative 0 where it is 0. Throws as var. Call it as xg::std, because std is also a
/// namespace.
XG_API Tensor std(const Tensor& x, const Dims& dims = {}, double correction = 1, bool keepdim = false);
/// The pair (var, mean). Throws as var.
XG_API std::pair<Tensor, Tensor> var_mean(const Tensor& x, const Dims& dims = {}, double correction = 1,
                                          bool keepdim = false);
/// The pair (std, mean). Throws as var.
XG_API std::pair<Tensor, Tensor> std_mean(const Tensor& x, const Dims& dims = {}, double correction = 1,
                                          bool keepdim = false);

/// The largest element over dims, NaN if there is one; tied elements share the gradient equally. Throws ShapeError
/// where there are no elements.
XG_API Tensor amax(const Tensor& x, const Dims& dims = {}, bool keepdim = false);
/// The smallest element over dims, NaN if there is one; tied elements share the gradient equally. Throws ShapeError
/// where there are no elements.
XG_API Tensor amin(const Tensor& x, const Dims& dims = {}, bool keepdim = false);
/// The pair (amin, amax) along dim, or of all elements. Throws as amax does.
XG_API std::pair<Tensor, Tensor> aminmax(const Tensor& x, std::optional<std::int64_t> dim = {}, bool keepdim = false);
/// amax over all dimensions: 0-d.
XG_API Tensor max(const Tensor& x);
/// amin over all dimensions: 0-d.
XG_API Tensor min(const Tensor& x);
/// The pair (values, indices): the largest elements along dim and, in int64, where each first occurs; a NaN counts as
/// larger than all numbers. The first of equal elements gets all of the gradient. Throws ShapeError where there are no
/// elements.
XG_API std::pair<Tensor, Tensor> max(const Tensor& x, std::int64_t dim, bool keepdim = false);
/// The pair (values, indices): the smallest elements along dim and, in int64, where each first occurs; a NaN counts as
/// smaller than all numbers. The first of equal elements gets all of the gradient. Throws ShapeError where there are no
/// elements.
XG_API std::pair<Tensor, Tensor> min(const Tensor& x, std::int64_t dim, bool keepdim = false);
/// Where the largest element along dim, or of the flattened tensor, first occurs: int64, without a derivative. A NaN
/// counts as larger than all numbers. Throws ShapeError where there are no elements.
XG_API Tensor argmax(const Tensor& x, std::optional<std::int64_t> dim = {}, bool keepdim = false);
/// Where the smallest element along dim, or of the flattened tensor, first occurs: int64, without a derivative. A NaN
/// counts as smaller than all numbers. Throws ShapeError where there are no elements.
XG_API Tensor argmin(const Tensor& x, std::optional<std::int64_t> dim = {}, bool keepdim = false);

/// The lower of the two middle elements of all in ascending order, NaN where there is one: 0-d. Equal elements share
/// the gradient equally. NaN for no elements. Throws ShapeError for no integers.
XG_API Tensor median(const Tensor& x);
/// The pair (values, indices) of the medians along dim: the element of sort(x, dim) at (n - 1) / 2, or the first NaN.
/// dim is removed, or keeps size 1 with `keepdim`. The element at the index gets all of the gradient. Throws ShapeError
/// where there are no elements.
XG_API std::pair<Tensor, Tensor> median(const Tensor& x, std::int64_t dim, bool keepdim = false);
/// median() of the elements that are not NaN, NaN where there are none.
XG_API Tensor nanmedian(const Tensor& x);
/// median() along dim of the elements that are not NaN, NaN where there are none.
XG_API std::pair<Tensor, Tensor> nanmedian(const Tensor& x, std::int64_t dim, bool keepdim = false);

/// What a quantile is that falls between two elements a < b, at a fraction t of the way.
enum class QuantileMode {
  linear,    ///< a + t (b - a)
  lower,     ///< a
  higher,    ///< b
  midpoint,  ///< (a + b) / 2
  nearest    ///< the closer one; halfway between, the one at an even place
};
/// The q-quantiles along dim, or of all elements: the value at place q (n - 1) of the elements in ascending order, NaN
/// where there is one. q lies between 0 and 1; a vector of them gives a new first dimension. dim is removed, or keeps
/// size 1 with `keepdim`. The gradient goes to the elements, and, for `linear`, to q. Throws DtypeError unless x is
/// floating-point and q has its dtype, ShapeError for no elements or a q of more dimensions, ValueError for a q outside
/// of [0, 1].
XG_API Tensor quantile(const Tensor& x, const Tensor& q, std::optional<std::int64_t> dim = {}, bool keepdim = false,
                       QuantileMode interpolation = QuantileMode::linear);
/// The quantiles for one number q.
XG_API Tensor quantile(const Tensor& x, double q, std::optional<std::int64_t> dim = {}, bool keepdim = false,
                       QuantileMode interpolation = QuantileMode::linear);
/// quantile() of the elements that are not NaN, NaN where there are none.
XG_API Tensor nanquantile(const Tensor& x, const Tensor& q, std::optional<std::int64_t> dim = {}, bool keepdim = false,
                          QuantileMode interpolation = QuantileMode::linear);
/// The quantiles for one number q of the elements that are not NaN.
XG_API Tensor nanquantile(const Tensor& x, double q, std::optional<std::int64_t> dim = {}, bool keepdim = false,
                          QuantileMode interpolation = QuantileMode::linear);

/// Whether all elements are nonzero; true for no elements. The result is bool, uint8 for a uint8 tensor, and has no
/// derivative.
XG_API Tensor all(const Tensor& x, const Dims& dims = {}, bool keepdim = false);
/// Whether any element is nonzero; false for no elements. The result is bool, uint8 for a uint8 tensor, and has no
/// derivative.
XG_API Tensor any(const Tensor& x, const Dims& dims = {}, bool keepdim = false);
/// The number of nonzero elements over dims: int64, without a derivative.
XG_API Tensor count_nonzero(const Tensor& x, const Dims& dims = {});

/// y_i = x_1 + ... + x_i along dim, in the shape of x. Bools and integers give int64.
XG_API Tensor cumsum(const Tensor& x, std::int64_t dim, DtypeOption options = {});
/// y_i = x_1 ... x_i along dim, in the shape of x. Bools and integers give int64. The derivative is also correct where
/// factors are 0.
XG_API Tensor cumprod(const Tensor& x, std::int64_t dim, DtypeOption options = {});
/// The pair (values, indices): the largest element up to each place along dim, and where the last of equal ones is
/// (int64); NaN from the first NaN on. The element at the index gets the gradient.
XG_API std::pair<Tensor, Tensor> cummax(const Tensor& x, std::int64_t dim);
/// The pair (values, indices) of the smallest element up to each place along dim, as cummax.
XG_API std::pair<Tensor, Tensor> cummin(const Tensor& x, std::int64_t dim);
/// y_i = log(e^x_1 + ... + e^x_i) along dim, in the shape of x, without overflow. Among equal infinities, the first
/// gets the whole gradient. Throws DtypeError unless x is floating-point.
XG_API Tensor logcumsumexp(const Tensor& x, std::int64_t dim);

/// log(sum e^x) over dims without overflow, -infinity for no elements; derivative softmax(x), 0 where all elements are
/// -infinity. Integers and bools become default_dtype().
XG_API Tensor logsumexp(const Tensor& x, const Dims& dims, bool keepdim = false);
/// e^x_i / sum_j e^x_j along dim, in the shape of x, without overflow. Throws DtypeError unless the dtype is
/// floating-point.
XG_API Tensor softmax(const Tensor& x, std::int64_t dim, DtypeOption options = {});
/// softmax(-x). Throws DtypeError unless the dtype is floating-point.
XG_API Tensor softmin(const Tensor& x, std::int64_t dim, DtypeOption options = {});
/// x_i - log(sum_j e^x_j) along dim, in the shape of x: more accurate than log(softmax(x)). Throws DtypeError unless
/// the dtype is floating-point.
XG_API Tensor log_softmax(const Tensor& x, std::int64_t dim, DtypeOption options = {});

/// (sum |x|^p)^(1/p) over dims; for p = 0 the number of nonzero elements, for p = infinity the largest |x|, for p =
/// -infinity the smallest. The derivative is 0 where the norm is 0; for infinite p, tied elements share it. Throws
/// DtypeError unless x is floating-point, ShapeError for a negative or infinite p over no elements.
XG_API Tensor vector_norm(const Tensor& x, double p = 2, const Dims& dims = {}, bool keepdim = false);
/// Another name of vector_norm; for a matrix and p = 2 it is the Frobenius norm. Throws as vector_norm.
XG_API Tensor norm(const Tensor& x, double p = 2, const Dims& dims = {}, bool keepdim = false);
/// vector_norm of all elements of a - b, which broadcast: 0-d. Throws as vector_norm.
XG_API Tensor dist(const Tensor& a, const Tensor& b, double p = 2);
/// The distances (sum_k |a_ik - b_jk|^p)^(1/p) of all pairs of rows of a [..., n, m] and b [..., l, m]: [..., n, l],
/// with leading dimensions that broadcast. p = 0 counts the elements that differ, infinity gives the largest
/// difference, and each of several equal ones gets the whole gradient. The derivative is 0 where the distance is.
/// PyTorch's compute_mode has no counterpart: differences are always formed, which is exact for rows that are close.
/// Throws DtypeError unless the promoted dtype is floating-point, ShapeError where shapes do not fit, ValueError for a
/// negative p.
XG_API Tensor cdist(const Tensor& a, const Tensor& b, double p = 2);

/// x summed over the dimensions along which a tensor of `shape` would be repeated to broadcast to x: the adjoint of
/// expand. Throws ShapeError unless `shape` broadcasts to the shape of x.
XG_API Tensor sum_to_size(const Tensor& x, const Shape& shape);
/// The sum of the diagonal of a matrix: 0-d. Throws ShapeError unless x has two dimensions.
XG_API Tensor trace(const Tensor& x);

}  // namespace xg
