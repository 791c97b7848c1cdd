// Arithmetic: sums, differences, products, quotients and remainders, extrema, bitwise ops, and the operators of
// tensors.
//
// Tensors broadcast by NumPy's rules (ShapeError where they do not) and promote by PyTorch's: the highest category of
// bool < integer < floating-point decides, and a number or a 0-d tensor counts only if its category is the higher one.
// Integers wrap around. A number combined with integers must fit their dtype (ValueError). An unsupported dtype is a
// DtypeError. Only floating-point tensors have derivatives.
#pragma once

#include <xgrad/tensor/scalar.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <optional>

namespace xg {

/// a + b; for two bools their logical OR.
XG_API Tensor add(const Tensor& a, const Tensor& b);
/// a + b for a number b.
XG_API Tensor add(const Tensor& a, Scalar b);
/// a + b for a number a.
XG_API Tensor add(Scalar a, const Tensor& b);
/// a - b. Throws DtypeError for two bools: use logical_xor.
XG_API Tensor sub(const Tensor& a, const Tensor& b);
/// a - b for a number b.
XG_API Tensor sub(const Tensor& a, Scalar b);
/// a - b for a number a.
XG_API Tensor sub(Scalar a, const Tensor& b);
/// a * b, element by element; for two bools their logical AND.
XG_API Tensor mul(const Tensor& a, const Tensor& b);
/// a * b for a number b.
XG_API Tensor mul(const Tensor& a, Scalar b);
/// a * b for a number a.
XG_API Tensor mul(Scalar a, const Tensor& b);
/// a / b. Integers and bools are converted to default_dtype().
XG_API Tensor div(const Tensor& a, const Tensor& b);
/// a / b for a number b.
XG_API Tensor div(const Tensor& a, Scalar b);
/// a / b for a number a.
XG_API Tensor div(Scalar a, const Tensor& b);

/// floor(a / b), so that a = b * floor_divide(a, b) + remainder(a, b), as in Python. Derivative 0. Throws ValueError
/// where an integer is divided by 0, DtypeError for bools.
XG_API Tensor floor_divide(const Tensor& a, const Tensor& b);
/// trunc(a / b). Derivative 0. Throws ValueError where an integer is divided by 0, DtypeError for bools.
XG_API Tensor trunc_divide(const Tensor& a, const Tensor& b);
/// a - floor(a / b) * b, with the sign of b. The derivative is 1 in a and -floor(a / b) in b. Throws ValueError where
/// an integer is divided by 0, DtypeError for bools.
XG_API Tensor remainder(const Tensor& a, const Tensor& b);
/// a - trunc(a / b) * b, with the sign of a. The derivative is 1 in a and -trunc(a / b) in b. Throws ValueError where
/// an integer is divided by 0, DtypeError for bools.
XG_API Tensor fmod(const Tensor& a, const Tensor& b);

/// -x. Throws DtypeError for bools: use logical_not.
XG_API Tensor neg(const Tensor& x);
/// x itself.
XG_API Tensor positive(const Tensor& x);
/// |x|; derivative sign(x), which is 0 at 0. Throws DtypeError for bools.
XG_API Tensor abs(const Tensor& x);
/// -1, 0 or 1 by the sign of x; bools are returned unchanged. Derivative 0.
XG_API Tensor sign(const Tensor& x);

/// The larger of a and b, NaN where either is. Where they are equal, each gets half of the gradient.
XG_API Tensor maximum(const Tensor& a, const Tensor& b);
/// The smaller of a and b, NaN where either is. Where they are equal, each gets half of the gradient.
XG_API Tensor minimum(const Tensor& a, const Tensor& b);
/// The larger of a and b, NaN only where both are. Where they are equal, each gets half of the gradient.
XG_API Tensor fmax(const Tensor& a, const Tensor& b);
/// The smaller of a and b, NaN only where both are. Where they are equal, each gets half of the gradient.
XG_API Tensor fmin(const Tensor& a, const Tensor& b);
/// min(max(x, min), max), which is max where min exceeds max, and NaN where a bound is NaN. The derivative is 1 between
/// the bounds, 0 at and beyond them. Throws ValueError where both bounds are missing.
XG_API Tensor clamp(const Tensor& x, std::optional<Scalar> min, std::optional<Scalar> max = {});
/// min(max(x, min), max) with tensors as bounds, which broadcast; one of them may be undefined. At a bound, x and the
/// bound get half of the gradient each. Throws ValueError where both bounds are undefined.
XG_API Tensor clamp(const Tensor& x, const Tensor& min, const Tensor& max);

/// start + weight * (end - start).
XG_API Tensor lerp(const Tensor& start, const Tensor& end, const Tensor& weight);
/// start + weight * (end - start) with one weight for all elements.
XG_API Tensor lerp(const Tensor& start, const Tensor& end, Scalar weight);
/// x + value * a * b
XG_API Tensor addcmul(const Tensor& x, const Tensor& a, const Tensor& b, Scalar value = 1);
/// x + value * a / b. The quotient of integers is floating-point.
XG_API Tensor addcdiv(const Tensor& x, const Tensor& a, const Tensor& b, Scalar value = 1);
/// |a| with the sign of b, including that of -0; integers become default_dtype(). The derivative in a is 1 or -1, 0
/// where a is 0; in b it is 0.
XG_API Tensor copysign(const Tensor& a, const Tensor& b);
/// sqrt(a^2 + b^2) without intermediate overflow; derivatives a / hypot and b / hypot, 0 at the origin. Throws
/// DtypeError unless the promoted dtype is floating.
XG_API Tensor hypot(const Tensor& a, const Tensor& b);
/// 0 where x < 0, 1 where x > 0, `values` where x is 0, NaN where x is NaN. Derivative 0 in both.
XG_API Tensor heaviside(const Tensor& x, const Tensor& values);

/// a AND b, bit by bit; for bools the logical AND. Throws DtypeError for floating-point numbers.
XG_API Tensor bitwise_and(const Tensor& a, const Tensor& b);
/// a OR b, bit by bit; for bools the logical OR. Throws DtypeError for floating-point numbers.
XG_API Tensor bitwise_or(const Tensor& a, const Tensor& b);
/// a XOR b, bit by bit; for bools the logical XOR. Throws DtypeError for floating-point numbers.
XG_API Tensor bitwise_xor(const Tensor& a, const Tensor& b);
/// NOT x, bit by bit; for bools the logical NOT. Throws DtypeError for floating-point numbers.
XG_API Tensor bitwise_not(const Tensor& x);

XG_API Tensor operator+(const Tensor& a, const Tensor& b);  ///< add(a, b)
XG_API Tensor operator-(const Tensor& a, const Tensor& b);  ///< sub(a, b)
XG_API Tensor operator*(const Tensor& a, const Tensor& b);  ///< mul(a, b); for matrix products see matmul
XG_API Tensor operator/(const Tensor& a, const Tensor& b);  ///< div(a, b)
XG_API Tensor operator%(const Tensor& a, const Tensor& b);  ///< remainder(a, b), as % of Python
XG_API Tensor operator+(const Tensor& a, Scalar b);         ///< add(a, b)
XG_API Tensor operator-(const Tensor& a, Scalar b);         ///< sub(a, b)
XG_API Tensor operator*(const Tensor& a, Scalar b);         ///< mul(a, b)
XG_API Tensor operator/(const Tensor& a, Scalar b);         ///< div(a, b)
XG_API Tensor operator%(const Tensor& a, Scalar b);         ///< remainder(a, b)
XG_API Tensor operator+(Scalar a, const Tensor& b);         ///< add(a, b)
XG_API Tensor operator-(Scalar a, const Tensor& b);         ///< sub(a, b)
XG_API Tensor operator*(Scalar a, const Tensor& b);         ///< mul(a, b)
XG_API Tensor operator/(Scalar a, const Tensor& b);         ///< div(a, b)
XG_API Tensor operator%(Scalar a, const Tensor& b);         ///< remainder(a, b)
XG_API Tensor operator-(const Tensor& x);                   ///< neg(x)
XG_API Tensor operator+(const Tensor& x);                   ///< positive(x)

}  // namespace xg
