// Waterfall: from the base value to the prediction of one row, one arrow per feature.
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
  std::size_t max_display = 10;            ///< rows; what does not fit is summed up in the last one
  std::optional<std::size_t> output = {};  ///< which output of several
  bool error_bars = true;                  ///< draw standard errors where there are any, and say what they are
  String title = {};                       ///< above the picture
  double width = 8;                        ///< inches
  Theme theme = Theme::light;              ///< colours and sizes of text and lines
};

/// E[f(X)] at the bottom, f(x) at the top, and between them the contributions of one row by falling size; the smallest
/// are summed up as "k other features" at the bottom. f(x) is what the model gave: where contributions do not lead to
/// it, a grey bar "unexplained" closes the gap. Throws ValueError for several rows, several outputs of which none is
/// chosen, and max_display = 0. After Lundberg and Lee (2017), as drawn by shap.
XG_API Figure waterfall(const explain::Explanation& e, const WaterfallOptions& options = {});
/// The same from plain numbers.
XG_API Figure waterfall(const Contributions& c, const WaterfallOptions& options = {});

}  // namespace xg::viz
