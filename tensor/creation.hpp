// Tensor creation: constants, ranges, literals.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <concepts>
#include <initializer_list>
#include <type_traits>
#include <vector>

namespace xg {

/// A tensor of the given shape with uninitialized elements; default_dtype() unless the options name a dtype. Like all
/// functions here, it throws ShapeError for a negative size or a number of elements that overflows, DtypeError for
/// requires_grad with a dtype that is not floating-point, and Error when out of memory.
XG_API Tensor empty(const Shape& shape, TensorOptions options = {});
/// Zeros of the given shape; default_dtype() unless the options name a dtype.
XG_API Tensor zeros(const Shape& shape, TensorOptions options = {});
/// Ones of the given shape; default_dtype() unless the options name a dtype.
XG_API Tensor ones(const Shape& shape, TensorOptions options = {});
/// A tensor of the given shape filled with `value`. Unless the options name a dtype, it is that of the value's
/// category: bool, int64 or default_dtype(). Throws ValueError where an integer dtype cannot hold the value.
XG_API Tensor full(const Shape& shape, Scalar value, TensorOptions options = {});
/// A tensor of x's shape with uninitialized elements; x's dtype unless the options name another. Throws as empty().
XG_API Tensor empty_like(const Tensor& x, TensorOptions options = {});
/// Zeros of x's shape; x's dtype unless the options name another. Throws as empty().
XG_API Tensor zeros_like(const Tensor& x, TensorOptions options = {});
/// Ones of x's shape; x's dtype unless the options name another. Throws as empty().
XG_API Tensor ones_like(const Tensor& x, TensorOptions options = {});
/// A tensor of x's shape filled with `value`; x's dtype unless the options name another. Throws ValueError where an
/// integer dtype cannot hold the value.
XG_API Tensor full_like(const Tensor& x, Scalar value, TensorOptions options = {});
/// arange(0, stop, 1): [ceil(stop)]. Throws as below.
XG_API Tensor arange(Scalar stop, TensorOptions options = {});
/// start + i step for i = 0 .. ceil((stop - start) / step) - 1: [count]. Unless the options name a dtype, it is int64,
/// or default_dtype() if an argument is a floating-point number. Throws ValueError where step is 0 or leads away from
/// stop, an argument is not finite or an integer dtype cannot hold a value; DtypeError for bool.
XG_API Tensor arange(Scalar start, Scalar stop, Scalar step = 1, TensorOptions options = {});
/// `steps` evenly spaced values from start to stop, both included: [steps]; default_dtype() unless the options name a
/// dtype. Throws ValueError where steps is negative, start or stop is not finite or an integer dtype cannot hold them.
XG_API Tensor linspace(Scalar start, Scalar stop, std::int64_t steps, TensorOptions options = {});
/// base^linspace(start, stop, steps): [steps]; default_dtype() unless the options name a dtype. Throws ValueError where
/// steps is negative, or start or stop is not finite.
XG_API Tensor logspace(Scalar start, Scalar stop, std::int64_t steps, double base = 10, TensorOptions options = {});
/// The n x m matrix with ones on its diagonal and zeros elsewhere; m = n if negative. default_dtype() unless the
/// options name a dtype. Throws ShapeError for a negative n.
XG_API Tensor eye(std::int64_t n, std::int64_t m = -1, TensorOptions options = {});
/// A 0-d tensor with the given value, of the dtype that full() chooses. Throws ValueError where an integer dtype cannot
/// hold the value.
XG_API Tensor scalar_tensor(Scalar value, TensorOptions options = {});

/// The contents of the braces of `tensor({{1, 2.5}, {3, 4}})`: a number of any type, or a list of literals.
class Literal {
 public:
  /// A number.
  template <Arithmetic T> constexpr Literal(T value) : number_(value) {}  // NOLINT
  /// A list.
  constexpr Literal(std::initializer_list<Literal> list) : number_(0), list_(list), is_list_(true) {}  // NOLINT

  constexpr bool is_list() const { return is_list_; }  ///< whether this is a list, not a number
  constexpr Scalar number() const { return number_; }  ///< the number; 0 for a list
  /// The elements of a list. They live until the end of the full expression that contains the braces.
  constexpr std::initializer_list<Literal> list() const { return list_; }

 private:
  Scalar number_;
  std::initializer_list<Literal> list_;
  bool is_list_ = false;
};

/// A tensor from numbers, which may be of different types: `tensor({0.25, 1})` is [2], `tensor({{1.0}, {2}})` is [2,
/// 1], `tensor({})` is [0]. The dtype is default_dtype() unless the options name one. Throws ShapeError for ragged
/// lists, ValueError for a number that an integer dtype cannot hold.
XG_API Tensor tensor(std::initializer_list<Literal> values, TensorOptions options = {});

namespace detail {
XG_API Tensor from_elements(const void* data, Dtype from, const Shape& shape, TensorOptions options);
XG_API Tensor from_literal(std::initializer_list<Literal> values, Dtype from, TensorOptions options);
}  // namespace detail

/// A tensor with elements of type T: `tensor<int64_t>({1, 2, 3})`. Throws ShapeError for ragged lists, ValueError for a
/// number that T cannot hold exactly.
template <Arithmetic T> Tensor tensor(std::initializer_list<Literal> values, TensorOptions options = {}) {
  return detail::from_literal(values, dtype_of<T>, options);
}
/// Overload for a named list: a vector [size], of default_dtype() unless the options name a dtype.
template <class List>
  requires std::same_as<List, std::initializer_list<double>>
Tensor tensor(const List& values, TensorOptions options = {}) {
  if (!options.dtype) options.dtype = default_dtype();
  return detail::from_elements(values.begin(), Dtype::float64, {static_cast<std::int64_t>(values.size())}, options);
}
/// A copy of a vector: [size]. Its dtype is that of T unless the options name another, to which the elements are
/// converted as by Tensor::to.
template <Arithmetic T>
  requires(!std::is_same_v<T, bool>)
Tensor tensor(const std::vector<T>& values, TensorOptions options = {}) {
  if (!options.dtype) options.dtype = dtype_of<T>;
  return detail::from_elements(values.data(), dtype_of<T>, {static_cast<std::int64_t>(values.size())}, options);
}
/// A tensor of the given shape that copies row-major `data`. Its dtype is that of T unless the options name another.
/// Throws ShapeError for negative sizes, ValueError for a null pointer where there are elements to copy.
template <Arithmetic T> Tensor from_data(const T* data, const Shape& shape, TensorOptions options = {}) {
  if (!options.dtype) options.dtype = dtype_of<T>;
  return detail::from_elements(data, dtype_of<T>, shape, options);
}

}  // namespace xg
