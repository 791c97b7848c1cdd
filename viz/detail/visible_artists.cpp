#include <fmt/format.h>
#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/detail/artist_geometry.hpp>
#include <xgrad/viz/detail/clipping.hpp>
#include <xgrad/viz/detail/format.hpp>
#include <xgrad/viz/detail/simplify.hpp>
#include <xgrad/viz/detail/thinning.hpp>
#include <xgrad/viz/detail/visible_artists.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <utility>
#include <variant>

namespace xg::viz::detail {
namespace {

// Renderers take quadratic time for a path that crosses itself, so its number of points is limited.
constexpr std::size_t max_crossing_points = 1500;

// Reduces the artists of a plot of at most `size` px to their visible parts, and notes visible points that are left
// out.
class Simplifier {
 public:
  Simplifier(const Scale& x, const Scale& y, Point size, const Theme& theme, std::vector<std::string>& notes)
      : x_(x), y_(y), size_(size), theme_(theme), notes_(notes) {
    x_.from = y_.from = 0;
    x_.to = size.x;
    y_.to = size.y;
  }

  Artist operator()(const Artist& artist) { return std::visit(*this, artist); }

  Artist operator()(const LineArtist& a) {
    const std::vector<Point> points = places(a.x, a.y);
    count_line(points, a);
    LineArtist out = a;
    if (a.dash != "-" && a.dash != "none" && dashes_of(points, a) > max_dashes) {
      out.dash = "-";
      notes_.push_back("A dashed line is drawn solid: its dashes are too many to be told apart");
    }
    const auto crosses = [&](const std::vector<std::size_t>& line) {
      return line.size() > max_crossing_points && wanders(line, points);
    };
    std::vector<std::size_t> indices(points.size());
    std::iota(indices.begin(), indices.end(), std::size_t{0});
    if (a.x.size() <= max_points && (drawn_in_pieces(out) || a.dash == "none" || !crosses(indices))) return out;
    if (!a.marker.empty()) {
      out.marks.emplace();
      for (const std::size_t i : marks(points, a.marker, a.markersize, opacity_of(a.color), a.x, a.y))
        out.marks->push_back({a.x[i], a.y[i]});
    }
    out.x.clear();
    out.y.clear();
    if (a.dash == "none") {
      if (out.marks) {
        for (const auto& [x, y] : *out.marks) out.x.push_back(x), out.y.push_back(y);
      }
      return out;
    }
    std::vector<std::size_t> kept = simplify_line(points, size_.x, size_.y);
    // A solid line that crosses itself is drawn in pieces. The pieces of other lines would show where they meet, so
    // that they are drawn from coarser cells instead, and the picture says so.
    const auto alone = [&](std::size_t k) {
      return kept[k] != gap && (k == 0 || kept[k - 1] == gap) && (k + 1 == kept.size() || kept[k + 1] == gap);
    };
    const auto too_long = [&] {
      std::vector<std::size_t> joined;
      for (std::size_t k = 0; k < kept.size(); ++k) {
        if (kept[k] != gap && !alone(k)) joined.push_back(kept[k]);
      }
      // The ends of pieces are shapes of their own, which add to the cost of a path.
      const bool torn = kept.size() - joined.size() > joined.size() / 20;
      return joined.size() > (torn ? 1 : 4) * max_points || crosses(joined);
    };
    double cell = 1;
    while (!drawn_in_pieces(out) && cell < 16 && too_long()) {
      cell *= 2;
      kept = simplify_line(points, size_.x, size_.y, cell);
    }
    if (cell > 1) {
      const auto known = std::count_if(points.begin(), points.end(), [](const Point& p) { return std::isfinite(p.x); });
      const auto drawn = std::count_if(kept.begin(), kept.end(), [](std::size_t i) { return i != gap; });
      note_choice(static_cast<std::size_t>(drawn), static_cast<std::size_t>(known), "points of a line");
    }
    std::vector<Box> dots(kept.size(), {NAN, NAN, NAN, NAN});  // boxes of points between gaps
    std::vector<bool> hidden(kept.size(), false);
    for (std::size_t k = 0; k < kept.size(); ++k) {
      if (!alone(k)) continue;
      const Point& p = points[kept[k]];
      dots[k] = {p.x - 2, p.y - 2, p.x + 2, p.y + 2};
      hidden[k] = true;
    }
    std::vector<std::size_t> shown = visible_marks(dots, true, opacity_of(a.color), size_.x, size_.y);
    if (shown.size() > max_marks) {
      note_choice(max_marks, shown.size(), "single points");
      shown = rows_to_draw(shown, max_marks, {});
    }
    for (const std::size_t k : shown) hidden[k] = false;
    for (std::size_t k = 0; k < kept.size(); ++k) {
      if (hidden[k]) continue;
      const std::size_t i = kept[k];
      if (i == gap && (out.x.empty() || std::isnan(out.x.back()))) continue;
      out.x.push_back(i == gap ? NAN : a.x[i]);
      out.y.push_back(i == gap ? NAN : a.y[i]);
    }
    return out;
  }

  Artist operator()(const PointsArtist& a) {
    const std::vector<Point> points = places(a.x, a.y);
    const double r = a.size * px_per_point / 2;
    for (const Point& p : points) count(on_plot({p.x - r, p.y - r, p.x + r, p.y + r}), std::isfinite(p.x));
    if (a.x.size() <= max_points) return a;
    return subset(a, marks(points, a.marker, a.size, a.alpha * (a.value.empty() ? opacity_of(a.color) : 1), a.x, a.y));
  }

  Artist operator()(const BarsArtist& a) {
    std::vector<Box> boxes;
    for (std::size_t i = 0; i < a.position.size(); ++i) {
      boxes.push_back(bar_box(a, i, x_, y_));
      Box& b = boxes.back();
      count(on_plot(b), std::isfinite(b.left));
      if (a.error.empty() || !std::isfinite(a.error[i]) || !std::isfinite(b.left)) continue;
      // An error bar may extend beyond a hidden bar.
      for (const double end : {a.base[i] + a.length[i] - a.error[i], a.base[i] + a.length[i] + a.error[i]}) {
        const double px = a.horizontal ? x_(end) : y_(end);
        (a.horizontal ? b.left : b.top) = std::min(a.horizontal ? b.left : b.top, px);
        (a.horizontal ? b.right : b.bottom) = std::max(a.horizontal ? b.right : b.bottom, px);
      }
    }
    if (boxes.size() <= max_points) return a;
    double opacity = 1;
    for (const Paint& p : a.colors) opacity = std::min(opacity, opacity_of(p));
    const std::vector<std::size_t> kept = a.error.empty() && opacity > min_opacity
                                              ? visible_marks(boxes, false, opacity, size_.x, size_.y)
                                              : boxes_on_plot(boxes);
    return subset(a, fair_choice(kept, a.position, a.length, "bars"));
  }

  Artist operator()(const FillArtist& a) {
    const std::vector<Point> upper = places(a.x, a.high), lower = places(a.x, a.low);
    const auto known = [&](std::size_t i) { return std::isfinite(upper[i].x) && std::isfinite(lower[i].x); };
    const auto reach = [&](Box& b, std::size_t i) {
      b = {std::min(b.left, upper[i].x - 0.5), std::min({b.top, upper[i].y, lower[i].y}),
           std::max(b.right, upper[i].x + 0.5), std::max({b.bottom, upper[i].y, lower[i].y})};
    };
    constexpr Box nowhere{INFINITY, INFINITY, -INFINITY, -INFINITY};
    for (std::size_t i = 0; i < a.x.size(); ++i) {
      Box b = nowhere;
      if (known(i)) reach(b, i);
      if (known(i) && i > 0 && known(i - 1)) reach(b, i - 1);
      count(known(i) && on_plot(b), known(i));
    }
    const std::vector<std::size_t> kept = simplify_area(upper, lower);
    const bool sorted = std::is_sorted(a.x.begin(), a.x.end(), [](double u, double v) { return u < v; }) ||
                        std::is_sorted(a.x.begin(), a.x.end(), [](double u, double v) { return u > v; });
    if (!sorted && (kept.size() > max_marks || (kept.size() > max_crossing_points && wanders(kept, upper)))) {
      throw ValueError(fmt::format(
          "[fill_between] the area has {} points whose x go to and fro: sort them by x, or give at most {}.",
          a.x.size(), max_crossing_points));
    }
    if (a.x.size() <= max_points) return a;
    // Runs of points between gaps. Runs of at most 2 px are strips, very many of which may overlap.
    std::vector<std::pair<std::size_t, std::size_t>> runs, strips;
    std::vector<Box> boxes;
    for (std::size_t begin = 0; begin < kept.size();) {
      Box b = nowhere;
      std::size_t end = begin;
      for (; end < kept.size() && known(kept[end]); ++end) reach(b, kept[end]);
      if (end > begin && b.width() > 2) runs.emplace_back(begin, end);
      if (end > begin && b.width() <= 2) {
        strips.emplace_back(begin, end);
        boxes.push_back(b);
      }
      begin = std::max(end, begin + 1);
    }
    if (strips.size() > max_points) {
      const double opacity = opacity_of(a.color);
      std::vector<double> place, height;
      for (const Box& b : boxes) place.push_back(b.left), height.push_back(b.top);
      const std::vector<std::size_t> chosen = fair_choice(
          opacity > min_opacity ? visible_marks(boxes, false, opacity, size_.x, size_.y) : boxes_on_plot(boxes), place,
          height, "strips of an area");
      for (const std::size_t i : chosen) runs.push_back(strips[i]);
    } else {
      runs.insert(runs.end(), strips.begin(), strips.end());
    }
    std::sort(runs.begin(), runs.end());
    FillArtist out{{}, {}, {}, a.color, a.label};
    for (const auto& [begin, end] : runs) {
      for (std::size_t k = begin; k < end; ++k) {
        out.x.push_back(a.x[kept[k]]);
        out.low.push_back(a.low[kept[k]]);
        out.high.push_back(a.high[kept[k]]);
      }
      for (std::vector<double>* values : {&out.x, &out.low, &out.high}) values->push_back(NAN);
    }
    return out;
  }

  Artist operator()(const ErrorArtist& a) {
    const std::vector<Point> points = places(a.x, a.y);
    std::vector<Box> boxes;
    for (std::size_t i = 0; i < points.size(); ++i) {
      const Point& p = points[i];
      Box b{p.x, p.y, p.x, p.y};
      if (!a.xerr.empty() && std::isfinite(a.xerr[i])) {
        b.left = std::min(x_(a.x[i] - a.xerr[i]), x_(a.x[i] + a.xerr[i]));
        b.right = std::max(x_(a.x[i] - a.xerr[i]), x_(a.x[i] + a.xerr[i]));
      }
      if (!a.yerr.empty() && std::isfinite(a.yerr[i])) {
        b.top = std::min(y_(a.y[i] - a.yerr[i]), y_(a.y[i] + a.yerr[i]));
        b.bottom = std::max(y_(a.y[i] - a.yerr[i]), y_(a.y[i] + a.yerr[i]));
      }
      if (!std::isfinite(p.x)) b = {NAN, NAN, NAN, NAN};
      count(on_plot(b), std::isfinite(p.x));
      boxes.push_back(b);
    }
    constexpr std::size_t max_bars = max_marks / 3;  // each has a bar and two caps
    if (a.x.size() <= max_bars) return a;
    return subset(a, fair_choice(boxes_on_plot(boxes), a.x, a.y, "error bars", max_bars));
  }

  Artist operator()(const RuleArtist& a) {
    const double v = place_of(a, x_, y_);
    count(v >= -0.01 && v <= (a.horizontal ? size_.y : size_.x) + 0.01, std::isfinite(v));
    return a;
  }

  // A text outside the plot is left out, because it would be moved to the border of the sheet, where it would mislead.
  Artist operator()(const TextArtist& a) {
    const Point p = place_of(x_, y_, a.x, a.y);
    if (on_plot({p.x - 1, p.y - 1, p.x + 1, p.y + 1})) return a;
    ++texts_left_out_;
    TextArtist out = a;
    out.x = out.y = NAN;
    return out;
  }

  // Adds notes on texts that are left out, and on a plot without anything to draw.
  void finish() {
    if (texts_left_out_ > 0)
      notes_.push_back(
          fmt::format("{} text{} left out: outside the limits", texts_left_out_, texts_left_out_ == 1 ? "" : "s"));
    if (drawn_ > 0) return;
    if (outside_ > 0)
      notes_.push_back(fmt::format("Nothing to draw: {} point{} outside the limits",
                                   format_count(static_cast<double>(outside_)), outside_ == 1 ? " is" : "s are"));
    if (outside_ == 0 && missing_ > 0)
      notes_.push_back(fmt::format("Nothing to draw: {} point{} NaN{} infinite",
                                   format_count(static_cast<double>(missing_)), missing_ == 1 ? " is" : "s are",
                                   x_.log || y_.log ? ", not above 0 or" : " or"));
  }

 private:
  static constexpr double min_opacity = 0.2;  // very many paler marks must overlap to hide one
  static constexpr double max_dashes = 4000;

  void count(bool drawn, bool known) { ++(drawn ? drawn_ : known ? outside_ : missing_); }

  // Counts the points of a line; a point whose segment crosses the plot counts as drawn.
  void count_line(const std::vector<Point>& points, const LineArtist& a) {
    for (std::size_t i = 0; i < points.size(); ++i) {
      Point p = points[i], q = points[i > 0 && std::isfinite(points[i - 1].x) && a.dash != "none" ? i - 1 : i];
      const bool known = std::isfinite(p.x);
      count(known && clip_line({0, 0, size_.x, size_.y}, q, p), known);
    }
  }

  double dashes_of(const std::vector<Point>& points, const LineArtist& a) const {
    double length = 0;
    for (std::size_t i = 1; i < points.size(); ++i) {
      Point p = points[i - 1], q = points[i];
      if (std::isfinite(p.x) && std::isfinite(q.x) && clip_line(drawn_region(a, {0, 0, size_.x, size_.y}), p, q))
        length += std::hypot(q.x - p.x, q.y - p.y);
    }
    double period = 0;
    for (const double d : dash_pattern(a.dash, line_px(a.width, theme_))) period += d;
    return length / period;
  }

  bool on_plot(const Box& b) const { return b.right >= 0 && b.bottom >= 0 && b.left <= size_.x && b.top <= size_.y; }

  std::vector<std::size_t> boxes_on_plot(const std::vector<Box>& boxes) const {
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      if (on_plot(boxes[i])) kept.push_back(i);
    }
    return kept;
  }

  std::vector<Point> places(const std::vector<double>& x, const std::vector<double>& y) const {
    std::vector<Point> points(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      const Point p = place_of(x_, y_, x[i], y[i]);
      points[i] = is_finite(p) ? Point{clamp_to_surroundings(p.x), clamp_to_surroundings(p.y)} : Point{NAN, NAN};
    }
    return points;
  }

  std::vector<std::size_t> marks(const std::vector<Point>& points, const std::string& marker, double diameter,
                                 double opacity, const std::vector<double>& x, const std::vector<double>& y) {
    const double r = diameter * px_per_point / 2;
    std::vector<Box> boxes;
    boxes.reserve(points.size());
    for (const Point& p : points) boxes.push_back({p.x - r, p.y - r, p.x + r, p.y + r});
    // The plot may turn out smaller than `size_`, which hides more marks, never fewer. Markers other than "o" and "s"
    // do not fill their boxes.
    const bool solid = (marker == "o" || marker == "s") && opacity > min_opacity;
    return fair_choice(solid ? visible_marks(boxes, marker == "o", opacity, size_.x, size_.y) : boxes_on_plot(boxes), x,
                       y, "visible points");
  }

  void note_choice(std::size_t drawn, std::size_t visible, const char* what) {
    notes_.push_back(fmt::format("{} {} drawn", format_part(drawn, visible), what));
  }

  // A sample of at most `max_count` marks at x and y, with a note if any are left out.
  std::vector<std::size_t> fair_choice(const std::vector<std::size_t>& kept, const std::vector<double>& x,
                                       const std::vector<double>& y, const char* what,
                                       std::size_t max_count = max_marks) {
    if (kept.size() <= max_count) return kept;
    note_choice(max_count, kept.size(), what);
    std::vector<std::vector<double>> measures(2);
    for (const std::size_t i : kept) measures[0].push_back(x[i]), measures[1].push_back(y[i]);
    return rows_to_draw(kept, max_count, measures);
  }

  // Does a line turn back in x so often that its segments, or pieces between gaps, cross one another?
  static bool wanders(const std::vector<std::size_t>& kept, const std::vector<Point>& points) {
    std::size_t turns = 0;
    double previous_x = NAN, last_x = NAN;
    for (const std::size_t i : kept) {
      if (i == gap || !std::isfinite(points[i].x)) continue;
      turns += (points[i].x - last_x) * (last_x - previous_x) < 0 ? 1 : 0;
      if (points[i].x == last_x) continue;
      previous_x = last_x;
      last_x = points[i].x;
    }
    return turns > kept.size() / 20;
  }

  template <class T>
  static void choose(std::vector<T>& values, const std::vector<std::size_t>& kept, std::size_t count) {
    if (values.size() != count) return;  // empty, or one value for all
    std::vector<T> chosen;
    chosen.reserve(kept.size());
    for (const std::size_t i : kept) chosen.push_back(values[i]);
    values = std::move(chosen);
  }
  static PointsArtist subset(PointsArtist a, const std::vector<std::size_t>& kept) {
    const std::size_t count = a.x.size();
    for (auto* values : {&a.x, &a.y, &a.value}) choose(*values, kept, count);
    return a;
  }
  static BarsArtist subset(BarsArtist a, const std::vector<std::size_t>& kept) {
    const std::size_t count = a.position.size();
    for (auto* values : {&a.position, &a.length, &a.base, &a.error}) choose(*values, kept, count);
    choose(a.colors, kept, count);
    return a;
  }
  static ErrorArtist subset(ErrorArtist a, const std::vector<std::size_t>& kept) {
    const std::size_t count = a.x.size();
    for (auto* values : {&a.x, &a.y, &a.xerr, &a.yerr}) choose(*values, kept, count);
    return a;
  }

  Scale x_, y_;
  Point size_;
  const Theme& theme_;
  std::vector<std::string>& notes_;
  std::size_t drawn_ = 0, outside_ = 0, missing_ = 0, texts_left_out_ = 0;
};

}  // namespace

std::vector<Artist> visible_artists(const std::vector<Artist>& artists, const Scale& x, const Scale& y, Point size,
                                    const Theme& theme, std::vector<std::string>& notes) {
  Simplifier simplifier(x, y, size, theme, notes);
  std::vector<Artist> visible;
  for (const Artist& artist : artists) visible.push_back(simplifier(artist));
  simplifier.finish();
  return visible;
}

}  // namespace xg::viz::detail
