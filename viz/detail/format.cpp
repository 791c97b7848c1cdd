#include <fmt/format.h>
#include <xgrad/viz/detail/format.hpp>

#include <algorithm>
#include <cmath>

namespace xg::viz {
namespace {

constexpr const char* minus = "\u2212";

std::string with_sign(const char* sign, const std::string& digits) { return fmt::format("{}{}", sign, digits); }

std::string strip_zeros(std::string s) {
  if (s.find('.') == std::string::npos) return s;
  s.erase(s.find_last_not_of('0') + 1);
  if (s.back() == '.') s.pop_back();
  return s;
}

// The digits of |v|, without a sign.
std::string magnitude(double v, int decimals) {
  v = std::abs(v);
  if (std::isnan(v)) return "NaN";
  if (std::isinf(v)) return "∞";
  if (v == 0) return "0";
  const double smallest = 0.5 * std::pow(10.0, -decimals);
  if (v >= 1e12 || v < smallest) {
    // fmt rounds and finds the exponent, because 10^exponent of a denormal number may underflow.
    const std::string text = fmt::format("{:.2e}", v);
    const std::size_t e = text.find('e');
    const int exponent = std::stoi(text.substr(e + 1));
    const std::string mantissa = strip_zeros(text.substr(0, e));
    if (v < smallest && exponent >= -4) return strip_zeros(fmt::format("{:.{}f}", v, 1 - exponent));
    return mantissa + "×" + power_of_ten(exponent);
  }
  return strip_zeros(fmt::format("{:.{}f}", v, decimals));
}

}  // namespace

std::string power_of_ten(int exponent) {
  constexpr const char* digits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string out = exponent < 0 ? "10⁻" : "10";
  for (const char c : std::to_string(std::abs(exponent))) out += digits[c - '0'];
  return out;
}

std::string format_value(double v, int decimals) {
  const std::string digits = magnitude(v, decimals);
  return v < 0 && digits != "0" ? with_sign(minus, digits) : digits;
}

std::string format_signed(double v, int decimals) {
  const std::string digits = magnitude(v, decimals);
  if (std::isnan(v)) return digits;
  return with_sign(v < 0 && digits != "0" ? minus : "+", digits);
}

std::string format_fixed(double v, int decimals, bool group) {
  if (!std::isfinite(v) || std::abs(v) >= 1e15) return format_value(v, decimals);
  std::string s = fmt::format("{:.{}f}", std::abs(v), decimals);
  const bool zero = s.find_first_not_of("0.") == std::string::npos;
  if (group && std::abs(v) >= 10000) {
    const std::size_t dot = std::min(s.find('.'), s.size());
    for (std::size_t i = dot; i > 3; i -= 3) s.insert(i - 3, 1, ',');
  }
  return v < 0 && !zero ? with_sign(minus, s) : s;
}

std::string format_count(double v) {
  std::string s = format_fixed(v, 0, true);
  if (std::abs(v) >= 1000 && std::abs(v) < 10000) s.insert(s.size() - 3, 1, ',');
  return s;
}

std::string format_part(std::size_t part, std::size_t total) {
  return fmt::format("{} of {}", format_count(static_cast<double>(part)), format_count(static_cast<double>(total)));
}

int decimals_for(double largest, int min_decimals) {
  largest = std::abs(largest);
  if (!std::isfinite(largest) || largest == 0) return min_decimals;
  return std::clamp(2 - static_cast<int>(std::floor(std::log10(largest))), min_decimals, 12);
}

}  // namespace xg::viz
