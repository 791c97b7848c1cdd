#include <xgrad/autograd/observer.hpp>

namespace xg::autograd {
namespace {

void set_observer(Observer* observer) noexcept {
  state().observer = observer;
  state().set(mode_observed, observer != nullptr);
}

}  // namespace

Observer::~Observer() = default;

ObserverScope::ObserverScope(Observer& observer) noexcept : previous_(state().observer) {
  observer.outer_ = previous_;
  set_observer(&observer);
}
ObserverScope::~ObserverScope() { set_observer(previous_); }

ObservedOnlyBy::ObservedOnlyBy(Observer* observer) noexcept : previous_(state().observer) { set_observer(observer); }
ObservedOnlyBy::~ObservedOnlyBy() { set_observer(previous_); }

namespace detail {

void tell_observers(const std::shared_ptr<const AppliedOp>& op, std::span<const Tensor* const> inputs,
                    std::span<const Tensor> results) {
  Observer* observer = state().observer;
  if (observer == nullptr) return;
  const ObservedOnlyBy outer(observer->outer());
  tell_observers(op, inputs, results);
  observer->observe(op, inputs, results);
}

}  // namespace detail
}  // namespace xg::autograd
