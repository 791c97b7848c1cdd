// Rows that are worked on as a whole (softmax, standardization). Note [Rows and panels]
// A long row is taken vector by vector, with sums over lanes at its end. Of short rows there are as many at once as a
// vector has lanes: a panel, one row per lane, is read through a transposition; a dimension that is not the last gives
// panels without one. A row's bits do not depend on which rows are beside it: lanes never meet.
#pragma once

#include <xgrad/tensor/kernels/math.hpp>
#include <xgrad/tensor/kernels/transpose.hpp>
#include <xgrad/tensor/threads.hpp>

#include <algorithm>
#include <array>
#include <cstdint>

namespace xg::kernels {

inline constexpr std::int64_t panel_columns = 32;  // longer rows are not short

/// Rows for one thread: a multiple of any batch's lanes.
inline std::int64_t row_tile(std::int64_t n) {
  return std::max<std::int64_t>((std::int64_t{1} << 16) / std::max<std::int64_t>(n, 1) / 16 * 16, 16);
}

/// All lanes joined pairwise.
template <class T, class F> T join_lanes(const Batch<T>& v, F&& join) {
  alignas(64) T lanes[Batch<T>::size];
  v.store_aligned(lanes);
  for (std::size_t half = Batch<T>::size / 2; half > 0; half /= 2)
    for (std::size_t k = 0; k < half; ++k) lanes[k] = join(lanes[k], lanes[k + half]);
  return lanes[0];
}
template <class T> T lane_sum(const Batch<T>& v) {
  return join_lanes<T>(v, [](T a, T b) { return a + b; });
}

/// The sum of n terms, at least a batch of them, of which f(i) gives the batch from i on.
template <class T, class F> [[gnu::always_inline]] inline double row_sum(std::int64_t n, const F& f) {
  using V = Batch<T>;
  constexpr auto width = static_cast<std::int64_t>(V::size);
  constexpr std::int64_t block = 64 * width;  // then the lanes join in float64
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
  if (whole < n) {  // the last batch reaches back; only its last lanes count
    alignas(64) T lanes[V::size];
    f(n - width).store_aligned(lanes);
    T rest = 0;
    for (std::int64_t k = width - (n - whole); k < width; ++k) rest += lanes[k];
    total += static_cast<double>(rest);
  }
  return total;
}

/// out[i] = f(i) for a row of at least one batch, in which f gives a batch; f may read `out`'s own old values.
template <class T, class F> [[gnu::always_inline]] inline void row_map(T* out, std::int64_t n, const F& f) {
  using V = Batch<T>;
  constexpr auto width = static_cast<std::int64_t>(V::size);
  const std::int64_t whole = n / width * width;
  V last;
  if (whole < n) last = f(n - width);
  for (std::int64_t i = 0; i < whole; i += width) f(i).store_unaligned(out + i);
  if (whole < n) last.store_unaligned(out + n - width);
}

// An operation on rows is a struct with two functions. `columns(in, stride, out, out_stride, n)` works on as many rows
// as a batch has lanes: element j of all of them lies at j * stride, and `out` may be the first of the inputs. `row(in,
// out, n)` works on one row of at least a batch. `in` is an array of pointers. Both return two statistics of the row
// (batches or numbers). Where there is a function `at(row, count)`, it is called before, with the first row's number.

/// The statistics of many rows, kept where a pointer is not null.
template <class T> using RowStatistics = std::array<T*, 2>;

/// Op on `rows` rows of n > 0 elements. out may be null where Op writes none.
///
/// `given` is copied here because `at` changes it. It is no argument by value: ops hold batches, and clang 14 with
/// AddressSanitizer does not align arguments to the 64 bytes that those of AVX-512 need.
template <class T, std::size_t K, class Op>
void each_row(const Op& given, std::int64_t rows, std::int64_t n, const std::array<const T*, K>& in, T* out,
              const RowStatistics<T>& statistics = {}, std::int64_t first = 0) {
  Op op = given;
  const auto start = [&](std::int64_t row, std::int64_t count) {
    if constexpr (requires { op.at(row, count); }) op.at(first + row, count);
  };
  using V = Batch<T>;
  constexpr auto width = static_cast<std::int64_t>(V::size);
  std::array<const T*, K> at;
  if (n > panel_columns) {
    for (std::int64_t i = 0; i < rows; ++i) {
      for (std::size_t k = 0; k < K; ++k) at[k] = in[k] + i * n;
      start(i, 1);
      const std::array<T, 2> values = op.row(at, out == nullptr ? nullptr : out + i * n, n);
      for (std::size_t k = 0; k < 2; ++k)
        if (statistics[k] != nullptr) statistics[k][i] = values[k];
    }
    return;
  }
  alignas(64) T panels[K][static_cast<std::size_t>(panel_columns * width)];
  for (std::size_t k = 0; k < K; ++k) at[k] = panels[k];
  for (std::int64_t begin = 0; begin < rows; begin += width) {
    const std::int64_t count = std::min(width, rows - begin);
    for (std::size_t k = 0; k < K; ++k) {
      if (count < width) std::fill(panels[k], panels[k] + n * width, T(0));
      transpose_into(in[k] + begin * n, n, count, n, panels[k], width);
    }
    start(begin, count);
    const std::array<V, 2> values = op.columns(at, width, panels[0], width, n);
    if (out != nullptr) transpose_into(panels[0], width, n, count, out + begin * n, n);
    for (std::size_t k = 0; k < 2; ++k) {
      if (statistics[k] == nullptr) continue;
      if (count == width)
        values[k].store_unaligned(statistics[k] + begin);
      else
        Partial<T>(count).store(statistics[k] + begin, values[k]);
    }
  }
}

/// The same, by several threads where there is much to do.
template <class T, std::size_t K, class Op> void each_row_parallel(const Op& op, std::int64_t rows, std::int64_t n,
                                                                   const std::array<const T*, K>& in, T* out,
                                                                   const RowStatistics<T>& statistics = {}) {
  xg::detail::parallel_ranges(rows, row_tile(n), [&](std::int64_t begin, std::int64_t end) {
    std::array<const T*, K> at;
    for (std::size_t k = 0; k < K; ++k) at[k] = in[k] + begin * n;
    RowStatistics<T> kept = statistics;
    for (T*& values : kept)
      if (values != nullptr) values += begin;
    each_row<T, K>(op, end - begin, n, at, out == nullptr ? nullptr : out + begin * n, kept, begin);
  });
}

/// The same for x [n, inner], of which row i is column i. inner is at least one batch; `out` is not an input.
template <class T, std::size_t K, class Op>
void each_column(const Op& op, std::int64_t n, std::int64_t inner, const std::array<const T*, K>& in, T* out) {
  constexpr auto width = static_cast<std::int64_t>(Batch<T>::size);
  for (std::int64_t column = 0; column < inner; column += width) {
    const std::int64_t start = std::min(column, inner - width);  // the last ones reach back
    std::array<const T*, K> at;
    for (std::size_t k = 0; k < K; ++k) at[k] = in[k] + start;
    op.columns(at, inner, out + start, inner, n);
  }
}

}  // namespace xg::kernels
