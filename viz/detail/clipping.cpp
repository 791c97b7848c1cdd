#include <xgrad/viz/detail/clipping.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace xg::viz::detail {

bool is_finite(const Point& p) { return std::isfinite(p.x) && std::isfinite(p.y); }

bool contains(const Box& box, const Point& p) {
  return p.x >= box.left && p.x <= box.right && p.y >= box.top && p.y <= box.bottom;
}

// After Liang and Barsky (1984).
bool clip_line(const Box& box, Point& a, Point& b) {
  double from = 0, to = 1;
  const auto side = [&](double step, double distance) {
    if (step == 0) return distance >= 0;
    const double t = distance / step;
    if (step < 0)
      from = std::max(from, t);
    else
      to = std::min(to, t);
    return from <= to;
  };
  const Point d{b.x - a.x, b.y - a.y};
  if (!(side(-d.x, a.x - box.left) && side(d.x, box.right - a.x) && side(-d.y, a.y - box.top) &&
        side(d.y, box.bottom - a.y)))
    return false;
  const Point start = a;
  if (from > 0)
    a = {std::clamp(start.x + from * d.x, box.left, box.right), std::clamp(start.y + from * d.y, box.top, box.bottom)};
  if (to < 1)
    b = {std::clamp(start.x + to * d.x, box.left, box.right), std::clamp(start.y + to * d.y, box.top, box.bottom)};
  return true;
}

double clamp_to_surroundings(double px) { return std::clamp(px, -far_off, far_off); }

std::vector<Point> pieces_within(const Box& box, const std::vector<Point>& line) {
  std::vector<Point> pieces;
  for (std::size_t i = 1; i < line.size(); ++i) {
    Point a = line[i - 1], b = line[i];
    if (!is_finite(a) || !is_finite(b) || !clip_line(box, a, b)) {
      if (!pieces.empty() && std::isfinite(pieces.back().x)) pieces.push_back({NAN, NAN});
      continue;
    }
    if (pieces.empty() || pieces.back().x != a.x || pieces.back().y != a.y) {
      if (!pieces.empty() && std::isfinite(pieces.back().x)) pieces.push_back({NAN, NAN});
      pieces.push_back(a);
    }
    pieces.push_back(b);
  }
  return pieces;
}

// Cut at one side after the other: Sutherland and Hodgman (1974).
std::vector<Point> part_within_surroundings(std::vector<Point> polygon) {
  const auto inside = [](double v) { return std::abs(v) <= far_off; };
  if (std::all_of(polygon.begin(), polygon.end(), [&](const Point& p) { return inside(p.x) && inside(p.y); }))
    return polygon;
  for (const bool along_x : {true, false}) {
    for (const double side : {-far_off, far_off}) {
      std::vector<Point> kept;
      const auto depth = [&](const Point& p) {
        return side < 0 ? (along_x ? p.x : p.y) / 2 - side / 2 : side / 2 - (along_x ? p.x : p.y) / 2;
      };
      for (std::size_t i = 0; i < polygon.size(); ++i) {
        const Point &a = polygon[i], &b = polygon[(i + 1) % polygon.size()];
        const double da = depth(a), db = depth(b);
        if (da >= 0) kept.push_back(a);
        if ((da >= 0) == (db >= 0)) continue;
        const double t = da / (da - db);
        kept.push_back({along_x ? side : a.x + t * (b.x - a.x), along_x ? a.y + t * (b.y - a.y) : side});
      }
      polygon = std::move(kept);
    }
  }
  return polygon;
}

}  // namespace xg::viz::detail
