// How far predictions are from what they should be.
#pragma once

#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/viz/axes.hpp>
#include <xgrad/viz/figure.hpp>

#include <concepts>

namespace xg::nn::metrics {
struct RegressionReport;
}

namespace xg::viz {

/// Options of predicted_vs_true() and residuals().
struct RegressionOptions {
  std::size_t max_points = 2000;  ///< of more a fair choice, and the plot says so
  String title = {};              ///< above the picture
  double width = 5.2;             ///< inches
  double height = 4.6;            ///< inches
  Theme theme = Theme::light;     ///< colours and sizes of text and lines
  String unit = {};               ///< of the target, for the axes: "dollars"
};

/// Predictions against true values, with the diagonal of a perfect model; the largest error is marked. Throws
/// ValueError where the lists differ in length or are empty.
XG_API Figure predicted_vs_true(const Data& y_true, const Data& y_predicted, const RegressionOptions& options = {});
/// The same of a report. Braces are never one: `{1}` is a list of numbers.
template <std::same_as<nn::metrics::RegressionReport> Report>
Figure predicted_vs_true(const Report& report, const RegressionOptions& options = {}) {
  return predicted_vs_true(Data(report.y_true), Data(report.y_pred), options);
}

/// Residuals (true - predicted) against predictions, and their distribution beside. Throws as predicted_vs_true.
XG_API Figure residuals(const Data& y_true, const Data& y_predicted, const RegressionOptions& options = {.width = 9});
/// The same of a report.
template <std::same_as<nn::metrics::RegressionReport> Report>
Figure residuals(const Report& report, const RegressionOptions& options = {.width = 9}) {
  return residuals(Data(report.y_true), Data(report.y_pred), options);
}

}  // namespace xg::viz
