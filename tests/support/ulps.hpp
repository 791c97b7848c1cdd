// Distances from the truth in units of the last place.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

namespace xg_test {

/// The reference for float64 is computed in the wider type.
template <class T> using Wide = std::conditional_t<std::is_same_v<T, float>, double, long double>;

/// |got - want| in units of the last place of a T near want; infinite where one is NaN or infinite and the other not.
template <class T> double ulps(T got, Wide<T> want) {
  const T rounded = static_cast<T>(want);
  if (std::isnan(want) || std::isnan(got)) return std::isnan(want) == std::isnan(got) ? 0 : INFINITY;
  if (got == rounded) return 0;
  if (std::isinf(got) || std::isinf(rounded)) {  // at the border of overflow: one step
    const T finite = std::isinf(got) ? rounded : got;
    return std::abs(finite) == std::numeric_limits<T>::max() ? 1 : INFINITY;
  }
  int exponent = 0;
  std::frexp(want, &exponent);
  exponent = std::max(exponent, std::numeric_limits<T>::min_exponent) - std::numeric_limits<T>::digits;
  return static_cast<double>(std::abs(static_cast<Wide<T>>(got) - want) / std::ldexp(Wide<T>(1), exponent));
}

}  // namespace xg_test
