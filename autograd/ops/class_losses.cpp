// Losses for class numbers and for distributions over classes. Cross entropy with class numbers takes one pass forward
// and one backward, unless it needs weights or no reduction, which are composed of other ops.
#include <xgrad/autograd/detail/losses.hpp>
#include <xgrad/autograd/detail/samples.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops/losses.hpp>
#include <xgrad/tensor/kernels/loss.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <array>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

namespace xg {
namespace autograd {

namespace {

/// Cross entropy of logits [n, classes] with class numbers [n], reduced; also gives the probabilities p.
///   dx = g (p - smoothed one-hot) / count, 0 in ignored rows
struct CrossEntropy {
  static constexpr const char* name = "cross_entropy";
  static constexpr int inputs = 2;
  static constexpr int outputs = 2;
  static constexpr Promotion promotion = Promotion::none;
  static constexpr unsigned saves = save_input(1) | save_output(1);
  static constexpr Rule rule = Rule::quadrature;
  kernels::CrossEntropyParams params;

  bool mixes_rows(std::int64_t) const { return true; }
  std::array<Tensor, 2> composite(const Tensor& logits, const Tensor& target) const;
  std::array<Tensor, 2> forward(const Tensor& logits, const Tensor& target) const {
    return kernels::cross_entropy(logits, target, params);
  }
  std::array<Tensor, 2> backward(const OpContext& c, std::span<const Tensor> g) const {
    const Tensor &target = c.input(1), &p = c.output(1);
    Tensor dx;
    if (g[0].defined()) {
      const double classes = static_cast<double>(p.size(1)), smoothing = params.smoothing;
      const Tensor kept = (target != params.ignore_index).to(p.dtype()).unsqueeze(1);
      const Tensor label =
          (arange(p.size(1)) == where(target == params.ignore_index, 0, target).unsqueeze(1)).to(p.dtype());
      const Tensor wanted = label * (1 - smoothing) + smoothing / classes;
      const Tensor scale = params.mean ? g[0] / sum(kept) : g[0];
      dx = scale * kept * (p - wanted);
    }
    if (g[1].defined()) {
      const Tensor part = p * (g[1] - sum(g[1] * p, 1, true));
      dx = dx.defined() ? dx + part : part;
    }
    return {dx, Tensor()};
  }
  std::array<Tensor, 2> backward_fused(const OpContext& c, std::span<const Tensor> g) const {
    if (!g[0].defined() || g[1].defined()) return backward(c, g);
    return {kernels::cross_entropy_backward(g[0], c.output(1), c.input(1), params), Tensor()};
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](kernels::CrossEntropyParams params) {
      return [=](const Inputs& in) {
        return apply(CrossEntropy{params}, in[0], xg::tensor<std::int64_t>({2, 0, -100, 1}))[0];
      };
    };
    const Tensor x = sample_values({4, 3}, -2, 2, d, 6);
    return {{"mean", {x}, call({})},
            {"sum, smoothed", {x}, call({-100, 0.1, false})},
            {"mean, smoothed", {x}, call({-100, 0.2, true})}};
  }
};

/// (log-)probabilities or logits as [n, classes] and class numbers as int64 [n]; `positions` is the shape of a loss
/// that is not reduced.
struct ClassRows {
  Tensor rows, labels;
  Shape positions;
};

ClassRows class_rows(const char* op, const Tensor& x, const Tensor& target) {
  if (!x.is_floating_point())
    raise<DtypeError>("[{}] input is {}, it must be floating: convert with x.to(xg::float32).", op,
                      xg::name(x.dtype()));
  if (x.dim() == 0)
    raise<ShapeError>("[{}] input is 0-d, it must be [classes], [n, classes] or [n, classes, ...].", op);
  Shape expected = x.shape();
  expected.erase(x.dim() == 1 ? 0 : 1);
  if (target.shape() != expected)
    raise<ShapeError>("[{}] input is {}, target is {}: class numbers have the input's shape without the classes, {}.",
                      op, x.shape().str(), target.shape().str(), expected.str());
  if (target.is_floating_point() || target.dtype() == bool_)
    raise<DtypeError>(
        "[{}] target is {} with the shape of class numbers, which must be integers: convert with target.to(xg::int64).",
        op, xg::name(target.dtype()));
  const Tensor labels = target.dtype() == int64 ? target : to(target, int64);
  if (x.dim() == 2) return {x, labels, expected};
  if (x.dim() == 1) return {x.unsqueeze(0), labels.unsqueeze(0), expected};
  return {movedim(x, 1, -1).reshape({-1, x.size(1)}), labels.reshape({-1}), expected};
}

void check_class_weight(const char* op, const Tensor& weight, std::int64_t classes) {
  if (weight.defined() && weight.shape() != Shape{classes})
    raise<ShapeError>("[{}] weight is {}, there are {} classes: it must be [{}].", op, weight.shape().str(), classes,
                      classes);
}

/// -weight[label] log p[label], and the weight of each row (0 where it is ignored).
std::pair<Tensor, Tensor> picked_losses(const Tensor& log_p, const Tensor& labels, const Tensor& weight,
                                        std::int64_t ignore_index) {
  const Tensor kept = labels != ignore_index, safe = where(kept, labels, 0);
  const Tensor weights = weight.defined() ? where(kept, index_select(weight, 0, safe), 0.0) : kept.to(log_p.dtype());
  const Tensor picked = gather(log_p, 1, safe.unsqueeze(1)).squeeze(Dims(1));
  return {where(kept, -picked * weights, 0.0), weights};
}

Tensor nll_of_rows(const ClassRows& in, const Tensor& weight, std::int64_t ignore_index, Reduction reduction) {
  const auto [losses, weights] = picked_losses(in.rows, in.labels, weight, ignore_index);
  if (reduction == Reduction::none) return losses.reshape(in.positions);
  return reduction == Reduction::sum ? sum(losses) : sum(losses) / sum(weights);
}

Tensor composed_cross_entropy(const ClassRows& in, const CrossEntropyOptions& options) {
  const std::int64_t classes = in.rows.size(1);
  kernels::count_labels("cross_entropy", in.labels, classes, options.ignore_index);
  const Tensor log_p = log_softmax(in.rows, 1);
  const Tensor plain =
      nll_of_rows({log_p, in.labels, in.positions}, options.weight, options.ignore_index, options.reduction);
  if (options.label_smoothing == 0) return plain;
  // The uniform part of the target: all classes, weighted, in the rows that are not ignored.
  const Tensor kept = in.labels != options.ignore_index;
  const Tensor row_losses = where(kept, -sum(options.weight.defined() ? log_p * options.weight : log_p, 1), 0.0);
  Tensor uniform;
  if (options.reduction == Reduction::none)
    uniform = row_losses.reshape(in.positions);
  else if (options.reduction == Reduction::sum)
    uniform = sum(row_losses);
  else
    uniform = sum(row_losses) / sum(picked_losses(log_p, in.labels, options.weight, options.ignore_index).second);
  return (1 - options.label_smoothing) * plain + (options.label_smoothing / static_cast<double>(classes)) * uniform;
}

std::array<Tensor, 2> CrossEntropy::composite(const Tensor& logits, const Tensor& target) const {
  return {composed_cross_entropy({logits, target, target.shape()},
                                 {.reduction = params.mean ? Reduction::mean : Reduction::sum,
                                  .ignore_index = params.ignore_index,
                                  .label_smoothing = params.smoothing}),
          Tensor()};
}

/// Throws ValueError, naming the position, where NaN targets made a loss NaN.
void check_nan_target(const char* op, const Tensor& loss, const Tensor& target) {
  const NoGrad guard;
  const Unobserved unobserved;
  if (loss.numel() == 0 || !any(isnan(loss)).item<bool>()) return;
  const std::vector<double> values = target.to_vector();
  for (std::size_t i = 0; i < values.size(); ++i)
    if (std::isnan(values[i]))
      raise<ValueError>("[{}] target holds nan (element {} of {}): drop the rows without a target.", op, i,
                        target.shape().str());
}

/// Cross entropy with a distribution for each row; the target has the shape of the logits.
Tensor cross_entropy_of_distributions(const Tensor& logits, const Tensor& target, const CrossEntropyOptions& options) {
  constexpr const char* op = "cross_entropy";
  if (!logits.is_floating_point())
    raise<DtypeError>("[cross_entropy] logits are {}, they must be floating: convert with x.to(xg::float32).",
                      xg::name(logits.dtype()));
  const std::int64_t dim = logits.dim() == 1 ? 0 : 1, classes = logits.size(dim);
  check_class_weight(op, options.weight, classes);
  Tensor wanted = target;
  if (options.label_smoothing > 0)
    wanted = target * (1 - options.label_smoothing) + options.label_smoothing / static_cast<double>(classes);
  if (options.weight.defined()) {
    Shape aligned{classes};
    for (std::int64_t d = dim + 1; d < logits.dim(); ++d) aligned.push_back(1);
    wanted = wanted * options.weight.reshape(aligned);
  }
  const Tensor losses = -sum(wanted * log_softmax(logits, dim), dim);
  check_nan_target(op, losses, target);
  return reduced(losses, options.reduction);
}

}  // namespace

}  // namespace autograd

Tensor cross_entropy(const Tensor& logits, const Tensor& target, CrossEntropyOptions options) {
  constexpr const char* op = "cross_entropy";
  if (!(options.label_smoothing >= 0 && options.label_smoothing <= 1))
    raise<ValueError>("[cross_entropy] label_smoothing is {}, it must lie in [0, 1].", options.label_smoothing);
  if (logits.dim() > 0 && target.shape() == logits.shape() && target.is_floating_point())
    return autograd::cross_entropy_of_distributions(logits, target, options);
  const autograd::ClassRows in = autograd::class_rows(op, logits, target);
  const std::int64_t classes = in.rows.size(1);
  autograd::check_class_weight(op, options.weight, classes);
  if (!options.weight.defined() && options.reduction != Reduction::none) {
    const kernels::CrossEntropyParams params{options.ignore_index, options.label_smoothing,
                                             options.reduction == Reduction::mean};
    return std::move(apply(autograd::CrossEntropy{params}, in.rows, in.labels)[0]);
  }
  return autograd::composed_cross_entropy(in, options);
}

Tensor nll_loss(const Tensor& log_probabilities, const Tensor& target, NllLossOptions options) {
  const autograd::ClassRows in = autograd::class_rows("nll_loss", log_probabilities, target);
  autograd::check_class_weight("nll_loss", options.weight, in.rows.size(1));
  kernels::count_labels("nll_loss", in.labels, in.rows.size(1), options.ignore_index);
  return autograd::nll_of_rows(in, options.weight, options.ignore_index, options.reduction);
}

}  // namespace xg
