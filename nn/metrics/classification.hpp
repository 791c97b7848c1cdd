// Metrics of predicted classes. Inputs are those of ClassCounts; values follow scikit-learn, zero divisions
// included.
#pragma once

#include <xgrad/nn/metrics/base.hpp>
#include <xgrad/nn/metrics/confusion.hpp>
#include <xgrad/tensor/no_options.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <string>
#include <utility>

namespace xg::nn::metrics {

/// Options of Accuracy.
struct AccuracyOptions {
  double threshold = 0.5;    ///< of the probability of class 1; 0 for logits
  String name = "accuracy";  ///< the key in the History
};

/// The share of rows whose predicted class is the true one.
class XG_API Accuracy : public detail::MetricOf<AccuracyOptions, ClassCounts> {
 public:
  using MetricOf::MetricOf;
  double compute() const;                                  ///< over all rows seen; ValueError without any
  const ClassCounts& counts() const { return gathered_; }  ///< of the rows seen
};

/// Options of Precision.
struct PrecisionOptions {
  double threshold = 0.5;                ///< of the probability of class 1; 0 for logits
  Average average = Average::automatic;  ///< how several classes become one number
  String name = "precision";             ///< the key in the History
};

/// TP / (TP + FP): how many of the rows taken for a class are of it. 0 where none was.
class XG_API Precision : public detail::MetricOf<PrecisionOptions, ClassCounts> {
 public:
  using MetricOf::MetricOf;
  double compute() const;                                  ///< over all rows seen; ValueError without any
  const ClassCounts& counts() const { return gathered_; }  ///< of the rows seen
};

/// Options of Recall.
struct RecallOptions {
  double threshold = 0.5;                ///< of the probability of class 1; 0 for logits
  Average average = Average::automatic;  ///< how several classes become one number
  String name = "recall";                ///< the key in the History
};

/// TP / (TP + FN): how many rows of a class were found. 0 where there is none.
class XG_API Recall : public detail::MetricOf<RecallOptions, ClassCounts> {
 public:
  using MetricOf::MetricOf;
  double compute() const;                                  ///< over all rows seen; ValueError without any
  const ClassCounts& counts() const { return gathered_; }  ///< of the rows seen
};

/// Options of F1.
struct F1Options {
  double threshold = 0.5;                ///< of the probability of class 1; 0 for logits
  Average average = Average::automatic;  ///< how several classes become one number
  String name = "f1";                    ///< the key in the History
};

/// 2 TP / (2 TP + FP + FN): the harmonic mean of precision and recall. 0 where the class never occurs.
class XG_API F1 : public detail::MetricOf<F1Options, ClassCounts> {
 public:
  using MetricOf::MetricOf;
  double compute() const;                                  ///< over all rows seen; ValueError without any
  const ClassCounts& counts() const { return gathered_; }  ///< of the rows seen
};

/// Options of Jaccard.
struct JaccardOptions {
  double threshold = 0.5;                ///< of the probability of class 1; 0 for logits
  Average average = Average::automatic;  ///< how several classes become one number
  String name = "jaccard";               ///< the key in the History
};

/// TP / (TP + FP + FN). 0 where the class never occurs.
class XG_API Jaccard : public detail::MetricOf<JaccardOptions, ClassCounts> {
 public:
  using MetricOf::MetricOf;
  double compute() const;                                  ///< over all rows seen; ValueError without any
  const ClassCounts& counts() const { return gathered_; }  ///< of the rows seen
};

/// Options of BalancedAccuracy.
struct BalancedAccuracyOptions {
  double threshold = 0.5;             ///< of the probability of class 1; 0 for logits
  String name = "balanced_accuracy";  ///< the key in the History
};

/// The mean recall of the classes that occur.
class XG_API BalancedAccuracy : public detail::MetricOf<BalancedAccuracyOptions, ClassCounts> {
 public:
  using MetricOf::MetricOf;
  double compute() const;                                  ///< over all rows seen; ValueError without any
  const ClassCounts& counts() const { return gathered_; }  ///< of the rows seen
};

/// Options of MatthewsCorrcoef.
struct MatthewsCorrcoefOptions {
  double threshold = 0.5;             ///< of the probability of class 1; 0 for logits
  String name = "matthews_corrcoef";  ///< the key in the History
};

/// Correlation of true and predicted classes: (TP TN - FP FN) / sqrt((TP+FP)(TP+FN)(TN+FP)(TN+FN)) for two of them,
/// Gorodkin's R_K for several. 0 where all rows are of one class or taken for one.
class XG_API MatthewsCorrcoef : public detail::MetricOf<MatthewsCorrcoefOptions, ClassCounts> {
 public:
  using MetricOf::MetricOf;
  double compute() const;                                  ///< over all rows seen; ValueError without any
  const ClassCounts& counts() const { return gathered_; }  ///< of the rows seen
};

/// Options of CohenKappa.
struct CohenKappaOptions {
  double threshold = 0.5;       ///< of the probability of class 1; 0 for logits
  String name = "cohen_kappa";  ///< the key in the History
};

/// (p - q) / (1 - q) with p the accuracy and q that of guessing by the frequencies alone. NaN where q is 1.
class XG_API CohenKappa : public detail::MetricOf<CohenKappaOptions, ClassCounts> {
 public:
  using MetricOf::MetricOf;
  double compute() const;                                  ///< over all rows seen; ValueError without any
  const ClassCounts& counts() const { return gathered_; }  ///< of the rows seen
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
