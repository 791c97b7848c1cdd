// Losses of elements. Mean squared error and binary cross entropy are one pass forward and one backward; the rest is
// composed.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/losses.hpp>
#include <xgrad/autograd/ops/losses.hpp>
#include <xgrad/tensor/kernels/element_loss.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace xg {
namespace autograd {

Tensor reduced(const Tensor& loss, Reduction reduction) {
  switch (reduction) {
    case Reduction::mean:
      return mean(loss);
    case Reduction::sum:
      return sum(loss);
    case Reduction::none:
      break;
  }
  return loss;
}

void check_same_shape(const char* op, const Tensor& prediction, const Tensor& target, const char* prediction_name) {
  if (prediction.shape() != target.shape()) [[unlikely]]
    raise<ShapeError>(
        "[{}] {} is {}, target is {}: they must have the same shape, use target.reshape({}) or target.unsqueeze(-1).",
        op, prediction_name, prediction.shape().str(), target.shape().str(), prediction.shape().str());
}

Tensor weighted(const char* op, const Tensor& loss, const Tensor& weight, Reduction reduction) {
  if (!weight.defined()) return reduced(loss, reduction);
  if (broadcast_shapes(op, loss.shape(), weight.shape()) != loss.shape())
    raise<ShapeError>("[{}] weight is {}, the loss is {}: weight must broadcast to it.", op, weight.shape().str(),
                      loss.shape().str());
  return reduced(loss * weight, reduction);
}

void check_margin(const char* op, double margin) {
  if (!std::isfinite(margin)) raise<ValueError>("[{}] margin is {}, it must be finite.", op, margin);
}

std::int64_t first_true(const Tensor& mask) {
  const Unobserved unobserved;
  if (mask.numel() == 0 || !any(mask).item<bool>()) return -1;
  return argmax(to(mask, uint8)).item<std::int64_t>();
}

namespace {

constexpr kernels::LossReduction kernel_reduction(Reduction reduction) {
  return reduction == Reduction::none
             ? kernels::LossReduction::none
             : (reduction == Reduction::mean ? kernels::LossReduction::mean : kernels::LossReduction::sum);
}

/// A loss of each element of (prediction, target), reduced. `Op` has what kernels/element_loss.hpp reads, and slope_t,
/// the derivative of one element's loss in the target, in differentiable ops.
template <class Op> struct ElementLoss {
  static constexpr int inputs = 2;
  static constexpr Promotion promotion = Promotion::floating;
  static constexpr unsigned saves = save_input(0) | save_input(1);
  static constexpr Rule rule = Rule::quadrature;
  Reduction reduction = Reduction::mean;

  bool mixes_rows(std::int64_t) const { return reduction != Reduction::none; }
  /// What explainers see, so that a loss can be explained too.
  Tensor composite(const Tensor& x, const Tensor& t) const { return reduced(Op::elements(x, t), reduction); }
  static Tensor elements(const Tensor& x, const Tensor& t) { return Op::call(x, t); }

  Tensor forward(const Tensor& x, const Tensor& t) const {
    return kernels::element_loss<Op>(x, t, kernel_reduction(reduction), Op::refuse);
  }
  Tensor scaled(const OpContext& c, const Tensor& g) const {
    return reduction == Reduction::mean ? g / static_cast<double>(c.input_shape(0).numel()) : g;
  }
  std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) const {
    const Tensor &x = c.input(0), &t = c.input(1);
    return gradients(
        c, [&] { return scaled(c, g) * Op::slope(x, t); }, [&] { return scaled(c, g) * Op::slope_t(x, t); });
  }
  std::array<Tensor, 2> backward_fused(const OpContext& c, const Tensor& g) const {
    const Tensor &x = c.input(0), &t = c.input(1);
    return gradients(
        c, [&] { return kernels::element_loss_backward<Op>(g, x, t, kernel_reduction(reduction)); },
        [&] { return scaled(c, g) * Op::slope_t(x, t); });
  }

  static std::vector<Sample> samples(Dtype d) {
    std::vector<Sample> samples;
    const auto add = [&](std::string label, const Shape& shape, Reduction reduction) {
      samples.push_back({std::move(label),
                         {sample_values(shape, Op::domain.low, Op::domain.high, d, 4),
                          sample_values(shape, Op::domain.low_b, Op::domain.high_b, d, 5)},
                         [reduction](const Inputs& in) { return apply(Op{{reduction}}, in[0], in[1]); }});
    };
    add("mean", {5, 2}, Reduction::mean);
    add("sum", {5, 2}, Reduction::sum);
    add("none", {5, 2}, Reduction::none);
    add("many", {21, 3}, Reduction::mean);
    add("0-d", {}, Reduction::mean);
    add("empty", {0, 2}, Reduction::sum);
    return samples;
  }
};

/// (x - t)^2
struct MseLoss : ElementLoss<MseLoss> {
  static constexpr const char* name = "mse_loss";
  template <class V> static V call(const V& x, const V& t) { return square_of(x - t); }
  template <class V> static V slope(const V& x, const V& t) { return constant(x, 2) * (x - t); }
  static Tensor slope_t(const Tensor& x, const Tensor& t) { return 2 * (t - x); }
  static constexpr std::pair neutral{0.0, 0.0};
  static constexpr Domain domain{-2, 2, -2, 2};

  template <class V> static auto valid(const V&, const V&) {
    return typename V::batch_bool_type(true);
  }  // a NaN shows in the sum
  static void refuse(bool, double sum, const Tensor&, const Tensor& t) {
    if (!std::isnan(sum)) return;
    dispatch_floating(t.dtype(), [&]<class T>() {
      const T* values = kernels::elements<T>(t);
      for (std::int64_t i = 0; i < t.numel(); ++i)
        if (std::isnan(values[i]))
          raise<ValueError>("[mse_loss] target{} is nan: drop the rows without a target, or fill them in.",
                            kernels::position(t.shape(), i));
    });
  }
};

/// Throws the ValueError of the first element that is no probability: of x, where `remedy` says what to do, or of t.
void refuse_probability(const char* op, const char* remedy, const Tensor& x, const Tensor& t) {
  dispatch_floating(x.dtype(), [&]<class T>() {
    const T *px = kernels::elements<T>(x), *pt = kernels::elements<T>(t);
    for (std::int64_t i = 0; i < x.numel(); ++i) {
      if (remedy != nullptr && !(px[i] >= 0 && px[i] <= 1))
        raise<ValueError>("[{}] prediction{} is {}: {}.", op, kernels::position(x.shape(), i), px[i], remedy);
      if (!(pt[i] >= 0 && pt[i] <= 1))
        raise<ValueError>("[{}] target{} is {}: a label must be 0, 1 or a probability between them.", op,
                          kernels::position(x.shape(), i), pt[i]);
    }
  });
}

/// log(1 - x) - log x, logarithms cut at -100: the derivative of binary cross entropy in the target. Its own derivative
/// is cut as that in the prediction is, so that the mixed derivatives are equal.
struct BceTargetSlope : Elementwise1<BceTargetSlope> {
  static constexpr const char* name = "bce_target_slope";
  template <class V> static V call(V x) { return at_least(log1p_of(-x), -100) - at_least(log_of(x), -100); }
  template <class V> static V pull(V g, V x) { return -g / at_least((constant(x, 1) - x) * x, 1e-12); }
  static double reference(double x) { return std::log((1 - x) / x); }
  static constexpr Domain domain{0.05, 0.95};
};

/// -(t log x + (1 - t) log(1 - x)), logarithms cut at -100
struct BceLoss : ElementLoss<BceLoss> {
  static constexpr const char* name = "binary_cross_entropy";
  template <class V> static V call(const V& x, const V& t) {
    return (t - constant(t, 1)) * at_least(log1p_of(-x), -100) - t * at_least(log_of(x), -100);
  }
  template <class V> static V slope(const V& x, const V& t) {
    return (x - t) / at_least((constant(x, 1) - x) * x, 1e-12);
  }
  static Tensor slope_t(const Tensor& x, const Tensor&) { return apply(BceTargetSlope{}, x); }
  static constexpr std::pair neutral{0.0, 0.0};
  static constexpr Domain domain{0.05, 0.95, 0, 1};

  template <class V> static auto valid(const V& x, const V& t) {
    return (x >= V(0)) & (x <= V(1)) & (t >= V(0)) & (t <= V(1));
  }
  static void refuse(bool valid, double, const Tensor& x, const Tensor& t) {
    if (!valid)
      refuse_probability(name,
                         "a prediction must be a probability in [0, 1], apply sigmoid or use "
                         "binary_cross_entropy_with_logits",
                         x, t);
  }
};

/// max(x, 0) - x t + log(1 + e^-|x|)
struct BceWithLogitsLoss : ElementLoss<BceWithLogitsLoss> {
  static constexpr const char* name = "binary_cross_entropy_with_logits";
  template <class V> static V call(const V& x, const V& t) {
    return xsimd::max(x, V(0)) - x * t + kernels::log1p_of_unit(kernels::exp_of_minus(abs_of(x)));
  }
  /// As a sum of ops with secants of their own.
  static Tensor elements(const Tensor& x, const Tensor& t) { return (1 - t) * x - logsigmoid(x); }
  template <class V> static V slope(const V& x, const V& t) { return sigmoid_of(x) - t; }
  static Tensor slope_t(const Tensor& x, const Tensor&) { return -x; }
  static constexpr std::pair neutral{-1e30, 0.0};
  static constexpr Domain domain{-3, 3, 0, 1};

  template <class V> static auto valid(const V&, const V& t) { return (t >= V(0)) & (t <= V(1)); }
  static void refuse(bool valid, double, const Tensor& x, const Tensor& t) {
    if (!valid) refuse_probability(name, nullptr, x, t);
  }
};

template <class Op> Tensor element_loss(const Tensor& x, const Tensor& t, Reduction reduction, const Tensor& weight,
                                        const char* prediction_name = "prediction") {
  check_same_shape(Op::name, x, t, prediction_name);
  if (!weight.defined()) return apply(Op{{reduction}}, x, t);
  return weighted(Op::name, apply(Op{{Reduction::none}}, x, t), weight, reduction);
}

}  // namespace

}  // namespace autograd

using autograd::check_same_shape;
using autograd::element_loss;
using autograd::reduced;
using autograd::weighted;

Tensor mse_loss(const Tensor& prediction, const Tensor& target, LossOptions options) {
  return element_loss<autograd::MseLoss>(prediction, target, options.reduction, options.weight);
}

Tensor l1_loss(const Tensor& prediction, const Tensor& target, LossOptions options) {
  check_same_shape("l1_loss", prediction, target);
  return weighted("l1_loss", abs(prediction - target), options.weight, options.reduction);
}

Tensor huber_loss(const Tensor& prediction, const Tensor& target, HuberLossOptions options) {
  check_same_shape("huber_loss", prediction, target);
  if (!(options.delta > 0)) raise<ValueError>("[huber_loss] delta is {}, it must be positive.", options.delta);
  const Tensor d = prediction - target, cut = clamp(d, -options.delta, options.delta);
  return weighted("huber_loss", cut * (d - 0.5 * cut), options.weight, options.reduction);
}

Tensor smooth_l1_loss(const Tensor& prediction, const Tensor& target, SmoothL1LossOptions options) {
  check_same_shape("smooth_l1_loss", prediction, target);
  if (!(options.beta >= 0)) raise<ValueError>("[smooth_l1_loss] beta is {}, it must not be negative.", options.beta);
  const Tensor d = prediction - target;
  if (options.beta == 0) return reduced(abs(d), options.reduction);
  const Tensor cut = clamp(d, -options.beta, options.beta);
  return reduced(cut / options.beta * (d - 0.5 * cut), options.reduction);
}

Tensor binary_cross_entropy(const Tensor& prediction, const Tensor& target, LossOptions options) {
  return element_loss<autograd::BceLoss>(prediction, target, options.reduction, options.weight);
}

Tensor binary_cross_entropy_with_logits(const Tensor& logits, const Tensor& target, BceWithLogitsOptions options) {
  constexpr const char* op = "binary_cross_entropy_with_logits";
  if (!options.pos_weight.defined())
    return element_loss<autograd::BceWithLogitsLoss>(logits, target, options.reduction, options.weight, "logits");
  check_same_shape(op, logits, target, "logits");
  if (const std::int64_t at = autograd::first_true(logical_not((target >= 0) * (target <= 1))); at >= 0)
    raise<ValueError>("[{}] target{} is {}: a label must be 0, 1 or a probability between them.", op,
                      kernels::position(target.shape(), at), flatten(target.detach()).narrow(0, at, 1).item());
  if (broadcast_shapes(op, logits.shape(), options.pos_weight.shape()) != logits.shape())
    raise<ShapeError>("[{}] pos_weight is {}, logits are {}: it must broadcast to them, one number per label.", op,
                      options.pos_weight.shape().str(), logits.shape().str());
  const Tensor log_part = (1 + (options.pos_weight - 1) * target) * -logsigmoid(logits);
  return weighted(op, (1 - target) * logits + log_part, options.weight, options.reduction);
}

Tensor kl_div(const Tensor& log_probabilities, const Tensor& target, KlDivOptions options) {
  check_same_shape("kl_div", log_probabilities, target, "log_probabilities");
  const Tensor loss = options.log_target ? exp(target) * (target - log_probabilities)
                                         : xlogy(target, target) - target * log_probabilities;
  if (!options.batchmean) return reduced(loss, options.reduction);
  return sum(loss) / static_cast<double>(loss.dim() == 0 ? 1 : loss.size(0));
}

Tensor hinge_embedding_loss(const Tensor& x, const Tensor& target, MarginOptions options) {
  autograd::check_margin("hinge_embedding_loss", options.margin);
  check_same_shape("hinge_embedding_loss", x, target, "input");
  const Tensor apart = where(target != 1, clamp(options.margin - x, 0), 0.0), together = where(target != -1, x, 0.0);
  return reduced(apart + together, options.reduction);
}

Tensor margin_ranking_loss(const Tensor& a, const Tensor& b, const Tensor& target, MarginOptions options) {
  autograd::check_margin("margin_ranking_loss", options.margin);
  check_same_shape("margin_ranking_loss", a, b, "the first input");
  check_same_shape("margin_ranking_loss", a, target, "the first input");
  return reduced(clamp(-target * (a - b) + options.margin, 0), options.reduction);
}

Tensor soft_margin_loss(const Tensor& x, const Tensor& target, LossOptions options) {
  check_same_shape("soft_margin_loss", x, target, "input");
  return weighted("soft_margin_loss", -logsigmoid(target * x), options.weight, options.reduction);
}

}  // namespace xg
