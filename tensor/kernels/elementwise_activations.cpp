// Activations, their first derivatives and their secants, as functors on batches or single numbers.
#include <xgrad/tensor/kernels/math.hpp>

#include <algorithm>
#include <limits>
#include <numbers>

namespace xg::kernels {
namespace {

template <class V>
V constant(const V&, double value) {
  return V(static_cast<typename V::value_type>(value));
}
/// The normal distribution function: at most 2 units of the last place of 1.
template <class V>
V phi_of(const V& x) {
  return constant(x, 0.5) * (constant(x, 1) + erf_of(x * constant(x, std::numbers::sqrt2 / 2)));
}
/// x bounded to [-most, most], NaN stays. Beyond `most` a sigmoid-like factor is exactly 0 or 1, and infinities would
/// meet a 0.
template <class V>
V bounded(const V& x, double most) {
  const V high = constant(x, most), low = constant(x, -most);
  return pick(x > high, high, pick(x < low, low, x));
}
constexpr double silu_reach = 1000, gelu_reach = 40;
/// x times a factor that is exactly 0 below -most.
template <class V>
V gated(const V& x, const V& factor, double most) {
  return pick(x < constant(x, -most), constant(x, 0), x) * factor;
}
template <class V>
V tanh_gelu_argument(const V& x) {
  return constant(x, std::numbers::sqrt2 * std::numbers::inv_sqrtpi) * (x + constant(x, 0.044715) * x * x * x);
}

struct ReluF {
  template <class V>
  static V call(V x, const Params&) { return pick(x <= constant(x, 0), constant(x, 0), x); }  // NaN stays
};
struct LeakyReluF {
  template <class V>
  static V call(V x, const Params& p) { return pick(x > constant(x, 0), x, x * constant(x, p.a)); }
};
// b x above zero, a b (exp(x) - 1) below.
struct EluF {
  template <class V>
  static V call(V x, const Params& p) {
    const V negative = constant(x, p.a * p.b) * expm1_of(pick(x > constant(x, 0), constant(x, 0), x));
    return pick(x > constant(x, 0), x * constant(x, p.b), negative);
  }
};
struct SigmoidF {
  template <class V>
  static V call(V x, const Params&) {
    return sigmoid_of(x);
  }
};
struct TanhF {
  template <class V>
  static V call(V x, const Params&) {
    return tanh_of(x);
  }
  template <class V>
  static auto plain(V x) {
    return plain_lanes(xsimd::abs(x + x));
  }
  template <class V>
  static V plain_call(V x) {
    return tanh_of<Care::none>(x);
  }
};
struct GeluF {
  template <class V>
  static V call(V x, const Params&) { return gated(x, phi_of(x), gelu_reach); }
};
struct GeluTanhF {
  template <class V>
  static V call(V x, const Params&) {
    return gated(x, constant(x, 0.5) * (constant(x, 1) + tanh_of(tanh_gelu_argument(x))), gelu_reach);
  }
};
struct SiluF {
  template <class V>
  static V call(V x, const Params&) {
    return gated(x, sigmoid_of(x), silu_reach);
  }
};
struct MishF {
  template <class V>
  static V call(V x, const Params&) { return gated(x, tanh_of(softplus_of(x)), silu_reach); }
};
// a = beta, b = threshold above which the function is x.
struct SoftplusF {
  template <class V>
  static V call(V x, const Params& p) {
    const V z = x * constant(x, p.a);
    return pick(z > constant(x, p.b), x, softplus_of(z) / constant(x, p.a));
  }
};
struct SoftsignF {
  template <class V>
  static V call(V x, const Params&) {
    const V finite = bounded(x, std::numeric_limits<typename V::value_type>::max());
    return finite / (constant(x, 1) + xsimd::abs(finite));
  }
};
struct LogsigmoidF {
  template <class V>
  static V call(V x, const Params&) {
    return pick(x > constant(x, 0), constant(x, 0), x) - log1p_of_unit(exp_of_minus(xsimd::abs(x)));
  }
};
template <class V>
V hardsigmoid_of(const V& x) {
  const V shifted = x + constant(x, 3);
  const V above = pick(shifted < constant(x, 0), constant(x, 0), shifted);
  return pick(above > constant(x, 6), constant(x, 6), above) / constant(x, 6);
}
struct HardsigmoidF {
  template <class V>
  static V call(V x, const Params&) { return hardsigmoid_of(x); }
};
struct HardswishF {
  template <class V>
  static V call(V x, const Params&) { return gated(x, hardsigmoid_of(x), 3); }
};
struct HardshrinkF {
  template <class V>
  static V call(V x, const Params& p) {
    return pick((x >= constant(x, -p.a)) & (x <= constant(x, p.a)), constant(x, 0), x);
  }
};
struct SoftshrinkF {
  template <class V>
  static V call(V x, const Params& p) {
    const V lambda = constant(x, p.a);
    return pick(x > lambda, x - lambda, pick(x < -lambda, x + lambda, x * constant(x, 0)));
  }
};
struct ThresholdF {
  template <class V>
  static V call(V x, const Params& p) { return pick(x <= constant(x, p.a), constant(x, p.b), x); }
};
struct StepF {
  template <class V>
  static V call(V x, const Params&) { return pick(x > constant(x, 0), constant(x, 1), constant(x, 0)); }
};

// ---- grad * g'(x), from x or from y = g(x)
struct ReluBackwardF {
  template <class V>
  static V call(V grad, V y, const Params&) { return pick(y > constant(y, 0), grad, constant(y, 0)); }
};
struct LeakyReluBackwardF {
  template <class V>
  static V call(V grad, V x, const Params& p) { return pick(x > constant(x, 0), grad, grad * constant(x, p.a)); }
};
struct EluBackwardF {
  template <class V>
  static V call(V grad, V x, const Params& p) {
    const V negative = grad * constant(x, p.a * p.b) * exp_of(pick(x > constant(x, 0), constant(x, 0), x));
    return pick(x > constant(x, 0), grad * constant(x, p.b), negative);
  }
};
struct SigmoidBackwardF {
  template <class V>
  static V call(V grad, V y, const Params&) { return grad * y * (constant(y, 1) - y); }
};
struct TanhBackwardF {
  template <class V>
  static V call(V grad, V y, const Params&) { return grad * (constant(y, 1) - y * y); }
};
struct GeluBackwardF {
  template <class V>
  static V call(V grad, V at, const Params&) {
    const V x = bounded(at, gelu_reach);
    const V density = constant(x, std::numbers::inv_sqrtpi * std::numbers::sqrt2 / 2) * exp_of(constant(x, -0.5) * x * x);
    return grad * (phi_of(x) + x * density);
  }
};
struct GeluTanhBackwardF {
  template <class V>
  static V call(V grad, V at, const Params&) {
    const V x = bounded(at, gelu_reach);
    const V t = tanh_of(tanh_gelu_argument(x));
    const V inner = constant(x, std::numbers::sqrt2 * std::numbers::inv_sqrtpi) *
                    (constant(x, 1) + constant(x, 3 * 0.044715) * x * x);
    return grad * constant(x, 0.5) * ((constant(x, 1) + t) + x * (constant(x, 1) - t * t) * inner);
  }
};
struct SiluBackwardF {
  template <class V>
  static V call(V grad, V at, const Params&) {
    const V x = bounded(at, silu_reach);
    const V s = sigmoid_of(x);
    return grad * s * (constant(x, 1) + x * (constant(x, 1) - s));
  }
};
struct MishBackwardF {
  template <class V>
  static V call(V grad, V at, const Params&) {
    const V x = bounded(at, silu_reach);
    const V t = tanh_of(softplus_of(x));
    return grad * (t + x * (constant(x, 1) - t * t) * sigmoid_of(x));
  }
};
struct SoftplusBackwardF {
  template <class V>
  static V call(V grad, V x, const Params& p) {
    const V z = x * constant(x, p.a);
    return pick(z > constant(x, p.b), grad, grad * sigmoid_of(z));
  }
};
struct HardshrinkBackwardF {
  template <class V>
  static V call(V grad, V x, const Params& p) {
    return pick((x >= constant(x, -p.a)) & (x <= constant(x, p.a)), constant(x, 0), grad);
  }
};
struct ThresholdBackwardF {
  template <class V>
  static V call(V grad, V x, const Params& p) { return pick(x <= constant(x, p.a), constant(x, 0), grad); }
};
struct HardsigmoidBackwardF {
  template <class V>
  static V call(V grad, V x, const Params&) {
    return pick((x > constant(x, -3)) & (x < constant(x, 3)), grad / constant(x, 6), constant(x, 0));
  }
};
struct HardswishBackwardF {
  template <class V>
  static V call(V grad, V x, const Params&) {
    const V inside = grad * (x / constant(x, 3) + constant(x, 0.5));
    return pick(x <= constant(x, -3), constant(x, 0), pick(x < constant(x, 3), inside, grad));
  }
};
struct ClampBackwardF {
  template <class V>
  static V call(V grad, V x, const Params& p) {
    return pick((x > constant(x, p.a)) & (x < constant(x, p.b)), grad, constant(x, 0));
  }
};

// ---- secants (g(a) - g(b)) / (a - b), never by subtracting close numbers
struct ReluSecantF {
  template <class V>
  static V call(V a, V b, const Params&) {
    const V zero = constant(a, 0), one = constant(a, 1);
    const V mixed = (ReluF::call(a, {}) - ReluF::call(b, {})) / (a - b);  // signs differ: |a - b| = |a| + |b|
    return pick((a <= zero) & (b <= zero), zero, pick((a >= zero) & (b >= zero), one, mixed));
  }
};
struct LeakyReluSecantF {
  template <class V>
  static V call(V a, V b, const Params& p) {
    const V zero = constant(a, 0), one = constant(a, 1);
    const V mixed = (LeakyReluF::call(a, p) - LeakyReluF::call(b, p)) / (a - b);
    return pick((a <= zero) & (b <= zero), constant(a, p.a), pick((a >= zero) & (b >= zero), one, mixed));
  }
};
// sigmoid(a) - sigmoid(b) = sigmoid(a) sigmoid(-b) (1 - exp(b - a)), with a >= b; NaN stays in one of high and low
template <class V>
V sigmoid_secant_of(const V& a, const V& b) {
  const auto ordered = a > b;
  const V high = pick(ordered, a, b), low = pick(ordered, b, a), d = high - low, one(1);
  const V product = one / ((one + exp_of(-high)) * (one + exp_of(low)));
  return pick(high == low, product, product * (-expm1_of(-d) / d));  // equal infinities too
}
struct SigmoidSecantF {
  template <class V>
  static V call(const V& a, const V& b, const Params&) { return sigmoid_secant_of(a, b); }
};
struct TanhSecantF {  // tanh(x) = 2 sigmoid(2 x) - 1
  template <class V>
  static V call(const V& a, const V& b, const Params&) { return V(4) * sigmoid_secant_of(a + a, b + b); }
};
struct EluSecantF {
  template <class T>
  static T call(T a, T b, const Params& p) {
    const T alpha = static_cast<T>(p.a), scale = static_cast<T>(p.b);
    if (a > 0 && b > 0) return scale;
    if (a <= 0 && b <= 0) {
      const T high = std::max(a, b), d = high - std::min(a, b);  // from the higher one nothing overflows
      return alpha * scale * std::exp(high) * (a == b ? T(1) : -std::expm1(-d) / d);
    }
    const auto g = [&](T x) { return x > 0 ? scale * x : alpha * scale * std::expm1(x); };
    return (g(a) - g(b)) / (a - b);
  }
};
struct SoftplusSecantF {  // log1p(sigmoid(b) expm1(a - b)) / (a - b), with a <= b; far apart the difference itself
  template <class T>
  static T call(T x, T r, const Params& p) {
    const T beta = static_cast<T>(p.a), limit = static_cast<T>(p.b);
    const T a = beta * std::min(x, r), b = beta * std::max(x, r);
    if (a > limit) return T(1);
    if (b > limit) {  // one on each side of where the function becomes x
      const T low = (std::max(a, T(0)) + std::log1p(std::exp(-std::abs(a)))) / beta;
      return (std::max(x, r) - low) / (std::max(x, r) - std::min(x, r));
    }
    const T sigmoid_b = T(1) / (T(1) + std::exp(-b)), d = a - b;
    if (d < T(-1)) {  // sigmoid(b) rounds to 1 for a large b, and log1p would meet -1
      const auto tail = [](T z) { return std::log1p(std::exp(-std::abs(z))); };  // softplus(z) - max(z, 0)
      return (std::max(a, T(0)) - std::max(b, T(0)) + tail(a) - tail(b)) / d;
    }
    return d == T(0) ? sigmoid_b : std::log1p(sigmoid_b * std::expm1(d)) / d;
  }
};

}  // namespace

constinit const UnaryKernel relu = vector_real<ReluF>("relu");
constinit const UnaryKernel leaky_relu = vector_real<LeakyReluF>("leaky_relu");
constinit const UnaryKernel elu = vector_real<EluF>("elu");
constinit const UnaryKernel sigmoid = vector_real<SigmoidF>("sigmoid");
constinit const UnaryKernel tanh = vector_real<TanhF>("tanh");
constinit const UnaryKernel gelu = vector_real<GeluF>("gelu");
constinit const UnaryKernel gelu_tanh = vector_real<GeluTanhF>("gelu");
constinit const UnaryKernel silu = vector_real<SiluF>("silu");
constinit const UnaryKernel mish = vector_real<MishF>("mish");
constinit const UnaryKernel softplus = vector_real<SoftplusF>("softplus");
constinit const UnaryKernel softsign = vector_real<SoftsignF>("softsign");
constinit const UnaryKernel logsigmoid = vector_real<LogsigmoidF>("logsigmoid");
constinit const UnaryKernel hardsigmoid = vector_real<HardsigmoidF>("hardsigmoid");
constinit const UnaryKernel hardswish = vector_real<HardswishF>("hardswish");
constinit const UnaryKernel hardshrink = vector_real<HardshrinkF>("hardshrink");
constinit const UnaryKernel softshrink = vector_real<SoftshrinkF>("softshrink");
constinit const UnaryKernel threshold = vector_real<ThresholdF>("threshold");
constinit const UnaryKernel step = vector_real<StepF>("step");

constinit const BinaryKernel relu_backward = vector_real2<ReluBackwardF>("relu_backward");
constinit const BinaryKernel leaky_relu_backward = vector_real2<LeakyReluBackwardF>("leaky_relu_backward");
constinit const BinaryKernel elu_backward = vector_real2<EluBackwardF>("elu_backward");
constinit const BinaryKernel sigmoid_backward = vector_real2<SigmoidBackwardF>("sigmoid_backward");
constinit const BinaryKernel tanh_backward = vector_real2<TanhBackwardF>("tanh_backward");
constinit const BinaryKernel gelu_backward = vector_real2<GeluBackwardF>("gelu_backward");
constinit const BinaryKernel gelu_tanh_backward = vector_real2<GeluTanhBackwardF>("gelu_backward");
constinit const BinaryKernel silu_backward = vector_real2<SiluBackwardF>("silu_backward");
constinit const BinaryKernel mish_backward = vector_real2<MishBackwardF>("mish_backward");
constinit const BinaryKernel softplus_backward = vector_real2<SoftplusBackwardF>("softplus_backward");
constinit const BinaryKernel hardshrink_backward = vector_real2<HardshrinkBackwardF>("hardshrink_backward");
constinit const BinaryKernel threshold_backward = vector_real2<ThresholdBackwardF>("threshold_backward");
constinit const BinaryKernel hardsigmoid_backward = vector_real2<HardsigmoidBackwardF>("hardsigmoid_backward");
constinit const BinaryKernel hardswish_backward = vector_real2<HardswishBackwardF>("hardswish_backward");
constinit const BinaryKernel clamp_backward = vector_real2<ClampBackwardF>("clamp_backward");

constinit const BinaryKernel relu_secant = vector_real2<ReluSecantF>("relu_secant");
constinit const BinaryKernel leaky_relu_secant = vector_real2<LeakyReluSecantF>("leaky_relu_secant");
constinit const BinaryKernel elu_secant = scalar_real2<EluSecantF>("elu_secant");
constinit const BinaryKernel sigmoid_secant = vector_real2<SigmoidSecantF>("sigmoid_secant");
constinit const BinaryKernel tanh_secant = vector_real2<TanhSecantF>("tanh_secant");
constinit const BinaryKernel softplus_secant = scalar_real2<SoftplusSecantF>("softplus_secant");

}  // namespace xg::kernels
