#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/explain/detail/recording.hpp>
#include <xgrad/explain/detail/structure.hpp>
#include <xgrad/explain/model_function.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace xg::explain {
namespace {

/// The number of rows among which one is looked for that differs from the first.
constexpr std::int64_t max_candidates = 256;

/// The rows among the first ones that hold only finite numbers.
std::vector<Tensor> clean_rows(const Tensor& rows) {
  std::vector<Tensor> clean;
  if (!rows.defined()) return clean;
  for (std::int64_t i = 0; i < std::min(rows.size(0), max_candidates); ++i) {
    const Tensor row = rows.narrow(0, i, 1);
    const std::vector<double> values = row.to_vector();
    if (std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); })) clean.push_back(row);
  }
  return clean;
}

/// The row most different from `row`, undefined if all are equal to it: what a model does by the batch shows there. One
/// of zeros only if there is no other: in a product it would hide what it is multiplied with.
Tensor farthest_from(const Tensor& row, const std::vector<Tensor>& candidates) {
  const std::vector<double> from = row.to_vector();
  Tensor farthest, of_zeros;
  double largest_distance = 0;
  for (const Tensor& candidate : candidates) {
    const std::vector<double> values = candidate.to_vector();
    double distance = 0, size = 0;
    for (std::size_t i = 0; i < from.size(); ++i)
      distance += std::abs(values[i] - from[i]), size += std::abs(values[i]);
    if (size == 0 && distance > 0)
      of_zeros = candidate;
    else if (distance > largest_distance)
      largest_distance = distance, farthest = candidate;
  }
  return farthest.defined() ? farthest : of_zeros;
}

/// The outputs of the model for a batch of rows: [rows][J].
std::vector<double> outputs_of(const ModelFunction& model, const std::vector<Tensor>& rows, const char* method) {
  const Tensor input = cat(rows, 0), result = model(input);
  detail::check_rows(result, input, method);
  return result.to_vector();
}

/// Do rows i of u and j of v agree, rows of n numbers, up to `part` of the largest? A run of as many rows gives the
/// same bits; one of another number may sum in another order.
bool same_row(std::size_t n, const std::vector<double>& u, std::size_t i, const std::vector<double>& v, std::size_t j,
              double part = 1e-6) {
  double largest = 0;
  for (std::size_t k = 0; k < n; ++k)
    if (std::isfinite(u[i * n + k])) largest = std::max(largest, std::abs(u[i * n + k]));
  for (std::size_t k = 0; k < n; ++k) {
    const double p = u[i * n + k], q = v[j * n + k];
    if (!(p == q || (std::isnan(p) && std::isnan(q)) || std::abs(p - q) <= part * largest)) return false;
  }
  return true;
}

/// Throws the Error that says why the model's results for rows a and b depend on the other rows of the batch.
[[noreturn]] void throw_cause(const ModelFunction& model, const Tensor& a, const Tensor& b, const char* method) {
  const std::vector<double> once = outputs_of(model, {a, b}, method), again = outputs_of(model, {a, b}, method);
  const std::size_t n = once.size() / 2;
  if (!same_row(n, once, 0, again, 0) || !same_row(n, once, 1, again, 1))
    raise<Error>(
        "[{}] the model is random: the same rows gave {:.6g} and then {:.6g}. Explain a model without random numbers, "
        "or one in which they are constants.",
        method, once[0], again[0]);
  // Two recordings with different numbers of rows show which op branches, reads by hand, or mixes rows.
  const detail::Recording two = detail::record(model, cat({a, a}, 0), method),
                          three = detail::record(model, cat({b, b, b}, 0), method);
  const detail::Structure structure =
      detail::compare(two, three, detail::find_target(two, Output::model, method), false, method);
  if (!structure.coupled.empty())
    raise<Error>(
        "[{}] {} mixes the rows of a batch, and what the model returns for a row changes with the other rows: explain "
        "a model whose result for a row depends on that row alone.",
        method, structure.coupled);
  const std::string op = detail::op_with_other_attributes(two, three, structure);
  raise<Error>(
      "[{}] what the model returns for a row changes with the other rows of its batch{}: it branches on its data, or "
      "reads numbers from them by hand. Replace branches by where(condition, a, b), and compute with ops.",
      method, op.empty() ? "" : fmt::format(" ({} is applied with other attributes)", op));
}

}  // namespace

void ModelFunction::check_independence(const Tensor& rows, const Tensor& others, const char* method) const {
  if (independent_->load(std::memory_order_relaxed)) return;
  const NoGrad guard;
  std::vector<Tensor> candidates = clean_rows(rows);
  if (candidates.empty()) return;
  const Tensor a = candidates.front();
  for (Tensor& other : clean_rows(others)) candidates.push_back(std::move(other));
  Tensor b = farthest_from(a, candidates);
  if (!b.defined()) b = zeros_like(a);
  const auto run = [&](const std::vector<Tensor>& together) { return outputs_of(*this, together, method); };
  const std::vector<double> both = run({a, b}), twice_a = run({a, a}), twice_b = run({b, b});
  const std::size_t n = both.size() / 2;
  constexpr double coarse = 1e-2;  // of runs of another number of rows, for a model that magnifies rounding
  const bool independent = same_row(n, both, 0, twice_a, 0) && same_row(n, both, 1, twice_b, 1) &&
                           same_row(n, twice_a, 0, twice_a, 1) && same_row(n, twice_b, 0, twice_b, 1) &&
                           same_row(n, both, 0, run({a}), 0, coarse) && same_row(n, both, 1, run({b, a, b}), 0, coarse);
  if (!independent) throw_cause(*this, a, b, method);
  independent_->store(true, std::memory_order_relaxed);
}

}  // namespace xg::explain
