// What an explainer takes for a model: a Module, or any function of one tensor.
#pragma once

#include <xgrad/nn/module.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <concepts>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>

namespace xg::explain {

/// rows [N, n] -> outputs [N], [N, K] or [N, ...]. A Module is referred to and must live as long as its explainers;
/// nothing is ever attached to it. A function is kept as a copy. Rows must not influence each other.
class XG_API ModelFunction {
 public:
  ModelFunction(nn::Module& model);  // NOLINT: a module is a model
  template <class F>
  requires(std::is_invocable_r_v<Tensor, F&, const Tensor&> && !std::derived_from<std::decay_t<F>, nn::Module> &&
           !std::same_as<std::decay_t<F>, ModelFunction>) ModelFunction(F function)
      : function_(std::move(function)) {}  // NOLINT: and so is a function

  Tensor operator()(const Tensor& rows) const;
  /// Throws Error, naming the layer, if a Module is in training mode with a dropout or batch norm inside: then what it
  /// returns is random or depends on the other rows.
  void check_eval(const char* method) const;

 private:
  nn::Module* module_ = nullptr;
  std::function<Tensor(const Tensor&)> function_;
};

}  // namespace xg::explain
