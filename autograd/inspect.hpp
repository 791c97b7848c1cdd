// Inspection of graphs.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace xg::autograd {

/// Options of graph().
struct GraphOptions {
  /// Names of tensors in the graph, leaves above all, as Module::named_parameters() gives them.
  std::vector<std::pair<std::string, Tensor>> names = {};
  /// Whether shapes and dtypes of intermediate results are shown. A graph does not store them: a sweep of zeros from
  /// the output finds them. It takes as long as a backward, changes no gradient and calls no hook, but does call the
  /// backward of every Function.
  bool shapes = true;
};

/// The graph behind `output` as text in the DOT language of Graphviz: a box for each op with its name, the shape and
/// dtype of its result and the module in which it was called, a grey box for each leaf, and an arrow for each argument
/// that has a graph, from the older node to the newer one. Nodes are numbered from the oldest one on, so that a program
/// writes the same text in each run. A tensor without a graph is a single box. What a sweep cannot reach, because an
/// earlier backward has released what it needs, or a saved tensor was changed, has no shape. Throws ValueError for an
/// undefined tensor.
XG_API std::string graph(const Tensor& output, const GraphOptions& options = {});

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
