// Relatives of the error function, and of the logarithm.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/ops/special.hpp>
#include <xgrad/tensor/kernels/normal.hpp>

#include <array>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <numbers>

namespace xg {
namespace autograd {

using kernels::is_nan;

namespace {

/// The number whose error function is x
struct Erfinv : Elementwise1<Erfinv, save_output()> {
  static constexpr const char* name = "erfinv";
  template <class V> static V call(V x) { return kernels::erfinv_of(x); }
  template <class V> static V pull(V g, V y) {
    return g * (constant(y, 1 / std::numbers::inv_sqrtpi / 2) * exp_of(y * y));
  }
  static constexpr std::array domain{Domain{-0.9, 0.9}, Domain{0.99, 0.999}};
};

/// e^(x^2) erfc(x)
struct Erfcx : Elementwise1<Erfcx> {
  static constexpr const char* name = "erfcx";
  template <class V> static V call(V x) { return kernels::erfcx_of(x); }
  static Tensor backward(const OpContext& c, const Tensor& g);
  static double reference(double x) { return std::exp(x * x) * std::erfc(x); }
};

/// Its derivative of order n
struct ErfcxDerivative : Elementwise1<ErfcxDerivative> {
  static constexpr const char* name = "erfcx_derivative";
  std::int64_t n = 1;
  template <std::floating_point T> T call(T x) const { return kernels::erfcx_derivative_of(n, x); }
  Tensor backward(const OpContext& c, const Tensor& g) const {
    return g * apply(ErfcxDerivative{{}, n + 1}, c.input(0));
  }
  static constexpr std::array domain{Domain{-2, 2}, Domain{5, 9}};
};

Tensor Erfcx::backward(const OpContext& c, const Tensor& g) { return g * apply(ErfcxDerivative{}, c.input(0)); }

/// The normal distribution function; derivative e^(-x^2 / 2) / sqrt(2 pi)
struct Ndtr : Elementwise1<Ndtr> {
  static constexpr const char* name = "ndtr";
  template <class V> static V call(V x) { return kernels::ndtr_of(x); }
  template <class V> static V slope(V at) {
    const V x = bounded(at, -60, 60);  // beyond, the derivative is 0, also at infinities
    return constant(x, std::numbers::inv_sqrtpi / std::numbers::sqrt2) * exp_of(x * x * constant(x, -0.5));
  }
  static double reference(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }
};

/// Its logarithm; derivative sqrt(2 / pi) / erfcx(-x / sqrt(2))
struct LogNdtr : Elementwise1<LogNdtr> {
  static constexpr const char* name = "log_ndtr";
  template <std::floating_point T> static T call(T x) { return kernels::log_ndtr_of(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) {
    constexpr double factor = std::numbers::sqrt2 * std::numbers::inv_sqrtpi;
    return g * (factor / special::erfcx(c.input(0) * (-1 / std::numbers::sqrt2)));
  }
  static double reference(double x) { return std::log(0.5 * std::erfc(-x / std::numbers::sqrt2)); }
};

/// The normal quantile function; derivative sqrt(2 pi) e^(y^2 / 2)
struct Ndtri : Elementwise1<Ndtri, save_output()> {
  static constexpr const char* name = "ndtri";
  template <class V> static V call(V p) { return kernels::ndtri_of(p); }
  template <class V> static V pull(V g, V y) {
    return g * (constant(y, std::numbers::sqrt2 / std::numbers::inv_sqrtpi) * exp_of(y * y * constant(y, 0.5)));
  }
  static constexpr std::array domain{Domain{0.05, 0.95}, Domain{0.001, 0.01}};
};

/// -x log x
struct Entr : Elementwise1<Entr> {
  static constexpr const char* name = "entr";
  template <class V> static V call(V x) {
    const V zero = constant(x, 0), below = constant(x, -std::numeric_limits<double>::infinity());
    return pick(x == zero, zero, pick(x < zero, below, -x * log_of(x)));
  }
  template <class V> static V pull(V g, V x) { return -g * (log_of(x) + constant(x, 1)); }
  static constexpr Domain domain{0.3, 4};
  static double reference(double x) { return -x * std::log(x); }
};

/// x log(1 + y), 0 where x is 0 (unless y is NaN); both derivatives are 0 where x is 0 and y is not above -1
struct Xlog1py : Elementwise2<Xlog1py> {
  static constexpr const char* name = "xlog1py";
  static constexpr Promotion promotion = Promotion::floating;
  template <class V> static V call(V x, V y) {
    const V log = pick(y == constant(y, 0), y, log1p_of(y));  // keeps the sign of 0
    return pick((x == constant(x, 0)) & !is_nan(y), constant(x, 0), x * log);
  }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    const Tensor &x = c.input(0), &y = c.input(1);
    const Tensor masked = logical_and(x == 0, y <= -1), safe = where(masked, 0.0, y);
    return gradients(
        c, [&] { return where(masked, 0.0, g * log1p(safe)); },
        [&] { return where(masked, 0.0, g * (x / (safe + 1))); });
  }
  static constexpr std::array domain{Domain{0.5, 2, -0.5, 2}, Domain{-2, -0.5, 0.5, 2}};
  static double reference(double x, double y) { return x * std::log1p(y); }
};

}  // namespace
}  // namespace autograd

Tensor erfinv(const Tensor& x) { return apply(autograd::Erfinv{}, x); }

namespace special {

Tensor erfcx(const Tensor& x) { return apply(autograd::Erfcx{}, x); }
Tensor ndtr(const Tensor& x) { return apply(autograd::Ndtr{}, x); }
Tensor log_ndtr(const Tensor& x) { return apply(autograd::LogNdtr{}, x); }
Tensor ndtri(const Tensor& p) { return apply(autograd::Ndtri{}, p); }
Tensor entr(const Tensor& x) { return apply(autograd::Entr{}, x); }
Tensor xlog1py(const Tensor& x, const Tensor& y) { return apply(autograd::Xlog1py{}, x, y); }

}  // namespace special

}  // namespace xg
