// Geometry of artists in px: positions, line widths, dashes and opacities.
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

/// The width of a line in px; 0 points stands for the theme's width. At least 0.1 px, because SVG numbers are written
/// with two decimals and a width of 0 draws nothing.
double line_px(double points, const Theme& theme);

/// The opacity of a paint that does not depend on the theme.
double opacity_of(const Paint& p);

/// Lengths in px of the dashes and gaps of a line style, such as "--", at a width in px; zeros for a solid line.
std::array<double, 4> dash_pattern(const std::string& style, double width);

/// May a line be drawn in pieces? If it is translucent or dashed the ends of the pieces would show.
bool drawn_in_pieces(const LineArtist& a);

/// The region that a line is clipped to. It is small for dashed lines, because renderers process every dash, even
/// outside the plot.
Box drawn_region(const LineArtist& a, const Box& plot);

/// The px of a data point; NaN where it is not positive on a log axis.
Point place_of(const Scale& x_scale, const Scale& y_scale, double x, double y);

/// The px at which a rule crosses its axis; NaN where it is not positive on a log axis.
double place_of(const RuleArtist& a, const Scale& x, const Scale& y);

/// The box of bar `i`, at least one px thick; NaN where its end is not positive on a log axis.
Box bar_box(const BarsArtist& a, std::size_t i, const Scale& x, const Scale& y);

/// The text at `place`, moved so that it stays on the sheet.
Text placed_text(const TextArtist& a, Point place, const Theme& theme, const Scene& sheet);

}  // namespace xg::viz::detail
