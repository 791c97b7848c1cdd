// Counts of true and predicted classes, from which accuracy, precision, recall and others are computed.
#pragma once

#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace xg::nn::metrics {

struct ClassificationInputs;

/// How the values of several classes are averaged.
enum class Average : std::uint8_t {
  automatic,  ///< binary for two-class probabilities, macro for scores of several classes
  binary,     ///< the value of class 1; compute() throws ValueError for more than two classes
  micro,      ///< the value for the sums of the counts of all classes
  macro,      ///< the mean over the classes
  weighted,   ///< the mean over the classes, weighted by their true rows
};

/// For each class, the weights of its rows, of the rows predicted as it, and of the correct predictions, summed over
/// any number of batches.
///
/// Inputs of n rows may be:
/// | y_pred                 | y_true                                         | predicted class                    |
/// |------------------------|------------------------------------------------|------------------------------------|
/// | [n] or [n, 1] floating | [n] or [n, 1], each 0 or 1                     | 1 where y_pred > threshold, else 0 |
/// | [n, k], k > 1          | [n] or [n, 1] class indices, or one-hot [n, k] | the first of the largest scores    |
/// | [n] or [n, 1] integers | [n] or [n, 1] class indices                    | y_pred itself                      |
/// Rows whose class index is -100, which losses ignore, are left out.
class XG_API ClassCounts {
 public:
  /// `metric` names the caller in errors.
  explicit ClassCounts(StringRef metric, double threshold = 0.5) : metric_(metric.str()), threshold_(threshold) {}

  void reset();  ///< forgets all rows
  /// Adds a batch with sample_weight [n]. Throws ShapeError for shapes that are not in the table above and for no rows,
  /// ValueError for undefined tensors, NaN and negative weights, IndexError for labels out of range.
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {});

  /// One more than the largest label seen, or the number of columns.
  std::int64_t classes() const { return static_cast<std::int64_t>(classes_.size()); }
  /// Were all predictions probabilities of class 1, or labels 0 and 1?
  bool binary() const { return binary_; }
  /// The weight of the rows whose true class is `label`.
  double true_count(std::int64_t label) const { return classes_[static_cast<std::size_t>(label)].truth; }
  /// The weight of the rows whose predicted class is `label`.
  double predicted_count(std::int64_t label) const { return classes_[static_cast<std::size_t>(label)].predicted; }
  /// The weight of the rows whose true and predicted class is `label`.
  double hit_count(std::int64_t label) const { return classes_[static_cast<std::size_t>(label)].hit; }
  double total() const { return total_; }      ///< the weight of all rows
  double correct() const { return correct_; }  ///< the weight of rows whose predicted class is the true one

 private:
  struct Count {
    double truth = 0, predicted = 0, hit = 0;
  };
  void add_probabilities(const ClassificationInputs& in);
  std::string metric_;
  double threshold_;
  bool binary_ = true;
  double total_ = 0, correct_ = 0;
  std::vector<Count> classes_;
};

/// Options of confusion_matrix().
struct ConfusionOptions {
  double threshold = 0.5;  ///< class 1 where the probability is larger
};

/// Counts [true class, predicted class], int64 (float64 with weights), of inputs as in ClassCounts. Throws as
/// ClassCounts::update, and ValueError for more than 4,096 classes.
XG_API Tensor confusion_matrix(const Tensor& y_true, const Tensor& y_pred, ConfusionOptions options = {},
                               const Tensor& sample_weight = {});

}  // namespace xg::nn::metrics
