// Scatter plot of one feature: contribution against value.
#pragma once

#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/viz/contributions.hpp>
#include <xgrad/viz/figure.hpp>

#include <optional>

namespace xg::viz {

/// Options of scatter().
struct ScatterOptions {
  String color = "";                       ///< a feature's name, "auto" for the strongest apparent interaction, or ""
  std::optional<std::size_t> output = {};  ///< which output; needed if there are several
  bool histogram = true;                   ///< draw the distribution of the values, in grey
  std::size_t max_rows = 2000;             ///< dots; of more a sample is drawn, and the plot says so
  String title = {};                       ///< above the picture
  double width = 6.4;                      ///< inches
  double height = 4.4;                     ///< inches
  Theme theme = Theme::light;              ///< colours and sizes of text and lines
};

/// Draws one dot for each row: x is the value of the feature (as displayed, if that is a number), y its contribution in
/// the unit of the output. Text values become categories. Rows without a value stand apart at the left; rows whose
/// contribution is not finite are left out, and the plot says how many. The apparent interaction with another feature
/// is the sum of |correlation| between its values and the contributions over blocks of rows with similar x. Throws
/// ValueError for a feature or colour that is not a feature (listing the features), where the values of the features
/// are unknown, for several outputs without a choice, and for max_rows = 0; IndexError for an output that does not
/// exist.
XG_API Figure scatter(const explain::Explanation& e, StringRef feature, const ScatterOptions& options = {});
/// The same from plain numbers.
XG_API Figure scatter(const Contributions& c, StringRef feature, const ScatterOptions& options = {});

}  // namespace xg::viz
