#include <xgrad/autograd/attribution.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/autograd/trace.hpp>
#include <xgrad/tensor/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace xg::autograd {

AppliedOp::~AppliedOp() = default;

namespace {

/// [K, a, b] from a shape [a, b], or the other way round.
Shape with_front(std::int64_t k, const Shape& shape) {
  Shape out = shape;
  out.insert(0, k);
  return out;
}

/// The nodes and weights of the Gauss-Legendre rule on (0, 1), by Newton's method on the Legendre polynomial.
struct GaussLegendre {
  static constexpr std::size_t n = 32;
  std::array<double, n> nodes, weights;
  GaussLegendre() {
    for (std::size_t i = 0; i < n; ++i) {
      double x = std::cos(3.14159265358979323846 * (static_cast<double>(i) + 0.75) / (static_cast<double>(n) + 0.5));
      double slope = 0;
      for (int iteration = 0; iteration < 100; ++iteration) {
        double p0 = 1, p1 = x;
        for (std::size_t k = 2; k <= n; ++k) {
          const double kk = static_cast<double>(k);
          const double p2 = ((2 * kk - 1) * x * p1 - (kk - 1) * p0) / kk;
          p0 = p1, p1 = p2;
        }
        slope = static_cast<double>(n) * (x * p1 - p0) / (x * x - 1);
        const double step = p1 / slope;
        x -= step;
        if (std::abs(step) < 1e-15) break;
      }
      nodes[i] = 0.5 * (1 - x);
      weights[i] = 1 / ((1 - x * x) * slope * slope);
    }
  }
};

/// A value repeated for each of the K explained outputs: [P, ...] becomes [K P, ...].
Tensor for_each_output(const Tensor& value, std::int64_t k) {
  if (k == 1) return value;
  Shape merged = value.shape();
  merged[0] *= k;
  return expand(unsqueeze(value, 0), with_front(k, value.shape())).reshape(merged);
}

/// Runs the op's vector-Jacobian product for all pairs and outputs at once, at the values that `at(i)` gives.
template <class At>
std::vector<Tensor> product(const AppliedOp& op, const PairContext& p, At&& at) {
  const std::size_t n = p.x.size();
  const std::int64_t k = p.outputs_explained;
  const auto needed = std::make_unique<bool[]>(n);
  for (std::size_t i = 0; i < n; ++i) needed[i] = p.varies[i];

  bool reads_output = false;
  for (std::size_t j = 0; j < p.x_out.size(); ++j) reads_output |= op.reads_output(j);
  std::vector<Tensor> inputs(n), outputs(p.x_out.size());
  std::vector<Shape> shapes(n);
  for (std::size_t i = 0; i < n; ++i) {
    shapes[i] = p.x[i].shape();
    const bool rows = p.pairs > 0 && p.has_rows[i];
    if (rows) shapes[i][0] *= k;
    if (reads_output || op.reads_input(i, needed.get())) inputs[i] = rows ? for_each_output(at(i), k) : at(i);
  }
  if (reads_output) outputs = op.forward(inputs);

  std::vector<Tensor> grads(p.multipliers.size());
  for (std::size_t j = 0; j < grads.size(); ++j) {
    if (!p.multipliers[j].defined()) continue;
    Shape merged = p.multipliers[j].shape();
    merged.erase(0);
    if (p.pairs > 0) merged[0] *= k;
    grads[j] = p.multipliers[j].reshape(merged);
  }
  std::vector<Tensor> shares(n);
  op.vjp(inputs, outputs, shapes, grads, shares, needed.get());
  for (std::size_t i = 0; i < n; ++i) {
    if (!p.varies[i]) shares[i] = Tensor();
    if (!shares[i].defined()) continue;
    shares[i] = shares[i].reshape(with_front(k, p.x[i].shape()));
  }
  return shares;
}

std::vector<Tensor> quadrature(const AppliedOp& op, const PairContext& p, double* residual) {
  static const GaussLegendre rule;
  std::vector<Tensor> total(p.x.size());
  for (std::size_t q = 0; q < GaussLegendre::n; ++q) {
    const double t = rule.nodes[q];
    const auto at = [&](std::size_t i) { return p.varies[i] ? p.r[i] + t * p.delta(i) : p.x[i]; };
    const std::vector<Tensor> shares = product(op, p, at);
    for (std::size_t i = 0; i < total.size(); ++i) {
      if (!shares[i].defined()) continue;
      const Tensor weighted = shares[i] * rule.weights[q];
      total[i] = total[i].defined() ? total[i] + weighted : weighted;
    }
  }
  if (residual != nullptr) {
    const std::int64_t groups = std::max<std::int64_t>(p.pairs, 1);
    Tensor missing = zeros({p.outputs_explained, groups}, {.dtype = float64});
    const auto sum_up = [&](const Tensor& contribution, double sign) {
      if (contribution.numel() == 0) return;
      missing = missing + sign * contribution.to(float64).reshape({p.outputs_explained, groups, -1}).sum(-1);
    };
    for (std::size_t i = 0; i < total.size(); ++i)
      if (total[i].defined()) sum_up(total[i] * p.delta(i), 1);
    for (std::size_t j = 0; j < p.multipliers.size(); ++j)
      if (p.multipliers[j].defined()) sum_up(p.multipliers[j] * (p.x_out[j] - p.r_out[j]), -1);
    if (missing.numel() > 0) *residual = std::max(*residual, missing.abs().max().item<double>());
  }
  return total;
}

}  // namespace

Tensor PairContext::unbroadcast(const Tensor& multiplier, std::size_t i) const {
  const Shape& target = x[i].shape();
  Shape aligned = target;
  while (aligned.size() + 1 < multiplier.shape().size()) aligned.insert(0, 1);
  aligned.insert(0, multiplier.shape()[0]);
  return sum_to_size(multiplier, aligned).reshape(with_front(multiplier.shape()[0], target));
}

Tensor PairContext::mean(std::size_t i) const {
  const Dtype real = promote_types(x[i].dtype(), float32);  // a condition's mean is a number between 0 and 1
  return varies[i] ? (x[i].to(real) + r[i].to(real)) * 0.5 : x[i];
}
Tensor PairContext::delta(std::size_t i) const { return x[i].to(promote_types(x[i].dtype(), float32)) - r[i]; }

Tensor generic_secant(const AppliedOp& op, const Tensor& x, const Tensor& r) {
  const double eps = x.dtype() == float32 ? std::numeric_limits<float>::epsilon() : std::numeric_limits<double>::epsilon();
  const Tensor d = x - r, middle = r + d * 0.5;
  const Tensor inputs[] = {middle};
  const std::vector<Tensor> outputs = op.forward(inputs);
  const Shape shapes[] = {x.shape()};
  const Tensor ones[] = {ones_like(outputs[0])};
  Tensor slope[1];
  const bool needed[] = {true};
  op.vjp(inputs, outputs, shapes, ones, slope, needed);
  const Tensor at_x[] = {x}, at_r[] = {r};
  const Tensor quotient = (op.forward(at_x)[0] - op.forward(at_r)[0]) / d;
  const Tensor scale = maximum(abs(x), abs(r)) + 1.0;
  return where(abs(d) < std::cbrt(eps) * scale, slope[0].defined() ? slope[0] : zeros_like(d), quotient);
}

namespace {

/// Whole tensors have no row dimension in which K outputs could lie behind each other: one output after the other.
std::vector<Tensor> output_by_output(const AppliedOp& op, const PairContext& p, double* residual) {
  std::vector<std::vector<Tensor>> parts(p.x.size());
  PairContext one = p;
  one.outputs_explained = 1;
  for (std::int64_t k = 0; k < p.outputs_explained; ++k) {
    for (std::size_t j = 0; j < p.multipliers.size(); ++j)
      if (p.multipliers[j].defined()) one.multipliers[j] = narrow(p.multipliers[j], 0, k, 1);
    const std::vector<Tensor> shares = attribute(op, one, residual);
    for (std::size_t i = 0; i < shares.size(); ++i)
      if (shares[i].defined()) parts[i].push_back(shares[i]);
  }
  std::vector<Tensor> joined(parts.size());
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (!parts[i].empty()) joined[i] = cat(parts[i], 0);
  return joined;
}

}  // namespace

std::vector<Tensor> attribute(const AppliedOp& op, const PairContext& p, double* residual) {
  const NoTrace quiet;
  const NoGrad fixed;
  const bool reached =
      std::any_of(p.multipliers.begin(), p.multipliers.end(), [](const Tensor& m) { return m.defined(); });
  if (!reached && op.rule() != Rule::unsupported) return std::vector<Tensor>(p.x.size());
  const bool by_product = op.rule() == Rule::linear || op.rule() == Rule::bilinear || op.rule() == Rule::quadrature;
  if (by_product && p.pairs == 0 && p.outputs_explained > 1) return output_by_output(op, p, residual);
  switch (op.rule()) {
    case Rule::linear: return product(op, p, [&](std::size_t i) { return p.x[i]; });
    case Rule::bilinear: return product(op, p, [&](std::size_t i) { return p.mean(i); });
    case Rule::secant: {
      Tensor slope = op.secant(p.x[0], p.r[0]);
      if (!slope.defined()) slope = generic_secant(op, p.x[0], p.r[0]);
      return {p.multipliers[0] * slope};
    }
    case Rule::quadrature: return quadrature(op, p, residual);
    case Rule::custom: return op.attribute(p);
    case Rule::constant: return std::vector<Tensor>(p.x.size());
    case Rule::unsupported: break;
  }
  throw AutogradError(fmt::format(
      "[attribution] {} has no attribution rule: what it returns jumps or is an index, so no share of it can be given to "
      "its arguments. Explain a model without it between inputs and output.",
      op.name()));
}

}  // namespace xg::autograd
