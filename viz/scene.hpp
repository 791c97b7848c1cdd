// A scene: what a figure consists of, with all coordinates in px, y downward. Plots are functions from data to a scene.
#pragma once

#include <xgrad/tensor/export.hpp>
#include <xgrad/viz/color.hpp>

#include <array>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace xg::viz {

struct Point {
  double x = 0;
  double y = 0;
};

/// An upright rectangle: x in [left, right], y in [top, bottom].
struct Box {
  double left = 0;
  double top = 0;
  double right = 0;
  double bottom = 0;
  double width() const { return right - left; }
  double height() const { return bottom - top; }
  Point centre() const { return {(left + right) / 2, (top + bottom) / 2}; }
  bool overlaps(const Box& o) const { return left < o.right && o.left < right && top < o.bottom && o.top < bottom; }
  bool inside(const Box& o, double slack = 0) const {
    return left >= o.left - slack && right <= o.right + slack && top >= o.top - slack && bottom <= o.bottom + slack;
  }
};

struct Stroke {
  Paint paint = Role::none;
  double width = 1;
  std::array<double, 4> dash = {};  ///< lengths of line and gap in turn, up to the first zero; none: solid
  bool round = false;               ///< round ends and corners
};

/// `tag` says what an element stands for ("bar", "tick-label"), so that tests and tools find it again.
struct Polyline {
  std::vector<Point> points;
  Stroke stroke;
  std::string tag = {};
};
struct Polygon {
  std::vector<Point> points;
  Paint fill = Role::none;
  Stroke stroke = {};
  std::string tag = {};
};
struct Rect {
  Box box;
  Paint fill = Role::none;
  Stroke stroke = {};
  double radius = 0;
  std::string tag = {};
};
struct Circle {
  Point centre;
  double radius = 1;
  Paint fill = Role::none;
  Stroke stroke = {};
  std::string tag = {};
};

/// A piece of a text with a look of its own.
struct Span {
  std::string text;
  Paint paint = Role::ink;
  bool bold = false;
  double scale = 1;  ///< of the text's size
  double shift = 0;  ///< downward, in em of the text's size; 0.2 makes a subscript
};
enum class Anchor { start, middle, end };
enum class Align { baseline, middle, top, bottom };

/// One line of text. Rotation is in degrees, clockwise, about `at`.
struct Text {
  Point at;
  std::vector<Span> spans;
  double size = 13;
  Anchor anchor = Anchor::start;
  Align align = Align::baseline;
  double rotate = 0;
  std::string tag = {};
};

/// What follows is cut at the box until the matching ClipEnd.
struct ClipBegin {
  Box box;
};
struct ClipEnd {};

using Element = std::variant<Polyline, Polygon, Rect, Circle, Text, ClipBegin, ClipEnd>;

/// An ordered list of elements on a sheet of `width` x `height` px.
struct XG_API Scene {
  double width = 0;
  double height = 0;
  std::string title;                    ///< for screen readers and file managers; not drawn
  std::string description;              ///< for screen readers: what the figure says; not drawn
  std::string caption;                  ///< what a report writes below: how the figure is to be read
  std::vector<std::string> about = {};  ///< and how its numbers were made, one sentence each: Explanation::about()
  std::vector<Element> elements;

  void add(Polyline e);
  void add(Polygon e);
  void add(Rect e);
  void add(Circle e);
  void add(Text e);
  void add(ClipBegin e);
  void add(ClipEnd e);
  void line(Point from, Point to, Stroke stroke, std::string tag = {});

  /// All elements of one kind, in order; with a tag only those that carry it.
  template <class T>
  std::vector<T> all(std::string_view tag = {}) const {
    std::vector<T> found;
    for (const Element& e : elements) {
      if (const T* t = std::get_if<T>(&e); t && (tag.empty() || t->tag == tag)) found.push_back(*t);
    }
    return found;
  }
};

/// Spans broken into lines no wider than `width` px, each piece with the look of the span that it comes from.
XG_API std::vector<std::vector<Span>> wrap(const std::vector<Span>& spans, double size, double width);

/// The width of a text in px, before rotation.
XG_API double width(const Text& text);
/// The letters of a text as a string, without their looks.
XG_API std::string plain(const Text& text);
/// The y of the baseline of an unrotated text.
XG_API double baseline(const Text& text);
/// The box that a text covers, rotation included.
XG_API Box bounds(const Text& text);
/// The box of any element; clips have none.
XG_API Box bounds(const Element& element);

}  // namespace xg::viz
