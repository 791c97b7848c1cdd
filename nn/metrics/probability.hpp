// Metrics of predicted probabilities and rankings: log loss, Brier score, areas under curves, and the curves.
#pragma once

#include <xgrad/nn/metrics/base.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace xg::nn::metrics {

/// Options of LogLoss.
using LogLossOptions = NameOptions<"log_loss">;

/// The mean of -log p(true class), with p clamped to [eps, 1 - eps] (eps of the dtype), as in scikit-learn.
struct XG_API LogLoss : detail::MeanMetric<LogLossOptions> {
  using MeanMetric::MeanMetric;
  /// Adds a batch: y_pred [n] or [n, 1] with probabilities of class 1, or [n, classes] with rows that sum to one;
  /// y_true as in ClassCounts. Throws as ClassCounts::update, and ValueError for values that are not probabilities.
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {});
};

/// Options of Brier.
using BrierOptions = NameOptions<"brier">;

/// The mean squared error of the probabilities: (p - y)^2 for two classes, the sum over the classes for several. Brier
/// 1950, "Verification of forecasts expressed in terms of probability".
struct XG_API Brier : detail::MeanMetric<BrierOptions> {
  using MeanMetric::MeanMetric;
  /// Adds a batch. Shapes and errors are those of LogLoss::update.
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {});
};

/// Scores and labels of all rows, which metrics of rankings need to be exact.
class XG_API ScoreTable {
 public:
  explicit ScoreTable(StringRef metric) : metric_(metric.str()) {}  ///< `metric` names the caller in errors
  void reset();                                                     ///< forgets all rows
  /// Adds a batch: y_pred [n] or [n, 1] with scores of class 1, or [n, classes]; y_true as in ClassCounts. Throws as
  /// ClassCounts::update.
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {});

  std::int64_t rows() const { return static_cast<std::int64_t>(labels_.size()); }  ///< rows seen
  /// Number of classes: 2 for scores of class 1, else the number of columns.
  std::int64_t classes() const { return columns_ == 1 ? 2 : columns_; }
  bool binary() const { return columns_ == 1; }                        ///< does it hold scores of class 1 only?
  const std::vector<std::int64_t>& labels() const { return labels_; }  ///< the true class of each row
  /// The score of every row for class `label`.
  std::vector<double> scores(std::int64_t label) const;
  /// The weight of each row; empty unless weights were given.
  const std::vector<double>& weights() const { return weights_; }
  const std::string& metric() const { return metric_; }  ///< the name of the metric in errors

 private:
  std::string metric_;
  std::int64_t columns_ = 0;
  std::vector<std::int64_t> labels_;
  std::vector<double> scores_;  // [rows][columns_]
  std::vector<double> weights_;
};

/// Options of AUC.
using AUCOptions = NameOptions<"auc">;

/// The area under the ROC curve: the probability that a row of class 1 has a higher score than one of class 0, where
/// ties count one half. For several classes, the mean over those that occur, each against all others. NaN if only one
/// occurs.
struct XG_API AUC : detail::MetricOf<AUCOptions, ScoreTable> {
  using MetricOf::MetricOf;
  double compute() const;  ///< over all rows seen; ValueError without any
};

/// Options of AveragePrecision.
using AveragePrecisionOptions = NameOptions<"average_precision">;

/// The sum over thresholds of (recall_i - recall_(i-1)) precision_i. For several classes, the mean over those that
/// occur, each against all others. 0 if class 1 does not occur.
struct XG_API AveragePrecision : detail::MetricOf<AveragePrecisionOptions, ScoreTable> {
  using MetricOf::MetricOf;
  double compute() const;  ///< over all rows seen; ValueError without any
};

/// True positive rate against false positive rate for falling thresholds, from (0, 0) to (1, 1).
struct RocCurve {
  std::vector<double> fpr;         ///< false positives over rows of class 0
  std::vector<double> tpr;         ///< true positives over rows of class 1
  std::vector<double> thresholds;  ///< class 1 is predicted for scores of at least this
  double auc = 0;                  ///< the area under the curve
};

/// Options of roc_curve().
struct RocOptions {
  bool drop_intermediate = true;  ///< drop points that are collinear with their neighbours
};

/// The ROC curve for scores of class 1, y_score [n] or [n, 1], and y_true [n] of 0 and 1, as scikit-learn's roc_curve.
/// Rates of a class without rows are NaN. Throws ShapeError for several classes, else as ClassCounts::update.
XG_API RocCurve roc_curve(const Tensor& y_true, const Tensor& y_score, RocOptions options = {},
                          const Tensor& sample_weight = {});

/// Precision and recall for the distinct scores as ascending thresholds, followed by the point (1, 0).
struct PrecisionRecallCurve {
  std::vector<double> precision;   ///< TP / (TP + FP)
  std::vector<double> recall;      ///< TP / (TP + FN)
  std::vector<double> thresholds;  ///< one shorter than the others
  double average_precision = 0;    ///< the value of AveragePrecision
};

/// The curve for scores of class 1, y_score [n] or [n, 1], and y_true [n] of 0 and 1, as scikit-learn's
/// precision_recall_curve. Throws as roc_curve.
XG_API PrecisionRecallCurve precision_recall_curve(const Tensor& y_true, const Tensor& y_score,
                                                   const Tensor& sample_weight = {});

/// The rows whose predicted probability lies in (lower, upper]; 0 belongs to the first bin.
struct CalibrationBin {
  double lower = 0;        ///< lower bound, exclusive except in the first bin
  double upper = 0;        ///< upper bound, inclusive
  double predicted = 0;    ///< mean predicted probability
  double observed = 0;     ///< fraction of rows of class 1
  std::int64_t count = 0;  ///< number of rows
};

/// The non-empty ones of `bins` bins of equal width over [0, 1], for y_prob [n] or [n, 1] and y_true [n] of 0 and 1.
/// Throws ValueError unless bins is positive, ShapeError for another shape of y_prob, else as LogLoss::update.
XG_API std::vector<CalibrationBin> calibration_curve(const Tensor& y_true, const Tensor& y_prob,
                                                     std::int64_t bins = 10);

}  // namespace xg::nn::metrics
