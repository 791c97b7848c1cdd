// Tensors on existing memory.
#pragma once

#include <xgrad/tensor/tensor.hpp>

namespace xg::kernels {

/// A view of x's memory with another geometry; `offset` counts elements from x's first.
inline Tensor view_of(const Tensor& x, const Shape& shape, const Shape& strides, std::int64_t offset = 0) {
  xg::detail::TensorImpl& impl = x.impl();
  char* data = static_cast<char*>(impl.data) + offset * static_cast<std::int64_t>(item_size(impl.dtype));
  return Tensor::adopt(xg::detail::new_view(impl, data, shape, strides));
}

/// Changes the shape of a new, unshared, row-major tensor, keeping the number of elements.
inline Tensor with_shape(Tensor fresh, const Shape& shape) {
  fresh.impl().layout = xg::detail::row_major_layout(shape);
  return fresh;
}

}  // namespace xg::kernels
