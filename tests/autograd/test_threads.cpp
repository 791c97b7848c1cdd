// Graphs of several threads over the same leaves: every thread gets its own gradients, none is lost, and what belongs
// to one thread alone is guarded.
#include "support/catch.hpp"
#include "support/growth.hpp"
#include "support/support.hpp"
#include "support/threads.hpp"

#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/function.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/random.hpp>

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

using namespace xg;
using xg_test::expect_close;

namespace {

constexpr int thread_count = 4;

void in_threads(const std::function<void(int)>& f) { xg_test::in_threads(thread_count, f); }

struct Cube : autograd::Function<Cube> {
  static Tensor forward(autograd::Context& ctx, const Tensor& x) {
    ctx.save_for_backward({x});
    return x * x * x;
  }
  static autograd::Gradients backward(autograd::Context& ctx, const Tensor& g) {
    return {g * 3.0 * square(ctx.saved()[0])};
  }
};

Tensor joined(const std::vector<Tensor>& parts) {
  std::vector<Tensor> flat;
  for (const Tensor& part : parts) flat.push_back(part.reshape({part.numel()}));
  return cat(flat);
}

}  // namespace

// Breaks if a sweep keeps what it has found so far in the leaf: gradients of other threads would come in between.
TEST_CASE("gradients of shared leaves are the same in every thread", "[autograd][threads]") {
  Generator generator(1);
  const TensorOptions leaf{.dtype = float64, .requires_grad = true, .generator = &generator};
  const Tensor w = randn({6, 6}, leaf), b = randn({6}, leaf);
  const Tensor x = randn({3, 6}, {.dtype = float64, .generator = &generator});
  const Tensor hooked = randn({6}, leaf);
  Tensor(hooked).register_hook([](const Tensor& g) { return g * 2.0; });
  const std::vector<std::pair<std::string, std::function<Tensor()>>> gradients = {
      {"one use", [&] { return grad(square(x * b).sum(), b); }},
      {"several uses", [&] { return grad((b * b + sin(b) * exp(b)).sum(), b); }},
      {"a product", [&] { return grad(square(matmul(x, w)).sum(), w); }},
      {"two leaves", [&] { return joined(grad({square(linear(x, w, b)).sum()}, {w, b})); }},
      {"the same leaf twice", [&] { return joined(grad({square(linear(x, w, b)).sum()}, {b, w, b})); }},
      {"a leaf as its own output", [&] { return grad(b, b, full_like(b.detach(), 2.0)); }},
      {"an inner value and a leaf",
       [&] {
         const Tensor h = tanh(matmul(x, w));
         return joined(grad({square(h + b).sum()}, {h, b, w}));
       }},
      {"a leaf with a hook", [&] { return grad(square(x * hooked).sum(), hooked); }},
      {"second order",
       [&] {
         const Tensor y = sum(tanh(linear(x, w, b)));
         const Tensor g = grad(y, w, {}, {.create_graph = true});
         return joined(grad({square(g).sum()}, {w, b}));
       }},
      {"a function of the user", [&] { return grad(sum(Cube::apply(b) * b), b); }},
  };
  for (const auto& [name, gradient] : gradients) {
    const Tensor want = gradient();
    std::atomic<int> wrong{0};
    INFO(name);
    CHECK_NOTHROW(in_threads([&](int) {
      for (int i = 0; i < 500; ++i) wrong += !equal(gradient(), want);
    }));
    CHECK(wrong == 0);
  }
  CHECK_FALSE(w.grad().defined());
}

// Breaks if two threads add to one gradient at the same time, or one takes the first buffer of another for nothing.
TEST_CASE("threads that add to the gradient of one leaf lose nothing", "[autograd][threads]") {
  constexpr int rounds = 400;
  Tensor plain = ones({5}, {.dtype = float64, .requires_grad = true}), hooked = plain.detach().clone().requires_grad_();
  std::atomic<int> calls{0};
  hooked.register_hook([&](const Tensor& g) {
    ++calls;
    return g * 2.0;
  });
  Tensor recorded = plain.detach().clone().requires_grad_();
  in_threads([&](int thread) {
    for (int i = 0; i < rounds; ++i) (plain * static_cast<double>(thread + 1) + hooked).sum().backward();
    for (int i = 0; i < 20; ++i) (recorded * recorded * recorded).sum().backward({.create_graph = true});
  });
  const double sum_of_threads = thread_count * (thread_count + 1) / 2.0;  // whole numbers: exact in any order
  expect_close(plain.grad(), std::vector<double>(5, rounds * sum_of_threads), 0, 0);
  expect_close(hooked.grad(), std::vector<double>(5, 2.0 * rounds * thread_count), 0, 0);
  CHECK(calls == rounds * thread_count);
  expect_close(recorded.grad(), std::vector<double>(5, 3.0 * 20 * thread_count), 0, 0);
  expect_close(grad(recorded.grad().sum(), recorded), std::vector<double>(5, 6.0 * 20 * thread_count), 0, 0);
  recorded.zero_grad();  // its graph holds the leaf, which holds it
}

// Breaks if two sweeps over one graph mix their gradients, or when a graph stays locked after the error.
TEST_CASE("a sweep that meets another one is an error", "[autograd][threads][errors]") {
  const Tensor x = full({}, 3.0, {.dtype = float64}).requires_grad_();
  for (const bool other_thread : {true, false})
    for (const bool outer_with_targets : {true, false})
      for (const bool inner_with_targets : {true, false}) {
        INFO(other_thread << outer_with_targets << inner_with_targets);
        const Tensor y = x * x, z = y * 2.0 + y;
        std::string message;
        const auto intrude = [&] {
          const EnableGrad on;
          try {
            if (inner_with_targets)
              static_cast<void>(grad(z, x, {}, {.retain_graph = true}));
            else
              z.backward({.retain_graph = true});
          } catch (const AutogradError& e) {
            message = e.what();
          }
        };
        const std::int64_t hook = Tensor(y).register_hook([&](const Tensor&) {
          if (other_thread)
            std::thread(intrude).join();
          else
            intrude();
          return Tensor();
        });
        Tensor(x).zero_grad();
        if (outer_with_targets) {
          expect_close(grad(z, x, {}, {.retain_graph = true}), {18.0});
        } else {
          z.backward({.retain_graph = true});
          expect_close(x.grad(), {18.0});
        }
        CHECK_THAT(message, xg_test::ContainsSubstring(inner_with_targets ? "[grad]" : "[backward]"));
        CHECK_THAT(message, xg_test::ContainsSubstring("another sweep"));
        CHECK_THAT(message, xg_test::ContainsSubstring("detach()"));
        Tensor(y).remove_hook(hook);
        expect_close(grad(z, x, {}, {.retain_graph = true}), {18.0});
        Tensor(x).zero_grad();
        z.backward();
        expect_close(x.grad(), {18.0});
      }
}

// Breaks if a sweep takes nodes for itself that lead to none of its inputs, or takes a mark of another one for its
// own.
TEST_CASE("threads may share a value with a graph and differentiate by other things", "[autograd][threads]") {
  const Tensor w = full({}, 2.0, {.dtype = float64}).requires_grad_();
  Tensor h = w;
  for (int i = 0; i < 100; ++i) h = h + w * 0.5;
  const double value = h.item();
  std::atomic<int> wrong{0};
  CHECK_NOTHROW(in_threads([&](int thread) {
    const double x = 1.0 + thread;
    for (int i = 0; i < 500; ++i) {
      const Tensor own = full({}, x, {.dtype = float64}).requires_grad_();
      wrong += grad(h * own * own, own).item() != 2 * x * value;
    }
  }));
  CHECK(wrong == 0);
  expect_close(grad(h, w), {51.0});
}

// Breaks if an error inside of a sweep leaves nodes with their last sweep.
TEST_CASE("a graph can be swept again after an error", "[autograd][threads][errors]") {
  const Tensor x = full({}, 3.0, {.dtype = float64}).requires_grad_();
  const Tensor y = x * x, z = sin(y) * 0.0 + y;
  const std::int64_t hook = Tensor(y).register_hook([](const Tensor&) -> Tensor { throw ValueError("[hook] no"); });
  CHECK_ERROR(z.backward({.retain_graph = true}), ValueError, "[hook] no");
  CHECK_ERROR(grad(z, x, {}, {.retain_graph = true}), ValueError, "[hook] no");
  Tensor(y).remove_hook(hook);
  expect_close(grad(z, x, {}, {.retain_graph = true}), {6.0});
  z.backward();
  expect_close(x.grad(), {6.0});
}

// Breaks if threads that use one view all bring its graph up to date.
TEST_CASE("a view that an in-place write made stale may be met by several threads", "[autograd][threads]") {
  for (int round = 0; round < 50; ++round) {
    const Tensor x = tensor({1.0, 2.0, 3.0}, {.dtype = float64, .requires_grad = true});
    Tensor base = x * 2.0;
    const Tensor view = base.slice(0, 1, 3);
    base.mul_(5.0);
    std::vector<Tensor> results(thread_count);
    in_threads([&](int i) { results[static_cast<std::size_t>(i)] = view * static_cast<double>(i + 1); });
    for (int i = 0; i < thread_count; ++i) {
      const Tensor& y = results[static_cast<std::size_t>(i)];
      expect_close(grad(y.sum(), x, {}, {.retain_graph = true}), {0.0, 10.0 * (i + 1), 10.0 * (i + 1)}, 0, 0);
    }
  }
}

// Breaks if a user's op does not come behind its arguments in the order of nodes, which a young thread counts from 0.
TEST_CASE("a function of the user may take what another thread has recorded", "[autograd][threads]") {
  const Tensor x = full({}, 2.0, {.dtype = float64}).requires_grad_();
  Tensor h = x;
  for (int i = 0; i < 1000; ++i) h = h + 0.0;
  std::thread([&] { (h * 3.0 + Cube::apply(h)).backward(); }).join();
  expect_close(x.grad(), {3.0 + 3 * 2.0 * 2.0});
}

// Breaks if each visit of a node looks at all inputs.
TEST_CASE("the time of grad grows with the number of inputs, not with its square", "[autograd][threads]") {
  constexpr std::size_t count = 20'000;
  std::vector<Tensor> leaves, inputs, gradients;
  const auto prepare = [&](int size) {
    leaves.clear();
    std::vector<Tensor> terms;
    for (int i = 0; i < size; ++i)
      leaves.push_back(full({}, static_cast<double>(i), {.dtype = float64}).requires_grad_());
    for (const Tensor& leaf : leaves) terms.push_back(leaf * leaf);
    inputs = leaves;
    inputs.insert(inputs.end(), terms.begin(), terms.end());
    return [&, total = stack(terms).sum()] { gradients = grad({total}, inputs); };
  };
  CHECK(xg_test::growth(count / 10, prepare) < xg_test::far_below_quadratic);
  prepare(count)();
  bool right = true;
  for (std::size_t i = 0; i < count; ++i)
    right = right && gradients[i].item() == 2.0 * static_cast<double>(i) && gradients[count + i].item() == 1.0;
  CHECK(right);
}
