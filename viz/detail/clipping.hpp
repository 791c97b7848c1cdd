// Lines and areas cut at a box. All coordinates are px.
#pragma once

#include <xgrad/viz/scene.hpp>

#include <vector>

namespace xg::viz::detail {

/// Are both coordinates of a point finite?
bool is_finite(const Point& p);

/// Is a point in a box or on its border?
bool contains(const Box& box, const Point& p);

/// Cuts the straight line from a to b at the box; false where they do not meet.
bool clip_line(const Box& box, Point& a, Point& b);

/// Limits may leave data far outside the sheet, and no renderer has coordinates for all of them: what is drawn ends
/// at this distance from the sheet's corner.
inline constexpr double far_off = 1e5;
inline constexpr Box surroundings{-far_off, -far_off, far_off, far_off};

/// A coordinate within the surroundings.
double clamp_to_surroundings(double px);

/// The pieces of a line within a box, one after the other with a point that is NaN between them.
std::vector<Point> pieces_within(const Box& box, const std::vector<Point>& line);

/// The part of a polygon within the surroundings.
std::vector<Point> part_within_surroundings(std::vector<Point> polygon);

}  // namespace xg::viz::detail
