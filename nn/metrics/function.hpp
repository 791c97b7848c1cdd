// A metric defined by a function of (y_true, y_pred), as in Keras.
#pragma once

#include <xgrad/nn/metrics/metric.hpp>

#include <concepts>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace xg::nn::metrics {

/// Options of function().
struct FunctionOptions {
  bool per_batch = false;                     ///< the mean of f over the batches, as in Keras, instead of f of all rows
  std::optional<bool> larger_is_better = {};  ///< direction, for callbacks; empty if unknown
};

/// The metric that function() makes.
class XG_API FunctionMetric {
 public:
  using Function =
      std::function<double(const Tensor& y_true, const Tensor& y_pred)>;  ///< a function of all rows or of a batch
  /// Throws ValueError for an empty name or function.
  FunctionMetric(StringRef name, Function f, FunctionOptions options);

  const std::string& name() const { return name_; }                                   ///< the key in the History
  std::optional<bool> larger_is_better() const { return options_.larger_is_better; }  ///< as in the options
  void reset();                                                                       ///< forgets all rows
  /// Adds a batch, y_true [n, ...] and y_pred [n, ...]. Throws ValueError for undefined tensors, ShapeError where the
  /// numbers of rows differ or are 0.
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

/// A metric defined by a function that returns a number or a tensor with one element:
///
///     Tensor relative_error(const Tensor& y, const Tensor& p) { return abs(y - p).sum() / abs(y).sum(); }
///     Metric metric = function("relative_error", relative_error);
///
/// Unless `per_batch`, it keeps all predictions and is exact over the epoch. Throws ValueError for an empty name or
/// function.
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
