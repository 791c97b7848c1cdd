// The recorded graph: nodes, edges to the nodes of their inputs, saved tensors.
#pragma once

#include <xgrad/autograd/state.hpp>
#include <xgrad/tensor/memory.hpp>
#include <xgrad/tensor/scope.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace xg::autograd {

class Node;

/// Destroys a node without references. Whole graphs die by a work list, never by recursion: a chain of a million nodes
/// needs no stack.
void destroy_node(Node* node) noexcept;

/// A counted reference to a node.
class NodeRef {
 public:
  NodeRef() = default;
  explicit NodeRef(Node* node) noexcept;  ///< shares
  static NodeRef adopt(Node* node) noexcept {
    NodeRef ref;
    ref.node_ = node;
    return ref;
  }
  NodeRef(const NodeRef& other) noexcept : NodeRef(other.node_) {}
  NodeRef(NodeRef&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  NodeRef& operator=(NodeRef other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~NodeRef();
  Node* get() const noexcept { return node_; }
  Node* operator->() const noexcept { return node_; }
  explicit operator bool() const noexcept { return node_ != nullptr; }
  Node* release() noexcept { return std::exchange(node_, nullptr); }

 private:
  Node* node_ = nullptr;
};

/// To which output of which node a gradient goes. No node: the input asks for none.
struct Edge {
  NodeRef node;
  std::uint8_t slot = 0;
};

using TensorHook = std::function<Tensor(const Tensor&)>;
/// (gradients of inputs, gradients of outputs); may replace the former.
using NodeHook = std::function<void(std::span<Tensor>, std::span<const Tensor>)>;

/// What few nodes have: several outputs, hooks, gradients that were asked to be kept.
struct NodeExtras {
  struct Hook {
    std::int64_t handle;
    std::uint8_t slot;
    TensorHook call;
  };
  std::vector<Hook> hooks;
  std::vector<std::pair<std::int64_t, NodeHook>> node_hooks;
  std::vector<std::pair<std::uint8_t, Tensor>> retained;  // slot, gradient (undefined until a sweep)
  std::vector<Tensor> more_pending;  // gradients of outputs 1, 2, ... so far; empty outside of a sweep
  std::int64_t next_handle = 1;
};

/// One recorded op (or a leaf).
class Node {
 public:
  explicit Node(bool leaf = false) noexcept : leaf_(leaf), scope(current_scope()), sequence(++state().sequence) {}
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  virtual ~Node() = default;

  virtual const char* name() const = 0;
  virtual std::span<Edge> edges() = 0;
  virtual std::size_t output_count() const { return 1; }
  /// Gradients of the inputs i with needed[i], from those of the outputs (undefined is zero), of which one that nobody
  /// else holds may be written over.
  virtual void backward(std::span<Tensor> grad_outputs, std::span<Tensor> grad_inputs, const bool* needed) = 0;
  /// Forgets saved tensors. A later backward is an error.
  virtual void release_saved() noexcept {}
  bool is_leaf() const { return leaf_; }
  /// Puts this node behind `input` in the order of creation, also where another thread made that one.
  void follow(const Node& input) noexcept {
    if (input.sequence >= sequence) [[unlikely]]
      sequence = state().sequence = input.sequence + 1;
  }

  NodeExtras& make_extras();

  static void* operator new(std::size_t bytes) { return memory::allocate(bytes); }
  static void operator delete(void* block, std::size_t bytes) noexcept { memory::deallocate(block, bytes); }

  xg::detail::RefCount refs;
  bool released = false;
  // What sweeps write. Of a leaf, which graphs of several threads may share, they write none of this.
  bool queued = false;  ///< has it a gradient, and waits for its turn?
  bool needed = false;  ///< of a sweep with targets: is it one, or does one lie behind it?
  bool target = false;  ///< of a sweep with targets: is it one?

 private:
  const bool leaf_;

 public:
  const ScopeId scope;  ///< the module path in which the op was called
  union {
    std::uint64_t sequence;  ///< creation order, which is a topological order
    Node* next_dead;         ///< of a node without references: the next that waits to be destroyed
  };
  const void* sweep = nullptr;  ///< the sweep that is at work on this node; it alone may write to it
  Tensor pending;               ///< gradient of output 0 so far
  std::unique_ptr<NodeExtras> extras;
};

/// Drops a reference.
inline void release_node(Node* node) noexcept {
  if (node->refs.release_is_last()) destroy_node(node);
}

inline NodeRef::~NodeRef() {
  if (node_ != nullptr) release_node(node_);
}
[[gnu::always_inline]] inline NodeRef::NodeRef(Node* node) noexcept : node_(node) {
  if (node_ != nullptr) node_->refs.acquire();
}

/// A tensor that asks for gradients; they are accumulated here.
class LeafNode final : public Node {
 public:
  LeafNode() noexcept : Node(true) {}
  const char* name() const override { return "leaf"; }
  std::span<Edge> edges() override { return {}; }
  void backward(std::span<Tensor>, std::span<Tensor>, const bool*) override {}
  /// grad += g; takes the buffer over where nobody else has it. Threads that add to one leaf wait for each other.
  void accumulate(Tensor g, bool create_graph);

  Tensor grad;

 private:
  class Lock;
  std::atomic<std::uint32_t> lock_{0};  // 0: free, 1: held, 2: held and waited for; unused where there is one thread
};

/// An input kept for backward, with the version that it had.
class SavedInput {
 public:
  SavedInput() = default;
  [[gnu::always_inline]] explicit SavedInput(const Tensor& tensor) : tensor_(tensor), version_(tensor.version()) {}
  /// The tensor. Throws AutogradError where it was changed.
  const Tensor& unpack(const Node& node) const {
    if (tensor_.version() != version_) [[unlikely]]
      throw_changed(node, tensor_, version_);
    return tensor_;
  }
  bool defined() const { return tensor_.defined(); }
  void reset() noexcept { tensor_ = Tensor(); }

  [[noreturn]] static void throw_changed(const Node& node, const Tensor& tensor, std::uint32_t version);

 private:
  Tensor tensor_;
  std::uint32_t version_ = 0;
};

/// An output kept for backward: its elements without its graph, which would keep its own node alive.
class SavedOutput {
 public:
  SavedOutput() = default;
  [[gnu::always_inline]] explicit SavedOutput(const Tensor& tensor)
      : storage_(&tensor.impl().storage()),
        data_(tensor.impl().data),
        layout_(tensor.impl().layout),
        version_(tensor.version()),
        dtype_(tensor.dtype()) {
    storage_->refs.acquire();
  }
  SavedOutput(const SavedOutput&) = delete;
  SavedOutput& operator=(const SavedOutput&) = delete;
  ~SavedOutput() { reset(); }
  /// A tensor of the elements, with `node`'s output `slot` as its graph while graphs are recorded. Throws AutogradError
  /// where they were changed.
  Tensor unpack(Node& node, std::uint8_t slot) const;
  void reset() noexcept {
    if (storage_ != nullptr) xg::detail::release_storage(std::exchange(storage_, nullptr));
  }

 private:
  xg::detail::Storage* storage_ = nullptr;  // counted
  void* data_ = nullptr;
  xg::detail::LayoutRef layout_;
  std::uint32_t version_ = 0;
  Dtype dtype_ = Dtype::float32;
};

/// Brings the graph of a view up to date after an in-place write elsewhere replaced its base's. Threads that share the
/// view may all find it out of date.
void refresh_view(xg::detail::TensorImpl& view);
/// Is the view's graph that of its base's present value? What set_node() wrote before is then visible as well.
[[gnu::always_inline]] inline bool is_fresh(const xg::detail::TensorImpl& view, const xg::detail::TensorImpl& base) {
  return std::atomic_ref(const_cast<std::uint32_t&>(view.graph_version)).load(std::memory_order_acquire) ==
         base.graph_version;
}

/// The node that made `x`, or the leaf that accumulates its gradient; null where no gradient is asked for.
[[gnu::always_inline]] inline Node* node_of(const Tensor& x) {
  xg::detail::TensorImpl& impl = x.impl();
  if (!impl.owner) [[unlikely]]
    if (const auto* base = impl.base(); base != nullptr && !is_fresh(impl, *base)) refresh_view(impl);
  return static_cast<Node*>(impl.autograd);
}

/// Makes `node` (a counted reference) the graph of x.
void set_node(xg::detail::TensorImpl& impl, NodeRef node, std::uint8_t slot) noexcept;
/// The same after an in-place write: what retain_grad() asked of x is asked of its new graph.
void replace_node(xg::detail::TensorImpl& impl, NodeRef node, std::uint8_t slot);

inline Edge edge_to(const Tensor& x) {
  Node* node = node_of(x);
  return {NodeRef(node), x.impl().autograd_slot};
}

/// May g's buffer be taken over or added to? Only where this handle is the only one to the tensor, the tensor the only
/// one to its storage, and no graph hangs on it.
inline bool owned_by_nobody_else(const Tensor& g) {
  const xg::detail::TensorImpl& impl = g.impl();
  return impl.autograd == nullptr && impl.contiguous() && impl.refs.unique() && impl.storage().refs.unique() &&
         impl.base() == nullptr;
}

}  // namespace xg::autograd
