// Comparisons, logic and choices.
//
// Tensors broadcast by NumPy's rules (ShapeError where they do not) and promote by PyTorch's before they are compared.
// Unless noted, the result is a bool tensor without a derivative, and every dtype is taken. NaN is unequal to
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
/// Are both a and b nonzero?
XG_API Tensor logical_and(const Tensor& a, const Tensor& b);
/// Is a or b nonzero?
XG_API Tensor logical_or(const Tensor& a, const Tensor& b);
/// Is exactly one of a and b nonzero?
XG_API Tensor logical_xor(const Tensor& a, const Tensor& b);
/// Is x zero?
XG_API Tensor logical_not(const Tensor& x);
/// Is x NaN? Integers never are.
XG_API Tensor isnan(const Tensor& x);
/// Is x infinity or -infinity? Integers never are.
XG_API Tensor isinf(const Tensor& x);
/// Is x neither NaN nor infinite? Integers always are.
XG_API Tensor isfinite(const Tensor& x);

/// Is |a - b| <= atol + rtol |b|, or a == b, as of equal infinities? NaNs are close to each other if `equal_nan`.
/// Throws DtypeError unless the dtypes are equal, ValueError for a negative rtol or atol.
XG_API Tensor isclose(const Tensor& a, const Tensor& b, double rtol = 1e-5, double atol = 1e-8, bool equal_nan = false);
/// Is isclose true for all elements? True for empty tensors. Throws as isclose does.
XG_API bool allclose(const Tensor& a, const Tensor& b, double rtol = 1e-5, double atol = 1e-8, bool equal_nan = false);
/// Do a and b have the same shape and equal values? Dtypes may differ; a NaN is unequal to itself.
XG_API bool equal(const Tensor& a, const Tensor& b);

/// a where the condition is true, else b; all three broadcast, and a and b promote. Throws DtypeError unless the
/// condition is bool.
///
/// Derivatives flow to both branches. The branch not taken gets the gradient 0, which becomes NaN where that branch
/// itself has an infinite derivative: instead of `where(x > 0, sqrt(x), 0)` write
/// `where(x > 0, sqrt(where(x > 0, x, 1)), 0)`.
XG_API Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);
/// The same with a number for a, which must fit the dtype of the result (ValueError).
XG_API Tensor where(const Tensor& condition, Scalar a, const Tensor& b);
/// The same with a number for b, which must fit the dtype of the result (ValueError).
XG_API Tensor where(const Tensor& condition, const Tensor& a, Scalar b);
/// The same with two numbers: bool, int64 or default_dtype(), by the higher of the two categories.
XG_API Tensor where(const Tensor& condition, Scalar a, Scalar b);

XG_API Tensor operator==(const Tensor& a, const Tensor& b);  ///< eq(a, b), element by element; equal gives one bool
XG_API Tensor operator!=(const Tensor& a, const Tensor& b);  ///< ne(a, b)
XG_API Tensor operator<(const Tensor& a, const Tensor& b);   ///< lt(a, b)
XG_API Tensor operator<=(const Tensor& a, const Tensor& b);  ///< le(a, b)
XG_API Tensor operator>(const Tensor& a, const Tensor& b);   ///< gt(a, b)
XG_API Tensor operator>=(const Tensor& a, const Tensor& b);  ///< ge(a, b)
/// a == b for a number b, which need not fit the dtype of a: no uint8 equals 300.
XG_API Tensor operator==(const Tensor& a, Scalar b);
XG_API Tensor operator!=(const Tensor& a, Scalar b);  ///< a != b for a number b, which need not fit the dtype of a
XG_API Tensor operator<(const Tensor& a, Scalar b);   ///< a < b for a number b, which need not fit the dtype of a
XG_API Tensor operator<=(const Tensor& a, Scalar b);  ///< a <= b for a number b, which need not fit the dtype of a
XG_API Tensor operator>(const Tensor& a, Scalar b);   ///< a > b for a number b, which need not fit the dtype of a
XG_API Tensor operator>=(const Tensor& a, Scalar b);  ///< a >= b for a number b, which need not fit the dtype of a
XG_API Tensor operator&(const Tensor& a, const Tensor& b);  ///< bitwise_and(a, b)
XG_API Tensor operator|(const Tensor& a, const Tensor& b);  ///< bitwise_or(a, b)
XG_API Tensor operator^(const Tensor& a, const Tensor& b);  ///< bitwise_xor(a, b)
XG_API Tensor operator~(const Tensor& x);                   ///< bitwise_not(x)

}  // namespace xg
