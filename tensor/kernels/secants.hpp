// Secants (f(a) - f(b)) / (a - b) without cancellation, for functions that several ops use. Where a equals b they are
// the derivative. NaN stays NaN.
#pragma once

#include <xgrad/tensor/kernels/math.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>
#include <numbers>
#include <type_traits>

namespace xg::kernels {

/// The secant of max(x, 0).
template <class V> V relu_secant_of(const V& a, const V& b) {
  const V zero = constant(a, 0), one = constant(a, 1);
  const auto relu = [&](const V& x) { return pick(x <= zero, zero, x); };
  const V mixed = (relu(a) - relu(b)) / (a - b);  // signs differ: |a - b| = |a| + |b|
  return pick((a <= zero) & (b <= zero), zero, pick((a >= zero) & (b >= zero), one, mixed));
}

/// The secant of x clamped to [low, high]; the derivative is 0 at the bounds.
template <class V> V clamp_secant_of(const V& a, const V& b, const V& low, const V& high) {
  const V zero = constant(a, 0), one = constant(a, 1);
  const auto clamped = [&](const V& x) {
    const V above = pick(x < low, low, x);
    return pick(above > high, high, above);
  };
  const V derivative = pick((a > low) & (a < high), one, zero), across = (clamped(a) - clamped(b)) / (a - b);
  const auto inside = (a >= low) & (a <= high) & (b >= low) & (b <= high);
  return pick(a == b, derivative, pick(inside, one, across));
}

/// The secant of 1 / (1 + exp(-x)): sigmoid(a) - sigmoid(b) = sigmoid(a) sigmoid(-b) (1 - exp(b - a)), with a >= b.
template <class V> V sigmoid_secant_of(const V& a, const V& b) {
  const auto ordered = a > b;
  const V high = pick(ordered, a, b), low = pick(ordered, b, a), d = high - low, one = constant(a, 1);
  const V product = one / ((one + exp_of(-high)) * (one + exp_of(low)));
  return pick(high == low, product, product * (-expm1_of(-d) / d));  // equal infinities too
}

/// The secant of exp: exp(b) expm1(d) / d with d = a - b.
template <class V> V exp_secant_of(const V& a, const V& b) {
  const auto ordered = a > b;
  const V high = pick(ordered, a, b), low = pick(ordered, b, a), d = high - low, least = exp_of(low);
  const V near = least * (expm1_of(d) / d);
  const V far = (exp_of(high) - least) / d;  // no cancellation, and no overflow before exp's own
  return pick(high == low, least, pick(d > constant(a, 1), far, near));  // equal infinities too
}

/// The secant of log: log1p(d / b) / d with d = a - b.
template <class V> V log_secant_of(const V& a, const V& b) {
  const auto ordered = a > b;
  const V high = pick(ordered, a, b), low = pick(ordered, b, a), d = high - low, ratio = d / low, one = constant(a, 1);
  const V quotient = high / low, near = log1p_of_unit(pick(ratio > one, one, ratio)) / d, zero = constant(a, 0);
  const auto overflows = quotient > V(std::numeric_limits<ElementOf<V>>::max());
  V far = log_of(quotient) / d;
  if (xsimd::any(overflows)) far = pick(overflows, (log_of(high) - log_of(low)) / d, far);
  const V positive = pick(d == zero, one / a, pick(ratio > one, far, near));
  if (!xsimd::any(low <= zero)) return positive;
  return pick((low <= zero) & (d != zero), (log_of(high) - log_of(low)) / d, positive);
}

/// The secant of erf.
template <std::floating_point T> T erf_secant_of(T a, T b) {
  const T d = a - b, middle = b + d / 2;
  const T near = std::is_same_v<T, float> ? T(0.05) : T(1e-3);
  if (std::abs(d) < near) {  // the slope in the middle, and its second derivative times d^2 / 24
    const T slope = std::numbers::inv_sqrtpi_v<T> * 2 * std::exp(-middle * middle);
    if (slope == 0) return T(0);  // the square may be infinite
    return slope * (1 + (4 * middle * middle - 2) * d * d / 24);
  }
  if (a > 0 && b > 0) return (std::erfc(b) - std::erfc(a)) / d;
  if (a < 0 && b < 0) return (std::erfc(-a) - std::erfc(-b)) / d;
  return (std::erf(a) - std::erf(b)) / d;
}

/// The secant of log(1 + exp(beta x)) / beta, which is x where beta x > limit: log1p(sigmoid(b) expm1(a - b)) / (a - b)
/// with a <= b.
template <std::floating_point T> T softplus_secant_of(T x, T r, T beta, T limit) {
  const T a = beta * std::min(x, r), b = beta * std::max(x, r);
  if (a > limit) return T(1);
  if (b > limit) {  // the arguments lie on both sides of the point where the function becomes x
    const T low = (std::max(a, T(0)) + std::log1p(std::exp(-std::abs(a)))) / beta;
    return (std::max(x, r) - low) / (std::max(x, r) - std::min(x, r));
  }
  const T sigmoid_b = T(1) / (T(1) + std::exp(-b)), d = a - b;
  if (d < T(-1)) {  // sigmoid(b) rounds to 1 for a large b, and the argument of log1p to -1
    const auto tail = [](T z) { return std::log1p(std::exp(-std::abs(z))); };  // softplus(z) - max(z, 0)
    return (std::max(a, T(0)) - std::max(b, T(0)) + tail(a) - tail(b)) / d;
  }
  return d == T(0) ? sigmoid_b : std::log1p(sigmoid_b * std::expm1(d)) / d;
}

}  // namespace xg::kernels
