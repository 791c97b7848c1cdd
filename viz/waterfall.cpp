#include <fmt/format.h>
#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/detail/format.hpp>
#include <xgrad/viz/detail/options.hpp>
#include <xgrad/viz/detail/range.hpp>
#include <xgrad/viz/detail/row_chart.hpp>
#include <xgrad/viz/detail/text_metrics.hpp>
#include <xgrad/viz/waterfall.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace xg::viz {
namespace {

struct Step {
  std::vector<Span> label;
  double value = 0;
  double start = 0;
  double error = NAN;
  bool unexplained = false;
  std::string text;
};

// The steps from top to bottom, largest first and the unexplained part last; arrows begin at `start`.
std::vector<Step> steps_of(const Contributions& c, std::size_t max_display, bool errors) {
  const auto order = detail::by_importance(c);
  const std::size_t single = order.size() > max_display ? max_display - 1 : order.size();
  double largest = 0;
  for (const double v : c.values) largest = std::max(largest, std::abs(detail::finite_or_zero(v)));
  const int decimals = decimals_for(largest);
  std::vector<Step> steps;
  for (std::size_t k = 0; k < single; ++k) {
    const std::size_t i = order[k];
    Step s;
    const std::string shown = c.shown(0, i);
    if (!shown.empty()) s.label.push_back({shown + " = ", Role::muted});
    s.label.push_back({c.name(i)});
    s.value = c.value(0, i);
    if (errors && !c.errors.empty()) s.error = c.errors[i];
    steps.push_back(std::move(s));
  }
  if (single < order.size()) {
    Step others;
    others.label.push_back({fmt::format("{} other features", order.size() - single), Role::muted});
    for (std::size_t k = single; k < order.size(); ++k) others.value += detail::finite_or_zero(c.value(0, order[k]));
    steps.push_back(std::move(others));
  }
  if (const double gap = c.unexplained(0); gap != 0) {
    Step step;
    step.label.push_back({detail::unexplained_name, Role::muted});
    step.value = gap;
    step.unexplained = true;
    steps.push_back(std::move(step));
  }
  double output = c.base[0];
  for (std::size_t k = steps.size(); k-- > 0;) {
    steps[k].start = output;
    output += detail::finite_or_zero(steps[k].value);
    steps[k].text = format_signed(steps[k].value, decimals);
  }
  return steps;
}

}  // namespace

Figure waterfall(const explain::Explanation& e, const WaterfallOptions& o) {
  return waterfall(contributions(e, o.output, "waterfall"), o);
}

Figure waterfall(const Contributions& c, const WaterfallOptions& o) {
  c.check("waterfall");
  detail::check_sheet("waterfall", o.width, o.theme);
  detail::need_sums("waterfall", c);
  detail::need_one_row("waterfall", c);
  detail::check_not_zero("waterfall", "max_display", o.max_display, "row");
  const std::vector<Step> steps = steps_of(c, o.max_display, o.error_bars);
  const double total = c.prediction(0);

  std::vector<std::vector<Span>> labels;
  for (const Step& s : steps) labels.push_back(s.label);
  detail::RowChart chart(
      labels,
      {.width = o.width, .row = 46, .top = 44, .bottom = 74, .right = 22, .min_plot_width = 260, .title = o.title},
      o.theme);
  Scene& scene = chart.scene;
  const Box& box = chart.box;
  const double font = chart.font;

  detail::DataRange range;
  range.add(c.base[0]);
  range.add(total);
  for (const Step& s : steps) {
    const double end = s.start + detail::finite_or_zero(s.value);
    range.add(s.start);
    range.add(end);
    range.add(end - detail::finite_or_zero(s.error));
    range.add(end + detail::finite_or_zero(s.error));
  }
  const auto [low, high] = detail::linear_limits(range, {0, 0, 0.5});

  // A number that does not fit into its arrow stands beside it, and the scale leaves space for it.
  constexpr double inside_gap = 12;
  constexpr double beside_gap = 6;
  Scale x{low, high, box.left + 0.02 * box.width(), box.right - 0.02 * box.width()};
  // The end of the part of an arrow that no error bar covers.
  const auto free_end = [&](const Step& s) {
    const double error = detail::finite_or_zero(s.error);
    const double tip = s.start + detail::finite_or_zero(s.value);
    return s.value < 0 ? std::max(x(tip), std::min(x(tip + error) + 4, x(s.start)))
                       : std::min(x(tip), std::max(x(tip - error) - 4, x(s.start)));
  };
  const auto fits = [&](const Step& s) {
    return std::abs(free_end(s) - x(s.start)) >= text_width(s.text, font) + inside_gap;
  };
  const auto beside = [&](const Step& s) {
    const double end = s.start + detail::finite_or_zero(s.value);
    const double error = detail::finite_or_zero(s.error);
    return s.value < 0 ? x(end - error) - beside_gap : x(end + error) + beside_gap;
  };
  detail::leave_room(x, 0.3 * box.width(), [&] {
    detail::Overhang overhang;
    for (const Step& s : steps) {
      if (fits(s)) continue;
      const double w = text_width(s.text, font);
      if (s.value < 0)
        overhang.left = std::max(overhang.left, box.left + 2 - (beside(s) - w));
      else
        overhang.right = std::max(overhang.right, beside(s) + w - (box.right - 2));
    }
    return overhang;
  });
  const Scale axis = detail::extended(x, box.left, box.right);

  for (const double y : chart.middle) scene.line({box.left, y}, {box.right, y}, {Role::grid, 1, {1, 4}}, "row-line");
  const double base_x = x(c.base[0]);
  const double total_x = x(total);
  const Stroke guide{Role::edge, 1, {4, 3}};
  scene.line({base_x, chart.middle.back()}, {base_x, box.bottom}, guide, "base-line");
  if (std::isfinite(total)) scene.line({total_x, box.top - 4}, {total_x, chart.middle.front()}, guide, "total-line");
  for (std::size_t k = 0; k + 1 < steps.size(); ++k) {
    if (!std::isfinite(steps[k].start)) continue;
    scene.line({x(steps[k].start), chart.middle[k]}, {x(steps[k].start), chart.middle[k + 1]}, guide, "connector");
  }

  const double half = 0.37 * 46;
  bool whiskers = false;
  for (std::size_t k = 0; k < steps.size(); ++k) {
    const Step& s = steps[k];
    const double from = x(s.start);
    const double to = x(s.start + detail::finite_or_zero(s.value));
    const double y = chart.middle[k];
    const Paint paint = s.unexplained ? Role::muted : s.value < 0 ? Role::negative : Role::positive;
    if (from != to && std::isfinite(to)) {
      const double sign = to > from ? 1 : -1;
      const double head = std::min(0.6 * std::abs(to - from), 9.0) * sign;
      // The unexplained part is drawn as an outline, because no feature causes it.
      scene.add(Polygon{{{from, y - half}, {to - head, y - half}, {to, y}, {to - head, y + half}, {from, y + half}},
                        s.unexplained ? Paint(Role::grid) : paint,
                        s.unexplained ? Stroke{Role::muted, 1.2, {4, 3}} : Stroke{},
                        "bar"});
    }
    if (std::isfinite(s.error) && s.error > 0) {
      whiskers = true;
      detail::add_error_bar(scene, x, s.start + detail::finite_or_zero(s.value), s.error, y);
    }
    if (fits(s)) {
      const double middle = std::isfinite(s.error) && s.error > 0 ? (from + free_end(s)) / 2 : (from + to) / 2;
      scene.add(Text{{middle, y},
                     {{s.text, s.unexplained ? Paint(Role::ink) : Paint(Color{255, 255, 255})}},
                     font,
                     Anchor::middle,
                     Align::middle,
                     0,
                     "bar-label"});
    } else {
      detail::add_inside(scene, Text{{beside(s), y},
                                     {{s.text, std::isnan(s.value) ? Paint(Role::muted) : paint}},
                                     font,
                                     s.value < 0 ? Anchor::end : Anchor::start,
                                     Align::middle,
                                     0,
                                     "bar-label"});
    }
  }

  const double axis_bottom = chart.x_axis(axis, "");
  const double line = line_height * font;
  detail::add_inside(scene, Text{{base_x, axis_bottom + 2 + line / 2},
                                 {{"E[f(X)]", Role::ink}, {fmt::format(" = {}", format_value(c.base[0])), Role::muted}},
                                 font,
                                 Anchor::middle,
                                 Align::middle,
                                 0,
                                 "base-label"});
  detail::add_inside(scene, Text{{std::isfinite(total) ? total_x : box.centre().x, box.top - 14},
                                 {{"f(x)", Role::ink}, {fmt::format(" = {}", format_value(total)), Role::muted}},
                                 font,
                                 Anchor::middle,
                                 Align::middle,
                                 0,
                                 "total-label"});
  double bottom = axis_bottom + 2 + line;
  if (c.space != Space::model || !c.output.empty() || !c.unit.empty()) {
    for (const std::string& l : viz::wrap(detail::space_label(c), font, scene.width - 16)) {
      detail::add_inside(
          scene,
          Text{{box.centre().x, bottom + 3 + line / 2}, {{l}}, font, Anchor::middle, Align::middle, 0, "axis-label"});
      bottom += line;
    }
  }
  if (whiskers) bottom = chart.note(detail::whisker_note(c), bottom + 2);
  std::string infinite = detail::infinite_note(c, "an arrow");
  const auto lost = std::count_if(steps.begin(), steps.end(), [](const Step& s) {
    return std::isfinite(s.value) && s.value != 0 && !std::isfinite(s.start + s.value);
  });
  if (lost > 0)
    infinite += fmt::format("{}{} step{} without an arrow: the contributions are too large to be summed up",
                            infinite.empty() ? "" : "; ", lost, lost == 1 ? "" : "s");
  bottom = chart.note(infinite, bottom);
  scene.height = bottom + 12;
  scene.title = o.title.empty() ? "Waterfall of one prediction" : o.title;
  scene.description =
      fmt::format("From the base value {} to the prediction {}.", format_value(c.base[0]), format_value(total));
  for (const Step& s : steps) scene.description += fmt::format(" {}: {}.", plain(Text{{}, s.label}), s.text);
  scene.caption =
      "From the base value E[f(X)] at the bottom to the model's output f(x) at the top: how far each feature "
      "moves the output of this row.";
  if (steps.back().unexplained) scene.caption += " The grey bar is what the contributions do not explain.";
  if (whiskers) scene.description += fmt::format(" {}.", detail::whisker_note(c));
  if (!infinite.empty()) scene.description += fmt::format(" {}.", infinite);
  scene.about = c.about;
  return Figure::from_scene(std::move(scene), o.theme);
}

}  // namespace xg::viz
