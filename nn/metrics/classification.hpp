// Metrics of predicted classes. Inputs are those of ClassCounts; values, including zero divisions, are scikit-learn's.
#pragma once

#include <xgrad/nn/metrics/base.hpp>
#include <xgrad/nn/metrics/confusion.hpp>
#include <xgrad/tensor/no_options.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <string>
#include <utility>

namespace xg::nn::metrics {

/// Options of a metric of predicted classes that has a value for each class.
template <nn::detail::TextLiteral default_name> struct AverageOptions {
  double threshold = 0.5;                ///< class 1 where its probability exceeds this; use 0 for logits
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

/// TP / (TP + FP): the fraction of rows predicted as a class that belong to it; 0 if there are none.
struct XG_API Precision : detail::MetricOf<PrecisionOptions, ClassCounts> {
  using MetricOf::MetricOf;
  double compute() const;  ///< over all rows seen; ValueError without any
};

/// Options of Recall.
using RecallOptions = AverageOptions<"recall">;

/// TP / (TP + FN): the fraction of rows of a class that are predicted as it; 0 if there are none.
struct XG_API Recall : detail::MetricOf<RecallOptions, ClassCounts> {
  using MetricOf::MetricOf;
  double compute() const;  ///< over all rows seen; ValueError without any
};

/// Options of F1.
using F1Options = AverageOptions<"f1">;

/// 2 TP / (2 TP + FP + FN): the harmonic mean of precision and recall; 0 if the class neither occurs nor is predicted.
struct XG_API F1 : detail::MetricOf<F1Options, ClassCounts> {
  using MetricOf::MetricOf;
  double compute() const;  ///< over all rows seen; ValueError without any
};

/// Options of Jaccard.
using JaccardOptions = AverageOptions<"jaccard">;

/// TP / (TP + FP + FN); 0 if the class neither occurs nor is predicted.
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
/// R_K for several; 0 if all true or all predicted classes are the same. Matthews 1975, "Comparison of the predicted
/// and observed secondary structure of T4 phage lysozyme"; Gorodkin 2004, "Comparing two K-category assignments by a
/// K-category correlation coefficient".
struct XG_API MatthewsCorrcoef : detail::MetricOf<MatthewsCorrcoefOptions, ClassCounts> {
  using MetricOf::MetricOf;
  double compute() const;  ///< over all rows seen; ValueError without any
};

/// Options of CohenKappa.
using CohenKappaOptions = ClassOptions<"cohen_kappa">;

/// (p - q) / (1 - q), where p is the accuracy and q the expected accuracy of predictions that are independent of the
/// true classes and equally frequent; NaN where q is 1. Cohen 1960, "A coefficient of agreement for nominal scales".
struct XG_API CohenKappa : detail::MetricOf<CohenKappaOptions, ClassCounts> {
  using MetricOf::MetricOf;
  double compute() const;  ///< over all rows seen; ValueError without any
};

/// Options of TopKAccuracy.
struct TopKAccuracyOptions {
  std::int64_t k = 5;              ///< number of largest scores that count
  String name = "top_k_accuracy";  ///< the key in the History
};

/// The share of rows whose true class is among the k classes with the largest scores. Of equal scores that of the later
/// class counts as the larger, as in scikit-learn.
class XG_API TopKAccuracy : public detail::MetricWith<TopKAccuracyOptions, true> {
 public:
  /// Throws ValueError unless k is positive.
  explicit TopKAccuracy(TopKAccuracyOptions options = {});
  explicit TopKAccuracy(NoOptions) : TopKAccuracy() {}  ///< for empty braces

  void reset() { hits_ = total_ = 0; }  ///< forgets all rows
  /// Adds a batch: y_pred [n, classes], y_true [n], [n, 1] or one-hot [n, classes], sample_weight [n]. Throws as
  /// ClassCounts::update.
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {});
  double compute() const;  ///< over all rows seen; ValueError without any

 private:
  double hits_ = 0, total_ = 0;
};

}  // namespace xg::nn::metrics
