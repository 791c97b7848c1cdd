// Functions of the normal distribution and inverses of the error function.
#pragma once

#include <xgrad/tensor/kernels/gamma_functions.hpp>
#include <xgrad/tensor/kernels/math.hpp>

#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <numbers>
#include <type_traits>

namespace xg::kernels {

// ---- single numbers; see Note [Wider arithmetic]

namespace detail {

/// The asymptotic series of the derivative of order n of e^(x^2) erfc(x), for large x: (-1)^n / sqrt(pi) times the sum
/// over k of (-1)^k (2k - 1)!! (2k + 1) ... (2k + n) / (2^k x^(2k + 1 + n)).
template <class W> W erfcx_series(W x, std::int64_t n) {
  const W r = W(1) / (x * x), order = static_cast<W>(n);
  W term = std::numbers::inv_sqrtpi_v<W> / x;
  for (W i = 1; i <= order; i += W(1)) term *= -i / x;
  W sum = term;
  for (int k = 0; k < 60; ++k) {
    const W k2 = static_cast<W>(2 * k);
    const W next =
        -term * (k2 + W(1)) / W(2) * r * (k2 + order + W(1)) * (k2 + order + W(2)) / ((k2 + W(1)) * (k2 + W(2)));
    if (!(std::abs(next) < std::abs(term))) break;  // it diverges in the end
    sum += term = next;
    if (std::abs(term) < std::abs(sum) * std::numeric_limits<W>::epsilon() / 4) break;
  }
  return sum;
}

template <class W> W erfcx(W x) { return x < W(10) ? std::exp(x * x) * std::erfc(x) : erfcx_series(x, 0); }

}  // namespace detail

/// The derivative of order n > 0 of e^(x^2) erfc(x): f_1 = 2 x f_0 - 2 / sqrt(pi), f_{k+1} = 2 x f_k + 2 k f_{k-1},
/// which cancels for large x.
template <std::floating_point T> T erfcx_derivative_of(std::int64_t n, T x_) {
  using W = Wider<T>;
  const W x = x_;
  if (x > W(6.5)) return static_cast<T>(detail::erfcx_series(x, n));
  W before = detail::erfcx(x), f = W(2) * x * before - W(2) * std::numbers::inv_sqrtpi_v<W>;
  if (std::isinf(before)) return static_cast<T>(n % 2 == 0 ? before : -before);
  for (std::int64_t k = 1; k < n; ++k) {
    const W next = W(2) * x * f + static_cast<W>(2 * k) * before;
    before = f;
    f = next;
  }
  return static_cast<T>(f);
}

/// The logarithm of the distribution function of the standard normal distribution.
template <std::floating_point T> T log_ndtr_of(T x_) {
  using W = Wider<T>;
  const W x = x_;
  if (x < W(-1))
    return static_cast<T>(std::log(detail::erfcx(-x / std::numbers::sqrt2_v<W>) * W(0.5)) - W(0.5) * x * x);
  return static_cast<T>(std::log1p(W(-0.5) * std::erfc(x / std::numbers::sqrt2_v<W>)));
}

// ---- batches

/// The function y / x of w = -log(1 - x^2) with erf(y) = x, for w up to 6.25 and, over sqrt(w), beyond: each
/// interval's polynomial is in the distance from its middle. See Note [Polynomials].
template <class T> struct InverseErfTables;

template <> struct InverseErfTables<float> {
  static constexpr float central[] = {1.65365456f,      0.240158182f,    -0.00603367159f, -0.000740701565f,
                                      0.000186735334f,  -1.38836057e-5f, -1.36611975e-6f, 4.24013496e-7f,
                                      -2.8899564e-8f,   -4.24898544e-9f, 1.03094295e-9f,  -3.53531011e-11f,
                                      -1.23838791e-11f, 1.28718948e-12f};
  static constexpr float tail_4[] = {3.08388561f,    1.00525897f,     0.00537092456f,  -0.00375134242f,
                                     0.00249123748f, -0.00168686065f, 0.000954807224f, -0.000361344509f,
                                     1.90316066e-5f, 8.14988252e-5f,  -4.01065262e-5f};
  static constexpr float tail_7[] = {5.35499927f,    1.01003307f,     -0.000368217271f, -0.000102751822f,
                                     4.02896261e-5f, -1.01321775e-5f, 2.10711009e-6f,   -4.01104573e-7f,
                                     1.15894566e-7f, -2.85145534e-8f};
  static constexpr float tail_12[] = {9.63909457f,     1.00614805f,    -0.00036399601f, 1.92101653e-5f, -5.8948977e-7f,
                                      -4.64721974e-8f, 1.38538955e-8f, -3.00462328e-9f, 3.94819324e-10f};
  static constexpr float tail_27[] = {19.9280556f,      1.00235136f,     -8.65218996e-5f,
                                      3.29395354e-6f,   -1.26027694e-7f, 4.75569039e-9f,
                                      -1.75814237e-10f, 6.18327512e-12f, -1.48642786e-13f};
};

template <> struct InverseErfTables<double> {
  static constexpr double central[] = {
      1.65365456268310271,      0.240158182425588321,      -0.00603367087142684272,  -0.000740702534154411976,
      0.000186734208019714992,  -0.0000138825233946938335, -1.36546917556538983e-6,  4.23478817908530775e-7,
      -2.90703917388314348e-8,  -4.11266133345959741e-9,   1.05122375869870305e-9,   -5.41425761213374476e-11,
      -1.29789992866984917e-11, 2.63037491695571648e-12,   -8.06549770268280453e-14, -3.99860915384413486e-14,
      6.50702246597837976e-15,  -4.45343274640539372e-17,  -1.19999680373766442e-16, 1.60290713894673722e-17,
      3.90438760779897232e-19,  -3.80820329105178125e-19,  3.3967511218356261e-20,   4.44420466829545718e-21,
      -8.7974498172285481e-22,  -2.05397368988254765e-23,  8.52663816114418249e-24};
  static constexpr double tail_4[] = {3.08388561049222068,     1.00525896769416538,       0.00537091455355520108,
                                      -0.00375120850822426105, 0.00249144209794702387,    -0.00168827553546365944,
                                      0.00095328934180699248,  -0.000355037813574649926,  0.0000240315102216940967,
                                      0.000068287115769852625, -0.0000473206630359457328, 0.0000124650355682831253,
                                      2.93250694352635128e-6,  -3.98572603438224315e-6,   1.48177722447908746e-6,
                                      -2.75845068763595087e-8, -2.45770154720440483e-7,   1.31557607483216375e-7,
                                      -2.06864021091959438e-8, -1.52945324361523579e-8,   7.59889520078173667e-9};
  static constexpr double tail_7[] = {
      5.35499927364259452,      1.01003307244463739,       -0.000368197226835167741, -0.000102768980790506183,
      0.0000402223465216516147, -0.0000100922545184799711, 2.18335900460459882e-6,   -4.373462148764343e-7,
      8.36411496277593845e-8,   -1.57443388868903197e-8,   3.15604460377149158e-9,   -8.14867793073652912e-10,
      3.14176334336782173e-10,  -1.54299651478840996e-10,  7.73883854619393389e-11,  -3.49591801058219774e-11,
      1.32770375082259313e-11,  -4.34925905946742812e-12,  1.31377142585479962e-12,  -2.31113082692040581e-13,
      -7.92500536795012054e-14, 5.72916523458609913e-14,   -9.7074330316856681e-15};
  static constexpr double tail_12[] = {
      9.63909457249263149,     1.00614804696531426,      -0.000363994270033428803, 0.0000192195119423503443,
      -5.91302616192926878e-7, -5.08122082174569753e-8,  1.45082705498163561e-8,   -2.27665847765225841e-9,
      3.00836197939115768e-10, -3.65943279303278809e-11, 4.23779414592574245e-12,  -4.74608444732881798e-13,
      5.19065310388236736e-14, -5.61520264410925754e-15, 5.94205308117669115e-16,  -5.67769161945457673e-17,
      5.81593863491931337e-18, -9.39399555767911272e-19, 9.61297260038547611e-20};
  static constexpr double tail_27[] = {
      19.9280555641585419,      1.0023513642399914,       -0.0000865215818394549668, 3.29389858272691877e-6,
      -1.26069939076131254e-7,  4.76139194274113676e-9,   -1.739412758213261e-10,    5.95529403186574547e-12,
      -1.78192480018436833e-13, 3.61815840381702045e-15,  5.57485652120273869e-17,   -1.34649996145049684e-17,
      1.1626089000110441e-18,   -8.033445986440664e-20,   4.8769327028036867e-21,    -2.87907117902742709e-22,
      1.97422407738662566e-23,  -1.11862437330670347e-24, 1.78340425353594868e-26,   -8.07138776042379114e-28,
      3.67330398243431001e-28,  -1.9966101112080312e-29};
};

/// Polynomials for all x >= 0: of (1 + x) e^(x^2) erfc(x) over (x - 2.5) / (x + 2.5), and of (2 + x) e^(x^2 / 2)
/// (1 - Phi(x)) over (x - 4) / (x + 4). Shepherd & Laframboise 1981, "Chebyshev approximation of (1 + 2 x) exp(x^2)
/// erfc(x)".
template <class T> struct TailTables;

template <> struct TailTables<float> {
  static constexpr float erfcx[] = {0.737822274f,    -0.247046765f,   0.0763443333f,    0.0162988935f,
                                    -0.0315223611f,  0.014379805f,    -0.000854638199f, -0.00173949261f,
                                    0.000358501756f, 0.000227229007f, -5.92225502e-5f,  -2.48795927e-5f,
                                    5.90443938e-6f};
  static constexpr float normal[] = {0.566463848f,    -0.267101191f,    0.138378901f,    -0.0431072745f,
                                     -0.00133320646f, 0.00944589157f,   -0.00449374372f, 0.000346501705f,
                                     0.000504493502f, -0.000128227271f, -5.40748091e-5f, 1.54400259e-5f,
                                     4.92343048e-6f};
};

template <> struct TailTables<double> {
  static constexpr double erfcx[] = {
      0.737822274214002531,     -0.247046748515688767,    0.0763443268219238044,     0.0162984333221877002,
      -0.0315222584814890643,   0.0143835960516313769,    -0.000855236573888108197,  -0.0017530814484562351,
      0.000360123107376653126,  0.000251623609485178487,  -0.0000613309087188750683, -0.000047454049218017923,
      6.91083124441876226e-6,   0.0000102010841890146542, 3.95253042913518689e-7,    -2.0721378477754496e-6,
      -5.95852199986899778e-7,  3.08377127733096541e-7,   2.34447388460582136e-7,    -2.72590484341712456e-9,
      -6.03203052211483961e-8,  -1.62665188915701823e-8,  1.00738521597447804e-8,    5.08719682027081047e-9,
      -8.38351542649971009e-10, -6.143051515370586e-10};
  static constexpr double normal[] = {
      0.56646384781181362,     -0.267101198874981225,    0.138378890063687861,      -0.0431070432841869568,
      -0.00133303332170872587, 0.00944400199759712793,   -0.00449481651735698739,   0.000353190752975519658,
      0.000507712851075488594, -0.000139985139109776314, -0.0000592049514157898284, 0.0000258815420821440821,
      9.32381644494162064e-6,  -4.2612996857606766e-6,   -1.95288569172282235e-6,   6.09514300448161401e-7,
      4.60710353984338894e-7,  -4.93392252610068594e-8,  -1.05267828138380174e-7,   -1.06667496394457993e-8,
      2.06476460390585097e-8,  6.38335650897810253e-9,   -2.9889049427064865e-9,    -1.55609101951569182e-9,
      2.326007117673342e-10,   1.70434229126509533e-10};
};

namespace detail {

/// y / x for erf(y) = x and w = -log(1 - x^2), with w up to 750 (float64) or 156 (float32).
template <class V> V inverse_erf_ratio(const V& w) {
  using T = typename V::value_type;
  using Tables = InverseErfTables<T>;
  const auto part = [](const V& at, double middle, const auto& table) {
    return polynomial(at - V(static_cast<T>(middle)), table);
  };
  V ratio = part(w, 3.125, Tables::central);
  const auto tail = w > V(static_cast<T>(6.25));
  if (!xsimd::any(tail)) return ratio;
  const V s = xsimd::sqrt(w);
  V far = pick(s < V(T(4)), part(s, 3.25, Tables::tail_4), part(s, 5.5, Tables::tail_7));
  if (xsimd::any(s > V(T(7))))
    far = pick(s > V(T(7)),
               pick(s < V(static_cast<T>(12.5)), part(s, 9.75, Tables::tail_12), part(s, 20, Tables::tail_27)), far);
  return pick(tail, far, ratio);
}

}  // namespace detail

namespace detail {

/// e^(a^2) erfc(a) for a >= 0.
template <class V> V erfcx_of_positive(const V& a) {
  using T = typename V::value_type;
  const V middle(static_cast<T>(2.5)), t = (a - middle) / (a + middle);
  return polynomial(t, TailTables<T>::erfcx) / (a + V(T(1)));
}

/// x^2 as an exact square of half of x's bits, and a small rest: an error of x^2 would be one of an exponent.
template <class V> struct SplitSquare {
  V square, rest;
  explicit SplitSquare(const V& x) {
    using Bits = typename Constants<V>::Bits;
    constexpr int dropped = (Constants<V>::mantissa + 2) / 2;
    const BitsOf<V> rounded = std::bit_cast<BitsOf<V>>(x) + BitsOf<V>(Bits{1} << (dropped - 1));
    const V c = std::bit_cast<V>(BitsOf<V>(rounded & BitsOf<V>(~((Bits{1} << dropped) - 1))));
    square = c * c;
    rest = (x - c) * (x + c);
  }
};

/// e^d - 1 for |d| < 0.1.
template <class V> V expm1_of_small(const V& d) {
  using T = typename V::value_type;
  const V one(T(1)), half(T(0.5)), third(T(1) / T(3)), quarter(static_cast<T>(0.25));
  return d * (one + d * half * (one + d * third * (one + d * quarter)));
}

/// y e^x (1 + d) for a small d and an x with is_plain(|x|), with fewer roundings than as products.
template <class V> V times_exp_of(const V& y, const V& x, const V& d) {
  const ReducedExp<V> reduced(x);
  return (y + y * (reduced.r_expm1 + (d + reduced.r_expm1 * d))) * power_of_two(reduced.n);
}

}  // namespace detail

/// e^(x^2) erfc(x), at most 4 ulp.
template <class V> V erfcx_of(const V& x) {
  using T = typename V::value_type;
  const V positive = detail::erfcx_of_positive(xsimd::abs(x)), inf(std::numeric_limits<T>::infinity());
  const V result = pick(x == inf, V(T(0)), positive);
  const auto negative = x < V(T(0));
  if (!xsimd::any(negative)) return result;
  const V least(static_cast<T>(std::is_same_v<T, float> ? -9.4 : -26.64)), bounded = pick(x < least, least, x);
  const detail::SplitSquare<V> parts(bounded);
  const V e = exp_of(parts.square), twice = V(T(2)) * (e + e * detail::expm1_of_small(parts.rest));
  return pick(x < least, inf, pick(negative, twice - positive, result));
}

/// 1 - Phi(|x|) of the standard normal distribution as a product of two: the second is 1, unless the first alone would
/// be subnormal and lose bits. Also e^(-x^2 / 2), which is 0 instead of subnormal.
template <class V> struct NormalTail {
  V tail, scale, exponential;

  explicit NormalTail(const V& x) : scale(1) {
    using T = typename V::value_type;
    const V one(T(1)), half(T(0.5));
    const V a = xsimd::abs(x), middle(T(4));
    const V quotient = polynomial((a - middle) / (a + middle), TailTables<T>::normal) / (a + V(T(2)));
    const detail::SplitSquare<V> parts(x);
    const V h = parts.square * half, lost = detail::expm1_of_small(parts.rest * -half);
    const V plain(detail::Constants<V>::exp_plain - T(8));  // the quotient is above e^-8
    if (xsimd::all(h < plain)) [[likely]] {
      const V e = exp_of_minus<Care::none>(h);
      exponential = e + e * lost;
      tail = detail::times_exp_of(quotient, -h, lost);
      return;
    }
    const V zero(T(0)), most(detail::Constants<V>::exp_plain + T(63));
    const auto shifted = h >= plain;
    const V bounded = pick(h > most, most, h) - pick(shifted, V(T(64)), zero);  // NaN stays
    const V small(static_cast<T>(1.603810890548637852976087e-28));              // e^-64
    const V e = exp_of_minus<Care::none>(bounded);
    exponential = pick(shifted, zero, e + e * lost);
    tail = pick(h > most, zero, detail::times_exp_of(quotient, -bounded, lost));
    scale = pick(shifted, small, one);
  }
};

/// The distribution function of the standard normal distribution, at most 4 ulp.
template <class V> V ndtr_of(const V& x) {
  using T = typename V::value_type;
  const NormalTail<V> t(x);
  const V tail = t.tail * t.scale;
  return pick(x < V(T(0)), tail, V(T(1)) - tail);
}

/// x times it, at most 4 ulp; 0 at -infinity.
template <class V> V gelu_of(const V& x) {
  using T = typename V::value_type;
  const NormalTail<V> t(x);
  const V zero(T(0)), finite = pick(x < V(T(-1000)), zero, x);
  return pick(x < zero, finite * t.tail * t.scale, x * (V(T(1)) - t.tail * t.scale));
}

/// The number whose error function is x: infinite at -1 and 1, NaN beyond. Giles 2010, "Approximating the erfinv
/// function", has the idea of polynomials in log(1 - x^2).
template <class V> V erfinv_of(const V& x) {
  using T = typename V::value_type;
  const V one(T(1)), w = -log_of((one - x) * (one + x));
  const V y = x * detail::inverse_erf_ratio(w);
  return pick(xsimd::abs(x) == one, x * V(std::numeric_limits<T>::infinity()), y);
}

/// The number of which p is the normal distribution function: sqrt(2) erfinv(2 p - 1), also where 1 - |2 p - 1| is
/// lost in rounding.
template <class V> V ndtri_of(const V& p) {
  using T = typename V::value_type;
  const V one(T(1)), two(T(2)), x = two * p - one, w = -log_of((two * p) * (two * (one - p)));
  const V y = x * V(std::numbers::sqrt2_v<T>) * detail::inverse_erf_ratio(w);
  return pick((p == V(T(0))) | (p == one), x * V(std::numeric_limits<T>::infinity()), y);
}

}  // namespace xg::kernels
