// Lines and marks of very many points, without those that nobody could see.
#pragma once

#include <xgrad/viz/scene.hpp>

#include <cstddef>
#include <vector>

namespace xg::viz::detail {

/// Above so many points lines, areas and marks are simplified; up to here they are drawn as they are.
inline constexpr std::size_t max_points = 4000;
/// Above so many visible marks a fair choice is drawn, and the picture says so.
inline constexpr std::size_t max_marks = 15'000;

/// The points of a line on a sheet of `width` x `height` px that a reader can tell from all of them, in order, as
/// indices; `gap` stands where the line is interrupted. Points that are not finite are gaps.
///
/// Of points in a row within half a px of x, or of y, the first and the last one and the extremes are kept, points
/// amid a straight piece are dropped. Of a line that still has more than 4 max_points points, or with cells of more
/// than one px, those pieces are left out that run over nothing but cells of `cell` px which earlier pieces cover, so
/// that what is left is bounded by the sheet.
inline constexpr std::size_t gap = static_cast<std::size_t>(-1);
XG_API std::vector<std::size_t> simplify_line(const std::vector<Point>& points, double width, double height,
                                              double cell = 1);

/// The same for an area between two curves over increasing x: the indices at which both curves are kept.
XG_API std::vector<std::size_t> simplify_area(const std::vector<Point>& upper, const std::vector<Point>& lower);

/// Which marks are not hidden under those that are drawn after them, on a sheet of `width` x `height` px: boxes of the
/// marks, all as opaque as `alpha`. A mark whose every half px lies under so many others that less than 1 part in 500
/// of it shines through is hidden. Marks that are not finite or lie off the sheet are hidden as well.
XG_API std::vector<std::size_t> visible_marks(const std::vector<Box>& marks, bool round, double alpha, double width,
                                              double height);

}  // namespace xg::viz::detail
