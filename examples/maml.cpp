// Meta-learning (MAML): initial parameters from which one gradient step on a few points of a new task goes far. The
// outer gradient is taken through the inner step. Finn, Abbeel & Levine 2017, arXiv:1703.03400.
#include <xgrad/xgrad.hpp>

#include <cmath>
#include <iostream>

using namespace xg;
namespace F = nn::functional;

// A task is a sine of its own amplitude and phase, and a few points of it.
struct Task {
  double amplitude, phase;
  Task() : amplitude(0.5 + 2 * rand({1}).item()), phase(M_PI * rand({1}).item()) {}
  std::pair<Tensor, Tensor> points(std::int64_t count) const {
    const Tensor x = rand({count, 1}) * 10 - 5;
    return {x, amplitude * sin(x - phase)};
  }
};

// Parameters after one step of gradient descent; with `through`, as a function of those before.
std::vector<Tensor> adapted(nn::Module& net, const std::vector<Tensor>& theta, const Tensor& x, const Tensor& y,
                            bool through) {
  const Tensor loss = F::mse_loss(nn::functional_call(net, theta, x), y);
  const std::vector<Tensor> g = grad({loss}, theta, {}, {.create_graph = through});
  std::vector<Tensor> after;
  for (std::size_t i = 0; i < theta.size(); ++i) after.push_back(theta[i] - 0.02 * g[i]);
  return after;
}

// The mean loss on new tasks after one step on five points of each.
double loss_after_a_step(nn::Module& net, const std::vector<Task>& tasks) {
  double sum = 0;
  for (const Task& task : tasks) {
    const auto [x, y] = task.points(5);
    const auto [x_test, y_test] = task.points(50);
    sum += F::mse_loss(nn::functional_call(net, adapted(net, net.parameters(), x, y, false), x_test), y_test).item();
  }
  return sum / static_cast<double>(tasks.size());
}

int main() {
  manual_seed(1);
  nn::Sequential net("net", nn::Linear(1, 40), nn::Tanh(), nn::Linear(40, 40), nn::Tanh(), nn::Linear(40, 1));
  const std::vector<Task> unseen(50);
  const double before = loss_after_a_step(net, unseen);
  optim::Adam meta(net.parameters(), {.lr = 2e-3});
  for (int step = 0; step < 600; ++step) {
    meta.zero_grad();
    Tensor loss = zeros({});
    for (int t = 0; t < 8; ++t) {
      const Task task;
      const auto [x, y] = task.points(5);
      const auto [x_outer, y_outer] = task.points(10);
      loss = loss + F::mse_loss(nn::functional_call(net, adapted(net, net.parameters(), x, y, true), x_outer), y_outer);
    }
    (loss / 8.0).backward();
    meta.step();
  }
  const double after = loss_after_a_step(net, unseen);
  std::cout << "mean squared error on unseen tasks after one step: " << before << " before, " << after << " after\n";
  return after < 0.7 * before ? 0 : 1;
}
