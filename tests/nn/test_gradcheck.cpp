// gradcheck of modules.
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/function.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/gradcheck.hpp>
#include <xgrad/nn/layers.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/random.hpp>

using namespace xg;
using xg_test::expect_close;

namespace {

Tensor rows(std::int64_t n, std::int64_t features, std::uint64_t seed) {
  manual_seed(seed);
  return randn({n, features}, {.dtype = float64});
}

/// Its derivative is wrong by a factor.
struct Wrong : autograd::Function<Wrong> {
  static Tensor forward(autograd::Context&, const Tensor& x) { return x * x; }
  static autograd::Gradients backward(autograd::Context&, const Tensor& grad) { return {grad * 7.0}; }
};

struct WrongLayer : nn::Module {
  Tensor w = param("w", ones({3}, {.dtype = float64}));
  Tensor v = param("v", ones({3}, {.dtype = float64}));
  Tensor forward(const Tensor& x) override { return x * Wrong::apply(w) * v; }
};

/// Counts its calls, in a buffer that takes part in the result, and fails at one of them.
struct Counting : nn::Module {
  Tensor w = param("w", ones({2}, {.dtype = float64}));
  Tensor count = buffer("count", zeros({2}, {.dtype = float64}));
  int calls = 0, fails_at = -1;
  Tensor forward(const Tensor& x) override {
    if (++calls == fails_at) throw ValueError("now");
    {
      const NoGrad guard;
      count += 1.0;
    }
    return x * square(w) * (count + rand({2}, {.dtype = float64}));
  }
};

struct Unused : nn::Module {
  Tensor w = param("w", ones({2}, {.dtype = float64}));
  Tensor idle = param("idle", ones({2}, {.dtype = float64}));
  Tensor forward(const Tensor&) override { return square(w); }
};

}  // namespace

// Breaks if only the input is checked, or if copies of the parameters are.
TEST_CASE("a module whose parameter has a wrong derivative fails") {
  WrongLayer layer;
  const Tensor x = rows(2, 3, 1);
  const GradcheckResult result = nn::gradcheck(layer, x);
  CHECK_FALSE(result.passed);
  CHECK_THAT(result.message, xg_test::ContainsSubstring("parameter w element"));
  // parameters() also serves to check by hand.
  CHECK_FALSE(bool(gradcheck([&](const std::vector<Tensor>&) { return layer(x); }, layer.parameters())));
  layer.w.requires_grad_(false);
  CHECK(nn::gradcheck(layer, x).passed);  // frozen: a constant
  CHECK(nn::gradcheck(layer, x).notes.empty());
}

// Breaks if random numbers or running statistics differ between evaluations or afterwards.
TEST_CASE("modules in training mode check and stay as they were") {
  manual_seed(3);
  nn::Sequential net("Net", nn::Dense(3, 4, {.activation = "tanh", .name = "h1"}), nn::BatchNorm1d(4), nn::Dropout(0.4),
                     nn::LayerNorm(4), nn::Dense(4, 2, {.name = "out"}));
  net.to(float64);
  const Tensor x = rows(5, 3, 4);
  net(x);  // statistics other than the first ones
  std::vector<Tensor> before;
  for (const auto& [name, tensor] : net.state_dict()) before.push_back(tensor.clone());
  const std::uint64_t offset = default_generator().offset();
  for (const bool training : {true, false}) {
    net.train(training);
    const GradcheckResult first = nn::gradcheck(net, x), second = nn::gradgradcheck(net, x);
    INFO(first.message << " " << second.message);
    CHECK(first.passed);
    CHECK(second.passed);
    CHECK(first.notes.empty());
    CHECK(net.is_training() == training);
  }
  std::size_t i = 0;
  for (const auto& [name, tensor] : net.state_dict()) expect_close(tensor, before[i++], 0, 0, name);
  CHECK(default_generator().offset() == offset);
  CHECK_FALSE(x.requires_grad());
  for (const Tensor& p : net.parameters()) CHECK_FALSE(p.grad().defined());
}

// Breaks if buffers are put back only at the end, or not where forward throws.
TEST_CASE("a module's buffers and parameters are put back") {
  Counting module;
  const Tensor x = rows(3, 2, 5);
  const std::uint64_t offset = default_generator().offset();
  CHECK(nn::gradcheck(module, x).passed);
  CHECK(nn::gradgradcheck(module, x).passed);
  module.calls = 0;
  module.fails_at = 16;  // one at the point, 2 x 6 for the input, and in the middle of w
  CHECK_THROWS_AS(nn::gradcheck(module, x), ValueError);
  expect_close(module.count, zeros({2}), 0, 0);
  expect_close(module.w.detach(), ones({2}), 0, 0);
  CHECK(default_generator().offset() == offset);
}

// Breaks if a parameter that is used twice is moved twice.
TEST_CASE("tied parameters are checked once") {
  struct Tied : nn::Module {
    nn::Linear &a, &b;
    int calls = 0;
    Tied() : a(add("a", nn::Linear(2, 2, {.bias = false}))), b(add("b", nn::Linear(2, 2, {.bias = false}))) {}
    Tensor forward(const Tensor& x) override {
      ++calls;
      return linear(tanh(a(x)), shared);
    }
    Tensor shared;
  } module;
  module.to(float64);
  module.shared = module.param("again", module.a.weight());
  const GradcheckResult result = nn::gradcheck(module, rows(3, 2, 6));
  INFO(result.message);
  CHECK(result.passed);
  CHECK(module.calls == 1 + 2 * (6 + 4 + 4));  // the input, the shared weight, and that of b
  CHECK(result.notes == std::vector<std::string>{"no output depends on parameter b.weight"});
}

// Breaks if what has no effect, or cannot be checked, is passed over in silence or stops the check.
TEST_CASE("what a module's check leaves out is a note") {
  Unused module;
  CHECK(nn::gradcheck(module, rows(3, 2, 7)).notes ==
        std::vector<std::string>{"no output depends on the input", "no output depends on parameter idle"});
  CHECK(nn::gradgradcheck(module, rows(3, 2, 7)).notes.size() == 2);
  nn::Sequential codes("Codes", nn::Embedding(5, 3), nn::Linear(3, 2));
  codes.to(float64);
  const GradcheckResult result = nn::gradcheck(codes, tensor(std::vector<std::int64_t>{0, 3, 3}));
  CHECK(result.passed);
  REQUIRE(result.notes.size() == 1);
  CHECK_THAT(result.notes[0], xg_test::ContainsSubstring("int64"));
  nn::Linear single(2, 2);
  CHECK_ERROR(nn::gradcheck(single, rows(3, 2, 8)), DtypeError, "[gradcheck]", "weight", "module.to(float64)");
  single.to(float64);
  CHECK_ERROR(nn::gradcheck(single, rows(3, 2, 8).to(float32)), DtypeError, "[gradcheck]", "the input", "float64");
  codes.requires_grad_(false);
  CHECK_ERROR(nn::gradgradcheck(codes, tensor(std::vector<std::int64_t>{0, 3})), AutogradError, "[gradgradcheck]");
}

// Breaks if a function of a module cannot be checked together with its parameters.
TEST_CASE("a loss of a module is checked with its parameters") {
  nn::Sequential net("Net", nn::Dense(3, 4, {.activation = "tanh"}), nn::Dense(4, 1));
  net.to(float64);
  const Tensor x = rows(4, 3, 9), y = rows(4, 1, 10);
  const auto loss = [&](const std::vector<Tensor>& in) { return square(net(in[0]) - in[1]).mean(); };
  CHECK(nn::gradcheck(net, loss, {x, y}).passed);
  CHECK(nn::gradgradcheck(net, loss, {x, y}).passed);
  WrongLayer layer;
  CHECK_FALSE(nn::gradcheck(layer, [&](const std::vector<Tensor>& in) { return layer(in[0]).sum(); }, {x}).passed);
}
