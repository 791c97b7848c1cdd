// The frame that waterfall, bar, beeswarm and decision share: one labelled row per feature over one x axis.
#pragma once

#include <xgrad/viz/scene.hpp>
#include <xgrad/viz/theme.hpp>
#include <xgrad/viz/ticks.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace xg::viz::detail {

struct RowChartLayout {
  double width = 8;             ///< inches
  double row = 40;              ///< px of a row whose label takes one line or two
  double top = 16;              ///< px above the first row, below the title
  double bottom = 46;           ///< px below the last row
  double right = 16;            ///< px right of the plot
  double min_plot_width = 220;  ///< px
  std::string title;
};

/// Rows from top to bottom with labels at the left. Labels are wrapped, and rows grow with them.
struct RowChart {
  Scene scene;
  Box box;                     ///< the plot, in px
  std::vector<double> middle;  ///< y of the middle of each row, px
  std::vector<double> height;  ///< of each row
  double font = 13;

  RowChart(const std::vector<std::vector<Span>>& labels, const RowChartLayout& layout, const Theme& theme);
  /// Draws the axis with its ticks below the rows, and `label` under it if that is not empty. Returns the y of the
  /// bottom.
  double x_axis(const Scale& x, const std::string& label);
  /// Writes a remark in small grey letters, wrapped, at the right below `bottom`, unless it is empty. Returns the y of
  /// its bottom.
  double note(const std::string& text, double bottom);
};

/// The same scale extended to other px, clamped to the range of double.
Scale extended(const Scale& x, double from, double to);

/// As fitting_ticks, but a single tick if not even two fit side by side.
Ticks separate_ticks(const Scale& scale, std::size_t max_count, double size, double gap);

/// How far texts beside bars extend beyond the plot, in px.
struct Overhang {
  double left = 0;
  double right = 0;
};
/// Moves the ends of a scale inwards until no text beside a bar extends beyond the plot, or until the scale would
/// become shorter than `min_length` px. `overhang` measures with the current scale.
void leave_room(Scale& x, double min_length, const std::function<Overhang()>& overhang);

/// Draws the error bar, with caps, from end - error to end + error at `y` px.
void add_error_bar(Scene& scene, const Scale& x, double end, double error, double y);

/// Writes a wrapped, centred title: the middle of its first line is at y = `first`, the others follow `step` px apart.
/// Returns its height.
double add_title(Scene& scene, const std::string& title, double size, double first, double step);
/// Adds a text, moved sideways if it would leave the sheet.
void add_inside(Scene& scene, Text text, double margin = 8);

}  // namespace xg::viz::detail
