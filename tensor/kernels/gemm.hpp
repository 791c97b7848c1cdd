// Matrix products through BLAS. Strides are read as transpose flags, so that a transposed view is never copied.
#pragma once

#include <xgrad/tensor/tensor.hpp>

namespace xg::kernels {

/// out = alpha a b + beta out; a [m, k], b [k, n], out [m, n], all of one floating dtype. Operands of any strides; those
/// that BLAS cannot read are copied first. `out` must have unit stride along one dimension.
void gemm(double alpha, const Tensor& a, const Tensor& b, double beta, Tensor& out);

/// a b for [m, k] and [k, n] of any dtype but bool; integers wrap.
Tensor matmul(const Tensor& a, const Tensor& b);

/// a_i b_i for [batch, m, k] and [batch, k, n].
Tensor batched_matmul(const Tensor& a, const Tensor& b);

/// x W^T + b; x [rows, in], weight [out, in], bias [out] or undefined.
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias);

}  // namespace xg::kernels
