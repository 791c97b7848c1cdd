// Activations: every one that PyTorch or Keras names. Each has its derivative twice, in ops (any order) and fused (one
// kernel, first order), and a secant without cancellation or from generic_secant.
#include <xgrad/autograd/ops/elementwise.hpp>
#include <xgrad/tensor/error.hpp>

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <numbers>

namespace xg {
namespace autograd {
namespace {

/// max(x, 0); derivative 0 at 0
struct Relu : Unary {
  static constexpr const char* name = "relu";
  static constexpr unsigned saves = save_output();
  static Tensor forward(const Tensor& x) { return kernels::relu(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return where(c.output() > 0, g, 0.0); }
  static Tensor backward_fused(const OpContext& c, Tensor& g) { return through(kernels::relu_backward, g, c.output()); }
  static Tensor secant(const Tensor& x, const Tensor& r) { return kernels::relu_secant(x, r); }
  static std::vector<Sample> samples(Dtype d) { return samples1(Relu{}, d, -2, 2); }
  static double reference(double x) { return x > 0 ? x : 0; }
};

/// x above 0, slope x below
struct LeakyRelu : Unary {
  static constexpr const char* name = "leaky_relu";
  double slope = 0.01;
  Tensor forward(const Tensor& x) const { return kernels::leaky_relu(x, {.a = slope}); }
  Tensor backward(const OpContext& c, const Tensor& g) const { return where(c.input(0) > 0, g, g * slope); }
  Tensor backward_fused(const OpContext& c, Tensor& g) const {
    return through(kernels::leaky_relu_backward, g, c.input(0), {.a = slope});
  }
  Tensor secant(const Tensor& x, const Tensor& r) const { return kernels::leaky_relu_secant(x, r, {.a = slope}); }
  static std::vector<Sample> samples(Dtype d) { return samples1(LeakyRelu{{}, 0.2}, d, -2, 2); }
  static double reference(double x) { return x > 0 ? x : 0.2 * x; }
};

/// scale x above 0, scale alpha (e^x - 1) below
struct Elu : Unary {
  static constexpr const char* name = "elu";
  double alpha = 1, scale = 1;
  kernels::Params params() const { return {alpha, scale}; }
  Tensor forward(const Tensor& x) const { return kernels::elu(x, params()); }
  Tensor backward(const OpContext& c, const Tensor& g) const {
    const Tensor& x = c.input(0);
    const Tensor positive = x > 0;
    return where(positive, g * scale, g * (exp(where(positive, 0.0, x)) * (alpha * scale)));
  }
  Tensor backward_fused(const OpContext& c, Tensor& g) const { return through(kernels::elu_backward, g, c.input(0), params()); }
  Tensor secant(const Tensor& x, const Tensor& r) const { return kernels::elu_secant(x, r, params()); }
  static std::vector<Sample> samples(Dtype d) { return samples1(Elu{{}, 1.3, 1.1}, d, -2, 2); }
  static double reference(double x) { return 1.1 * (x > 0 ? x : 1.3 * std::expm1(x)); }
};

/// 1 / (1 + e^-x)
struct Sigmoid : Unary {
  static constexpr const char* name = "sigmoid";
  static constexpr unsigned saves = save_output();
  static Tensor forward(const Tensor& x) { return kernels::sigmoid(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return g * (c.output() * (1.0 - c.output())); }
  static Tensor backward_fused(const OpContext& c, Tensor& g) { return through(kernels::sigmoid_backward, g, c.output()); }
  static Tensor secant(const Tensor& x, const Tensor& r) { return kernels::sigmoid_secant(x, r); }
  static std::vector<Sample> samples(Dtype d) { return samples1(Sigmoid{}, d, -4, 4); }
  static double reference(double x) { return 1 / (1 + std::exp(-x)); }
};

/// tanh x
struct Tanh : Unary {
  static constexpr const char* name = "tanh";
  static constexpr unsigned saves = save_output();
  static Tensor forward(const Tensor& x) { return kernels::tanh(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return g * (1.0 - square(c.output())); }
  static Tensor backward_fused(const OpContext& c, Tensor& g) { return through(kernels::tanh_backward, g, c.output()); }
  static Tensor secant(const Tensor& x, const Tensor& r) { return kernels::tanh_secant(x, r); }
  static std::vector<Sample> samples(Dtype d) { return samples1(Tanh{}, d, -3, 3); }
  static double reference(double x) { return std::tanh(x); }
};

/// The standard normal distribution function and its secant.
Tensor normal_cdf(const Tensor& x) { return 0.5 * erfc(x * (-std::numbers::sqrt2 / 2)); }
Tensor normal_cdf_secant(const Tensor& x, const Tensor& r) {
  const double h = std::numbers::sqrt2 / 2;
  return kernels::erf_secant(x * h, r * h) * (0.5 * h);
}
/// The secant of x g(x): mean of g, plus mean of x times g's secant. Exact, and as free of cancellation as g's.
Tensor times_x_secant(const Tensor& x, const Tensor& r, const Tensor& g_x, const Tensor& g_r, const Tensor& g_secant) {
  return 0.5 * (g_x + g_r) + (0.5 * x + 0.5 * r) * g_secant;  // x + r may overflow
}

// Activations of the form x g(x) take their derivative at x bounded to +- reach. Beyond it g is exactly 0 or 1, so that
// the bound changes nothing but infinities, where x times a vanishing derivative of g would be NaN, in every order.

/// x Phi(x)
struct Gelu : Unary {
  static constexpr const char* name = "gelu";
  static constexpr double reach = 40;
  static Tensor forward(const Tensor& x) { return kernels::gelu(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) {
    const Tensor x = clamp(c.input(0), -reach, reach);
    const Tensor density = exp(square(x) * -0.5) * (std::numbers::inv_sqrtpi * std::numbers::sqrt2 / 2);
    return g * (normal_cdf(x) + x * density);
  }
  static Tensor backward_fused(const OpContext& c, Tensor& g) { return through(kernels::gelu_backward, g, c.input(0)); }
  static Tensor secant(const Tensor& x, const Tensor& r) {
    return times_x_secant(x, r, normal_cdf(x), normal_cdf(r), normal_cdf_secant(x, r));
  }
  static std::vector<Sample> samples(Dtype d) { return samples1(Gelu{}, d, -3, 3); }
  static double reference(double x) { return 0.5 * x * std::erfc(-x / std::numbers::sqrt2); }
};

/// x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))
struct GeluTanh : Unary {
  static constexpr const char* name = "gelu_tanh";
  static constexpr double reach = 40;
  static constexpr double c1 = std::numbers::sqrt2 * std::numbers::inv_sqrtpi, c3 = 0.044715;
  static Tensor inner(const Tensor& x) { return (x + x * square(x) * c3) * c1; }
  static Tensor forward(const Tensor& x) { return kernels::gelu_tanh(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) {
    const Tensor x = clamp(c.input(0), -reach, reach);
    const Tensor t = tanh(inner(x));
    return g * (0.5 * (1.0 + t) + 0.5 * x * (1.0 - square(t)) * (c1 * (1.0 + 3 * c3 * square(x))));
  }
  static Tensor backward_fused(const OpContext& c, Tensor& g) { return through(kernels::gelu_tanh_backward, g, c.input(0)); }
  static Tensor secant(const Tensor& x, const Tensor& r) {
    // Beyond 30 the tangent is 1 to the last digit, and the cube would overflow: there the quotient cancels nothing.
    constexpr double far = 30;
    const Tensor a = clamp(x, -far, far), b = clamp(r, -far, far);
    const Tensor g_x = 0.5 * (1.0 + tanh(inner(a))), g_r = 0.5 * (1.0 + tanh(inner(b)));
    const Tensor inner_secant = c1 * (1.0 + c3 * (square(a) + a * b + square(b)));
    const Tensor near_secant = 0.5 * kernels::tanh_secant(inner(a), inner(b)) * inner_secant;
    const Tensor is_near = logical_and(a == x, b == r);
    const Tensor g_secant = where(is_near, near_secant, difference_secant(g_x, g_r, x, r, zeros_like(x)));
    return times_x_secant(x, r, g_x, g_r, g_secant);
  }
  static std::vector<Sample> samples(Dtype d) { return samples1(GeluTanh{}, d, -3, 3); }
  static double reference(double x) { return 0.5 * x * (1 + std::tanh(c1 * (x + c3 * x * x * x))); }
};

/// x sigmoid(x)
struct Silu : Unary {
  static constexpr const char* name = "silu";
  static constexpr double reach = 1000;
  static Tensor forward(const Tensor& x) { return kernels::silu(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) {
    const Tensor x = clamp(c.input(0), -reach, reach);
    const Tensor s = sigmoid(x);
    return g * (s * (1.0 + x * (1.0 - s)));
  }
  static Tensor backward_fused(const OpContext& c, Tensor& g) { return through(kernels::silu_backward, g, c.input(0)); }
  static Tensor secant(const Tensor& x, const Tensor& r) {
    return times_x_secant(x, r, kernels::sigmoid(x), kernels::sigmoid(r), kernels::sigmoid_secant(x, r));
  }
  static std::vector<Sample> samples(Dtype d) { return samples1(Silu{}, d, -4, 4); }
  static double reference(double x) { return x / (1 + std::exp(-x)); }
};

constexpr double no_threshold = std::numeric_limits<double>::infinity();

/// x tanh(softplus(x))
struct Mish : Unary {
  static constexpr const char* name = "mish";
  static constexpr double reach = 1000;
  static Tensor forward(const Tensor& x) { return kernels::mish(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) {
    const Tensor x = clamp(c.input(0), -reach, reach);
    const Tensor t = tanh(softplus(x, 1.0, no_threshold));
    return g * (t + x * (1.0 - square(t)) * sigmoid(x));
  }
  static Tensor backward_fused(const OpContext& c, Tensor& g) { return through(kernels::mish_backward, g, c.input(0)); }
  static Tensor secant(const Tensor& x, const Tensor& r) {
    const kernels::Params p{1, no_threshold};
    const Tensor sx = kernels::softplus(x, p), sr = kernels::softplus(r, p);
    const Tensor g_secant = kernels::tanh_secant(sx, sr) * kernels::softplus_secant(x, r, p);
    return times_x_secant(x, r, kernels::tanh(sx), kernels::tanh(sr), g_secant);
  }
  static std::vector<Sample> samples(Dtype d) { return samples1(Mish{}, d, -4, 4); }
  static double reference(double x) { return x * std::tanh(std::log1p(std::exp(x))); }
};

/// log(1 + e^(beta x)) / beta; x where beta x > threshold
struct Softplus : Unary {
  static constexpr const char* name = "softplus";
  double beta = 1, limit = 20;
  kernels::Params params() const { return {beta, limit}; }
  Tensor forward(const Tensor& x) const { return kernels::softplus(x, params()); }
  Tensor backward(const OpContext& c, const Tensor& g) const {
    const Tensor z = c.input(0) * beta;
    return where(z > limit, g, g * sigmoid(z));
  }
  Tensor backward_fused(const OpContext& c, Tensor& g) const {
    return through(kernels::softplus_backward, g, c.input(0), params());
  }
  Tensor secant(const Tensor& x, const Tensor& r) const { return kernels::softplus_secant(x, r, params()); }
  static std::vector<Sample> samples(Dtype d) { return samples1(Softplus{{}, 1.3, 20}, d, -4, 4); }
  static double reference(double x) { return std::log1p(std::exp(1.3 * x)) / 1.3; }
};

/// x / (1 + |x|)
struct Softsign : Unary {
  static constexpr const char* name = "softsign";
  static Tensor forward(const Tensor& x) { return kernels::softsign(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return g * square(reciprocal(1.0 + abs(c.input(0)))); }
  static Tensor secant(const Tensor& x, const Tensor& r) {
    // On one side of 0 the secant is 1 / ((1 + |x|)(1 + |r|)); across it nothing cancels.
    const Tensor one_side = 1.0 / ((1.0 + abs(x)) * (1.0 + abs(r)));
    return where(x * r >= 0, one_side, (kernels::softsign(x) - kernels::softsign(r)) / (x - r));
  }
  static std::vector<Sample> samples(Dtype d) { return samples1(Softsign{}, d, -3, 3); }
  static double reference(double x) { return x / (1 + std::abs(x)); }
};

/// log sigmoid(x)
struct Logsigmoid : Unary {
  static constexpr const char* name = "logsigmoid";
  static Tensor forward(const Tensor& x) { return kernels::logsigmoid(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return g * sigmoid(-c.input(0)); }
  static Tensor secant(const Tensor& x, const Tensor& r) { return kernels::softplus_secant(-x, -r, {1, no_threshold}); }
  static std::vector<Sample> samples(Dtype d) { return samples1(Logsigmoid{}, d, -4, 4); }
  static double reference(double x) { return -std::log1p(std::exp(-x)); }
};

/// min(max(x, -3), 3) / 6 + 1/2
struct Hardsigmoid : Unary {
  static constexpr const char* name = "hardsigmoid";
  static Tensor forward(const Tensor& x) { return kernels::hardsigmoid(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) {
    return where(logical_and(c.input(0) > -3, c.input(0) < 3), g / 6.0, 0.0);
  }
  static Tensor backward_fused(const OpContext& c, Tensor& g) { return through(kernels::hardsigmoid_backward, g, c.input(0)); }
  static Tensor secant(const Tensor& x, const Tensor& r) { return kernels::clamp_secant(x, r, {-3, 3}) / 6.0; }
  static std::vector<Sample> samples(Dtype d) { return samples1(Hardsigmoid{}, d, -5, 5); }
  static double reference(double x) { return std::clamp(x, -3.0, 3.0) / 6 + 0.5; }
};

/// x hardsigmoid(x)
struct Hardswish : Unary {
  static constexpr const char* name = "hardswish";
  static Tensor forward(const Tensor& x) { return kernels::hardswish(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) {
    const Tensor& x = c.input(0);
    return where(x <= -3, 0.0, where(x < 3, g * (clamp(x, -3.0, 3.0) / 3.0 + 0.5), g));
  }
  static Tensor backward_fused(const OpContext& c, Tensor& g) { return through(kernels::hardswish_backward, g, c.input(0)); }
  static Tensor secant(const Tensor& x, const Tensor& r) {
    return times_x_secant(x, r, kernels::hardsigmoid(x), kernels::hardsigmoid(r), Hardsigmoid::secant(x, r));
  }
  static std::vector<Sample> samples(Dtype d) { return samples1(Hardswish{}, d, -5, 5); }
  static double reference(double x) { return x * (std::clamp(x, -3.0, 3.0) / 6 + 0.5); }
};

/// 0 where |x| <= lambda, else x
struct Hardshrink : Unary {
  static constexpr const char* name = "hardshrink";
  static constexpr bool jumps = true;
  double lambda = 0.5;
  Tensor forward(const Tensor& x) const { return kernels::hardshrink(x, {.a = lambda}); }
  Tensor backward(const OpContext& c, const Tensor& g) const { return where(abs(c.input(0)) <= lambda, 0.0, g); }
  Tensor backward_fused(const OpContext& c, Tensor& g) const {
    return through(kernels::hardshrink_backward, g, c.input(0), {.a = lambda});
  }
  Tensor secant(const Tensor& x, const Tensor& r) const {
    return difference_secant(forward(x), forward(r), x, r, (abs(x) > lambda).to(x.dtype()));
  }
  static std::vector<Sample> samples(Dtype d) { return samples1(Hardshrink{}, d, -2, 2); }
  static double reference(double x) { return std::abs(x) <= 0.5 ? 0 : x; }
};

/// x moved towards 0 by lambda, 0 in between; secant 1 - that of clamping to [-lambda, lambda]
struct Softshrink : Unary {
  static constexpr const char* name = "softshrink";
  double lambda = 0.5;
  Tensor forward(const Tensor& x) const { return kernels::softshrink(x, {.a = lambda}); }
  Tensor backward(const OpContext& c, const Tensor& g) const { return where(abs(c.input(0)) <= lambda, 0.0, g); }
  Tensor backward_fused(const OpContext& c, Tensor& g) const {
    return through(kernels::hardshrink_backward, g, c.input(0), {.a = lambda});
  }
  Tensor secant(const Tensor& x, const Tensor& r) const {
    return 1.0 - kernels::clamp_secant(x, r, {-lambda, lambda});
  }
  static std::vector<Sample> samples(Dtype d) { return samples1(Softshrink{}, d, -2, 2); }
  static double reference(double x) { return x > 0.5 ? x - 0.5 : (x < -0.5 ? x + 0.5 : 0); }
};

/// x where x > limit, else value
struct Threshold : Unary {
  static constexpr const char* name = "threshold";
  static constexpr bool jumps = true;
  double limit = 0, value = 0;
  Tensor forward(const Tensor& x) const { return kernels::threshold(x, {limit, value}); }
  Tensor backward(const OpContext& c, const Tensor& g) const { return where(c.input(0) <= limit, 0.0, g); }
  Tensor backward_fused(const OpContext& c, Tensor& g) const {
    return through(kernels::threshold_backward, g, c.input(0), {.a = limit});
  }
  Tensor secant(const Tensor& x, const Tensor& r) const {
    return difference_secant(forward(x), forward(r), x, r, (x > limit).to(x.dtype()));
  }
  static std::vector<Sample> samples(Dtype d) { return samples1(Threshold{{}, 0.3, -1.5}, d, -2, 2); }
  static double reference(double x) { return x <= 0.3 ? -1.5 : x; }
};

/// log(x / (1 - x)), of x cut to [eps, 1 - eps] where an eps is given. The derivative is 1/x + 1/(1 - x), also on the
/// borders; outside them it is 0 with an eps, and NaN as the value without.
struct Logit : Unary {
  static constexpr const char* name = "logit";
  std::optional<double> eps;
  double low() const { return eps.value_or(0); }
  double high() const { return 1 - low(); }
  Tensor cut(const Tensor& x) const { return eps ? kernels::clamp(x, {low(), high()}) : x; }
  Tensor forward(const Tensor& x) const {
    const Tensor p = cut(x);
    return kernels::log(kernels::div(p, kernels::rsub_scalar(p, {.a = 1})));
  }
  Tensor backward(const OpContext& c, const Tensor& g) const {
    const Tensor inside = logical_and(c.input(0) >= low(), c.input(0) <= high());
    const Tensor x = where(inside, c.input(0), 0.5);
    return where(inside, g / x + g / (1.0 - x), eps ? 0.0 : std::numeric_limits<double>::quiet_NaN());
  }
  Tensor secant(const Tensor& x, const Tensor& r) const {
    const Tensor p = cut(x), q = cut(r), slope = kernels::log_secant(p, q) + kernels::log_secant(1.0 - p, 1.0 - q);
    return eps ? slope * kernels::clamp_secant(x, r, {low(), high()}) : slope;
  }
  static std::vector<Sample> samples(Dtype d) { return samples1(Logit{}, d, 0.1, 0.9); }
  static double reference(double x) { return std::log(x / (1 - x)); }
};

/// 1 where x > 0, else 0; derivative 0. Attribution follows the jump all the same.
struct Step : Unary {
  static constexpr const char* name = "step";
  static constexpr bool jumps = true;
  static constexpr unsigned saves = 0;
  static Tensor forward(const Tensor& x) { return kernels::step(x); }
  static Tensor backward(const OpContext&, const Tensor& g) { return zeros_like(g); }
  static Tensor secant(const Tensor& x, const Tensor& r) {
    return difference_secant(kernels::step(x), kernels::step(r), x, r, zeros_like(x));
  }
  static std::vector<Sample> samples(Dtype d) { return samples1(Step{}, d, -2, 2); }
  static double reference(double x) { return x > 0 ? 1 : 0; }
};

}  // namespace

const std::vector<OpInfo>& activation_ops() {
  static const auto rows =
      OpList<Relu, LeakyRelu, Elu, Sigmoid, Tanh, Gelu, GeluTanh, Silu, Mish, Softplus, Softsign, Logsigmoid, Hardsigmoid,
             Hardswish, Hardshrink, Softshrink, Threshold, Logit, Step>::rows("activations");
  return rows;
}

}  // namespace autograd

using autograd::apply;

namespace {
void check_positive(const char* op, const char* argument, double value) {
  if (!(value > 0)) throw ValueError(fmt::format("[{}] {} is {}, it must be positive.", op, argument, value));
}
}  // namespace

Tensor relu(const Tensor& x) {
  return x.is_floating_point() ? apply(autograd::Relu{}, x) : clamp(x.dtype() == bool_ ? to(x, int64) : x, 0);
}
Tensor relu6(const Tensor& x) { return clamp(x, 0, 6); }
Tensor leaky_relu(const Tensor& x, double slope) { return apply(autograd::LeakyRelu{{}, slope}, x); }

Tensor prelu(const Tensor& x, const Tensor& weight) {
  if (weight.numel() != 1 && (weight.dim() != 1 || x.dim() < 2 || weight.size(0) != x.size(1)))
    throw ShapeError(fmt::format(
        "[prelu] weight has shape {}, x {}: weight must have one element or one for each of x.size(1) channels.",
        weight.shape().str(), x.shape().str()));
  Tensor slope = weight.reshape({weight.numel()});
  if (weight.numel() != 1)
    for (std::int64_t i = 2; i < x.dim(); ++i) slope = unsqueeze(slope, -1);
  else if (x.dim() == 0)
    slope = slope.reshape({});
  const Tensor positive = x > 0;
  return where(positive, x, slope * where(positive, 0.0, x));  // an infinite x leaves the slope's gradient 0
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
  check_positive("softplus", "beta", beta);
  return apply(autograd::Softplus{{}, beta, threshold}, x);
}
Tensor softsign(const Tensor& x) { return apply(autograd::Softsign{}, x); }
Tensor logsigmoid(const Tensor& x) { return apply(autograd::Logsigmoid{}, x); }
Tensor hardtanh(const Tensor& x, double min, double max) {
  if (!(min <= max)) throw ValueError(fmt::format("[hardtanh] min is {}, max is {}: min must not exceed max.", min, max));
  return clamp(x, min, max);
}
Tensor hardsigmoid(const Tensor& x) { return apply(autograd::Hardsigmoid{}, x); }
Tensor hardswish(const Tensor& x) { return apply(autograd::Hardswish{}, x); }
Tensor hardshrink(const Tensor& x, double lambda) { return apply(autograd::Hardshrink{{}, lambda}, x); }
Tensor softshrink(const Tensor& x, double lambda) {
  if (lambda < 0) throw ValueError(fmt::format("[softshrink] lambda is {}, it must not be negative.", lambda));
  return apply(autograd::Softshrink{{}, lambda}, x);
}
Tensor tanhshrink(const Tensor& x) { return x - tanh(x); }
Tensor threshold(const Tensor& x, double threshold, double value) {
  return apply(autograd::Threshold{{}, threshold, value}, x);
}
Tensor step(const Tensor& x) { return apply(autograd::Step{}, x); }

}  // namespace xg
