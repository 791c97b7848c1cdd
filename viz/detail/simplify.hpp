// Decimation of lines and marks without visible change.
#pragma once

#include <xgrad/viz/scene.hpp>

#include <cstddef>
#include <vector>

namespace xg::viz::detail {

/// Lines, areas and marks with more points are decimated.
inline constexpr std::size_t max_points = 4000;
/// If more marks are visible a sample is drawn, and the picture says so.
inline constexpr std::size_t max_marks = 15'000;

/// The indices, in order, of points that draw the same line as all of them on a sheet of `width` x `height` px; `gap`
/// stands for an interruption. Points that are not finite are gaps.
///
/// Among successive points within half a px of x, or of y, the first, the last and the extremes are kept; points inside
/// straight pieces are dropped. If more than 4 max_points points remain, or cells are larger than one px, pieces are
/// dropped that only cross cells of `cell` px covered by earlier pieces, so that the size of the sheet bounds the
/// number of points.
inline constexpr std::size_t gap = static_cast<std::size_t>(-1);
XG_API std::vector<std::size_t> simplify_line(const std::vector<Point>& points, double width, double height,
                                              double cell = 1);

/// The same for an area between two curves over sorted x: the indices that are kept in both curves.
XG_API std::vector<std::size_t> simplify_area(const std::vector<Point>& upper, const std::vector<Point>& lower);

/// The indices of the marks that later ones do not hide on a sheet of `width` x `height` px. Marks are given by their
/// boxes and have opacity `alpha`. A mark is hidden if each half px of it lies under so many others that less than
/// 1/500 of it shows through, and if it is not finite or off the sheet.
XG_API std::vector<std::size_t> visible_marks(const std::vector<Box>& marks, bool round, double alpha, double width,
                                              double height);

}  // namespace xg::viz::detail
