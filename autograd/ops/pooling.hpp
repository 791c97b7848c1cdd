// Pooling: maxima and averages of windows of images and sequences.
//
// Images are [n, channels, height, width], sequences [n, channels, length]; the dimension n may be missing. Numbers
// such as the stride are one for all spatial dimensions or one for each (ValueError). Throws ShapeError where the
// window does not fit, or the padding exceeds half of it.
#pragma once

#include <xgrad/autograd/ops/spatial.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <cstdint>
#include <optional>
#include <utility>

namespace xg {

/// Options of max_pool1d and max_pool2d.
struct MaxPoolOptions {
  PerDim stride = {};      ///< the distance of neighbouring windows; by default their size
  PerDim padding = 0;      ///< elements added on both sides, which are smaller than all others
  PerDim dilation = 1;     ///< the distance of neighbouring elements of a window
  bool ceil_mode = false;  ///< whether the number of windows is rounded up: the last one may reach beyond the padding
};

/// The largest element of each window, NaN where there is one; the gradient goes to the first of the largest. Of any
/// dtype but bool (DtypeError). PyTorch's max_pool1d.
XG_API Tensor max_pool1d(const Tensor& x, const PerDim& kernel_size, const MaxPoolOptions& options = {});
/// As max_pool1d over two dimensions.
XG_API Tensor max_pool2d(const Tensor& x, const PerDim& kernel_size, const MaxPoolOptions& options = {});
/// The pair (values, indices); an index is the position of the element in its sequence, int64, without a derivative.
XG_API std::pair<Tensor, Tensor> max_pool1d_with_indices(const Tensor& x, const PerDim& kernel_size,
                                                         const MaxPoolOptions& options = {});
/// The pair (values, indices); an index is row * width + column in the image, int64, without a derivative.
XG_API std::pair<Tensor, Tensor> max_pool2d_with_indices(const Tensor& x, const PerDim& kernel_size,
                                                         const MaxPoolOptions& options = {});

/// Options of avg_pool1d and avg_pool2d.
struct AvgPoolOptions {
  PerDim stride = {};                                 ///< the distance of neighbouring windows; by default their size
  PerDim padding = 0;                                 ///< zeros on both sides
  bool ceil_mode = false;                             ///< whether the number of windows is rounded up
  bool count_include_pad = true;                      ///< whether zeros of the padding count in the divisor
  std::optional<std::int64_t> divisor_override = {};  ///< a divisor in place of the size of the window
};

/// The mean of each window. A window that reaches beyond the padding, as with ceil_mode, is divided by the number of
/// elements in it. x is floating-point (DtypeError). Throws ValueError for a divisor of 0. PyTorch's avg_pool1d, which
/// has no divisor_override.
XG_API Tensor avg_pool1d(const Tensor& x, const PerDim& kernel_size, const AvgPoolOptions& options = {});
/// As avg_pool1d over two dimensions. PyTorch's avg_pool2d.
XG_API Tensor avg_pool2d(const Tensor& x, const PerDim& kernel_size, const AvgPoolOptions& options = {});

/// Means of windows that cover x, so that the result has the output size: window i of m over n elements reaches from
/// floor(i n / m) to ceil((i + 1) n / m). x is floating-point (DtypeError). PyTorch's adaptive_avg_pool1d.
XG_API Tensor adaptive_avg_pool1d(const Tensor& x, const OutputSize& output_size);
/// As adaptive_avg_pool1d over two dimensions.
XG_API Tensor adaptive_avg_pool2d(const Tensor& x, const OutputSize& output_size);
/// Maxima of the windows of adaptive_avg_pool1d.
XG_API Tensor adaptive_max_pool1d(const Tensor& x, const OutputSize& output_size);
/// Maxima of the windows of adaptive_avg_pool2d.
XG_API Tensor adaptive_max_pool2d(const Tensor& x, const OutputSize& output_size);
/// The pair (values, indices), as max_pool1d_with_indices.
XG_API std::pair<Tensor, Tensor> adaptive_max_pool1d_with_indices(const Tensor& x, const OutputSize& output_size);
/// The pair (values, indices), as max_pool2d_with_indices.
XG_API std::pair<Tensor, Tensor> adaptive_max_pool2d_with_indices(const Tensor& x, const OutputSize& output_size);

}  // namespace xg
