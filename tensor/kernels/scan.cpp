// Running sums, products and logarithms of sums.
#include <xgrad/tensor/kernels/along.hpp>
#include <xgrad/tensor/kernels/reduce.hpp>
#include <xgrad/tensor/kernels/reduce_loops.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace xg::kernels {
namespace {

/// out[i] = x[0] op ... op x[i] along each run. Row by row along the last dimension, else many columns at once.
template <class R> void scan_columns(const void* x, std::int64_t from, const AlongDim::Columns& columns, void* out,
                                     std::int64_t to, std::int64_t step) {
  const auto* in = static_cast<const typename R::In*>(x) + from;
  auto* target = static_cast<typename R::Out*>(out) + to;
  const std::int64_t group = step == 1 ? 1 : column_group;
  typename R::Wide acc[column_group];
  for (std::int64_t begin = 0; begin < columns.kept; begin += group) {
    const std::int64_t cols = std::min(group, columns.kept - begin);
    std::fill(acc, acc + cols, R::widen(R::identity));
    for (std::int64_t i = 0; i < columns.n; ++i)
      for (std::int64_t j = 0; j < cols; ++j) {
        acc[j] = R::join(acc[j], R::widen(R::load(in[i * columns.stride + (begin + j) * columns.kept_stride])));
        target[i * step + (begin + j) * columns.out_stride] = R::finish(acc[j], i + 1);
      }
  }
}

using Loop = decltype(&scan_columns<Sum<float>>);

Tensor scan(const Tensor& x, std::int64_t dim, Loop loop) {
  Tensor result = empty(x.shape(), is_floating(x.dtype()) ? x.dtype() : Dtype::int64);
  if (result.numel() == 0) return result;
  const AlongDim along(x, dim, result.strides());
  const AlongDim::Columns columns = along.columns();
  along.outer.for_each_row([&](const std::array<std::int64_t, 2>& at) {
    loop(x.impl().data, at[1], columns, result.impl().data, at[0], along.out_stride);
  });
  return result;
}

/// log(sum e^x) as the largest x and the sum of e^(x - largest).
template <class T> struct LogOfSum {
  using In = T;
  using Out = T;
  struct Wide {
    double most, sum;
  };
  static constexpr T identity = -std::numeric_limits<T>::infinity();
  static T load(T x) { return x; }
  static Wide widen(T x) { return {static_cast<double>(x), 1}; }
  static Wide join(Wide a, Wide b) {
    if (a.most == b.most) return {a.most, a.sum + b.sum};  // equal infinities too
    if (a.most > b.most) return {a.most, a.sum + b.sum * std::exp(b.most - a.most)};
    if (a.most < b.most) return {b.most, b.sum + a.sum * std::exp(a.most - b.most)};
    return {a.most + b.most, 1};  // NaN
  }
  static T finish(Wide a, std::int64_t) { return static_cast<T>(a.most + std::log(a.sum)); }
};

}  // namespace

Tensor cumsum(const Tensor& x, std::int64_t dim) {
  return scan(x, dim, dispatch(x.dtype(), []<class T>() -> Loop { return &scan_columns<Sum<T>>; }));
}

Tensor cumprod(const Tensor& x, std::int64_t dim) {
  return scan(x, dim, dispatch(x.dtype(), []<class T>() -> Loop { return &scan_columns<Prod<T>>; }));
}

Tensor logcumsumexp(const Tensor& x, std::int64_t dim) {
  return scan(x, dim, dispatch_floating(x.dtype(), []<class T>() -> Loop { return &scan_columns<LogOfSum<T>>; }));
}

}  // namespace xg::kernels
