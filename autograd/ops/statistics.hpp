// Covariances, histograms and integrals of samples.
#pragma once

#include <xgrad/tensor/scalar.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace xg {

/// The covariance matrix of variables (rows) from observations (columns): sum_k w_k (x_ik - m_i) (x_jk - m_j) / d with
/// weighted means m. [variables, variables], dimensions of size 1 removed; a vector is one variable. w is fweights (how
/// often each observation occurs) times aweights (its importance), as far as they are defined, and 1 otherwise. d is
/// sum w - correction, or with aweights sum w - correction sum(w aweights) / sum w; where that is not positive, it
/// counts as 0. Throws ShapeError unless x has two dimensions at most and the weights one number for each observation,
/// DtypeError for bools, for fweights that are no integers and aweights that are, ValueError for negative weights. As
/// numpy.cov.
XG_API Tensor cov(const Tensor& x, std::int64_t correction = 1, const Tensor& fweights = {},
                  const Tensor& aweights = {});
/// The correlation matrix cov_ij / sqrt(cov_ii cov_jj) of variables (rows), bounded to [-1, 1]; NaN for a constant
/// variable. Shapes and errors are those of cov.
XG_API Tensor corrcoef(const Tensor& x);

/// How often each number 0, 1, ... occurs in a vector of integers, or the sum of its weights: [max(minlength, largest
/// number + 1)]. int64, or float64 (float32 for float32 weights). The gradient goes to the weights. Throws DtypeError
/// unless x is an integer tensor, ShapeError unless it is a vector and the weights have its shape, ValueError for
/// negative numbers.
XG_API Tensor bincount(const Tensor& x, const Tensor& weights = {}, std::int64_t minlength = 0);
/// The numbers of elements in `bins` equal intervals of [min, max], or of the range of the elements if these are equal:
/// [bins] in the dtype of x, without a derivative. The last interval is closed; elements outside count nowhere. Throws
/// DtypeError unless x is floating-point, ValueError unless bins is positive and the range finite and not reversed.
XG_API Tensor histc(const Tensor& x, std::int64_t bins = 100, Scalar min = 0, Scalar max = 0);
/// Options of histogram.
struct HistogramOptions {
  std::optional<std::pair<double, double>> range = {};  ///< of `bins` intervals; that of the elements by default
  Tensor weight = {};                                   ///< of each element, in the shape and dtype of x; 1 by default
  bool density = false;  ///< whether to divide by the total weight and each interval's width, so that the integral is 1
};
/// The pair (hist, edges): the total weight of the elements in each interval between `edges`, an ascending vector of
/// the dtype of x: [edges.numel() - 1]. The last interval is closed; elements outside and NaN count nowhere. No
/// derivative. Throws DtypeError unless x is floating-point and all have its dtype, ShapeError where shapes do not fit,
/// ValueError for edges that are not ascending, or a range with these.
XG_API std::pair<Tensor, Tensor> histogram(const Tensor& x, const Tensor& edges, const HistogramOptions& options = {});
/// histogram() with `bins` equal intervals. Throws ValueError unless bins is positive and the range finite and not
/// reversed.
XG_API std::pair<Tensor, Tensor> histogram(const Tensor& x, std::int64_t bins, const HistogramOptions& options = {});

/// The integral of samples y along dim by the trapezoidal rule, sum (y_i + y_(i+1)) / 2 dx, for a constant distance dx.
/// 0 for fewer than two samples. Integers become floating-point. Throws DtypeError for bools, IndexError for a 0-d y.
XG_API Tensor trapezoid(const Tensor& y, Scalar dx = 1, std::int64_t dim = -1);
/// The integral over samples at places x: a vector with one for each sample along dim, or a tensor that broadcasts with
/// y. Throws ShapeError otherwise.
XG_API Tensor trapezoid(const Tensor& y, const Tensor& x, std::int64_t dim = -1);
/// The integrals trapezoid() up to the second, third, ... sample along dim, whose size decreases by 1.
XG_API Tensor cumulative_trapezoid(const Tensor& y, Scalar dx = 1, std::int64_t dim = -1);
/// The same for samples at places x.
XG_API Tensor cumulative_trapezoid(const Tensor& y, const Tensor& x, std::int64_t dim = -1);

/// x with every slice along dim whose p-norm exceeds `maxnorm` scaled down to it: by maxnorm / (norm + 1e-7). Throws
/// DtypeError unless x is floating-point, ShapeError for fewer than two dimensions, ValueError unless p > 0 and
/// maxnorm >= 0.
XG_API Tensor renorm(const Tensor& x, double p, std::int64_t dim, double maxnorm);

}  // namespace xg
