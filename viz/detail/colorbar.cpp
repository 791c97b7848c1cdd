#include <xgrad/viz/color.hpp>
#include <xgrad/viz/detail/colorbar.hpp>
#include <xgrad/viz/detail/format.hpp>
#include <xgrad/viz/detail/range.hpp>
#include <xgrad/viz/detail/text_metrics.hpp>

#include <algorithm>
#include <cstddef>
#include <variant>
#include <vector>

namespace xg::viz::detail {
namespace {

constexpr double plot_gap = 14;  // between the plot, or its right axis, and the bar
constexpr double bar_width = 12;
constexpr double labels_gap = 5;  // between the bar and its labels

Ticks colorbar_ticks(const PointsArtist& points, double height, double size) {
  if (is_constant(points.value_low, points.value_high))
    return {{points.value_low}, {format_value(points.value_low, 8)}};
  return linear_ticks(points.value_low, points.value_high,
                      static_cast<std::size_t>(std::clamp(height / (1.9 * size), 2.0, 8.0)));
}

}  // namespace

const PointsArtist* mapped_points(const Subplot& p) {
  const PointsArtist* found = nullptr;
  for (const std::vector<Artist>* artists : {&p.artists, &p.twin_artists}) {
    for (const Artist& a : *artists) {
      if (const auto* points = std::get_if<PointsArtist>(&a); points && points->value_low <= points->value_high)
        found = points;
    }
  }
  return found;
}

void measure_colorbar(Subplot& p, double height, const Theme& theme) {
  const PointsArtist* points = mapped_points(p);
  if (!points || !p.state->colorbar) return;
  const double size = theme.font_px();
  p.colorbar_labels_width = widest(colorbar_ticks(*points, height, size).labels, size);
  p.margins.right += plot_gap + bar_width + labels_gap + p.colorbar_labels_width;
  const auto lines = lines_of(*p.state->colorbar, size, height);
  if (!lines.empty()) p.margins.right += label_gap + static_cast<double>(lines.size()) * (line_height * size);
}

void add_color_strips(Scene& scene, const Box& bar, bool red_blue_map) {
  constexpr int steps = 64;
  for (int i = 0; i < steps; ++i) {
    // Each strip extends to the bottom, so that no seams are visible between strips.
    const double t = 1 - (i + 0.5) / steps;
    scene.add(Rect{{bar.left, bar.top + bar.height() * i / steps, bar.right, bar.bottom},
                   red_blue_map ? red_blue(t) : viridis(t),
                   {},
                   0,
                   "colorbar"});
  }
}

void draw_colorbar(Scene& scene, const Subplot& p, const Theme& theme) {
  const PointsArtist* points = mapped_points(p);
  if (!points || !p.state->colorbar) return;
  const double size = theme.font_px();
  const double left = p.box.right + p.twin_width + plot_gap;
  const Box bar{left, p.box.top, left + bar_width, p.box.bottom};
  add_color_strips(scene, bar, points->red_blue);
  const Scale s{points->value_low, points->value_high, bar.bottom, bar.top};
  const Ticks t = colorbar_ticks(*points, bar.height(), size);
  for (std::size_t i = 0; i < t.positions.size(); ++i) {
    const double y = is_constant(s.low, s.high) ? bar.centre().y : s(t.positions[i]);
    scene.add(
        Text{{bar.right + labels_gap, y}, {{t.labels[i]}}, size, Anchor::start, Align::middle, 0, "tick-label-color"});
  }
  const auto lines = lines_of(*p.state->colorbar, size, bar.height());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const double x = bar.right + labels_gap + p.colorbar_labels_width + label_gap +
                     (static_cast<double>(i) + 0.5) * line_height * size;
    scene.add(Text{{x, bar.centre().y}, {{lines[i]}}, size, Anchor::middle, Align::middle, -90, "axis-label"});
  }
}

}  // namespace xg::viz::detail
