// Force plot: contributions as arrows that push the output up or down.
#pragma once

#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/viz/contributions.hpp>
#include <xgrad/viz/figure.hpp>

#include <optional>

namespace xg::viz {

/// The order of the rows in a stacked force plot.
enum class RowOrder {
  similarity,  ///< rows with similar contributions side by side
  output,      ///< by falling output
  original,    ///< as in the explanation
};

/// Options of force().
struct ForceOptions {
  Link link = Link::identity;              ///< logit: log-odds, with probabilities at the axis
  double contribution_threshold = 0.05;    ///< smallest share of all |contributions| of a named feature; at most 60 are
  RowOrder order = RowOrder::similarity;   ///< order of several rows
  std::optional<std::size_t> output = {};  ///< which output; needed if there are several
  std::size_t max_rows = 1000;             ///< of several rows, at most two in a px; of more a sample, with a note
  String title = {};                       ///< above the picture
  double width = 10;                       ///< inches
  Theme theme = Theme::light;              ///< colours and sizes of text and lines
};

/// For one row, red arrows from the left push the output up and blue ones from the right push it down; they meet at the
/// output f(x) of the model, the largest next to it. For several rows, the same is drawn upright with one column per
/// row; RowOrder::similarity is the order of the leaves of a complete-linkage clustering by squared distance of the
/// contributions, each merge turned so that its nearest ends meet. The widths of arrows and bands are contributions in
/// the unit of the output, in log-odds for Link::logit. A grey arrow "unexplained" closes the gap between the sum of
/// contributions and f(x). With Link::logit a single row of a softmax keeps the axis of its logit, because the
/// probability depends on the other logits too, and probabilities are written at f(x) and the base value. Rows whose
/// output is not finite are left out, and the plot says how many. Throws ValueError for several outputs without a
/// choice, for contributions that are not additive, for a contribution_threshold outside [0, 1], for max_rows = 0, for
/// more than 5000 rows by similarity, and for link = logit as decision does and with several rows of a softmax;
/// IndexError for an output that does not exist.
XG_API Figure force(const explain::Explanation& e, const ForceOptions& options = {});
/// The same from plain numbers.
XG_API Figure force(const Contributions& c, const ForceOptions& options = {});

}  // namespace xg::viz
