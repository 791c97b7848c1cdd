// Bars of importance: mean size of the contributions, or the signed contributions of one row; cohorts side by side.
#pragma once

#include <xgrad/explain/explanation.hpp>
#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/viz/contributions.hpp>
#include <xgrad/viz/figure.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace xg::viz {

/// Options of bar().
struct BarOptions {
  std::size_t max_display = 10;            ///< rows; what does not fit is summed up in the last one
  std::optional<std::size_t> output = {};  ///< which output of several
  bool error_bars = true;                  ///< of one row, where there are standard errors; the plot says what they are
  String title = {};                       ///< above the picture
  double width = 8;                        ///< inches
  Theme theme = Theme::light;              ///< colours and sizes of text and lines
};

/// Several rows: mean |contribution| of each feature, largest at the top. One row: its signed contributions, largest
/// size at the top, red up and blue down. Throws ValueError as waterfall does.
XG_API Figure bar(const explain::Explanation& e, const BarOptions& options = {});
/// The same from plain numbers.
XG_API Figure bar(const Contributions& c, const BarOptions& options = {});

/// Cohorts: the same features explained on several groups of rows, one bar for each beside the others. Features are
/// matched by their names, whatever their order. Throws ValueError, naming them, where cohorts differ in features, and
/// where they differ in space or unit.
XG_API Figure bar(const std::vector<std::pair<std::string, explain::Explanation>>& cohorts,
                  const BarOptions& options = {});
/// The same from plain numbers.
XG_API Figure bar(const std::vector<std::pair<std::string, Contributions>>& cohorts, const BarOptions& options = {});

}  // namespace xg::viz
