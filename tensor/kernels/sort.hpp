// Order: sorting, the largest few, distinct values. A NaN is larger than all numbers.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <cstdint>
#include <tuple>
#include <utility>

namespace xg::kernels {

/// Values in order along dim, and the int64 indices they came from. Equal elements keep their order, descending too.
std::pair<Tensor, Tensor> sort(const Tensor& x, std::int64_t dim, bool descending);

/// The k largest (or smallest) elements along dim, best first, and their int64 indices. Which of equal elements comes
/// first is not promised (it is the same as in PyTorch). Throws ValueError unless 0 <= k <= the size of dim.
std::pair<Tensor, Tensor> topk(const Tensor& x, std::int64_t k, std::int64_t dim, bool largest);

/// Distinct values in ascending order; for each element of x where its value went (int64, the shape of x); how often
/// each value occurs (int64). Every NaN is distinct.
std::tuple<Tensor, Tensor, Tensor> unique(const Tensor& x);

/// For each of `values` the number of elements of `sorted` (one dimension, ascending, contiguous, the same dtype) that
/// are less than or equal to it: int64, the shape of values.
Tensor searchsorted(const Tensor& sorted, const Tensor& values);

}  // namespace xg::kernels
