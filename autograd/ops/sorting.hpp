// Sorting, order statistics, distinct values and searching.
//
// A negative `dim` counts from the end, one out of range is an IndexError. NaN counts as larger than all numbers.
// Values keep their dtype, and their gradients go back to the original elements; indices are int64 and have no
// derivative.
#pragma once

#include <xgrad/tensor/scalar.hpp>
#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <cstdint>
#include <optional>
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
/// The same for slices along dim: (the distinct slices in ascending lexicographic order, the number of each slice's
/// equal, counts). Throws ShapeError where slices have no elements.
XG_API std::tuple<Tensor, Tensor, Tensor> unique(const Tensor& x, std::int64_t dim);
/// As unique, but in the order of x, and only equal neighbours are merged: one for each run of equal elements, or of
/// equal slices along dim. Throws ShapeError where slices have no elements.
XG_API std::tuple<Tensor, Tensor, Tensor> unique_consecutive(const Tensor& x, std::optional<std::int64_t> dim = {});

/// The values of sort(x, 0).
XG_API Tensor msort(const Tensor& x);
/// The pair (values, indices) of the k-th smallest elements along dim, those of sort(x, dim) at k - 1; dim is removed,
/// or keeps size 1 with `keepdim`. Throws ValueError unless 1 <= k <= x.size(dim).
XG_API std::pair<Tensor, Tensor> kthvalue(const Tensor& x, std::int64_t k, std::int64_t dim = -1, bool keepdim = false);
/// The pair (values, indices) of the most frequent elements along dim: the smallest of equally frequent ones, and where
/// it last occurs. Every NaN is distinct. dim is treated as by kthvalue. Throws ShapeError where there are no elements.
XG_API std::pair<Tensor, Tensor> mode(const Tensor& x, std::int64_t dim = -1, bool keepdim = false);

/// How searchsorted searches.
struct SearchOptions {
  bool out_int32 = false;  ///< whether the result is int32, not int64
  bool right = false;      ///< whether a value goes after elements equal to it, not before
  String side = {};        ///< "left" or "right", in place of `right`; it must not be "left" where `right` is set
  Tensor sorter = {};      ///< int64 of the shape of sorted, which need not be in order then: argsort(sorted)
};
/// For each value the place at which it can be inserted into its row of `sorted`, so that the row stays in ascending
/// order; a NaN goes to the end. `sorted` is a vector, or has one row for each of values, in equal leading dimensions.
/// Dtypes promote; int64 or int32 in the shape of values, without a derivative. Throws ShapeError where shapes do not
/// fit, DtypeError and IndexError for a sorter that is no int64 index, ValueError for another side, or where int32
/// cannot count the elements.
XG_API Tensor searchsorted(const Tensor& sorted, const Tensor& values, const SearchOptions& options = {});
/// searchsorted() of one number in a vector: 0-d.
XG_API Tensor searchsorted(const Tensor& sorted, Scalar value, const SearchOptions& options = {});
/// The number of the interval between ascending `boundaries` in which each element lies: i where boundaries[i - 1] < x
/// <= boundaries[i], or, if `right`, boundaries[i - 1] <= x < boundaries[i]. searchsorted with other arguments. Throws
/// ShapeError unless boundaries is a vector.
XG_API Tensor bucketize(const Tensor& x, const Tensor& boundaries, bool out_int32 = false, bool right = false);
/// bucketize() of one number: 0-d.
XG_API Tensor bucketize(Scalar x, const Tensor& boundaries, bool out_int32 = false, bool right = false);
/// Whether each element is among test_elements, or, if `invert`, is not: bool in the shape of elements, without a
/// derivative. A NaN is among none. `assume_unique` is ignored. Dtypes promote.
XG_API Tensor isin(const Tensor& elements, const Tensor& test_elements, bool assume_unique = false,
                   bool invert = false);
/// isin() with one element to look for.
XG_API Tensor isin(const Tensor& elements, Scalar test_element, bool assume_unique = false, bool invert = false);
/// isin() of one number: 0-d.
XG_API Tensor isin(Scalar element, const Tensor& test_elements, bool assume_unique = false, bool invert = false);

}  // namespace xg
