// The bar at the right of a subplot that shows what the colours of its points mean.
#pragma once

#include <xgrad/viz/detail/axes_state.hpp>
#include <xgrad/viz/detail/subplot.hpp>
#include <xgrad/viz/scene.hpp>
#include <xgrad/viz/theme.hpp>

namespace xg::viz::detail {

/// The last points of a subplot whose colours show numbers: those that its colour bar is about. nullptr where there are
/// none.
const PointsArtist* mapped_points(const Subplot& p);

/// Adds the room that the colour bar of a plot `height` px high takes to the right margin.
void measure_colorbar(Subplot& p, double height, const Theme& theme);

/// An upright bar of colours, red_blue or viridis, with the largest at the top.
void add_color_strips(Scene& scene, const Box& bar, bool red_blue_map);

/// Draws the colour bar; nothing where nobody asked for one or no points have one.
void draw_colorbar(Scene& scene, const Subplot& p, const Theme& theme);

}  // namespace xg::viz::detail
