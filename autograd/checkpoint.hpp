// Memory for time: parts of a computation whose values are not kept for backward but computed again.
#pragma once

#include <xgrad/autograd/tensor_functions.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>
#include <vector>

namespace xg {

namespace autograd {
/// f(inputs) without keeping what its ops save for backward.
XG_API Tensor checkpointed(TensorsFunction f, const std::vector<Tensor>& inputs);
}  // namespace autograd

/// f(inputs), a function of any number of tensors or a module, of which backward computes the values inside again
/// instead of keeping them. The graph is the ordinary one, only what its ops saved is dropped: it works under backward
/// and grad, with create_graph, and parameters that f captures get their gradients. f must compute the same again: it
/// is run with the random numbers, the grad mode and the substitutions (nn::functional_call) of the first time, but
/// what else it depends on must not have changed, and what it writes (batch norm's running statistics) is written
/// twice. f is copied; what it refers to must live until backward. Throws AutogradError in backward where f saved other
/// tensors than the first time. Named after torch.utils.checkpoint; Chen et al. 2016, arXiv:1604.06174.
template <class F, std::same_as<Tensor>... Inputs>
  requires(sizeof...(Inputs) > 0 && std::is_invocable_r_v<Tensor, F&, const Inputs&...>)
Tensor checkpoint(F&& f, const Inputs&... inputs) {
  // A module cannot be copied, and is referred to.
  if constexpr (std::is_lvalue_reference_v<F> && !std::is_copy_constructible_v<std::decay_t<F>>)
    return autograd::checkpointed(
        [&f](const std::vector<Tensor>& in) {
          return [&]<std::size_t... i>(std::index_sequence<i...>) {
            return f(in[i]...);
          }(std::make_index_sequence<sizeof...(Inputs)>());
        },
        {inputs...});
  else
    return autograd::checkpointed(
        [f = std::decay_t<F>(std::forward<F>(f))](const std::vector<Tensor>& in) mutable {
          return [&]<std::size_t... i>(std::index_sequence<i...>) {
            return f(in[i]...);
          }(std::make_index_sequence<sizeof...(Inputs)>());
        },
        {inputs...});
}
/// Overload for a function of a list.
XG_API Tensor checkpoint(TensorsFunction f, const std::vector<Tensor>& inputs);

/// f_n(... f_1(x)), in segments of consecutive functions each of which is a checkpoint. With `segments` = 0 there are
/// about sqrt(n), for which the values that are kept and those that are computed again at one time are together fewest:
/// 2 sqrt(n) instead of n. Throws ValueError for an empty list or a negative number of segments. Named after
/// torch.utils.checkpoint.checkpoint_sequential.
XG_API Tensor checkpoint_sequential(const std::vector<TensorFunction>& functions, const Tensor& x,
                                    std::int64_t segments = 0);

}  // namespace xg
