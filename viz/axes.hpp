// Axes: data drawn against two scales, with matplotlib's names.
#pragma once

#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/viz/color.hpp>

#include <concepts>
#include <initializer_list>
#include <memory>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace xg::viz {

/// A type with `to_vector<double>()`, such as Tensor.
template <class T>
concept HasToVector = requires(const T& t) { std::vector<double>(t.template to_vector<double>()); };

/// A range of numbers: std::vector, std::array, std::span, a C array or a view. Characters do not count as numbers.
template <class R>
concept NumberRange =
    !HasToVector<std::remove_cvref_t<R>> && std::ranges::input_range<R> &&
    std::is_arithmetic_v<std::ranges::range_value_t<R>> && !std::same_as<std::ranges::range_value_t<R>, char>;

/// Numbers to draw, as doubles: made from a list, a NumberRange, or a type with `to_vector<double>()`, such as Tensor.
class Data {
 public:
  Data() = default;                                                 ///< no numbers
  Data(std::initializer_list<double> values) : values_(values) {}   ///< `{1, 2, 3}`
  Data(std::vector<double> values) : values_(std::move(values)) {}  ///< takes ownership of the numbers
  /// Copies the numbers of a range, converted to double.
  template <class R>
    requires(!std::same_as<std::remove_cvref_t<R>, Data>) && NumberRange<R>
  Data(R&& values) {
    for (const auto v : values) values_.push_back(static_cast<double>(v));
  }
  /// Copies all elements in row-major order.
  template <HasToVector T> Data(const T& tensor) : values_(tensor.template to_vector<double>()) {}

  const std::vector<double>& values() const { return values_; }  ///< the numbers
  std::size_t size() const { return values_.size(); }            ///< number of values
  bool empty() const { return values_.empty(); }                 ///< are there no values?
  double operator[](std::size_t i) const { return values_[i]; }  ///< number i < size(), unchecked

 private:
  std::vector<double> values_;
};

/// Options of Axes::plot(). A linewidth of 0 stands for the theme's.
///
/// Here and below widths, diameters and text sizes are at most 1000 points, diameters are positive, and alpha is from 0
/// to 1. Every method throws a ValueError that names the option where a number is out of range or not finite, or a text
/// is not one of those listed.
struct PlotOptions {
  Paint color = {};        ///< automatic: the next colour of the palette
  double linewidth = 0;    ///< points
  String linestyle = "-";  ///< "-", "--", ":", "-." or "none"
  String marker = {};      ///< "o", "s", "^", "v", "d", "x", "+" or ""
  double markersize = 6;   ///< points
  double alpha = 1;        ///< opacity, from 0 to 1
  String label = {};       ///< in the legend; no entry where empty
};

/// Options of Axes::scatter().
struct ScatterOptions2D {
  Paint color = {};         ///< automatic: the next colour of the palette
  Data c = {};              ///< one number per point, shown as colour
  String cmap = "viridis";  ///< "viridis" or "red_blue"
  double size = 5;          ///< diameter, points
  String marker = "o";      ///< "o", "s", "^", "v", "d", "x" or "+"
  double alpha = 1;         ///< opacity, from 0 to 1
  String label = {};        ///< in the legend; no entry where empty
};

/// Options of Axes::bar() and barh().
struct BarOptions2D {
  Paint color = {};                ///< automatic: the next colour of the palette
  std::vector<Paint> colors = {};  ///< one for each bar
  double width = 0.8;              ///< in units of the axis, above 0
  Data base = {};                  ///< where bars start; 0 where empty
  Data error = {};                 ///< half lengths of error bars
  double alpha = 1;                ///< opacity, from 0 to 1
  String label = {};               ///< in the legend; no entry where empty
};

/// Options of Axes::fill_between().
struct FillOptions {
  Paint color = {};     ///< automatic: the next colour of the palette
  double alpha = 0.25;  ///< opacity, from 0 to 1
  String label = {};    ///< in the legend; no entry where empty
};

/// Options of Axes::axhline() and axvline().
struct RuleOptions {
  Paint color = Role::muted;  ///< of the line
  double linewidth = 1;       ///< points; 0 is the theme's
  String linestyle = "--";    ///< as PlotOptions
  double alpha = 1;           ///< opacity, from 0 to 1
  String label = {};          ///< in the legend; no entry where empty
};

/// Options of Axes::errorbar().
struct ErrorbarOptions {
  Data yerr = {};             ///< half lengths in y; none where empty
  Data xerr = {};             ///< half lengths in x; none where empty
  Paint color = {};           ///< automatic: the next colour of the palette
  double capsize = 3;         ///< points
  String linestyle = "none";  ///< of the line through the points, as in PlotOptions
  String marker = "o";        ///< as in PlotOptions
  double markersize = 6;      ///< points
  double linewidth = 0;       ///< points; 0 is the theme's
  double alpha = 1;           ///< opacity, from 0 to 1
  String label = {};          ///< in the legend; no entry where empty
};

/// Options of Axes::text().
struct TextOptions {
  Paint color = Role::ink;  ///< of the text
  String ha = "left";       ///< "left", "center" or "right"
  String va = "baseline";   ///< "baseline", "center", "top" or "bottom"
  double fontsize = 0;      ///< points; 0 is the theme's
  double rotation = 0;      ///< degrees, counter-clockwise, as matplotlib's; from -360 to 360
  bool bold = false;        ///< in bold letters
};

/// Options of Axes::hist().
struct HistOptions {
  std::size_t bins = 0;  ///< at most 10,000; 0: the rule of Freedman and Diaconis (1981), between 5 and 60
  Paint color = {};      ///< automatic: the next colour of the palette
  double alpha = 0.85;   ///< opacity, from 0 to 1
  String label = {};     ///< in the legend; no entry where empty
};

/// Options of Axes::legend().
struct LegendOptions {
  /// "best", "upper left", "upper right", "lower left", "lower right" or "outside". A legend never covers what is
  /// drawn: where the requested place is occupied it moves to a free one, or below the axes if there is none.
  String loc = "best";
  String title = {};  ///< above the entries
};

/// One pair of axes. Points that are NaN or infinite are left out: lines have gaps there, and a point between two gaps
/// is drawn as a dot. On a log scale numbers of zero or less are left out as well. If nothing remains to be drawn, for
/// these reasons or because of the limits, a note below the axes says so. Every method that takes several lists throws
/// ValueError if their lengths differ.
///
/// Any range of numbers can be drawn; for values that differ only in their last bits the axes show a neighbourhood.
/// Lines, areas, bars and marks with more than 4000 points are decimated without visible change: a line keeps the
/// first, last, lowest and highest point in each half px. If more than 15,000 marks would still be visible, a
/// representative sample is drawn and a note says so. Bars are at least one px thick. A dashed line with thousands of
/// dashes is drawn solid, with a note.
class XG_API Axes {
 public:
  Axes();                                ///< empty axes
  Axes(const Axes& other);               ///< a deep copy, twin axes included
  Axes(Axes&&) noexcept;                 ///< takes ownership of the other's contents
  Axes& operator=(Axes other) noexcept;  ///< copies or moves, as the constructors do
  ~Axes();

  /// Draws a line through (x_i, y_i), with a marker at each point if one is given. Throws ValueError where linestyle is
  /// "none" and marker is "".
  void plot(const Data& x, const Data& y, const PlotOptions& options = {});
  /// Draws a line through (i, y_i), i = 0, 1, ...
  template <class = void>  // a template, so that {} after one list is the other list
  void plot(const Data& y, const PlotOptions& options = {}) {
    plot(counting(y.size()), y, options);
  }
  /// Draws a marker at each (x_i, y_i), coloured by c_i where `c` is given.
  void scatter(const Data& x, const Data& y, const ScatterOptions2D& options = {});
  /// Draws vertical bars at x_i from base_i to base_i + height_i. Throws ValueError where `colors`, `base` or `error`
  /// is neither empty nor as long as x.
  void bar(const Data& x, const Data& height, const BarOptions2D& options = {});
  /// Draws the bars at 0, 1, ... with the names as tick labels.
  void bar(const StringList& names, const Data& height, const BarOptions2D& options = {});
  /// Draws horizontal bars at y_i from base_i to base_i + width_i. Throws as bar.
  void barh(const Data& y, const Data& width, const BarOptions2D& options = {});
  /// Draws the bars at 0, 1, ... with the names as tick labels, the first one at the top.
  void barh(const StringList& names, const Data& width, const BarOptions2D& options = {});
  /// Draws how many values lie in each of `bins` bins of equal width; values that are not finite are not counted. If
  /// all values are integers the bins are integers wide and centred on them, and there may be fewer than `bins`. Equal
  /// values share one bin.
  void hist(const Data& values, const HistOptions& options = {});
  /// Fills the area between (x_i, y1_i) and (x_i, y2_i). Rendering the figure throws ValueError where more than 1500 x
  /// are not sorted.
  void fill_between(const Data& x, const Data& y1, const Data& y2, const FillOptions& options = {});
  /// Draws points with bars from y_i - yerr_i to y_i + yerr_i and from x_i - xerr_i to x_i + xerr_i. Throws ValueError
  /// where xerr or yerr is neither empty nor as long as x.
  void errorbar(const Data& x, const Data& y, const ErrorbarOptions& options = {});
  /// Draws a horizontal line at y across the whole plot.
  void axhline(double y, const RuleOptions& options = {});
  /// Draws a vertical line at x across the whole plot.
  void axvline(double x, const RuleOptions& options = {});
  /// Writes text at (x, y) in data coordinates. A text outside the limits is left out, with a note.
  void text(double x, double y, StringRef text, const TextOptions& options = {});

  void set_title(StringRef title);                                   ///< above the axes
  void set_xlabel(StringRef label, const Paint& color = Role::ink);  ///< below the x axis
  void set_ylabel(StringRef label, const Paint& color = Role::ink);  ///< beside the y axis
  /// Sets the limits of x. Throws ValueError unless low < high and both are finite. Limits that begin at zero or less
  /// are ignored on a log axis, which then shows the range of the data, and a note says so.
  void set_xlim(double low, double high);
  void set_ylim(double low, double high);  ///< the same for y
  /// Sets the scale of x to "linear" or "log". Throws ValueError for any other text.
  void set_xscale(StringRef scale);
  void set_yscale(StringRef scale);  ///< the same for y
  /// Puts ticks at these positions only, labelled by `labels` or, where these are empty, by their numbers. Throws
  /// ValueError for a position that is not finite and for a different number of labels.
  void set_xticks(const Data& positions, const StringList& labels = {});
  void set_yticks(const Data& positions, const StringList& labels = {});  ///< the same for y
  void invert_yaxis();  ///< makes larger values lie lower; a second call undoes it
  /// Makes one unit of x as long as one unit of y; on a log axis the unit is a decade. Where the limits differ so much
  /// that the plot would shrink to a thin strip, the limits of the shorter axis are widened. Throws ValueError on axes
  /// made by twinx.
  void set_aspect_equal();
  void grid(bool on = true);                       ///< draws lines at the ticks, or none
  void legend(const LegendOptions& options = {});  ///< lists everything that has a label
  /// Adds a bar at the right that shows what the colours of the last scatter with `c` mean. If there is no such
  /// scatter, a note says so.
  void colorbar(StringRef label = {});

  /// Axes drawn over these with the same x axis and a y axis of their own at the right; every call returns the same
  /// ones. What both share (x limits, scale, ticks and label, title, grid, colour bar) can be set on either. Throws
  /// ValueError on axes made by twinx.
  Axes& twinx();

  struct State;
  State& state() { return *state_; }              ///< for the drawing code of the library
  const State& state() const { return *state_; }  ///< the same, to read

 private:
  static Data counting(std::size_t n);

  std::unique_ptr<State> state_;
};

}  // namespace xg::viz
