// ModelFunction: the model of an explainer, a Module or any function of one tensor.
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

/// A function from rows [N, n] to outputs [N], [N, K] or [N, ...]. A Module is held by reference, so that it must
/// outlive its explainers, and is never modified. A function is copied. Rows must not influence each other.
class XG_API ModelFunction {
 public:
  /// Refers to the module.
  ModelFunction(nn::Module& model);  // NOLINT: a module is a model
  /// Copies the function.
  template <class F>
    requires(std::is_invocable_r_v<Tensor, F&, const Tensor&> && !std::derived_from<std::decay_t<F>, nn::Module> &&
             !std::same_as<std::decay_t<F>, ModelFunction>)
  ModelFunction(F function) : function_(std::move(function)) {}  // NOLINT: and so is a function

  Tensor operator()(const Tensor& rows) const;  ///< outputs for rows [N, n]; throws what the model throws
  /// Throws Error, naming the layer, if a Module is in training mode and contains dropout or batch norm, because its
  /// outputs would be random or depend on other rows. `method` names the caller in errors.
  void check_eval(const char* method) const;
  /// Checks that a row's prediction depends on that row alone, as every explainer requires. The model is run on the
  /// batches (a, b), (a, a), (b, b), (a) and (b, a, b) of two rows, and each row must give the same result in all of
  /// them. This detects noise, batch statistics, rows that read each other, and branches taken for a whole batch. a is
  /// one of `rows` [N, n]; b is the one most different from it among the first rows and `others` [B, n] (a background
  /// or baseline; may be undefined), or zeros if all are equal. Throws Error, naming the cause. Once passed, the check
  /// is skipped, also in copies.
  void check_independence(const Tensor& rows, const Tensor& others, const char* method) const;

 private:
  nn::Module* module_ = nullptr;
  std::function<Tensor(const Tensor&)> function_;
  std::shared_ptr<std::atomic<bool>> independent_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace xg::explain
