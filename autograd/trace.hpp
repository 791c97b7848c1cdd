// Trace mode: a mode of its own beside the grad mode. It records every op with all its arguments and results, whether
// or not anything asks for gradients, through NoGrad and detach. Attribution sweeps need it; nothing is attached to a
// model.
#pragma once

#include <xgrad/autograd/attribution.hpp>
#include <xgrad/autograd/state.hpp>
#include <xgrad/tensor/scope.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

namespace xg::autograd {

/// The number of a value in a trace.
using ValueId = std::int32_t;

/// One op, as it was applied.
struct TraceEntry {
  std::shared_ptr<const AppliedOp> op;  ///< with its attributes
  std::vector<ValueId> inputs;          ///< its arguments
  std::vector<ValueId> outputs;         ///< its results
  ScopeId scope;                        ///< the module path in which it was called
};

/// All ops applied while it was active, in order, with every value they took and gave.
class XG_API Trace {
 public:
  /// The number of `tensor`, which is registered as a constant where no op of this trace made it.
  ValueId id_of(const Tensor& tensor);
  /// Appends an op with the tensors it took and gave.
  void record(std::shared_ptr<const AppliedOp> op, std::span<const Tensor* const> inputs,
              std::span<const Tensor> outputs);
  /// Called before `tensor` is changed in place by `op`: the trace keeps a copy of the value it had. Throws
  /// AutogradError where another traced value shares its memory.
  void before_write(const Tensor& tensor, const char* op);
  /// Called after it: from here on `tensor` means the value of `result`.
  void after_write(const Tensor& tensor, const Tensor& result);

  const std::vector<TraceEntry>& entries() const { return entries_; }  ///< in the order in which they were applied
  /// of a number that id_of gave, unchecked
  const Tensor& value(ValueId id) const { return values_[static_cast<std::size_t>(id)]; }
  std::size_t value_count() const { return values_.size(); }  ///< numbers are 0 .. value_count() - 1

 private:
  std::vector<TraceEntry> entries_;
  std::vector<Tensor> values_;
  std::unordered_map<const xg::detail::TensorImpl*, ValueId> ids_;  // keys stay alive in values_ or aliases_
  std::vector<Tensor> aliases_;
};

/// Records into `trace` for as long as it lives.
class TraceMode {
 public:
  /// the trace must outlive it
  explicit TraceMode(Trace& trace) noexcept : previous_(state().trace) { state().trace = &trace; }
  ~TraceMode() { state().trace = previous_; }  ///< puts back what was before
  TraceMode(const TraceMode&) = delete;
  TraceMode& operator=(const TraceMode&) = delete;

 private:
  Trace* previous_;
};

/// Suspends recording: what an op computes inside itself is not part of the trace.
class NoTrace {
 public:
  NoTrace() noexcept : previous_(state().trace) { state().trace = nullptr; }  ///< suspends it
  ~NoTrace() { state().trace = previous_; }                                   ///< puts back what was before
  NoTrace(const NoTrace&) = delete;
  NoTrace& operator=(const NoTrace&) = delete;

 private:
  Trace* previous_;
};

/// Is the calling thread tracing? Fused ops then run their composite, so that what lies inside becomes visible.
inline bool tracing() noexcept { return state().trace != nullptr; }

}  // namespace xg::autograd
