#include <xgrad/nn/detail/metric_inputs.hpp>
#include <xgrad/nn/metrics/classification.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <cmath>
#include <limits>

namespace xg::nn::metrics {
namespace {

// Weights of the true positives, false positives and false negatives of a class.
struct Outcome {
  double tp = 0, fp = 0, fn = 0;
};

Outcome outcome(const ClassCounts& counts, std::int64_t label) {
  const double tp = counts.hit_count(label);
  return {tp, counts.predicted_count(label) - tp, counts.true_count(label) - tp};
}

// The average of `score(Outcome)` over the classes, without those that neither occur nor are predicted.
template <class Score>
double averaged(const std::string& metric, const ClassCounts& counts, Average average, Score score) {
  check_not_empty(metric, counts.total());
  if (average == Average::automatic) average = counts.binary() ? Average::binary : Average::macro;
  if (average == Average::binary) {
    if (counts.classes() > 2)
      raise<ValueError>("[{}] average is binary, but there are {} classes: use Average::micro, macro or weighted.",
                        metric, counts.classes());
    return score(outcome(counts, 1));
  }
  Outcome all;
  double sum = 0, weight = 0;
  for (std::int64_t label = 0; label < counts.classes(); ++label) {
    const Outcome one = outcome(counts, label);
    if (one.tp + one.fp + one.fn == 0) continue;
    const double share = average == Average::weighted ? one.tp + one.fn : 1.0;
    all = {all.tp + one.tp, all.fp + one.fp, all.fn + one.fn};
    sum += share * score(one);
    weight += share;
  }
  return average == Average::micro ? score(all) : sum / weight;
}

}  // namespace

double Accuracy::compute() const {
  check_not_empty(options_.name, gathered_.total());
  return gathered_.correct() / gathered_.total();
}

double Precision::compute() const {
  return averaged(options_.name, gathered_, options_.average, [](Outcome o) { return ratio(o.tp, o.tp + o.fp); });
}

double Recall::compute() const {
  return averaged(options_.name, gathered_, options_.average, [](Outcome o) { return ratio(o.tp, o.tp + o.fn); });
}

double F1::compute() const {
  return averaged(options_.name, gathered_, options_.average,
                  [](Outcome o) { return ratio(2 * o.tp, 2 * o.tp + o.fp + o.fn); });
}

double Jaccard::compute() const {
  return averaged(options_.name, gathered_, options_.average,
                  [](Outcome o) { return ratio(o.tp, o.tp + o.fp + o.fn); });
}

double BalancedAccuracy::compute() const {
  check_not_empty(options_.name, gathered_.total());
  double sum = 0;
  int occurring = 0;
  for (std::int64_t label = 0; label < gathered_.classes(); ++label) {
    const double rows = gathered_.true_count(label);
    if (rows == 0) continue;
    sum += gathered_.hit_count(label) / rows;
    ++occurring;
  }
  return sum / occurring;
}

double MatthewsCorrcoef::compute() const {
  check_not_empty(options_.name, gathered_.total());
  const double n = gathered_.total();
  double products = 0, true_squares = 0, predicted_squares = 0;
  for (std::int64_t label = 0; label < gathered_.classes(); ++label) {
    const double t = gathered_.true_count(label), p = gathered_.predicted_count(label);
    products += t * p;
    true_squares += t * t;
    predicted_squares += p * p;
  }
  const double variance = (n * n - predicted_squares) * (n * n - true_squares);
  return variance > 0 ? (gathered_.correct() * n - products) / std::sqrt(variance) : 0.0;
}

double CohenKappa::compute() const {
  check_not_empty(options_.name, gathered_.total());
  const double n = gathered_.total();
  double by_chance = 0;
  for (std::int64_t label = 0; label < gathered_.classes(); ++label)
    by_chance += gathered_.true_count(label) * gathered_.predicted_count(label) / n;
  // All rows belong to one class and are predicted as it, so the denominator is 0.
  if (by_chance == n) return std::numeric_limits<double>::quiet_NaN();
  return (gathered_.correct() - by_chance) / (n - by_chance);
}

TopKAccuracy::TopKAccuracy(TopKAccuracyOptions options) : MetricWith(std::move(options)) {
  if (options_.k < 1) raise<ValueError>("[{}] k is {}, it must be positive.", options_.name, options_.k);
}

void TopKAccuracy::update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) {
  const ClassificationInputs in = read_classification(options_.name, y_true, y_pred, sample_weight, false);
  if (in.kind != PredictionKind::scores)
    raise<ShapeError>("[{}] y_pred is {}, it must be [rows, classes] with a score for every class.", options_.name,
                      y_pred.shape().str());
  for (std::int64_t row = 0; row < in.rows; ++row) {
    const double* scores = in.predictions.data() + row * in.columns;
    const std::int64_t truth = in.truth[static_cast<std::size_t>(row)];
    std::int64_t larger = 0;
    for (std::int64_t c = 0; c < in.columns; ++c)
      larger += scores[c] > scores[truth] || (scores[c] == scores[truth] && c > truth);
    if (larger < options_.k) hits_ += in.weight(row);
    total_ += in.weight(row);
  }
}

double TopKAccuracy::compute() const {
  check_not_empty(options_.name, total_);
  return hits_ / total_;
}

}  // namespace xg::nn::metrics
