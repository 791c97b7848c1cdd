// Waterfall plot: from the base value to the prediction of one row, with one arrow for each feature.
#pragma once

#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/viz/contributions.hpp>
#include <xgrad/viz/figure.hpp>

#include <optional>

namespace xg::explain {
class Explanation;
}

namespace xg::viz {

/// Options of waterfall().
struct WaterfallOptions {
  std::size_t max_display = 10;            ///< rows; features beyond are summed up in the last one
  std::optional<std::size_t> output = {};  ///< which output; needed if there are several
  bool error_bars = true;                  ///< draw standard errors if there are any, and say what they are
  String title = {};                       ///< above the picture
  double width = 8;                        ///< inches
  Theme theme = Theme::light;              ///< colours and sizes of text and lines
};

/// Draws E[f(X)] at the bottom, the output f(x) of the model at the top, and between them the contributions of one row
/// by falling size, in the unit of the output; the smallest are summed up as "k other features" at the bottom. If
/// contributions do not sum to f(x), a grey bar "unexplained" closes the gap. Throws ValueError for several rows, for
/// several outputs without a choice, for contributions that are not additive, and for max_display = 0; IndexError for
/// an output that does not exist. After Lundberg and Lee (2017), as drawn by shap.
XG_API Figure waterfall(const explain::Explanation& e, const WaterfallOptions& options = {});
/// The same from plain numbers.
XG_API Figure waterfall(const Contributions& c, const WaterfallOptions& options = {});

}  // namespace xg::viz
