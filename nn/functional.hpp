// Ops and losses under the names of torch.nn.functional.
#pragma once

#include <xgrad/autograd/ops.hpp>

namespace xg::nn::functional {

using xg::adaptive_avg_pool1d;
using xg::adaptive_avg_pool2d;
using xg::adaptive_max_pool1d;
using xg::adaptive_max_pool1d_with_indices;
using xg::adaptive_max_pool2d;
using xg::adaptive_max_pool2d_with_indices;
using xg::avg_pool1d;
using xg::avg_pool2d;
using xg::batch_norm;
using xg::bilinear;
using xg::celu;
using xg::conv1d;
using xg::conv2d;
using xg::conv_transpose1d;
using xg::conv_transpose2d;
using xg::cosine_similarity;
using xg::dropout;
using xg::elu;
using xg::embedding;
using xg::embedding_bag;
using xg::gelu;
using xg::glu;
using xg::group_norm;
using xg::hardshrink;
using xg::hardsigmoid;
using xg::hardswish;
using xg::hardtanh;
using xg::instance_norm;
using xg::interpolate;
using xg::layer_norm;
using xg::leaky_relu;
using xg::linear;
using xg::local_response_norm;
using xg::log_softmax;
using xg::logsigmoid;
using xg::max_pool1d;
using xg::max_pool1d_with_indices;
using xg::max_pool2d;
using xg::max_pool2d_with_indices;
using xg::mish;
using xg::normalize;
using xg::one_hot;
using xg::pad;
using xg::pairwise_distance;
using xg::pixel_shuffle;
using xg::pixel_unshuffle;
using xg::prelu;
using xg::relu;
using xg::relu6;
using xg::rms_norm;
using xg::scaled_dot_product_attention;
using xg::selu;
using xg::sigmoid;
using xg::silu;
using xg::softmax;
using xg::softmin;
using xg::softplus;
using xg::softshrink;
using xg::softsign;
using xg::tanh;
using xg::tanhshrink;
using xg::threshold;

using xg::binary_cross_entropy;
using xg::binary_cross_entropy_with_logits;
using xg::cosine_embedding_loss;
using xg::cross_entropy;
using xg::gaussian_nll_loss;
using xg::hinge_embedding_loss;
using xg::huber_loss;
using xg::kl_div;
using xg::l1_loss;
using xg::margin_ranking_loss;
using xg::mse_loss;
using xg::multi_margin_loss;
using xg::multilabel_margin_loss;
using xg::multilabel_soft_margin_loss;
using xg::nll_loss;
using xg::poisson_nll_loss;
using xg::smooth_l1_loss;
using xg::soft_margin_loss;
using xg::triplet_margin_loss;
using xg::triplet_margin_with_distance_loss;

/// im2col, under the name that it has here.
inline Tensor unfold(const Tensor& x, const PerDim& kernel_size, const UnfoldOptions& options = {}) {
  return im2col(x, kernel_size, options);
}
/// col2im, under the name that it has here.
inline Tensor fold(const Tensor& columns, const PerDim& output_size, const PerDim& kernel_size,
                   const UnfoldOptions& options = {}) {
  return col2im(columns, output_size, kernel_size, options);
}

}  // namespace xg::nn::functional
