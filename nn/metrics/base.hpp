// What metrics share: their options, and what they gather of the rows.
#pragma once

#include <xgrad/tensor/no_options.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <string>
#include <utility>

namespace xg::nn::metrics::detail {

/// Throws ValueError for NaN.
XG_API void check_threshold(const std::string& metric, double threshold);

/// A metric with options and a direction.
template <class Options, bool larger> class MetricWith {
 public:
  /// Throws ValueError for options that make no sense.
  explicit MetricWith(Options options = {}) : options_(std::move(options)) {
    if constexpr (requires { options_.threshold; }) check_threshold(options_.name, options_.threshold);
  }
  explicit MetricWith(NoOptions) : MetricWith() {}
  const std::string& name() const { return options_.name; }
  bool larger_is_better() const { return larger; }

 protected:
  Options options_;
};

/// A metric, the larger the better, that is computed from what `Gathered` keeps of all rows.
template <class Options, class Gathered> class MetricOf : public MetricWith<Options, true> {
 public:
  explicit MetricOf(Options options = {})
      : MetricWith<Options, true>(std::move(options)), gathered_(nothing(this->options_)) {}
  explicit MetricOf(NoOptions) : MetricOf() {}
  void reset() { gathered_.reset(); }  ///< forgets all rows
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {}) {
    gathered_.update(y_true, y_pred, sample_weight);
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

}  // namespace xg::nn::metrics::detail
