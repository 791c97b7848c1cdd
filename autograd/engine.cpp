// The sweep. Nodes are visited once each, newest first: creation order is a topological order, so no counting of
// dependencies is needed. Pending gradients live in the nodes; nothing is looked up by hash.
#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/node.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

namespace xg {
namespace autograd {
namespace {

std::atomic<std::uint64_t> sweeps{0};

Tensor& pending_of(Node& node, std::uint8_t slot) {
  if (slot == 0) return node.pending;
  if (!node.more_pending) node.more_pending = std::make_unique<std::vector<Tensor>>(node.output_count() - 1);
  return (*node.more_pending)[slot - std::size_t{1}];
}

void deliver(const Edge& edge, Tensor&& g, bool create_graph) {
  Tensor& pending = pending_of(*edge.node.get(), edge.slot);
  if (!pending.defined()) {
    pending = std::move(g);
  } else if (!create_graph && owned_by_nobody_else(pending)) {
    kernels::add.into(pending, pending, g);
  } else {
    pending = add(pending, g);
  }
}

struct Target {
  Node* node;
  std::uint8_t slot;
  Tensor grad;
};

class Sweep {
 public:
  Sweep(bool keep_graph, bool create_graph, std::vector<Target>* targets)
      : keep_graph_(keep_graph), create_graph_(create_graph), targets_(targets), number_(++sweeps) {}

  Sweep(const Sweep&) = delete;
  Sweep& operator=(const Sweep&) = delete;
  ~Sweep() {
    for (Node* node : nodes_) {  // after an error, gradients may still be waiting
      node->pending = Tensor();
      node->more_pending.reset();
    }
  }

  void add_root(const Tensor& output, Tensor gradient) {
    Edge edge = edge_to(output);
    reach(edge.node.get());
    deliver(edge, std::move(gradient), create_graph_);
    roots_.push_back(std::move(edge));
  }

  void run() {
    std::sort(nodes_.begin(), nodes_.end(), [](const Node* a, const Node* b) { return a->sequence > b->sequence; });
    mark_needed();
    const GradMode mode(create_graph_);
    for (Node* node : nodes_)
      if (node->needed) visit(*node);
  }

 private:
  void reach(Node* root) {
    std::vector<Node*> stack{root};
    while (!stack.empty()) {
      Node* node = stack.back();
      stack.pop_back();
      if (node->mark == number_) continue;
      node->mark = number_;
      nodes_.push_back(node);
      for (const Edge& edge : node->edges())
        if (edge.node && edge.node->mark != number_) stack.push_back(edge.node.get());
    }
  }

  void mark_needed() {
    if (targets_ == nullptr) {
      for (Node* node : nodes_) node->needed = true;
      return;
    }
    for (Node* node : nodes_) node->needed = false;
    for (const Target& target : *targets_) target.node->needed = target.node->mark == number_;
    for (auto it = nodes_.rbegin(); it != nodes_.rend(); ++it)  // oldest first
      for (const Edge& edge : (*it)->edges())
        if (edge.node && edge.node->needed) {
          (*it)->needed = true;
          break;
        }
  }

  void visit(Node& node) {
    const std::size_t outputs = node.output_count();
    Tensor first[1];
    std::vector<Tensor> several;
    std::span<Tensor> grads;
    if (outputs == 1) {
      first[0] = std::move(node.pending);
      grads = first;
    } else {
      several.resize(outputs);
      several[0] = std::move(node.pending);
      if (node.more_pending) {
        for (std::size_t i = 1; i < outputs; ++i) several[i] = std::move((*node.more_pending)[i - 1]);
        node.more_pending.reset();
      }
      grads = several;
    }
    if (std::none_of(grads.begin(), grads.end(), [](const Tensor& g) { return g.defined(); })) return;
    if (node.extras) call_hooks(node, grads);
    if (targets_ != nullptr)
      for (Target& target : *targets_)
        if (target.node == &node) target.grad = grads[target.slot];
    if (node.is_leaf()) {
      if (targets_ == nullptr) static_cast<LeafNode&>(node).accumulate(std::move(grads[0]), create_graph_);
      return;
    }
    propagate(node, grads);
    if (!keep_graph_) node.release_saved();
  }

  void propagate(Node& node, std::span<const Tensor> grads) {
    const std::span<Edge> edges = node.edges();
    constexpr std::size_t few = 6;
    bool needed_few[few];
    Tensor grads_few[few];
    std::unique_ptr<bool[]> needed_many;
    std::vector<Tensor> grads_many;
    bool* needed = needed_few;
    std::span<Tensor> grad_inputs(grads_few, std::min(edges.size(), few));
    if (edges.size() > few) {
      needed_many = std::make_unique<bool[]>(edges.size());
      needed = needed_many.get();
      grads_many.resize(edges.size());
      grad_inputs = grads_many;
    }
    bool any = false;
    for (std::size_t i = 0; i < edges.size(); ++i) any |= needed[i] = edges[i].node && edges[i].node->needed;
    if (!any) return;
    node.backward(grads, grad_inputs, needed);
    if (node.extras)
      for (const auto& [handle, hook] : node.extras->node_hooks) hook(grad_inputs, grads);
    if (state().anomaly) check_for_nan(node, grads, grad_inputs);
    for (std::size_t i = 0; i < edges.size(); ++i)
      if (needed[i] && grad_inputs[i].defined()) deliver(edges[i], std::move(grad_inputs[i]), create_graph_);
  }

  static void call_hooks(Node& node, std::span<Tensor> grads) {
    // A copy: a hook may register or remove hooks.
    const std::vector<NodeExtras::Hook> hooks = node.extras->hooks;
    for (const NodeExtras::Hook& hook : hooks) {
      if (!grads[hook.slot].defined()) continue;
      Tensor replaced = hook.call(grads[hook.slot]);
      if (!replaced.defined()) continue;
      if (replaced.shape() != grads[hook.slot].shape())
        throw ShapeError(fmt::format("[hook] a hook returned a gradient of shape {}, it must be {}.",
                                     replaced.shape().str(), grads[hook.slot].shape().str()));
      grads[hook.slot] = std::move(replaced);
    }
    for (auto& [slot, kept] : node.extras->retained)
      if (grads[slot].defined()) kept = kept.defined() ? add(kept, grads[slot]) : grads[slot];
  }

  static void check_for_nan(const Node& node, std::span<const Tensor> grads, std::span<const Tensor> grad_inputs) {
    const auto has_nan = [](const Tensor& g) { return g.defined() && any(isnan(g)).item<bool>(); };
    if (std::any_of(grads.begin(), grads.end(), has_nan)) return;
    for (std::size_t i = 0; i < grad_inputs.size(); ++i)
      if (has_nan(grad_inputs[i])) {
        const std::string path = scope_path(node.scope);
        throw AutogradError(fmt::format("[{}] backward made the gradient of input {} NaN, from gradients without NaN.{}",
                                        node.name(), i, path.empty() ? "" : " Called in: " + path + "."));
      }
  }

  bool keep_graph_, create_graph_;
  std::vector<Target>* targets_;
  std::uint64_t number_;
  std::vector<Node*> nodes_;
  std::vector<Edge> roots_;  // keeps the graph alive
};

Tensor checked_gradient(const char* op, const Tensor& output, const Tensor& gradient) {
  if (node_of(output) == nullptr)
    throw AutogradError(fmt::format(
        "[{}] the output (shape {}) has no graph: no argument asked for gradients (requires_grad_()), or it was computed "
        "in NoGrad or detached.",
        op, output.shape().str()));
  if (!gradient.defined()) {
    if (output.numel() != 1)
      throw ShapeError(fmt::format(
          "[{}] the output has shape {}, without a gradient it must have one element: reduce it (for example .sum()) or "
          "pass a gradient of its shape.",
          op, output.shape().str()));
    return ones_like(output);
  }
  if (gradient.shape() != output.shape())
    throw ShapeError(fmt::format("[{}] the gradient has shape {}, the output {}: they must be equal.", op,
                                 gradient.shape().str(), output.shape().str()));
  return gradient.dtype() == output.dtype() ? gradient : to(gradient, output.dtype());
}

void check_counts(const char* op, const std::vector<Tensor>& outputs, const std::vector<Tensor>& grad_outputs) {
  if (outputs.empty()) throw ValueError(fmt::format("[{}] no outputs: pass at least one.", op));
  if (!grad_outputs.empty() && grad_outputs.size() != outputs.size())
    throw ValueError(fmt::format("[{}] {} outputs and {} gradients: pass one for each, or none.", op, outputs.size(),
                                 grad_outputs.size()));
}

}  // namespace
}  // namespace autograd

void backward(const std::vector<Tensor>& outputs, const std::vector<Tensor>& grad_outputs, BackwardOptions options) {
  autograd::check_counts("backward", outputs, grad_outputs);
  autograd::Sweep sweep(options.retain_graph || options.create_graph, options.create_graph, nullptr);
  for (std::size_t i = 0; i < outputs.size(); ++i)
    sweep.add_root(outputs[i],
                   autograd::checked_gradient("backward", outputs[i], grad_outputs.empty() ? Tensor() : grad_outputs[i]));
  sweep.run();
}

std::vector<Tensor> grad(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs,
                         const std::vector<Tensor>& grad_outputs, GradOptions options) {
  autograd::check_counts("grad", outputs, grad_outputs);
  std::vector<autograd::Target> targets;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    autograd::Node* node = autograd::node_of(inputs[i]);
    if (node == nullptr)
      throw AutogradError(fmt::format(
          "[grad] input {} (shape {}) does not ask for gradients: call requires_grad_() before it is used.", i,
          inputs[i].shape().str()));
    targets.push_back({node, inputs[i].impl().autograd_slot, {}});
  }
  autograd::Sweep sweep(options.retain_graph || options.create_graph, options.create_graph, &targets);
  for (std::size_t i = 0; i < outputs.size(); ++i)
    sweep.add_root(outputs[i],
                   autograd::checked_gradient("grad", outputs[i], grad_outputs.empty() ? Tensor() : grad_outputs[i]));
  sweep.run();
  std::vector<Tensor> results;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (!targets[i].grad.defined() && !options.allow_unused)
      throw AutogradError(fmt::format(
          "[grad] no output depends on input {} (shape {}): check the graph, or pass {{.allow_unused = true}} for an "
          "undefined gradient.",
          i, inputs[i].shape().str()));
    results.push_back(std::move(targets[i].grad));
  }
  return results;
}

Tensor grad(const Tensor& output, const Tensor& input, const Tensor& grad_output, GradOptions options) {
  const std::vector<Tensor> grad_outputs = grad_output.defined() ? std::vector<Tensor>{grad_output} : std::vector<Tensor>{};
  return grad(std::vector<Tensor>{output}, std::vector<Tensor>{input}, grad_outputs, options)[0];
}

}  // namespace xg
