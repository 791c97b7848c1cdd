// Work that rows and references share: less of it, by several threads, in bounded memory, for the same result.
#include "nets.hpp"
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/memory.hpp>
#include <xgrad/tensor/threads.hpp>

using namespace xg;
using namespace xg::explain;
using xg_test::expect_close;
using xg_test::Function;
using xg_test::random_rows;
using xg_test::same_bits;

namespace {

/// Restores the number of threads.
struct Threads {
  std::int64_t before = num_threads();
  ~Threads() { set_num_threads(before); }
};

}  // namespace

// Breaks if the sweep over a chain of layers differs from the sweep over ops of any kind, for any function between the
// layers, few or many references, and one or several outputs.
TEST_CASE("a chain is explained as any model is") {
  for (const auto& [name, f] : xg_test::activations()) {
    INFO(name);
    for (const std::int64_t references : {1, 3, 40}) {
      const xg_test::RandomNet net({5, 7, 6, 3}, f, 300);
      const Function branched = [&](const Tensor& t) { return net(t) + t.slice(1, 0, 1) * 0.0; };
      const Tensor x = random_rows(18, 5, 301), r = random_rows(references, 5, 302);
      const Explanation chain = DeepShap(net, r)(x), any = DeepShap(branched, r)(x);
      expect_close(chain.values(), any.values(), 1e-11, 1e-12);
      if (references > 1) expect_close(chain.standard_errors(), any.standard_errors(), 1e-9, 1e-12);
      const Explanation last = DeepShap(net, r, {.ranked_outputs = 2})(x);
      expect_close(last.values(), DeepShap(branched, r, {.ranked_outputs = 2})(x).values(), 1e-11, 1e-12);
    }
  }
}

// Breaks if leaving out units without a slope loses others, mixes up pairs at the edge of a block or panel, or sums up
// contributions and their standard errors otherwise than the sweep over ops of any kind.
TEST_CASE("wide layers and many outputs") {
  for (const Dtype dtype : {float64, float32})
    for (const auto& [name, activation] : xg_test::activations()) {
      if (name != "relu" && name != "tanh" && name != "leaky_relu" && name != "step") continue;
      INFO(name);
      const Function f = activation;
      const xg_test::RandomNet net({37, 50, 43, 7}, f, 330, dtype);
      const Function twice = [&](const Tensor& t) { return f(net(matmul(t, ones({37, 37}, {.dtype = dtype}) * 0.1))); };
      for (const Function& model : {Function(net), twice}) {
        const Function branched = [&](const Tensor& t) { return model(t) + t.slice(1, 0, 1) * 0.0; };
        const Tensor x = random_rows(3, 37, 331, dtype);
        const double rtol = dtype == float64 ? 1e-10 : 1e-3, atol = dtype == float64 ? 1e-12 : 1e-5;
        for (const std::int64_t references : {1, 40}) {
          Tensor r = random_rows(references, 37, 332, dtype);
          r.select(1, 4).copy_(x.select(1, 4).select(0, 1).expand({references}));  // a feature that does not change
          for (const std::size_t bytes : {std::size_t{1}, std::size_t{30'000}, default_block_bytes}) {
            const Explanation kept = DeepShap(model, r, {.max_bytes = bytes})(x), any = DeepShap(branched, r)(x);
            expect_close(kept.values(), any.values(), rtol, atol);
            CHECK(kept.values().select(0, 1).select(0, 4).abs().max().item() == 0);
            if (references > 1) expect_close(kept.standard_errors(), any.standard_errors(), rtol, atol);
          }
          const DeepShapOptions ranked{.ranked_outputs = 5, .output_rank_order = Rank::min};
          expect_close(DeepShap(model, r, ranked)(x).values(), DeepShap(branched, r, ranked)(x).values(), rtol, atol);
        }
        const DeepLiftOptions multipliers{.baseline = random_rows(1, 37, 333, dtype), .multipliers = true};
        expect_close(DeepLift(model, multipliers)(x).values(), DeepLift(branched, multipliers)(x).values(), rtol, atol);
      }
    }
}

// Breaks if a chain written with other ops, or one that ends in a vector, is not read as what it is.
TEST_CASE("chains of several spellings") {
  const xg_test::RandomNet net({4, 6, 1}, [](const Tensor& t) { return tanh(t); }, 303, float64, 0);
  const Tensor x = random_rows(9, 4, 304), r = random_rows(12, 4, 305);
  const Tensor want = DeepShap(net, r)(x).values();
  const Function products = [&](const Tensor& t) {
    return matmul(tanh(matmul(t, net.weights[0].t())), net.weights[1].t());
  };
  const Function vector = [&](const Tensor& t) { return net(t.unsqueeze(1).squeeze(1)).squeeze(1); };
  const Function probability = [&](const Tensor& t) { return sigmoid(net(t)); };
  expect_close(DeepShap(products, r)(x).values(), want, 1e-12, 1e-14);
  expect_close(DeepShap(vector, r)(x).values(), want, 1e-12, 1e-14);
  expect_close(DeepShap(probability, r)(x).values(), want, 1e-12, 1e-14);
  const Explanation e = DeepShap(probability, r, {.output = Output::probability})(x);
  expect_close(e.base_values() + e.values().sum(1), probability(x), 1e-12, 1e-14);
  const Function linear_alone = [&](const Tensor& t) { return linear(t, net.weights[0], net.biases[0]); };
  const Explanation l = DeepShap(linear_alone, r)(x);
  expect_close(l.base_values() + l.values().sum(1), linear_alone(x), 1e-12, 1e-14);
  const Function nothing = [](const Tensor& t) { return t.clone(); };
  const Explanation n = DeepShap(nothing, r)(x);
  expect_close(n.base_values() + n.values().sum(1), x, 1e-12, 1e-14);
}

// Breaks if tiles depend on the number of threads, or threads share what they must not.
TEST_CASE("the same bits for any number of threads") {
  const Threads restore;
  for (const Dtype dtype : {float32, float64}) {
    const xg_test::RandomNet net({6, 20, 9, 3}, [](const Tensor& t) { return relu(t); }, 306, dtype);
    const Function branched = [&](const Tensor& t) { return net(t) + t.slice(1, 0, 1) * 0.0; };
    const Tensor x = random_rows(150, 6, 307, dtype), r = random_rows(30, 6, 308, dtype);
    for (const Function& model : {Function(net), branched}) {
      std::vector<Explanation> found;
      std::vector<Tensor> gradients, exact;
      for (const std::int64_t threads : {1, 2, 3}) {
        set_num_threads(threads);
        found.push_back(DeepShap(model, r)(x));
        gradients.push_back(IntegratedGradients(model)(x).values());
        exact.push_back(ExactShapley(model, r)(x.narrow(0, 0, 5)).values());
      }
      for (std::size_t i = 1; i < found.size(); ++i) {
        CHECK(same_bits(found[i].values(), found[0].values()));
        CHECK(same_bits(found[i].standard_errors(), found[0].standard_errors()));
        CHECK(same_bits(gradients[i], gradients[0]));
        CHECK(same_bits(exact[i], exact[0]));
      }
    }
    const xg_test::RandomNet wide({36, 40, 40, 5}, [](const Tensor& t) { return relu(t); }, 334, dtype);
    const DeepShap explainer(wide, random_rows(30, 36, 335, dtype));
    const Tensor rows = random_rows(40, 36, 336, dtype);
    set_num_threads(1);
    const Tensor alone = explainer(rows).values();
    set_num_threads(3);
    CHECK(same_bits(explainer(rows).values(), alone));
  }
}

// Breaks if coalitions that grow column by column differ from the model's runs on the points themselves: for few and
// many references, several outputs, functions before the first linear map, features that some references share.
TEST_CASE("coalitions of a chain are those of any model") {
  for (const char* name : {"relu", "tanh", "softplus", "step"})
    for (const auto& [other, f] : xg_test::activations()) {
      if (other != name) continue;
      const xg_test::RandomNet inner({6, 5, 4, 3}, f, 316);
      for (const bool before : {false, true}) {
        const Function net = [&](const Tensor& t) { return inner(before ? tanh(t) : t); };
        const Function branched = [&](const Tensor& t) { return net(t) + t.slice(1, 0, 1) * 0.0; };
        for (const std::int64_t references : {1, 7, 1500}) {
          const Tensor x = random_rows(3, 6, 317).round(), r = random_rows(references, 6, 318).round();
          const Explanation chain = ExactShapley(net, r)(x), any = ExactShapley(branched, r)(x);
          expect_close(chain.values(), any.values(), 1e-11, 1e-12);
          if (references > 1) expect_close(chain.standard_errors(), any.standard_errors(), 1e-9, 1e-12);
          expect_close(chain.base_values() + chain.values().sum(1), net(x), 1e-10, 1e-12);
          const Explanation second = ExactShapley(net, r, {.target = 1})(x);
          expect_close(second.values().select(2, 0), chain.values().select(2, 1), 1e-12, 1e-14);
        }
      }
    }
}

// Breaks if derivatives along a chain are not those of the model's graph, which detached values and hooks change.
TEST_CASE("integrated gradients of a chain are those of any model") {
  const Tensor x = random_rows(7, 5, 340), far = random_rows(7, 5, 341);
  for (const auto& [name, activation] : xg_test::activations()) {
    INFO(name);
    const Function f = activation;
    const xg_test::RandomNet net({5, 9, 6, 3}, f, 342);
    const Function branched = [&](const Tensor& t) { return net(t) + t.slice(1, 0, 1) * 0.0; };
    for (const std::int64_t steps : {1, 50, 300}) {
      const IntegratedGradientsOptions options{.steps = steps, .baseline = far};
      expect_close(IntegratedGradients(net, options)(x).values(), IntegratedGradients(branched, options)(x).values(),
                   1e-11, 1e-13);
    }
    const IntegratedGradientsOptions second{.target = 1};
    expect_close(IntegratedGradients(net, second)(x).values().select(2, 0),
                 IntegratedGradients(net)(x).values().select(2, 1), 1e-12, 1e-14);
  }
  const xg_test::RandomNet net({5, 9, 2}, [](const Tensor& t) { return tanh(t); }, 343);
  const Function detached = [&](const Tensor& t) { return net(t.detach()); };
  const Function forbidden = [&](const Tensor& t) {
    const NoGrad guard;
    return net(t);
  };
  const Function hooked = [&](const Tensor& t) {
    Tensor h = linear(t, net.weights[0], net.biases[0]);
    if (h.requires_grad()) h.register_hook([](const Tensor& g) { return g * 2.0; });
    return linear(tanh(h), net.weights[1], net.biases[1]);
  };
  const Tensor want = IntegratedGradients(net)(x).values();
  CHECK(IntegratedGradients(detached)(x).values().abs().max().item() == 0);
  CHECK(IntegratedGradients(forbidden)(x).values().abs().max().item() == 0);
  expect_close(IntegratedGradients(hooked)(x).values(), want * 2.0, 1e-12, 1e-14);
}

// Breaks if a reference plays with features in which it equals the row, or the chain's first layer is run again.
TEST_CASE("only features that differ from a reference play against it") {
  std::int64_t forward_rows = 0;
  const xg_test::RandomNet net({12, 4, 1}, [](const Tensor& t) { return relu(t); }, 319);
  const Function counted = [&](const Tensor& t) {
    forward_rows += t.size(0);
    return net(t);
  };
  const Function branched = [&](const Tensor& t) { return counted(t) + t.slice(1, 0, 1) * 0.0; };
  const Tensor x = zeros({1, 12}, {.dtype = float64}), r = eye(12, 12, {.dtype = float64});  // one feature each
  const ExactShapley exact(branched, r, {.max_evals = 2});
  forward_rows = 0;
  const Tensor values = exact(x).values().squeeze(-1).squeeze(0);
  CHECK(forward_rows < 12 * 2 + 60);  // 12 games of two coalitions, and some runs on rows and references
  expect_close(values, (net(x) - net(r)).squeeze(1) / 12.0, 1e-12, 1e-14);
  const ExactShapley chain(counted, random_rows(50, 12, 320));
  forward_rows = 0;
  static_cast<void>(chain(random_rows(2, 12, 321)));
  CHECK(forward_rows < 200);  // and not 2 * 50 * 4,096
}

// Breaks if the model runs on pairs of rows and references, or again for each output.
TEST_CASE("the model runs once for each row and each reference") {
  const xg_test::RandomNet net({4, 8, 5}, [](const Tensor& t) { return relu(t); }, 309);
  std::int64_t forward_rows = 0;
  const Function counted = [&](const Tensor& t) {
    forward_rows += t.size(0);
    return net(t);
  };
  const Tensor x = random_rows(160, 4, 310), r = random_rows(200, 4, 311);
  const DeepShap explainer(counted, r);
  CHECK(forward_rows == 200);
  forward_rows = 0;
  static_cast<void>(explainer(x));
  CHECK(forward_rows == 160 + 200 + 3 * 2 + 1 + 3);  // and once two rows, batched with other rows
  forward_rows = 0;
  static_cast<void>(explainer(x));
  CHECK(forward_rows == 160 + 200);
}

// Breaks if memory grows with rows times references, or a budget is not kept to.
TEST_CASE("pairs take no more memory than the budget") {
  const Threads restore;
  set_num_threads(1);
  const xg_test::RandomNet net({50, 64, 64, 3}, [](const Tensor& t) { return relu(t); }, 312, float32);
  const Function branched = [&](const Tensor& t) { return net(t) + t.slice(1, 0, 1) * 0.0; };
  const Tensor x = random_rows(64, 50, 313, float32), r = random_rows(400, 50, 314, float32);
  for (const Function& model : {Function(net), branched}) {
    const auto peak = [&](std::size_t budget) {
      const DeepShap explainer(model, r, {.max_bytes = budget});
      const std::int64_t before = memory::statistics().bytes_in_use;
      memory::reset_peak();
      static_cast<void>(explainer(x));
      return memory::statistics().peak_bytes_in_use - before;
    };
    const std::int64_t least = peak(1);  // what recordings and results take
    for (const std::size_t budget : {std::size_t{100'000}, std::size_t{1'000'000}})
      CHECK(peak(budget) <= least + static_cast<std::int64_t>(budget) * 5 / 4);
    CHECK(peak(std::size_t{1} << 28) > least + 300'000);  // so that the budget is what held it down
  }
}

// Breaks if a budget of nothing is taken for something.
TEST_CASE("a budget of nothing is refused") {
  const Function net = [](const Tensor& t) { return t.sum(1, true); };
  const Tensor r = random_rows(3, 4, 315);
  CHECK_ERROR(DeepShap(net, r, {.max_bytes = 0}), ValueError, "[DeepShap]", "max_bytes is 0");
  CHECK_ERROR(DeepLift(net, {.max_bytes = 0}), ValueError, "[DeepLift]", "max_bytes is 0");
}
