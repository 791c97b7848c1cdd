// Metric: a measure of predictions, accumulated batch by batch and exact over all rows.
#pragma once

#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace xg::nn::metrics {

/// The requirements on the type of a metric. It may also have `bool larger_is_better() const`, and an `update` that
/// takes weights of the rows as a third argument.
template <class M>
concept MetricType = std::copy_constructible<M> && requires(M m, const M& c, const Tensor& t) {
  { c.name() } -> std::convertible_to<std::string>;
  m.reset();
  m.update(t, t);
  { c.compute() } -> std::convertible_to<double>;
};

/// Throws ValueError: metric `name` does not support weights.
[[noreturn]] XG_API void throw_unweighted(const std::string& name);

/// Holds any metric by value. Copies are independent.
///
///     std::vector<Metric> metrics = {Accuracy(), F1({.threshold = 0.3}), "auc", MyMetric()};
class XG_API Metric {
 public:
  /// Holds a copy of a metric.
  template <class M>
    requires(!std::same_as<std::remove_cvref_t<M>, Metric> && MetricType<std::remove_cvref_t<M>>)
  Metric(M&& metric)  // NOLINT: a metric is one
      : held_(std::make_unique<Held<std::remove_cvref_t<M>>>(std::forward<M>(metric))) {}
  /// metric(name): `Metric m = "f1"`. Throws ValueError for an unknown name.
  template <TextArgument S> Metric(const S& name) : Metric(by_name(name)) {}  // NOLINT: names stand for metrics

  /// Copies the metric that is held, with the rows it has seen.
  Metric(const Metric& other) : held_(other.held_->clone()) {}
  Metric(Metric&&) noexcept = default;  ///< takes over the metric that is held
  /// Copies the metric that is held, with the rows it has seen.
  Metric& operator=(const Metric& other) {
    held_ = other.held_->clone();
    return *this;
  }
  Metric& operator=(Metric&&) noexcept = default;  ///< takes over the metric that is held
  ~Metric() = default;

  /// The key in the History: "accuracy".
  std::string name() const { return held_->name(); }
  /// Forgets all rows.
  void reset() { held_->reset(); }
  /// Adds a batch of rows. Throws what the metric throws, and ValueError for weights that it does not support.
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {}) {
    held_->update(y_true, y_pred, sample_weight);
  }
  /// The value over all rows since the last reset. Throws ValueError if there are none.
  double compute() const { return held_->compute(); }
  /// Is a larger value better? Empty for a metric that does not tell.
  std::optional<bool> larger_is_better() const { return held_->larger_is_better(); }

 private:
  static Metric by_name(StringRef name);
  struct Base {
    virtual ~Base() = default;
    virtual std::unique_ptr<Base> clone() const = 0;
    virtual std::string name() const = 0;
    virtual void reset() = 0;
    virtual void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) = 0;
    virtual double compute() const = 0;
    virtual std::optional<bool> larger_is_better() const = 0;
  };

  template <class M> struct Held final : Base {
    explicit Held(M metric) : metric(std::move(metric)) {}
    std::unique_ptr<Base> clone() const override { return std::make_unique<Held>(metric); }
    std::string name() const override { return metric.name(); }
    void reset() override { metric.reset(); }
    void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) override {
      if constexpr (requires { metric.update(y_true, y_pred, sample_weight); }) {
        metric.update(y_true, y_pred, sample_weight);
      } else {
        if (sample_weight.defined()) throw_unweighted(metric.name());
        metric.update(y_true, y_pred);
      }
    }
    double compute() const override { return static_cast<double>(metric.compute()); }
    std::optional<bool> larger_is_better() const override {
      if constexpr (requires { metric.larger_is_better(); })
        return metric.larger_is_better();
      else
        return {};
    }
    M metric;
  };

  std::unique_ptr<Base> held_;
};

/// The metric of that name with its default options: "accuracy" (also "acc", "binary_accuracy"), "precision", "recall",
/// "f1", "auc", "r2", "mae", "mse", "rmse", "mape", Keras's long names ("mean_absolute_error", ...), and all others in
/// metric_names(). Case does not matter. Throws ValueError for an unknown name, listing all.
XG_API Metric metric(StringRef name);
/// The names that metric() knows, one for each metric.
XG_API std::vector<std::string> metric_names();

}  // namespace xg::nn::metrics

namespace xg::nn {
using metrics::Metric;
}
