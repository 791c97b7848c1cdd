// Metrics of predicted numbers. y_true and y_pred have the same elements, [n] or [n, outputs]; [n] goes with [n, 1].
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace xg::nn::metrics {

struct MAEOptions {
  std::string name = "mae";
};

/// mean |y - p|
class XG_API MAE {
 public:
  MAE() : MAE(MAEOptions{}) {}
  explicit MAE(MAEOptions options) : options_(std::move(options)) {}

  const std::string& name() const { return options_.name; }
  bool larger_is_better() const { return false; }
  void reset() { sum_ = weight_ = 0; }
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {});
  double compute() const;

 private:
  MAEOptions options_;
  double sum_ = 0, weight_ = 0;
};

struct MSEOptions {
  std::string name = "mse";
};

/// mean (y - p)^2
class XG_API MSE {
 public:
  MSE() : MSE(MSEOptions{}) {}
  explicit MSE(MSEOptions options) : options_(std::move(options)) {}

  const std::string& name() const { return options_.name; }
  bool larger_is_better() const { return false; }
  void reset() { sum_ = weight_ = 0; }
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {});
  double compute() const;

 private:
  MSEOptions options_;
  double sum_ = 0, weight_ = 0;
};

struct RMSEOptions {
  std::string name = "rmse";
};

/// sqrt(mean (y - p)^2); several outputs: the mean of each one's, as scikit-learn
class XG_API RMSE {
 public:
  RMSE() : RMSE(RMSEOptions{}) {}
  explicit RMSE(RMSEOptions options) : options_(std::move(options)) {}

  const std::string& name() const { return options_.name; }
  bool larger_is_better() const { return false; }
  void reset() { sums_.clear(), weight_ = 0; }
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {});
  double compute() const;

 private:
  RMSEOptions options_;
  std::vector<double> sums_;  // of squares, by output
  double weight_ = 0;
};

struct MAPEOptions {
  std::string name = "mape";
};

/// mean |y - p| / max(|y|, 2.2e-16): a share, not a percentage, as scikit-learn
class XG_API MAPE {
 public:
  MAPE() : MAPE(MAPEOptions{}) {}
  explicit MAPE(MAPEOptions options) : options_(std::move(options)) {}

  const std::string& name() const { return options_.name; }
  bool larger_is_better() const { return false; }
  void reset() { sum_ = weight_ = 0; }
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {});
  double compute() const;

 private:
  MAPEOptions options_;
  double sum_ = 0, weight_ = 0;
};

struct R2Options {
  std::string name = "r2";
};

/// 1 - sum (y - p)^2 / sum (y - mean y)^2, with Welford's update of the lower sum, so that no digits are lost where the
/// mean is large. Several outputs: the mean of each one's. A constant y gives 1 if all predictions are right, else 0;
/// one row alone gives NaN. As scikit-learn.
class XG_API R2 {
 public:
  R2() : R2(R2Options{}) {}
  explicit R2(R2Options options) : options_(std::move(options)) {}

  const std::string& name() const { return options_.name; }
  bool larger_is_better() const { return true; }
  void reset() { outputs_.clear(), rows_ = 0; }
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {});
  double compute() const;

 private:
  struct Output {
    double weight = 0, mean = 0, total = 0, residual = 0;
  };
  R2Options options_;
  std::vector<Output> outputs_;
  std::int64_t rows_ = 0;
};

struct ExplainedVarianceOptions {
  std::string name = "explained_variance";
};

/// 1 - var(y - p) / var(y): R2 but for a constant offset of the predictions.
class XG_API ExplainedVariance {
 public:
  ExplainedVariance() : ExplainedVariance(ExplainedVarianceOptions{}) {}
  explicit ExplainedVariance(ExplainedVarianceOptions options) : options_(std::move(options)) {}

  const std::string& name() const { return options_.name; }
  bool larger_is_better() const { return true; }
  void reset() { outputs_.clear(), rows_ = 0; }
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {});
  double compute() const;

 private:
  struct Output {
    double weight = 0, mean = 0, total = 0, error_mean = 0, error_total = 0;
  };
  ExplainedVarianceOptions options_;
  std::vector<Output> outputs_;
  std::int64_t rows_ = 0;
};

struct MaxErrorOptions {
  std::string name = "max_error";
};

/// max |y - p|
class XG_API MaxError {
 public:
  MaxError() : MaxError(MaxErrorOptions{}) {}
  explicit MaxError(MaxErrorOptions options) : options_(std::move(options)) {}

  const std::string& name() const { return options_.name; }
  bool larger_is_better() const { return false; }
  void reset() { max_ = 0, rows_ = 0; }
  void update(const Tensor& y_true, const Tensor& y_pred);
  double compute() const;

 private:
  MaxErrorOptions options_;
  double max_ = 0;
  std::int64_t rows_ = 0;
};

struct MedianAEOptions {
  std::string name = "median_ae";
};

/// median |y - p|; several outputs: the mean of each one's. Keeps all errors.
class XG_API MedianAE {
 public:
  MedianAE() : MedianAE(MedianAEOptions{}) {}
  explicit MedianAE(MedianAEOptions options) : options_(std::move(options)) {}

  const std::string& name() const { return options_.name; }
  bool larger_is_better() const { return false; }
  void reset() { errors_.clear(); }
  void update(const Tensor& y_true, const Tensor& y_pred);
  double compute() const;

 private:
  MedianAEOptions options_;
  std::vector<std::vector<double>> errors_;  // by output
};

}  // namespace xg::nn::metrics
