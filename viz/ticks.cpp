#include <fmt/format.h>
#include <xgrad/viz/detail/format.hpp>
#include <xgrad/viz/detail/range.hpp>
#include <xgrad/viz/detail/text_metrics.hpp>
#include <xgrad/viz/ticks.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

namespace xg::viz {
namespace {

// The exact step between ticks: mantissa * 10^exponent with a mantissa of 1, 2, 5 or 25.
struct Step {
  std::int64_t mantissa;
  int exponent;
  double value() const;
};

double parse(const std::string& text) {
  double v = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), v);
  if (error != std::errc::result_out_of_range) return v;
  return text.find("e-") != std::string::npos ? 0 : text.front() == '-' ? -INFINITY : INFINITY;
}

// units * 10^exponent, correctly rounded, as a reader understands the label of a tick; infinite if it overflows.
double decimal(std::int64_t units, int exponent) { return parse(fmt::format("{}e{}", units, exponent)); }

double Step::value() const { return decimal(mantissa, exponent); }

// The smallest of 1, 2, 2.5, 5, 10 times a power of ten that is at least `raw`.
Step round_step(double raw) {
  // The power of ten below a denormal number may underflow, so small numbers are scaled.
  const int shift = raw < 1e-290 ? 40 : 0;
  raw *= decimal(1, shift);
  const int e = static_cast<int>(std::floor(std::log10(raw)));
  const double power = std::pow(10.0, e);
  if (1 * power >= raw * (1 - 1e-9)) return {1, e - shift};
  if (2 * power >= raw * (1 - 1e-9)) return {2, e - shift};
  if (2.5 * power >= raw * (1 - 1e-9)) return {25, e - shift - 1};
  if (5 * power >= raw * (1 - 1e-9)) return {5, e - shift};
  return {1, e - shift + 1};
}

// A tick as a decimal number, which its label shows, and the nearest double, where it stands.
struct Tick {
  std::int64_t units;  // in units of 10^exponent
  int exponent;
  double value;
};

// The multiples of a step within [low, high], without those that round to the same double.
std::vector<Tick> multiples(double low, double high, const Step& step) {
  // Long double is precise enough to count steps that are as short as the distance between doubles.
  const long double length = std::min(step.value(), std::numeric_limits<double>::max());
  const double slack = detail::span(low, high) * 1e-9;
  const auto first = static_cast<std::int64_t>(std::ceil(low / length));
  const auto last = static_cast<std::int64_t>(std::floor(high / length));
  std::vector<Tick> ticks;
  for (std::int64_t i = first - 1; i <= last + 1; ++i) {
    const double value = decimal(i * step.mantissa, step.exponent);
    if (!(value >= low - slack && value <= high + slack) || !std::isfinite(value)) continue;
    if (!ticks.empty() && ticks.back().value == value) continue;
    ticks.push_back({i * step.mantissa, step.exponent, value});
  }
  return ticks;
}

// The digits of a tick with as many decimals as its exponent asks for, and commas from 10,000 on: "12,345.60".
std::string plain_label(const Tick& t) {
  std::string s = std::to_string(std::abs(t.units));
  const auto decimals = static_cast<std::size_t>(std::max(0, -t.exponent));
  if (t.exponent > 0 && t.units != 0) s.append(static_cast<std::size_t>(t.exponent), '0');
  if (s.size() <= decimals) s.insert(0, decimals + 1 - s.size(), '0');
  const std::size_t whole = s.size() - decimals;
  if (decimals > 0) s.insert(whole, 1, '.');
  for (std::size_t i = whole; whole > 4 && i > 3; i -= 3) s.insert(i - 3, 1, ',');
  return t.units < 0 ? "−" + s : s;
}

// The significant digits of a tick, without trailing zeros, and the power of ten of the first one.
std::pair<std::string, int> scientific(const Tick& t) {
  std::string digits = std::to_string(std::abs(t.units));
  const int power = t.exponent + static_cast<int>(digits.size()) - 1;
  digits.erase(std::min(digits.find_last_not_of('0') + 1, digits.size()));
  return {digits, power};
}

// A tick with all its digits: "1.25×10⁻⁷".
std::string scientific_label(const Tick& t) {
  if (t.units == 0) return "0";
  auto [digits, power] = scientific(t);
  if (digits.size() > 1) digits.insert(1, 1, '.');
  return fmt::format("{}{}×{}", t.units < 0 ? "−" : "", digits, power_of_ten(power));
}

// The fewest digits that identify a double.
std::string shortest_label(double v) {
  std::string digits = fmt::format("{}", std::abs(v));
  if (const std::size_t e = digits.find('e'); e != std::string::npos)
    digits = digits.substr(0, e) + "×" + power_of_ten(std::stoi(digits.substr(e + 1)));
  return v < 0 ? "−" + digits : digits;
}

// Labels with the exact positions of ticks, so that no two are equal.
std::vector<std::string> labels_of(const std::vector<Tick>& ticks, double low, double high) {
  const double largest = std::max(std::abs(low), std::abs(high));
  const bool powers = largest >= 1e9 || largest < 1e-4;
  std::size_t digits = 0;  // of the longest mantissa
  bool short_enough = true;
  for (const Tick& t : ticks) {
    if (t.units == 0) continue;
    const auto [mantissa, power] = scientific(t);
    digits = std::max(digits, mantissa.size());
    const bool written_out = power < 12 && power >= -3;
    short_enough =
        short_enough && (written_out ? static_cast<int>(mantissa.size()) - 1 - power <= 3 : mantissa.size() <= 3);
  }
  std::vector<std::string> labels;
  for (const Tick& t : ticks) {
    labels.push_back(!powers                                           ? plain_label(t)
                     : short_enough                                    ? format_value(t.value, 3)
                     : digits > 5 && largest >= 1e-4 && largest < 1e18 ? plain_label(t)
                                                                       : scientific_label(t));
  }
  return labels;
}

}  // namespace

Ticks linear_ticks(double low, double high, std::size_t max_count) {
  Ticks t;
  if (!std::isfinite(low) || !std::isfinite(high) || !(high > low)) return t;
  max_count = std::max<std::size_t>(max_count, 2);
  // Steps are at least the distance between doubles, because no tick fits between neighbours.
  const double largest = std::max(std::abs(low), std::abs(high));
  const double distance = largest - std::nextafter(largest, 0.0);
  const double count = static_cast<double>(max_count);
  Step step = round_step(std::max({high / count - low / count, distance}));
  std::vector<Tick> ticks = multiples(low, high, step);
  while (ticks.size() > max_count && std::isfinite(step.value() * 1.5)) {
    step = round_step(step.value() * 1.5);
    ticks = multiples(low, high, step);
  }
  // A single tick does not show a scale, so finer steps are tried.
  for (int finer = 0; ticks.size() == 1 && finer < 4; ++finer) {
    const Step next = round_step(step.value() * (step.mantissa == 5 || step.mantissa == 1 ? 0.5 : 0.8));
    if (!(next.value() > 0) || !(next.value() < step.value())) break;
    step = next;
    ticks = multiples(low, high, step);
    if (ticks.size() > max_count) ticks = {ticks.front(), ticks.back()};
  }
  if (ticks.size() < 2) {
    // There are no two round numbers between neighbouring doubles, so the ticks are the limits.
    t.positions = {low, high};
    t.labels = {shortest_label(low), shortest_label(high)};
    return t;
  }
  t.labels = labels_of(ticks, low, high);
  for (const Tick& tick : ticks) t.positions.push_back(tick.value);
  return t;
}

Ticks log_ticks(double low, double high, std::size_t max_count) {
  Ticks t;
  if (!(low > 0) || !std::isfinite(high) || !(high > low)) return t;
  const int first = static_cast<int>(std::ceil(std::log10(low) - 1e-9));
  const int last = static_cast<int>(std::floor(std::log10(high) + 1e-9));
  if (last - first < 1) return linear_ticks(low, high, max_count);
  const int stride = std::max(
      1, static_cast<int>(std::ceil((last - first + 1) / static_cast<double>(std::max<std::size_t>(max_count, 2)))));
  const bool plain = first >= -3 && last <= 4;
  for (int e = first; e <= last; e += stride) {
    const double v = decimal(1, e);
    t.positions.push_back(v);
    t.labels.push_back(plain ? format_value(v, 6) : power_of_ten(e));
  }
  return t;
}

namespace {

// The probability 10^-k, or 1 - 10^-k.
struct Decade {
  int k;
  bool near_one;
  double log_odds() const {
    if (k > 30) return (near_one ? k : -k) * std::log(10.0);
    const double p = std::pow(10.0, -k);
    return near_one ? std::log1p(-p) - std::log(p) : std::log(p) - std::log1p(-p);
  }
  std::string label() const {
    if (k > 4) return (near_one ? "1 − " : "") + power_of_ten(-k);
    return format_fixed(near_one ? 1 - std::pow(10.0, -k) : std::pow(10.0, -k), k);
  }
};

// Ticks of an axis without common probabilities, because it is short or far from 0: exact probabilities or, if these
// coincide, log-odds.
Ticks plain_probability_ticks(double low, double high, std::size_t max_count) {
  // Probabilities near 1 are told apart by their distances from 1.
  const bool near_one = low > std::log(1000.0);
  const auto small = [&](double z) { return 1 / (1 + std::exp(near_one ? z : -z)); };
  Ticks t = linear_ticks(std::min(small(low), small(high)), std::max(small(low), small(high)), max_count);
  for (std::size_t i = 0; i < t.positions.size(); ++i) {
    const double z = std::log(t.positions[i]) - std::log1p(-t.positions[i]);
    t.positions[i] = near_one ? -z : z;
    if (near_one) t.labels[i] = "1 − " + t.labels[i];
  }
  const bool distinct = t.positions.size() > 1 &&
                        std::abs(t.positions.back() - t.positions.front()) > 0.2 * detail::span(low, high) &&
                        std::all_of(t.positions.begin(), t.positions.end(), [](double z) { return std::isfinite(z); });
  if (distinct) {
    if (near_one) {
      std::reverse(t.positions.begin(), t.positions.end());
      std::reverse(t.labels.begin(), t.labels.end());
    }
    return t;
  }
  t = linear_ticks(low, high, max_count);
  for (std::string& label : t.labels) label = "log-odds " + label;
  return t;
}

}  // namespace

Ticks probability_ticks(double low, double high, std::size_t max_count) {
  Ticks t;
  if (!std::isfinite(low) || !std::isfinite(high) || !(high > low)) return t;
  max_count = std::max<std::size_t>(max_count, 2);
  // Probabilities below 10^-300 underflow.
  if (std::max(std::abs(low), std::abs(high)) > 690) return plain_probability_ticks(low, high, max_count);
  const double slack = detail::span(low, high) * 1e-9;
  const auto inside = [&](double z) { return z >= low - slack && z <= high + slack; };
  // Probabilities between powers of ten, from many to few; powers of ten are thinned to every `stride`-th.
  const std::vector<std::vector<double>> middles = {{0.02, 0.05, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.95, 0.98},
                                                    {0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95},
                                                    {0.25, 0.5, 0.75},
                                                    {0.5}};
  const auto logit = [](double p) { return std::log(p / (1 - p)); };
  std::vector<std::pair<double, std::string>> found;
  const auto collect = [&](const std::vector<double>& middle, int stride) {
    found.clear();
    const double reach = std::max(std::abs(low), std::abs(high)) / std::log(10.0) + 1;
    for (int k = 1; k <= reach; k += stride) {
      for (const bool near_one : {false, true}) {
        const Decade d{k, near_one};
        if (inside(d.log_odds())) found.emplace_back(d.log_odds(), d.label());
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
  while (found.size() > max_count && middle + 1 < middles.size()) collect(middles[++middle], 1);
  while (found.size() > max_count && stride < 300) collect(middles.back(), ++stride);
  if (found.size() > max_count) collect({}, stride);
  if (found.size() < 3) {
    // On a short axis the ticks are round probabilities, as long as probabilities can be told apart.
    const double p = 1 / (1 + std::exp(-low)), q = 1 / (1 + std::exp(-high));
    if (q - p > 1e-7 * q && 1 - q > 1e-7) {
      Ticks plain = linear_ticks(p, q, max_count);
      for (double& v : plain.positions) v = logit(v);
      if (plain.positions.size() > found.size()) return plain;
    }
  }
  if (found.size() < 2) return plain_probability_ticks(low, high, max_count);
  for (auto& [z, label] : found) {
    t.positions.push_back(z);
    t.labels.push_back(std::move(label));
  }
  return t;
}

double Scale::operator()(double v) const {
  if (!std::isfinite(v)) return from + (to - from) * v;
  if (log) {
    if (!(v > 0)) return from;
    // A short piece of a log axis is linear, and logarithms would lose precision.
    if (high - low > 1e-7 * low) {
      const bool overflows = !std::isfinite(high / low) || !std::isfinite(v / low) || v / low == 0;
      return from + (to - from) * (overflows ? (std::log10(v) - std::log10(low)) / (std::log10(high) - std::log10(low))
                                             : std::log10(v / low) / std::log10(high / low));
    }
  }
  // Halving avoids overflow, and is avoided itself where it is not needed, because halves of denormal numbers lose
  // bits.
  const double share = std::isfinite(high - low) && std::isfinite(v - low) ? (v - low) / (high - low)
                                                                           : (v / 2 - low / 2) / (high / 2 - low / 2);
  return std::clamp(from + (to - from) * share, -max_px, max_px);
}

Ticks fitting_ticks(const Scale& scale, std::size_t max_count, double size, double gap) {
  for (; max_count > 2; --max_count) {
    Ticks t = scale.ticks(max_count);
    if (labels_fit(t, scale, size, gap)) return t;
  }
  return scale.ticks(2);
}

bool labels_fit(const Ticks& t, const Scale& scale, double size, double gap) {
  for (std::size_t i = 1; i < t.positions.size(); ++i) {
    const double need = (text_width(t.labels[i - 1], size) + text_width(t.labels[i], size)) / 2 + gap;
    if (std::abs(scale(t.positions[i]) - scale(t.positions[i - 1])) < need) return false;
  }
  return true;
}

std::vector<std::string> tick_labels(const std::vector<double>& positions) {
  std::vector<std::string> labels;
  const auto [low, high] = std::minmax_element(positions.begin(), positions.end());
  const Ticks round = positions.size() > 1 ? linear_ticks(*low, *high, 20) : Ticks{};
  double gap = INFINITY;  // smallest distance between positions
  std::vector<double> sorted = positions;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i] > sorted[i - 1]) gap = std::min(gap, sorted[i] - sorted[i - 1]);
  }
  for (const double v : positions) {
    const auto it = std::lower_bound(round.positions.begin(), round.positions.end(), v);
    if (it != round.positions.end() && *it == v) {
      labels.push_back(round.labels[static_cast<std::size_t>(it - round.positions.begin())]);
      continue;
    }
    int digits = 6;
    std::string text = fmt::format("{:.{}g}", v, digits);
    while (digits < 17 && std::abs(parse(text) - v) > 0.01 * gap) text = fmt::format("{:.{}g}", v, ++digits);
    labels.push_back(std::move(text));
  }
  return labels;
}

}  // namespace xg::viz
