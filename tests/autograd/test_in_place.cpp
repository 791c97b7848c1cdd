// Writing in place: which gradients follow, and which writes are refused.
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/scope.hpp>

#include <cmath>

using namespace xg;
using xg_test::expect_close;
using xg_test::leaf;

TEST_CASE("a saved tensor changed in place is an error that names op, module and change") {
  // Breaks if versions are not compared: the gradient would be silently wrong.
  Tensor x = leaf({1, 2}) * 1.0;
  Tensor y;
  {
    const Scope scope("Net"), inner("block (Block)");
    y = x * x;
  }
  {
    const NoGrad guard;
    x.add_(1);
  }
  CHECK_ERROR(y.sum().backward(), AutogradError, "[mul]", "add_", "Net > block (Block)", "clone");
}

TEST_CASE("a leaf that requires grad cannot be changed in place while recording") {
  Tensor x = leaf({1, 2});
  CHECK_ERROR(x.add_(1), AutogradError, "[add_]", "leaf", "NoGrad");
  Tensor view = x.slice(0, 0, 1);
  CHECK_ERROR(view.mul_(2), AutogradError, "[mul_]", "view");
  const NoGrad guard;
  x.add_(1);
  expect_close(x.detach(), tensor({2, 3}, {.dtype = float64}));
}

TEST_CASE("in-place ops on results of ops differentiate as their out-of-place forms") {
  // Breaks if the history is not rebased, or an earlier saved value is read after the write.
  const Tensor x = leaf({0.3, 0.7}), w = leaf({2, -1});
  Tensor y = x * 1.0;
  y.mul_(w).exp_().add_(x);
  y.sum().backward();
  const auto e = [](double a, double b) { return std::exp(a * b); };
  expect_close(x.grad(), tensor({2 * e(0.3, 2) + 1, -1 * e(0.7, -1) + 1}, {.dtype = float64}), 1e-12);
  expect_close(w.grad(), tensor({0.3 * e(0.3, 2), 0.7 * e(0.7, -1)}, {.dtype = float64}), 1e-12);
}

TEST_CASE("an in-place write through a view rebases the base and its other views") {
  // Breaks if the base keeps its old graph: the gradient of w would be missing, that of x would not be cut.
  const Tensor x = leaf({1, 2, 3, 4}), w = leaf({10, 20});
  Tensor base = x * 1.0;
  const Tensor tail = base.slice(0, 1, 4);
  Tensor head = base.slice(0, 0, 2);
  head.mul_(w);
  expect_close(base.detach(), tensor({10, 40, 3, 4}, {.dtype = float64}));
  expect_close(tail.detach(), tensor({40, 3, 4}, {.dtype = float64}));
  (base.sum() + tail.sum() * 2).backward();
  expect_close(x.grad(), tensor({10, 60, 3, 3}, {.dtype = float64}));
  expect_close(w.grad(), tensor({1, 6}, {.dtype = float64}));
}

TEST_CASE("writing a gradient-carrying value into a plain tensor makes it part of the graph") {
  const Tensor x = leaf({1, 2});
  Tensor buffer = zeros({3, 2}, {.dtype = float64});
  buffer.select(0, 1).copy_(x * 3);
  CHECK(buffer.requires_grad());
  buffer.sum().backward();
  expect_close(x.grad(), tensor({3, 3}, {.dtype = float64}));
}

TEST_CASE("bad in-place writes are refused") {
  Tensor x = zeros({2, 1});
  CHECK_ERROR(x.add_(ones({2, 3})), ShapeError, "[add_]", "[2, 1]", "[2, 3]", "out-of-place");
  Tensor expanded = zeros({1, 2}).expand({3, 2});
  CHECK_ERROR(expanded.add_(1), ShapeError, "[add_]", "expand", "clone");
  Tensor whole = zeros({2}, {.dtype = int64});
  CHECK_ERROR(whole.add_(0.5), DtypeError, "[add_]", "int64");
  CHECK_ERROR(whole.div_(ones({2}, {.dtype = int64})), DtypeError, "[div_]", "int64");
}

// Breaks if an in-place write forgets that the gradient was asked for. The gradient is that of the present value, as
// if it had been computed out of place.
TEST_CASE("retain_grad survives in-place writes, of the tensor and of what shares its history") {
  const Tensor weights = tensor({3, 4, 5, 6}, {.dtype = float64});
  SECTION("the tensor itself, written several times") {
    const Tensor x = leaf({1, 2, 3, 4});
    Tensor y = x * 2.0;
    y.retain_grad();
    y.mul_(5.0).add_(x);
    y[0].fill_(7.0);  // a view rebases it
    (y * weights).sum().backward();
    expect_close(y.grad(), weights, 0);
    expect_close(x.grad(), {0.0, 11 * 4.0, 11 * 5.0, 11 * 6.0});
  }
  SECTION("a view, when its base is written, and the base, when a view is") {
    const Tensor x = leaf({1, 2, 3, 4});
    Tensor base = x * 2.0;
    Tensor view = base.slice(0, 1, 3), other = base.slice(0, 2, 4);
    base.retain_grad(), view.retain_grad(), other.retain_grad();
    base.mul_(5.0);
    other.mul_(3.0);
    (view * 2.0).sum().backward({.retain_graph = true});
    expect_close(view.grad(), {2.0, 2.0}, 0);
    expect_close(base.grad(), {0.0, 2.0, 2.0, 0.0}, 0);
    expect_close(x.grad(), {0.0, 20.0, 60.0, 0.0}, 0);
    CHECK_FALSE(other.grad().defined());
    (other * other).sum().backward();
    expect_close(other.grad(), other.detach() * 2.0, 0);
  }
  SECTION("one of several results of an op, and a gradient that was kept before") {
    const Tensor x = leaf({3, 1, 2});
    Tensor values = sort(x).first;
    values.retain_grad();
    (values * 2.0).sum().backward({.retain_graph = true});
    expect_close(values.grad(), {2.0, 2.0, 2.0}, 0);
    values.mul_(10.0);
    (values * 3.0).sum().backward();
    expect_close(values.grad(), {5.0, 5.0, 5.0}, 0);  // gradients accumulate
    expect_close(x.grad(), {32.0, 32.0, 32.0}, 0);
  }
  SECTION("not without retain_grad") {
    const Tensor x = leaf({1, 2});
    Tensor y = x * 2.0;
    y.mul_(5.0);
    y.sum().backward();
    CHECK_FALSE(y.grad().defined());
  }
}
