// x = op(x) for elementwise ops: without a graph the loop writes directly into x.
#pragma once

#include <xgrad/tensor/kernels/loops.hpp>

namespace xg::autograd {
namespace detail {

Tensor& in_place(Tensor& self, const char* name, Tensor (*f)(const Tensor&), const kernels::UnaryKernel& kernel,
                 const void* op);
Tensor& in_place(Tensor& self, const char* name, Scalar value, Tensor (*f)(const Tensor&, Scalar),
                 const kernels::UnaryKernel& kernel, const void* op);
Tensor& in_place(Tensor& self, const char* name, const Tensor& other, Tensor (*f)(const Tensor&, const Tensor&),
                 const kernels::BinaryKernel& kernel, const void* op);

}  // namespace detail

/// `f` is the public function, used where there is a graph and for dtypes that the op does not support.
template <class Op> Tensor& in_place(Tensor& self, const char* name, Tensor (*f)(const Tensor&), const Op& op) {
  return detail::in_place(self, name, f, kernels::unary<Op>, &op);
}
template <class Op>
Tensor& in_place(Tensor& self, const char* name, Scalar value, Tensor (*f)(const Tensor&, Scalar), const Op& op) {
  return detail::in_place(self, name, value, f, kernels::unary<Op>, &op);
}
template <class Op> Tensor& in_place(Tensor& self, const char* name, const Tensor& other,
                                     Tensor (*f)(const Tensor&, const Tensor&), const Op& op) {
  return detail::in_place(self, name, other, f, kernels::binary<Op>, &op);
}

}  // namespace xg::autograd
