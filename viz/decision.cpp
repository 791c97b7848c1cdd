#include <fmt/format.h>
#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/decision.hpp>
#include <xgrad/viz/format.hpp>
#include <xgrad/viz/row_chart.hpp>
#include <xgrad/viz/text_metrics.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace xg::viz {
namespace {

double known(double v) {
  return std::isnan(v) ? 0 : v;
}

struct DecisionLine {
  std::size_t row = 0;
  std::vector<double> at;  // outputs from the bottom to the top, one more than features shown
};

}  // namespace

Figure decision(const explain::Explanation& e, const DecisionOptions& o) {
  return decision(contributions(e, o.output, "decision"), o);
}

Figure decision(const Contributions& c, const DecisionOptions& o) {
  c.check("decision");
  detail::need_sums("decision", c);
  detail::check_link("decision", o.link, c.space);
  if (o.max_display == 0) throw ValueError("[decision] max_display is 0: show at least one feature.");
  if (o.max_rows == 0) throw ValueError("[decision] max_rows is 0: show at least one row.");
  if (!o.legend.empty() && o.legend.size() != c.rows) {
    throw ValueError(fmt::format("[decision] legend has {} names for {} rows: give one for each, or none.",
                                 o.legend.size(), c.rows));
  }
  for (const std::size_t h : o.highlight) {
    if (h >= c.rows) throw IndexError(fmt::format("[decision] highlight {} of {} rows: rows count from 0.", h, c.rows));
  }
  std::vector<std::size_t> order(c.features);
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (o.feature_order == Order::importance) order = detail::by_importance(c);
  const std::size_t shown = std::min(c.features, o.max_display);

  std::vector<std::size_t> rows(std::min(c.rows, o.max_rows));
  for (std::size_t k = 0; k < rows.size(); ++k) rows[k] = k * c.rows / rows.size();
  const auto link = [&](double v) { return o.link == Link::logit ? detail::logistic(v) : v; };
  std::vector<DecisionLine> lines;
  double base = 0;
  for (const std::size_t r : rows) {
    base += c.base[r] / static_cast<double>(rows.size());
    DecisionLine line;
    line.row = r;
    double sum = c.base[r];
    for (std::size_t k = shown; k < order.size(); ++k) sum += known(c.value(r, order[k]));
    line.at.push_back(link(sum));
    for (std::size_t k = shown; k-- > 0;) {
      sum += known(c.value(r, order[k]));
      line.at.push_back(link(sum));
    }
    lines.push_back(std::move(line));
  }

  double low = link(base), high = link(base);
  for (const DecisionLine& l : lines) {
    for (const double v : l.at) {
      if (!std::isfinite(v)) continue;
      low = std::min(low, v);
      high = std::max(high, v);
    }
  }
  if (o.link == Link::logit) {
    low = -0.02;
    high = 1.02;
  } else if (!(high > low)) {
    low -= 0.5;
    high += 0.5;
  } else {
    const double pad = 0.04 * (high - low);
    low -= pad;
    high += pad;
  }

  std::vector<std::vector<Span>> labels;
  for (std::size_t k = 0; k < shown; ++k) labels.push_back({{c.name(order[k])}});
  detail::RowChart chart(
      labels, {.width = o.width, .row = 38, .top = 40, .bottom = 60, .right = 24, .least_plot = 260, .title = o.title},
      o.theme);
  Scene& scene = chart.scene;
  const Box& box = chart.box;
  const double font = chart.font;
  const Scale x{low, high, box.left, box.right};

  // The bar above is the same scale as colour.
  const Box bar{box.left, box.top - 16, box.right, box.top - 8};
  for (int k = 0; k < 100; ++k) {
    scene.add(Rect{{bar.left + bar.width() * k / 100, bar.top, bar.right, bar.bottom},
                   red_blue((k + 0.5) / 100),
                   {},
                   0,
                   "colorbar"});
  }
  for (const double y : chart.middle) scene.line({box.left, y}, {box.right, y}, {Role::grid, 1, {1, 4}}, "row-line");
  const double base_x = x(link(base));
  scene.line({base_x, box.top}, {base_x, box.bottom}, {Role::edge, 1.2}, "base-line");

  // A line bends at the borders between rows: across row k it moves by feature k.
  std::vector<double> border = {box.bottom};
  for (std::size_t k = shown; k-- > 0;) border.push_back(chart.middle[k] - chart.height[k] / 2);
  const auto highlighted = [&](std::size_t row) {
    return std::find(o.highlight.begin(), o.highlight.end(), row) != o.highlight.end();
  };
  const double width = lines.size() == 1 ? 2.2 : lines.size() > 200 ? 1 : 1.5;
  const double opacity = lines.size() > 400 ? 0.5 : 1;
  for (const bool on_top : {false, true}) {
    for (const DecisionLine& l : lines) {
      if (highlighted(l.row) != on_top) continue;
      std::vector<Point> points;
      for (std::size_t k = 0; k < l.at.size(); ++k) points.push_back({x(l.at[k]), border[k]});
      const double t = (l.at.back() - low) / (high - low);
      Stroke stroke{Paint(red_blue(std::round(std::clamp(t, 0.0, 1.0) * 100) / 100)).fade(opacity),
                    on_top ? width + 1.2 : width};
      if (on_top) stroke.dash = {9, 3, 2, 3};
      scene.add(Polyline{std::move(points), stroke, "line"});
    }
  }
  if (lines.size() == 1) {
    // Values beside the line.
    for (std::size_t k = 0; k < shown; ++k) {
      const std::string value = c.shown(lines[0].row, order[k]);
      if (value.empty()) continue;
      const std::size_t below = shown - 1 - k;
      const double left = std::min(x(lines[0].at[below]), x(lines[0].at[below + 1]));
      const double right = std::max(x(lines[0].at[below]), x(lines[0].at[below + 1]));
      const std::string text = fmt::format("({})", value);
      const double w = text_width(text, font) + 16;
      const bool to_right = scene.width - right >= w || scene.width - right >= left - box.left;
      if (std::max(scene.width - right, left - box.left) >= w) {
        detail::add_inside(scene, Text{{to_right ? right + 8 : left - 8, chart.middle[k]},
                                       {{text, Role::muted}},
                                       font,
                                       to_right ? Anchor::start : Anchor::end,
                                       Align::middle,
                                       0,
                                       "value-label"});
        continue;
      }
      // The line crosses the whole plot: its upper corner is free, on the side where it starts.
      const bool rising = lines[0].at[below + 1] >= lines[0].at[below];
      const std::vector<std::string> pieces = viz::wrap(text, font, std::max(right - left - 30, 60.0));
      double y = chart.middle[k] - 0.22 * chart.height[k];
      for (const std::string& t : pieces) {
        detail::add_inside(scene, Text{{rising ? left + 10 : right - 10, y},
                                       {{t, Role::muted}},
                                       font,
                                       rising ? Anchor::start : Anchor::end,
                                       Align::middle,
                                       0,
                                       "value-label"});
        y += line_height * font;
      }
    }
  }
  double bottom = chart.x_axis(x, detail::space_label(c, o.link));
  const auto note = [&](const std::string& text) {
    detail::add_inside(scene, Text{{box.right, bottom + 2 + 0.5 * line_height * font},
                                   {{text, Role::muted}},
                                   0.9 * font,
                                   Anchor::end,
                                   Align::middle,
                                   0,
                                   "note"});
    bottom += line_height * font;
  };
  if (shown < c.features)
    note(fmt::format("{} of {} features shown; lines start with the sum of the others", shown, c.features));
  if (rows.size() < c.rows) {
    note(fmt::format("{} of {} rows shown", format_count(static_cast<double>(rows.size())),
                     format_count(static_cast<double>(c.rows))));
  }
  if (!o.legend.empty()) {
    bottom += 6;
    for (const DecisionLine& l : lines) {
      const double t = (l.at.back() - low) / (high - low);
      for (const std::string& text : viz::wrap(o.legend[l.row], font, box.width() - 40)) {
        const double y = bottom + 0.5 * line_height * font;
        scene.line({box.left, y}, {box.left + 24, y}, {red_blue(std::clamp(t, 0.0, 1.0)), 2}, "legend-handle");
        scene.add(Text{{box.left + 32, y}, {{text}}, font, Anchor::start, Align::middle, 0, "legend"});
        bottom += line_height * font;
      }
    }
  }
  scene.height = bottom + 10;
  scene.title = o.title.empty() ? "Decision plot" : o.title;
  scene.description =
      fmt::format("{} from the base value {}.", lines.size() == 1 ? "One row" : fmt::format("{} rows", lines.size()),
                  format_value(link(base)));
  if (lines.size() == 1) scene.description += fmt::format(" It ends at {}.", format_value(lines[0].at.back()));
  return Figure::from_scene(std::move(scene), o.theme);
}

}  // namespace xg::viz
