// The activation functions of PyTorch and Keras.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/in_place_arithmetic.hpp>
#include <xgrad/autograd/ops/activations.hpp>
#include <xgrad/tensor/kernels/normal.hpp>
#include <xgrad/tensor/kernels/secants.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>
#include <numbers>
#include <type_traits>

namespace xg {
namespace autograd {

using kernels::clamp_secant_of, kernels::relu_secant_of, kernels::sigmoid_secant_of, kernels::softplus_secant_of;

namespace {

/// max(x, 0); derivative 0 at 0. NaN stays NaN.
struct Relu : Elementwise1<Relu, save_output()> {
  static constexpr const char* name = "relu";
  template <class V> static V call(V x) { return pick(x <= constant(x, 0), constant(x, 0), x); }
  template <class V> static V pull(V g, V y) { return pick(y > constant(y, 0), g, constant(y, 0)); }
  template <class V> static V secant(V x, V r) { return relu_secant_of(x, r); }
  static double reference(double x) { return x > 0 ? x : 0; }
};

/// x above 0, negative_slope x below
struct LeakyRelu : Elementwise1<LeakyRelu> {
  static constexpr const char* name = "leaky_relu";
  double negative_slope = 0.01;
  template <class V> V call(V x) const { return pick(x > constant(x, 0), x, x * constant(x, negative_slope)); }
  template <class V> V pull(V g, V x) const { return pick(x > constant(x, 0), g, g * constant(x, negative_slope)); }
  template <class V> V secant(V x, V r) const {
    const V zero = constant(x, 0), mixed = (call(x) - call(r)) / (x - r);
    return pick((x <= zero) & (r <= zero), constant(x, negative_slope),
                pick((x >= zero) & (r >= zero), constant(x, 1), mixed));
  }
  static LeakyRelu example() { return {{}, 0.2}; }
  static double reference(double x) { return x > 0 ? x : 0.2 * x; }
};

/// scale x above 0, scale alpha (e^x - 1) below
struct Elu : Elementwise1<Elu> {
  static constexpr const char* name = "elu";
  double alpha = 1, scale = 1;
  template <class V> V call(V x) const {
    const auto positive = x > constant(x, 0);
    return pick(positive, x * constant(x, scale),
                constant(x, alpha * scale) * expm1_of(pick(positive, constant(x, 0), x)));
  }
  template <class V> V pull(V g, V x) const {
    const auto positive = x > constant(x, 0);
    return pick(positive, g * constant(x, scale),
                g * constant(x, alpha * scale) * exp_of(pick(positive, constant(x, 0), x)));
  }
  template <std::floating_point T> T secant(T x, T r) const {
    if (x > 0 && r > 0) return static_cast<T>(scale);
    if (x <= 0 && r <= 0) {
      const T high = std::max(x, r), d = high - std::min(x, r);  // relative to the larger one nothing overflows
      return static_cast<T>(alpha) * static_cast<T>(scale) * std::exp(high) * (x == r ? T(1) : -std::expm1(-d) / d);
    }
    const auto at = [&](T z) {
      return z > 0 ? static_cast<T>(scale) * z : static_cast<T>(alpha) * static_cast<T>(scale) * std::expm1(z);
    };
    return (at(x) - at(r)) / (x - r);
  }
  static Elu example() { return {{}, 1.3, 1.1}; }
  static double reference(double x) { return 1.1 * (x > 0 ? x : 1.3 * std::expm1(x)); }
};

/// 1 / (1 + e^-x)
struct Sigmoid : Elementwise1<Sigmoid, save_output()> {
  static constexpr const char* name = "sigmoid";
  static constexpr ScoreMap score_map = ScoreMap::sigmoid;
  template <class V> static V call(V x) { return sigmoid_of(x); }
  template <class V> static V pull(V g, V y) { return g * y * (constant(y, 1) - y); }
  template <class V> static V slope(V y) { return y * (constant(y, 1) - y); }
  template <class V> static V curvature(V y) { return slope(y) * (constant(y, 1) - constant(y, 2) * y); }
  template <class V> static V third(V y) {
    const V s = slope(y);
    return s * (constant(y, 1) - constant(y, 6) * s);
  }
  template <class V> static V secant(V x, V r) { return sigmoid_secant_of(x, r); }
  static double reference(double x) { return 1 / (1 + std::exp(-x)); }
  static constexpr Domain domain{-4, 4};
};

/// tanh x = 2 sigmoid(2 x) - 1
struct Tanh : Elementwise1<Tanh, save_output()> {
  static constexpr const char* name = "tanh";
  template <class V> [[gnu::flatten]] static V call(V x) { return tanh_of(x); }  // short tensors take this way
  template <class V> static auto plain(V x) { return kernels::plain_lanes(abs_of(x + x)); }
  template <class V> static V plain_call(V x) { return tanh_of<kernels::Care::none>(x); }
  template <class V> static V slope(V y) { return constant(y, 1) - y * y; }
  template <class V> static V curvature(V y) { return constant(y, 2) * y * (y * y - constant(y, 1)); }
  template <class V> static V third(V y) {
    const V square = y * y;
    return (constant(y, 6) * square - constant(y, 2)) * (constant(y, 1) - square);
  }
  template <class V> static V secant(V x, V r) { return constant(x, 4) * sigmoid_secant_of(x + x, r + r); }
  static double reference(double x) { return std::tanh(x); }
  static constexpr Domain domain{-3, 3};
};

/// The secant of x g(x): the mean of g, plus the mean of x times the secant of g. It is exact, and free of cancellation
/// if the secant of g is.
Tensor times_x_secant(const Tensor& x, const Tensor& r, const Tensor& g_x, const Tensor& g_r, const Tensor& g_secant) {
  return 0.5 * (g_x + g_r) + (0.5 * x + 0.5 * r) * g_secant;  // x + r may overflow
}

// Activations of the form x g(x), where g is exactly 0 below -reach and 1 above reach. The derivative is evaluated at x
// clamped to [-reach, reach]. This affects only infinities, where x times a vanishing derivative of g would be NaN in
// every order.

/// x g below, where g is exactly 0
template <class V> V gated(const V& x, const V& factor, double reach) {
  return pick(x < constant(x, -reach), constant(x, 0), x) * factor;
}

/// x g(x) for a g that is e^x where that may be subnormal.
template <class V> V gated_exponential(const V& x, const V& factor, double reach) {
  const V y = gated(x, factor, reach), least(-kernels::MathConstants<kernels::ElementOf<V>>::exp_plain);
  if (!xsimd::any(x < least)) [[likely]]
    return y;
  return pick((x < least) & (x > constant(x, -reach)), kernels::times_vanishing_exp(x), y);
}

/// The standard normal distribution function, and its secant.
template <class V> V normal_cdf(const V& x) {
  if constexpr (std::is_same_v<V, Tensor>)
    return 0.5 * erfc_of(x * (-std::numbers::sqrt2 / 2));
  else
    return kernels::ndtr_of(x);
}
struct NormalCdf {
  static constexpr const char* name = "gelu";
  template <std::floating_point T> static T secant(T x, T r) {
    constexpr T h = std::numbers::sqrt2_v<T> / 2;
    return kernels::erf_secant_of(x * h, r * h) * (T(0.5) * h);
  }
};

/// x Phi(x)
struct Gelu : Elementwise1<Gelu> {
  static constexpr const char* name = "gelu";
  static constexpr double reach = 40;
  template <class V> static V call(V x) { return kernels::gelu_of(x); }
  template <class V> static V slope(V at) {
    constexpr double factor = std::numbers::inv_sqrtpi * std::numbers::sqrt2 / 2;
    const V x = bounded(at, -reach, reach);
    if constexpr (std::is_same_v<V, Tensor>) {
      return normal_cdf(x) + x * (factor * exp_of(-0.5 * x * x));
    } else {
      const kernels::NormalTail<V> t(x);
      const V tail = t.tail * t.scale;
      return pick(x < V(0), tail, V(1) - tail) + x * (constant(x, factor) * t.exponential);
    }
  }
  static Tensor secant(const Tensor& x, const Tensor& r) {
    const NormalCdf cdf;
    return times_x_secant(x, r, normal_cdf(x), normal_cdf(r), kernels::binary<NormalCdf, kernels::Secant>(x, r, &cdf));
  }
  static double reference(double x) { return 0.5 * x * std::erfc(-x / std::numbers::sqrt2); }
  static constexpr Domain domain{-3, 3};
};

/// x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))
struct GeluTanh : Elementwise1<GeluTanh> {
  static constexpr const char* name = "gelu_tanh";
  static constexpr double reach = 40, c1 = std::numbers::sqrt2 * std::numbers::inv_sqrtpi, c3 = 0.044715;
  template <class V> static V inner(V x) { return constant(x, c1) * (x + constant(x, c3) * x * x * x); }
  template <class V> static V call(V x) {
    return gated(x, constant(x, 0.5) * (constant(x, 1) + tanh_of(inner(x))), reach);
  }
  template <class V> static V pull(V g, V at) {
    const V x = bounded(at, -reach, reach), t = tanh_of(inner(x));
    const V inner_slope = constant(x, c1) * (constant(x, 1) + constant(x, 3 * c3) * x * x);
    return g * constant(x, 0.5) * ((constant(x, 1) + t) + x * (constant(x, 1) - t * t) * inner_slope);
  }
  static Tensor secant(const Tensor& x, const Tensor& r) {
    // Beyond 30 the hyperbolic tangent rounds to 1 and the cube could overflow; the quotient is accurate there.
    constexpr double bound = 30;
    const Tensor a = clamp(x, -bound, bound), b = clamp(r, -bound, bound);
    const Tensor g_x = 0.5 * (1.0 + tanh(inner(a))), g_r = 0.5 * (1.0 + tanh(inner(b)));
    const Tensor inner_secant = c1 * (1.0 + c3 * (square(a) + a * b + square(b)));
    const Tensor near_secant = 0.5 * Tanh().secant_kernel(inner(a), inner(b)) * inner_secant;
    const Tensor is_near = logical_and(a == x, b == r);
    return times_x_secant(x, r, g_x, g_r, where(is_near, near_secant, detail::secant_of_steps(g_x, g_r, x, r)));
  }
  static double reference(double x) { return 0.5 * x * (1 + std::tanh(c1 * (x + c3 * x * x * x))); }
  static constexpr Domain domain{-3, 3};
};

/// x sigmoid(x)
struct Silu : Elementwise1<Silu> {
  static constexpr const char* name = "silu";
  static constexpr double reach = 1000;
  template <class V> static V call(V x) { return gated_exponential(x, sigmoid_of(x), reach); }
  template <class V> static V pull(V g, V at) {
    const V x = bounded(at, -reach, reach), s = sigmoid_of(x);
    return g * s * (constant(x, 1) + x * (constant(x, 1) - s));
  }
  static Tensor secant(const Tensor& x, const Tensor& r) {
    return times_x_secant(x, r, sigmoid(x), sigmoid(r), Sigmoid().secant_kernel(x, r));
  }
  static double reference(double x) { return x / (1 + std::exp(-x)); }
  static constexpr Domain domain{-4, 4};
};

/// log(1 + e^(beta x)) / beta; x where beta x > limit
struct Softplus : Elementwise1<Softplus> {
  static constexpr const char* name = "softplus";
  double beta = 1, limit = 20;
  template <class V> V call(V x) const {
    const V z = x * constant(x, beta);
    return pick(z > constant(x, limit), x, softplus_of(z) / constant(x, beta));
  }
  template <class V> V pull(V g, V x) const {
    const V z = x * constant(x, beta);
    return pick(z > constant(x, limit), g, g * sigmoid_of(z));
  }
  template <std::floating_point T> T secant(T x, T r) const {
    return softplus_secant_of(x, r, static_cast<T>(beta), static_cast<T>(limit));
  }
  static Softplus example() { return {{}, 1.3, 20}; }
  static double reference(double x) { return std::log1p(std::exp(1.3 * x)) / 1.3; }
  static constexpr Domain domain{-4, 4};
};
constexpr Softplus plain_softplus{{}, 1, std::numeric_limits<double>::infinity()};

/// x tanh(softplus(x))
struct Mish : Elementwise1<Mish> {
  static constexpr const char* name = "mish";
  static constexpr double reach = 1000;
  template <class V> static V call(V x) { return gated_exponential(x, tanh_of(softplus_of(x)), reach); }
  template <class V> static V slope(V at) {
    const V x = bounded(at, -reach, reach), t = tanh_of(softplus_of(x));
    return t + x * (constant(x, 1) - t * t) * sigmoid_of(x);
  }
  static Tensor secant(const Tensor& x, const Tensor& r) {
    const Tensor sx = softplus_of(x), sr = softplus_of(r);
    return times_x_secant(x, r, tanh(sx), tanh(sr), Tanh().secant_kernel(sx, sr) * plain_softplus.secant_kernel(x, r));
  }
  static double reference(double x) { return x * std::tanh(std::log1p(std::exp(x))); }
  static constexpr Domain domain{-4, 4};
};

/// x / (1 + |x|)
struct Softsign : Elementwise1<Softsign> {
  static constexpr const char* name = "softsign";
  template <class V> static V call(V x) {
    const double most = static_cast<double>(std::numeric_limits<kernels::ElementOf<V>>::max());
    const V finite = bounded(x, -most, most);
    return finite / (constant(x, 1) + abs_of(finite));
  }
  template <class V> static V slope(V x) {
    const V quotient = constant(x, 1) / (constant(x, 1) + abs_of(x));
    return quotient * quotient;
  }
  /// 1 / ((1 + |x|)(1 + |r|)) if x and r have the same sign; otherwise the quotient does not cancel.
  template <class V> static V secant(V x, V r) {
    const V one = constant(x, 1);
    return pick(x * r >= constant(x, 0), one / ((one + abs_of(x)) * (one + abs_of(r))), (call(x) - call(r)) / (x - r));
  }
  static double reference(double x) { return x / (1 + std::abs(x)); }
  static constexpr Domain domain{-3, 3};
};

/// log sigmoid(x) = -softplus(-x)
struct Logsigmoid : Elementwise1<Logsigmoid> {
  static constexpr const char* name = "logsigmoid";
  template <class V> static V call(V x) {
    return pick(x > constant(x, 0), constant(x, 0), x) - kernels::log1p_of_unit(kernels::exp_of_minus(abs_of(x)));
  }
  template <class V> static V slope(V x) { return sigmoid_of(-x); }
  template <std::floating_point T> static T secant(T x, T r) {
    return softplus_secant_of(-x, -r, T(1), std::numeric_limits<T>::infinity());
  }
  static double reference(double x) { return -std::log1p(std::exp(-x)); }
  static constexpr Domain domain{-4, 4};
};

/// min(max(x, -3), 3) / 6 + 1/2
struct Hardsigmoid : Elementwise1<Hardsigmoid> {
  static constexpr const char* name = "hardsigmoid";
  template <class V> static V call(V x) { return bounded(x + constant(x, 3), 0, 6) / constant(x, 6); }
  template <class V> static V pull(V g, V x) {
    return pick((x > constant(x, -3)) & (x < constant(x, 3)), g / constant(x, 6), constant(x, 0));
  }
  template <class V> static V secant(V x, V r) {
    return clamp_secant_of(x, r, constant(x, -3), constant(x, 3)) / constant(x, 6);
  }
  static double reference(double x) { return std::clamp(x, -3.0, 3.0) / 6 + 0.5; }
  static constexpr Domain domain{-5, 5};
};

/// x hardsigmoid(x)
struct Hardswish : Elementwise1<Hardswish> {
  static constexpr const char* name = "hardswish";
  template <class V> static V call(V x) { return gated(x, Hardsigmoid::call(x), 3); }
  template <class V> static V pull(V g, V x) {
    const V inside = g * (bounded(x, -3, 3) / constant(x, 3) + constant(x, 0.5));
    return pick(x <= constant(x, -3), constant(x, 0), pick(x < constant(x, 3), inside, g));
  }
  static Tensor secant(const Tensor& x, const Tensor& r) {
    return times_x_secant(x, r, hardsigmoid(x), hardsigmoid(r), Hardsigmoid().secant_kernel(x, r));
  }
  static double reference(double x) { return x * (std::clamp(x, -3.0, 3.0) / 6 + 0.5); }
  static constexpr Domain domain{-5, 5};
};

/// 0 where |x| <= lambda, else x
struct Hardshrink : Elementwise1<Hardshrink> {
  static constexpr const char* name = "hardshrink";
  static constexpr bool jumps = true;
  double lambda = 0.5;
  template <class V> V call(V x) const { return pull(x, x); }
  template <class V> V pull(V g, V x) const {
    return pick((x >= constant(x, -lambda)) & (x <= constant(x, lambda)), constant(x, 0), g);
  }
  Tensor secant(const Tensor& x, const Tensor& r) const {
    return difference_secant(forward(x), forward(r), x, r, (abs(x) > lambda).to(x.dtype()));
  }
  static double reference(double x) { return std::abs(x) <= 0.5 ? 0 : x; }
};

/// x - clamp(x, -lambda, lambda): x shrunk towards 0 by lambda
struct Softshrink : Elementwise1<Softshrink> {
  static constexpr const char* name = "softshrink";
  double lambda = 0.5;
  template <class V> V call(V x) const {
    const V bound = constant(x, lambda);
    return pick(x > bound, x - bound, pick(x < -bound, x + bound, x * constant(x, 0)));
  }
  template <class V> V pull(V g, V x) const { return Hardshrink{{}, lambda}.pull(g, x); }
  template <class V> V secant(V x, V r) const {
    return constant(x, 1) - clamp_secant_of(x, r, constant(x, -lambda), constant(x, lambda));
  }
  static double reference(double x) { return x > 0.5 ? x - 0.5 : (x < -0.5 ? x + 0.5 : 0); }
};

/// x - tanh x; derivative tanh(x)^2
struct Tanhshrink : Elementwise1<Tanhshrink> {
  static constexpr const char* name = "tanhshrink";
  template <class V> static V call(V x) { return kernels::tanhshrink_of(x); }
  template <class V> static V slope(V x) { return square_of(tanh_of(x)); }
  template <class V> static V secant(V x, V r) { return constant(x, 1) - Tanh::secant(x, r); }
  static double reference(double x) { return x - std::tanh(x); }
};

/// x where x > limit, else value
struct Threshold : Elementwise1<Threshold> {
  static constexpr const char* name = "threshold";
  static constexpr bool jumps = true;
  double limit = 0, value = 0;
  template <class V> V call(V x) const { return pick(x <= constant(x, limit), constant(x, value), x); }
  template <class V> V pull(V g, V x) const { return pick(x <= constant(x, limit), constant(x, 0), g); }
  Tensor secant(const Tensor& x, const Tensor& r) const {
    return difference_secant(forward(x), forward(r), x, r, (x > limit).to(x.dtype()));
  }
  static Threshold example() { return {{}, 0.3, -1.5}; }
  static double reference(double x) { return x <= 0.3 ? -1.5 : x; }
};

/// log(x / (1 - x)), with x clamped to [eps, 1 - eps] if an eps is given. The derivative is 1/x + 1/(1 - x), also at
/// the bounds; outside it is 0 with an eps, and NaN, like the value, without.
struct Logit : Elementwise1<Logit> {
  static constexpr const char* name = "logit";
  std::optional<double> eps;
  double low() const { return eps.value_or(0); }
  double high() const { return 1 - low(); }
  template <class V> V cut(const V& x) const { return eps ? bounded(x, low(), high()) : x; }
  template <class V> V call(V x) const {
    const V p = cut(x), one = constant(x, 1), centered = p + p - one, third = constant(x, 1.0 / 3);
    const auto central = abs_of(centered) < third;  // where the quotient is close to 1
    return pick(central, kernels::twice_atanh_of(pick(central, centered, third)), log_of(p / (one - p)));
  }
  Tensor backward(const OpContext& c, const Tensor& g) const {
    const Tensor inside = logical_and(c.input(0) >= low(), c.input(0) <= high());
    const Tensor x = where(inside, c.input(0), 0.5);
    return where(inside, g / x + g / (1.0 - x), eps ? 0.0 : std::numeric_limits<double>::quiet_NaN());
  }
  template <class V> V secant(V x, V r) const {
    const V p = cut(x), q = cut(r), one = constant(x, 1);
    const V slope = kernels::log_secant_of(p, q) + kernels::log_secant_of(one - p, one - q);
    return eps ? slope * kernels::clamp_secant_of(x, r, constant(x, low()), constant(x, high())) : slope;
  }
  static double reference(double x) { return std::log(x / (1 - x)); }
  static constexpr Domain domain{0.1, 0.9};
};

/// 1 where x > 0, else 0; derivative 0. Attribution follows the jump nevertheless.
struct Step : Elementwise1<Step, 0> {
  static constexpr const char* name = "step";
  static constexpr bool jumps = true;
  template <class V> static V call(V x) { return pick(x > constant(x, 0), constant(x, 1), constant(x, 0)); }
  static double reference(double x) { return x > 0 ? 1 : 0; }
};

}  // namespace

}  // namespace autograd

Tensor relu(const Tensor& x) {
  return x.is_floating_point() ? apply(autograd::Relu{}, x) : clamp(x.dtype() == bool_ ? to(x, int64) : x, 0);
}
Tensor relu6(const Tensor& x) { return clamp(x, 0, 6); }
Tensor leaky_relu(const Tensor& x, double slope) { return apply(autograd::LeakyRelu{{}, slope}, x); }

Tensor prelu(const Tensor& x, const Tensor& weight) {
  if (weight.numel() != 1 && (weight.dim() != 1 || x.dim() < 2 || weight.size(0) != x.size(1)))
    raise<ShapeError>(
        "[prelu] weight has shape {}, x {}: weight must have one element or one for each of x.size(1) channels.",
        weight.shape().str(), x.shape().str());
  Tensor slope = weight.reshape({weight.numel()});
  if (weight.numel() != 1)
    for (std::int64_t i = 2; i < x.dim(); ++i) slope = unsqueeze(slope, -1);
  else if (x.dim() == 0)
    slope = slope.reshape({});
  const Tensor positive = x > 0;
  return where(positive, x, slope * where(positive, 0.0, x));  // keeps the slope's gradient 0 for an infinite x
}

Tensor elu(const Tensor& x, double alpha) { return apply(autograd::Elu{{}, alpha, 1}, x); }
Tensor selu(const Tensor& x) {
  return apply(autograd::Elu{{}, 1.6732632423543772848170429916717, 1.0507009873554804934193349852946}, x);
}
Tensor celu(const Tensor& x, double alpha) {
  if (alpha == 0) throw ValueError("[celu] alpha is 0, it must not be: the function divides by it.");
  return elu(x / alpha, 1.0) * alpha;
}
Tensor gelu(const Tensor& x, GeluApproximation approximate) {
  return approximate == GeluApproximation::none ? apply(autograd::Gelu{}, x) : apply(autograd::GeluTanh{}, x);
}
Tensor silu(const Tensor& x) { return apply(autograd::Silu{}, x); }
Tensor mish(const Tensor& x) { return apply(autograd::Mish{}, x); }
Tensor sigmoid(const Tensor& x) { return apply(autograd::Sigmoid{}, x); }
Tensor logit(const Tensor& x, std::optional<double> eps) {
  if (eps && std::isnan(*eps)) throw ValueError("[logit] eps is nan: pass a small number, or none.");
  return apply(autograd::Logit{{}, eps}, x);
}
Tensor tanh(const Tensor& x) { return apply(autograd::Tanh{}, x); }
Tensor softplus(const Tensor& x, double beta, double threshold) {
  if (!(beta > 0)) raise<ValueError>("[softplus] beta is {}, it must be positive.", beta);
  return apply(autograd::Softplus{{}, beta, threshold}, x);
}
Tensor softsign(const Tensor& x) { return apply(autograd::Softsign{}, x); }
Tensor logsigmoid(const Tensor& x) { return apply(autograd::Logsigmoid{}, x); }
Tensor hardtanh(const Tensor& x, double min, double max) {
  if (!(min <= max)) raise<ValueError>("[hardtanh] min is {}, max is {}: min must not exceed max.", min, max);
  return clamp(x, min, max);
}
Tensor hardsigmoid(const Tensor& x) { return apply(autograd::Hardsigmoid{}, x); }
Tensor hardswish(const Tensor& x) { return apply(autograd::Hardswish{}, x); }
Tensor hardshrink(const Tensor& x, double lambda) { return apply(autograd::Hardshrink{{}, lambda}, x); }
Tensor softshrink(const Tensor& x, double lambda) {
  if (!(lambda >= 0)) raise<ValueError>("[softshrink] lambda is {}, it must not be negative.", lambda);
  return apply(autograd::Softshrink{{}, lambda}, x);
}
Tensor tanhshrink(const Tensor& x) { return apply(autograd::Tanhshrink{}, x); }
Tensor threshold(const Tensor& x, double threshold, double value) {
  return apply(autograd::Threshold{{}, threshold, value}, x);
}
Tensor step(const Tensor& x) { return apply(autograd::Step{}, x); }

Tensor& Tensor::relu_() { return autograd::in_place(*this, "relu_", xg::relu, autograd::Relu{}); }
Tensor& Tensor::sigmoid_() { return autograd::in_place(*this, "sigmoid_", xg::sigmoid, autograd::Sigmoid{}); }
Tensor& Tensor::tanh_() { return autograd::in_place(*this, "tanh_", xg::tanh, autograd::Tanh{}); }

}  // namespace xg
