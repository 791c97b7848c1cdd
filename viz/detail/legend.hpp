// The legend of a subplot: where it has its place, how large it is, and how it is drawn.
#pragma once

#include <xgrad/viz/axes.hpp>
#include <xgrad/viz/detail/subplot.hpp>
#include <xgrad/viz/scene.hpp>
#include <xgrad/viz/theme.hpp>

#include <optional>

namespace xg::viz::detail {

/// The legend that a user asked for, of the axes or of those made by twinx; nullopt where nobody asked.
const std::optional<LegendOptions>& legend_of(const Subplot& p);

/// Has the legend anything to show?
bool has_legend_entries(const Subplot& p);

/// Decides whether the legend of a plot of `width` x `height` px stands outside, below the axes, and measures it there.
void measure_legend(Subplot& p, double width, double height, const Theme& theme);

/// The top left corner of a legend inside the axes where it covers nothing: the place that was asked for before all
/// others. nullopt where there is no such place. The subplot's scales map to the sheet.
std::optional<Point> legend_place(const Subplot& p, const LegendOptions& options, const Theme& theme,
                                  const Scene& sheet);

/// Draws the legend at the place that was found for it.
void draw_legend(Scene& scene, const Subplot& p, const LegendOptions& options, const Theme& theme);

}  // namespace xg::viz::detail
