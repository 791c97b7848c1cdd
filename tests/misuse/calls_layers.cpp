// Calls of layers and losses.
#include "misuse/calls.hpp"

using namespace xg;

namespace xg_test {
namespace {

Reduction reduction(Draw& d) { return d.one_of({Reduction::none, Reduction::mean, Reduction::sum}); }

/// The last sizes of x, or any shape.
Shape last_sizes(Draw& d, const Tensor& x) {
  if (!x.defined() || x.dim() == 0 || d.one_in(4)) return d.shape();
  const std::int64_t from = d.below(x.dim());
  return {x.shape().begin() + from, x.shape().end()};
}

/// A vector with a number for each channel (dimension 1) of x, mostly.
Tensor channels(Draw& d, const Tensor& x) {
  if (d.one_in(3)) return {};
  if (!x.defined() || x.dim() == 0 || d.one_in(6)) return d.tensor();
  const std::int64_t n = x.size(x.dim() == 1 ? 0 : 1);
  const Tensor like = zeros({n}, {.dtype = x.is_floating_point() ? x.dtype() : float32});
  return d.tensor_like(like);
}

/// Class numbers for logits, most of which are right.
Tensor labels(Draw& d, const Tensor& x) {
  if (!x.defined() || x.dim() == 0) return d.index();
  Shape shape = x.shape();
  shape.erase(shape.size() == 1 ? 0 : 1);
  std::vector<std::int64_t> values(static_cast<std::size_t>(shape.numel()));
  for (std::int64_t& value : values) value = d.one_in(40) ? d.integer() : d.below(3);
  return from_data(values.data(), shape);
}

/// Lists of class numbers in the shape of x.
Tensor labels_of_shape(Draw& d, const Tensor& x) {
  if (!x.defined()) return d.index();
  std::vector<std::int64_t> values(static_cast<std::size_t>(x.numel()));
  for (std::int64_t& value : values) value = d.one_in(40) ? d.integer() : d.below(4) - 1;
  return from_data(values.data(), x.shape());
}

}  // namespace

std::vector<Call> layers_calls() {
  return {
      // clang-format off
      // layers
      {"linear", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(linear(a, d.tensor_like(a), d.yes() ? Tensor() : d.tensor()));
       }},
      {"layer_norm", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(layer_norm(a, last_sizes(d, a), d.yes() ? Tensor() : d.tensor_like(a), d.yes() ? Tensor() : d.tensor_like(a), d.number()));
       }},
      {"rms_norm", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(rms_norm(a, last_sizes(d, a), d.yes() ? Tensor() : d.tensor_like(a), d.yes() ? std::optional(d.number()) : std::nullopt));
       }},
      {"batch_norm", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(batch_norm(a, channels(d, a), channels(d, a), channels(d, a), channels(d, a), d.yes(), d.number(), d.number()));
       }},
      {"dropout", [](Draw& d) { return list(dropout(d.tensor(), d.number(), d.yes())); }},
      {"normalize", [](Draw& d) { return list(normalize(d.tensor(), d.number(), d.dim(), d.number())); }},
      {"cosine_similarity", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(cosine_similarity(a, d.tensor_like(a), d.dim(), d.number()));
       }},
      {"pairwise_distance", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(pairwise_distance(a, d.tensor_like(a), d.number(), d.number(), d.yes()));
       }},
      // losses
      {"mse_loss", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(mse_loss(a, d.tensor_like(a), {reduction(d), d.one_in(3) ? d.tensor_like(a) : Tensor()}));
       }},
      {"l1_loss", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(l1_loss(a, d.tensor_like(a), {reduction(d), d.one_in(3) ? d.tensor_like(a) : Tensor()}));
       }},
      {"binary_cross_entropy", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(binary_cross_entropy(a, d.tensor_like(a), {reduction(d), d.one_in(3) ? d.tensor_like(a) : Tensor()}));
       }},
      {"soft_margin_loss", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(soft_margin_loss(a, d.tensor_like(a), {reduction(d), d.one_in(3) ? d.tensor_like(a) : Tensor()}));
       }},
      {"huber_loss", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(huber_loss(a, d.tensor_like(a), {d.number(), reduction(d), d.one_in(3) ? d.tensor_like(a) : Tensor()}));
       }},
      {"smooth_l1_loss", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(smooth_l1_loss(a, d.tensor_like(a), {d.number(), reduction(d)}));
       }},
      {"binary_cross_entropy_with_logits", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(binary_cross_entropy_with_logits(a, d.tensor_like(a), {reduction(d), d.one_in(3) ? d.tensor_like(a) : Tensor(), d.one_in(3) ? d.tensor_like(a) : Tensor()}));
       }},
      {"cross_entropy", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(cross_entropy(a, d.yes() ? d.tensor_like(a) : d.index(), {reduction(d), d.yes() ? Tensor() : d.tensor(), d.integer(), d.number()}));
       }},
      {"cross_entropy of labels", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(cross_entropy(a, labels(d, a), {reduction(d), channels(d, a), d.integer(), d.one_in(3) ? d.number() : 0.0}));
       }},
      {"nll_loss", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(nll_loss(a, d.yes() ? labels(d, a) : d.index(), {reduction(d), channels(d, a), d.integer()}));
       }},
      {"kl_div", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(kl_div(a, d.tensor_like(a), {reduction(d), d.yes(), d.yes()}));
       }},
      {"hinge_embedding_loss", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(hinge_embedding_loss(a, d.tensor_like(a), {d.number(), reduction(d)}));
       }},
      {"margin_ranking_loss", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(margin_ranking_loss(a, d.tensor_like(a), d.tensor_like(a), {d.number(), reduction(d)}));
       }},
      {"gaussian_nll_loss", [](Draw& d) {
         const Tensor a = d.tensor(), t = d.tensor_like(a), var = d.tensor_like(a);
         return list(gaussian_nll_loss(a, t, d.one_in(3) ? var : square(var), {d.yes(), d.number(), reduction(d)}));
       }},
      {"poisson_nll_loss", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(poisson_nll_loss(a, d.tensor_like(a), {d.yes(), d.yes(), d.number(), reduction(d)}));
       }},
      {"multi_margin_loss", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(multi_margin_loss(a, d.yes() ? labels(d, a) : d.index(), {d.one_in(6) ? d.integer() : 1 + d.below(2), d.number(), channels(d, a), reduction(d)}));
       }},
      {"multilabel_margin_loss", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(multilabel_margin_loss(a, d.yes() ? labels_of_shape(d, a) : d.index(), reduction(d)));
       }},
      {"multilabel_soft_margin_loss", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(multilabel_soft_margin_loss(a, d.tensor_like(a), {reduction(d), d.one_in(3) ? d.tensor_like(a) : Tensor()}));
       }},
      {"cosine_embedding_loss", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(cosine_embedding_loss(a, b, d.yes() ? sign(sum(a, -1)) : d.tensor(), {d.number(), reduction(d)}));
       }},
      {"triplet_margin_loss", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a), c = d.tensor_like(a);
         return list(triplet_margin_loss(a, b, c, {d.number(), d.number(), d.number(), d.yes(), reduction(d)}));
       }},
      {"triplet_margin_with_distance_loss", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a), c = d.tensor_like(a);
         const auto distance = [](const Tensor& x, const Tensor& y) { return sum(abs(x - y), -1); };
         return list(triplet_margin_with_distance_loss(a, b, c, {distance, d.number(), d.yes(), reduction(d)}));
       }},
      // clang-format on
  };
}

}  // namespace xg_test
