// Confusion matrix: counts of rows by true and predicted class.
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
  bool percent = true;         ///< write below each count its share of the true class
  String title = {};           ///< above the picture
  double width = 5.2;          ///< inches; grows with the number of classes
  Theme theme = Theme::light;  ///< colours and sizes of text and lines
};

/// Draws counts[true][predicted], one row for each true class; the colour shows the share counts[i][j] / sum_j
/// counts[i][j]. Throws ValueError for a matrix that is empty or not square, and for counts that are negative or not
/// finite.
XG_API Figure confusion_matrix(const nn::metrics::ClassificationReport& report, const ConfusionOptions& options = {});
/// The same from plain counts.
XG_API Figure confusion_matrix(const ConfusionCounts& counts, const ConfusionOptions& options = {});

}  // namespace xg::viz
