// What ops that rearrange share: making views.
#pragma once

#include <xgrad/tensor/tensor.hpp>

namespace xg::autograd {

/// x's memory under another geometry; `offset` counts elements from x's first.
inline Tensor view_of(const Tensor& x, const Shape& shape, const Shape& strides, std::int64_t offset = 0) {
  xg::detail::TensorImpl& impl = x.impl();
  char* data = static_cast<char*>(impl.data) + offset * static_cast<std::int64_t>(item_size(impl.dtype));
  return Tensor::adopt(xg::detail::new_view(impl, data, shape, strides));
}

/// The number of elements of a shape that a user asks for. Throws ShapeError where 64 bits do not count them.
std::int64_t checked_numel(const char* op, const Shape& shape);

/// A fresh tensor, row-major and held by nobody else, under another shape of as many elements.
inline Tensor with_shape(Tensor fresh, const Shape& shape) {
  fresh.impl().layout = xg::detail::row_major_layout(shape);
  return fresh;
}

/// Strides with which x's elements have another shape without being moved; false where there are none.
bool strides_of_view(const Tensor& x, const Shape& shape, Shape& strides);

/// The adjoint of slice: zeros of `shape` in which g lies along `dim`, from `start` by `step`.
Tensor slice_scatter(const Tensor& g, const Shape& shape, std::size_t dim, std::int64_t start, std::int64_t step);
/// The adjoint of diagonal: zeros of `shape` with g on a diagonal.
Tensor diagonal_scatter(const Tensor& g, const Shape& shape, std::int64_t offset, std::size_t dim1, std::size_t dim2);

}  // namespace xg::autograd
