// Functions for layers: linear and bilinear maps, normalization, dropout, distances.
//
// Inputs are floating-point, else DtypeError (pairwise_distance converts integers). Weights, biases and running
// statistics may be left undefined. A negative dimension counts from the end, one out of range is an IndexError.
#pragma once

#include <xgrad/tensor/random.hpp>
#include <xgrad/tensor/shape.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <cstdint>
#include <optional>

namespace xg {

/// x W^T + b: x [.., in], weight [out, in], bias [out] or of one element give [.., out]. A weight [in] without a bias
/// gives [..]. Throws ShapeError where sizes do not fit, DtypeError unless all have one floating-point dtype.
XG_API Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {});
/// y[.., o] = sum over i, j of x1[.., i] weight[o, i, j] x2[.., j] + bias[o]: x1 [.., in1], x2 [.., in2] with equal
/// leading dimensions, weight [out, in1, in2], bias [out]. Throws as linear. PyTorch's nn.functional.bilinear.
XG_API Tensor bilinear(const Tensor& x1, const Tensor& x2, const Tensor& weight, const Tensor& bias = {});
/// a sigmoid(b), where a and b are the halves of x along dim. Throws ShapeError for an odd size or a 0-d tensor.
/// Dauphin et al. 2017, arXiv:1612.08083.
XG_API Tensor glu(const Tensor& x, std::int64_t dim = -1);
/// (x - mean) / sqrt(var + eps) * weight + bias over the last normalized_shape.size() dimensions; var is the biased
/// variance. Weight and bias have normalized_shape. Throws ShapeError where shapes do not fit. Ba, Kiros & Hinton 2016,
/// arXiv:1607.06450.
XG_API Tensor layer_norm(const Tensor& x, const Shape& normalized_shape, const Tensor& weight = {},
                         const Tensor& bias = {}, double eps = 1e-5);
/// x / sqrt(mean(x^2) + eps) * weight over the last normalized_shape.size() dimensions; the default eps is the machine
/// epsilon of x's dtype. Throws as layer_norm. Zhang & Sennrich 2019, arXiv:1910.07467.
XG_API Tensor rms_norm(const Tensor& x, const Shape& normalized_shape, const Tensor& weight = {},
                       std::optional<double> eps = {});
/// (x - mean) / sqrt(var + eps) * weight + bias for each channel of x [n, channels, ...]; the other tensors are
/// [channels].
///
/// While training, mean and var are the batch's, and gradients flow through them; the running statistics, where
/// defined, are changed in place: running = (1 - momentum) running + momentum batch, with the unbiased variance.
/// Otherwise mean and var are the running ones. Throws ShapeError where shapes do not fit or training has fewer than
/// two values per channel, ValueError where statistics are missing. Ioffe & Szegedy 2015, arXiv:1502.03167.
XG_API Tensor batch_norm(const Tensor& x, const Tensor& running_mean, const Tensor& running_var,
                         const Tensor& weight = {}, const Tensor& bias = {}, bool training = false,
                         double momentum = 0.1, double eps = 1e-5);
/// While training, 0 with probability p, else x / (1 - p); otherwise x itself. The mask is a function of the
/// generator's counter and is not stored; without a generator the default one is used. Throws ValueError unless p lies
/// in [0, 1]. Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from overfitting".
XG_API Tensor dropout(const Tensor& x, double p = 0.5, bool training = true, Generator* generator = nullptr);
/// x / max(|x|_p, eps), of the shape of x, where |x|_p is vector_norm along dim. Throws as vector_norm.
XG_API Tensor normalize(const Tensor& x, double p = 2, std::int64_t dim = 1, double eps = 1e-12);
/// sum a b / (max(|a|_2, eps) max(|b|_2, eps)) along dim, which is removed from the broadcast shape of a and b. Throws
/// ShapeError where they do not broadcast, DtypeError unless both are floating-point.
XG_API Tensor cosine_similarity(const Tensor& a, const Tensor& b, std::int64_t dim = 1, double eps = 1e-8);
/// |a - b + eps|_p, the vector_norm along the last dimension of the broadcast shape of a and b; it is removed, or has
/// size 1 with keepdim. Throws ShapeError where they do not broadcast, and as vector_norm.
XG_API Tensor pairwise_distance(const Tensor& a, const Tensor& b, double p = 2, double eps = 1e-6,
                                bool keepdim = false);

}  // namespace xg
