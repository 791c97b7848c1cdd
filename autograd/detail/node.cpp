#include <xgrad/autograd/detail/node.hpp>
#include <xgrad/autograd/detail/op.hpp>
#include <xgrad/tensor/kernels/arithmetic.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>
#include <string>

namespace xg::autograd {

namespace {

// Nodes without references that wait while another node is destroyed further up the stack.
struct DeferredDestruction {
  Node* waiting = nullptr;
};
thread_local constinit DeferredDestruction* deferred_destruction __attribute__((tls_model("initial-exec"))) =
    nullptr;  // null unless a node is being destroyed

const bool installed = [] {
  xg::detail::release_autograd = [](void* node) noexcept { release_node(static_cast<Node*>(node)); };
  return true;
}();

}  // namespace

void destroy_node(Node* node) noexcept {
  if (deferred_destruction != nullptr) {
    node->next_dead = deferred_destruction->waiting;
    deferred_destruction->waiting = node;
    return;
  }
  DeferredDestruction pending;
  deferred_destruction = &pending;
  delete node;
  while (pending.waiting != nullptr) {
    Node* next = pending.waiting;
    pending.waiting = next->next_dead;
    delete next;
  }
  deferred_destruction = nullptr;
}

NodeExtras& Node::make_extras() {
  if (!extras) extras = std::make_unique<NodeExtras>();
  return *extras;
}

/// Serializes threads that add to one gradient. A mutex would cost more than the addition of a small gradient.
class LeafNode::Lock {
 public:
  explicit Lock(std::atomic<std::uint32_t>& state) : state_(xg::detail::single_threaded() ? nullptr : &state) {
    std::uint32_t free = 0;
    if (state_ != nullptr && !state_->compare_exchange_strong(free, 1, std::memory_order_acquire)) [[unlikely]]
      while (state_->exchange(2, std::memory_order_acquire) != 0) state_->wait(2, std::memory_order_relaxed);
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  ~Lock() {
    if (state_ != nullptr && state_->exchange(0, std::memory_order_release) == 2) [[unlikely]]
      state_->notify_one();
  }

 private:
  std::atomic<std::uint32_t>* state_;  // null in single-threaded processes
};

void LeafNode::accumulate(Tensor g, bool create_graph) {
  const Lock lock(lock_);
  if (create_graph) {
    grad = grad.defined() ? add(grad, g) : std::move(g);
    return;
  }
  if (!grad.defined()) {
    grad = is_unshared(g) ? std::move(g) : kernels::copy(g);
  } else if (node_of(grad) != nullptr) {
    grad = add(grad, g);
  } else {
    kernels::add_into(grad, grad, g);
    xg::detail::bump_version(grad.impl().storage(), "backward");
  }
}

void SavedInput::throw_changed(const Node& node, const Tensor& tensor, std::uint32_t version) {
  const std::string path = scope_path(node.scope);
  raise<AutogradError>(
      "[{}] a tensor of shape {} that backward needs was changed in place by {} after {} had saved it (version {}, now "
      "{}): use the out-of-place form, or change a clone.{}",
      node.name(), tensor.shape().str(), tensor.impl().storage().last_write.load(), node.name(), version,
      tensor.version(), path.empty() ? "" : " Saved in: " + path + ".");
}

Tensor SavedOutput::unpack(Node& node, std::uint8_t slot) const {
  Tensor tensor = Tensor::adopt(xg::detail::new_alias(*storage_, data_, layout_, dtype_));
  if (tensor.version() != version_) [[unlikely]]
    SavedInput::throw_changed(node, tensor, version_);
  if (state().derives_by_ops()) set_node(tensor.impl(), NodeRef(&node), slot);
  return tensor;
}

void set_node(xg::detail::TensorImpl& impl, NodeRef node, std::uint8_t slot) noexcept {
  Node* previous = static_cast<Node*>(impl.autograd);
  impl.autograd = node.release();
  impl.autograd_slot = slot;
  if (const auto* base = impl.base())
    std::atomic_ref(impl.graph_version).store(base->graph_version, std::memory_order_release);
  if (previous != nullptr) release_node(previous);
}

void replace_node(xg::detail::TensorImpl& impl, NodeRef node, std::uint8_t slot) {
  Node* previous = static_cast<Node*>(impl.autograd);
  if (node && previous != nullptr && previous->extras) {
    std::vector<std::pair<std::uint8_t, Tensor>>& kept = previous->extras->retained;
    const auto mine =
        std::find_if(kept.begin(), kept.end(), [&](const auto& e) { return e.first == impl.autograd_slot; });
    if (mine != kept.end()) {
      node->make_extras().retained.emplace_back(slot, std::move(mine->second));
      kept.erase(mine);
    }
  }
  set_node(impl, std::move(node), slot);
}

namespace detail {

void throw_released(const Node& node) {
  raise<AutogradError>(
      "[backward] the graph was already swept and its saved tensors are released (at op {}): pass {{.retain_graph = "
      "true}} to the first backward, or build the graph again.",
      node.name());
}

void throw_inference(const char* op) {
  raise<AutogradError>(
      "[{}] an argument was made in InferenceMode and cannot become part of a graph: clone it outside, or use NoGrad.",
      op);
}

}  // namespace detail

}  // namespace xg::autograd
