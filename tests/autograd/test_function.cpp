// Ops of the user's with lists of tensors, absent tensors and several results.
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/function.hpp>
#include <xgrad/autograd/functional.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/memory.hpp>

#include <filesystem>
#include <functional>
#include <map>
#include <variant>

using namespace xg;
using autograd::Context;
using autograd::Gradients;
using autograd::holds_no_tensors;
using xg_test::expect_close;

namespace {

Tensor real(std::initializer_list<double> values, bool requires_grad = false) {
  return tensor(values, {.dtype = float64, .requires_grad = requires_grad});
}

void expect_derivatives(const TensorsFunction& f, const std::vector<Tensor>& inputs) {
  const GradcheckResult first = gradcheck(f, inputs), second = gradgradcheck(f, inputs);
  INFO(first.message << " " << second.message);
  CHECK(first.passed);
  CHECK(second.passed);
}

/// sum_i x_i^2 k_i, with k = 1, 2, ...
struct Squares : autograd::Function<Squares> {
  static Tensor forward(Context& ctx, const std::vector<Tensor>& x) {
    ctx.save_for_backward(x);
    Tensor y = zeros_like(x[0]);
    for (std::size_t i = 0; i < x.size(); ++i) y = y + square(x[i]) * static_cast<double>(i + 1);
    return y;
  }
  static Gradients backward(Context& ctx, const Tensor& grad) {
    std::vector<Tensor> grads;
    for (const Tensor& x : ctx.saved()) grads.push_back(grad * x * (2.0 * static_cast<double>(grads.size() + 1)));
    return grads;
  }
};

/// s sum_i a_i^2 - b sum_i c_i^2 + c_0 a_0: two lists with a number and a tensor between them.
struct Mixed : autograd::Function<Mixed> {
  static Tensor forward(Context& ctx, std::span<const Tensor> a, double s, const Tensor& b,
                        const std::array<Tensor, 2>& c) {
    std::vector<Tensor> all(a.begin(), a.end());
    all.insert(all.end(), {b, c[0], c[1]});
    ctx.save_for_backward(all);
    ctx.set("s", s);
    Tensor y = c[0] * a[0] - b * (square(c[0]) + square(c[1]));
    for (const Tensor& x : a) y = y + square(x) * s;
    return y;
  }
  static Gradients backward(Context& ctx, const Tensor& grad) {
    const std::vector<Tensor>& all = ctx.saved();
    const std::size_t n = all.size() - 3;
    const Tensor &b = all[n], &c0 = all[n + 1], &c1 = all[n + 2];
    std::vector<Tensor> grads;
    for (std::size_t i = 0; i < n; ++i) grads.push_back(grad * all[i] * (2 * ctx.get<double>("s")));
    grads[0] = grads[0] + grad * c0;
    grads.push_back(-grad * (square(c0) + square(c1)));
    grads.push_back(grad * (all[0] - b * c0 * 2.0));
    grads.push_back(-grad * b * c1 * 2.0);
    return grads;
  }
};

/// x^2 w + b with b perhaps absent, between two others.
struct Affine : autograd::Function<Affine> {
  static Tensor forward(Context& ctx, const Tensor& x, const std::optional<Tensor>& b, const Tensor& w) {
    ctx.save_for_backward({x, w});
    ctx.set("needs", std::vector<bool>{ctx.needs_input_grad(0), ctx.needs_input_grad(1), ctx.needs_input_grad(2)});
    return b ? square(x) * w + *b : square(x) * w;
  }
  static Gradients backward(Context& ctx, const Tensor& grad) {
    const Tensor &x = ctx.saved()[0], &w = ctx.saved()[1];
    const auto& needs = ctx.get<std::vector<bool>>("needs");
    CHECK(needs == std::vector<bool>{true, ctx.needs_input_grad(1), true});
    return {grad * x * w * 2.0, ctx.needs_input_grad(1) ? grad * 1.0 : Tensor(), grad * square(x)};
  }
};

/// (x y, x + y^2), the first of which backward reads.
struct Pair : autograd::Function<Pair> {
  static std::pair<Tensor, Tensor> forward(Context& ctx, const Tensor& x, const Tensor& y) {
    const Tensor product = x * y;
    ctx.save_for_backward({x, y, product});
    return {product, x + square(y)};
  }
  static Gradients backward(Context& ctx, const Tensor& g0, const Tensor& g1) {
    const Tensor &x = ctx.saved()[0], &y = ctx.saved()[1], &product = ctx.saved()[2];
    return {g0 * (product / x) + g1, g0 * x + g1 * y * 2.0};
  }
};

/// (x_0^1, x_1^2, ...) as many as there are.
struct Powers : autograd::Function<Powers> {
  static std::vector<Tensor> forward(Context& ctx, const std::vector<Tensor>& x) {
    ctx.save_for_backward(x);
    std::vector<Tensor> y;
    for (const Tensor& t : x) y.push_back(pow(t, static_cast<double>(y.size() + 1)));
    return y;
  }
  static Gradients backward(Context& ctx, const std::vector<Tensor>& grads) {
    std::vector<Tensor> result;
    for (const Tensor& x : ctx.saved()) {
      const double n = static_cast<double>(result.size() + 1);
      CHECK(grads[result.size()].defined());
      result.push_back(grads[result.size()] * pow(x, n - 1) * n);
    }
    return result;
  }
};

/// The largest element, and where it is: an integer, and a float that has no derivative either.
struct Largest : autograd::Function<Largest> {
  static std::tuple<Tensor, Tensor, Tensor> forward(Context& ctx, const Tensor& x, bool materialize) {
    const Tensor at = argmax(x), place = at.to(x.dtype());
    ctx.set_materialize_grads(materialize);
    ctx.mark_non_differentiable({place});
    ctx.save_for_backward({one_hot(at, x.size(0)).to(x.dtype())});
    return {x.max(), at, place};
  }
  static Gradients backward(Context& ctx, const std::vector<Tensor>& grads) {
    ++calls;
    defined = {grads[0].defined(), grads[1].defined(), grads[2].defined()};
    return {grads[0] * ctx.saved()[0]};
  }
  static inline int calls = 0;
  static inline std::vector<bool> defined;
};

/// The argument itself, a part of it, and twice the same new tensor.
struct Shares : autograd::Function<Shares> {
  static std::array<Tensor, 4> forward(Context& ctx, const Tensor& x) {
    const Tensor doubled = x * 2.0, part = doubled.slice(0, 0, 1);
    ctx.save_for_backward({part});
    return {x, part, doubled, doubled};
  }
  static Gradients backward(Context& ctx, const Tensor& g0, const Tensor& g1, const Tensor& g2, const Tensor& g3) {
    CHECK(ctx.saved()[0].numel() == 1);
    return {g0 + cat({g1 * 2.0, zeros({g0.numel() - 1}, {.dtype = g0.dtype()})}) + g2 * 2.0 + g3 * 2.0};
  }
};

struct InPlace : autograd::Function<InPlace> {
  static Tensor forward(Context&, const Tensor& x) {
    Tensor same = x;
    same.mul_(2);
    return same;
  }
  static Gradients backward(Context&, const Tensor& grad) { return {grad * 2.0}; }
};

struct Nothing : autograd::Function<Nothing> {
  static std::vector<Tensor> forward(Context&, const Tensor& x, int kind) {
    if (kind == 0) return {};
    return {x * 1.0, Tensor()};
  }
  static Gradients backward(Context&, const std::vector<Tensor>& grads) { return {grads[0]}; }
};

struct Label : autograd::Function<Label> {
  static Tensor forward(Context& ctx, const Tensor& x, const std::string& text, std::string_view more) {
    ctx.set("text", text + std::string(more));
    return x * static_cast<double>(text.size());
  }
  static Gradients backward(Context& ctx, const Tensor& grad) {
    CHECK(ctx.get<std::string>("text") == "abcd");
    return {grad * 3.0};
  }
};

struct Opaque {
  explicit Opaque(int n) : text(static_cast<std::size_t>(n), 'x') {}
  std::string text;
};
struct Declared {
  std::string text;
};
struct Bytes {
  double a;
  int b[3];
};
struct Hides {
  double a;
  Tensor t;
};

namespace user {
/// 2 x, an op with the name that leaves of the graph have.
struct leaf : autograd::Function<leaf> {
  static Tensor forward(Context&, const Tensor& x) { return x * 2.0; }
  static Gradients backward(Context&, const Tensor& grad) { return {grad * 2.0}; }
};
}  // namespace user

}  // namespace

template <> inline constexpr bool xg::autograd::holds_no_tensors<Declared> = true;

// Breaks if a tensor can hide in an argument that is kept as a plain value, or if what holds none is refused.
TEST_CASE("arguments in which tensors may hide are told from plain values") {
  STATIC_REQUIRE(holds_no_tensors<double>);
  STATIC_REQUIRE(holds_no_tensors<Dtype>);
  STATIC_REQUIRE(holds_no_tensors<Shape>);
  STATIC_REQUIRE(holds_no_tensors<Bytes>);
  STATIC_REQUIRE(holds_no_tensors<std::vector<std::string>>);
  STATIC_REQUIRE(holds_no_tensors<std::map<std::string, std::pair<int, double>>>);
  STATIC_REQUIRE(holds_no_tensors<std::span<const double>>);
  STATIC_REQUIRE(holds_no_tensors<std::filesystem::path>);
  STATIC_REQUIRE(holds_no_tensors<Tensor (*)(const Tensor&)>);
  STATIC_REQUIRE(holds_no_tensors<std::vector<Declared>>);
  STATIC_REQUIRE_FALSE(holds_no_tensors<Tensor>);
  STATIC_REQUIRE_FALSE(holds_no_tensors<Tensor*>);
  STATIC_REQUIRE_FALSE(holds_no_tensors<Hides>);
  STATIC_REQUIRE_FALSE(holds_no_tensors<Opaque>);
  STATIC_REQUIRE_FALSE(holds_no_tensors<std::shared_ptr<Hides>>);
  STATIC_REQUIRE_FALSE(holds_no_tensors<std::pair<int, Tensor>>);
  STATIC_REQUIRE_FALSE(holds_no_tensors<std::tuple<int, std::optional<Tensor>>>);
  STATIC_REQUIRE_FALSE(holds_no_tensors<std::variant<int, Tensor>>);
  STATIC_REQUIRE_FALSE(holds_no_tensors<std::map<std::string, Tensor>>);
  STATIC_REQUIRE_FALSE(holds_no_tensors<std::vector<std::vector<Tensor>>>);
  STATIC_REQUIRE_FALSE(holds_no_tensors<std::array<Hides, 2>>);
  STATIC_REQUIRE_FALSE(holds_no_tensors<std::span<const Hides>>);
  STATIC_REQUIRE_FALSE(holds_no_tensors<std::function<Tensor(const Tensor&)>>);
  STATIC_REQUIRE_FALSE(holds_no_tensors<std::any>);
  const Tensor t = real({1});
  const auto captures = [t](const Tensor& x) { return x * t; };
  const auto refers = [&t](const Tensor& x) { return x * t; };
  const auto plain = [](const Tensor& x) { return x * 2.0; };
  STATIC_REQUIRE_FALSE(holds_no_tensors<std::remove_const_t<decltype(captures)>>);
  STATIC_REQUIRE_FALSE(holds_no_tensors<std::remove_const_t<decltype(refers)>>);
  STATIC_REQUIRE(holds_no_tensors<std::remove_const_t<decltype(plain)>>);
}

// Breaks if tensors in a list get no gradient, or each other's.
TEST_CASE("a user's op takes a list of tensors") {
  const Tensor a = real({1, -2}, true), b = real({0.5, 3}, true), c = real({-1, 4});
  const std::vector<Tensor> list{a, b, c};
  for (const Tensor& y :
       {Squares::apply(list), Squares::apply({a, b, c}), Squares::apply(std::span<const Tensor>(list))}) {
    REQUIRE(y.requires_grad());
    expect_close(y.detach(), square(a.detach()) + square(b.detach()) * 2.0 + square(c) * 3.0, 1e-14);
    const std::vector<Tensor> grads = grad({y}, {a, b}, {ones_like(c)});
    expect_close(grads[0], a.detach() * 2.0, 1e-14);
    expect_close(grads[1], b.detach() * 4.0, 1e-14);
  }
  expect_derivatives([](const std::vector<Tensor>& x) { return Squares::apply(x); }, {a, b, real({2, 2}, true)});
  expect_derivatives([](const std::vector<Tensor>& x) { return Squares::apply({x[0], x[0]}); }, {a});
  CHECK_ERROR(Squares::apply({a, Tensor()}), ValueError, "[Squares]", "undefined");
}

// Breaks if the gradients of lists, tensors and numbers in one call change places.
TEST_CASE("lists stand among other arguments of a user's op") {
  const auto f = [](const std::vector<Tensor>& x) {
    const std::array<Tensor, 2> pair{x[3], x[4]};
    return Mixed::apply(std::vector<Tensor>{x[0], x[1]}, 1.5, x[2], pair) +
           Mixed::apply({x[0]}, 0.5, x[2], pair) * 2.0 +
           Mixed::apply(std::span<const Tensor>(x.data(), 2), 2, x[1], pair);
  };
  std::vector<Tensor> inputs;
  for (int i = 0; i < 5; ++i) inputs.push_back(real({0.3 + i, 1.0 - 0.7 * i}, true));
  expect_derivatives(f, inputs);
}

// Breaks if an absent tensor shifts the gradients behind it.
TEST_CASE("a tensor of a user's op may be absent") {
  const Tensor x = real({1, -2}, true), b = real({0.5, 3}, true), w = real({-1, 4}, true);
  expect_derivatives(
      [](const std::vector<Tensor>& t) { return Affine::apply(t[0], std::optional<Tensor>(t[1]), t[2]); }, {x, b, w});
  expect_derivatives([](const std::vector<Tensor>& t) { return Affine::apply(t[0], t[1], t[2]); }, {x, b, w});
  expect_derivatives([](const std::vector<Tensor>& t) { return Affine::apply(t[0], std::nullopt, t[1]); }, {x, w});
  expect_derivatives([](const std::vector<Tensor>& t) { return Affine::apply(t[0], std::optional<Tensor>(), t[1]); },
                     {x, w});
}

// Breaks if results of one op mix up their gradients, lose them in a second sweep, or need each other's.
TEST_CASE("a user's op has several results") {
  const Tensor x = real({1, -2}, true), y = real({0.5, 3}, true);
  const auto both = [](const std::vector<Tensor>& t) {
    const auto [product, sum] = Pair::apply(t[0], t[1]);
    return product * 1.5 + sin(sum) * product;
  };
  expect_derivatives(both, {x, y});
  expect_derivatives([](const std::vector<Tensor>& t) { return Pair::apply(t[0], t[1]).first; }, {x, y});
  expect_derivatives([](const std::vector<Tensor>& t) { return Pair::apply(t[0], t[1]).second; }, {x, y});
  expect_derivatives(
      [](const std::vector<Tensor>& t) {
        const std::vector<Tensor> p = Powers::apply(t);
        return p[0] * p[2] + p[1];
      },
      {x, y, real({1.2, 0.7}, true)});
  const std::vector<Tensor> powers = Powers::apply({x, y});
  powers[1].sum().backward();
  expect_close(y.grad(), y.detach() * 2.0, 1e-14);
  expect_close(x.grad(), zeros_like(x.detach()), 0, 0);
  CHECK_ERROR(powers[0].sum().backward(), AutogradError, "[Powers]", "retain_graph");
}

// Breaks if the node of several results keeps itself alive through a result that it saved.
TEST_CASE("a user's op that saved one of its results does not leak its graph") {
  const std::int64_t before = memory::statistics().bytes_in_use;
  {
    const Tensor x = real({1, 2}, true), y = real({3, 4}, true);
    const auto [product, sum] = Pair::apply(x, y);
    const Tensor kept = product + sum;
    CHECK(kept.requires_grad());
  }
  CHECK(memory::statistics().bytes_in_use == before);
}

// Breaks if an integer result, or one that is declared constant, requires grad.
TEST_CASE("results without derivatives") {
  const Tensor x = real({1, 5, 2}, true);
  const auto [value, at, place] = Largest::apply(x, true);
  CHECK(value.requires_grad());
  CHECK_FALSE(at.requires_grad());
  CHECK_FALSE(place.requires_grad());
  CHECK(at.item<std::int64_t>() == 1);
  expect_close(grad(value, x), real({0, 1, 0}), 0, 0);
  CHECK(Largest::defined == std::vector<bool>{true, true, true});
  grad(std::get<0>(Largest::apply(x, false)), x);
  CHECK(Largest::defined == std::vector<bool>{true, false, false});
  const NoGrad guard;
  CHECK_FALSE(std::get<0>(Largest::apply(x, true)).requires_grad());
}

// Breaks if a result shares memory with an argument or another result: a write to one would change the other unseen.
TEST_CASE("results of a user's op have memory of their own") {
  const Tensor x = real({1, -2}, true);
  expect_derivatives(
      [](const std::vector<Tensor>& t) {
        const auto [same, part, doubled, again] = Shares::apply(t[0]);
        return cat({same * doubled, square(part), sin(again)});
      },
      {x});
  const Tensor leaf = x * 1.0;
  auto [same, part, doubled, again] = Shares::apply(leaf);
  same.mul_(10);
  doubled.mul_(10);
  expect_close(leaf.detach(), real({1, -2}), 0, 0);
  expect_close(again.detach(), real({2, -4}), 0, 0);
  expect_close(part.detach(), real({2}), 0, 0);
  const Tensor sum = same.sum() + part.sum() + doubled.sum() + again.sum();
  expect_close(grad(sum, x), real({10 + 2 + 20 + 2, 10 + 20 + 2}), 0, 0);
}

// Breaks if a mistake in a user's op passes, or its message does not say which.
TEST_CASE("mistakes in a user's op of several tensors are named") {
  const Tensor x = real({1, 2}, true);
  CHECK_ERROR(InPlace::apply(x * 1.0), AutogradError, "[InPlace]", "tensor 0", "mul_", "clone");
  expect_close(InPlace::apply(real({1, 2})), real({2, 4}), 0, 0);
  CHECK_ERROR(Nothing::apply(x, 0), AutogradError, "[Nothing]", "0 tensors");
  CHECK_ERROR(Nothing::apply(x, 1), AutogradError, "[Nothing]", "undefined", "result 1");
}

// Breaks if a result of a user's op is printed as a leaf because of the op's name.
TEST_CASE("a user's op may be called leaf") {
  CHECK_THAT(user::leaf::apply(real({1, 2}, true)).repr(), xg_test::ContainsSubstring("grad_fn=leaf"));
  CHECK_THAT(real({1, 2}, true).repr(), xg_test::ContainsSubstring("requires_grad=true"));
}

// Breaks if text is kept by where it stood.
TEST_CASE("text is a plain value of a user's op") {
  const Tensor x = real({1, 2}, true);
  Tensor y;
  {
    std::string text = "d";
    y = Label::apply(x, "abc", std::string_view(text));
    text = "z";
  }
  expect_close(grad(y.sum(), x), real({3, 3}), 0, 0);
}
