#include <xgrad/viz/format.hpp>
#include <xgrad/viz/ticks.hpp>

#include <algorithm>
#include <cmath>

namespace xg::viz {
namespace {

// The smallest of 1, 2, 2.5, 5, 10 times a power of ten that is at least `raw`.
double round_step(double raw) {
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  for (const double m : {1.0, 2.0, 2.5, 5.0}) {
    if (m * power >= raw * (1 - 1e-9)) return m * power;
  }
  return 10 * power;
}

int decimals_of(double step) {
  for (int d = 0; d < 15; ++d) {
    const double scaled = step * std::pow(10.0, d);
    if (std::abs(scaled - std::round(scaled)) < 1e-6 * scaled) return d;
  }
  return 15;
}

std::string tick_label(double v, int decimals, bool powers) {
  return powers ? format_value(v, 3) : format_fixed(v, decimals, true);
}

}  // namespace

Ticks linear_ticks(double low, double high, std::size_t most) {
  Ticks t;
  if (!std::isfinite(low) || !std::isfinite(high) || !(high > low)) return t;
  most = std::max<std::size_t>(most, 2);
  double step = round_step((high - low) / static_cast<double>(most));
  const double slack = (high - low) * 1e-9;
  const auto first = [&] { return std::ceil((low - slack) / step); };
  const auto last = [&] { return std::floor((high + slack) / step); };
  while (last() - first() + 1 > static_cast<double>(most)) step = round_step(step * 1.5);
  const double largest = std::max(std::abs(low), std::abs(high));
  const bool powers = largest >= 1e9 || largest < 1e-4;
  const int decimals = decimals_of(step);
  for (double i = first(); i <= last(); ++i) {
    const double v = i * step;
    t.at.push_back(v);
    t.labels.push_back(tick_label(i == 0 ? 0 : v, decimals, powers));
  }
  return t;
}

Ticks log_ticks(double low, double high, std::size_t most) {
  Ticks t;
  if (!(low > 0) || !std::isfinite(high) || !(high > low)) return t;
  const int first = static_cast<int>(std::ceil(std::log10(low) - 1e-9));
  const int last = static_cast<int>(std::floor(std::log10(high) + 1e-9));
  if (last - first < 1) return linear_ticks(low, high, most);
  const int stride = std::max(
      1, static_cast<int>(std::ceil((last - first + 1) / static_cast<double>(std::max<std::size_t>(most, 2)))));
  const bool plain = first >= -3 && last <= 4;
  for (int e = first; e <= last; e += stride) {
    const double v = std::pow(10.0, e);
    t.at.push_back(v);
    t.labels.push_back(plain ? format_value(v, 6) : power_of_ten(e));
  }
  return t;
}

double Scale::operator()(double v) const {
  if (log) {
    if (!(v > 0)) return from;
    return from + (to - from) * (std::log10(v / low) / std::log10(high / low));
  }
  return from + (to - from) * ((v - low) / (high - low));
}

}  // namespace xg::viz
