// A figure is a value: built, given away, saved. There is no current figure and no window.
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

/// Options of Figure.
struct FigureOptions {
  double width = 6.4;          ///< inches; 96 px each
  double height = 4.8;         ///< inches
  std::size_t rows = 1;        ///< a grid of axes, rows x columns
  std::size_t columns = 1;     ///< of the grid
  bool share_x = false;        ///< all axes have the same x limits and scale, those that any of them was given
  bool share_y = false;        ///< the same for y
  String title = {};           ///< above the picture
  Theme theme = Theme::light;  ///< colours and sizes of text and lines
};

/// A picture: either axes that you fill, or what one of the ready-made plots returned.
///
///     viz::Figure figure({.width = 6, .height = 4});
///     viz::Axes& axes = figure.axes();
///     axes.plot({0, 1, 2}, {1, 4, 9}, {.label = "squares"});
///     axes.legend();
///     figure.save("squares.svg");
class XG_API Figure {
 public:
  /// Throws ValueError where the size is not positive or larger than 200 inches, or the grid is empty.
  explicit Figure(const FigureOptions& options = {});
  explicit Figure(NoOptions) : Figure() {}  ///< for empty braces
  /// A figure of a finished scene.
  static Figure from_scene(Scene scene, const Theme& theme = Theme::light);
  Figure(const Figure& other);               ///< a copy with axes of its own
  Figure(Figure&& other) noexcept;           ///< takes it over
  Figure& operator=(Figure other) noexcept;  ///< as the constructors
  ~Figure();

  /// The axes in a cell of the grid; references stay good while the figure lives. Throws IndexError outside the grid,
  /// and for a figure of a finished scene.
  Axes& axes(std::size_t row = 0, std::size_t column = 0);

  /// What is drawn, with coordinates in px.
  Scene scene() const;
  const Theme& theme() const;  ///< the one that it was made with
  /// The Graphviz text of a figure that shows a graph; empty for others.
  const std::string& dot() const;
  void set_dot(std::string text);  ///< what dot() gives and save("x.dot") writes
  /// Title and description for screen readers and file managers; they are not drawn.
  void set_description(std::string title, std::string description);
  /// How the figure is to be read, and how its numbers were made: a Report writes it below. Ready-made plots have both.
  void set_caption(std::string caption, std::vector<std::string> about = {});

  /// One SVG document; the same figure gives the same bytes on every system.
  std::string svg() const;
  /// One HTML page with the figure in it, which follows the reader's light or dark mode unless a theme was chosen.
  std::string html() const;
  /// The SVG as an element of an HTML page that defines the variables of css_variables().
  std::string inline_svg() const;
  /// Whether this build writes PNG and PDF (it has librsvg).
  static bool can_rasterize();
  /// PNG bytes, `scale` px for each of the figure's (2 is sharp on today's screens). Throws ValueError for a scale that
  /// is not above 0 and up to 20, and beyond 32767 px a side or 2^28 px in all; Error without librsvg. Where memory
  /// ends glib, librsvg and fontconfig end the process, in png() and pdf(); svg() throws std::bad_alloc.
  std::string png(double scale = 2) const;
  /// PDF bytes. Throws Error without librsvg.
  std::string pdf() const;

  /// Writes the format that the extension names: .svg, .png, .pdf, .html, and .dot for figures of graphs. The file
  /// appears complete or not at all; one that was there before survives a failure.
  /// Throws ValueError for another extension, Error for PNG or PDF without librsvg, IoError where writing fails.
  void save(const std::filesystem::path& path) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace xg::viz
