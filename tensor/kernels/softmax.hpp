// Softmax as an operation on rows; losses use it too. See Note [Rows and panels].
#pragma once

#include <xgrad/tensor/kernels/panels.hpp>

namespace xg::kernels {

/// The sum of f(0), ..., f(n - 1), batches, by four accumulators.
template <class V, class F>
V column_sum(std::int64_t n, F&& f) {
  using T = typename V::value_type;
  V a(T(0)), b = a, c = a, d = a;
  std::int64_t j = 0;
  for (; j + 4 <= n; j += 4) {
    a += f(j);
    b += f(j + 1);
    c += f(j + 2);
    d += f(j + 3);
  }
  for (; j < n; ++j) a += f(j);
  return (a + b) + (c + d);
}
template <class T>
Batch<T> column_max(const T* x, std::int64_t stride, std::int64_t n) {
  using V = Batch<T>;
  V m = V::load_unaligned(x);
  for (std::int64_t j = 1; j < n; ++j) m = xsimd::max(m, V::load_unaligned(x + j * stride));
  return m;
}

/// exp(x - max) / sum; the statistics are max(x) and sum exp(x - max).
struct SoftmaxRows {
  template <class T>
  static std::array<Batch<T>, 2> columns(const std::array<const T*, 1>& in, std::int64_t stride, T* out,
                                         std::int64_t out_stride, std::int64_t n) {
    using V = Batch<T>;
    const T* x = in[0];
    const V max = column_max(x, stride, n);
    const V sum = column_sum<V>(n, [&](std::int64_t j) {
      const V e = exp_of_minus(max - V::load_unaligned(x + j * stride));
      e.store_unaligned(out + j * out_stride);
      return e;
    });
    const V inverse = V(T(1)) / sum;
    for (std::int64_t j = 0; j < n; ++j)
      (V::load_unaligned(out + j * out_stride) * inverse).store_unaligned(out + j * out_stride);
    return {max, sum};
  }
  template <class T>
  static std::array<T, 2> row(const std::array<const T*, 1>& in, T* out, std::int64_t n) {
    using V = Batch<T>;
    const T* x = in[0];
    const T max = row_max(x, n);
    const V shift(max);
    const T sum = static_cast<T>(row_sum<T>(n, [&](std::int64_t i) {
      const V e = exp_of_minus(shift - V::load_unaligned(x + i));
      e.store_unaligned(out + i);
      return e;
    }));
    const V inverse(T(1) / sum);
    row_map(out, n, [&](std::int64_t i) { return V::load_unaligned(out + i) * inverse; });
    return {max, sum};
  }
};

}  // namespace xg::kernels
