// Layouts, broadcasting and threads of elementwise ops. A kernel is a name with a loop over contiguous memory for each
// dtype, which loops.hpp makes from the op's arithmetic. Results are therefore bitwise equal for all layouts.
#pragma once

#include <xgrad/tensor/tensor.hpp>

namespace xg::kernels {

/// `op` is the function itself, with its attributes.
using UnaryLoop = void (*)(const void* x, void* out, std::int64_t n, const void* op);
/// Operand strides are 1 or 0 (one value for all).
using BinaryLoop = void (*)(const void* a, const void* b, void* out, std::int64_t n, const void* op);

struct BinaryLoops {
  BinaryLoop vector_vector = nullptr, vector_scalar = nullptr, scalar_vector = nullptr;
};

/// out = f(x), elementwise.
struct UnaryKernel {
  const char* name;
  UnaryLoop loops[6] = {};
  bool to_bool = false;

  Tensor operator()(const Tensor& x, const void* op) const;
  /// `out` has x's shape, any strides, and may be x itself.
  void into(Tensor& out, const Tensor& x, const void* op) const;
};

/// out = f(a, b), elementwise with broadcasting. Both operands have the same dtype.
struct BinaryKernel {
  const char* name;
  BinaryLoops loops[6] = {};
  bool to_bool = false;

  Tensor operator()(const Tensor& a, const Tensor& b, const void* op) const;
  /// `out` has the broadcast shape, any strides, and may be a or b itself.
  void into(Tensor& out, const Tensor& a, const Tensor& b, const void* op) const;
};

/// a where condition (bool), else b.
Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);

/// x converted to a dtype; a copy if it has that dtype. Floating-point numbers are truncated to integers and saturate.
Tensor cast(const Tensor& x, Dtype dtype);
/// A contiguous copy.
Tensor copy(const Tensor& x);
/// A contiguous copy of x broadcast to `shape`.
Tensor copy(const Tensor& x, const Shape& shape);
/// out = x, with broadcasting and conversion. Overlap of the two is allowed.
void copy_into(Tensor& out, const Tensor& x);
/// Throws ValueError, naming `op`, where the dtype of `out` cannot hold `value`.
void fill(Tensor& out, Scalar value, const char* op = "fill");
/// A new tensor with uninitialized elements.
inline Tensor empty(const Shape& shape, Dtype dtype) { return Tensor::adopt(detail::new_impl(shape, dtype)); }
/// A new tensor of x's shape with uninitialized elements.
inline Tensor empty_like(const Tensor& x, Dtype dtype) { return Tensor::adopt(detail::new_like(x.impl(), dtype)); }
/// A new tensor of zeros.
inline Tensor zeros(const Shape& shape, Dtype dtype) {
  Tensor out = empty(shape, dtype);
  fill(out, 0);
  return out;
}
/// x itself where it is contiguous, else a copy.
inline Tensor contiguous(const Tensor& x) { return x.is_contiguous() ? x : copy(x); }
/// The same without counting a reference: a copy is kept in `copied`.
[[gnu::always_inline]] inline const Tensor& contiguous(const Tensor& x, Tensor& copied) {
  return x.is_contiguous() ? x : copied = copy(x);
}

}  // namespace xg::kernels
