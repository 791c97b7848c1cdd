#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/loss.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cmath>
#include <string_view>

namespace xg::nn {
namespace {

// ---- Keras's losses with the formulas of keras.losses: one result per row, over the last dimension

constexpr double keras_epsilon = 1e-7;

using Elements = Tensor (*)(const Tensor& p, const Tensor& t);

Tensor last_mean(const Tensor& x) { return x.dim() > 1 ? x.mean(-1) : x; }

Tensor inside(const Tensor& p) { return clamp(p, keras_epsilon, 1 - keras_epsilon); }

// The logarithm of p, after each row has been normalized to sum to one.
Tensor log_distribution(const Tensor& p) { return log(inside(p / p.sum(-1, true))); }

Tensor labels(const Tensor& t) {
  const Tensor index = t.to(Dtype::int64);
  return index.dim() > 1 && index.size(-1) == 1 ? index.squeeze(-1) : index;
}

Tensor unit_rows(const Tensor& x) { return x * rsqrt(clamp(square(x).sum(-1, true), 1e-12)); }

// Maps labels 0 and 1 to -1 and 1.
Tensor signs(const Tensor& t) { return where(t > 0, ones_like(t), full_like(t, -1)); }

Tensor binary_crossentropy(const Tensor& p, const Tensor& t) {
  return last_mean(binary_cross_entropy(inside(p), t, {.reduction = Reduction::none}));
}
Tensor categorical_crossentropy(const Tensor& p, const Tensor& t) { return -(t * log_distribution(p)).sum(-1); }
Tensor sparse_categorical_crossentropy(const Tensor& p, const Tensor& t) {
  return nll_loss(log_distribution(p), labels(t), {.reduction = Reduction::none});
}
Tensor mean_squared_error(const Tensor& p, const Tensor& t) { return last_mean(square(p - t)); }
Tensor mean_absolute_error(const Tensor& p, const Tensor& t) { return last_mean(abs(p - t)); }
Tensor mean_absolute_percentage_error(const Tensor& p, const Tensor& t) {
  return last_mean(abs((t - p) / clamp(abs(t), keras_epsilon))) * 100.0;
}
Tensor mean_squared_logarithmic_error(const Tensor& p, const Tensor& t) {
  return last_mean(square(log(clamp(p, keras_epsilon) + 1.0) - log(clamp(t, keras_epsilon) + 1.0)));
}
Tensor huber(const Tensor& p, const Tensor& t) { return last_mean(huber_loss(p, t, {.reduction = Reduction::none})); }
// log cosh d = d + softplus(-2 d) - log 2
Tensor log_cosh(const Tensor& p, const Tensor& t) {
  const Tensor d = p - t;
  return last_mean(d + softplus(d * -2.0) - std::log(2.0));
}
Tensor kl_divergence(const Tensor& p, const Tensor& t) {
  const Tensor truth = clamp(t, keras_epsilon, 1.0);
  return (truth * log(truth / clamp(p, keras_epsilon, 1.0))).sum(-1);
}
Tensor poisson(const Tensor& p, const Tensor& t) { return last_mean(p - t * log(p + keras_epsilon)); }
Tensor cosine_similarity(const Tensor& p, const Tensor& t) { return -(unit_rows(p) * unit_rows(t)).sum(-1); }
Tensor hinge(const Tensor& p, const Tensor& t) { return last_mean(relu(1.0 - signs(t) * p)); }
Tensor squared_hinge(const Tensor& p, const Tensor& t) { return last_mean(square(relu(1.0 - signs(t) * p))); }
Tensor categorical_hinge(const Tensor& p, const Tensor& t) {
  return relu(((1.0 - t) * p).amax(-1) - (t * p).sum(-1) + 1.0);
}

struct NamedLoss {
  std::string_view name;
  std::string_view short_name;  // "" if there is none
  Target target;
  Elements elements;
};

constexpr std::array<NamedLoss, 15> keras_losses{{
    {"binary_crossentropy", "bce", Target::same_shape, &binary_crossentropy},
    {"categorical_crossentropy", "", Target::same_shape, &categorical_crossentropy},
    {"sparse_categorical_crossentropy", "", Target::classes, &sparse_categorical_crossentropy},
    {"mean_squared_error", "mse", Target::same_shape, &mean_squared_error},
    {"mean_absolute_error", "mae", Target::same_shape, &mean_absolute_error},
    {"mean_absolute_percentage_error", "mape", Target::same_shape, &mean_absolute_percentage_error},
    {"mean_squared_logarithmic_error", "msle", Target::same_shape, &mean_squared_logarithmic_error},
    {"huber", "", Target::same_shape, &huber},
    {"log_cosh", "logcosh", Target::same_shape, &log_cosh},
    {"kl_divergence", "kld", Target::same_shape, &kl_divergence},
    {"poisson", "", Target::same_shape, &poisson},
    {"cosine_similarity", "", Target::same_shape, &cosine_similarity},
    {"hinge", "", Target::same_shape, &hinge},
    {"squared_hinge", "", Target::same_shape, &squared_hinge},
    {"categorical_hinge", "", Target::same_shape, &categorical_hinge},
}};

}  // namespace

Loss Loss::by_name(StringRef given) {
  const std::string_view name = given;
  for (const NamedLoss& known : keras_losses) {
    if (known.name != name && (known.short_name.empty() || known.short_name != name)) continue;
    Loss loss;
    loss.name_ = known.name;
    loss.target_ = known.target;
    loss.per_element_ = known.elements;
    loss.reduced_ = [elements = known.elements](const Tensor& p, const Tensor& t) { return elements(p, t).mean(); };
    if (known.target == Target::classes) {
      loss.ignore_index_ = NllLossOptions().ignore_index;
      loss.reduced_ = [](const Tensor& p, const Tensor& t) { return nll_loss(log_distribution(p), labels(t)); };
    }
    return loss;
  }
  raise<ValueError>("[Loss] \"{}\" is unknown, known are {}; or pass a loss such as nn::BCELoss().", name,
                    fmt::join(names(), ", "));
}

Loss::Loss(StringRef name, Function mean, Function per_element, Target target)
    : name_(name.str()), target_(target), reduced_(std::move(mean)), per_element_(std::move(per_element)) {
  if (!reduced_)
    raise<ValueError>("[Loss] the function of \"{}\" is empty, it must take a prediction and a target.", name_);
}

Tensor Loss::counts(const Tensor& target) const {
  if (!ignore_index_ || is_floating(target.dtype())) return {};
  const Tensor kept = target != *ignore_index_;
  if (!class_weight_.defined() && kept.all().item<bool>()) return {};
  Tensor row_counts = kept.to(Dtype::float64);
  if (class_weight_.defined()) {
    const Tensor classes = where(kept, target, 0).to(Dtype::int64).reshape({-1});
    row_counts =
        row_counts * class_weight_.detach().to(Dtype::float64).index_select(0, classes).reshape(target.shape());
  }
  return row_counts.dim() > 1 ? row_counts.reshape({row_counts.size(0), -1}).sum(1) : row_counts;
}

Tensor Loss::weighted(const Tensor& prediction, const Tensor& target, const Tensor& weights,
                      const Tensor& counts) const {
  if (!per_element_)
    raise<Error>(
        "[Loss] \"{}\" is a function of whole batches, rows cannot be weighted: give it a second function with the "
        "losses of each row, as in Loss(\"{}\", mean, per_row).",
        name_, name_);
  const Tensor losses = per_element_(prediction, target);
  Shape shape = weights.shape();
  while (shape.size() < losses.shape().size()) shape.push_back(1);
  const Tensor sum = (losses * weights.reshape(shape)).sum();
  if (reduction_ == Reduction::sum) return sum;
  if (counts.defined()) return sum / counts.sum().item<double>();
  return sum / static_cast<double>(by_rows_ ? prediction.size(0) : losses.numel());
}

std::vector<std::string> Loss::names() {
  std::vector<std::string> all;
  for (const NamedLoss& known : keras_losses) all.emplace_back(known.name);
  return all;
}

}  // namespace xg::nn
