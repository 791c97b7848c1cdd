// Resizing of sequences, images and volumes.
#pragma once

#include <xgrad/autograd/ops/spatial.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <optional>

namespace xg {

/// How interpolate finds the elements between elements.
enum class InterpolateMode {
  nearest,        ///< the element before, as in older versions of PyTorch and in OpenCV
  linear,         ///< linear, of sequences
  bilinear,       ///< linear in both dimensions of images
  bicubic,        ///< cubic convolution (Keys 1981, a = -0.75) in both dimensions of images
  trilinear,      ///< linear in the three dimensions of volumes
  area,           ///< means, as adaptive_avg_pool1d
  nearest_exact,  ///< the element whose centre is nearest
};

/// Options of interpolate.
struct InterpolateOptions {
  PerDim size = {};                                 ///< the sizes of the result
  ScaleFactor scale_factor = {};                    ///< or the factors of the sizes, rounded down
  InterpolateMode mode = InterpolateMode::nearest;  ///< how a new element is made of its neighbours
  std::optional<bool> align_corners = {};  ///< whether the first and last elements stay, else the outer edges do
  std::optional<bool> recompute_scale_factor = {};  ///< whether the factors are those of the sizes, after rounding
};

/// x [n, channels, spatial dimensions, of which there are one to three] with other spatial sizes. Each dimension is
/// multiplied by a sparse matrix, so it is linear in x, and exact for constants, and for linear functions with
/// align_corners in the linear modes. Throws ValueError unless exactly one of size and scale_factor is given, and where
/// align_corners is given for a mode without it; ShapeError for a mode of another number of dimensions and for sizes of
/// 0; DtypeError unless x is floating-point. PyTorch's nn.functional.interpolate, without antialias.
XG_API Tensor interpolate(const Tensor& x, const InterpolateOptions& options);

}  // namespace xg
