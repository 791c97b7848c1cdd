#include <xgrad/viz/detail/artist_geometry.hpp>
#include <xgrad/viz/detail/clipping.hpp>
#include <xgrad/viz/detail/painter.hpp>
#include <xgrad/viz/detail/range.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <initializer_list>
#include <utility>
#include <variant>

namespace xg::viz::detail {

void draw_marker(Scene& scene, const std::string& marker, Point centre, double diameter, const Paint& paint,
                 const std::string& tag) {
  const double r = diameter / 2;
  const auto polygon = [&](std::initializer_list<Point> corners) {
    std::vector<Point> points;
    for (const Point& c : corners) points.push_back({centre.x + c.x * r, centre.y + c.y * r});
    scene.add(Polygon{std::move(points), paint, {}, tag});
  };
  if (marker == "o") {
    scene.add(Circle{centre, r, paint, {}, tag});
  } else if (marker == "s") {
    polygon({{-.9, -.9}, {.9, -.9}, {.9, .9}, {-.9, .9}});
  } else if (marker == "^") {
    polygon({{0, -1}, {1, .8}, {-1, .8}});
  } else if (marker == "v") {
    polygon({{0, 1}, {1, -.8}, {-1, -.8}});
  } else if (marker == "d") {
    polygon({{0, -1.1}, {.8, 0}, {0, 1.1}, {-.8, 0}});
  } else if (marker == "x" || marker == "+") {
    const double k = marker == "x" ? 0.75 * r : 0;
    const double m = marker == "x" ? 0.75 * r : r;
    const Stroke stroke{paint, std::max(1.0, diameter / 6), {}, true};
    if (marker == "x") {
      scene.line({centre.x - k, centre.y - k}, {centre.x + k, centre.y + k}, stroke, tag);
      scene.line({centre.x - k, centre.y + k}, {centre.x + k, centre.y - k}, stroke, tag);
    } else {
      scene.line({centre.x - m, centre.y}, {centre.x + m, centre.y}, stroke, tag);
      scene.line({centre.x, centre.y - m}, {centre.x, centre.y + m}, stroke, tag);
    }
  }
}

namespace {

// Draws one artist.
class Painter {
 public:
  Painter(Scene& scene, const Scale& x, const Scale& y, const Box& plot, const Theme& theme)
      : scene_(scene), x_(x), y_(y), plot_(plot), theme_(theme) {}

  void operator()(const LineArtist& a) {
    const double width = line_px(a.width, theme_);
    const Box drawn = drawn_region(a, plot_);
    std::vector<Point> points;
    bool leaves_region = false;
    for (std::size_t i = 0; i < a.x.size(); ++i) {
      points.push_back(place(a.x[i], a.y[i]));
      leaves_region = leaves_region || (is_finite(points.back()) && !contains(drawn, points.back()));
    }
    const auto known = [&](std::size_t i) { return is_finite(points[i]); };
    const double diameter = a.markersize * px_per_point;
    if (a.dash != "none" && points.size() > 1) {
      const Stroke stroke{a.color, width, dash_pattern(a.dash, width), a.dash == "-"};
      std::vector<Point> line = leaves_region ? pieces_within(drawn, points) : points;
      // A solid line can be drawn in pieces, whose round ends meet without a seam.
      constexpr std::size_t piece = 500;
      const bool cut = drawn_in_pieces(a) && line.size() > 2 * piece;
      for (std::size_t begin = 0; cut && begin + 1 < line.size(); begin += piece) {
        const auto from = line.begin() + static_cast<std::ptrdiff_t>(begin);
        const auto to = line.begin() + static_cast<std::ptrdiff_t>(std::min(begin + piece + 1, line.size()));
        scene_.add(Polyline{{from, to}, stroke, "line"});
      }
      if (!cut) scene_.add(Polyline{std::move(line), stroke, "line"});
    }
    if (!a.marker.empty() && a.marks) {
      for (const auto& [x, y] : *a.marks) draw_marker(scene_, a.marker, place(x, y), diameter, a.color);
      return;
    }
    for (std::size_t i = 0; i < points.size(); ++i) {
      // A point between gaps would be invisible without a marker, so it is drawn as a dot.
      const bool alone = (i == 0 || !known(i - 1)) && (i + 1 == points.size() || !known(i + 1));
      if (!known(i) || (a.marker.empty() && (a.dash == "none" || !alone))) continue;
      draw_marker(scene_, a.marker.empty() ? "o" : a.marker, points[i],
                  a.marker.empty() && points.size() > 1 ? std::max(2 * width, 4.0) : diameter, a.color);
    }
  }

  void operator()(const PointsArtist& a) {
    for (std::size_t i = 0; i < a.x.size(); ++i) {
      const Point p = place(a.x[i], a.y[i]);
      if (!is_finite(p)) continue;
      Paint paint = a.color;
      if (!a.value.empty()) {
        const double t = !std::isfinite(a.value[i])               ? NAN
                         : is_constant(a.value_low, a.value_high) ? 0.5
                                                                  : Scale{a.value_low, a.value_high}(a.value[i]);
        paint = a.red_blue ? red_blue(t) : viridis(t);
      }
      draw_marker(scene_, a.marker, p, a.size * px_per_point, paint.fade(a.alpha));
    }
  }

  void operator()(const BarsArtist& a) {
    for (std::size_t i = 0; i < a.position.size(); ++i) {
      const Box bar = bar_box(a, i, x_, y_);
      if (std::isnan(bar.left)) continue;
      scene_.add(Rect{{clamp_to_surroundings(bar.left), clamp_to_surroundings(bar.top),
                       clamp_to_surroundings(bar.right), clamp_to_surroundings(bar.bottom)},
                      a.colors[a.colors.size() > 1 ? i : 0],
                      {},
                      0,
                      "bar"});
      if (!a.error.empty() && std::isfinite(a.error[i])) {
        whisker(a.base[i] + a.length[i], a.error[i], a.horizontal ? bar.centre().y : bar.centre().x, a.horizontal,
                3 * px_per_point, {Role::ink, 1.2});
      }
    }
  }

  void operator()(const FillArtist& a) {
    // Each run without gaps is one polygon.
    std::vector<Point> upper, lower;
    const auto close = [&] {
      if (upper.size() == 1) {
        // A single point has no area, so it is drawn as a strip.
        for (std::vector<Point>* side : {&upper, &lower}) {
          const Point p = side->front();
          *side = {{p.x - 0.5, p.y}, {p.x + 0.5, p.y}};
        }
      }
      if (!upper.empty()) {
        upper.insert(upper.end(), lower.rbegin(), lower.rend());
        scene_.add(Polygon{part_within_surroundings(upper), a.color, {}, "fill"});
      }
      upper.clear();
      lower.clear();
    };
    for (std::size_t i = 0; i < a.x.size(); ++i) {
      const Point p = place(a.x[i], a.high[i]);
      const Point q = place(a.x[i], a.low[i]);
      if (is_finite(p) && std::isfinite(q.y)) {
        upper.push_back(p);
        lower.push_back(q);
      } else {
        close();
      }
    }
    close();
  }

  void operator()(const ErrorArtist& a) {
    const Stroke stroke{a.color, line_px(a.width, theme_)};
    for (std::size_t i = 0; i < a.x.size(); ++i) {
      const Point p = place(a.x[i], a.y[i]);
      if (!is_finite(p)) continue;
      if (!a.yerr.empty() && std::isfinite(a.yerr[i]))
        whisker(a.y[i], a.yerr[i], p.x, false, a.cap * px_per_point, stroke);
      if (!a.xerr.empty() && std::isfinite(a.xerr[i]))
        whisker(a.x[i], a.xerr[i], p.y, true, a.cap * px_per_point, stroke);
    }
  }

  void operator()(const RuleArtist& a) {
    const double v = place_of(a, x_, y_);
    const double slack = 0.01;
    if (!std::isfinite(v)) return;
    if (a.horizontal ? v < plot_.top - slack || v > plot_.bottom + slack
                     : v < plot_.left - slack || v > plot_.right + slack)
      return;
    const double width = line_px(a.width, theme_);
    const Point from = a.horizontal ? Point{plot_.left, v} : Point{v, plot_.top};
    const Point to = a.horizontal ? Point{plot_.right, v} : Point{v, plot_.bottom};
    if (a.dash != "none") scene_.line(from, to, {a.color, width, dash_pattern(a.dash, width)}, "rule");
  }

  void operator()(const TextArtist& a) {
    const Point p = place(a.x, a.y);
    if (!is_finite(p)) return;
    scene_.add(placed_text(a, p, theme_, scene_));
  }

 private:
  Point place(double x, double y) const { return place_of(x_, y_, x, y); }
  // Draws an error bar along x or y around `middle`, at `cross_px` on the other axis. An end that is not positive on a
  // log axis has no cap.
  void whisker(double middle, double error, double cross_px, bool along_x, double cap, const Stroke& stroke) {
    const Scale& scale = along_x ? x_ : y_;
    const auto point = [&](double v, double cap_offset) {
      const double px = clamp_to_surroundings(scale(v)), other = clamp_to_surroundings(cross_px) + cap_offset;
      return along_x ? Point{px, other} : Point{other, px};
    };
    scene_.line(point(middle - error, 0), point(middle + error, 0), stroke, "error");
    for (const double end : {middle - error, middle + error}) {
      if (!scale.log || end > 0) scene_.line(point(end, -cap), point(end, cap), stroke, "error");
    }
  }

  Scene& scene_;
  const Scale& x_;
  const Scale& y_;
  const Box& plot_;
  const Theme& theme_;
};

}  // namespace

void draw_artists(Scene& scene, const std::vector<Artist>& artists, const Scale& x, const Scale& y, const Box& plot,
                  bool clipped, const Theme& theme) {
  if (clipped) scene.add(ClipBegin{{plot.left - 1, plot.top - 1, plot.right + 1, plot.bottom + 1}});
  Painter painter(scene, x, y, plot, theme);
  // The alternatives of Artist are in the order in which they are drawn; the last one is text.
  for (std::size_t kind = 0; kind + 1 < std::variant_size_v<Artist>; ++kind) {
    for (const Artist& a : artists) {
      if (a.index() == kind) std::visit(painter, a);
    }
  }
  if (clipped) scene.add(ClipEnd{});
  for (const Artist& a : artists) {
    if (std::holds_alternative<TextArtist>(a)) std::visit(painter, a);
  }
}

}  // namespace xg::viz::detail
