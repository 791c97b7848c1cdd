// Where artists are on a sheet, in px, and how thick and opaque.
#pragma once

#include <xgrad/viz/detail/axes_state.hpp>
#include <xgrad/viz/scene.hpp>
#include <xgrad/viz/theme.hpp>
#include <xgrad/viz/ticks.hpp>

#include <array>
#include <cstddef>
#include <string>

namespace xg::viz::detail {

inline constexpr double px_per_point = 96.0 / 72.0;

/// The width of a line in px; 0 points is the theme's. Numbers in a picture have two decimals, and a line of no width
/// is none, so that the least is 0.1 px.
double line_px(double points, const Theme& theme);

/// How opaque a paint is whatever the theme.
double opacity_of(const Paint& p);

/// Lengths in px of the dashes and gaps of a line style, such as "--", at a width in px; zeros for a solid line.
std::array<double, 4> dash_pattern(const std::string& style, double width);

/// May a line be drawn piece after piece? Where it is translucent or dashed the ends of pieces would show.
bool drawn_in_pieces(const LineArtist& a);

/// Where a line is drawn that may leave the plot. Renderers follow a dashed line dash after dash, so that it must not
/// go on far outside the plot.
Box drawn_region(const LineArtist& a, const Box& plot);

/// Where a point of the data is; NaN where it has no place on a log axis.
Point place_of(const Scale& x_scale, const Scale& y_scale, double x, double y);

/// Where a rule crosses its axis; NaN where it has no place on a log axis.
double place_of(const RuleArtist& a, const Scale& x, const Scale& y);

/// Where bar `i` is; NaN where it ends at no place of a log axis. Bars are at least one px thick, so that they are
/// seen.
Box bar_box(const BarsArtist& a, std::size_t i, const Scale& x, const Scale& y);

/// A text whose data are at `place`, moved so that it stays on the sheet.
Text placed_text(const TextArtist& a, Point place, const Theme& theme, const Scene& sheet);

}  // namespace xg::viz::detail
