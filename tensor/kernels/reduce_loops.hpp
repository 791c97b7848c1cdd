// Makes the loops of a reducer, over columns and over any layout: see Note [How reductions run].
#pragma once

#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/runs.hpp>
#include <xgrad/tensor/kernels/tiles.hpp>
#include <xgrad/tensor/threads.hpp>

#include <algorithm>
#include <array>

namespace xg::kernels {

inline constexpr std::int64_t column_group = 512;  // columns at a time: their accumulators fit in the first-level cache
inline constexpr std::int64_t column_block = 2048;  // rows that are added before the totals are joined
inline constexpr std::int64_t narrow = 32;          // fewer columns than this: several rows are read as one

/// Rows 0 .. Rows-1 of one column, joined as a balanced tree.
template <class R, int Rows> typename R::Lane tree(const typename R::In* x, std::int64_t row_stride) {
  if constexpr (Rows == 1)
    return R::load(*x);
  else
    return R::combine(tree<R, Rows / 2>(x, row_stride), tree<R, Rows / 2>(x + Rows / 2 * row_stride, row_stride));
}

template <class R, int Rows> void add_rows(const typename R::In* __restrict x, std::int64_t row_stride,
                                           std::int64_t cols, typename R::Wide* __restrict acc) {
  typename R::Lane lanes[column_group];
  for (std::int64_t j = 0; j < cols; ++j) lanes[j] = tree<R, Rows>(x + j, row_stride);
  for (std::int64_t j = 0; j < cols; ++j) acc[j] = R::join(acc[j], R::widen(lanes[j]));
}

/// Adds column j to acc[j], for at most `column_group` columns.
template <class R> [[gnu::noinline]] void add_columns(const typename R::In* x, std::int64_t rows,
                                                      std::int64_t row_stride, std::int64_t cols,
                                                      typename R::Wide* acc) {
  if (rows > column_block) {
    typename R::Wide block[column_group];
    for (std::int64_t i = 0; i < rows; i += column_block) {
      std::fill(block, block + cols, R::widen(R::identity));
      add_columns<R>(x + i * row_stride, std::min(column_block, rows - i), row_stride, cols, block);
      for (std::int64_t j = 0; j < cols; ++j) acc[j] = R::join(acc[j], block[j]);
    }
    return;
  }
  std::int64_t remaining = rows;
  if constexpr (R::vectorizes) {
    for (; remaining >= 16; remaining -= 16, x += 16 * row_stride) add_rows<R, 16>(x, row_stride, cols, acc);
    for (; remaining >= 4; remaining -= 4, x += 4 * row_stride) add_rows<R, 4>(x, row_stride, cols, acc);
  }
  for (; remaining > 0; --remaining, x += row_stride) add_rows<R, 1>(x, row_stride, cols, acc);
}

/// Reduces the columns of a contiguous matrix.
template <class R> void columns(const typename R::In* x, std::int64_t rows, std::int64_t cols, typename R::Out* out) {
  const typename R::Wide identity = R::widen(R::identity);
  if (cols < narrow && rows >= 4) {
    typename R::Wide acc[column_group];
    std::int64_t rows_at_once = 4;  // rows read as one
    while (rows_at_once * cols < narrow && rows_at_once * 2 <= rows) rows_at_once *= 2;
    const std::int64_t wide_cols = rows_at_once * cols, wide_rows = rows / rows_at_once;
    std::fill(acc, acc + wide_cols, identity);
    add_columns<R>(x, wide_rows, wide_cols, wide_cols, acc);
    for (std::int64_t half = wide_cols / 2; half >= cols; half /= 2)
      for (std::int64_t j = 0; j < half; ++j) acc[j] = R::join(acc[j], acc[j + half]);
    add_columns<R>(x + wide_rows * wide_cols, rows - wide_rows * rows_at_once, cols, cols, acc);
    for (std::int64_t j = 0; j < cols; ++j) out[j] = R::finish(acc[j], rows);
    return;
  }
  const auto some = [&](std::int64_t begin, std::int64_t end) {
    typename R::Wide sums[column_group];
    for (; begin < end; begin += column_group) {
      const std::int64_t n = std::min(column_group, end - begin);
      std::fill(sums, sums + n, identity);
      add_columns<R>(x + begin, rows, cols, n, sums);
      for (std::int64_t j = 0; j < n; ++j) out[begin + j] = R::finish(sums[j], rows);
    }
  };
  if (rows * cols < 2 * tile_elements) return some(0, cols);
  xg::detail::parallel_ranges(cols, std::max<std::int64_t>(64, tile_elements / rows / 64 * 64), some);
}

/// Reduces one long run in parallel tiles.
template <class R> typename R::Wide run_in_tiles(const typename R::In* x, std::int64_t n) {
  return join_tiles(
      n, tile_elements, R::widen(R::identity),
      [&](std::int64_t begin, std::int64_t end) { return run<R>(x + begin, end - begin); },
      [](const typename R::Wide& a, const typename R::Wide& b) { return R::join(a, b); });
}

/// A type-erased reduction of one dtype; accumulators are contiguous, with at most 8 bytes each.
struct Loops {
  Dtype out;
  void (*rows)(const void* x, std::int64_t rows, std::int64_t n, void* out);
  void (*columns)(const void* x, std::int64_t rows, std::int64_t cols, void* out);
  void (*start)(std::int64_t count, void* acc);
  void (*add_run)(const void* x, std::int64_t at, std::int64_t n, std::int64_t stride, void* acc);
  void (*add_columns)(const void* x, std::int64_t at, std::int64_t rows, std::int64_t row_stride, std::int64_t cols,
                      void* acc);
  void (*finish)(const void* acc, std::int64_t count, std::int64_t n, void* out, std::int64_t at, std::int64_t stride);
};

template <class R> constexpr Loops loops_of() {
  using In = typename R::In;
  using Wide = typename R::Wide;
  using Out = typename R::Out;
  return {dtype_of<Out>,
          [](const void* x, std::int64_t rows, std::int64_t n, void* out) {
            if (rows == 1 && n >= 2 * tile_elements) {
              *static_cast<Out*>(out) = R::finish(run_in_tiles<R>(static_cast<const In*>(x), n), n);
              return;
            }
            const auto some = [&](std::int64_t begin, std::int64_t end) {
              for (std::int64_t i = begin; i < end; ++i)
                static_cast<Out*>(out)[i] = R::finish(run<R>(static_cast<const In*>(x) + i * n, n), n);
            };
            if (rows * n < 2 * tile_elements) return some(0, rows);
            xg::detail::parallel_ranges(rows, std::max<std::int64_t>(1, tile_elements / n), some);
          },
          [](const void* x, std::int64_t rows, std::int64_t cols, void* out) {
            columns<R>(static_cast<const In*>(x), rows, cols, static_cast<Out*>(out));
          },
          [](std::int64_t count, void* acc) {
            std::fill(static_cast<Wide*>(acc), static_cast<Wide*>(acc) + count, R::widen(R::identity));
          },
          [](const void* x, std::int64_t at, std::int64_t n, std::int64_t stride, void* acc) {
            const In* from = static_cast<const In*>(x) + at;
            Wide& total = *static_cast<Wide*>(acc);
            total = R::join(total, stride == 1 ? run<R>(from, n) : strided<R>(from, n, stride));
          },
          [](const void* x, std::int64_t at, std::int64_t rows, std::int64_t row_stride, std::int64_t cols, void* acc) {
            add_columns<R>(static_cast<const In*>(x) + at, rows, row_stride, cols, static_cast<Wide*>(acc));
          },
          [](const void* acc, std::int64_t count, std::int64_t n, void* out, std::int64_t at, std::int64_t stride) {
            for (std::int64_t j = 0; j < count; ++j)
              static_cast<Out*>(out)[at + j * stride] = R::finish(static_cast<const Wide*>(acc)[j], n);
          }};
}

/// Reduces `dims` of x with the loops of its dtype.
Tensor reduce(const Loops& loops, const Tensor& x, const Shape& dims, bool keepdim);

/// The loops of the reducer R for each dtype; a reducer with floating_only has none for the others.
template <template <class> class R> inline constexpr std::array<Loops, 6> loops_by_dtype = [] {
  std::array<Loops, 6> loops{};
  if constexpr (!requires { R<float>::floating_only; })
    loops = {loops_of<R<bool>>(), loops_of<R<std::uint8_t>>(), loops_of<R<std::int32_t>>(),
             loops_of<R<std::int64_t>>()};
  loops[4] = loops_of<R<float>>();
  loops[5] = loops_of<R<double>>();
  return loops;
}();

/// Reduces `dims` of x with the reducer R<T> of its dtype.
template <template <class> class R> Tensor reduce(const Tensor& x, const Shape& dims, bool keepdim) {
  return reduce(loops_by_dtype<R>[static_cast<std::size_t>(x.dtype())], x, dims, keepdim);
}

}  // namespace xg::kernels
