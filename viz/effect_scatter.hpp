// Scatter of one feature: its value against its contribution.
#pragma once

#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/viz/contributions.hpp>
#include <xgrad/viz/figure.hpp>

#include <optional>

namespace xg::viz {

/// Options of scatter().
struct ScatterOptions {
  String color = "";                       ///< a feature's name, "auto" for the strongest apparent interaction, or ""
  std::optional<std::size_t> output = {};  ///< which output of several
  bool histogram = true;                   ///< how the values are distributed, in grey
  std::size_t max_rows = 2000;             ///< dots; of more a fair choice, and the plot says so
  String title = {};                       ///< above the picture
  double width = 6.4;                      ///< inches
  double height = 4.4;                     ///< inches
  Theme theme = Theme::light;              ///< colours and sizes of text and lines
};

/// One dot for each row: x is the feature's value (as displayed, where it is a number), y its contribution. Text values
/// become categories. Rows without a value stand at the left, apart; those whose contribution is NaN are left out, and
/// the plot says how many. Throws ValueError naming the known features where there is none called `feature`.
XG_API Figure scatter(const explain::Explanation& e, StringRef feature, const ScatterOptions& options = {});
/// The same from plain numbers.
XG_API Figure scatter(const Contributions& c, StringRef feature, const ScatterOptions& options = {});

}  // namespace xg::viz
