#include <xgrad/autograd/detail/jvp.hpp>
#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/autograd/state.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace xg::autograd::detail {
namespace {

Tensor zeros_of(const Tensor& x) { return zeros(x.shape(), {.dtype = x.dtype()}); }

void add_to(Tensor& sum, Tensor part) {
  if (part.defined()) sum = sum.defined() ? sum + part : std::move(part);
}

/// Each input is expanded to the shape of the result, so that its gradient is not summed over what was broadcast.
Tensor diagonal(const AppliedOp& op, std::span<const Tensor> inputs, std::span<const Tensor> outputs,
                std::span<const Tensor> tangents) {
  const Tensor& y = outputs[0];
  std::vector<Tensor> grads(inputs.size());
  const auto needed = std::make_unique<bool[]>(inputs.size());
  const std::vector<Shape> shapes(inputs.size(), y.shape());
  Tensor sum;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!tangents[i].defined()) continue;
    Tensor t = tangents[i].shape() == y.shape() ? tangents[i] : tangents[i].expand(y.shape());
    if (t.dtype() != y.dtype()) t = to(t, y.dtype());
    needed[i] = true;
    op.vjp(inputs, outputs, shapes, {&t, 1}, grads, needed.get());
    needed[i] = false;
    add_to(sum, std::exchange(grads[i], Tensor()));
  }
  if (!sum.defined()) return sum;
  if (sum.dtype() != y.dtype()) sum = to(sum, y.dtype());
  return sum.shape() == y.shape() ? sum : sum.expand(y.shape());
}

/// The op of the tangents, zeros where there are none.
Tensor linear(const AppliedOp& op, std::span<const Tensor> inputs, std::span<const Tensor> tangents) {
  std::vector<Tensor> arguments;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    arguments.push_back(tangents[i].defined()            ? tangents[i]
                        : is_floating(inputs[i].dtype()) ? zeros_of(inputs[i])
                                                         : inputs[i]);
  return op.linear_applied(arguments);
}

Tensor product(const AppliedOp& op, std::span<const Tensor> inputs, std::span<const Tensor> tangents) {
  const bool has_term = inputs.size() == 3;
  bool with_term = has_term && tangents[2].defined();
  Tensor sum;
  for (std::size_t i = 0; i < 2; ++i) {
    if (!tangents[i].defined()) continue;
    std::vector<Tensor> arguments(inputs.begin(), inputs.end());
    arguments[i] = tangents[i];
    if (has_term && std::exchange(with_term, false))
      arguments[2] = tangents[2];
    else
      arguments.resize(2);
    add_to(sum, op.linear_applied(arguments));
  }
  if (with_term) add_to(sum, op.linear_applied(std::vector<Tensor>{zeros_of(inputs[0]), inputs[1], tangents[2]}));
  return sum;
}

std::vector<Tensor> transposed(const AppliedOp& op, std::span<const Tensor> inputs, std::span<const Tensor> outputs,
                               std::span<const Tensor> tangents) {
  const bool recorded = state().derives_by_ops();
  const EnableGrad recording;
  // u^T J is linear in u: its derivative with respect to u in the direction of the tangents is J t.
  std::vector<Tensor> weights, wanted;
  std::vector<std::size_t> places;
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    weights.emplace_back();
    if (!outputs[k].defined() || !is_floating(outputs[k].dtype())) continue;
    weights[k] = zeros(outputs[k].shape(), {.dtype = outputs[k].dtype(), .requires_grad = true});
    wanted.push_back(weights[k]);
    places.push_back(k);
  }
  std::vector<Shape> shapes;
  for (const Tensor& x : inputs) shapes.push_back(x.shape());
  const auto needed = std::make_unique<bool[]>(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) needed[i] = tangents[i].defined();
  std::vector<Tensor> grads(inputs.size());
  op.vjp(inputs, outputs, shapes, weights, grads, needed.get());
  std::vector<Tensor> sums, directions;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (needed[i] && grads[i].defined() && grads[i].requires_grad()) {
      sums.push_back(grads[i]);
      directions.push_back(tangents[i]);
    }
  std::vector<Tensor> results(outputs.size());
  if (sums.empty() || wanted.empty()) return results;
  const std::vector<Tensor> pushed = grad(sums, wanted, directions, {.create_graph = recorded, .allow_unused = true});
  for (std::size_t j = 0; j < places.size(); ++j) results[places[j]] = pushed[j];
  return results;
}

}  // namespace

std::vector<Tensor> jvp(const AppliedOp& op, std::span<const Tensor> inputs, std::span<const Tensor> outputs,
                        std::span<const Tensor> tangents) {
  switch (op.jvp_rule()) {
    case JvpRule::none:
      return std::vector<Tensor>(outputs.size());
    case JvpRule::diagonal:
      return {diagonal(op, inputs, outputs, tangents)};
    case JvpRule::linear:
      return {linear(op, inputs, tangents)};
    case JvpRule::product:
      return {product(op, inputs, tangents)};
    case JvpRule::transposed:
      break;
  }
  return transposed(op, inputs, outputs, tangents);
}

}  // namespace xg::autograd::detail
