// The logarithm of the gamma function, its derivatives, and Hurwitz's zeta function.
//
// Note [Wider arithmetic]
// Functions of this file, incomplete_gamma.hpp and normal.hpp are computed in a wider type, float64 for float32 and
// long double for float64, whose spare bits absorb cancellation and the growth of errors in exponents. Results are then
// about as close as rounding allows (tests/tensor/test_special_accuracy.cpp). Where long double is no wider than
// double, some lose a few bits.
#pragma once

#include <xgrad/tensor/kernels/math.hpp>

#include <math.h>  // lgamma_r is not in <cmath>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>
#include <type_traits>

namespace xg::kernels {

template <std::floating_point T> using Wider = std::conditional_t<std::is_same_v<T, float>, double, long double>;

/// log |Gamma(x)|. (std::lgamma writes a global variable, which is a race between threads.)
inline double lgamma_of(double x) {
  int sign;
  return ::lgamma_r(x, &sign);
}
inline float lgamma_of(float x) { return static_cast<float>(lgamma_of(static_cast<double>(x))); }
inline long double lgamma_of(long double x) {
  int sign;
  return ::lgammal_r(x, &sign);
}

namespace detail {

/// B_2k / (2k)! for k = 1, 2, ...: Bernoulli's numbers in Euler and Maclaurin's formula.
inline constexpr long double euler_maclaurin[] = {
    1.0L / 12,
    -1.0L / 720,
    1.0L / 30240,
    -1.0L / 1209600,
    2.08767569878680989792e-8L,
    -5.28419013868749318485e-10L,
    1.33825365306846788328e-11L,
    -3.38968029632258286683e-13L,
    8.58606205627784456414e-15L,
    -2.17486869855806187304e-16L,
    5.5090028283602295152e-18L,
    -1.39544646858125233407e-19L,
    3.53470703962946747169e-21L,
    -8.9535174270375468504e-23L,
};

/// Where digamma is 0, as a sum, and the coefficients of its Taylor series there, beginning with that of d.
inline constexpr long double digamma_root_high = 0x1.762d86356be3fp+0L, digamma_root_low = 9.5499954299656977152e-17L;
inline constexpr long double digamma_at_root[] = {
    0.967672245447621170427L,   -0.442763168983592106093L,  0.258499760955651010624L,  -0.163942705442406527504L,
    0.107824050691262365757L,   -0.0721995612564547109261L, 0.0488042881641431072251L, -0.0331611264748473592923L,
    0.0225976482322181046596L,  -0.0154247659049489591388L, 0.0105387916166121753881L, -0.00720453438635686824097L,
    0.00492678139572985344635L, -0.00336980165543932808279L};

/// zeta(s, q) for s > 1 and q > 0, where power(a) is a^-s, perhaps times a constant: the first terms, and for the
/// others Euler and Maclaurin's formula.
template <class W, class Power> W positive_zeta(W s, W q, const Power& power) {
  constexpr W eps = std::numeric_limits<W>::epsilon() / 4;
  const W enough = std::max(W(12), s + W(8));
  W sum = 0, a = q;
  for (; a < enough; a += W(1)) {
    const W term = power(a);
    sum += term;
    if (!(term > sum * eps)) return sum;
  }
  const W first = power(a), r = W(1) / (a * a);
  sum += first * (a / (s - W(1)) + W(0.5));
  W factor = s * first / a;
  W k2 = 2;
  for (const long double coefficient : euler_maclaurin) {
    const W term = static_cast<W>(coefficient) * factor;
    sum += term;
    if (!(std::abs(term) > std::abs(sum) * eps)) break;
    factor *= (s + k2 - W(1)) * (s + k2) * r;
    k2 += W(2);
  }
  return sum;
}

/// a^-s
template <class W> W inverse_power(W a, W s) {
  if (!(s <= W(64)) || s != std::floor(s)) return std::pow(a, -s);
  W result = 1, factor = a;
  for (auto e = static_cast<unsigned>(s); e != 0; e >>= 1) {
    if (e & 1) result *= factor;
    factor *= factor;
  }
  return W(1) / result;
}

/// zeta(s, q) for s > 1; for negative q an integer s is required.
template <class W> W zeta(W s, W q) {
  const auto positive = [s](W at) {
    return std::isinf(at) ? W(0) : positive_zeta(s, at, [s](W a) { return inverse_power(a, s); });
  };
  if (q > 0) return positive(q);
  // The terms below 0, by reflection at it: with q = f - m for 0 < f < 1, they are (-1)^s (1 - f)^-s, (2 - f)^-s, ...
  const W d = q - std::nearbyint(q), f = d > 0 ? d : W(1) + d, g = d > 0 ? W(1) - d : -d;
  const W below = positive(g) - positive(W(1) - q);
  return positive(f) + (std::fmod(s, W(2)) == 0 ? below : -below);
}

}  // namespace detail

/// zeta(s, q) = sum (q + k)^-s over k >= 0: infinite for s = 1 and at the poles q = 0, -1, ..., NaN for s < 1 and for
/// negative q with s not an integer.
template <std::floating_point T> T zeta_of(T s_, T q_) {
  using W = Wider<T>;
  const W s = s_, q = q_;
  constexpr T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  if (std::isnan(s) || std::isnan(q) || s < 1) return nan;
  if (s == 1) return inf;
  if (q <= 0) {
    if (q == std::floor(q)) return inf;
    if (s != std::floor(s) || std::isinf(s)) return nan;
  }
  if (std::isinf(s)) return static_cast<T>(std::pow(q, -s));
  return static_cast<T>(detail::zeta(s, q));
}

/// The derivative of log |Gamma(x)|: infinite at 0 with the sign of -x, NaN at negative integers.
template <std::floating_point T> T digamma_of(T x_) {
  using W = Wider<T>;
  W x = x_;
  if (x == 0) return std::copysign(std::numeric_limits<T>::infinity(), -x_);
  W sum = 0;
  if (x < 0) {  // psi(1 - x) - pi cot(pi x)
    const W d = x - std::nearbyint(x);
    if (!(d != 0)) return std::numeric_limits<T>::quiet_NaN();
    sum = -std::numbers::pi_v<W> / std::tan(std::numbers::pi_v<W> * d);
    x = W(1) - x;
  }
  const W from_root = (x - static_cast<W>(detail::digamma_root_high)) - static_cast<W>(detail::digamma_root_low);
  if (std::abs(from_root) < W(0.05)) {
    W series = 0, power = from_root;
    for (const long double coefficient : detail::digamma_at_root) {
      series += static_cast<W>(coefficient) * power;
      power *= from_root;
    }
    return static_cast<T>(sum + series);
  }
  if (x < W(14)) {  // 1 / x + 1 / (x + 1) + ... as one quotient
    W numerator = 1, denominator = x;
    for (x += W(1); x < W(14); x += W(1)) {
      numerator = numerator * x + denominator;
      denominator *= x;
    }
    sum -= numerator / denominator;
  }
  // log(x) - 1 / (2 x) - sum B_2k / (2k x^2k)
  constexpr long double series[] = {1.0L / 12,       -1.0L / 120, 1.0L / 252,      -1.0L / 240,     1.0L / 132,
                                    -691.0L / 32760, 1.0L / 12,   -3617.0L / 8160, 43867.0L / 14364};
  const W r = W(1) / x, z = r * r;
  W tail = 0;
  for (int k = 8; k >= 0; --k) tail = tail * z + static_cast<W>(series[k]);
  return static_cast<T>(sum + (std::log(x) - (W(0.5) * r + tail * z)));
}

/// The derivative of digamma of order n >= 0: (-1)^(n + 1) n! zeta(n + 1, x).
template <std::floating_point T> T polygamma_of(std::int64_t n, T x_) {
  if (n == 0) return digamma_of(x_);
  using W = Wider<T>;
  constexpr std::int64_t most = std::is_same_v<W, double> ? 170 : 1754;  // n! is finite up to it
  const W x = x_, s = static_cast<W>(n) + W(1);
  if (std::isnan(x)) return x_;
  W size;
  if (x <= 0 && x == std::floor(x)) {
    size = std::numeric_limits<W>::infinity();
  } else if (n <= most) {
    W factorial = 1;
    if (n > 20)
      factorial = std::tgamma(s);
    else
      for (std::int64_t i = 2; i <= n; ++i) factorial *= static_cast<W>(i);
    size = factorial * detail::zeta(s, x);
  } else if (x > 0) {
    const W ratio = detail::positive_zeta(s, x, [&](W a) { return std::pow(x / a, s); });  // zeta x^s
    size = std::exp(lgamma_of(s) - s * std::log(x) + std::log(ratio));
  } else {
    const W value = detail::zeta(s, x);
    size = std::copysign(std::exp(lgamma_of(s) + std::log(std::abs(value))), value);
  }
  return static_cast<T>(n % 2 == 1 ? size : -size);
}

// ---- batches

/// The derivative of digamma, sum (x + k)^-2 over k >= 0; infinite at 0 and at negative integers. All terms are
/// positive, so that nothing cancels.
template <class V> V trigamma_of(const V& x) {
  using T = typename V::value_type;
  const V one(T(1));
  // Beyond eight terms, 1 / a + 1 / (2 a^2) + sum B_2k / a^(2k + 1).
  constexpr T series[] = {T(1.0 / 6),       T(-1.0 / 30),       T(1.0 / 42),       T(-1.0 / 30),
                          T(5.0 / 66),      T(-691.0 / 2730),   T(7.0 / 6),        T(-3617.0 / 510),
                          T(43867.0 / 798), T(-174611.0 / 330), T(854513.0 / 138), T(-236364091.0 / 2730)};
  constexpr std::size_t terms = std::is_same_v<T, float> ? 4 : 12;
  const V r = one / (x + V(T(8))), z = r * r;
  V tail(series[terms - 1]);
  for (std::size_t k = terms - 1; k-- > 0;) tail = tail * z + V(series[k]);
  V sum = r + z * (V(T(0.5)) + r * tail);
  for (int k = 7; k > 0; --k) {
    const V a = x + V(static_cast<T>(k));
    sum += one / (a * a);
  }
  sum += one / (x * x);
  if (!xsimd::any(x < V(T(0)))) return sum;
  alignas(64) T in[V::size], out[V::size];
  x.store_aligned(in);
  sum.store_aligned(out);
  for (std::size_t i = 0; i < V::size; ++i)
    if (in[i] < 0) out[i] = polygamma_of(1, in[i]);
  return V::load_aligned(out);
}

}  // namespace xg::kernels
