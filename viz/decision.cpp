#include <fmt/format.h>
#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/decision.hpp>
#include <xgrad/viz/detail/format.hpp>
#include <xgrad/viz/detail/options.hpp>
#include <xgrad/viz/detail/range.hpp>
#include <xgrad/viz/detail/row_chart.hpp>
#include <xgrad/viz/detail/text_metrics.hpp>
#include <xgrad/viz/detail/thinning.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>

namespace xg::viz {
namespace {

struct DecisionLine {
  std::size_t row = 0;
  std::vector<double> outputs;  // at the borders of the rows of the chart, from bottom to top
};

// Partial sums of row `r` from bottom to top: the base value with the contributions of hidden features, then the
// unexplained part if the chart has a row for it, then the contributions of the features shown.
std::vector<double> path(const Contributions& c, std::size_t r, const std::vector<std::size_t>& order,
                         std::size_t shown, bool gap_row) {
  double sum = c.base[r];
  for (std::size_t k = shown; k < order.size(); ++k) sum += detail::finite_or_zero(c.value(r, order[k]));
  std::vector<double> outputs = {sum};
  if (gap_row) outputs.push_back(sum += c.unexplained(r));
  for (std::size_t k = shown; k-- > 0;) outputs.push_back(sum += detail::finite_or_zero(c.value(r, order[k])));
  return outputs;
}

}  // namespace

Figure decision(const explain::Explanation& e, const DecisionOptions& o) {
  return decision(contributions(e, o.output, "decision", o.link), o);
}

Figure decision(const Contributions& c, const DecisionOptions& o) {
  c.check("decision");
  detail::check_sheet("decision", o.width, o.theme);
  detail::need_sums("decision", c);
  detail::check_link("decision", o.link, c);
  detail::check_not_zero("decision", "max_display", o.max_display, "feature");
  detail::check_not_zero("decision", "max_rows", o.max_rows, "row");
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

  // A line needs a finite output to end at.
  const std::vector<std::size_t> drawable = detail::rows_with_prediction(c);
  bool gap_row = false;
  for (const std::size_t r : drawable) {
    gap_row = gap_row || c.unexplained(r) != 0;
    for (const Contributions& rival : c.rivals) gap_row = gap_row || rival.unexplained(r) != 0;
  }
  // With Link::logit x is the log-odds of the output, which depends on the rivals in a softmax.
  const auto lead = [&](std::size_t k, double own, const std::vector<std::vector<double>>& others) {
    std::vector<double> rivals;
    for (const auto& other : others) rivals.push_back(other[k]);
    return detail::log_odds(own, rivals);
  };
  std::vector<DecisionLine> drawable_lines;
  std::vector<std::vector<double>> measures(shown + (gap_row ? 2 : 1));
  double base = 0;
  for (std::size_t r = 0; r < c.rows; ++r) {
    std::vector<std::vector<double>> bases;
    for (const Contributions& rival : c.rivals) bases.push_back({rival.base[r]});
    base += (o.link == Link::logit ? lead(0, c.base[r], bases) : c.base[r]) / static_cast<double>(c.rows);
  }
  detail::DataRange range;
  range.add(base);
  for (const std::size_t r : drawable) {
    DecisionLine line{r, path(c, r, order, shown, gap_row)};
    if (o.link == Link::logit && !c.rivals.empty()) {
      std::vector<std::vector<double>> others;
      for (const Contributions& rival : c.rivals) others.push_back(path(rival, r, order, shown, gap_row));
      for (std::size_t k = 0; k < line.outputs.size(); ++k) line.outputs[k] = lead(k, line.outputs[k], others);
    }
    for (std::size_t k = 0; k < line.outputs.size(); ++k) {
      measures[k].push_back(line.outputs[k]);
      range.add(line.outputs[k]);
    }
    drawable_lines.push_back(std::move(line));
  }
  std::reverse(measures.begin(), measures.end());  // outputs first: their extremes matter most
  const auto highlighted = [&](std::size_t row) {
    return std::find(o.highlight.begin(), o.highlight.end(), row) != o.highlight.end();
  };
  std::vector<std::size_t> highlights;
  for (std::size_t k = 0; k < drawable_lines.size(); ++k) {
    if (highlighted(drawable_lines[k].row)) highlights.push_back(k);
  }
  std::vector<DecisionLine> lines;
  for (const std::size_t k : detail::rows_to_draw(drawable_lines.size(), o.max_rows, measures, highlights))
    lines.push_back(std::move(drawable_lines[k]));

  const auto [low, high] = detail::linear_limits(range, {0.04, 0.04, 0.5});
  const Scale share{low, high};

  std::vector<std::vector<Span>> labels;
  for (std::size_t k = 0; k < shown; ++k) labels.push_back({{c.name(order[k])}});
  if (gap_row) labels.push_back({{detail::unexplained_name, Role::muted}});
  const bool single = c.rows == 1;
  detail::RowChart chart(labels,
                         {.width = o.width,
                          .row = 38,
                          .top = single ? 60.0 : 40.0,
                          .bottom = 60,
                          .right = 24,
                          .min_plot_width = 260,
                          .title = o.title},
                         o.theme);
  Scene& scene = chart.scene;
  const Box& box = chart.box;
  const double font = chart.font;
  Scale x{low, high, box.left, box.right};
  x.log_odds = o.link == Link::logit;

  // The colour bar at the top shows the colours of the outputs below it.
  const Box bar{box.left, box.top - 16, box.right, box.top - 8};
  for (int k = 0; k < 100; ++k) {
    scene.add(Rect{{bar.left + bar.width() * k / 100, bar.top, bar.right, bar.bottom},
                   red_blue((k + 0.5) / 100),
                   {},
                   0,
                   "colorbar"});
  }
  for (const double y : chart.middle) scene.line({box.left, y}, {box.right, y}, {Role::grid, 1, {1, 4}}, "row-line");
  const double base_x = x(base);
  scene.line({base_x, box.top}, {base_x, box.bottom}, {Role::edge, 1.2}, "base-line");

  // A line bends at the borders between rows: across row k it moves by feature k.
  std::vector<double> border = {box.bottom};
  for (std::size_t k = labels.size(); k-- > 0;) border.push_back(chart.middle[k] - chart.height[k] / 2);
  const double width = single ? 2.2 : lines.size() > 200 ? 1 : 1.5;
  const double opacity = lines.size() > 400 ? 0.5 : 1;
  for (const bool on_top : {false, true}) {
    for (const DecisionLine& l : lines) {
      if (highlighted(l.row) != on_top) continue;
      std::vector<Point> points;
      for (std::size_t k = 0; k < l.outputs.size(); ++k) points.push_back({x(l.outputs[k]), border[k]});
      const double t = share(l.outputs.back());
      Stroke stroke{Paint(red_blue(std::round(std::clamp(t, 0.0, 1.0) * 100) / 100)).fade(opacity),
                    on_top ? width + 1.2 : width};
      if (on_top) stroke.dash = {9, 3, 2, 3};
      scene.add(Polyline{std::move(points), stroke, "line"});
    }
  }
  if (single) {
    const Text fx{{lines.empty() ? box.centre().x : x(lines[0].outputs.back()), box.top - 27},
                  {{"f(x)", Role::ink},
                   {fmt::format(" = {}", format_value(detail::linked_prediction(c, 0, o.link))), Role::muted}},
                  font,
                  Anchor::middle,
                  Align::middle,
                  0,
                  "total-label"};
    detail::add_inside(scene, fx);
  }
  if (single && !lines.empty()) {
    // Writes the values of the features beside the line.
    for (std::size_t k = 0; k < shown; ++k) {
      const std::string value = c.shown(lines[0].row, order[k]);
      if (value.empty()) continue;
      const std::size_t lower_border = labels.size() - 1 - k;
      const double left = std::min(x(lines[0].outputs[lower_border]), x(lines[0].outputs[lower_border + 1]));
      const double right = std::max(x(lines[0].outputs[lower_border]), x(lines[0].outputs[lower_border + 1]));
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
      // The line crosses the whole plot, but the upper corner on the side where it starts is free.
      const bool rising = lines[0].outputs[lower_border + 1] >= lines[0].outputs[lower_border];
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
  const std::string base_text = format_value(o.link == Link::logit ? detail::logistic(base) : base);
  std::vector<std::string> notes;
  if (o.link == Link::logit) notes.push_back(detail::base_note(c, o.link, base_text));
  if (gap_row)
    notes.push_back(
        fmt::format("{}: what contributions do not explain of the model's output", detail::unexplained_name));
  if (shown < c.features)
    notes.push_back(fmt::format("{} of {} features shown; lines start with the sum of the others", shown, c.features));
  if (lines.size() < drawable.size()) notes.push_back(detail::shown_note(lines.size(), drawable.size()));
  const auto marked = static_cast<std::size_t>(
      std::count_if(lines.begin(), lines.end(), [&](const DecisionLine& l) { return highlighted(l.row); }));
  if (marked < highlights.size())
    notes.push_back(fmt::format("{} of {} highlighted rows shown", marked, highlights.size()));
  if (drawable.size() < c.rows)
    notes.push_back(detail::left_out_note(c.rows - drawable.size(), c.rows, "their output is no number"));
  if (const std::string infinite = detail::infinite_note(c, "a step"); !infinite.empty()) notes.push_back(infinite);
  for (const std::string& text : notes) bottom = chart.note(text, bottom);
  if (!o.legend.empty()) {
    bottom += 6;
    for (const DecisionLine& l : lines) {
      const double t = share(l.outputs.back());
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
      fmt::format("{} from the base value {}.", single ? "One row" : fmt::format("{} rows", lines.size()), base_text);
  if (single)
    scene.description += fmt::format(" It ends at {}.", format_value(detail::linked_prediction(c, 0, o.link)));
  for (const std::string& text : notes) scene.description += fmt::format(" {}.", text);
  scene.caption = single
                      ? "From the base value at the bottom to the model's output f(x) at the top: across the row of a "
                        "feature the line moves by its contribution."
                      : "One line for each row of data, from the base value at the bottom to the model's output at the "
                        "top: across the row of a feature it moves by that contribution. Colour: the output.";
  scene.about = c.about;
  return Figure::from_scene(std::move(scene), o.theme);
}

}  // namespace xg::viz
