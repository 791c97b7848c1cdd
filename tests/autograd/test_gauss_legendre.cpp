#include "support/catch.hpp"
#include "support/growth.hpp"

#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/kernels/gauss_legendre.hpp>

#include <cmath>
#include <limits>
#include <numbers>

using xg::kernels::gauss_legendre;
using xg::kernels::GaussLegendre;

namespace {

/// Node number k from below and its weight in long double, by Newton's method on the recurrence alone.
std::pair<long double, long double> by_newton(std::int64_t n, std::int64_t k) {
  long double t =
      std::numbers::pi_v<long double> * (static_cast<long double>(k) + 0.75L) / (static_cast<long double>(n) + 0.5L);
  long double slope = 0;
  for (int iteration = 0; iteration < 8; ++iteration) {
    const long double half = std::sin(t / 2), distance = 2 * half * half;
    long double p = 1, difference = 0;
    for (std::int64_t j = 0; j < n; ++j) {
      const auto degree = static_cast<long double>(j);
      difference = (degree * difference - (2 * degree + 1) * distance * p) / (degree + 1);
      p += difference;
    }
    slope = static_cast<long double>(n) * (difference - distance * p) / std::sin(t);
    t -= p / slope;
    if (std::abs(p / slope) < 1e-18L) break;
  }
  const long double half = std::sin(t / 2);
  return {half * half, 1 / (slope * slope)};
}

template <class F> double integral(const GaussLegendre& rule, F&& f) {
  long double sum = 0;
  for (std::size_t i = 0; i < rule.nodes.size(); ++i)
    sum += static_cast<long double>(rule.weights[i]) * f(static_cast<long double>(rule.nodes[i]));
  return static_cast<double>(sum);
}

}  // namespace

// Breaks if the series or the recurrence loses digits, or the two do not meet.
TEST_CASE("Gauss-Legendre nodes are the roots that Newton's method finds") {
  const auto check = [](std::int64_t n, std::int64_t stride) {
    const GaussLegendre rule = gauss_legendre(n);
    double node = 0, weight = 0;
    for (std::int64_t k = 0; 2 * k < n; k += k < 30 ? 1 : stride) {
      const auto [x, w] = by_newton(n, k);
      const auto low = static_cast<std::size_t>(k), high = static_cast<std::size_t>(n - 1 - k);
      node = std::max(node, static_cast<double>(std::abs(rule.nodes[low] - x)));
      node = std::max(node, static_cast<double>(std::abs(rule.nodes[high] - (1 - x))));
      weight = std::max(weight, static_cast<double>(std::abs(rule.weights[low] / w - 1)));
      weight = std::max(weight, static_cast<double>(std::abs(rule.weights[high] / w - 1)));
    }
    INFO(n << " nodes");
    CHECK(node < 4e-16);
    CHECK(weight < (n <= 10'000 ? 4e-15 : 2e-14));
  };
  for (std::int64_t n = 1; n <= 300; ++n) check(n, 1);
  check(10'000, 997);
  check(100'000, 24'989);
}

TEST_CASE("Gauss-Legendre rules are symmetric, ascending and exact for polynomials") {
  for (const std::int64_t n : {1, 2, 3, 4, 5, 8, 32, 99, 100, 101, 250, 10'000, 100'001}) {
    const GaussLegendre rule = gauss_legendre(n);
    INFO(n << " nodes");
    REQUIRE(rule.nodes.size() == static_cast<std::size_t>(n));
    REQUIRE(rule.weights.size() == static_cast<std::size_t>(n));
    bool symmetric = true, ascending = rule.nodes.front() > 0 && rule.nodes.back() < 1;
    for (std::size_t i = 0; i < rule.nodes.size(); ++i) {
      const std::size_t other = rule.nodes.size() - 1 - i;
      symmetric &= std::abs(rule.nodes[i] + rule.nodes[other] - 1) < 2.5e-16 && rule.weights[i] == rule.weights[other];
      ascending &= rule.weights[i] > 0 && (i == 0 || rule.nodes[i - 1] < rule.nodes[i]);
    }
    CHECK(symmetric);
    CHECK(ascending);
    CHECK(std::abs(integral(rule, [](long double) { return 1.0L; }) - 1) < 2e-15);
    // x^d, the highest power that is exact among them; a power of n x loses n times the digits.
    for (const std::int64_t degree : {std::int64_t{1}, n, 2 * n - 1}) {
      const double want = 1 / static_cast<double>(degree + 1);
      const double got = integral(rule, [&](long double x) { return std::pow(x, static_cast<long double>(degree)); });
      CHECK(std::abs(got / want - 1) < 1e-14 + 4e-16 * static_cast<double>(degree));
    }
    if (n < 20) {  // and the next power is not: its error is known
      long double error = 1.0L / static_cast<long double>(2 * n + 1);
      for (std::int64_t k = 1; k <= n; ++k) {
        const long double ratio = static_cast<long double>(k) / static_cast<long double>(n + k);
        error *= ratio * ratio;  // (n!)^4 / ((2n + 1) ((2n)!)^2), the n!^2 / (2n)! of each
      }
      const double missing = 1 / static_cast<double>(2 * n + 1) - integral(rule, [&](long double x) {
                               return std::pow(x, static_cast<long double>(2 * n));
                             });
      CHECK(std::abs(missing - static_cast<double>(error)) < 1e-15);
    }
  }
}

TEST_CASE("the cost of a Gauss-Legendre rule grows as its nodes do") {
  // Breaks if each node costs a recurrence.
  CHECK(xg_test::growth(5000, [](int n) { return [n] { CHECK(gauss_legendre(n).nodes[0] > 0); }; }) <
        xg_test::far_below_quadratic);
}

TEST_CASE("Gauss-Legendre rules of no size are refused") {
  for (const std::int64_t n : {std::int64_t{0}, std::int64_t{-1}, std::numeric_limits<std::int64_t>::min(),
                               std::numeric_limits<std::int64_t>::max(), std::int64_t{1} << 40})
    CHECK_ERROR(gauss_legendre(n), xg::ValueError, "gauss_legendre", std::to_string(n));
}
