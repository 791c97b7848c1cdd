// Confusion matrix: which class was taken for which.
#pragma once

#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/viz/curves.hpp>
#include <xgrad/viz/figure.hpp>

namespace xg::nn::metrics {
struct ClassificationReport;
}

namespace xg::viz {

/// Options of confusion_matrix().
struct ConfusionOptions {
  bool percent = true;         ///< below each count, its share of the true class
  String title = {};           ///< above the picture
  double width = 5.2;          ///< inches; grows with the number of classes
  Theme theme = Theme::light;  ///< colours and sizes of text and lines
};

/// Counts by true class (down) and predicted class (across); the deeper the colour, the larger the share of the row.
/// Throws ValueError for an empty matrix, one that is not square, or negative counts.
XG_API Figure confusion_matrix(const nn::metrics::ClassificationReport& report, const ConfusionOptions& options = {});
/// The same from plain counts.
XG_API Figure confusion_matrix(const ConfusionCounts& counts, const ConfusionOptions& options = {});

}  // namespace xg::viz
