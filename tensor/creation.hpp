// Tensor creation: constants, ranges, literals.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
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
/// The n x n matrix with ones on its diagonal and zeros elsewhere; default_dtype() unless the options name a dtype.
/// Throws ShapeError for a negative n.
XG_API Tensor eye(std::int64_t n, TensorOptions options = {});
/// The n x m matrix with ones on its diagonal and zeros elsewhere; m = n if negative. Throws as above.
XG_API Tensor eye(std::int64_t n, std::int64_t m, TensorOptions options = {});
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

struct BlobOptions;

namespace detail {

/// The element type of a list: a vector, an array, a span or a braced list with a name. It may be a list itself.
template <class T> struct ListOf {};
template <class T, class Allocator> struct ListOf<std::vector<T, Allocator>> : std::type_identity<T> {};
template <class T, std::size_t size> struct ListOf<std::array<T, size>> : std::type_identity<T> {};
template <class T, std::size_t size> struct ListOf<std::span<T, size>> : std::type_identity<std::remove_cv_t<T>> {};
template <class T, std::size_t size> struct ListOf<T[size]> : std::type_identity<std::remove_cv_t<T>> {};
template <class T> struct ListOf<std::initializer_list<T>> : std::type_identity<T> {};
template <class T>
concept List = requires { typename ListOf<T>::type; };

/// The type of the numbers in a list of any depth.
template <class T> struct NumberOf : std::type_identity<T> {};
template <List T> struct NumberOf<T> : NumberOf<typename ListOf<T>::type> {};

[[noreturn]] XG_API void throw_ragged(std::size_t row, std::size_t depth, std::size_t size, std::int64_t first);

/// Appends the numbers of a list to `numbers` and the sizes of its first rows to `shape`. Throws ShapeError where
/// another row, of which `row` is the number, has a different size.
template <class List, class T>
void flatten_list(const List& list, std::size_t row, std::size_t depth, Shape& shape, std::vector<T>& numbers) {
  const std::size_t size = std::size(list);
  if (depth == shape.size())
    shape.push_back(static_cast<std::int64_t>(size));
  else if (shape[depth] != static_cast<std::int64_t>(size))
    throw_ragged(row, depth, size, shape[depth]);
  std::size_t i = 0;
  for (const auto& element : list)
    if constexpr (detail::List<typename ListOf<List>::type>)
      flatten_list(element, i++, depth + 1, shape, numbers);
    else
      numbers.push_back(static_cast<T>(element));
}

XG_API Tensor from_elements(const void* data, Dtype from, const Shape& shape, TensorOptions options);
XG_API Tensor from_literal(std::initializer_list<Literal> values, Dtype from, TensorOptions options);
XG_API Tensor from_memory(void* data, Dtype from, const Shape& shape, BlobOptions options);
}  // namespace detail

/// A tensor with elements of type T: `tensor<int64_t>({1, 2, 3})`. Throws ShapeError for ragged lists, ValueError for a
/// number that T cannot hold exactly.
template <Arithmetic T> Tensor tensor(std::initializer_list<Literal> values, TensorOptions options = {}) {
  return detail::from_literal(values, dtype_of<T>, options);
}
/// A copy of a vector: [size]. Its dtype is that of T unless the options name another, to which the elements are
/// converted as by Tensor::to.
template <Arithmetic T>
  requires(!std::is_same_v<T, bool>)
Tensor tensor(const std::vector<T>& values, TensorOptions options = {}) {
  if (!options.dtype) options.dtype = dtype_of<T>;
  return detail::from_elements(values.data(), dtype_of<T>, {static_cast<std::int64_t>(values.size())}, options);
}
/// A copy of a list of numbers or of lists of equal lengths: vectors, arrays, spans and named braced lists, nested to
/// any depth, as in `tensor(std::vector<std::vector<float>>{{1, 2}, {3, 4}})`. Its dtype is that of the numbers, or
/// default_dtype() for a named list of doubles, unless the options name another. Throws ShapeError for ragged lists.
template <detail::List List> Tensor tensor(const List& values, TensorOptions options = {}) {
  using T = typename detail::NumberOf<List>::type;
  constexpr Dtype from = dtype_of<T>;
  if (!options.dtype) options.dtype = std::is_same_v<List, std::initializer_list<double>> ? default_dtype() : from;
  Shape shape;
  std::vector<std::conditional_t<std::is_same_v<T, bool>, std::uint8_t, T>> numbers;  // a vector of bools has no data()
  detail::flatten_list(values, 0, 0, shape, numbers);
  return detail::from_elements(numbers.data(), from, shape, options);
}
/// A tensor of the given shape that copies row-major `data`. Its dtype is that of T unless the options name another.
/// Throws ShapeError for negative sizes, ValueError for a null pointer where there are elements to copy.
template <Arithmetic T> Tensor from_data(const T* data, const Shape& shape, TensorOptions options = {}) {
  if (!options.dtype) options.dtype = dtype_of<T>;
  return detail::from_elements(data, dtype_of<T>, shape, options);
}

/// Options of from_blob().
struct BlobOptions {
  std::optional<Shape> strides = {};  ///< of each dimension, in elements; row-major by default
  /// Called once with the pointer, when the last tensor on the memory dies or from_blob throws. What it throws is
  /// ignored.
  std::function<void(void*)> deleter = {};
  std::optional<Dtype> dtype = {};  ///< of the elements; by default that of the pointer, default_dtype() for void*
  bool requires_grad = false;       ///< a leaf whose gradient is accumulated
};

/// A tensor on memory of the caller, without a copy (torch.from_blob): writes on either side are seen by the other.
/// Without a deleter the memory must outlive the tensor, its views and the graphs that it is part of. A write by the
/// caller is not counted in version(), and two tensors on one memory do not know of each other. Bytes of bool elements
/// are 0 or 1. Throws ValueError for a null pointer where there are elements, or one that is not aligned to its
/// elements; ShapeError for negative sizes, sizes that overflow, and strides that are negative, overflow or let
/// elements overlap (a stride of 0 repeats elements, as expand does); DtypeError for a dtype that is not the pointer's,
/// and for requires_grad unless floating-point.
XG_API Tensor from_blob(void* data, const Shape& shape, BlobOptions options = {});
/// from_blob() of typed memory.
template <Arithmetic T>
  requires(!std::is_const_v<T>)
Tensor from_blob(T* data, const Shape& shape, BlobOptions options = {}) {
  return detail::from_memory(data, dtype_of<T>, shape, std::move(options));
}
/// A tensor can be written to: memory that must not be is copied by from_data().
Tensor from_blob(const void* data, const Shape& shape, BlobOptions = {}) = delete;  // copy const memory with from_data

}  // namespace xg
