#include <xgrad/autograd/detail/in_place.hpp>
#include <xgrad/autograd/detail/node.hpp>
#include <xgrad/autograd/detail/strided.hpp>
#include <xgrad/autograd/detail/views.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/observer.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/autograd/substitution.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/support/process_mutex.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <mutex>
#include <optional>

namespace xg::autograd {
namespace {

std::int64_t offset_in_base(const xg::detail::TensorImpl& view) {
  const auto bytes = static_cast<const char*>(view.data) - static_cast<const char*>(view.base()->data);
  return bytes / static_cast<std::int64_t>(item_size(view.dtype));
}

Tensor share(xg::detail::TensorImpl& impl) {
  impl.refs.acquire();
  return Tensor::adopt(&impl);
}

/// A copy of `self` before the write, with the same graph.
Tensor snapshot(const Tensor& self) {
  Tensor before = kernels::copy(self);
  if (Node* node = node_of(self)) set_node(before.impl(), NodeRef(node), self.impl().autograd_slot);
  return before;
}

void adopt_graph(const Tensor& target, const Tensor& source) {
  replace_node(target.impl(), NodeRef(node_of(source)), source.impl().autograd_slot);
}

void check(const Tensor& self, const char* op) {
  Node* node = node_of(self);
  if (grad_enabled()) {
    const bool leaf = node != nullptr && node->is_leaf();
    Node* base = self.impl().base() != nullptr ? static_cast<Node*>(self.impl().base()->autograd) : nullptr;
    if (leaf || (base != nullptr && base->is_leaf()))
      raise<AutogradError>(
          "[{}] a leaf (or a view of one) that requires grad cannot be changed in place: do it inside NoGrad, or "
          "use the out-of-place form.",
          op);
  }
  if (may_overlap(self.shape(), self.strides()))
    raise<ShapeError>(
        "[{}] several elements of the tensor (shape {}) share memory, as after expand or unfold: clone it first.", op,
        self.shape().str());
}

}  // namespace

void refresh_view(xg::detail::TensorImpl& view) {
  const Tensor base = share(*view.base());
  Tensor again;
  if (node_of(base) != nullptr) {
    const EnableGrad recording;
    const Unobserved unobserved;
    again = as_strided(base, view.shape(), view.strides(), offset_in_base(view));
  }
  static auto* one_at_a_time = new xg::detail::ProcessMutex;
  NodeRef previous;  // destroyed after the lock is released
  const std::lock_guard lock(*one_at_a_time);
  if (is_fresh(view, base.impl())) return;  // another thread has refreshed it
  previous = NodeRef(static_cast<Node*>(view.autograd));
  if (again.defined())
    replace_node(view, NodeRef(node_of(again)), again.impl().autograd_slot);
  else
    set_node(view, NodeRef(), 0);
}

Tensor& in_place(Tensor& self, const char* op, const Tensor* other, const std::function<Tensor(const Tensor&)>& compute,
                 const std::function<void(Tensor&)>& write) {
  const bool substituting = state().has(mode_substitution);
  if (substituting) {
    if (Tensor given = substitute_of(self); given.defined()) {
      in_place(given, op, other, compute, write);
      return self;
    }
  }
  check(self, op);
  if (other != nullptr && broadcast_shapes(op, self.shape(), other->shape()) != self.shape())
    raise<ShapeError>(
        "[{}] the result of shapes {} and {} does not have the shape of the tensor that is changed: use the "
        "out-of-place form.",
        op, self.shape().str(), other->shape().str());
  const bool recording = grad_enabled() && is_floating(self.dtype()) &&
                         (node_of(self) != nullptr || (other != nullptr && node_of(substituted(*other)) != nullptr));
  if (!recording && !observed() && !substituting) {
    write(self);
    xg::detail::bump_version(self.impl().storage(), op);
    return self;
  }
  const Tensor before = snapshot(self);
  for (Observer* observer = state().observer; observer != nullptr; observer = observer->outer())
    observer->before_write(self, before, op);
  const Tensor result = compute(before);
  if (result.shape() != self.shape())
    raise<ShapeError>("[{}] the result has shape {}, the tensor that is changed {}: use the out-of-place form.", op,
                      result.shape().str(), self.shape().str());
  // The new graph is made before the elements are written, because an allocation may fail.
  xg::detail::TensorImpl* base = self.impl().base();
  Tensor graph;  // the new graph of self, or of its base
  if (recording) {
    std::optional<Unobserved> quiet;
    if (base != nullptr) quiet.emplace();
    graph = result.dtype() == self.dtype() ? result : to(result, self.dtype());
    if (base != nullptr) {
      // For a view, the graph of the base is rebased, and with it those of all its views. The base is not copied,
      // because the view's geometry refers to its strides, and the written elements are replaced anyway.
      Tensor base_before = Tensor::adopt(xg::detail::new_alias(*base));
      if (Node* node = static_cast<Node*>(base->autograd))
        set_node(base_before.impl(), NodeRef(node), base->autograd_slot);
      graph = as_strided_scatter(base_before, graph, self.shape(), self.strides(), offset_in_base(self.impl()));
    }
  }
  kernels::copy_into(self, result);
  xg::detail::bump_version(self.impl().storage(), op);
  for (Observer* observer = state().observer; observer != nullptr; observer = observer->outer())
    observer->after_write(self, result);
  if (!recording) return self;
  if (base == nullptr) {
    adopt_graph(self, graph);
    ++self.impl().graph_version;  // existing views show the new values, so their graphs are now out of date
    return self;
  }
  const Unobserved unobserved;
  replace_node(*base, NodeRef(node_of(graph)), graph.impl().autograd_slot);
  ++base->graph_version;
  // The view's graph is refreshed lazily, except where its gradient is retained, which must be that of the new value.
  if (Node* node = static_cast<Node*>(self.impl().autograd); node != nullptr && node->extras) refresh_view(self.impl());
  return self;
}

}  // namespace xg::autograd
