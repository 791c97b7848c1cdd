// Shared parts of ops on images and sequences: their arguments, and the geometry of windows.
#pragma once

#include <xgrad/autograd/ops/spatial.hpp>
#include <xgrad/tensor/kernels/windows.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <array>
#include <cstdint>

namespace xg::autograd {

/// One number for each of height and width; sequences have the height 1.
using Plane = std::array<std::int64_t, 2>;

/// The numbers of an argument for `dims` (1 or 2) spatial dimensions; a sequence has the number `of_height` for its
/// height. Throws ValueError where there are neither one nor `dims` of them or one is less than `least`, ShapeError for
/// one that is larger than any tensor.
Plane plane_of(const char* op, const char* argument, const PerDim& numbers, std::size_t dims, std::int64_t least,
               std::int64_t of_height);

/// Throws ShapeError unless x has `dims` spatial dimensions after [n, channels] or [channels].
void check_spatial(const char* op, const Tensor& x, std::size_t dims);
/// x as [n, channels, height, width].
Tensor as_images(const Tensor& x, std::size_t dims);
/// Such a result in the form of x: without n where x has none, without height for sequences.
Tensor like_input(const Tensor& images, const Tensor& x, std::size_t dims);

/// 1 + dilation (kernel - 1), the elements from the first to the last of a window. Throws ShapeError where it
/// overflows.
std::int64_t reach_of(const char* op, std::int64_t kernel, std::int64_t dilation);
/// Windows with a count that follows from the rest, rounded down. Throws ShapeError where none fits.
kernels::Sliding sliding(const char* op, kernels::Sliding given);
/// The same for two dimensions.
kernels::Windows windows_of(const char* op, const Plane& size, const Plane& kernel, const Plane& stride,
                            const Plane& padding, const Plane& dilation);

}  // namespace xg::autograd
