// How time grows: each size against half of it. Linear growth is 2.
#include "eager.hpp"
#include "ratio_reporter.hpp"

#include <fmt/format.h>

#include <functional>

namespace {

using namespace xg;
using Work = std::function<void()>;

/// `make(size)` prepares the work at one size.
void add(xg_bench::Suite& suite, const std::string& what, std::vector<std::int64_t> sizes, Work (*make)(std::int64_t)) {
  for (const std::int64_t size : sizes) {
    const std::string name = fmt::format("{}, {} against {}", what, size, size / 2);
    suite.add(name, "half", [make, size] { return make(size / 2); });
    suite.add(name, "xgrad", [make, size] { return make(size); });
  }
}

Work training_step(const std::vector<int>& widths, std::int64_t batch) {
  auto program =
      std::make_shared<xg_bench::Eager>(xg_bench::Net{"", widths, static_cast<int>(batch), xg_bench::LossKind::mse});
  return [program] { benchmark::DoNotOptimize(program->step()); };
}

Work deep_shap(std::int64_t rows, std::int64_t references) {
  manual_seed(1);
  auto model = std::make_shared<nn::Sequential>("net", nn::Linear(30, 64), nn::ReLU(), nn::Linear(64, 32), nn::ReLU(),
                                                nn::Linear(32, 1));
  auto explainer = std::make_shared<explain::DeepShap>(*model, randn({references, 30}));
  return [model, explainer, x = randn({rows, 30})] { benchmark::DoNotOptimize((*explainer)(x)); };
}

}  // namespace

int main(int argc, char** argv) {
  xg_bench::Suite suite("growth", argc, argv, {.repetitions = 5, .seconds = 0.02});
  add(suite, "training step, rows", {256, 1024, 4096},
      [](std::int64_t rows) { return training_step({30, 64, 32, 1}, rows); });
  add(suite, "training step, layers", {10, 40, 160}, [](std::int64_t layers) {
    return training_step(std::vector<int>(static_cast<std::size_t>(layers) + 1, 64), 64);
  });
  add(suite, "forward and backward, nodes", {1'000, 10'000, 100'000}, [](std::int64_t nodes) -> Work {
    return [nodes, x = ones({4}, {.requires_grad = true})]() mutable {
      x.zero_grad();
      Tensor y = x;
      for (std::int64_t i = 0; i < nodes; ++i) y = y * 1.0;
      y.backward(ones({4}));
    };
  });
  add(suite, "DeepShap, rows", {64, 256}, [](std::int64_t rows) { return deep_shap(rows, 100); });
  add(suite, "DeepShap, references", {200, 800}, [](std::int64_t references) { return deep_shap(16, references); });
  add(suite, "ExactShapley, references", {100, 400}, [](std::int64_t references) -> Work {
    auto model = std::make_shared<nn::Sequential>("net", nn::Linear(10, 6), nn::ReLU(), nn::Linear(6, 1));
    auto explainer = std::make_shared<explain::ExactShapley>(*model, randn({references, 10}));
    return [model, explainer, x = randn({1, 10})] { benchmark::DoNotOptimize((*explainer)(x)); };
  });
  add(suite, "predict, rows", {2'000, 32'000}, [](std::int64_t rows) -> Work {
    auto model = std::make_shared<nn::Sequential>("net", nn::Linear(30, 64), nn::ReLU(), nn::Linear(64, 1));
    auto adam = std::make_shared<optim::Adam>(model->parameters());
    auto trainer = std::make_shared<nn::Trainer>(*model, *adam, nn::MSELoss());
    return [model, adam, trainer, x = randn({rows, 30})] { benchmark::DoNotOptimize(trainer->predict(x)); };
  });
  return suite.run();
}
