#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/explain/exact_shapley.hpp>
#include <xgrad/explain/gradients.hpp>
#include <xgrad/explain/inputs.hpp>
#include <xgrad/explain/recording.hpp>
#include <xgrad/explain/sweep.hpp>
#include <xgrad/tensor/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace xg::explain {
namespace {

constexpr const char* method = "ExactShapley";
/// Rows in one run of the model, the same whatever is explained.
constexpr std::int64_t block_points = 1024;

std::size_t at(std::int64_t i) {
  return static_cast<std::size_t>(i);
}

/// weight[s] = s! (m - s - 1)! / m! of a coalition of s players that one joins.
std::vector<double> shapley_weights(std::int64_t m) {
  std::vector<double> weights(at(m));
  double binomial = 1;  // of m - 1 over s
  for (std::int64_t s = 0; s < m; ++s) {
    weights[at(s)] = 1 / (static_cast<double>(m) * binomial);
    binomial *= static_cast<double>(m - 1 - s) / static_cast<double>(s + 1);
  }
  return weights;
}

}  // namespace

ExactShapley::ExactShapley(ModelFunction model, Tensor background, ExactShapleyOptions options)
    : model_(std::move(model)),
      background_(detail::checked_background(method, "background", background)),
      options_(std::move(options)) {
  detail::check_feature_names(method, options_.feature_names, background_.size(1));
  expected_value_ = detail::mean_output(model_, background_, method, options_.output);
  detail::check_output_names(method, options_.output_names, expected_value_.size(0));
  detail::check_target(method, options_.target, expected_value_.size(0));
}

Explanation ExactShapley::operator()(const Tensor& rows) const {
  const NoGrad fixed;
  const Tensor x = detail::checked_matrix(method, "rows", rows);
  detail::check_match(method, x, "background", background_);
  model_.check_eval(method);
  const detail::GradientRequest request{method, options_.output, options_.target};
  const detail::Gradients at_rows = detail::values_at(model_, x, request);
  const std::int64_t count = x.size(0), n = x.size(1), b = background_.size(0), k = at_rows.values.size(1);
  const std::vector<double> data = x.to_vector(), references = background_.to_vector();

  // Who plays, for each row; and whether that is affordable, before any work is done.
  std::vector<std::vector<std::int64_t>> players(at(count));
  for (std::int64_t row = 0; row < count; ++row) {
    const double* values = &data[at(row * n)];
    if (!std::all_of(values, values + n, [](double v) { return std::isfinite(v); })) continue;
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t r = 0; r < b; ++r)
        if (references[at(r * n + i)] != values[i]) {
          players[at(row)].push_back(i);
          break;
        }
    const auto m = static_cast<std::int64_t>(players[at(row)].size());
    if (m > 62 || (std::int64_t{1} << m) > options_.max_evals)
      throw ValueError(
          fmt::format("[{}] row {} differs from the background in {} features: 2^{} = {:.3g} coalitions of {} "
                      "references each, {:.3g} evaluations of the model, and max_evals is {} coalitions. Use DeepShap, "
                      "fewer features, or a larger max_evals.",
                      method, row, m, m, std::ldexp(1.0, static_cast<int>(m)), b,
                      std::ldexp(static_cast<double>(b), static_cast<int>(m)), options_.max_evals));
  }

  ExplanationParts parts = detail::gradient_parts(at_rows, x, request);
  parts.values = zeros({count, n, k}, {.dtype = float64});
  parts.standard_errors = full({count, n, k}, std::numeric_limits<double>::quiet_NaN(), {.dtype = float64});
  auto *values = parts.values.mutable_data<double>(), *errors = parts.standard_errors.mutable_data<double>();
  const std::int64_t part_b = std::min(b, block_points);
  for (std::int64_t row = 0; row < count; ++row) {
    const std::vector<std::int64_t>& playing = players[at(row)];
    const auto m = static_cast<std::int64_t>(playing.size());
    if (b > 1) std::fill_n(errors + row * n * k, n * k, 0.0);
    if (m == 0) continue;
    const std::vector<double> weights = shapley_weights(m);
    const std::uint64_t coalitions = std::uint64_t{1} << m;
    const std::uint64_t at_once =
        std::min(coalitions, std::bit_floor(static_cast<std::uint64_t>(block_points / part_b)));
    std::vector<double> worth(static_cast<std::size_t>(coalitions) * at(k), 0.0);  // v(S), summed over the references
    std::vector<double> shares(at(b * m * k), 0.0);  // of each reference, player and output: for the standard errors
    for (std::int64_t b0 = 0; b0 < b; b0 += part_b) {
      const std::int64_t here = std::min(part_b, b - b0);
      const Tensor part = background_.narrow(0, b0, here);
      for (std::uint64_t first = 0; first < coalitions; first += at_once) {
        const auto sets = static_cast<std::int64_t>(at_once);
        Tensor points = part.unsqueeze(0).expand({sets, here, n}).clone();
        dispatch_floating(points.dtype(), [&]<class T>() {
          T* p = points.mutable_data<T>();
          for (std::int64_t s = 0; s < sets; ++s)
            for (std::int64_t j = 0; j < m; ++j)
              if ((first + static_cast<std::uint64_t>(s)) >> j & 1)
                for (std::int64_t r = 0; r < here; ++r)
                  p[(s * here + r) * n + playing[at(j)]] = static_cast<T>(data[at(row * n + playing[at(j)])]);
        });
        const Tensor results = detail::values_at(model_, points.reshape({sets * here, n}), request).values;
        const auto* v = results.data<double>();
        for (std::int64_t s = 0; s < sets; ++s) {
          const std::uint64_t set = first + static_cast<std::uint64_t>(s);
          const std::int64_t size = std::popcount(set);
          for (std::int64_t r = 0; r < here; ++r)
            for (std::int64_t slot = 0; slot < k; ++slot)
              worth[static_cast<std::size_t>(set) * at(k) + at(slot)] += v[(s * here + r) * k + slot];
          for (std::int64_t j = 0; j < m; ++j) {
            const double weight = set >> j & 1 ? weights[at(size - 1)] : -weights[at(size)];
            for (std::int64_t r = 0; r < here; ++r)
              for (std::int64_t slot = 0; slot < k; ++slot)
                shares[at(((b0 + r) * m + j) * k + slot)] += weight * v[(s * here + r) * k + slot];
          }
        }
      }
    }
    for (std::int64_t j = 0; j < m; ++j)
      for (std::int64_t slot = 0; slot < k; ++slot) {
        const std::int64_t place = (row * n + playing[at(j)]) * k + slot;
        // With and without the player side by side: what does not matter to the model cancels to exactly nothing.
        const std::uint64_t player = std::uint64_t{1} << j;
        double value = 0;
        for (std::uint64_t set = 0; set < coalitions; ++set)
          if ((set & player) == 0)
            value +=
                weights[at(std::popcount(set))] * (worth[static_cast<std::size_t>(set | player) * at(k) + at(slot)] -
                                                   worth[static_cast<std::size_t>(set) * at(k) + at(slot)]);
        values[place] = value / static_cast<double>(b);
        double mean = 0, squares = 0;
        for (std::int64_t r = 0; r < b; ++r) mean += shares[at((r * m + j) * k + slot)] / static_cast<double>(b);
        for (std::int64_t r = 0; r < b; ++r) squares += std::pow(shares[at((r * m + j) * k + slot)] - mean, 2);
        if (b > 1) errors[place] = std::sqrt(squares / static_cast<double>(b - 1) / static_cast<double>(b));
      }
  }
  Tensor base = detail::mean_output(model_, background_, method, options_.output);
  if (options_.target) base = base.slice(0, *options_.target, *options_.target + 1);
  parts.base_values = base.unsqueeze(0).expand({count, k});
  parts.n_background = b;
  detail::blank_rows_without_numbers(parts);
  return detail::named(std::move(parts), options_.feature_names, options_.output_names, at_rows.model_outputs);
}

}  // namespace xg::explain
