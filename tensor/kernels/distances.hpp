// Distances between all pairs of rows of two matrices.
#pragma once

#include <xgrad/tensor/tensor.hpp>

namespace xg::kernels {

/// out[b, i, j] = (sum_k |x[b, i, k] - y[b, j, k]|^p)^(1/p) for x [B, n, m] and y [B, l, m] of one floating dtype; for
/// p = 0 the number of k where they differ, for p = infinity the largest difference. p is not negative.
Tensor pair_distances(const Tensor& x, const Tensor& y, double p);

/// The gradient of x from that of the distances, g [B, n, l]. That of y is the gradient of x with x and y exchanged and
/// the other two transposed.
Tensor pair_distances_backward(const Tensor& g, const Tensor& x, const Tensor& y, const Tensor& distances, double p);

}  // namespace xg::kernels
