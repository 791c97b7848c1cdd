// Beeswarm plot: the contribution of each feature in each row, coloured by the value of the feature.
#pragma once

#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/viz/contributions.hpp>
#include <xgrad/viz/figure.hpp>

#include <optional>
#include <vector>

namespace xg::viz {

/// Options of beeswarm().
struct BeeswarmOptions {
  std::size_t max_display = 10;            ///< rows; features beyond are summed up in the last one
  std::optional<std::size_t> output = {};  ///< which output; needed if there are several
  std::size_t max_rows = 2000;  ///< dots in a row of the plot; of more a sample is drawn, and the plot says so
  String title = {};            ///< above the picture
  double width = 8;             ///< inches
  Theme theme = Theme::light;   ///< colours and sizes of text and lines
};

/// Draws one dot for each row and feature: x is the contribution in the unit of the output, the colour is the value of
/// the feature between its 5th and 95th percentile (blue low, red high, grey unknown), and dots with equal x are
/// stacked. Features are ordered by falling mean |contribution|. Rows without a finite contribution are left out, and
/// the plot says how many. The plot is deterministic. Throws ValueError for several outputs without a choice and for
/// max_display or max_rows = 0, IndexError for an output that does not exist.
XG_API Figure beeswarm(const explain::Explanation& e, const BeeswarmOptions& options = {});
/// The same from plain numbers.
XG_API Figure beeswarm(const Contributions& c, const BeeswarmOptions& options = {});

namespace detail {
/// The position in [0, 1] of each value between the 5th and the 95th percentile; NaN for NaN.
XG_API std::vector<double> color_positions(const std::vector<double>& values);
}  // namespace detail

}  // namespace xg::viz
