// Trace mode, which is independent of the grad mode. It records every op with all its arguments and results, whether or
// not anything requires grad, also in NoGrad and across detach. Attribution sweeps use it; nothing is attached to a
// model.
#pragma once

#include <xgrad/autograd/attribution.hpp>
#include <xgrad/autograd/observer.hpp>
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
class XG_API Trace final : public Observer {
 public:
  /// The number of `tensor`, which is registered as a constant unless an op of this trace made it.
  ValueId id_of(const Tensor& tensor);
  /// Appends an op with its arguments and results.
  void observe(const std::shared_ptr<const AppliedOp>& op, std::span<const Tensor* const> inputs,
               std::span<const Tensor> results) override;
  /// Keeps the value before the write. Throws AutogradError where another traced value shares the tensor's memory.
  void before_write(const Tensor& tensor, const Tensor& before, const char* op) override;
  /// From now on `tensor` has the number of `result`.
  void after_write(const Tensor& tensor, const Tensor& result) override;

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

/// Guard that records into a trace, which must outlive it.
using TraceMode = ObserverScope;

}  // namespace xg::autograd
