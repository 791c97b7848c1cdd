// The recorded graph: nodes, edges to the nodes of their inputs, saved tensors.
#pragma once

#include <xgrad/autograd/saved_tensor_hooks.hpp>
#include <xgrad/autograd/state.hpp>
#include <xgrad/tensor/memory.hpp>
#include <xgrad/tensor/scope.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace xg::autograd {

class Node;

/// Destroys a node without references. Graphs are destroyed with a work list instead of recursion, so a chain of a
/// million nodes does not overflow the stack.
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

/// The output of a node that a gradient goes to. Without a node the input needs no gradient.
struct Edge {
  NodeRef node;
  std::uint8_t slot = 0;
};

using TensorHook = std::function<Tensor(const Tensor&)>;
/// (gradients of inputs, gradients of outputs); may replace the former.
using NodeHook = std::function<void(std::span<Tensor>, std::span<const Tensor>)>;

/// Data that few nodes need: several outputs, hooks, retained gradients.
struct NodeExtras {
  struct Hook {
    std::int64_t handle;
    std::uint8_t slot;
    TensorHook call;
  };
  std::vector<Hook> hooks;
  std::vector<std::pair<std::int64_t, NodeHook>> node_hooks;
  std::vector<std::pair<std::uint8_t, Tensor>> retained;  // slot, gradient (undefined until a sweep)
  std::vector<Tensor> more_pending;  // gradients of outputs 1, 2, ... so far; empty outside a sweep
  std::int64_t next_handle = 1;
  std::vector<std::pair<std::size_t, PackedTensor>> packed;  // the node's number of a saved tensor, what replaces it
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
  /// Gradients of the inputs i with needed[i], from those of the outputs (undefined is zero). It may overwrite a
  /// gradient without other references.
  virtual void backward(std::span<Tensor> grad_outputs, std::span<Tensor> grad_inputs, const bool* needed) = 0;
  /// Releases saved tensors. A later backward is an error.
  virtual void release_saved() noexcept {}
  /// Replaces saved tensors by what the hooks in force make of them.
  virtual void pack_saved() {}
  bool is_leaf() const { return leaf_; }
  /// Orders this node after `input`, even if another thread made that one.
  void follow(const Node& input) noexcept {
    if (input.sequence >= sequence) [[unlikely]]
      sequence = state().sequence = input.sequence + 1;
  }

  NodeExtras& make_extras();

  static void* operator new(std::size_t bytes) { return memory::allocate(bytes); }
  static void operator delete(void* block, std::size_t bytes) noexcept { memory::deallocate(block, bytes); }

  xg::detail::RefCount refs;
  bool released = false;
  // State of sweeps. It is not used for leaves, which graphs of several threads may share.
  bool queued = false;  ///< whether it has a gradient and waits in the queue
  bool needed = false;  ///< of a sweep with targets: whether it or a node behind it is one
  bool target = false;  ///< of a sweep with targets: whether it is one

 private:
  const bool leaf_;

 public:
  const ScopeId scope;  ///< the module path in which the op was called
  union {
    std::uint64_t sequence;  ///< creation order, which is a topological order
    Node* next_dead;         ///< of a node without references: the next one to destroy
  };
  const void* sweep = nullptr;  ///< the sweep that owns this node; only it may write to it
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

/// The node of a leaf that requires grad, whose gradient is accumulated here.
class LeafNode final : public Node {
 public:
  LeafNode() noexcept : Node(true) {}
  const char* name() const override { return "leaf"; }
  std::span<Edge> edges() override { return {}; }
  void backward(std::span<Tensor>, std::span<Tensor>, const bool*) override {}
  /// grad += g; takes over the buffer of g if it has no other references. Threads that add to one leaf are serialized.
  void accumulate(Tensor g, bool create_graph);

  Tensor grad;

 private:
  class Lock;
  std::atomic<std::uint32_t> lock_{0};  // 0: free, 1: held, 2: held with waiters; unused in single-threaded processes
};

/// An input saved for backward, with its version.
class SavedInput {
 public:
  SavedInput() = default;
  [[gnu::always_inline]] explicit SavedInput(const Tensor& tensor) : tensor_(tensor), version_(tensor.version()) {}
  /// The tensor. Throws AutogradError if it was changed in place.
  const Tensor& unpack(const Node& node) const {
    if (tensor_.version() != version_) [[unlikely]]
      throw_changed(node, tensor_, version_);
    return tensor_;
  }
  bool defined() const { return tensor_.defined(); }
  const Tensor& tensor() const { return tensor_; }
  void reset() noexcept { tensor_ = Tensor(); }

  [[noreturn]] static void throw_changed(const Node& node, const Tensor& tensor, std::uint32_t version);

 private:
  Tensor tensor_;
  std::uint32_t version_ = 0;
};

/// An output saved for backward: its elements without its graph, which would keep its own node alive.
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
  /// if they were changed in place.
  Tensor unpack(Node& node, std::uint8_t slot) const;
  bool defined() const { return storage_ != nullptr; }
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
/// Whether the view's graph is up to date with its base's. If so, what set_node() wrote before is visible to this
/// thread.
[[gnu::always_inline]] inline bool is_fresh(const xg::detail::TensorImpl& view, const xg::detail::TensorImpl& base) {
  return std::atomic_ref(const_cast<std::uint32_t&>(view.graph_version)).load(std::memory_order_acquire) ==
         base.graph_version;
}

/// The node that made `x`, or the leaf that accumulates its gradient; null if x does not require grad.
[[gnu::always_inline]] inline Node* node_of(const Tensor& x) {
  xg::detail::TensorImpl& impl = x.impl();
  if (!impl.owner()) [[unlikely]]
    if (const auto* base = impl.base(); base != nullptr && !is_fresh(impl, *base)) refresh_view(impl);
  return static_cast<Node*>(impl.autograd);
}

/// Makes `node` (a counted reference) the graph of x.
void set_node(xg::detail::TensorImpl& impl, NodeRef node, std::uint8_t slot) noexcept;
/// Replaces the graph of x after an in-place write. A retained gradient becomes that of the new value.
void replace_node(xg::detail::TensorImpl& impl, NodeRef node, std::uint8_t slot);

inline Edge edge_to(const Tensor& x) {
  Node* node = node_of(x);
  return {NodeRef(node), x.impl().autograd_slot};
}

/// Whether g's buffer may be taken over or written to: the handle is the only one to the tensor, the tensor is the only
/// user of its storage, and it has no graph.
inline bool is_unshared(const Tensor& g) {
  const xg::detail::TensorImpl& impl = g.impl();
  return impl.autograd == nullptr && impl.contiguous() && impl.refs.unique() && impl.storage().refs.unique() &&
         impl.base() == nullptr;
}

}  // namespace xg::autograd
