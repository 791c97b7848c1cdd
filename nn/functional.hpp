// Ops and losses under the names of torch.nn.functional.
#pragma once

#include <xgrad/autograd/ops.hpp>

namespace xg::nn::functional {

using xg::batch_norm;
using xg::celu;
using xg::cosine_similarity;
using xg::dropout;
using xg::elu;
using xg::embedding;
using xg::gelu;
using xg::hardshrink;
using xg::hardsigmoid;
using xg::hardswish;
using xg::hardtanh;
using xg::layer_norm;
using xg::leaky_relu;
using xg::linear;
using xg::log_softmax;
using xg::logsigmoid;
using xg::mish;
using xg::normalize;
using xg::one_hot;
using xg::pad;
using xg::pairwise_distance;
using xg::prelu;
using xg::relu;
using xg::relu6;
using xg::rms_norm;
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

}  // namespace xg::nn::functional
