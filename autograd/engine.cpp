// Reverse-mode sweeps. Nodes are visited once each, newest first: creation order is a topological order, so
// dependencies need not be counted. Pending gradients are stored in the nodes, which wait in a heap, so no hash table
// is needed. Only leaves may belong to graphs of several threads: a sweep writes nothing to them except, under a lock,
// their gradient.
#include <xgrad/autograd/detail/node.hpp>
#include <xgrad/autograd/detail/op_modes.hpp>
#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/observer.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/autograd/substitution.hpp>
#include <xgrad/tensor/kernels/arithmetic.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/support/cached_vector.hpp>
#include <xgrad/tensor/support/raise.hpp>
#include <xgrad/tensor/support/thread_exit.hpp>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace xg {
namespace autograd {
namespace {

struct Target {
  Node* node;
  std::uint8_t slot;
  Tensor grad;
};

/// pending += g, in place if pending has no other references.
[[gnu::always_inline]] inline void add_to(Tensor& pending, Tensor&& g, bool by_ops) {
  if (!pending.defined()) {
    pending = std::move(g);
  } else if (!by_ops && is_unshared(pending)) {
    kernels::add_into(pending, pending, g);
  } else {
    pending = add(pending, g);
  }
}

/// Gradients of leaves that need the complete sum: targets, and leaves with hooks. They are collected here, not in the
/// leaf, which sweeps of several threads may reach at the same time.
class LeafGradients {
 public:
  struct Entry {
    LeafNode* leaf = nullptr;
    Tensor gradient;
  };

  Entry* find(const Node& leaf) {
    if (places_.empty()) {
      for (Entry& entry : entries_)
        if (entry.leaf == &leaf) return &entry;
      return nullptr;
    }
    const auto found = places_.find(&leaf);
    return found == places_.end() ? nullptr : &entries_[found->second];
  }
  Entry& entry_of(LeafNode& leaf) {
    if (Entry* known = find(leaf)) return *known;
    entries_.push_back({&leaf, {}});
    if (entries_.size() > few)
      for (std::size_t i = places_.size(); i < entries_.size(); ++i) places_.emplace(entries_[i].leaf, i);
    return entries_.back();
  }
  /// Removes and returns all entries, newest leaf first.
  CachedVector<Entry> take() {
    places_.clear();
    std::sort(entries_.begin(), entries_.end(),
              [](const Entry& a, const Entry& b) { return a.leaf->sequence > b.leaf->sequence; });
    return std::move(entries_);
  }

 private:
  static constexpr std::size_t few = 16;  // up to this many, linear search beats hashing
  CachedVector<Entry> entries_;
  std::unordered_map<const Node*, std::size_t> places_;  // index of all entries, if there are more than `few`
};

/// An array with inline storage for a few elements.
template <class T, std::size_t few> class Few {
 public:
  explicit Few(std::size_t count) : count_(count) {
    if (count > few) [[unlikely]]
      many_ = std::make_unique<T[]>(count);
  }
  std::span<T> span() { return {many_ ? many_.get() : inline_, count_}; }

 private:
  std::size_t count_;
  T inline_[few] = {};
  std::unique_ptr<T[]> many_;
};

// The memory of a heap, kept for the thread's next sweep. A nested sweep finds it empty and allocates its own.
using Heap = std::vector<Node*>;
thread_local constinit Heap* spare_heap = nullptr;

void end_heap(void*) { delete std::exchange(spare_heap, nullptr); }

Heap take_heap() {
  if (spare_heap == nullptr) {
    static const xg::detail::ThreadExit at_exit(end_heap);
    auto heap = std::make_unique<Heap>();
    at_exit.arm(heap.get());
    spare_heap = heap.release();
  }
  return std::move(*spare_heap);
}

class Sweep {
 public:
  Sweep(const char* op, bool keep_graph, bool create_graph, std::vector<Target>* targets)
      : op_(op),
        keep_graph_(keep_graph),
        create_graph_(create_graph),
        by_ops_(create_graph || observed()),
        targets_(targets),
        heap_(take_heap()) {
    if (targets != nullptr) ends_.emplace();
  }

  Sweep(const Sweep&) = delete;
  Sweep& operator=(const Sweep&) = delete;
  ~Sweep() {
    for (Node* node : heap_) {  // after an error, gradients may still be pending
      node->queued = false;
      node->pending = Tensor();
      if (node->extras) node->extras->more_pending.clear();
      if (targets_ == nullptr) give_back(*node);
    }
    if (targets_ == nullptr && visited_ != nullptr) give_back(*visited_);
    if (ends_)
      for (Node* node : ends_->marked) give_back(*node);
    heap_.clear();
    if (spare_heap != nullptr) *spare_heap = std::move(heap_);
  }

  /// Propagates gradients from the roots; each keeps its part of the graph alive during the sweep.
  void run(std::span<const Edge> roots, std::span<Tensor> gradients) {
    if (targets_ != nullptr) mark_needed(roots);
    const GradMode mode(create_graph_);
    for (std::size_t i = 0; i < roots.size(); ++i)
      if (wants(*roots[i].node.get())) deliver(roots[i], std::move(gradients[i]));
    while (!heap_.empty()) {
      visited_ = heap_.front();
      std::pop_heap(heap_.begin(), heap_.end(), is_older);
      heap_.pop_back();
      visited_->queued = false;
      visit(*visited_);
      if (targets_ == nullptr) give_back(*visited_);
      visited_ = nullptr;
    }
    if (ends_)
      for (LeafGradients::Entry& entry : ends_->leaves.take())
        if (entry.gradient.defined()) finish(*entry.leaf, std::move(entry.gradient));
  }

 private:
  static bool is_older(const Node* a, const Node* b) { return a->sequence < b->sequence; }

  // A sweep owns the nodes that it writes to: with targets, all nodes that lead to one, until the sweep ends; otherwise
  // each node from its first gradient until its visit is over. Two sweeps that meet are therefore an error, not a wrong
  // gradient.
  bool claim(Node& node) const noexcept {
    const void* unowned = nullptr;
    if (!xg::detail::single_threaded())
      return std::atomic_ref(node.sweep).compare_exchange_strong(unowned, this, std::memory_order_acquire);
    if (node.sweep != nullptr) return false;
    node.sweep = this;
    return true;
  }
  static void give_back(Node& node) noexcept { std::atomic_ref(node.sweep).store(nullptr, std::memory_order_release); }
  bool owns(const Node& node) const noexcept {
    return std::atomic_ref(const_cast<const void*&>(node.sweep)).load(std::memory_order_relaxed) == this;
  }

  [[noreturn]] void throw_busy(const Node& node) const {
    const std::string path = scope_path(node.scope);
    raise<AutogradError>(
        "[{}] another sweep uses this graph (at op {}), one of another thread or the one that called this "
        "hook: a graph belongs to one thread at a time. Let each thread compute its own graph from the shared leaves, "
        "or share the value without its graph: detach().{}",
        op_, node.name(), path.empty() ? "" : " Recorded in: " + path + ".");
  }

  bool wants(const Node& node) { return targets_ == nullptr || leads_to_target(node); }
  [[gnu::noinline]] bool leads_to_target(const Node& node) {
    return node.is_leaf() ? ends_->leaves.find(node) != nullptr : owns(node) && node.needed;
  }

  void deliver(const Edge& edge, Tensor&& g) {
    Node& node = *edge.node.get();
    if (node.is_leaf()) {
      LeafNode& leaf = static_cast<LeafNode&>(node);
      if (targets_ == nullptr && !leaf.extras) return leaf.accumulate(std::move(g), by_ops_);
      return wait_for_all(leaf, std::move(g));
    }
    if (!owns(node) || !node.queued) enqueue(node);
    add_to(pending_of(node, edge.slot), std::move(g), by_ops_);
  }

  [[gnu::noinline]] void wait_for_all(LeafNode& leaf, Tensor&& g) {
    if (!ends_) ends_.emplace();
    add_to(ends_->leaves.entry_of(leaf).gradient, std::move(g), by_ops_);
  }

  void enqueue(Node& node) {
    heap_.push_back(&node);
    if (!owns(node) && !claim(node)) [[unlikely]] {
      heap_.pop_back();
      throw_busy(node);
    }
    node.queued = true;
    std::push_heap(heap_.begin(), heap_.end(), is_older);
  }

  static Tensor& pending_of(Node& node, std::uint8_t slot) {
    if (slot == 0) return node.pending;
    std::vector<Tensor>& more = node.make_extras().more_pending;
    more.resize(node.output_count() - 1);
    return more[slot - std::size_t{1}];
  }

  /// Marks the nodes that lead to a target.
  void mark_needed(std::span<const Edge> roots) {
    CachedVector<Node*>& marked = ends_->marked;
    for (Target& target : *targets_) {
      ends_->by_node.push_back(&target);
      if (target.node->is_leaf()) ends_->leaves.entry_of(static_cast<LeafNode&>(*target.node));
    }
    std::sort(ends_->by_node.begin(), ends_->by_node.end(), ByNode());
    CachedVector<Node*> stack, foreign;
    const auto reach = [&](Node* node) {
      if (!node->is_leaf() && !owns(*node)) stack.push_back(node);
    };
    for (const Edge& root : roots) reach(root.node.get());
    while (!stack.empty()) {
      Node* node = stack.back();
      stack.pop_back();
      if (owns(*node)) continue;
      marked.push_back(node);
      if (!claim(*node)) [[unlikely]] {
        marked.pop_back();
        foreign.push_back(node);
        continue;
      }
      node->needed = node->target = false;
      for (const Edge& edge : node->edges())
        if (edge.node) reach(edge.node.get());
    }
    for (Node* node : foreign)
      if (has_target_behind(*node)) throw_busy(*node);
    for (const Target& target : *targets_)
      if (!target.node->is_leaf() && owns(*target.node)) target.node->needed = target.node->target = true;
    std::sort(marked.begin(), marked.end(), is_older);
    for (Node* node : marked) {
      const std::span<Edge> edges = node->edges();
      node->needed = node->needed || std::any_of(edges.begin(), edges.end(), [&](const Edge& edge) {
                       return edge.node && wants(*edge.node.get());
                     });
    }
    std::erase_if(marked, [](Node* node) {
      const bool needed = node->needed;
      if (!needed) give_back(*node);
      return !needed;
    });
  }

  /// Whether a node owned by another sweep leads to a target; computed without marking nodes.
  bool has_target_behind(Node& start) {
    std::unordered_set<const Node*> seen;
    CachedVector<Node*> stack{&start};
    while (!stack.empty()) {
      Node* node = stack.back();
      stack.pop_back();
      if (!seen.insert(node).second) continue;
      const auto& targets = ends_->by_node;
      if (std::binary_search(targets.begin(), targets.end(), static_cast<const Node*>(node), ByNode())) return true;
      for (const Edge& edge : node->edges())
        if (edge.node) stack.push_back(edge.node.get());
    }
    return false;
  }

  struct ByNode {
    bool operator()(const Target* a, const Target* b) const { return std::less<const Node*>()(a->node, b->node); }
    bool operator()(const Target* a, const Node* b) const { return std::less<const Node*>()(a->node, b); }
    bool operator()(const Node* a, const Target* b) const { return std::less<const Node*>()(a, b->node); }
  };
  /// Stores the gradients of targets.
  void keep(const Node& node, std::span<const Tensor> grads) {
    const auto [first, last] = std::equal_range(ends_->by_node.begin(), ends_->by_node.end(), &node, ByNode());
    for (auto it = first; it != last; ++it) (*it)->grad = grads[(*it)->slot];
  }

  /// Delivers the complete gradient of a leaf that is a target or has hooks.
  void finish(LeafNode& leaf, Tensor gradient) {
    if (leaf.extras) call_hooks(leaf, {&gradient, 1});
    if (targets_ != nullptr)
      keep(leaf, {&gradient, 1});
    else
      leaf.accumulate(std::move(gradient), by_ops_);
  }

  void visit(Node& node) {
    const std::size_t outputs = node.output_count();
    Few<Tensor, 3> grads(outputs);
    grads.span()[0] = std::move(node.pending);
    if (node.extras) {
      std::vector<Tensor>& more = node.extras->more_pending;
      std::move(more.begin(), more.end(), grads.span().begin() + 1);
      more.clear();
      call_hooks(node, grads.span());
    }
    if (targets_ != nullptr && node.target) keep(node, grads.span());
    if (node.edges().size() <= 3)
      propagate<3>(node, grads.span());
    else
      propagate<8>(node, grads.span());
    if (!keep_graph_) node.release_saved();
  }

  template <std::size_t few> void propagate(Node& node, std::span<Tensor> grads) {
    const std::span<Edge> edges = node.edges();
    Few<bool, few> wanted(edges.size());
    const std::span<bool> needed = wanted.span();
    bool any = false;
    for (std::size_t i = 0; i < edges.size(); ++i) any |= needed[i] = edges[i].node && wants(*edges[i].node.get());
    if (!any) return;
    Few<Tensor, few> results(edges.size());
    const std::span<Tensor> grad_inputs = results.span();
    if (node.extras || state().has(mode_checked)) [[unlikely]]
      observed_backward(node, grads, grad_inputs, needed.data());
    else
      node.backward(grads, grad_inputs, needed.data());
    for (std::size_t i = 0; i < edges.size(); ++i)
      if (needed[i] && grad_inputs[i].defined()) deliver(edges[i], std::move(grad_inputs[i]));
  }

  /// Calls backward where the gradients of the outputs are still needed afterwards, for hooks and AnomalyMode.
  static void observed_backward(Node& node, std::span<Tensor> grads, std::span<Tensor> grad_inputs,
                                const bool* needed) {
    const std::vector<Tensor> kept(grads.begin(), grads.end());
    node.backward(grads, grad_inputs, needed);
    if (node.extras)
      for (const auto& [handle, hook] : node.extras->node_hooks) hook(grad_inputs, kept);
    if (state().has(mode_checked)) check_finite(node, kept, grad_inputs);
  }

  static void call_hooks(Node& node, std::span<Tensor> grads) {
    // A copy, because a hook may register or remove hooks.
    const std::vector<NodeExtras::Hook> hooks = node.extras->hooks;
    for (const NodeExtras::Hook& hook : hooks) {
      if (!grads[hook.slot].defined()) continue;
      Tensor replaced = hook.call(grads[hook.slot]);
      if (!replaced.defined()) continue;
      if (replaced.shape() != grads[hook.slot].shape())
        raise<ShapeError>("[hook] a hook returned a gradient of shape {}, it must be {}.", replaced.shape().str(),
                          grads[hook.slot].shape().str());
      grads[hook.slot] = std::move(replaced);
    }
    for (auto& [slot, kept] : node.extras->retained)
      if (grads[slot].defined()) kept = kept.defined() ? add(kept, grads[slot]) : grads[slot];
  }

  static void check_finite(const Node& node, std::span<const Tensor> grads, std::span<const Tensor> grad_inputs) {
    for (const Tensor& g : grads)
      if (!detail::not_finite(g).empty()) return;
    for (std::size_t i = 0; i < grad_inputs.size(); ++i)
      if (const std::string found = detail::not_finite(grad_inputs[i]); !found.empty()) {
        const std::string path = scope_path(node.scope);
        raise<AutogradError>("[{}] backward made the gradient of input {} {}, from finite gradients.{}", node.name(), i,
                             found, path.empty() ? "" : " Called in: " + path + ".");
      }
  }

  const char* op_;
  bool keep_graph_, create_graph_;
  bool by_ops_;  // whether sums of gradients must be ops, because they are recorded or observed
  std::vector<Target>* targets_;
  std::vector<Node*> heap_;
  Node* visited_ = nullptr;
  struct Ends {
    CachedVector<Target*> by_node;  // the targets, sorted by the addresses of their nodes
    CachedVector<Node*> marked;     // the nodes that a sweep with targets owns
    LeafGradients leaves;
  };
  std::optional<Ends> ends_;  // of a sweep with targets, or one that has met a leaf with hooks
};

Tensor checked_gradient(const char* op, const Tensor& output, const Tensor& gradient) {
  if (node_of(output) == nullptr)
    raise<AutogradError>(
        "[{}] the output (shape {}) has no graph: no argument requires grad (requires_grad_()), or it was "
        "computed in NoGrad or detached.",
        op, output.shape().str());
  if (!gradient.defined()) {
    if (output.numel() != 1)
      raise<ShapeError>(
          "[{}] the output has shape {}, without a gradient it must have one element: reduce it (for example .sum()) "
          "or pass a gradient of its shape.",
          op, output.shape().str());
    return ones_like(output);
  }
  if (gradient.shape() != output.shape())
    raise<ShapeError>("[{}] the gradient has shape {}, the output {}: they must be equal.", op, gradient.shape().str(),
                      output.shape().str());
  return gradient.dtype() == output.dtype() ? gradient : to(gradient, output.dtype());
}

void check_counts(const char* op, std::span<const Tensor> outputs, std::span<const Tensor> grad_outputs) {
  if (outputs.empty()) raise<ValueError>("[{}] no outputs: pass at least one.", op);
  if (!grad_outputs.empty() && grad_outputs.size() != outputs.size())
    raise<ValueError>("[{}] {} outputs and {} gradients: pass one for each, or none.", op, outputs.size(),
                      grad_outputs.size());
}

void sweep(const char* op, std::span<const Tensor> outputs, std::span<const Tensor> grad_outputs, bool keep_graph,
           bool create_graph, std::vector<Target>* targets) {
  check_counts(op, outputs, grad_outputs);
  Few<Edge, 1> roots(outputs.size());
  Few<Tensor, 1> gradients(outputs.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    gradients.span()[i] = checked_gradient(op, outputs[i], grad_outputs.empty() ? Tensor() : grad_outputs[i]);
    roots.span()[i] = edge_to(outputs[i]);
  }
  Sweep(op, keep_graph, create_graph, targets).run(roots.span(), gradients.span());
}

}  // namespace

void backward(std::span<const Tensor> outputs, std::span<const Tensor> grad_outputs, BackwardOptions options) {
  sweep("backward", outputs, grad_outputs, options.retain_graph || options.create_graph, options.create_graph, nullptr);
}

}  // namespace autograd

void backward(const std::vector<Tensor>& outputs, const std::vector<Tensor>& grad_outputs, BackwardOptions options) {
  autograd::backward(outputs, grad_outputs, options);
}

std::vector<Tensor> grad(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs,
                         const std::vector<Tensor>& grad_outputs, GradOptions options) {
  std::vector<autograd::Target> targets;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Tensor input = autograd::substituted(inputs[i]);
    autograd::Node* node = autograd::node_of(input);
    if (node == nullptr)
      raise<AutogradError>("[grad] input {} (shape {}) does not require grad: call requires_grad_() before it is used.",
                           i, inputs[i].shape().str());
    targets.push_back({node, input.impl().autograd_slot, {}});
  }
  autograd::sweep("grad", outputs, grad_outputs, options.retain_graph || options.create_graph, options.create_graph,
                  &targets);
  std::vector<Tensor> results;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (!targets[i].grad.defined() && !options.allow_unused)
      raise<AutogradError>(
          "[grad] no output depends on input {} (shape {}): check the graph, or pass {{.allow_unused = true}} for an "
          "undefined gradient.",
          i, inputs[i].shape().str());
    results.push_back(std::move(targets[i].grad));
  }
  return results;
}

}  // namespace xg
