// Metrics of predicted classes. Inputs are those of ClassCounts; values follow scikit-learn, zero divisions
// included.
#pragma once

#include <xgrad/nn/metrics/confusion.hpp>

#include <string>
#include <utility>

namespace xg::nn::metrics {

struct AccuracyOptions {
  double threshold = 0.5;  ///< of the probability of class 1; 0 for logits
  std::string name = "accuracy";
};

/// The share of rows whose predicted class is the true one.
class XG_API Accuracy {
 public:
  Accuracy() : Accuracy(AccuracyOptions{}) {}
  explicit Accuracy(AccuracyOptions options);

  const std::string& name() const { return options_.name; }
  bool larger_is_better() const { return true; }
  void reset() { counts_.reset(); }
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {}) {
    counts_.update(y_true, y_pred, sample_weight);
  }
  double compute() const;
  const ClassCounts& counts() const { return counts_; }

 private:
  AccuracyOptions options_;
  ClassCounts counts_;
};

struct PrecisionOptions {
  double threshold = 0.5;  ///< of the probability of class 1; 0 for logits
  Average average = Average::automatic;
  std::string name = "precision";
};

/// TP / (TP + FP): how many of the rows taken for a class are of it. 0 where none was.
class XG_API Precision {
 public:
  Precision() : Precision(PrecisionOptions{}) {}
  explicit Precision(PrecisionOptions options);

  const std::string& name() const { return options_.name; }
  bool larger_is_better() const { return true; }
  void reset() { counts_.reset(); }
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {}) {
    counts_.update(y_true, y_pred, sample_weight);
  }
  double compute() const;
  const ClassCounts& counts() const { return counts_; }

 private:
  PrecisionOptions options_;
  ClassCounts counts_;
};

struct RecallOptions {
  double threshold = 0.5;  ///< of the probability of class 1; 0 for logits
  Average average = Average::automatic;
  std::string name = "recall";
};

/// TP / (TP + FN): how many rows of a class were found. 0 where there is none.
class XG_API Recall {
 public:
  Recall() : Recall(RecallOptions{}) {}
  explicit Recall(RecallOptions options);

  const std::string& name() const { return options_.name; }
  bool larger_is_better() const { return true; }
  void reset() { counts_.reset(); }
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {}) {
    counts_.update(y_true, y_pred, sample_weight);
  }
  double compute() const;
  const ClassCounts& counts() const { return counts_; }

 private:
  RecallOptions options_;
  ClassCounts counts_;
};

struct F1Options {
  double threshold = 0.5;  ///< of the probability of class 1; 0 for logits
  Average average = Average::automatic;
  std::string name = "f1";
};

/// 2 TP / (2 TP + FP + FN): the harmonic mean of precision and recall. 0 where the class never occurs.
class XG_API F1 {
 public:
  F1() : F1(F1Options{}) {}
  explicit F1(F1Options options);

  const std::string& name() const { return options_.name; }
  bool larger_is_better() const { return true; }
  void reset() { counts_.reset(); }
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {}) {
    counts_.update(y_true, y_pred, sample_weight);
  }
  double compute() const;
  const ClassCounts& counts() const { return counts_; }

 private:
  F1Options options_;
  ClassCounts counts_;
};

struct JaccardOptions {
  double threshold = 0.5;  ///< of the probability of class 1; 0 for logits
  Average average = Average::automatic;
  std::string name = "jaccard";
};

/// TP / (TP + FP + FN). 0 where the class never occurs.
class XG_API Jaccard {
 public:
  Jaccard() : Jaccard(JaccardOptions{}) {}
  explicit Jaccard(JaccardOptions options);

  const std::string& name() const { return options_.name; }
  bool larger_is_better() const { return true; }
  void reset() { counts_.reset(); }
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {}) {
    counts_.update(y_true, y_pred, sample_weight);
  }
  double compute() const;
  const ClassCounts& counts() const { return counts_; }

 private:
  JaccardOptions options_;
  ClassCounts counts_;
};

struct BalancedAccuracyOptions {
  double threshold = 0.5;  ///< of the probability of class 1; 0 for logits
  std::string name = "balanced_accuracy";
};

/// The mean recall of the classes that occur.
class XG_API BalancedAccuracy {
 public:
  BalancedAccuracy() : BalancedAccuracy(BalancedAccuracyOptions{}) {}
  explicit BalancedAccuracy(BalancedAccuracyOptions options);

  const std::string& name() const { return options_.name; }
  bool larger_is_better() const { return true; }
  void reset() { counts_.reset(); }
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {}) {
    counts_.update(y_true, y_pred, sample_weight);
  }
  double compute() const;
  const ClassCounts& counts() const { return counts_; }

 private:
  BalancedAccuracyOptions options_;
  ClassCounts counts_;
};

struct MatthewsCorrcoefOptions {
  double threshold = 0.5;  ///< of the probability of class 1; 0 for logits
  std::string name = "matthews_corrcoef";
};

/// Correlation of true and predicted classes: (TP TN - FP FN) / sqrt((TP+FP)(TP+FN)(TN+FP)(TN+FN)) for two of them,
/// Gorodkin's R_K for several. 0 where all rows are of one class or taken for one.
class XG_API MatthewsCorrcoef {
 public:
  MatthewsCorrcoef() : MatthewsCorrcoef(MatthewsCorrcoefOptions{}) {}
  explicit MatthewsCorrcoef(MatthewsCorrcoefOptions options);

  const std::string& name() const { return options_.name; }
  bool larger_is_better() const { return true; }
  void reset() { counts_.reset(); }
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {}) {
    counts_.update(y_true, y_pred, sample_weight);
  }
  double compute() const;
  const ClassCounts& counts() const { return counts_; }

 private:
  MatthewsCorrcoefOptions options_;
  ClassCounts counts_;
};

struct CohenKappaOptions {
  double threshold = 0.5;  ///< of the probability of class 1; 0 for logits
  std::string name = "cohen_kappa";
};

/// (p - q) / (1 - q) with p the accuracy and q that of guessing by the frequencies alone. NaN where q is 1.
class XG_API CohenKappa {
 public:
  CohenKappa() : CohenKappa(CohenKappaOptions{}) {}
  explicit CohenKappa(CohenKappaOptions options);

  const std::string& name() const { return options_.name; }
  bool larger_is_better() const { return true; }
  void reset() { counts_.reset(); }
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {}) {
    counts_.update(y_true, y_pred, sample_weight);
  }
  double compute() const;
  const ClassCounts& counts() const { return counts_; }

 private:
  CohenKappaOptions options_;
  ClassCounts counts_;
};

struct TopKAccuracyOptions {
  std::int64_t k = 5;
  std::string name = "top_k_accuracy";
};

/// The share of rows whose true class is among the k with the largest scores; y_pred is [n, classes]. Of equal scores
/// the later class counts as the larger, as in scikit-learn.
class XG_API TopKAccuracy {
 public:
  TopKAccuracy() : TopKAccuracy(TopKAccuracyOptions{}) {}
  /// Throws ValueError unless k > 0.
  explicit TopKAccuracy(TopKAccuracyOptions options);

  const std::string& name() const { return options_.name; }
  bool larger_is_better() const { return true; }
  void reset() { hits_ = total_ = 0; }
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {});
  double compute() const;

 private:
  TopKAccuracyOptions options_;
  double hits_ = 0, total_ = 0;
};

}  // namespace xg::nn::metrics
