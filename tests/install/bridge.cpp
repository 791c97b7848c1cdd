// The bridge to xtensor of an installed xgrad.
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/xtensor.hpp>

int main() {
  const xg::Tensor x = xg::arange(8.0);
  return xg::allclose(xg::from_xtensor(xt::exp(xg::as_xtensor<float>(x))), xg::exp(x)) ? 0 : 1;
}
