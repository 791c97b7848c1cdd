// Matrix products through BLAS. Strides are read as transpose flags, so that a transposed view is never copied.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <utility>

namespace xg::kernels {

/// A non-owning view of a matrix: what a product needs to know of a tensor. Strides are in elements.
struct Matrix {
  void* data;
  Dtype dtype;
  std::int64_t rows, cols, row_stride, col_stride;

  Matrix(void* data, Dtype dtype, std::int64_t rows, std::int64_t cols, std::int64_t row_stride,
         std::int64_t col_stride)
      : data(data), dtype(dtype), rows(rows), cols(cols), row_stride(row_stride), col_stride(col_stride) {}
  /// x has two dimensions and outlives the matrix.
  explicit Matrix(const Tensor& x)
      : data(x.impl().data),
        dtype(x.dtype()),
        rows(x.shape()[0]),
        cols(x.shape()[1]),
        row_stride(x.strides()[0]),
        col_stride(x.strides()[1]) {}
  Matrix transposed() const {
    Matrix other = *this;
    std::swap(other.rows, other.cols);
    std::swap(other.row_stride, other.col_stride);
    return other;
  }
};

/// out = a b, or out += a b; a [m, k], b [k, n], out [m, n], all of one floating dtype. Operands may have any strides;
/// those that BLAS cannot read are copied. `out` must have unit stride along one dimension.
void gemm(const Matrix& a, const Matrix& b, const Matrix& out, bool accumulate = false);

/// a b for [m, k] and [k, n] of any dtype but bool; integers wrap.
Tensor matmul(const Matrix& a, const Matrix& b);
inline Tensor matmul(const Tensor& a, const Tensor& b) { return matmul(Matrix(a), Matrix(b)); }

/// a_i b_i for [batch, m, k] and [batch, k, n].
Tensor batched_matmul(const Tensor& a, const Tensor& b);

/// x W^T + b; x [rows, in], weight [out, in], bias [out] or undefined.
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias);

}  // namespace xg::kernels
