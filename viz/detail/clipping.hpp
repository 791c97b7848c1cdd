// Clipping of lines and areas to a box. All coordinates are in px.
#pragma once

#include <xgrad/viz/scene.hpp>

#include <vector>

namespace xg::viz::detail {

/// Are both coordinates of a point finite?
bool is_finite(const Point& p);

/// Is a point in a box or on its border?
bool contains(const Box& box, const Point& p);

/// Clips the segment from a to b to the box; returns false, without changes, if it lies outside.
bool clip_line(const Box& box, Point& a, Point& b);

/// Limits may put data far outside the sheet, and renderers do not support arbitrarily large coordinates: drawing ends
/// at this distance from the corner of the sheet.
inline constexpr double far_off = 1e5;
inline constexpr Box surroundings{-far_off, -far_off, far_off, far_off};

/// The coordinate clamped to the surroundings.
double clamp_to_surroundings(double px);

/// The pieces of a line within a box, separated by points that are NaN.
std::vector<Point> pieces_within(const Box& box, const std::vector<Point>& line);

/// The part of a polygon within the surroundings.
std::vector<Point> part_within_surroundings(std::vector<Point> polygon);

}  // namespace xg::viz::detail
