// Normalization over parts of the channels, beside layer_norm and batch_norm of layers.hpp.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <cstdint>

namespace xg {

/// (x - mean) / sqrt(var + eps) * weight + bias, with the mean and the biased variance of each group of channels of
/// each row of x [n, channels, ...]; weight and bias are [channels] or undefined. Throws ShapeError where shapes do not
/// fit or num_groups does not divide the channels, DtypeError unless x is floating-point. Wu & He 2018,
/// arXiv:1803.08494.
XG_API Tensor group_norm(const Tensor& x, std::int64_t num_groups, const Tensor& weight = {}, const Tensor& bias = {},
                         double eps = 1e-5);
/// (x - mean) / sqrt(var + eps) * weight + bias for each channel of each row of x [n, channels, ...]; the other tensors
/// are [channels] or undefined.
///
/// With use_input_stats, mean and var are those of the channel's elements, and the running statistics, where defined,
/// are changed in place: running = (1 - momentum) running + momentum * mean over the rows, with the unbiased variance.
/// Otherwise mean and var are the running ones. Throws ShapeError where shapes do not fit or a channel has fewer than
/// two elements, ValueError where statistics are missing, DtypeError unless x is floating-point. Ulyanov et al. 2016,
/// arXiv:1607.08022.
XG_API Tensor instance_norm(const Tensor& x, const Tensor& running_mean = {}, const Tensor& running_var = {},
                            const Tensor& weight = {}, const Tensor& bias = {}, bool use_input_stats = true,
                            double momentum = 0.1, double eps = 1e-5);
/// x / (k + alpha * mean of x^2 over `size` neighbouring channels)^beta, zeros being added at both ends: x [n,
/// channels,
/// ...] with at least one further dimension (ShapeError). Throws ValueError unless size is positive, DtypeError unless
/// x is floating-point. Krizhevsky et al. 2012, "ImageNet classification with deep convolutional neural networks".
XG_API Tensor local_response_norm(const Tensor& x, std::int64_t size, double alpha = 1e-4, double beta = 0.75,
                                  double k = 1);

}  // namespace xg
