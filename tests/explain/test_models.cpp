// Equivalent models give equal explanations, and a row's explanation does not depend on the other rows.
#include "nets.hpp"
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/tensor/error.hpp>

#include <thread>

using namespace xg;
using namespace xg::explain;
using xg_test::expect_close;
using xg_test::random_rows;
using xg_test::same_bits;

namespace {

struct Residual : nn::Module {
  nn::Linear &a, &b;
  Residual() : a(add<nn::Linear>("a", 4, 4)), b(add<nn::Linear>("b", 4, 2)) {}
  Tensor forward(const Tensor& x) override { return b(relu(a(x)) + x); }
};

/// One ReLU and one Linear, each used twice.
struct Reused : nn::Module {
  nn::Linear &a, &b;
  nn::ReLU& act;
  Reused() : a(add<nn::Linear>("a", 4, 4)), b(add<nn::Linear>("b", 4, 2)), act(add<nn::ReLU>("act")) {}
  Tensor forward(const Tensor& x) override { return b(act(a(act(a(x))))); }
};

nn::Sequential layers() {
  return nn::Sequential("net", nn::Linear(4, 6), nn::ReLU(), nn::Linear(6, 5), nn::Tanh(), nn::Linear(5, 3));
}

}  // namespace

// Breaks if explanations hang on layers and not on ops (T18).
TEST_CASE("functional style, layer style and nodes explain the same, bit for bit") {
  manual_seed(70);
  nn::Sequential net = layers();
  net.eval();
  const Tensor x = random_rows(7, 4, 71, float32), r = random_rows(9, 4, 72, float32);
  const auto state = net.state_dict();
  const auto function = [&](const Tensor& t) {
    const Tensor h = relu(linear(t, state.at("0.weight"), state.at("0.bias")));
    return linear(tanh(linear(h, state.at("2.weight"), state.at("2.bias"))), state.at("4.weight"), state.at("4.bias"));
  };
  const Tensor values = DeepShap(net, r)(x).values();
  CHECK(same_bits(values, DeepShap(function, r)(x).values()));
  CHECK(same_bits(IntegratedGradients(net)(x).values(), IntegratedGradients(function)(x).values()));
  CHECK(same_bits(ExactShapley(net, r)(x).values(), ExactShapley(function, r)(x).values()));
  // Gradients that are asked for elsewhere, or forbidden, change nothing.
  {
    const NoGrad guard;
    CHECK(same_bits(values, DeepShap(net, r)(x).values()));
    CHECK(same_bits(Saliency(net)(x).values(), Saliency(function)(x).values()));
  }
  CHECK(same_bits(values,
                  DeepShap(net, Tensor(r.clone()).requires_grad_())(Tensor(x.clone()).requires_grad_()).values()));
  for (const Tensor& p : net.parameters()) CHECK(!p.grad().defined());
}

// Breaks if a module that is called twice keeps only one of its calls (T17).
TEST_CASE("modules used twice, and residual links") {
  manual_seed(73);
  Reused reused;
  const Tensor x = random_rows(6, 4, 74, float32), r = random_rows(5, 4, 75, float32);
  const Tensor w = reused.a.weight(), b = reused.a.bias();
  nn::Sequential copies("copies", nn::Linear(4, 4), nn::ReLU(), nn::Linear(4, 4), nn::ReLU(), nn::Linear(4, 2));
  copies.load_state_dict({{"0.weight", w},
                          {"0.bias", b},
                          {"2.weight", w},
                          {"2.bias", b},
                          {"4.weight", reused.b.weight()},
                          {"4.bias", reused.b.bias()}});
  CHECK(same_bits(DeepShap(reused, r)(x).values(), DeepShap(copies, r)(x).values()));
  Residual residual;
  const Explanation e = DeepShap(residual, r)(x);
  CHECK(e.residual().abs().max().item() < 1e-5);
  expect_close(e.outputs(), residual(x), 1e-5, 1e-6);
}

// Breaks if what stands beside a row changes its explanation (T19).
TEST_CASE("rows alone or together, in any order, in blocks of any size") {
  for (const Dtype dtype : {float32, float64}) {
    manual_seed(76);
    nn::Sequential net = layers();
    net.to(dtype);
    net.eval();
    const Tensor x = random_rows(37, 4, 77, dtype), r = random_rows(21, 4, 78, dtype);
    const DeepShap explainer(net, r);
    const Tensor together = explainer(x).values();
    const double rtol = dtype == float32 ? 1e-5 : 1e-12;
    for (const std::int64_t i : {0, 1, 15, 16, 36})
      expect_close(explainer(x.narrow(0, i, 1)).values(), together.narrow(0, i, 1), rtol, rtol * 0.1);
    CHECK(same_bits(explainer(x.narrow(0, 0, 5)).values(), together.narrow(0, 0, 5)));
    expect_close(flip(explainer(flip(x, 0)).values(), 0), together, rtol, rtol * 0.1);
    for (const std::size_t bytes : {std::size_t{1}, std::size_t{3000}, std::size_t{1} << 28})
      expect_close(DeepShap(net, r, {.max_bytes = bytes})(x).values(), together, rtol, rtol * 0.1);
    CHECK(same_bits(explainer(x).values(), together));
    const IntegratedGradients ig(net);
    expect_close(ig(x.narrow(0, 5, 1)).values(), ig(x).values().narrow(0, 5, 1), rtol, rtol * 0.1);
    const ExactShapley exact(net, r);
    expect_close(exact(x.narrow(0, 5, 1)).values(), exact(x).values().narrow(0, 5, 1), rtol, rtol * 0.1);
  }
}

// Breaks if the number of rows equals that of the background, of a block, or is one, and shapes are misread.
TEST_CASE("any number of rows and references") {
  const xg_test::RandomNet net({3, 4, 2}, [](const Tensor& t) { return relu(t); }, 79);
  for (const std::int64_t rows : {1, 2, 15, 16, 17, 33})
    for (const std::int64_t references : {1, 2, 4, 15, 16, 17, 300}) {
      const Tensor x = random_rows(rows, 3, 80), r = random_rows(references, 3, 81);
      const Explanation e = DeepShap(net, r)(x);
      CHECK(e.values().shape() == Shape{rows, 3, 2});
      CHECK(e.n_background() == references);
      expect_close(e.base_values() + e.values().sum(1), net(x), 1e-10, 1e-13);
    }
}

// Breaks if a row each of several baselines meets the wrong one.
TEST_CASE("one baseline for each row") {
  const xg_test::RandomNet net({3, 4, 2}, [](const Tensor& t) { return tanh(t); }, 82);
  const Tensor x = random_rows(19, 3, 83), r = random_rows(19, 3, 84);
  const Tensor lift = DeepLift(net, {.baseline = r})(x).values(),
               path = IntegratedGradients(net, {.baseline = r})(x).values();
  for (const std::int64_t i : {0, 7, 18}) {
    const Tensor row = x.narrow(0, i, 1);
    expect_close(lift.narrow(0, i, 1), DeepLift(net, {.baseline = r[i]})(row).values(), 1e-10, 1e-13);
    expect_close(path.narrow(0, i, 1), IntegratedGradients(net, {.baseline = r[i]})(row).values(), 1e-10, 1e-13);
  }
}

// Breaks if explaining leaves something on the model or in the thread.
TEST_CASE("several threads explain one model") {
  manual_seed(85);
  nn::Sequential net = layers();
  net.eval();
  const Tensor x = random_rows(24, 4, 86, float32), r = random_rows(20, 4, 87, float32);
  const DeepShap explainer(net, r);
  const Tensor want = explainer(x).values();
  std::vector<Tensor> got(4);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < got.size(); ++i) threads.emplace_back([&, i] { got[i] = explainer(x).values(); });
  for (std::thread& thread : threads) thread.join();
  for (const Tensor& values : got) CHECK(same_bits(values, want));
}

// Breaks if an explainer remembers weights that have changed since.
TEST_CASE("training on changes what is explained") {
  manual_seed(88);
  nn::Sequential net = layers();
  net.eval();
  const Tensor x = random_rows(3, 4, 89, float32), r = random_rows(5, 4, 90, float32);
  const DeepShap explainer(net, r);
  const Tensor before = explainer(x).values();
  {
    const NoGrad guard;
    for (Tensor p : net.parameters()) p.mul_(1.5);
  }
  const Explanation after = explainer(x);
  CHECK(!same_bits(after.values(), before));
  CHECK(same_bits(after.values(), DeepShap(net, r)(x).values()));
}

// Breaks if the final op is not found behind reshapes, or another one is taken for it.
TEST_CASE("the logit is found in the graph") {
  const Tensor w = random_rows(1, 3, 91), v = random_rows(4, 3, 92), x = random_rows(5, 3, 93),
               r = random_rows(6, 3, 94);
  const auto logit = [&](const Tensor& t) { return linear(t, w); };
  const auto scores = [&](const Tensor& t) { return linear(t, v); };
  const Tensor want = DeepShap(logit, r)(x).values(), want4 = DeepShap(scores, r)(x).values();
  const auto check = [&](const xg_test::Function& f, const Tensor& values) {
    for (const Output output : {Output::automatic, Output::logit}) {
      const Explanation e = DeepShap(f, r, {.output = output})(x);
      CHECK(e.output_space() == Output::logit);
      expect_close(e.values(), values, 1e-12, 1e-14);
      expect_close(IntegratedGradients(f, {.baseline = r[0], .output = output})(x).values(),
                   DeepLift(f, {.baseline = r[0], .output = output})(x).values(), 1e-10, 1e-12);
      expect_close(ExactShapley(f, r, {.output = output})(x).values(), values, 1e-10, 1e-12);
    }
    CHECK(DeepShap(f, r, {.output = Output::model})(x).output_space() != Output::logit);
  };
  check([&](const Tensor& t) { return sigmoid(logit(t)); }, want);
  check([&](const Tensor& t) { return sigmoid(logit(t)).squeeze(1); }, want);
  check([&](const Tensor& t) { return sigmoid(logit(t)).reshape({-1, 1, 1}).clone(); }, want);
  check([&](const Tensor& t) { return softmax(scores(t), 1); }, want4);
  check([&](const Tensor& t) { return log_softmax(scores(t), -1); }, want4);
  nn::Sequential net("net", nn::Dense(3, 4, {.activation = "tanh"}), nn::Dense(4, 1, {.activation = "sigmoid"}));
  net.to(float64);
  CHECK(DeepShap(net, r)(x).output_space() == Output::logit);
  CHECK(DeepShap(net, r, {.output = Output::probability})(x).output_space() == Output::probability);
  CHECK(DeepShap(logit, r)(x).output_space() == Output::model);
  const auto inner = [&](const Tensor& t) { return sigmoid(logit(t)) * 2.0; };
  CHECK(DeepShap(inner, r)(x).output_space() == Output::model);
  CHECK_ERROR(DeepShap(inner, r, {.output = Output::logit}), ValueError, "[DeepShap]", "mul", "no logit",
              "Output::model");
  CHECK_ERROR(DeepShap(logit, r, {.output = Output::probability}), ValueError, "linear", "sigmoid");
  CHECK_ERROR(IntegratedGradients(logit, {.output = Output::logit})(x), ValueError, "[IntegratedGradients]", "linear");
}

// Breaks if slots are mixed up when each row explains other outputs.
TEST_CASE("ranked outputs, targets and names") {
  const xg_test::RandomNet net({3, 5, 4}, [](const Tensor& t) { return tanh(t); }, 95);
  const Tensor x = random_rows(9, 3, 96), r = random_rows(6, 3, 97), y = net(x);
  const std::vector<std::string> names{"a", "b", "c", "d"};
  const Explanation all = DeepShap(net, r, {.output_names = names})(x);
  for (const Rank rank : {Rank::max, Rank::min, Rank::max_abs}) {
    const Explanation e = DeepShap(net, r, {.output_names = names, .ranked_outputs = 2, .output_rank_order = rank})(x);
    CHECK(e.values().shape() == Shape{9, 3, 2});
    CHECK(e.ranked());
    for (std::int64_t row = 0; row < 9; ++row) {
      const Tensor key = rank == Rank::max ? -y[row] : (rank == Rank::min ? y[row] : -y[row].abs());
      const Tensor order = argsort(key);
      for (std::int64_t slot = 0; slot < 2; ++slot) {
        const std::int64_t k = order[slot].item<std::int64_t>();
        CHECK(e.output_ranks().select(0, row)[slot].item<std::int64_t>() == k);
        CHECK(e.output_name(row, slot) == names[static_cast<std::size_t>(k)]);
        expect_close(e.values()[row].select(1, slot), all.values()[row].select(1, k), 1e-12, 1e-14);
        CHECK(e.base_values()[row][slot].item() == Approx(all.base_values()[row][k].item()));
        CHECK(e.outputs()[row][slot].item() == Approx(y[row][k].item()));
      }
    }
    CHECK(e.residual().abs().max().item() < 1e-12);
  }
  for (std::int64_t k = 0; k < 4; ++k) {
    const Explanation e = DeepShap(net, r, {.output_names = names, .target = k})(x);
    CHECK(e.output_name(0, 0) == names[static_cast<std::size_t>(k)]);
    expect_close(e.values(), all.output(k).values(), 1e-12, 1e-14);
    expect_close(Saliency(net, {.target = k})(x).values(), Saliency(net)(x).output(k).values(), 1e-12, 1e-14);
    expect_close(ExactShapley(net, r, {.target = k})(x).values(), ExactShapley(net, r)(x).output(k).values(), 1e-12,
                 1e-14);
    expect_close(IntegratedGradients(net, {.target = k})(x).base_values(),
                 IntegratedGradients(net)(x).output(k).base_values(), 1e-12);
  }
  const DeepShap explainer(net, r);
  expect_close(explainer.expected_value(), net(r).mean(0), 1e-12);
}

// Breaks if a result of one dimension, or of three, is refused or misread.
TEST_CASE("results of any shape") {
  const Tensor w = random_rows(4, 3, 98), x = random_rows(5, 3, 99), r = random_rows(6, 3, 100);
  const auto flat = [&](const Tensor& t) { return linear(t, w); };
  const Tensor want = DeepShap(flat, r)(x).values();
  expect_close(DeepShap([&](const Tensor& t) { return linear(t, w).reshape({-1, 2, 2}); }, r)(x).values(), want, 1e-12,
               1e-14);
  expect_close(DeepShap([&](const Tensor& t) { return linear(t, w).select(1, 2); }, r)(x).values(), want.slice(2, 2, 3),
               1e-12, 1e-14);
  expect_close(Saliency([&](const Tensor& t) { return linear(t, w).select(1, 2); }, {.abs = false})(x).values(),
               w[2].reshape({1, 3, 1}).expand({5, 3, 1}), 1e-12);
  expect_close(DeepShap([](const Tensor& t) { return t; }, r)(x).residual(), zeros({5, 3}), 0, 1e-12);
}
