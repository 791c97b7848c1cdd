#include <xgrad/nn/detail/metric_inputs.hpp>
#include <xgrad/nn/metrics/probability.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace xg::nn::metrics {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// Weights of true and false positives at each distinct score as the threshold, from the highest score down.
struct Cumulative {
  std::vector<double> true_positives, false_positives, thresholds;
};

Cumulative cumulate(const ScoreTable& table, std::int64_t label) {
  const std::vector<double> scores = table.scores(label);
  const std::vector<double>& weights = table.weights();
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });

  Cumulative result;
  double tp = 0, fp = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const double weight = weights.empty() ? 1.0 : weights[order[i]];
    (table.labels()[order[i]] == label ? tp : fp) += weight;
    if (i + 1 < order.size() && scores[order[i + 1]] == scores[order[i]]) continue;
    result.true_positives.push_back(tp);
    result.false_positives.push_back(fp);
    result.thresholds.push_back(scores[order[i]]);
  }
  return result;
}

// The area under the ROC curve by the trapezoidal rule, which counts ties one half; NaN if a class has no rows.
double area(const Cumulative& c) {
  const double positives = c.true_positives.back(), negatives = c.false_positives.back();
  if (!(positives > 0) || !(negatives > 0)) return not_a_number;
  double sum = 0, tp = 0, fp = 0;
  for (std::size_t i = 0; i < c.thresholds.size(); ++i) {
    sum += (c.false_positives[i] - fp) * (c.true_positives[i] + tp) / 2;
    tp = c.true_positives[i];
    fp = c.false_positives[i];
  }
  return sum / (positives * negatives);
}

double average_precision(const Cumulative& c) {
  const double positives = c.true_positives.back();
  if (!(positives > 0)) return 0.0;
  double sum = 0, tp = 0;
  for (std::size_t i = 0; i < c.thresholds.size(); ++i) {
    const double predicted = c.true_positives[i] + c.false_positives[i];
    if (predicted > 0) sum += (c.true_positives[i] - tp) * (c.true_positives[i] / predicted);
    tp = c.true_positives[i];
  }
  return sum / positives;
}

// The mean of `value` over the classes that occur; for two classes, its value for class 1.
template <class Value> double one_against_rest(const ScoreTable& table, Value value) {
  check_not_empty(table.metric(), static_cast<double>(table.rows()));
  if (table.binary()) return value(cumulate(table, 1));
  double sum = 0;
  int occurring = 0;
  for (std::int64_t label = 0; label < table.classes(); ++label) {
    if (std::find(table.labels().begin(), table.labels().end(), label) == table.labels().end()) continue;
    sum += value(cumulate(table, label));
    ++occurring;
  }
  return sum / occurring;
}

ScoreTable scores_of_class_one(const char* name, const Tensor& y_true, const Tensor& y_score,
                               const Tensor& sample_weight) {
  ScoreTable table(name);
  table.update(y_true, y_score, sample_weight);
  check_not_empty(name, static_cast<double>(table.rows()));
  if (!table.binary())
    raise<ShapeError>(
        "[{}] y_score is {}, it must be [rows] or [rows, 1]: take one class against the rest, y_true == c and its "
        "column.",
        name, y_score.shape().str());
  return table;
}

}  // namespace

void LogLoss::update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) {
  const ClassificationInputs in = read_probabilities(options_.name, y_true, y_pred, sample_weight);
  const double epsilon = y_pred.dtype() == Dtype::float64 ? std::numeric_limits<double>::epsilon()
                                                          : static_cast<double>(std::numeric_limits<float>::epsilon());
  for (std::int64_t row = 0; row < in.rows; ++row) {
    const std::int64_t truth = in.truth[static_cast<std::size_t>(row)];
    const double* p = in.predictions.data() + row * in.columns;
    const double of_truth = in.columns > 1 ? p[truth] : (truth == 1 ? p[0] : 1 - p[0]);
    sum_ -= in.weight(row) * std::log(std::clamp(of_truth, epsilon, 1 - epsilon));
    weight_ += in.weight(row);
  }
}

void Brier::update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) {
  const ClassificationInputs in = read_probabilities(options_.name, y_true, y_pred, sample_weight);
  for (std::int64_t row = 0; row < in.rows; ++row) {
    const std::int64_t truth = in.truth[static_cast<std::size_t>(row)];
    const double* p = in.predictions.data() + row * in.columns;
    double squares = 0;
    if (in.columns == 1)
      squares = (p[0] - static_cast<double>(truth)) * (p[0] - static_cast<double>(truth));
    else
      for (std::int64_t c = 0; c < in.columns; ++c) squares += (p[c] - (c == truth)) * (p[c] - (c == truth));
    sum_ += in.weight(row) * squares;
    weight_ += in.weight(row);
  }
}

void ScoreTable::reset() {
  columns_ = 0;
  labels_.clear();
  scores_.clear();
  weights_.clear();
}

void ScoreTable::update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) {
  const ClassificationInputs in = read_classification(metric_, y_true, y_pred, sample_weight, false);
  if (columns_ != 0 && columns_ != in.columns)
    raise<ShapeError>("[{}] y_pred is {}, but earlier batches had {} columns: call reset() in between.", metric_,
                      y_pred.shape().str(), columns_);
  if (in.rows == 0) return;
  if (!labels_.empty() && weights_.empty() != in.weights.empty())
    raise<ValueError>("[{}] some batches have a sample_weight and some have none: give one to all of them or to none.",
                      metric_);
  columns_ = in.columns;
  labels_.insert(labels_.end(), in.truth.begin(), in.truth.end());
  scores_.insert(scores_.end(), in.predictions.begin(), in.predictions.end());
  weights_.insert(weights_.end(), in.weights.begin(), in.weights.end());
}

std::vector<double> ScoreTable::scores(std::int64_t label) const {
  if (columns_ == 1) {
    std::vector<double> scores = scores_;
    if (label == 0) std::transform(scores.begin(), scores.end(), scores.begin(), [](double p) { return 1 - p; });
    return scores;
  }
  std::vector<double> scores(labels_.size());
  for (std::size_t row = 0; row < scores.size(); ++row)
    scores[row] = scores_[row * static_cast<std::size_t>(columns_) + static_cast<std::size_t>(label)];
  return scores;
}

double AUC::compute() const { return one_against_rest(gathered_, area); }

double AveragePrecision::compute() const { return one_against_rest(gathered_, average_precision); }

RocCurve roc_curve(const Tensor& y_true, const Tensor& y_score, RocOptions options, const Tensor& sample_weight) {
  const Cumulative c = cumulate(scores_of_class_one("roc_curve", y_true, y_score, sample_weight), 1);
  const std::vector<double>&tp = c.true_positives, &fp = c.false_positives;
  RocCurve curve{{0.0}, {0.0}, {std::numeric_limits<double>::infinity()}, area(c)};
  for (std::size_t i = 0; i < tp.size(); ++i) {
    const bool inner = i > 0 && i + 1 < tp.size();
    if (options.drop_intermediate && inner && tp[i + 1] - 2 * tp[i] + tp[i - 1] == 0 &&
        fp[i + 1] - 2 * fp[i] + fp[i - 1] == 0) {
      continue;
    }
    curve.fpr.push_back(fp[i]);
    curve.tpr.push_back(tp[i]);
    curve.thresholds.push_back(c.thresholds[i]);
  }
  for (double& rate : curve.fpr) rate = fp.back() > 0 ? rate / fp.back() : not_a_number;
  for (double& rate : curve.tpr) rate = tp.back() > 0 ? rate / tp.back() : not_a_number;
  return curve;
}

PrecisionRecallCurve precision_recall_curve(const Tensor& y_true, const Tensor& y_score, const Tensor& sample_weight) {
  const Cumulative c = cumulate(scores_of_class_one("precision_recall_curve", y_true, y_score, sample_weight), 1);
  PrecisionRecallCurve curve;
  const double positives = c.true_positives.back();
  for (std::size_t i = c.thresholds.size(); i-- > 0;) {
    const double predicted = c.true_positives[i] + c.false_positives[i];
    curve.precision.push_back(predicted > 0 ? c.true_positives[i] / predicted : 0.0);
    curve.recall.push_back(positives > 0 ? c.true_positives[i] / positives : 1.0);
    curve.thresholds.push_back(c.thresholds[i]);
  }
  curve.precision.push_back(1.0);
  curve.recall.push_back(0.0);
  curve.average_precision = average_precision(c);
  return curve;
}

std::vector<CalibrationBin> calibration_curve(const Tensor& y_true, const Tensor& y_prob, std::int64_t bins) {
  if (bins < 1) raise<ValueError>("[calibration_curve] bins is {}, it must be positive.", bins);
  const ClassificationInputs in = read_probabilities("calibration_curve", y_true, y_prob, {});
  check_not_empty("calibration_curve", static_cast<double>(in.rows));
  if (in.columns != 1)
    raise<ShapeError>("[calibration_curve] y_prob is {}, it must be [rows] or [rows, 1].", y_prob.shape().str());
  std::vector<CalibrationBin> all(static_cast<std::size_t>(bins));
  for (std::int64_t b = 0; b < bins; ++b) {
    all[static_cast<std::size_t>(b)].lower = static_cast<double>(b) / static_cast<double>(bins);
    all[static_cast<std::size_t>(b)].upper = static_cast<double>(b + 1) / static_cast<double>(bins);
  }
  for (std::size_t row = 0; row < in.truth.size(); ++row) {
    const double p = in.predictions[row];
    // A search for the upper bound of the bin, because rounding of p * bins would misplace values at the edges.
    auto bin =
        std::lower_bound(all.begin(), all.end() - 1, p, [](const CalibrationBin& b, double v) { return b.upper < v; });
    bin->predicted += p;
    bin->observed += static_cast<double>(in.truth[row]);
    ++bin->count;
  }
  std::erase_if(all, [](const CalibrationBin& b) { return b.count == 0; });
  for (CalibrationBin& b : all) {
    b.predicted /= static_cast<double>(b.count);
    b.observed /= static_cast<double>(b.count);
  }
  return all;
}

}  // namespace xg::nn::metrics
