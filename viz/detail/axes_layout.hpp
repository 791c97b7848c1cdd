// The layout of a grid of axes.
#pragma once

#include <xgrad/viz/axes.hpp>
#include <xgrad/viz/scene.hpp>
#include <xgrad/viz/theme.hpp>

#include <string>
#include <vector>

namespace xg::viz::detail {

/// Lays out and draws a grid of axes on `scene`, whose requested size grows if labels need more space.
void draw_grid(Scene& scene, const std::vector<std::vector<const Axes*>>& grid, bool share_x, bool share_y,
               const std::string& title, const Theme& theme);

}  // namespace xg::viz::detail
