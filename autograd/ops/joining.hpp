// Joining, repetition, reversal and padding of tensors.
//
// Results are copies (only meshgrid gives views). All support every dtype; joined tensors promote. All are linear: the
// gradient of an element goes back to its source, and is summed over its copies. A negative dimension counts from the
// end, one out of range is an IndexError. An empty list of tensors is a ValueError.
#pragma once

#include <xgrad/tensor/shape.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace xg {

/// Concatenates tensors along dim: [.., sum of sizes, ..]. Their other sizes are equal, and tensors of shape [0] are
/// skipped. Throws ShapeError where sizes differ, or for a 0-d tensor.
XG_API Tensor cat(const std::vector<Tensor>& tensors, std::int64_t dim = 0);
/// Stacks tensors of one shape along a new dimension `dim`. Throws ShapeError where shapes differ.
XG_API Tensor stack(const std::vector<Tensor>& tensors, std::int64_t dim = 0);
/// cat along dimension 1, or along dimension 0 for vectors. Throws as cat.
XG_API Tensor hstack(const std::vector<Tensor>& tensors);
/// cat along dimension 0 of atleast_2d, so that vectors are rows. Throws as cat.
XG_API Tensor vstack(const std::vector<Tensor>& tensors);
/// cat along dimension 2 of atleast_3d. Throws as cat.
XG_API Tensor dstack(const std::vector<Tensor>& tensors);
/// cat along dimension 1, with vectors as columns. Throws as cat.
XG_API Tensor column_stack(const std::vector<Tensor>& tensors);

/// x tiled repeats[i] times along dimension i of the result, which may have new leading dimensions. Throws ShapeError
/// for fewer numbers than x has dimensions, ValueError for a negative one.
XG_API Tensor repeat(const Tensor& x, const Shape& repeats);
/// As repeat, but missing leading numbers are 1.
XG_API Tensor tile(const Tensor& x, const Shape& repeats);
/// Each slice along dim repeated `repeats` times in succession; without a dim, each element of the flattened tensor.
/// Throws ValueError for a negative number.
XG_API Tensor repeat_interleave(const Tensor& x, std::int64_t repeats, std::optional<std::int64_t> dim = {});
/// Slice i along dim repeated repeats[i] times in succession; one number applies to all slices. Throws DtypeError
/// unless repeats is a vector of integers, ShapeError unless it has one for each slice, ValueError for a negative one.
XG_API Tensor repeat_interleave(const Tensor& x, const Tensor& repeats, std::optional<std::int64_t> dim = {});

/// x in reverse order along dims, as a copy. Throws ValueError where one is named twice.
XG_API Tensor flip(const Tensor& x, const Dims& dims);
/// x in reverse order along dimension 1. Throws ShapeError for fewer than two dimensions.
XG_API Tensor fliplr(const Tensor& x);
/// x in reverse order along dimension 0. Throws ShapeError for a 0-d tensor.
XG_API Tensor flipud(const Tensor& x);
/// Element i along dims[k] moved to i + shifts[k], cyclically. Without dims the flattened tensor is rolled by a single
/// shift. Throws ValueError unless there is one shift for each dim.
XG_API Tensor roll(const Tensor& x, const Dims& shifts, const Dims& dims = {});

/// The elements of matrices [.., n, m] with column - row <= diagonal, 0 elsewhere. Throws ShapeError for fewer than two
/// dimensions.
XG_API Tensor tril(const Tensor& x, std::int64_t diagonal = 0);
/// The elements of matrices [.., n, m] with column - row >= diagonal, 0 elsewhere. Throws ShapeError for fewer than two
/// dimensions.
XG_API Tensor triu(const Tensor& x, std::int64_t diagonal = 0);
/// For a vector, the matrix with it on a diagonal and 0 elsewhere; for a matrix, a copy of its diagonal. Throws
/// ShapeError for any other number of dimensions.
XG_API Tensor diag(const Tensor& x, std::int64_t diagonal = 0);
/// The last dimension of x as a diagonal of two new dimensions dim1 and dim2, 0 elsewhere. Throws ShapeError where
/// these are equal, or x is 0-d.
XG_API Tensor diag_embed(const Tensor& x, std::int64_t offset = 0, std::int64_t dim1 = -2, std::int64_t dim2 = -1);
/// The matrix with the elements of the flattened tensor on a diagonal, 0 elsewhere.
XG_API Tensor diagflat(const Tensor& x, std::int64_t offset = 0);
/// The matrix with the given matrices as blocks along its diagonal, 0 elsewhere: [sum of rows, sum of columns]. A
/// vector is one row, a 0-d tensor one element. Throws ShapeError for more than two dimensions.
XG_API Tensor block_diag(const std::vector<Tensor>& tensors);
/// x turned k times by 90 degrees from dims[0] towards dims[1], as a copy; a negative k turns the other way. Throws
/// ValueError unless these are two different dimensions.
XG_API Tensor rot90(const Tensor& x, std::int64_t k = 1, const Dims& dims = {0, 1});
/// x_(i+1) - x_i along dim, applied n times; `prepend` and `append`, if defined, are first joined to x. For bools,
/// whether neighbours differ. Throws ValueError for a negative n, ShapeError for a 0-d tensor.
XG_API Tensor diff(const Tensor& x, std::int64_t n = 1, std::int64_t dim = -1, const Tensor& prepend = {},
                   const Tensor& append = {});
/// The order of the first two dimensions of a grid.
enum class Indexing {
  ij,  ///< the order of matrix indices: [n_1, n_2, ...]
  xy   ///< the order of Cartesian coordinates: [n_2, n_1, ...]
};
/// For each vector, a view of shape [n_1, n_2, ...] in which its elements vary along its own dimension. Throws
/// ShapeError for more than one dimension, DtypeError where dtypes differ.
XG_API std::vector<Tensor> meshgrid(const std::vector<Tensor>& tensors, Indexing indexing = Indexing::ij);
/// All ways to choose one element of each vector, in lexicographic order of their places: [product of sizes, number of
/// vectors], or a copy of a single vector. Throws ShapeError for more than one dimension, DtypeError where dtypes
/// differ.
XG_API Tensor cartesian_prod(const std::vector<Tensor>& tensors);
/// All ways to choose r elements of a vector in the order of their places, each once, or, with `with_replacement`, any
/// number of times: [count, r]. Throws ShapeError unless x is a vector, ValueError for a negative r.
XG_API Tensor combinations(const Tensor& x, std::int64_t r = 2, bool with_replacement = false);
/// The elements that pad adds.
enum class PadMode {
  constant,   ///< one value
  reflect,    ///< reflection at the edge, which is not repeated: at most size - 1 elements
  replicate,  ///< copies of the edge
  circular    ///< the elements from the other end: at most size elements
};
/// x with elements added at its borders: `padding` has (before, after) for the last dimension, then for the one before,
/// and so on; negative numbers remove elements. `value` must fit the dtype of an integer x, and have no
/// fraction then (ValueError). Throws ValueError for an odd count of numbers or too many of them, ShapeError where more
/// elements are removed or repeated than there are.
XG_API Tensor pad(const Tensor& x, const std::vector<std::int64_t>& padding, PadMode mode = PadMode::constant,
                  double value = 0);

}  // namespace xg
