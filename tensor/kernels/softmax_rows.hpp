// Softmax as an operation on rows; losses use it too. See Note [Row blocks].
#pragma once

#include <xgrad/tensor/kernels/row_blocks.hpp>

#include <array>

namespace xg::kernels {

/// The sum of f(0), ..., f(n - 1), batches, by two accumulators.
template <class V, class F> [[gnu::always_inline]] inline V column_sum(std::int64_t n, const F& f) {
  V a(0), b(0);
  std::int64_t j = 0;
  for (; j + 2 <= n; j += 2) {
    a += f(j);
    b += f(j + 1);
  }
  if (j < n) a += f(j);
  return a + b;
}

/// What the exponentials of a row (or of one per lane) need to know.
template <class V> struct Shift {
  V max;
  bool plain;  // is max - x so small everywhere that its exponential needs no care?
};
template <class T> Shift<Batch<T>> column_shift(const T* x, std::int64_t stride, std::int64_t n) {
  using V = Batch<T>;
  V max = V::load_unaligned(x), min = max;
  for (std::int64_t j = 1; j < n; ++j) {
    const V v = V::load_unaligned(x + j * stride);
    max = xsimd::max(max, v);
    min = xsimd::min(min, v);
  }
  return {max, is_plain(max - min)};
}
template <class T> Shift<Batch<T>> row_shift(const T* x, std::int64_t n) {
  using V = Batch<T>;
  constexpr auto width = static_cast<std::int64_t>(V::size);
  V max = V::load_unaligned(x + n - width), min = max;
  for (std::int64_t i = 0; i + width <= n; i += width) {
    const V v = V::load_unaligned(x + i);
    max = xsimd::max(max, v);
    min = xsimd::min(min, v);
  }
  const T largest = join_lanes<T>(max, [](T p, T q) { return p > q ? p : q; });
  return {V(largest), is_plain(V(largest) - min)};
}
/// Calls f(exponential of -a), with as little care as needed.
template <class V, class F> [[gnu::always_inline]] inline auto with_exponential(const Shift<V>& shift, F&& f) {
  return shift.plain ? f([](const V& a) { return exp_of_minus<Care::none>(a); })
                     : f([](const V& a) { return exp_of_minus(a); });
}

/// exp(x - max) / sum; the statistics are max(x) and sum exp(x - max).
struct SoftmaxRows {
  template <class T> static std::array<Batch<T>, 2> columns(const std::array<const T*, 1>& in, std::int64_t stride,
                                                            T* out, std::int64_t out_stride, std::int64_t n) {
    using V = Batch<T>;
    const T* x = in[0];
    const Shift<V> shift = column_shift(x, stride, n);
    const V max = shift.max;
    const V sum = with_exponential(shift, [&](auto exponential) {
      return column_sum<V>(n, [=](std::int64_t j) {
        const V e = exponential(max - V::load_unaligned(x + j * stride));
        e.store_unaligned(out + j * out_stride);
        return e;
      });
    });
    const V inverse = V(T(1)) / sum;
    for (std::int64_t j = 0; j < n; ++j)
      (V::load_unaligned(out + j * out_stride) * inverse).store_unaligned(out + j * out_stride);
    return {max, sum};
  }
  template <class T> static std::array<T, 2> row(const std::array<const T*, 1>& in, T* out, std::int64_t n) {
    using V = Batch<T>;
    const T* x = in[0];
    const Shift<V> shift = row_shift(x, n);
    const V max = shift.max;
    const T sum = static_cast<T>(with_exponential(shift, [&](auto exponential) {
      return row_sum<T>(n, [=](std::int64_t i) {
        const V e = exponential(max - V::load_unaligned(x + i));
        e.store_unaligned(out + i);
        return e;
      });
    }));
    const V inverse(T(1) / sum);
    row_map(out, n, [&](std::int64_t i) { return V::load_unaligned(out + i) * inverse; });
    return {max.get(0), sum};
  }
};

}  // namespace xg::kernels
