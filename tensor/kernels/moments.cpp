#include <xgrad/tensor/kernels/moments.hpp>

#include <xsimd/xsimd.hpp>

namespace xg::kernels {
namespace {

using Vector = xsimd::batch<double>;
constexpr auto width = static_cast<std::int64_t>(Vector::size);
constexpr std::int64_t lanes = 8, vectors = lanes / width > 0 ? lanes / width : 1;

template <bool changes> void moments_of(const double* value, std::int64_t value_stride, const double* change,
                                        std::int64_t change_stride, std::int64_t count, double* shift, double* sums,
                                        double* squares, double* sizes) {
  const auto contribution = [&](std::int64_t b, std::int64_t v) {
    const Vector m = Vector::load_unaligned(value + b * value_stride + v * width);
    if constexpr (!changes) return m;
    const Vector d = Vector::load_unaligned(change + b * change_stride + v * width), zero(0.0);
    return xsimd::select(d == zero, zero, m * d);
  };
  Vector start[vectors], sum[vectors], square[vectors], size[vectors];
  for (std::int64_t v = 0; v < vectors; ++v) {
    start[v] = contribution(0, v);
    sum[v] = square[v] = size[v] = Vector(0.0);
  }
  for (std::int64_t b = 0; b < count; ++b)
    for (std::int64_t v = 0; v < vectors; ++v) {
      const Vector c = contribution(b, v), d = c - start[v];
      sum[v] += d;
      square[v] = xsimd::fma(d, d, square[v]);
      size[v] += xsimd::abs(c);
    }
  for (std::int64_t v = 0; v < vectors; ++v) {
    start[v].store_unaligned(shift + v * width);
    sum[v].store_unaligned(sums + v * width);
    square[v].store_unaligned(squares + v * width);
    size[v].store_unaligned(sizes + v * width);
  }
}

}  // namespace

void shifted_moments(const double* value, std::int64_t value_stride, const double* change, std::int64_t change_stride,
                     std::int64_t count, std::int64_t columns, double* shift, double* sums, double* squares,
                     double* sizes) {
  for (std::int64_t i = 0; i < columns; i += lanes) {
    if (change == nullptr)
      moments_of<false>(value + i, value_stride, nullptr, 0, count, shift + i, sums + i, squares + i, sizes + i);
    else
      moments_of<true>(value + i, value_stride, change + i, change_stride, count, shift + i, sums + i, squares + i,
                       sizes + i);
  }
}

}  // namespace xg::kernels
