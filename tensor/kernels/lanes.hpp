// Joins what the lanes of a batch hold.
#pragma once

#include <xsimd/xsimd.hpp>

#include <cstddef>

namespace xg::kernels {

/// Joins numbers as a balanced tree; they are overwritten.
template <class T, std::size_t n, class F> [[gnu::always_inline]] inline T join_tree(T (&numbers)[n], F&& join) {
#pragma GCC unroll 8
  for (std::size_t half = n / 2; half > 0; half /= 2)
    for (std::size_t k = 0; k < half; ++k) numbers[k] = join(numbers[k], numbers[k + half]);
  return numbers[0];
}
template <class T, class F> T join_lanes(const xsimd::batch<T>& v, F&& join) {
  alignas(64) T lanes[xsimd::batch<T>::size];
  v.store_aligned(lanes);
  return join_tree(lanes, join);
}
/// xsimd's own function is named differently in each version.
template <class T> T lane_sum(const xsimd::batch<T>& v) {
  return join_lanes<T>(v, [](T a, T b) { return a + b; });
}

}  // namespace xg::kernels
