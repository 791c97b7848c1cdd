// Plots of the errors of a regression.
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
  std::size_t max_points = 2000;  ///< of more a sample is drawn, and the plot says so
  String title = {};              ///< above the picture
  double width = 5.2;             ///< inches
  double height = 4.6;            ///< inches
  Theme theme = Theme::light;     ///< colours and sizes of text and lines
  String unit = {};               ///< unit of the target, for the axes: "dollars"
};

/// Draws (y_predicted_i, y_true_i) with the diagonal of a perfect model and marks the largest error max_i |y_true_i -
/// y_predicted_i|. Pairs that are not finite are left out, and the plot says how many. Throws ValueError where the
/// lists are empty or differ in length, and for max_points = 0.
XG_API Figure predicted_vs_true(const Data& y_true, const Data& y_predicted, const RegressionOptions& options = {});
/// The same for a report. A template, so that braces such as `{1}` are always a list of numbers.
template <std::same_as<nn::metrics::RegressionReport> Report>
Figure predicted_vs_true(const Report& report, const RegressionOptions& options = {}) {
  return predicted_vs_true(Data(report.y_true), Data(report.y_pred), options);
}

/// Draws the residuals y_true_i - y_predicted_i against y_predicted_i and, beside them, their histogram and mean.
/// Throws as predicted_vs_true.
XG_API Figure residuals(const Data& y_true, const Data& y_predicted, const RegressionOptions& options = {.width = 9});
/// The same for a report.
template <std::same_as<nn::metrics::RegressionReport> Report>
Figure residuals(const Report& report, const RegressionOptions& options = {.width = 9}) {
  return residuals(Data(report.y_true), Data(report.y_pred), options);
}

}  // namespace xg::viz
