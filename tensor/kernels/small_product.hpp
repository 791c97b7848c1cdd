// Matrix products so small that the overhead of BLAS matters: register tiles computed directly from the operands'
// memory, without packing unless a transposition requires it.
#pragma once

#include <xgrad/tensor/export.hpp>

#include <cstdint>

namespace xg::kernels {

/// c[i, j] = start[i, j] + sum_l a[i, l] b[l, j], strides in elements; c does not overlap a or b.
template <class T> struct SmallProduct {
  std::int64_t m, n, k;
  const T* a;
  std::int64_t a_row, a_col;
  const T* b;
  std::int64_t b_row, b_col;
  T* c;
  std::int64_t c_row;       ///< rows of c are contiguous
  const T* bias = nullptr;  ///< start: n contiguous values for every row; none: 0
  bool accumulate = false;  ///< start: c itself; bias is null then
};

/// Whether small_product is faster than BLAS for these sizes, as measured by benchmarks/matmul.
bool is_small_product(std::int64_t m, std::int64_t n, std::int64_t k);

/// Each element is a chain of fused multiply-adds over l, in pieces of 256 whose sums are added in float64. Its bits do
/// not depend on m or n, except where one of them is 1.
template <class T> XG_API void small_product(const SmallProduct<T>& p);
extern template void small_product(const SmallProduct<float>&);
extern template void small_product(const SmallProduct<double>&);

}  // namespace xg::kernels
