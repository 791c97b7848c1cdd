// Convolutions by im2col and matrix products. The windows of a few rows of one image at a time are unfolded into a
// buffer that fits into the cache, so that no tensor with all windows is ever made; a convolution whose windows are the
// pixels reads the image in place. All three functions are partial derivatives of <convolve(x, weight), y>.
#pragma once

#include <xgrad/tensor/kernels/windows.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <cstdint>

namespace xg::kernels {

/// x has `groups` equal groups of channels in succession, each of which is convolved into its own group of y's.
struct Convolution {
  Windows windows;
  std::int64_t groups = 1;
};

/// y[n, o] = bias[o] + sum over c and the kernel of weight[o, c] x[n, c], x's windows: x [n, channels, height, width],
/// weight [out, channels / groups, kernel height, kernel width], bias [out] or undefined, y [n, out, windows].
Tensor convolve(const Tensor& x, const Tensor& weight, const Tensor& bias, const Convolution& convolution);
/// Its adjoint in x, [n, channels, height, width], of y.
Tensor convolve_transposed(const Tensor& y, const Tensor& weight, const Convolution& convolution);
/// Its adjoint in the weight, [out, channels / groups, kernel height, kernel width], of y.
Tensor convolve_weights(const Tensor& x, const Tensor& y, const Convolution& convolution);

}  // namespace xg::kernels
