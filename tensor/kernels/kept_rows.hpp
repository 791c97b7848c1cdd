// Products with a subset of the rows of one operand: c = a^T b[kept, :], where each product with the same b keeps other
// rows. Skipped rows are not read, so half the rows take half the time.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <cstdint>

namespace xg::kernels {

/// b [rows, cols] packed into adjacent panels of a few columns, the last of which is padded with zeros. Several threads
/// may read it.
class Panels {
 public:
  Panels() = default;
  /// b is a floating matrix of any strides.
  explicit Panels(const Tensor& b);
  std::int64_t count() const { return count_; }
  std::int64_t cols() const { return cols_; }
  /// The number of columns of a panel: two vectors.
  std::int64_t width() const { return width_; }

  template <class T> const T* panel(std::int64_t i) const { return data_.data<T>() + i * width_ * rows_; }

 private:
  std::int64_t rows_ = 0, cols_ = 0, width_ = 0, count_ = 0;
  Tensor data_;
};

/// out[r, :] = sum over l < count of a[l, r] panel[kept[l], :], r < rows; all contiguous, out has a panel's width.
template <class T>
void kept_product(const T* panel, const std::int32_t* kept, std::int64_t count, const T* a, std::int64_t rows, T* out);
extern template void kept_product(const float*, const std::int32_t*, std::int64_t, const float*, std::int64_t, float*);
extern template void kept_product(const double*, const std::int32_t*, std::int64_t, const double*, std::int64_t,
                                  double*);

}  // namespace xg::kernels
