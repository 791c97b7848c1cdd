// Reads labels, predictions and weights, with the checks that all metrics share.
#pragma once

#include <xgrad/nn/metrics/base.hpp>
#include <xgrad/tensor/support/cached_vector.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <cstdint>
#include <string>

namespace xg::nn::metrics {

/// The kind of a classifier's predictions.
enum class PredictionKind : std::uint8_t {
  probability,  ///< one score of class 1 per row
  scores,       ///< one score per class and row
  labels,       ///< predicted class indices
};

struct ClassificationInputs {
  PredictionKind kind = PredictionKind::probability;
  std::int64_t rows = 0;
  std::int64_t columns = 1;          // scores per row
  CachedVector<std::int64_t> truth;  // class index per row
  CachedVector<double> predictions;  // [rows][columns]; for labels the class indices
  CachedVector<double> weights;      // per row, or empty
  bool float32 = false;              // were the predictions float32?
  double weight(std::int64_t row) const { return weights.empty() ? 1.0 : weights[static_cast<std::size_t>(row)]; }
  /// `value` rounded as the predictions are: 0.3 in float32 is not above 0.3.
  double threshold(double value) const { return float32 ? static_cast<double>(static_cast<float>(value)) : value; }
  /// The predicted class of a row: 1 where its probability exceeds `threshold`, or the first of the largest scores.
  std::int64_t predicted(std::int64_t row, double threshold) const;
};

/// The label that marks rows without a label, as in the losses.
inline constexpr std::int64_t ignored_label = -100;

/// Reads the rows that are not labelled with ignored_label; there may be none. `metric` names the caller in errors.
/// Throws as ClassCounts::update.
ClassificationInputs read_classification(const std::string& metric, const Tensor& y_true, const Tensor& y_pred,
                                         const Tensor& sample_weight, bool labels_allowed);

/// Reads probabilities. Throws as read_classification, and ValueError for values outside [0, 1] and for rows of several
/// classes that do not sum to one.
ClassificationInputs read_probabilities(const std::string& metric, const Tensor& y_true, const Tensor& y_pred,
                                        const Tensor& sample_weight);

struct RegressionInputs {
  std::int64_t rows = 0;
  std::int64_t outputs = 1;
  CachedVector<double> truth;        // [rows][outputs]
  CachedVector<double> predictions;  // [rows][outputs]
  CachedVector<double> weights;      // per row, or empty
  double weight(std::int64_t row) const { return weights.empty() ? 1.0 : weights[static_cast<std::size_t>(row)]; }
};

/// Reads numbers. Throws ShapeError unless both are [n] or [n, outputs] with the same numbers, ValueError for NaN and
/// infinite values.
RegressionInputs read_regression(const std::string& metric, const Tensor& y_true, const Tensor& y_pred,
                                 const Tensor& sample_weight);

/// part / whole; 0 where the whole is 0.
inline double ratio(double part, double whole) { return whole > 0 ? part / whole : 0.0; }

using detail::check_not_empty;

}  // namespace xg::nn::metrics
