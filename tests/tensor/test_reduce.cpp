// Reductions, scans and softmax against brute force in long double.
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>

#include <cmath>
#include <limits>
#include <random>

using namespace xg;
using xg_test::expect_close;

namespace {

constexpr double quiet_nan = std::numeric_limits<double>::quiet_NaN();
constexpr double inf = std::numeric_limits<double>::infinity();

/// Calls f(element, number of the reduced element) for all elements of x in row-major order.
template <class F> void for_each_with_target(const Tensor& x, unsigned mask, F&& f) {
  const std::vector<double> values = x.to_vector();
  for (std::int64_t flat = 0; flat < x.numel(); ++flat) {
    std::int64_t rest = flat, target = 0, scale = 1;
    for (std::size_t d = x.shape().size(); d-- > 0;) {
      const std::int64_t i = rest % x.shape()[d];
      rest /= x.shape()[d];
      if (mask >> d & 1) continue;
      target += i * scale;
      scale *= x.shape()[d];
    }
    f(values[static_cast<std::size_t>(flat)], static_cast<std::size_t>(target));
  }
}

struct BruteForce {
  std::vector<long double> sum, magnitude, deviation, largest, smallest;
  std::vector<std::int64_t> count, nonzero;

  BruteForce(const Tensor& x, unsigned mask, std::size_t n)
      : sum(n), magnitude(n), deviation(n), largest(n, -inf), smallest(n, inf), count(n), nonzero(n) {
    for_each_with_target(x, mask, [&](double v, std::size_t i) {
      sum[i] += v;
      magnitude[i] += std::abs(v);
      largest[i] = std::max<long double>(largest[i], v);
      smallest[i] = std::min<long double>(smallest[i], v);
      ++count[i];
      nonzero[i] += v != 0;
    });
    for_each_with_target(x, mask, [&](double v, std::size_t i) {
      const long double d = v - sum[i] / static_cast<long double>(count[i]);
      deviation[i] += d * d;
    });
  }
};

}  // namespace

// Breaks if a loop over rows, columns or strides misses, repeats or misplaces an element, for any shape and layout,
// and when float32 sums lose more than a few units in the last place.
TEST_CASE("reductions agree with brute force in every layout") {
  std::mt19937 random(1);
  std::normal_distribution<double> normal(0.5, 1);
  const std::vector<Shape> shapes = {{1},        {7},         {33},         {5000},         {3, 4},         {32, 6},
                                     {33, 1},    {1, 33},     {128, 70},    {700, 3},       {2, 3, 4},      {5, 1, 9},
                                     {40, 3, 5}, {3, 40, 17}, {2, 3, 2, 5}, {4, 20, 1, 19}, {2, 2, 2, 2, 2}};
  for (const Dtype dtype : {float32, float64}) {
    const double unit = dtype == float32 ? 6e-8 : 1.2e-16;
    for (const Shape& shape : shapes) {
      std::vector<double> values(static_cast<std::size_t>(shape.numel()));
      for (double& v : values) v = normal(random);
      const Tensor source = from_data(values.data(), shape, {.dtype = dtype});
      for (const auto& [layout, x] : xg_test::layouts(source)) {
        for (unsigned mask = 1; mask < 1u << shape.size(); ++mask) {
          Dims dims;
          for (std::size_t d = 0; d < shape.size(); ++d)
            if (mask >> d & 1) dims.push_back(static_cast<std::int64_t>(d));
          const Tensor total = sum(x, dims), average = mean(x, dims), variance = var(x, dims, 0), high = amax(x, dims),
                       low = amin(x, dims);
          const BruteForce want(x, mask, static_cast<std::size_t>(total.numel()));
          const auto got_sum = total.to_vector(), got_mean = average.to_vector(), got_var = variance.to_vector(),
                     got_max = high.to_vector(), got_min = low.to_vector();
          INFO(layout << ", shape " << shape << ", dims " << dims << ", " << dtype);
          double worst = 0, worst_var = 0;
          bool extremes = true;
          for (std::size_t i = 0; i < want.sum.size(); ++i) {
            const auto n = static_cast<long double>(want.count[i]);
            const auto scale = static_cast<double>(unit * want.magnitude[i]);
            worst = std::max(worst, static_cast<double>(std::abs(got_sum[i] - want.sum[i])) / scale);
            worst = std::max(worst, static_cast<double>(std::abs(got_mean[i] * n - want.sum[i])) / scale);
            worst_var =
                std::max(worst_var, static_cast<double>(std::abs(got_var[i] * n - want.deviation[i]) /
                                                        (unit * (want.deviation[i] + want.magnitude[i] / 100))));
            extremes &= got_max[i] == static_cast<double>(want.largest[i]) &&
                        got_min[i] == static_cast<double>(want.smallest[i]);
          }
          CHECK(worst < (dtype == float32 ? 4 : 64));
          CHECK(worst_var < (dtype == float32 ? 8 : 300));
          CHECK(extremes);
        }
      }
    }
  }
}

// Breaks if float32 accumulates one after another: ten million times 0.1 would miss by percents.
TEST_CASE("long float32 sums stay exact to the last places") {
  const Tensor x = full({10'000'000}, 0.1, {.dtype = float32});
  const double want = 1e7 * static_cast<double>(0.1f);
  CHECK(std::abs(x.sum().item() - want) / want < 1e-7);
  const Tensor columns = full({1'000'000, 3}, 0.1, {.dtype = float32});
  const double column = 1e6 * static_cast<double>(0.1f);
  expect_close(columns.sum(0), std::vector<double>{column, column, column}, 1e-7);
  // Cancellation: the mean's rounding must not enter the variance.
  const Tensor far = cat({full({1000}, 1e6 + 1, {.dtype = float32}), full({1000}, 1e6 - 1, {.dtype = float32})});
  CHECK(var(far, {}, 0).item() == Approx(1).epsilon(1e-6));
}

// Breaks if integers do not sum to int64, wrap wrongly, or bools are not counted.
TEST_CASE("integers and bools reduce as PyTorch's do") {
  const Tensor bytes = full({1000}, 255, {.dtype = uint8});
  CHECK(bytes.sum().dtype() == int64);
  CHECK(bytes.sum().item<std::int64_t>() == 255'000);
  const Tensor big = tensor<std::int64_t>({std::numeric_limits<std::int64_t>::max(), 1});
  CHECK(big.sum().item<std::int64_t>() == std::numeric_limits<std::int64_t>::min());
  const Tensor mask = tensor<std::int64_t>({0, 1, 2, 0}).to(bool_);
  CHECK(mask.sum().item<std::int64_t>() == 2);
  CHECK(prod(tensor<int>({2, 3, 7})).dtype() == int64);
  CHECK(prod(tensor<int>({2, 3, 7})).item<std::int64_t>() == 42);
  CHECK(amax(tensor<std::uint8_t>({3, 200, 5})).item<int>() == 200);
  CHECK(amin(tensor<int>({3, -200, 5})).dtype() == int32);
  CHECK_FALSE(all(mask).item<bool>());
  CHECK(any(mask).item<bool>());
  CHECK(count_nonzero(tensor({0, quiet_nan, 1, 0})).item<std::int64_t>() == 2);
}

// Breaks if reducing nothing is not the neutral element.
TEST_CASE("empty reductions") {
  const Tensor x = zeros({0, 3});
  CHECK(x.sum().item() == 0);
  expect_close(x.sum(0), std::vector<double>{0, 0, 0});
  CHECK(x.sum(1).shape() == Shape{0});
  CHECK(prod(x).item() == 1);
  CHECK(std::isnan(x.mean().item()));
  CHECK(all(x).item<bool>());
  CHECK_FALSE(any(x).item<bool>());
  CHECK(logsumexp(x, 0).to_vector() == std::vector<double>(3, -inf));
  CHECK_ERROR(amax(x, 0), ShapeError, "[amax]", "[0, 3]");
  CHECK_ERROR(argmax(x), Error, "[argmax]");
  CHECK_ERROR(mean(tensor<int>({1, 2})), DtypeError, "[mean]", "int32");
  CHECK_ERROR(sum(zeros({2, 2}), {0, 0}), ValueError, "[sum]", "twice");
  CHECK_ERROR(sum(zeros({2, 2}), 2), IndexError, "[sum]", "dim is 2");
}

// Breaks if a column loses its NaN, or passes it on to another, wherever in the block of rows it stands.
TEST_CASE("NaN in extremes of columns") {
  for (const Dtype dtype : {float32, float64})
    for (const std::int64_t rows : {1, 2, 3, 5, 16, 21})
      for (std::int64_t at = 0; at < rows; ++at) {
        Tensor x = (arange(rows * 37).to(float64) * 7.3).sin().reshape({rows, 37}).to(dtype);
        const Tensor most = x.amax(0), least = x.amin(0);
        x.select(0, at).select(0, at % 37).fill_(quiet_nan);
        const Tensor with_most = x.amax(0), with_least = x.amin(0);
        INFO(rows << " rows, NaN in row " << at);
        bool right = true;
        for (std::int64_t column = 0; column < 37; ++column) {
          const auto value = [column](const Tensor& t) { return t.select(0, column).item<double>(); };
          right &= column == at % 37 ? std::isnan(value(with_most)) && std::isnan(value(with_least))
                                     : value(with_most) == value(most) && value(with_least) == value(least);
        }
        CHECK(right);
      }
}

// Breaks if NaN is lost in a vector lane, or when argmax does not name the first of equals.
TEST_CASE("NaN and ties in extremes") {
  for (const std::int64_t n : {1, 5, 16, 100, 3000})
    for (const std::int64_t at : {std::int64_t{0}, n / 2, n - 1}) {
      Tensor x = arange(n, {.dtype = float32});
      x.select(0, at).fill_(quiet_nan);
      INFO(n << " elements, NaN at " << at);
      CHECK(std::isnan(x.max().item()));
      CHECK(std::isnan(x.min().item()));
      CHECK(x.argmax().item<std::int64_t>() == at);
      CHECK(x.argmin().item<std::int64_t>() == at);
      const Tensor columns = x.unsqueeze(1).expand({n, 9}).contiguous();
      CHECK(std::isnan(columns.amax(0).sum().item()));
      CHECK(columns.argmax(0).to_vector<std::int64_t>() == std::vector<std::int64_t>(9, at));
    }
  CHECK(tensor({1, 3, 3, 2}).argmax().item<std::int64_t>() == 1);
  CHECK(tensor({{1, 3}, {3, 3}, {3, 1}}).argmax(0).to_vector<std::int64_t>() == std::vector<std::int64_t>{1, 0});
  CHECK(tensor({-inf, -inf}).argmax().item<std::int64_t>() == 0);
  CHECK(full({}, 5.0).argmax().item<std::int64_t>() == 0);
}

// Breaks if a scan starts anew at the wrong place or walks along the wrong dimension.
TEST_CASE("running sums and products") {
  const Tensor source = tensor({{1, 2, 3}, {4, 5, 6}});
  for (const auto& [layout, x] : xg_test::layouts(source)) {
    expect_close(cumsum(x, 0), std::vector<double>{1, 2, 3, 5, 7, 9}, 0, 0, layout);
    expect_close(cumsum(x, 1), std::vector<double>{1, 3, 6, 4, 9, 15}, 0, 0, layout);
    expect_close(cumprod(x, 1), std::vector<double>{1, 2, 6, 4, 20, 120}, 0, 0, layout);
  }
  CHECK(cumsum(tensor<int>({1, 2}), 0).dtype() == int64);
  CHECK(cumsum(zeros({0, 2}), 0).shape() == Shape{0, 2});
  CHECK(cumsum(full({}, 3.0), 0).item() == 3);
}

// Breaks if the maximum is not subtracted, when a block boundary cuts a row, or when another dimension is mixed up.
TEST_CASE("softmax and its relatives") {
  std::mt19937 random(2);
  std::normal_distribution<double> normal(0, 5);
  for (const Dtype dtype : {float32, float64})
    for (const Shape& shape : {Shape{1}, Shape{10}, Shape{7, 3}, Shape{300, 10}, Shape{3, 5000}, Shape{4, 5, 6}}) {
      std::vector<double> values(static_cast<std::size_t>(shape.numel()));
      for (double& v : values) v = normal(random) + 100;
      const Tensor source = from_data(values.data(), shape, {.dtype = dtype});
      for (const auto& [layout, x] : xg_test::layouts(source))
        for (std::int64_t dim = 0; dim < x.dim(); ++dim) {
          INFO(layout << ", shape " << shape << ", dim " << dim << ", " << dtype);
          const unsigned mask = 1u << dim;
          const Tensor y = softmax(x, dim), log_y = log_softmax(x, dim), total = logsumexp(x, dim);
          std::vector<long double> sums(static_cast<std::size_t>(total.numel()));
          for_each_with_target(
              x, mask, [&](double v, std::size_t i) { sums[i] += std::exp(static_cast<long double>(v) - 100); });
          std::vector<double> want, want_log, want_total;
          for_each_with_target(x, mask, [&](double v, std::size_t i) {
            want_log.push_back(static_cast<double>(static_cast<long double>(v) - 100 - std::log(sums[i])));
            want.push_back(std::exp(want_log.back()));
          });
          for (const long double s : sums) want_total.push_back(static_cast<double>(std::log(s)) + 100);
          const double rtol = dtype == float32 ? 3e-6 : 1e-13;
          expect_close(y, want, 2 * rtol, 1e-30, "softmax");
          expect_close(log_y, want_log, rtol, rtol, "log_softmax");
          expect_close(total, want_total, rtol, 0, "logsumexp");
        }
    }
  expect_close(softmax(tensor({1000, 1000}), 0), std::vector<double>{0.5, 0.5});
  expect_close(softmax(tensor({-inf, 0}), 0), std::vector<double>{0, 1});
  CHECK(logsumexp(tensor({-inf, -inf}), 0).item() == -inf);
  CHECK(logsumexp(tensor({inf, 0}), 0).item() == inf);
  CHECK(softmax(zeros({0, 3}), 1).shape() == Shape{0, 3});
  CHECK(softmax(full({}, 4.0), 0).item() == 1);
}
