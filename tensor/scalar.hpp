// A C++ number on its way into an op. It remembers its category, because promotion depends on it.
#pragma once

#include <xgrad/tensor/dtype.hpp>

#include <concepts>

namespace xg {

template <class T>
concept Arithmetic = std::is_arithmetic_v<T>;

/// A bool, an integer or a real number. Converts from arithmetic types alone, never from pointers.
class Scalar {
 public:
  template <Arithmetic T>
  constexpr Scalar(T value)  // NOLINT: numbers are scalars
      : value_(static_cast<double>(value)),
        integer_(static_cast<std::int64_t>(std::is_floating_point_v<T> ? T(0) : value)),
        category_(std::is_same_v<T, bool> ? Dtype::bool_ : (std::is_floating_point_v<T> ? Dtype::float64 : Dtype::int64)) {}

  /// bool_, int64 or float64: the category in which the scalar takes part in promotion.
  constexpr Dtype category() const { return category_; }
  constexpr double to_double() const { return value_; }
  constexpr std::int64_t to_int64() const {
    return category_ == Dtype::float64 ? static_cast<std::int64_t>(value_) : integer_;
  }

 private:
  double value_;
  std::int64_t integer_;
  Dtype category_;
};

/// The dtype of `tensor op scalar`: the tensor's, unless the scalar is of a higher category (bool < integer < real).
inline Dtype result_type(Dtype tensor, Scalar scalar) {
  if (is_floating(tensor) || scalar.category() == Dtype::bool_) return tensor;
  if (scalar.category() == Dtype::float64) return default_dtype();
  return tensor == Dtype::bool_ ? Dtype::int64 : tensor;
}

}  // namespace xg
