#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/explain/detail/gradients.hpp>
#include <xgrad/explain/detail/recording.hpp>

#include <vector>

namespace xg::explain::detail {
namespace {

/// Values [R, J] of what is explained, still in the graph of this run.
Tensor explained(const ModelFunction& model, const Tensor& points, const GradientRequest& request, Gradients& out) {
  const Recording recording = record(model, points, request.method);
  const Target target = find_target(recording, request.output, request.method);
  check_target(request.method, request.target, target.outputs);
  out.space = target.space;
  out.activation = target.activation;
  out.model_outputs = target.outputs;
  const Tensor values = recording.value(target.value).reshape({points.size(0), target.outputs});
  const NoGrad guard;
  out.values = values.detach().to(float64);
  if (request.target) out.values = out.values.slice(1, *request.target, *request.target + 1);
  out.values = out.values.clone();
  return values;
}

}  // namespace

Gradients gradients_at(const ModelFunction& model, const Tensor& points, const GradientRequest& request) {
  const EnableGrad recording;
  Gradients out;
  Tensor x = points.detach().clone().requires_grad_(true);
  const Tensor values = explained(model, x, request, out);
  const std::int64_t j = out.model_outputs, k = out.values.size(1);
  std::vector<Tensor> columns;
  for (std::int64_t slot = 0; slot < k; ++slot) {
    Tensor slope;
    if (values.requires_grad()) {
      // Rows do not influence each other, so that one sweep from the sum over rows gives every row its own gradient.
      Tensor seed = zeros({points.size(0), j}, {.dtype = values.dtype()});
      seed.select(1, request.target.value_or(slot)).fill_(1);
      slope = grad(values, x, seed, {.retain_graph = slot + 1 < k, .allow_unused = true});
    }
    columns.push_back(slope.defined() ? slope : zeros(x.shape(), {.dtype = x.dtype()}));
  }
  const NoGrad guard;
  out.gradients = stack(columns, -1);
  return out;
}

Gradients values_at(const ModelFunction& model, const Tensor& points, const GradientRequest& request) {
  const NoGrad guard;
  Gradients out;
  explained(model, points.detach().clone(), request, out);
  return out;
}

std::string op_without_derivative(const ModelFunction& model, const Tensor& rows, const GradientRequest& request) {
  const NoGrad guard;
  const Recording recording = record(model, rows.detach().clone(), request.method);
  std::vector<bool> varies(recording.trace.value_count(), false), wanted = varies;
  varies[at(recording.input)] = true;
  const auto& entries = recording.trace.entries();
  for (const autograd::TraceEntry& entry : entries)
    if (any_of(entry.inputs, varies))
      for (const autograd::ValueId id : entry.outputs) varies[at(id)] = true;
  wanted[at(find_target(recording, request.output, request.method).value)] = true;
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    if (!any_of(entry->outputs, wanted) || !any_of(entry->inputs, varies)) continue;
    if (!entry->op->traits().has_derivative || entry->op->traits().jumps) return describe(*entry);
    for (const autograd::ValueId id : entry->inputs) wanted[at(id)] = true;
  }
  return {};
}

ExplanationParts gradient_parts(const Gradients& at_rows, const Tensor& rows, const GradientRequest& request) {
  ExplanationParts parts;
  parts.method = request.method;
  parts.output_space = at_rows.space;
  parts.output_activation = at_rows.activation;
  parts.data = rows;
  parts.outputs = at_rows.values;
  if (request.target) parts.output_ranks = full({rows.size(0), 1}, *request.target, {.dtype = Dtype::int64});
  return parts;
}

}  // namespace xg::explain::detail
