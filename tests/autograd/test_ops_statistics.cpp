// Quantiles, medians, sums beside NaN, covariances, histograms and integrals, against their definitions.
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/functional.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

using namespace xg;
using xg_test::expect_close;
using xg_test::leaf;

namespace {

using Ints = std::vector<std::int64_t>;
using Doubles = std::vector<double>;
constexpr double none = std::numeric_limits<double>::quiet_NaN();
constexpr double infinite = std::numeric_limits<double>::infinity();

Tensor doubles(const Doubles& values, const Shape& shape) {
  return from_data(values.data(), shape, {.dtype = float64});
}

/// Different numbers in no order.
Tensor mixed(const Shape& shape, double phase = 0.3) {
  return (sin(arange(shape.numel(), {.dtype = float64}) * 2.3 + phase) * 3).reshape(shape);
}

template <class F> void check_derivatives(F f, const std::vector<Tensor>& at) {
  std::vector<Tensor> inputs;
  for (const Tensor& x : at) inputs.push_back(x.clone().requires_grad_());
  const TensorsFunction g = [&](const std::vector<Tensor>& in) { return f(in); };
  const GradcheckResult first = gradcheck(g, inputs), second = gradgradcheck(g, inputs);
  INFO(first.message << second.message);
  CHECK(first.passed);
  CHECK(second.passed);
}

/// The q-quantile of a row by its definition.
double quantile_of(Doubles row, double q, QuantileMode mode) {
  std::sort(row.begin(), row.end());
  const double place = q * static_cast<double>(row.size() - 1);
  const double a = row[static_cast<std::size_t>(std::floor(place))],
               b = row[static_cast<std::size_t>(std::ceil(place))];
  switch (mode) {
    case QuantileMode::lower:
      return a;
    case QuantileMode::higher:
      return b;
    case QuantileMode::midpoint:
      return (a + b) / 2;
    case QuantileMode::nearest:
      return row[static_cast<std::size_t>(std::nearbyint(place))];
    default:
      return a + (place - std::floor(place)) * (b - a);
  }
}

constexpr QuantileMode all_modes[] = {QuantileMode::linear, QuantileMode::lower, QuantileMode::higher,
                                      QuantileMode::midpoint, QuantileMode::nearest};

}  // namespace

// Breaks if places or interpolation differ from the definition.
TEST_CASE("quantile agrees with its definition") {
  const Tensor x = mixed({4, 7});
  const Doubles values = x.to_vector(), wanted{0, 0.25, 0.37, 0.5, 0.75, 0.9, 1};
  for (const QuantileMode mode : all_modes) {
    Doubles all, rows;
    for (const double q : wanted) {
      all.push_back(quantile_of(values, q, mode));
      for (std::size_t i = 0; i < 4; ++i)
        rows.push_back(quantile_of({values.begin() + static_cast<std::ptrdiff_t>(7 * i),
                                    values.begin() + static_cast<std::ptrdiff_t>(7 * i + 7)},
                                   q, mode));
      expect_close(quantile(x, q, {}, false, mode), {all.back()}, 1e-13);
    }
    const Tensor q = doubles(wanted, {7});
    expect_close(quantile(x, q, {}, false, mode), all, 1e-13);
    const Tensor by_row = quantile(x, q, 1, false, mode);
    CHECK(by_row.shape() == Shape{7, 4});
    expect_close(by_row, rows, 1e-13);
    expect_close(quantile(transpose(x, 0, 1), q, 0, true, mode).squeeze(Dims(1)), by_row, 1e-13);
  }
}

// Breaks if keepdim or a 0-d tensor gives another shape than in PyTorch.
TEST_CASE("shapes of quantiles") {
  const Tensor x = mixed({2, 3, 4}), q = doubles({0.1, 0.9}, {2});
  CHECK(quantile(x, 0.5).shape() == Shape{});
  CHECK(quantile(x, 0.5, {}, true).shape() == Shape{1, 1, 1});
  CHECK(quantile(x, 0.5, 1).shape() == Shape{2, 4});
  CHECK(quantile(x, 0.5, -2, true).shape() == Shape{2, 1, 4});
  CHECK(quantile(x, q, 0).shape() == Shape{2, 3, 4});
  CHECK(quantile(x, q, {}, true).shape() == Shape{2, 1, 1, 1});
  CHECK(quantile(mixed({}), q, 0, true).shape() == Shape{2});
  CHECK(quantile(mixed({}), 0.5, -1, true).shape() == Shape{});
  CHECK(quantile(x, doubles({}, {0}), 0).shape() == Shape{0, 3, 4});
}

// Breaks if a NaN does not spread, or counts as a number where it is to be ignored.
TEST_CASE("quantiles beside NaN and infinities") {
  const Tensor x = doubles({3, none, 1, 2, 5, 4, none, none, none}, {3, 3});
  const Doubles got = quantile(x, 0.5, 1).to_vector();
  CHECK(std::isnan(got[0]));
  CHECK(std::isnan(got[2]));
  CHECK(got[1] == 4);
  expect_close(nanquantile(x, 0.5, 1), {2, 4, none});
  expect_close(nanquantile(x, doubles({0, 0.25, 1}, {3}), 1), {1, 2, none, 1.5, 3, none, 3, 5, none});
  for (const QuantileMode mode : all_modes)
    expect_close(nanquantile(x, 0.3, {}, false, mode), {quantile_of({3, 1, 2, 5, 4}, 0.3, mode)}, 1e-13);
  expect_close(quantile(doubles({-infinite, -infinite, 1, infinite, infinite}, {5}), doubles({0.1, 0.5, 0.9}, {3})),
               {-infinite, 1, infinite});
}

// Breaks if the gradient does not go to the neighbours, or to q.
TEST_CASE("derivatives of quantiles") {
  const Tensor x = mixed({3, 5}), q = doubles({0.13, 0.4, 0.81}, {3});
  for (const QuantileMode mode : all_modes) {
    check_derivatives([&](const auto& in) { return square(quantile(in[0], q, 1, false, mode)); }, {x});
    check_derivatives([&](const auto& in) { return square(nanquantile(in[0], 0.3, {}, false, mode)); }, {x});
  }
  check_derivatives([&](const auto& in) { return square(quantile(in[0], in[1], 0)); }, {x, q});
}

// Breaks if an argument is not checked.
TEST_CASE("errors of quantiles") {
  const Tensor x = mixed({3});
  CHECK_ERROR(quantile(x, 1.5), ValueError, "[quantile]", "between 0 and 1");
  CHECK_ERROR(quantile(x, none), ValueError, "[quantile]");
  CHECK_ERROR(nanquantile(x, -0.1), ValueError, "[nanquantile]");
  CHECK_ERROR(quantile(tensor<std::int64_t>({1, 2}), 0.5), DtypeError, "[quantile]");
  CHECK_ERROR(quantile(x, mixed({2}).to(float32)), DtypeError, "[quantile]", "float64", "float32");
  CHECK_ERROR(quantile(x, zeros({1, 1}, {.dtype = float64})), ShapeError, "[quantile]", "[1, 1]");
  CHECK_ERROR(quantile(zeros({0, 2}), 0.5), ShapeError, "[quantile]", "[0, 2]");
  CHECK_ERROR(quantile(x, 0.5, 1), IndexError, "[quantile]");
}

// Breaks if another element than the lower middle one is chosen, or NaN is not found.
TEST_CASE("median and nanmedian") {
  const Tensor x = doubles({4, 1, 3, 2, 2, 9, 7, 8}, {2, 4});
  CHECK(median(x).item() == 3);
  const auto [values, index] = median(x, 1);
  CHECK(values.to_vector() == Doubles{2, 7});
  CHECK(index.to_vector<std::int64_t>() == Ints{3, 2});
  CHECK(median(x, 0, true).first.shape() == Shape{1, 4});
  CHECK(median(tensor<std::int64_t>({3, 1, 2, 2})).item<std::int64_t>() == 2);

  const Tensor with_nan = doubles({4, none, 3, none, 1, 2}, {6});
  CHECK(std::isnan(median(with_nan).item()));
  CHECK(median(with_nan, 0).second.item<std::int64_t>() == 1);
  CHECK(nanmedian(with_nan).item() == 2);
  CHECK(nanmedian(with_nan, 0).second.item<std::int64_t>() == 5);
  CHECK(std::isnan(nanmedian(doubles({none, none}, {2})).item()));
  CHECK(nanmedian(doubles({none, none}, {2}), 0).second.item<std::int64_t>() == 0);

  CHECK(std::isnan(median(zeros({0})).item()));
  CHECK_ERROR(median(zeros({0}, {.dtype = int64})), ShapeError, "[median]");
  CHECK_ERROR(median(zeros({2, 0}), 1), ShapeError, "[median]");
  CHECK(median(zeros({0, 2}), 1).first.shape() == Shape{0});
  CHECK_ERROR(nanmedian(x, 2), IndexError, "[nanmedian]");
}

// Breaks if ties are treated otherwise than in PyTorch: shared without a dim, the element at the index with one.
TEST_CASE("gradients of medians") {
  Tensor x = leaf({5, 2, 2, 1, 2});
  expect_close(grad(median(x), x), {0, 1.0 / 3, 1.0 / 3, 0, 1.0 / 3});
  const auto [value, index] = median(x, 0);
  CHECK(index.item<std::int64_t>() == 2);  // the third in stable order
  expect_close(grad(value, x), {0, 0, 1, 0, 0});
  Tensor partly = leaf({none, 3, 1, none, 2});
  expect_close(grad(nanmedian(partly), partly), {0, 0, 0, 0, 1});
  expect_close(grad(median(partly), partly), {0.5, 0, 0, 0.5, 0});
  check_derivatives([](const auto& in) { return square(median(in[0])); }, {mixed({3, 3})});
  check_derivatives([](const auto& in) { return square(median(in[0], 0).first); }, {mixed({3, 4})});
}

// Breaks if a NaN is counted or gets a gradient.
TEST_CASE("nansum and nanmean") {
  Tensor x = doubles({1, none, 3, none, none, 5}, {2, 3}).requires_grad_();
  expect_close(nansum(x), {9});
  expect_close(nansum(x, 0), {1, 0, 8});
  expect_close(nanmean(x, 1, true), {2, 5});
  expect_close(nanmean(x, 0), {1, none, 4});
  expect_close(grad(nansum(x), x), {1, 0, 1, 0, 0, 1});
  expect_close(grad(nanmean(x), x), {1.0 / 3, 0, 1.0 / 3, 0, 0, 1.0 / 3});
  CHECK(nansum(tensor<std::int64_t>({1, 2})).dtype() == int64);
  CHECK(nanmean(tensor<std::int64_t>({1, 2}), {}, false, {.dtype = float64}).item() == 1.5);
  CHECK_ERROR(nanmean(tensor<std::int64_t>({1, 2})), DtypeError, "[nanmean]");
  const Tensor y = mixed({3, 4});
  expect_close(nanmean(y, 1), mean(y, 1), 1e-14);
  check_derivatives([](const auto& in) { return square(nanmean(in[0], 0)); }, {y});
}

// Breaks if a weight or the correction enters elsewhere than in the definition.
TEST_CASE("cov agrees with its definition") {
  const Tensor x = mixed({3, 5}), importance = doubles({0.2, 1.5, 0.7, 0.1, 0.4}, {5});
  const Tensor counts = tensor<std::int64_t>({2, 1, 3, 0, 1});
  const Doubles v = x.to_vector();
  for (const bool with_counts : {false, true})
    for (const bool with_importance : {false, true})
      for (const std::int64_t correction : {0, 1, 2}) {
        const Doubles f = with_counts ? counts.to(float64).to_vector() : Doubles(5, 1.0);
        const Doubles a = with_importance ? importance.to_vector() : Doubles(5, 1.0);
        double total = 0, squares = 0;
        for (std::size_t k = 0; k < 5; ++k) total += f[k] * a[k], squares += f[k] * a[k] * a[k];
        const double freedom = total - static_cast<double>(correction) * (with_importance ? squares / total : 1);
        Doubles want;
        for (std::size_t i = 0; i < 3; ++i)
          for (std::size_t j = 0; j < 3; ++j) {
            double mi = 0, mj = 0, c = 0;
            for (std::size_t k = 0; k < 5; ++k) mi += f[k] * a[k] * v[5 * i + k], mj += f[k] * a[k] * v[5 * j + k];
            for (std::size_t k = 0; k < 5; ++k)
              c += f[k] * a[k] * (v[5 * i + k] - mi / total) * (v[5 * j + k] - mj / total);
            want.push_back(c / std::max(freedom, 0.0));
          }
        expect_close(cov(x, correction, with_counts ? counts : Tensor(), with_importance ? importance : Tensor()), want,
                     1e-12);
      }
}

// Breaks if counts are anything but repetitions, or sums of many counts are rounded.
TEST_CASE("counts of observations are repetitions") {
  const Tensor x = mixed({2, 4}), counts = tensor<std::int32_t>({3, 0, 2, 1});
  expect_close(cov(x, 1, counts), cov(repeat_interleave(x, counts, 1)), 1e-13);
  // 2^24 + 1 observations, more than a float32 can count.
  const Tensor few = tensor({0.0f, 1.0f}), many = tensor<std::int64_t>({16777216, 1});
  expect_close(cov(few, 16777216, many), {1 - 1.0 / 16777217}, 1e-6);
}

// Breaks if shapes, dtypes or degenerate cases differ from PyTorch's.
TEST_CASE("shapes, dtypes and errors of cov") {
  CHECK(cov(mixed({5})).shape() == Shape{});
  CHECK(cov(mixed({1, 5})).shape() == Shape{});
  CHECK(cov(mixed({3, 5})).shape() == Shape{3, 3});
  expect_close(cov(tensor<std::int64_t>({1, 2, 4})), {7.0 / 3}, 1e-6);
  CHECK(std::isnan(cov(doubles({1}, {1})).item()));        // 0 / 0
  CHECK(cov(doubles({1, 2}, {2}), 5).item() == infinite);  // no degrees of freedom
  CHECK(cov(mixed({2, 3}), 1, {}, ones({3})).dtype() == float64);
  const Tensor x = mixed({2, 3});
  CHECK_ERROR(cov(mixed({1, 2, 3})), ShapeError, "[cov]");
  CHECK_ERROR(cov(x > 0), DtypeError, "[cov]");
  CHECK_ERROR(cov(x, 1, ones({3})), DtypeError, "[cov]", "fweights");
  CHECK_ERROR(cov(x, 1, tensor<std::int64_t>({1, 2})), ShapeError, "[cov]", "fweights");
  CHECK_ERROR(cov(x, 1, tensor<std::int64_t>({1, -2, 3})), ValueError, "[cov]", "negative");
  CHECK_ERROR(cov(x, 1, {}, tensor<std::int64_t>({1, 2, 3})), DtypeError, "[cov]", "aweights");
  CHECK_ERROR(cov(x, 1, {}, -ones({3})), ValueError, "[cov]", "aweights");
}

// Breaks if correlations depend on units.
TEST_CASE("corrcoef") {
  const Tensor x = mixed({3, 6}), c = corrcoef(x);
  expect_close(diagonal(c), {1, 1, 1}, 1e-14);
  expect_close(corrcoef(x * doubles({2, 0.1, 30}, {3, 1}) + 7), c, 1e-12);
  expect_close(corrcoef(stack({select(x, 0, 0), -3 * select(x, 0, 0)})), {1, -1, -1, 1}, 1e-14);
  expect_close(corrcoef(mixed({4})), {1}, 1e-6);
  CHECK(std::isnan(corrcoef(ones({2, 3})).to_vector()[1]));
  CHECK_ERROR(corrcoef(mixed({1, 2, 3})), ShapeError, "[corrcoef]");
}

// Breaks if a derivative of a composition is cut.
TEST_CASE("derivatives of cov and corrcoef") {
  const Tensor x = mixed({2, 4}), a = doubles({0.2, 1.5, 0.7, 0.4}, {4});
  const Tensor counts = tensor<std::int64_t>({1, 2, 1, 3});
  check_derivatives([&](const auto& in) { return cov(in[0], 1, counts, in[1]); }, {x, a});
  check_derivatives([&](const auto& in) { return cov(in[0], 0); }, {x});
  check_derivatives([](const auto& in) { return select(corrcoef(in[0]), 0, 0).narrow(0, 1, 1); }, {x});
}

// Breaks if a number falls into another bin.
TEST_CASE("bincount, histc and histogram agree with counting") {
  const Tensor x = mixed({200});
  const Doubles v = x.to_vector();
  Doubles counts(6), weighted(6);
  const Tensor weight = mixed({200}, 1.1);
  const Doubles w = weight.to_vector();
  for (std::size_t i = 0; i < v.size(); ++i) {
    if (v[i] < -2 || v[i] > 2.5) continue;
    const auto bin = static_cast<std::size_t>(std::min(5.0, std::floor((v[i] + 2) / 0.75)));
    counts[bin] += 1;
    weighted[bin] += w[i];
  }
  expect_close(histc(x, 6, -2, 2.5), counts);
  const auto [hist, edges] = histogram(x, 6, {.range = std::pair(-2.0, 2.5)});
  expect_close(hist, counts);
  expect_close(edges, {-2, -1.25, -0.5, 0.25, 1, 1.75, 2.5}, 1e-14);
  expect_close(histogram(x, edges, {.weight = weight}).first, weighted, 1e-12);
  const auto [density, all] = histogram(x, 9, {.weight = square(weight), .density = true});
  expect_close(sum(density * diff(all)), {1}, 1e-12);

  expect_close(histc(doubles({1, 2, 3, none}, {4}), 2, 1, 3), {1, 2});  // the last bin is closed, NaN in none
  expect_close(histc(doubles({4, 4, 4}, {3}), 3), {0, 3, 0});           // one wider on each side
  expect_close(histc(zeros({0}), 2), {0, 0});
  expect_close(histc(doubles({0, 1, 10}, {3}), 2), {2, 1});
  CHECK(histc(ones({3}, {.dtype = float32}), 2, 0, 2).dtype() == float32);

  const Tensor numbers = tensor<std::int64_t>({1, 3, 1, 0, 6});
  CHECK(bincount(numbers).to_vector<std::int64_t>() == Ints{1, 2, 0, 1, 0, 0, 1});
  CHECK(bincount(numbers, {}, 9).numel() == 9);
  CHECK(bincount(numbers.to(uint8)).dtype() == int64);
  CHECK(bincount(zeros({0}, {.dtype = int64})).numel() == 0);
  expect_close(bincount(numbers, doubles({0.5, 2, 0.25, -1, 4}, {5})), {-1, 0.75, 0, 2, 0, 0, 4});
  CHECK(bincount(numbers, ones({5}, {.dtype = float32})).dtype() == float32);
  CHECK(bincount(numbers, numbers).dtype() == float64);
}

// Breaks if an argument is not checked.
TEST_CASE("errors of histograms") {
  const Tensor x = mixed({4});
  CHECK_ERROR(histc(x, 0), ValueError, "[histc]", "bins is 0");
  CHECK_ERROR(histc(x, 3, 2, 1), ValueError, "[histc]", "reversed");
  CHECK_ERROR(histc(x, 3, 0, infinite), ValueError, "[histc]", "finite");
  CHECK_ERROR(histc(doubles({1, none}, {2}), 3), ValueError, "[histc]", "finite");
  CHECK_ERROR(histc(tensor<std::int64_t>({1})), DtypeError, "[histc]");
  CHECK_ERROR(histogram(x, doubles({1, 0}, {2})), ValueError, "[histogram]", "ascending");
  CHECK_ERROR(histogram(x, doubles({1}, {1})), ShapeError, "[histogram]");
  CHECK_ERROR(histogram(x, doubles({0, 1}, {2}).to(float32)), DtypeError, "[histogram]");
  CHECK_ERROR(histogram(x, 3, {.weight = mixed({5})}), ShapeError, "[histogram]", "weights");
  CHECK_ERROR(bincount(tensor<std::int64_t>({1, -1})), ValueError, "[bincount]", "-1");
  CHECK_ERROR(bincount(x), DtypeError, "[bincount]");
  CHECK_ERROR(bincount(zeros({2, 2}, {.dtype = int64})), ShapeError, "[bincount]");
  CHECK_ERROR(bincount(tensor<std::int64_t>({1}), x), ShapeError, "[bincount]");
  CHECK_ERROR(bincount(tensor<std::int64_t>({1}), {}, -1), ValueError, "[bincount]", "minlength");
  CHECK_ERROR(bincount(tensor<std::int64_t>({std::numeric_limits<std::int64_t>::max()})), ValueError, "[bincount]");
}

// Breaks if the rule is not exact for straight lines.
TEST_CASE("trapezoid and cumulative_trapezoid") {
  const Tensor x = doubles({-1, 0.5, 2, 2.5, 4}, {5}), y = 3 * x - 2;
  const auto integral = [](double t) { return 1.5 * t * t - 2 * t; };
  expect_close(trapezoid(y, x), {integral(4) - integral(-1)}, 1e-14);
  Doubles running;
  for (const double t : {0.5, 2.0, 2.5, 4.0}) running.push_back(integral(t) - integral(-1));
  expect_close(cumulative_trapezoid(y, x), running, 1e-14);
  expect_close(trapezoid(y), {sum(narrow(y, 0, 0, 4) + narrow(y, 0, 1, 4)).item() / 2}, 1e-14);
  expect_close(trapezoid(y, 0.5), trapezoid(y) * 0.5, 1e-14);

  const Tensor many = mixed({3, 5, 2});
  expect_close(trapezoid(many, x, 1), trapezoid(movedim(many, 1, -1), x), 1e-14);
  expect_close(select(cumulative_trapezoid(many, x, 1), 1, -1), trapezoid(many, x, 1), 1e-13);
  expect_close(trapezoid(many, expand(reshape(x, {1, 5, 1}), {3, 5, 2}), 1), trapezoid(many, x, 1), 1e-14);
  CHECK(trapezoid(zeros({2, 1})).to_vector() == Doubles{0, 0});
  CHECK(trapezoid(zeros({2, 0})).to_vector() == Doubles{0, 0});
  CHECK(cumulative_trapezoid(zeros({2, 1})).shape() == Shape{2, 0});
  CHECK(trapezoid(tensor<std::int64_t>({1, 2, 4})).item() == 4.5);
  check_derivatives([](const auto& in) { return square(trapezoid(in[0], in[1], 1)); },
                    {mixed({2, 4}), mixed({2, 4}, 1)});
  check_derivatives([](const auto& in) { return square(cumulative_trapezoid(in[0], in[1])); },
                    {mixed({2, 4}), mixed({4}, 1)});
  CHECK_ERROR(trapezoid(zeros({})), IndexError, "[trapezoid]");
  CHECK_ERROR(trapezoid(y, doubles({1, 2}, {2})), ShapeError, "[trapezoid]", "2 places", "5 samples");
  CHECK_ERROR(trapezoid(y > 0), DtypeError, "[trapezoid]");
  CHECK_ERROR(cumulative_trapezoid(y, 1.0, 1), IndexError, "[cumulative_trapezoid]");
}

// Breaks if slices below the bound are scaled, or the others left above it.
TEST_CASE("renorm") {
  const Tensor x = mixed({3, 4}), norms = vector_norm(x, 2, 1);
  const Tensor bounded = vector_norm(renorm(x, 2, 0, 4.15), 2, 1);
  expect_close(bounded, minimum(norms, full({}, 4.15, {.dtype = float64})), 1e-6);
  CHECK(amax(norms).item() > 4.15);
  CHECK(amin(norms).item() < 4.15);
  check_derivatives([](const auto& in) { return renorm(in[0], 3, 1, 3.5); }, {x});
  CHECK_ERROR(renorm(x, 0, 0, 1), ValueError, "[renorm]", "p is 0");
  CHECK_ERROR(renorm(x, 2, 0, -1), ValueError, "[renorm]", "maxnorm");
  CHECK_ERROR(renorm(mixed({3}), 2, 0, 1), ShapeError, "[renorm]");
}
