#include <xgrad/viz/detail/artist_geometry.hpp>
#include <xgrad/viz/detail/clipping.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace xg::viz::detail {

double line_px(double points, const Theme& theme) {
  return std::max((points > 0 ? points : theme.line_width) * px_per_point, 0.1);
}

double opacity_of(const Paint& p) { return p.opacity * (p.role == Role::literal ? p.color.alpha : 1); }

std::array<double, 4> dash_pattern(const std::string& style, double width) {
  if (style == "--") return {4 * width + 1, 2.2 * width + 1};
  if (style == ":") return {width, 1.8 * width};
  if (style == "-.") return {5 * width, 2 * width, width, 2 * width};
  return {};
}

bool drawn_in_pieces(const LineArtist& a) { return a.dash == "-" && opacity_of(a.color) >= 1; }

Box drawn_region(const LineArtist& a, const Box& plot) {
  if (a.dash == "-") return surroundings;
  constexpr double margin = 50;
  return {plot.left - margin, plot.top - margin, plot.right + margin, plot.bottom + margin};
}

Point place_of(const Scale& x_scale, const Scale& y_scale, double x, double y) {
  if ((x_scale.log && !(x > 0)) || (y_scale.log && !(y > 0))) return {NAN, NAN};
  return {x_scale(x), y_scale(y)};
}

double place_of(const RuleArtist& a, const Scale& x, const Scale& y) {
  const Scale& scale = a.horizontal ? y : x;
  return scale.log && !(a.position > 0) ? NAN : scale(a.position);
}

Box bar_box(const BarsArtist& a, std::size_t i, const Scale& x, const Scale& y) {
  const Scale& along = a.horizontal ? y : x;
  const Scale& value = a.horizontal ? x : y;
  if ((along.log && !(a.position[i] > 0)) || (value.log && !(a.base[i] + a.length[i] > 0))) return {NAN, NAN, NAN, NAN};
  double low = along(a.position[i] - a.width / 2), high = along(a.position[i] + a.width / 2);
  const double base = value(a.base[i]), end = value(a.base[i] + a.length[i]);
  if (!std::isfinite(low) || !std::isfinite(high) || !std::isfinite(base) || !std::isfinite(end))
    return {NAN, NAN, NAN, NAN};
  if (low > high) std::swap(low, high);
  if (high - low < 1) {
    const double middle = low / 2 + high / 2;
    low = middle - 0.5;
    high = middle + 0.5;
  }
  return a.horizontal ? Box{std::min(base, end), low, std::max(base, end), high}
                      : Box{low, std::min(base, end), high, std::max(base, end)};
}

Text placed_text(const TextArtist& a, Point place, const Theme& theme, const Scene& sheet) {
  const TextOptions& o = a.options;
  const double size = o.fontsize > 0 ? o.fontsize * px_per_point : theme.font_px();
  Text t{place,
         {{a.text, o.color.or_else(Role::ink), o.bold}},
         size,
         o.ha == "center"  ? Anchor::middle
         : o.ha == "right" ? Anchor::end
                           : Anchor::start,
         o.va == "center"   ? Align::middle
         : o.va == "top"    ? Align::top
         : o.va == "bottom" ? Align::bottom
                            : Align::baseline,
         -o.rotation,
         "text"};
  const Box b = bounds(t);
  if (b.right > sheet.width - 2) t.position.x -= b.right - (sheet.width - 2);
  if (b.left < 2) t.position.x += 2 - b.left;
  if (b.bottom > sheet.height - 2) t.position.y -= b.bottom - (sheet.height - 2);
  if (b.top < 2) t.position.y += 2 - b.top;
  return t;
}

}  // namespace xg::viz::detail
