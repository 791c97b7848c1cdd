// Tests whether a box, such as a legend, covers what artists draw.
#pragma once

#include <xgrad/viz/detail/axes_state.hpp>
#include <xgrad/viz/scene.hpp>
#include <xgrad/viz/theme.hpp>
#include <xgrad/viz/ticks.hpp>

#include <vector>

namespace xg::viz::detail {

/// Does `box` cover any of what the artists of a plot draw: lines, points, bars, edges of areas, error bars, texts?
/// All boxes are in px; the scales map to `plot`, which lies on `sheet`.
bool covers(const Box& box, const std::vector<Artist>& artists, const Scale& x, const Scale& y, const Box& plot,
            const Theme& theme, const Scene& sheet);

}  // namespace xg::viz::detail
