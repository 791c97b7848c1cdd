#include "explain/random_models.hpp"

#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/explain/explain.hpp>
#include <xgrad/tensor/threads.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <exception>

namespace xg_test {

using namespace xg;
using explain::Explanation;

namespace {

bool same_bits(const Tensor& a, const Tensor& b) {
  const std::vector<double> u = a.to_vector(), v = b.to_vector();
  return std::equal(u.begin(), u.end(), v.begin(), v.end(),
                    [](double p, double q) { return p == q || (std::isnan(p) && std::isnan(q)); });
}

/// Shapley values of one row by the definition, [n, K]; NaN where a coalition has no number. `largest` becomes the size
/// of the largest value of a coalition.
std::vector<double> enumerated(const RandomModel& model, std::int64_t row, double& largest) {
  const std::int64_t n = model.rows.size(1), b = model.references.size(0), sets = std::int64_t{1} << n;
  const std::vector<double> x = model.rows.narrow(0, row, 1).to_vector(), r = model.references.to_vector();
  std::vector<double> points;
  for (std::int64_t set = 0; set < sets; ++set)
    for (std::int64_t ref = 0; ref < b; ++ref)
      for (std::int64_t i = 0; i < n; ++i)
        points.push_back(set >> i & 1 ? x[static_cast<std::size_t>(i)] : r[static_cast<std::size_t>(ref * n + i)]);
  const Tensor y = model.function(from_data(points.data(), {sets * b, n}).to(model.rows.dtype()));
  const std::int64_t k = y.numel() / y.size(0);
  const std::vector<double> flat = y.to_vector();
  std::vector<double> game(static_cast<std::size_t>(sets * k), 0.0), phi(static_cast<std::size_t>(n * k), 0.0);
  for (std::int64_t set = 0; set < sets; ++set)
    for (std::int64_t ref = 0; ref < b; ++ref)
      for (std::int64_t j = 0; j < k; ++j)
        game[static_cast<std::size_t>(set * k + j)] +=
            flat[static_cast<std::size_t>((set * b + ref) * k + j)] / static_cast<double>(b);
  largest = 0;
  for (const double w : game) largest = std::max(largest, std::abs(w));
  std::vector<double> factorial{1};
  for (std::int64_t i = 1; i <= n; ++i) factorial.push_back(factorial.back() * static_cast<double>(i));
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t set = 0; set < sets; ++set) {
      if (set >> i & 1) continue;
      const auto size = static_cast<std::size_t>(std::popcount(static_cast<std::uint64_t>(set)));
      const double weight = factorial[size] * factorial[static_cast<std::size_t>(n) - size - 1] / factorial.back();
      for (std::int64_t j = 0; j < k; ++j)
        phi[static_cast<std::size_t>(i * k + j)] += weight * (game[static_cast<std::size_t>((set | 1 << i) * k + j)] -
                                                              game[static_cast<std::size_t>(set * k + j)]);
    }
  return phi;
}

}  // namespace

std::vector<std::string> check_random_model(std::uint64_t seed, Dtype dtype) {
  const NoGrad guard;
  const RandomModel model = random_model(seed, dtype);
  std::vector<std::string> wrong;
  const auto fail = [&](const std::string& what) {
    wrong.push_back(fmt::format("model {} in {} ({}): {}", seed, name(dtype), model.text, what));
  };
  const auto finite = [](const Tensor& t) { return isfinite(t).all().item<bool>(); };
  if (!finite(model.function(model.references))) return wrong;  // nothing to compare with
  const std::int64_t n = model.rows.size(1), count = model.rows.size(0);
  const double tolerance = dtype == float64 ? 1e-9 : 2e-4, smallest = dtype == float64 ? 1e-290 : 1e-30;
  try {
    const explain::DeepShap deep(model.function, model.references, {.output = explain::Output::model});
    const Explanation e = deep(model.rows);
    const std::int64_t k = e.outputs_explained();
    const std::vector<double> values = e.values().to_vector(), residual = e.residual().to_vector(),
                              outputs = e.outputs().to_vector(), bases = e.base_values().to_vector();
    const std::vector<double> x = model.rows.to_vector(), r = model.references.to_vector();
    for (std::int64_t row = 0; row < count; ++row) {
      bool clean = true;
      for (std::int64_t j = 0; j < k; ++j)
        clean = clean && std::isfinite(outputs[static_cast<std::size_t>(row * k + j)]);
      if (!clean) {
        if (e.notes().empty()) fail(fmt::format("row {} has no finite prediction and there is no note", row));
        continue;
      }
      for (std::int64_t j = 0; j < k; ++j) {
        const auto place = static_cast<std::size_t>(row * k + j);
        double size = std::abs(outputs[place]) + std::abs(bases[place]);
        for (std::int64_t i = 0; i < n; ++i) size += std::abs(values[static_cast<std::size_t>((row * n + i) * k + j)]);
        if (!std::isfinite(size)) fail(fmt::format("row {}, output {}: a contribution is no number", row, j));
        if (std::abs(residual[place]) > tolerance * size + smallest && e.notes().empty())
          fail(fmt::format("row {}, output {}: residual {:.3g} of {:.3g} without a note", row, j, residual[place],
                           size));
      }
      for (std::int64_t i = 0; i < n; ++i) {
        bool idle = std::find(model.unused.begin(), model.unused.end(), i) != model.unused.end();
        bool never_differs = true;
        for (std::int64_t b = 0; b < model.references.size(0); ++b)
          never_differs =
              never_differs && r[static_cast<std::size_t>(b * n + i)] == x[static_cast<std::size_t>(row * n + i)];
        if (!idle && !never_differs) continue;
        for (std::int64_t j = 0; j < k; ++j)
          if (values[static_cast<std::size_t>((row * n + i) * k + j)] != 0)
            fail(fmt::format("feature {} of row {} does nothing and contributes {:.3g}", i, row,
                             values[static_cast<std::size_t>((row * n + i) * k + j)]));
      }
      if (!same_bits(deep(model.rows.narrow(0, row, 1)).values(), e.values().narrow(0, row, 1)))
        fail(fmt::format("row {} alone differs from row {} among others", row, row));
    }
    const std::int64_t threads = num_threads();
    set_num_threads(threads == 1 ? 2 : 1);
    const Explanation other = deep(model.rows);
    set_num_threads(threads);
    if (!same_bits(other.values(), e.values())) fail("one thread and two threads differ");
    // Linearity: 2.5 f - 1 moves by 2.5 times as much.
    const explain::DeepShap scaled([f = model.function](const Tensor& t) { return f(t) * 2.5 - 1.0; }, model.references,
                                   {.output = explain::Output::model});
    const std::vector<double> twice = scaled(model.rows).values().to_vector();
    double size = 0;
    for (const std::vector<double>* numbers : {&values, &outputs, &bases})
      for (const double v : *numbers)
        if (std::isfinite(v)) size = std::max(size, std::abs(v));
    for (std::size_t i = 0; i < values.size(); ++i)
      if (std::isfinite(values[i]) && std::abs(twice[i] - 2.5 * values[i]) > 10 * tolerance * size + smallest) {
        fail(fmt::format("2.5 f - 1 at place {}: {:.9g}, f: {:.9g}", i, twice[i], values[i]));
        break;
      }
    // A row that is its own baseline has nothing to explain.
    const Explanation self =
        explain::DeepLift(model.function, {.baseline = model.rows.narrow(0, 0, 1), .output = explain::Output::model})(
            model.rows.narrow(0, 0, 1));
    for (const double v : self.values().to_vector())
      if (v != 0 && std::isfinite(outputs[0])) fail("a row contributes against itself");
  } catch (const std::exception& error) {
    fail(fmt::format("DeepShap throws: {}", error.what()));
  }
  try {
    const Explanation exact =
        explain::ExactShapley(model.function, model.references, {.output = explain::Output::model})(model.rows);
    const std::int64_t k = exact.outputs_explained();
    const std::vector<double> values = exact.values().to_vector(), outputs = exact.outputs().to_vector(),
                              residual = exact.residual().to_vector();
    for (std::int64_t row = 0; row < count; ++row) {
      bool clean = true;
      for (std::int64_t j = 0; j < k; ++j)
        clean = clean && std::isfinite(outputs[static_cast<std::size_t>(row * k + j)]);
      if (!clean) continue;
      double size = 0;
      const std::vector<double> phi = enumerated(model, row, size);
      if (!std::all_of(phi.begin(), phi.end(), [](double v) { return std::isfinite(v); })) {
        if (exact.notes().empty()) fail(fmt::format("row {}: a coalition has no number and there is no note", row));
        continue;
      }
      for (const double v : phi) size += std::abs(v);
      for (std::int64_t j = 0; j < k; ++j) size += std::abs(outputs[static_cast<std::size_t>(row * k + j)]);
      for (std::size_t i = 0; i < phi.size(); ++i)
        if (!(std::abs(values[static_cast<std::size_t>(row) * phi.size() + i] - phi[i]) <= tolerance * size))
          fail(fmt::format("ExactShapley of row {}, place {}: {:.9g}, by enumeration {:.9g}", row, i,
                           values[static_cast<std::size_t>(row) * phi.size() + i], phi[i]));
      for (std::int64_t j = 0; j < k; ++j)
        if (!(std::abs(residual[static_cast<std::size_t>(row * k + j)]) <= tolerance * size))
          fail(fmt::format("ExactShapley of row {}, output {}: residual {:.3g}", row, j,
                           residual[static_cast<std::size_t>(row * k + j)]));
    }
  } catch (const std::exception& error) {
    fail(fmt::format("ExactShapley throws: {}", error.what()));
  }
  return wrong;
}

}  // namespace xg_test
