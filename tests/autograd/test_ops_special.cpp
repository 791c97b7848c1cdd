// Special functions: identities, edges, derivatives to third order, and what a user can get wrong.
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/functional.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>

#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

using namespace xg;
using xg_test::expect_close;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity(), not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double pi = std::numbers::pi;

Tensor of(const std::vector<double>& values) { return tensor(values); }

/// Value, first and second derivatives of f against differences.
void check_orders(const std::string& what, const TensorFunction& f, const std::vector<double>& at) {
  const Tensor x = of(at).requires_grad_();
  const GradcheckResult first = gradcheck(f, x), second = gradgradcheck(f, x);
  INFO(what << ": " << first.message << " " << second.message);
  CHECK(first.passed);
  CHECK(second.passed);
  // The third order: the second one of the first derivative.
  const auto derivative = [&](const Tensor& t) { return grad(sum(f(t)), t, {}, {.create_graph = true}); };
  const GradcheckResult third = gradgradcheck(
      [&](const Tensor& t) {
        const Tensor here = t.requires_grad() ? t : t.detach().requires_grad_();
        return derivative(here);
      },
      x);
  INFO(third.message);
  CHECK(third.passed);
}

struct Edge {
  const char* name;
  Tensor (*f)(const Tensor&);
  double x, want;
};

}  // namespace

// Breaks if a recurrence, a reflection or an inverse does not hold between functions that are computed separately.
TEST_CASE("special functions satisfy their identities", "[special]") {
  for (const Dtype dtype : {float64, float32}) {
    const double r = dtype == float64 ? 2e-15 : 1e-6, a = r;
    const Tensor x = (linspace(0.07, 11.9, 97, {.dtype = float64})).to(dtype), y = -x - 0.0113;
    for (const Tensor& z : {x, y}) {
      expect_close(lgamma(z + 1), lgamma(z) + log(abs(z)), 4 * r, 8 * a, "lgamma(x + 1)");
      expect_close(digamma(z + 1), digamma(z) + 1 / z, 400 * r, 400 * a, "digamma(x + 1)");
    }
    expect_close(polygamma(1, x), polygamma(1, x + 1) + square(1 / x), 4 * r, a, "trigamma(x + 1)");
    expect_close(polygamma(3, x), polygamma(3, x + 1) + 6 * pow(x, -4), 8 * r, a, "polygamma(3, x + 1)");
    expect_close(digamma(1 - x) - digamma(x), pi / tan(pi * x), 1e3 * r, 1e3 * a, "reflection of digamma");
    expect_close(special::zeta(full_like(x, 4), x), polygamma(3, x) / 6, 4 * r, a, "zeta and polygamma");
    const Tensor u = linspace(-0.999, 0.999, 101, {.dtype = float64}).to(dtype);
    expect_close(erf(erfinv(u)), u, 4 * r, a, "erf(erfinv x)");
    const Tensor p = linspace(0.001, 0.999, 101, {.dtype = float64}).to(dtype);
    expect_close(special::ndtr(special::ndtri(p)), p, 20 * r, a, "ndtr(ndtri p)");
    const Tensor t = linspace(-9, 9, 91, {.dtype = float64}).to(dtype);
    expect_close(exp(special::log_ndtr(t)), special::ndtr(t), 60 * r, 0, "log_ndtr");
    expect_close(special::ndtr(t) + special::ndtr(-t), ones_like(t), 2 * r, 0, "ndtr(-x)");
    expect_close(special::erfcx(t), exp(square(t)) * erfc(t), 400 * r, 0, "erfcx");
    expect_close(special::i0e(t), exp(-abs(t)) * i0(t), 8 * r, 0, "i0e");
    expect_close(special::i1e(t), exp(-abs(t)) * special::i1(t), 8 * r, 0, "i1e");
    for (const double s : {0.3, 1.0, 2.5, 40.0, 130.0, 1e4}) {
      const Tensor shape = full_like(x, s), at = x * (s / 6);
      expect_close(special::gammainc(shape, at) + special::gammaincc(shape, at), ones_like(x), 2 * r, 0, "P + Q");
      if (s > 200) continue;
      const Tensor step = exp(shape * log(at) - at - lgamma(shape + 1));
      expect_close(special::gammainc(shape + 1, at) + step, special::gammainc(shape, at), 500 * r, 500 * a, "P(a + 1)");
    }
    expect_close(special::gammainc(ones_like(x), x), -expm1(-x), 4 * r, 0, "P(1, x)");
    expect_close(mvlgamma(x + 2, 3), 1.5 * std::log(pi) + lgamma(x + 2) + lgamma(x + 1.5) + lgamma(x + 1), 8 * r, 8 * a,
                 "mvlgamma");
    expect_close(special::beta(x, x + 1), exp(lgamma(x) + lgamma(x + 1) - lgamma(2 * x + 1)), 100 * r, 0, "beta");
  }
  // Known values.
  expect_close(special::zeta(of({2, 4}), of({1, 1})), {pi * pi / 6, std::pow(pi, 4) / 90}, 1e-15, 0);
  expect_close(digamma(of({1, 0.5})), {-std::numbers::egamma, -std::numbers::egamma - 2 * std::numbers::ln2}, 4e-16, 0);
  expect_close(lgamma(of({5, 0.5})), {std::log(24), std::log(pi) / 2}, 4e-16, 0);
}

// Breaks if a formula divides 0 by 0 or subtracts infinities where C's library or the limit has a number.
TEST_CASE("special functions at the ends of their domains", "[special]") {
  const auto trigamma = [](const Tensor& x) { return polygamma(1, x); };
  const auto tetragamma = [](const Tensor& x) { return polygamma(2, x); };
  const auto p_of_2 = [](const Tensor& x) { return special::gammainc(full_like(x, 2), x); };
  const auto q_of_2 = [](const Tensor& x) { return special::gammaincc(full_like(x, 2), x); };
  const auto q_of_0 = [](const Tensor& x) { return special::gammaincc(full_like(x, 0), x); };
  const auto p_large = [](const Tensor& x) { return special::gammainc(full_like(x, inf), x); };
  const auto zeta_1 = [](const Tensor& q) { return special::zeta(full_like(q, 1), q); };
  const auto zeta_3 = [](const Tensor& q) { return special::zeta(full_like(q, 3), q); };
  const auto zeta_half = [](const Tensor& q) { return special::zeta(full_like(q, 2.5), q); };
  const auto x_log1py = [](const Tensor& y) { return special::xlog1py(full_like(y, 0), y); };
  const std::vector<Edge> edges = {
      {"lgamma", lgamma, 0, inf},
      {"lgamma", lgamma, -0.0, inf},
      {"lgamma", lgamma, -3, inf},
      {"lgamma", lgamma, inf, inf},
      {"lgamma", lgamma, -inf, inf},
      {"lgamma", lgamma, 1, 0},
      {"lgamma", lgamma, 2, 0},
      {"digamma", digamma, 0, -inf},
      {"digamma", digamma, -0.0, inf},
      {"digamma", digamma, -2, not_a_number},
      {"digamma", digamma, inf, inf},
      {"digamma", digamma, -inf, not_a_number},
      {"digamma", digamma, 1e300, std::log(1e300)},
      {"trigamma", trigamma, 0, inf},
      {"trigamma", trigamma, -1, inf},
      {"trigamma", trigamma, inf, 0},
      {"tetragamma", tetragamma, 0, -inf},
      {"tetragamma", tetragamma, inf, 0},
      {"erfinv", erfinv, 1, inf},
      {"erfinv", erfinv, -1, -inf},
      {"erfinv", erfinv, 1.5, not_a_number},
      {"erfinv", erfinv, inf, not_a_number},
      {"erfcx", special::erfcx, inf, 0},
      {"erfcx", special::erfcx, -inf, inf},
      {"ndtr", special::ndtr, inf, 1},
      {"ndtr", special::ndtr, -inf, 0},
      {"log_ndtr", special::log_ndtr, inf, 0},
      {"log_ndtr", special::log_ndtr, -inf, -inf},
      {"log_ndtr", special::log_ndtr, -1e10, -5e19},
      {"ndtri", special::ndtri, 0, -inf},
      {"ndtri", special::ndtri, 1, inf},
      {"ndtri", special::ndtri, 0.5, 0},
      {"ndtri", special::ndtri, -0.1, not_a_number},
      {"entr", special::entr, 0, 0},
      {"entr", special::entr, -1, -inf},
      {"entr", special::entr, inf, -inf},
      {"i0", i0, 0, 1},
      {"i0", i0, -inf, inf},
      {"i0e", special::i0e, inf, 0},
      {"i1", special::i1, 0, 0},
      {"i1", special::i1, -inf, -inf},
      {"i1e", special::i1e, -inf, 0},
      {"gammainc", p_of_2, 0, 0},
      {"gammainc", p_of_2, inf, 1},
      {"gammainc", p_of_2, -1, not_a_number},
      {"gammainc", p_large, 3, 0},
      {"gammainc", p_large, inf, not_a_number},
      {"gammaincc", q_of_2, 0, 1},
      {"gammaincc", q_of_2, inf, 0},
      {"gammaincc", q_of_0, 1, 0},
      {"gammaincc", q_of_0, 0, not_a_number},
      {"zeta", zeta_1, 2, inf},
      {"zeta", zeta_3, 0, inf},
      {"zeta", zeta_3, -2, inf},
      {"zeta", zeta_3, inf, 0},
      {"zeta", zeta_half, -0.5, not_a_number},
      {"xlog1py", x_log1py, -1, 0},
      {"xlog1py", x_log1py, -2, 0},
  };
  for (const Dtype dtype : {float64, float32})
    for (const Edge& edge : edges) {
      if (dtype == float32 && std::abs(edge.x) > 1e38 && !std::isinf(edge.x)) continue;
      const Tensor y = edge.f(full({1}, edge.x, {.dtype = dtype}));
      expect_close(y, {edge.want}, dtype == float64 ? 1e-15 : 1e-6, 0,
                   std::string(edge.name) + " at " + std::to_string(edge.x));
      CHECK(std::isnan(edge.f(full({1}, not_a_number, {.dtype = dtype})).item()));
    }
  for (const double zero : {0.0, -0.0}) {
    CHECK(std::signbit(erfinv(of({zero})).item()) == std::signbit(zero));
    CHECK(std::signbit(special::i1(of({zero})).item()) == std::signbit(zero));
  }
}

// Breaks if a loop runs as long as an argument is large.
TEST_CASE("special functions of huge arguments return at once", "[special]") {
  for (const double huge : {1e9 + 0.5, 1e15 + 0.5, 1e18, 1e300}) {
    const Tensor x = of({huge}), minus = of({-huge});
    CHECK(std::isfinite(digamma(x).item()));
    static_cast<void>(digamma(minus));
    for (const std::int64_t n : {std::int64_t{2}, std::int64_t{5}, std::int64_t{2000}, std::int64_t{1} << 62}) {
      static_cast<void>(polygamma(n, x));
      static_cast<void>(polygamma(n, minus));
    }
    const Tensor leaf = x.clone().requires_grad_();
    const Tensor slope = grad(polygamma(std::numeric_limits<std::int64_t>::max(), leaf), leaf);
    CHECK((slope.item() == 0 || !std::isfinite(slope.item())));
    static_cast<void>(special::zeta(x, of({0.5})));
    static_cast<void>(special::zeta(of({3}), minus));
    CHECK(special::gammainc(x, x).item() == Approx(0.5).margin(1e-4));
    CHECK(special::gammaincc(x, of({3.0})).item() == 1);
    CHECK(special::gammaincc(of({3.0}), x).item() == 0);
    CHECK(std::isfinite(special::i0e(x).item()));
  }
}

// Breaks if a derivative is not written in differentiable ops, or its own derivative is not that of its formula.
TEST_CASE("special functions are differentiable to third order", "[special]") {
  const std::vector<double> positive{0.7, 1.4, 3.2}, any{-1.3, 0.4, 2.1};
  check_orders("lgamma", xg::lgamma, {0.7, 1.4, 3.2, -0.6});
  check_orders("digamma", digamma, positive);
  check_orders("polygamma", [](const Tensor& x) { return polygamma(2, x); }, positive);
  check_orders("erfinv", erfinv, {-0.6, 0.1, 0.7});
  check_orders("erfcx", special::erfcx, any);
  check_orders("ndtr", special::ndtr, any);
  check_orders("log_ndtr", special::log_ndtr, any);
  check_orders("ndtri", special::ndtri, {0.2, 0.5, 0.9});
  check_orders("entr", special::entr, positive);
  check_orders("i0", i0, {-1.3, 0, 2.1});
  check_orders("i1", special::i1, {-1.3, 0, 2.1});
  check_orders("i0e", special::i0e, any);
  check_orders("i1e", special::i1e, any);
  check_orders("xlog1py", [](const Tensor& x) { return special::xlog1py(x, x); }, positive);
  check_orders("gammainc", [](const Tensor& x) { return special::gammainc(full_like(x, 2.3), x); }, positive);
  check_orders("gammaincc", [](const Tensor& x) { return special::gammaincc(full_like(x, 2.3), x); }, positive);
  check_orders("zeta", [](const Tensor& q) { return special::zeta(full_like(q, 2.3), q); }, positive);
  check_orders("mvlgamma", [](const Tensor& x) { return mvlgamma(x + 1, 2); }, positive);
  check_orders("betaln", [](const Tensor& x) { return special::betaln(x, 2 * x); }, positive);
  check_orders("tanhshrink", tanhshrink, any);
}

// Breaks if the derivative of erfcx is left to a formula that cancels, or that of log_ndtr to a quotient of underflows.
TEST_CASE("derivatives in tails keep their digits", "[special]") {
  const auto slope = [](Tensor (*f)(const Tensor&), double at, bool second = false) {
    const Tensor x = of({at}).requires_grad_();
    const Tensor first = grad(f(x), x, of({1}), {.create_graph = true});
    return second ? grad(first, x, of({1})).item() : first.item();
  };
  CHECK(slope(special::erfcx, 1e6) == Approx(-1e-12 / std::sqrt(pi)).epsilon(1e-11));
  CHECK(slope(special::erfcx, 1e6, true) == Approx(2e-18 / std::sqrt(pi)).epsilon(1e-11));
  CHECK(slope(special::log_ndtr, -1e4) == Approx(1e4 + 1e-4).epsilon(1e-12));
  CHECK(slope(special::log_ndtr, -1e4, true) == Approx(-1).epsilon(1e-6));
  CHECK(slope(special::log_ndtr, 50) == 0);
}

// Breaks if a scan overflows, loses small terms, or its gradient takes the logarithm of gradients.
TEST_CASE("logcumsumexp is stable, and so is its gradient", "[special]") {
  const Tensor x = of({-1, 1000, 3, -2000, 1001, 1001});
  const double last = 1001 + std::log(2 + std::exp(-1.0));
  expect_close(logcumsumexp(x, 0), {-1, 1000, 1000, 1000, 1001 + std::log1p(std::exp(-1.0)), last}, 1e-15, 0);
  const Tensor y = (sin(arange(60, {.dtype = float64}) * 2.7) * 5).reshape({3, 4, 5});
  for (const std::int64_t dim : {0, 1, 2, -1}) {
    expect_close(logcumsumexp(y, dim), log(cumsum(exp(y), dim)), 1e-13, 1e-13);
    const Tensor leaf = y.clone().requires_grad_(), other = y.clone().requires_grad_();
    const Tensor g = cos(y * 3);
    expect_close(grad(logcumsumexp(leaf, dim), leaf, g), grad(log(cumsum(exp(other), dim)), other, g), 1e-11, 1e-12);
    const Tensor narrow_leaf = y.to(float32).requires_grad_();
    expect_close(grad(logcumsumexp(narrow_leaf, dim), narrow_leaf, g.to(float32)),
                 grad(logcumsumexp(leaf, dim), leaf, g), 1e-5, 1e-6);
  }
  const GradcheckResult second =
      gradgradcheck([](const Tensor& t) { return logcumsumexp(t, 1); }, (y.narrow(0, 0, 1) * 0.3).requires_grad_());
  INFO(second.message);
  CHECK(second.passed);
  expect_close(logcumsumexp(of({-inf, -inf, 1, inf, 2}), 0), {-inf, -inf, 1, inf, inf}, 0, 0);
  expect_close(logcumsumexp(of({0, not_a_number, 1}), 0), {0, not_a_number, not_a_number}, 0, 0);
  const Tensor start = of({-inf, 0, 1}).requires_grad_();
  expect_close(grad(logcumsumexp(start, 0), start, of({1, 1, 1})),
               {1, 1 + 1 / (1 + std::exp(1.0)), std::exp(1.0) / (1 + std::exp(1.0))}, 1e-14, 0);
}

// Breaks if cdist differs from the norm of differences, in value or gradient, or at distance 0.
TEST_CASE("cdist is the norm of all differences of rows", "[special]") {
  const Tensor a = sin(arange(24, {.dtype = float64}) * 1.3).reshape({2, 4, 3});
  const Tensor b = cos(arange(30, {.dtype = float64}) * 0.7).reshape({2, 5, 3});
  for (const double p : {0.5, 1.0, 1.5, 2.0, 3.0, inf}) {
    const Tensor x = a.clone().requires_grad_(), y = b.clone().requires_grad_();
    const Tensor d = cdist(x, y, p);
    const Tensor u = a.clone().requires_grad_(), v = b.clone().requires_grad_();
    const Tensor want = vector_norm(u.unsqueeze(-2) - v.unsqueeze(-3), p, -1);
    const std::string what = "p = " + std::to_string(p);
    expect_close(d.detach(), want.detach(), 1e-13, 1e-14, what);
    const Tensor g = sin(arange(40, {.dtype = float64})).reshape({2, 4, 5});
    const auto got = grad({d}, {x, y}, {g}), expected = grad({want}, {u, v}, {g});
    for (std::size_t i = 0; i < 2; ++i) expect_close(got[i], expected[i], 1e-12, 1e-13, what);
  }
  expect_close(cdist(of({1, 2, 3, 4}).reshape({2, 2}), of({1, 5}).reshape({1, 2}), 0), {1, 2}, 0, 0);
  // Rows that coincide, and the largest difference twice.
  for (const double p : {0.0, 0.5, 1.0, 1.5, 2.0, 3.0, inf}) {
    const Tensor x = zeros({1, 3}, {.dtype = float64}).requires_grad_();
    expect_close(grad(cdist(x, zeros({1, 3}, {.dtype = float64}), p), x, ones({1, 1}, {.dtype = float64})), {0, 0, 0},
                 0, 0);
  }
  const Tensor tied = of({1, -1, 0.5}).reshape({1, 3}).requires_grad_();
  expect_close(grad(cdist(tied, zeros({1, 3}, {.dtype = float64}), inf), tied, ones({1, 1}, {.dtype = float64})),
               {1, -1, 0}, 0, 0);
  // Long and narrow shapes, float32, leading dimensions that broadcast, and nothing at all.
  const Tensor wide = sin(arange(3000) * 0.37).reshape({30, 100}), other = cos(arange(2000) * 0.11).reshape({20, 100});
  expect_close(cdist(wide, other).to(float64), cdist(wide.to(float64), other.to(float64)), 1e-6, 1e-6);
  CHECK(cdist(zeros({3, 1, 4, 2}), zeros({5, 6, 2})).shape() == Shape{3, 5, 4, 6});
  CHECK(cdist(zeros({0, 2}), zeros({6, 2})).shape() == Shape{0, 6});
  expect_close(cdist(zeros({2, 0}), zeros({1, 0})), {0, 0}, 0, 0);
}

// Breaks if a mistake is not named, or passes.
TEST_CASE("special functions name mistakes", "[special]") {
  const Tensor x = ones({3});
  CHECK_ERROR(polygamma(-1, x), ValueError, "[polygamma] n is -1");
  CHECK_ERROR(mvlgamma(x, 0), ValueError, "[mvlgamma] p is 0");
  CHECK_ERROR(logcumsumexp(ones({3}, {.dtype = int64}), 0), DtypeError, "logcumsumexp");
  CHECK_ERROR(logcumsumexp(x, 1), IndexError, "logcumsumexp");
  CHECK_ERROR(cdist(ones({2, 3}), ones({2, 4})), ShapeError, "[cdist] a is [2, 3], b is [2, 4]");
  CHECK_ERROR(cdist(ones({3}), ones({2, 3})), ShapeError, "[cdist]");
  CHECK_ERROR(cdist(ones({2, 2, 3}), ones({3, 2, 3})), ShapeError, "cdist");
  CHECK_ERROR(cdist(ones({2, 3}), ones({2, 3}), -1), ValueError, "[cdist] p is -1");
  CHECK_ERROR(cdist(ones({2, 3}, {.dtype = int64}), ones({2, 3}, {.dtype = int64})), DtypeError, "cdist");
  const Tensor a = ones({3}).requires_grad_();
  CHECK_ERROR(sum(special::gammainc(a, x)).backward(), AutogradError, "[gammainc] the derivative in a");
  CHECK_ERROR(sum(special::gammaincc(a, x)).backward(), AutogradError, "[gammaincc] the derivative in a");
  CHECK_ERROR(sum(special::zeta(a + 1, x)).backward(), AutogradError, "[zeta] the derivative in x");
  CHECK(lgamma(ones({2}, {.dtype = int64})).dtype() == default_dtype());
  CHECK(special::zeta(full({2}, 3, {.dtype = int64}), ones({2}, {.dtype = float64})).dtype() == float64);
}
