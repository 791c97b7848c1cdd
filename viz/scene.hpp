// A scene: the elements of a figure, with all coordinates in px and y downward. Plots are functions from data to a
// scene.
#pragma once

#include <xgrad/tensor/export.hpp>
#include <xgrad/viz/color.hpp>

#include <array>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace xg::viz {

/// A point in px, y downward.
struct Point {
  double x = 0;  ///< to the right
  double y = 0;  ///< downward
};

/// An upright rectangle: x in [left, right], y in [top, bottom].
struct Box {
  double left = 0;                                                           ///< smallest x
  double top = 0;                                                            ///< smallest y
  double right = 0;                                                          ///< largest x
  double bottom = 0;                                                         ///< largest y
  double width() const { return right - left; }                              ///< right - left
  double height() const { return bottom - top; }                             ///< bottom - top
  Point centre() const { return {(left + right) / 2, (top + bottom) / 2}; }  ///< its middle
  /// Do the interiors intersect?
  bool overlaps(const Box& o) const { return left < o.right && o.left < right && top < o.bottom && o.top < bottom; }
  /// Does it lie within `o` extended by `slack` px?
  bool inside(const Box& o, double slack = 0) const {
    return left >= o.left - slack && right <= o.right + slack && top >= o.top - slack && bottom <= o.bottom + slack;
  }
};

/// How a line is drawn.
struct Stroke {
  Paint paint = Role::none;         ///< its colour
  double width = 1;                 ///< px
  std::array<double, 4> dash = {};  ///< lengths of line and gap in turn, up to the first zero; none: solid
  bool round = false;               ///< round ends and corners
};

/// A line through points. Here and below, `tag` says what an element represents ("bar", "tick-label"), so that tests
/// and tools can find it.
struct Polyline {
  std::vector<Point> points;  ///< in order
  Stroke stroke;              ///< how it is drawn
  std::string tag = {};       ///< what it represents
};
/// A filled area whose border leads from each point to the next and back to the first.
struct Polygon {
  std::vector<Point> points;  ///< in order
  Paint fill = Role::none;    ///< its inside
  Stroke stroke = {};         ///< its outline
  std::string tag = {};       ///< what it represents
};
/// An upright rectangle.
struct Rect {
  Box box;                  ///< where it lies
  Paint fill = Role::none;  ///< its inside
  Stroke stroke = {};       ///< its outline
  double radius = 0;        ///< of its corners, px
  std::string tag = {};     ///< what it represents
};
/// A circle.
struct Circle {
  Point centre;             ///< its middle
  double radius = 1;        ///< px
  Paint fill = Role::none;  ///< its inside
  Stroke stroke = {};       ///< its outline
  std::string tag = {};     ///< what it represents
};

/// A piece of a text with a style of its own.
struct Span {
  std::string text;         ///< its letters
  Paint paint = Role::ink;  ///< its colour
  bool bold = false;        ///< in bold letters?
  double scale = 1;         ///< of the text's size
  double shift = 0;         ///< downward, in em of the text's size; 0.2 makes a subscript
};
/// The point of a text that lies at its position, along the line.
enum class Anchor {
  start,   ///< its left end
  middle,  ///< its middle
  end,     ///< its right end
};
/// The point of a text that lies at its position, across the line.
enum class Align {
  baseline,  ///< its baseline
  middle,    ///< the middle of its height
  top,       ///< its upper edge
  bottom,    ///< its lower edge
};

/// One line of text, rotated about `position`.
struct Text {
  Point position;                 ///< where the point given by anchor and align lies
  std::vector<Span> spans;        ///< one after the other
  double size = 13;               ///< px
  Anchor anchor = Anchor::start;  ///< the point at `position`, along the line
  Align align = Align::baseline;  ///< the point at `position`, across the line
  double rotate = 0;              ///< degrees, clockwise
  std::string tag = {};           ///< what it represents
};

/// Clips the following elements to the box, up to the matching ClipEnd.
struct ClipBegin {
  Box box;  ///< what remains visible
};
/// Ends the last open ClipBegin.
struct ClipEnd {};

/// An element of a scene.
using Element = std::variant<Polyline, Polygon, Rect, Circle, Text, ClipBegin, ClipEnd>;

/// An ordered list of elements on a sheet of `width` x `height` px.
struct XG_API Scene {
  double width = 0;                     ///< px
  double height = 0;                    ///< px
  std::string title;                    ///< for screen readers and file managers; not drawn
  std::string description;              ///< for screen readers: what the figure says; not drawn
  std::string caption;                  ///< how the figure is to be read, written below it in a report
  std::vector<std::string> about = {};  ///< how its numbers were computed, one sentence each: Explanation::about()
  std::vector<Element> elements;        ///< later ones lie over earlier ones

  void add(Polyline e);                                                  ///< at the end
  void add(Polygon e);                                                   ///< at the end
  void add(Rect e);                                                      ///< at the end
  void add(Circle e);                                                    ///< at the end
  void add(Text e);                                                      ///< at the end
  void add(ClipBegin e);                                                 ///< at the end
  void add(ClipEnd e);                                                   ///< at the end
  void line(Point from, Point to, Stroke stroke, std::string tag = {});  ///< adds a Polyline of two points

  /// All elements of type T in order; with a tag, only those that have it.
  template <class T> std::vector<T> all(std::string_view tag = {}) const {
    std::vector<T> found;
    for (const Element& e : elements) {
      if (const T* t = std::get_if<T>(&e); t && (tag.empty() || t->tag == tag)) found.push_back(*t);
    }
    return found;
  }
};

/// Breaks spans of `size` px into lines no wider than `width` px; each piece keeps the style of its span.
XG_API std::vector<std::vector<Span>> wrap(const std::vector<Span>& spans, double size, double width);

/// The width of a text in px, before rotation.
XG_API double width(const Text& text);
/// The letters of a text without their styles.
XG_API std::string plain(const Text& text);
/// The y of the baseline of an unrotated text in px.
XG_API double baseline(const Text& text);
/// The bounding box of a text, including its rotation, in px.
XG_API Box bounds(const Text& text);
/// The bounding box of any element in px; an empty box for clips.
XG_API Box bounds(const Element& element);

}  // namespace xg::viz
