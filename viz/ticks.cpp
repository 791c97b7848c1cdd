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

namespace {

// The probability 10^-k, or 1 - 10^-k.
struct Decade {
  int k;
  bool near_one;
  double at() const {
    const double p = std::pow(10.0, -k);
    return near_one ? std::log1p(-p) - std::log(p) : std::log(p) - std::log1p(-p);
  }
  std::string label() const {
    if (k > 4) return (near_one ? "1 − " : "") + power_of_ten(-k);
    return format_fixed(near_one ? 1 - std::pow(10.0, -k) : std::pow(10.0, -k), k);
  }
};

}  // namespace

Ticks probability_ticks(double low, double high, std::size_t most) {
  Ticks t;
  if (!std::isfinite(low) || !std::isfinite(high) || !(high > low)) return t;
  most = std::max<std::size_t>(most, 2);
  const double slack = (high - low) * 1e-9;
  const auto inside = [&](double z) { return z >= low - slack && z <= high + slack; };
  // From many to few: powers of ten every `stride`-th, with these between 0.01 and 0.99.
  const std::vector<std::vector<double>> middles = {{0.02, 0.05, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.95, 0.98},
                                                    {0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95},
                                                    {0.25, 0.5, 0.75},
                                                    {0.5}};
  const auto logit = [](double p) { return std::log(p / (1 - p)); };
  std::vector<std::pair<double, std::string>> found;
  const auto collect = [&](const std::vector<double>& middle, int stride) {
    found.clear();
    const double reach = std::max(std::abs(low), std::abs(high)) / std::log(10.0) + 1;
    for (int k = 1; k <= std::min(reach, 300.0); k += stride) {
      for (const bool near_one : {false, true}) {
        const Decade d{k, near_one};
        if (inside(d.at())) found.emplace_back(d.at(), d.label());
      }
    }
    for (const double p : middle) {
      if (inside(logit(p))) found.emplace_back(logit(p), format_value(p, 2));
    }
    std::sort(found.begin(), found.end());
  };
  std::size_t middle = 0;
  int stride = 1;
  collect(middles[0], 1);
  while (found.size() > most && middle + 1 < middles.size()) collect(middles[++middle], 1);
  while (found.size() > most && stride < 300) collect(middles.back(), ++stride);
  if (found.size() > most) collect({}, stride);
  if (found.size() < 3) {
    // A short piece of the axis: round numbers within it, as long as probabilities differ at all.
    const double p = 1 / (1 + std::exp(-low)), q = 1 / (1 + std::exp(-high));
    if (q - p > 1e-7 * q && 1 - q > 1e-7) {
      Ticks plain = linear_ticks(p, q, most);
      for (double& v : plain.at) v = logit(v);
      if (plain.at.size() > found.size()) return plain;
    }
  }
  for (auto& [z, label] : found) {
    t.at.push_back(z);
    t.labels.push_back(std::move(label));
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
