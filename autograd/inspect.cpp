#include <xgrad/autograd/detail/node.hpp>
#include <xgrad/autograd/inspect.hpp>
#include <xgrad/tensor/error.hpp>

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace xg::autograd {
namespace {

std::vector<Node*> nodes_behind(const Tensor& output) {
  std::vector<Node*> stack, found;
  std::unordered_set<const Node*> seen;
  if (Node* root = node_of(output)) stack.push_back(root);
  while (!stack.empty()) {
    Node* node = stack.back();
    stack.pop_back();
    if (!seen.insert(node).second) continue;
    found.push_back(node);
    for (const Edge& edge : node->edges())
      if (edge.node) stack.push_back(edge.node.get());
  }
  std::sort(found.begin(), found.end(), [](const Node* a, const Node* b) { return a->sequence > b->sequence; });
  return found;
}

}  // namespace

std::vector<const void*> leaf_identities(const Tensor& output) {
  std::vector<const void*> leaves;
  for (const Node* node : nodes_behind(output))
    if (node->is_leaf()) leaves.push_back(node);
  return leaves;
}

const void* leaf_identity(const Tensor& leaf) {
  const Node* node = node_of(leaf);
  return node != nullptr && node->is_leaf() ? node : nullptr;
}

std::vector<std::string> op_names(const Tensor& output) {
  std::vector<std::string> names;
  for (const Node* node : nodes_behind(output))
    if (!node->is_leaf()) names.emplace_back(node->name());
  return names;
}

bool has_hooks(const Tensor& x) {
  const Node* node = node_of(x);
  return node != nullptr && node->extras != nullptr &&
         !(node->extras->hooks.empty() && node->extras->node_hooks.empty());
}

void register_node_hook(const Tensor& x, std::function<void(std::span<Tensor>, std::span<const Tensor>)> hook) {
  Node* node = node_of(x);
  if (node == nullptr || node->is_leaf())
    throw AutogradError(
        "[register_node_hook] the tensor was not made by a recorded op: hooks on leaves are tensor hooks.");
  NodeExtras& extras = node->make_extras();
  extras.node_hooks.emplace_back(extras.next_handle++, std::move(hook));
}

}  // namespace xg::autograd
