// Writing of values into a copy of a tensor: where several values meet at one element, at masks, and into parts.
//
// Index tensors are as for scatter (indexing.hpp): an integer dtype (DtypeError), not negative and in range
// (IndexError). A negative `dim` counts from the end, one out of range is an IndexError. Gradients flow to x and to the
// values.
#pragma once

#include <xgrad/tensor/scalar.hpp>
#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <cstdint>
#include <optional>

namespace xg {

/// x with each x[index[i, j, k], j, k] reduced with all source[i, j, k] that are sent to it (for dim 0, and likewise
/// for others): by their "sum", "prod" (product), "mean", "amax" (largest) or "amin" (smallest). Without `include_self`
/// the old value does not take part, except where nothing is sent to. Equal extrema share the gradient equally, and
/// that of a product is also correct where factors are 0. The mean of integers is rounded down. Throws ShapeError and
/// DtypeError as scatter does, ValueError for another name of a reduction, DtypeError for the mean of bools.
XG_API Tensor scatter_reduce(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source,
                             StringRef reduce, bool include_self = true);
/// scatter_reduce with old values, where `reduce` is "add" (the sum) or "multiply" (the product). Throws as it does.
XG_API Tensor scatter(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source, StringRef reduce);
/// The same with one number for all elements. Throws ValueError where it does not fit an integer x.
XG_API Tensor scatter(const Tensor& x, std::int64_t dim, const Tensor& index, Scalar value, StringRef reduce);
/// x with slice index[i] along dim reduced with all slices i of source that are sent to it, by "prod", "mean", "amax"
/// or "amin" as in scatter_reduce. Throws as index_add does, ValueError for another name of a reduction.
XG_API Tensor index_reduce(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source,
                           StringRef reduce, bool include_self = true);

/// x in which the elements where the mask is true become those of source, in row-major order; x and mask broadcast, and
/// source may have any shape. Throws DtypeError unless the mask is bool and source has x's dtype, ShapeError where
/// source has fewer elements than are true.
XG_API Tensor masked_scatter(const Tensor& x, const Tensor& mask, const Tensor& source);
/// x with source in place of select(x, dim, index). Throws ShapeError unless source has the shape of that part,
/// IndexError as select does.
XG_API Tensor select_scatter(const Tensor& x, const Tensor& source, std::int64_t dim, std::int64_t index);
/// x with source in place of slice(x, dim, start, end, step). Bounds are treated as by slice, missing ones are the
/// ends. Throws ShapeError unless source has the shape of that part.
XG_API Tensor slice_scatter(const Tensor& x, const Tensor& source, std::int64_t dim = 0,
                            std::optional<std::int64_t> start = {}, std::optional<std::int64_t> end = {},
                            std::int64_t step = 1);
/// x with source in place of diagonal(x, offset, dim1, dim2). Throws ShapeError unless source has the shape of that
/// part.
XG_API Tensor diagonal_scatter(const Tensor& x, const Tensor& source, std::int64_t offset = 0, std::int64_t dim1 = 0,
                               std::int64_t dim2 = 1);

}  // namespace xg
