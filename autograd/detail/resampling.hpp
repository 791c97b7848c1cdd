// One dimension of a tensor multiplied by a sparse matrix, with its derivatives: average pooling, interpolation, sums
// of bags.
#pragma once

#include <xgrad/tensor/kernels/resample.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>

namespace xg::autograd {

/// x with dimension `dim` multiplied by the matrix [size, x.size(dim)] that `matrix` makes; it is only called where x
/// and the result have elements, and after the size of the result was checked.
Tensor resampled(const char* op, const Tensor& x, std::size_t dim, std::int64_t size,
                 const std::function<kernels::SparseRows()>& matrix);

/// The means of `count` windows that cover `size` elements: window i reaches from floor(i size / count) to ceil((i + 1)
/// size / count).
kernels::SparseRows covering_means(std::int64_t size, std::int64_t count);

}  // namespace xg::autograd
