#include <xgrad/viz/detail/artist_geometry.hpp>
#include <xgrad/viz/detail/clipping.hpp>
#include <xgrad/viz/detail/covering.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <variant>

namespace xg::viz::detail {
namespace {

// Tests whether any part of an artist is in the box.
class Covered {
 public:
  Covered(const Box& box, const Scale& x, const Scale& y, const Box& plot, const Theme& theme, const Scene& sheet)
      : box_(box), x_(x), y_(y), plot_(plot), theme_(theme), sheet_(sheet) {}

  bool operator()(const LineArtist& a) const {
    const bool joined = a.dash != "none";
    for (std::size_t i = 0; i < a.x.size(); ++i) {
      if (meets(i > 0 && joined ? place(a.x[i - 1], a.y[i - 1]) : place(a.x[i], a.y[i]), place(a.x[i], a.y[i])))
        return true;
    }
    return false;
  }
  bool operator()(const PointsArtist& a) const {
    for (std::size_t i = 0; i < a.x.size(); ++i) {
      if (meets(place(a.x[i], a.y[i]), place(a.x[i], a.y[i]))) return true;
    }
    return false;
  }
  bool operator()(const BarsArtist& a) const {
    for (std::size_t i = 0; i < a.position.size(); ++i) {
      if (box_.overlaps(bar_box(a, i, x_, y_))) return true;
      if (a.error.empty() || !std::isfinite(a.error[i])) continue;
      const double end = a.base[i] + a.length[i], from = end - a.error[i], to = end + a.error[i];
      if (a.horizontal ? meets(place(from, a.position[i]), place(to, a.position[i]))
                       : meets(place(a.position[i], from), place(a.position[i], to)))
        return true;
    }
    return false;
  }
  bool operator()(const FillArtist& a) const {
    for (std::size_t i = 0; i < a.x.size(); ++i) {
      const std::size_t previous = i > 0 ? i - 1 : 0;
      if (meets(place(a.x[previous], a.high[previous]), place(a.x[i], a.high[i]))) return true;
      if (meets(place(a.x[previous], a.low[previous]), place(a.x[i], a.low[i]))) return true;
    }
    return false;
  }
  bool operator()(const ErrorArtist& a) const {
    for (std::size_t i = 0; i < a.x.size(); ++i) {
      const double dx = a.xerr.empty() ? 0 : a.xerr[i], dy = a.yerr.empty() ? 0 : a.yerr[i];
      if (meets(place(a.x[i] - dx, a.y[i]), place(a.x[i] + dx, a.y[i]))) return true;
      if (meets(place(a.x[i], a.y[i] - dy), place(a.x[i], a.y[i] + dy))) return true;
    }
    return false;
  }
  bool operator()(const RuleArtist& a) const {
    const double v = place_of(a, x_, y_);
    return a.horizontal ? meets({plot_.left, v}, {plot_.right, v}) : meets({v, plot_.top}, {v, plot_.bottom});
  }
  bool operator()(const TextArtist& a) const {
    const Point p = place(a.x, a.y);
    return is_finite(p) && box_.overlaps(bounds(placed_text(a, p, theme_, sheet_)));
  }

 private:
  Point place(double x, double y) const { return place_of(x_, y_, x, y); }
  bool meets(Point a, Point b) const {
    if (!is_finite(b)) return false;
    if (!is_finite(a)) a = b;
    return clip_line(box_, a, b);
  }

  Box box_;
  const Scale& x_;
  const Scale& y_;
  const Box& plot_;
  const Theme& theme_;
  const Scene& sheet_;
};

}  // namespace

bool covers(const Box& box, const std::vector<Artist>& artists, const Scale& x, const Scale& y, const Box& plot,
            const Theme& theme, const Scene& sheet) {
  const Covered covered(box, x, y, plot, theme, sheet);
  return std::any_of(artists.begin(), artists.end(), [&](const Artist& artist) { return std::visit(covered, artist); });
}

}  // namespace xg::viz::detail
