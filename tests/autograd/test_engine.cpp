// The sweep: what gradients are, when graphs and saved tensors are freed, threads, and costs.
#include "support/catch.hpp"
#include "support/growth.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/memory.hpp>
#include <xgrad/tensor/scope.hpp>
#include <xgrad/tensor/support/sanitizers.hpp>

#include <ucontext.h>

#include <cmath>
#include <cstdint>
#include <thread>
#include <type_traits>
#include <vector>

using namespace xg;
using xg_test::expect_close;
using xg_test::leaf;

TEST_CASE("gradients of a product chain are the closed form") {
  // Breaks if an op's backward is wrong, an edge goes to the wrong input, or a path is dropped.
  const Tensor x = leaf({1, 2, 3}), y = leaf({4, 5, 6});
  (x * y + x.square()).sum().backward();
  expect_close(x.grad(), tensor({4 + 2, 5 + 4, 6 + 6}, {.dtype = float64}));
  expect_close(y.grad(), tensor({1, 2, 3}, {.dtype = float64}));
}

TEST_CASE("a tensor used several times receives the sum over its uses") {
  // Breaks if a pending gradient is overwritten instead of added, or a node is visited before all of its consumers.
  const Tensor x = leaf({0.5, -1.5});
  Tensor y = x;
  for (int i = 0; i < 5; ++i) y = y + y * x;  // y = x (1 + x)^5
  y.sum().backward();
  std::vector<double> want;
  for (double v : {0.5, -1.5}) want.push_back(std::pow(1 + v, 5) + 5 * v * std::pow(1 + v, 4));
  expect_close(x.grad(), tensor(want), 1e-12);
}

TEST_CASE("the two inputs of a sum do not share one gradient buffer") {
  // Breaks if both leaves steal the same buffer: changing one gradient would change the other.
  Tensor a = leaf({1, 2}), b = leaf({3, 4});
  (a + b).sum().backward();
  Tensor ga = a.grad();
  ga.mul_(10);
  expect_close(b.grad(), tensor({1, 1}, {.dtype = float64}));
  CHECK_FALSE(a.grad().shares_storage(b.grad()));
}

TEST_CASE("a gradient that others hold is not overwritten") {
  // Breaks if an activation's backward takes over a gradient that the user passed in, kept, hooked or asked for.
  const auto chain = [](const Tensor& x) { return relu(tanh(x)); };
  const Tensor x = leaf({-1, 0.5, 2});
  const Tensor seed = tensor({1, 2, 3}, {.dtype = float64});
  chain(x).backward(seed);
  expect_close(seed, tensor({1, 2, 3}, {.dtype = float64}), 0);
  const Tensor tanh_slope = 1.0 - square(tanh(x.detach()));
  const Tensor at_tanh = tensor({0, 2, 3}, {.dtype = float64});
  expect_close(x.grad(), at_tanh * tanh_slope, 1e-15);

  Tensor inner = tanh(x), outer = relu(inner);
  Tensor seen;
  outer.register_hook([&](const Tensor& g) { return seen = g, Tensor(); });
  const std::vector<Tensor> found = grad({outer}, {x, inner, outer}, {seed * 1.0}, {.retain_graph = true});
  expect_close(found[0], at_tanh * tanh_slope, 1e-15);
  expect_close(found[1], at_tanh, 0);
  expect_close(found[2], seed, 0);
  expect_close(seen, seed, 0);
  inner.retain_grad();
  outer.backward(seed * 1.0);
  expect_close(inner.grad(), at_tanh, 0);
  {
    const AnomalyMode anomaly;
    const Tensor again = leaf({-1, 0.5, 2});
    chain(again).backward(seed * 1.0);
    expect_close(again.grad(), at_tanh * tanh_slope, 1e-15);
  }
  // Two activations share the gradient of a sum.
  const Tensor a = leaf({-1, 2}), b = leaf({3, -4});
  (relu(a) + tanh(b)).backward(tensor({5, 7}, {.dtype = float64}));
  expect_close(a.grad(), tensor({0, 7}, {.dtype = float64}), 0);
  expect_close(b.grad(), tensor({5, 7}, {.dtype = float64}) * (1.0 - square(tanh(b.detach()))), 1e-15);
}

TEST_CASE("braces around outputs and inputs mean lists") {
  // Breaks if the overload for one tensor takes them.
  const Tensor x = leaf({3});
  const Tensor y = square(x), g = tensor({2.0}, {.dtype = float64});
  const auto found = grad({y}, {x}, {g});
  static_assert(std::is_same_v<decltype(found), const std::vector<Tensor>>);
  expect_close(found[0], tensor({12}, {.dtype = float64}), 0);
}

TEST_CASE("gradients accumulate over backward calls until they are zeroed") {
  // Breaks if a second backward overwrites, or if zero_grad leaves something behind.
  Tensor x = leaf({2, 3});
  x.square().sum().backward();
  const Tensor kept = x.grad().clone();
  x.square().sum().backward();
  expect_close(x.grad(), kept * 2);
  x.zero_grad();
  CHECK_FALSE(x.grad().defined());
}

TEST_CASE("a graph is swept once unless it is retained") {
  // Breaks if saved tensors outlive the sweep silently, or retain_graph does not keep them.
  const Tensor x = leaf({2, 3});
  const Tensor y = (x * x).sum();
  y.backward({.retain_graph = true});
  y.backward();
  expect_close(x.grad(), tensor({8, 12}, {.dtype = float64}));
  CHECK_ERROR(y.backward(), AutogradError, "already swept", "retain_graph");
}

TEST_CASE("saved tensors are released as the sweep passes") {
  // Breaks if backward keeps what it no longer needs: memory of a training step would double.
  const Tensor x = rand({1000, 100}, {.requires_grad = true});
  const Tensor y = x.exp().sum();
  const std::int64_t with_graph = memory::statistics().bytes_in_use;
  y.backward();
  const std::int64_t gradient = 400000;
  CHECK(memory::statistics().bytes_in_use <= with_graph - 400000 + gradient + 70000);
}

TEST_CASE("NoGrad, EnableGrad and InferenceMode switch recording") {
  const Tensor x = leaf({1, 2});
  {
    const NoGrad guard;
    CHECK_FALSE((x * 2).requires_grad());
    const EnableGrad again;
    CHECK((x * 2).requires_grad());
  }
  Tensor made;
  {
    const InferenceMode inference;
    CHECK(inference_mode_enabled());
    made = x * 2;
    CHECK_FALSE(made.requires_grad());
  }
  CHECK_ERROR(made * x, AutogradError, "InferenceMode", "clone");
  CHECK_ERROR(made.requires_grad_(), AutogradError, "InferenceMode");
  CHECK((made.clone() * x).requires_grad());
}

TEST_CASE("grad gives derivatives without touching leaves, to any order") {
  // Breaks if a sweep is not recorded under create_graph: the third derivative of x^4 would be missing.
  const Tensor x = leaf({1.5});
  Tensor d = x.pow(4).sum();
  double want = 1;
  const double factors[] = {4, 3, 2, 1};
  for (int order = 0; order < 4; ++order) {
    d = grad(d.sum(), x, {}, {.create_graph = true});
    want *= factors[order];
    CHECK(d.detach().item() == Approx(want * std::pow(1.5, 3 - order)));
  }
  CHECK_FALSE(x.grad().defined());
}

TEST_CASE("grad names what is wrong with its arguments") {
  const Tensor x = leaf({1, 2}), other = leaf({1});
  const Tensor y = x * 2;
  CHECK_ERROR(grad(y, x), ShapeError, "[grad]", "[2]", "one element");
  CHECK_ERROR(grad(y.sum(), other), AutogradError, "[grad]", "input 0", "allow_unused");
  CHECK_FALSE(grad(y.sum(), other, {}, {.allow_unused = true}).defined());
  CHECK_ERROR(grad(y.sum(), ones({1})), AutogradError, "requires_grad_");
  CHECK_ERROR(grad(ones({1}), x), AutogradError, "no graph");
  CHECK_ERROR(grad(y, x, ones({3}, {.dtype = float64})), ShapeError, "[3]", "[2]");
  CHECK_ERROR(grad({y, y}, {x}, {ones({2})}), ValueError, "2 outputs and 1 gradients");
  CHECK_ERROR(grad(std::vector<Tensor>{}, {x}), ValueError, "no outputs");
  CHECK_ERROR(ones({2}).backward(), AutogradError, "[backward]", "no graph");
  CHECK_ERROR(Tensor().backward(), ValueError, "undefined");
}

TEST_CASE("AnomalyMode names the op that made a gradient NaN") {
  const Tensor x = leaf({0.0});
  const AnomalyMode anomaly;
  const Scope scope("Net");
  Tensor y = sqrt(x * 0.0) * 0.0;  // d sqrt(0) is infinite, times zero
  CHECK_ERROR(y.sum().backward(), AutogradError, "NaN", "Net");
}

TEST_CASE("a result kept for backward does not keep its own graph alive") {
  // Breaks if exp's saved output points back to exp's node: every graph would leak.
  const std::int64_t before = memory::statistics().bytes_in_use;
  for (int i = 0; i < 10; ++i) {
    const Tensor x = leaf({1, 2});
    const Tensor y = x.exp().sigmoid().tanh();
    CHECK(y.requires_grad());
  }
  CHECK(memory::statistics().bytes_in_use == before);
}

namespace {

ucontext_t main_context, small_context;
double gradient_of_million = 0;

void million_nodes() {
  {
    const Tensor x = tensor({1.0}, {.dtype = float64, .requires_grad = true});
    Tensor y = x;
    for (int i = 0; i < 1'000'000; ++i) y = y + 1e-6;
    y.sum().backward();
    gradient_of_million = x.grad().item();
    // A second chain is destroyed without having been swept.
    y = x;
    for (int i = 0; i < 1'000'000; ++i) y = y * 1.5;
  }
  swapcontext(&small_context, &main_context);
}

}  // namespace

TEST_CASE("a chain of a million nodes is swept and destroyed on a stack of 64 KiB") {
  // Breaks if building order, the sweep or destruction recurses. (A context of its own, not a thread: the C library
  // adds the thread-local storage of all libraries to what a thread's stack must hold.)
#if XGRAD_MEMORY_WATCHED
  constexpr std::size_t stack_bytes = 1 << 20;  // the sanitizers' own frames need more
#else
  constexpr std::size_t stack_bytes = 64 << 10;
#endif
  std::vector<char> stack(stack_bytes);
  REQUIRE(getcontext(&small_context) == 0);
  small_context.uc_stack.ss_sp = stack.data();
  small_context.uc_stack.ss_size = stack.size();
  small_context.uc_link = nullptr;
  makecontext(&small_context, million_nodes, 0);
  REQUIRE(swapcontext(&main_context, &small_context) == 0);
  CHECK(gradient_of_million == 1.0);
}

// Breaks if nodes grow: what an op takes in a graph besides its values.
TEST_CASE("a node takes less than 250 bytes beyond its values") {
  const Tensor x = ones({}, {.requires_grad = true}), w = ones({}, {.requires_grad = true});
  constexpr std::int64_t count = 10000;
  const std::int64_t value = [] {
    const std::int64_t before = memory::statistics().bytes_in_use;
    const std::vector<Tensor> values(1, ones({}));
    return memory::statistics().bytes_in_use - before;
  }();
  const auto bytes_of = [&](const char* what, auto&& step, std::int64_t kept_values) {
    Tensor y = x;
    const std::int64_t before = memory::statistics().bytes_in_use;
    for (std::int64_t i = 0; i < count; ++i) y = step(y);
    const std::int64_t bytes = (memory::statistics().bytes_in_use - before) / count - kept_values * value;
    INFO(what << ": " << bytes << " bytes");
    CHECK(bytes < 250);
    CHECK(bytes > 0);
  };
  bytes_of("add", [](const Tensor& t) { return t + 1.0; }, 0);
  bytes_of("tanh", [](const Tensor& t) { return tanh(t); }, 1);
  bytes_of("mul", [&](const Tensor& t) { return t * w; }, 1);
  bytes_of("where", [&](const Tensor& t) { return where(t > 0.0, t, w); }, 1);
  bytes_of("logaddexp", [&](const Tensor& t) { return logaddexp(t, w); }, 2);
}

TEST_CASE("independent graphs run in different threads and agree bit by bit") {
  // Breaks if sweeps share state between threads.
  const Tensor x0 = rand({64, 8}, {.dtype = float64});
  const auto work = [&x0] {
    const Tensor x = x0.detach().clone().requires_grad_();
    for (int i = 0; i < 20; ++i) (x.sigmoid() * x.tanh()).exp().sum().backward();
    return x.grad();
  };
  const Tensor want = work();
  std::vector<Tensor> got(4);
  std::vector<std::thread> threads;
  for (Tensor& g : got) threads.emplace_back([&g, &work] { g = work(); });
  for (std::thread& t : threads) t.join();
  for (const Tensor& g : got) CHECK(equal(g, want));
}

// Breaks if the order of nodes is that of one thread's counter: this leaf's number is far above those of the young
// thread that uses it, and a sweep that met the leaf first would miss all later contributions.
TEST_CASE("a thread may use leaves that another one made") {
  const Tensor seed = ones({}, {.dtype = float64}).requires_grad_();
  Tensor many = seed;
  for (int i = 0; i < 1000; ++i) many = many + 1.0;
  const Tensor x = full({}, 3.0, {.dtype = float64}).requires_grad_();
  std::thread([&] {
    const Tensor y = x * x + many * x + exp(x) * 2.0;
    const std::vector<Tensor> g = grad({y}, {x, many}, {}, {.retain_graph = true, .create_graph = true});
    expect_close(g[0], {2 * 3.0 + 1001 + 2 * std::exp(3.0)});
    expect_close(g[1], {3.0});
    expect_close(grad(g[0], x, {}, {.retain_graph = true}), {2 + 2 * std::exp(3.0)});
    y.backward();
  }).join();
  expect_close(x.grad(), {2 * 3.0 + 1001 + 2 * std::exp(3.0)});
  expect_close(seed.grad(), {3.0});
}

TEST_CASE("gradients keep the dtype of what they belong to") {
  // Breaks if promotion inside an op is not undone on the way back.
  const Tensor x = ones({2}, {.dtype = float32, .requires_grad = true});
  const Tensor y = ones({2}, {.dtype = float64, .requires_grad = true});
  (x * y).sum().backward();
  CHECK(x.grad().dtype() == float32);
  CHECK(y.grad().dtype() == float64);
}

TEST_CASE("un-broadcasting sums over every dimension that was broadcast") {
  const Tensor a = rand({3, 1, 2}, {.dtype = float64, .requires_grad = true});
  const Tensor b = rand({4, 1}, {.dtype = float64, .requires_grad = true});
  const Tensor c = rand({}, {.dtype = float64, .requires_grad = true});
  (a * b + c).sum().backward();
  expect_close(a.grad(), expand(b.detach().sum(), {3, 1, 2}), 1e-12);
  expect_close(b.grad(), expand(a.detach().sum(), {4, 1}), 1e-12);
  CHECK(c.grad().item() == Approx(24));
}

TEST_CASE("requires_grad_ and set_grad refuse what has no gradient") {
  CHECK_ERROR(ones({2}, {.dtype = int64}).requires_grad_(), DtypeError, "int64");
  const Tensor x = leaf({1, 2});
  Tensor y = x * 2;
  CHECK_ERROR(y.requires_grad_(false), AutogradError, "detach");
  Tensor z = leaf({1, 2});
  CHECK_ERROR(z.set_grad(ones({3}, {.dtype = float64})), ShapeError, "[3]", "[2]");
  CHECK_ERROR(y.set_grad(ones({2})), AutogradError, "[set_grad]");
  z.requires_grad_(false);
  CHECK_FALSE(z.requires_grad());
}

// Breaks if a gradient asked of many inputs looks each of them up among all others.
TEST_CASE("the cost of grad() grows as the number of its inputs does") {
  const auto leaves = [](int n) {
    std::vector<Tensor> inputs;
    for (int i = 0; i < n; ++i) inputs.push_back(full({}, 0.5).requires_grad_());
    return inputs;
  };
  SECTION("leaves") {
    CHECK(xg_test::growth(2000, [&](int n) {
            return [&, n] {
              const std::vector<Tensor> inputs = leaves(n);
              const std::vector<Tensor> grads = grad({stack(inputs).sum()}, inputs);
              CHECK(grads[static_cast<std::size_t>(n - 1)].item() == 1);
            };
          }) < xg_test::far_below_quadratic);
  }
  SECTION("leaves that one sum after the other reaches") {
    CHECK(xg_test::growth(2000, [&](int n) {
            return [&, n] {
              const std::vector<Tensor> inputs = leaves(n);
              Tensor y = inputs[0];
              for (const Tensor& x : inputs) y = y + x;
              CHECK(grad({y}, inputs)[0].item() == 2);
            };
          }) < xg_test::far_below_quadratic);
  }
  SECTION("results of ops, each asked for twice") {
    CHECK(xg_test::growth(2000, [&](int n) {
            return [&, n] {
              std::vector<Tensor> inputs;
              for (const Tensor& x : leaves(n)) inputs.push_back(x * 2);
              const Tensor y = stack(inputs).sum();
              for (int i = 0; i < n; ++i) inputs.push_back(inputs[static_cast<std::size_t>(i)]);
              CHECK(grad({y}, inputs).back().item() == 1);
            };
          }) < xg_test::far_below_quadratic);
  }
  SECTION("leaves with hooks, by backward") {
    CHECK(xg_test::growth(2000, [&](int n) {
            return [&, n] {
              const std::vector<Tensor> inputs = leaves(n);
              for (Tensor x : inputs) x.register_hook([](const Tensor& g) { return g * 3; });
              stack(inputs).sum().backward();
              CHECK(inputs.back().grad().item() == 3);
            };
          }) < xg_test::far_below_quadratic);
  }
  SECTION("outputs") {
    CHECK(xg_test::growth(2000, [&](int n) {
            return [&, n] {
              const std::vector<Tensor> inputs = leaves(n);
              std::vector<Tensor> outputs;
              for (const Tensor& x : inputs) outputs.push_back(x * x);
              CHECK(grad(outputs, inputs)[0].item() == 1);
            };
          }) < xg_test::far_below_quadratic);
  }
}
