#include <xgrad/autograd/detail/elementwise.hpp>

namespace xg::autograd::detail {

Tensor pull_into(const kernels::BinaryKernel& kernel, Tensor& g, const Tensor& at, const void* op) {
  if (!owned_by_nobody_else(g) || g.dtype() != at.dtype() || g.shape() != at.shape()) return kernel(g, at, op);
  kernel.into(g, g, at, op);
  return std::move(g);
}

Tensor secant_of_steps(const Tensor& f_x, const Tensor& f_r, const Tensor& x, const Tensor& r) {
  return difference_secant(f_x, f_r, x, r, zeros_like(x));
}

}  // namespace xg::autograd::detail
