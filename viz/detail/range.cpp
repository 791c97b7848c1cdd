#include <xgrad/viz/detail/range.hpp>

#include <algorithm>
#include <cmath>

namespace xg::viz::detail {
namespace {

constexpr double largest = std::numeric_limits<double>::max();
constexpr double smallest = std::numeric_limits<double>::denorm_min();

double finite(double v) { return std::clamp(v, -largest, largest); }

}  // namespace

double finite_or_zero(double v) { return std::isfinite(v) ? v : 0; }

double span(double low, double high) { return std::min(high - low, largest); }

bool is_constant(double low, double high) {
  return !(span(low, high) > 1e-13 * std::max(std::abs(low), std::abs(high)));
}

void DataRange::add(double v) {
  if (!std::isfinite(v)) return;
  low = std::min(low, v);
  high = std::max(high, v);
  if (v > 0) min_positive = std::min(min_positive, v);
}

Limits linear_limits(const DataRange& data, const Padding& padding) {
  if (data.empty()) return {0, 1};
  if (!is_constant(data.low, data.high)) {
    const double range = span(data.low, data.high);
    return {finite(data.low - padding.below * range), finite(data.high + padding.above * range)};
  }
  const double size = std::max(std::abs(data.low), std::abs(data.high));
  double pad = std::max(size * 0.05, padding.constant);
  if (size == 0 && padding.constant == 0) pad = 0.5;
  // 5 % of a denormal number may be 0.
  pad = std::max(pad, smallest);
  return {finite(data.low - pad), finite(data.high + pad)};
}

Limits log_limits(const DataRange& data) {
  if (!std::isfinite(data.min_positive)) return {1, 10};
  const double low = data.min_positive, high = data.high;
  if (!is_constant(low, high) && high / low < 1 + 1e-6) {
    // A short range is nearly linear, and its logarithms would lose precision.
    const double pad = 0.05 * (high - low);
    return {low - pad, high + pad};
  }
  const double decades = std::log10(high) - std::log10(low);
  const double pad = is_constant(low, high) ? 0.5 : 0.05 * decades;
  return {std::max(std::min(std::pow(10, std::log10(low) - pad), low), smallest),
          std::min(std::max(std::pow(10, std::log10(high) + pad), high), largest)};
}

}  // namespace xg::viz::detail
