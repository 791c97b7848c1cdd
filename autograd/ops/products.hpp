// Matrix products and ops based on them. BLAS takes strides as transpose flags, so a transposed view is not copied.
//
// Unless noted, both operands have the same dtype, which is not bool (DtypeError), and the sizes of dimensions summed
// over are equal (ShapeError). Integers stay integers and wrap around. Empty sums are 0.
#pragma once

#include <xgrad/tensor/scalar.hpp>
#include <xgrad/tensor/shape.hpp>
#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <cstdint>
#include <utility>
#include <vector>

namespace xg {

/// The matrix product of a [.., n, k] and b [.., k, m]: [.., n, m], the leading dimensions broadcast. A vector a is a
/// row, a vector b a column, and that dimension is removed from the result. Throws ShapeError for a 0-d tensor.
XG_API Tensor matmul(const Tensor& a, const Tensor& b);
/// The product of two matrices [n, k] and [k, m]: [n, m]. Throws ShapeError for other numbers of dimensions.
XG_API Tensor mm(const Tensor& a, const Tensor& b);
/// The product of a matrix [n, k] and a vector [k]: [n]. Throws ShapeError for other numbers of dimensions.
XG_API Tensor mv(const Tensor& a, const Tensor& x);
/// The products of matrices [batch, n, k] and [batch, k, m]: [batch, n, m]. Throws ShapeError for other numbers of
/// dimensions; batches do not broadcast.
XG_API Tensor bmm(const Tensor& a, const Tensor& b);
/// sum_i a_i b_i of two vectors [n]: 0-d. Throws ShapeError for other numbers of dimensions.
XG_API Tensor dot(const Tensor& a, const Tensor& b);
/// sum_i a[.., i] b[.., i]: the shape of a, then that of b, each without its last dimension. It is mul if either is
/// 0-d.
XG_API Tensor inner(const Tensor& a, const Tensor& b);
/// a_i b_j of two vectors: [n, m]. The dtypes promote. Throws ShapeError for other numbers of dimensions.
XG_API Tensor outer(const Tensor& a, const Tensor& b);

/// beta x + alpha mm(a, b); x broadcasts to the product (ShapeError) and has its dtype (DtypeError). With beta = 0, x
/// is ignored, NaN included. For integers, alpha and beta must be integers (DtypeError).
XG_API Tensor addmm(const Tensor& x, const Tensor& a, const Tensor& b, Scalar beta = 1, Scalar alpha = 1);
/// beta x + alpha mv(a, b), see addmm.
XG_API Tensor addmv(const Tensor& x, const Tensor& a, const Tensor& b, Scalar beta = 1, Scalar alpha = 1);
/// beta x + alpha outer(a, b), see addmm.
XG_API Tensor addr(const Tensor& x, const Tensor& a, const Tensor& b, Scalar beta = 1, Scalar alpha = 1);
/// beta x + alpha times the sum of bmm(a, b) over the batch, see addmm.
XG_API Tensor addbmm(const Tensor& x, const Tensor& a, const Tensor& b, Scalar beta = 1, Scalar alpha = 1);
/// beta x + alpha bmm(a, b), see addmm.
XG_API Tensor baddbmm(const Tensor& x, const Tensor& a, const Tensor& b, Scalar beta = 1, Scalar alpha = 1);

/// The product summed over dimension dims_a[i] of a and dims_b[i] of b for all i: [other sizes of a, other sizes of b].
/// A size of 1 broadcasts. Throws ValueError unless there are equally many dims, each named once, ShapeError where
/// sizes differ.
XG_API Tensor tensordot(const Tensor& a, const Tensor& b, const Dims& dims_a, const Dims& dims_b);
/// Einstein's summation: "bij,bjk->bik". Each letter names a dimension, "..." those that broadcast; letters missing
/// from the output are summed over, and a letter that is repeated in one operand takes its diagonal. Without "->" the
/// output has the letters that occur once, in alphabetical order. Operands are multiplied two at a time, in the order
/// of einsum_path, each time by one batched matrix product. Throws ValueError for an equation that is malformed or does
/// not fit the operands, ShapeError where sizes of one letter differ and neither is 1, DtypeError where a matrix
/// product would have operands of different dtypes.
XG_API Tensor einsum(StringRef equation, const std::vector<Tensor>& operands);

/// The order in which einsum multiplies its operands, and what it costs.
struct EinsumPath {
  /// Two positions in the list of operands for each product: both operands are removed from the list, and the product
  /// is appended to it, as in NumPy's einsum_path.
  std::vector<std::pair<std::int64_t, std::int64_t>> steps = {};
  double flops = 0;                ///< multiplications and additions of these products
  double left_to_right_flops = 0;  ///< of the products from left to right
};
/// The cheapest order of up to six operands, and for more of them one that starts with the products that take the least
/// memory (opt_einsum's "optimal" and "greedy"), or from left to right where that is no dearer. A product of two
/// operands counts as many multiplications as there are combinations of their letters, and as many additions if it
/// sums. Sums over letters of one operand alone come first and are not counted. Throws as einsum.
XG_API EinsumPath einsum_path(StringRef equation, const std::vector<Tensor>& operands);
/// The cross product of vectors of size 3 along dim: a_y b_z - a_z b_y, a_z b_x - a_x b_z, a_x b_y - a_y b_x. Other
/// dimensions broadcast, dtypes promote. Throws ShapeError unless both have equally many dimensions and size 3 along
/// dim.
XG_API Tensor cross(const Tensor& a, const Tensor& b, std::int64_t dim = -1);
/// sum_i a_i b_i along dim, which is removed; other dimensions broadcast. Throws ShapeError for a 0-d tensor.
XG_API Tensor vecdot(const Tensor& a, const Tensor& b, std::int64_t dim = -1);

}  // namespace xg
