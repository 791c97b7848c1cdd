// Indices of the largest and smallest elements along a dimension.
#include <xgrad/tensor/kernels/along.hpp>
#include <xgrad/tensor/kernels/elements.hpp>
#include <xgrad/tensor/kernels/reduce.hpp>
#include <xgrad/tensor/kernels/reduce_loops.hpp>

#include <algorithm>
#include <array>

namespace xg::kernels {
namespace {

template <class T, bool Largest> std::int64_t arg_run(const T* x, std::int64_t n) {
  const T best = run<Extreme<T, Largest>>(x, n);
  if constexpr (is_real<T>)
    if (best != best) return std::find_if(x, x + n, [](T v) { return v != v; }) - x;
  return std::find(x, x + n, best) - x;
}

template <class T, bool Largest>
void arg_columns(const void* x, std::int64_t offset, const AlongDim::Columns& columns, std::int64_t* out) {
  const T* in = static_cast<const T*>(x) + offset;
  if (columns.stride == 1) {
    for (std::int64_t j = 0; j < columns.kept; ++j)
      out[j * columns.out_stride] = arg_run<T, Largest>(in + j * columns.kept_stride, columns.n);
    return;
  }
  T best[column_group];
  std::int64_t where[column_group];
  for (std::int64_t begin = 0; begin < columns.kept; begin += column_group) {
    const std::int64_t cols = std::min(column_group, columns.kept - begin);
    const T* row = in + begin * columns.kept_stride;
    for (std::int64_t j = 0; j < cols; ++j) best[j] = row[j * columns.kept_stride], where[j] = 0;
    for (std::int64_t i = 1; i < columns.n; ++i) {
      row += columns.stride;
      for (std::int64_t j = 0; j < cols; ++j) {
        const T value = row[j * columns.kept_stride];
        bool better = Largest ? value > best[j] : value < best[j];
        if constexpr (is_real<T>) better |= (value != value) & (best[j] == best[j]);
        best[j] = better ? value : best[j];
        where[j] = better ? i : where[j];
      }
    }
    for (std::int64_t j = 0; j < cols; ++j) out[(begin + j) * columns.out_stride] = where[j];
  }
}

template <bool Largest> Tensor arg_extreme(const Tensor& x, std::int64_t dim, bool keepdim) {
  Tensor result = empty(reduced_shape(x.shape(), Shape{dim}, keepdim), Dtype::int64);
  if (result.numel() == 0) return result;
  const AlongDim along(x, dim, row_major_strides(reduced_shape(x.shape(), Shape{dim}, true)));
  const AlongDim::Columns columns = along.columns();
  std::int64_t* out = elements<std::int64_t>(result);
  const auto loop = dispatch(x.dtype(), []<class T>() { return &arg_columns<T, Largest>; });
  along.outer.for_each_row(
      [&](const std::array<std::int64_t, 2>& at) { loop(x.impl().data, at[1], columns, out + at[0]); });
  return result;
}

}  // namespace

Tensor argmax(const Tensor& x, std::int64_t dim, bool keepdim) { return arg_extreme<true>(x, dim, keepdim); }

Tensor argmin(const Tensor& x, std::int64_t dim, bool keepdim) { return arg_extreme<false>(x, dim, keepdim); }

}  // namespace xg::kernels
