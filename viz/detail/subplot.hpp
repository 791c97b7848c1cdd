// A subplot: the axes of one cell of a figure's grid, with the measures of all that stands around their plot.
#pragma once

#include <xgrad/viz/detail/axes_state.hpp>
#include <xgrad/viz/scene.hpp>
#include <xgrad/viz/theme.hpp>
#include <xgrad/viz/ticks.hpp>

#include <string>
#include <vector>

namespace xg::viz::detail {

inline constexpr double tick_length = 4;   // px, as all gaps here
inline constexpr double tick_gap = 4;      // between a tick and its label
inline constexpr double label_gap = 7;     // between tick labels and an axis label
inline constexpr double outer_gap = 9;     // between the outermost text and the sheet's edge
inline constexpr double note_scale = 0.9;  // size of notes as a share of that of other text

/// Labels under an x axis: in one line, wrapped within their slots, slanted, or every k-th only.
struct XTickLabels {
  std::vector<std::vector<std::string>> lines;  ///< for each tick; empty where left out
  bool slanted = false;
  double height = 0;
  double overhang_left = 0;  ///< px beyond the ends of the axis
  double overhang_right = 0;
};

/// Room around a plot in px.
struct Margins {
  double left = 0, right = 0, top = 0, bottom = 0;
};

struct Subplot {
  const Axes::State* state = nullptr;
  const Axes::State* twin = nullptr;          ///< of the axes made by twinx, if there are any
  AxisState x_axis, y_axis;                   ///< of state, with what subplots that share an axis were told about it
  std::vector<Artist> artists, twin_artists;  ///< of state and twin, without what nobody could see
  std::vector<std::string> notes;
  Scale x, y, y2;  ///< y2 is the right axis, that of the twin
  Ticks x_ticks, y_ticks, y2_ticks;
  XTickLabels x_labels;
  std::vector<std::vector<std::string>> y_labels;
  std::vector<std::string> title_lines, x_label, y_label, y2_label, note_lines;
  Margins margins;
  double y_labels_width = 0, y2_labels_width = 0, colorbar_labels_width = 0;
  double twin_width = 0;  ///< of the right axis with its texts
  bool legend_outside = false;
  bool legend_has_no_place = false;             ///< there is no place inside where it hides nothing
  Point legend_corner;                          ///< of a legend inside: its top left corner
  double legend_height = 0, legend_width = 0;   ///< of one outside
  std::vector<std::string> legend_title_lines;  ///< likewise
  Box box;                                      ///< of the plot
};

/// The lines of a text that is no wider than `width` px, or than 60; none of an empty text.
std::vector<std::string> lines_of(const std::string& text, double size, double width, bool bold = false);

/// The width in px of the widest line.
double widest(const std::vector<std::string>& lines, double size);

/// Chooses ticks for a plot of `width` x `height` px in a cell of the grid `cell_width` px wide, breaks all texts into
/// lines, decides whether the legend stands outside, and measures the margins.
void measure(Subplot& p, double width, double height, double cell_width, const Theme& theme);

/// How much wider than high a plot is in which one unit of x is as long as one of y; of a log axis a decade is one
/// unit. Where that would leave less than a strip of the plot the shorter axis shows more.
double equal_units(Subplot& p, double width, double height);

/// Lets the scales map to a plot: x from left to right, y from its bottom to its top, or from its top to its bottom
/// where the axis is inverted.
void set_scales(Subplot& p, const Box& plot);

}  // namespace xg::viz::detail
