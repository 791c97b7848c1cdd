// Reshaping, slicing, copies and conversions.
//
// Results are views that share memory with x where strides allow; reshape and its relatives copy where they do not. All
// support every dtype. All are linear: the gradient of an element goes back to its source, and is summed over its
// copies. A negative dimension counts from the end, one out of range is an IndexError, one named twice a ValueError,
// more than 8 are a ShapeError.
#pragma once

#include <xgrad/tensor/dtype.hpp>
#include <xgrad/tensor/shape.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <cstdint>
#include <vector>

namespace xg {

/// The elements in row-major order in another shape; one size may be -1 and is inferred from the others. Throws
/// ShapeError where the numbers of elements differ.
XG_API Tensor reshape(const Tensor& x, const Shape& shape);
/// As reshape, but always a view of x. Throws ShapeError also where that would need a copy.
XG_API Tensor view(const Tensor& x, const Shape& shape);
/// Dimensions start_dim to end_dim merged into one; a 0-d tensor becomes [1]. Throws ValueError where start_dim comes
/// after end_dim.
XG_API Tensor flatten(const Tensor& x, std::int64_t start_dim = 0, std::int64_t end_dim = -1);
/// Dimension dim split into several of `sizes`, one of which may be -1. Throws ShapeError unless they multiply to its
/// size.
XG_API Tensor unflatten(const Tensor& x, std::int64_t dim, const Shape& sizes);
/// All elements in row-major order: [numel].
XG_API Tensor ravel(const Tensor& x);
/// Two dimensions exchanged.
XG_API Tensor transpose(const Tensor& x, std::int64_t dim0, std::int64_t dim1);
/// Dimension i of the result is dimension dims[i] of x. Throws ShapeError unless dims names all of them.
XG_API Tensor permute(const Tensor& x, const Dims& dims);
/// Dimension source[i] moved to position destination[i]; the others keep their order. Throws ValueError unless both
/// have equally many entries.
XG_API Tensor movedim(const Tensor& x, const Dims& source, const Dims& destination);
/// The transpose of a matrix; x itself where it has fewer dimensions. Throws ShapeError for more than two.
XG_API Tensor t(const Tensor& x);
/// Removes the dimensions of size 1.
XG_API Tensor squeeze(const Tensor& x);
/// Removes those of `dims` that have size 1.
XG_API Tensor squeeze(const Tensor& x, const Dims& dims);
/// Inserts a dimension of size 1 at `dim`, which may be -x.dim() - 1 to x.dim().
XG_API Tensor unsqueeze(const Tensor& x, std::int64_t dim);
/// x repeated along dimensions of size 1 and new leading ones until it has `shape`, without a copy; -1 keeps a size.
/// Throws ShapeError where any other size differs.
XG_API Tensor expand(const Tensor& x, const Shape& shape);
/// expand(x, shape)
XG_API Tensor broadcast_to(const Tensor& x, const Shape& shape);
/// All tensors expanded to their common shape by NumPy's rules. Throws ShapeError where there is none.
XG_API std::vector<Tensor> broadcast_tensors(const std::vector<Tensor>& tensors);

/// The elements start, start + step, ... before stop along dim. As in Python, negative bounds count from the end and
/// bounds out of range are clamped. Throws ValueError unless step is positive, ShapeError where x is 0-d.
XG_API Tensor slice(const Tensor& x, std::int64_t dim, std::int64_t start, std::int64_t stop, std::int64_t step = 1);
/// Element `index` along dim, which is removed; a negative index counts from the end. Throws IndexError where it is out
/// of range, or x is 0-d.
XG_API Tensor select(const Tensor& x, std::int64_t dim, std::int64_t index);
/// `length` elements from `start` along dim; a negative start counts from the end. Throws IndexError where they exceed
/// the dimension, ShapeError where x is 0-d.
XG_API Tensor narrow(const Tensor& x, std::int64_t dim, std::int64_t start, std::int64_t length);
/// The elements x[.., i, .., i + offset, ..] of two dimensions, which are removed; i becomes the last dimension. Throws
/// ShapeError unless the two differ.
XG_API Tensor diagonal(const Tensor& x, std::int64_t offset = 0, std::int64_t dim1 = 0, std::int64_t dim2 = 1);

/// Parts of `size` along dim, the last of which may be smaller. Throws ValueError unless the size is positive and the
/// parts at most 2^24, ShapeError where x is 0-d.
XG_API std::vector<Tensor> split(const Tensor& x, std::int64_t size, std::int64_t dim = 0);
/// Parts of the given sizes along dim. Throws ShapeError unless they add up to its size and none is negative.
XG_API std::vector<Tensor> split(const Tensor& x, const std::vector<std::int64_t>& sizes, std::int64_t dim = 0);
/// At most `chunks` parts of one size along dim, the last of which may be smaller: the size is rounded up, so that
/// there may be fewer parts. Throws ValueError unless chunks is positive.
XG_API std::vector<Tensor> chunk(const Tensor& x, std::int64_t chunks, std::int64_t dim = 0);
/// `sections` parts along dim whose sizes differ by 1 at most, the larger ones first. Throws ValueError unless sections
/// is positive.
XG_API std::vector<Tensor> tensor_split(const Tensor& x, std::int64_t sections, std::int64_t dim = 0);
/// Parts along dim that end before each of `indices`, and one with the remaining elements; bounds are treated as by
/// slice.
XG_API std::vector<Tensor> tensor_split(const Tensor& x, const std::vector<std::int64_t>& indices,
                                        std::int64_t dim = 0);
/// select(x, dim, i) for each i. Throws ShapeError where x is 0-d, ValueError for more than 2^24 parts.
XG_API std::vector<Tensor> unbind(const Tensor& x, std::int64_t dim = 0);

/// The windows of `size` elements along dim that begin at 0, step, 2 step, ...: a view in which dim counts the windows
/// and a new last dimension their elements. Throws ValueError unless size >= 0 and step > 0, ShapeError where a window
/// is larger than the dimension.
XG_API Tensor unfold(const Tensor& x, std::int64_t dim, std::int64_t size, std::int64_t step);

/// x with at least one dimension: [] becomes [1].
XG_API Tensor atleast_1d(const Tensor& x);
/// x with at least two dimensions: [n] becomes [1, n].
XG_API Tensor atleast_2d(const Tensor& x);
/// x with at least three dimensions: [n] becomes [1, n, 1], [n, m] becomes [n, m, 1].
XG_API Tensor atleast_3d(const Tensor& x);

/// x itself if it is row-major without gaps, else a copy.
XG_API Tensor contiguous(const Tensor& x);
/// A row-major copy; gradients pass through.
XG_API Tensor clone(const Tensor& x);
/// The same values in the same memory, without a graph: no gradient passes.
XG_API Tensor detach(const Tensor& x);
/// x converted to a dtype; x itself if it has that dtype. Conversion to an integer dtype discards the fraction,
/// saturates at the limits of the dtype, and turns NaN into 0; conversion to bool gives true unless the element is 0.
/// Gradients pass between floating dtypes.
XG_API Tensor to(const Tensor& x, Dtype dtype);

}  // namespace xg
