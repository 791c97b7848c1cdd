// Hooks of tensors and nodes, and sweeps that they interrupt or start.
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/inspect.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>

#include <span>

using namespace xg;
using xg_test::expect_close;
using xg_test::leaf;

TEST_CASE("gradients of constants are not computed") {
  // Breaks if the sweep computes an input's gradient although the input is a constant: the first layer would pay for
  // it.
  const Tensor x = rand({4, 3}), w = rand({2, 3}, {.requires_grad = true});
  const Tensor y = linear(x, w);
  bool input_gradient = true;
  autograd::register_node_hook(
      y, [&](std::span<Tensor> inputs, std::span<const Tensor>) { input_gradient = inputs[0].defined(); });
  y.sum().backward();
  CHECK_FALSE(input_gradient);
  CHECK(w.grad().defined());
}

TEST_CASE("hooks see and replace gradients") {
  const Tensor x = leaf({1, 2});
  Tensor y = x * 3;
  y.retain_grad();
  int calls = 0;
  const auto handle = y.register_hook([&](const Tensor& g) {
    ++calls;
    return g * 10;
  });
  y.sum().backward({.retain_graph = true});
  expect_close(x.grad(), tensor({30, 30}, {.dtype = float64}));
  expect_close(y.grad(), tensor({10, 10}, {.dtype = float64}));
  y.remove_hook(handle);
  x.detach();
  y.sum().backward();
  CHECK(calls == 1);
  expect_close(x.grad(), tensor({33, 33}, {.dtype = float64}));
  CHECK_ERROR(y.remove_hook(99), ValueError, "99");
  CHECK_ERROR(ones({1}).register_hook([](const Tensor& g) { return g; }), AutogradError, "[register_hook]");
  Tensor z = leaf({1, 2}) * 1.0;
  z.register_hook([](const Tensor&) { return ones({7}); });
  CHECK_ERROR(z.sum().backward(), ShapeError, "[hook]", "[7]", "[2]");
}

TEST_CASE("an error inside a sweep leaves no gradient behind") {
  // Breaks if pending gradients survive: the next sweep would start from them.
  const Tensor x = leaf({1, 2});
  Tensor y = x * 2;
  const auto handle = y.register_hook([](const Tensor&) -> Tensor { throw ValueError("[test] stop"); });
  CHECK_ERROR(y.sum().backward({.retain_graph = true}), ValueError, "stop");
  y.remove_hook(handle);
  y.sum().backward();
  expect_close(x.grad(), tensor({2, 2}, {.dtype = float64}));
}

// Breaks if a sweep that is started from within another one disturbs the nodes that wait in it.
TEST_CASE("a hook may sweep another graph") {
  const Tensor x = full({}, 2.0, {.dtype = float64}).requires_grad_();
  const Tensor a = x * 3.0, b = x * 5.0;
  Tensor inner;
  Tensor(a).register_hook([&](const Tensor& g) {
    const Tensor z = full({}, 4.0, {.dtype = float64}).requires_grad_();
    const EnableGrad on;
    inner = grad(z * z * z, z);
    return g * 2.0;
  });
  (a * b).backward();
  expect_close(inner, {48.0});
  expect_close(x.grad(), {2 * 3.0 * 10.0 + 5.0 * 6.0});
}
