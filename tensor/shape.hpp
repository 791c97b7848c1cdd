// Shapes, strides and lists of dimensions: up to eight numbers that live inline.
#pragma once

#include <xgrad/tensor/export.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <string>
#include <vector>

namespace xg {

/// The largest number of dimensions of a tensor.
inline constexpr std::size_t max_dims = 8;

/// Throws the ShapeError of a tensor with more than max_dims dimensions.
[[noreturn]] XG_API void throw_too_many_dims(std::size_t count);

/// The sizes of a tensor's dimensions (or its strides, in elements). A value type without heap memory. Constructing or
/// extending it to more than max_dims numbers throws ShapeError.
class XG_API Shape {
 public:
  Shape() = default;                                                                     ///< no dimensions
  Shape(std::initializer_list<std::int64_t> dims) { assign(dims.begin(), dims.end()); }  ///< `{2, 3}`
  /// The numbers of a vector.
  Shape(const std::vector<std::int64_t>& dims) { assign(dims.begin(), dims.end()); }  // NOLINT: a list of sizes is one
  /// The numbers of a range of iterators, converted to int64.
  template <class It> Shape(It first, It last) { assign(first, last); }

  std::size_t size() const { return size_; }                         ///< the number of dimensions
  bool empty() const { return size_ == 0; }                          ///< whether there are no dimensions
  std::int64_t operator[](std::size_t i) const { return dims_[i]; }  ///< number i < size(), unchecked
  std::int64_t& operator[](std::size_t i) { return dims_[i]; }       ///< number i < size(), mutable, unchecked
  const std::int64_t* begin() const { return dims_; }                ///< the first number
  const std::int64_t* end() const { return dims_ + size_; }          ///< one past the last number
  std::int64_t* begin() { return dims_; }                            ///< the first number, mutable
  std::int64_t* end() { return dims_ + size_; }                      ///< one past the last number, mutable
  std::int64_t front() const { return dims_[0]; }                    ///< the first number; size() must not be 0
  std::int64_t back() const { return dims_[size_ - 1]; }             ///< the last number; size() must not be 0

  /// Appends a dimension.
  void push_back(std::int64_t dim) {
    if (size_ == max_dims) throw_too_many_dims(size_ + 1);
    dims_[size_++] = dim;
  }
  /// Inserts a dimension before `position`, which must not exceed size().
  void insert(std::size_t position, std::int64_t dim) {
    push_back(dim);
    std::rotate(dims_ + position, dims_ + size_ - 1, dims_ + size_);
  }
  /// Removes dimension `position`, which must be less than size().
  void erase(std::size_t position) {
    std::copy(dims_ + position + 1, dims_ + size_, dims_ + position);
    --size_;
  }
  /// Removes dimensions at the end, or appends dimensions of size `fill`.
  void resize(std::size_t size, std::int64_t fill = 0) {
    if (size > max_dims) throw_too_many_dims(size);
    for (std::size_t i = size_; i < size; ++i) dims_[i] = fill;
    size_ = static_cast<std::uint32_t>(size);
  }
  /// Changes the number of dimensions without setting them; `size` must not exceed max_dims.
  void resize_uninitialized(std::size_t size) { size_ = static_cast<std::uint32_t>(size); }

  /// The number of elements: the product of all sizes, 1 for 0-d.
  std::int64_t numel() const {
    std::int64_t n = 1;
    for (std::int64_t d : *this) n *= d;
    return n;
  }
  /// "[2, 3]"
  std::string str() const;

  /// Whether both have equal numbers in the same order.
  friend bool operator==(const Shape& a, const Shape& b) {
    if (&a == &b) return true;  // tensors that share a layout
    if (a.size_ != b.size_) return false;
    for (std::uint32_t i = 0; i < a.size_; ++i)  // std::equal would call memcmp even for two numbers
      if (a.dims_[i] != b.dims_[i]) return false;
    return true;
  }

 private:
  template <class It> void assign(It first, It last) {
    for (; first != last; ++first) push_back(static_cast<std::int64_t>(*first));
  }

  std::uint32_t size_ = 0;
  std::int64_t dims_[max_dims];
};

/// Writes str().
XG_API std::ostream& operator<<(std::ostream& out, const Shape& shape);

/// One dimension, several, or none: `sum(x, 1)`, `sum(x, {0, 1})`. Negative ones count from the end.
struct Dims : Shape {
  Dims() = default;  ///< none
  /// One dimension.
  template <std::integral T> Dims(T dim)
      : Shape({static_cast<std::int64_t>(dim)}) {}                 // NOLINT: one dimension is a list of one
  Dims(std::initializer_list<std::int64_t> dims) : Shape(dims) {}  ///< several
  /// The dimensions of a vector.
  Dims(const std::vector<std::int64_t>& dims) : Shape(dims) {}  // NOLINT
};

}  // namespace xg
