// Powers, exponentials and logarithms, trigonometry, rounding: elementwise functions of one tensor, and related ones of
// two (pow, atan2, xlogy, logaddexp).
//
// The result has the shape of x; two tensors broadcast by NumPy's rules (ShapeError where they do not) and promote by
// PyTorch's. Unless noted, integers and bools become default_dtype(), and the result is floating-point. A function is
// NaN outside its domain and infinite at a pole, as in IEEE 754; no value throws.
#pragma once

#include <xgrad/tensor/scalar.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <cstdint>
#include <optional>

namespace xg {

/// base^exponent. Integers stay integers and wrap around; two bools give uint8. The derivatives are b a^(b-1) in the
/// base a, which is 0 for b = 0, and a^b log a in the exponent b, which is 0 where a^b is 0 and at 0^0. Throws
/// ValueError for an integer base with a negative integer exponent.
XG_API Tensor pow(const Tensor& base, const Tensor& exponent);
/// base^exponent for a number as exponent; pow(x, 0) has derivative 0 everywhere.
XG_API Tensor pow(const Tensor& base, Scalar exponent);
/// base^x for a number as base; derivative base^x log(base), which for base 0 is 0 where x >= 0.
XG_API Tensor pow(Scalar base, const Tensor& exponent);
/// pow(base, exponent) computed in float64; the result is float64.
XG_API Tensor float_power(const Tensor& base, const Tensor& exponent);
/// x^2. Integers stay integers and wrap around; bools give int64.
XG_API Tensor square(const Tensor& x);
/// The square root; derivative 1 / (2 sqrt(x)), infinite at 0.
XG_API Tensor sqrt(const Tensor& x);
/// 1 / sqrt(x); derivative -x^(-3/2) / 2.
XG_API Tensor rsqrt(const Tensor& x);
/// 1 / x
XG_API Tensor reciprocal(const Tensor& x);

/// e^x
XG_API Tensor exp(const Tensor& x);
/// 2^x
XG_API Tensor exp2(const Tensor& x);
/// e^x - 1, accurate for small x too.
XG_API Tensor expm1(const Tensor& x);
/// The natural logarithm; derivative 1 / x.
XG_API Tensor log(const Tensor& x);
/// The logarithm to the base 2.
XG_API Tensor log2(const Tensor& x);
/// The logarithm to the base 10.
XG_API Tensor log10(const Tensor& x);
/// log(1 + x), accurate for small x too.
XG_API Tensor log1p(const Tensor& x);
/// log(e^a + e^b) without overflow; derivatives sigmoid(a - b) and sigmoid(b - a), half each for equal infinities.
/// Throws DtypeError unless the promoted dtype is floating.
XG_API Tensor logaddexp(const Tensor& a, const Tensor& b);
/// log2(2^a + 2^b) without overflow. Throws DtypeError unless the promoted dtype is floating.
XG_API Tensor logaddexp2(const Tensor& a, const Tensor& b);
/// x log(y), 0 where x is 0 unless y is NaN. The derivatives are log(y) and x / y, 0 where x is 0 and y is not
/// positive.
XG_API Tensor xlogy(const Tensor& x, const Tensor& y);

/// sin(x), x in radians.
XG_API Tensor sin(const Tensor& x);
/// cos(x), x in radians.
XG_API Tensor cos(const Tensor& x);
/// tan(x), x in radians.
XG_API Tensor tan(const Tensor& x);
/// The angle in [-pi/2, pi/2] whose sine is x; derivative 1 / sqrt(1 - x^2), infinite at -1 and 1.
XG_API Tensor asin(const Tensor& x);
/// The angle in [0, pi] whose cosine is x; derivative -1 / sqrt(1 - x^2), infinite at -1 and 1.
XG_API Tensor acos(const Tensor& x);
/// The angle in [-pi/2, pi/2] whose tangent is x; derivative 1 / (1 + x^2).
XG_API Tensor atan(const Tensor& x);
/// The angle in [-pi, pi] of the point (x, y): atan(y / x) in the right quadrant. The derivatives are x / (x^2 + y^2)
/// in y and -y / (x^2 + y^2) in x, 0 at the origin.
XG_API Tensor atan2(const Tensor& y, const Tensor& x);
/// (e^x - e^-x) / 2
XG_API Tensor sinh(const Tensor& x);
/// (e^x + e^-x) / 2
XG_API Tensor cosh(const Tensor& x);
/// The number whose hyperbolic sine is x; derivative 1 / sqrt(x^2 + 1).
XG_API Tensor asinh(const Tensor& x);
/// The nonnegative number whose hyperbolic cosine is x; derivative 1 / sqrt(x^2 - 1), infinite at 1.
XG_API Tensor acosh(const Tensor& x);
/// The number whose hyperbolic tangent is x; derivative 1 / (1 - x^2).
XG_API Tensor atanh(const Tensor& x);
/// sin(pi x) / (pi x), 1 at 0; derivatives of every order stay accurate near 0.
XG_API Tensor sinc(const Tensor& x);
/// The error function 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x; derivative 2 / sqrt(pi) e^(-x^2).
XG_API Tensor erf(const Tensor& x);
/// 1 - erf(x), accurate for large x too.
XG_API Tensor erfc(const Tensor& x);

/// The largest integer not above x. Integers are returned unchanged. Derivative 0.
XG_API Tensor floor(const Tensor& x);
/// The smallest integer not below x. Integers are returned unchanged. Derivative 0.
XG_API Tensor ceil(const Tensor& x);
/// x rounded towards 0. Integers are returned unchanged. Derivative 0.
XG_API Tensor trunc(const Tensor& x);
/// x - trunc(x), with the sign of x; derivative 1. Throws DtypeError for bools.
XG_API Tensor frac(const Tensor& x);
/// x rounded to `decimals` decimal places, halves to even. Negative `decimals` round to tens, hundreds and so on, also
/// for integers, whose results saturate at the limits of their dtype. Derivative 0.
XG_API Tensor round(const Tensor& x, std::int64_t decimals = 0);

/// Degrees to radians: x pi / 180.
XG_API Tensor deg2rad(const Tensor& x);
/// Radians to degrees: x 180 / pi.
XG_API Tensor rad2deg(const Tensor& x);
/// x with NaN replaced by `nan`, infinity by `posinf` and -infinity by `neginf`; the latter two default to the largest
/// and the lowest finite number of the dtype. Integers are returned unchanged. The derivative is 1, and 0 where a value
/// was replaced.
XG_API Tensor nan_to_num(const Tensor& x, double nan = 0, std::optional<double> posinf = {},
                         std::optional<double> neginf = {});

}  // namespace xg
