// Tensors from nothing: constants, ranges, literals.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <concepts>
#include <initializer_list>
#include <vector>

namespace xg {

XG_API Tensor empty(const Shape& shape, TensorOptions options = {});
XG_API Tensor zeros(const Shape& shape, TensorOptions options = {});
XG_API Tensor ones(const Shape& shape, TensorOptions options = {});
/// Without a dtype: that of the value's category (bool, int64, default_dtype()).
XG_API Tensor full(const Shape& shape, Scalar value, TensorOptions options = {});
XG_API Tensor empty_like(const Tensor& x, TensorOptions options = {});
XG_API Tensor zeros_like(const Tensor& x, TensorOptions options = {});
XG_API Tensor ones_like(const Tensor& x, TensorOptions options = {});
XG_API Tensor full_like(const Tensor& x, Scalar value, TensorOptions options = {});
/// start, start + step, ... below stop. Integers unless an argument is real. Throws ValueError where step leads away.
XG_API Tensor arange(Scalar stop, TensorOptions options = {});
XG_API Tensor arange(Scalar start, Scalar stop, Scalar step = 1, TensorOptions options = {});
/// `steps` values from start to stop, both included.
XG_API Tensor linspace(Scalar start, Scalar stop, std::int64_t steps, TensorOptions options = {});
/// base^linspace(start, stop, steps).
XG_API Tensor logspace(Scalar start, Scalar stop, std::int64_t steps, double base = 10, TensorOptions options = {});
/// The n x m matrix with ones on its diagonal; m = n if negative.
XG_API Tensor eye(std::int64_t n, std::int64_t m = -1, TensorOptions options = {});
/// A tensor without dimensions.
XG_API Tensor scalar_tensor(Scalar value, TensorOptions options = {});

/// What stands between the braces of `tensor({{1, 2.5}, {3, 4}})`: a number of any type, or a list of the same.
class Literal {
 public:
  template <Arithmetic T>
  constexpr Literal(T value) : number_(value) {}                                                        // NOLINT
  constexpr Literal(std::initializer_list<Literal> list) : number_(0), list_(list), is_list_(true) {}  // NOLINT

  constexpr bool is_list() const { return is_list_; }
  constexpr Scalar number() const { return number_; }
  /// Its elements live until the end of the full expression in which the braces stand.
  constexpr std::initializer_list<Literal> list() const { return list_; }

 private:
  Scalar number_;
  std::initializer_list<Literal> list_;
  bool is_list_ = false;
};

/// A tensor from numbers, which may be of different types: `tensor({0.25, 1})` has one dimension, `tensor({{1.0}, {2}})`
/// two, `tensor({})` one without elements. It has the default dtype unless the options name one. Throws ShapeError for
/// ragged lists, ValueError for a number that an integer dtype cannot hold.
XG_API Tensor tensor(std::initializer_list<Literal> values, TensorOptions options = {});

namespace detail {
XG_API Tensor from_elements(const void* data, Dtype from, const Shape& shape, TensorOptions options);
XG_API Tensor from_literal(std::initializer_list<Literal> values, Dtype from, TensorOptions options);
}  // namespace detail

/// The same of T: `tensor<int64_t>({1, 2, 3})`. Throws ValueError for a number that T cannot hold, or not without its
/// fraction.
template <Arithmetic T>
Tensor tensor(std::initializer_list<Literal> values, TensorOptions options = {}) {
  return detail::from_literal(values, dtype_of<T>, options);
}
/// The same from a list that has a name. It has the default dtype.
template <class List>
  requires std::same_as<List, std::initializer_list<double>>
Tensor tensor(const List& values, TensorOptions options = {}) {
  if (!options.dtype) options.dtype = default_dtype();
  return detail::from_elements(values.begin(), Dtype::float64, {static_cast<std::int64_t>(values.size())}, options);
}
/// A one-dimensional tensor that copies a vector or span; reals get the default dtype unless T is float or double and
/// a dtype is named.
template <Arithmetic T>
  requires(!std::is_same_v<T, bool>)
Tensor tensor(const std::vector<T>& values, TensorOptions options = {}) {
  if (!options.dtype) options.dtype = dtype_of<T>;
  return detail::from_elements(values.data(), dtype_of<T>, {static_cast<std::int64_t>(values.size())}, options);
}
/// A tensor of the given shape that copies `data`, row-major.
template <Arithmetic T>
Tensor from_data(const T* data, const Shape& shape, TensorOptions options = {}) {
  if (!options.dtype) options.dtype = dtype_of<T>;
  return detail::from_elements(data, dtype_of<T>, shape, options);
}

}  // namespace xg
