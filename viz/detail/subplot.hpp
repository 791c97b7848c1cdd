// A subplot: the axes in one cell of a figure's grid, with the sizes of everything around their plot.
#pragma once

#include <xgrad/viz/detail/axes_state.hpp>
#include <xgrad/viz/scene.hpp>
#include <xgrad/viz/theme.hpp>
#include <xgrad/viz/ticks.hpp>

#include <string>
#include <vector>

namespace xg::viz::detail {

inline constexpr double tick_length = 4;   // all lengths and gaps are in px
inline constexpr double tick_gap = 4;      // between a tick and its label
inline constexpr double label_gap = 7;     // between tick labels and an axis label
inline constexpr double outer_gap = 9;     // between the outermost text and the edge of the sheet
inline constexpr double note_scale = 0.9;  // size of notes relative to that of other text

/// Labels under an x axis: in one line, wrapped, slanted, or only every k-th.
struct XTickLabels {
  std::vector<std::vector<std::string>> lines;  ///< of each tick; empty where the label is left out
  bool slanted = false;
  double height = 0;
  double overhang_left = 0;  ///< px beyond the ends of the axis
  double overhang_right = 0;
};

/// The space around a plot in px.
struct Margins {
  double left = 0, right = 0, top = 0, bottom = 0;
};

struct Subplot {
  const Axes::State* state = nullptr;
  const Axes::State* twin = nullptr;          ///< state of the axes made by twinx, or nullptr
  AxisState x_axis, y_axis;                   ///< settings of the axes, merged with those of subplots that share them
  std::vector<Artist> artists, twin_artists;  ///< the visible artists of state and twin
  std::vector<std::string> notes;
  Scale x, y, y2;  ///< y2 is the right axis, which belongs to the twin
  Ticks x_ticks, y_ticks, y2_ticks;
  XTickLabels x_labels;
  std::vector<std::vector<std::string>> y_labels;
  std::vector<std::string> title_lines, x_label, y_label, y2_label, note_lines;
  Margins margins;
  double y_labels_width = 0, y2_labels_width = 0, colorbar_labels_width = 0;
  double twin_width = 0;  ///< width of the right axis with its texts
  bool legend_outside = false;
  bool legend_has_no_place = false;             ///< the legend would cover something at every place inside
  Point legend_corner;                          ///< top left corner of a legend inside
  double legend_height = 0, legend_width = 0;   ///< size of a legend outside
  std::vector<std::string> legend_title_lines;  ///< of a legend outside
  Box box;                                      ///< the plot
};

/// Breaks a text into lines no wider than `width` px, or 60 px if that is less; no lines for an empty text.
std::vector<std::string> lines_of(const std::string& text, double size, double width, bool bold = false);

/// The width in px of the widest line.
double widest(const std::vector<std::string>& lines, double size);

/// Chooses ticks for a plot of `width` x `height` px in a cell `cell_width` px wide, breaks all texts into lines,
/// decides whether the legend goes outside, and measures the margins.
void measure(Subplot& p, double width, double height, double cell_width, const Theme& theme);

/// The ratio width / height of a plot in which one unit of x is as long as one unit of y; the unit of a log axis is a
/// decade. If the plot would shrink to a thin strip, the limits of the shorter axis are widened.
double equal_units(Subplot& p, double width, double height);

/// Makes the scales map to a plot: x from left to right, y from bottom to top or, if inverted, from top to bottom.
void set_scales(Subplot& p, const Box& plot);

}  // namespace xg::viz::detail
