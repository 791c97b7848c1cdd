// Transposition in blocks of registers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace xg::kernels {

namespace detail {

template <class V, class T> V load_vector(const T* from) {
  V v;
  std::memcpy(&v, from, sizeof(V));
  return v;
}
template <class V, class T> void store_vector(T* to, const V& v) { std::memcpy(to, &v, sizeof(V)); }

// Half rows i and i + half of the block share a vector, so that the remaining shuffles stay within halves, where they
// are cheap.
template <class T> struct Block;

template <class T>
  requires(sizeof(T) == 4)
struct Block<T> {
  static constexpr std::int64_t size = 8;
  typedef T Half __attribute__((vector_size(16)));
  typedef T Whole __attribute__((vector_size(32)));

  static void transpose(const T* in, std::int64_t in_row, T* out, std::int64_t out_row) {
    for (std::int64_t j = 0; j < size; j += 4) {
      Whole r[4];
      for (std::int64_t i = 0; i < 4; ++i)
        r[i] = __builtin_shufflevector(load_vector<Half>(in + i * in_row + j),
                                       load_vector<Half>(in + (i + 4) * in_row + j), 0, 1, 2, 3, 4, 5, 6, 7);
      const Whole a = __builtin_shufflevector(r[0], r[1], 0, 8, 1, 9, 4, 12, 5, 13),
                  b = __builtin_shufflevector(r[0], r[1], 2, 10, 3, 11, 6, 14, 7, 15),
                  c = __builtin_shufflevector(r[2], r[3], 0, 8, 1, 9, 4, 12, 5, 13),
                  d = __builtin_shufflevector(r[2], r[3], 2, 10, 3, 11, 6, 14, 7, 15);
      T* to = out + j * out_row;
      store_vector(to, __builtin_shufflevector(a, c, 0, 1, 8, 9, 4, 5, 12, 13));
      store_vector(to + out_row, __builtin_shufflevector(a, c, 2, 3, 10, 11, 6, 7, 14, 15));
      store_vector(to + 2 * out_row, __builtin_shufflevector(b, d, 0, 1, 8, 9, 4, 5, 12, 13));
      store_vector(to + 3 * out_row, __builtin_shufflevector(b, d, 2, 3, 10, 11, 6, 7, 14, 15));
    }
  }
};

template <class T>
  requires(sizeof(T) == 8)
struct Block<T> {
  static constexpr std::int64_t size = 4;
  typedef T Half __attribute__((vector_size(16)));
  typedef T Whole __attribute__((vector_size(32)));

  static void transpose(const T* in, std::int64_t in_row, T* out, std::int64_t out_row) {
    for (std::int64_t j = 0; j < size; j += 2) {
      Whole r[2];
      for (std::int64_t i = 0; i < 2; ++i)
        r[i] = __builtin_shufflevector(load_vector<Half>(in + i * in_row + j),
                                       load_vector<Half>(in + (i + 2) * in_row + j), 0, 1, 2, 3);
      store_vector(out + j * out_row, __builtin_shufflevector(r[0], r[1], 0, 4, 2, 6));
      store_vector(out + (j + 1) * out_row, __builtin_shufflevector(r[0], r[1], 1, 5, 3, 7));
    }
  }
};

}  // namespace detail

/// out[j, i] = in[i, j] for a [rows, cols] matrix of 4 or 8 byte elements with contiguous rows; strides in elements.
/// The two do not overlap.
template <class T> void transpose_into(const T* in, std::int64_t in_row, std::int64_t rows, std::int64_t cols, T* out,
                                       std::int64_t out_row) {
  constexpr std::int64_t size = detail::Block<T>::size;
  if (cols < size) {
    for (std::int64_t j = 0; j < cols; ++j)
      for (std::int64_t i = 0; i < rows; ++i) out[j * out_row + i] = in[i * in_row + j];
    return;
  }
  if (rows < size) {
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t j = 0; j < cols; ++j) out[j * out_row + i] = in[i * in_row + j];
    return;
  }
  // Rows by cache lines of `out`. The last blocks overlap the ones before and write some elements again.
  constexpr std::int64_t line = 64 / static_cast<std::int64_t>(sizeof(T));
  for (std::int64_t band = 0; band < rows; band += line) {
    const std::int64_t end = std::min(band + line, rows);
    for (std::int64_t col = 0; col < cols; col += size) {
      const std::int64_t j = std::min(col, cols - size);
      for (std::int64_t row = band; row < end; row += size) {
        const std::int64_t i = std::min(row, rows - size);
        detail::Block<T>::transpose(in + i * in_row + j, in_row, out + j * out_row + i, out_row);
      }
    }
  }
}

}  // namespace xg::kernels
