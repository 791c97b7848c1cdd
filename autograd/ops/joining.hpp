// Tensors joined, repeated, turned around and padded.
//
// Results are copies (only meshgrid gives views). All take every dtype; tensors that are joined promote. All are
// linear: the gradient goes back to where each element came from, and is summed over its copies. A negative dimension
// counts from the end, one out of range is an IndexError. An empty list of tensors is a ValueError.
#pragma once

#include <xgrad/tensor/shape.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace xg {

/// Tensors one after the other along dim; the other sizes are equal, and tensors of shape [0] are skipped. Throws
/// ShapeError where sizes differ, or for a tensor without dimensions.
XG_API Tensor cat(const std::vector<Tensor>& tensors, std::int64_t dim = 0);
/// Tensors of one shape along a new dimension at place dim. Throws ShapeError where shapes differ.
XG_API Tensor stack(const std::vector<Tensor>& tensors, std::int64_t dim = 0);
/// cat along the columns: dimension 1, of vectors dimension 0.
XG_API Tensor hstack(const std::vector<Tensor>& tensors);
/// cat along dimension 0, vectors being rows.
XG_API Tensor vstack(const std::vector<Tensor>& tensors);
/// cat along dimension 2, of atleast_3d.
XG_API Tensor dstack(const std::vector<Tensor>& tensors);
/// cat along dimension 1, vectors being columns.
XG_API Tensor column_stack(const std::vector<Tensor>& tensors);

/// x laid out repeats[i] times along dimension i of the result, which may have new leading dimensions. Throws
/// ShapeError for fewer numbers than x has dimensions, ValueError for a negative one.
XG_API Tensor repeat(const Tensor& x, const Shape& repeats);
/// The same as repeat, but missing leading numbers are 1.
XG_API Tensor tile(const Tensor& x, const Shape& repeats);
/// Each slice along dim `repeats` times in a row; without a dim each element of the flattened tensor. Throws ValueError
/// for a negative number.
XG_API Tensor repeat_interleave(const Tensor& x, std::int64_t repeats, std::optional<std::int64_t> dim = {});
/// Slice i along dim repeats[i] times in a row; one number stands for all slices. Throws DtypeError unless repeats is a
/// vector of integers, ShapeError unless it has one for each slice, ValueError for a negative one.
XG_API Tensor repeat_interleave(const Tensor& x, const Tensor& repeats, std::optional<std::int64_t> dim = {});

/// x in reverse order along dims, as a copy. Throws ValueError where one is named twice.
XG_API Tensor flip(const Tensor& x, const Dims& dims);
/// x in reverse order along dimension 1. Throws ShapeError for fewer than two dimensions.
XG_API Tensor fliplr(const Tensor& x);
/// x in reverse order along dimension 0. Throws ShapeError for a tensor without dimensions.
XG_API Tensor flipud(const Tensor& x);
/// Element i along dims[k] moved to i + shifts[k]; elements that leave at one end come in at the other. Without dims
/// the flattened tensor is rolled by a single shift. Throws ValueError unless there is one shift for each dim.
XG_API Tensor roll(const Tensor& x, const Dims& shifts, const Dims& dims = {});

/// Of matrices [.., n, m] the elements with column - row <= diagonal, 0 elsewhere. Throws ShapeError for fewer than two
/// dimensions.
XG_API Tensor tril(const Tensor& x, std::int64_t diagonal = 0);
/// Of matrices [.., n, m] the elements with column - row >= diagonal, 0 elsewhere. Throws ShapeError for fewer than two
/// dimensions.
XG_API Tensor triu(const Tensor& x, std::int64_t diagonal = 0);
/// For a vector the matrix with it on a diagonal, 0 elsewhere; for a matrix a copy of its diagonal. Throws ShapeError
/// for any other number of dimensions.
XG_API Tensor diag(const Tensor& x, std::int64_t diagonal = 0);
/// The last dimension of x on a diagonal of two new dimensions dim1 and dim2 of the result, 0 elsewhere. Throws
/// ShapeError where these are the same, or x has no dimensions.
XG_API Tensor diag_embed(const Tensor& x, std::int64_t offset = 0, std::int64_t dim1 = -2, std::int64_t dim2 = -1);
/// The matrix with the elements of the flattened tensor on a diagonal, 0 elsewhere.
XG_API Tensor diagflat(const Tensor& x, std::int64_t offset = 0);
/// x_(i+1) - x_i along dim, n times over; `prepend` and `append` are joined to x first, where defined. For bools: do
/// the neighbours differ? Throws ValueError for a negative n, ShapeError for a tensor without dimensions.
XG_API Tensor diff(const Tensor& x, std::int64_t n = 1, std::int64_t dim = -1, const Tensor& prepend = {},
                   const Tensor& append = {});
/// The order of the first two dimensions of a grid.
enum class Indexing {
  ij,  ///< the order of matrix indices: [n_1, n_2, ...]
  xy   ///< the order of Cartesian coordinates: [n_2, n_1, ...]
};
/// For each vector a tensor over the grid of all of them, in which its elements vary along its own dimension: views of
/// shape [n_1, n_2, ...]. Throws ShapeError for more than one dimension, DtypeError where dtypes differ.
XG_API std::vector<Tensor> meshgrid(const std::vector<Tensor>& tensors, Indexing indexing = Indexing::ij);
/// What pad puts around a tensor.
enum class PadMode {
  constant,   ///< one value
  reflect,    ///< the elements backwards from the edge, without the edge itself: at most size - 1 of them
  replicate,  ///< the edge again and again
  circular    ///< the elements from the other end: at most size of them
};
/// x with elements added around it: `padding` has (before, after) for the last dimension, then for the one before, and
/// so on; negative numbers cut off. In an integer tensor `value` loses its fraction and must fit the dtype
/// (ValueError). Throws ValueError for an odd count of numbers or too many of them, ShapeError where more is cut or
/// repeated than there is.
XG_API Tensor pad(const Tensor& x, const std::vector<std::int64_t>& padding, PadMode mode = PadMode::constant,
                  double value = 0);

}  // namespace xg
