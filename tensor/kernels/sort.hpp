// Sorting, top k and distinct values. NaN counts as larger than all numbers.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <tuple>
#include <utility>

namespace xg::kernels {

/// The values in order along dim, and their original int64 indices. The sort is stable in both directions.
std::pair<Tensor, Tensor> sort(const Tensor& x, std::int64_t dim, bool descending);

/// The k largest (or smallest) elements along dim, best first, and their int64 indices. The order of equal elements is
/// unspecified (it is that of PyTorch). Throws ValueError unless 0 <= k <= the size of dim.
std::pair<Tensor, Tensor> topk(const Tensor& x, std::int64_t k, std::int64_t dim, bool largest);

/// The distinct values in ascending order; for each element of x the index of its value (int64, of the shape of x); the
/// count of each value (int64). Every NaN is distinct.
std::tuple<Tensor, Tensor, Tensor> unique(const Tensor& x);

/// For each of `values` the number of elements of `sorted` (one dimension, ascending, contiguous, the same dtype) that
/// are less than or equal to it: int64, the shape of values.
Tensor searchsorted(const Tensor& sorted, const Tensor& values);

}  // namespace xg::kernels
