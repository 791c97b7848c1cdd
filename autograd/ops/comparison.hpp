// Comparisons, logic and choices.
//
// Tensors broadcast by NumPy's rules (ShapeError where they do not) and promote by PyTorch's before they are compared.
// Unless noted, the result is a bool tensor without a derivative, and every dtype is supported. NaN is unequal to
// everything.
#pragma once

#include <xgrad/tensor/scalar.hpp>
#include <xgrad/tensor/tensor.hpp>

namespace xg {

/// a == b
XG_API Tensor eq(const Tensor& a, const Tensor& b);
/// a != b
XG_API Tensor ne(const Tensor& a, const Tensor& b);
/// a < b
XG_API Tensor lt(const Tensor& a, const Tensor& b);
/// a <= b
XG_API Tensor le(const Tensor& a, const Tensor& b);
/// a > b
XG_API Tensor gt(const Tensor& a, const Tensor& b);
/// a >= b
XG_API Tensor ge(const Tensor& a, const Tensor& b);
/// Whether both a and b are nonzero.
XG_API Tensor logical_and(const Tensor& a, const Tensor& b);
/// Whether a or b is nonzero.
XG_API Tensor logical_or(const Tensor& a, const Tensor& b);
/// Whether exactly one of a and b is nonzero.
XG_API Tensor logical_xor(const Tensor& a, const Tensor& b);
/// Whether x is zero.
XG_API Tensor logical_not(const Tensor& x);
/// Whether x is NaN; false for integers.
XG_API Tensor isnan(const Tensor& x);
/// Whether x is infinity or -infinity; false for integers.
XG_API Tensor isinf(const Tensor& x);
/// Whether x is neither NaN nor infinite; true for integers.
XG_API Tensor isfinite(const Tensor& x);

/// Whether |a - b| <= atol + rtol |b| or a == b (equal infinities). Two NaNs are close if `equal_nan`. Throws
/// DtypeError unless the dtypes are equal, ValueError for a negative rtol or atol.
XG_API Tensor isclose(const Tensor& a, const Tensor& b, double rtol = 1e-5, double atol = 1e-8, bool equal_nan = false);
/// Whether isclose is true for all elements; true for empty tensors. Throws as isclose.
XG_API bool allclose(const Tensor& a, const Tensor& b, double rtol = 1e-5, double atol = 1e-8, bool equal_nan = false);
/// Whether a and b have the same shape and equal values. Dtypes may differ; NaN is unequal to itself.
XG_API bool equal(const Tensor& a, const Tensor& b);

/// a where the condition is true, else b; all three broadcast, and a and b promote. Throws DtypeError unless the
/// condition is bool.
///
/// Derivatives flow to both branches. The branch not taken gets the gradient 0, which becomes NaN where that branch
/// itself has an infinite derivative: instead of `where(x > 0, sqrt(x), 0)` write
/// `where(x > 0, sqrt(where(x > 0, x, 1)), 0)`.
XG_API Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);
/// where() with a number for a, which must fit the dtype of the result (ValueError).
XG_API Tensor where(const Tensor& condition, Scalar a, const Tensor& b);
/// where() with a number for b, which must fit the dtype of the result (ValueError).
XG_API Tensor where(const Tensor& condition, const Tensor& a, Scalar b);
/// where() with two numbers; the dtype is bool, int64 or default_dtype(), by the higher of their categories.
XG_API Tensor where(const Tensor& condition, Scalar a, Scalar b);

XG_API Tensor operator==(const Tensor& a, const Tensor& b);  ///< eq(a, b), element by element; equal gives one bool
XG_API Tensor operator!=(const Tensor& a, const Tensor& b);  ///< ne(a, b)
XG_API Tensor operator<(const Tensor& a, const Tensor& b);   ///< lt(a, b)
XG_API Tensor operator<=(const Tensor& a, const Tensor& b);  ///< le(a, b)
XG_API Tensor operator>(const Tensor& a, const Tensor& b);   ///< gt(a, b)
XG_API Tensor operator>=(const Tensor& a, const Tensor& b);  ///< ge(a, b)
/// a == b for a number b, which need not fit the dtype of a: 300 equals no uint8.
XG_API Tensor operator==(const Tensor& a, Scalar b);
XG_API Tensor operator!=(const Tensor& a, Scalar b);  ///< a != b for a number b, which need not fit the dtype of a
XG_API Tensor operator<(const Tensor& a, Scalar b);   ///< a < b for a number b, which need not fit the dtype of a
XG_API Tensor operator<=(const Tensor& a, Scalar b);  ///< a <= b for a number b, which need not fit the dtype of a
XG_API Tensor operator>(const Tensor& a, Scalar b);   ///< a > b for a number b, which need not fit the dtype of a
XG_API Tensor operator>=(const Tensor& a, Scalar b);  ///< a >= b for a number b, which need not fit the dtype of a
XG_API Tensor operator==(Scalar a, const Tensor& b);  ///< b == a
XG_API Tensor operator!=(Scalar a, const Tensor& b);  ///< b != a
XG_API Tensor operator<(Scalar a, const Tensor& b);   ///< b > a
XG_API Tensor operator<=(Scalar a, const Tensor& b);  ///< b >= a
XG_API Tensor operator>(Scalar a, const Tensor& b);   ///< b < a
XG_API Tensor operator>=(Scalar a, const Tensor& b);  ///< b <= a
XG_API Tensor operator&(const Tensor& a, const Tensor& b);  ///< bitwise_and(a, b)
XG_API Tensor operator|(const Tensor& a, const Tensor& b);  ///< bitwise_or(a, b)
XG_API Tensor operator^(const Tensor& a, const Tensor& b);  ///< bitwise_xor(a, b)
XG_API Tensor operator&(const Tensor& a, Scalar b);         ///< bitwise_and(a, b)
XG_API Tensor operator|(const Tensor& a, Scalar b);         ///< bitwise_or(a, b)
XG_API Tensor operator^(const Tensor& a, Scalar b);         ///< bitwise_xor(a, b)
XG_API Tensor operator&(Scalar a, const Tensor& b);         ///< bitwise_and(a, b)
XG_API Tensor operator|(Scalar a, const Tensor& b);         ///< bitwise_or(a, b)
XG_API Tensor operator^(Scalar a, const Tensor& b);         ///< bitwise_xor(a, b)
XG_API Tensor operator~(const Tensor& x);                   ///< bitwise_not(x)

}  // namespace xg
