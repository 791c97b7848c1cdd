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

/// Rows from top to bottom with their labels at the left; labels wrap, rows grow with them.
struct RowChart {
  Scene scene;
  Box box;                     ///< where data are drawn
  std::vector<double> middle;  ///< y of each row
  std::vector<double> height;  ///< of each row
  double font = 13;

  RowChart(const std::vector<std::vector<Span>>& labels, const RowChartLayout& layout, const Theme& theme);
  /// Ticks, tick labels and axis line below the rows; `label` under them where it is not empty. Returns the y below
  /// all.
  double x_axis(const Scale& x, const std::string& label);
  /// A remark in small grey letters, at the right below `bottom`, wrapped. Returns the y below it; nothing for "".
  double note(const std::string& text, double bottom);
};

/// The same scale with its ends at other px: data have no numbers beyond those of double there.
Scale extended(const Scale& x, double from, double to);

/// As fitting_ticks, and one tick where not even two fit beside one another.
Ticks separate_ticks(const Scale& scale, std::size_t max_count, double size, double gap);

/// How far texts beside bars reach out of the plot, in px.
struct Overhang {
  double left = 0;
  double right = 0;
};
/// Moves the ends of a scale inwards until no text beside a bar reaches out of the plot, or the scale would become
/// shorter than `min_length` px. `overhang` measures by the scale as it is.
void leave_room(Scale& x, double min_length, const std::function<Overhang()>& overhang);

/// The error bar of a bar that ends at `end`, with its caps, at `y` px.
void add_error_bar(Scene& scene, const Scale& x, double end, double error, double y);

/// A title in the middle of the sheet, wrapped: the first line's middle at `first`, the others `step` apart. Returns
/// the height of all lines.
double add_title(Scene& scene, const std::string& title, double size, double first, double step);
/// A text that stays on the sheet: moved sideways where it would leave it.
void add_inside(Scene& scene, Text text, double margin = 8);

}  // namespace xg::viz::detail
