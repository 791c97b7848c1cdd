// Which class was taken for which: the counts that accuracy, precision, recall and their kin are made of.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace xg::nn::metrics {

/// How several classes become one number.
enum class Average : std::uint8_t {
  automatic,  ///< binary for two-class probabilities, macro for scores of several classes
  binary,     ///< the value of class 1
  micro,      ///< from the counts of all classes together
  macro,      ///< the mean over the classes
  weighted,   ///< the mean over the classes, weighted by their true rows
};

/// Sums of weights by true and predicted class, over any number of batches.
///
/// What predictions may be, with n rows:
/// | y_pred                | y_true                                        | predicted class                    |
/// |-----------------------|-----------------------------------------------|------------------------------------|
/// | [n] or [n, 1] reals   | [n] or [n, 1], each 0 or 1                    | 1 where y_pred > threshold, else 0 |
/// | [n, k] reals, k > 1   | [n] or [n, 1] class indices, or one-hot [n, k] | the first of the largest scores    |
/// | [n] or [n, 1] integers | [n] or [n, 1] class indices                  | y_pred itself                      |
class XG_API ConfusionCounts {
 public:
  /// `metric` names the caller in errors.
  explicit ConfusionCounts(std::string metric = "confusion_matrix", double threshold = 0.5)
      : metric_(std::move(metric)), threshold_(threshold) {}

  void reset();
  /// Throws ShapeError for shapes that are not in the table above, ValueError for NaN and negative weights, IndexError
  /// for labels out of range.
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {});

  std::int64_t classes() const { return classes_; }
  /// Were all predictions probabilities of class 1?
  bool binary() const { return binary_; }
  /// The weight of rows of class `truth` that were taken for `predicted`.
  double count(std::int64_t truth, std::int64_t predicted) const;
  double true_count(std::int64_t label) const;       ///< rows of the class
  double predicted_count(std::int64_t label) const;  ///< rows taken for the class
  double total() const;
  double correct() const;
  std::int64_t rows() const { return rows_; }

 private:
  void grow(std::int64_t classes);

  std::string metric_;
  double threshold_;
  std::int64_t classes_ = 0;
  std::int64_t rows_ = 0;
  bool binary_ = true;
  std::vector<double> counts_;  // [truth][predicted]
};

struct ConfusionOptions {
  double threshold = 0.5;
};

/// Counts [true class, predicted class], int64 (float64 with weights).
XG_API Tensor confusion_matrix(const Tensor& y_true, const Tensor& y_pred, ConfusionOptions options = {},
                               const Tensor& sample_weight = {});

}  // namespace xg::nn::metrics
