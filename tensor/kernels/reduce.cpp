// The loops over columns and over any layout, and which of them a tensor gets: see Note [How reductions run].
#include <xgrad/tensor/kernels/along.hpp>
#include <xgrad/tensor/kernels/arithmetic.hpp>
#include <xgrad/tensor/kernels/elements.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/reduce.hpp>
#include <xgrad/tensor/kernels/runs.hpp>
#include <xgrad/tensor/kernels/tiles.hpp>
#include <xgrad/tensor/threads.hpp>

#include <algorithm>
#include <vector>

namespace xg::kernels {
namespace {

template <class T>
struct Mean : Sum<T> {
  static T finish(double a, std::int64_t n) { return static_cast<T>(a / static_cast<double>(n)); }
};

template <class T>
struct Prod {
  using In = T;
  using Lane = SumWide<T>;
  using Wide = SumWide<T>;
  using Out = SumOut<T>;
  static constexpr bool quick = false;
  static constexpr Lane identity = 1;
  static Lane load(T x) { return widened(x); }
  static Lane combine(Lane a, Lane b) { return a * b; }
  static Wide widen(Lane a) { return a; }
  static Wide join(Wide a, Wide b) { return a * b; }
  static Out finish(Wide a, std::int64_t) { return static_cast<Out>(a); }
};

/// Counts elements that are not zero; all() and any() read the count.
template <class T>
struct CountNonzero {
  using In = T;
  using Lane = std::int64_t;
  using Wide = std::int64_t;
  using Out = std::int64_t;
  static constexpr bool quick = false;
  static constexpr Lane identity = 0;
  static Lane load(T x) { return x != T(0) ? 1 : 0; }
  static Lane combine(Lane a, Lane b) { return a + b; }
  static Wide widen(Lane a) { return a; }
  static Wide join(Wide a, Wide b) { return a + b; }
  static Out finish(Wide a, std::int64_t) { return a; }
};
// --------------------------------------------------------------------------------------------------------- the loops

constexpr std::int64_t panel = 512;              // columns at a time: their accumulators stay in the first-level cache
constexpr std::int64_t column_block = 2048;      // rows that are added before the totals are joined
constexpr std::int64_t narrow = 32;              // fewer columns than this: several rows are read as one

/// Rows 0 .. Rows-1 of one column, joined as a balanced tree.
template <class R, int Rows>
typename R::Lane tree(const typename R::In* x, std::int64_t row_stride) {
  if constexpr (Rows == 1)
    return R::load(*x);
  else
    return R::combine(tree<R, Rows / 2>(x, row_stride), tree<R, Rows / 2>(x + Rows / 2 * row_stride, row_stride));
}

template <class R, int Rows>
void add_rows(const typename R::In* __restrict x, std::int64_t row_stride, std::int64_t cols,
              typename R::Wide* __restrict acc) {
  typename R::Lane lanes[panel];
  for (std::int64_t j = 0; j < cols; ++j) lanes[j] = tree<R, Rows>(x + j, row_stride);
  for (std::int64_t j = 0; j < cols; ++j) acc[j] = R::join(acc[j], R::widen(lanes[j]));
}

/// acc[j] joins column j, for at most `panel` columns.
template <class R>
[[gnu::noinline]] void add_columns(const typename R::In* x, std::int64_t rows, std::int64_t row_stride,
                                   std::int64_t cols, typename R::Wide* acc) {
  if (rows > column_block) {
    typename R::Wide block[panel];
    for (std::int64_t i = 0; i < rows; i += column_block) {
      std::fill(block, block + cols, R::widen(R::identity));
      add_columns<R>(x + i * row_stride, std::min(column_block, rows - i), row_stride, cols, block);
      for (std::int64_t j = 0; j < cols; ++j) acc[j] = R::join(acc[j], block[j]);
    }
    return;
  }
  std::int64_t left = rows;
  if constexpr (R::quick) {
    for (; left >= 16; left -= 16, x += 16 * row_stride) add_rows<R, 16>(x, row_stride, cols, acc);
    for (; left >= 4; left -= 4, x += 4 * row_stride) add_rows<R, 4>(x, row_stride, cols, acc);
  }
  for (; left > 0; --left, x += row_stride) add_rows<R, 1>(x, row_stride, cols, acc);
}

/// The columns of a contiguous matrix.
template <class R>
void columns(const typename R::In* x, std::int64_t rows, std::int64_t cols, typename R::Out* out) {
  const typename R::Wide identity = R::widen(R::identity);
  if (cols < narrow && rows >= 4) {
    typename R::Wide acc[panel];
    std::int64_t together = 4;  // rows read as one
    while (together * cols < narrow && together * 2 <= rows) together *= 2;
    const std::int64_t wide = together * cols, wide_rows = rows / together;
    std::fill(acc, acc + wide, identity);
    add_columns<R>(x, wide_rows, wide, wide, acc);
    for (std::int64_t half = wide / 2; half >= cols; half /= 2)
      for (std::int64_t j = 0; j < half; ++j) acc[j] = R::join(acc[j], acc[j + half]);
    add_columns<R>(x + wide_rows * wide, rows - wide_rows * together, cols, cols, acc);
    for (std::int64_t j = 0; j < cols; ++j) out[j] = R::finish(acc[j], rows);
    return;
  }
  const auto some = [&](std::int64_t begin, std::int64_t end) {
    typename R::Wide sums[panel];
    for (; begin < end; begin += panel) {
      const std::int64_t n = std::min(panel, end - begin);
      std::fill(sums, sums + n, identity);
      add_columns<R>(x + begin, rows, cols, n, sums);
      for (std::int64_t j = 0; j < n; ++j) out[begin + j] = R::finish(sums[j], rows);
    }
  };
  if (rows * cols < 2 * tile_elements) return some(0, cols);
  xg::detail::parallel_ranges(cols, std::max<std::int64_t>(64, tile_elements / rows / 64 * 64), some);
}

/// One long run in tiles.
template <class R>
typename R::Wide run_in_tiles(const typename R::In* x, std::int64_t n) {
  return join_tiles(
      n, tile_elements, R::widen(R::identity),
      [&](std::int64_t begin, std::int64_t end) { return run<R>(x + begin, end - begin); },
      [](const typename R::Wide& a, const typename R::Wide& b) { return R::join(a, b); });
}

// -------------------------------------------------------------------------------------------------- shapes and plans

/// Bit d is set for each dimension d to reduce.
unsigned mask_of(const Shape& shape, const Shape& dims) {
  unsigned mask = 0;
  if (!shape.empty())
    for (const std::int64_t d : dims) mask |= 1u << d;
  return mask;
}

Shape shape_without(const Shape& shape, unsigned mask, bool keepdim) {
  Shape out;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if ((mask >> i & 1) == 0)
      out.push_back(shape[i]);
    else if (keepdim)
      out.push_back(1);
  }
  return out;
}

/// The kept dimensions, with the strides of the (contiguous) output and of x, and the reduced ones; each sorted by the
/// strides of x and merged.
struct ReducePlan {
  RowPlan<2> kept;     // out, x
  RowPlan<1> reduced;  // x

  ReducePlan(const Shape& shape, const Shape& strides, unsigned mask)
      : kept(part(shape, strides, mask, false)), reduced(reduced_part(part(shape, strides, mask, true))) {}

 private:
  struct Dim {
    std::int64_t size, out_stride, stride;
  };
  static RowPlan<2> part(const Shape& shape, const Shape& strides, unsigned mask, bool wanted) {
    Dim dims[max_dims];
    std::size_t count = 0;
    std::int64_t out_stride = 1;
    for (std::size_t i = shape.size(); i-- > 0;) {
      if (((mask >> i & 1) != 0) != wanted) continue;
      dims[count++] = {shape[i], out_stride, strides[i]};
      out_stride *= shape[i];
    }
    std::reverse(dims, dims + count);
    std::stable_sort(dims, dims + count, [](const Dim& a, const Dim& b) { return a.stride > b.stride; });
    Shape sizes, out, in;
    for (std::size_t i = 0; i < count; ++i) {
      sizes.push_back(dims[i].size);
      out.push_back(dims[i].out_stride);
      in.push_back(dims[i].stride);
    }
    return RowPlan<2>(sizes, {out, in});
  }
  static RowPlan<1> reduced_part(const RowPlan<2>& plan) { return RowPlan<1>(plan.shape, {plan.strides[1]}); }
};

/// A reduction of one dtype with its types erased; accumulators lie side by side, 8 bytes or less each.
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

template <class R>
constexpr Loops loops_of() {
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

void reduce_any_layout(const Loops& loops, const void* x, const ReducePlan& plan, std::int64_t n, void* out) {
  const std::int64_t kept = plan.kept.row_length(), out_stride = plan.kept.strides[0].back(),
                     kept_stride = plan.kept.strides[1].back();
  const std::int64_t length = plan.reduced.row_length(), stride = plan.reduced.strides[0].back();
  const bool by_columns = kept_stride == 1 && kept >= 4 && stride != 1;
  const std::int64_t together = by_columns ? panel : 1;
  alignas(64) char acc[panel * 8];
  plan.kept.for_each_row([&](const std::array<std::int64_t, 2>& at) {
    for (std::int64_t j = 0; j < kept; j += together) {
      const std::int64_t count = std::min(together, kept - j);
      loops.start(count, acc);
      plan.reduced.for_each_row([&](const std::array<std::int64_t, 1>& inner) {
        const std::int64_t from = at[1] + j * kept_stride + inner[0];
        if (by_columns)
          loops.add_columns(x, from, length, stride, count, acc);
        else
          loops.add_run(x, from, length, stride, acc);
      });
      loops.finish(acc, count, n, out, at[0] + j * out_stride, out_stride);
    }
  });
}

/// Does every kept dimension lie before every reduced one?
bool reduces_last(unsigned kept, unsigned mask) {
  return kept < (mask & (~mask + 1));
}
/// Does every reduced dimension lie before every kept one?
bool reduces_first(unsigned kept, unsigned mask) {
  return mask < (kept & (~kept + 1));
}

Tensor reduce(const Loops& loops, const Tensor& x, const Shape& dims, bool keepdim) {
  const Shape& shape = x.shape();
  const unsigned mask = mask_of(shape, dims), kept = ((1u << shape.size()) - 1) & ~mask;
  Tensor result = empty(shape_without(shape, mask, keepdim), loops.out);
  const std::int64_t count = result.numel();
  if (count == 0) return result;
  const void* in = x.impl().data;
  void* out = result.impl().data;
  const std::int64_t n = x.numel() / count;
  if (n == 0 || (x.is_contiguous() && (count == 1 || reduces_last(kept, mask))))
    loops.rows(in, count, n, out);
  else if (x.is_contiguous() && reduces_first(kept, mask))
    loops.columns(in, n, count, out);
  else
    reduce_any_layout(loops, in, ReducePlan(shape, x.strides(), mask), n, out);
  return result;
}

template <template <class> class R>
constexpr Loops all_dtypes[] = {loops_of<R<bool>>(),         loops_of<R<std::uint8_t>>(), loops_of<R<std::int32_t>>(),
                                loops_of<R<std::int64_t>>(), loops_of<R<float>>(),        loops_of<R<double>>()};

template <template <class> class R>
Tensor reduce(const Tensor& x, const Shape& dims, bool keepdim) {
  return reduce(all_dtypes<R>[static_cast<std::size_t>(x.dtype())], x, dims, keepdim);
}

template <class F>
Tensor counts_to_bool(const Tensor& count, F&& f) {
  Tensor result = empty(count.shape(), Dtype::bool_);
  std::transform(elements<std::int64_t>(count), elements<std::int64_t>(count) + count.numel(), elements<bool>(result),
                 f);
  return result;
}

template <class T>
using Largest = Extreme<T, true>;
template <class T>
using Smallest = Extreme<T, false>;

// ------------------------------------------------------------------------------------------------- along one dimension

template <class T, bool Largest>
std::int64_t arg_run(const T* x, std::int64_t n) {
  const T best = run<Extreme<T, Largest>>(x, n);
  if constexpr (is_real<T>)
    if (best != best) return std::find_if(x, x + n, [](T v) { return v != v; }) - x;
  return std::find(x, x + n, best) - x;
}

/// Many runs abreast: `kept` of them, each of n elements.
struct Abreast {
  std::int64_t kept, kept_stride, n, stride, out_stride;
};

template <class T, bool Largest>
void arg_abreast(const void* x, std::int64_t at, const Abreast& runs, std::int64_t* out) {
  const T* in = static_cast<const T*>(x) + at;
  if (runs.stride == 1) {
    for (std::int64_t j = 0; j < runs.kept; ++j)
      out[j * runs.out_stride] = arg_run<T, Largest>(in + j * runs.kept_stride, runs.n);
    return;
  }
  T best[panel];
  std::int64_t where[panel];
  for (std::int64_t begin = 0; begin < runs.kept; begin += panel) {
    const std::int64_t cols = std::min(panel, runs.kept - begin);
    const T* row = in + begin * runs.kept_stride;
    for (std::int64_t j = 0; j < cols; ++j) best[j] = row[j * runs.kept_stride], where[j] = 0;
    for (std::int64_t i = 1; i < runs.n; ++i) {
      row += runs.stride;
      for (std::int64_t j = 0; j < cols; ++j) {
        const T value = row[j * runs.kept_stride];
        bool better = Largest ? value > best[j] : value < best[j];
        if constexpr (is_real<T>) better |= (value != value) & (best[j] == best[j]);
        best[j] = better ? value : best[j];
        where[j] = better ? i : where[j];
      }
    }
    for (std::int64_t j = 0; j < cols; ++j) out[(begin + j) * runs.out_stride] = where[j];
  }
}

template <bool Largest>
Tensor arg_extreme(const Tensor& x, std::int64_t dim, bool keepdim) {
  Tensor result = empty(reduced_shape(x.shape(), Shape{dim}, keepdim), Dtype::int64);
  if (result.numel() == 0) return result;
  const AlongDim along(x, dim, row_major_strides(reduced_shape(x.shape(), Shape{dim}, true)));
  const RowPlan<2>& outer = along.outer;
  const Abreast runs{outer.row_length(), outer.strides[1].back(), along.n, along.stride, outer.strides[0].back()};
  std::int64_t* out = elements<std::int64_t>(result);
  const auto loop = dispatch(x.dtype(), []<class T>() { return &arg_abreast<T, Largest>; });
  outer.for_each_row([&](const std::array<std::int64_t, 2>& at) { loop(x.impl().data, at[1], runs, out + at[0]); });
  return result;
}

/// out[i] = x[0] op ... op x[i] along each run. Along the last dimension row by row, else many columns abreast.
template <class R>
void scan_abreast(const void* x, std::int64_t from, const Abreast& runs, void* out, std::int64_t to,
                  std::int64_t step) {
  const auto* in = static_cast<const typename R::In*>(x) + from;
  auto* target = static_cast<typename R::Out*>(out) + to;
  const std::int64_t together = step == 1 ? 1 : panel;
  typename R::Wide acc[panel];
  for (std::int64_t begin = 0; begin < runs.kept; begin += together) {
    const std::int64_t cols = std::min(together, runs.kept - begin);
    std::fill(acc, acc + cols, R::widen(R::identity));
    for (std::int64_t i = 0; i < runs.n; ++i)
      for (std::int64_t j = 0; j < cols; ++j) {
        acc[j] = R::join(acc[j], R::widen(R::load(in[i * runs.stride + (begin + j) * runs.kept_stride])));
        target[i * step + (begin + j) * runs.out_stride] = R::finish(acc[j], i + 1);
      }
  }
}

template <template <class> class R>
Tensor scan(const Tensor& x, std::int64_t dim) {
  Tensor result = empty(x.shape(), is_floating(x.dtype()) ? x.dtype() : Dtype::int64);
  if (result.numel() == 0) return result;
  const AlongDim along(x, dim, result.strides());
  const RowPlan<2>& outer = along.outer;
  const Abreast runs{outer.row_length(), outer.strides[1].back(), along.n, along.stride, outer.strides[0].back()};
  const auto loop = dispatch(x.dtype(), []<class T>() { return &scan_abreast<R<T>>; });
  outer.for_each_row([&](const std::array<std::int64_t, 2>& at) {
    loop(x.impl().data, at[1], runs, result.impl().data, at[0], along.out_stride);
  });
  return result;
}

// -----------------------------------------------------------------------------------------------------------
// deviations

/// Sums of d = x - mean and of d^2, in float64.
struct Moments {
  double first = 0, second = 0;
  void add(double d) { first += d, second += d * d; }
  double deviation(std::int64_t n) const {
    const double sum = second - first * first / static_cast<double>(n);
    return sum < 0 ? 0 : sum;
  }
};

template <class T>
T run_deviation(const T* x, std::int64_t n, double mean) {
  constexpr std::int64_t lanes = 32;  // enough for the sums of all to be vectors
  double first[lanes] = {}, second[lanes] = {};
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes)
    for (std::int64_t k = 0; k < lanes; ++k) {
      const double d = static_cast<double>(x[i + k]) - mean;
      first[k] += d;
      second[k] += d * d;
    }
  Moments total;
  for (; i < n; ++i) total.add(static_cast<double>(x[i]) - mean);
  for (std::int64_t k = 0; k < lanes; ++k) total.first += first[k], total.second += second[k];
  return static_cast<T>(total.deviation(n));
}

template <class T>
void column_deviations(const T* x, std::int64_t rows, std::int64_t cols, const T* mean, T* out) {
  double first[panel], second[panel];
  for (std::int64_t begin = 0; begin < cols; begin += panel) {
    const std::int64_t count = std::min(panel, cols - begin);
    std::fill(first, first + count, 0.0);
    std::fill(second, second + count, 0.0);
    for (std::int64_t i = 0; i < rows; ++i) {
      const T* row = x + i * cols + begin;
      for (std::int64_t j = 0; j < count; ++j) {
        const double d = static_cast<double>(row[j]) - static_cast<double>(mean[begin + j]);
        first[j] += d;
        second[j] += d * d;
      }
    }
    for (std::int64_t j = 0; j < count; ++j)
      out[begin + j] = static_cast<T>(Moments{first[j], second[j]}.deviation(rows));
  }
}

}  // namespace

// ------------------------------------------------------------------------------------------------------------
// interface

Shape reduced_shape(const Shape& shape, const Shape& dims, bool keepdim) {
  return shape_without(shape, mask_of(shape, dims), keepdim);
}

Tensor sum(const Tensor& x, const Shape& dims, bool keepdim) {
  return reduce<Sum>(x, dims, keepdim);
}

Tensor mean(const Tensor& x, const Shape& dims, bool keepdim) {
  static constexpr Loops loops[] = {loops_of<Mean<float>>(), loops_of<Mean<double>>()};
  return reduce(loops[x.dtype() == Dtype::float64], x, dims, keepdim);
}

Tensor prod(const Tensor& x, const Shape& dims, bool keepdim) {
  return reduce<Prod>(x, dims, keepdim);
}

Tensor amax(const Tensor& x, const Shape& dims, bool keepdim) {
  return reduce<Largest>(x, dims, keepdim);
}

Tensor amin(const Tensor& x, const Shape& dims, bool keepdim) {
  return reduce<Smallest>(x, dims, keepdim);
}

Tensor all(const Tensor& x, const Shape& dims, bool keepdim) {
  const Tensor count = count_nonzero(x, dims, keepdim);
  const std::int64_t n = x.numel() / std::max<std::int64_t>(count.numel(), 1);
  return counts_to_bool(count, [n](std::int64_t c) { return c == n; });
}

Tensor any(const Tensor& x, const Shape& dims, bool keepdim) {
  return counts_to_bool(count_nonzero(x, dims, keepdim), [](std::int64_t c) { return c != 0; });
}

Tensor count_nonzero(const Tensor& x, const Shape& dims, bool keepdim) {
  return reduce<CountNonzero>(x, dims, keepdim);
}

Tensor argmax(const Tensor& x, std::int64_t dim, bool keepdim) {
  return arg_extreme<true>(x, dim, keepdim);
}

Tensor argmin(const Tensor& x, std::int64_t dim, bool keepdim) {
  return arg_extreme<false>(x, dim, keepdim);
}

Tensor sum_squared_deviation(const Tensor& x, const Tensor& mean_keepdim, const Shape& dims, bool keepdim) {
  const unsigned mask = mask_of(x.shape(), dims);
  const unsigned kept = ((1u << x.shape().size()) - 1) & ~mask;
  const bool rows = kept == 0 || reduces_last(kept, mask);
  if (x.numel() == 0 || !x.is_contiguous() || !(rows || reduces_first(kept, mask))) {
    const Tensor d = sub(x, mean_keepdim);
    const Tensor first = sum(d, dims, keepdim), second = sum(square(d), dims, keepdim);
    const auto n = static_cast<double>(x.numel()) / static_cast<double>(std::max<std::int64_t>(first.numel(), 1));
    if (n == 0) return second;
    return clamp(sub(second, affine(square(first), 1 / n)), 0, std::numeric_limits<double>::infinity());
  }
  Tensor result = empty(shape_without(x.shape(), mask, keepdim), x.dtype());
  const Tensor centers = contiguous(mean_keepdim);
  const std::int64_t count = result.numel(), n = x.numel() / count;
  dispatch_floating(x.dtype(), [&]<class T>() {
    const T* in = elements<T>(x);
    const T* center = elements<T>(centers);
    T* out = elements<T>(result);
    if (rows)
      for (std::int64_t i = 0; i < count; ++i) out[i] = run_deviation(in + i * n, n, static_cast<double>(center[i]));
    else
      column_deviations(in, n, count, center, out);
  });
  return result;
}

Tensor cumsum(const Tensor& x, std::int64_t dim) {
  return scan<Sum>(x, dim);
}

Tensor cumprod(const Tensor& x, std::int64_t dim) {
  return scan<Prod>(x, dim);
}

}  // namespace xg::kernels
