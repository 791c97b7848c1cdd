// Typed access to a tensor's elements.
#pragma once

#include <xgrad/tensor/tensor.hpp>

namespace xg::kernels {

/// The first element; T must be the dtype's type. Not counted as a write.
template <class T> const T* elements(const Tensor& x) { return static_cast<const T*>(x.impl().data); }
template <class T> T* elements(Tensor& x) { return static_cast<T*>(x.impl().data); }

}  // namespace xg::kernels
