// Tensors at the ends of graphs, for functions that differentiate functions.
#pragma once

#include <xgrad/tensor/tensor.hpp>

namespace xg::autograd {

/// x without its graph, but with its tangents in forward mode, unlike detach.
Tensor without_graph(const Tensor& x);
/// x as the result of an op that does nothing: the same memory and graph, and no leaf.
Tensor as_result(const Tensor& x);
/// A new leaf with x's elements and tangents, or, with `connected`, a tensor that is connected to x's own graph.
Tensor as_leaf(const Tensor& x, bool connected);
/// x with its graph, or without it.
inline Tensor with_graph_if(bool wanted, const Tensor& x) { return wanted ? x : without_graph(x); }

}  // namespace xg::autograd
