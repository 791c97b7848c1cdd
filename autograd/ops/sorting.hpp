// Sorting, top k and distinct values.
//
// A negative `dim` counts from the end, one out of range is an IndexError. NaN counts as larger than all numbers.
// Values keep their dtype, and their gradients go back to the original elements; indices are int64 and have no
// derivative.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <cstdint>
#include <tuple>
#include <utility>

namespace xg {

/// The pair (values, indices) in ascending or descending order along dim, in the shape of x. The sort is stable in both
/// directions.
XG_API std::pair<Tensor, Tensor> sort(const Tensor& x, std::int64_t dim = -1, bool descending = false);
/// The indices of sort(): int64, of the shape of x.
XG_API Tensor argsort(const Tensor& x, std::int64_t dim = -1, bool descending = false);
/// The pair (values, indices) of the k largest or smallest elements along dim, whose size becomes k. They are always
/// sorted, best first, and `sorted` is ignored; which of equal elements is taken is unspecified. Throws ValueError
/// unless 0 <= k <= x.size(dim).
XG_API std::pair<Tensor, Tensor> topk(const Tensor& x, std::int64_t k, std::int64_t dim = -1, bool largest = true,
                                      bool sorted = true);
/// The triple (values, inverse, counts): the distinct values of all elements in ascending order; for each element of x
/// the index of its value, so that index_select(values, 0, ravel(inverse)) gives the elements again; the count of each
/// value. Every NaN is distinct. No derivative.
XG_API std::tuple<Tensor, Tensor, Tensor> unique(const Tensor& x);

}  // namespace xg
