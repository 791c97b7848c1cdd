#include <xgrad/autograd/detail/elementwise.hpp>

#include <type_traits>
#include <utility>

namespace xg::autograd {

Tensor detail::pull_into(const kernels::BinaryKernel& kernel, Tensor& g, const Tensor& at, const void* op) {
  if (!is_unshared(g) || g.dtype() != at.dtype() || g.shape() != at.shape()) return kernel(g, at, op);
  kernel.into(g, g, at, op);
  return std::move(g);
}

Tensor detail::secant_of_steps(const Tensor& f_x, const Tensor& f_r, const Tensor& x, const Tensor& r) {
  return difference_secant(f_x, f_r, x, r, zeros_like(x));
}

bool holds(Dtype dtype, Scalar value) {
  return dispatch(dtype, [&]<class T>() {
    if constexpr (std::is_integral_v<T>)
      return value.fits<T>();
    else
      return true;
  });
}

Tensor as_tensor(Scalar value, const Tensor& like) {
  return full({}, value, {.dtype = xg::result_type(like.dtype(), value)});
}

}  // namespace xg::autograd
