// What an explainer takes for a model: a Module, or any function of one tensor.
#pragma once

#include <xgrad/nn/module.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <atomic>
#include <concepts>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace xg::explain {

/// rows [N, n] -> outputs [N], [N, K] or [N, ...]. A Module is referred to and must live as long as its explainers;
/// nothing is ever attached to it. A function is kept as a copy. Rows must not influence each other.
class XG_API ModelFunction {
 public:
  /// Refers to the module.
  ModelFunction(nn::Module& model);  // NOLINT: a module is a model
  /// Copies the function.
  template <class F>
    requires(std::is_invocable_r_v<Tensor, F&, const Tensor&> && !std::derived_from<std::decay_t<F>, nn::Module> &&
             !std::same_as<std::decay_t<F>, ModelFunction>)
  ModelFunction(F function) : function_(std::move(function)) {}  // NOLINT: and so is a function

  Tensor operator()(const Tensor& rows) const;  ///< what the model gives for rows [N, n]
  /// Throws Error, naming the layer, if a Module is in training mode with a dropout or batch norm inside: then what it
  /// returns is random or depends on the other rows.
  void check_eval(const char* method) const;
  /// Is a row's prediction a function of that row alone? Every explainer relies on it. Two rows a and b run through the
  /// model as (a, b), (a, a), (b, b), (a) and (b, a, b), and each must come out the same wherever and beside whatever
  /// it stands: that finds noise, statistics over the batch, rows that read each other, and branches that are taken for
  /// a whole batch. a is one of `rows` [N, n], b the one most different from it among the first rows and `others` [B,
  /// n] (a background or baseline; may be undefined), zeros where all are equal. Throws Error, naming the cause. Runs
  /// until it has passed once, which copies share.
  void check_independence(const Tensor& rows, const Tensor& others, const char* method) const;

 private:
  nn::Module* module_ = nullptr;
  std::function<Tensor(const Tensor&)> function_;
  std::shared_ptr<std::atomic<bool>> independent_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace xg::explain
