// Factorizations, by LAPACK.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <utility>

namespace xg::kernels {

/// a = q r for a [m, n] of float32 or float64: q [m, k] has orthonormal columns, r [k, n] is upper triangular,
/// k = min(m, n). Computed in float64.
std::pair<Tensor, Tensor> qr(const Tensor& a);

}  // namespace xg::kernels
