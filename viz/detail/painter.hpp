// Drawing of artists on a scene.
#pragma once

#include <xgrad/viz/color.hpp>
#include <xgrad/viz/detail/axes_state.hpp>
#include <xgrad/viz/scene.hpp>
#include <xgrad/viz/theme.hpp>
#include <xgrad/viz/ticks.hpp>

#include <string>
#include <vector>

namespace xg::viz::detail {

/// Draws a marker such as "o" or "x" with the given diameter in px; nothing for "".
void draw_marker(Scene& scene, const std::string& marker, Point centre, double diameter, const Paint& paint,
                 const std::string& tag = "point");

/// Draws the artists of a plot whose scales map to the box `plot` in px, in the order of the alternatives of Artist:
/// areas first, texts last. If `clipped` is set, all but the texts are clipped to the plot.
void draw_artists(Scene& scene, const std::vector<Artist>& artists, const Scale& x, const Scale& y, const Box& plot,
                  bool clipped, const Theme& theme);

}  // namespace xg::viz::detail
