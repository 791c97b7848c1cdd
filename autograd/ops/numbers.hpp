// Functions of two tensors with a number in place of one of them: maximum(x, 0), fmod(7, x), eq(x, 1).
//
// As in PyTorch, a number takes part in promotion by its category alone (bool < integer < floating-point): maximum(x,
// 2) has the dtype of an x of integers or floating-point numbers. A number combined with integers must fit their dtype
// (ValueError); one that they are only compared with need not. Otherwise these are the functions of two tensors, whose
// headers say what they compute and throw. The number has no derivative. What has a faster way for numbers (add, sub,
// mul, div, pow, where) and the operators are declared beside the functions of tensors.
#pragma once

#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/comparison.hpp>
#include <xgrad/autograd/ops/unary.hpp>
#include <xgrad/tensor/scalar.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <concepts>

namespace xg {

/// A number of C++, or a Scalar.
template <class T>
concept Number = Arithmetic<T> || std::same_as<T, Scalar>;

/// B is a number and A a tensor, or the reverse.
template <class B, class A>
concept NumberBeside = (Number<B> && std::same_as<A, Tensor>) || (std::same_as<B, Tensor> && Number<A>);

namespace detail {

/// The number as a 0-d tensor of the dtype that it has beside `tensor`. Throws ValueError, naming `op`, where an
/// integer dtype cannot hold it.
XG_API Tensor number_beside(const char* op, Scalar number, const Tensor& tensor);

inline const Tensor& operand(const char*, const Tensor& tensor, Scalar) { return tensor; }
inline Tensor operand(const char* op, Scalar number, const Tensor& tensor) { return number_beside(op, number, tensor); }

/// f(a, b), where one of a and b is a number.
template <class A, NumberBeside<A> B>
Tensor with_number(const char* op, Tensor (*f)(const Tensor&, const Tensor&), const A& a, const B& b) {
  return f(operand(op, a, b), operand(op, b, a));
}

}  // namespace detail

/// maximum(a, b) with a number for a or for b.
template <class A, NumberBeside<A> B> Tensor maximum(const A& a, const B& b) {
  return detail::with_number("maximum", maximum, a, b);
}
/// minimum(a, b) with a number for a or for b.
template <class A, NumberBeside<A> B> Tensor minimum(const A& a, const B& b) {
  return detail::with_number("minimum", minimum, a, b);
}
/// fmax(a, b) with a number for a or for b.
template <class A, NumberBeside<A> B> Tensor fmax(const A& a, const B& b) {
  return detail::with_number("fmax", fmax, a, b);
}
/// fmin(a, b) with a number for a or for b.
template <class A, NumberBeside<A> B> Tensor fmin(const A& a, const B& b) {
  return detail::with_number("fmin", fmin, a, b);
}
/// floor_divide(a, b) with a number for a or for b.
template <class A, NumberBeside<A> B> Tensor floor_divide(const A& a, const B& b) {
  return detail::with_number("floor_divide", floor_divide, a, b);
}
/// trunc_divide(a, b) with a number for a or for b.
template <class A, NumberBeside<A> B> Tensor trunc_divide(const A& a, const B& b) {
  return detail::with_number("trunc_divide", trunc_divide, a, b);
}
/// remainder(a, b) with a number for a or for b.
template <class A, NumberBeside<A> B> Tensor remainder(const A& a, const B& b) {
  return detail::with_number("remainder", remainder, a, b);
}
/// fmod(a, b) with a number for a or for b.
template <class A, NumberBeside<A> B> Tensor fmod(const A& a, const B& b) {
  return detail::with_number("fmod", fmod, a, b);
}
/// copysign(a, b) with a number for a or for b.
template <class A, NumberBeside<A> B> Tensor copysign(const A& a, const B& b) {
  return detail::with_number("copysign", copysign, a, b);
}
/// hypot(a, b) with a number for a or for b.
template <class A, NumberBeside<A> B> Tensor hypot(const A& a, const B& b) {
  return detail::with_number("hypot", hypot, a, b);
}
/// heaviside(a, b) with a number for a or for b.
template <class A, NumberBeside<A> B> Tensor heaviside(const A& a, const B& b) {
  return detail::with_number("heaviside", heaviside, a, b);
}
/// atan2(a, b) with a number for a or for b.
template <class A, NumberBeside<A> B> Tensor atan2(const A& a, const B& b) {
  return detail::with_number("atan2", atan2, a, b);
}
/// xlogy(a, b) with a number for a or for b.
template <class A, NumberBeside<A> B> Tensor xlogy(const A& a, const B& b) {
  return detail::with_number("xlogy", xlogy, a, b);
}
/// logaddexp(a, b) with a number for a or for b.
template <class A, NumberBeside<A> B> Tensor logaddexp(const A& a, const B& b) {
  return detail::with_number("logaddexp", logaddexp, a, b);
}
/// logaddexp2(a, b) with a number for a or for b.
template <class A, NumberBeside<A> B> Tensor logaddexp2(const A& a, const B& b) {
  return detail::with_number("logaddexp2", logaddexp2, a, b);
}
/// float_power(a, b) with a number for a or for b.
template <class A, NumberBeside<A> B> Tensor float_power(const A& a, const B& b) {
  return detail::with_number("float_power", float_power, a, b);
}
/// bitwise_and(a, b) with a number for a or for b.
template <class A, NumberBeside<A> B> Tensor bitwise_and(const A& a, const B& b) {
  return detail::with_number("bitwise_and", bitwise_and, a, b);
}
/// bitwise_or(a, b) with a number for a or for b.
template <class A, NumberBeside<A> B> Tensor bitwise_or(const A& a, const B& b) {
  return detail::with_number("bitwise_or", bitwise_or, a, b);
}
/// bitwise_xor(a, b) with a number for a or for b.
template <class A, NumberBeside<A> B> Tensor bitwise_xor(const A& a, const B& b) {
  return detail::with_number("bitwise_xor", bitwise_xor, a, b);
}
/// logical_and(a, b) with a number for a or for b.
template <class A, NumberBeside<A> B> Tensor logical_and(const A& a, const B& b) {
  return detail::with_number("logical_and", logical_and, a, b);
}
/// logical_or(a, b) with a number for a or for b.
template <class A, NumberBeside<A> B> Tensor logical_or(const A& a, const B& b) {
  return detail::with_number("logical_or", logical_or, a, b);
}
/// logical_xor(a, b) with a number for a or for b.
template <class A, NumberBeside<A> B> Tensor logical_xor(const A& a, const B& b) {
  return detail::with_number("logical_xor", logical_xor, a, b);
}

/// a == b with a number for a or for b, which need not fit the dtype of the tensor.
template <class A, NumberBeside<A> B> Tensor eq(const A& a, const B& b) { return a == b; }
/// a != b with a number for a or for b, which need not fit the dtype of the tensor.
template <class A, NumberBeside<A> B> Tensor ne(const A& a, const B& b) { return a != b; }
/// a < b with a number for a or for b, which need not fit the dtype of the tensor.
template <class A, NumberBeside<A> B> Tensor lt(const A& a, const B& b) { return a < b; }
/// a <= b with a number for a or for b, which need not fit the dtype of the tensor.
template <class A, NumberBeside<A> B> Tensor le(const A& a, const B& b) { return a <= b; }
/// a > b with a number for a or for b, which need not fit the dtype of the tensor.
template <class A, NumberBeside<A> B> Tensor gt(const A& a, const B& b) { return a > b; }
/// a >= b with a number for a or for b, which need not fit the dtype of the tensor.
template <class A, NumberBeside<A> B> Tensor ge(const A& a, const B& b) { return a >= b; }

}  // namespace xg
