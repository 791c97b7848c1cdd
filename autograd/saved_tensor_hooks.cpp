#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/observer.hpp>
#include <xgrad/autograd/saved_tensor_hooks.hpp>
#include <xgrad/autograd/state.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <string>
#include <utility>

namespace xg {

struct SavedTensorHooks::Hooks {
  Pack pack;
  Unpack unpack;
};

namespace {

void put_in_force(const SavedTensorHooks* hooks) noexcept {
  autograd::state().saved_hooks = hooks;
  autograd::state().set(autograd::mode_packed, hooks != nullptr);
}

/// Hooks compute outside the graph, and what they save themselves is not packed.
class OutsideTheGraph {
 public:
  OutsideTheGraph() : previous_(autograd::state().saved_hooks) { put_in_force(nullptr); }
  ~OutsideTheGraph() { put_in_force(previous_); }
  OutsideTheGraph(const OutsideTheGraph&) = delete;
  OutsideTheGraph& operator=(const OutsideTheGraph&) = delete;

 private:
  const SavedTensorHooks* previous_;
  NoGrad no_grad_;
  autograd::Unobserved unobserved_;
};

}  // namespace

SavedTensorHooks::SavedTensorHooks(Pack pack, Unpack unpack) : previous_(autograd::state().saved_hooks) {
  if (!pack || !unpack)
    throw ValueError("[SavedTensorHooks] a hook is empty: pass both, what packs a tensor and what unpacks it.");
  hooks_ = std::make_shared<const Hooks>(Hooks{std::move(pack), std::move(unpack)});
  put_in_force(this);
}

SavedTensorHooks::~SavedTensorHooks() { put_in_force(previous_); }

PackedTensor::PackedTensor(const Tensor& x) {
  if (autograd::state().saved_hooks == nullptr || !x.defined()) {
    plain_ = x;
    return;
  }
  hooks_ = autograd::state().saved_hooks->hooks_;
  shape_ = x.shape();
  dtype_ = x.dtype();
  const OutsideTheGraph guard;
  packed_ = hooks_->pack(x.detach());
}

Tensor PackedTensor::unpack() const {
  if (hooks_ == nullptr) return plain_;
  const OutsideTheGraph guard;
  const Tensor x = hooks_->unpack(packed_);
  if (!x.defined() || x.shape() != shape_ || x.dtype() != dtype_)
    raise<AutogradError>(
        "[SavedTensorHooks] unpack returned {}, the saved tensor was {} of shape {}: return its equal.",
        x.defined() ? std::string(name(x.dtype())) + " of shape " + x.shape().str() : "undefined", name(dtype_),
        shape_.str());
  return x.detach();
}

}  // namespace xg
