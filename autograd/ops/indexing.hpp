// Elements picked by numbers, slices, masks and integer tensors, and put back.
//
// An index tensor has an integer dtype (DtypeError), a mask is bool (DtypeError). Unless noted, index tensors are not
// negative, and an index out of range is an IndexError; a negative `dim` counts from the end, one out of range is an
// IndexError. Functions that put values give a changed copy of x. All are linear: gradients flow to x and to the
// values, not to an index or a mask.
#pragma once

#include <xgrad/tensor/scalar.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <concepts>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace xg {

/// The elements start, start + step, ... before stop. As in Python, negative bounds count from the end, bounds out of
/// range are clamped, and a missing one means all up to that end; the step is positive.
struct Slice {
  std::optional<std::int64_t> start = {};  ///< the first element; 0 without
  std::optional<std::int64_t> stop = {};   ///< one past the last element; the size without
  std::int64_t step = 1;                   ///< from one element to the next
};
/// The type of `newaxis`.
struct NewAxis {};
/// The type of `ellipsis`.
struct Ellipsis {};
inline constexpr NewAxis newaxis{};    ///< in an index: a new dimension of size 1
inline constexpr Ellipsis ellipsis{};  ///< in an index: all of the dimensions that no other entry takes
/// One entry of an index: a number, a Slice, `newaxis`, `ellipsis`, a mask or an integer tensor.
struct Index {
  /// What an entry is.
  enum class Kind {
    number,    ///< one element along a dimension, which is removed
    slice,     ///< a range of a dimension
    newaxis,   ///< a new dimension of size 1
    ellipsis,  ///< the dimensions that no other entry takes
    tensor     ///< a mask over as many dimensions as it has, or integers for one dimension
  };
  /// Element `number`; a negative one counts from the end.
  template <std::integral T>
    requires(!std::is_same_v<T, bool>)
  Index(T number) : kind(Kind::number), number(static_cast<std::int64_t>(number)) {}  // NOLINT: a number is an index
  /// A range of a dimension.
  Index(Slice slice) : kind(Kind::slice), slice(slice) {}  // NOLINT
  /// A new dimension of size 1.
  Index(NewAxis) : kind(Kind::newaxis) {}  // NOLINT
  /// The dimensions that no other entry takes.
  Index(Ellipsis) : kind(Kind::ellipsis) {}  // NOLINT
  /// A mask or integers.
  Index(Tensor tensor) : kind(Kind::tensor), tensor(std::move(tensor)) {}  // NOLINT

  Kind kind;                ///< says which of the following counts
  std::int64_t number = 0;  ///< for Kind::number
  Slice slice = {};         ///< for Kind::slice
  Tensor tensor = {};       ///< for Kind::tensor
};

/// x[i, j, ...] by NumPy's rules. Numbers, slices, newaxis and ellipsis give a view, tensors a copy; several tensors
/// broadcast, and the dimensions of what they pick stand where theirs were, or in front where others lie between.
/// Negative integers count from the end. Throws IndexError where an entry is out of range, a mask does not fit or too
/// many dimensions are indexed, ShapeError where index tensors do not broadcast, DtypeError for tensors of reals,
/// ValueError for a step that is not positive.
XG_API Tensor index(const Tensor& x, const std::vector<Index>& indices);
/// A copy of x in which what index(x, indices) picks is `values`, converted to x's dtype and broadcast. Where an
/// element is picked more than once, the last value wins; with `accumulate` all of them are added to x. Throws as index
/// does, and ShapeError where values do not broadcast.
XG_API Tensor index_put(const Tensor& x, const std::vector<Index>& indices, const Tensor& values,
                        bool accumulate = false);
/// The slices of x along dim that `index` names, so that dim gets the size index.numel(). Throws ShapeError unless
/// index is a vector or has no dimensions.
XG_API Tensor index_select(const Tensor& x, std::int64_t dim, const Tensor& index);
/// x with alpha times slice i of source added to slice index[i] along dim; slices named twice get both. For integers
/// alpha loses its fraction. Throws ShapeError unless source has x's shape with index.numel() along dim, DtypeError
/// unless it has x's dtype.
XG_API Tensor index_add(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source, Scalar alpha = 1);
/// x with slice i of source in place of slice index[i] along dim; the last of equal indices wins. Throws as index_add.
XG_API Tensor index_copy(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source);
/// x with `value` in the slices along dim that the vector `index` names. In integers the value loses its fraction.
/// Throws ValueError where it does not fit x's dtype.
XG_API Tensor index_fill(const Tensor& x, std::int64_t dim, const Tensor& index, Scalar value);

/// out[i, j, k] = x[index[i, j, k], j, k] for dim 0, and likewise for others: the shape of index, which has as many
/// dimensions as x and is nowhere larger except along dim. Throws ShapeError otherwise.
XG_API Tensor gather(const Tensor& x, std::int64_t dim, const Tensor& index);
/// x with x[index[i, j, k], j, k] = source[i, j, k] for dim 0, and likewise for others; the last of equal indices wins.
/// index is as for gather, and nowhere larger than source. Throws ShapeError otherwise, DtypeError unless source has
/// x's dtype.
XG_API Tensor scatter(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source);
/// The same with one number for all; in integers it loses its fraction. Throws ValueError where it does not fit x's
/// dtype.
XG_API Tensor scatter(const Tensor& x, std::int64_t dim, const Tensor& index, Scalar value);
/// The same as scatter, but source is added to x, for equal indices more than once.
XG_API Tensor scatter_add(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source);

/// `value` where the mask is true, else x; mask and x broadcast. Throws DtypeError for a real value in integers,
/// ValueError where the value does not fit x's dtype.
XG_API Tensor masked_fill(const Tensor& x, const Tensor& mask, Scalar value);
/// The same with a tensor without dimensions, which is converted to x's dtype and gets a gradient. Throws ShapeError
/// where it has dimensions.
XG_API Tensor masked_fill(const Tensor& x, const Tensor& mask, const Tensor& value);
/// The elements where the mask is true, in row-major order: one dimension. x and mask broadcast.
XG_API Tensor masked_select(const Tensor& x, const Tensor& mask);
/// The elements of the flattened tensor that index names: the shape of index. Negative ones count from the end.
XG_API Tensor take(const Tensor& x, const Tensor& index);
/// The same as gather, but x and index broadcast except along dim; without a dim both are flattened. Throws ShapeError
/// unless they have equally many dimensions.
XG_API Tensor take_along_dim(const Tensor& x, const Tensor& index, std::optional<std::int64_t> dim = {});
/// The coordinates of the nonzero elements in row-major order: int64 [count, x.dim()], without a derivative.
XG_API Tensor nonzero(const Tensor& x);

/// 1 at the place of each class, else 0: int64 [..., num_classes], without a derivative. With -1 there is one class
/// more than the largest in index. Throws IndexError for a class outside of [0, num_classes), ValueError where
/// num_classes is below -1, or is not positive for an empty index.
XG_API Tensor one_hot(const Tensor& index, std::int64_t num_classes = -1);
/// Rows of `weight` [n, d] picked by `index` of any shape: [..., d]. The gradient of a row is summed over its uses.
/// Throws IndexError for an index outside of [0, n), ShapeError unless weight has two dimensions.
XG_API Tensor embedding(const Tensor& index, const Tensor& weight);

}  // namespace xg
