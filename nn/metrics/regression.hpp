// Metrics of predicted numbers. y_true and y_pred have the same elements, [n] or [n, outputs]; [n] goes with [n, 1].
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
  /// Of one element.
  static double error(double y, double p) { return std::abs(y - p); }
};

/// Options of MSE.
using MSEOptions = NameOptions<"mse">;

/// mean (y - p)^2
struct XG_API MSE : detail::MeanError<MSE, MSEOptions> {
  using MeanError::MeanError;
  /// Of one element.
  static double error(double y, double p) { return (y - p) * (y - p); }
};

/// Options of RMSE.
using RMSEOptions = NameOptions<"rmse">;

/// sqrt(mean (y - p)^2); several outputs: the mean of each one's, as scikit-learn
class XG_API RMSE : public detail::MetricWith<RMSEOptions, false> {
 public:
  using MetricWith::MetricWith;
  void reset() { sums_.clear(), weight_ = 0; }                                                ///< forgets all rows
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {});  ///< takes in a batch
  double compute() const;  ///< over all rows seen; ValueError without any

 private:
  std::vector<double> sums_;  // of squares, by output
  double weight_ = 0;
};

/// Options of MAPE.
using MAPEOptions = NameOptions<"mape">;

/// mean |y - p| / max(|y|, 2.2e-16): a share, not a percentage, as scikit-learn
struct XG_API MAPE : detail::MeanError<MAPE, MAPEOptions> {
  using MeanError::MeanError;
  /// Of one element.
  static double error(double y, double p) {
    return std::abs(y - p) / std::max(std::abs(y), std::numeric_limits<double>::epsilon());
  }
};

/// By output, weighted sums over all rows: of the truth's deviations from its mean and of the errors' from theirs, by
/// Welford's update, so that no digits are lost where the mean is large; and of the errors' squares.
class XG_API Deviations {
 public:
  explicit Deviations(StringRef metric) : metric_(metric.str()) {}                            ///< `metric` in errors
  void reset() { outputs_.clear(), rows_ = 0; }                                               ///< forgets all rows
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {});  ///< takes in a batch

  /// The sums of one output.
  struct Output {
    double weight = 0;       ///< of all rows
    double mean = 0;         ///< of the truth
    double total = 0;        ///< sum of its squared deviations from that
    double error_mean = 0;   ///< of truth - prediction
    double error_total = 0;  ///< sum of its squared deviations from that
    double squares = 0;      ///< sum of (truth - prediction)^2
  };
  const std::vector<Output>& outputs() const { return outputs_; }  ///< empty before the first row
  std::int64_t rows() const { return rows_; }                      ///< rows seen

 private:
  std::string metric_;
  std::vector<Output> outputs_;
  std::int64_t rows_ = 0;
};

/// Options of R2.
using R2Options = NameOptions<"r2">;

/// 1 - sum (y - p)^2 / sum (y - mean y)^2. Several outputs: the mean of each one's. A constant y gives 1 if all
/// predictions are right, else 0; one row alone gives NaN. As scikit-learn.
struct XG_API R2 : detail::MetricOf<R2Options, Deviations> {
  using MetricOf::MetricOf;
  double compute() const;  ///< over all rows seen; ValueError without any
};

/// Options of ExplainedVariance.
using ExplainedVarianceOptions = NameOptions<"explained_variance">;

/// 1 - var(y - p) / var(y): R2 but for a constant offset of the predictions.
struct XG_API ExplainedVariance : detail::MetricOf<ExplainedVarianceOptions, Deviations> {
  using MetricOf::MetricOf;
  double compute() const;  ///< over all rows seen; ValueError without any
};

/// Options of MaxError.
using MaxErrorOptions = NameOptions<"max_error">;

/// max |y - p|
class XG_API MaxError : public detail::MetricWith<MaxErrorOptions, false> {
 public:
  using MetricWith::MetricWith;
  void reset() { max_ = 0, rows_ = 0; }                     ///< forgets all rows
  void update(const Tensor& y_true, const Tensor& y_pred);  ///< takes in a batch
  double compute() const;                                   ///< over all rows seen; ValueError without any

 private:
  double max_ = 0;
  std::int64_t rows_ = 0;
};

/// Options of MedianAE.
using MedianAEOptions = NameOptions<"median_ae">;

/// median |y - p|; several outputs: the mean of each one's. Keeps all errors.
class XG_API MedianAE : public detail::MetricWith<MedianAEOptions, false> {
 public:
  using MetricWith::MetricWith;
  void reset() { errors_.clear(); }                         ///< forgets all rows
  void update(const Tensor& y_true, const Tensor& y_pred);  ///< takes in a batch
  double compute() const;                                   ///< over all rows seen; ValueError without any

 private:
  std::vector<std::vector<double>> errors_;  // by output
};

}  // namespace xg::nn::metrics
