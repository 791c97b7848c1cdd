// Exponentials, logarithms, rounding, and related functions of two numbers.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/in_place_arithmetic.hpp>
#include <xgrad/autograd/ops/unary.hpp>
#include <xgrad/tensor/kernels/secants.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <limits>
#include <numbers>
#include <type_traits>

namespace xg {
namespace autograd {

using kernels::erf_secant_of, kernels::exp_secant_of, kernels::is_nan, kernels::log_secant_of;

namespace {

/// e^x; secant e^r expm1(x - r) / (x - r)
struct Exp : Elementwise1<Exp, save_output()> {
  static constexpr const char* name = "exp";
  template <class V> static V call(V x) { return exp_of(x); }
  template <class V> static auto plain(V x) { return kernels::plain_lanes(abs_of(x)); }
  template <class V> static V plain_call(V x) { return exp_of<kernels::Care::none>(x); }
  template <class V> static V slope(V y) { return y; }
  template <class V> static V curvature(V y) { return y; }
  template <class V> static V third(V y) { return y; }
  template <class V> static V secant(V x, V r) { return exp_secant_of(x, r); }
  static constexpr Domain domain{-3, 3};
  static double reference(double x) { return std::exp(x); }
};

/// 2^x
struct Exp2 : Elementwise1<Exp2, save_output()> {
  static constexpr const char* name = "exp2";
  template <std::floating_point T> static T call(T x) { return std::exp2(x); }
  template <class V> static V pull(V g, V y) { return g * y * constant(y, std::numbers::ln2); }
  template <class V> static V secant(V x, V r) {
    const V ln2 = constant(x, std::numbers::ln2);
    return exp_secant_of(x * ln2, r * ln2) * ln2;
  }
  static constexpr Domain domain{-3, 3};
  static double reference(double x) { return std::exp2(x); }
};

/// e^x - 1
struct Expm1 : Elementwise1<Expm1, save_output()> {
  static constexpr const char* name = "expm1";
  template <class V> static V call(V x) { return expm1_of(x); }
  template <class V> static V slope(V y) { return y + constant(y, 1); }
  template <class V> static V secant(V x, V r) { return exp_secant_of(x, r); }
  static constexpr Domain domain{-3, 3};
  static double reference(double x) { return std::expm1(x); }
};

/// log x; secant log1p((x - r) / r) / (x - r)
struct Log : Elementwise1<Log> {
  static constexpr const char* name = "log";
  template <class V> [[gnu::always_inline]] static V call(V x) { return log_of(x); }  // a fifth faster than with a call
  template <class V> static V pull(V g, V x) { return g / x; }
  template <class V> static V secant(V x, V r) { return log_secant_of(x, r); }
  static constexpr Domain domain{0.3, 4};
  static double reference(double x) { return std::log(x); }
};

/// log2 x
struct Log2 : Elementwise1<Log2> {
  static constexpr const char* name = "log2";
  template <std::floating_point T> static T call(T x) { return std::log2(x); }
  template <class V> static V pull(V g, V x) { return g / (x * constant(x, std::numbers::ln2)); }
  template <class V> static V secant(V x, V r) { return log_secant_of(x, r) * constant(x, std::numbers::log2e); }
  static constexpr Domain domain{0.3, 4};
  static double reference(double x) { return std::log2(x); }
};

/// log10 x
struct Log10 : Elementwise1<Log10> {
  static constexpr const char* name = "log10";
  template <std::floating_point T> static T call(T x) { return std::log10(x); }
  template <class V> static V pull(V g, V x) { return g / (x * constant(x, std::numbers::ln10)); }
  template <class V> static V secant(V x, V r) { return log_secant_of(x, r) * constant(x, std::numbers::log10e); }
  static constexpr Domain domain{0.3, 4};
  static double reference(double x) { return std::log10(x); }
};

/// log(1 + x)
struct Log1p : Elementwise1<Log1p> {
  static constexpr const char* name = "log1p";
  template <class V> static V call(V x) { return pick(x == constant(x, 0), x, log1p_of(x)); }  // keeps the sign of 0
  template <class V> static V pull(V g, V x) { return g / (x + constant(x, 1)); }
  template <class V> static V secant(V x, V r) { return log_secant_of(x + constant(x, 1), r + constant(x, 1)); }
  static constexpr Domain domain{-0.7, 3};
  static double reference(double x) { return std::log1p(x); }
};

/// e^(-x^2), also for infinities: beyond the bound it underflows to 0.
template <class V> V gaussian(const V& at) {
  const V x = bounded(at, -30, 30);
  return exp_of(-(x * x));
}

/// erf x; derivative 2 / sqrt(pi) e^(-x^2)
struct Erf : Elementwise1<Erf> {
  static constexpr const char* name = "erf";
  template <class V> static V call(V x) { return erf_of(x); }
  template <class V> static V slope(V x) { return constant(x, 2 * std::numbers::inv_sqrtpi) * gaussian(x); }
  template <std::floating_point T> static T secant(T x, T r) { return erf_secant_of(x, r); }
  static double reference(double x) { return std::erf(x); }
};

/// 1 - erf x
struct Erfc : Elementwise1<Erfc> {
  static constexpr const char* name = "erfc";
  template <std::floating_point T> static T call(T x) { return std::erfc(x); }
  template <class V> static V slope(V x) { return constant(x, -2 * std::numbers::inv_sqrtpi) * gaussian(x); }
  template <std::floating_point T> static T secant(T x, T r) { return -erf_secant_of(x, r); }
  static double reference(double x) { return std::erfc(x); }
};

/// The base of rounding ops: integers are unchanged; derivative 0.
template <class Op> struct Rounding : Elementwise1<Op, 0> {
  static constexpr Promotion promotion = Promotion::none;
  static constexpr bool jumps = true;
  static Tensor forward(const Tensor& x) { return is_floating(x.dtype()) ? kernels::map(Op{}, x) : x; }
};

// Rounding keeps the sign, but implementations without a rounding instruction lose that of -0.
struct Floor : Rounding<Floor> {
  static constexpr const char* name = "floor";
  template <class V> static V call(V x) { return xsimd::copysign(xsimd::floor(x), x); }
  static double reference(double x) { return std::floor(x); }
};

struct Ceil : Rounding<Ceil> {
  static constexpr const char* name = "ceil";
  template <class V> static V call(V x) { return xsimd::copysign(xsimd::ceil(x), x); }
  static double reference(double x) { return std::ceil(x); }
};

struct Trunc : Rounding<Trunc> {
  static constexpr const char* name = "trunc";
  template <class V> static V call(V x) { return xsimd::copysign(xsimd::trunc(x), x); }
  static double reference(double x) { return std::trunc(x); }
};

/// Rounding half to even, to a number of decimals.
struct Round : Rounding<Round> {
  static constexpr const char* name = "round";
  static constexpr unsigned dtypes = kernels::numbers;
  std::int64_t decimals = 0;
  template <Arithmetic T> T call(T x) const {
    if constexpr (std::is_integral_v<T>)
      return integer(x);
    else
      return floating(x);
  }
  Tensor forward(const Tensor& x) const {
    const bool changes = is_floating(x.dtype()) || (x.dtype() != bool_ && decimals < 0);
    return changes ? kernels::map(*this, x) : x;
  }
  static double reference(double x) { return std::nearbyint(x); }

 private:
  template <class T> T floating(T x) const {
    if (decimals == 0) return std::nearbyint(x);
    const T power = static_cast<T>(std::pow(10.0, std::abs(static_cast<double>(decimals))));
    if (decimals < 0) return std::isinf(power) ? x * T(0) : std::nearbyint(x / power) * power;
    const T scaled = x * power;
    return std::isfinite(scaled) ? std::nearbyint(scaled) / power : x;  // a number this large has no decimals
  }
  /// Integer arithmetic, because floating-point numbers hold fewer digits; results saturate.
  template <class T> T integer(T x) const {
    if (decimals >= 0) return x;
    if (decimals < -19) return T(0);
    std::uint64_t unit = 1;
    for (std::int64_t digits = decimals; digits < 0; ++digits) unit *= 10;
    const bool negative = x < T(0);
    const auto bits = static_cast<std::uint64_t>(x);
    const std::uint64_t size = negative ? std::uint64_t{0} - bits : bits;
    const std::uint64_t below = size % unit, quotient = size / unit;
    const bool up = below > unit - below || (below == unit - below && quotient % 2 == 1);
    const std::uint64_t rounded = (quotient + up) * unit;
    constexpr auto limit = static_cast<std::uint64_t>(std::numeric_limits<T>::max());
    if (negative && rounded > limit) return std::numeric_limits<T>::min();
    if (negative) return static_cast<T>(-static_cast<std::int64_t>(rounded));
    return rounded > limit ? std::numeric_limits<T>::max() : static_cast<T>(rounded);
  }
};

/// x log y, 0 where x is 0 (unless y is NaN); both derivatives are 0 where x is 0 and y is not positive
struct Xlogy : Elementwise2<Xlogy> {
  static constexpr const char* name = "xlogy";
  static constexpr Promotion promotion = Promotion::floating;
  template <class V> static V call(V x, V y) {
    return pick((x == constant(x, 0)) & !is_nan(y), constant(x, 0), x * log_of(y));
  }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    const Tensor &x = c.input(0), &y = c.input(1);
    const Tensor masked = logical_and(x == 0, y <= 0), safe = where(masked, 1.0, y);
    return gradients(
        c, [&] { return where(masked, 0.0, g * log(safe)); }, [&] { return where(masked, 0.0, g * (x / safe)); });
  }
  static constexpr std::array domain{Domain{0.5, 2, 0.5, 2}, Domain{-2, -0.5, 0.5, 2}};
  static double reference(double x, double y) { return x * std::log(y); }
};

/// a - b, 0 for equal infinities, which then get half of the gradient each. It is differentiable where a equals b.
Tensor difference(const Tensor& a, const Tensor& b) {
  const Tensor equal_infinities = logical_and(a == b, isinf(a));
  return where(equal_infinities, 0.0, a) - where(equal_infinities, 0.0, b);
}

/// log(e^a + e^b); the derivatives are sigmoid(a - b) and sigmoid(b - a)
struct Logaddexp : Elementwise2<Logaddexp> {
  static constexpr const char* name = "logaddexp";
  static constexpr Promotion promotion = Promotion::floating_only;
  template <class V> static V call(V a, V b) {
    const auto ordered = a > b;
    const V high = pick(ordered, a, b), low = pick(ordered, b, a);  // one of them keeps a NaN
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
  template <std::floating_point T> static T call(T a, T b) {
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

/// x with infinities clamped to [low, high]; the caller handles NaN.
struct BoundInfinities : Elementwise1<BoundInfinities> {
  static constexpr const char* name = "nan_to_num";
  static constexpr Promotion promotion = Promotion::none;
  double low = 0, high = 0;
  template <std::floating_point T> T call(T x) const {
    if (std::isinf(x)) return static_cast<T>(x > 0 ? high : low);
    return x;
  }
  static Tensor backward(const OpContext& c, const Tensor& g) { return where(isinf(c.input(0)), 0.0, g); }
  static BoundInfinities example() { return {{}, -9, 9}; }
};

}  // namespace

}  // namespace autograd

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
Tensor erf(const Tensor& x) { return apply(autograd::Erf{}, x); }
Tensor erfc(const Tensor& x) { return apply(autograd::Erfc{}, x); }
Tensor floor(const Tensor& x) { return apply(autograd::Floor{}, x); }
Tensor ceil(const Tensor& x) { return apply(autograd::Ceil{}, x); }
Tensor trunc(const Tensor& x) { return apply(autograd::Trunc{}, x); }
Tensor frac(const Tensor& x) { return x - trunc(x); }
Tensor round(const Tensor& x, std::int64_t decimals) { return apply(autograd::Round{{}, decimals}, x); }

Tensor nan_to_num(const Tensor& x, double nan, std::optional<double> posinf, std::optional<double> neginf) {
  if (!x.is_floating_point()) return x;
  const double largest = x.dtype() == float32 ? static_cast<double>(std::numeric_limits<float>::max())
                                              : std::numeric_limits<double>::max();
  const Tensor bounded = apply(autograd::BoundInfinities{{}, neginf.value_or(-largest), posinf.value_or(largest)}, x);
  return where(isnan(x), nan, bounded);
}

Tensor& Tensor::exp_() { return autograd::in_place(*this, "exp_", xg::exp, autograd::Exp{}); }

}  // namespace xg
