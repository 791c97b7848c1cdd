// Bar plots of importance: mean |contribution| over rows, or the signed contributions of one row; cohorts side by side.
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
  std::size_t max_display = 10;            ///< rows; features beyond are summed up in the last one
  std::optional<std::size_t> output = {};  ///< which output; needed if there are several
  bool error_bars = true;      ///< draw the standard errors of a single row if there are any, and say what they are
  String title = {};           ///< above the picture
  double width = 8;            ///< inches
  Theme theme = Theme::light;  ///< colours and sizes of text and lines
};

/// For several rows, draws mean_r |contribution[r, i]| of each feature i, largest at the top. For one row, draws its
/// signed contributions by falling size, positive ones in red and negative ones in blue. Lengths are in the unit of the
/// output. Throws ValueError for several outputs without a choice and for max_display = 0, IndexError for an output
/// that does not exist.
XG_API Figure bar(const explain::Explanation& e, const BarOptions& options = {});
/// The same from plain numbers. Throws ValueError where their sizes do not match (Contributions::check).
XG_API Figure bar(const Contributions& c, const BarOptions& options = {});

/// Compares cohorts, which are explanations of the same features on several groups of rows: one bar for each cohort and
/// feature. Features are matched by name, in any order. Throws ValueError if there is no cohort or if cohorts differ in
/// their features (which it names), space or unit.
XG_API Figure bar(const std::vector<std::pair<std::string, explain::Explanation>>& cohorts,
                  const BarOptions& options = {});
/// The same from plain numbers.
XG_API Figure bar(const std::vector<std::pair<std::string, Contributions>>& cohorts, const BarOptions& options = {});

}  // namespace xg::viz
