#include <xgrad/autograd/detail/completeness.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>

#include <algorithm>
#include <set>

namespace xg::autograd::detail {

TracedPair::TracedPair(const TensorsFunction& f, const std::vector<Tensor>& x, const std::vector<Tensor>& r) {
  const NoGrad guard;
  std::set<ValueId> features;
  {
    const TraceMode tracing(at_x);
    for (const Tensor& t : x)
      if (is_floating(t.dtype())) features.insert(at_x.id_of(t));
    static_cast<void>(f(x));
  }
  {
    const TraceMode tracing(at_r);
    for (const Tensor& t : r)
      if (is_floating(t.dtype())) static_cast<void>(at_r.id_of(t));
    static_cast<void>(f(r));
  }
  varies.assign(at_x.value_count(), false);
  for (const ValueId id : features) varies[static_cast<std::size_t>(id)] = true;
  for (const TraceEntry& entry : at_x.entries()) {
    const bool any = std::any_of(entry.inputs.begin(), entry.inputs.end(),
                                 [&](ValueId id) { return varies[static_cast<std::size_t>(id)]; });
    for (const ValueId id : entry.outputs) varies[static_cast<std::size_t>(id)] = any;
  }
}

Tensor uneven_numbers(const Shape& shape, Dtype dtype, double phase) {
  return (sin(arange(shape.numel(), {.dtype = float64}) * 1.7 + phase) + 1.5).reshape(shape).to(dtype);
}

std::vector<Tensor> reversed_elements(const std::vector<Tensor>& inputs) {
  std::vector<Tensor> out = inputs;
  for (Tensor& x : out)
    if (is_floating(x.dtype()) && x.numel() > 0) x = flip(x.reshape({-1}), 0).reshape(x.shape());
  return out;
}

void set_multipliers(PairContext& context, std::int64_t explained) {
  context.outputs_explained = explained;
  context.multipliers.clear();
  for (std::size_t j = 0; j < context.x_out.size(); ++j) {
    const Tensor& y = context.x_out[j];
    const bool has_multiplier = is_floating(y.dtype()) || y.dtype() == Dtype::bool_;
    context.multipliers.push_back(
        has_multiplier ? uneven_numbers(with_front(explained, y.shape()), float64, 0.3 + static_cast<double>(j))
                       : Tensor());
  }
}

PairContext context_of(const TracedPair& pair, std::size_t number) {
  const TraceEntry &at_x = pair.at_x.entries()[number], &at_r = pair.at_r.entries()[number];
  PairContext context;
  for (std::size_t i = 0; i < at_x.inputs.size(); ++i) {
    context.x.push_back(pair.at_x.value(at_x.inputs[i]));
    context.r.push_back(pair.at_r.value(at_r.inputs[i]));
    context.varies.push_back(pair.varies[static_cast<std::size_t>(at_x.inputs[i])]);
    context.has_rows.push_back(false);
  }
  for (std::size_t i = 0; i < at_x.outputs.size(); ++i) {
    context.x_out.push_back(pair.at_x.value(at_x.outputs[i]));
    context.r_out.push_back(pair.at_r.value(at_r.outputs[i]));
  }
  set_multipliers(context, 1);
  return context;
}

namespace {

/// m (x - r), summed to one number for each explained output (and each row, where rows are pairs).
Tensor contribution(const Tensor& multiplier, const Tensor& x, const Tensor& r, std::int64_t groups) {
  if (x.numel() == 0) return zeros({multiplier.size(0), groups}, {.dtype = float64});
  return (multiplier * (x.to(float64) - r.to(float64))).reshape({multiplier.size(0), groups, -1}).sum(-1);
}

}  // namespace

Completeness completeness(const AppliedOp& op, const PairContext& context) {
  AttributionLoss loss;
  const std::vector<Tensor> shares = attribute(op, context, &loss);
  const double residual = loss.quadrature.defined() ? loss.quadrature.abs().max().item() : 0;
  Completeness result;
  result.shapes_agree = shares.size() == context.x.size();
  const std::int64_t groups = std::max<std::int64_t>(context.pairs, 1);
  const std::int64_t explained = context.outputs_explained;
  Tensor missing = zeros({explained, groups}, {.dtype = float64}), scale = missing;
  const auto add = [&](const Tensor& m, const Tensor& x, const Tensor& r, double sign) {
    missing = missing + sign * contribution(m, x, r, groups);
    scale = scale + contribution(abs(m), abs(x.to(float64) - r.to(float64)), zeros_like(x), groups);
  };
  for (std::size_t i = 0; result.shapes_agree && i < shares.size(); ++i) {
    if (!shares[i].defined()) continue;
    result.shapes_agree = shares[i].shape() == with_front(explained, context.x[i].shape());
    if (result.shapes_agree) add(shares[i], context.x[i], context.r[i], 1);
  }
  for (std::size_t j = 0; j < context.multipliers.size(); ++j)
    if (context.multipliers[j].defined()) add(context.multipliers[j], context.x_out[j], context.r_out[j], -1);
  result.missing = missing.abs().max().item();
  result.allowed = 1e-11 * (1 + scale.max().item()) + 1.01 * residual;
  return result;
}

}  // namespace xg::autograd::detail
