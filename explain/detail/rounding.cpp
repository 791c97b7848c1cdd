#include <xgrad/explain/detail/rounding.hpp>

#include <algorithm>

namespace xg::explain::detail {

std::vector<Tensor> roundings_of(const Recording& recording, const Structure& structure) {
  const auto& entries = recording.trace.entries();
  std::vector<bool> wanted(recording.trace.value_count(), false);
  for (std::size_t e = entries.size(); e-- > 0;) {
    const TraceEntry& entry = entries[e];
    if (!any_of(entry.outputs, wanted) && !(structure.on_path[e] && entry.op->traits().jumps)) continue;
    for (const ValueId id : entry.inputs) wanted[at(id)] = true;
  }
  std::vector<Tensor> errors(wanted.size());
  for (const TraceEntry& entry : entries) {
    if (std::none_of(entry.outputs.begin(), entry.outputs.end(),
                     [&](ValueId id) { return wanted[at(id)] && structure.varies[at(id)]; }))
      continue;
    autograd::RoundingContext context;
    for (const ValueId id : entry.inputs) {
      context.inputs.push_back(recording.value(id));
      context.errors.push_back(errors[at(id)]);
    }
    std::vector<Tensor> outputs;
    for (const ValueId id : entry.outputs) outputs.push_back(recording.value(id));
    context.output = outputs[0];
    context.unit = autograd::rounding_unit(outputs[0].dtype());
    const std::vector<Tensor> found = autograd::rounding_of(*entry.op, context, outputs);
    for (std::size_t j = 0; j < found.size(); ++j) errors[at(entry.outputs[j])] = found[j];
  }
  return errors;
}

}  // namespace xg::explain::detail
