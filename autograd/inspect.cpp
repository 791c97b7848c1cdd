#include <xgrad/autograd/detail/node.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/inspect.hpp>
#include <xgrad/autograd/trace.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/scope.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <exception>
#include <map>
#include <memory>
#include <string_view>
#include <unordered_map>
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
  // Stable, because nodes of several threads may have equal numbers.
  std::stable_sort(found.begin(), found.end(), [](const Node* a, const Node* b) { return a->sequence > b->sequence; });
  return found;
}

/// An output of a node, as far as it is known.
struct Output {
  std::string name;
  std::string type;  // "[2, 3] float32"
};

std::string type_of(const Tensor& x) { return fmt::format("{} {}", x.shape().str(), name(x.dtype())); }

/// Text between the quotes of a label.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n')
      out += "\\n";
    else if (static_cast<unsigned char>(c) >= ' ')
      out += c;
  }
  return out;
}

/// What is known of the outputs of the nodes behind a tensor.
class Outputs {
 public:
  Outputs(const Tensor& root, const GraphOptions& options) {
    for (const auto& [given, tensor] : options.names) {
      if (const Node* node = node_of(tensor)) at(node, tensor.impl().autograd_slot) = {given, type_of(tensor)};
    }
    at(node_of(root), root.impl().autograd_slot).type = type_of(root);
  }

  Output& at(const Node* node, std::size_t slot) { return outputs_[{node, slot}]; }

  /// Takes zeros as the gradient of the root, and finds the types of all other outputs, which are those of their
  /// gradients. Nodes come newest first. A node whose derivative cannot be computed is passed over.
  void sweep(const Tensor& root, const std::vector<Node*>& nodes) {
    const NoGrad no_graph;
    const Unobserved unobserved;
    std::map<std::pair<const Node*, std::size_t>, Tensor> gradients;
    gradients[{node_of(root), root.impl().autograd_slot}] = zeros_like(root).detach();
    for (Node* node : nodes) {
      std::vector<Tensor> of_outputs(node->output_count());
      bool reached = false;
      for (std::size_t slot = 0; slot < of_outputs.size(); ++slot) {
        const auto found = gradients.find({node, slot});
        if (found == gradients.end()) continue;
        at(node, slot).type = type_of(found->second);
        of_outputs[slot] = std::move(found->second);
        gradients.erase(found);
        reached = true;
      }
      if (node->is_leaf() || !reached) continue;
      const std::span<Edge> edges = node->edges();
      std::vector<Tensor> of_inputs(edges.size());
      const auto needed = std::make_unique<bool[]>(edges.size());
      for (std::size_t i = 0; i < edges.size(); ++i) needed[i] = static_cast<bool>(edges[i].node);
      try {
        node->backward(of_outputs, of_inputs, needed.get());
      } catch (const std::exception&) {
        continue;  // released, changed in place, or a failure of a Function
      }
      for (std::size_t i = 0; i < edges.size(); ++i)
        if (needed[i] && of_inputs[i].defined())
          gradients.try_emplace({edges[i].node.get(), edges[i].slot}, std::move(of_inputs[i]));
    }
  }

 private:
  std::map<std::pair<const Node*, std::size_t>, Output> outputs_;
};

/// The lines of a node's box.
std::string label_of(const Node& node, Outputs& outputs) {
  std::vector<std::string> lines;
  const bool several = node.output_count() > 1;
  if (!node.is_leaf()) lines.emplace_back(node.name());
  for (std::size_t slot = 0; slot < node.output_count(); ++slot) {
    Output output = outputs.at(&node, slot);
    if (node.is_leaf()) {
      if (output.name.empty()) output.name = node.name();
      if (const Tensor& grad = static_cast<const LeafNode&>(node).grad; output.type.empty() && grad.defined())
        output.type = type_of(grad);
    }
    if (!output.name.empty()) lines.push_back(output.name);
    if (!output.type.empty()) lines.push_back((several ? fmt::format("output {}: ", slot) : "") + output.type);
  }
  if (std::string path = scope_path(node.scope); !path.empty() && !node.is_leaf()) lines.push_back(std::move(path));
  return fmt::format("{}", fmt::join(lines, "\n"));
}

}  // namespace

std::string graph(const Tensor& output, const GraphOptions& options) {
  static_cast<void>(output.impl());  // throws for an undefined tensor
  std::string text = "digraph {\n  node [shape=box, fontname=\"monospace\"];\n";
  std::vector<Node*> nodes = nodes_behind(output);
  if (nodes.empty()) return text + fmt::format("  n0 [label=\"{}\"];\n}}\n", escaped("tensor\n" + type_of(output)));
  Outputs outputs(output, options);
  if (options.shapes) outputs.sweep(output, nodes);
  std::reverse(nodes.begin(), nodes.end());
  std::unordered_map<const Node*, std::size_t> numbers;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    numbers.emplace(nodes[i], i);
    text += fmt::format("  n{} [label=\"{}\"{}];\n", i, escaped(label_of(*nodes[i], outputs)),
                        nodes[i]->is_leaf() ? ", style=filled, fillcolor=lightgrey" : "");
  }
  for (std::size_t i = 0; i < nodes.size(); ++i)
    for (const Edge& edge : nodes[i]->edges())
      if (edge.node)
        text += fmt::format("  n{} -> n{}{};\n", numbers.at(edge.node.get()), i,
                            edge.node->output_count() > 1 ? fmt::format(" [label=\"output {}\"]", edge.slot) : "");
  return text + "}\n";
}

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
