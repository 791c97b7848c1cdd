#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/explain/gradients.hpp>
#include <xgrad/explain/inputs.hpp>
#include <xgrad/explain/integrated_gradients.hpp>
#include <xgrad/explain/recording.hpp>
#include <xgrad/tensor/error.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace xg::explain {
namespace {

constexpr const char* method_name = "IntegratedGradients";
/// Points in one run of the model: enough for matrix products to be worthwhile, the same for any number of rows.
constexpr std::int64_t block_points = 256;

constexpr std::array quadratures = {Quadrature::gausslegendre, Quadrature::riemann_left, Quadrature::riemann_right,
                                    Quadrature::riemann_middle, Quadrature::riemann_trapezoid};

/// The roots of the Legendre polynomial of degree n, moved to (0, 1), by Newton's method; weights 2 / ((1 - x^2)
/// P'(x)^2).
void gauss_legendre(std::int64_t n, std::vector<double>& nodes, std::vector<double>& weights) {
  const auto count = static_cast<double>(n);
  for (std::int64_t i = n; i-- > 0;) {
    double x = std::cos(std::numbers::pi * (static_cast<double>(i) + 0.75) / (count + 0.5)), slope = 0;
    for (int iteration = 0; iteration < 100; ++iteration) {
      double before = 1, p = x;
      for (std::int64_t k = 2; k <= n; ++k) {
        const auto degree = static_cast<double>(k);
        before = std::exchange(p, ((2 * degree - 1) * x * p - (degree - 1) * before) / degree);
      }
      slope = count * (x * p - before) / (x * x - 1);
      const double step = p / slope;
      x -= step;
      if (std::abs(step) < 1e-15) break;
    }
    nodes.push_back((1 + x) / 2);
    weights.push_back(1 / ((1 - x * x) * slope * slope));
  }
}

void riemann(Quadrature rule, std::int64_t n, std::vector<double>& nodes, std::vector<double>& weights) {
  const auto count = static_cast<double>(n);
  for (std::int64_t i = 0; i < n; ++i) {
    const auto place = static_cast<double>(i);
    const double shift = rule == Quadrature::riemann_right ? 1 : (rule == Quadrature::riemann_middle ? 0.5 : 0);
    const bool trapezoid = rule == Quadrature::riemann_trapezoid;
    nodes.push_back(trapezoid ? place / (count - 1) : (place + shift) / count);
    weights.push_back(trapezoid && (i == 0 || i == n - 1) ? 0.5 / count : 1 / count);
  }
}

}  // namespace

std::string_view name(Quadrature method) {
  switch (method) {
    case Quadrature::gausslegendre:
      return "gausslegendre";
    case Quadrature::riemann_left:
      return "riemann_left";
    case Quadrature::riemann_right:
      return "riemann_right";
    case Quadrature::riemann_middle:
      return "riemann_middle";
    case Quadrature::riemann_trapezoid:
      break;
  }
  return "riemann_trapezoid";
}

Quadrature quadrature_from_name(std::string_view text) {
  std::vector<std::string_view> names;
  for (const Quadrature q : quadratures) {
    if (name(q) == text) return q;
    names.push_back(name(q));
  }
  throw ValueError(
      fmt::format("[{}] there is no quadrature '{}'. There are {}.", method_name, text, fmt::join(names, ", ")));
}

IntegratedGradients::IntegratedGradients(ModelFunction model, IntegratedGradientsOptions options)
    : model_(std::move(model)), options_(std::move(options)) {
  const std::int64_t least = options_.method == Quadrature::riemann_trapezoid ? 2 : 1;
  if (options_.steps < least)
    throw ValueError(fmt::format("[{}] steps is {}, {} needs {} or more.", method_name, options_.steps,
                                 name(options_.method), least));
  if (options_.method == Quadrature::gausslegendre)
    gauss_legendre(options_.steps, nodes_, weights_);
  else
    riemann(options_.method, options_.steps, nodes_, weights_);
}

Explanation IntegratedGradients::operator()(const Tensor& rows) const {
  const detail::GradientRequest request{method_name, options_.output, options_.target};
  const Tensor x = detail::checked_matrix(method_name, "rows", rows);
  const Tensor baseline = detail::checked_baseline(method_name, options_.baseline, x);
  detail::check_feature_names(method_name, options_.feature_names, x.size(1));
  model_.check_eval(method_name);

  const NoGrad fixed;
  const detail::Gradients at_rows = detail::values_at(model_, x, request);
  const detail::Gradients at_baseline = detail::values_at(model_, baseline, request);
  const std::int64_t count = x.size(0), n = x.size(1), k = at_rows.values.size(1), steps = options_.steps;
  const Tensor baselines = baseline.expand(x.shape()), change = (x.to(float64) - baseline.to(float64)).contiguous();

  // Blocks of a fixed number of rows and steps, so that a row's bits do not depend on its company.
  const std::int64_t block_steps = std::min(steps, block_points),
                     block_rows = std::max<std::int64_t>(1, block_points / steps / 2);
  Tensor sums = zeros({count, n, k}, {.dtype = float64});
  auto* out = sums.mutable_data<double>();
  for (std::int64_t row = 0; row < count; row += block_rows)
    for (std::int64_t step = 0; step < steps; step += block_steps) {
      const std::int64_t here = std::min(block_steps, steps - step);
      const std::vector<double> part(nodes_.begin() + step, nodes_.begin() + step + here);
      Tensor t = empty({here, 1, 1}, {.dtype = float64});
      std::copy(part.begin(), part.end(), t.mutable_data<double>());
      const Tensor from = detail::padded_rows(baselines, row, block_rows), to = detail::padded_rows(x, row, block_rows);
      const Tensor points = from + t.to(x.dtype()) * (to - from);  // [steps, rows, n]
      const Tensor g = detail::gradients_at(model_, points.reshape({here * block_rows, n}), request)
                           .gradients.to(float64)
                           .contiguous();
      const auto* slope = g.data<double>();
      for (std::int64_t q = 0; q < here; ++q) {
        const double weight = weights_[static_cast<std::size_t>(step + q)];
        for (std::int64_t i = 0; i < std::min(block_rows, count - row) * n * k; ++i)
          out[row * n * k + i] += weight * slope[q * block_rows * n * k + i];
      }
    }

  ExplanationParts parts = detail::gradient_parts(at_rows, x, request);
  parts.values = where(change == 0, 0.0, change).unsqueeze(-1) * sums;
  parts.base_values = at_baseline.values.expand({count, k});
  parts.n_background = 1;
  detail::blank_rows_without_numbers(parts);
  return detail::named(std::move(parts), options_.feature_names, options_.output_names, at_rows.model_outputs);
}

}  // namespace xg::explain
