// Windows that slide over images: their elements as columns of a matrix (im2col), and the sum of columns back into an
// image (col2im), its adjoint.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <cstdint>

namespace xg::kernels {

/// How windows slide over one dimension: element k of window i is element i stride - padding + k dilation. Elements
/// before 0 or from `size` on are zeros. The caller has checked that none of these positions overflows.
struct Sliding {
  std::int64_t size = 1;    ///< of the dimension
  std::int64_t kernel = 1;  ///< elements of a window
  std::int64_t stride = 1, padding = 0, dilation = 1;
  std::int64_t count = 1;  ///< windows

  /// Where element k of window 0 lies.
  std::int64_t first(std::int64_t k) const { return k * dilation - padding; }
  /// Are the windows the elements themselves, in order?
  bool is_identity() const { return kernel == 1 && stride == 1 && padding == 0 && count == size; }
};

/// Windows over images [height, width].
struct Windows {
  Sliding rows, columns;

  std::int64_t taps() const { return rows.kernel * columns.kernel; }
  std::int64_t count() const { return rows.count * columns.count; }
  std::int64_t pixels() const { return rows.size * columns.size; }
  bool is_identity() const { return rows.is_identity() && columns.is_identity(); }
};

/// The windows of contiguous images [channels, height, width] as `columns` [channels, taps, windows], for the window
/// rows from `begin` to `end`. T is float or double.
template <class T> void unfold_into(const T* images, std::int64_t channels, const Windows& windows, std::int64_t begin,
                                    std::int64_t end, T* columns);
/// The adjoint: adds such columns to the images.
template <class T> void fold_add(const T* columns, std::int64_t channels, const Windows& windows, std::int64_t begin,
                                 std::int64_t end, T* images);

/// x [n, channels, height, width] as [n, channels taps, windows].
Tensor unfold(const Tensor& x, const Windows& windows);
/// The adjoint: [n, channels taps, windows] as [n, channels, height, width], overlapping elements being summed.
Tensor fold(const Tensor& columns, const Windows& windows);

}  // namespace xg::kernels
