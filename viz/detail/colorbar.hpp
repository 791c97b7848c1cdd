// The colour bar at the right of a subplot.
#pragma once

#include <xgrad/viz/detail/axes_state.hpp>
#include <xgrad/viz/detail/subplot.hpp>
#include <xgrad/viz/scene.hpp>
#include <xgrad/viz/theme.hpp>

namespace xg::viz::detail {

/// The last points of a subplot whose colours show numbers, which the colour bar explains; nullptr if there are none.
const PointsArtist* mapped_points(const Subplot& p);

/// Adds the width of the colour bar of a plot `height` px high to the right margin.
void measure_colorbar(Subplot& p, double height, const Theme& theme);

/// Draws a vertical bar of the colours of red_blue or viridis, with t = 1 at the top.
void add_color_strips(Scene& scene, const Box& bar, bool red_blue_map);

/// Draws the colour bar, if one was requested and there are points with mapped colours.
void draw_colorbar(Scene& scene, const Subplot& p, const Theme& theme);

}  // namespace xg::viz::detail
