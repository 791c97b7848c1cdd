#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/checkpoint.hpp>
#include <xgrad/autograd/function.hpp>
#include <xgrad/autograd/functional.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/autograd/saved_tensor_hooks.hpp>
#include <xgrad/autograd/substitution.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/memory.hpp>
#include <xgrad/tensor/random.hpp>
#include <xgrad/tensor/scope.hpp>

#include <any>
#include <cmath>
#include <functional>
#include <vector>

using namespace xg;
using xg_test::expect_close;
using xg_test::leaf;

namespace {

struct Cubed : autograd::Function<Cubed> {
  static Tensor forward(autograd::Context& ctx, const Tensor& x) {
    const Tensor y = x * x * x;
    ctx.save_for_backward({x, y});
    return y;
  }
  static autograd::Gradients backward(autograd::Context& ctx, const Tensor& g) {
    return {g * 1.5 * square(ctx.saved()[0]) + g * 1.5 * ctx.saved()[1] / ctx.saved()[0]};
  }
};

}  // namespace

// Breaks if a value that is computed again differs, or a captured parameter gets no gradient.
TEST_CASE("a checkpoint has the value and the gradients of its function") {
  const Tensor x = leaf({0.5, 2}), a = leaf({3, -1}), w = leaf({1.5, 0.7});
  const auto f = [&](const Tensor& s, const Tensor& t) { return Cubed::apply(tanh(s * w) + exp(t * 0.1)) * w; };
  const Tensor plain = f(x, a), kept = checkpoint(f, x, a);
  expect_close(kept, plain, 0, 0);
  const std::vector<Tensor> want = grad({plain.sum()}, {x, a, w}), got = grad({kept.sum()}, {x, a, w});
  for (std::size_t i = 0; i < want.size(); ++i) expect_close(got[i], want[i], 0, 0);
  checkpoint(f, x, a).sum().backward();
  expect_close(w.grad(), want[2], 0, 0);
}

TEST_CASE("checkpoints work with create_graph, retain_graph and one in another") {
  const Tensor x = leaf({0.5, 2}), w = leaf({1.5, 0.7});
  const auto inner = [&](const Tensor& t) { return sin(t * w) * t; };
  const auto f = [&](const Tensor& t) { return checkpoint(inner, exp(checkpoint(inner, t))); };
  const auto plain = [&](const Tensor& t) { return inner(exp(inner(t))); };
  const auto outer = [&](const Tensor& t) { return checkpoint(f, t); };
  const auto second = [&](const auto& g) {
    const std::vector<Tensor> first = grad({g(x).sum()}, {x, w}, {}, {.create_graph = true});
    return grad({square(first[0]).sum() + first[1].sum()}, {x, w});
  };
  const std::vector<Tensor> want = second(plain), got = second(outer);
  for (std::size_t i = 0; i < want.size(); ++i) expect_close(got[i], want[i], 1e-13, 1e-13);
  CHECK(bool(gradgradcheck([&](const std::vector<Tensor>& in) { return outer(in[0]); }, {x, w})));
  const Tensor y = outer(x).sum();
  const Tensor once = grad(y, x, {}, {.retain_graph = true}), again = grad(y, x);
  expect_close(once, again, 0, 0);
  CHECK_ERROR(grad(y, x), AutogradError, "retain_graph");
}

TEST_CASE("a checkpoint keeps its random numbers, its grad mode and its substitutions") {
  manual_seed(3);
  const Tensor x = leaf({1, 2, 3, 4, 5, 6, 7, 8});
  const auto f = [](const Tensor& t) {
    const Tensor noise = [&] {
      const NoGrad guard;
      return dropout(t, 0.5, true);
    }();
    return dropout(square(t), 0.5, true) * t + noise * t;
  };
  const Generator start = default_generator();
  const Tensor want = grad(f(x).sum(), x);
  default_generator() = start;
  const Tensor y = checkpoint(f, x);
  const std::uint64_t after = default_generator().offset();
  expect_close(grad(y.sum(), x), want, 0, 0);
  CHECK(default_generator().offset() == after);
  const Tensor w = leaf({2}), other = leaf({5});
  Tensor z;
  {
    const std::vector<Tensor> originals{w}, given{other};
    const autograd::Substitution substitution(originals, given);
    z = checkpoint([&](const Tensor& t) { return exp(square(t * w) * 0.01); }, x);
  }
  const Tensor direct = exp(square(x * other) * 0.01);
  expect_close(grad(z.sum(), other), grad(direct.sum(), other), 1e-14);
}

// Breaks if what ops save inside lives on.
TEST_CASE("checkpoints keep only the ends of their segments") {
  const Tensor x = randn({64, 64}, {.requires_grad = true});
  const auto peak_of = [&](const std::function<Tensor(const Tensor&)>& f) {
    memory::reset_peak();
    const std::int64_t before = memory::statistics().bytes_in_use;
    grad(f(x).sum(), x);
    return memory::statistics().peak_bytes_in_use - before;
  };
  const std::vector<TensorFunction> layers(100, [](const Tensor& t) { return sin(t) * 1.01; });
  const auto plain = [&](const Tensor& t) {
    Tensor y = t;
    for (const TensorFunction& f : layers) y = f(y);
    return y;
  };
  const std::int64_t all = peak_of(plain);
  const std::int64_t some = peak_of([&](const Tensor& t) { return checkpoint_sequential(layers, t); });
  INFO(all << " and " << some);
  CHECK(some < all * 4 / 10);
  expect_close(grad(checkpoint_sequential(layers, x).sum(), x), grad(plain(x).sum(), x), 0, 0);
  expect_close(checkpoint_sequential(layers, x, 7), plain(x), 0, 0);
}

TEST_CASE("a checkpoint whose function changes is an error") {
  const Tensor x = leaf({1, 2});
  int calls = 0;
  const Tensor y = checkpoint([&](const Tensor& t) { return ++calls == 1 ? square(sin(t)) : t * 2.0; }, x);
  CHECK_ERROR(grad(y.sum(), x), AutogradError, "[checkpoint]", "the same both times");
  CHECK_ERROR(checkpoint([](const Tensor& t) { return t; }, Tensor()), ValueError, "[checkpoint]");
  CHECK_ERROR(checkpoint_sequential({}, x), ValueError, "[checkpoint_sequential]");
  CHECK_ERROR(checkpoint_sequential({[](const Tensor& t) { return t; }}, x, -1), ValueError, "-1");
}

TEST_CASE("saved tensors pass through hooks, with their graph put back") {
  const Tensor x = leaf({0.5, 2});
  std::vector<Tensor> shelf;
  int unpacked = 0;
  const auto f = [](const Tensor& t) { return Cubed::apply(exp(t)) * sigmoid(t * 2.0) * t; };
  const Tensor want = grad(grad(f(x).sum(), x, {}, {.create_graph = true}).sum(), x);
  Tensor y;
  {
    const SavedTensorHooks hooks(
        [&](const Tensor& t) -> std::any {
          CHECK_FALSE(t.requires_grad());
          shelf.push_back(t.clone());
          return shelf.size() - 1;
        },
        [&](const std::any& place) {
          ++unpacked;
          return shelf.at(std::any_cast<std::size_t>(place));
        });
    y = f(x).sum();
  }
  CHECK(shelf.size() >= 5);
  expect_close(grad(grad(y, x, {}, {.create_graph = true}).sum(), x), want, 1e-14);
  CHECK(unpacked >= 5);
  Tensor z;
  {
    const SavedTensorHooks hooks([](const Tensor& t) -> std::any { return t; },
                                 [](const std::any& t) { return std::any_cast<Tensor>(t).to(float32); });
    z = exp(x * 2.0).sum();
  }
  CHECK_ERROR(grad(z, x), AutogradError, "[SavedTensorHooks]", "float32", "float64");
  CHECK_ERROR(SavedTensorHooks({}, {}), ValueError, "[SavedTensorHooks]");
}

// Breaks if the op, its place or the number is missing.
TEST_CASE("AnomalyMode names the op, its place in the model and the first number that is not finite") {
  const AnomalyMode guard;
  const Scope model("net"), layer("h1 (Linear)");
  const Tensor x = leaf({4, 1, -1});
  CHECK_ERROR(log(x * 2.0), AutogradError, "[log]", "NaN at [2]", "net > h1 (Linear)");
  CHECK_ERROR(1.0 / (x - 1.0), AutogradError, "inf at [1]");
  const Tensor y = sqrt(x.slice(0, 0, 2) - 1.0).sum();
  CHECK_ERROR(y.backward(), AutogradError, "[sqrt]", "inf at [1]", "net > h1 (Linear)");
  // What was given as infinite is not the op's doing.
  CHECK_NOTHROW(masked_fill(x, x < 0.0, -INFINITY).softmax(0));
}
