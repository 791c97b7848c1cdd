// The maxima of windows, with their derivatives: max pooling, maxima of bags.
#pragma once

#include <xgrad/tensor/kernels/pooling.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <utility>

namespace xg::autograd {

/// {values, indices} of the windows of x [.., height, width], as kernels::window_max.
std::pair<Tensor, Tensor> window_maxima(const Tensor& x, const kernels::WindowRanges& rows,
                                        const kernels::WindowRanges& columns);

}  // namespace xg::autograd
