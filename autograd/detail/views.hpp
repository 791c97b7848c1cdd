// Shared parts of ops that make views.
#pragma once

#include <xgrad/tensor/kernels/views.hpp>
#include <xgrad/tensor/tensor.hpp>

namespace xg::autograd {

using kernels::view_of, kernels::with_shape;

/// The number of elements of a requested shape. Throws ShapeError where it overflows 64 bits.
std::int64_t checked_numel(const char* op, const Shape& shape);

/// Finds strides that view x's elements in another shape; returns false if there are none.
bool strides_of_view(const Tensor& x, const Shape& shape, Shape& strides);

/// Whether elements of the geometry may share memory, as those of expand and of overlapping windows do.
bool may_overlap(const Shape& shape, const Shape& strides);

/// The adjoint of slice: zeros of `shape` in which g lies along `dim`, from `start` by `step`.
Tensor slice_scatter(const Tensor& g, const Shape& shape, std::size_t dim, std::int64_t start, std::int64_t step);
/// The adjoint of diagonal: zeros of `shape` with g on a diagonal.
Tensor diagonal_scatter(const Tensor& g, const Shape& shape, std::int64_t offset, std::size_t dim1, std::size_t dim2);

}  // namespace xg::autograd
