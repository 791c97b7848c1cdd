#include <xgrad/viz/detail/colorbar.hpp>
#include <xgrad/viz/detail/legend.hpp>
#include <xgrad/viz/detail/range.hpp>
#include <xgrad/viz/detail/subplot.hpp>
#include <xgrad/viz/detail/text_metrics.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <utility>

namespace xg::viz::detail {
namespace {

// The ticks of a user that are within the limits.
Ticks visible_ticks(const Ticks& given, const Scale& s) {
  Ticks t;
  const double slack = span(s.low, s.high) * 1e-9;
  for (std::size_t i = 0; i < given.positions.size(); ++i) {
    if (given.positions[i] < s.low - slack || given.positions[i] > s.high + slack) continue;
    t.positions.push_back(given.positions[i]);
    t.labels.push_back(given.labels[i]);
  }
  return t;
}

Ticks ticks_along_x(const AxisState& axis, const Scale& s, double size) {
  if (axis.ticks) return visible_ticks(*axis.ticks, s);
  return fitting_ticks(s, 9, size, 0.6 * size);
}

Ticks ticks_along_y(const AxisState& axis, const Scale& s, double size) {
  if (axis.ticks) return visible_ticks(*axis.ticks, s);
  const double max_ticks = std::abs(s.to - s.from) / (2.2 * size);
  return s.ticks(static_cast<std::size_t>(std::clamp(max_ticks, 2.0, 9.0)));
}

// The smallest distance in px between two ticks; the length of the axis if there are fewer than two.
double min_slot(const Ticks& t, const Scale& s) {
  double slot = std::abs(s.to - s.from);
  for (std::size_t i = 1; i < t.positions.size(); ++i)
    slot = std::min(slot, std::abs(s(t.positions[i]) - s(t.positions[i - 1])));
  return slot;
}

XTickLabels x_tick_labels(const Ticks& t, const Scale& s, double size) {
  XTickLabels out;
  out.lines.resize(t.positions.size());
  if (t.positions.empty()) return out;
  const auto overhang = [&](std::size_t i, double left_extent, double right_extent) {
    out.overhang_left = std::max(out.overhang_left, left_extent - (s(t.positions[i]) - s.from));
    out.overhang_right = std::max(out.overhang_right, right_extent - (s.to - s(t.positions[i])));
  };
  const double line = line_height * size;
  const double slot = min_slot(t, s);

  if (labels_fit(t, s, size, 0.6 * size)) {
    for (std::size_t i = 0; i < t.positions.size(); ++i) {
      out.lines[i] = {t.labels[i]};
      const double half = text_width(t.labels[i], size) / 2;
      overhang(i, half, half);
    }
    out.height = line;
    return out;
  }
  bool wrapped = slot > 3 * size;
  std::size_t rows = 1;
  for (std::size_t i = 0; i < t.positions.size() && wrapped; ++i) {
    out.lines[i] = wrap(t.labels[i], size, slot - 0.8 * size);
    rows = std::max(rows, out.lines[i].size());
    // A slanted label is more readable than a word broken in the middle.
    std::size_t spaces = 0;
    for (const char c : t.labels[i]) spaces += c == ' ' ? 1 : 0;
    wrapped = out.lines[i].size() <= std::min<std::size_t>(4, spaces + 1);
  }
  if (wrapped) {
    for (std::size_t i = 0; i < t.positions.size(); ++i) {
      const double half = widest(out.lines[i], size) / 2;
      overhang(i, half, half);
    }
    out.height = static_cast<double>(rows) * line;
    return out;
  }
  out.slanted = true;
  const std::size_t stride =
      slot < 1.5 * size ? static_cast<std::size_t>(std::ceil(1.5 * size / std::max(slot, 0.1))) : 1;
  const double c = std::numbers::sqrt2 / 2;
  for (std::size_t i = 0; i < t.positions.size(); ++i) {
    out.lines[i].clear();
    if (i % stride != 0) continue;
    out.lines[i] = {t.labels[i]};
    const double w = text_width(t.labels[i], size);
    overhang(i, (w + size) * c, size);
    out.height = std::max(out.height, (w + size) * c);
  }
  return out;
}

// Labels of a y axis, wrapped at `width` px if there is space for more than one line; only every k-th if not all fit.
std::vector<std::vector<std::string>> y_label_lines(const Ticks& t, const Scale& s, double size, double width) {
  std::vector<std::vector<std::string>> lines(t.positions.size());
  const double slot = min_slot(t, s);
  const std::size_t stride =
      slot < 1.1 * size ? static_cast<std::size_t>(std::ceil(1.1 * size / std::max(slot, 0.05))) : 1;
  for (std::size_t i = 0; i < t.positions.size(); i += stride) {
    lines[i] = wrap(t.labels[i], size, width);
    if (static_cast<double>(lines[i].size()) * line_height * size > slot) lines[i] = {t.labels[i]};
  }
  return lines;
}

}  // namespace

std::vector<std::string> lines_of(const std::string& text, double size, double width, bool bold) {
  if (text.empty()) return {};
  return wrap(text, size, std::max(width, 60.0), bold);
}

double widest(const std::vector<std::string>& lines, double size) {
  double w = 0;
  for (const std::string& l : lines) w = std::max(w, text_width(l, size));
  return w;
}

void measure(Subplot& p, double width, double height, double cell_width, const Theme& theme) {
  const double size = theme.font_px();
  const double line = line_height * size;
  const Axes::State& s = *p.state;
  set_scales(p, {0, 0, width, height});
  p.x_ticks = ticks_along_x(p.x_axis, p.x, size);
  p.y_ticks = ticks_along_y(p.y_axis, p.y, size);
  p.x_labels = x_tick_labels(p.x_ticks, p.x, size);
  p.y_labels = y_label_lines(p.y_ticks, p.y, size, std::max(0.35 * cell_width, 120.0));
  p.title_lines = lines_of(s.title, 1.15 * size, width, true);
  p.x_label = lines_of(s.x.label, size, width);
  p.y_label = lines_of(s.y.label, size, height);
  p.y_labels_width = 0;
  for (const auto& l : p.y_labels) p.y_labels_width = std::max(p.y_labels_width, widest(l, size));

  p.margins.left = outer_gap + p.y_labels_width + tick_gap + tick_length;
  if (!p.y_label.empty()) p.margins.left += label_gap + static_cast<double>(p.y_label.size()) * line;
  p.margins.left = std::max(p.margins.left, outer_gap + p.x_labels.overhang_left);
  p.margins.right = outer_gap + 3 + std::max(0.0, p.x_labels.overhang_right);
  if (p.twin) {
    p.y2_ticks = ticks_along_y(p.twin->y, p.y2, size);
    p.y2_label = lines_of(p.twin->y.label, size, height);
    p.y2_labels_width = widest(p.y2_ticks.labels, size);
    p.twin_width = tick_length + tick_gap + p.y2_labels_width;
    if (!p.y2_label.empty()) p.twin_width += label_gap + static_cast<double>(p.y2_label.size()) * line;
    p.margins.right = std::max(p.margins.right, outer_gap + p.twin_width);
  }
  measure_colorbar(p, height, theme);
  p.margins.top = outer_gap + 0.5 * size;
  if (!p.title_lines.empty()) p.margins.top = outer_gap + static_cast<double>(p.title_lines.size()) * 1.15 * line + 6;
  p.margins.bottom = outer_gap + tick_length + tick_gap + p.x_labels.height;
  if (!p.x_label.empty()) p.margins.bottom += label_gap - 2 + static_cast<double>(p.x_label.size()) * line;
  p.note_lines.clear();
  for (const std::string& note : p.notes) {
    for (std::string& l : lines_of(note, note_scale * size, width)) p.note_lines.push_back(std::move(l));
  }
  if (!p.note_lines.empty())
    p.margins.bottom += label_gap + static_cast<double>(p.note_lines.size()) * note_scale * line;

  measure_legend(p, width, height, theme);
  if (p.legend_outside) p.margins.bottom += p.legend_height + label_gap;
}

double equal_units(Subplot& p, double width, double height) {
  const auto half = [](const Scale& s) {
    return s.log ? (std::log10(s.high) - std::log10(s.low)) / 2 : s.high / 2 - s.low / 2;
  };
  const auto widen = [](Scale& s, double wanted) {
    DataRange widened;
    if (s.log) {
      const double middle = (std::log10(s.high) + std::log10(s.low)) / 2;
      widened.add(std::pow(10, std::clamp(middle - wanted, -323.0, 308.0)));
      widened.add(std::pow(10, std::clamp(middle + wanted, -323.0, 308.0)));
    } else {
      constexpr double largest = std::numeric_limits<double>::max();
      const double middle = s.high / 2 + s.low / 2;
      widened.add(std::clamp(middle - wanted, -largest, largest));
      widened.add(std::clamp(middle + wanted, -largest, largest));
    }
    s.low = widened.low;
    s.high = widened.high;
  };
  constexpr double strip = 40;
  const double x = half(p.x), y = half(p.y);
  if (!(x / y * height >= strip)) widen(p.x, y * (strip / height));
  if (!(y / x * width >= strip)) widen(p.y, x * (strip / width));
  return std::clamp(half(p.x) / half(p.y), strip / height / 2, 2 * width / strip);
}

void set_scales(Subplot& p, const Box& plot) {
  p.x.from = plot.left;
  p.x.to = plot.right;
  p.y.from = plot.bottom;
  p.y.to = plot.top;
  if (p.y_axis.inverted) std::swap(p.y.from, p.y.to);
  if (!p.twin) return;
  p.y2.from = plot.bottom;
  p.y2.to = plot.top;
  if (p.twin->y.inverted) std::swap(p.y2.from, p.y2.to);
}

}  // namespace xg::viz::detail
