// Arithmetic, powers, exponentials, trigonometry and comparison, as functors on batches or single numbers.
#include <xgrad/tensor/kernels/math.hpp>

#include <algorithm>
#include <limits>
#include <numbers>

namespace xg::kernels {
namespace {

template <class V>
V constant(const V&, double value) {
  if constexpr (std::is_arithmetic_v<V>) return static_cast<V>(value);
  else return V(static_cast<typename V::value_type>(value));
}

/// f(a, b); integers as unsigned numbers, so that they wrap.
template <class V, class F>
V wrapped(V a, V b, F f) {
  if constexpr (std::is_integral_v<V>) {
    using U = std::make_unsigned_t<V>;
    return static_cast<V>(f(static_cast<U>(a), static_cast<U>(b)));
  } else {
    return static_cast<V>(f(a, b));
  }
}

// ---- two operands
struct AddF {
  template <class V>
  static V call(V a, V b, const Params&) {
    if constexpr (std::is_same_v<V, bool>) return a || b;
    else return wrapped(a, b, [](auto x, auto y) { return x + y; });
  }
};
struct SubF {
  template <class V>
  static V call(V a, V b, const Params&) {
    return wrapped(a, b, [](auto x, auto y) { return x - y; });
  }
};
struct MulF {
  template <class V>
  static V call(V a, V b, const Params&) {
    if constexpr (std::is_same_v<V, bool>) return a && b;
    else return wrapped(a, b, [](auto x, auto y) { return x * y; });
  }
};
struct DivF {
  template <class V>
  static V call(V a, V b, const Params&) { return a / b; }
};
struct AxpyF {
  template <class V>
  static V call(V a, V b, const Params& p) {
    return AddF::call(a, MulF::call(constant(b, p.a), b, p), p);
  }
};
// maximum and minimum propagate NaN; fmax and fmin drop it.
struct MaximumF {
  template <class V>
  static V call(V a, V b, const Params&) {
    if constexpr (std::is_integral_v<V>) return std::max(a, b);
    else return pick(is_nan(a), a, pick(is_nan(b), b, pick(a > b, a, b)));
  }
};
struct MinimumF {
  template <class V>
  static V call(V a, V b, const Params&) {
    if constexpr (std::is_integral_v<V>) return std::min(a, b);
    else return pick(is_nan(a), a, pick(is_nan(b), b, pick(a < b, a, b)));
  }
};
struct FmaxF {
  template <class V>
  static V call(V a, V b, const Params&) {
    if constexpr (std::is_integral_v<V>) return std::max(a, b);
    else return pick(is_nan(a), b, pick(is_nan(b), a, pick(a > b, a, b)));
  }
};
struct FminF {
  template <class V>
  static V call(V a, V b, const Params&) {
    if constexpr (std::is_integral_v<V>) return std::min(a, b);
    else return pick(is_nan(a), b, pick(is_nan(b), a, pick(a < b, a, b)));
  }
};
// Integer division by zero is refused before the loop (autograd/ops/arithmetic.cpp). The least integer divided by -1
// overflows: it wraps, as a negation does.
template <class T>
T truncated_quotient(T a, T b) {
  if constexpr (std::is_signed_v<T> && std::is_integral_v<T>) {
    if (b == T(-1)) return static_cast<T>(std::make_unsigned_t<T>(0) - static_cast<std::make_unsigned_t<T>>(a));
  }
  return static_cast<T>(a / b);
}
struct FloorDivideF {
  template <class T>
  static T call(T a, T b, const Params&) {
    if constexpr (std::is_floating_point_v<T>) {
      // As CPython: from the remainder, so that floor_divide and remainder agree.
      if (b == T(0)) return a / b;
      T mod = std::fmod(a, b);
      T quotient = (a - mod) / b;
      if (mod != T(0) && (b < T(0)) != (mod < T(0))) quotient -= T(1);
      if (quotient == T(0)) return std::copysign(T(0), a / b);
      T floored = std::floor(quotient);
      if (quotient - floored > T(0.5)) floored += T(1);
      return floored;
    } else {
      const T quotient = truncated_quotient(a, b);
      if constexpr (std::is_signed_v<T>) {
        if (b != T(-1) && a % b != 0 && ((a < 0) != (b < 0))) return static_cast<T>(quotient - 1);
      }
      return quotient;
    }
  }
};
struct TruncDivideF {
  template <class T>
  static T call(T a, T b, const Params&) {
    if constexpr (std::is_floating_point_v<T>) return std::trunc(a / b);
    else return truncated_quotient(a, b);
  }
};
struct RemainderF {
  template <class T>
  static T call(T a, T b, const Params&) {
    if constexpr (std::is_floating_point_v<T>) {
      const T mod = std::fmod(a, b);
      return mod != T(0) && (b < T(0)) != (mod < T(0)) ? mod + b : mod;
    } else {
      if constexpr (std::is_signed_v<T>) {
        if (b == T(-1)) return 0;
        const T mod = static_cast<T>(a % b);
        return mod != 0 && ((mod < 0) != (b < 0)) ? static_cast<T>(mod + b) : mod;
      } else {
        return static_cast<T>(a % b);
      }
    }
  }
};
struct FmodF {
  template <class T>
  static T call(T a, T b, const Params&) {
    if constexpr (std::is_floating_point_v<T>) return std::fmod(a, b);
    else if constexpr (std::is_signed_v<T>) return b == T(-1) ? T(0) : static_cast<T>(a % b);
    else return static_cast<T>(a % b);
  }
};
struct PowF {
  template <class T>
  static T call(T a, T b, const Params&) {
    if constexpr (std::is_floating_point_v<T>) {
      return std::pow(a, b);
    } else {
      using U = std::make_unsigned_t<T>;  // wraps instead of overflowing
      if constexpr (std::is_signed_v<T>)
        if (b < 0) return a == 1 ? T(1) : (a == -1 ? T(b % 2 != 0 ? -1 : 1) : T(0));
      U result = 1, factor = static_cast<U>(a);
      for (U e = static_cast<U>(b); e != 0; e = static_cast<U>(e >> 1)) {
        if (e & 1) result = static_cast<U>(result * factor);
        factor = static_cast<U>(factor * factor);
      }
      return static_cast<T>(result);
    }
  }
};
/// The derivative of a^b of order p.a in a and p.b in b: the sum over k of binomial(p.b, k) times the derivative of
/// order k of b (b - 1) ... (b - p.a + 1) times a^(b - p.a) (log a)^(p.b - k). Where a is 0 and a^(b - p.a) is 1, terms
/// with a logarithm count as 0; a coefficient of 0 makes its term 0.
struct PowDerivativeF {
  template <class T>
  static T call(T a, T b, const Params& p) {
    const int in_a = static_cast<int>(p.a), in_b = static_cast<int>(p.b);
    const T exponent = b - static_cast<T>(in_a), power = std::pow(a, exponent);
    if (power == T(0)) return T(0);
    T sum = 0;
    for (int k = 0; k <= std::min(in_a, in_b); ++k) {
      const T factor = falling_factorial(b, in_a, k) * binomial<T>(in_b, k);
      if (factor == T(0) || (a == T(0) && exponent == T(0) && k < in_b)) continue;
      const T term = factor * (power * logarithm_power(a, in_b - k));
      if (a == T(0) || std::isinf(a)) return term;  // with the most logarithms: the others are small beside it
      sum += term;
    }
    return sum;
  }

 private:
  /// (log a)^n; 1 for n = 0, whatever a is.
  template <class T>
  static T logarithm_power(T a, int n) {
    T result = 1;
    for (int i = 0; i < n; ++i) result *= std::log(a);
    return result;
  }
  template <class T>
  static T binomial(int n, int k) {
    T result = 1;
    for (int i = 0; i < k; ++i) result = result * static_cast<T>(n - i) / static_cast<T>(i + 1);
    return result;
  }
  /// The derivative of order k of b (b - 1) ... (b - n + 1).
  template <class T>
  static T falling_factorial(T b, int n, int k) {
    if (n == 0) return T(k == 0);
    const T last = b - static_cast<T>(n - 1);
    const T rest = falling_factorial(b, n - 1, k);
    const T product = rest == T(0) ? T(0) : rest * last;
    return k == 0 ? product : product + static_cast<T>(k) * falling_factorial(b, n - 1, k - 1);
  }
};
struct CopysignF {
  template <class T>
  static T call(T a, T b, const Params&) { return std::copysign(a, b); }
};
struct HypotF {
  template <class T>
  static T call(T a, T b, const Params&) { return std::hypot(a, b); }
};
struct HypotShareF {  // a / hypot(a, b), its limit at infinities, 0 at the origin
  template <class T>
  static T call(T a, T b, const Params&) {
    if (std::isinf(a) || std::isinf(b)) {
      if (std::isnan(a) || std::isnan(b)) return a + b;
      a = std::copysign(T(std::isinf(a)), a);
      b = T(std::isinf(b));
    }
    const T h = std::hypot(a, b);
    return h == T(0) ? T(0) : a / h;
  }
};
struct Atan2F {
  template <class T>
  static T call(T a, T b, const Params&) { return std::atan2(a, b); }
};
struct HeavisideF {
  template <class V>
  static V call(V x, V values, const Params&) {
    if constexpr (std::is_integral_v<V>) return x == V(0) ? values : static_cast<V>(x > V(0));
    else return pick(x == constant(x, 0), values, pick(is_nan(x), x, pick(x > constant(x, 0), constant(x, 1), constant(x, 0))));
  }
};
struct XlogyF {
  template <class V>
  static V call(const V& x, const V& y, const Params&) {
    return pick((x == V(0)) & !is_nan(y), V(0), x * log_of(y));
  }
};
struct LogaddexpF {
  template <class V>
  static V call(const V& a, const V& b, const Params&) {
    const auto ordered = a > b;
    const V high = pick(ordered, a, b), low = pick(ordered, b, a);  // NaN stays in one of them
    return pick(a == b, a + V(std::numbers::ln2_v<typename V::value_type>), high + log1p_of_unit(exp_of_minus(high - low)));
  }
};
struct Logaddexp2F {
  template <class T>
  static T call(T a, T b, const Params&) {
    if (std::isinf(a) && a == b) return a;
    const T m = std::max(a, b);
    return m + std::log1p(std::exp2(-std::abs(a - b))) * std::numbers::log2e_v<T>;
  }
};
struct AndF {
  template <class T>
  static T call(T a, T b, const Params&) { return static_cast<T>(a & b); }
};
struct OrF {
  template <class T>
  static T call(T a, T b, const Params&) { return static_cast<T>(a | b); }
};
struct XorF {
  template <class T>
  static T call(T a, T b, const Params&) { return static_cast<T>(a ^ b); }
};

// ---- comparison
struct EqF {
  template <class T>
  static bool call(T a, T b, const Params&) { return a == b; }
};
struct NeF {
  template <class T>
  static bool call(T a, T b, const Params&) { return a != b; }
};
struct LtF {
  template <class T>
  static bool call(T a, T b, const Params&) { return a < b; }
};
struct LeF {
  template <class T>
  static bool call(T a, T b, const Params&) { return a <= b; }
};
struct GtF {
  template <class T>
  static bool call(T a, T b, const Params&) { return a > b; }
};
struct GeF {
  template <class T>
  static bool call(T a, T b, const Params&) { return a >= b; }
};
struct LogicalAndF {
  template <class T>
  static bool call(T a, T b, const Params&) { return (a != T(0)) & (b != T(0)); }
};
struct LogicalOrF {
  template <class T>
  static bool call(T a, T b, const Params&) { return (a != T(0)) | (b != T(0)); }
};
struct LogicalXorF {
  template <class T>
  static bool call(T a, T b, const Params&) { return (a != T(0)) != (b != T(0)); }
};
struct LogicalNotF {
  template <class T>
  static bool call(T x, const Params&) {
    if constexpr (std::is_same_v<T, bool>) return x ^ true;
    else return x == T(0);
  }
};
struct IsnanF {
  template <class T>
  static bool call(T x, const Params&) { return x != x; }
};
struct IsinfF {
  template <class T>
  static bool call(T x, const Params&) {
    if constexpr (std::is_floating_point_v<T>) return std::isinf(x);
    else return false;
  }
};
struct IsfiniteF {
  template <class T>
  static bool call(T x, const Params&) {
    if constexpr (std::is_floating_point_v<T>) return std::isfinite(x);
    else return true;
  }
};

// ---- one operand
struct AddScalarF {
  template <class V>
  static V call(V x, const Params& p) { return x + constant(x, p.a); }
};
struct MulScalarF {
  template <class V>
  static V call(V x, const Params& p) { return x * constant(x, p.a); }
};
struct RsubScalarF {
  template <class V>
  static V call(V x, const Params& p) { return constant(x, p.a) - x; }
};
struct RdivScalarF {
  template <class V>
  static V call(V x, const Params& p) { return constant(x, p.a) / x; }
};
struct PowScalarF {
  template <class T>
  static T call(T x, const Params& p) { return std::pow(x, static_cast<T>(p.a)); }
};
struct RpowScalarF {
  template <class T>
  static T call(T x, const Params& p) { return std::pow(static_cast<T>(p.a), x); }
};
struct NegF {
  template <class V>
  static V call(V x, const Params&) {
    if constexpr (std::is_integral_v<V>) return static_cast<V>(std::make_unsigned_t<V>(0) - static_cast<std::make_unsigned_t<V>>(x));
    else return -x;
  }
};
struct AbsF {
  template <class V>
  static V call(V x, const Params&) {
    if constexpr (std::is_unsigned_v<V>) return x;
    else if constexpr (std::is_integral_v<V>) return x < 0 ? NegF::call(x, {}) : x;
    else return xsimd::abs(x);
  }
};
struct SignF {
  template <class V>
  static V call(V x, const Params&) {
    if constexpr (std::is_integral_v<V>) return static_cast<V>((x > V(0)) - (x < V(0)));
    else return pick(x > constant(x, 0), constant(x, 1), pick(x < constant(x, 0), constant(x, -1), x * constant(x, 0)));
  }
};
struct SquareF {
  template <class V>
  static V call(V x, const Params& p) { return MulF::call(x, x, p); }
};
struct SqrtF {
  template <class V>
  static V call(V x, const Params&) { return xsimd::sqrt(x); }
};
struct RsqrtF {
  template <class V>
  static V call(V x, const Params&) { return constant(x, 1) / xsimd::sqrt(x); }
};
struct ReciprocalF {
  template <class V>
  static V call(V x, const Params&) { return constant(x, 1) / x; }
};
struct ExpF {
  template <class V>
  static V call(V x, const Params&) {
    return exp_of(x);
  }
  template <class V>
  static auto plain(V x) {
    return plain_lanes(xsimd::abs(x));
  }
  template <class V>
  static V plain_call(V x) {
    return exp_of<Care::none>(x);
  }
};
struct LogF {
  template <class V>
  static V call(V x, const Params&) { return log_of(x); }
};
struct Expm1F {
  template <class V>
  static V call(V x, const Params&) {
    return expm1_of(x);
  }
};
struct Log1pF {
  template <class V>
  static V call(V x, const Params&) {
    return pick(x == constant(x, 0), x, xsimd::log1p(x));  // the sign of zero stays
  }
};
struct ErfF {
  template <class V>
  static V call(V x, const Params&) {
    return erf_of(x);
  }
};
// Rounding never changes a sign, but without an instruction for it -0 gets lost.
struct FloorF {
  template <class V>
  static V call(V x, const Params&) {
    return xsimd::copysign(xsimd::floor(x), x);
  }
};
struct CeilF {
  template <class V>
  static V call(V x, const Params&) {
    return xsimd::copysign(xsimd::ceil(x), x);
  }
};
struct TruncF {
  template <class V>
  static V call(V x, const Params&) {
    return xsimd::copysign(xsimd::trunc(x), x);
  }
};
struct SinF {
  template <class V>
  static V call(V x, const Params&) { return xsimd::sin(x); }
};
struct CosF {
  template <class V>
  static V call(V x, const Params&) { return xsimd::cos(x); }
};
#define XGRAD_STD_FUNCTOR(Name, function) \
  struct Name {                           \
    template <class T>                    \
    static T call(T x, const Params&) {   \
      return std::function(x);            \
    }                                     \
  };
XGRAD_STD_FUNCTOR(Exp2F, exp2)
XGRAD_STD_FUNCTOR(Log2F, log2)
XGRAD_STD_FUNCTOR(Log10F, log10)
XGRAD_STD_FUNCTOR(TanF, tan)
XGRAD_STD_FUNCTOR(AsinF, asin)
XGRAD_STD_FUNCTOR(AcosF, acos)
XGRAD_STD_FUNCTOR(AtanF, atan)
XGRAD_STD_FUNCTOR(SinhF, sinh)
XGRAD_STD_FUNCTOR(CoshF, cosh)
XGRAD_STD_FUNCTOR(AsinhF, asinh)
XGRAD_STD_FUNCTOR(AcoshF, acosh)
XGRAD_STD_FUNCTOR(AtanhF, atanh)
XGRAD_STD_FUNCTOR(ErfcF, erfc)
#undef XGRAD_STD_FUNCTOR

/// The derivative of order n of sin(t) / t, t = pi x, with respect to t.
double sine_quotient_derivative(double x, int n) {
  const double t = std::numbers::pi * x;
  // For small t by the series, sum over 2k >= n of (-1)^k t^(2k - n) / ((2k + 1) (2k - n)!): what the recurrence below
  // divides would cancel.
  if (std::abs(t) <= 1 + n / std::numbers::e) {
    int k = (n + 1) / 2;
    double power = (n % 2 == 0 ? 1 : t) * (k % 2 == 0 ? 1 : -1), sum = 0;
    for (;; ++k) {
      const double term = power / (2 * k + 1);
      sum += term;
      if (std::abs(term) <= 1e-18 * std::abs(sum)) return sum;
      power *= -t * t / ((2 * k + 1 - n) * (2 * k + 2 - n));
    }
  }
  // t S_n = (derivative of order n of sin t) - n S_(n-1), whose errors shrink where t is above n / e.
  const double turn = std::numbers::pi * (x - 2 * std::nearbyint(x / 2));  // t less whole turns, without rounding of x
  const double derivatives[] = {std::sin(turn), std::cos(turn), -std::sin(turn), -std::cos(turn)};
  double s = derivatives[0] / t;
  for (int m = 1; m <= n; ++m) s = (derivatives[m % 4] - m * s) / t;
  return s;
}
struct SincF {  // the derivative of order p.a
  template <class T>
  static T call(T x, const Params& p) {
    if (std::isinf(x)) return T(0);
    return static_cast<T>(std::pow(std::numbers::pi, p.a) *
                          sine_quotient_derivative(static_cast<double>(x), static_cast<int>(p.a)));
  }
};
// Half to even, at p.a decimals.
struct RoundF {
  template <class T>
  static T call(T x, const Params& p) {
    if constexpr (std::is_integral_v<T>) return integer(x, p);
    else return real(x, p);
  }

 private:
  template <class T>
  static T real(T x, const Params& p) {
    if (p.a == 0) return std::nearbyint(x);
    const T power = static_cast<T>(std::pow(10.0, std::abs(p.a)));
    if (p.a < 0) return std::isinf(power) ? x * T(0) : std::nearbyint(x / power) * power;
    const T scaled = x * power;
    return std::isfinite(scaled) ? std::nearbyint(scaled) / power : x;  // so large a number has no decimals
  }
  /// Without a detour over reals, which hold fewer digits; a result that T cannot hold saturates.
  template <class T>
  static T integer(T x, const Params& p) {
    if (p.a >= 0) return x;
    if (p.a < -19) return T(0);
    std::uint64_t unit = 1;
    for (double digits = p.a; digits < 0; ++digits) unit *= 10;
    const bool negative = x < T(0);
    const auto bits = static_cast<std::uint64_t>(x);
    const std::uint64_t size = negative ? std::uint64_t{0} - bits : bits;
    const std::uint64_t below = size % unit, whole = size / unit;
    const bool up = below > unit - below || (below == unit - below && whole % 2 == 1);
    const std::uint64_t rounded = (whole + up) * unit;
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<T>::max());
    if (negative && rounded > most) return std::numeric_limits<T>::min();
    if (negative) return static_cast<T>(-static_cast<std::int64_t>(rounded));
    return rounded > most ? std::numeric_limits<T>::max() : static_cast<T>(rounded);
  }
};
struct NanToNumF {  // NaN stays to be replaced by a `where`: this bounds infinities to [a, b]
  template <class T>
  static T call(T x, const Params& p) {
    if (std::isinf(x)) return x > 0 ? static_cast<T>(p.b) : static_cast<T>(p.a);
    return x;
  }
};
struct BitwiseNotF {
  template <class T>
  static T call(T x, const Params&) {
    if constexpr (std::is_same_v<T, bool>) return !x;
    else return static_cast<T>(~x);
  }
};
struct ClampF {
  template <class V>
  static V call(V x, const Params& p) {
    const V low = constant(x, p.a), high = constant(x, p.b);
    const V above = pick(x < low, low, x);
    return pick(above > high, high, above);
  }
};

// ---- secants (g(a) - g(b)) / (a - b)
// NaN stays in one of high and low.
struct ExpSecantF {  // exp(b) expm1(d) / d
  template <class V>
  static V call(const V& a, const V& b, const Params&) {
    const auto ordered = a > b;
    const V high = pick(ordered, a, b), low = pick(ordered, b, a), d = high - low, least = exp_of(low);
    const V near = least * (expm1_of(d) / d);
    const V far = (exp_of(high) - least) / d;  // no cancellation, and no overflow before exp's own
    return pick(high == low, least, pick(d > V(1), far, near));  // equal infinities too
  }
};
struct LogSecantF {  // log1p(d / b) / d
  template <class V>
  static V call(const V& a, const V& b, const Params&) {
    const auto ordered = a > b;
    const V high = pick(ordered, a, b), low = pick(ordered, b, a), d = high - low, ratio = d / low, one(1);
    const V quotient = high / low, near = log1p_of_unit(pick(ratio > one, one, ratio)) / d;
    const auto overflows = quotient > V(std::numeric_limits<typename V::value_type>::max());
    V far = log_of(quotient) / d;
    if (xsimd::any(overflows)) far = pick(overflows, (log_of(high) - log_of(low)) / d, far);
    const V positive = pick(d == V(0), one / a, pick(ratio > one, far, near));
    if (!xsimd::any(low <= V(0))) return positive;
    return pick((low <= V(0)) & (d != V(0)), (log_of(high) - log_of(low)) / d, positive);
  }
};
struct ErfSecantF {
  template <class T>
  static T call(T a, T b, const Params&) {
    const T d = a - b, middle = b + d / 2;
    const T near = std::is_same_v<T, float> ? T(0.05) : T(1e-3);
    if (std::abs(d) < near) {  // midpoint form g'(c) + g'''(c) d^2 / 24
      const T slope = std::numbers::inv_sqrtpi_v<T> * 2 * std::exp(-middle * middle);
      if (slope == 0) return T(0);  // the square may be infinite
      return slope * (1 + (4 * middle * middle - 2) * d * d / 24);
    }
    if (a > 0 && b > 0) return (std::erfc(b) - std::erfc(a)) / d;
    if (a < 0 && b < 0) return (std::erfc(-a) - std::erfc(-b)) / d;
    return (std::erf(a) - std::erf(b)) / d;
  }
};
struct ClampSecantF {
  template <class T>
  static T call(T a, T b, const Params& p) {
    const T low = static_cast<T>(p.a), high = static_cast<T>(p.b);
    if (a == b) return T(a > low && a < high);  // the derivative, 0 on the borders
    const auto inside = [&](T x) { return x >= low && x <= high; };
    if (inside(a) && inside(b)) return T(1);
    return (std::clamp(a, low, high) - std::clamp(b, low, high)) / (a - b);
  }
};

}  // namespace

constinit const BinaryKernel add = with_bool<AddF>(vector_number2<AddF>("add"));
constinit const BinaryKernel sub = vector_number2<SubF>("sub");
constinit const BinaryKernel mul = with_bool<MulF>(vector_number2<MulF>("mul"));
constinit const BinaryKernel div = vector_real2<DivF>("div");
constinit const BinaryKernel axpy = vector_number2<AxpyF>("axpy");
constinit const BinaryKernel floor_divide = scalar_number2<FloorDivideF>("floor_divide");
constinit const BinaryKernel trunc_divide = scalar_number2<TruncDivideF>("trunc_divide");
constinit const BinaryKernel remainder = scalar_number2<RemainderF>("remainder");
constinit const BinaryKernel fmod = scalar_number2<FmodF>("fmod");
constinit const BinaryKernel maximum = with_bool<OrF>(vector_number2<MaximumF>("maximum"));
constinit const BinaryKernel minimum = with_bool<AndF>(vector_number2<MinimumF>("minimum"));
constinit const BinaryKernel fmax = with_bool<OrF>(vector_number2<FmaxF>("fmax"));
constinit const BinaryKernel fmin = with_bool<AndF>(vector_number2<FminF>("fmin"));
constinit const BinaryKernel pow = scalar_number2<PowF>("pow");
constinit const BinaryKernel copysign = scalar_real2<CopysignF>("copysign");
constinit const BinaryKernel pow_derivative = scalar_real2<PowDerivativeF>("pow_derivative");
constinit const BinaryKernel hypot = scalar_real2<HypotF>("hypot");
constinit const BinaryKernel hypot_share = scalar_real2<HypotShareF>("hypot_share");
constinit const BinaryKernel atan2 = scalar_real2<Atan2F>("atan2");
constinit const BinaryKernel heaviside = with_bool<OrF>(vector_number2<HeavisideF>("heaviside"));
constinit const BinaryKernel xlogy = vector_real2<XlogyF>("xlogy");
constinit const BinaryKernel logaddexp = vector_real2<LogaddexpF>("logaddexp");
constinit const BinaryKernel logaddexp2 = scalar_real2<Logaddexp2F>("logaddexp2");
constinit const BinaryKernel bitwise_and = scalar_integer2<AndF>("bitwise_and");
constinit const BinaryKernel bitwise_or = scalar_integer2<OrF>("bitwise_or");
constinit const BinaryKernel bitwise_xor = scalar_integer2<XorF>("bitwise_xor");

constinit const BinaryKernel eq = any_to_bool2<EqF>("eq");
constinit const BinaryKernel ne = any_to_bool2<NeF>("ne");
constinit const BinaryKernel lt = any_to_bool2<LtF>("lt");
constinit const BinaryKernel le = any_to_bool2<LeF>("le");
constinit const BinaryKernel gt = any_to_bool2<GtF>("gt");
constinit const BinaryKernel ge = any_to_bool2<GeF>("ge");
constinit const BinaryKernel logical_and = any_to_bool2<LogicalAndF>("logical_and");
constinit const BinaryKernel logical_or = any_to_bool2<LogicalOrF>("logical_or");
constinit const BinaryKernel logical_xor = any_to_bool2<LogicalXorF>("logical_xor");
constinit const UnaryKernel logical_not = any_to_bool<LogicalNotF>("logical_not");
constinit const UnaryKernel isnan = any_to_bool<IsnanF>("isnan");
constinit const UnaryKernel isinf = any_to_bool<IsinfF>("isinf");
constinit const UnaryKernel isfinite = any_to_bool<IsfiniteF>("isfinite");

constinit const UnaryKernel add_scalar = vector_real<AddScalarF>("add");
constinit const UnaryKernel mul_scalar = vector_real<MulScalarF>("mul");
constinit const UnaryKernel rsub_scalar = vector_real<RsubScalarF>("sub");
constinit const UnaryKernel rdiv_scalar = vector_real<RdivScalarF>("div");
constinit const UnaryKernel pow_scalar = scalar_real<PowScalarF>("pow");
constinit const UnaryKernel rpow_scalar = scalar_real<RpowScalarF>("pow");
constinit const UnaryKernel neg = vector_number<NegF>("neg");
constinit const UnaryKernel abs = vector_number<AbsF>("abs");
constinit const UnaryKernel sign = vector_number<SignF>("sign");
constinit const UnaryKernel square = vector_number<SquareF>("square");
constinit const UnaryKernel sqrt = vector_real<SqrtF>("sqrt");
constinit const UnaryKernel rsqrt = vector_real<RsqrtF>("rsqrt");
constinit const UnaryKernel reciprocal = vector_real<ReciprocalF>("reciprocal");
constinit const UnaryKernel exp = vector_real<ExpF>("exp");
constinit const UnaryKernel exp2 = scalar_real<Exp2F>("exp2");
constinit const UnaryKernel expm1 = vector_real<Expm1F>("expm1");
constinit const UnaryKernel log = vector_real<LogF>("log");
constinit const UnaryKernel log2 = scalar_real<Log2F>("log2");
constinit const UnaryKernel log10 = scalar_real<Log10F>("log10");
constinit const UnaryKernel log1p = vector_real<Log1pF>("log1p");
constinit const UnaryKernel sin = vector_real<SinF>("sin");
constinit const UnaryKernel cos = vector_real<CosF>("cos");
constinit const UnaryKernel tan = scalar_real<TanF>("tan");
constinit const UnaryKernel asin = scalar_real<AsinF>("asin");
constinit const UnaryKernel acos = scalar_real<AcosF>("acos");
constinit const UnaryKernel atan = scalar_real<AtanF>("atan");
constinit const UnaryKernel sinh = scalar_real<SinhF>("sinh");
constinit const UnaryKernel cosh = scalar_real<CoshF>("cosh");
constinit const UnaryKernel asinh = scalar_real<AsinhF>("asinh");
constinit const UnaryKernel acosh = scalar_real<AcoshF>("acosh");
constinit const UnaryKernel atanh = scalar_real<AtanhF>("atanh");
constinit const UnaryKernel sinc = scalar_real<SincF>("sinc");
constinit const UnaryKernel erf = vector_real<ErfF>("erf");
constinit const UnaryKernel erfc = scalar_real<ErfcF>("erfc");
constinit const UnaryKernel floor = vector_real<FloorF>("floor");
constinit const UnaryKernel ceil = vector_real<CeilF>("ceil");
constinit const UnaryKernel trunc = vector_real<TruncF>("trunc");
constinit const UnaryKernel round = scalar_number<RoundF>("round");
constinit const UnaryKernel nan_to_num = scalar_real<NanToNumF>("nan_to_num");
constinit const UnaryKernel bitwise_not = {
    "bitwise_not",
    {scalar_unary<BitwiseNotF, bool>, scalar_unary<BitwiseNotF, std::uint8_t>, scalar_unary<BitwiseNotF, std::int32_t>,
     scalar_unary<BitwiseNotF, std::int64_t>, nullptr, nullptr}};
constinit const UnaryKernel clamp = vector_real<ClampF>("clamp");

constinit const BinaryKernel exp_secant = vector_real2<ExpSecantF>("exp_secant");
constinit const BinaryKernel log_secant = vector_real2<LogSecantF>("log_secant");
constinit const BinaryKernel erf_secant = scalar_real2<ErfSecantF>("erf_secant");
constinit const BinaryKernel clamp_secant = scalar_real2<ClampSecantF>("clamp_secant");

}  // namespace xg::kernels
