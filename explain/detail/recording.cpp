#include <xgrad/autograd/ops.hpp>
#include <xgrad/explain/detail/recording.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

namespace xg::explain::detail {

using autograd::ScoreMap;

std::string describe(const TraceEntry& entry) {
  const std::string path = scope_path(entry.scope);
  return path.empty() ? entry.op->name() : fmt::format("{} in {}", entry.op->name(), path);
}

void check_rows(const Tensor& result, const Tensor& rows, const char* method) {
  if (!result.defined() || result.dim() == 0 || result.size(0) != rows.size(0))
    raise<ShapeError>("[{}] the model made {} of an input {}: the result must have one row for each row.", method,
                      result.defined() ? result.shape().str() : "an undefined tensor", rows.shape().str());
}

Recording record(const ModelFunction& model, const Tensor& rows, const char* method) {
  Recording recording;
  recording.rows = rows.size(0);
  recording.input = recording.trace.id_of(rows);
  Tensor result;
  {
    const autograd::TraceMode mode(recording.trace);
    result = model(rows);
  }
  if (!result.defined()) raise<ValueError>("[{}] the model returned an undefined tensor.", method);
  if (!result.is_floating_point())
    raise<DtypeError>(
        "[{}] the model returned {}, contributions need a floating result: explain scores or probabilities, not "
        "classes.",
        method, name(result.dtype()));
  check_rows(result, rows, method);
  recording.output = recording.trace.id_of(result);
  for (const TraceEntry& entry : recording.trace.entries()) {
    const autograd::OpTraits& traits = entry.op->traits();
    if (traits.random || traits.batch_statistics)
      raise<Error>("[{}] the model ran {} in training mode, so what it returns {}: call model.eval() first.", method,
                   describe(entry), traits.random ? "is random" : "for a row depends on the other rows of its batch");
  }
  return recording;
}

Target find_target(const Recording& recording, Output asked, const char* method) {
  const auto& entries = recording.trace.entries();
  const auto maker = [&](ValueId id) -> const TraceEntry* {
    for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry)
      if (std::find(entry->outputs.begin(), entry->outputs.end(), id) != entry->outputs.end()) return &*entry;
    return nullptr;
  };
  const auto slots = [&](ValueId id) {
    const Shape& shape = recording.value(id).shape();
    return shape.front() == 0 ? std::int64_t{0} : shape.numel() / shape.front();
  };
  // Ops that only move elements: their inputs hold the same numbers.
  const TraceEntry* last = maker(recording.output);
  while (last != nullptr && last->op->traits().keeps_elements) last = maker(last->inputs[0]);

  const ScoreMap map = last != nullptr ? last->op->traits().score_map : ScoreMap::none;
  const bool probability = map == ScoreMap::sigmoid || map == ScoreMap::softmax;
  const bool from_logit = map != ScoreMap::none;
  const auto found = [&] {
    return last == nullptr ? std::string("with its input unchanged") : fmt::format("with {}", describe(*last));
  };
  switch (asked) {
    case Output::model:
      break;
    case Output::probability:
      if (!probability)
        raise<ValueError>(
            "[{}] Output::probability: the model ends {}, not with a sigmoid or softmax. Use Output::model to explain "
            "what it returns.",
            method, found());
      return {recording.output, Output::probability, OutputActivation::unknown, slots(recording.output)};
    case Output::logit:
      if (!from_logit)
        raise<ValueError>(
            "[{}] Output::logit: the model ends {}, not with a sigmoid or softmax, so no logit was found. Use "
            "Output::model to explain what it returns.",
            method, found());
      [[fallthrough]];
    case Output::automatic:
      if (from_logit) {
        const ValueId logit = last->inputs[0];
        const Shape& shape = recording.value(logit).shape();
        // A softmax of more than two dimensions takes the logits of one of them together, not all of a row.
        const OutputActivation activation = map == ScoreMap::sigmoid ? OutputActivation::sigmoid
                                            : shape.size() == 2      ? OutputActivation::softmax
                                                                     : OutputActivation::unknown;
        if (!shape.empty() && shape.front() == recording.rows) return {logit, Output::logit, activation, slots(logit)};
        if (asked == Output::logit)
          raise<ShapeError>("[{}] Output::logit: the logit {} has no row for each of {} rows. Use Output::model.",
                            method, shape.str(), recording.rows);
      }
  }
  return {recording.output, probability ? Output::probability : Output::model, OutputActivation::unknown,
          slots(recording.output)};
}

Tensor padded_rows(const Tensor& rows, std::int64_t start, std::int64_t count) {
  const std::int64_t there = std::min(count, rows.size(0) - start);
  const Tensor taken = rows.narrow(0, start, there);
  if (there == count) return taken.clone();
  return cat({taken, rows.narrow(0, start + there - 1, 1).expand({count - there, rows.size(1)})}, 0);
}

}  // namespace xg::explain::detail
