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
/// a target outside of [0, 1], unless a pos_weight is given, ShapeError where pos_weight does not broadcast to the
/// logits.
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

}  // namespace xg
