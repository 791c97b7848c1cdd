#include <xgrad/viz/detail/row_chart.hpp>
#include <xgrad/viz/detail/text_metrics.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace xg::viz::detail {

RowChart::RowChart(const std::vector<std::vector<Span>>& labels, const RowChartLayout& layout, const Theme& theme)
    : font(theme.font_px()) {
  const double line = line_height * font;
  const double sheet = std::round(layout.width * 96);
  const double max_label_width = std::max(0.42 * sheet, 110.0);
  std::vector<std::vector<std::vector<Span>>> lines;
  double widest = 0;
  for (const auto& label : labels) {
    lines.push_back(wrap(label, font, max_label_width));
    for (const auto& l : lines.back()) widest = std::max(widest, viz::width(Text{{}, l, font}));
  }
  const double left = 12 + widest + 9;
  scene.width = std::max(sheet, left + layout.min_plot_width + layout.right);
  double y = layout.top;
  const double title_size = 1.15 * font;
  if (!layout.title.empty()) {
    y += 6;
    y += detail::add_title(scene, layout.title, title_size, y - layout.top + 12 + 0.5 * title_size,
                           line_height * title_size);
    y += 4;
  }
  box = {left, y, scene.width - layout.right, y};
  for (const auto& label : lines) {
    const double h = std::max(layout.row, static_cast<double>(label.size()) * line + 6);
    middle.push_back(y + h / 2);
    height.push_back(h);
    double text_y = y + h / 2 - (static_cast<double>(label.size()) - 1) / 2 * line;
    for (const auto& spans : label) {
      scene.add(Text{{left - 9, text_y}, spans, font, Anchor::end, Align::middle, 0, "row-label"});
      text_y += line;
    }
    y += h;
  }
  box.bottom = y;
  scene.height = y + layout.bottom;
}

double RowChart::x_axis(const Scale& x, const std::string& label) {
  const Ticks t = separate_ticks(x, 9, font, 0.6 * font);
  const Stroke spine{Role::muted, 1};
  scene.line({box.left, box.bottom}, {box.right, box.bottom}, spine, "spine");
  double y = box.bottom + 8;
  for (std::size_t i = 0; i < t.positions.size(); ++i) {
    const double px = x(t.positions[i]);
    if (px < box.left - 0.5 || px > box.right + 0.5) continue;
    scene.line({px, box.bottom}, {px, box.bottom + 4}, spine, "tick");
    add_inside(scene, Text{{px, y + 0.5 * line_height * font},
                           {{t.labels[i]}},
                           font,
                           Anchor::middle,
                           Align::middle,
                           0,
                           "tick-label-x"});
  }
  y += line_height * font;
  if (!label.empty()) {
    y += 3;
    for (const std::string& l : viz::wrap(label, font, scene.width - 16)) {
      add_inside(scene, Text{{box.centre().x, y + 0.5 * line_height * font},
                             {{l}},
                             font,
                             Anchor::middle,
                             Align::middle,
                             0,
                             "axis-label"});
      y += line_height * font;
    }
  }
  scene.height = std::max(scene.height, y + 8);
  return y;
}

double RowChart::note(const std::string& text, double bottom) {
  if (text.empty()) return bottom;
  for (const std::string& l : viz::wrap(text, 0.9 * font, scene.width - 16)) {
    add_inside(scene, Text{{box.right, bottom + 2 + 0.5 * line_height * font},
                           {{l, Role::muted}},
                           0.9 * font,
                           Anchor::end,
                           Align::middle,
                           0,
                           "note"});
    bottom += line_height * font;
  }
  return bottom;
}

Scale extended(const Scale& x, double from, double to) {
  constexpr double largest = std::numeric_limits<double>::max();
  const double per_px = x.high / (x.to - x.from) - x.low / (x.to - x.from);
  Scale out = x;
  out.low = std::max(x.low + (from - x.from) * per_px, -largest);
  out.high = std::min(x.high + (to - x.to) * per_px, largest);
  out.from = x(out.low);
  out.to = x(out.high);
  return out;
}

Ticks separate_ticks(const Scale& scale, std::size_t max_count, double size, double gap) {
  Ticks t = fitting_ticks(scale, max_count, size, gap);
  if (!labels_fit(t, scale, size, gap)) t = {{t.positions[0]}, {t.labels[0]}};
  return t;
}

void leave_room(Scale& x, double min_length, const std::function<Overhang()>& overhang) {
  for (int round = 0; round < 8; ++round) {
    const Overhang overhang_px = overhang();
    if (overhang_px.left <= 0.01 && overhang_px.right <= 0.01) return;
    if (x.to - x.from - overhang_px.left - overhang_px.right < min_length) return;
    x.from += overhang_px.left;
    x.to -= overhang_px.right;
  }
}

void add_error_bar(Scene& scene, const Scale& x, double end, double error, double y) {
  const Stroke stroke{Role::ink, 1.2};
  scene.line({x(end - error), y}, {x(end + error), y}, stroke, "error");
  for (const double v : {end - error, end + error}) scene.line({x(v), y - 4}, {x(v), y + 4}, stroke, "error");
}

double add_title(Scene& scene, const std::string& title, double size, double first, double step) {
  double height = 0;
  for (const std::string& l : viz::wrap(title, size, scene.width - 24, true)) {
    scene.add(Text{
        {scene.width / 2, first + height}, {{l, Role::ink, true}}, size, Anchor::middle, Align::middle, 0, "title"});
    height += step;
  }
  return height;
}

void add_inside(Scene& scene, Text text, double margin) {
  const Box b = bounds(text);
  if (b.right > scene.width - margin) text.position.x -= b.right - (scene.width - margin);
  const Box c = bounds(text);
  if (c.left < margin) text.position.x += margin - c.left;
  scene.add(std::move(text));
}

}  // namespace xg::viz::detail
