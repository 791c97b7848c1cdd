// Decision plot: how each row's output builds up from the base value, feature by feature.
#pragma once

#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/viz/contributions.hpp>
#include <xgrad/viz/figure.hpp>

#include <optional>
#include <vector>

namespace xg::viz {

/// In which order features stand: by falling mean size of their contributions, or as they come.
enum class Order {
  importance,  ///< the largest mean |contribution| first
  none,        ///< as they come
};

/// Options of decision().
struct DecisionOptions {
  Link link = Link::identity;               ///< logit: log-odds, with probabilities at the axis
  std::size_t max_display = 20;             ///< features; the contributions of hidden ones are in the line's start
  Order feature_order = Order::importance;  ///< of the rows of the plot, from the top
  std::vector<std::size_t> highlight = {};  ///< rows drawn dash-dotted and thick
  StringList legend = {};                   ///< a name for each row, or none
  std::optional<std::size_t> output = {};   ///< which output of several
  std::size_t max_rows = 2000;              ///< lines; of more a fair choice, and the plot says so
  String title = {};                        ///< above the picture
  double width = 8;                         ///< inches
  Theme theme = Theme::light;               ///< colours and sizes of text and lines
};

/// One line per row from the base value (bottom) to the output (top); across a feature's row it moves by that feature's
/// contribution. It ends at what the model gave; where contributions do not lead to it, a row "unexplained" closes the
/// gap. Colour is the final output. Of one row the feature values stand beside the line. With Link::logit x is the
/// log-odds of the output, so that equal contributions to a sigmoid's logit are equally wide; a softmax's logits are
/// all followed, and x is the log-odds of the probability that they make together. Rows whose output is no number are
/// left out, and the plot says how many. Throws ValueError where link = logit meets contributions to a probability,
/// which would be squashed twice, or a softmax of which one logit alone is known, for a highlight out of range, and for
/// a legend of another length.
XG_API Figure decision(const explain::Explanation& e, const DecisionOptions& options = {});
/// The same from plain numbers.
XG_API Figure decision(const Contributions& c, const DecisionOptions& options = {});

}  // namespace xg::viz
