#include <xgrad/viz/detail/axes_drawing.hpp>
#include <xgrad/viz/detail/colorbar.hpp>
#include <xgrad/viz/detail/legend.hpp>
#include <xgrad/viz/detail/painter.hpp>
#include <xgrad/viz/detail/text_metrics.hpp>

#include <cstddef>
#include <string>

namespace xg::viz::detail {
namespace {

void draw_x_axis(Scene& scene, const Subplot& p, const Theme& theme) {
  const double size = theme.font_px();
  const double line = line_height * size;
  const Stroke spine{Role::muted, 1};
  scene.line({p.box.left, p.box.bottom}, {p.box.right, p.box.bottom}, spine, "spine");
  const double top = p.box.bottom + tick_length + tick_gap;
  for (std::size_t i = 0; i < p.x_ticks.positions.size(); ++i) {
    const double x = p.x(p.x_ticks.positions[i]);
    scene.line({x, p.box.bottom}, {x, p.box.bottom + tick_length}, spine, "tick");
    const auto& lines = p.x_labels.lines[i];
    for (std::size_t k = 0; k < lines.size(); ++k) {
      if (p.x_labels.slanted) {
        scene.add(Text{
            {x + 0.3 * size, top + 0.3 * size}, {{lines[k]}}, size, Anchor::end, Align::middle, -45, "tick-label-x"});
      } else {
        scene.add(Text{{x, top + (static_cast<double>(k) + 0.5) * line},
                       {{lines[k]}},
                       size,
                       Anchor::middle,
                       Align::middle,
                       0,
                       "tick-label-x"});
      }
    }
  }
  for (std::size_t k = 0; k < p.x_label.size(); ++k) {
    const double y = top + p.x_labels.height + label_gap - 2 + (static_cast<double>(k) + 0.5) * line;
    scene.add(Text{{p.box.centre().x, y},
                   {{p.x_label[k], p.state->x.label_color}},
                   size,
                   Anchor::middle,
                   Align::middle,
                   0,
                   "axis-label"});
  }
}

void draw_y_axis(Scene& scene, const Subplot& p, const Theme& theme) {
  const double size = theme.font_px();
  const double line = line_height * size;
  const Stroke spine{Role::muted, 1};
  scene.line({p.box.left, p.box.top}, {p.box.left, p.box.bottom}, spine, "spine");
  for (std::size_t i = 0; i < p.y_ticks.positions.size(); ++i) {
    const double y = p.y(p.y_ticks.positions[i]);
    scene.line({p.box.left - tick_length, y}, {p.box.left, y}, spine, "tick");
    const auto& lines = p.y_labels[i];
    const double first = y - (static_cast<double>(lines.size()) - 1) / 2 * line;
    for (std::size_t k = 0; k < lines.size(); ++k) {
      scene.add(Text{{p.box.left - tick_length - tick_gap, first + static_cast<double>(k) * line},
                     {{lines[k]}},
                     size,
                     Anchor::end,
                     Align::middle,
                     0,
                     "tick-label-y"});
    }
  }
  for (std::size_t k = 0; k < p.y_label.size(); ++k) {
    const double x = p.box.left - tick_length - tick_gap - p.y_labels_width - label_gap -
                     (static_cast<double>(p.y_label.size() - k) - 0.5) * line;
    scene.add(Text{{x, p.box.centre().y},
                   {{p.y_label[k], p.state->y.label_color}},
                   size,
                   Anchor::middle,
                   Align::middle,
                   -90,
                   "axis-label"});
  }
}

void draw_twin_axis(Scene& scene, const Subplot& p, const Theme& theme) {
  const double size = theme.font_px();
  const double line = line_height * size;
  const Stroke spine{Role::muted, 1};
  const Paint color = p.twin->y.label_color;
  scene.line({p.box.right, p.box.top}, {p.box.right, p.box.bottom}, spine, "spine");
  for (std::size_t i = 0; i < p.y2_ticks.positions.size(); ++i) {
    const double y = p.y2(p.y2_ticks.positions[i]);
    scene.line({p.box.right, y}, {p.box.right + tick_length, y}, spine, "tick");
    scene.add(Text{{p.box.right + tick_length + tick_gap, y},
                   {{p.y2_ticks.labels[i], color}},
                   size,
                   Anchor::start,
                   Align::middle,
                   0,
                   "tick-label-y2"});
  }
  for (std::size_t k = 0; k < p.y2_label.size(); ++k) {
    const double x =
        p.box.right + tick_length + tick_gap + p.y2_labels_width + label_gap + (static_cast<double>(k) + 0.5) * line;
    scene.add(
        Text{{x, p.box.centre().y}, {{p.y2_label[k], color}}, size, Anchor::middle, Align::middle, -90, "axis-label"});
  }
}

}  // namespace

void draw_subplot(Scene& scene, const Subplot& p, const Theme& theme) {
  const double size = theme.font_px();
  if (p.state->grid) {
    for (const double v : p.x_ticks.positions)
      scene.line({p.x(v), p.box.top}, {p.x(v), p.box.bottom}, {Role::grid, 1}, "grid");
    for (const double v : p.y_ticks.positions)
      scene.line({p.box.left, p.y(v)}, {p.box.right, p.y(v)}, {Role::grid, 1}, "grid");
  }
  draw_artists(scene, p.artists, p.x, p.y, p.box, p.x_axis.limits || p.y_axis.limits, theme);
  draw_x_axis(scene, p, theme);
  draw_y_axis(scene, p, theme);
  if (p.twin) {
    draw_artists(scene, p.twin_artists, p.x, p.y2, p.box, p.x_axis.limits || p.twin->y.limits, theme);
    draw_twin_axis(scene, p, theme);
  }
  for (std::size_t k = 0; k < p.title_lines.size(); ++k) {
    const double y = p.box.top - 6 - (static_cast<double>(p.title_lines.size() - k) - 0.5) * 1.15 * line_height * size;
    scene.add(Text{{p.box.centre().x, y},
                   {{p.title_lines[k], Role::ink, true}},
                   1.15 * size,
                   Anchor::middle,
                   Align::middle,
                   0,
                   "title"});
  }
  double note_y = p.box.bottom + tick_length + tick_gap + p.x_labels.height + label_gap;
  if (!p.x_label.empty()) note_y += label_gap - 2 + static_cast<double>(p.x_label.size()) * line_height * size;
  for (const std::string& l : p.note_lines) {
    note_y += note_scale * line_height * size;
    scene.add(Text{{p.box.right, note_y - 0.5 * note_scale * line_height * size},
                   {{l, Role::muted}},
                   note_scale * size,
                   Anchor::end,
                   Align::middle,
                   0,
                   "note"});
  }
  draw_colorbar(scene, p, theme);
  if (const auto& legend = legend_of(p)) draw_legend(scene, p, *legend, theme);
}

}  // namespace xg::viz::detail
