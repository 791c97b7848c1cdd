// Beeswarm: every row's contribution of every feature, coloured by the feature's value.
#pragma once

#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/viz/contributions.hpp>
#include <xgrad/viz/figure.hpp>

#include <optional>
#include <vector>

namespace xg::viz {

/// Options of beeswarm().
struct BeeswarmOptions {
  std::size_t max_display = 10;            ///< rows; what does not fit is summed up in the last one
  std::optional<std::size_t> output = {};  ///< which output of several
  std::size_t max_rows = 2000;             ///< dots in a row of the plot; of more a fair choice, and the plot says so
  String title = {};                       ///< above the picture
  double width = 8;                        ///< inches
  Theme theme = Theme::light;              ///< colours and sizes of text and lines
};

/// One dot for each row and feature: x is the contribution, colour the feature's value between its 5th and 95th
/// percentile (blue low, red high, grey unknown); dots with equal x stand above one another. Features by falling mean
/// |contribution|. Rows without any number are left out, and the plot says how many. Nothing is random. Throws
/// ValueError as waterfall does; one row is fine.
XG_API Figure beeswarm(const explain::Explanation& e, const BeeswarmOptions& options = {});
/// The same from plain numbers.
XG_API Figure beeswarm(const Contributions& c, const BeeswarmOptions& options = {});

namespace detail {
/// Where a value stands between the low and the high end of its feature's colours, in [0, 1]; NaN for NaN.
XG_API std::vector<double> color_positions(const std::vector<double>& values);
}  // namespace detail

}  // namespace xg::viz
