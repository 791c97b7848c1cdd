// Powers and roots.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/in_place_arithmetic.hpp>
#include <xgrad/autograd/ops/unary.hpp>
#include <xgrad/tensor/error.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <limits>
#include <type_traits>

namespace xg {
namespace autograd {

namespace {

/// x^2; secant x + r
struct Square : Elementwise1<Square> {
  static constexpr const char* name = "square";
  static constexpr Promotion promotion = Promotion::none;
  static constexpr unsigned dtypes = kernels::numbers;
  template <class V> static V call(V x) { return kernels::product_of(x, x); }
  template <class V> static V slope(V x) { return constant(x, 2) * x; }
  template <class V> static V secant(V x, V r) { return x + r; }
  static double reference(double x) { return x * x; }
};

/// sqrt(x); secant 1 / (sqrt x + sqrt r), 0 where both are 0
struct Sqrt : Elementwise1<Sqrt, save_output()> {
  static constexpr const char* name = "sqrt";
  template <class V> static V call(V x) { return sqrt_of(x); }
  template <class V> static V pull(V g, V y) { return g / (constant(y, 2) * y); }
  /// The secant of a root that stays at 0 is 0.
  template <class V> static V secant(V x, V r) {
    const V sum = sqrt_of(x) + sqrt_of(r), zero = constant(x, 0);
    return pick(sum == zero, zero, constant(x, 1) / sum);
  }
  static constexpr Domain domain{0.5, 3};
  static double reference(double x) { return std::sqrt(x); }
};

/// sqrt(x) of a sum of squares, with derivative 0 at 0, where the sum is stationary. The composites of std and
/// vector_norm then have the same derivatives as the fused ops.
struct RootOfSquares : Elementwise1<RootOfSquares, save_output()> {
  static constexpr const char* name = "sqrt";
  template <class V> static V call(V x) { return sqrt_of(x); }
  template <class V> static V pull(V g, V y) {
    const auto none = y == constant(y, 0);
    return pick(none, constant(y, 0), g / (constant(y, 2) * pick(none, constant(y, 1), y)));
  }
  template <class V> static V secant(V x, V r) { return Sqrt::secant(x, r); }
  static double reference(double x) { return std::sqrt(x); }
  static constexpr Domain domain{0.5, 3};
};

/// 1 / sqrt(x); secant -1 / (sqrt(x r) (sqrt x + sqrt r))
struct Rsqrt : Elementwise1<Rsqrt, save_output()> {
  static constexpr const char* name = "rsqrt";
  template <class V> static V call(V x) { return constant(x, 1) / sqrt_of(x); }
  template <class V> static V slope(V y) { return constant(y, -0.5) * y * y * y; }
  template <class V> static V secant(V x, V r) {
    const V a = sqrt_of(x), b = sqrt_of(r);
    return constant(x, -1) / (a * b * (a + b));
  }
  static constexpr Domain domain{0.5, 3};
  static double reference(double x) { return 1 / std::sqrt(x); }
};

/// 1 / x; secant -1 / (x r)
struct Reciprocal : Elementwise1<Reciprocal, save_output()> {
  static constexpr const char* name = "reciprocal";
  template <class V> static V call(V x) { return constant(x, 1) / x; }
  template <class V> static V pull(V g, V y) { return -g * y * y; }
  template <class V> static V secant(V x, V r) { return constant(x, -1) / (x * r); }
  static constexpr std::array domain{Domain{0.5, 3}, Domain{-3, -0.5}};
  static double reference(double x) { return 1 / x; }
};

/// x^p for a floating-point p
struct PowScalar : Elementwise1<PowScalar> {
  static constexpr const char* name = "pow";
  double exponent = 1;
  template <std::floating_point T> T call(T x) const { return std::pow(x, static_cast<T>(exponent)); }
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
  static double reference(double x) { return x * x * x; }
};

/// b^x for a floating-point b; derivative b^x log b, which for b = 0 and x >= 0 is 0
struct RpowScalar : Elementwise1<RpowScalar, save_output()> {
  static constexpr const char* name = "rpow";
  double base = 1;
  template <std::floating_point T> T call(T x) const { return std::pow(static_cast<T>(base), x); }
  Tensor backward(const OpContext& c, const Tensor& g) const {
    if (base != 0) return g * (c.output() * std::log(base));
    const double log_zero = -std::numeric_limits<double>::infinity();
    return where(isinf(c.output()), g * (c.output() * log_zero), 0.0);
  }
  static RpowScalar example() { return {{}, 1.7}; }
  static double reference(double x) { return std::pow(1.7, x); }
};

/// (log a)^n; 1 for n = 0, whatever a is.
template <class T> T logarithm_power(T a, int n) {
  T result = 1;
  for (int i = 0; i < n; ++i) result *= std::log(a);
  return result;
}

template <class T> T binomial(int n, int k) {
  T result = 1;
  for (int i = 0; i < k; ++i) result = result * static_cast<T>(n - i) / static_cast<T>(i + 1);
  return result;
}

/// The derivative of order k of b (b - 1) ... (b - n + 1).
template <class T> T falling_factorial(T b, int n, int k) {
  if (n == 0) return T(k == 0);
  const T last = b - static_cast<T>(n - 1);
  const T lower = falling_factorial(b, n - 1, k);
  const T product = lower == T(0) ? T(0) : lower * last;
  return k == 0 ? product : product + static_cast<T>(k) * falling_factorial(b, n - 1, k - 1);
}

/// a^b of integers; it wraps around.
template <class T> T integer_power(T a, T b) {
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

/// The derivative of a^b of order n in a and m in b: the sum over k of binomial(m, k) times the derivative of order k
/// of b (b - 1) ... (b - n + 1) times a^(b - n) (log a)^(m - k). Where a is 0 and a^(b - n) is 1, terms with a
/// logarithm count as 0; a coefficient of 0 makes its term 0. The family is closed under differentiation, so mixed
/// derivatives do not depend on their order, even at b = 0, b = 1 and a = 0.
struct PowDerivative : Elementwise2<PowDerivative> {
  static constexpr const char* name = "pow_derivative";
  std::int64_t order_a = 1, order_b = 0;
  template <std::floating_point T> T call(T a, T b) const {
    const int n = static_cast<int>(order_a), m = static_cast<int>(order_b);
    const T exponent = b - static_cast<T>(n), power = std::pow(a, exponent);
    if (power == T(0)) return T(0);
    T sum = 0;
    for (int k = 0; k <= std::min(n, m); ++k) {
      const T factor = falling_factorial(b, n, k) * binomial<T>(m, k);
      if (factor == T(0) || (a == T(0) && exponent == T(0) && k < m)) continue;
      const T term = factor * (power * logarithm_power(a, m - k));
      if (a == T(0) || std::isinf(a)) return term;  // the term with the highest power of the logarithm dominates
      sum += term;
    }
    return sum;
  }
  std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) const {
    const Tensor &a = c.input(0), &b = c.input(1);
    return gradients(
        c, [&] { return g * apply(PowDerivative{{}, order_a + 1, order_b}, a, b); },
        [&] { return g * apply(PowDerivative{{}, order_a, order_b + 1}, a, b); });
  }
  static double reference(double a, double b) { return b * std::pow(a, b - 1); }
  static constexpr Domain domain{0.5, 2, -2, 2};
};

/// a^b
struct Pow : Elementwise2<Pow> {
  static constexpr const char* name = "pow";
  static constexpr unsigned dtypes = kernels::numbers;
  template <Arithmetic T> static T call(T a, T b) {
    if constexpr (std::is_integral_v<T>)
      return integer_power(a, b);
    else
      return std::pow(a, b);
  }
  static Tensor forward(const Tensor& a, const Tensor& b) {
    if (!is_floating(a.dtype()) && b.numel() > 0) {
      const Unobserved unobserved;
      if (any(b < 0).item<bool>())
        throw ValueError(
            "[pow] integers to negative powers are not integers: convert the base to a floating-point dtype first.");
    }
    return kernels::map(Pow{}, a.dtype() == Dtype::bool_ ? kernels::cast(a, uint8) : a,
                        b.dtype() == Dtype::bool_ ? kernels::cast(b, uint8) : b);
  }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    const Tensor &a = c.input(0), &b = c.input(1);
    return gradients(
        c, [&] { return g * apply(PowDerivative{{}, 1, 0}, a, b); },
        [&] { return g * apply(PowDerivative{{}, 0, 1}, a, b); });
  }
  static double reference(double a, double b) { return std::pow(a, b); }
  static constexpr Domain domain{0.5, 2, -2, 2};
};

}  // namespace

Tensor root_of_squares(const Tensor& x) { return apply(RootOfSquares{}, x); }

}  // namespace autograd

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

Tensor& Tensor::sqrt_() { return autograd::in_place(*this, "sqrt_", xg::sqrt, autograd::Sqrt{}); }

}  // namespace xg
