// Losses: functions of (prediction, target), evaluated per element and then reduced. nn::functional and the loss types
// of nn/ call them.
//
// Unless noted, prediction and target have the same shape (ShapeError): they do not broadcast, because [n] against [n,
// 1] is always a mistake. Dtypes promote; an integer loss, such as l1_loss of integers, has no mean (DtypeError). With
// Reduction::none the result has the shape of the prediction, else it is 0-d. The mean divides by the number of
// elements, whatever the weights are, and is NaN for no elements. A weight that does not broadcast to the loss is a
// ShapeError. Gradients flow to prediction, target and weights.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <cstdint>
#include <functional>

namespace xg {

/// How the losses of elements are reduced.
enum class Reduction {
  none,  ///< no reduction
  mean,  ///< their mean
  sum    ///< their sum
};

/// Options of mse_loss, l1_loss, binary_cross_entropy and soft_margin_loss.
struct LossOptions {
  Reduction reduction = Reduction::mean;  ///< of the elements
  Tensor weight = {};                     ///< elementwise factor, broadcast to the loss; undefined is one
};
/// Options of huber_loss.
struct HuberLossOptions {
  double delta = 1.0;                     ///< where the parabola ends
  Reduction reduction = Reduction::mean;  ///< of the elements
  Tensor weight = {};                     ///< elementwise factor, broadcast to the loss; undefined is one
};
/// Options of smooth_l1_loss.
struct SmoothL1LossOptions {
  double beta = 1.0;                      ///< where the parabola ends
  Reduction reduction = Reduction::mean;  ///< of the elements
};
/// Options of binary_cross_entropy_with_logits.
struct BceWithLogitsOptions {
  Reduction reduction = Reduction::mean;  ///< of the elements
  Tensor weight = {};                     ///< elementwise factor, broadcast to the loss; undefined is one
  Tensor pos_weight = {};                 ///< factor of the positive part, broadcast to the logits; undefined is one
};
/// Options of cross_entropy.
struct CrossEntropyOptions {
  Reduction reduction = Reduction::mean;  ///< of the rows
  Tensor weight = {};                     ///< one factor per class
  std::int64_t ignore_index = -100;       ///< rows with this class number are ignored
  double label_smoothing = 0;             ///< the share of the uniform distribution in the target
};
/// Options of nll_loss.
struct NllLossOptions {
  Reduction reduction = Reduction::mean;  ///< of the rows
  Tensor weight = {};                     ///< one factor per class
  std::int64_t ignore_index = -100;       ///< rows with this class number are ignored
};
/// Options of kl_div.
struct KlDivOptions {
  Reduction reduction = Reduction::mean;  ///< of the elements
  bool batchmean = false;                 ///< sum over everything divided by the number of rows; overrides `reduction`
  bool log_target = false;                ///< whether the target is given as log-probabilities too
};
/// Options of hinge_embedding_loss and margin_ranking_loss.
struct MarginOptions {
  double margin = 0;                      ///< distance from which on there is no loss
  Reduction reduction = Reduction::mean;  ///< of the elements
};
/// Options of gaussian_nll_loss.
struct GaussianNllLossOptions {
  bool full = false;                      ///< whether to add the constant log(2 pi) / 2
  double eps = 1e-6;                      ///< the least variance; smaller ones count as this
  Reduction reduction = Reduction::mean;  ///< of the elements
};
/// Options of poisson_nll_loss.
struct PoissonNllLossOptions {
  bool log_input = true;                  ///< whether the prediction is the logarithm of the rate
  bool full = false;                      ///< whether to add Stirling's approximation of log(t!) where t > 1
  double eps = 1e-8;                      ///< added to a rate before its logarithm
  Reduction reduction = Reduction::mean;  ///< of the elements
};
/// Options of multi_margin_loss.
struct MultiMarginLossOptions {
  std::int64_t p = 1;                     ///< the power of a violation, 1 or 2
  double margin = 1;                      ///< by how much the score of the right class should exceed any other
  Tensor weight = {};                     ///< one factor per class; undefined is one
  Reduction reduction = Reduction::mean;  ///< of the rows
};
/// Options of cosine_embedding_loss.
struct CosineEmbeddingLossOptions {
  double margin = 0;                      ///< the cosine up to which dissimilar rows have no loss
  Reduction reduction = Reduction::mean;  ///< of the rows
};
/// Options of triplet_margin_loss.
struct TripletMarginLossOptions {
  double margin = 1;                      ///< by how much the negative should be farther away than the positive
  double p = 2;                           ///< the norm of the distance
  double eps = 1e-6;                      ///< added to each difference, as pairwise_distance does
  bool swap = false;                      ///< whether the negative may be compared with the positive, if that is nearer
  Reduction reduction = Reduction::mean;  ///< of the rows
};
/// Options of triplet_margin_with_distance_loss.
struct TripletMarginWithDistanceLossOptions {
  /// The distance of rows of two tensors; pairwise_distance if empty.
  std::function<Tensor(const Tensor& a, const Tensor& b)> distance_function = {};
  double margin = 1;                      ///< by how much the negative should be farther away than the positive
  bool swap = false;                      ///< whether the negative may be compared with the positive, if that is nearer
  Reduction reduction = Reduction::mean;  ///< of the rows
};

/// (x - t)^2. A NaN target is a ValueError that names its position, if it makes a reduced loss without a weight NaN.
XG_API Tensor mse_loss(const Tensor& prediction, const Tensor& target, LossOptions options = {});
/// |x - t|; derivative 0 where they are equal.
XG_API Tensor l1_loss(const Tensor& prediction, const Tensor& target, LossOptions options = {});
/// d^2 / 2 for d = x - t where |d| < delta, else delta (|d| - delta / 2). Throws ValueError unless delta is positive.
/// Huber 1964, "Robust estimation of a location parameter".
XG_API Tensor huber_loss(const Tensor& prediction, const Tensor& target, HuberLossOptions options = {});
/// d^2 / (2 beta) for d = x - t where |d| < beta, else |d| - beta / 2; l1_loss where beta is 0. Throws ValueError for a
/// negative beta. Girshick 2015, arXiv:1504.08083.
XG_API Tensor smooth_l1_loss(const Tensor& prediction, const Tensor& target, SmoothL1LossOptions options = {});
/// -(t log p + (1 - t) log(1 - p)), logarithms clamped at -100 as PyTorch does. Throws ValueError for p or t outside of
/// [0, 1].
XG_API Tensor binary_cross_entropy(const Tensor& prediction, const Tensor& target, LossOptions options = {});
/// -(w t log(sigmoid(x)) + (1 - t) log(1 - sigmoid(x))) without overflow, where w is pos_weight. Throws ValueError for
/// a target outside of [0, 1], ShapeError where pos_weight does not broadcast to the logits.
XG_API Tensor binary_cross_entropy_with_logits(const Tensor& logits, const Tensor& target,
                                               BceWithLogitsOptions options = {});
/// -sum_c w_c t_c log(softmax(x)_c) over the classes C of logits [C], [N, C] or [N, C, d...].
///
/// The target is either class numbers, integers of the shape of the logits without the dimension of C, or probabilities
/// in the shape of the logits; with label smoothing s, t becomes (1 - s) t + s / C. The mean over class numbers divides
/// by the sum of w over the rows that are not ignored, NaN where there are none; the mean over probabilities divides by
/// the number of rows. Throws IndexError for a class number outside of [0, C) that is not ignore_index, ValueError for
/// a NaN in the target or label_smoothing outside of [0, 1], ShapeError where target or weight do not fit, DtypeError
/// unless logits are floating-point and class numbers are integers. Label smoothing: Szegedy et al. 2015,
/// arXiv:1512.00567.
XG_API Tensor cross_entropy(const Tensor& logits, const Tensor& target, CrossEntropyOptions options = {});
/// -w_t x_t for log-probabilities x [C], [N, C] or [N, C, d...] and class numbers t; the mean divides by the sum of w
/// over the rows that are not ignored. Throws as cross_entropy of class numbers.
XG_API Tensor nll_loss(const Tensor& log_probabilities, const Tensor& target, NllLossOptions options = {});
/// t log t - t x, with t log t = 0 at t = 0; for a target of log-probabilities e^t (t - x). Kullback & Leibler 1951,
/// "On information and sufficiency".
XG_API Tensor kl_div(const Tensor& log_probabilities, const Tensor& target, KlDivOptions options = {});
/// x where the target is 1, max(0, margin - x) where it is -1, their sum for any other target; derivative 0 at the
/// margin. Throws ValueError unless the margin is finite.
XG_API Tensor hinge_embedding_loss(const Tensor& x, const Tensor& target, MarginOptions options = {.margin = 1.0});
/// max(0, margin - t (a - b)), where t is 1 if a should be larger than b, else -1; derivative 0 at the margin. Throws
/// ValueError unless the margin is finite.
XG_API Tensor margin_ranking_loss(const Tensor& a, const Tensor& b, const Tensor& target, MarginOptions options = {});
/// log(1 + e^(-t x)) for targets t of 1 or -1, without overflow.
XG_API Tensor soft_margin_loss(const Tensor& x, const Tensor& target, LossOptions options = {});

/// (log v + (x - t)^2 / v) / 2 for a normal distribution of mean x and variance v, which counts as eps where it is
/// smaller; its gradient is that of a variance of eps there. The target broadcasts to x; v has the shape of x, or that
/// without its last dimension or with 1 in its place. Throws ShapeError where they do not fit, ValueError for a
/// negative variance or eps. Nix & Weigend 1994, "Estimating the mean and variance of the target probability
/// distribution".
XG_API Tensor gaussian_nll_loss(const Tensor& x, const Tensor& target, const Tensor& var,
                                GaussianNllLossOptions options = {});
/// e^x - t x for a Poisson distribution of rate e^x, or x - t log(x + eps) for one of rate x if log_input is false.
XG_API Tensor poisson_nll_loss(const Tensor& x, const Tensor& target, PoissonNllLossOptions options = {});
/// The mean over the classes C of w_t max(0, margin - x_t + x_c)^p, where the term of the right class t is 0, for
/// scores [N, C] and class numbers [N], or [C] and one number; derivative 0 at the margin. Throws ShapeError where
/// shapes do not fit, DtypeError unless scores are floating-point and class numbers are integers, IndexError for a
/// class number outside of [0, C), ValueError unless p is 1 or 2 and the margin is finite. Crammer & Singer 2001, "On
/// the algorithmic implementation of multiclass kernel-based vector machines".
XG_API Tensor multi_margin_loss(const Tensor& x, const Tensor& target, MultiMarginLossOptions options = {});
/// sum_t sum_c max(0, 1 - x_t + x_c) / C over the classes t in the target and those c that are not, for scores [N, C]
/// or [C] and a target of the same shape, whose rows list class numbers up to the first -1; derivative 0 at the margin.
/// Throws ShapeError where shapes do not fit, DtypeError unless scores are floating-point and class numbers are
/// integers, IndexError for a class number outside of [-1, C).
XG_API Tensor multilabel_margin_loss(const Tensor& x, const Tensor& target, Reduction reduction = Reduction::mean);
/// The mean over the last dimension of -(t log(sigmoid(x)) + (1 - t) log(1 - sigmoid(x))), without overflow; reduced
/// over all others. The weight broadcasts to x. Throws ShapeError for a 0-d x.
XG_API Tensor multilabel_soft_margin_loss(const Tensor& x, const Tensor& target, LossOptions options = {});
/// 1 - cos(a, b) for rows with target 1, max(0, cos(a, b) - margin) for those with target -1, 0 for any other target;
/// derivative 0 at the margin. Rows [N, D] have targets [N], a single row [D] has a 0-d one. The squares of the norms
/// are increased by 1e-12. Throws ShapeError where shapes do not fit, ValueError unless the margin is finite.
XG_API Tensor cosine_embedding_loss(const Tensor& a, const Tensor& b, const Tensor& target,
                                    CosineEmbeddingLossOptions options = {});
/// max(0, margin + d(anchor, positive) - d(anchor, negative)) for rows along the last dimension and d =
/// pairwise_distance; derivative 0 at the margin. With `swap`, min(d(anchor, negative), d(positive, negative)) takes
/// the place of the last distance. Shapes broadcast. Throws ShapeError where the numbers of dimensions differ or are 0,
/// ValueError unless the margin is positive and finite. Balntas et al. 2016, "Learning local feature descriptors with
/// triplets and shallow convolutional neural networks".
XG_API Tensor triplet_margin_loss(const Tensor& anchor, const Tensor& positive, const Tensor& negative,
                                  TripletMarginLossOptions options = {});
/// triplet_margin_loss with a distance of the caller's. Throws as triplet_margin_loss, ShapeError where distances do
/// not broadcast.
XG_API Tensor triplet_margin_with_distance_loss(const Tensor& anchor, const Tensor& positive, const Tensor& negative,
                                                const TripletMarginWithDistanceLossOptions& options = {});

}  // namespace xg
