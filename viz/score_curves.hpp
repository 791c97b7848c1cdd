// How well scores separate classes: ROC, precision and recall, calibration.
#pragma once

#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/viz/curves.hpp>
#include <xgrad/viz/figure.hpp>

#include <vector>

namespace xg::nn::metrics {
struct ClassificationReport;
}

namespace xg::viz {

/// The axes name the positive class: of a report of two classes the second one, of several each curve's own.
struct CurveOptions {
  String title = {};           ///< above the picture
  double width = 5.2;          ///< inches
  double height = 4.6;         ///< inches
  Theme theme = Theme::light;  ///< colours and sizes of text and lines
};

/// True against false positive rate over all thresholds, with the AUC of each curve and the diagonal of guessing.
/// Throws ValueError where there is no curve, or one without points or with lists of different lengths.
XG_API Figure roc(const nn::metrics::ClassificationReport& report, const CurveOptions& options = {});
/// The same from plain curves.
XG_API Figure roc(const std::vector<ScoreCurve>& curves, const CurveOptions& options = {});

/// Precision against recall over all thresholds, with the average precision and the precision of guessing.
XG_API Figure precision_recall(const nn::metrics::ClassificationReport& report, const CurveOptions& options = {});
/// The same from plain curves.
XG_API Figure precision_recall(const std::vector<ScoreCurve>& curves, const CurveOptions& options = {});

/// Observed share of positive rows against the predicted probability, with the rows of each group as bars below.
XG_API Figure calibration(const nn::metrics::ClassificationReport& report, const CurveOptions& options = {});
/// The same from plain groups.
XG_API Figure calibration(const std::vector<CalibrationBins>& curves, const CurveOptions& options = {});

}  // namespace xg::viz
