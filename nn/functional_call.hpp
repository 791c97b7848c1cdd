// Modules as functions of their parameters.
//
//   auto loss = [&](const std::vector<Tensor>& theta) { return mse_loss(nn::functional_call(net, theta, x), y); };
//   std::vector<Tensor> Hv = hvp(loss, net.parameters(), direction);
//
// The module is called as it is, and wherever one of its ops meets a parameter, the given tensor takes its place:
// layers, modules of one's own, views of parameters, layers that are used twice and threads need nothing special, and
// the module never changes. Names are those of torch.func.functional_call and torch.nn.utils.
#pragma once

#include <xgrad/autograd/substitution.hpp>
#include <xgrad/autograd/tensor_functions.hpp>
#include <xgrad/nn/module.hpp>
#include <xgrad/tensor/scope.hpp>

#include <functional>
#include <vector>

namespace xg::nn {

namespace detail {

/// Tensors of a module, and what stands for each.
struct Substitutes {
  std::vector<Tensor> originals, given;
};
XG_API Substitutes substitutes_for(const Module& module, const std::vector<Tensor>& parameters);
XG_API Substitutes substitutes_for(const Module& module, const StateDict& state);

template <ModuleType M, class... Inputs> auto call_as_written(M& module, const Inputs&... inputs) {
  if constexpr (sizeof...(Inputs) == 1 && requires { module(inputs...); }) {
    return module(inputs...);
  } else {
    const Scope scope(module.scope_label());
    return module.forward(inputs...);
  }
}

}  // namespace detail

/// module(inputs...) with the given tensors in the place of module.parameters(), in that order, optionally followed by
/// ones for module.buffers(). The result is part of the graphs of the given tensors. What the module writes to a
/// buffer, as batch norm does in training, is written to what stands for it; without one, to the buffer itself. Throws
/// ValueError for another number of tensors, ShapeError or DtypeError where one differs from what it stands for, and
/// what the module throws.
template <ModuleType M, class... Inputs>
auto functional_call(M& module, const std::vector<Tensor>& parameters, const Inputs&... inputs) {
  const detail::Substitutes s = detail::substitutes_for(module, parameters);
  const autograd::Substitution substitution(s.originals, s.given);
  return detail::call_as_written(module, inputs...);
}
/// Overload by name, for any of the module's parameters and buffers; the others are the module's own. Throws ValueError
/// for a name that the module does not have, and for tied ones that are given different tensors.
template <ModuleType M, class... Inputs>
auto functional_call(M& module, const StateDict& state, const Inputs&... inputs) {
  const detail::Substitutes s = detail::substitutes_for(module, state);
  const autograd::Substitution substitution(s.originals, s.given);
  return detail::call_as_written(module, inputs...);
}

/// f, which calls the module as often and with what it likes, as a function of the module's parameters: for grad,
/// hessian, hvp and their kin. The module must outlive the result.
///
///     Tensor H = hessian(nn::function_of_parameters(net, [&] { return mse_loss(net(x), y); }), net.parameters());
XG_API TensorsFunction function_of_parameters(Module& module, std::function<Tensor()> f);

/// All elements of the tensors, one after the other: [count]. Throws ValueError for an empty list, DtypeError unless
/// all have one dtype.
XG_API Tensor parameters_to_vector(const std::vector<Tensor>& parameters);
/// Views of a vector in the shapes of the given tensors, one after the other. Nothing is changed, unlike by the
/// function of this name in PyTorch. Throws ShapeError unless the vector has as many elements as they have together.
XG_API std::vector<Tensor> vector_to_parameters(const Tensor& vector, const std::vector<Tensor>& like);
/// Views of a vector in the shapes of module.parameters().
XG_API std::vector<Tensor> vector_to_parameters(const Tensor& vector, const Module& module);

}  // namespace xg::nn
