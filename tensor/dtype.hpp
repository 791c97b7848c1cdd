// Element types, their names, and PyTorch's promotion rules.
#pragma once

#include <xgrad/tensor/string_ref.hpp>

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string_view>
#include <type_traits>

namespace xg {

/// The type of a tensor's elements. The order is the order of promotion within a category.
enum class Dtype : std::uint8_t {
  bool_,    ///< true or false, one byte
  uint8,    ///< 0 to 255
  int32,    ///< signed 32-bit integers
  int64,    ///< signed 64-bit integers
  float32,  ///< IEEE single precision
  float64,  ///< IEEE double precision
};

inline constexpr Dtype bool_ = Dtype::bool_;      ///< Dtype::bool_
inline constexpr Dtype uint8 = Dtype::uint8;      ///< Dtype::uint8
inline constexpr Dtype int32 = Dtype::int32;      ///< Dtype::int32
inline constexpr Dtype int64 = Dtype::int64;      ///< Dtype::int64
inline constexpr Dtype float32 = Dtype::float32;  ///< Dtype::float32
inline constexpr Dtype float64 = Dtype::float64;  ///< Dtype::float64

/// Bytes of one element.
constexpr std::size_t item_size(Dtype dtype) {
  return std::size_t{1} << (0b11'10'11'10'00'00 >> 2 * static_cast<int>(dtype) & 3);  // two bits per dtype: log2 of it
}
/// Whether it is float32 or float64.
constexpr bool is_floating(Dtype dtype) { return dtype >= Dtype::float32; }
/// Whether it is uint8, int32 or int64; bool is not integral.
constexpr bool is_integral(Dtype dtype) { return dtype > Dtype::bool_ && dtype < Dtype::float32; }

/// "bool", "uint8", "int32", "int64", "float32" or "float64".
XG_API std::string_view name(Dtype dtype);
/// The inverse of name(). Throws DtypeError for any other text.
XG_API Dtype dtype_from_name(StringRef name);
/// Writes name(dtype).
XG_API std::ostream& operator<<(std::ostream& out, Dtype dtype);

/// The dtype of creation functions whose options name none. It belongs to the process and is float32 at first.
XG_API Dtype default_dtype();
/// Sets default_dtype() for all threads. Throws DtypeError unless the dtype is floating-point.
XG_API void set_default_dtype(Dtype dtype);

/// The smallest dtype that both convert to by PyTorch's table: bool < uint8 < int32 < int64 < float32 < float64.
constexpr Dtype promote_types(Dtype a, Dtype b) { return a < b ? b : a; }

/// The Dtype of a C++ element type as `value`. Only the six types below have one.
template <class T> struct DtypeOf : std::integral_constant<Dtype, Dtype::float32> {
  static_assert(
      sizeof(T) == 0,
      "A tensor's elements are bool, std::uint8_t, std::int32_t, std::int64_t, float or double: convert other "
      "types first, as std::size_t to std::int64_t.");
};
template <> struct DtypeOf<bool> : std::integral_constant<Dtype, Dtype::bool_> {};
template <> struct DtypeOf<std::uint8_t> : std::integral_constant<Dtype, Dtype::uint8> {};
template <> struct DtypeOf<std::int32_t> : std::integral_constant<Dtype, Dtype::int32> {};
template <> struct DtypeOf<std::int64_t> : std::integral_constant<Dtype, Dtype::int64> {};
template <> struct DtypeOf<float> : std::integral_constant<Dtype, Dtype::float32> {};
template <> struct DtypeOf<double> : std::integral_constant<Dtype, Dtype::float64> {};

/// The dtype of a C++ element type: `dtype_of<float> == float32`.
template <class T> inline constexpr Dtype dtype_of = DtypeOf<T>::value;

/// Throws the DtypeError of a dispatch that has no case for `dtype`.
[[noreturn]] XG_API void throw_not_floating(Dtype dtype);

/// Calls `f.operator()<T>()` with the C++ type of `dtype` and returns what it returns, which must be of the same type
/// for every T.
template <class F> decltype(auto) dispatch(Dtype dtype, F&& f) {
  switch (dtype) {
    case Dtype::bool_:
      return f.template operator()<bool>();
    case Dtype::uint8:
      return f.template operator()<std::uint8_t>();
    case Dtype::int32:
      return f.template operator()<std::int32_t>();
    case Dtype::int64:
      return f.template operator()<std::int64_t>();
    case Dtype::float32:
      return f.template operator()<float>();
    case Dtype::float64:
      break;
  }
  return f.template operator()<double>();
}

/// Calls `f.operator()<float>()` or `f.operator()<double>()`; throws DtypeError for any other dtype.
template <class F> decltype(auto) dispatch_floating(Dtype dtype, F&& f) {
  if (dtype == Dtype::float32) return f.template operator()<float>();
  if (dtype != Dtype::float64) throw_not_floating(dtype);
  return f.template operator()<double>();
}

}  // namespace xg
