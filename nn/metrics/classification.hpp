// Metrics of predicted classes. Inputs are those of ClassCounts; values follow scikit-learn, zero divisions
// included.
#pragma once

#include <xgrad/nn/metrics/base.hpp>
#include <xgrad/nn/metrics/confusion.hpp>
#include <xgrad/tensor/no_options.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <cstdint>
#include <string>
#include <utility>

namespace xg::nn::metrics {

/// Options of a metric of predicted classes that has a value for each class.
template <nn::detail::TextLiteral default_name> struct AverageOptions {
  double threshold = 0.5;                ///< of the probability of class 1; 0 for logits
  Average average = Average::automatic;  ///< how several classes become one number
  String name = default_name.text;       ///< the key in the History
};

/// Options of Accuracy.
using AccuracyOptions = ClassOptions<"accuracy">;

/// The share of rows whose predicted class is the true one.
struct XG_API Accuracy : detail::MetricOf<AccuracyOptions, ClassCounts> {
  using MetricOf::MetricOf;
  double compute() const;  ///< over all rows seen; ValueError without any
};

/// Options of Precision.
using PrecisionOptions = AverageOptions<"precision">;

/// TP / (TP + FP): how many of the rows taken for a class are of it. 0 where none was.
struct XG_API Precision : detail::MetricOf<PrecisionOptions, ClassCounts> {
  using MetricOf::MetricOf;
  double compute() const;  ///< over all rows seen; ValueError without any
};

/// Options of Recall.
using RecallOptions = AverageOptions<"recall">;

/// TP / (TP + FN): how many rows of a class were found. 0 where there is none.
struct XG_API Recall : detail::MetricOf<RecallOptions, ClassCounts> {
  using MetricOf::MetricOf;
  double compute() const;  ///< over all rows seen; ValueError without any
};

/// Options of F1.
using F1Options = AverageOptions<"f1">;

/// 2 TP / (2 TP + FP + FN): the harmonic mean of precision and recall. 0 where the class never occurs.
struct XG_API F1 : detail::MetricOf<F1Options, ClassCounts> {
  using MetricOf::MetricOf;
  double compute() const;  ///< over all rows seen; ValueError without any
};

/// Options of Jaccard.
using JaccardOptions = AverageOptions<"jaccard">;

/// TP / (TP + FP + FN). 0 where the class never occurs.
struct XG_API Jaccard : detail::MetricOf<JaccardOptions, ClassCounts> {
  using MetricOf::MetricOf;
  double compute() const;  ///< over all rows seen; ValueError without any
};

/// Options of BalancedAccuracy.
using BalancedAccuracyOptions = ClassOptions<"balanced_accuracy">;

/// The mean recall of the classes that occur.
struct XG_API BalancedAccuracy : detail::MetricOf<BalancedAccuracyOptions, ClassCounts> {
  using MetricOf::MetricOf;
  double compute() const;  ///< over all rows seen; ValueError without any
};

/// Options of MatthewsCorrcoef.
using MatthewsCorrcoefOptions = ClassOptions<"matthews_corrcoef">;

/// Correlation of true and predicted classes: (TP TN - FP FN) / sqrt((TP+FP)(TP+FN)(TN+FP)(TN+FN)) for two of them,
/// Gorodkin's R_K for several. 0 where all rows are of one class or taken for one.
struct XG_API MatthewsCorrcoef : detail::MetricOf<MatthewsCorrcoefOptions, ClassCounts> {
  using MetricOf::MetricOf;
  double compute() const;  ///< over all rows seen; ValueError without any
};

/// Options of CohenKappa.
using CohenKappaOptions = ClassOptions<"cohen_kappa">;

/// (p - q) / (1 - q) with p the accuracy and q that of guessing by the frequencies alone. NaN where q is 1.
struct XG_API CohenKappa : detail::MetricOf<CohenKappaOptions, ClassCounts> {
  using MetricOf::MetricOf;
  double compute() const;  ///< over all rows seen; ValueError without any
};

/// Options of TopKAccuracy.
struct TopKAccuracyOptions {
  std::int64_t k = 5;              ///< how many of the largest scores count
  String name = "top_k_accuracy";  ///< the key in the History
};

/// The share of rows whose true class is among the k with the largest scores; y_pred is [n, classes]. Of equal scores
/// the later class counts as the larger, as in scikit-learn.
class XG_API TopKAccuracy : public detail::MetricWith<TopKAccuracyOptions, true> {
 public:
  /// Throws ValueError unless k > 0.
  explicit TopKAccuracy(TopKAccuracyOptions options = {});
  explicit TopKAccuracy(NoOptions) : TopKAccuracy() {}  ///< for empty braces

  void reset() { hits_ = total_ = 0; }                                                        ///< forgets all rows
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {});  ///< takes in a batch
  double compute() const;  ///< over all rows seen; ValueError without any

 private:
  double hits_ = 0, total_ = 0;
};

}  // namespace xg::nn::metrics
