// The whole library in many threads at once, each case checked against one thread. Made to run under ThreadSanitizer,
// which sees a race even where it does no harm.
#include "support/catch.hpp"
#include "support/support.hpp"
#include "support/threads.hpp"

#include <xgrad/xgrad.hpp>

#include <atomic>
#include <exception>
#include <functional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

using namespace xg;
using xg_test::in_threads;
using xg_test::Threads;

namespace {

/// A value of each thread, in their order.
template <class F> auto from_threads(int count, F f) {
  std::vector<std::invoke_result_t<F, int>> results(static_cast<std::size_t>(count));
  in_threads(count, [&](int i) { results[static_cast<std::size_t>(i)] = f(i); });
  return results;
}

struct Net : nn::Module {
  nn::Linear& first;
  nn::BatchNorm1d& norm;
  nn::Dropout& drop;
  nn::Linear& last;
  Net()
      : first(add<nn::Linear>("first", 6, 16)),
        norm(add<nn::BatchNorm1d>("norm", 16)),
        drop(add<nn::Dropout>("drop", 0.1)),
        last(add<nn::Linear>("last", 16, 1)) {}
  Tensor forward(const Tensor& x) override { return last(drop(relu(norm(first(x))))); }
};

struct Data {
  Tensor x, y;
};
Data some_data(std::int64_t rows = 96) {
  Generator generator(3);
  const Tensor x = randn({rows, 6}, {.generator = &generator});
  return {x, (sum(x * x, 1, true) > 6.0).to(float32)};
}

/// What a model says after some epochs.
Tensor trained(std::uint64_t seed, const Data& data) {
  manual_seed(seed);
  Net model;
  optim::Adam adam(model.parameters(), {.lr = 0.01});
  nn::data::DataLoader loader(data.x, data.y, {.batch_size = 16, .shuffle = true});
  for (int epoch = 0; epoch < 2; ++epoch)
    for (const nn::data::Batch& batch : loader) {
      adam.zero_grad();
      nn::functional::binary_cross_entropy_with_logits(model(batch.x), batch.y).backward();
      adam.step();
    }
  nn::Trainer trainer(model, adam, nn::BCEWithLogitsLoss(), {.metrics = {nn::metrics::Accuracy()}});
  trainer.fit(data.x, data.y, {.batch_size = 32, .epochs = 2, .validation_split = 0.25, .verbose = 0});
  return trainer.predict(data.x);
}

Tensor joined(const std::vector<Tensor>& parts) {
  std::vector<Tensor> flat;
  for (const Tensor& part : parts) flat.push_back(part.reshape({part.numel()}));
  return cat(flat);
}

}  // namespace

TEST_CASE("eight models are trained at once") {
  const Threads two(2);
  const Data data = some_data();
  const std::vector<Tensor> at_once =
      from_threads(8, [&](int i) { return trained(static_cast<std::uint64_t>(i), data); });
  for (int i = 0; i < 8; ++i)
    CHECK(equal(at_once[static_cast<std::size_t>(i)], trained(static_cast<std::uint64_t>(i), data)));
}

TEST_CASE("gradients of one model's parameters in many threads") {
  const Data data = some_data();
  Net model;
  model.eval();
  const auto loss = [&] { return nn::functional::binary_cross_entropy_with_logits(model(data.x), data.y); };
  const Tensor want = joined(grad({loss()}, model.parameters()));
  const std::vector<Tensor> gradients = from_threads(6, [&](int) {
    Tensor sum_of_all = zeros_like(want);
    for (int i = 0; i < 20; ++i) sum_of_all += joined(grad({loss()}, model.parameters()));
    return sum_of_all;
  });
  for (const Tensor& g : gradients) xg_test::expect_close(g, want * 20.0, 1e-5, 1e-6);

  in_threads(6, [&](int) {
    for (int i = 0; i < 20; ++i) loss().backward();
  });
  std::vector<Tensor> sums;
  for (const Tensor& p : model.parameters()) sums.push_back(p.grad());
  xg_test::expect_close(joined(sums), want * 120.0, 1e-4, 1e-5);
}

TEST_CASE("one model serves many threads") {
  const Threads three(3);
  const Data data = some_data(4000);
  Net model;
  model.eval();
  optim::Adam adam(model.parameters());
  nn::Trainer trainer(model, adam, nn::BCEWithLogitsLoss());
  const NoGrad guard;
  const Tensor want = model(data.x);
  const std::vector<Tensor> got = from_threads(6, [&](int i) {
    const InferenceMode inference;
    return i % 2 == 0 ? model(data.x) : trainer.predict(data.x, {.batch_size = 4000});
  });
  for (const Tensor& y : got) CHECK(equal(y, want));
}

TEST_CASE("one explainer serves many threads") {
  const Threads two(2);
  const Data data = some_data(40);
  const Tensor rows = data.x.slice(0, 0, 9), background = data.x.slice(0, 9, 40);
  Net model;
  model.eval();
  const explain::DeepShap shap(model, background);
  const explain::ExactShapley shapley(model, background);
  const explain::IntegratedGradients integrated(model, {.steps = 20});
  const explain::Saliency saliency(model);
  const explain::InputXGradient product(model);
  const std::function<Tensor()> explainers[] = {
      [&] { return shap(rows).values(); }, [&] { return shapley(rows).values(); },
      [&] { return integrated(rows).values(); }, [&] { return saliency(rows).values(); },
      [&] { return product(rows).values(); }};
  for (const std::function<Tensor()>& explainer : explainers) {
    const Tensor want = explainer();
    for (const Tensor& values : from_threads(5, [&](int) { return explainer(); })) CHECK(equal(values, want));
  }
  for (const Tensor& p : model.parameters()) CHECK_FALSE(p.grad().defined());

  const explain::Explanation shared = shap(rows);
  const std::string text = shared.str(), picture = viz::waterfall(shared[0]).svg();
  for (const auto& [t, p] :
       from_threads(4, [&](int) { return std::pair(shared.str(), viz::waterfall(shared[0]).svg()); })) {
    CHECK(t == text);
    CHECK(p == picture);
  }
}

TEST_CASE("generators: one of each thread, and explicit ones") {
  manual_seed(5);
  const std::vector<Tensor> own = from_threads(6, [](int) { return joined({rand({50}), nn::Linear(5, 5).weight()}); });
  for (std::size_t i = 0; i < own.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) CHECK_FALSE(equal(own[i].detach(), own[j].detach()));
  const auto with_generator = [](int) {
    Generator generator(8);
    return joined({randn({500}, {.generator = &generator}), dropout(ones({300}), 0.5, true, &generator)});
  };
  const Tensor want = with_generator(0);
  for (const Tensor& t : from_threads(6, with_generator)) CHECK(equal(t, want));
}

// Tensors and graphs that were made in threads that have ended, and die in others.
TEST_CASE("what a thread has made outlives it") {
  const Tensor w = ones({40, 40}, {.requires_grad = true});
  std::vector<Tensor> losses = from_threads(6, [&](int i) {
    Tensor h = full({40, 40}, static_cast<double>(i));
    for (int k = 0; k < 30; ++k) h = tanh(h * w);
    return sum(h);
  });
  in_threads(6, [&](int i) {
    const Tensor mine = std::move(losses[static_cast<std::size_t>(i)]);
    mine.backward();
  });
  CHECK(all(isfinite(w.grad())).item<bool>());
}

TEST_CASE("exceptions, statistics, trimming and other numbers of threads while ops run") {
  const Threads three(3);
  Generator generator(6);
  const Tensor a = randn({600, 300}, {.generator = &generator}), b = randn({300, 500}, {.generator = &generator});
  const Tensor want = matmul(a, b);
  std::atomic<bool> stop{false};
  std::thread meanwhile([&] {
    for (std::int64_t i = 0; !stop; ++i) {
      static_cast<void>(memory::statistics());
      memory::trim();
      set_num_threads(1 + i % 4);
    }
  });
  std::atomic<int> right{0}, errors{0};
  in_threads(4, [&](int) {
    for (int i = 0; i < 15; ++i) {
      right += equal(matmul(a, b), want);
      try {
        detail::parallel_for(20, [](std::int64_t tile) {
          if (tile == 7) throw ValueError("[tile] seven");
        });
      } catch (const ValueError&) {
        ++errors;
      }
      try {
        static_cast<void>(matmul(a, a));
      } catch (const ShapeError&) {
        ++errors;
      }
    }
  });
  stop = true;
  meanwhile.join();
  CHECK(right == 60);
  CHECK(errors == 120);
}
