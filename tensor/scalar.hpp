// A C++ number as an argument of an op. It keeps its category, because promotion depends on it.
#pragma once

#include <xgrad/tensor/dtype.hpp>

#include <concepts>
#include <limits>
#include <type_traits>

namespace xg {

/// A bool, a character, an integer or a floating-point type of C++.
template <class T>
concept Arithmetic = std::is_arithmetic_v<T>;

class Scalar;

namespace detail {
/// Throws the ValueError of a number outside [low, high], the range of an integer type, which it names by its bits.
[[noreturn]] XG_API void throw_out_of_range(const char* op, const Scalar& value, bool is_signed, int bits);
[[noreturn]] XG_API void throw_beyond_int64(std::uint64_t value);
}  // namespace detail

/// A bool, an integer or a floating-point number. Converts from arithmetic types only, never from pointers.
class Scalar {
 public:
  /// Throws ValueError for an unsigned integer that int64 cannot hold.
  template <Arithmetic T> constexpr Scalar(T value)  // NOLINT: numbers are scalars
      : value_(static_cast<double>(value)),
        integer_(static_cast<std::int64_t>(std::is_floating_point_v<T> ? T(0) : value)),
        category_(std::is_same_v<T, bool> ? Dtype::bool_
                                          : (std::is_floating_point_v<T> ? Dtype::float64 : Dtype::int64)) {
    if constexpr (std::is_unsigned_v<T> && sizeof(T) >= sizeof(std::int64_t))
      if (integer_ < 0) detail::throw_beyond_int64(value);
  }

  /// bool_, int64 or float64: the category in which the scalar takes part in promotion.
  constexpr Dtype category() const { return category_; }
  constexpr double to_double() const { return value_; }  ///< the number, rounded if it is a large integer
  constexpr std::int64_t to_int64() const { return to<std::int64_t>(); }  ///< as to<std::int64_t>()

  /// Whether the integer type T can hold the number, after a fraction is discarded.
  template <std::integral T> constexpr bool fits() const {
    if constexpr (std::is_same_v<T, bool>) {
      return true;
    } else if (category_ == Dtype::float64) {
      // Both bounds are powers of two and therefore exact: the smallest T, and the first number above the largest.
      constexpr double low = static_cast<double>(std::numeric_limits<T>::min());
      constexpr double upper = 2 * static_cast<double>(std::numeric_limits<T>::max() / 2 + 1);
      return (value_ >= low || value_ > low - 1) && value_ < upper;
    } else {
      const T converted = static_cast<T>(integer_);
      return static_cast<std::int64_t>(converted) == integer_ && (converted < T(0)) == (integer_ < 0);
    }
  }

  /// The number as a T. Conversion to an integer type discards the fraction; a value that the type cannot hold, or NaN,
  /// is a ValueError that names `op`. Conversion to bool gives true unless the number is 0.
  template <Arithmetic T> constexpr T to(const char* op = "scalar") const {
    if constexpr (std::is_floating_point_v<T>) {
      return static_cast<T>(value_);
    } else if constexpr (std::is_same_v<T, bool>) {
      return value_ != 0;
    } else {
      if (!fits<T>()) [[unlikely]]
        detail::throw_out_of_range(op, *this, std::is_signed_v<T>, 8 * static_cast<int>(sizeof(T)));
      return category_ == Dtype::float64 ? static_cast<T>(value_) : static_cast<T>(integer_);
    }
  }

 private:
  double value_;
  std::int64_t integer_;
  Dtype category_;
};

/// The dtype of `tensor op scalar`: the tensor's, unless the scalar is of a higher category (bool < integer <
/// floating-point).
inline Dtype result_type(Dtype tensor, Scalar scalar) {
  if (is_floating(tensor) || scalar.category() == Dtype::bool_) return tensor;
  if (scalar.category() == Dtype::float64) return default_dtype();
  return tensor == Dtype::bool_ ? Dtype::int64 : tensor;
}

}  // namespace xg
