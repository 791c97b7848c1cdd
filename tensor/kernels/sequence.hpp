// Tensors whose elements are functions of their position. `out` is new and contiguous.
#pragma once

#include <xgrad/tensor/tensor.hpp>

namespace xg::kernels {

/// out[i] = start + i step; exact in integers when start and step are.
void arange(Tensor& out, Scalar start, Scalar step);
/// out[i] runs from start to stop in equal steps, both exact, computed from the nearer end.
void linspace(Tensor& out, double start, double stop);
/// out[i] = base^linspace(start, stop)[i], in float64.
void logspace(Tensor& out, double start, double stop, double base);
/// Ones on the diagonal of a matrix, zeros elsewhere.
void eye(Tensor& out);

}  // namespace xg::kernels
