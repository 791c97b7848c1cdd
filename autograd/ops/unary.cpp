// Powers, exponentials, trigonometry, rounding: functions of one number, and their relatives of two.
// Those of two numbers are games of two players to attribution.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/in_place_arithmetic.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/kernels/secants.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>
#include <vector>

namespace xg {
namespace autograd {

using kernels::erf_secant_of, kernels::exp_secant_of, kernels::is_nan, kernels::log_secant_of;

namespace {

/// x^2; secant x + r
struct Square : Elementwise1<Square> {
  static constexpr const char* name = "square";
  static constexpr Promotion promotion = Promotion::none;
  template <class V>
  static V call(V x) { return kernels::product_of(x, x); }
  template <class V>
  static V slope(V x) { return constant(x, 2) * x; }
  template <class V>
  static V secant(V x, V r) { return x + r; }
  static constexpr Domain domain{-2, 2};
  static double reference(double x) { return x * x; }
};

/// sqrt(x); secant 1 / (sqrt x + sqrt r), 0 where both are 0
struct Sqrt : Elementwise1<Sqrt> {
  static constexpr const char* name = "sqrt";
  static constexpr unsigned saves = save_output();
  template <class V>
  static V call(V x) { return sqrt_of(x); }
  template <class V>
  static V pull(V g, V y) { return g / (constant(y, 2) * y); }
  /// Of a root that stays at 0, as that of the norm of nothing, it is 0.
  template <class V>
  static V secant(V x, V r) {
    const V sum = sqrt_of(x) + sqrt_of(r), zero = constant(x, 0);
    return pick(sum == zero, zero, constant(x, 1) / sum);
  }
  static constexpr Domain domain{0.5, 3};
  static double reference(double x) { return std::sqrt(x); }
};

/// sqrt(x) of a sum of squares, which is stationary where it is 0: the derivative is 0 there. So derivatives through
/// the composites of std and vector_norm are those of the fused ops.
struct RootOfSquares : Elementwise1<RootOfSquares> {
  static constexpr const char* name = "sqrt";
  static constexpr unsigned saves = save_output();
  template <class V>
  static V call(V x) { return sqrt_of(x); }
  template <class V>
  static V pull(V g, V y) {
    const auto none = y == constant(y, 0);
    return pick(none, constant(y, 0), g / (constant(y, 2) * pick(none, constant(y, 1), y)));
  }
  template <class V>
  static V secant(V x, V r) { return Sqrt::secant(x, r); }
  static double reference(double x) { return std::sqrt(x); }
  static constexpr Domain domain{0.5, 3};
};

/// 1 / sqrt(x); secant -1 / (sqrt(x r) (sqrt x + sqrt r))
struct Rsqrt : Elementwise1<Rsqrt> {
  static constexpr const char* name = "rsqrt";
  static constexpr unsigned saves = save_output();
  template <class V>
  static V call(V x) { return constant(x, 1) / sqrt_of(x); }
  template <class V>
  static V slope(V y) { return constant(y, -0.5) * y * y * y; }
  template <class V>
  static V secant(V x, V r) {
    const V a = sqrt_of(x), b = sqrt_of(r);
    return constant(x, -1) / (a * b * (a + b));
  }
  static constexpr Domain domain{0.5, 3};
  static double reference(double x) { return 1 / std::sqrt(x); }
};

/// 1 / x; secant -1 / (x r)
struct Reciprocal : Elementwise1<Reciprocal> {
  static constexpr const char* name = "reciprocal";
  static constexpr unsigned saves = save_output();
  template <class V>
  static V call(V x) { return constant(x, 1) / x; }
  template <class V>
  static V pull(V g, V y) { return -g * y * y; }
  template <class V>
  static V secant(V x, V r) { return constant(x, -1) / (x * r); }
  static constexpr std::array domain{Domain{0.5, 3}, Domain{-3, -0.5}};
  static double reference(double x) { return 1 / x; }
};

/// e^x; secant e^r expm1(x - r) / (x - r)
struct Exp : Elementwise1<Exp> {
  static constexpr const char* name = "exp";
  static constexpr unsigned saves = save_output();
  template <class V>
  static V call(V x) { return exp_of(x); }
  template <class V>
  static auto plain(V x) { return kernels::plain_lanes(abs_of(x)); }
  template <class V>
  static V plain_call(V x) { return exp_of<kernels::Care::none>(x); }
  template <class V>
  static V slope(V y) { return y; }
  template <class V>
  static V secant(V x, V r) { return exp_secant_of(x, r); }
  static constexpr Domain domain{-3, 3};
  static double reference(double x) { return std::exp(x); }
};

/// 2^x
struct Exp2 : Elementwise1<Exp2> {
  static constexpr const char* name = "exp2";
  static constexpr unsigned saves = save_output();
  template <std::floating_point T>
  static T call(T x) { return std::exp2(x); }
  template <class V>
  static V pull(V g, V y) { return g * y * constant(y, std::numbers::ln2); }
  template <class V>
  static V secant(V x, V r) {
    const V ln2 = constant(x, std::numbers::ln2);
    return exp_secant_of(x * ln2, r * ln2) * ln2;
  }
  static constexpr Domain domain{-3, 3};
  static double reference(double x) { return std::exp2(x); }
};

/// e^x - 1
struct Expm1 : Elementwise1<Expm1> {
  static constexpr const char* name = "expm1";
  static constexpr unsigned saves = save_output();
  template <class V>
  static V call(V x) { return expm1_of(x); }
  template <class V>
  static V slope(V y) { return y + constant(y, 1); }
  template <class V>
  static V secant(V x, V r) { return exp_secant_of(x, r); }
  static constexpr Domain domain{-3, 3};
  static double reference(double x) { return std::expm1(x); }
};

/// log x; secant log1p((x - r) / r) / (x - r)
struct Log : Elementwise1<Log> {
  static constexpr const char* name = "log";
  template <class V>
  static V call(V x) { return log_of(x); }
  template <class V>
  static V pull(V g, V x) { return g / x; }
  template <class V>
  static V secant(V x, V r) { return log_secant_of(x, r); }
  static constexpr Domain domain{0.3, 4};
  static double reference(double x) { return std::log(x); }
};

/// log2 x
struct Log2 : Elementwise1<Log2> {
  static constexpr const char* name = "log2";
  template <std::floating_point T>
  static T call(T x) { return std::log2(x); }
  template <class V>
  static V pull(V g, V x) { return g / (x * constant(x, std::numbers::ln2)); }
  template <class V>
  static V secant(V x, V r) { return log_secant_of(x, r) * constant(x, std::numbers::log2e); }
  static constexpr Domain domain{0.3, 4};
  static double reference(double x) { return std::log2(x); }
};

/// log10 x
struct Log10 : Elementwise1<Log10> {
  static constexpr const char* name = "log10";
  template <std::floating_point T>
  static T call(T x) { return std::log10(x); }
  template <class V>
  static V pull(V g, V x) { return g / (x * constant(x, std::numbers::ln10)); }
  template <class V>
  static V secant(V x, V r) { return log_secant_of(x, r) * constant(x, std::numbers::log10e); }
  static constexpr Domain domain{0.3, 4};
  static double reference(double x) { return std::log10(x); }
};

/// log(1 + x)
struct Log1p : Elementwise1<Log1p> {
  static constexpr const char* name = "log1p";
  template <class V>
  static V call(V x) { return kernels::log1p_of(x); }
  template <class V>
  static V pull(V g, V x) { return g / (x + constant(x, 1)); }
  template <class V>
  static V secant(V x, V r) { return log_secant_of(x + constant(x, 1), r + constant(x, 1)); }
  static constexpr Domain domain{-0.7, 3};
  static double reference(double x) { return std::log1p(x); }
};

/// sin x
struct Sin : Elementwise1<Sin> {
  static constexpr const char* name = "sin";
  template <class V>
  static V call(V x) { return sin_of(x); }
  template <class V>
  static V slope(V x) { return cos_of(x); }
  static constexpr Domain domain{-4, 4};
  static double reference(double x) { return std::sin(x); }
};

/// cos x
struct Cos : Elementwise1<Cos> {
  static constexpr const char* name = "cos";
  template <class V>
  static V call(V x) { return cos_of(x); }
  template <class V>
  static V slope(V x) { return -sin_of(x); }
  static constexpr Domain domain{-4, 4};
  static double reference(double x) { return std::cos(x); }
};

/// tan x
struct Tan : Elementwise1<Tan> {
  static constexpr const char* name = "tan";
  static constexpr unsigned saves = save_output();
  template <std::floating_point T>
  static T call(T x) { return std::tan(x); }
  template <class V>
  static V slope(V y) { return y * y + constant(y, 1); }
  static constexpr Domain domain{-1.2, 1.2};
  static double reference(double x) { return std::tan(x); }
};

/// asin x
struct Asin : Elementwise1<Asin> {
  static constexpr const char* name = "asin";
  template <std::floating_point T>
  static T call(T x) { return std::asin(x); }
  template <class V>
  static V slope(V x) { return constant(x, 1) / sqrt_of(constant(x, 1) - x * x); }
  static constexpr Domain domain{-0.8, 0.8};
  static double reference(double x) { return std::asin(x); }
};

/// acos x
struct Acos : Elementwise1<Acos> {
  static constexpr const char* name = "acos";
  template <std::floating_point T>
  static T call(T x) { return std::acos(x); }
  template <class V>
  static V slope(V x) { return constant(x, -1) / sqrt_of(constant(x, 1) - x * x); }
  static constexpr Domain domain{-0.8, 0.8};
  static double reference(double x) { return std::acos(x); }
};

/// atan x
struct Atan : Elementwise1<Atan> {
  static constexpr const char* name = "atan";
  template <std::floating_point T>
  static T call(T x) { return std::atan(x); }
  template <class V>
  static V pull(V g, V at) {
    const V x = finite(at);
    return g / (x * x + constant(x, 1));
  }
  static constexpr Domain domain{-3, 3};
  static double reference(double x) { return std::atan(x); }
};

/// sinh x
struct Sinh : Elementwise1<Sinh> {
  static constexpr const char* name = "sinh";
  template <std::floating_point T>
  static T call(T x) { return std::sinh(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return g * cosh(c.input(0)); }
  static constexpr Domain domain{-3, 3};
  static double reference(double x) { return std::sinh(x); }
};

/// cosh x
struct Cosh : Elementwise1<Cosh> {
  static constexpr const char* name = "cosh";
  template <std::floating_point T>
  static T call(T x) { return std::cosh(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return g * sinh(c.input(0)); }
  static constexpr Domain domain{-3, 3};
  static double reference(double x) { return std::cosh(x); }
};

/// asinh x
struct Asinh : Elementwise1<Asinh> {
  static constexpr const char* name = "asinh";
  template <std::floating_point T>
  static T call(T x) { return std::asinh(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return g / hypot(c.input(0), ones_like(c.input(0))); }
  static constexpr Domain domain{-3, 3};
  static double reference(double x) { return std::asinh(x); }
};

/// acosh x
struct Acosh : Elementwise1<Acosh> {
  static constexpr const char* name = "acosh";
  template <std::floating_point T>
  static T call(T x) { return std::acosh(x); }
  template <class V>
  static V slope(V x) { return constant(x, 1) / (sqrt_of(x - constant(x, 1)) * sqrt_of(x + constant(x, 1))); }
  static constexpr Domain domain{1.3, 4};
  static double reference(double x) { return std::acosh(x); }
};

/// atanh x
struct Atanh : Elementwise1<Atanh> {
  static constexpr const char* name = "atanh";
  template <std::floating_point T>
  static T call(T x) { return std::atanh(x); }
  template <class V>
  static V pull(V g, V x) { return g / (constant(x, 1) - x * x); }
  static constexpr Domain domain{-0.8, 0.8};
  static double reference(double x) { return std::atanh(x); }
};

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

/// The derivative of some order of sin(pi x) / (pi x), of order 0 itself. Each is a kernel of its own, because the
/// closed forms cancel near 0.
struct Sinc : Elementwise1<Sinc> {
  static constexpr const char* name = "sinc";
  std::int64_t order = 0;
  template <std::floating_point T>
  T call(T x) const {
    if (std::isinf(x)) return T(0);
    return static_cast<T>(std::pow(std::numbers::pi, static_cast<double>(order)) *
                          sine_quotient_derivative(static_cast<double>(x), static_cast<int>(order)));
  }
  Tensor backward(const OpContext& c, const Tensor& g) const { return g * apply(Sinc{{}, order + 1}, c.input(0)); }
  static constexpr Domain domain{-2.4, 2.4};
  static double reference(double x) { return std::sin(std::numbers::pi * x) / (std::numbers::pi * x); }
};

/// e^(-x^2), also of infinities: beyond the bound it is 0.
template <class V>
V gaussian(const V& at) {
  const V x = bounded(at, -30, 30);
  return exp_of(-(x * x));
}

/// erf x; derivative 2 / sqrt(pi) e^(-x^2)
struct Erf : Elementwise1<Erf> {
  static constexpr const char* name = "erf";
  template <class V>
  static V call(V x) { return erf_of(x); }
  template <class V>
  static V slope(V x) { return constant(x, 2 * std::numbers::inv_sqrtpi) * gaussian(x); }
  template <std::floating_point T>
  static T secant(T x, T r) { return erf_secant_of(x, r); }
  static constexpr Domain domain{-2, 2};
  static double reference(double x) { return std::erf(x); }
};

/// 1 - erf x
struct Erfc : Elementwise1<Erfc> {
  static constexpr const char* name = "erfc";
  template <std::floating_point T>
  static T call(T x) { return std::erfc(x); }
  template <class V>
  static V slope(V x) { return constant(x, -2 * std::numbers::inv_sqrtpi) * gaussian(x); }
  template <std::floating_point T>
  static T secant(T x, T r) { return -erf_secant_of(x, r); }
  static constexpr Domain domain{-2, 2};
  static double reference(double x) { return std::erfc(x); }
};

/// Rounding: integers stay what they are; derivative 0.
template <class Op>
struct Rounding : Elementwise1<Op> {
  static constexpr Promotion promotion = Promotion::none;
  static constexpr unsigned saves = 0;
  static constexpr bool jumps = true;
  static Tensor forward(const Tensor& x) { return is_floating(x.dtype()) ? kernels::map(Op{}, x) : x; }
  static constexpr Domain domain{-2, 2};
};
// Rounding never changes a sign, but without an instruction for it -0 gets lost.
struct Floor : Rounding<Floor> {
  static constexpr const char* name = "floor";
  template <class V>
  static V call(V x) { return xsimd::copysign(xsimd::floor(x), x); }
  static double reference(double x) { return std::floor(x); }
};
struct Ceil : Rounding<Ceil> {
  static constexpr const char* name = "ceil";
  template <class V>
  static V call(V x) { return xsimd::copysign(xsimd::ceil(x), x); }
  static double reference(double x) { return std::ceil(x); }
};
struct Trunc : Rounding<Trunc> {
  static constexpr const char* name = "trunc";
  template <class V>
  static V call(V x) { return xsimd::copysign(xsimd::trunc(x), x); }
  static double reference(double x) { return std::trunc(x); }
};
/// Half to even, at so many decimals.
struct Round : Rounding<Round> {
  static constexpr const char* name = "round";
  static constexpr unsigned dtypes = kernels::numbers;
  std::int64_t decimals = 0;
  template <class T>
    requires std::is_arithmetic_v<T>
  T call(T x) const {
    if constexpr (std::is_integral_v<T>) return integer(x);
    else return real(x);
  }
  Tensor forward(const Tensor& x) const {
    const bool changes = is_floating(x.dtype()) || (x.dtype() != bool_ && decimals < 0);
    return changes ? kernels::map(*this, x) : x;
  }
  static double reference(double x) { return std::nearbyint(x); }

 private:
  template <class T>
  T real(T x) const {
    if (decimals == 0) return std::nearbyint(x);
    const T power = static_cast<T>(std::pow(10.0, std::abs(static_cast<double>(decimals))));
    if (decimals < 0) return std::isinf(power) ? x * T(0) : std::nearbyint(x / power) * power;
    const T scaled = x * power;
    return std::isfinite(scaled) ? std::nearbyint(scaled) / power : x;  // so large a number has no decimals
  }
  /// Without a detour over floating-point numbers, which hold fewer digits; a result that T cannot hold saturates.
  template <class T>
  T integer(T x) const {
    if (decimals >= 0) return x;
    if (decimals < -19) return T(0);
    std::uint64_t unit = 1;
    for (std::int64_t digits = decimals; digits < 0; ++digits) unit *= 10;
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

/// Infinities bounded to [low, high]; NaN is the caller's.
struct BoundInfinities : Elementwise1<BoundInfinities> {
  static constexpr const char* name = "nan_to_num";
  static constexpr Promotion promotion = Promotion::none;
  double low = 0, high = 0;
  template <std::floating_point T>
  T call(T x) const {
    if (std::isinf(x)) return static_cast<T>(x > 0 ? high : low);
    return x;
  }
  static Tensor backward(const OpContext& c, const Tensor& g) { return where(isinf(c.input(0)), 0.0, g); }
  static BoundInfinities example() { return {{}, -9, 9}; }
  static constexpr Domain domain{-2, 2};
};

/// x^p for a real p
struct PowScalar : Elementwise1<PowScalar> {
  static constexpr const char* name = "pow";
  double exponent = 1;
  template <std::floating_point T>
  T call(T x) const { return std::pow(x, static_cast<T>(exponent)); }
  Tensor forward(const Tensor& x) const {
    if (exponent == 2) return kernels::map(Square{}, x);
    if (exponent == 0.5) return kernels::map(Sqrt{}, x);
    return kernels::map(*this, x);
  }
  Tensor backward(const OpContext& c, const Tensor& g) const {
    if (exponent == 0) return zeros_like(g);
    if (exponent == 1) return g;
    return g * (exponent * pow(c.input(0), exponent - 1));
  }
  static PowScalar example() { return {{}, 3.0}; }
  static constexpr Domain domain{-2, 2};
  static double reference(double x) { return x * x * x; }
};

/// b^x for a real b; derivative b^x log b, for b = 0 it is 0 from x = 0 on
struct RpowScalar : Elementwise1<RpowScalar> {
  static constexpr const char* name = "rpow";
  static constexpr unsigned saves = save_output();
  double base = 1;
  template <std::floating_point T>
  T call(T x) const { return std::pow(static_cast<T>(base), x); }
  Tensor backward(const OpContext& c, const Tensor& g) const {
    if (base != 0) return g * (c.output() * std::log(base));
    const double log_zero = -std::numeric_limits<double>::infinity();
    return where(isinf(c.output()), g * (c.output() * log_zero), 0.0);
  }
  static RpowScalar example() { return {{}, 1.7}; }
  static constexpr Domain domain{-2, 2};
  static double reference(double x) { return std::pow(1.7, x); }
};

/// (log a)^n; 1 for n = 0, whatever a is.
template <class T>
T logarithm_power(T a, int n) {
  T result = 1;
  for (int i = 0; i < n; ++i) result *= std::log(a);
  return result;
}
template <class T>
T binomial(int n, int k) {
  T result = 1;
  for (int i = 0; i < k; ++i) result = result * static_cast<T>(n - i) / static_cast<T>(i + 1);
  return result;
}
/// The derivative of order k of b (b - 1) ... (b - n + 1).
template <class T>
T falling_factorial(T b, int n, int k) {
  if (n == 0) return T(k == 0);
  const T last = b - static_cast<T>(n - 1);
  const T rest = falling_factorial(b, n - 1, k);
  const T product = rest == T(0) ? T(0) : rest * last;
  return k == 0 ? product : product + static_cast<T>(k) * falling_factorial(b, n - 1, k - 1);
}

/// a^b of integers, which wraps.
template <class T>
T integer_power(T a, T b) {
  using U = std::make_unsigned_t<T>;
  if constexpr (std::is_signed_v<T>)
    if (b < 0) return a == 1 ? T(1) : (a == -1 ? T(b % 2 != 0 ? -1 : 1) : T(0));
  U result = 1, factor = static_cast<U>(a);
  for (U e = static_cast<U>(b); e != 0; e = static_cast<U>(e >> 1)) {
    if (e & 1) result = static_cast<U>(result * factor);
    factor = static_cast<U>(factor * factor);
  }
  return static_cast<T>(result);
}

/// The derivative of a^b of order n in a and m in b, of orders 0 itself: the sum over k of binomial(m, k) times the
/// derivative of order k of b (b - 1) ... (b - n + 1) times a^(b - n) (log a)^(m - k). Where a is 0 and a^(b - n) is 1,
/// terms with a logarithm count as 0; a coefficient of 0 makes its term 0. Because the next derivative of all of them is
/// another one, mixed derivatives do not depend on their order, at b = 0, b = 1 and a = 0 either.
struct Pow : Elementwise2<Pow> {
  static constexpr const char* name = "pow";
  static constexpr unsigned dtypes = kernels::numbers;
  std::int64_t order_a = 0, order_b = 0;
  template <class T>
    requires std::is_arithmetic_v<T>
  T call(T a, T b) const {
    if constexpr (std::is_integral_v<T>) return integer_power(a, b);
    else return order_a + order_b == 0 ? std::pow(a, b) : derivative(a, b);
  }
  Tensor forward(const Tensor& a, const Tensor& b) const {
    if (order_a + order_b == 0 && !is_floating(a.dtype()) && b.numel() > 0) {
      const NoTrace trace_guard;
      if (any(b < 0).item<bool>())
        throw ValueError(
            "[pow] integers to negative powers are not integers: convert the base to a floating-point dtype first.");
    }
    return kernels::map(*this, a.dtype() == Dtype::bool_ ? kernels::cast(a, uint8) : a,
                        b.dtype() == Dtype::bool_ ? kernels::cast(b, uint8) : b);
  }
  std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) const {
    const Tensor &a = c.input(0), &b = c.input(1);
    return gradients(
        c, [&] { return g * apply(Pow{{}, order_a + 1, order_b}, a, b); },
        [&] { return g * apply(Pow{{}, order_a, order_b + 1}, a, b); });
  }
  static double reference(double a, double b) { return std::pow(a, b); }
  static constexpr Domain domain{0.5, 2, -2, 2};

 private:
  template <class T>
  T derivative(T a, T b) const {
    const int n = static_cast<int>(order_a), m = static_cast<int>(order_b);
    const T exponent = b - static_cast<T>(n), power = std::pow(a, exponent);
    if (power == T(0)) return T(0);
    T sum = 0;
    for (int k = 0; k <= std::min(n, m); ++k) {
      const T factor = falling_factorial(b, n, k) * binomial<T>(m, k);
      if (factor == T(0) || (a == T(0) && exponent == T(0) && k < m)) continue;
      const T term = factor * (power * logarithm_power(a, m - k));
      if (a == T(0) || std::isinf(a)) return term;  // with the most logarithms: the others are small beside it
      sum += term;
    }
    return sum;
  }
};

/// atan2(y, x); dy = x / (x^2 + y^2), dx = -y / (x^2 + y^2), 0 at the origin
struct Atan2 : Elementwise2<Atan2> {
  static constexpr const char* name = "atan2";
  static constexpr Promotion promotion = Promotion::floating;
  template <std::floating_point T>
  static T call(T y, T x) { return std::atan2(y, x); }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    const Tensor &y = c.input(0), &x = c.input(1);
    const Tensor scaled = g * inverse_hypot(x, y);  // squares would overflow and vanish
    return gradients(c, [&] { return scaled * hypot_share(x, y); }, [&] { return -scaled * hypot_share(y, x); });
  }
  static constexpr std::array domain{Domain{-2, 2, 0.5, 2}, Domain{0.5, 2, -2, 2}};
  static double reference(double y, double x) { return std::atan2(y, x); }
};

/// x log y, 0 where x is 0 (unless y is NaN); both derivatives are 0 where x is 0 and y is not positive
struct Xlogy : Elementwise2<Xlogy> {
  static constexpr const char* name = "xlogy";
  static constexpr Promotion promotion = Promotion::floating;
  template <class V>
  static V call(V x, V y) { return pick((x == constant(x, 0)) & !is_nan(y), constant(x, 0), x * log_of(y)); }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    const Tensor &x = c.input(0), &y = c.input(1);
    const Tensor masked = logical_and(x == 0, y <= 0), safe = where(masked, 1.0, y);
    return gradients(
        c, [&] { return where(masked, 0.0, g * log(safe)); }, [&] { return where(masked, 0.0, g * (x / safe)); });
  }
  static constexpr std::array domain{Domain{0.5, 2, 0.5, 2}, Domain{-2, -0.5, 0.5, 2}};
  static double reference(double x, double y) { return x * std::log(y); }
};

/// a - b, 0 for equal infinities (which share half and half). Where a and b are equal it still varies with them.
Tensor difference(const Tensor& a, const Tensor& b) {
  const Tensor equal_infinities = logical_and(a == b, isinf(a));
  return where(equal_infinities, 0.0, a) - where(equal_infinities, 0.0, b);
}

/// log(e^a + e^b); the derivatives are sigmoid(a - b) and sigmoid(b - a)
struct Logaddexp : Elementwise2<Logaddexp> {
  static constexpr const char* name = "logaddexp";
  static constexpr Promotion promotion = Promotion::floating_only;
  template <class V>
  static V call(V a, V b) {
    const auto ordered = a > b;
    const V high = pick(ordered, a, b), low = pick(ordered, b, a);  // NaN stays in one of them
    const V tail = kernels::log1p_of_unit(kernels::exp_of_minus(high - low));
    return pick(a == b, a + constant(a, std::numbers::ln2), high + tail);
  }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    const Tensor &a = c.input(0), &b = c.input(1);
    const Tensor d = difference(a, b);
    return gradients(c, [&] { return g * sigmoid(d); }, [&] { return g * sigmoid(-d); });
  }
  static constexpr Domain domain{-2, 0, 0.1, 2};
  static double reference(double a, double b) { return std::log(std::exp(a) + std::exp(b)); }
};

/// log2(2^a + 2^b)
struct Logaddexp2 : Elementwise2<Logaddexp2> {
  static constexpr const char* name = "logaddexp2";
  static constexpr Promotion promotion = Promotion::floating_only;
  template <std::floating_point T>
  static T call(T a, T b) {
    if (std::isinf(a) && a == b) return a;
    const T m = std::max(a, b);
    return m + std::log1p(std::exp2(-std::abs(a - b))) * std::numbers::log2e_v<T>;
  }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    const Tensor &a = c.input(0), &b = c.input(1);
    const Tensor d = difference(a, b) * std::numbers::ln2;
    return gradients(c, [&] { return g * sigmoid(d); }, [&] { return g * sigmoid(-d); });
  }
  static constexpr Domain domain{-2, 0, 0.1, 2};
  static double reference(double a, double b) { return std::log2(std::exp2(a) + std::exp2(b)); }
};

}  // namespace

const std::vector<OpInfo>& unary_ops() {
  static const auto rows =
      OpList<Square, Sqrt, RootOfSquares, Rsqrt, Reciprocal, Exp, Exp2, Expm1, Log, Log2, Log10, Log1p, Sin, Cos, Tan,
             Asin, Acos, Atan,
             Sinh, Cosh, Asinh, Acosh, Atanh, Sinc, Erf, Erfc, Floor, Ceil, Trunc, Round, BoundInfinities, PowScalar,
             RpowScalar, Pow, Atan2, Xlogy, Logaddexp, Logaddexp2>::rows("unary");
  return rows;
}

Tensor root_of_squares(const Tensor& x) { return apply(RootOfSquares{}, x); }

}  // namespace autograd

using autograd::apply;

Tensor pow(const Tensor& base, const Tensor& exponent) { return apply(autograd::Pow{}, base, exponent); }
Tensor pow(const Tensor& base, Scalar exponent) {
  if (base.is_floating_point()) return apply(autograd::PowScalar{{}, exponent.to_double()}, base);
  return pow(base, full({}, exponent, {.dtype = result_type(base.dtype(), exponent)}));
}
Tensor pow(Scalar base, const Tensor& exponent) {
  if (exponent.is_floating_point()) return apply(autograd::RpowScalar{{}, base.to_double()}, exponent);
  return pow(full({}, base, {.dtype = result_type(exponent.dtype(), base)}), exponent);
}
Tensor float_power(const Tensor& base, const Tensor& exponent) { return pow(to(base, float64), to(exponent, float64)); }
Tensor square(const Tensor& x) {
  return x.dtype() == bool_ ? mul(to(x, int64), to(x, int64)) : apply(autograd::Square{}, x);
}
Tensor sqrt(const Tensor& x) { return apply(autograd::Sqrt{}, x); }
Tensor rsqrt(const Tensor& x) { return apply(autograd::Rsqrt{}, x); }
Tensor reciprocal(const Tensor& x) { return apply(autograd::Reciprocal{}, x); }
Tensor exp(const Tensor& x) { return apply(autograd::Exp{}, x); }
Tensor exp2(const Tensor& x) { return apply(autograd::Exp2{}, x); }
Tensor expm1(const Tensor& x) { return apply(autograd::Expm1{}, x); }
Tensor log(const Tensor& x) { return apply(autograd::Log{}, x); }
Tensor log2(const Tensor& x) { return apply(autograd::Log2{}, x); }
Tensor log10(const Tensor& x) { return apply(autograd::Log10{}, x); }
Tensor log1p(const Tensor& x) { return apply(autograd::Log1p{}, x); }
Tensor logaddexp(const Tensor& a, const Tensor& b) { return apply(autograd::Logaddexp{}, a, b); }
Tensor logaddexp2(const Tensor& a, const Tensor& b) { return apply(autograd::Logaddexp2{}, a, b); }
Tensor xlogy(const Tensor& x, const Tensor& y) { return apply(autograd::Xlogy{}, x, y); }
Tensor sin(const Tensor& x) { return apply(autograd::Sin{}, x); }
Tensor cos(const Tensor& x) { return apply(autograd::Cos{}, x); }
Tensor tan(const Tensor& x) { return apply(autograd::Tan{}, x); }
Tensor asin(const Tensor& x) { return apply(autograd::Asin{}, x); }
Tensor acos(const Tensor& x) { return apply(autograd::Acos{}, x); }
Tensor atan(const Tensor& x) { return apply(autograd::Atan{}, x); }
Tensor atan2(const Tensor& y, const Tensor& x) { return apply(autograd::Atan2{}, y, x); }
Tensor sinh(const Tensor& x) { return apply(autograd::Sinh{}, x); }
Tensor cosh(const Tensor& x) { return apply(autograd::Cosh{}, x); }
Tensor asinh(const Tensor& x) { return apply(autograd::Asinh{}, x); }
Tensor acosh(const Tensor& x) { return apply(autograd::Acosh{}, x); }
Tensor atanh(const Tensor& x) { return apply(autograd::Atanh{}, x); }
Tensor sinc(const Tensor& x) { return apply(autograd::Sinc{}, x); }
Tensor erf(const Tensor& x) { return apply(autograd::Erf{}, x); }
Tensor erfc(const Tensor& x) { return apply(autograd::Erfc{}, x); }
Tensor floor(const Tensor& x) { return apply(autograd::Floor{}, x); }
Tensor ceil(const Tensor& x) { return apply(autograd::Ceil{}, x); }
Tensor trunc(const Tensor& x) { return apply(autograd::Trunc{}, x); }
Tensor frac(const Tensor& x) { return x - trunc(x); }
Tensor round(const Tensor& x, std::int64_t decimals) { return apply(autograd::Round{{}, decimals}, x); }
Tensor deg2rad(const Tensor& x) { return x * (std::numbers::pi / 180); }
Tensor rad2deg(const Tensor& x) { return x * (180 / std::numbers::pi); }

Tensor nan_to_num(const Tensor& x, double nan, std::optional<double> posinf, std::optional<double> neginf) {
  if (!x.is_floating_point()) return x;
  const double largest = x.dtype() == float32 ? static_cast<double>(std::numeric_limits<float>::max())
                                              : std::numeric_limits<double>::max();
  const Tensor bounded = apply(autograd::BoundInfinities{{}, neginf.value_or(-largest), posinf.value_or(largest)}, x);
  return where(isnan(x), nan, bounded);
}

Tensor& Tensor::exp_() { return autograd::in_place(*this, "exp_", xg::exp, autograd::Exp{}); }
Tensor& Tensor::sqrt_() { return autograd::in_place(*this, "sqrt_", xg::sqrt, autograd::Sqrt{}); }

}  // namespace xg
