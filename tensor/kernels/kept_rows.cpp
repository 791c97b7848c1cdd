#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/kept_rows.hpp>

#include <xsimd/xsimd.hpp>

namespace xg::kernels {
namespace {

constexpr int vectors = 2;  // per row of a panel
template <class T> constexpr auto panel_width = static_cast<std::int64_t>(vectors * xsimd::batch<T>::size);
/// The number of rows whose sums fit in registers, besides a row of the panel and a factor.
constexpr int max_rows = 6;

template <class T, int rows>
void tile(const T* panel, const std::int32_t* kept, std::int64_t count, const T* a, std::int64_t a_row, T* out) {
  using Vector = xsimd::batch<T>;
  constexpr auto w = static_cast<std::int64_t>(Vector::size);
  Vector sums[rows][vectors];
  for (auto& row : sums)
    for (Vector& sum : row) sum = Vector(T(0));
  for (std::int64_t l = 0; l < count; ++l, a += a_row) {
    const T* b = panel + kept[l] * panel_width<T>;
    const Vector y[vectors] = {Vector::load_aligned(b), Vector::load_aligned(b + w)};
    for (int r = 0; r < rows; ++r) {
      const Vector factor(a[r]);
      for (int v = 0; v < vectors; ++v) sums[r][v] = xsimd::fma(factor, y[v], sums[r][v]);
    }
  }
  for (int r = 0; r < rows; ++r)
    for (int v = 0; v < vectors; ++v) sums[r][v].store_unaligned(out + r * panel_width<T> + v * w);
}

template <class T, int rows> void tile_of(std::int64_t wanted, const T* panel, const std::int32_t* kept,
                                          std::int64_t count, const T* a, std::int64_t a_row, T* out) {
  if constexpr (rows > 1)
    if (wanted < rows) return tile_of<T, rows - 1>(wanted, panel, kept, count, a, a_row, out);
  tile<T, rows>(panel, kept, count, a, a_row, out);
}

}  // namespace

Panels::Panels(const Tensor& b) : rows_(b.shape()[0]), cols_(b.shape()[1]) {
  dispatch_floating(b.dtype(), [&]<class T>() {
    width_ = panel_width<T>;
    count_ = (cols_ + width_ - 1) / width_;
    data_ = empty({count_, rows_, width_}, b.dtype());
    const T* from = static_cast<const T*>(b.impl().data);
    const std::int64_t row = b.strides()[0], col = b.strides()[1];
    T* to = data_.mutable_data<T>();
    for (std::int64_t p = 0; p < count_; ++p)
      for (std::int64_t i = 0; i < rows_; ++i)
        for (std::int64_t j = p * width_; j < (p + 1) * width_; ++j) *to++ = j < cols_ ? from[i * row + j * col] : T(0);
  });
}

template <class T>
void kept_product(const T* panel, const std::int32_t* kept, std::int64_t count, const T* a, std::int64_t rows, T* out) {
  const std::int64_t tiles = (rows + max_rows - 1) / max_rows;
  for (std::int64_t t = 0, done = 0; t < tiles; ++t) {
    const std::int64_t height = (rows - done) / (tiles - t);  // nearly equal heights
    tile_of<T, max_rows>(height, panel, kept, count, a + done, rows, out + done * panel_width<T>);
    done += height;
  }
}

template void kept_product(const float*, const std::int32_t*, std::int64_t, const float*, std::int64_t, float*);
template void kept_product(const double*, const std::int32_t*, std::int64_t, const double*, std::int64_t, double*);

}  // namespace xg::kernels
