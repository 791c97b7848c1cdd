// Inspection of graphs.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace xg::autograd {

/// Opaque identities of the leaves that `output` depends on, each once, to be compared with leaf_identity().
XG_API std::vector<const void*> leaf_identities(const Tensor& output);
/// The identity of a leaf that requires grad; null for any other tensor.
XG_API const void* leaf_identity(const Tensor& leaf);
/// The names of the ops that `output` depends on, newest first, each node once.
XG_API std::vector<std::string> op_names(const Tensor& output);

/// Whether the tensor, or the op that made it, has hooks.
XG_API bool has_hooks(const Tensor& x);

/// Calls `hook` after each backward of the op that made `x`, with the gradients of its inputs (which the hook may
/// replace) and of its outputs. Throws AutogradError unless x was made by a recorded op.
XG_API void register_node_hook(const Tensor& x, std::function<void(std::span<Tensor>, std::span<const Tensor>)> hook);

}  // namespace xg::autograd
