// How far predictions are from what they should be.
#pragma once

#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/viz/axes.hpp>
#include <xgrad/viz/figure.hpp>

namespace xg::nn::metrics {
struct RegressionReport;
}

namespace xg::viz {

struct RegressionOptions {
  std::size_t max_points = 2000;  ///< of more a fair choice, and the plot says so
  String title = {};
  double width = 5.2;   ///< inches
  double height = 4.6;  ///< inches
  Theme theme = Theme::light;
  String unit = {};  ///< of the target, for the axes: "dollars"
};

/// Predictions against true values, with the diagonal of a perfect model; the largest error is marked. Throws
/// ValueError where the lists differ in length or are empty.
XG_API Figure predicted_vs_true(const nn::metrics::RegressionReport& report, const RegressionOptions& options = {});
XG_API Figure predicted_vs_true(const Data& y_true, const Data& y_predicted, const RegressionOptions& options = {});

/// Residuals (true - predicted) against predictions, and their distribution beside.
XG_API Figure residuals(const nn::metrics::RegressionReport& report, const RegressionOptions& options = {.width = 9});
XG_API Figure residuals(const Data& y_true, const Data& y_predicted, const RegressionOptions& options = {.width = 9});

}  // namespace xg::viz
