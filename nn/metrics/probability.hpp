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

/// The mean of -log p(true class), p kept eps away from 0 and 1 (eps of the dtype), as scikit-learn. y_pred is [n] or
/// [n, 1] with probabilities of class 1, or [n, classes] whose rows sum to one. Throws ValueError for anything else.
struct XG_API LogLoss : detail::MeanMetric<LogLossOptions> {
  using MeanMetric::MeanMetric;
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {});  ///< takes in a batch
};

/// Options of Brier.
using BrierOptions = NameOptions<"brier">;

/// The mean squared distance of the probabilities to the truth: (p - y)^2 for two classes, the sum over the classes for
/// several. Inputs as LogLoss.
struct XG_API Brier : detail::MeanMetric<BrierOptions> {
  using MeanMetric::MeanMetric;
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {});  ///< takes in a batch
};

/// Scores and labels of all rows: what a ranking needs, because no running sum is exact.
class XG_API ScoreTable {
 public:
  explicit ScoreTable(StringRef metric) : metric_(metric.str()) {}  ///< `metric` names the caller in errors
  void reset();                                                     ///< forgets all rows
  /// y_pred is [n] or [n, 1] with scores of class 1, or [n, classes]. Errors as ClassCounts.
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {});

  std::int64_t rows() const { return static_cast<std::int64_t>(labels_.size()); }  ///< rows seen
  /// 2 for scores of class 1.
  std::int64_t classes() const { return columns_ == 1 ? 2 : columns_; }
  bool binary() const { return columns_ == 1; }                        ///< scores of class 1 alone?
  const std::vector<std::int64_t>& labels() const { return labels_; }  ///< the true class of each row
  /// The score of every row for `label`.
  std::vector<double> scores(std::int64_t label) const;
  /// Empty unless weights were given.
  const std::vector<double>& weights() const { return weights_; }
  const std::string& metric() const { return metric_; }  ///< the caller

 private:
  std::string metric_;
  std::int64_t columns_ = 0;
  std::vector<std::int64_t> labels_;
  std::vector<double> scores_;  // [rows][columns_]
  std::vector<double> weights_;
};

/// Options of AUC.
using AUCOptions = NameOptions<"auc">;

/// The area under the ROC curve: the chance that a row of class 1 has a higher score than one of class 0, ties half.
/// Exact over all rows. Several classes: the mean over those that occur, each against the rest. NaN where only one
/// does.
struct XG_API AUC : detail::MetricOf<AUCOptions, ScoreTable> {
  using MetricOf::MetricOf;
  double compute() const;  ///< over all rows seen; ValueError without any
};

/// Options of AveragePrecision.
using AveragePrecisionOptions = NameOptions<"average_precision">;

/// Sum over thresholds of (recall_i - recall_(i-1)) precision_i; several classes: the mean over those that occur,
/// each against the rest. 0 where class 1 does not occur.
struct XG_API AveragePrecision : detail::MetricOf<AveragePrecisionOptions, ScoreTable> {
  using MetricOf::MetricOf;
  double compute() const;  ///< over all rows seen; ValueError without any
};

/// True against false positive rate, as the threshold falls from infinity: from (0, 0) to (1, 1).
struct RocCurve {
  std::vector<double> fpr;         ///< false positives over rows of class 0
  std::vector<double> tpr;         ///< true positives over rows of class 1
  std::vector<double> thresholds;  ///< class 1 from this score on
  double auc = 0;                  ///< the area under the curve
};

/// Options of roc_curve().
struct RocOptions {
  bool drop_intermediate = true;  ///< leave out points on a straight line between their neighbours
};

/// Of scores of class 1, [n] or [n, 1], as scikit-learn's roc_curve. Rates of a class without rows are NaN.
XG_API RocCurve roc_curve(const Tensor& y_true, const Tensor& y_score, RocOptions options = {},
                          const Tensor& sample_weight = {});

/// Precision and recall as the threshold rises over the distinct scores; one more point (1, 0) ends it.
struct PrecisionRecallCurve {
  std::vector<double> precision;   ///< TP / (TP + FP)
  std::vector<double> recall;      ///< TP / (TP + FN)
  std::vector<double> thresholds;  ///< one shorter than the others
  double average_precision = 0;    ///< as AveragePrecision
};

/// Of scores of class 1, [n] or [n, 1], as scikit-learn's precision_recall_curve.
XG_API PrecisionRecallCurve precision_recall_curve(const Tensor& y_true, const Tensor& y_score,
                                                   const Tensor& sample_weight = {});

/// Rows whose predicted probability lies in (lower, upper]; 0 belongs to the first bin.
struct CalibrationBin {
  double lower = 0;        ///< exclusive, but 0 in the first bin
  double upper = 0;        ///< inclusive
  double predicted = 0;    ///< mean predicted probability
  double observed = 0;     ///< share of rows of class 1
  std::int64_t count = 0;  ///< rows
};

/// `bins` bins of equal width over [0, 1]; empty ones are left out. Throws ValueError unless bins is positive,
/// ShapeError unless y_prob is [rows] or [rows, 1].
XG_API std::vector<CalibrationBin> calibration_curve(const Tensor& y_true, const Tensor& y_prob,
                                                     std::int64_t bins = 10);

}  // namespace xg::nn::metrics
