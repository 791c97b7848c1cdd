// Softmax, its relatives and standardization: short rows go through panels, long ones vector by vector, other
// dimensions side by side or through a copy. All must give the same numbers.
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/random.hpp>
#include <xgrad/tensor/threads.hpp>

#include <cmath>
#include <limits>

namespace {

using xg::Tensor;
constexpr double inf = std::numeric_limits<double>::infinity();

/// softmax, log_softmax of one row and their common logsumexp, in float64.
struct Row {
  std::vector<double> softmax, log_softmax;
  double logsumexp = 0;
  explicit Row(const std::vector<double>& x) {
    const double max = *std::max_element(x.begin(), x.end());
    double sum = 0;
    for (const double v : x) sum += std::exp(v - max);
    logsumexp = max + std::log(sum);
    for (const double v : x) {
      softmax.push_back(std::exp(v - max) / sum);
      log_softmax.push_back(v - max - std::log(sum));
    }
  }
};

bool same_bits(const Tensor& a, const Tensor& b) { return a.shape() == b.shape() && a.to_vector() == b.to_vector(); }

const std::int64_t widths[] = {1, 2, 3, 7, 8, 9, 10, 16, 31, 32, 33, 40, 100, 257, 1000, 5000};

}  // namespace

// Breaks if a panel is filled wrongly, if the end of a row counts twice or not at all, or if rows disturb each other.
TEST_CASE("softmax, log_softmax and logsumexp of any number of columns and rows", "[softmax][rows]") {
  xg::manual_seed(3);
  for (const xg::Dtype dtype : {xg::float32, xg::float64})
    for (const std::int64_t n : widths)
      for (const std::int64_t rows : {1, 5, 8, 19}) {
        const Tensor x = (xg::randn({rows, n}) * 4).to(dtype);
        std::vector<double> softmax, log_softmax, logsumexp;
        for (std::int64_t i = 0; i < rows; ++i) {
          const Row row(x[i].to_vector());
          softmax.insert(softmax.end(), row.softmax.begin(), row.softmax.end());
          log_softmax.insert(log_softmax.end(), row.log_softmax.begin(), row.log_softmax.end());
          logsumexp.push_back(row.logsumexp);
        }
        const double eps = dtype == xg::float32 ? 1e-6 : 1e-14;
        INFO(rows << " x " << n);
        xg_test::expect_close(xg::softmax(x, 1), softmax, 2 * eps, 1e-37);
        xg_test::expect_close(xg::log_softmax(x, 1), log_softmax, eps, eps);
        xg_test::expect_close(xg::logsumexp(x, 1), logsumexp, eps, eps);
        // One row alone has the same bits.
        CHECK(same_bits(xg::softmax(x, 1)[rows - 1], xg::softmax(x.narrow(0, rows - 1, 1), 1)[0]));
        // Along the other dimension, and along the middle one.
        const double other = 2 * eps;
        xg_test::expect_close(xg::softmax(x.t().contiguous(), 0).t(), softmax, other, 1e-37);
        xg_test::expect_close(xg::log_softmax(x.t().contiguous(), 0).t(), log_softmax, other, other);
        const Tensor middle = x.reshape({rows, n, 1}).expand({rows, n, 3}).contiguous();
        xg_test::expect_close(xg::softmax(middle, 1).select(2, 2), softmax, other, 1e-37);
      }
}

// Breaks if the way without care for extremes is taken where an element lies far below the largest, or is not finite.
TEST_CASE("softmax of masked, infinite and missing values", "[softmax][rows]") {
  for (const xg::Dtype dtype : {xg::float32, xg::float64})
    for (const std::int64_t n : {4, 9, 40, 300}) {
      Tensor x = xg::zeros({6, n}, {.dtype = dtype});
      x[0].fill_(-inf);
      x[1].narrow(0, 1, n - 1).fill_(-inf);
      x[2].narrow(0, 0, 1).fill_(inf);
      x[3].narrow(0, n - 1, 1).fill_(std::nan(""));
      x[4].narrow(0, 0, n - 1).fill_(-1e6);
      x[5].narrow(0, 0, 1).fill_(-100);
      const Tensor y = xg::softmax(x, 1), logs = xg::log_softmax(x, 1), total = xg::logsumexp(x, 1);
      for (const std::int64_t missing : {0, 2, 3})
        for (const double v : y[missing].to_vector()) CHECK(std::isnan(v));
      CHECK(y[1][0].item() == 1);
      CHECK(y[1][1].item() == 0);
      CHECK(logs[1][1].item() == -inf);
      CHECK(y[4][n - 1].item() == 1);
      CHECK(y[4][0].item() == 0);
      // A denormal in float32.
      CHECK(std::abs(y[5][0].item() - std::exp(-100.0) / static_cast<double>(n - 1)) <
            (dtype == xg::float32 ? 3e-45 : 1e-57));
      CHECK(total[0].item() == -inf);
      CHECK(total[1].item() == 0);
      CHECK(total[2].item() == inf);
      CHECK(std::isnan(total[3].item()));
    }
}

// Breaks if sums in float32 lose what a large mean hides, in rows or in columns.
TEST_CASE("standardization far from zero is as good as its input", "[norm][rows]") {
  xg::manual_seed(4);
  for (const std::int64_t n : {2, 5, 10, 32, 33, 100, 1000})
    for (const double mean : {0.0, 300.0, -1e4}) {
      const Tensor x = xg::randn({37, n}) + mean, wide = x.to(xg::float64);
      const Tensor rows = xg::layer_norm(x, {n}), columns = xg::batch_norm(x, {}, {}, {}, {}, true);
      const Tensor center = xg::mean(wide, 1, true), middle = xg::mean(wide, 0, true);
      INFO(n << " columns about " << mean);
      xg_test::expect_close(rows, (wide - center) / xg::sqrt(xg::mean(xg::square(wide - center), 1, true) + 1e-5), 1e-4,
                            2e-5);
      xg_test::expect_close(columns, (wide - middle) / xg::sqrt(xg::mean(xg::square(wide - middle), 0, true) + 1e-5),
                            2e-5, 2e-5);
    }
}

// Breaks if the fused derivatives differ from what the formulas give in float64.
TEST_CASE("derivatives of rows of any width", "[softmax][norm][rows]") {
  xg::manual_seed(5);
  using Op = Tensor (*)(const Tensor&);
  const Op ops[] = {[](const Tensor& x) { return xg::softmax(x, 1); },
                    [](const Tensor& x) { return xg::log_softmax(x, 1); },
                    [](const Tensor& x) { return xg::layer_norm(x, {x.size(1)}); },
                    [](const Tensor& x) { return xg::batch_norm(x, {}, {}, {}, {}, true); }};
  for (const std::int64_t n : {2, 3, 8, 10, 32, 33, 100})
    for (const Op op : ops) {
      const Tensor x = xg::randn({21, n}).requires_grad_(), g = xg::randn({21, n});
      const Tensor wide = x.detach().to(xg::float64).requires_grad_();
      const Tensor got = xg::grad(op(x), x, g);
      const Tensor want = xg::grad(op(wide), wide, g.to(xg::float64), {.create_graph = true});  // not the fused one
      INFO(n << " columns");
      xg_test::expect_close(got, want.detach(), n == 2 ? 1e-2 : 2e-4, n == 2 ? 1e-3 : 1e-5);
    }
}

// Breaks if tiles, or what is added across them, depend on how many threads there are.
TEST_CASE("rows have the same bits for any number of threads", "[softmax][norm][rows][threads]") {
  xg::manual_seed(6);
  const std::int64_t threads = xg::num_threads();
  for (const std::int64_t n : {10, 300}) {
    const std::int64_t rows = 300000 / n;
    const Tensor x = xg::randn({rows, n}), row = xg::randn({n}), labels = xg::randint(0, n, {rows});
    std::vector<Tensor> results[2];
    for (const std::int64_t count : {1, 2}) {
      xg::set_num_threads(count);
      results[count - 1] = {xg::softmax(x, 1),          xg::log_softmax(x, 1),        xg::logsumexp(x, 1),
                            xg::layer_norm(x, {n}),     xg::cross_entropy(x, labels), x + row,
                            xg::where(x > row, x, row), x.t().contiguous(),           xg::exp(x)};
    }
    xg::set_num_threads(threads);
    for (std::size_t i = 0; i < results[0].size(); ++i) {
      INFO("result " << i);
      CHECK(same_bits(results[0][i], results[1][i]));
    }
  }
}
