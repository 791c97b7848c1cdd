#include <fmt/format.h>
#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/detail/format.hpp>
#include <xgrad/viz/detail/options.hpp>
#include <xgrad/viz/detail/row_chart.hpp>
#include <xgrad/viz/detail/text_metrics.hpp>
#include <xgrad/viz/neuron.hpp>
#include <xgrad/viz/scene.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace xg::viz {
namespace {

// Spans of "x12" with the number as a subscript.
std::vector<Span> symbol(const std::string& text, const Paint& paint) {
  std::size_t digits = text.size();
  while (digits > 0 && text[digits - 1] >= '0' && text[digits - 1] <= '9') --digits;
  if (digits == 0 || digits > 2 || digits == text.size()) return {{text, paint}};
  return {{text.substr(0, digits), paint}, {text.substr(digits), paint, false, 0.75, 0.22}};
}

void arrow(Scene& scene, Point from, Point to, const Stroke& stroke) {
  const double length = std::hypot(to.x - from.x, to.y - from.y);
  const Point d{(to.x - from.x) / length, (to.y - from.y) / length};
  const Point base{to.x - 8 * d.x, to.y - 8 * d.y};
  scene.line(from, base, stroke, "link");
  scene.add(Polygon{
      {to, {base.x - 4 * d.y, base.y + 4 * d.x}, {base.x + 4 * d.y, base.y - 4 * d.x}}, stroke.paint, {}, "arrow"});
}

}  // namespace

Figure neuron(const NeuronOptions& o) {
  detail::check_sheet("neuron", o.width, o.theme);
  detail::check_inches("neuron", "height", o.height);
  const std::size_t n = o.inputs.size();
  if (n == 0) throw ValueError("[neuron] there are no inputs: name at least one.");
  if (!o.values.empty() && o.values.size() != n) {
    throw ValueError(fmt::format("[neuron] {} values for {} inputs: give one for each, or none.", o.values.size(), n));
  }
  if (!o.weights.empty() && o.weights.size() != n) {
    throw ValueError(
        fmt::format("[neuron] {} weights for {} inputs: give one for each, or none.", o.weights.size(), n));
  }
  const double font = o.theme.font_px();
  const double line = line_height * font;
  const bool numbers = !o.values.empty() && !o.weights.empty() && (!o.use_bias || o.bias);
  double sum = o.use_bias ? o.bias.value_or(0) : 0;
  for (std::size_t i = 0; numbers && i < n; ++i) sum += o.values[i] * o.weights[i];

  Scene scene;
  const double rows = static_cast<double>(n + (o.use_bias ? 1 : 0));
  scene.width = std::round(o.width * 96);
  double top = 12;
  if (!o.title.empty()) {
    top += detail::add_title(scene, o.title, 1.15 * font, top + 0.6 * line, 1.15 * line);
    top += 6;
  }
  scene.height = std::max(std::round(o.height * 96), top + rows * 50 + 50);
  const double bottom = scene.height - line - 16;
  const double step = (bottom - top) / rows;
  const double middle = (top + bottom) / 2;

  std::vector<std::vector<Span>> names;
  double widest = 0;
  for (std::size_t i = 0; i < n; ++i) {
    std::vector<Span> s = symbol(o.inputs[i], Role::ink);
    if (!o.values.empty()) s.push_back({fmt::format(" = {}", format_value(o.values[i])), Role::muted});
    names.push_back(s);
    widest = std::max(widest, width(Text{{}, s, 1.1 * font}));
  }
  const double node_radius = std::clamp(step * 0.24, 9.0, 18.0);
  const double left = 16 + widest + 12 + node_radius;
  const std::string output = o.output ? format_value(*o.output) : "";
  const double right_text = std::max(text_width("output", font), text_width(output, 1.1 * font, true)) + 16;
  const double sum_radius = 30;
  const double activation_width = std::max(64.0, text_width(o.activation, 1.1 * font) + 28);
  const double min_width = left + 190 + 2 * sum_radius + 60 + activation_width + 60 + right_text;
  scene.width = std::max(scene.width, min_width);
  const double extra_width = scene.width - min_width;
  const Point sum_center{left + 190 + 0.5 * extra_width + sum_radius, middle};
  const Box act{sum_center.x + sum_radius + 60 + 0.25 * extra_width, middle - 26,
                sum_center.x + sum_radius + 60 + 0.25 * extra_width + activation_width, middle + 26};

  for (std::size_t i = 0; i < n + (o.use_bias ? 1 : 0); ++i) {
    const bool is_bias = i == n;
    const Point center{left, top + (static_cast<double>(i) + 0.5) * step};
    const double angle = std::atan2(sum_center.y - center.y, sum_center.x - center.x);
    const Point from{center.x + node_radius * std::cos(angle), center.y + node_radius * std::sin(angle)};
    const Point to{sum_center.x - sum_radius * std::cos(angle), sum_center.y - sum_radius * std::sin(angle)};
    arrow(scene, from, to, {is_bias ? Role::muted : Role::hidden, 1.6});
    scene.add(Circle{center, node_radius, is_bias ? Role::band : Role::outer, {Role::ink, 1}, "node"});
    if (is_bias) {
      scene.add(Text{center, {{"1"}}, font, Anchor::middle, Align::middle, 0, "node-label"});
    } else {
      scene.add(Text{
          {center.x - node_radius - 10, center.y}, names[i], 1.1 * font, Anchor::end, Align::middle, 0, "node-label"});
    }
    // The weight stands beside its arrow near the input, where the arrows are far apart.
    std::vector<Span> weight;
    if (is_bias)
      weight = {{o.bias ? fmt::format("b = {}", format_value(*o.bias)) : "b", Role::muted}};
    else if (o.weights.empty())
      weight = symbol(fmt::format("w{}", i + 1), Role::hidden);
    else
      weight = {{format_value(o.weights[i]), Role::hidden}};
    // There is free space above a falling arrow and below a rising one.
    const bool rising = to.y < from.y - 2;
    const bool level = std::abs(to.y - from.y) <= 2;
    const Point label_position{from.x + 0.3 * (to.x - from.x), from.y + 0.3 * (to.y - from.y)};
    scene.add(Text{{label_position.x + (level ? 0 : 2), label_position.y + (rising ? 4 : -4)},
                   weight,
                   font,
                   level ? Anchor::middle : Anchor::start,
                   rising ? Align::top : Align::bottom,
                   0,
                   "weight"});
  }
  scene.add(Circle{sum_center, sum_radius, Role::band, {Role::ink, 1.2}, "sum"});
  scene.add(Text{sum_center, {{"Σ"}}, 2 * font, Anchor::middle, Align::middle, 0, "sum-label"});
  if (numbers) {
    scene.add(Text{{sum_center.x, sum_center.y + sum_radius + 6},
                   {{format_value(sum), Role::muted}},
                   font,
                   Anchor::middle,
                   Align::top,
                   0,
                   "sum-value"});
  }
  arrow(scene, {sum_center.x + sum_radius, middle}, {act.left, middle}, {Role::ink, 1.6});
  scene.add(Rect{act, Role::band, {Role::hidden, 1.6}, 8, "activation"});
  scene.add(Text{act.centre(), {{o.activation}}, 1.1 * font, Anchor::middle, Align::middle, 0, "activation-label"});
  const double end = act.right + 48;
  arrow(scene, {act.right, middle}, {end, middle}, {Role::ink, 1.6});
  const Text out{{end + 10, middle},
                 {{output.empty() ? "output" : output, output.empty() ? Role::ink : Role::outer, !output.empty()}},
                 output.empty() ? font : 1.1 * font,
                 Anchor::start,
                 Align::middle,
                 0,
                 "output"};
  scene.add(out);

  std::vector<Span> formula = {{fmt::format("output = {}(Σ ", o.activation), Role::muted},
                               {"x", Role::muted},
                               {"i", Role::muted, false, 0.75, 0.22},
                               {"·w", Role::muted},
                               {"i", Role::muted, false, 0.75, 0.22},
                               {o.use_bias ? " + b)" : ")", Role::muted}};
  scene.add(Text{
      {scene.width / 2, scene.height - 10 - line / 2}, formula, font, Anchor::middle, Align::middle, 0, "formula"});
  scene.title = o.title.empty() ? "One neuron" : o.title;
  scene.description = fmt::format("{} inputs, a weighted sum{} and the activation {}.", n,
                                  o.use_bias ? " with a bias" : "", o.activation);
  return Figure::from_scene(std::move(scene), o.theme);
}

}  // namespace xg::viz
