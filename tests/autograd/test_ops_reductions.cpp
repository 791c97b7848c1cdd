// Reductions against values worked out by hand or by plain loops, and what they refuse.
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/detail/op.hpp>
#include <xgrad/autograd/functional.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/trace.hpp>
#include <xgrad/tensor/error.hpp>

#include <cmath>
#include <limits>
#include <numeric>

using namespace xg;
using xg_test::expect_close;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
const double not_a_number = std::numeric_limits<double>::quiet_NaN();

Tensor doubles(std::initializer_list<double> values, const Shape& shape) {
  return from_data(values.begin(), shape, {.dtype = float64});
}

/// Shares of one op by its attribution rule, with multiplier 1 for each of its outputs in turn: [outputs, inputs].
Tensor shares_of(const std::function<Tensor(const Tensor&)>& f, const Tensor& x, const Tensor& r) {
  const NoGrad guard;
  autograd::Trace at_x, at_r;
  {
    const autograd::TraceMode tracing(at_x);
    static_cast<void>(f(x));
  }
  {
    const autograd::TraceMode tracing(at_r);
    static_cast<void>(f(r));
  }
  REQUIRE(at_x.entries().size() == 1);
  const autograd::TraceEntry &ex = at_x.entries()[0], &er = at_r.entries()[0];
  autograd::PairContext p;
  p.x = {x}, p.r = {r}, p.varies = {true}, p.has_rows = {false};
  for (std::size_t i = 0; i < ex.outputs.size(); ++i) {
    p.x_out.push_back(at_x.value(ex.outputs[i]));
    p.r_out.push_back(at_r.value(er.outputs[i]));
    p.multipliers.emplace_back();
  }
  const Tensor& y = p.x_out[0];
  p.outputs_explained = y.numel();
  Shape front = y.shape();
  front.insert(0, y.numel());
  p.multipliers[0] = eye(y.numel(), -1, {.dtype = float64}).reshape(front);
  return autograd::attribute(*ex.op, p, nullptr)[0] * (x - r);
}

/// Shapley values of a game of few players, by enumeration.
std::vector<double> shapley(std::size_t n, const std::function<double(unsigned)>& v) {
  std::vector<double> phi(n, 0);
  std::vector<double> factorial(n + 1, 1);
  for (std::size_t i = 1; i <= n; ++i) factorial[i] = factorial[i - 1] * static_cast<double>(i);
  for (unsigned s = 0; s < (1u << n); ++s)
    for (std::size_t i = 0; i < n; ++i) {
      if (s >> i & 1) continue;
      const auto size = static_cast<std::size_t>(__builtin_popcount(s));
      phi[i] += factorial[size] * factorial[n - size - 1] / factorial[n] * (v(s | 1u << i) - v(s));
    }
  return phi;
}

}  // namespace

// Breaks if a sum, product or mean has the wrong dtype.
TEST_CASE("reductions of integers and bools") {
  const Tensor i = tensor<std::int32_t>({1, 2, 3});
  CHECK(sum(i).dtype() == int64);
  CHECK(prod(i).dtype() == int64);
  CHECK(cumsum(i, 0).dtype() == int64);
  CHECK(sum(i > 1).item<std::int64_t>() == 2);
  CHECK(sum(i, {}, false, {.dtype = float64}).dtype() == float64);
  CHECK(max(i).dtype() == int32);
  expect_close(mean(i, {}, false, {.dtype = float64}), std::vector<double>{2});
  CHECK_ERROR(mean(i), DtypeError, "[mean]", "int32", "floating", "to(xg::float32)");
  CHECK_ERROR(var(i), DtypeError, "[var]", "int32");
  CHECK_ERROR(vector_norm(i), DtypeError, "[vector_norm]", "int32");
  CHECK(logsumexp(i, 0).dtype() == float32);
}

// Breaks if an identity element is wrong, or extrema of nothing are not refused.
TEST_CASE("reductions of nothing") {
  const Tensor x = zeros({0, 3}, {.dtype = float64});
  CHECK(sum(x).item() == 0);
  CHECK(prod(x).item() == 1);
  CHECK(std::isnan(mean(x).item()));
  CHECK(std::isnan(var(x).item()));
  CHECK(all(x).item<bool>());
  CHECK_FALSE(any(x).item<bool>());
  CHECK(amax(x, 1).shape() == Shape{0});
  CHECK(logsumexp(x, 0).to_vector() == std::vector<double>{-inf, -inf, -inf});
  CHECK_ERROR(max(x), ShapeError, "[amax]", "[0, 3]", "no elements");
  CHECK_ERROR(amin(x, 0), ShapeError, "[amin]");
  CHECK_ERROR(argmax(x, 0), ShapeError, "[argmax]");
  CHECK_ERROR(max(x, 0), ShapeError, "[max]");
  CHECK_ERROR(vector_norm(x, inf, 0), ShapeError, "[vector_norm]");
}

// Breaks if a dimension is used without a check.
TEST_CASE("dimensions are checked") {
  const Tensor x = zeros({2, 3});
  CHECK_ERROR(sum(x, 2), IndexError, "[sum]", "dim is 2");
  CHECK_ERROR(sum(x, {0, 0}), ValueError, "[sum]", "twice");
  CHECK_ERROR(mean(x, {0, -2}), ValueError, "[mean]", "twice");
  CHECK_ERROR(softmax(x, 5), IndexError, "[softmax]");
  CHECK_ERROR(sum_to_size(x, {4}), ShapeError, "[sum_to_size]", "[2, 3]", "[4]");
  CHECK_ERROR(trace(zeros({3})), ShapeError, "[trace]", "matrix");
}

// Breaks if the correction is wrong, or the gradient where the variance is zero.
TEST_CASE("variance and standard deviation") {
  const Tensor x = doubles({1, 2, 4, 9}, {4});
  CHECK(var(x).item() == Approx(38.0 / 3));
  CHECK(var(x, {}, 0).item() == Approx(9.5));
  CHECK(xg::std(x, {}, 0).item() == Approx(std::sqrt(9.5)));
  const auto [v, m] = var_mean(x, 0, 1, true);
  CHECK(v.shape() == Shape{1});
  CHECK(m.item() == 4);
  CHECK(std::isnan(var(doubles({3}, {1})).item()));
  Tensor flat = ones({3}, {.dtype = float64});
  flat.requires_grad_();
  CHECK(grad(xg::std(flat), flat).to_vector() == std::vector<double>{0, 0, 0});
  // A mean far from zero: naive sums of squares would lose all digits.
  CHECK(var(x + 1e9).item() == Approx(38.0 / 3).epsilon(1e-6));
}

// Breaks if gradients are wrong at ties or where NaN or zeros are.
TEST_CASE("gradients at special places") {
  Tensor x = doubles({3, 1, 3, 2}, {4}).requires_grad_();
  CHECK(grad(amax(x), x).to_vector() == std::vector<double>{0.5, 0, 0.5, 0});
  CHECK(grad(max(x), x).to_vector() == std::vector<double>{0.5, 0, 0.5, 0});
  CHECK(grad(max(x, 0).first, x).to_vector() == std::vector<double>{1, 0, 0, 0});
  CHECK(max(x, 0).second.item<std::int64_t>() == 0);
  const Tensor with_nan = doubles({1, not_a_number, 2}, {3});
  CHECK(std::isnan(max(with_nan).item()));
  CHECK(argmax(with_nan).item<std::int64_t>() == 1);

  Tensor z = doubles({2, 0, 5}, {3}).requires_grad_();
  CHECK(grad(prod(z), z).to_vector() == std::vector<double>{0, 10, 0});
  Tensor two_zeros = doubles({0, 4, 0}, {3}).requires_grad_();
  CHECK(grad(prod(two_zeros), two_zeros).to_vector() == std::vector<double>{0, 0, 0});
  expect_close(hessian([](const Tensor& t) { return prod(t); }, two_zeros.detach()),
               std::vector<double>{0, 0, 4, 0, 0, 0, 4, 0, 0});
  expect_close(hessian([](const Tensor& t) { return sum(cumprod(t, 0)); }, doubles({0, 0, 3}, {3})),
               std::vector<double>{0, 4, 0, 4, 0, 0, 0, 0, 0});

  Tensor origin = zeros({3}, {.dtype = float64}).requires_grad_();
  for (const double p : {0.0, 0.5, 1.0, 2.0, 3.0, inf})
    CHECK(grad(vector_norm(origin, p), origin).to_vector() == std::vector<double>{0, 0, 0});
}

// Breaks if one of the norms is wrong.
TEST_CASE("norms") {
  const Tensor x = doubles({3, -4, 0}, {3});
  CHECK(vector_norm(x).item() == 5);
  CHECK(vector_norm(x, 1).item() == 7);
  CHECK(vector_norm(x, 0).item() == 2);
  CHECK(vector_norm(x, inf).item() == 4);
  CHECK(vector_norm(x, -inf).item() == 0);
  CHECK(vector_norm(x, 3).item() == Approx(std::cbrt(91.0)));
  CHECK(dist(x, zeros_like(x)).item() == 5);
}

// Breaks if exponentials overflow.
TEST_CASE("softmax and its relatives do not overflow") {
  const Tensor x = doubles({1000, 1001, -1000}, {3});
  expect_close(softmax(x, 0), std::vector<double>{0.2689414213699951, 0.7310585786300049, 0}, 1e-14);
  expect_close(log_softmax(x, 0), std::vector<double>{-1.3132616875182228, -0.3132616875182228, -2001.3132616875182},
               1e-14);
  CHECK(logsumexp(x, 0).item() == Approx(1001.3132616875182));
  CHECK(logsumexp(doubles({-inf, -inf}, {2}), 0).item() == -inf);
  CHECK_ERROR(softmax(tensor<std::int64_t>({1, 2}), 0), DtypeError, "[softmax]");
}

// Breaks if the sweep over levels gets the exact shares of a maximum wrong.
TEST_CASE("shares of a maximum are Shapley values") {
  const auto f = [](const Tensor& t) { return amax(t); };
  expect_close(shares_of(f, doubles({3, 1}, {2}), doubles({0, 2}, {2})), std::vector<double>{1.5, -0.5}, 1e-14);
  expect_close(shares_of(f, doubles({1, 1, 1, 1}, {4}), doubles({1, 2, 3, 9}, {4})),
               std::vector<double>{0, -1.0 / 3, -5.0 / 6, -41.0 / 6}, 1e-14);
  std::uint64_t state = 7;
  const auto next = [&state] {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<double>(state >> 60) - 4;  // few different values, so that there are ties
  };
  for (int round = 0; round < 200; ++round) {
    const std::size_t n = 1 + static_cast<std::size_t>(round) % 6;
    std::vector<double> x(n), r(n);
    for (std::size_t i = 0; i < n; ++i) x[i] = next(), r[i] = next();
    const auto game = [&](bool largest) {
      return shapley(n, [&](unsigned s) {
        double best = largest ? -inf : inf;
        for (std::size_t i = 0; i < n; ++i) {
          const double value = s >> i & 1 ? x[i] : r[i];
          best = largest ? std::max(best, value) : std::min(best, value);
        }
        return best;
      });
    };
    const Tensor tx = xg::tensor(x), tr = xg::tensor(r);
    expect_close(shares_of(f, tx, tr), game(true), 1e-12, 1e-13, "max");
    expect_close(shares_of([](const Tensor& t) { return amin(t); }, tx, tr), game(false), 1e-12, 1e-13, "min");
    expect_close(shares_of([](const Tensor& t) { return max(t, 0).first; }, tx, tr), game(true), 1e-12, 1e-13,
                 "max(dim)");
  }
}

// Breaks if the softmax rule, a composition of secants, is wrong or overflows for large logits.
TEST_CASE("shares of softmax") {
  const auto f = [](const Tensor& t) { return softmax(t, 0); };
  const Tensor first = shares_of(f, doubles({2, 1, 0.5}, {3}), doubles({0, 0, 0.1}, {3})).select(0, 0);
  expect_close(first, std::vector<double>{0.4825, -0.1337, -0.0423}, 0, 5e-5);
  const Tensor second = shares_of(f, doubles({3, 0.5, -1}, {3}), doubles({0.2, 0.1, -0.3}, {3})).select(0, 0);
  expect_close(second, std::vector<double>{0.5272, -0.0530, 0.0364}, 0, 5e-5);
  for (const auto& [x, r] :
       std::vector<std::pair<Tensor, Tensor>>{{doubles({1000, 0, -5}, {3}), doubles({1000, 1, 3}, {3})},
                                              {doubles({800, 0, 1}, {3}), doubles({0, 800, 1}, {3})},
                                              {doubles({-900, -900, -900}, {3}), doubles({1, 2, 3}, {3})}}) {
    for (const bool log : {false, true}) {
      const auto g = [log](const Tensor& t) { return log ? log_softmax(t, 0) : softmax(t, 0); };
      const Tensor shares = shares_of(g, x, r);
      CHECK(isfinite(shares).all().item<bool>());
      expect_close(sum(shares, 1), g(x) - g(r), 1e-12, 1e-12);
    }
    const auto h = [](const Tensor& t) { return logsumexp(t, 0); };
    expect_close(sum(shares_of(h, x, r), 1), (h(x) - h(r)).reshape({1}), 1e-12, 1e-12);
  }
}

// Breaks if a multiplier jumps where x approaches r.
TEST_CASE("shares tend to the derivative") {
  const Tensor r = doubles({0.3, -0.2, 0.9, 0.1}, {4}), step = doubles({1, -2, 0.5, 3}, {4}) * 1e-9;
  for (const auto& f : std::vector<std::function<Tensor(const Tensor&)>>{
           [](const Tensor& t) { return logsumexp(t, 0); }, [](const Tensor& t) { return amax(t); },
           [](const Tensor& t) { return var(t); }, [](const Tensor& t) { return softmax(t, 0); }}) {
    const Tensor want = jacobian(f, r).reshape({-1, 4});
    expect_close(shares_of(f, r + step, r) / step, want, 1e-6, 1e-7);
  }
}
