// Saturating conversion to integers.
#pragma once

#include <limits>
#include <type_traits>

namespace xg::kernels {

/// x as an integer type To, which is not bool: the fraction is discarded, values out of range saturate, and NaN becomes
/// 0.
template <class To, class From> constexpr To saturated(From x) {
  constexpr To min = std::numeric_limits<To>::min(), max = std::numeric_limits<To>::max();
  if constexpr (std::is_floating_point_v<From>) {
    constexpr From low = static_cast<From>(min), high = static_cast<From>(max);
    return x >= high ? max : (x >= low ? static_cast<To>(x) : (x < low ? min : To(0)));
  } else if constexpr (sizeof(From) > sizeof(To) || (std::is_signed_v<From> && std::is_unsigned_v<To>)) {
    return x < static_cast<From>(min) ? min : (x > static_cast<From>(max) ? max : static_cast<To>(x));
  } else {
    return static_cast<To>(x);
  }
}

}  // namespace xg::kernels
