// The position, size and drawing of the legend of a subplot.
#pragma once

#include <xgrad/viz/axes.hpp>
#include <xgrad/viz/detail/subplot.hpp>
#include <xgrad/viz/scene.hpp>
#include <xgrad/viz/theme.hpp>

#include <optional>

namespace xg::viz::detail {

/// The requested legend of the axes or of those made by twinx; nullopt if none was requested.
const std::optional<LegendOptions>& legend_of(const Subplot& p);

/// Does any artist have a label?
bool has_legend_entries(const Subplot& p);

/// Decides whether the legend of a plot of `width` x `height` px stands outside, below the axes, and measures it there.
void measure_legend(Subplot& p, double width, double height, const Theme& theme);

/// The top left corner of a place inside the axes where the legend covers nothing, preferably the requested one;
/// nullopt if there is no such place. The scales of the subplot map to the sheet.
std::optional<Point> legend_place(const Subplot& p, const LegendOptions& options, const Theme& theme,
                                  const Scene& sheet);

/// Draws the legend at the place that was found for it.
void draw_legend(Scene& scene, const Subplot& p, const LegendOptions& options, const Theme& theme);

}  // namespace xg::viz::detail
