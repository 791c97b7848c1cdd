// What ops that rearrange share: making views, and the strides of a row-major tensor.
#pragma once

#include <xgrad/tensor/tensor.hpp>

namespace xg::autograd {

/// x's memory under another geometry; `offset` counts elements from x's first.
inline Tensor view_of(const Tensor& x, const Shape& shape, const Shape& strides, std::int64_t offset = 0) {
  xg::detail::TensorImpl& impl = x.impl();
  char* data = static_cast<char*>(impl.data) + offset * static_cast<std::int64_t>(item_size(impl.dtype));
  return Tensor::adopt(xg::detail::new_view(impl, data, shape, strides));
}

inline Shape row_major(const Shape& shape) {
  Shape strides = shape;
  std::int64_t step = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    strides[i] = step;
    step *= shape[i];
  }
  return strides;
}

}  // namespace xg::autograd
