// A neural ODE of 1,000 steps, its gradient with and without checkpoints: time and peak memory.
#include "ratio_reporter.hpp"

#include <xgrad/autograd/checkpoint.hpp>
#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/layers.hpp>
#include <xgrad/tensor/memory.hpp>
#include <xgrad/tensor/random.hpp>

#include <memory>
#include <vector>

using namespace xg;
using namespace xg_bench;

namespace {

/// x' = f(x) by Euler's method, f a network 16-64-16, 256 rows.
struct NeuralOde {
  static constexpr int steps = 1000;
  nn::Sequential f{"f", nn::Linear(16, 64), nn::Tanh(), nn::Linear(64, 16)};
  std::vector<Tensor> theta = f.parameters();
  Tensor start = randn({256, 16});

  Tensor step(const Tensor& x) { return x + f(x) * (1.0 / steps); }
  std::vector<Tensor> plain() {
    Tensor x = start;
    for (int i = 0; i < steps; ++i) x = step(x);
    return grad({square(x).mean()}, theta);
  }
  std::vector<Tensor> checkpointed() {
    const std::vector<TensorFunction> all(steps, [this](const Tensor& x) { return step(x); });
    return grad({square(checkpoint_sequential(all, start)).mean()}, theta);
  }
};

template <class F> double peak_bytes(F f) {
  NeuralOde ode;
  f(ode);
  const auto before = static_cast<double>(memory::statistics().bytes_in_use);
  memory::reset_peak();
  f(ode);
  return static_cast<double>(memory::statistics().peak_bytes_in_use) - before;
}

}  // namespace

int main(int argc, char** argv) {
  Suite suite("checkpoints", argc, argv, {.repetitions = 5, .seconds = 0.2});
  const auto plain = [](NeuralOde& ode) { benchmark::DoNotOptimize(ode.plain()); };
  const auto checkpointed = [](NeuralOde& ode) { benchmark::DoNotOptimize(ode.checkpointed()); };
  const auto add = [&](const char* contender, auto f) {
    suite.add("neural ODE, 1000 steps, gradient", contender,
              [f] { return [ode = std::make_shared<NeuralOde>(), f] { f(*ode); }; });
    suite.add_bytes("neural ODE, 1000 steps, peak memory", contender, peak_bytes(f));
  };
  add("xgrad, checkpoints", checkpointed);
  add("everything kept", plain);
  return suite.run();
}
