// Numbers as text: trailing zeros dropped, U+2212 for minus, never "-0", no locale.
#pragma once

#include <xgrad/tensor/export.hpp>

#include <cstddef>
#include <string>

namespace xg::viz {

/// `v` with at most `decimals` decimals, without trailing zeros: 1.500 is "1.5", -0.0 is "0", NaN is "NaN". Numbers
/// from 1e12 on, and those that the decimals would show as zero, are written with powers of ten: "1.2×10⁻⁷".
XG_API std::string format_value(double v, int decimals = 3);

/// As format_value with an explicit sign: "+0.25", "−1.5", "+0".
XG_API std::string format_signed(double v, int decimals = 2);

/// `v` with exactly `decimals` decimals and, if `group` is set, commas between thousands from 10,000 on.
XG_API std::string format_fixed(double v, int decimals, bool group = false);

/// An integer with commas between thousands: 22051 is "22,051".
XG_API std::string format_count(double v);

/// A part of a total: "2,000 of 22,051".
std::string format_part(std::size_t part, std::size_t total);

/// "10⁻³" for -3.
XG_API std::string power_of_ten(int exponent);

/// The number of decimals, from `min_decimals` to 12, that show at least three significant digits of `largest`.
XG_API int decimals_for(double largest, int min_decimals = 2);

}  // namespace xg::viz
