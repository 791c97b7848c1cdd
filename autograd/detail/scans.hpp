// Recurrences along one dimension, for products of many factors.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <cstdint>

namespace xg::autograd {

/// y_k = a_k y_{k-1} + b_k with y_{-1} = 0 along dim, from the last element backwards if `reverse`, with derivatives of
/// every order. Throws ShapeError unless a and b have one shape with a dimension dim, DtypeError unless one dtype.
Tensor linear_recurrence(const Tensor& a, const Tensor& b, std::int64_t dim, bool reverse);

}  // namespace xg::autograd
