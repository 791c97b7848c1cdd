// Loops over whole rows (softmax, standardization). Note [Row blocks]
// A long row is processed vector by vector, with sums over lanes at its end. Short rows are processed in row blocks of
// as many rows as a vector has lanes, one row per lane, which are read through a transposition; along a dimension other
// than the last no transposition is needed. Lanes are never combined, so a row's bits do not depend on the other rows.
#pragma once

#include <xgrad/tensor/kernels/lanes.hpp>
#include <xgrad/tensor/kernels/math.hpp>
#include <xgrad/tensor/kernels/tiles.hpp>
#include <xgrad/tensor/kernels/transpose.hpp>
#include <xgrad/tensor/threads.hpp>

#include <algorithm>
#include <array>
#include <cstdint>

namespace xg::kernels {

inline constexpr std::int64_t short_row = 32;  // rows of at most this length form row blocks

/// The number of rows per tile: a multiple of the lanes of any batch.
inline std::int64_t row_tile(std::int64_t n) {
  return std::max<std::int64_t>(tile_elements / std::max<std::int64_t>(n, 1) / 16 * 16, 16);
}

/// The sum of n terms, at least one batch, where f(i) is the batch that begins at i.
template <class T, class F> [[gnu::always_inline]] inline double row_sum(std::int64_t n, const F& f) {
  using V = Batch<T>;
  constexpr auto width = static_cast<std::int64_t>(V::size);
  constexpr std::int64_t block = 64 * width;  // after this many terms the lanes are added to a float64 total
  const std::int64_t whole = n / width * width;
  double total = 0;
  std::int64_t i = 0;
  while (i < whole) {
    const std::int64_t stop = std::min(whole, i + block);
    V a(T(0)), b(T(0));
    for (; i + 2 * width <= stop; i += 2 * width) {
      a += f(i);
      b += f(i + width);
    }
    if (i < stop) {
      a += f(i);
      i += width;
    }
    total += static_cast<double>(lane_sum<T>(a + b));
  }
  if (whole < n) {  // the last batch overlaps the one before: only its last lanes count
    alignas(64) T lanes[V::size];
    f(n - width).store_aligned(lanes);
    T tail = 0;
    for (std::int64_t k = width - (n - whole); k < width; ++k) tail += lanes[k];
    total += static_cast<double>(tail);
  }
  return total;
}

/// out[i] = f(i) for a row of at least one batch, where f(i) is the batch that begins at i; f may read the old values
/// of `out`.
template <class T, class F> [[gnu::always_inline]] inline void row_map(T* out, std::int64_t n, const F& f) {
  using V = Batch<T>;
  constexpr auto width = static_cast<std::int64_t>(V::size);
  const std::int64_t whole = n / width * width;
  V last;
  if (whole < n) last = f(n - width);
  for (std::int64_t i = 0; i < whole; i += width) f(i).store_unaligned(out + i);
  if (whole < n) last.store_unaligned(out + n - width);
}

// An operation on rows is a struct with the functions
//   columns(in, stride, out, out_stride, n)  for a row block, element j of all rows at j * stride; `out` may be in[0]
//   row(in, out, n)                          for one row of at least a batch
//   at(row, count)                           optional: called first, with the number of the first row
// `in` is an array of pointers. The first two return two statistics of the row (batches or numbers).

/// Where to store the statistics of rows; null pointers are skipped.
template <class T> using RowStatistics = std::array<T*, 2>;

/// Applies Op to `rows` rows of n > 0 elements. out may be null where Op has no output.
///
/// `given` is copied because `at` modifies it. It is not passed by value, because ops hold batches and clang 14 with
/// AddressSanitizer does not align arguments to the 64 bytes that AVX-512 needs.
template <class T, std::size_t K, class Op>
void each_row(const Op& given, std::int64_t rows, std::int64_t n, const std::array<const T*, K>& in, T* out,
              const RowStatistics<T>& statistics = {}, std::int64_t first = 0) {
  Op op = given;
  const auto start = [&](std::int64_t row, std::int64_t count) {
    if constexpr (requires { op.at(row, count); }) op.at(first + row, count);
  };
  using V = Batch<T>;
  constexpr auto width = static_cast<std::int64_t>(V::size);
  std::array<const T*, K> inputs;
  if (n > short_row) {
    for (std::int64_t i = 0; i < rows; ++i) {
      for (std::size_t k = 0; k < K; ++k) inputs[k] = in[k] + i * n;
      start(i, 1);
      const std::array<T, 2> values = op.row(inputs, out == nullptr ? nullptr : out + i * n, n);
      for (std::size_t k = 0; k < 2; ++k)
        if (statistics[k] != nullptr) statistics[k][i] = values[k];
    }
    return;
  }
  alignas(64) T blocks[K][static_cast<std::size_t>(short_row * width)];
  for (std::size_t k = 0; k < K; ++k) inputs[k] = blocks[k];
  for (std::int64_t begin = 0; begin < rows; begin += width) {
    const std::int64_t count = std::min(width, rows - begin);
    for (std::size_t k = 0; k < K; ++k) {
      if (count < width) std::fill(blocks[k], blocks[k] + n * width, T(0));
      transpose_into(in[k] + begin * n, n, count, n, blocks[k], width);
    }
    start(begin, count);
    const std::array<V, 2> values = op.columns(inputs, width, blocks[0], width, n);
    if (out != nullptr) transpose_into(blocks[0], width, n, count, out + begin * n, n);
    for (std::size_t k = 0; k < 2; ++k) {
      if (statistics[k] == nullptr) continue;
      if (count == width)
        values[k].store_unaligned(statistics[k] + begin);
      else
        Partial<T>(count).store(statistics[k] + begin, values[k]);
    }
  }
}

/// each_row(), by several threads for large inputs.
template <class T, std::size_t K, class Op> void each_row_parallel(const Op& op, std::int64_t rows, std::int64_t n,
                                                                   const std::array<const T*, K>& in, T* out,
                                                                   const RowStatistics<T>& statistics = {}) {
  xg::detail::parallel_ranges(rows, row_tile(n), [&](std::int64_t begin, std::int64_t end) {
    std::array<const T*, K> inputs;
    for (std::size_t k = 0; k < K; ++k) inputs[k] = in[k] + begin * n;
    RowStatistics<T> kept = statistics;
    for (T*& values : kept)
      if (values != nullptr) values += begin;
    each_row<T, K>(op, end - begin, n, inputs, out == nullptr ? nullptr : out + begin * n, kept, begin);
  });
}

/// Applies Op to the columns of inputs [n, inner], with inner at least one batch; `out` must not be an input.
template <class T, std::size_t K, class Op>
void each_column(const Op& op, std::int64_t n, std::int64_t inner, const std::array<const T*, K>& in, T* out) {
  constexpr auto width = static_cast<std::int64_t>(Batch<T>::size);
  for (std::int64_t column = 0; column < inner; column += width) {
    const std::int64_t start = std::min(column, inner - width);  // the last batch overlaps the one before
    std::array<const T*, K> inputs;
    for (std::size_t k = 0; k < K; ++k) inputs[k] = in[k] + start;
    op.columns(inputs, inner, out + start, inner, n);
  }
}

}  // namespace xg::kernels
