// Draws a panel that has been laid out. Internal to viz/.
#pragma once

#include <xgrad/viz/detail/panel.hpp>
#include <xgrad/viz/scene.hpp>
#include <xgrad/viz/theme.hpp>

namespace xg::viz::detail {

/// Draws a panel whose scales map to its box: grid, artists, axes with their texts, title, notes, colour bar, legend.
void draw_panel(Scene& scene, const Panel& p, const Theme& theme);

}  // namespace xg::viz::detail
