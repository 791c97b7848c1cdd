// The artists of a plot without what nobody could see.
#pragma once

#include <xgrad/viz/detail/axes_state.hpp>
#include <xgrad/viz/scene.hpp>
#include <xgrad/viz/theme.hpp>
#include <xgrad/viz/ticks.hpp>

#include <string>
#include <vector>

namespace xg::viz::detail {

/// What can be seen of the artists of a plot of at most `size` px, in their order: of very many points those that
/// simplify_line, simplify_area and visible_marks keep, and a fair choice where too many are left. `notes` gets a
/// sentence for all that is left out although it could be seen, and where nothing is left to draw.
///
/// Throws ValueError where the x of an area of very many points go to and fro.
std::vector<Artist> visible_artists(const std::vector<Artist>& artists, const Scale& x, const Scale& y, Point size,
                                    const Theme& theme, std::vector<std::string>& notes);

}  // namespace xg::viz::detail
