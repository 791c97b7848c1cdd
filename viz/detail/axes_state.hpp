// The state of axes: artists, which draw data, and the settings of the x and y axis.
#pragma once

#include <xgrad/viz/axes.hpp>
#include <xgrad/viz/color.hpp>
#include <xgrad/viz/ticks.hpp>

#include <array>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace xg::viz {

namespace detail {

struct LineArtist {
  std::vector<double> x, y;
  Paint color;
  double width = 0;
  std::string dash;
  std::string marker;
  double markersize = 6;
  std::string label;
  // Positions of the visible markers of a decimated line; without a value, every point has a marker.
  std::optional<std::vector<std::array<double, 2>>> marks = {};
};
struct PointsArtist {
  std::vector<double> x, y;
  std::vector<double> value;             // empty, or the values that colours show
  double value_low = 0, value_high = 0;  // range of the finite values; low > high if there are none
  bool red_blue = false;
  Paint color;
  std::string marker;
  double size = 5;
  double alpha = 1;
  std::string label;
};
struct BarsArtist {
  std::vector<double> position, length, base, error;  // position is along the axis that bars stand on
  std::vector<Paint> colors;                          // one, or one for each bar
  double width = 0.8;
  bool horizontal = false;
  std::string label;
};
struct FillArtist {
  std::vector<double> x, low, high;
  Paint color;
  std::string label;
};
struct ErrorArtist {
  std::vector<double> x, y, xerr, yerr;
  Paint color;
  double width = 0;
  double cap = 3;
  std::string label;  // empty where a line or a marker has the label
};
struct RuleArtist {
  double position = 0;
  bool horizontal = true;
  Paint color;
  double width = 1;
  std::string dash;
  std::string label;
};
struct TextArtist {
  double x = 0, y = 0;
  std::string text;
  TextOptions options;
};
using Artist = std::variant<FillArtist, BarsArtist, RuleArtist, LineArtist, ErrorArtist, PointsArtist, TextArtist>;

struct AxisState {
  std::string label;
  Paint label_color = Role::ink;
  std::optional<std::array<double, 2>> limits;
  bool log = false;
  bool inverted = false;
  std::optional<Ticks> ticks;
};

}  // namespace detail

struct Axes::State {
  std::vector<detail::Artist> artists;
  detail::AxisState x, y;
  std::string title;
  bool grid = false;
  bool equal = false;
  std::optional<LegendOptions> legend;
  std::optional<std::string> colorbar;
  std::vector<std::string> notes;  // remarks in small letters below the axes
  std::size_t next_color = 0;
  std::optional<Axes> twin;
  State* under = nullptr;  // for axes made by twinx, those that they lie over
};

}  // namespace xg::viz
