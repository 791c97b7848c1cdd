// Softmax and its relatives along dimensions. Results are fresh contiguous tensors.
#pragma once

#include <xgrad/tensor/tensor.hpp>

namespace xg::kernels {

/// exp(x - max) / sum exp(x - max) along dim, for a floating x.
Tensor softmax(const Tensor& x, std::int64_t dim);
/// x - max - log sum exp(x - max) along dim.
Tensor log_softmax(const Tensor& x, std::int64_t dim);
/// y (grad - sum grad y) for y = softmax(x).
Tensor softmax_backward(const Tensor& grad, const Tensor& y, std::int64_t dim);
/// grad - exp(y) sum grad for y = log_softmax(x).
Tensor log_softmax_backward(const Tensor& grad, const Tensor& y, std::int64_t dim);
/// log sum exp x over dims, without overflow; -inf of nothing.
Tensor logsumexp(const Tensor& x, const Shape& dims, bool keepdim);

}  // namespace xg::kernels
