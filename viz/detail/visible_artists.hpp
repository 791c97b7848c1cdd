// The visible parts of the artists of a plot.
#pragma once

#include <xgrad/viz/detail/axes_state.hpp>
#include <xgrad/viz/scene.hpp>
#include <xgrad/viz/theme.hpp>
#include <xgrad/viz/ticks.hpp>

#include <string>
#include <vector>

namespace xg::viz::detail {

/// The visible parts of the artists, in order, of a plot of at most `size` px: points that simplify_line, simplify_area
/// and visible_marks keep, and a sample of these if there are still too many. `notes` gets a sentence for visible
/// points that are left out, and if nothing remains to be drawn.
///
/// Throws ValueError where an area of very many points is not sorted by x.
std::vector<Artist> visible_artists(const std::vector<Artist>& artists, const Scale& x, const Scale& y, Point size,
                                    const Theme& theme, std::vector<std::string>& notes);

}  // namespace xg::viz::detail
