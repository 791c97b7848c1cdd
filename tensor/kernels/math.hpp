// Vectorized exponentials and related functions, on batches of float or double. The result for an element never depends
// on the other elements of the batch. Measured over all floats against float64 libm, and over dense samples of float64
// against long double (tests/tensor/test_elementwise_accuracy.cpp).
#pragma once

#include <xgrad/tensor/kernels/loops.hpp>

#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace xg::kernels {

// Note [Polynomials]
// Coefficients are Chebyshev interpolants of the functions named beside them, lowest order first; the errors of the
// polynomials are below an eighth of a unit in the last place.

/// c[0] + c[1] x + c[2] x^2 + ...
template <class V, std::size_t N> V polynomial(const V& x, const typename V::value_type (&c)[N]) {
  V sum(c[N - 1]);
  for (std::size_t i = N - 1; i-- > 0;) sum = xsimd::fma(sum, x, V(c[i]));
  return sum;
}

template <class T> struct MathConstants;

template <> struct MathConstants<float> {
  using Bits = std::uint32_t;
  static constexpr int mantissa = 23;
  static constexpr float bias = 127;
  static constexpr float ln2_high = 0.693359375f;  // few significant bits, so that products with exponents are exact
  static constexpr float ln2_low = -2.12194440054690583e-4f;
  static constexpr float exp_plain = 87;                   // exp of at most this is normal, and its inverse too
  static constexpr float exp_least = -104, exp_most = 89;  // beyond them exp is 0 or infinity
  static constexpr float expm1_least = -18;                // below it expm1 is -1
  static constexpr float erf_most = 4;                     // above it erf is 1
  // (exp(r) - 1 - r) / r^2 where |r| <= log(2) / 2
  static constexpr float exp_tail[] = {0.500000001353872989f, 0.16666666681704215f,    0.0416664641974056923f,
                                       0.00833331084464786f,  0.00139337307157920825f, 0.000198910804639988f};
  // (2 atanh(s) / s - 2) / s^2 over s^2, for log between sqrt(1/2) and sqrt(2), and for log1p in [0, 1]
  static constexpr float log_tail[] = {0.666666665498831766f, 0.400001255945543671f, 0.285503969596180136f,
                                       0.233419433887145609f};
  static constexpr float log1p_tail[] = {0.66666666650023614f,  0.400000107699496643f, 0.285703057218836624f,
                                         0.222647112090013246f, 0.174647024654407742f, 0.207876168557467522f};
  // (tanh(s) / s - 1) / s^2 over s^2, where |s| <= 0.625
  static constexpr float tanh_tail[] = {-0.333333331721403616f, 0.133333035569157418f,    -0.0539592595772045427f,
                                        0.0217689186510282102f, -0.00834394551583915205f, 0.00229274481617814234f};
  // (x - tanh(x)) / x^3 over x^2, where |x| <= 1.5
  static constexpr float tanhshrink_tail[] = {0.333333333f,    -0.133333311f,   0.0539677669f,  -0.021865241f,
                                              0.00884384701f,  -0.00353891692f, 0.00136061411f, -0.000472827507f,
                                              0.000135741504f, -2.87994055e-5f, 3.88186068e-6f, -2.44495049e-7f};
  // erf(x) / x - 1 over x^2, where |x| < 0.75; exp(x^2) erfc(x) over (x - 3) / (x + 3) above
  static constexpr float erf_small[] = {0.12837916557875168f,    -0.376126194694376761f,  0.112833865384145441f,
                                        -0.0268351145686097035f, 0.00511533211253222635f, -0.00067564795686800473f};
  static constexpr float erf_large[] = {0.179001151165598395f,   -0.326233558553952716f,   0.245603810120304358f,
                                        -0.150116147907698775f,  0.0716645901237502637f,   -0.0243881073327604431f,
                                        0.00431559564404990609f, 0.000824817996712163796f, -0.000506340583308535912f};
};

template <> struct MathConstants<double> {
  using Bits = std::uint64_t;
  static constexpr int mantissa = 52;
  static constexpr double bias = 1023;
  static constexpr double ln2_high = 0x1.62e42fefap-1;
  static constexpr double ln2_low = 0x1.cf79abc9e3b3ap-40;
  static constexpr double exp_plain = 708;
  static constexpr double exp_least = -746, exp_most = 710;
  static constexpr double expm1_least = -40;
  static constexpr double erf_most = 6;
  static constexpr double exp_tail[] = {0.5,
                                        0.16666666666666671,
                                        0.0416666666666666698,
                                        0.00833333333332608312,
                                        0.00138888888888837112,
                                        0.000198412698750022788,
                                        0.0000248015873256774619,
                                        2.75572551700008874e-6,
                                        2.75572734787185805e-7,
                                        2.51053127296221018e-8,
                                        2.09147553258932022e-9};
  static constexpr double log_tail[] = {0.666666666666666664, 0.400000000000009413, 0.285714285707644501,
                                        0.222222224005477573, 0.181817947008977996, 0.15386290534658992,
                                        0.132674185964748834, 0.131007213835034914};
  static constexpr double log1p_tail[] = {0.666666666666666667,  0.400000000000000155, 0.285714285714219433,
                                          0.222222222233319868,  0.181818180860056555, 0.153846202538041624,
                                          0.133331769491381785,  0.117679977672410362, 0.104803992343652741,
                                          0.0994202489655473463, 0.063341108517702454, 0.152312626194289848};
  static constexpr double tanh_tail[] = {-0.333333333333333329,    0.133333333333330416,    -0.0539682539678969917,
                                         0.0218694885190083058,    -0.00886323510324087792, 0.00359212175115496227,
                                         -0.00145577541204780551,  0.000589660657775704335, -0.000237590649605556196,
                                         0.0000925711612955676827, -0.0000312011014257974,  6.48516348279311315e-6};
  static constexpr double tanhshrink_tail[] = {
      0.333333333333333333,    -0.133333333333333187,     0.0539682539682422873,    -0.0218694885357840962,
      0.00886323552363039475,  -0.00359212797131228264,   0.00145583393054037976,   -0.000590025165462414976,
      0.000239120694719455012, -0.0000968915500070300484, 0.0000392255529885429446, -0.0000158258499629168966,
      6.31918851298475388e-6,  -2.46065065115808007e-6,   9.11764639336341493e-7,   -3.11031279655691955e-7,
      9.40269870954980191e-8,  -2.41865891511573723e-8,   5.06703005192781434e-9,   -8.20860733103363025e-10,
      9.57106590922794426e-11, -7.10838886505179685e-12,  2.51606106045056726e-13};
  static constexpr double erf_small[] = {0.12837916709551257,     -0.37612638903183752,      0.112837916709550872,
                                         -0.0268661706451184448,  0.00522397762522219187,    -0.000854832700113594614,
                                         0.000120553315452941164, -0.0000149255893838211429, 1.64603832098581487e-6,
                                         -1.63332293434337e-7,    1.44138792890950289e-8,    -9.50284089477470516e-10};
  static constexpr double erf_large[] = {
      0.17900115118138995,      -0.326233560043037228,    0.245603801712330892,     -0.150115936500777425,
      0.0716658371979761679,    -0.0243924993186551532,   0.00426913633297333319,   0.000707746438416369032,
      -0.000597061953058194849, 0.0000452553039821709204, 0.0000640566381660136371, -0.0000128604678162546558,
      -7.97893635956397723e-6,  2.11882327676528458e-6,   1.25604256587940403e-6,   -2.84245044536809346e-7,
      -2.36052164548645735e-7,  2.05555396392347846e-9,   2.00398040908629805e-8};
};

namespace detail {

template <class V> using Constants = MathConstants<typename V::value_type>;
template <class V> using BitsOf = xsimd::batch<typename Constants<V>::Bits>;

/// Adding it leaves the nearest integer in the lowest bits of the mantissa.
template <class T> constexpr T rounder =
    T(1.5) * static_cast<T>(typename MathConstants<T>::Bits{1} << MathConstants<T>::mantissa);

/// 2^n for integers n of the normal range.
template <class V> V power_of_two(const V& n) {
  using T = typename V::value_type;
  const auto bits = std::bit_cast<BitsOf<V>>(n + V(rounder<T> + Constants<V>::bias));
  return std::bit_cast<V>(BitsOf<V>(bits << Constants<V>::mantissa));
}

/// The integer n nearest to x / log(2), and exp(r) - 1 of the remainder r = x - n log(2).
template <class V> class ReducedExp {
 public:
  V n, r_expm1;
  explicit ReducedExp(const V& x) {
    using T = typename V::value_type;
    const V magic(rounder<T>);
    n = xsimd::fma(x, V(static_cast<T>(1.4426950408889634074)), magic) - magic;
    finish(xsimd::fnma(n, V(Constants<V>::ln2_high), x));
  }
  /// exp(-a), where that is a normal number.
  static V of_minus(const V& a) {
    using T = typename V::value_type;
    const V magic(rounder<T>);
    ReducedExp e;
    e.n = xsimd::fma(a, V(static_cast<T>(-1.4426950408889634074)), magic) - magic;
    e.finish(xsimd::fnms(e.n, V(Constants<V>::ln2_high), a));
    return (V(T(1)) + e.r_expm1) * power_of_two(e.n);
  }

 private:
  ReducedExp() = default;
  /// `high` is x - n ln2_high, exactly.
  void finish(const V& high) {
    const V low = n * V(Constants<V>::ln2_low), r = high - low;
    r_expm1 = high + xsimd::fms(r * r, polynomial(r, Constants<V>::exp_tail), low);
  }
};

}  // namespace detail

namespace detail {

/// exp(x) as a product with two powers of two, for n where 2^n itself may overflow or underflow.
template <class V> [[gnu::noinline]] V extreme_exp(const V& x) {
  using T = typename V::value_type;
  const V least(Constants<V>::exp_least), most(Constants<V>::exp_most);
  V bounded = pick(x < least, least, x);
  bounded = pick(bounded > most, most, bounded);  // NaN stays
  const ReducedExp<V> reduced(bounded);
  const V magic(rounder<T>);
  const V half = xsimd::fma(reduced.n, V(T(0.5)), magic) - magic;
  return (V(T(1)) + reduced.r_expm1) * power_of_two(half) * power_of_two(reduced.n - half);
}

}  // namespace detail

/// Whether exp handles extreme arguments. Results are bitwise equal wherever `none` is allowed.
enum class Care {
  full,  ///< any x
  none   ///< is_plain(|x|), or NaN
};

/// Whether exp(a) and exp(-a) are normal numbers, for a >= 0.
template <class V> auto plain_lanes(const V& a) { return a < V(detail::Constants<V>::exp_plain); }
template <class V> bool is_plain(const V& a) { return xsimd::all(plain_lanes(a)); }

/// exp(x), at most 1 ulp; denormals included.
template <Care care = Care::full, class V> V exp_of(const V& x) {
  using T = typename V::value_type;
  if constexpr (care == Care::full)
    if (!is_plain(xsimd::abs(x))) [[unlikely]]
      return detail::extreme_exp(x);
  const detail::ReducedExp<V> reduced(x);
  return (V(T(1)) + reduced.r_expm1) * detail::power_of_two(reduced.n);
}

/// exp(-a) for a >= 0, with fewer instructions than exp_of.
template <Care care = Care::full, class V> V exp_of_minus(const V& a) {
  if constexpr (care == Care::full)
    if (!is_plain(a)) [[unlikely]]
      return detail::extreme_exp(-a);
  return detail::ReducedExp<V>::of_minus(a);
}

/// exp(x) - 1, at most 2 ulp.
template <class V> V expm1_of(const V& x) {
  using T = typename V::value_type;
  using C = detail::Constants<V>;
  const V least(C::expm1_least), most(C::exp_most);
  V bounded = pick(x < least, least, x);
  bounded = pick(bounded > most, most, bounded);
  const detail::ReducedExp<V> reduced(bounded);
  const V half = detail::power_of_two(reduced.n - V(T(1)));
  const V value = xsimd::fma(half, reduced.r_expm1, half - V(T(0.5)));
  return pick(xsimd::abs(x) < V(std::numeric_limits<T>::epsilon() / 4), x, value + value);
}

/// log(x), at most 1 ulp; denormals included, -infinity at 0, NaN below.
template <class V> [[gnu::always_inline]] inline V log_of(const V& x) {
  using T = typename V::value_type;
  using C = detail::Constants<V>;
  using Bits = typename C::Bits;
  using Limits = std::numeric_limits<T>;
  constexpr T lift = static_cast<T>(Bits{1} << C::mantissa);
  const auto denormal = x < V(Limits::min());
  const V normal = pick(denormal, x * V(lift), x);
  // x = m 2^e with m between sqrt(1/2) and sqrt(2): the bits of both, counted from those of sqrt(1/2).
  constexpr Bits root = std::bit_cast<Bits>(static_cast<T>(0.70710678118654752440)), one = std::bit_cast<Bits>(T(1));
  constexpr Bits mantissa_mask = (Bits{1} << C::mantissa) - 1;
  using BitsBatch = detail::BitsOf<V>;
  const BitsBatch shifted = std::bit_cast<BitsBatch>(normal) + BitsBatch(one - root);
  const V m = std::bit_cast<V>(BitsBatch((shifted & BitsBatch(mantissa_mask)) + BitsBatch(root)));
  const BitsBatch exponent = (shifted >> C::mantissa) | BitsBatch(std::bit_cast<Bits>(lift));
  const V e = std::bit_cast<V>(exponent) - pick(denormal, V(lift + C::bias + T(C::mantissa)), V(lift + C::bias));
  // log(1 + f) = 2 atanh(s) = f - f^2/2 + s (f^2/2 + s^2 tail)
  const V f = m - V(T(1)), s = f / (V(T(2)) + f), z = s * s;
  const V half_square = V(T(0.5)) * f * f;
  const V low = xsimd::fma(s, xsimd::fma(z, polynomial(z, C::log_tail), half_square), e * V(C::ln2_low));
  const V value = xsimd::fma(e, V(C::ln2_high), f - (half_square - low));
  const auto ordinary = (x > V(T(0))) & (x < V(Limits::infinity()));
  if (xsimd::all(ordinary)) return value;
  const V special = pick(x < V(T(0)), V(Limits::quiet_NaN()), pick(x == V(T(0)), V(-Limits::infinity()), x));
  return pick(ordinary, value, special);
}

/// log(1 + x) for 0 <= x <= 1, at most 2 ulp.
template <class V> V log1p_of_unit(const V& x) {
  using T = typename V::value_type;
  const V s = x / (V(T(2)) + x), z = s * s;
  return xsimd::fnma(s, xsimd::fnma(z, polynomial(z, detail::Constants<V>::log1p_tail), x), x);
}

/// 1 / (1 + exp(-x)), at most 2 ulp; denormals included.
template <class V> [[gnu::always_inline]] inline V sigmoid_of(const V& x) {
  const V one(1), e = exp_of_minus(xsimd::abs(x)), sum = one + e;
  const V quotient = pick(x < V(0), e, one) / sum;
  const V lost = e - (sum - one);  // the rounding error of the sum
  return xsimd::fnma(quotient * lost, one - quotient, quotient);
}

/// log(1 + exp(x)), at most 2 ulp.
template <class V> V softplus_of(const V& x) {
  return pick(x < V(0), V(0), x) + log1p_of_unit(exp_of_minus(xsimd::abs(x)));
}

/// tanh(x), at most 2 ulp.
template <Care care = Care::full, class V> [[gnu::always_inline]] inline V tanh_of(const V& x) {
  using T = typename V::value_type;
  const V a = xsimd::abs(x), z = a * a, one(1), two(2);
  const V large = one - two / (exp_of<care>(a + a) + one);
  const V small = xsimd::fma(a * z, polynomial(z, detail::Constants<V>::tanh_tail), a);
  return xsimd::copysign(pick(a < V(static_cast<T>(0.625)), small, large), x);
}

/// x - tanh(x), at most 4 ulp.
template <class V> V tanhshrink_of(const V& x) {
  using T = typename V::value_type;
  const V a = xsimd::abs(x), most(static_cast<T>(1.5)), z = pick(a > most, V(T(0)), x * x);  // NaN stays
  return pick(a > most, x - tanh_of(x), x * z * polynomial(z, detail::Constants<V>::tanhshrink_tail));
}

/// x e^x for x below -exp_plain, where e^x alone would be subnormal and lose bits.
template <class V> V times_vanishing_exp(const V& x) {
  using T = typename V::value_type;
  return x * exp_of(x + V(T(64))) * V(static_cast<T>(1.603810890548637852976087e-28));  // e^-64
}

/// 2 atanh(s) = log((1 + s) / (1 - s)) for |s| <= 1/3.
template <class V> V twice_atanh_of(const V& s) {
  using T = typename V::value_type;
  const V z = s * s;
  return xsimd::fma(s * z, polynomial(z, detail::Constants<V>::log1p_tail), V(T(2)) * s);
}

/// erf(x), at most 2 ulp.
template <class V> V erf_of(const V& x) {
  using T = typename V::value_type;
  using C = detail::Constants<V>;
  const V a = xsimd::abs(x), most(C::erf_most), one(1), three(3);
  const V bounded = pick(a > most, most, a);  // NaN stays
  const V z = bounded * bounded, t = (bounded - three) / (bounded + three);
  const V large = xsimd::fnma(exp_of_minus<Care::none>(z), polynomial(t, C::erf_large), one);
  const V small = xsimd::fma(a, polynomial(z, C::erf_small), a);
  return xsimd::copysign(pick(a < V(static_cast<T>(0.75)), small, large), x);
}

// ---- functions of numbers and batches, under the names that ops use

/// x clamped to [low, high]; NaN stays NaN.
template <class V> V bounded(const V& x, double low, double high) {
  const V least = constant(x, low), most = constant(x, high), above = pick(x < least, least, x);
  return pick(above > most, most, above);
}
/// max(x, low); NaN stays NaN.
template <class V> V at_least(const V& x, double low) {
  if constexpr (std::is_arithmetic_v<V>)
    return x < constant(x, low) ? constant(x, low) : x;
  else
    return xsimd::max(constant(x, low), x);
}
template <class V> V square_of(const V& x) { return x * x; }
template <class V> V abs_of(const V& x) {
  if constexpr (std::is_unsigned_v<V>)
    return x;
  else if constexpr (std::is_integral_v<V>)
    return x < 0 ? negative_of(x) : x;
  else
    return xsimd::abs(x);
}
/// -1, 0 or 1; NaN stays NaN.
template <class V> V sign_of(const V& x) {
  if constexpr (std::is_integral_v<V>)
    return static_cast<V>((x > V(0)) - (x < V(0)));
  else
    return pick(x > constant(x, 0), constant(x, 1), pick(x < constant(x, 0), constant(x, -1), x * constant(x, 0)));
}
template <class V> V sqrt_of(const V& x) { return xsimd::sqrt(x); }
/// y, except that lanes near a zero of f, other than 0 itself, are computed by the C library: the reduction of x by
/// multiples of pi / 2 that xsimd uses has too few bits there.
template <class V, class F> [[gnu::always_inline]] inline V exact_near_zeros(const V& x, const V& y, F f) {
  if constexpr (std::is_arithmetic_v<V>) {
    return y;
  } else {
    using T = typename V::value_type;
    const V limit(static_cast<T>(std::is_same_v<T, float> ? 0x1p-12 : 0x1p-30)), one(T(1));
    if (!xsimd::any((xsimd::abs(y) < limit) & (xsimd::abs(x) > one))) [[likely]]
      return y;
    alignas(64) T in[V::size], out[V::size];
    x.store_aligned(in);
    y.store_aligned(out);
    for (std::size_t i = 0; i < V::size; ++i)
      if (std::abs(out[i]) < limit.get(0) && std::abs(in[i]) > T(1)) out[i] = f(in[i]);
    return V::load_aligned(out);
  }
}
template <class V> [[gnu::always_inline]] inline V sin_of(const V& x) {
  return exact_near_zeros(x, xsimd::sin(x), [](auto a) { return std::sin(a); });
}
template <class V> [[gnu::always_inline]] inline V cos_of(const V& x) {
  return exact_near_zeros(x, xsimd::cos(x), [](auto a) { return std::cos(a); });
}
template <std::floating_point T> T erfc_of(T x) { return std::erfc(x); }
template <class V> V log1p_of(const V& x) { return xsimd::log1p(x); }

}  // namespace xg::kernels
