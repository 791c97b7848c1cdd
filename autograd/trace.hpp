// Trace mode, which is independent of the grad mode. It records every op with all its arguments and results, whether or
// not anything requires grad, also in NoGrad and across detach. Attribution sweeps use it; nothing is attached to a
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
  std::vector<ValueId> inputs;          ///< the values of its arguments
  std::vector<ValueId> outputs;         ///< the values of its results
  ScopeId scope;                        ///< the module path in which it was called
};

/// All ops applied while it was active, in order, with their arguments and results.
class XG_API Trace {
 public:
  /// The number of `tensor`, which is registered as a constant unless an op of this trace made it.
  ValueId id_of(const Tensor& tensor);
  /// Appends an op with its arguments and results.
  void record(std::shared_ptr<const AppliedOp> op, std::span<const Tensor* const> inputs,
              std::span<const Tensor> outputs);
  /// Must be called before `op` changes `tensor` in place: the trace keeps a copy of the old value. Throws
  /// AutogradError where another traced value shares its memory.
  void before_write(const Tensor& tensor, const char* op);
  /// Must be called after an in-place change: from now on `tensor` has the number of `result`.
  void after_write(const Tensor& tensor, const Tensor& result);

  /// The ops in the order in which they were applied.
  const std::vector<TraceEntry>& entries() const { return entries_; }
  /// The value with a number from id_of(), unchecked.
  const Tensor& value(ValueId id) const { return values_[static_cast<std::size_t>(id)]; }
  std::size_t value_count() const { return values_.size(); }  ///< numbers are 0 .. value_count() - 1

 private:
  std::vector<TraceEntry> entries_;
  std::vector<Tensor> values_;
  std::unordered_map<const xg::detail::TensorImpl*, ValueId> ids_;  // keys stay alive in values_ or aliases_
  std::vector<Tensor> aliases_;
};

/// Guard that records into a trace.
class TraceMode {
 public:
  /// The trace must outlive the guard.
  explicit TraceMode(Trace& trace) noexcept : previous_(state().trace) { state().trace = &trace; }
  ~TraceMode() { state().trace = previous_; }  ///< restores the previous trace
  TraceMode(const TraceMode&) = delete;
  TraceMode& operator=(const TraceMode&) = delete;

 private:
  Trace* previous_;
};

/// Guard that suspends tracing, for computations inside an op.
class NoTrace {
 public:
  NoTrace() noexcept : previous_(state().trace) { state().trace = nullptr; }  ///< suspends tracing
  ~NoTrace() { state().trace = previous_; }                                   ///< restores the previous trace
  NoTrace(const NoTrace&) = delete;
  NoTrace& operator=(const NoTrace&) = delete;

 private:
  Trace* previous_;
};

/// Whether the calling thread is tracing. Fused ops then run their composite, so that the trace sees its parts.
inline bool tracing() noexcept { return state().trace != nullptr; }

}  // namespace xg::autograd
