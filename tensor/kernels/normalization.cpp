#include <xgrad/tensor/kernels/elements.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/normalization.hpp>
#include <xgrad/tensor/kernels/philox.hpp>
#include <xgrad/tensor/kernels/softmax_rows.hpp>
#include <xgrad/tensor/threads.hpp>

#include <algorithm>
#include <cmath>

namespace xg::kernels {
namespace {

// Note [Means in one dtype]
// Short sums are computed in the tensor's own dtype. The mean of the differences from an approximate mean corrects its
// rounding error, so results are as accurate as with sums in a wider dtype.

/// (x - mean) / sqrt(var + eps); the statistics are mean and 1 / sqrt(var + eps).
struct StandardizedRows {
  double eps;

  template <class T> std::array<Batch<T>, 2> columns(const std::array<const T*, 1>& in, std::int64_t stride, T* out,
                                                     std::int64_t out_stride, std::int64_t n) const {
    using V = Batch<T>;
    const auto at = [=](std::int64_t j) { return V::load_unaligned(in[0] + j * stride); };
    const V inverse(T(1) / static_cast<T>(n));
    const V approximate = column_sum<V>(n, at) * inverse;
    const V correction = column_sum<V>(n, [=](std::int64_t j) { return at(j) - approximate; }) * inverse;
    const V squares = column_sum<V>(n, [=](std::int64_t j) {
      const V d = (at(j) - approximate) - correction;
      return d * d;
    });
    const V scale = V(T(1)) / xsimd::sqrt(squares * inverse + V(static_cast<T>(eps)));
    for (std::int64_t j = 0; j < n; ++j)
      (((at(j) - approximate) - correction) * scale).store_unaligned(out + j * out_stride);
    return {approximate + correction, scale};
  }
  template <class T> std::array<T, 2> row(const std::array<const T*, 1>& in, T* out, std::int64_t n) const {
    using V = Batch<T>;
    const auto at = [=](std::int64_t i) { return V::load_unaligned(in[0] + i); };
    const double count = static_cast<double>(n);
    const V approximate(static_cast<T>(row_sum<T>(n, at) / count));
    const V correction(static_cast<T>(row_sum<T>(n, [=](std::int64_t i) { return at(i) - approximate; }) / count));
    const double squares = row_sum<T>(n, [=](std::int64_t i) {
      const V d = (at(i) - approximate) - correction;
      return d * d;
    });
    const T scale = static_cast<T>(1 / std::sqrt(squares / count + eps));
    row_map(out, n, [=](std::int64_t i) { return ((at(i) - approximate) - correction) * V(scale); });
    return {approximate.get(0) + correction.get(0), scale};
  }
};

/// inv (g - mean(g) - y mean(g y)), from g and y.
template <class T> struct StandardizedBackwardRows {
  const T* inv;
  Batch<T> scale{};

  void at(std::int64_t row, std::int64_t count) {
    scale = count == 1 ? Batch<T>(inv[row]) : Partial<T>(count).load(inv + row);
  }
  std::array<Batch<T>, 2> columns(const std::array<const T*, 2>& in, std::int64_t stride, T* out,
                                  std::int64_t out_stride, std::int64_t n) const {
    using V = Batch<T>;
    const auto g = [=](std::int64_t j) { return V::load_unaligned(in[0] + j * stride); };
    const auto y = [=](std::int64_t j) { return V::load_unaligned(in[1] + j * stride); };
    const V inverse(T(1) / static_cast<T>(n));
    const V mean_g = column_sum<V>(n, g) * inverse;
    const V mean_gy = column_sum<V>(n, [=](std::int64_t j) { return g(j) * y(j); }) * inverse;
    for (std::int64_t j = 0; j < n; ++j)
      (scale * xsimd::fnma(y(j), mean_gy, g(j) - mean_g)).store_unaligned(out + j * out_stride);
    return {mean_g, mean_gy};
  }
  std::array<T, 2> row(const std::array<const T*, 2>& in, T* out, std::int64_t n) const {
    using V = Batch<T>;
    const auto g = [=](std::int64_t i) { return V::load_unaligned(in[0] + i); };
    const auto y = [=](std::int64_t i) { return V::load_unaligned(in[1] + i); };
    const double count = static_cast<double>(n);
    const V mean_g(static_cast<T>(row_sum<T>(n, g) / count));
    const V mean_gy(static_cast<T>(row_sum<T>(n, [=](std::int64_t i) { return g(i) * y(i); }) / count));
    row_map(out, n, [=, factor = scale](std::int64_t i) { return factor * xsimd::fnma(y(i), mean_gy, g(i) - mean_g); });
    return {};
  }
};

constexpr std::int64_t row_block = 32;  // rows whose columns are added in the tensor's dtype

/// The number of columns per tile: tens of microseconds of work.
std::int64_t column_tile(std::int64_t rows) {
  return std::max<std::int64_t>(16, tile_elements / 2 / std::max<std::int64_t>(1, rows) / 16 * 16);
}

}  // namespace

std::array<Tensor, 3> standardize_rows(const Tensor& x_, std::size_t tail, double eps) {
  const Tensor x = contiguous(x_);
  Shape kept = x.shape();
  for (std::size_t i = 0; i < tail; ++i) kept[kept.size() - 1 - i] = 1;
  Tensor y = empty(x.shape(), x.dtype()), mean = empty(kept, x.dtype()), inv = empty(kept, x.dtype());
  const std::int64_t rows = mean.numel(), columns = rows == 0 ? 0 : x.numel() / rows;
  if (columns == 0) {
    fill(mean, std::nan(""));
    fill(inv, std::nan(""));
    return {y, mean, inv};
  }
  dispatch_floating(x.dtype(), [&]<class T>() {
    each_row_parallel<T, 1>(StandardizedRows{eps}, rows, columns, {elements<T>(x)}, elements<T>(y),
                            {elements<T>(mean), elements<T>(inv)});
  });
  return {y, mean, inv};
}

Tensor standardize_rows_backward(const Tensor& grad_, const Tensor& y, const Tensor& inv) {
  const Tensor grad = contiguous(grad_);
  Tensor out = empty(y.shape(), y.dtype());
  if (out.numel() == 0) return out;
  const std::int64_t rows = inv.numel(), columns = y.numel() / rows;
  dispatch_floating(y.dtype(), [&]<class T>() {
    each_row_parallel<T, 2>(StandardizedBackwardRows<T>{elements<T>(inv)}, rows, columns,
                            {elements<T>(grad), elements<T>(y)}, elements<T>(out));
  });
  return out;
}

std::array<Tensor, 4> standardize_columns(const Tensor& x_, double eps) {
  const Tensor x = contiguous(x_);
  const std::int64_t rows = x.shape()[0], columns = x.shape()[1];
  Tensor y = empty(x.shape(), x.dtype()), mean = empty({1, columns}, x.dtype()), inv = empty({1, columns}, x.dtype()),
         var = empty({1, columns}, x.dtype());
  dispatch_floating(x.dtype(), [&]<class T>() {
    const T* in = elements<T>(x);
    T *average = elements<T>(mean), *scale = elements<T>(inv), *variance = elements<T>(var), *out = elements<T>(y);
    // The means and squares of a block of rows, computed while it is in the cache, are merged with those of the rows
    // before (Chan, Golub and LeVeque 1979).
    xg::detail::parallel_ranges(columns, column_tile(rows), [&](std::int64_t first, std::int64_t last) {
      const std::int64_t column_count = last - first;
      Tensor wide = empty({2, column_count}, Dtype::float64), narrow = empty({3, column_count}, x.dtype());
      double *center = elements<double>(wide), *squares = center + column_count;
      T *approximate = elements<T>(narrow), *correction = approximate + column_count,
        *block_squares = correction + column_count;
      std::fill(center, center + 2 * column_count, 0.0);
      for (std::int64_t begin = 0; begin < rows; begin += row_block) {
        const std::int64_t end = std::min(begin + row_block, rows);
        const T inverse = T(1) / static_cast<T>(end - begin);
        std::fill(approximate, approximate + 3 * column_count, T(0));
        for (std::int64_t r = begin; r < end; ++r)
          for (std::int64_t c = 0; c < column_count; ++c) approximate[c] += in[r * columns + first + c];
        for (std::int64_t c = 0; c < column_count; ++c) approximate[c] *= inverse;
        for (std::int64_t r = begin; r < end; ++r)
          for (std::int64_t c = 0; c < column_count; ++c) {
            const T d = in[r * columns + first + c] - approximate[c];
            correction[c] += d;
            block_squares[c] += d * d;
          }
        const double count = static_cast<double>(end - begin), before = static_cast<double>(begin),
                     share = count / (before + count);
        for (std::int64_t c = 0; c < column_count; ++c) {
          const double sum = static_cast<double>(correction[c]), miss = sum / count;
          const double d = static_cast<double>(approximate[c]) + miss - center[c];
          center[c] += d * share;
          squares[c] += static_cast<double>(block_squares[c]) - sum * miss + d * d * before * share;
        }
      }
      for (std::int64_t c = 0; c < column_count; ++c) {
        average[first + c] = static_cast<T>(center[c]);
        correction[c] = static_cast<T>(center[c] - static_cast<double>(average[first + c]));
        // Rounding may make the sum negative for a constant column; NaN stays NaN.
        const double of_channel = squares[c] < 0 ? 0 : squares[c] / static_cast<double>(rows);
        variance[first + c] = static_cast<T>(of_channel);
        scale[first + c] = static_cast<T>(1 / std::sqrt(of_channel + eps));
      }
      for (std::int64_t r = 0; r < rows; ++r)
        for (std::int64_t c = 0; c < column_count; ++c)
          out[r * columns + first + c] =
              ((in[r * columns + first + c] - average[first + c]) - correction[c]) * scale[first + c];
    });
  });
  return {y, mean, inv, var};
}

Tensor standardize_columns_backward(const Tensor& grad_, const Tensor& y, const Tensor& inv) {
  const Tensor grad = contiguous(grad_);
  const std::int64_t rows = y.shape()[0], columns = y.shape()[1];
  Tensor out = empty(y.shape(), y.dtype());
  dispatch_floating(y.dtype(), [&]<class T>() {
    const T *g = elements<T>(grad), *v = elements<T>(y), *scale = elements<T>(inv);
    T* dx = elements<T>(out);
    xg::detail::parallel_ranges(columns, column_tile(rows), [&](std::int64_t first, std::int64_t last) {
      const std::int64_t column_count = last - first;
      Tensor wide = empty({2, column_count}, Dtype::float64), narrow = empty({2, column_count}, y.dtype());
      double* sums = elements<double>(wide);
      T *sum = elements<T>(narrow), *product = sum + column_count;
      std::fill(sums, sums + 2 * column_count, 0.0);
      for (std::int64_t begin = 0; begin < rows; begin += row_block) {
        std::fill(sum, sum + 2 * column_count, T(0));
        for (std::int64_t i = begin; i < std::min(begin + row_block, rows); ++i) {
          const std::int64_t offset = i * columns + first;
          for (std::int64_t c = 0; c < column_count; ++c) {
            sum[c] += g[offset + c];
            product[c] += g[offset + c] * v[offset + c];
          }
        }
        for (std::int64_t c = 0; c < 2 * column_count; ++c) sums[c] += static_cast<double>(sum[c]);
      }
      for (std::int64_t c = 0; c < 2 * column_count; ++c) sum[c] = static_cast<T>(sums[c] / static_cast<double>(rows));
      for (std::int64_t i = 0; i < rows; ++i) {
        const std::int64_t offset = i * columns + first;
        for (std::int64_t c = 0; c < column_count; ++c)
          dx[offset + c] = scale[first + c] * (g[offset + c] - sum[c] - v[offset + c] * product[c]);
      }
    });
  });
  return out;
}

Tensor dropout(const Tensor& x_, double p, std::uint64_t seed, std::uint64_t offset) {
  const Tensor x = contiguous(x_);
  Tensor out = empty(x.shape(), x.dtype());
  const std::int64_t n = x.numel();
  dispatch_floating(x.dtype(), [&]<class T>() {
    const T* in = static_cast<const T*>(x.impl().data);
    T* result = static_cast<T*>(out.impl().data);
    const T scale = static_cast<T>(p < 1 ? 1 / (1 - p) : 0);
    const float threshold = static_cast<float>(p);
    constexpr std::int64_t block = 1024;  // a multiple of the four numbers per counter value
    xg::detail::parallel_ranges(n, 16 * block, [&](std::int64_t begin, std::int64_t end) {
      float uniform[block];
      for (std::int64_t i = begin; i < end; i += block) {
        const std::int64_t count = std::min(block, end - i);
        philox_uniform(uniform, count, seed, offset + static_cast<std::uint64_t>(i / 4));
        for (std::int64_t k = 0; k < count; ++k) {
          const T kept = in[i + k] * scale;
          result[i + k] = uniform[k] >= threshold ? kept : T(0);
        }
      }
    });
  });
  return out;
}

}  // namespace xg::kernels
