#include <fmt/format.h>
#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/axes.hpp>
#include <xgrad/viz/beeswarm.hpp>
#include <xgrad/viz/detail/options.hpp>
#include <xgrad/viz/detail/range.hpp>
#include <xgrad/viz/detail/thinning.hpp>
#include <xgrad/viz/effect_scatter.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

namespace xg::viz {
namespace {

std::size_t find_feature(const Contributions& c, const std::string& name) {
  std::string known;
  for (std::size_t i = 0; i < c.features; ++i) {
    if (c.name(i) == name) return i;
    if (i < 40) known += fmt::format("{}{}", i > 0 ? ", " : "", c.name(i));
  }
  throw ValueError(fmt::format("[scatter] there is no feature \"{}\": choose one of {}{}.", name, known,
                               c.features > 40 ? fmt::format(" and {} more", c.features - 40) : ""));
}

std::optional<double> number(const std::string& text) {
  double v = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), v);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return v;
}

// Values of a feature as numbers. Texts become indices of `categories`; missing values are NaN.
struct Values {
  std::vector<double> x;
  std::vector<std::string> categories;
};

Values values_of(const Contributions& c, std::size_t i) {
  Values v;
  v.x.assign(c.rows, NAN);
  bool text = false;
  for (std::size_t r = 0; r < c.rows; ++r) {
    const std::string shown = c.display.empty() ? "" : c.display[r * c.features + i];
    if (!shown.empty()) {
      const auto n = number(shown);
      if (n)
        v.x[r] = *n;
      else
        text = text || (shown != "nan" && shown != "NaN");
    } else if (!c.data.empty() && c.display.empty()) {
      v.x[r] = c.data[r * c.features + i];
    }
  }
  if (!text) return v;
  for (std::size_t r = 0; r < c.rows; ++r) {
    const std::string& shown = c.display[r * c.features + i];
    if (!shown.empty() && std::find(v.categories.begin(), v.categories.end(), shown) == v.categories.end())
      v.categories.push_back(shown);
  }
  std::sort(v.categories.begin(), v.categories.end());
  for (std::size_t r = 0; r < c.rows; ++r) {
    const auto it = std::find(v.categories.begin(), v.categories.end(), c.display[r * c.features + i]);
    v.x[r] = it == v.categories.end() ? NAN : static_cast<double>(it - v.categories.begin());
  }
  return v;
}

// The width of the jitter, in units of x, that keeps dots of a few distinct values from hiding one another; 0 if none
// is needed. Its offsets are multiples of the golden ratio and thus reproducible.
double jitter_of(const std::vector<double>& x) {
  std::vector<double> distinct;
  for (const double v : x) {
    if (std::isfinite(v)) distinct.push_back(v);
  }
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  if (distinct.size() < 2 || distinct.size() > 20 || distinct.size() * 3 > x.size()) return 0;
  double gap = INFINITY;
  for (std::size_t i = 1; i < distinct.size(); ++i) gap = std::min(gap, detail::span(distinct[i - 1], distinct[i]));
  return gap;
}

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const double n = static_cast<double>(a.size());
  const double ma = std::accumulate(a.begin(), a.end(), 0.0) / n;
  const double mb = std::accumulate(b.begin(), b.end(), 0.0) / n;
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - ma) * (b[i] - mb);
    aa += (a[i] - ma) * (a[i] - ma);
    bb += (b[i] - mb) * (b[i] - mb);
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

// The other feature with the largest sum of |correlation| between its values and the contributions over blocks of rows
// with similar x.
std::optional<std::size_t> strongest_interaction(const Contributions& c, std::size_t feature,
                                                 const std::vector<double>& x) {
  if (c.data.empty()) return std::nullopt;
  std::vector<std::size_t> order;
  for (std::size_t r = 0; r < c.rows; ++r) {
    if (std::isfinite(x[r]) && std::isfinite(c.value(r, feature))) order.push_back(r);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return x[a] < x[b]; });
  const std::size_t block = std::max<std::size_t>(std::min<std::size_t>(order.size() / 10, 50), 1);
  double best = 0;
  std::optional<std::size_t> found;
  for (std::size_t other = 0; other < c.features; ++other) {
    if (other == feature) continue;
    double sum = 0;
    for (std::size_t begin = 0; begin + block <= order.size(); begin += block) {
      std::vector<double> phi, value;
      for (std::size_t k = begin; k < begin + block; ++k) {
        const double v = c.data[order[k] * c.features + other];
        phi.push_back(c.value(order[k], feature));
        value.push_back(detail::finite_or_zero(v));
      }
      sum += std::abs(correlation(phi, value));
    }
    if (sum > best) {
      best = sum;
      found = other;
    }
  }
  return found;
}

}  // namespace

Figure scatter(const explain::Explanation& e, StringRef feature, const ScatterOptions& o) {
  return scatter(contributions(e, o.output, "scatter"), feature, o);
}

Figure scatter(const Contributions& c, StringRef name, const ScatterOptions& o) {
  const std::string feature = name.str();
  c.check("scatter");
  detail::check_not_zero("scatter", "max_rows", o.max_rows, "row");
  const std::size_t i = find_feature(c, feature);
  if (c.data.empty() && c.display.empty()) {
    throw ValueError(
        "[scatter] the explanation has no feature values to draw against: explain with the data, or use bar.");
  }
  const Values values = values_of(c, i);
  std::optional<std::size_t> other;
  if (o.color == "auto")
    other = strongest_interaction(c, i, values.x);
  else if (!o.color.empty())
    other = find_feature(c, o.color);

  double low = INFINITY, high = -INFINITY;
  detail::DataRange effects;
  effects.add(0);
  for (std::size_t r = 0; r < c.rows; ++r) {
    if (std::isfinite(values.x[r])) {
      low = std::min(low, values.x[r]);
      high = std::max(high, values.x[r]);
    }
    effects.add(c.value(r, i));
  }
  if (!std::isfinite(low)) low = high = 0;
  const auto [bottom, top] = detail::linear_limits(effects, {0.06, 0.06, 0.5});
  // Notes are written in the padding above the highest dot.
  const double note_y = top - 0.04 * detail::span(bottom, top);
  constexpr double largest = std::numeric_limits<double>::max();
  const auto within_double = [&](double v) { return std::clamp(v, -largest, largest); };
  const double span = detail::is_constant(low, high) ? std::max(1.0, std::abs(low) * 0.05) : detail::span(low, high);

  Figure figure({.width = o.width, .height = o.height, .title = o.title, .theme = o.theme});
  Axes& axes = figure.axes();
  std::vector<double> x, y, color, missing;
  std::vector<double> other_values = other ? values_of(c, *other).x : std::vector<double>();
  std::vector<std::size_t> drawable;  // rows with a contribution to draw
  for (std::size_t r = 0; r < c.rows; ++r) {
    if (std::isfinite(c.value(r, i))) drawable.push_back(r);
  }
  std::vector<std::vector<double>> measures(2);
  for (const std::size_t r : drawable) {
    measures[0].push_back(values.x[r]);
    measures[1].push_back(c.value(r, i));
  }
  const std::vector<std::size_t> shown = detail::rows_to_draw(drawable, o.max_rows, measures);
  const double jitter = jitter_of(values.x);
  for (std::size_t k = 0; k < shown.size(); ++k) {
    const std::size_t r = shown[k];
    if (!std::isfinite(values.x[r])) {
      missing.push_back(c.value(r, i));
      continue;
    }
    const double golden = std::fmod(0.6180339887498949 * static_cast<double>(k), 1.0);
    x.push_back(within_double(values.x[r] + 0.5 * jitter * (golden - 0.5)));
    y.push_back(c.value(r, i));
    if (other) color.push_back(other_values[r]);
  }
  if (o.histogram && c.rows > 1 && high > low) {
    // Bars stand on the bottom of the plot; the tallest takes 30 % of its height.
    const std::size_t bins = !values.categories.empty() ? values.categories.size()
                             : c.rows < 100             ? 10
                             : c.rows < 400             ? 20
                                                        : 40;
    const double step = !values.categories.empty() ? 1 : span / static_cast<double>(bins);
    const double start = !values.categories.empty() ? -0.5 : low;
    std::vector<double> count(bins, 0.0), centers, length, base;
    for (const double v : values.x) {
      if (std::isfinite(v))
        count[static_cast<std::size_t>(std::clamp(v / step - start / step, 0.0, static_cast<double>(bins - 1)))] += 1;
    }
    const double max_bin_count = std::max(1.0, *std::max_element(count.begin(), count.end()));
    for (std::size_t b = 0; b < bins; ++b) {
      centers.push_back(start + (static_cast<double>(b) + 0.5) * step);
      base.push_back(bottom);
      length.push_back(0.3 * detail::span(bottom, top) * (count[b] / max_bin_count));
    }
    axes.bar(centers, length, {.color = Role::grid, .width = step * 0.94, .base = base});
  }
  axes.axhline(0, {.color = Role::edge, .linewidth = 0.8});
  const double diameter = x.size() > 500 ? 4 : 5;
  if (other) {
    axes.scatter(x, y, {.c = color, .cmap = "red_blue", .size = diameter, .alpha = 0.9});
    axes.colorbar(c.name(*other));
  } else {
    axes.scatter(x, y, {.color = Role::hidden, .size = diameter, .alpha = x.size() > 500 ? 0.6 : 0.8});
  }
  double left = within_double(low - 0.04 * span - 0.25 * jitter);
  double right = within_double(high + 0.04 * span + 0.25 * jitter);
  if (!values.categories.empty()) {
    left = -0.6;
    right = static_cast<double>(values.categories.size()) - 0.4;
    std::vector<double> positions(values.categories.size());
    std::iota(positions.begin(), positions.end(), 0.0);
    axes.set_xticks(positions, values.categories);
  }
  if (!missing.empty()) {
    const double missing_x = within_double(left - 0.03 * span);
    left = within_double(missing_x - 0.03 * span);
    axes.scatter(std::vector<double>(missing.size(), missing_x), missing,
                 {.color = Role::muted, .size = 6, .marker = "x"});
    axes.text(missing_x, note_y, fmt::format("{} without a value", missing.size()),
              {.color = Role::muted, .fontsize = 0.85 * o.theme.font_size});
  }
  bool any_infinite = false;
  for (std::size_t r = 0; r < c.rows; ++r) any_infinite = any_infinite || std::isinf(c.value(r, i));
  const std::string note =
      detail::rows_note(shown.size(), drawable.size(), c.rows,
                        any_infinite ? "their contributions are NaN or infinite" : "their contributions are NaN");
  if (!note.empty())
    axes.text(right, note_y, note, {.color = Role::muted, .ha = "right", .fontsize = 0.85 * o.theme.font_size});
  axes.set_xlim(left, right);
  axes.set_ylim(bottom, top);
  axes.set_xlabel(feature);
  axes.set_ylabel(detail::effect_label(c));
  figure.set_description(o.title.empty() ? String(fmt::format("Contribution of {}", feature)) : o.title,
                         fmt::format("Values of {} against their contributions, {} rows drawn{}.", feature,
                                     shown.size(), note.empty() ? "" : fmt::format(" ({})", note)));
  figure.set_caption(fmt::format("One dot for each row: the value of {} and how far it moves the output.{}{}", feature,
                                 other ? fmt::format(" Colour: {}.", c.name(*other)) : "",
                                 o.histogram ? " Grey: how the values are distributed." : ""),
                     c.about);
  return figure;
}

}  // namespace xg::viz
