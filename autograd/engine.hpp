// Reverse-mode sweeps: from outputs back to leaves, each node once, newest first.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <concepts>
#include <span>
#include <vector>

namespace xg {

/// Options of grad().
struct GradOptions {
  bool retain_graph = false;  ///< keep saved tensors for another sweep (implied by create_graph)
  bool create_graph = false;  ///< record the sweep itself, for higher derivatives
  bool allow_unused = false;  ///< give an undefined gradient for an input that no output depends on, not an error
};

/// d sum_k <grad_outputs_k, outputs_k> / d inputs, each of the shape of its input, without changing any leaf's grad().
/// `grad_outputs` may be empty: ones, for outputs with one element. Throws AutogradError where an output has no graph,
/// an input does not require grad or is not reached, a graph was already released, a saved tensor was changed, or
/// another sweep uses the graph; ValueError for no outputs or a different number of gradients; ShapeError where a
/// gradient does not have its output's shape, or is missing for an output with several elements.
XG_API std::vector<Tensor> grad(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs,
                                const std::vector<Tensor>& grad_outputs = {}, GradOptions options = {});
/// d <grad_output, output> / d input for one output and one input. Throws as grad() of lists. (A template, so that
/// `grad({y}, {x})` means the lists.)
template <std::same_as<Tensor> T>
Tensor grad(const T& output, const T& input, const Tensor& grad_output = {}, GradOptions options = {}) {
  const std::vector<Tensor> grad_outputs =
      grad_output.defined() ? std::vector<Tensor>{grad_output} : std::vector<Tensor>{};
  return grad(std::vector<Tensor>{output}, std::vector<Tensor>{input}, grad_outputs, options)[0];
}

/// Accumulates d sum_k <grad_outputs_k, outputs_k> / d leaf into the leaves' grad(). `grad_outputs` may be empty: ones,
/// for outputs with one element. Throws AutogradError where an output has no graph, a graph was already released, a
/// saved tensor was changed, or another sweep uses the graph; ValueError and ShapeError as grad().
XG_API void backward(const std::vector<Tensor>& outputs, const std::vector<Tensor>& grad_outputs = {},
                     BackwardOptions options = {});

namespace autograd {
/// Overload for spans of tensors.
void backward(std::span<const Tensor> outputs, std::span<const Tensor> grad_outputs, BackwardOptions options);
}  // namespace autograd

}  // namespace xg
