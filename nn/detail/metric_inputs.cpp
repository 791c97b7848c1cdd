#include <xgrad/nn/detail/metric_inputs.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace xg::nn::metrics {
namespace {

CachedVector<double> elements(const Tensor& t) {
  const Tensor dense = t.is_contiguous() ? t : t.detach().contiguous();
  CachedVector<double> values(static_cast<std::size_t>(dense.numel()));
  dispatch(dense.dtype(), [&]<class T>() {
    const T* data = dense.data<T>();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(data[i]);
  });
  return values;
}

void check_defined(const std::string& metric, const char* argument, const Tensor& t) {
  if (!t.defined()) raise<ValueError>("[{}] {} is undefined: pass a tensor.", metric, argument);
}

std::int64_t columns_of(const Tensor& t) { return t.dim() == 1 ? 1 : t.size(1); }

void check_table(const std::string& metric, const char* argument, const Tensor& t, const char* needed) {
  check_defined(metric, argument, t);
  if (t.dim() != 1 && t.dim() != 2)
    raise<ShapeError>("[{}] {} is {}, it must be {}.", metric, argument, t.shape().str(), needed);
  if (t.numel() == 0)
    raise<ShapeError>("[{}] {} is {}: there is nothing to measure; pass at least one row.", metric, argument,
                      t.shape().str());
}

void check_same_rows(const std::string& metric, const Tensor& y_true, const Tensor& y_pred) {
  if (y_true.size(0) != y_pred.size(0))
    raise<ShapeError>("[{}] y_true is {}, y_pred is {}: they must have the same number of rows.", metric,
                      y_true.shape().str(), y_pred.shape().str());
}

CachedVector<double> read_weights(const std::string& metric, const Tensor& weight, std::int64_t rows) {
  if (!weight.defined()) return {};
  if ((weight.dim() != 1 && weight.dim() != 2) || weight.numel() != rows || weight.size(0) != rows)
    raise<ShapeError>("[{}] sample_weight is {}, y_pred has {} rows: give one weight per row, [{}].", metric,
                      weight.shape().str(), rows, rows);
  CachedVector<double> values = elements(weight);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!(values[i] >= 0) || std::isinf(values[i]))
      raise<ValueError>("[{}] sample_weight is {} at row {}: weights are finite and not negative.", metric, values[i],
                        i);
  return values;
}

void check_numbers(const std::string& metric, const char* argument, const CachedVector<double>& values,
                   std::int64_t columns, bool infinite_allowed) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i]) || (infinite_allowed && std::isinf(values[i]))) continue;
    raise<ValueError>("[{}] {} is {} at row {}: {}", metric, argument, std::isnan(values[i]) ? "NaN" : "infinite",
                      i / static_cast<std::size_t>(columns),
                      argument[2] == 'p'
                          ? "the model has diverged or its inputs hold such values; look at the loss and the data."
                          : "drop or repair such rows before training.");
  }
}

// Converts a floating-point label to a class index in [0, classes).
std::int64_t checked_label(const std::string& metric, const char* argument, double value, std::int64_t classes,
                           std::size_t row) {
  const bool unbounded = classes < 0;
  if (std::isnan(value))
    raise<ValueError>("[{}] {} is NaN at row {}: drop rows without a label, or label them -100.", metric, argument,
                      row);
  if (value != std::floor(value) || value < 0 || (!unbounded && value >= static_cast<double>(classes)) || value > 1e6) {
    if (classes == 2)
      raise<IndexError>("[{}] {} is {} at row {}: with one probability per row labels are 0 or 1.", metric, argument,
                        value, row);
    raise<IndexError>("[{}] {} is {} at row {}: labels are whole numbers from 0 to {}.", metric, argument, value, row,
                      unbounded ? 999'999 : classes - 1);
  }
  return static_cast<std::int64_t>(value);
}

// Converts all labels to class indices. Returns false if one is invalid; checked_label then throws for it.
bool whole_numbers(const CachedVector<double>& values, std::int64_t classes, CachedVector<std::int64_t>& labels) {
  const double end = classes < 0 ? 1e6 : static_cast<double>(classes - 1);
  bool all = true;
  for (std::size_t row = 0; row < values.size(); ++row) {
    const double value = values[row];
    const bool inside = value >= 0 && value <= end;
    const std::int32_t label = static_cast<std::int32_t>(inside ? value : 0.0);
    all &= inside & (static_cast<double>(label) == value);
    labels[row] = label;
  }
  return all;
}

CachedVector<std::int64_t> one_hot_labels(const std::string& metric, const CachedVector<double>& values,
                                          std::int64_t classes) {
  const auto k = static_cast<std::size_t>(classes);
  CachedVector<std::int64_t> labels(values.size() / k);
  for (std::size_t row = 0; row < labels.size(); ++row) {
    std::int64_t label = -1;
    for (std::size_t c = 0; c < k; ++c) {
      const double v = values[row * k + c];
      if (v == 0) continue;
      if (v != 1 || label >= 0)
        raise<ValueError>(
            "[{}] row {} of y_true is not one-hot (found {}): give class indices [rows], or rows with a single 1.",
            metric, row, std::isnan(v) ? "NaN" : fmt::format("{}", v));
      label = static_cast<std::int64_t>(c);
    }
    if (label < 0) raise<ValueError>("[{}] row {} of y_true is all zeros: a one-hot row has a single 1.", metric, row);
    labels[row] = label;
  }
  return labels;
}

// Sets the predictions of rows without a label to 0.
void clear_ignored(ClassificationInputs& in, const CachedVector<double>& truth) {
  const auto columns = static_cast<std::size_t>(in.columns);
  for (std::size_t row = 0; row < truth.size(); ++row)
    if (truth[row] == static_cast<double>(ignored_label))
      std::fill_n(in.predictions.begin() + static_cast<std::ptrdiff_t>(row * columns), columns, 0.0);
}

// Removes the rows without a label.
void drop_ignored(ClassificationInputs& in, CachedVector<double>& truth) {
  constexpr auto ignored = static_cast<double>(ignored_label);
  if (std::find(truth.begin(), truth.end(), ignored) == truth.end()) return;
  const auto columns = static_cast<std::size_t>(in.columns);
  std::size_t kept = 0;
  for (std::size_t row = 0; row < truth.size(); ++row) {
    if (truth[row] == ignored) continue;
    truth[kept] = truth[row];
    if (!in.weights.empty()) in.weights[kept] = in.weights[row];
    for (std::size_t c = 0; c < columns; ++c) in.predictions[kept * columns + c] = in.predictions[row * columns + c];
    ++kept;
  }
  truth.resize(kept);
  if (!in.weights.empty()) in.weights.resize(kept);
  in.predictions.resize(kept * columns);
  in.rows = static_cast<std::int64_t>(kept);
}

}  // namespace

void detail::check_threshold(const std::string& metric, double threshold) {
  if (std::isnan(threshold)) raise<ValueError>("[{}] threshold is nan, it must be a number.", metric);
}

std::int64_t ClassificationInputs::predicted(std::int64_t row, double threshold) const {
  const double* p = predictions.data() + row * columns;
  if (kind == PredictionKind::labels) return static_cast<std::int64_t>(p[0]);
  if (kind == PredictionKind::probability) return p[0] > this->threshold(threshold) ? 1 : 0;
  std::int64_t best = 0;
  for (std::int64_t c = 1; c < columns; ++c)
    if (p[c] > p[best]) best = c;
  return best;
}

ClassificationInputs read_classification(const std::string& metric, const Tensor& y_true, const Tensor& y_pred,
                                         const Tensor& sample_weight, bool labels_allowed) {
  check_table(metric, "y_pred", y_pred, "[rows], [rows, 1] or [rows, classes]");
  check_table(metric, "y_true", y_true, "[rows], [rows, 1] or one-hot [rows, classes]");
  check_same_rows(metric, y_true, y_pred);
  ClassificationInputs in;
  in.rows = y_pred.size(0);
  in.columns = columns_of(y_pred);
  in.weights = read_weights(metric, sample_weight, in.rows);
  in.predictions = elements(y_pred);
  in.float32 = y_pred.dtype() == Dtype::float32;
  if (in.columns > 1)
    in.kind = PredictionKind::scores;
  else if (labels_allowed && is_integral(y_pred.dtype()))
    in.kind = PredictionKind::labels;
  const std::int64_t truth_columns = columns_of(y_true);
  if (truth_columns != 1 && truth_columns != in.columns)
    raise<ShapeError>(
        "[{}] y_true is {}, y_pred is {}: y_true must be class indices [{}] or have the columns of y_pred.", metric,
        y_true.shape().str(), y_pred.shape().str(), in.rows);
  CachedVector<double> truth = elements(y_true);
  if (truth_columns == 1) clear_ignored(in, truth);  // their predictions may be NaN
  check_numbers(metric, "y_pred", in.predictions, in.columns, true);
  if (truth_columns > 1) {
    in.truth = one_hot_labels(metric, truth, in.columns);
    return in;
  }
  const std::int64_t classes = in.kind == PredictionKind::labels        ? -1
                               : in.kind == PredictionKind::probability ? 2
                                                                        : in.columns;
  drop_ignored(in, truth);
  in.truth.resize(truth.size());
  if (!whole_numbers(truth, classes, in.truth))
    for (std::size_t row = 0; row < truth.size(); ++row)
      in.truth[row] = checked_label(metric, "y_true", truth[row], classes, row);
  if (in.kind == PredictionKind::labels)
    for (std::size_t row = 0; row < truth.size(); ++row)
      checked_label(metric, "y_pred", in.predictions[row], classes, row);
  return in;
}

ClassificationInputs read_probabilities(const std::string& metric, const Tensor& y_true, const Tensor& y_pred,
                                        const Tensor& sample_weight) {
  ClassificationInputs in = read_classification(metric, y_true, y_pred, sample_weight, false);
  const double epsilon = y_pred.dtype() == Dtype::float64 ? std::numeric_limits<double>::epsilon()
                                                          : static_cast<double>(std::numeric_limits<float>::epsilon());
  const double tolerance = std::sqrt(epsilon);
  for (std::int64_t row = 0; row < in.rows; ++row) {
    double sum = 0;
    for (std::int64_t c = 0; c < in.columns; ++c) {
      double& p = in.predictions[static_cast<std::size_t>(row * in.columns + c)];
      if (!(p >= 0 && p <= 1 + tolerance))
        raise<ValueError>("[{}] y_pred is {} at row {}, which is no probability: apply {} to the model's output first.",
                          metric, p, row, in.columns == 1 ? "sigmoid" : "softmax");
      sum += p;
      p = std::min(p, 1.0);
    }
    if (in.columns > 1 && std::abs(sum - 1) > tolerance)
      raise<ValueError>(
          "[{}] the probabilities in row {} of y_pred sum to {}, not to 1: apply softmax to the model's output first.",
          metric, row, sum);
  }
  return in;
}

RegressionInputs read_regression(const std::string& metric, const Tensor& y_true, const Tensor& y_pred,
                                 const Tensor& sample_weight) {
  check_table(metric, "y_true", y_true, "[rows] or [rows, outputs]");
  check_table(metric, "y_pred", y_pred, "[rows] or [rows, outputs]");
  check_same_rows(metric, y_true, y_pred);
  if (columns_of(y_true) != columns_of(y_pred))
    raise<ShapeError>("[{}] y_true is {}, y_pred is {}: they must have the same number of outputs.", metric,
                      y_true.shape().str(), y_pred.shape().str());
  RegressionInputs in;
  in.rows = y_true.size(0);
  in.outputs = columns_of(y_true);
  in.truth = elements(y_true);
  in.predictions = elements(y_pred);
  in.weights = read_weights(metric, sample_weight, in.rows);
  check_numbers(metric, "y_true", in.truth, in.outputs, false);
  check_numbers(metric, "y_pred", in.predictions, in.outputs, false);
  return in;
}

void detail::check_not_empty(const std::string& metric, double weight) {
  if (weight > 0) return;
  raise<ValueError>("[{}] no row has been seen (or all weights are 0): call update with some rows before compute.",
                    metric);
}

}  // namespace xg::nn::metrics
