#include <fmt/format.h>
#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/beeswarm.hpp>
#include <xgrad/viz/detail/colorbar.hpp>
#include <xgrad/viz/detail/format.hpp>
#include <xgrad/viz/detail/options.hpp>
#include <xgrad/viz/detail/range.hpp>
#include <xgrad/viz/detail/row_chart.hpp>
#include <xgrad/viz/detail/text_metrics.hpp>
#include <xgrad/viz/detail/thinning.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace xg::viz {
namespace detail {
namespace {

// The percentile by linear interpolation between order statistics, as in numpy.percentile.
double percentile(const std::vector<double>& sorted, double p) {
  const double position = p / 100 * static_cast<double>(sorted.size() - 1);
  const auto i = static_cast<std::size_t>(position);
  if (i + 1 >= sorted.size()) return sorted.back();
  return sorted[i] + (position - static_cast<double>(i)) * (sorted[i + 1] - sorted[i]);
}

}  // namespace

std::vector<double> color_positions(const std::vector<double>& values) {
  std::vector<double> sorted;
  for (const double v : values) {
    if (std::isfinite(v)) sorted.push_back(v);
  }
  std::vector<double> t(values.size(), NAN);
  if (sorted.empty()) return t;
  std::sort(sorted.begin(), sorted.end());
  double low = percentile(sorted, 5);
  double high = percentile(sorted, 95);
  if (low == high) {
    low = percentile(sorted, 1);
    high = percentile(sorted, 99);
  }
  if (low == high) {
    low = sorted.front();
    high = sorted.back();
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) continue;
    t[i] = high > low ? std::clamp(Scale{low, high}(std::clamp(values[i], low, high)), 0.0, 1.0) : 0.5;
  }
  return t;
}

}  // namespace detail

namespace {

// Vertical offsets of dots, in layers: dots in the same hundredth of the range are stacked at 0, +1, -1, +2, ...
std::vector<double> stack(const std::vector<double>& values) {
  detail::DataRange range;
  for (const double v : values) range.add(v);
  std::vector<double> offset(values.size(), 0.0);
  std::vector<int> filled(101, 0);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) continue;
    const double share = range.high > range.low ? Scale{range.low, range.high}(values[i]) : 0;
    const auto bin = static_cast<std::size_t>(std::lround(100 * share));
    const int layer = filled[std::min<std::size_t>(bin, 100)]++;
    offset[i] = std::ceil(layer / 2.0) * (layer % 2 == 1 ? 1 : -1);
  }
  return offset;
}

struct SwarmRow {
  std::string name;
  bool is_sum = false;  // is this the sum of the features that have no row?
  std::vector<double> value;
  std::vector<double> color;
};

}  // namespace

Figure beeswarm(const explain::Explanation& e, const BeeswarmOptions& o) {
  return beeswarm(contributions(e, o.output, "beeswarm"), o);
}

Figure beeswarm(const Contributions& c, const BeeswarmOptions& o) {
  c.check("beeswarm");
  detail::check_sheet("beeswarm", o.width, o.theme);
  detail::check_not_zero("beeswarm", "max_display", o.max_display, "row");
  detail::check_not_zero("beeswarm", "max_rows", o.max_rows, "dot");
  const auto order = detail::by_importance(c);
  const std::size_t single = order.size() > o.max_display ? o.max_display - 1 : order.size();
  std::vector<double> others(c.rows, 0.0);
  std::vector<std::size_t> drawable;  // rows with at least one dot
  for (std::size_t r = 0; r < c.rows; ++r) {
    bool any = false;
    for (std::size_t k = 0; k < order.size(); ++k) {
      const double v = c.value(r, order[k]);
      any = any || std::isfinite(v);
      if (k >= single && !std::isnan(v)) others[r] += v;
    }
    if (any) drawable.push_back(r);
  }
  std::vector<std::vector<double>> measures;
  const auto measure = [&](auto&& value) {
    std::vector<double> measured;
    for (const std::size_t r : drawable) measured.push_back(value(r));
    measures.push_back(std::move(measured));
  };
  for (std::size_t k = 0; k < single; ++k) measure([&](std::size_t r) { return c.value(r, order[k]); });
  if (single < order.size()) measure([&](std::size_t r) { return others[r]; });
  const std::vector<std::size_t> shown = detail::rows_to_draw(drawable, o.max_rows, measures);

  std::vector<SwarmRow> rows;
  for (std::size_t k = 0; k < single; ++k) {
    SwarmRow row{c.name(order[k]), false, {}, {}};
    std::vector<double> data(c.rows, NAN);
    for (std::size_t r = 0; r < c.rows && !c.data.empty(); ++r) data[r] = c.data[r * c.features + order[k]];
    const std::vector<double> color = detail::color_positions(data);
    for (const std::size_t r : shown) {
      row.value.push_back(c.value(r, order[k]));
      row.color.push_back(color[r]);
    }
    rows.push_back(std::move(row));
  }
  if (single < order.size()) {
    SwarmRow row{fmt::format("Sum of {} other features", order.size() - single), true, {}, {}};
    for (const std::size_t r : shown) {
      row.value.push_back(others[r]);
      row.color.push_back(NAN);
    }
    rows.push_back(std::move(row));
  }

  detail::DataRange range;
  range.add(0);
  for (const std::vector<double>& values : measures) {
    for (const double v : values) range.add(v);
  }
  const auto [low, high] = detail::linear_limits(range, {0.03, 0.03, 1});

  std::vector<std::vector<Span>> labels;
  for (const SwarmRow& r : rows) labels.push_back({{r.name, r.is_sum ? Paint(Role::muted) : Paint(Role::ink)}});
  const double font_guess = o.theme.font_px();
  const bool colored = !c.data.empty();
  const double colorbar_width = colored ? 26 + 12 + 8 +
                                              std::max(text_width("High", font_guess), text_width("Low", font_guess)) +
                                              6 + line_height * font_guess + 8
                                        : 20;
  detail::RowChart chart(labels,
                         {.width = o.width,
                          .row = 40,
                          .top = 10,
                          .bottom = 60,
                          .right = colorbar_width,
                          .min_plot_width = 260,
                          .title = o.title},
                         o.theme);
  Scene& scene = chart.scene;
  const Box& box = chart.box;
  const double font = chart.font;
  const Scale x{low, high, box.left, box.right};

  for (const double y : chart.middle) scene.line({box.left, y}, {box.right, y}, {Role::grid, 1, {1, 4}}, "row-line");
  scene.line({x(0), box.top}, {x(0), box.bottom}, {Role::edge, 1}, "zero-line");
  constexpr double radius = 2.6;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::vector<double> offset = stack(rows[i].value);
    double max_layer = 0;
    for (const double v : offset) max_layer = std::max(max_layer, std::abs(v));
    // The tallest stack fills nine tenths of the row; dots of short stacks stay close together.
    const double step = std::min(1.7 * radius, 0.45 * 40 / (max_layer + 1));
    // Grey dots are drawn first, below the coloured ones.
    for (const bool grey : {true, false}) {
      for (std::size_t k = 0; k < rows[i].value.size(); ++k) {
        const double v = rows[i].value[k];
        if (!std::isfinite(v) || std::isnan(rows[i].color[k]) != grey) continue;
        // 64 colours look continuous, and equal colours compress well.
        const double t = grey ? NAN : std::round(rows[i].color[k] * 63) / 63;
        const Paint paint = grey && !colored ? Paint(Role::negative) : Paint(red_blue(t));
        scene.add(Circle{{x(v), chart.middle[i] - offset[k] * step}, radius, paint, {}, "dot"});
      }
    }
  }
  double bottom = chart.x_axis(x, detail::effect_label(c));
  bool infinite = false;
  std::size_t gaps = 0;  // missing dots of rows that have others
  for (const std::size_t r : drawable) {
    for (std::size_t k = 0; k < single; ++k) {
      gaps += std::isfinite(c.value(r, order[k])) ? 0 : 1;
      infinite = infinite || std::isinf(c.value(r, order[k]));
    }
    infinite = infinite || (single < order.size() && !std::isfinite(others[r]));
    gaps += single < order.size() && !std::isfinite(others[r]) ? 1 : 0;
  }
  const bool any_infinite = std::any_of(c.values.begin(), c.values.end(), [](double v) { return std::isinf(v); });
  std::string note =
      detail::rows_note(shown.size(), drawable.size(), c.rows,
                        any_infinite ? "their contributions are NaN or infinite" : "their contributions are NaN");
  if (gaps > 0)
    note += fmt::format("{}{} single contributions left out: NaN{}", note.empty() ? "" : "; ",
                        format_count(static_cast<double>(gaps)), infinite ? " or infinite" : "");
  bottom = chart.note(note, bottom);
  scene.height = bottom + 10;
  if (colored) {
    const double left = box.right + 22;
    const double middle = box.centre().y;
    const double length = std::clamp(box.height() - 2 * font, 40.0, 320.0);
    const Box bar{left, middle - length / 2, left + 10, middle + length / 2};
    detail::add_color_strips(scene, bar, true);
    scene.add(Text{
        {bar.right + 6, bar.top + 0.4 * font}, {{"High"}}, font, Anchor::start, Align::middle, 0, "colorbar-label"});
    scene.add(Text{
        {bar.right + 6, bar.bottom - 0.4 * font}, {{"Low"}}, font, Anchor::start, Align::middle, 0, "colorbar-label"});
    const Text label{{scene.width - 8 - 0.5 * line_height * font, middle},
                     {{"Feature value"}},
                     font,
                     Anchor::middle,
                     Align::middle,
                     -90,
                     "colorbar-label"};
    if (bounds(label).height() < scene.height - 8) scene.add(label);
  }
  scene.title = o.title.empty() ? "Contributions of all rows" : o.title;
  scene.description = fmt::format("{} rows drawn{}, features by falling importance:", shown.size(),
                                  note.empty() ? "" : fmt::format(" ({})", note));
  scene.caption =
      "One dot for each row: how far the feature moves the output of that row. Features by falling mean "
      "|contribution|; dots of equal x stand above one another.";
  if (colored)
    scene.caption += " Colour: the feature's value, from low (blue) to high (red); grey where it is no number.";
  for (std::size_t i = 0; i < rows.size(); ++i)
    scene.description += fmt::format("{} {}", i > 0 ? "," : "", rows[i].name);
  scene.about = c.about;
  return Figure::from_scene(std::move(scene), o.theme);
}

}  // namespace xg::viz
