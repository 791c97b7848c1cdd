#include <xgrad/autograd/trace.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <utility>

namespace xg::autograd {

ValueId Trace::id_of(const Tensor& tensor) {
  auto [it, fresh] = ids_.try_emplace(tensor.unsafe_impl(), static_cast<ValueId>(values_.size()));
  if (fresh) values_.push_back(tensor);
  return it->second;
}

void Trace::observe(const std::shared_ptr<const AppliedOp>& op, std::span<const Tensor* const> inputs,
                    std::span<const Tensor> results) {
  TraceEntry entry{op, {}, {}, current_scope()};
  for (const Tensor* x : inputs) entry.inputs.push_back(id_of(*x));
  for (const Tensor& y : results) {
    // An op may return its argument itself, as contiguous does; the trace still gets a new value.
    if (ids_.count(y.unsafe_impl()) != 0) {
      const auto id = static_cast<ValueId>(values_.size());
      values_.push_back(y);
      ids_[y.unsafe_impl()] = id;
      entry.outputs.push_back(id);
    } else {
      entry.outputs.push_back(id_of(y));
    }
  }
  entries_.push_back(std::move(entry));
}

void Trace::before_write(const Tensor& tensor, const Tensor& before, const char* op) {
  const ValueId id = id_of(tensor);
  for (const Tensor& value : values_)
    if (!value.is_same(tensor) && value.shares_storage(tensor))
      raise<AutogradError>(
          "[{}] a write in place through a view (shape {} of memory shared with shape {}) cannot be explained: use the "
          "out-of-place form.",
          op, tensor.shape().str(), value.shape().str());
  // The copy replaces the tensor in everything recorded so far, and the writing op is applied to it. Until the write,
  // the tensor keeps its number, because it may also be the op's other argument.
  for (Tensor& value : values_)
    if (value.is_same(tensor)) value = before;
  ids_[before.unsafe_impl()] = id;
  aliases_.push_back(tensor);  // keeps the key of ids_ alive
}

void Trace::after_write(const Tensor& tensor, const Tensor& result) {
  ids_[tensor.unsafe_impl()] = id_of(result);
  aliases_.push_back(tensor);
}

}  // namespace xg::autograd
