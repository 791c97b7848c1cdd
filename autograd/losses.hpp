// Losses as ops: functions of (prediction, target). nn::functional and the loss types of nn/ call these.
#pragma once

#include <xgrad/autograd/ops.hpp>

namespace xg {

enum class Reduction { none, mean, sum };

struct LossOptions {
  Reduction reduction = Reduction::mean;
  Tensor weight = {};  ///< elementwise factor, broadcast to the loss; undefined is one
};
struct HuberLossOptions {
  double delta = 1.0;
  Reduction reduction = Reduction::mean;
  Tensor weight = {};
};
struct SmoothL1LossOptions {
  double beta = 1.0;
  Reduction reduction = Reduction::mean;
};
struct BceWithLogitsOptions {
  Reduction reduction = Reduction::mean;
  Tensor weight = {};
  Tensor pos_weight = {};
};
struct CrossEntropyOptions {
  Reduction reduction = Reduction::mean;
  Tensor weight = {};               ///< one factor per class
  std::int64_t ignore_index = -100;
  double label_smoothing = 0;
};
struct NllLossOptions {
  Reduction reduction = Reduction::mean;
  Tensor weight = {};
  std::int64_t ignore_index = -100;
};
struct KlDivOptions {
  Reduction reduction = Reduction::mean;
  bool batchmean = false;  ///< sum over everything divided by the number of rows; overrides `reduction`
  bool log_target = false;
};
struct MarginOptions {
  double margin = 0;
  Reduction reduction = Reduction::mean;
};

XG_API Tensor mse_loss(const Tensor& prediction, const Tensor& target, LossOptions options = {});
XG_API Tensor l1_loss(const Tensor& prediction, const Tensor& target, LossOptions options = {});
XG_API Tensor huber_loss(const Tensor& prediction, const Tensor& target, HuberLossOptions options = {});
XG_API Tensor smooth_l1_loss(const Tensor& prediction, const Tensor& target, SmoothL1LossOptions options = {});
/// -(t log p + (1 - t) log(1 - p)), logarithms cut at -100 as PyTorch does. Throws ValueError for p or t outside [0, 1].
XG_API Tensor binary_cross_entropy(const Tensor& prediction, const Tensor& target, LossOptions options = {});
XG_API Tensor binary_cross_entropy_with_logits(const Tensor& logits, const Tensor& target, BceWithLogitsOptions options = {});
/// logits [C], [N, C] or [N, C, d...]; target: class numbers (integers, without the C dimension) or probabilities (the
/// logits' shape). Throws IndexError for a label outside [0, C) that is not ignore_index, ValueError for a NaN label.
XG_API Tensor cross_entropy(const Tensor& logits, const Tensor& target, CrossEntropyOptions options = {});
XG_API Tensor nll_loss(const Tensor& log_probabilities, const Tensor& target, NllLossOptions options = {});
/// t (log t - x)
XG_API Tensor kl_div(const Tensor& log_probabilities, const Tensor& target, KlDivOptions options = {});
XG_API Tensor hinge_embedding_loss(const Tensor& x, const Tensor& target, MarginOptions options = {.margin = 1.0});
XG_API Tensor margin_ranking_loss(const Tensor& a, const Tensor& b, const Tensor& target, MarginOptions options = {});
XG_API Tensor soft_margin_loss(const Tensor& x, const Tensor& target, LossOptions options = {});

}  // namespace xg
