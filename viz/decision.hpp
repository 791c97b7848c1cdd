// Decision plot: how the output of each row builds up from the base value, feature by feature.
#pragma once

#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/viz/contributions.hpp>
#include <xgrad/viz/figure.hpp>

#include <optional>
#include <vector>

namespace xg::viz {

/// The order of the features.
enum class Order {
  importance,  ///< by falling mean |contribution|
  none,        ///< as in the explanation
};

/// Options of decision().
struct DecisionOptions {
  Link link = Link::identity;               ///< logit: log-odds, with probabilities at the axis
  std::size_t max_display = 20;             ///< features; lines start with the sum of the contributions of the others
  Order feature_order = Order::importance;  ///< order of the features, from the top
  std::vector<std::size_t> highlight = {};  ///< rows drawn dash-dotted and thick
  StringList legend = {};                   ///< a name for each row, or none
  std::optional<std::size_t> output = {};   ///< which output; needed if there are several
  std::size_t max_rows = 2000;              ///< lines; of more a sample is drawn, and the plot says so
  String title = {};                        ///< above the picture
  double width = 8;                         ///< inches
  Theme theme = Theme::light;               ///< colours and sizes of text and lines
};

/// Draws one line for each row from the base value (bottom) to the output of the model (top); across the row of a
/// feature it moves by the contribution of that feature. If contributions do not sum to the output, a row "unexplained"
/// closes the gap. The colour is the output. For a single row the values of the features stand beside the line. x is in
/// the unit of the output; with Link::logit it is the log-odds of the output, so that equal contributions to the logit
/// of a sigmoid are equally wide. For a softmax all logits are followed, and x is the log-odds of the resulting
/// probability. Rows whose output is not finite are left out, and the plot says how many. Throws ValueError for several
/// outputs without a choice, for contributions that are not additive, for link = logit with contributions to a
/// probability (which would be squashed twice) or with a softmax of which not all logits are known, for a legend with
/// another number of names than rows, and for max_display or max_rows = 0; IndexError for an output or a highlight that
/// does not exist.
XG_API Figure decision(const explain::Explanation& e, const DecisionOptions& options = {});
/// The same from plain numbers.
XG_API Figure decision(const Contributions& c, const DecisionOptions& options = {});

}  // namespace xg::viz
