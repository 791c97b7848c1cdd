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

/// The distinct slices of x along dim: all in ascending lexicographic order, or, if `consecutive`, one for each run of
/// equal neighbours. With them, for each slice of x the number of its equal, and how many there are of each (int64).
/// Slices with a NaN are distinct.
std::tuple<Tensor, Tensor, Tensor> unique_slices(const Tensor& x, std::int64_t dim, bool consecutive);

/// For each of `values` the first place in its ascending row of `sorted` at which it can be inserted: before equal
/// elements, or after them if `right` (int64, the shape of values). A NaN is inserted at the end. `sorted` has one row,
/// or as many as values in the same leading dimensions; both have one dtype.
Tensor searchsorted(const Tensor& sorted, const Tensor& values, bool right);

}  // namespace xg::kernels
