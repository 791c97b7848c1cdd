// The methods of Tensor that need no op.
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/support/raise.hpp>
#include <xgrad/tensor/tensor.hpp>

namespace xg {

void throw_undefined() {
  throw ValueError("[tensor] the tensor is undefined (default-constructed or moved from): assign a value first.");
}

std::int64_t normalize_dim(const char* op, std::int64_t dim, std::int64_t ndim) {
  const std::int64_t range = ndim == 0 ? 1 : ndim;  // 0-d tensors accept 0 and -1, as in PyTorch
  if (dim < -range || dim >= range)
    raise<IndexError>("[{}] dim is {}, the tensor has {} dimension{}: use a number from {} to {}.", op, dim, ndim,
                      ndim == 1 ? "" : "s", -range, range - 1);
  return dim < 0 ? dim + range : dim;
}

Shape broadcast_shapes(const char* op, const Shape& a, const Shape& b) {
  const Shape& longer = a.size() >= b.size() ? a : b;
  const Shape& shorter = a.size() >= b.size() ? b : a;
  Shape out = longer;
  const std::size_t skip = longer.size() - shorter.size();
  for (std::size_t i = 0; i < shorter.size(); ++i) {
    const std::int64_t x = longer[i + skip], y = shorter[i];
    if (x == y || y == 1) continue;
    if (x != 1)
      raise<ShapeError>(
          "[{}] shapes {} and {} do not broadcast: dimension {} has sizes {} and {}, they must be equal or one of them "
          "1.",
          op, a.str(), b.str(), i + skip, a.size() >= b.size() ? x : y, a.size() >= b.size() ? y : x);
    out[i + skip] = y;
  }
  return out;
}

std::int64_t Tensor::size(std::int64_t dim) const {
  if (this->dim() == 0) normalize_dim("size", this->dim() == 0 ? 1 : dim, 0);
  return shape()[static_cast<std::size_t>(normalize_dim("size", dim, this->dim()))];
}

std::int64_t Tensor::stride(std::int64_t dim) const {
  if (this->dim() == 0) normalize_dim("stride", 1, 0);
  return strides()[static_cast<std::size_t>(normalize_dim("stride", dim, this->dim()))];
}

Tensor Tensor::substitute_for_reading() const { return adopt(detail::substitute_for_reading(impl())); }

const void* Tensor::checked_data(Dtype wanted) const {
  const Tensor other = substitute_for_reading();
  const detail::TensorImpl& self = other.defined() ? other.impl() : impl();
  if (self.dtype != wanted)
    raise<DtypeError>("[data] the tensor is {}, requested was {}: convert with x.to(xg::{}).", name(self.dtype),
                      name(wanted), name(wanted));
  return self.data;
}

void* Tensor::checked_mutable_data(Dtype wanted) {
  const void* data = checked_data(wanted);
  const Tensor other = substitute_for_reading();
  detail::bump_version((other.defined() ? other : *this).impl().storage(), "a write through mutable_data");
  return const_cast<void*>(data);
}

Scalar Tensor::item_scalar() const {
  const Tensor other = substitute_for_reading();
  const detail::TensorImpl& self = other.defined() ? other.impl() : impl();
  if (self.numel() != 1)
    raise<ShapeError>("[item] shape is {} with {} elements, it must have one: reduce or index it first.",
                      self.shape().str(), self.numel());
  return dispatch(self.dtype, [&]<class T>() { return Scalar(*static_cast<const T*>(self.data)); });
}

Tensor Tensor::as_dense(Dtype dtype) const {
  if (const Tensor other = substitute_for_reading(); other.defined()) return other.as_dense(dtype);
  return kernels::contiguous(this->dtype() == dtype ? *this : kernels::cast(*this, dtype));
}

}  // namespace xg
