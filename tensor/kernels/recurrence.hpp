// First-order linear recurrences along one dimension, for products of many factors and their derivatives.
#pragma once

#include <xgrad/tensor/tensor.hpp>

namespace xg::kernels {

/// y_k = a_k y_{k-1} + b_k with y_{-1} = 0, along dim; from the last element backwards if `reverse`. a and b are
/// floating and have the same shape and dtype.
Tensor linear_recurrence(const Tensor& a, const Tensor& b, std::int64_t dim, bool reverse);

}  // namespace xg::kernels
