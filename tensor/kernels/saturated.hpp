// Numbers as elements of an integer dtype.
#pragma once

#include <limits>
#include <type_traits>

namespace xg::kernels {

/// The number of To (an integer type, not bool) that is nearest to x; reals lose their fraction, NaN becomes 0.
template <class To, class From> constexpr To saturated(From x) {
  constexpr To least = std::numeric_limits<To>::min(), most = std::numeric_limits<To>::max();
  if constexpr (std::is_floating_point_v<From>) {
    constexpr From low = static_cast<From>(least), high = static_cast<From>(most);
    return x >= high ? most : (x >= low ? static_cast<To>(x) : (x < low ? least : To(0)));
  } else if constexpr (sizeof(From) > sizeof(To) || (std::is_signed_v<From> && std::is_unsigned_v<To>)) {
    return x < static_cast<From>(least) ? least : (x > static_cast<From>(most) ? most : static_cast<To>(x));
  } else {
    return static_cast<To>(x);
  }
}

}  // namespace xg::kernels
