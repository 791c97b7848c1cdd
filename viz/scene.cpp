#include <xgrad/viz/detail/text_metrics.hpp>
#include <xgrad/viz/scene.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <type_traits>
#include <utility>

namespace xg::viz {
namespace {

Box around(const std::vector<Point>& points, double pad) {
  Box b{0, 0, 0, 0};
  bool first = true;
  for (const Point& p : points) {
    if (!std::isfinite(p.x) || !std::isfinite(p.y)) continue;
    b = first ? Box{p.x, p.y, p.x, p.y}
              : Box{std::min(b.left, p.x), std::min(b.top, p.y), std::max(b.right, p.x), std::max(b.bottom, p.y)};
    first = false;
  }
  return {b.left - pad, b.top - pad, b.right + pad, b.bottom + pad};
}

double reach(const Stroke& s) { return s.paint.visible() ? s.width / 2 : 0; }

}  // namespace

void Scene::add(Polyline e) { elements.emplace_back(std::move(e)); }
void Scene::add(Polygon e) { elements.emplace_back(std::move(e)); }
void Scene::add(Rect e) { elements.emplace_back(std::move(e)); }
void Scene::add(Circle e) { elements.emplace_back(std::move(e)); }
void Scene::add(Text e) { elements.emplace_back(std::move(e)); }
void Scene::add(ClipBegin e) { elements.emplace_back(e); }
void Scene::add(ClipEnd e) { elements.emplace_back(e); }

void Scene::line(Point from, Point to, Stroke stroke, std::string tag) {
  add(Polyline{{from, to}, std::move(stroke), std::move(tag)});
}

std::vector<std::vector<Span>> wrap(const std::vector<Span>& spans, double size, double width) {
  std::u32string text;
  std::vector<std::size_t> owner;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const std::u32string piece = decode(spans[i].text);
    text += piece;
    owner.insert(owner.end(), piece.size(), i);
  }
  std::vector<std::vector<Span>> lines;
  for (const LineRange& r : wrap_ranges(text, size, width, false)) {
    std::vector<Span> line;
    for (std::size_t k = r.first; k < r.last;) {
      std::size_t end = k;
      while (end < r.last && owner[end] == owner[k]) ++end;
      Span s = spans[owner[k]];
      s.text = encode(std::u32string_view(text).substr(k, end - k));
      line.push_back(std::move(s));
      k = end;
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

double width(const Text& text) {
  double sum = 0;
  for (const Span& s : text.spans) sum += text_width(s.text, text.size * s.scale, s.bold);
  return sum;
}

std::string plain(const Text& text) {
  std::string letters;
  for (const Span& s : text.spans) letters += s.text;
  return letters;
}

double baseline(const Text& text) {
  switch (text.align) {
    case Align::baseline:
      break;
    case Align::middle:
      return text.position.y + cap_height / 2 * text.size;
    case Align::top:
      return text.position.y + ascent * text.size;
    case Align::bottom:
      return text.position.y - descent * text.size;
  }
  return text.position.y;
}

Box bounds(const Text& text) {
  const double w = width(text);
  const double left = text.position.x - (text.anchor == Anchor::end ? w : text.anchor == Anchor::middle ? w / 2 : 0);
  const double base = baseline(text);
  double extent_above = ascent * text.size;
  double extent_below = descent * text.size;
  for (const Span& s : text.spans) {
    extent_above = std::max(extent_above, (ascent * s.scale - s.shift) * text.size);
    extent_below = std::max(extent_below, (descent * s.scale + s.shift) * text.size);
  }
  const Box upright{left, base - extent_above, left + w, base + extent_below};
  if (text.rotate == 0) return upright;
  const double angle = text.rotate * std::numbers::pi / 180;
  const double c = std::cos(angle);
  const double s = std::sin(angle);
  std::vector<Point> corners;
  for (const double x : {upright.left, upright.right}) {
    for (const double y : {upright.top, upright.bottom}) {
      const double dx = x - text.position.x;
      const double dy = y - text.position.y;
      corners.push_back({text.position.x + c * dx - s * dy, text.position.y + s * dx + c * dy});
    }
  }
  return around(corners, 0);
}

Box bounds(const Element& element) {
  return std::visit(
      [](const auto& e) -> Box {
        using E = std::decay_t<decltype(e)>;
        if constexpr (std::is_same_v<E, Polyline> || std::is_same_v<E, Polygon>) {
          return around(e.points, reach(e.stroke));
        } else if constexpr (std::is_same_v<E, Rect>) {
          const double r = reach(e.stroke);
          return {e.box.left - r, e.box.top - r, e.box.right + r, e.box.bottom + r};
        } else if constexpr (std::is_same_v<E, Circle>) {
          const double r = e.radius + reach(e.stroke);
          return {e.centre.x - r, e.centre.y - r, e.centre.x + r, e.centre.y + r};
        } else if constexpr (std::is_same_v<E, Text>) {
          return bounds(e);
        } else {
          return {};
        }
      },
      element);
}

}  // namespace xg::viz
