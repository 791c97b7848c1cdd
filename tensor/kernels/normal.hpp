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
    const W next = -term * (k2 + W(1)) / W(2) * r * (k2 + order + W(1)) * (k2 + order + W(2)) /
                   ((k2 + W(1)) * (k2 + W(2)));
    if (!(std::abs(next) < std::abs(term))) break;  // it diverges in the end
    sum += term = next;
    if (std::abs(term) < std::abs(sum) * std::numeric_limits<W>::epsilon() / 4) break;
  }
  return sum;
}

template <class W> W erfcx(W x) { return x < W(10) ? std::exp(x * x) * std::erfc(x) : erfcx_series(x, 0); }

}  // namespace detail

/// e^(x^2) erfc(x)
template <std::floating_point T> T erfcx_of(T x) { return static_cast<T>(detail::erfcx<Wider<T>>(x)); }

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
  static constexpr float central[] = {
      1.65365456f, 0.240158182f, -0.00603367159f, -0.000740701565f, 0.000186735334f, -1.38836057e-5f, -1.36611975e-6f,
      4.24013496e-7f, -2.8899564e-8f, -4.24898544e-9f, 1.03094295e-9f, -3.53531011e-11f, -1.23838791e-11f,
      1.28718948e-12f};
  static constexpr float tail_4[] = {
      3.08388561f, 1.00525897f, 0.00537092456f, -0.00375134242f, 0.00249123748f, -0.00168686065f, 0.000954807224f,
      -0.000361344509f, 1.90316066e-5f, 8.14988252e-5f, -4.01065262e-5f};
  static constexpr float tail_7[] = {
      5.35499927f, 1.01003307f, -0.000368217271f, -0.000102751822f, 4.02896261e-5f, -1.01321775e-5f, 2.10711009e-6f,
      -4.01104573e-7f, 1.15894566e-7f, -2.85145534e-8f};
  static constexpr float tail_12[] = {
      9.63909457f, 1.00614805f, -0.00036399601f, 1.92101653e-5f, -5.8948977e-7f, -4.64721974e-8f, 1.38538955e-8f,
      -3.00462328e-9f, 3.94819324e-10f};
  static constexpr float tail_27[] = {
      19.9280556f, 1.00235136f, -8.65218996e-5f, 3.29395354e-6f, -1.26027694e-7f, 4.75569039e-9f, -1.75814237e-10f,
      6.18327512e-12f, -1.48642786e-13f};
};

template <> struct InverseErfTables<double> {
  static constexpr double central[] = {
      1.65365456268310271, 0.240158182425588321, -0.00603367087142684272, -0.000740702534154411976,
      0.000186734208019714992, -0.0000138825233946938335, -1.36546917556538983e-6, 4.23478817908530775e-7,
      -2.90703917388314348e-8, -4.11266133345959741e-9, 1.05122375869870305e-9, -5.41425761213374476e-11,
      -1.29789992866984917e-11, 2.63037491695571648e-12, -8.06549770268280453e-14, -3.99860915384413486e-14,
      6.50702246597837976e-15, -4.45343274640539372e-17, -1.19999680373766442e-16, 1.60290713894673722e-17,
      3.90438760779897232e-19, -3.80820329105178125e-19, 3.3967511218356261e-20, 4.44420466829545718e-21,
      -8.7974498172285481e-22, -2.05397368988254765e-23, 8.52663816114418249e-24};
  static constexpr double tail_4[] = {
      3.08388561049222068, 1.00525896769416538, 0.00537091455355520108, -0.00375120850822426105,
      0.00249144209794702387, -0.00168827553546365944, 0.00095328934180699248, -0.000355037813574649926,
      0.0000240315102216940967, 0.000068287115769852625, -0.0000473206630359457328, 0.0000124650355682831253,
      2.93250694352635128e-6, -3.98572603438224315e-6, 1.48177722447908746e-6, -2.75845068763595087e-8,
      -2.45770154720440483e-7, 1.31557607483216375e-7, -2.06864021091959438e-8, -1.52945324361523579e-8,
      7.59889520078173667e-9};
  static constexpr double tail_7[] = {
      5.35499927364259452, 1.01003307244463739, -0.000368197226835167741, -0.000102768980790506183,
      0.0000402223465216516147, -0.0000100922545184799711, 2.18335900460459882e-6, -4.373462148764343e-7,
      8.36411496277593845e-8, -1.57443388868903197e-8, 3.15604460377149158e-9, -8.14867793073652912e-10,
      3.14176334336782173e-10, -1.54299651478840996e-10, 7.73883854619393389e-11, -3.49591801058219774e-11,
      1.32770375082259313e-11, -4.34925905946742812e-12, 1.31377142585479962e-12, -2.31113082692040581e-13,
      -7.92500536795012054e-14, 5.72916523458609913e-14, -9.7074330316856681e-15};
  static constexpr double tail_12[] = {
      9.63909457249263149, 1.00614804696531426, -0.000363994270033428803, 0.0000192195119423503443,
      -5.91302616192926878e-7, -5.08122082174569753e-8, 1.45082705498163561e-8, -2.27665847765225841e-9,
      3.00836197939115768e-10, -3.65943279303278809e-11, 4.23779414592574245e-12, -4.74608444732881798e-13,
      5.19065310388236736e-14, -5.61520264410925754e-15, 5.94205308117669115e-16, -5.67769161945457673e-17,
      5.81593863491931337e-18, -9.39399555767911272e-19, 9.61297260038547611e-20};
  static constexpr double tail_27[] = {
      19.9280555641585419, 1.0023513642399914, -0.0000865215818394549668, 3.29389858272691877e-6,
      -1.26069939076131254e-7, 4.76139194274113676e-9, -1.739412758213261e-10, 5.95529403186574547e-12,
      -1.78192480018436833e-13, 3.61815840381702045e-15, 5.57485652120273869e-17, -1.34649996145049684e-17,
      1.1626089000110441e-18, -8.033445986440664e-20, 4.8769327028036867e-21, -2.87907117902742709e-22,
      1.97422407738662566e-23, -1.11862437330670347e-24, 1.78340425353594868e-26, -8.07138776042379114e-28,
      3.67330398243431001e-28, -1.9966101112080312e-29};
};

/// (1 + 2 a) e^(a^2) erfc(a) over t = (a - 2.5) / (a + 2.5), for all a >= 0. Shepherd & Laframboise 1981, "Chebyshev
/// approximation of (1 + 2 x) exp(x^2) erfc(x)".
template <class T> struct ErfcTable;

template <> struct ErfcTable<float> {
  static constexpr float terms[] = {
      1.26483818f, -0.122356801f, -0.0990245363f, 0.157630994f, -0.102967101f, 0.0327520526f, 0.000932091773f,
      -0.00435049234f, 0.000491625531f, 0.000575734629f, -8.90627643e-5f, -6.1907531e-5f, 8.38163277e-6f};
};

template <> struct ErfcTable<double> {
  static constexpr double terms[] = {
      1.26483818436686148, -0.122356763082404184, -0.0990245395736005405, 0.157629919023204764, -0.102967056038633992,
      0.0327608932691297315, 0.00093189281843529628, -0.00438207834753903517, 0.000491865804102148899,
      0.000632124399947183525, -0.0000884792068766982817, -0.000113522633301591663, 6.2660107849729754e-6,
      0.000022700321802206235, 2.60867134969378946e-6, -4.21871435317279524e-6, -1.58444225390279362e-6,
      5.27004240644114408e-7, 5.32385705517754721e-7, 3.48215918478153833e-8, -1.25061298195852604e-7,
      -4.30492543026593859e-8, 1.92891621186008576e-8, 1.1903099290545922e-8, -1.47598160864625465e-9,
      -1.3684070995217538e-9};
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

/// 1 - Phi(|x|) of the standard normal distribution as a product of two: the second is 1, unless the first alone would
/// be subnormal and lose bits. Also e^(-x^2 / 2), which is 0 instead of subnormal.
template <class V> struct NormalTail {
  V tail, scale, exponential;

  explicit NormalTail(const V& x) : scale(1) {
    using T = typename V::value_type;
    const V one(T(1)), two(T(2)), middle(static_cast<T>(2.5));
    const V a = xsimd::abs(x) * V(std::numbers::sqrt2_v<T> / 2);
    const V far = a + middle, near = a - middle, weight = xsimd::fma(two, a, one), r = one / (far * weight);
    const V quotient = polynomial(near * weight * r, ErfcTable<T>::terms) * (far * r);
    // An error of the square would be one of an exponent. x = c + d, where c has half of the bits and an exact square:
    // e^(-x^2 / 2) = e^(-c^2 / 2) e^(-d (x + c) / 2), and the last exponent is small.
    using Bits = typename detail::Constants<V>::Bits;
    constexpr int dropped = (detail::Constants<V>::mantissa + 2) / 2;
    const detail::BitsOf<V> rounded = std::bit_cast<detail::BitsOf<V>>(x) + detail::BitsOf<V>(Bits{1} << (dropped - 1));
    const V c = std::bit_cast<V>(detail::BitsOf<V>(rounded & detail::BitsOf<V>(~((Bits{1} << dropped) - 1))));
    const V half(T(0.5)), h = c * c * half, d = (x - c) * (x + c) * half;
    const V lost = d * (one - d * half * (one - d * V(T(1) / T(3)) * (one - d * V(static_cast<T>(0.25)))));
    const V plain(detail::Constants<V>::exp_plain);
    if (xsimd::all(h < plain)) [[likely]] {
      const V e = exp_of_minus<Care::none>(h);
      exponential = e - e * lost;
      tail = half * exponential * quotient;
      return;
    }
    const V zero(T(0)), most(detail::Constants<V>::exp_plain + T(63));
    const auto shifted = h >= plain;
    const V bounded = pick(h > most, most, h) - pick(shifted, V(T(64)), zero);  // NaN stays
    const V e = exp_of_minus<Care::none>(bounded), small = V(static_cast<T>(1.603810890548637852976087e-28));  // e^-64
    const V corrected = e - e * pick(h > most, zero, lost);
    exponential = pick(shifted, zero, corrected);
    tail = pick(h > most, zero, half * corrected * quotient);
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
