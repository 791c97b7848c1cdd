// Elementwise kernels. Each is a value with a loop per dtype; what is shared (broadcasting, collapsing, packing of
// strided rows) is written once, so that a kernel is only its arithmetic on contiguous memory. Every layout therefore
// gives the same bits.
#pragma once

#include <xgrad/tensor/tensor.hpp>

namespace xg::kernels {

/// Real parameters of a kernel, such as a slope.
struct Params {
  double a = 0, b = 0;
};

using UnaryLoop = void (*)(const void* x, void* out, std::int64_t n, const Params& params);
/// Operand strides are 1 or 0 (one value for all).
using BinaryLoop = void (*)(const void* a, const void* b, void* out, std::int64_t n, const Params& params);

struct BinaryLoops {
  BinaryLoop vector_vector = nullptr, vector_scalar = nullptr, scalar_vector = nullptr;
};

/// out = f(x), elementwise.
struct UnaryKernel {
  const char* name;
  UnaryLoop loops[6] = {};
  bool to_bool = false;

  Tensor operator()(const Tensor& x, const Params& params = {}) const;
  /// `out` has x's shape, any strides, and may be x itself.
  void into(Tensor& out, const Tensor& x, const Params& params = {}) const;
};

/// out = f(a, b), elementwise with broadcasting. Both operands have the same dtype.
struct BinaryKernel {
  const char* name;
  BinaryLoops loops[6] = {};
  bool to_bool = false;

  Tensor operator()(const Tensor& a, const Tensor& b, const Params& params = {}) const;
  /// `out` has the broadcast shape, any strides, and may be a or b itself.
  void into(Tensor& out, const Tensor& a, const Tensor& b, const Params& params = {}) const;
};

// arithmetic
extern const BinaryKernel add, sub, mul, div, floor_divide, trunc_divide, remainder, fmod, maximum, minimum, fmax, fmin,
    pow, copysign, hypot, atan2, heaviside, xlogy, logaddexp, logaddexp2, bitwise_and, bitwise_or, bitwise_xor;
extern const BinaryKernel axpy;        // a + params.a * b
extern const BinaryKernel pow_derivative;  // of a^b, of order params.a in a and params.b in b
extern const BinaryKernel hypot_share;     // a / hypot(a, b), 0 at the origin
extern const UnaryKernel add_scalar;   // x + a
extern const UnaryKernel mul_scalar;   // x * a
extern const UnaryKernel rsub_scalar;  // a - x
extern const UnaryKernel rdiv_scalar;  // a / x
extern const UnaryKernel pow_scalar;   // x ^ a
extern const UnaryKernel rpow_scalar;  // a ^ x
extern const UnaryKernel neg, abs, sign, square, sqrt, rsqrt, reciprocal, exp, exp2, expm1, log, log2, log10, log1p, sin,
    cos, tan, asin, acos, atan, sinh, cosh, asinh, acosh, atanh, erf, erfc, floor, ceil, trunc, nan_to_num, bitwise_not;
extern const UnaryKernel sinc;        // the derivative of order a of sin(pi x) / (pi x) with respect to x
extern const UnaryKernel round;       // half to even, at a decimals
extern const UnaryKernel clamp;       // [a, b], NaN stays
// activations and their derivatives; the backward kernels take (grad, x or y)
extern const UnaryKernel relu, leaky_relu, elu, sigmoid, tanh, gelu, gelu_tanh, silu, mish, softplus, softsign, logsigmoid,
    hardsigmoid, hardswish, hardshrink, softshrink, threshold, step;
extern const BinaryKernel relu_backward, leaky_relu_backward, elu_backward, sigmoid_backward, tanh_backward, gelu_backward,
    gelu_tanh_backward, silu_backward, mish_backward, softplus_backward, hardshrink_backward, threshold_backward,
    hardsigmoid_backward, hardswish_backward, clamp_backward;
// secants (g(a) - g(b)) / (a - b) without cancellation; see autograd/ops/unary.cpp for the formulas
extern const BinaryKernel relu_secant, leaky_relu_secant, elu_secant, sigmoid_secant, tanh_secant, exp_secant, log_secant,
    softplus_secant, erf_secant, clamp_secant;
// comparison
extern const BinaryKernel eq, ne, lt, le, gt, ge, logical_and, logical_or, logical_xor;
extern const UnaryKernel logical_not, isnan, isinf, isfinite;

/// a where condition (bool), else b.
Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);

/// x converted; also when the dtype is the same (a copy then). Reals become integers by truncation.
Tensor cast(const Tensor& x, Dtype dtype);
/// A contiguous copy.
Tensor copy(const Tensor& x);
/// The same of x broadcast to `shape`.
Tensor copy(const Tensor& x, const Shape& shape);
/// out = x, with broadcasting and conversion. Overlap of the two is allowed.
void copy_into(Tensor& out, const Tensor& x);
/// Throws ValueError, naming `op`, where the dtype of `out` cannot hold `value`.
void fill(Tensor& out, Scalar value, const char* op = "fill");
/// A fresh tensor on uninitialized memory.
inline Tensor empty(const Shape& shape, Dtype dtype) { return Tensor::adopt(detail::new_impl(shape, dtype)); }
/// The same with x's shape.
inline Tensor empty_like(const Tensor& x, Dtype dtype) { return Tensor::adopt(detail::new_like(x.impl(), dtype)); }
/// x itself where it is contiguous, else a copy.
inline Tensor contiguous(const Tensor& x) { return x.is_contiguous() ? x : copy(x); }

}  // namespace xg::kernels
