// Draws a subplot that has been laid out.
#pragma once

#include <xgrad/viz/detail/subplot.hpp>
#include <xgrad/viz/scene.hpp>
#include <xgrad/viz/theme.hpp>

namespace xg::viz::detail {

/// Draws a subplot whose scales map to its box: grid, artists, axes with their texts, title, notes, colour bar, legend.
void draw_subplot(Scene& scene, const Subplot& p, const Theme& theme);

}  // namespace xg::viz::detail
