// Force plot: contributions as arrows that push the output up and down until they meet.
#pragma once

#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/viz/contributions.hpp>
#include <xgrad/viz/figure.hpp>

#include <optional>

namespace xg::viz {

/// How the rows of a stacked force plot stand side by side.
enum class RowOrder {
  similarity,  ///< rows with similar contributions are neighbours
  output,      ///< by falling output
  original,    ///< as they come
};

/// Options of force().
struct ForceOptions {
  Link link = Link::identity;              ///< logit: log-odds, with probabilities at the axis
  double contribution_threshold = 0.05;    ///< only features with this share of all contributions are named, at most 60
  RowOrder order = RowOrder::similarity;   ///< of several rows
  std::optional<std::size_t> output = {};  ///< which output of several
  std::size_t max_rows = 1000;             ///< of several rows, at most two in a px; of more a fair choice, with a note
  String title = {};                       ///< above the picture
  double width = 10;                       ///< inches
  Theme theme = Theme::light;              ///< colours and sizes of text and lines
};

/// One row: red arrows from the left push the output up, blue ones from the right push it down; they meet at f(x), the
/// largest next to it. Several rows: the same turned upright, one column per row; similar rows are neighbours (complete
/// linkage on squared distances of the contributions, each merge turned so that its near ends meet). Arrows and bands
/// are as wide as contributions, with either link. f(x) is what the model gave; what contributions do not explain of it
/// is a grey arrow "unexplained". With Link::logit one row of a softmax keeps an axis of its logit, because the
/// probability depends on the other logits too, and says the probabilities at f(x) and base value; several rows are an
/// error. Rows whose output is no number are left out, and the plot says how many. Throws ValueError as decision does.
XG_API Figure force(const explain::Explanation& e, const ForceOptions& options = {});
/// The same from plain numbers.
XG_API Figure force(const Contributions& c, const ForceOptions& options = {});

}  // namespace xg::viz
