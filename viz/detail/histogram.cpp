#include <xgrad/viz/detail/histogram.hpp>
#include <xgrad/viz/detail/range.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace xg::viz::detail {

Histogram histogram(const std::vector<double>& values, std::size_t bins) {
  std::vector<double> v;
  for (const double x : values) {
    if (std::isfinite(x)) v.push_back(x);
  }
  if (v.empty()) return {};
  std::sort(v.begin(), v.end());
  const bool whole = std::abs(v.front()) < 1e15 && std::abs(v.back()) < 1e15 &&
                     std::all_of(v.begin(), v.end(), [](double x) { return x == std::floor(x); });
  if (is_constant(v.front(), v.back())) {
    // Halving equal denormal numbers would change them.
    const double middle = v.front() == v.back() ? v.front() : v.front() / 2 + v.back() / 2;
    const double width = std::max(std::abs(middle) * 0.1, std::numeric_limits<double>::denorm_min());
    return {{middle}, {static_cast<double>(v.size())}, whole ? 1 : width};
  }
  // Values are scaled if their range overflows.
  const double unit = std::isfinite(v.back() - v.front()) ? 1 : 0.25;
  if (unit != 1) {
    for (double& x : v) x *= unit;
  }
  const double low = v.front(), high = v.back();
  const bool by_rule = bins == 0;
  if (by_rule) {
    // Freedman and Diaconis, On the histogram as a density estimator (1981): width 2 IQR n^(-1/3).
    const double iqr = v[v.size() * 3 / 4] - v[v.size() / 4];
    const double width = 2 * iqr / std::cbrt(static_cast<double>(v.size()));
    bins = width > 0 ? static_cast<std::size_t>(std::clamp(std::ceil((high - low) / width), 5.0, 60.0)) : 10;
  }
  if (unit != 1) bins = std::max<std::size_t>(bins, 2);  // the width of a single bin would overflow
  double start = low, step = (high - low) / static_cast<double>(bins);
  if (whole) {
    const double numbers = high - low + 1;
    step = by_rule && numbers <= 20 ? 1 : std::ceil(numbers / static_cast<double>(bins));
    bins = static_cast<std::size_t>(std::ceil(numbers / step));
    start = low - 0.5;
  } else if (const double distance = std::nextafter(std::max(std::abs(low), std::abs(high)), INFINITY) -
                                     std::max(std::abs(low), std::abs(high));
             step < 4 * distance) {
    // Bins narrower than the distance between doubles would be empty.
    bins = static_cast<std::size_t>(std::clamp((high - low) / (4 * distance), 1.0, static_cast<double>(bins)));
    step = (high - low) / static_cast<double>(bins);
  }
  Histogram h{std::vector<double>(bins), std::vector<double>(bins, 0.0), step / unit};
  for (std::size_t i = 0; i < bins; ++i) h.centers[i] = (start + (static_cast<double>(i) + 0.5) * step) / unit;
  for (const double x : v) {
    const auto i = static_cast<std::size_t>(std::max(0.0, (x - start) / step));
    h.count[std::min(i, bins - 1)] += 1;
  }
  return h;
}

}  // namespace xg::viz::detail
