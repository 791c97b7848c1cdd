// Convolutions, their transposes, and the rearrangements of blocks of images.
//
// Images are [n, channels, height, width], sequences [n, channels, length]; without the dimension n the result has none
// either. All tensors have one floating-point dtype, else DtypeError; sizes that do not fit are ShapeErrors. Numbers
// such as the stride are one for all spatial dimensions or one for each (ValueError).
#pragma once

#include <xgrad/autograd/ops/spatial.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <cstdint>

namespace xg {

/// Options of conv1d and conv2d.
struct ConvOptions {
  PerDim stride = 1;        ///< the distance of neighbouring windows
  ConvPadding padding = 0;  ///< zeros on both sides, or "same" (for a stride of 1) or "valid"
  PerDim dilation = 1;      ///< the distance of neighbouring elements of a window
  std::int64_t groups = 1;  ///< groups of channels, each of which is convolved into its own group of outputs
};

/// y[n, o, i] = bias[o] + sum over c, k of weight[o, c, k] x[n, c, i stride - padding + k dilation]: x [n, channels,
/// length], weight [out, channels / groups, kernel], bias [out] or undefined, y [n, out, (length + 2 padding - dilation
/// (kernel - 1) - 1) / stride + 1], rounded down. PyTorch's conv1d.
XG_API Tensor conv1d(const Tensor& x, const Tensor& weight, const Tensor& bias = {}, const ConvOptions& options = {});
/// As conv1d over two dimensions: x [n, channels, height, width], weight [out, channels / groups, kernel height, kernel
/// width].
XG_API Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias = {}, const ConvOptions& options = {});

/// Options of conv_transpose1d and conv_transpose2d: those of the convolution whose gradient it is.
struct ConvTransposeOptions {
  PerDim stride = 1;          ///< the distance of neighbouring windows
  PerDim padding = 0;         ///< elements that are removed on both sides
  PerDim output_padding = 0;  ///< elements added on the second side; less than the stride or the dilation
  std::int64_t groups = 1;    ///< groups of channels
  PerDim dilation = 1;        ///< the distance of neighbouring elements of a window
};

/// The gradient of conv1d with respect to its input, of x: x [n, channels, length], weight [channels, out / groups,
/// kernel], bias [out] or undefined, result [n, out, (length - 1) stride - 2 padding + dilation (kernel - 1) +
/// output_padding + 1]. PyTorch's conv_transpose1d.
XG_API Tensor conv_transpose1d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
                               const ConvTransposeOptions& options = {});
/// As conv_transpose1d over two dimensions.
XG_API Tensor conv_transpose2d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
                               const ConvTransposeOptions& options = {});

/// Options of im2col and col2im, in PyTorch's order.
struct UnfoldOptions {
  PerDim dilation = 1;  ///< the distance of neighbouring elements of a window
  PerDim padding = 0;   ///< zeros on both sides
  PerDim stride = 1;    ///< the distance of neighbouring windows
};

/// The windows of images as columns: x [n, channels, height, width] gives [n, channels kernel height kernel width,
/// windows]. PyTorch's nn.functional.unfold, under which name nn::functional has it.
XG_API Tensor im2col(const Tensor& x, const PerDim& kernel_size, const UnfoldOptions& options = {});
/// The adjoint of im2col: columns [n, channels kernel height kernel width, windows] added up to images [n, channels,
/// output_size]. PyTorch's nn.functional.fold, under which name nn::functional has it.
XG_API Tensor col2im(const Tensor& columns, const PerDim& output_size, const PerDim& kernel_size,
                     const UnfoldOptions& options = {});

/// [.., channels r^2, height, width] as [.., channels, height r, width r]: element (i, j) of each r x r block comes
/// from channel i r + j of its pixel. Of any dtype. Throws ShapeError where r^2 does not divide the channels,
/// ValueError unless r is positive. Shi et al. 2016, arXiv:1609.05158.
XG_API Tensor pixel_shuffle(const Tensor& x, std::int64_t upscale_factor);
/// The inverse of pixel_shuffle: [.., channels, height r, width r] as [.., channels r^2, height, width].
XG_API Tensor pixel_unshuffle(const Tensor& x, std::int64_t downscale_factor);

}  // namespace xg
