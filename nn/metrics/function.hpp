// A metric from a function of (y_true, y_pred), as Keras takes them.
#pragma once

#include <xgrad/nn/metrics/metric.hpp>

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace xg::nn::metrics {

/// Options of function().
struct FunctionOptions {
  bool per_batch = false;  ///< the mean of f over the batches, as Keras, instead of f of all rows together
  std::optional<bool> larger_is_better = {};  ///< for callbacks; unknown unless given
};

/// See function().
class XG_API FunctionMetric {
 public:
  using Function = std::function<double(const Tensor& y_true, const Tensor& y_pred)>;  ///< of all rows
  /// Throws ValueError for an empty name or function.
  FunctionMetric(StringRef name, Function f, FunctionOptions options);

  const std::string& name() const { return name_; }                                   ///< the key in the History
  std::optional<bool> larger_is_better() const { return options_.larger_is_better; }  ///< as the options said
  void reset();                                                                       ///< forgets all rows
  /// Takes in a batch. Throws ValueError for undefined tensors, ShapeError where the numbers of rows differ or are 0.
  void update(const Tensor& y_true, const Tensor& y_pred);
  double compute() const;  ///< over all rows seen; ValueError without any

 private:
  std::string name_;
  Function f_;
  FunctionOptions options_;
  std::vector<Tensor> y_true_, y_pred_;
  double sum_ = 0;
  std::int64_t batches_ = 0;
};

/// A metric from a function that returns a number or a tensor with one element:
///
///     Tensor R2(const Tensor& y, const Tensor& p) { return 1 - square(y - p).sum() / square(y - y.mean()).sum(); }
///     Metric r2 = function("R2", R2, {.per_batch = true});
///
/// Exact over the epoch unless per_batch, for which it keeps the predictions. Throws ValueError without a function.
template <class F>
  requires std::invocable<F&, const Tensor&, const Tensor&>
Metric function(StringRef name, F f, FunctionOptions options = {}) {
  using Result = std::remove_cvref_t<std::invoke_result_t<F&, const Tensor&, const Tensor&>>;
  static_assert(std::same_as<Result, Tensor> || std::convertible_to<Result, double>,
                "a metric's function returns a number or a Tensor with one element");
  if constexpr (std::same_as<Result, Tensor>) {
    return FunctionMetric(
        name,
        [f = std::move(f)](const Tensor& y_true, const Tensor& y_pred) mutable -> double {
          return f(y_true, y_pred).template item<double>();
        },
        options);
  } else {
    return FunctionMetric(name, FunctionMetric::Function(std::move(f)), options);
  }
}

}  // namespace xg::nn::metrics
