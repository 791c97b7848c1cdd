// Trigonometric and hyperbolic functions.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/ops/unary.hpp>

#include <array>
#include <cmath>
#include <concepts>
#include <numbers>

namespace xg {
namespace autograd {

namespace {

/// sin x
struct Sin : Elementwise1<Sin> {
  static constexpr const char* name = "sin";
  template <class V> [[gnu::always_inline]] static V call(V x) { return sin_of(x); }
  template <class V> [[gnu::always_inline]] static V slope(V x) { return cos_of(x); }
  template <class V> static V curvature(V x) { return -sin_of(x); }
  template <class V> static V third(V x) { return -cos_of(x); }
  static constexpr Domain domain{-4, 4};
  static double reference(double x) { return std::sin(x); }
};

/// cos x
struct Cos : Elementwise1<Cos> {
  static constexpr const char* name = "cos";
  template <class V> [[gnu::always_inline]] static V call(V x) { return cos_of(x); }
  template <class V> [[gnu::always_inline]] static V slope(V x) { return -sin_of(x); }
  template <class V> static V curvature(V x) { return -cos_of(x); }
  template <class V> static V third(V x) { return sin_of(x); }
  static constexpr Domain domain{-4, 4};
  static double reference(double x) { return std::cos(x); }
};

/// tan x
struct Tan : Elementwise1<Tan, save_output()> {
  static constexpr const char* name = "tan";
  template <std::floating_point T> static T call(T x) { return std::tan(x); }
  template <class V> static V slope(V y) { return y * y + constant(y, 1); }
  static constexpr Domain domain{-1.2, 1.2};
  static double reference(double x) { return std::tan(x); }
};

/// asin x
struct Asin : Elementwise1<Asin> {
  static constexpr const char* name = "asin";
  template <std::floating_point T> static T call(T x) { return std::asin(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return g * rsqrt(1.0 - square(c.input(0))); }
  static constexpr Domain domain{-0.8, 0.8};
  static double reference(double x) { return std::asin(x); }
};

/// acos x
struct Acos : Elementwise1<Acos> {
  static constexpr const char* name = "acos";
  template <std::floating_point T> static T call(T x) { return std::acos(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return -g * rsqrt(1.0 - square(c.input(0))); }
  static constexpr Domain domain{-0.8, 0.8};
  static double reference(double x) { return std::acos(x); }
};

/// atan x
struct Atan : Elementwise1<Atan> {
  static constexpr const char* name = "atan";
  template <std::floating_point T> static T call(T x) { return std::atan(x); }
  template <class V> static V pull(V g, V at) {
    const V x = finite(at);
    return g / (x * x + constant(x, 1));
  }
  static constexpr Domain domain{-3, 3};
  static double reference(double x) { return std::atan(x); }
};

/// sinh x
struct Sinh : Elementwise1<Sinh> {
  static constexpr const char* name = "sinh";
  template <std::floating_point T> static T call(T x) { return std::sinh(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return g * cosh(c.input(0)); }
  static constexpr Domain domain{-3, 3};
  static double reference(double x) { return std::sinh(x); }
};

/// cosh x
struct Cosh : Elementwise1<Cosh> {
  static constexpr const char* name = "cosh";
  template <std::floating_point T> static T call(T x) { return std::cosh(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return g * sinh(c.input(0)); }
  static constexpr Domain domain{-3, 3};
  static double reference(double x) { return std::cosh(x); }
};

/// asinh x
struct Asinh : Elementwise1<Asinh> {
  static constexpr const char* name = "asinh";
  template <std::floating_point T> static T call(T x) { return std::asinh(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return g / hypot(c.input(0), ones_like(c.input(0))); }
  static constexpr Domain domain{-3, 3};
  static double reference(double x) { return std::asinh(x); }
};

/// acosh x
struct Acosh : Elementwise1<Acosh> {
  static constexpr const char* name = "acosh";
  template <std::floating_point T> static T call(T x) { return std::acosh(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) {
    return g * rsqrt(c.input(0) - 1.0) * rsqrt(c.input(0) + 1.0);
  }
  static constexpr Domain domain{1.3, 4};
  static double reference(double x) { return std::acosh(x); }
};

/// atanh x
struct Atanh : Elementwise1<Atanh> {
  static constexpr const char* name = "atanh";
  template <std::floating_point T> static T call(T x) { return std::atanh(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return g / (1.0 - square(c.input(0))); }
  static constexpr Domain domain{-0.8, 0.8};
  static double reference(double x) { return std::atanh(x); }
};

/// The derivative of order n of sin(t) / t, t = pi x, with respect to t.
double sine_quotient_derivative(double x, int n) {
  const double t = std::numbers::pi * x;
  // For small t, the series: sum over 2k >= n of (-1)^k t^(2k - n) / ((2k + 1) (2k - n)!). The recurrence below would
  // suffer from cancellation.
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
  // t S_n = (derivative of order n of sin t) - n S_(n-1), whose errors decrease for t > n / e.
  const double whole = std::nearbyint(x), turn = std::numbers::pi * (x - whole);  // t modulo pi, without rounding of x
  const double sign = std::fmod(whole, 2) == 0 ? 1 : -1, sine = sign * std::sin(turn), cosine = sign * std::cos(turn);
  const double derivatives[] = {sine, cosine, -sine, -cosine};
  double s = derivatives[0] / t;
  for (int m = 1; m <= n; ++m) s = (derivatives[m % 4] - m * s) / t;
  return s;
}

/// The derivative of a given order of sin(pi x) / (pi x) (order 0: itself). Each is computed directly, because the
/// closed forms suffer from cancellation near 0.
struct Sinc : Elementwise1<Sinc> {
  static constexpr const char* name = "sinc";
  std::int64_t order = 0;
  template <std::floating_point T> T call(T x) const {
    if (std::isinf(x)) return T(0);
    return static_cast<T>(std::pow(std::numbers::pi, static_cast<double>(order)) *
                          sine_quotient_derivative(static_cast<double>(x), static_cast<int>(order)));
  }
  Tensor backward(const OpContext& c, const Tensor& g) const { return g * apply(Sinc{{}, order + 1}, c.input(0)); }
  static constexpr Domain domain{-2.4, 2.4};
  static double reference(double x) { return std::sin(std::numbers::pi * x) / (std::numbers::pi * x); }
};

/// atan2(y, x); dy = x / (x^2 + y^2), dx = -y / (x^2 + y^2), 0 at the origin
struct Atan2 : Elementwise2<Atan2> {
  static constexpr const char* name = "atan2";
  static constexpr Promotion promotion = Promotion::floating;
  template <std::floating_point T> static T call(T y, T x) { return std::atan2(y, x); }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    const Tensor &y = c.input(0), &x = c.input(1);
    const Tensor scaled = g * inverse_hypot(x, y);  // squares could overflow or underflow
    return gradients(c, [&] { return scaled * hypot_share(x, y); }, [&] { return -scaled * hypot_share(y, x); });
  }
  static constexpr std::array domain{Domain{-2, 2, 0.5, 2}, Domain{0.5, 2, -2, 2}};
  static double reference(double y, double x) { return std::atan2(y, x); }
};

}  // namespace

}  // namespace autograd

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
Tensor deg2rad(const Tensor& x) { return x * (std::numbers::pi / 180); }
Tensor rad2deg(const Tensor& x) { return x * (180 / std::numbers::pi); }

}  // namespace xg
