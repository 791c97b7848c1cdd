#include <xgrad/tensor/kernels/gauss_legendre.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <cmath>
#include <numbers>

namespace xg::kernels {
namespace {

// Note [Nodes at angles]
// A node is x = cos t with P_n(cos t) = 0 for an angle t, which Newton's method finds from the guess (k - 1/4) pi / (n
// + 1/2) of the k-th. Angles keep the digits of nodes close to 1, and the weight is 2 / (d P_n / d t)^2. The recurrence
// for P_n takes n steps, so it is used for rules with few nodes and for the nodes closest to 1. All others use the
// asymptotic series below, which takes about a dozen terms, so the total cost is proportional to n. Source: Hale and
// Townsend 2013, "Fast and accurate computation of Gauss-Legendre and Gauss-Jacobi quadrature nodes and weights".

constexpr std::int64_t few = 100;       // up to this many nodes, all are found by the recurrence
constexpr std::int64_t outermost = 20;  // number of nodes closest to 1, where the series does not converge

struct Value {
  double p, slope;  // P_n(cos t) and its derivative with respect to t
};

/// By the recurrence for the differences P_k - P_(k-1), which does not cancel where x is close to 1 (Reinsch):
///   P_(k+1) - P_k = (k (P_k - P_(k-1)) - (2 k + 1) (1 - x) P_k) / (k + 1).
Value by_recurrence(std::int64_t n, double t) {
  const long double half = std::sin(static_cast<long double>(t) / 2), distance = 2 * half * half;  // 1 - x
  long double p = 1, difference = 0;
  for (std::int64_t k = 0; k < n; ++k) {
    const auto degree = static_cast<long double>(k);
    difference = (degree * difference - (2 * degree + 1) * distance * p) / (degree + 1);
    p += difference;
  }
  const long double slope =
      static_cast<long double>(n) * (difference - distance * p) / std::sin(static_cast<long double>(t));
  return {static_cast<double>(p), static_cast<double>(slope)};
}

/// log of gamma(z) - (z - 1/2) log z + z - log(2 pi) / 2, for z > 50.
double stirling_tail(double z) {
  const double r = 1 / z, r2 = r * r;
  return r * (1.0 / 12 - r2 * (1.0 / 360 - r2 * (1.0 / 1260 - r2 / 1680)));
}

/// The series of Stieltjes, by which
///   P_n(cos t) = C sum_m h_m cos((n + m + 1/2) t - (m + 1/2) pi / 2) / (2 sin t)^(m + 1/2)
///   C = 2 gamma(n + 1) / (sqrt(pi) gamma(n + 3/2)), h_0 = 1, h_m = h_(m-1) (m - 1/2)^2 / (m (n + m + 1/2)).
class Series {
 public:
  explicit Series(std::int64_t n) : n_(static_cast<double>(n)) {
    const double a = n_ + 1, b = n_ + 1.5;
    const double log_ratio = (n_ + 0.5) * std::log1p(-0.5 / b) + 0.5 + stirling_tail(a) -
                             stirling_tail(b);  // log of gamma(a) sqrt(b) / gamma(b)
    scale_ = 2 / std::sqrt(std::numbers::pi * b) * std::exp(log_ratio);
  }

  Value operator()(double t) const {
    const double sine = std::sin(t), cosine = std::cos(t), phase = (n_ + 0.5) * t - std::numbers::pi / 4;
    // The phase increases by t - pi / 2 from term to term.
    double c = std::cos(phase), s = std::sin(phase), factor = 1 / std::sqrt(2 * sine);
    Value sum{0, 0};
    for (int m = 0; m < 64; ++m) {
      const double order = m;
      sum.p += factor * c;
      sum.slope -= factor * ((n_ + order + 0.5) * s + (order + 0.5) * cosine / sine * c);
      factor *= (order + 0.5) * (order + 0.5) / ((order + 1) * (n_ + order + 1.5) * 2 * sine);
      if (factor < 1e-18) break;
      const double next = c * sine + s * cosine;
      s = s * sine - c * cosine;
      c = next;
    }
    return {scale_ * sum.p, scale_ * sum.slope};
  }

 private:
  double n_, scale_;
};

}  // namespace

GaussLegendre gauss_legendre(std::int64_t n) {
  constexpr std::int64_t max_nodes = 100'000'000;
  if (n < 1 || n > max_nodes)
    raise<ValueError>("[gauss_legendre] n is {}: there are rules with 1 to {} nodes.", n, max_nodes);
  const auto count = static_cast<std::size_t>(n);
  GaussLegendre rule{std::vector<double>(count), std::vector<double>(count)};
  const Series series(n);
  for (std::int64_t k = 1; k <= (n + 1) / 2; ++k) {  // from x = 1 to the middle
    const bool middle = 2 * k - 1 == n;
    double t = middle ? std::numbers::pi / 2
                      : std::numbers::pi * (static_cast<double>(k) - 0.25) / (static_cast<double>(n) + 0.5);
    const bool recurring = n <= few || k <= outermost;
    Value value = recurring ? by_recurrence(n, t) : series(t);
    for (int iteration = 0; iteration < 20 && !middle; ++iteration) {
      const double step = value.p / value.slope;
      t -= step;
      value = recurring ? by_recurrence(n, t) : series(t);
      if (std::abs(step) < 1e-9 * t) break;  // the error is the square of that
    }
    const double sine = std::sin(t / 2), distance = middle ? 0.5 : sine * sine;  // (1 - cos t) / 2
    const auto low = static_cast<std::size_t>(k - 1), high = count - 1 - low;
    rule.nodes[low] = distance;
    rule.nodes[high] = 1 - distance;
    rule.weights[low] = rule.weights[high] = 1 / (value.slope * value.slope);
  }
  return rule;
}

}  // namespace xg::kernels
