#include "support/catch.hpp"
#include "support/growth.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/functional.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/inspect.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/memory.hpp>
#include <xgrad/tensor/scope.hpp>
#include <xgrad/tensor/support/sanitizers.hpp>

#include <ucontext.h>

#include <cmath>
#include <thread>

using namespace xg;
using xg_test::expect_close;

namespace {
Tensor leaf(std::initializer_list<double> values) { return tensor(values, {.dtype = float64, .requires_grad = true}); }
}  // namespace

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

TEST_CASE("a gradient that somebody else holds is not written over") {
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

TEST_CASE("a saved tensor changed in place is an error that names op, module and change") {
  // Breaks if versions are not compared: the gradient would be silently wrong.
  Tensor x = leaf({1, 2}) * 1.0;
  Tensor y;
  {
    const Scope scope("Net"), inner("block (Block)");
    y = x * x;
  }
  {
    const NoGrad fixed;
    x.add_(1);
  }
  CHECK_ERROR(y.sum().backward(), AutogradError, "[mul]", "add_", "Net > block (Block)", "clone");
}

TEST_CASE("a leaf that asks for gradients cannot be changed in place while recording") {
  Tensor x = leaf({1, 2});
  CHECK_ERROR(x.add_(1), AutogradError, "[add_]", "leaf", "NoGrad");
  Tensor view = x.slice(0, 0, 1);
  CHECK_ERROR(view.mul_(2), AutogradError, "[mul_]", "view");
  const NoGrad fixed;
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
  Tensor spread = zeros({1, 2}).expand({3, 2});
  CHECK_ERROR(spread.add_(1), ShapeError, "[add_]", "expand", "clone");
  Tensor whole = zeros({2}, {.dtype = int64});
  CHECK_ERROR(whole.add_(0.5), DtypeError, "[add_]", "int64");
  CHECK_ERROR(whole.div_(ones({2}, {.dtype = int64})), DtypeError, "[div_]", "int64");
}

TEST_CASE("NoGrad, EnableGrad and InferenceMode switch recording") {
  const Tensor x = leaf({1, 2});
  {
    const NoGrad fixed;
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

TEST_CASE("gradients that nobody asked for are not computed") {
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

// Breaks when an in-place write forgets that the gradient was asked for. The gradient is that of the present value, as
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
  SECTION("not where nobody asked") {
    const Tensor x = leaf({1, 2});
    Tensor y = x * 2.0;
    y.mul_(5.0);
    y.sum().backward();
    CHECK_FALSE(y.grad().defined());
  }
}

TEST_CASE("AnomalyMode names the op that made a gradient NaN") {
  const Tensor x = leaf({0.0});
  const AnomalyMode anomaly;
  const Scope scope("Net");
  Tensor y = sqrt(x * 0.0) * 0.0;  // d sqrt(0) is infinite, times zero
  CHECK_ERROR(y.sum().backward(), AutogradError, "NaN", "Net");
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
    // And one that dies without having been swept.
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

// Breaks when the order of nodes is that of one thread's counter: this leaf's number is far above those of the young
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

// Breaks when a sweep that is started from within another one disturbs the nodes that wait in it.
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

TEST_CASE("gradients keep the dtype of what they belong to") {
  // Breaks if promotion inside an op is not undone on the way back.
  const Tensor x = ones({2}, {.dtype = float32, .requires_grad = true});
  const Tensor y = ones({2}, {.dtype = float64, .requires_grad = true});
  (x * y).sum().backward();
  CHECK(x.grad().dtype() == float32);
  CHECK(y.grad().dtype() == float64);
}

TEST_CASE("un-broadcasting sums over every dimension that was spread") {
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

// Breaks when a gradient asked of many inputs looks each of them up among all others.
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
