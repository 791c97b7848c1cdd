#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/explain/detail/averages.hpp>
#include <xgrad/explain/detail/gradients.hpp>
#include <xgrad/explain/detail/inputs.hpp>
#include <xgrad/explain/detail/plan.hpp>
#include <xgrad/explain/detail/recording.hpp>
#include <xgrad/explain/integrated_gradients.hpp>
#include <xgrad/tensor/kernels/gauss_legendre.hpp>
#include <xgrad/tensor/support/raise.hpp>
#include <xgrad/tensor/threads.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <utility>

namespace xg::explain {
namespace {

constexpr const char* method_name = "IntegratedGradients";
/// Number of points in one run of the model: large enough for efficient matrix products, and independent of the number
/// of rows.
constexpr std::int64_t block_points = 256;
/// The nodes of more steps would take gigabytes.
constexpr std::int64_t max_steps = 100'000'000;

// In the order of the enumerators.
constexpr std::array<std::string_view, 5> quadratures{"gausslegendre", "riemann_left", "riemann_right",
                                                      "riemann_middle", "riemann_trapezoid"};

void riemann(Quadrature rule, std::int64_t n, std::vector<double>& nodes, std::vector<double>& weights) {
  const auto count = static_cast<double>(n);
  for (std::int64_t i = 0; i < n; ++i) {
    const auto index = static_cast<double>(i);
    const double shift = rule == Quadrature::riemann_right ? 1 : (rule == Quadrature::riemann_middle ? 0.5 : 0);
    const bool trapezoid = rule == Quadrature::riemann_trapezoid;
    nodes.push_back(trapezoid ? index / (count - 1) : (index + shift) / count);
    weights.push_back(trapezoid && (i == 0 || i == n - 1) ? 0.5 / count : 1 / count);
  }
}

/// A note on features that affect the output although every gradient with respect to them is 0, so that their
/// contributions are 0; empty if there are none. `sums` [N, n, K] are the integrals, `change` [N, n] = rows -
/// baselines.
std::string note_on_features_without_gradient(const ModelFunction& model, const Tensor& rows, const Tensor& change,
                                              const Tensor& sums, const Tensor& outputs,
                                              const std::vector<std::string>& names,
                                              const detail::GradientRequest& request) {
  const std::int64_t count = rows.size(0), n = rows.size(1);
  const std::vector<double> d = change.to_vector(), flat = sums.abs().sum(2).sum(0).to_vector();
  std::vector<std::int64_t> features;
  std::vector<Tensor> points, predictions;  // rows with the feature at its baseline; the outputs of the original rows
  for (std::int64_t i = 0; i < n; ++i) {
    if (flat[static_cast<std::size_t>(i)] != 0) continue;  // also skips NaN
    for (std::int64_t row = 0; row < count; ++row) {
      const double delta = d[static_cast<std::size_t>(row * n + i)];
      if (delta == 0 || !std::isfinite(delta)) continue;
      Tensor point = rows.narrow(0, row, 1).clone();
      point.narrow(1, i, 1).add_(-delta);
      features.push_back(i);
      points.push_back(point);
      predictions.push_back(outputs.narrow(0, row, 1));
      break;
    }
  }
  if (features.empty()) return {};
  const Tensor without = detail::values_at(model, cat(points, 0), request).values, with = cat(predictions, 0);
  const std::vector<double> effect = amax(abs(with - without), 1).to_vector(),
                            size = amax(maximum(abs(with), abs(without)), 1).to_vector();
  std::vector<std::string> who;
  for (std::size_t c = 0; c < features.size(); ++c)
    if (effect[c] > 1e-6 * size[c])
      who.push_back(names.empty() ? fmt::format("x{}", features[c]) : names[static_cast<std::size_t>(features[c])]);
  if (who.empty()) return {};
  const std::string op = detail::op_without_derivative(model, rows.narrow(0, 0, 1), request);
  return fmt::format(
      "{} {} without gradient{}: the output depends on {}, but {} 0 and the effect stays in the residual. DeepShap and "
      "ExactShapley follow it",
      fmt::join(who, ", "), who.size() == 1 ? "is" : "are",
      op.empty() ? " at all steps" : fmt::format(" (it passes {})", op), who.size() == 1 ? "it" : "them",
      who.size() == 1 ? "its contribution is" : "their contributions are");
}

}  // namespace

std::string_view name(Quadrature method) {
  return quadratures[std::min(static_cast<std::size_t>(method), quadratures.size() - 1)];
}

Quadrature quadrature_from_name(StringRef given) {
  const auto found = std::find(quadratures.begin(), quadratures.end(), given.view());
  if (found == quadratures.end())
    raise<ValueError>("[{}] there is no quadrature '{}'. There are {}.", method_name, given.view(),
                      fmt::join(quadratures, ", "));
  return static_cast<Quadrature>(found - quadratures.begin());
}

IntegratedGradients::IntegratedGradients(ModelFunction model, IntegratedGradientsOptions options)
    : model_(std::move(model)), options_(std::move(options)) {
  const std::int64_t min_steps = options_.method == Quadrature::riemann_trapezoid ? 2 : 1;
  if (options_.steps < min_steps)
    raise<ValueError>("[{}] steps is {}, {} needs {} or more.", method_name, options_.steps, name(options_.method),
                      min_steps);
  if (options_.steps > max_steps)
    raise<ValueError>("[{}] steps is {}, it must be {} at most.", method_name, options_.steps, max_steps);
  if (options_.method == Quadrature::gausslegendre) {
    kernels::GaussLegendre rule = kernels::gauss_legendre(options_.steps);
    nodes_ = std::move(rule.nodes);
    weights_ = std::move(rule.weights);
  } else {
    riemann(options_.method, options_.steps, nodes_, weights_);
  }
}

Explanation IntegratedGradients::operator()(const Tensor& rows) const {
  const detail::GradientRequest request{method_name, options_.output, options_.target};
  const Tensor x = detail::checked_matrix(method_name, "rows", rows);
  const Tensor baseline = detail::checked_baseline(method_name, options_.baseline, x);
  detail::check_feature_names(method_name, options_.feature_names, x.size(1));
  model_.check_eval(method_name);
  model_.check_independence(x, baseline, method_name);

  const NoGrad guard;
  const detail::Gradients at_rows = detail::values_at(model_, x, request);
  const detail::Gradients at_baseline = detail::values_at(model_, baseline, request);
  const std::int64_t count = x.size(0), n = x.size(1), k = at_rows.values.size(1), steps = options_.steps;
  const Tensor baselines = baseline.expand(x.shape()), change = (x.to(float64) - baseline.to(float64)).contiguous();

  // Blocks have a fixed number of rows and steps, so that a row's bits do not depend on the other rows.
  const std::int64_t block_steps = std::min(steps, block_points),
                     block_rows = std::max<std::int64_t>(1, block_points / steps / 2);
  Tensor sums = zeros({count, n, k}, {.dtype = float64});
  auto* out = sums.mutable_data<double>();
  const std::unique_ptr<detail::GradientPlan> plan = detail::plan_gradients(model_, x, baseline, request, k);
  const auto block = [&](std::int64_t tile) {
    const NoGrad guard;  // the mode is per thread
    const std::int64_t row = tile * block_rows, rows_in_block = std::min(block_rows, count - row);
    const Tensor from = detail::padded_rows(baselines, row, block_rows), to = detail::padded_rows(x, row, block_rows);
    for (std::int64_t step = 0; step < steps; step += block_steps) {
      const std::int64_t steps_in_block = std::min(block_steps, steps - step);
      Tensor t = empty({steps_in_block, 1}, {.dtype = float64});
      std::copy_n(nodes_.begin() + step, steps_in_block, t.mutable_data<double>());
      const Tensor points = (from.unsqueeze(1) + t.to(x.dtype()) * (to - from).unsqueeze(1)).reshape({-1, n});
      const Tensor slopes = plan->at(points).to(float64);
      const double *slope = slopes.data<double>(), *weight = weights_.data() + step;
      const std::int64_t point = slopes.strides()[0], feature = slopes.strides()[1], output = slopes.strides()[2];
      for (std::int64_t r = 0; r < rows_in_block; ++r) {
        double* sum = out + (row + r) * n * k;
        const double* at_row = slope + r * steps_in_block * point;
        if (point == 1)  // the points are contiguous, else the outputs are
          for (std::int64_t i = 0; i < n; ++i)
            for (std::int64_t j = 0; j < k; ++j) {
              const double* g = at_row + i * feature + j * output;
              *sum++ += detail::sum_in_lanes(steps_in_block, [&](std::int64_t q) { return weight[q] * g[q]; });
            }
        else
          for (std::int64_t q = 0; q < steps_in_block; ++q)
            for (std::int64_t i = 0; i < n; ++i)
              for (std::int64_t j = 0; j < k; ++j)
                sum[i * k + j] += weight[q] * at_row[q * point + i * feature + j * output];
      }
    }
  };
  if (plan->is_threaded())
    xg::detail::parallel_for((count + block_rows - 1) / block_rows, block);
  else  // the model itself only runs in the caller's thread
    for (std::int64_t tile = 0; tile * block_rows < count; ++tile) block(tile);

  ExplanationParts parts = detail::gradient_parts(at_rows, x, request);
  parts.values = where(change == 0, 0.0, change).unsqueeze(-1) * sums;
  parts.base_values = at_baseline.values.expand({count, k});
  parts.n_background = 1;
  if (std::string note =
          note_on_features_without_gradient(model_, x, change, sums, at_rows.values, options_.feature_names, request);
      !note.empty())
    parts.notes.push_back(std::move(note));
  detail::blank_rows_without_numbers(parts);
  return detail::named(std::move(parts), options_.feature_names, options_.output_names, at_rows.model_outputs);
}

}  // namespace xg::explain
