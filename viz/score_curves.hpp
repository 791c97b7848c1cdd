// Plots of how well scores separate classes: ROC, precision and recall, calibration.
#pragma once

#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/viz/curves.hpp>
#include <xgrad/viz/figure.hpp>

#include <vector>

namespace xg::nn::metrics {
struct ClassificationReport;
}

namespace xg::viz {

/// Options of roc(), precision_recall() and calibration(). The axes name the positive class: the second one of a report
/// with two classes; with more classes each curve has its own.
struct CurveOptions {
  String title = {};           ///< above the picture
  double width = 5.2;          ///< inches
  double height = 4.6;         ///< inches
  Theme theme = Theme::light;  ///< colours and sizes of text and lines
};

/// Draws TPR = TP / (TP + FN) against FPR = FP / (FP + TN) over all thresholds, with the AUC of each curve and the
/// diagonal of guessing. Throws ValueError where there is no curve, or one that is empty or has lists of different
/// lengths.
XG_API Figure roc(const nn::metrics::ClassificationReport& report, const CurveOptions& options = {});
/// The same from plain curves.
XG_API Figure roc(const std::vector<ScoreCurve>& curves, const CurveOptions& options = {});

/// Draws precision TP / (TP + FP) against recall TP / (TP + FN) over all thresholds, with the average precision and,
/// for a single curve, the precision of guessing. Throws as roc.
XG_API Figure precision_recall(const nn::metrics::ClassificationReport& report, const CurveOptions& options = {});
/// The same from plain curves.
XG_API Figure precision_recall(const std::vector<ScoreCurve>& curves, const CurveOptions& options = {});

/// Draws the observed share of positive rows against the mean predicted probability of each group of rows and, for a
/// single curve, the sizes of the groups as bars. Throws as roc, and where counts are not as many as the groups.
XG_API Figure calibration(const nn::metrics::ClassificationReport& report, const CurveOptions& options = {});
/// The same from plain groups of rows.
XG_API Figure calibration(const std::vector<CalibrationBins>& curves, const CurveOptions& options = {});

}  // namespace xg::viz
