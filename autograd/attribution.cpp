#include <xgrad/autograd/attribution.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/autograd/trace.hpp>
#include <xgrad/tensor/kernels/gauss_legendre.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

namespace xg::autograd {

AppliedOp::~AppliedOp() = default;
Tensor AppliedOp::partial_secant(std::size_t, const Tensor&, const Tensor&, const Tensor&) const { return {}; }
LinearMap AppliedOp::linear_map(std::span<const Tensor>, std::size_t) const { return {}; }
Tensor AppliedOp::rounding(const RoundingContext&) const { return {}; }

JvpRule AppliedOp::jvp_rule() const { return JvpRule::transposed; }
bool AppliedOp::has_third() const { return false; }
Tensor AppliedOp::curved_push(const Tensor&, const Tensor&, const Tensor&, std::uint64_t) const { return {}; }
Tensor AppliedOp::linear_applied(std::span<const Tensor>) const { return {}; }

AppliedOp::Slopes AppliedOp::slopes(const Tensor&, const Tensor&, bool) const { return {}; }

/// For an elementwise op the input is repeated for each row, so that its gradients are not summed over rows.
Tensor AppliedOp::row_vjp(std::size_t i, std::span<const Tensor> inputs, std::span<const Tensor> outputs,
                          std::span<const Tensor> grad_outputs, std::int64_t rows) const {
  if (!traits().elementwise || outputs.size() != 1) return {};
  const Tensor &x = inputs[i], &y = outputs[0];
  if (y.dim() == 0 || y.size(0) != rows || x.dim() > y.dim() || (x.dim() == y.dim() && x.size(0) != 1)) return {};
  Shape aligned = y.shape();
  const std::size_t skip = aligned.size() - x.shape().size();
  for (std::size_t d = 0; d < aligned.size(); ++d) aligned[d] = d == 0 ? rows : d < skip ? 1 : x.shape()[d - skip];
  std::vector<Tensor> repeated(inputs.begin(), inputs.end());
  repeated[i] = x.expand(aligned);
  std::vector<Shape> shapes;
  for (const Tensor& input : repeated) shapes.push_back(input.shape());
  const auto needed = std::make_unique<bool[]>(inputs.size());
  needed[i] = true;
  std::vector<Tensor> grads(inputs.size());
  vjp(repeated, outputs, shapes, grad_outputs, grads, needed.get());
  return grads[i].defined() ? grads[i].reshape(with_front(rows, x.shape())) : Tensor();
}

bool AppliedOp::keeps_rows(std::span<const Tensor> inputs, const std::vector<bool>& carries, const Tensor& result,
                           std::int64_t rows) const {
  if (result.dim() == 0) return false;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!carries[i]) continue;
    const Tensor& x = inputs[i];
    if (x.dim() == 0 || mixes_rows(x.dim())) return false;
    if (traits().elementwise && x.dim() != result.dim()) return false;
    // Elements in the same order are the same rows, or blocks of as many.
    if (traits().keeps_elements ? rows == 0 || result.size(0) % rows != 0 : result.size(0) != x.size(0)) return false;
  }
  return true;
}

namespace {

double eps_of(Dtype dtype) {
  return dtype == float32 ? std::numeric_limits<float>::epsilon() : std::numeric_limits<double>::epsilon();
}

/// The quadrature rule for the path integrals of one op.
const kernels::GaussLegendre& path_rule() {
  static const kernels::GaussLegendre rule = kernels::gauss_legendre(32);
  return rule;
}

/// A value repeated for each of the K explained outputs: [P, ...] becomes [K P, ...].
Tensor for_each_output(const Tensor& value, std::int64_t k) {
  if (k == 1) return value;
  Shape merged = value.shape();
  merged[0] *= k;
  return expand(unsqueeze(value, 0), with_front(k, value.shape())).reshape(merged);
}

/// Runs the op's vector-Jacobian product for all pairs and outputs at once, at the input values at(i).
///
/// Multipliers may be of a wider dtype than the values (a float32 model explained in float64): a linear or bilinear op
/// runs in the wider one. A quadrature calls forward, which may support only its own dtypes.
template <class At> std::vector<Tensor> product(const AppliedOp& op, const PairContext& p, At&& at) {
  const std::size_t n = p.x.size();
  const std::int64_t k = p.outputs_explained;
  const bool quadrature = op.rule() == Rule::quadrature;
  const auto needed = std::make_unique<bool[]>(n);
  for (std::size_t i = 0; i < n; ++i) needed[i] = p.varies[i];

  bool reads_output = false;
  for (std::size_t j = 0; j < p.x_out.size(); ++j) reads_output |= op.reads_output(j);
  std::vector<Tensor> inputs(n), outputs(p.x_out.size());
  std::vector<Shape> shapes(n);
  Dtype dtype = float32;
  for (const Tensor& m : p.multipliers)
    if (m.defined()) dtype = promote_types(dtype, m.dtype());
  for (std::size_t i = 0; i < n; ++i) {
    shapes[i] = p.x[i].shape();
    const bool rows = p.pairs > 0 && p.has_rows[i];
    if (rows) shapes[i][0] *= k;
    if (!reads_output && !op.reads_input(i, needed.get())) continue;
    inputs[i] = rows ? for_each_output(at(i), k) : at(i);
    if (is_floating(inputs[i].dtype())) dtype = promote_types(dtype, inputs[i].dtype());
  }
  if (!quadrature)
    for (Tensor& x : inputs)
      if (x.defined() && x.dtype() != dtype && (is_floating(x.dtype()) || op.rule() == Rule::bilinear)) x = x.to(dtype);
  if (reads_output) outputs = op.forward(inputs);

  std::vector<Tensor> grads(p.multipliers.size());
  for (std::size_t j = 0; j < grads.size(); ++j) {
    if (!p.multipliers[j].defined()) continue;
    Shape merged = p.multipliers[j].shape();
    merged.erase(0);
    if (p.pairs > 0) merged[0] *= k;
    const bool as_result =
        quadrature && is_floating(p.x_out[j].dtype());  // a sweep keeps the results that a rule reads
    grads[j] = p.multipliers[j].reshape(merged).to(as_result ? p.x_out[j].dtype() : dtype);
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

/// The integrals of the tensors integrand(t) over t from 0 to 1; undefined ones stay undefined.
template <class Integrand> std::vector<Tensor> integrals(Integrand&& integrand) {
  const kernels::GaussLegendre& rule = path_rule();
  std::vector<Tensor> total;
  for (std::size_t q = 0; q < rule.nodes.size(); ++q) {
    const std::vector<Tensor> values = integrand(rule.nodes[q]);
    total.resize(values.size());
    for (std::size_t i = 0; i < total.size(); ++i) {
      if (!values[i].defined()) continue;
      const Tensor weighted = values[i] * rule.weights[q];
      total[i] = total[i].defined() ? total[i] + weighted : weighted;
    }
  }
  return total;
}

std::vector<Tensor> quadrature(const AppliedOp& op, const PairContext& p) {
  return integrals([&](double t) {
    return product(op, p, [&](std::size_t i) { return p.varies[i] ? p.r[i] + t * p.delta(i) : p.x[i]; });
  });
}

/// The derivative of result 0 of an elementwise op in input `which`, at `inputs`, all of the result's shape. Zeros for
/// an op without a derivative.
Tensor derivative(const AppliedOp& op, std::span<const Tensor> inputs, std::size_t which, const Tensor& result) {
  const std::size_t n = inputs.size();
  const Dtype dtype = real_dtype(result.dtype());
  if (!op.traits().has_derivative) return zeros(result.shape(), {.dtype = dtype});
  const auto needed = std::make_unique<bool[]>(n);
  std::vector<Shape> shapes;
  for (std::size_t i = 0; i < n; ++i) {
    needed[i] = i == which;
    shapes.push_back(inputs[i].shape());
  }
  const Tensor results[] = {result}, seeds[] = {ones(result.shape(), {.dtype = dtype})};
  std::vector<Tensor> slopes(n);
  op.vjp(inputs, results, shapes, seeds, slopes, needed.get());
  return slopes[which].defined() ? slopes[which] : zeros(result.shape(), {.dtype = dtype});
}

/// The secant in argument `which` between x and r, with the other arguments fixed at `inputs`. See generic_secant.
Tensor judged_secant(const AppliedOp& op, std::vector<Tensor> inputs, std::size_t which, const Tensor& x,
                     const Tensor& r) {
  const Dtype real = real_dtype(x.dtype());
  const double eps = eps_of(real);
  const auto value_at = [&](const Tensor& point) {
    inputs[which] = point;
    return op.forward(inputs)[0];
  };
  const auto slope_at = [&](const Tensor& point, const Tensor& value) {
    inputs[which] = point;
    return derivative(op, inputs, which, value);
  };
  const Tensor d = x.to(real) - r.to(real), at_x = value_at(x), at_r = value_at(r);
  const Tensor fx = at_x.to(promote_types(real, at_x.dtype())), fr = at_r.to(fx.dtype());
  const Tensor quotient = (fx - fr) / d;
  // Integers and bools have no values between them, and their quotients are exact.
  if (!is_floating(x.dtype())) return where(d == 0, 0.0, quotient);
  const Tensor middle = r + d * 0.5, at_middle = value_at(middle), middle_slope = slope_at(middle, at_middle);
  const Tensor mean = (slope_at(x, at_x) + 4.0 * middle_slope + slope_at(r, at_r)) / 6.0;
  const Tensor bound = (4 * eps) * (abs(fx) + abs(fr)) / abs(d);
  const Tensor agree = logical_and(abs(quotient - mean) <= bound, isfinite(mean));
  return where(d == 0, where(isfinite(middle_slope), middle_slope, 0.0), where(agree, mean, quotient));
}

/// An op's own secant takes floating-point numbers, so integers and bools are converted.
Tensor secant_of(const AppliedOp& op, const Tensor& x, const Tensor& r) {
  const Dtype real = real_dtype(x.dtype());
  Tensor slope = op.secant(x.to(real), r.to(real));
  return slope.defined() ? slope : generic_secant(op, x, r);
}

/// The means of the derivatives in each argument on the straight path from r to x.
std::vector<Tensor> path_slopes(const AppliedOp& op, std::span<const Tensor> x, std::span<const Tensor> r) {
  return integrals([&](double t) {
    std::vector<Tensor> inputs, slopes;
    for (std::size_t i = 0; i < x.size(); ++i) inputs.push_back(r[i] + (x[i] - r[i]) * t);
    const Tensor result = op.forward(inputs)[0];
    for (std::size_t i = 0; i < x.size(); ++i) slopes.push_back(derivative(op, inputs, i, result));
    return slopes;
  });
}

/// The Shapley value of the game with the two arguments as players, from four mixed evaluations:
///   m_a = m / 2 ((f(x_a, x_b) - f(r_a, x_b)) + (f(x_a, r_b) - f(r_a, r_b))) / (x_a - r_a),
/// where both differences are secants in one argument. It is complete for any function, even with jumps. Where a mixed
/// evaluation is NaN although f(x) and f(r) are not (p log q between 0 and 2), the derivative along the path is used
/// instead.
std::vector<Tensor> two_player_shapley(const AppliedOp& op, const PairContext& p, bool* rounded, bool* integrated) {
  // All arguments are broadcast to the shape of the result, so that derivatives are elementwise.
  const Shape& shape = p.x_out[0].shape();
  std::vector<Tensor> x, r, slopes(2);
  for (const std::size_t i : {0u, 1u}) {
    x.push_back(p.x[i].shape() == shape ? p.x[i] : p.x[i].expand(shape));
    r.push_back(p.r[i].shape() == shape ? p.r[i] : p.r[i].expand(shape));
  }
  Tensor undefined;
  for (const std::size_t i : {0u, 1u}) {
    if (!p.varies[i]) continue;
    const std::size_t other = 1 - i;
    const auto between = [&](const Tensor& from, const Tensor& fixed) {
      Tensor slope = op.partial_secant(i, x[i], from, fixed);
      if (slope.defined()) return slope;
      std::vector<Tensor> inputs(2);
      inputs[other] = fixed;
      return judged_secant(op, std::move(inputs), i, x[i], from);
    };
    const auto mean_secant = [&](const Tensor& from) {
      const Tensor at_x = between(from, x[other]);
      return p.varies[other] ? (at_x + between(from, r[other])) * 0.5 : at_x;
    };
    slopes[i] = mean_secant(r[i]);
    if (op.traits().jumps) {
      const Tensor small = p.is_rounding(p.delta(i), i);
      if (any(small).item<bool>()) {
        slopes[i] = where(small, mean_secant(x[i]), slopes[i]);
        *rounded = true;
      }
    }
    const Tensor bad = logical_not(isfinite(slopes[i]));
    undefined = undefined.defined() ? logical_or(undefined, bad) : bad;
  }
  if (p.varies[0] && p.varies[1] && op.traits().has_derivative && is_floating(x[0].dtype()) &&
      any(undefined).item<bool>()) {
    const std::vector<Tensor> means = path_slopes(op, x, r);
    for (const std::size_t i : {0u, 1u}) slopes[i] = where(undefined, means[i], slopes[i]);
    *integrated = true;
  }
  std::vector<Tensor> shares(2);
  for (const std::size_t i : {0u, 1u})
    if (p.varies[i]) shares[i] = p.unbroadcast(p.multipliers[0] * slopes[i], i);
  return shares;
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
  const Dtype real = real_dtype(x[i].dtype());  // the mean of two bools is 0, 0.5 or 1
  return varies[i] ? (x[i].to(real) + r[i].to(real)) * 0.5 : x[i];
}
Tensor PairContext::delta(std::size_t i) const {
  const Dtype real = real_dtype(x[i].dtype());
  return x[i].to(real) - r[i].to(real);
}

Shape with_front(std::int64_t front, const Shape& shape, std::size_t skip) {
  Shape out{front};
  for (std::size_t i = skip; i < shape.size(); ++i) out.push_back(shape[i]);
  return out;
}

Dtype real_dtype(Dtype dtype) {
  if (is_floating(dtype)) return dtype;
  return dtype == Dtype::bool_ || dtype == Dtype::uint8 ? float32 : float64;
}

double rounding_unit(Dtype dtype) { return 8 * eps_of(dtype); }

Tensor largest_products(const Tensor& a, const Tensor& b) {
  constexpr std::int64_t max_products = std::int64_t{1} << 20;  // number of products in memory at a time
  const std::int64_t k = b.size(1), n = b.size(0), rows = a.numel() / std::max<std::int64_t>(k, 1);
  Shape shape = a.shape();
  shape[shape.size() - 1] = n;
  if (k == 0 || rows == 0 || n == 0) return zeros(shape, {.dtype = a.dtype()});
  const Tensor left = a.reshape({rows, 1, k});
  const std::int64_t at_once = std::max<std::int64_t>(1, max_products / (n * k));
  std::vector<Tensor> parts;
  for (std::int64_t row = 0; row < rows; row += at_once)
    parts.push_back(amax(left.narrow(0, row, std::min(at_once, rows - row)) * b, -1));
  return cat(parts, 0).reshape(shape);
}

Tensor PairContext::is_rounding(const Tensor& change, std::size_t i) const {
  if (i >= rounding.size() || !rounding[i].defined()) return full(change.shape(), false);
  return abs(change) <= rounding[i];
}

Tensor RoundingContext::of_term(std::size_t i) const {
  const Tensor relative = abs(inputs[i]) * unit;
  return errors[i].defined() ? maximum(relative, errors[i]) : relative;
}

Tensor missing_contribution(const PairContext& p, std::span<const Tensor> shares) {
  const std::int64_t k = p.outputs_explained, groups = std::max<std::int64_t>(p.pairs, 1);
  Tensor missing = zeros({k, groups}, {.dtype = float64});
  const auto count = [&](const Tensor& m, const Tensor& x, const Tensor& r, double sign) {
    if (!m.defined() || m.numel() == 0) return;
    const Tensor xx = x.to(float64), rr = r.to(float64);
    const Tensor part = where(xx == rr, 0.0, m.to(float64) * (xx - rr));
    missing = missing + sign * part.reshape({k, groups, -1}).sum(2);
  };
  for (std::size_t j = 0; j < p.multipliers.size(); ++j) count(p.multipliers[j], p.x_out[j], p.r_out[j], 1);
  for (std::size_t i = 0; i < shares.size(); ++i)
    if (p.varies[i]) count(shares[i], p.x[i], p.r[i], -1);
  return missing;
}

Tensor generic_secant(const AppliedOp& op, const Tensor& x, const Tensor& r) {
  return judged_secant(op, std::vector<Tensor>(1), 0, x, r);
}

Tensor difference_secant(const Tensor& at_x, const Tensor& at_r, const Tensor& x, const Tensor& r,
                         const Tensor& slope) {
  const Tensor d = x - r;
  return where(d == 0, slope, (at_x - at_r) / d);
}

std::vector<Tensor> rounding_of(const AppliedOp& op, const RoundingContext& c, std::span<const Tensor> outputs) {
  const Unobserved unobserved;
  const NoGrad guard;
  std::vector<Tensor> results(outputs.size());
  for (std::size_t j = 0; j < outputs.size(); ++j)
    if (is_floating(outputs[j].dtype()) && outputs[j].numel() > 0) results[j] = abs(outputs[j]) * c.unit;
  if (!results[0].defined()) return results;
  if (Tensor rounding = op.rounding(c); rounding.defined()) {
    results[0] = std::move(rounding);
    return results;
  }
  const bool inexact = std::any_of(c.errors.begin(), c.errors.end(), [](const Tensor& e) { return e.defined(); });
  if (op.rule() == Rule::linear) {  // such an op only moves elements
    results[0] = Tensor();
    if (!inexact) return results;
    std::vector<Tensor> errors = c.inputs;
    for (std::size_t i = 0; i < errors.size(); ++i)
      if (is_floating(errors[i].dtype())) errors[i] = c.errors[i].defined() ? c.errors[i] : zeros_like(errors[i]);
    results[0] = abs(op.forward(errors)[0]);
  } else if (op.traits().elementwise && inexact) {
    std::vector<Tensor> inputs;
    for (const Tensor& x : c.inputs) inputs.push_back(x.expand(outputs[0].shape()));
    for (std::size_t i = 0; i < inputs.size(); ++i)
      if (c.errors[i].defined())
        results[0] = maximum(results[0], abs(derivative(op, inputs, i, outputs[0])) * c.errors[i]);
  }
  return results;
}

namespace {

/// Whole tensors have no row dimension along which K outputs could be stacked, so outputs are processed one by one.
std::vector<Tensor> output_by_output(const AppliedOp& op, const PairContext& p, AttributionLoss* loss) {
  std::vector<std::vector<Tensor>> parts(p.x.size());
  std::vector<Tensor> losses;
  PairContext one = p;
  one.outputs_explained = 1;
  for (std::int64_t k = 0; k < p.outputs_explained; ++k) {
    for (std::size_t j = 0; j < p.multipliers.size(); ++j)
      if (p.multipliers[j].defined()) one.multipliers[j] = narrow(p.multipliers[j], 0, k, 1);
    AttributionLoss lost;
    const std::vector<Tensor> shares = attribute(op, one, loss != nullptr ? &lost : nullptr);
    if (lost.quadrature.defined()) losses.push_back(lost.quadrature);
    for (std::size_t i = 0; i < shares.size(); ++i)
      if (shares[i].defined()) parts[i].push_back(shares[i]);
  }
  if (!losses.empty()) loss->quadrature = cat(losses, 0);
  std::vector<Tensor> joined(parts.size());
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (!parts[i].empty()) joined[i] = cat(parts[i], 0);
  return joined;
}

}  // namespace

std::vector<Tensor> attribute(const AppliedOp& op, const PairContext& p, AttributionLoss* loss) {
  const Unobserved unobserved;
  const NoGrad guard;
  const bool reached =
      std::any_of(p.multipliers.begin(), p.multipliers.end(), [](const Tensor& m) { return m.defined(); });
  if (!reached && op.rule() != Rule::unsupported) return std::vector<Tensor>(p.x.size());
  const bool by_product = op.rule() == Rule::linear || op.rule() == Rule::bilinear || op.rule() == Rule::quadrature;
  if (by_product && p.pairs == 0 && p.outputs_explained > 1) return output_by_output(op, p, loss);
  std::vector<Tensor> shares;
  bool rounded = false, integrated = false;
  switch (op.rule()) {
    case Rule::linear:
      return product(op, p, [&](std::size_t i) { return p.x[i]; });
    case Rule::bilinear:
      return product(op, p, [&](std::size_t i) { return p.mean(i); });
    case Rule::secant: {
      Tensor slope = secant_of(op, p.x[0], p.r[0]);
      if (op.traits().jumps) {
        const Tensor small = p.is_rounding(p.delta(0), 0);
        if (any(small).item<bool>()) {
          slope = where(small, secant_of(op, p.x[0], p.x[0]), slope);
          rounded = true;
        }
      }
      shares = {p.multipliers[0] * slope};
      break;
    }
    case Rule::two_player:
      shares = two_player_shapley(op, p, &rounded, &integrated);
      break;
    case Rule::quadrature:
      shares = quadrature(op, p);
      if (loss != nullptr) loss->quadrature = missing_contribution(p, shares);
      return shares;
    case Rule::custom:
      shares = op.attribute(p);
      rounded = op.traits().jumps;
      break;
    case Rule::constant:
      return std::vector<Tensor>(p.x.size());
    case Rule::unsupported:
      raise<AutogradError>(
          "[attribution] {} has no attribution rule: what it returns jumps or is an index, so no share of it can be "
          "given to its arguments. Explain a model without it between inputs and output.",
          op.name());
  }
  if (loss != nullptr && integrated) loss->quadrature = missing_contribution(p, shares);
  if (loss != nullptr && rounded && !integrated) loss->jumps = missing_contribution(p, shares);
  return shares;
}

}  // namespace xg::autograd
