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

/// Can T turn itself into doubles? A Tensor can.
template <class T>
concept HasToVector = requires(const T& t) { std::vector<double>(t.template to_vector<double>()); };

/// A list of numbers: std::vector, std::array, std::span, a C array, a view of them. Characters are no numbers.
template <class R>
concept NumberRange =
    !HasToVector<std::remove_cvref_t<R>> && std::ranges::input_range<R> &&
    std::is_arithmetic_v<std::ranges::range_value_t<R>> && !std::same_as<std::ranges::range_value_t<R>, char>;

/// Numbers to draw: a list, a NumberRange of any type, or whatever has `to_vector<double>()` (a Tensor has).
class Data {
 public:
  Data() = default;                                                 ///< no numbers
  Data(std::initializer_list<double> values) : values_(values) {}   ///< `{1, 2, 3}`
  Data(std::vector<double> values) : values_(std::move(values)) {}  ///< takes the numbers over
  /// Copies the numbers of a range.
  template <class R>
    requires(!std::same_as<std::remove_cvref_t<R>, Data>) && NumberRange<R>
  Data(R&& values) {
    for (const auto v : values) values_.push_back(static_cast<double>(v));
  }
  /// All elements in row-major order.
  template <HasToVector T> Data(const T& tensor) : values_(tensor.template to_vector<double>()) {}

  const std::vector<double>& values() const { return values_; }  ///< the numbers
  std::size_t size() const { return values_.size(); }            ///< how many
  bool empty() const { return values_.empty(); }                 ///< none?
  double operator[](std::size_t i) const { return values_[i]; }  ///< number i < size(), unchecked

 private:
  std::vector<double> values_;
};

/// Options of plot. An automatic colour is the next of the palette; a width of 0 is the theme's.
///
/// Here and below: widths, diameters and text sizes are at most 1000 points, diameters above 0; alpha is from 0 to 1;
/// every method throws ValueError that names the option where a number is out of range, NaN or infinite.
struct PlotOptions {
  Paint color = {};        ///< of what is drawn; the next of the palette where automatic
  double linewidth = 0;    ///< points
  String linestyle = "-";  ///< "-", "--", ":", "-." or "none"
  String marker = {};      ///< "o", "s", "^", "v", "d", "x", "+" or ""
  double markersize = 6;   ///< points
  double alpha = 1;        ///< opacity, from 0 to 1
  String label = {};       ///< for the legend
};

/// Options of Axes::scatter().
struct ScatterOptions2D {
  Paint color = {};         ///< of what is drawn; the next of the palette where automatic
  Data c = {};              ///< one number per point, shown as colour
  String cmap = "viridis";  ///< "viridis" or "red_blue"
  double size = 5;          ///< diameter, points
  String marker = "o";      ///< "o", "s", "^", "v", "d", "x" or "+"
  double alpha = 1;         ///< opacity, from 0 to 1
  String label = {};        ///< for the legend
};

/// Options of Axes::bar() and barh().
struct BarOptions2D {
  Paint color = {};                ///< of what is drawn; the next of the palette where automatic
  std::vector<Paint> colors = {};  ///< one for each bar
  double width = 0.8;              ///< in units of the axis, above 0
  Data base = {};                  ///< where bars start; 0 where empty
  Data error = {};                 ///< half lengths of error bars
  double alpha = 1;                ///< opacity, from 0 to 1
  String label = {};               ///< for the legend
};

/// Options of Axes::fill_between().
struct FillOptions {
  Paint color = {};     ///< of what is drawn; the next of the palette where automatic
  double alpha = 0.25;  ///< opacity, from 0 to 1
  String label = {};    ///< for the legend
};

/// Options of Axes::axhline() and axvline().
struct RuleOptions {
  Paint color = Role::muted;  ///< of the line
  double linewidth = 1;       ///< points; 0 is the theme's
  String linestyle = "--";    ///< as PlotOptions
  double alpha = 1;           ///< opacity, from 0 to 1
  String label = {};          ///< for the legend
};

/// Options of Axes::errorbar().
struct ErrorbarOptions {
  Data yerr = {};             ///< half lengths upright; none where empty
  Data xerr = {};             ///< half lengths sideways; none where empty
  Paint color = {};           ///< of what is drawn; the next of the palette where automatic
  double capsize = 3;         ///< points
  String linestyle = "none";  ///< of a line through the points, as PlotOptions
  String marker = "o";        ///< at the points, as PlotOptions
  double markersize = 6;      ///< points
  double linewidth = 0;       ///< points; 0 is the theme's
  double alpha = 1;           ///< opacity, from 0 to 1
  String label = {};          ///< for the legend
};

/// Options of Axes::text().
struct TextOptions {
  Paint color = Role::ink;  ///< of the letters
  String ha = "left";       ///< "left", "center" or "right"
  String va = "baseline";   ///< "baseline", "center", "top" or "bottom"
  double fontsize = 0;      ///< points; 0 is the theme's
  double rotation = 0;      ///< degrees, counter-clockwise, as matplotlib's; from -360 to 360
  bool bold = false;        ///< in bold letters
};

/// Options of Axes::hist().
struct HistOptions {
  std::size_t bins = 0;  ///< 0: Freedman and Diaconis' rule, between 5 and 60; at most 10,000
  Paint color = {};      ///< of what is drawn; the next of the palette where automatic
  double alpha = 0.85;   ///< opacity, from 0 to 1
  String label = {};     ///< for the legend
};

/// Options of Axes::legend().
struct LegendOptions {
  /// "best", "upper left", "upper right", "lower left", "lower right", "outside". A legend never covers what is drawn:
  /// where the place asked for is taken it goes to a free one, and below the axes where there is none.
  String loc = "best";
  String title = {};  ///< above the entries
};

/// One pair of axes. Points that are NaN or infinite are left out, lines have gaps there, and a point between two gaps
/// is a dot; with a log scale numbers of zero or less are left out as well. Where nothing is left to draw, because of
/// that or of the limits, a note below the axes says so. Every method that takes two lists throws ValueError where
/// their lengths differ.
///
/// Any range of numbers can be drawn: of values that differ in their last bits only, the axes show the neighbourhood.
/// Of lines, areas, bars and marks of more than 4000 points those are left out that nobody could see: of a line the
/// first, the last, the lowest and the highest point in each half px are drawn. Where more than 15,000 marks would
/// still be seen, a fair choice of them is drawn and a note says so. Bars are at least one px thick. A dashed line of
/// thousands of dashes is drawn solid, with a note.
class XG_API Axes {
 public:
  Axes();                                ///< without anything to draw
  Axes(const Axes& other);               ///< a copy with all that was drawn
  Axes(Axes&&) noexcept;                 ///< takes it over
  Axes& operator=(Axes other) noexcept;  ///< as the constructors
  ~Axes();

  /// A line through (x_i, y_i). Throws ValueError where there is neither a line nor a marker.
  void plot(const Data& x, const Data& y, const PlotOptions& options = {});
  /// A line through (i, y_i).
  template <class = void>  // {} after one list is the other list
  void plot(const Data& y, const PlotOptions& options = {}) {
    plot(counting(y.size()), y, options);
  }
  /// A mark at every (x_i, y_i).
  void scatter(const Data& x, const Data& y, const ScatterOptions2D& options = {});
  /// Upright bars at x_i from `base` to base + height_i.
  void bar(const Data& x, const Data& height, const BarOptions2D& options = {});
  /// The same at 0, 1, ... with names as ticks.
  void bar(const StringList& names, const Data& height, const BarOptions2D& options = {});
  /// Bars to the right at y_i from `base` to base + width_i.
  void barh(const Data& y, const Data& width, const BarOptions2D& options = {});
  /// The first name stands at the top.
  void barh(const StringList& names, const Data& width, const BarOptions2D& options = {});
  /// Whole numbers get bars of whole widths, at most `bins`, centred on them; equal values one bar around them.
  void hist(const Data& values, const HistOptions& options = {});
  /// The area between (x_i, y1_i) and (x_i, y2_i). Drawing throws ValueError where more than 1500 x go to and fro.
  void fill_between(const Data& x, const Data& y1, const Data& y2, const FillOptions& options = {});
  /// Points with bars from y_i - yerr_i to y_i + yerr_i, and likewise in x. Throws ValueError where the numbers of
  /// errors do not fit.
  void errorbar(const Data& x, const Data& y, const ErrorbarOptions& options = {});
  /// A line at y across the whole plot.
  void axhline(double y, const RuleOptions& options = {});
  /// A line at x from bottom to top.
  void axvline(double x, const RuleOptions& options = {});
  /// Text at a place in data coordinates. One outside the limits is left out, with a note.
  void text(double x, double y, StringRef text, const TextOptions& options = {});

  void set_title(StringRef title);                                   ///< above the axes
  void set_xlabel(StringRef label, const Paint& color = Role::ink);  ///< below the x axis
  void set_ylabel(StringRef label, const Paint& color = Role::ink);  ///< beside the y axis
  /// Throws ValueError unless low < high and both are finite. On a log axis limits that begin at zero or less are those
  /// of the data instead, and a note says so.
  void set_xlim(double low, double high);
  void set_ylim(double low, double high);  ///< the same for y
  /// "linear" or "log". Throws ValueError for another.
  void set_xscale(StringRef scale);
  void set_yscale(StringRef scale);  ///< the same for y
  /// Ticks at these places alone, with labels of one's own or with their numbers. Throws ValueError for places that are
  /// not finite and another number of labels.
  void set_xticks(const Data& positions, const StringList& labels = {});
  void set_yticks(const Data& positions, const StringList& labels = {});  ///< the same for y
  void invert_yaxis();                                                    ///< larger values lie lower
  /// One unit of x is as long as one of y; on a log axis a decade is a unit. Where the limits are so unlike that less
  /// than a strip would be left of the plot, the shorter axis shows more.
  void set_aspect_equal();
  void grid(bool on = true);                       ///< lines at the ticks, or none
  void legend(const LegendOptions& options = {});  ///< of everything that has a label
  /// A bar at the right that shows what the colours of the last scatter with `c` mean. A note, where there is none.
  void colorbar(StringRef label = {});

  /// Axes over these with the same x and a y axis of their own, at the right. The same ones at every call. What both
  /// have in common can be set on either: x limits, scale, ticks and label, title, grid and colour bar. Throws
  /// ValueError on axes made by twinx, as set_aspect_equal does.
  Axes& twinx();

  struct State;
  State& state() { return *state_; }              ///< for the library's own drawing
  const State& state() const { return *state_; }  ///< the same, to read

 private:
  static Data counting(std::size_t n);

  std::unique_ptr<State> state_;
};

}  // namespace xg::viz
