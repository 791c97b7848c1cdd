// Metrics of regression. y_true and y_pred are [n] or [n, outputs]; [n] is the same as [n, 1].
#pragma once

#include <xgrad/nn/metrics/base.hpp>
#include <xgrad/tensor/no_options.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace xg::nn::metrics {

/// Options of MAE.
using MAEOptions = NameOptions<"mae">;

/// mean |y - p|
struct XG_API MAE : detail::MeanError<MAE, MAEOptions> {
  using MeanError::MeanError;
  /// The error of one element.
  static double error(double y, double p) { return std::abs(y - p); }
};

/// Options of MSE.
using MSEOptions = NameOptions<"mse">;

/// mean (y - p)^2
struct XG_API MSE : detail::MeanError<MSE, MSEOptions> {
  using MeanError::MeanError;
  /// The error of one element.
  static double error(double y, double p) { return (y - p) * (y - p); }
};

/// Options of RMSE.
using RMSEOptions = NameOptions<"rmse">;

/// sqrt(mean (y - p)^2); for several outputs the mean over the outputs, as in scikit-learn.
class XG_API RMSE : public detail::MetricWith<RMSEOptions, false> {
 public:
  using MetricWith::MetricWith;
  void reset() { sums_.clear(), weight_ = 0; }  ///< forgets all rows
  /// Adds a batch. Shapes and errors are those of Deviations::update.
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {});
  double compute() const;  ///< over all rows seen; ValueError without any

 private:
  std::vector<double> sums_;  // sums of squares, by output
  double weight_ = 0;
};

/// Options of MAPE.
using MAPEOptions = NameOptions<"mape">;

/// mean |y - p| / max(|y|, 2.2e-16): a fraction, not a percentage, as in scikit-learn.
struct XG_API MAPE : detail::MeanError<MAPE, MAPEOptions> {
  using MeanError::MeanError;
  /// The error of one element.
  static double error(double y, double p) {
    return std::abs(y - p) / std::max(std::abs(y), std::numeric_limits<double>::epsilon());
  }
};

/// For each output, weighted sums of squares over all rows: of the deviations of y_true from its mean, of the
/// deviations of the errors from their mean, and of the errors. Welford's update keeps them accurate where the mean is
/// large. Welford 1962, "Note on a method for calculating corrected sums of squares and products".
class XG_API Deviations {
 public:
  explicit Deviations(StringRef metric) : metric_(metric.str()) {}  ///< `metric` names the caller in errors
  void reset() { outputs_.clear(), rows_ = 0; }                     ///< forgets all rows
  /// Adds a batch: y_true and y_pred [n] or [n, outputs], sample_weight [n]. Throws ShapeError for other shapes, no
  /// rows and another number of outputs than before, ValueError for undefined tensors, NaN, infinite values and
  /// negative weights.
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {});

  /// The sums of one output.
  struct Output {
    double weight = 0;       ///< sum of the weights
    double mean = 0;         ///< mean of y_true
    double total = 0;        ///< sum of (y_true - mean)^2
    double error_mean = 0;   ///< mean of y_true - y_pred
    double error_total = 0;  ///< sum of (y_true - y_pred - error_mean)^2
    double squares = 0;      ///< sum of (y_true - y_pred)^2
  };
  const std::vector<Output>& outputs() const { return outputs_; }  ///< the sums by output; empty before the first row
  std::int64_t rows() const { return rows_; }                      ///< number of rows seen

 private:
  std::string metric_;
  std::vector<Output> outputs_;
  std::int64_t rows_ = 0;
};

/// Options of R2.
using R2Options = NameOptions<"r2">;

/// 1 - sum (y - p)^2 / sum (y - mean y)^2; for several outputs the mean over the outputs. For a constant y it is 1 if
/// all predictions are exact, else 0; for a single row it is NaN, as in scikit-learn.
struct XG_API R2 : detail::MetricOf<R2Options, Deviations> {
  using MetricOf::MetricOf;
  double compute() const;  ///< over all rows seen; ValueError without any
};

/// Options of ExplainedVariance.
using ExplainedVarianceOptions = NameOptions<"explained_variance">;

/// 1 - var(y - p) / var(y): R2 without the effect of a constant offset of the predictions.
struct XG_API ExplainedVariance : detail::MetricOf<ExplainedVarianceOptions, Deviations> {
  using MetricOf::MetricOf;
  double compute() const;  ///< over all rows seen; ValueError without any
};

/// Options of MaxError.
using MaxErrorOptions = NameOptions<"max_error">;

/// max |y - p| over all elements.
class XG_API MaxError : public detail::MetricWith<MaxErrorOptions, false> {
 public:
  using MetricWith::MetricWith;
  void reset() { max_ = 0, rows_ = 0; }  ///< forgets all rows
  /// Adds a batch. Shapes and errors are those of Deviations::update.
  void update(const Tensor& y_true, const Tensor& y_pred);
  double compute() const;  ///< over all rows seen; ValueError without any

 private:
  double max_ = 0;
  std::int64_t rows_ = 0;
};

/// Options of MedianAE.
using MedianAEOptions = NameOptions<"median_ae">;

/// median |y - p|; for several outputs the mean over the outputs. It stores all errors.
class XG_API MedianAE : public detail::MetricWith<MedianAEOptions, false> {
 public:
  using MetricWith::MetricWith;
  void reset() { errors_.clear(); }  ///< forgets all rows
  /// Adds a batch. Shapes and errors are those of Deviations::update.
  void update(const Tensor& y_true, const Tensor& y_pred);
  double compute() const;  ///< over all rows seen; ValueError without any

 private:
  std::vector<std::vector<double>> errors_;  // by output
};

}  // namespace xg::nn::metrics
