// What follows the ops of a thread as they are applied: traces, and levels of forward mode. Observers are nested; the
// outermost sees an op first, and the ops that an observer applies itself are seen by those around it.
#pragma once

#include <xgrad/autograd/attribution.hpp>
#include <xgrad/autograd/state.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <memory>
#include <span>

namespace xg::autograd {

/// The base of what follows the ops of a thread.
class XG_API Observer {
 public:
  Observer() = default;
  Observer(Observer&&) noexcept {}                            ///< moves an observer that follows nothing at the time
  Observer& operator=(Observer&&) noexcept { return *this; }  ///< moves an observer that follows nothing at the time
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;
  virtual ~Observer();

  /// An op was applied. `results` already have their graph.
  virtual void observe(const std::shared_ptr<const AppliedOp>& op, std::span<const Tensor* const> inputs,
                       std::span<const Tensor> results) = 0;
  /// `op` is about to change `tensor` in place, and will be applied to `before`, a copy of it with its graph.
  virtual void before_write(const Tensor& tensor, const Tensor& before, const char* op) = 0;
  /// `tensor` was changed in place and now has the elements of `result`.
  virtual void after_write(const Tensor& tensor, const Tensor& result) = 0;

  Observer* outer() const noexcept { return outer_; }  ///< the next observer around this one

 private:
  friend class ObserverScope;
  Observer* outer_ = nullptr;
};

/// Guard that makes an observer the innermost of the calling thread.
class XG_API ObserverScope {
 public:
  explicit ObserverScope(Observer& observer) noexcept;  ///< the observer must outlive the guard
  ~ObserverScope();                                     ///< restores the previous observers
  ObserverScope(const ObserverScope&) = delete;
  ObserverScope& operator=(const ObserverScope&) = delete;

 private:
  Observer* previous_;
};

/// Guard under which only the observers from `observer` outwards follow the ops; none with a null pointer.
class XG_API ObservedOnlyBy {
 public:
  explicit ObservedOnlyBy(Observer* observer) noexcept;  ///< suspends the observers inside `observer`
  ~ObservedOnlyBy();                                     ///< restores them
  ObservedOnlyBy(const ObservedOnlyBy&) = delete;
  ObservedOnlyBy& operator=(const ObservedOnlyBy&) = delete;

 private:
  Observer* previous_;
};

/// Guard that suspends all observers, for computations inside an op.
struct Unobserved : ObservedOnlyBy {
  Unobserved() noexcept : ObservedOnlyBy(nullptr) {}  ///< suspends them
};

/// Whether an observer follows the calling thread. Fused ops then run their composite, so that it sees their parts.
inline bool observed() noexcept { return state().has(mode_observed); }

namespace detail {
/// Tells all observers of an op that was applied.
XG_API void tell_observers(const std::shared_ptr<const AppliedOp>& op, std::span<const Tensor* const> inputs,
                           std::span<const Tensor> results);
}  // namespace detail

}  // namespace xg::autograd
