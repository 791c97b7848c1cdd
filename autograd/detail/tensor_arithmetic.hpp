// Arithmetic of tensors under the names that batches of numbers have, so that one line of an op is both its loop and
// its differentiable derivative.
#pragma once

#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/kernels/math.hpp>

#include <limits>
#include <type_traits>

namespace xg::autograd {

using kernels::abs_of, kernels::constant, kernels::cos_of, kernels::erf_of, kernels::erfc_of, kernels::exp_of,
    kernels::expm1_of, kernels::log1p_of, kernels::log_of, kernels::pick, kernels::sigmoid_of, kernels::sign_of,
    kernels::sin_of, kernels::softplus_of, kernels::sqrt_of, kernels::square_of, kernels::tanh_of;

inline double constant(const Tensor&, double value) { return value; }
inline Tensor pick(const Tensor& condition, const Tensor& a, const Tensor& b) { return where(condition, a, b); }
inline Tensor pick(const Tensor& condition, double a, const Tensor& b) { return where(condition, a, b); }
inline Tensor pick(const Tensor& condition, const Tensor& a, double b) { return where(condition, a, b); }
inline Tensor abs_of(const Tensor& x) { return abs(x); }
inline Tensor sign_of(const Tensor& x) { return sign(x); }
inline Tensor square_of(const Tensor& x) { return square(x); }
inline Tensor sqrt_of(const Tensor& x) { return sqrt(x); }
inline Tensor exp_of(const Tensor& x) { return exp(x); }
inline Tensor log_of(const Tensor& x) { return log(x); }
inline Tensor log1p_of(const Tensor& x) { return log1p(x); }
inline Tensor sin_of(const Tensor& x) { return sin(x); }
inline Tensor cos_of(const Tensor& x) { return cos(x); }
inline Tensor erf_of(const Tensor& x) { return erf(x); }
inline Tensor erfc_of(const Tensor& x) { return erfc(x); }
inline Tensor tanh_of(const Tensor& x) { return tanh(x); }
inline Tensor sigmoid_of(const Tensor& x) { return sigmoid(x); }
inline Tensor softplus_of(const Tensor& x) { return softplus(x, 1, std::numeric_limits<double>::infinity()); }
/// x bounded to [low, high]; NaN stays.
inline Tensor bounded(const Tensor& x, double low, double high) { return clamp(x, low, high); }
inline Tensor at_least(const Tensor& x, double low) { return clamp(x, low); }
using kernels::at_least, kernels::bounded;

/// x with infinities replaced by finite numbers whose square is infinite: in a derivative that vanishes at infinity,
/// for its own derivative not to meet 0 times infinity.
template <class V> V finite(const V& x) {
  if constexpr (std::is_same_v<V, Tensor>) {
    const double most = x.dtype() == float32 ? 0.25 * static_cast<double>(std::numeric_limits<float>::max())
                                             : 0.25 * std::numeric_limits<double>::max();
    return bounded(x, -most, most);
  } else {
    const double most = 0.25 * static_cast<double>(std::numeric_limits<kernels::ElementOf<V>>::max());
    return bounded(x, -most, most);
  }
}

}  // namespace xg::autograd
