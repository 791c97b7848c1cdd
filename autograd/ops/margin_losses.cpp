// Losses of margins and of likelihoods, composed of other ops.
#include <xgrad/autograd/detail/losses.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/autograd/trace.hpp>
#include <xgrad/tensor/kernels/loss.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace xg {
namespace autograd {
namespace {

/// Throws unless x is [N, C], [C] or a single score of a floating dtype and the target has integers.
void check_scores(const char* op, const Tensor& x, const Tensor& target) {
  if (!x.is_floating_point())
    raise<DtypeError>("[{}] input is {}, it must be floating: convert with x.to(xg::float32).", op,
                      xg::name(x.dtype()));
  if (target.is_floating_point() || target.dtype() == bool_)
    raise<DtypeError>("[{}] target is {}, class numbers must be integers: convert with target.to(xg::int64).", op,
                      xg::name(target.dtype()));
  if (x.dim() > 2 || (x.dim() > 0 && x.size(-1) == 0))
    raise<ShapeError>("[{}] input is {}, it must be [n, classes] or [classes], with at least one class.", op,
                      x.shape().str());
}

void check_labels(const char* op, const Tensor& target, std::int64_t least, std::int64_t classes) {
  const Unobserved unobserved;
  const std::int64_t at = first_true(logical_or(target < least, target >= classes));
  if (at >= 0)
    raise<IndexError>("[{}] target{} is {}, class numbers lie in [{}, {}).", op, kernels::position(target.shape(), at),
                      flatten(target).narrow(0, at, 1).item<std::int64_t>(), least, classes);
}

Tensor as_rows(const Tensor& x) { return x.dim() == 2 ? x : reshape(x, {1, x.numel()}); }

/// max(0, margin + d(anchor, positive) - d(anchor, negative)), with the nearer of anchor and positive if `swap`.
template <class Distance> Tensor triplet_loss(const Tensor& anchor, const Tensor& positive, const Tensor& negative,
                                              const Distance& distance, double margin, bool swap, Reduction reduction) {
  Tensor far = distance(anchor, negative);
  if (swap) far = minimum(far, distance(positive, negative));
  return reduced(clamp(distance(anchor, positive) - far + margin, 0), reduction);
}

void check_triplet(const char* op, const Tensor& anchor, const Tensor& positive, const Tensor& negative,
                   double margin) {
  if (anchor.dim() != positive.dim() || anchor.dim() != negative.dim() || anchor.dim() == 0)
    raise<ShapeError>(
        "[{}] anchor is {}, positive {}, negative {}: they must have the same number of dimensions, at "
        "least one.",
        op, anchor.shape().str(), positive.shape().str(), negative.shape().str());
  if (!(margin > 0) || std::isinf(margin))
    raise<ValueError>("[{}] margin is {}, it must be positive and finite.", op, margin);
}

}  // namespace
}  // namespace autograd

using autograd::check_same_shape;
using autograd::reduced;

Tensor gaussian_nll_loss(const Tensor& x, const Tensor& target, const Tensor& var, GaussianNllLossOptions options) {
  constexpr const char* op = "gaussian_nll_loss";
  if (!(options.eps >= 0)) raise<ValueError>("[{}] eps is {}, it must not be negative.", op, options.eps);
  if (broadcast_shapes(op, x.shape(), target.shape()) != x.shape())
    raise<ShapeError>("[{}] target is {}, input is {}: the target must broadcast to the input.", op,
                      target.shape().str(), x.shape().str());
  Tensor variance = var;
  if (var.shape() != x.shape()) {
    Shape rows = x.shape();
    if (x.dim() > 0) rows.erase(rows.size() - 1);
    const bool of_rows = x.dim() > 0 && var.shape() == rows;
    rows.push_back(1);
    if (of_rows)
      variance = unsqueeze(var, -1);
    else if (x.dim() == 0 || var.shape() != rows)
      raise<ShapeError>(
          "[{}] var is {}, input is {}: var must have the input's shape, or that without its last "
          "dimension or with 1 in its place.",
          op, var.shape().str(), x.shape().str());
  }
  {
    const autograd::Unobserved unobserved;
    const Tensor values = var.detach();
    if (const std::int64_t at = autograd::first_true(values < 0); at >= 0)
      raise<ValueError>("[{}] var{} is {}, variances must not be negative.", op, kernels::position(var.shape(), at),
                        flatten(values).narrow(0, at, 1).item());
  }
  // The gradient passes a variance that is raised to eps, so that it can grow.
  variance = where(variance < options.eps, variance - variance.detach() + options.eps, variance);
  const Tensor loss = 0.5 * (log(variance) + square(x - target) / variance);
  return reduced(options.full ? loss + 0.5 * std::log(2 * std::numbers::pi) : loss, options.reduction);
}

Tensor poisson_nll_loss(const Tensor& x, const Tensor& target, PoissonNllLossOptions options) {
  check_same_shape("poisson_nll_loss", x, target, "input");
  Tensor loss = options.log_input ? exp(x) - target * x : x - target * log(x + options.eps);
  if (options.full) {
    const Tensor large = target > 1, t = where(large, target, 1.0);
    loss = loss + where(large, t * log(t) - t + 0.5 * log(2 * std::numbers::pi * t), 0.0);
  }
  return reduced(loss, options.reduction);
}

Tensor multi_margin_loss(const Tensor& x, const Tensor& target, MultiMarginLossOptions options) {
  constexpr const char* op = "multi_margin_loss";
  autograd::check_scores(op, x, target);
  if (options.p != 1 && options.p != 2) raise<ValueError>("[{}] p is {}, it must be 1 or 2.", op, options.p);
  autograd::check_margin(op, options.margin);
  const Tensor rows = autograd::as_rows(x);
  const std::int64_t n = rows.size(0), classes = rows.size(1);
  if (target.dim() > 1 || target.numel() != n || (x.dim() == 2 && target.dim() == 0))
    raise<ShapeError>("[{}] input is {}, target is {}: there must be one class number for each row, [{}].", op,
                      x.shape().str(), target.shape().str(), n);
  if (options.weight.defined() && options.weight.shape() != Shape{classes})
    raise<ShapeError>("[{}] weight is {}, there are {} classes: it must be [{}].", op, options.weight.shape().str(),
                      classes, classes);
  autograd::check_labels(op, target, 0, classes);
  const Tensor labels = reshape(to(target, int64), {n, 1});
  Tensor excess = clamp(rows - gather(rows, 1, labels) + options.margin, 0);
  if (options.p == 2) excess = square(excess);
  if (options.weight.defined()) excess = excess * unsqueeze(index_select(options.weight, 0, flatten(labels)), 1);
  const Tensor others = arange(classes) != labels;
  const Tensor losses = sum(where(others, excess, 0.0), 1) / static_cast<double>(classes);
  return reduced(target.dim() == 0 ? reshape(losses, {}) : losses, options.reduction);
}

Tensor multilabel_margin_loss(const Tensor& x, const Tensor& target, Reduction reduction) {
  constexpr const char* op = "multilabel_margin_loss";
  autograd::check_scores(op, x, target);
  check_same_shape(op, x, target, "input");
  const Tensor rows = autograd::as_rows(x), listed = to(autograd::as_rows(target), int64);
  const std::int64_t n = rows.size(0), classes = rows.size(1);
  autograd::check_labels(op, target, -1, classes);
  const Tensor counts = cumprod(to(listed >= 0, int64), 1);  // 1 up to the first -1 of a row, 0 from there on
  const Tensor labels = listed * counts;
  const Tensor wanted = scatter_add(zeros({n, classes}, {.dtype = int64}), 1, labels, counts) > 0;
  // Only as many columns as the longest list has.
  std::int64_t longest = 1;
  if (n > 0) {
    const autograd::Unobserved unobserved;
    longest = std::max<std::int64_t>(max(sum(counts, 1)).item<std::int64_t>(), 1);
  }
  const Tensor own = gather(rows, 1, narrow(labels, 1, 0, longest));
  const Tensor excess = clamp(unsqueeze(rows, 1) - unsqueeze(own, 2) + 1.0, 0);  // [n, listed, classes]
  const Tensor counted = logical_and(unsqueeze(narrow(counts, 1, 0, longest), 2), logical_not(unsqueeze(wanted, 1)));
  const Tensor losses = sum(where(counted, excess, 0.0), {1, 2}) / static_cast<double>(classes);
  return reduced(x.dim() < 2 ? reshape(losses, {}) : losses, reduction);
}

Tensor multilabel_soft_margin_loss(const Tensor& x, const Tensor& target, LossOptions options) {
  constexpr const char* op = "multilabel_soft_margin_loss";
  check_same_shape(op, x, target, "input");
  if (x.dim() == 0) raise<ShapeError>("[{}] input is 0-d, it must have a dimension of labels.", op);
  const Tensor losses = autograd::weighted(op, (1 - target) * x - logsigmoid(x), options.weight, Reduction::none);
  return reduced(mean(losses, -1), options.reduction);
}

Tensor cosine_embedding_loss(const Tensor& a, const Tensor& b, const Tensor& target,
                             CosineEmbeddingLossOptions options) {
  constexpr const char* op = "cosine_embedding_loss";
  autograd::check_margin(op, options.margin);
  if (a.shape() != b.shape() || a.dim() < 1 || a.dim() > 2)
    raise<ShapeError>("[{}] the inputs are {} and {}, they must both be [n, features] or [features].", op,
                      a.shape().str(), b.shape().str());
  Shape rows = a.shape();
  rows.erase(rows.size() - 1);
  if (target.shape() != rows)
    raise<ShapeError>("[{}] inputs are {}, target is {}: there must be one target for each row, {}.", op,
                      a.shape().str(), target.shape().str(), rows.str());
  constexpr double eps = 1e-12;
  const Tensor squares = (sum(square(a), -1) + eps) * (sum(square(b), -1) + eps);
  const Tensor cosine = sum(a * b, -1) / sqrt(squares);
  return reduced(where(target == 1, 1.0 - cosine, 0.0) + where(target == -1, clamp(cosine - options.margin, 0), 0.0),
                 options.reduction);
}

Tensor triplet_margin_loss(const Tensor& anchor, const Tensor& positive, const Tensor& negative,
                           TripletMarginLossOptions options) {
  autograd::check_triplet("triplet_margin_loss", anchor, positive, negative, options.margin);
  const auto distance = [&](const Tensor& a, const Tensor& b) {
    return pairwise_distance(a, b, options.p, options.eps);
  };
  return autograd::triplet_loss(anchor, positive, negative, distance, options.margin, options.swap, options.reduction);
}

Tensor triplet_margin_with_distance_loss(const Tensor& anchor, const Tensor& positive, const Tensor& negative,
                                         const TripletMarginWithDistanceLossOptions& options) {
  autograd::check_triplet("triplet_margin_with_distance_loss", anchor, positive, negative, options.margin);
  const auto distance = [&](const Tensor& a, const Tensor& b) {
    return options.distance_function ? options.distance_function(a, b) : pairwise_distance(a, b);
  };
  return autograd::triplet_loss(anchor, positive, negative, distance, options.margin, options.swap, options.reduction);
}

}  // namespace xg
