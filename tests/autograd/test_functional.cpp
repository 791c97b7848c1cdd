#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/function.hpp>
#include <xgrad/autograd/functional.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/memory.hpp>
#include <xgrad/tensor/random.hpp>

#include <cmath>

using namespace xg;
using xg_test::expect_close;

namespace {

Tensor real(std::initializer_list<double> values, bool requires_grad = false) {
  return tensor(values, {.dtype = float64, .requires_grad = requires_grad});
}

/// x^3 with a factor, with what forward keeps: an argument, a number, and the result.
struct Cube : autograd::Function<Cube> {
  static Tensor forward(autograd::Context& ctx, const Tensor& x, double factor) {
    const Tensor y = x * x * x * factor;
    ctx.save_for_backward({x, y});
    ctx.set("factor", factor);
    return y;
  }
  static autograd::Gradients backward(autograd::Context& ctx, const Tensor& grad) {
    const Tensor& x = ctx.saved()[0];
    const Tensor& y = ctx.saved()[1];
    // Half of it through the saved result, so that its graph is needed for second derivatives.
    const double f = ctx.get<double>("factor");
    return {grad * (1.5 * f * square(x) + 1.5 * y / x)};
  }
};

/// Two tensor arguments around one that is not.
struct Blend : autograd::Function<Blend> {
  static Tensor forward(autograd::Context& ctx, const Tensor& a, double t, const Tensor& b) {
    ctx.set("t", t);
    return a * t + b * (1 - t);
  }
  static autograd::Gradients backward(autograd::Context& ctx, const Tensor& grad) {
    const double t = ctx.get<double>("t");
    return {grad * t, grad * (1 - t)};
  }
};

struct WrongCount : autograd::Function<WrongCount> {
  static Tensor forward(autograd::Context&, const Tensor& x) { return x * 2; }
  static autograd::Gradients backward(autograd::Context&, const Tensor& grad) { return {grad, grad}; }
};

struct WrongShape : autograd::Function<WrongShape> {
  static Tensor forward(autograd::Context&, const Tensor& x) { return x * 2; }
  static autograd::Gradients backward(autograd::Context&, const Tensor& grad) { return {grad.sum()}; }
};

struct WrongDerivative : autograd::Function<WrongDerivative> {
  static Tensor forward(autograd::Context& ctx, const Tensor& x) {
    ctx.save_for_backward({x});
    return x * x;
  }
  static autograd::Gradients backward(autograd::Context& ctx, const Tensor& grad) { return {grad * ctx.saved()[0]}; }
};

struct NoSuchValue : autograd::Function<NoSuchValue> {
  static Tensor forward(autograd::Context& ctx, const Tensor& x) {
    ctx.set("a", 1.0);
    return x * 2;
  }
  static autograd::Gradients backward(autograd::Context& ctx, const Tensor& grad) {
    return {grad * ctx.get<double>("b")};
  }
};

}  // namespace

TEST_CASE("a user's op differentiates to second order, through saved arguments and saved results") {
  // Breaks if a saved result loses its graph in a recorded sweep, or gets the wrong one.
  const Tensor x = real({0.7, -1.2, 2.0}, true);
  const auto cube = [](const Tensor& t) { return Cube::apply(t, 1.5); };
  expect_close(cube(x).detach(), x.detach().pow(3) * 1.5, 1e-14);
  const auto first = gradcheck(cube, x), second = gradgradcheck(cube, x);
  INFO(first.message << second.message);
  CHECK(bool(first));
  CHECK(bool(second));
}

TEST_CASE("a user's op that saved its result does not leak its graph") {
  const std::int64_t before = memory::statistics().bytes_in_use;
  for (int i = 0; i < 3; ++i) {
    const Tensor x = real({1, 2}, true);
    const Tensor y = Cube::apply(x, 1.0);
    y.sum().backward();
  }
  CHECK(memory::statistics().bytes_in_use == before);
}

TEST_CASE("tensor arguments of a user's op keep their places among the others") {
  const Tensor a = real({1, 2}, true), b = real({5, 7}, true);
  const Tensor y = Blend::apply(a, 0.25, b);
  expect_close(y.detach(), real({4, 5.75}));
  y.sum().backward();
  expect_close(a.grad(), real({0.25, 0.25}));
  expect_close(b.grad(), real({0.75, 0.75}));
}

TEST_CASE("mistakes in a user's op are named") {
  const Tensor x = real({1, 2}, true);
  CHECK_ERROR(WrongCount::apply(x).sum().backward(), AutogradError, "[WrongCount]", "2 gradients", "1 tensors");
  CHECK_ERROR(WrongShape::apply(x).sum().backward(), ShapeError, "[WrongShape]", "[]", "[2]");
  CHECK_ERROR(NoSuchValue::apply(x).sum().backward(), ValueError, "'b'", "ctx.set");
  CHECK_ERROR(WrongCount::apply(Tensor()), ValueError, "[WrongCount]", "undefined");
  const auto found = gradcheck([](const Tensor& t) { return WrongDerivative::apply(t); }, x);
  CHECK_FALSE(bool(found));
  CHECK_THAT(found.message, xg_test::ContainsSubstring("analytical"));
  Tensor changed = x * 1.0;
  const Tensor y = Cube::apply(changed, 1.0);
  {
    const NoGrad guard;
    changed.mul_(2);
  }
  CHECK_ERROR(y.sum().backward(), AutogradError, "[Cube]", "mul_", "clone");
  const Tensor once = Cube::apply(x, 1.0).sum();
  once.backward();
  CHECK_ERROR(once.backward(), AutogradError, "retain_graph");
}

TEST_CASE("jacobian, hessian and their products agree with closed forms") {
  // f(x) = (x0^2 x1, sin x1); a scalar g(x) = x0^2 x1 + x1^3.
  const Tensor x = real({1.5, 0.4});
  const auto f = [](const Tensor& t) { return stack({t[0].square() * t[1], sin(t[1])}); };
  const auto g = [](const Tensor& t) { return t[0].square() * t[1] + t[1].pow(3); };
  const Tensor J = jacobian(f, x);
  expect_close(J, tensor({{2 * 1.5 * 0.4, 1.5 * 1.5}, {0, std::cos(0.4)}}, {.dtype = float64}), 1e-14);
  const Tensor H = hessian(g, x);
  expect_close(H, tensor({{0.8, 3.0}, {3.0, 2.4}}, {.dtype = float64}), 1e-14);
  const Tensor v = real({0.3, -2});
  expect_close(vjp(f, x, v), matmul(v, J), 1e-14);
  const auto [value, tangent] = jvp(f, x, v);
  expect_close(value, f(x), 0, 0);
  expect_close(tangent, matmul(J, v), 1e-14);
  expect_close(hvp(g, x, v), matmul(H, v), 1e-14);
}

TEST_CASE("a jacobian has the shapes of the value and the argument") {
  const Tensor x = rand({2, 3}, {.dtype = float64});
  CHECK(jacobian([](const Tensor& t) { return t.sum(0); }, x).shape() == Shape{3, 2, 3});
  CHECK(jacobian([](const Tensor& t) { return t.sum(); }, x).shape() == Shape{2, 3});
  expect_close(jacobian([](const Tensor& t) { return zeros_like(t); }, x), zeros({2, 3, 2, 3}, {.dtype = float64}));
}

TEST_CASE("derivatives of derivatives through create_graph") {
  // Breaks if jacobian detaches although it was told not to: d/dx sum (d x^3 / dx) = 6 x.
  const Tensor x = real({1, 2}, true);
  jacobian([](const Tensor& t) { return t.pow(3).sum(); }, x, {.create_graph = true}).sum().backward();
  expect_close(x.grad(), real({6, 12}), 1e-14);
}

TEST_CASE("verbs of differentiation name bad arguments") {
  const Tensor x = real({1, 2});
  const auto f = [](const Tensor& t) { return t * 2; };
  CHECK_ERROR(hessian(f, x), ShapeError, "[hessian]", "[2]");
  CHECK_ERROR(hvp(f, x, x), ShapeError, "[hvp]", "one element");
  CHECK_ERROR(hvp(f, x, real({1})), ShapeError, "[hvp]", "[1]", "[2]");
  CHECK_ERROR(vjp(f, x, real({1})), ShapeError, "[vjp]", "[1]", "[2]");
  CHECK_ERROR(jvp(f, x, real({1})), ShapeError, "[jvp]", "[1]", "[2]");
  CHECK_ERROR(gradcheck(f, ones({2}, {.requires_grad = true})), DtypeError, "[gradcheck]", "float64");
  CHECK_ERROR(gradcheck(f, x), AutogradError, "[gradcheck]", "requires_grad_");
  CHECK_ERROR(gradgradcheck(f, x), AutogradError, "[gradgradcheck]");
}

TEST_CASE("gradcheck finds a NaN") {
  const auto f = [](const Tensor& t) { return sqrt(t - 5.0); };
  CHECK_FALSE(bool(gradcheck(f, real({1}, true))));
}

// Breaks if copies are moved instead of the given tensors: what f captured would then never change.
TEST_CASE("gradcheck moves the tensors that it is given") {
  const Tensor w = real({1, 2, 3}, true);
  const auto right = [&](const std::vector<Tensor>&) { return square(w) * 2.0; };
  const auto wrong = [&](const std::vector<Tensor>&) { return WrongDerivative::apply(w); };
  CHECK(bool(gradcheck(right, {w})));
  CHECK(bool(gradgradcheck(right, {w})));
  CHECK_FALSE(bool(gradcheck(wrong, {w})));
  CHECK_FALSE(bool(gradgradcheck([&](const std::vector<Tensor>&) { return square(WrongDerivative::apply(w)); }, {w})));
  // A result of ops is an input like any other.
  const Tensor made = w * 2.0;
  CHECK(bool(gradcheck([](const Tensor& t) { return t * t; }, made)));
  CHECK_FALSE(bool(gradcheck([](const Tensor& t) { return WrongDerivative::apply(t); }, made)));
  CHECK(bool(gradcheck([](const std::vector<Tensor>& t) { return t[0] * t[1]; }, {w, w})));
}

// Breaks if a value, a version or the place in the random stream differs after the check, also where f throws midway.
TEST_CASE("gradcheck puts everything back") {
  const Tensor x = real({0.1, 1e-20, 3e7}, true);
  const std::vector<double> before = x.to_vector();
  const Tensor graph = x.square().sum();
  manual_seed(5);
  rand({3});
  const std::uint64_t offset = default_generator().offset();
  int calls = 0;
  const auto f = [&](const Tensor& t) {
    if (++calls == 4) throw ValueError("midway");
    return t * rand({3}, {.dtype = float64});
  };
  CHECK_THROWS_AS(gradcheck(f, x), ValueError);
  CHECK(x.to_vector() == before);
  CHECK(default_generator().offset() == offset);
  calls = 10;
  CHECK(bool(gradcheck(f, x)));  // the same random numbers in every evaluation
  CHECK(bool(gradgradcheck(f, x)));
  CHECK(x.to_vector() == before);
  CHECK(default_generator().offset() == offset);
  CHECK_FALSE(x.grad().defined());
  expect_close(grad(graph, x), x.detach() * 2.0, 0, 0);
}

// Breaks if an element is looked for where a contiguous tensor has it, or if a move of several elements passes for one.
TEST_CASE("gradcheck of inputs in any layout") {
  const auto f = [](const Tensor& t) { return sin(t) * arange(6, {.dtype = float64}).reshape({3, 2}); };
  const Tensor x = randn({2, 3}, {.dtype = float64});
  CHECK(bool(gradcheck(f, transpose(x, 0, 1).detach().requires_grad_())));
  CHECK(bool(gradgradcheck(f, transpose(x, 0, 1).detach().requires_grad_())));
  CHECK(bool(gradcheck([](const Tensor& t) { return square(t); }, real({2}, true).sum().detach().requires_grad_())));
  CHECK_ERROR(gradcheck(f, real({1, 2}).expand({3, 2}).detach().requires_grad_()), ValueError, "[gradcheck]", "input 0",
              "clone");
  const auto product = [](const std::vector<Tensor>& t) { return t[0].sum() * t[1].sum(); };
  const Tensor leaf = real({1, 2, 3}, true);
  CHECK_ERROR(gradcheck(product, {leaf, leaf.detach()}), ValueError, "input 0", "input 1", "share memory");
  CHECK_ERROR(gradgradcheck(product, {leaf, leaf.slice(0, 0, 1)}), ValueError, "[gradgradcheck]", "share memory");
  const Tensor all = real({1, 2, 3, 4});
  CHECK(bool(gradcheck(product, {all.slice(0, 0, 2).detach().requires_grad_(), all.slice(0, 2, 4)})));
}

// Breaks if a check that checks nothing passes silently.
TEST_CASE("gradcheck says when no output depends on an input") {
  const Tensor x = real({1, 2}, true), y = real({3, 4}, true);
  const auto f = [](const std::vector<Tensor>& t) { return square(t[1]); };
  CHECK_ERROR(gradcheck(f, {x, y}), AutogradError, "[gradcheck]", "no output depends on input 0", "allow_unused");
  CHECK_ERROR(gradgradcheck(f, {x, y}), AutogradError, "[gradgradcheck]", "input 0");
  CHECK_ERROR(gradcheck(f, {x, y}, {.names = {"the weight"}}), AutogradError, "the weight");
  const GradcheckResult first = gradcheck(f, {x, y}, {.allow_unused = true});
  const GradcheckResult second = gradgradcheck(f, {x, y}, {.allow_unused = true});
  CHECK(first.passed);
  CHECK(second.passed);
  CHECK(first.notes == std::vector<std::string>{"no output depends on input 0"});
  CHECK(second.notes == first.notes);
  // A linear function's gradient depends on no input, which is as it should be.
  CHECK(gradgradcheck([](const Tensor& t) { return t * 2.0; }, x).notes.empty());
  // A value that depends on the input behind the graph's back is wrong, not unused.
  const GradcheckResult hidden = gradcheck([](const Tensor& t) { return t.detach() * 2.0; }, x);
  CHECK_FALSE(hidden.passed);
  CHECK_THAT(hidden.message, xg_test::ContainsSubstring("no path in the graph"));
}
