// A figure is a value that is built, passed around and saved. There is no current figure and no window.
#pragma once

#include <xgrad/tensor/export.hpp>
#include <xgrad/tensor/no_options.hpp>
#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/viz/theme.hpp>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace xg::viz {

class Axes;
struct Scene;

/// Options of Figure. Here and in the options of all plots, sizes are above 0 and at most 200 inches, and a theme has a
/// font_size from 1 to 100, a line_width from 0.01 to 1000 and opacities from 0 to 1; functions that make a figure
/// throw ValueError otherwise.
struct FigureOptions {
  double width = 6.4;          ///< inches of 96 px
  double height = 4.8;         ///< inches
  std::size_t rows = 1;        ///< rows of the grid of axes
  std::size_t columns = 1;     ///< columns of the grid of axes
  bool share_x = false;        ///< all axes share their x limits and scale, which can be set on any of them
  bool share_y = false;        ///< the same for y
  String title = {};           ///< above the picture
  Theme theme = Theme::light;  ///< colours and sizes of text and lines
};

/// A picture: a grid of axes to draw on, or the result of a ready-made plot.
///
///     viz::Figure figure({.width = 6, .height = 4});
///     viz::Axes& axes = figure.axes();
///     axes.plot({0, 1, 2}, {1, 4, 9}, {.label = "squares"});
///     axes.legend();
///     figure.save("squares.svg");
class XG_API Figure {
 public:
  /// Throws ValueError for a size or theme out of range and for a grid of no axes or more than 400.
  explicit Figure(const FigureOptions& options = {});
  explicit Figure(NoOptions) : Figure() {}  ///< for empty braces
  /// A figure that shows a finished scene and has no axes.
  static Figure from_scene(Scene scene, const Theme& theme = Theme::light);
  Figure(const Figure& other);               ///< a copy with axes of its own
  Figure(Figure&& other) noexcept;           ///< takes ownership of the other's contents
  Figure& operator=(Figure other) noexcept;  ///< copies or moves, as the constructors do
  ~Figure();

  /// The axes in a cell of the grid; the reference is valid while the figure lives. Throws IndexError outside the grid
  /// and for a figure of a finished scene.
  Axes& axes(std::size_t row = 0, std::size_t column = 0);

  /// What is drawn, with coordinates in px. Throws ValueError where an area of many points is not sorted by x
  /// (Axes::fill_between); so do all functions below that draw.
  Scene scene() const;
  const Theme& theme() const;  ///< the theme that it was made with
  /// The Graphviz text of a figure that shows a graph; empty for other figures.
  const std::string& dot() const;
  void set_dot(std::string text);  ///< sets what dot() returns and save("x.dot") writes
  /// Sets the title and description for screen readers and file managers, which are not drawn.
  void set_description(std::string title, std::string description);
  /// Sets how the figure is to be read and how its numbers were computed, which a Report writes below it. Ready-made
  /// plots set both.
  void set_caption(std::string caption, std::vector<std::string> about = {});

  /// One SVG document; the same figure gives the same bytes on every system.
  std::string svg() const;
  /// One HTML page with the figure in it, which follows the reader's light or dark mode unless a theme was chosen.
  std::string html() const;
  /// The SVG as an element for an HTML page that defines the CSS variables of a theme.
  std::string inline_svg() const;
  /// Whether this build writes PNG and PDF (it has librsvg).
  static bool can_rasterize();
  /// PNG bytes with `scale` px for each px of the figure (2 suits high-density screens). Throws ValueError for a scale
  /// that is not above 0 and at most 20, and for more than 32767 px a side or 2^28 px in all; Error without librsvg or
  /// if it fails. When memory runs out, glib, librsvg and fontconfig end the process in png() and pdf(), whereas svg()
  /// throws std::bad_alloc.
  std::string png(double scale = 2) const;
  /// PDF bytes: one page of the size of the figure, text as text. Throws Error without librsvg or if it fails.
  std::string pdf() const;

  /// Writes the format that the extension names: .svg, .png, .pdf, .html, and .dot for figures of graphs. The file is
  /// written completely or not at all; a failure leaves an existing file unchanged. Throws ValueError for another
  /// extension, Error for PNG or PDF without librsvg, IoError where writing fails.
  void save(const std::filesystem::path& path) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace xg::viz
