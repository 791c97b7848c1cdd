// Indexing by numbers, slices, masks and integer tensors.
//
// An index tensor has an integer dtype (DtypeError), a mask is bool (DtypeError). Unless noted, index tensors are not
// negative, and an index out of range is an IndexError; a negative `dim` counts from the end, one out of range is an
// IndexError. Functions that write values return a modified copy of x. All are linear: gradients flow to x and to the
// values, not to an index or a mask.
#pragma once

#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/dtype.hpp>
#include <xgrad/tensor/scalar.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace xg {

/// The elements start, start + step, ... before stop. As in Python, negative bounds count from the end, bounds out of
/// range are clamped, and a missing one means the end on that side; a negative step goes backwards: `Slice{{}, {}, -1}`
/// reverses a dimension.
struct Slice {
  std::optional<std::int64_t> start = {};  ///< the first element; by default that at the end where the step begins
  std::optional<std::int64_t> stop = {};   ///< one past the last element; by default all up to the other end
  std::int64_t step = 1;                   ///< distance between elements, not 0
};
/// The type of `newaxis`.
struct NewAxis {};
/// The type of `ellipsis`.
struct Ellipsis {};
inline constexpr NewAxis newaxis{};    ///< in an index: a new dimension of size 1
inline constexpr Ellipsis ellipsis{};  ///< in an index: all dimensions that no other entry indexes
/// One entry of an index: a number, a Slice, `newaxis`, `ellipsis`, a mask or an integer tensor. Lists stand for
/// tensors: `x.index({Slice{}, {0, 2}})` picks two columns.
struct Index {
  /// The kind of an entry.
  enum class Kind {
    number,    ///< one element along a dimension, which is removed
    slice,     ///< a range of a dimension
    newaxis,   ///< a new dimension of size 1
    ellipsis,  ///< the dimensions that no other entry indexes
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
  /// The dimensions that no other entry indexes.
  Index(Ellipsis) : kind(Kind::ellipsis) {}  // NOLINT
  /// A mask or integers.
  Index(Tensor tensor) : kind(Kind::tensor), tensor(std::move(tensor)) {}  // NOLINT
  /// A mask without dimensions, which selects all or nothing along a new dimension.
  template <std::same_as<bool> T> Index(T value) : Index(scalar_tensor(value)) {}  // NOLINT
  /// A vector of integers.
  Index(std::initializer_list<std::int64_t> numbers) : Index(std::vector<std::int64_t>(numbers)) {}
  /// A vector of integers, or a mask over one dimension.
  template <std::integral T> Index(const std::vector<T>& list)  // NOLINT
      : Index(xg::tensor(
            std::vector<std::conditional_t<std::is_same_v<T, bool>, bool, std::int64_t>>(list.begin(), list.end()))) {}

  Kind kind;                ///< determines which of the following members is used
  std::int64_t number = 0;  ///< for Kind::number
  Slice slice = {};         ///< for Kind::slice
  Tensor tensor = {};       ///< for Kind::tensor
};

/// x[i, j, ...] by NumPy's rules. Numbers, slices, newaxis and ellipsis give a view, or a copy where a step is
/// negative, because strides are not; tensors give a copy. Several tensors broadcast, and numbers beside them count as
/// tensors. Their common shape replaces the indexed dimensions if these entries stand side by side, and comes first if
/// a slice, newaxis or ellipsis stands between them. Negative integers count from the end. A mask indexes as many
/// dimensions as it has. Throws IndexError where an entry is out of range, a mask does not fit or too many dimensions
/// are indexed, ShapeError where index tensors do not broadcast, DtypeError for floating-point tensors, ValueError for
/// a step of 0.
XG_API Tensor index(const Tensor& x, const std::vector<Index>& indices);
/// A copy of x in which the elements of index(x, indices) are replaced by `values`, converted to x's dtype and
/// broadcast; dimensions of size 1 that precede those of the indexed part are ignored, as in NumPy. Where an element is
/// selected more than once, the last value wins; with `accumulate`, all values are added to x. Throws as index, and
/// ShapeError where values do not broadcast.
XG_API Tensor index_put(const Tensor& x, const std::vector<Index>& indices, const Tensor& values,
                        bool accumulate = false);
/// index_put() of one number. Throws ValueError where it does not fit x's dtype.
XG_API Tensor index_put(const Tensor& x, const std::vector<Index>& indices, Scalar value, bool accumulate = false);
/// The slices of x along dim that `index` names: [.., index.numel(), ..]. Throws ShapeError unless index is a vector or
/// 0-d.
XG_API Tensor index_select(const Tensor& x, std::int64_t dim, const Tensor& index);
/// x with alpha times slice i of source added to slice index[i] along dim; slices named twice get both. Throws
/// ShapeError unless source has x's shape with index.numel() along dim, DtypeError unless it has x's dtype, or for a
/// floating-point alpha and integers.
XG_API Tensor index_add(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source, Scalar alpha = 1);
/// x with slice i of source in place of slice index[i] along dim; the last of equal indices wins. Throws as index_add.
XG_API Tensor index_copy(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source);
/// x with `value` in the slices along dim that the vector `index` names. Throws ValueError where it does not
/// fit x's dtype, or has a fraction and x is an integer tensor.
XG_API Tensor index_fill(const Tensor& x, std::int64_t dim, const Tensor& index, Scalar value);

/// out[i, j, k] = x[index[i, j, k], j, k] for dim 0, and likewise for others: the shape of index, which has as many
/// dimensions as x and is nowhere larger except along dim. Throws ShapeError otherwise.
XG_API Tensor gather(const Tensor& x, std::int64_t dim, const Tensor& index);
/// x with x[index[i, j, k], j, k] = source[i, j, k] for dim 0, and likewise for others; the last of equal indices wins.
/// index is as for gather, and nowhere larger than source. Throws ShapeError otherwise, DtypeError unless source has
/// x's dtype.
XG_API Tensor scatter(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source);
/// scatter() of one number. Throws ValueError where it does not fit x's dtype, or has a fraction and x is an integer
/// tensor.
XG_API Tensor scatter(const Tensor& x, std::int64_t dim, const Tensor& index, Scalar value);
/// As scatter, but source is added to x, repeatedly for equal indices.
XG_API Tensor scatter_add(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source);

/// `value` where the mask is true, else x; mask and x broadcast. Throws DtypeError for a floating-point value and an
/// integer x, ValueError where the value does not fit x's dtype.
XG_API Tensor masked_fill(const Tensor& x, const Tensor& mask, Scalar value);
/// masked_fill() with a 0-d tensor, which is converted to x's dtype and gets a gradient. Throws ShapeError unless it is
/// 0-d, DtypeError for a floating-point value and an integer x.
XG_API Tensor masked_fill(const Tensor& x, const Tensor& mask, const Tensor& value);
/// The elements where the mask is true, in row-major order: [count]. x and mask broadcast.
XG_API Tensor masked_select(const Tensor& x, const Tensor& mask);
/// The elements of the flattened tensor that `index` names, in the shape of index. Negative indices count from the end.
XG_API Tensor take(const Tensor& x, const Tensor& index);
/// As gather, but x and index broadcast except along dim; without a dim both are flattened. Throws ShapeError unless
/// they have equally many dimensions.
XG_API Tensor take_along_dim(const Tensor& x, const Tensor& index, std::optional<std::int64_t> dim = {});
/// The coordinates of the nonzero elements in row-major order: int64 [count, x.dim()], without a derivative.
XG_API Tensor nonzero(const Tensor& x);
/// nonzero(), under NumPy's name.
XG_API Tensor argwhere(const Tensor& x);
/// The coordinates of the elements where the condition is not zero as one vector for each dimension, so that
/// index(x, {v[0], v[1], ...}) are the elements there; one vector for a 0-d tensor. torch.where with a condition alone.
XG_API std::vector<Tensor> where(const Tensor& condition);
/// Rows and columns of the lower triangle of a matrix, where column - row <= offset, in row-major order: [2, count].
/// Throws ValueError for a negative size, DtypeError unless the dtype is int64 or int32.
XG_API Tensor tril_indices(std::int64_t rows, std::int64_t columns, std::int64_t offset = 0, Dtype dtype = int64);
/// Rows and columns of the upper triangle, where column - row >= offset. Otherwise as tril_indices.
XG_API Tensor triu_indices(std::int64_t rows, std::int64_t columns, std::int64_t offset = 0, Dtype dtype = int64);

/// 1 at the index of each class, else 0: int64 [..., num_classes], without a derivative. With -1, num_classes is the
/// largest class in index plus 1. Throws IndexError for a class outside of [0, num_classes), ValueError where
/// num_classes is below -1, or is not positive for an empty index.
XG_API Tensor one_hot(const Tensor& index, std::int64_t num_classes = -1);
/// Rows of `weight` [n, d] picked by `index` of any shape: [..., d]. The gradient of a row is summed over its uses.
/// Throws IndexError for an index outside of [0, n), ShapeError unless weight has two dimensions.
XG_API Tensor embedding(const Tensor& index, const Tensor& weight);

}  // namespace xg
