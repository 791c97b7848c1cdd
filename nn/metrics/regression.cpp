#include <xgrad/nn/detail/metric_inputs.hpp>
#include <xgrad/nn/metrics/regression.hpp>
#include <xgrad/tensor/support/raise.hpp>

namespace xg::nn::metrics {
namespace {

// Welford's step: the sum of squared deviations from the mean, without cancellation.
void welford(double value, double w, double weight, double& mean, double& squares) {
  const double deviation = value - mean;
  mean += deviation * (w / weight);
  squares += w * deviation * (value - mean);
}

void check_outputs(const std::string& metric, std::size_t known, std::int64_t found) {
  if (known != 0 && known != static_cast<std::size_t>(found))
    raise<ShapeError>("[{}] y_pred has {} outputs, earlier batches had {}: call reset() in between.", metric, found,
                      known);
}

// 1 - residual / total; by scikit-learn's convention 1 or 0 where y_true is constant.
double share_explained(double residual, double total) {
  if (total > 0) return 1 - residual / total;
  return residual > 0 ? 0.0 : 1.0;
}

double median(std::vector<double> values) {
  const std::size_t middle = values.size() / 2;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(middle), values.end());
  const double upper = values[middle];
  if (values.size() % 2 == 1) return upper;
  return (upper + *std::max_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(middle))) / 2;
}

}  // namespace

void detail::add_errors(const std::string& metric, const Tensor& y_true, const Tensor& y_pred,
                        const Tensor& sample_weight, double (*error)(double, double), double& sum, double& weight) {
  const RegressionInputs in = read_regression(metric, y_true, y_pred, sample_weight);
  for (std::int64_t row = 0; row < in.rows; ++row) {
    const double w = in.weight(row);
    for (std::int64_t k = 0; k < in.outputs; ++k) {
      const auto i = static_cast<std::size_t>(row * in.outputs + k);
      sum += w * error(in.truth[i], in.predictions[i]);
      weight += w;
    }
  }
}

void RMSE::update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) {
  const RegressionInputs in = read_regression(options_.name, y_true, y_pred, sample_weight);
  check_outputs(options_.name, sums_.size(), in.outputs);
  sums_.resize(static_cast<std::size_t>(in.outputs));
  for (std::int64_t row = 0; row < in.rows; ++row) {
    weight_ += in.weight(row);
    for (std::size_t k = 0; k < sums_.size(); ++k) {
      const std::size_t i = static_cast<std::size_t>(row) * sums_.size() + k;
      const double error = in.truth[i] - in.predictions[i];
      sums_[k] += in.weight(row) * error * error;
    }
  }
}

double RMSE::compute() const {
  check_not_empty(options_.name, weight_);
  double sum = 0;
  for (double squares : sums_) sum += std::sqrt(squares / weight_);
  return sum / static_cast<double>(sums_.size());
}

void Deviations::update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) {
  const RegressionInputs in = read_regression(metric_, y_true, y_pred, sample_weight);
  check_outputs(metric_, outputs_.size(), in.outputs);
  outputs_.resize(static_cast<std::size_t>(in.outputs));
  rows_ += in.rows;
  for (std::int64_t row = 0; row < in.rows; ++row) {
    const double w = in.weight(row);
    if (w == 0) continue;
    for (std::size_t k = 0; k < outputs_.size(); ++k) {
      const std::size_t i = static_cast<std::size_t>(row) * outputs_.size() + k;
      const double error = in.truth[i] - in.predictions[i];
      Output& o = outputs_[k];
      o.weight += w;
      o.squares += w * error * error;
      welford(in.truth[i], w, o.weight, o.mean, o.total);
      welford(error, w, o.weight, o.error_mean, o.error_total);
    }
  }
}

namespace {

/// The mean over the outputs of 1 - residual / total.
double mean_share(const std::string& metric, const Deviations& all, double Deviations::Output::*residual) {
  check_not_empty(metric, all.outputs().empty() ? 0.0 : all.outputs()[0].weight);
  double sum = 0;
  for (const Deviations::Output& o : all.outputs()) sum += share_explained(o.*residual, o.total);
  return sum / static_cast<double>(all.outputs().size());
}

}  // namespace

double R2::compute() const {
  const double share = mean_share(options_.name, gathered_, &Deviations::Output::squares);
  return gathered_.rows() < 2 ? std::numeric_limits<double>::quiet_NaN() : share;
}

double ExplainedVariance::compute() const {
  return mean_share(options_.name, gathered_, &Deviations::Output::error_total);
}

void MaxError::update(const Tensor& y_true, const Tensor& y_pred) {
  const RegressionInputs in = read_regression(options_.name, y_true, y_pred, {});
  for (std::size_t i = 0; i < in.truth.size(); ++i) max_ = std::max(max_, std::abs(in.truth[i] - in.predictions[i]));
  rows_ += in.rows;
}

double MaxError::compute() const {
  check_not_empty(options_.name, static_cast<double>(rows_));
  return max_;
}

void MedianAE::update(const Tensor& y_true, const Tensor& y_pred) {
  const RegressionInputs in = read_regression(options_.name, y_true, y_pred, {});
  check_outputs(options_.name, errors_.size(), in.outputs);
  errors_.resize(static_cast<std::size_t>(in.outputs));
  for (std::size_t i = 0; i < in.truth.size(); ++i)
    errors_[i % errors_.size()].push_back(std::abs(in.truth[i] - in.predictions[i]));
}

double MedianAE::compute() const {
  check_not_empty(options_.name, errors_.empty() ? 0.0 : static_cast<double>(errors_[0].size()));
  double sum = 0;
  for (const std::vector<double>& of_output : errors_) sum += median(of_output);
  return sum / static_cast<double>(errors_.size());
}

}  // namespace xg::nn::metrics
