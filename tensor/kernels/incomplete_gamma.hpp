// The regularized incomplete gamma functions, of single numbers. See Note [Wider arithmetic].
#pragma once

#include <xgrad/tensor/kernels/gamma_functions.hpp>

#include <cmath>
#include <concepts>
#include <limits>
#include <numbers>

namespace xg::kernels {

namespace detail {

/// The coefficients of eta^n in C_k(eta), one k after the other, with `temme_counts` terms each: C_0 = 1/mu - 1/eta and
/// C_k = C_{k-1}' / eta + g_k / mu, where eta^2 / 2 = mu - log(1 + mu) and g_k removes the pole.
inline constexpr int temme_counts[] = {19, 17, 15, 13, 11, 9, 7, 4, 2, 1, 1};
inline constexpr long double temme[] = {
    -0.333333333333333333333L,      0.0833333333333333333333L,      -0.0148148148148148148148L,
    0.00115740740740740740741L,     0.000352733686067019400353L,    -0.0001787551440329218107L,
    0.000039192631785224377817L,    -0.00000218544851067999216147L, -0.0000018540622107151599607L,
    8.29671134095308600502e-7L,     -1.76659527368260793044e-7L,    6.70785354340149858037e-9L,
    1.02618097842403080426e-8L,     -4.38203601845335318655e-9L,    9.14769958223679023418e-10L,
    -2.55141939949462497669e-11L,   -5.83077213255042506746e-11L,   2.43619480206674162437e-11L,
    -5.02766928011417558909e-12L,   -0.00185185185185185185185L,    -0.00347222222222222222222L,
    0.00264550264550264550265L,     -0.000990226337448559670782L,   0.000205761316872427983539L,
    -4.0187757201646090535e-7L,     -0.000018098550334489977837L,   0.00000764916091608111008464L,
    -0.00000161209008945634460038L, 4.64712780280743434226e-9L,     1.37863344691572095931e-7L,
    -5.75254560351770496402e-8L,    1.19516285997781473243e-8L,     -1.75432417197476476238e-11L,
    -1.00915437106004126275e-9L,    4.16279299184258263623e-10L,    -8.56390702649298063807e-11L,
    0.00413359788359788359788L,     -0.00268132716049382716049L,    0.000771604938271604938272L,
    0.00000200938786008230452675L,  -0.000107366532263651605215L,   0.0000529234488291201254164L,
    -0.0000127606351886187277134L,  3.42357873409613807419e-8L,     0.00000137219573090629332056L,
    -6.29899213838005502291e-7L,    1.42806142060642417916e-7L,     -2.04770984219908660149e-10L,
    -1.40925299108675210533e-8L,    6.22897408492202203356e-9L,     -1.36704883966171134993e-9L,
    0.000649434156378600823045L,    0.000229472093621399176955L,    -0.000469189494395255712128L,
    0.000267720632062838852962L,    -0.0000756180167188397641073L,  -2.39650511386729665193e-7L,
    0.0000110826541153473023615L,   -0.0000056749528269915965675L,  0.00000142309007324358839146L,
    -2.78610802915281422406e-11L,   -1.69584040919302772899e-7L,    8.09946490538808236335e-8L,
    -1.91111684859736540607e-8L,    -0.000861888290916711698605L,   0.000784039221720066627474L,
    -0.000299072480303190179733L,   -0.00000146384525788434181781L, 0.0000664149821546512218666L,
    -0.0000396836504717943466443L,  0.0000113757269706784190981L,   2.50749722623753280165e-10L,
    -0.00000169541495365583060147L, 8.90750753220530968883e-7L,     -2.29293483400080487057e-7L,
    -0.000336798553366358150309L,   -0.0000697281375836585777429L,  0.000277275324495939207873L,
    -0.000199325705161888477003L,   0.0000679778047793720783882L,   1.41906292064396701483e-7L,
    -0.0000135940481897686932785L,  0.00000801847025633420153972L,  -0.00000229148117650809517038L,
    0.000531307936463992223166L,    -0.000592166437353693882865L,   0.000270878209671804482771L,
    7.90235323266032787212e-7L,     -0.0000815396936756196875093L,  0.0000561168275310624965004L,
    -0.0000183291165828433755673L,  0.000344367606892377671254L,    0.0000517179090826059219337L,
    -0.000334931610811422363117L,   0.000281269515476323702274L,    -0.000652623918595309418922L,
    0.000839498720672087279993L,    -0.000596761290192746250124L,   0.00133244544948006563713L};

/// log(1 + m) - m
template <class W> W log1p_minus(W m) {
  if (!(std::abs(m) < W(0.5))) return std::log1p(m) - m;
  // With s = m / (2 + m): 2 (s + s^3 / 3 + s^5 / 5 + ...) - m, and 2 s - m = -m s.
  const W s = m / (W(2) + m), z = s * s;
  W sum = 0, power = 1;
  for (int k = 3; k < 60; k += 2, power *= z) {
    const W term = power / static_cast<W>(k);
    sum += term;
    if (term < sum * std::numeric_limits<W>::epsilon()) break;
  }
  return W(2) * s * z * sum - m * s;
}

/// log Gamma(1 + a) for 0 <= a < 2, accurate relative to a.
template <class W> W lgamma_one_plus(W a) {
  if (!(a < W(0.003))) return lgamma_of(W(1) + a);
  constexpr long double series[] = {-0.5772156649015328606065L, 0.822467033424113218236L,  -0.400685634386531428467L,
                                    0.270580808427784547879L,   -0.207385551028673985266L, 0.169557176997408189952L,
                                    -0.14404989676884611812L,   0.125509669524743042422L,  -0.111334265869564690491L};
  W sum = 0;
  for (int k = 8; k >= 0; --k) sum = sum * a + static_cast<W>(series[k]);
  return sum * a;
}

/// x^a e^-x / Gamma(a + 1) for positive finite a and x.
template <class W> W poisson_weight(W a, W x) {
  if (a < W(12)) return std::pow(x, a) * std::exp(-x) / std::tgamma(a + W(1));
  const W m = (x - a) / a, r = W(1) / (a * a);
  const W exponent = m > W(-0.5) && m < W(1) ? a * log1p_minus(m) : a * std::log(x / a) - (x - a);
  // Stirling's series: sum B_2k / (2k (2k - 1) a^(2k - 1))
  W stirling = 0, factor = W(1) / a;
  for (int k = 1; k <= 12; ++k) {
    const W term = static_cast<W>(euler_maclaurin[k - 1]) * factor;
    stirling += term;
    if (!(std::abs(term) > std::numeric_limits<W>::epsilon() / 4)) break;
    factor *= static_cast<W>((2 * k - 1) * 2 * k) * r;
  }
  return std::exp(exponent - stirling) / std::sqrt(W(2) * std::numbers::pi_v<W> * a);
}

/// P(a, x) by its power series, for x up to about a.
template <class W> W lower_series(W a, W x) {
  W sum = 1, term = 1, n = a;
  for (int i = 0; i < 100000; ++i) {
    n += W(1);
    term *= x / n;
    sum += term;
    if (!(term > sum * std::numeric_limits<W>::epsilon() / 4)) break;
  }
  return poisson_weight(a, x) * sum;
}

/// Q(a, x) by Legendre's continued fraction (Lentz's algorithm), for x above a and above 1.
template <class W> W upper_fraction(W a, W x) {
  constexpr W tiny = std::numeric_limits<W>::min() * W(16);
  W b = x + W(1) - a, c = W(1) / tiny, d = W(1) / b, h = d;
  for (int i = 1; i < 100000; ++i) {
    const W n = -static_cast<W>(i) * (static_cast<W>(i) - a);
    b += W(2);
    d = n * d + b;
    if (std::abs(d) < tiny) d = tiny;
    c = b + n / c;
    if (std::abs(c) < tiny) c = tiny;
    d = W(1) / d;
    const W factor = d * c;
    h *= factor;
    if (!(std::abs(factor - W(1)) > std::numeric_limits<W>::epsilon())) break;
  }
  return poisson_weight(a, x) * a * h;
}

/// Q(a, x) for small a and x, where 1 - P would cancel: with u = a log x - log Gamma(1 + a),
/// -expm1(u) - a e^u sum_{n >= 1} (-x)^n / (n! (a + n)).
template <class W> W upper_series(W a, W x) {
  W sum = 0, power = 1;
  for (int n = 1; n < 100; ++n) {
    power *= -x / static_cast<W>(n);
    const W term = power / (a + static_cast<W>(n));
    sum += term;
    if (!(std::abs(term) > std::abs(sum) * std::numeric_limits<W>::epsilon() / 4)) break;
  }
  const W u = a * std::log(x) - lgamma_one_plus(a);
  return -std::expm1(u) - a * std::exp(u) * sum;
}

template <class W> bool is_uniform(W a, W x) { return a >= W(100) && std::abs(x - a) <= W(0.3) * a; }

/// P or Q for large a near x. Temme 1979, "The asymptotic expansion of the incomplete gamma functions".
template <class W> W uniform_expansion(W a, W x, bool upper) {
  const W phi = log1p_minus((x - a) / a), root = std::sqrt(W(-2) * phi), eta = x < a ? -root : root;
  W sum = 0, factor = 1;
  const long double* coefficients = temme;
  for (const int count : temme_counts) {
    W value = 0;
    for (int n = count - 1; n >= 0; --n) value = value * eta + static_cast<W>(coefficients[n]);
    sum += value * factor;
    factor /= a;
    coefficients += count;
  }
  const W rest = std::exp(a * phi) / std::sqrt(W(2) * std::numbers::pi_v<W> * a) * sum;
  const W half = W(0.5) * std::erfc((upper ? eta : -eta) * std::sqrt(a / W(2)));
  return upper ? half + rest : half - rest;
}

/// P(a, x), or Q(a, x) = 1 - P(a, x): whichever is small is computed itself.
template <class W> W incomplete_gamma(W a, W x, bool upper) {
  if (!(a >= 0 && x >= 0) || (a == 0 && x == 0) || (std::isinf(a) && std::isinf(x)))
    return std::numeric_limits<W>::quiet_NaN();
  if (a == 0 || std::isinf(x)) return upper ? W(0) : W(1);
  if (x == 0 || std::isinf(a)) return upper ? W(1) : W(0);
  if (is_uniform(a, x)) return uniform_expansion(a, x, upper);
  if (x > W(1.1)) {
    if (x > a) return upper ? upper_fraction(a, x) : W(1) - upper_fraction(a, x);
    return upper ? W(1) - lower_series(a, x) : lower_series(a, x);
  }
  if (!upper) return lower_series(a, x);
  const bool small_upper = x <= W(0.5) ? W(-0.4) / std::log(x) >= a : x * W(1.1) >= a;
  return small_upper ? upper_series(a, x) : W(1) - lower_series(a, x);
}

}  // namespace detail

/// P(a, x), the integral of t^(a - 1) e^-t from 0 to x over Gamma(a); NaN for negative arguments.
template <std::floating_point T> T gammainc_of(T a, T x) {
  return static_cast<T>(detail::incomplete_gamma<Wider<T>>(a, x, false));
}
/// Q(a, x) = 1 - P(a, x).
template <std::floating_point T> T gammaincc_of(T a, T x) {
  return static_cast<T>(detail::incomplete_gamma<Wider<T>>(a, x, true));
}
/// x^(a - 1) e^-x / Gamma(a), the derivative of P in x.
template <std::floating_point T> T gamma_density_of(T a_, T x_) {
  const Wider<T> a = a_, x = x_;
  if (!(a >= 0 && x >= 0) || (std::isinf(a) && std::isinf(x))) return std::numeric_limits<T>::quiet_NaN();
  if (x == 0) return a < 1 ? std::numeric_limits<T>::infinity() : T(a == 1 ? 1 : 0);
  if (a == 0 || std::isinf(a) || std::isinf(x)) return T(0);
  return static_cast<T>(detail::poisson_weight(a, x) * (a / x));
}

}  // namespace xg::kernels
