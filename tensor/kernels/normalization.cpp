#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/normalization.hpp>
#include <xgrad/tensor/kernels/philox.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

namespace xg::kernels {

std::array<Tensor, 3> standardize_rows(const Tensor& x_, double eps) {
  const Tensor x = contiguous(x_);
  const std::int64_t rows = x.shape()[0], columns = x.shape()[1];
  Tensor y = empty(x.shape(), x.dtype()), mean = empty({rows, 1}, x.dtype()), inv = empty({rows, 1}, x.dtype());
  dispatch_floating(x.dtype(), [&]<class T>() {
    const T* in = static_cast<const T*>(x.impl().data);
    T* out = static_cast<T*>(y.impl().data);
    for (std::int64_t r = 0; r < rows; ++r, in += columns, out += columns) {
      double sum = 0, squares = 0;
      for (std::int64_t c = 0; c < columns; ++c) sum += static_cast<double>(in[c]);
      const double average = sum / static_cast<double>(columns);
      for (std::int64_t c = 0; c < columns; ++c) {
        const double d = static_cast<double>(in[c]) - average;
        squares += d * d;
      }
      const double scale = 1 / std::sqrt(squares / static_cast<double>(columns) + eps);
      for (std::int64_t c = 0; c < columns; ++c) out[c] = static_cast<T>((static_cast<double>(in[c]) - average) * scale);
      static_cast<T*>(mean.impl().data)[r] = static_cast<T>(average);
      static_cast<T*>(inv.impl().data)[r] = static_cast<T>(scale);
    }
  });
  return {y, mean, inv};
}

Tensor standardize_rows_backward(const Tensor& grad_, const Tensor& y, const Tensor& inv) {
  const Tensor grad = contiguous(grad_);
  const std::int64_t rows = y.shape()[0], columns = y.shape()[1];
  Tensor out = empty(y.shape(), y.dtype());
  dispatch_floating(y.dtype(), [&]<class T>() {
    const T* g = static_cast<const T*>(grad.impl().data);
    const T* v = static_cast<const T*>(y.impl().data);
    const T* scale = static_cast<const T*>(inv.impl().data);
    T* dx = static_cast<T*>(out.impl().data);
    const double n = static_cast<double>(columns);
    for (std::int64_t r = 0; r < rows; ++r, g += columns, v += columns, dx += columns) {
      double sum = 0, product = 0;
      for (std::int64_t c = 0; c < columns; ++c) {
        sum += static_cast<double>(g[c]);
        product += static_cast<double>(g[c]) * static_cast<double>(v[c]);
      }
      const T mean_g = static_cast<T>(sum / n), mean_gy = static_cast<T>(product / n);
      for (std::int64_t c = 0; c < columns; ++c) dx[c] = scale[r] * (g[c] - mean_g - v[c] * mean_gy);
    }
  });
  return out;
}

std::array<Tensor, 3> standardize_columns(const Tensor& x_, double eps) {
  const Tensor x = contiguous(x_);
  const std::int64_t rows = x.shape()[0], columns = x.shape()[1];
  Tensor y = empty(x.shape(), x.dtype()), mean = empty({1, columns}, x.dtype()), inv = empty({1, columns}, x.dtype());
  dispatch_floating(x.dtype(), [&]<class T>() {
    const T* in = static_cast<const T*>(x.impl().data);
    T* out = static_cast<T*>(y.impl().data);
    T* average = static_cast<T*>(mean.impl().data);
    T* scale = static_cast<T*>(inv.impl().data);
    const double n = static_cast<double>(rows);
    Tensor workspace = empty({2, columns}, Dtype::float64);
    double* sum = static_cast<double*>(workspace.impl().data);
    double* squares = sum + columns;
    std::fill(sum, sum + 2 * columns, 0.0);
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t c = 0; c < columns; ++c) sum[c] += static_cast<double>(in[r * columns + c]);
    for (std::int64_t c = 0; c < columns; ++c) sum[c] /= n;
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t c = 0; c < columns; ++c) {
        const double d = static_cast<double>(in[r * columns + c]) - sum[c];
        squares[c] += d * d;
      }
    for (std::int64_t c = 0; c < columns; ++c) {
      average[c] = static_cast<T>(sum[c]);
      squares[c] = 1 / std::sqrt(squares[c] / n + eps);
      scale[c] = static_cast<T>(squares[c]);
    }
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t c = 0; c < columns; ++c)
        out[r * columns + c] = static_cast<T>((static_cast<double>(in[r * columns + c]) - sum[c]) * squares[c]);
  });
  return {y, mean, inv};
}

Tensor standardize_columns_backward(const Tensor& grad_, const Tensor& y, const Tensor& inv) {
  const Tensor grad = contiguous(grad_);
  const std::int64_t rows = y.shape()[0], columns = y.shape()[1];
  Tensor out = empty(y.shape(), y.dtype());
  dispatch_floating(y.dtype(), [&]<class T>() {
    const T* g = static_cast<const T*>(grad.impl().data);
    const T* v = static_cast<const T*>(y.impl().data);
    const T* scale = static_cast<const T*>(inv.impl().data);
    T* dx = static_cast<T*>(out.impl().data);
    const double n = static_cast<double>(rows);
    Tensor workspace = empty({2, columns}, Dtype::float64);
    double* sum = static_cast<double*>(workspace.impl().data);
    double* product = sum + columns;
    std::fill(sum, sum + 2 * columns, 0.0);
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t c = 0; c < columns; ++c) {
        sum[c] += static_cast<double>(g[i * columns + c]);
        product[c] += static_cast<double>(g[i * columns + c]) * static_cast<double>(v[i * columns + c]);
      }
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t c = 0; c < columns; ++c)
        dx[i * columns + c] = scale[c] * (g[i * columns + c] - static_cast<T>(sum[c] / n) -
                                          v[i * columns + c] * static_cast<T>(product[c] / n));
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
    constexpr std::int64_t block = 1024;  // a multiple of the four numbers that one count gives
    float uniform[block];
    for (std::int64_t i = 0; i < n; i += block) {
      const std::int64_t count = std::min(block, n - i);
      philox_uniform(uniform, count, seed, offset + static_cast<std::uint64_t>(i / 4));
      for (std::int64_t k = 0; k < count; ++k) {
        const T kept = in[i + k] * scale;
        result[i + k] = uniform[k] >= threshold ? kept : T(0);
      }
    }
  });
  return out;
}

}  // namespace xg::kernels
