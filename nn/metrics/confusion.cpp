#include <xgrad/nn/detail/metric_inputs.hpp>
#include <xgrad/nn/metrics/confusion.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>

namespace xg::nn::metrics {
namespace {

std::int64_t count_classes(const ClassificationInputs& in) {
  if (in.kind == PredictionKind::scores) return in.columns;
  if (in.kind == PredictionKind::probability) return 2;
  if (in.rows == 0) return 2;
  const double largest = *std::max_element(in.predictions.begin(), in.predictions.end());
  return std::max({std::int64_t{2}, *std::max_element(in.truth.begin(), in.truth.end()) + 1,
                   static_cast<std::int64_t>(largest) + 1});
}

}  // namespace

void ClassCounts::reset() {
  classes_.clear();
  total_ = correct_ = 0;
  binary_ = true;
}

void ClassCounts::update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) {
  const ClassificationInputs in = read_classification(metric_, y_true, y_pred, sample_weight, true);
  classes_.resize(std::max(classes_.size(), static_cast<std::size_t>(count_classes(in))));
  // Labels count as binary until one is above 1. Two columns of scores do not, because they are not one probability.
  binary_ = binary_ && in.kind != PredictionKind::scores && classes_.size() == 2;
  if (in.kind == PredictionKind::probability && in.weights.empty()) return add_probabilities(in);
  for (std::int64_t row = 0; row < in.rows; ++row) {
    const std::int64_t truth = in.truth[static_cast<std::size_t>(row)];
    const std::int64_t predicted = in.predicted(row, threshold_);
    const double weight = in.weight(row);
    classes_[static_cast<std::size_t>(truth)].truth += weight;
    classes_[static_cast<std::size_t>(predicted)].predicted += weight;
    total_ += weight;
    if (truth != predicted) continue;
    classes_[static_cast<std::size_t>(truth)].hit += weight;
    correct_ += weight;
  }
}

// The common case without weights: rows are counted as integers, without branches.
void ClassCounts::add_probabilities(const ClassificationInputs& in) {
  const double threshold = in.threshold(threshold_);
  std::int64_t truth = 0, predicted = 0, hit = 0;  // counts for class 1
  for (std::size_t row = 0; row < in.truth.size(); ++row) {
    const std::int64_t is_true = in.truth[row], is_predicted = in.predictions[row] > threshold ? 1 : 0;
    truth += is_true;
    predicted += is_predicted;
    hit += is_true & is_predicted;
  }
  const std::int64_t other_hit = in.rows - truth - predicted + hit;
  const auto add = [](Count& count, std::int64_t t, std::int64_t p, std::int64_t h) {
    count.truth += static_cast<double>(t);
    count.predicted += static_cast<double>(p);
    count.hit += static_cast<double>(h);
  };
  add(classes_[0], in.rows - truth, in.rows - predicted, other_hit);
  add(classes_[1], truth, predicted, hit);
  total_ += static_cast<double>(in.rows);
  correct_ += static_cast<double>(hit + other_hit);
}

Tensor confusion_matrix(const Tensor& y_true, const Tensor& y_pred, ConfusionOptions options,
                        const Tensor& sample_weight) {
  const ClassificationInputs in = read_classification("confusion_matrix", y_true, y_pred, sample_weight, true);
  check_not_empty("confusion_matrix", static_cast<double>(in.rows));
  const std::int64_t classes = count_classes(in);
  if (classes > 4096)
    raise<ValueError>(
        "[confusion_matrix] there are {} classes, at most 4096 make a matrix: use the metrics, which count per class.",
        classes);
  std::vector<double> counts(static_cast<std::size_t>(classes * classes));
  for (std::int64_t row = 0; row < in.rows; ++row) {
    const std::int64_t truth = in.truth[static_cast<std::size_t>(row)];
    counts[static_cast<std::size_t>(truth * classes + in.predicted(row, options.threshold))] += in.weight(row);
  }
  return from_data(counts.data(), {classes, classes},
                   {.dtype = sample_weight.defined() ? Dtype::float64 : Dtype::int64});
}

}  // namespace xg::nn::metrics
