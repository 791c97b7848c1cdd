// Options and base classes of metrics.
#pragma once

#include <xgrad/nn/text_literal.hpp>
#include <xgrad/tensor/no_options.hpp>
#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <concepts>
#include <string>
#include <utility>

namespace xg::nn::metrics {

class ClassCounts;

/// Options of a metric that only has a name.
template <nn::detail::TextLiteral default_name> struct NameOptions {
  String name = default_name.text;  ///< the key in the History
};

/// Options of a metric of predicted classes.
template <nn::detail::TextLiteral default_name> struct ClassOptions {
  double threshold = 0.5;           ///< class 1 where its probability exceeds this; use 0 for logits
  String name = default_name.text;  ///< the key in the History
};

namespace detail {

/// Throws ValueError for NaN.
XG_API void check_threshold(const std::string& metric, double threshold);
/// Throws ValueError unless `weight`, the sum over all rows seen, is above 0.
XG_API void check_not_empty(const std::string& metric, double weight);
/// Adds w error(y, p) of every element to `sum`, and w to `weight`. Throws as Deviations::update.
XG_API void add_errors(const std::string& metric, const Tensor& y_true, const Tensor& y_pred,
                       const Tensor& sample_weight, double (*error)(double y, double p), double& sum, double& weight);

/// A metric with options and a direction.
template <class Options, bool larger> class MetricWith {
 public:
  /// Throws ValueError for a threshold of NaN.
  explicit MetricWith(Options options = {}) : options_(std::move(options)) {
    if constexpr (requires { options_.threshold; }) check_threshold(options_.name, options_.threshold);
  }
  explicit MetricWith(NoOptions) : MetricWith() {}
  const std::string& name() const { return options_.name; }
  bool larger_is_better() const { return larger; }

 protected:
  Options options_;
};

/// A mean over all rows, for which smaller is better.
template <class Options> class MeanMetric : public MetricWith<Options, false> {
 public:
  using MetricWith<Options, false>::MetricWith;
  void reset() { sum_ = weight_ = 0; }  ///< forgets all rows
  double compute() const {              ///< over all rows seen; ValueError without any
    check_not_empty(this->options_.name, weight_);
    return sum_ / weight_;
  }

 protected:
  double sum_ = 0, weight_ = 0;
};

/// The mean of Self::error(y, p) over all elements.
template <class Self, class Options> struct MeanError : MeanMetric<Options> {
  using MeanMetric<Options>::MeanMetric;
  /// Adds a batch: y_true and y_pred [n] or [n, outputs], sample_weight [n]. Throws as Deviations::update.
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {}) {
    add_errors(this->options_.name, y_true, y_pred, sample_weight, &Self::error, this->sum_, this->weight_);
  }
};

/// A metric, for which larger is better, computed from the counts or scores in a `Gathered`.
template <class Options, class Gathered> class MetricOf : public MetricWith<Options, true> {
 public:
  /// Throws ValueError for a threshold of NaN.
  explicit MetricOf(Options options = {})
      : MetricWith<Options, true>(std::move(options)), gathered_(nothing(this->options_)) {}
  explicit MetricOf(NoOptions) : MetricOf() {}  ///< for empty braces
  void reset() { gathered_.reset(); }           ///< forgets all rows
  /// Adds a batch. Shapes and errors are those of Gathered::update.
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {}) {
    gathered_.update(y_true, y_pred, sample_weight);
  }
  /// The counts of all rows seen.
  const Gathered& counts() const
    requires std::same_as<Gathered, ClassCounts>
  {
    return gathered_;
  }

 protected:
  Gathered gathered_;

 private:
  static Gathered nothing(const Options& options) {
    if constexpr (requires { options.threshold; })
      return Gathered(options.name, options.threshold);
    else
      return Gathered(options.name);
  }
};

}  // namespace detail
}  // namespace xg::nn::metrics
