// Modified Bessel functions of the first kind, I_n, of integer order.
#pragma once

#include <xgrad/tensor/kernels/gamma_functions.hpp>
#include <xgrad/tensor/kernels/math.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>

namespace xg::kernels {

/// sqrt(x) e^-x I_n(x) as a polynomial in 1/x - 1/8 for 5 < x < 20 and in 1/x above, for n = 0 and 1. See Note
/// [Polynomials].
template <class T> struct BesselTables;

template <> struct BesselTables<float> {
  static constexpr std::size_t terms = 13;     // of the power series up to 5
  static constexpr float scaled_from = 80;     // from here on e^(x - 8) is computed instead of e^x
  static constexpr float infinite_from = 100;  // I_0 and I_1 are infinite
  static constexpr float middle_0[] = {0.405686342f, 0.0587954729f, 0.0470568806f, 0.094721072f, 0.324217449f,
                                       0.434442629f, -9.70380439f,  -60.2725386f,  178.51542f,   1852.61938f};
  static constexpr float far_0[] = {0.39894228f, 0.0498677049f, 0.0280631533f, 0.0285442913f, 0.0590551106f};
  static constexpr float middle_1[] = {0.379412267f,  -0.163891775f, -0.072046152f, -0.120248628f, -0.386043868f,
                                       -0.607201711f, 10.1720804f,   68.4758292f,   -173.7948f,    -2047.24881f};
  static constexpr float far_1[] = {0.39894228f, -0.149603258f, -0.0467661758f, -0.040090725f, -0.0748772469f};
};

template <> struct BesselTables<double> {
  static constexpr std::size_t terms = 20;
  static constexpr double scaled_from = 700;
  static constexpr double infinite_from = 800;
  static constexpr double middle_0[] = {
      0.405686342354593879, 0.0587954782259432436, 0.0470560418160948756, 0.0947018606913883766, 0.325502486380205478,
      0.454118891271102881, -10.4287553160790591,  -68.6070378810244066,  366.343845490215121,   3430.3609749796723,
      -24308.1006833192121, -109413.858037990357,  1735152.24363571845,   -2607584.19941893712,  -79453955.7618886972,
      655813676.797568578,  -487550089.716359222,  -34715053091.5063682,  391677111554.441046,   -904954551071.464443,
      -28869054613224.3083, 238753901550346.13,    943280455677364.948,   -13925781221306387.7,  -10430922926568800.5,
      306330629211869799.0};
  static constexpr double far_0[] = {0.398942280401432677,  0.0498677850501816676, 0.0280506290883199945,
                                     0.0292194061768858426, 0.0447420511654983895, 0.0906208401785967515,
                                     0.227168271312013821,  0.743990577344666691,  0.828293188491641921,
                                     39.364785440042208,    -282.303470999783783,  1950.05784026277208};
  static constexpr double middle_1[] = {
      0.379412266610151399, -0.163891781203713164, -0.0720453487643280033, -0.120227411074684347, -0.387278455846566492,
      -0.62897744060207021, 10.8724147572874817,   77.7368992384973506,    -357.080906942237007,  -3817.75335734898352,
      24198.08071934202,    127853.04101122334,    -1791284.43020841249,   1936796.48528335958,   85735592.9761539013,
      -658571488.450485199, 179549106.669700266,   37166369267.1156983,    -394202976813.054221,  762966129508.883258,
      30278203436796.0624,  -238706494107752.87,   -1030076714769164.33,   14277951928750145.8,   12408273545630071.7,
      -318749399025036950.0};
  static constexpr double far_1[] = {0.398942280401432678,   -0.14960335515054001,   -0.0467510484819756624,
                                     -0.0409071683568648989, -0.0575255299607708337, -0.110756047683097331,
                                     -0.26861103728623292,   -0.85378289033181138,   -1.04121588742276731,
                                     -42.5774784876479552,   300.797696619463268,    -2097.09887715984419};
};

namespace detail {

/// 1 / (k! (k + n)!) for k = 0, 1, ...
template <class T, std::int64_t n> struct BesselSeries {
  T coefficients[BesselTables<T>::terms];
  constexpr BesselSeries() : coefficients() {
    double value = 1;
    for (std::size_t k = 0; k < BesselTables<T>::terms; ++k) {
      if (k > 0) value /= static_cast<double>(k) * static_cast<double>(k + n);
      coefficients[k] = static_cast<T>(value);
    }
  }
};

template <class T, std::int64_t n> inline constexpr BesselSeries<T, n> bessel_series;

}  // namespace detail

/// I_n(x) for n = 0 or 1, or e^-|x| I_n(x).
template <std::int64_t n, bool scaled, class V> V bessel_i01_of(const V& x) {
  static_assert(n == 0 || n == 1);
  using T = typename V::value_type;
  using Tables = BesselTables<T>;
  const V a = xsimd::abs(x), most(T(5));
  const auto large = a > most;
  const V half = V(T(0.5)) * pick(large, V(T(0)), x);  // NaN stays
  V near = polynomial(half * half, detail::bessel_series<T, n>.coefficients);
  if constexpr (n == 1) near = near * half;
  if constexpr (scaled) near = near * exp_of_minus(pick(large, V(T(0)), a));
  if (!xsimd::any(large)) return near;
  const V u = V(T(1)) / a, middle = u - V(static_cast<T>(0.125));
  V far;
  if constexpr (n == 0)
    far = pick(a < V(T(20)), polynomial(middle, Tables::middle_0), polynomial(u, Tables::far_0));
  else
    far = pick(a < V(T(20)), polynomial(middle, Tables::middle_1), polynomial(u, Tables::far_1));
  far = far / xsimd::sqrt(a);
  if constexpr (!scaled) {
    const auto huge = a > V(Tables::scaled_from);
    const V zero(T(0)), one(T(1)), e8(static_cast<T>(2980.95798704172827474));
    far = far * pick(huge, e8, one) * exp_of(a - pick(huge, V(T(8)), zero));
    far = pick(a > V(Tables::infinite_from), V(std::numeric_limits<T>::infinity()), far);
  }
  if constexpr (n == 1) far = xsimd::copysign(far, x);
  return pick(large, far, near);
}

/// I_n(x) for n > 1, which derivatives of I_0 and I_1 need, or e^-|x| I_n(x).
template <std::floating_point T> T bessel_i_of(std::int64_t n, bool scaled, T x_) {
  using W = Wider<T>;
  const W x = std::abs(static_cast<W>(x_)), order = static_cast<W>(n);
  W value;
  if (x < std::max(W(25), order * order)) {
    W term = 1;
    for (W i = 1; i <= order; i += W(1)) term *= W(0.5) * x / i;
    value = term;
    for (W k = 1; term > value * std::numeric_limits<W>::epsilon() / 4; k += W(1)) {
      term *= W(0.25) * x * x / (k * (k + order));
      value += term;
    }
    if (scaled) value *= std::exp(-x);
  } else {  // Hankel's series
    W term = 1;
    value = 1;
    for (W k = 1; k < W(100); k += W(1)) {
      const W odd = W(2) * k - W(1), next = term * (odd * odd - W(4) * order * order) / (W(8) * k * x);
      if (!(std::abs(next) < std::abs(term))) break;
      value += term = next;
      if (std::abs(term) < value * std::numeric_limits<W>::epsilon() / 4) break;
    }
    value /= std::sqrt(W(2) * std::numbers::pi_v<W> * x);
    if (!scaled) value = std::isinf(x) ? x : value * std::exp(x);
  }
  return static_cast<T>(n % 2 == 1 && x_ < 0 ? -value : value);
}

}  // namespace xg::kernels
