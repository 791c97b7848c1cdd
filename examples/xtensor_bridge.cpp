// The bridge to xtensor: its expressions read and write a tensor's own memory; tensors come from expressions.
#include <xgrad/tensor/xtensor.hpp>
#include <xgrad/xgrad.hpp>

#include <iostream>

using namespace xg;

int main() {
  // Reading: of a const tensor. Nothing is copied; the adaptor must not outlive the tensor.
  const Tensor x = arange(6.0).reshape({2, 3});
  auto in = as_xtensor<float>(x);
  Tensor row_sums = from_xtensor(xt::sum(in, {1}));
  Tensor squares = from_xtensor(xt::square(in) + 0.5f);
  std::cout << "row sums " << row_sums << "\nsquares\n" << squares << "\n";

  // Writing: whatever the strides. Here the columns of a larger tensor, through a transposed view.
  Tensor grid = zeros({3, 4});
  Tensor columns = grid.t().slice(0, 1, 3);
  as_xtensor<float>(columns) = xt::sin(in) * 10.f;
  std::cout << "grid\n" << grid << "\n";

  // Containers of xtensor become tensors that autograd takes.
  xt::xarray<double> weights = {{1.0, -2.0}, {0.5, 3.0}};
  Tensor w = from_xtensor(weights).requires_grad_();
  (w.matmul(w)).sum().backward();
  std::cout << "gradient\n" << w.grad() << "\n";

  // A write through an adaptor is an in-place write: a graph that needs the old values says so instead of being wrong.
  Tensor saved = ones({2}, {.requires_grad = true}) * 2;
  Tensor y = square(saved).sum();
  as_xtensor<float>(saved) = 7.f;
  try {
    y.backward();
  } catch (const AutogradError& error) {
    std::cout << error.what() << "\n";
    return allclose(row_sums, x.sum({1})) ? 0 : 1;
  }
  return 1;
}
