// Looking at a graph from outside.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace xg::autograd {

/// The leaf tensors' nodes behind `output`, as opaque identities, each once. Compare with leaf_identity().
XG_API std::vector<const void*> leaf_identities(const Tensor& output);
/// The identity of a leaf that asks for gradients; null for any other tensor.
XG_API const void* leaf_identity(const Tensor& leaf);
/// Names of the ops behind `output`, newest first, each node once.
XG_API std::vector<std::string> op_names(const Tensor& output);

/// Do hooks of the tensor, or of the op that made it, take part in a backward that passes through it?
XG_API bool has_hooks(const Tensor& x);

/// Calls `hook` after each backward of the op that made `x`, with the gradients of its inputs (which the hook may
/// replace) and of its outputs. Throws AutogradError without a graph.
XG_API void register_node_hook(const Tensor& x, std::function<void(std::span<Tensor>, std::span<const Tensor>)> hook);

}  // namespace xg::autograd
