#include <xgrad/autograd/detail/in_place.hpp>
#include <xgrad/autograd/detail/in_place_arithmetic.hpp>
#include <xgrad/autograd/detail/op.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/tensor/support/raise.hpp>

namespace xg::autograd::detail {
namespace {

[[noreturn]] void throw_other_dtype(const char* op, Dtype result, Dtype self) {
  raise<DtypeError>(
      "[{}] the result is {}, the tensor that is changed {}: convert it first, or use the out-of-place form.", op,
      name(result), name(self));
}

}  // namespace

Tensor& in_place(Tensor& self, const char* op_name, Tensor (*f)(const Tensor&), const kernels::UnaryKernel& kernel,
                 const void* op) {
  return autograd::in_place(
      self, op_name, nullptr, [&](const Tensor& x) { return f(x); },
      [&](Tensor& x) {
        if (is_floating(x.dtype())) return kernel.into(x, x, op);
        const Tensor result = f(x);
        if (result.dtype() != x.dtype()) throw_other_dtype(op_name, result.dtype(), x.dtype());
        kernels::copy_into(x, result);
      });
}

Tensor& in_place(Tensor& self, const char* op_name, Scalar value, Tensor (*f)(const Tensor&, Scalar),
                 const kernels::UnaryKernel& kernel, const void* op) {
  if (value.category() == float64 && !is_floating(self.dtype()))
    throw_other_dtype(op_name, default_dtype(), self.dtype());
  return autograd::in_place(
      self, op_name, nullptr, [&](const Tensor& x) { return f(x, value); },
      [&](Tensor& x) {
        if (is_floating(x.dtype())) return kernel.into(x, x, op);
        const NoGrad guard;
        kernels::copy_into(x, f(x, value));
      });
}

Tensor& in_place(Tensor& self, const char* op_name, const Tensor& other, Tensor (*f)(const Tensor&, const Tensor&),
                 const kernels::BinaryKernel& kernel, const void* op) {
  const Tensor* both[] = {&self, &other};
  const Dtype result = result_type(both);
  if (is_floating(result) && !is_floating(self.dtype())) throw_other_dtype(op_name, result, self.dtype());
  return autograd::in_place(
      self, op_name, &other, [&](const Tensor& x) { return f(x, other); },
      [&](Tensor& x) {
        if (x.dtype() == other.dtype() && is_floating(x.dtype())) return kernel.into(x, x, other, op);
        const NoGrad guard;
        kernels::copy_into(x, f(x, other));
      });
}

}  // namespace xg::autograd::detail
