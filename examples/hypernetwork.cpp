// A hypernetwork: one network makes the parameters of another, which is called as a function of them. Here it learns a
// family of curves, one for each value of a condition. Ha, Dai & Le 2016, arXiv:1609.09106.
#include <xgrad/xgrad.hpp>

#include <iostream>

using namespace xg;
namespace F = nn::functional;

int main() {
  manual_seed(2);
  nn::Sequential target("target", nn::Linear(1, 12), nn::Tanh(), nn::Linear(12, 1));
  nn::Sequential hyper("hyper", nn::Linear(1, 32), nn::Tanh(), nn::Linear(32, target.num_parameters()));
  const std::vector<Tensor> before = [&] {
    std::vector<Tensor> copies;
    for (const Tensor& p : target.parameters()) copies.push_back(p.clone());
    return copies;
  }();

  // The parameters that a condition means are views of what the hypernetwork returns.
  auto predict = [&](double condition, const Tensor& x) {
    const Tensor made = hyper(full({1, 1}, condition)).flatten() * 0.5;
    return nn::functional_call(target, nn::vector_to_parameters(made, target), x);
  };
  auto curve = [](double condition, const Tensor& x) { return sin(x * (1 + condition)); };
  auto error = [&](double condition) {
    const Tensor x = linspace(-2, 2, 41).unsqueeze(1);
    return F::mse_loss(predict(condition, x), curve(condition, x)).item();
  };

  const double untrained = error(0.35);
  optim::Adam adam(hyper.parameters(), {.lr = 5e-3});
  for (int step = 0; step < 1500; ++step) {
    adam.zero_grad();
    Tensor loss = zeros({});
    for (int k = 0; k < 4; ++k) {
      const double condition = rand({1}).item();
      const Tensor x = rand({32, 1}) * 4 - 2;
      loss = loss + F::mse_loss(predict(condition, x), curve(condition, x));
    }
    loss.backward();
    adam.step();
  }
  const double trained = error(0.35);
  std::cout << "mean squared error for a condition in between: " << untrained << ", trained " << trained << "\n";

  // The target's own parameters took no part.
  bool untouched = true;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const Tensor p = target.parameters()[i];
    untouched = untouched && equal(p, before[i]) && !p.grad().defined();
  }
  std::cout << "the target network itself is unchanged: " << std::boolalpha << untouched << "\n";
  return untouched && trained < 0.1 * untrained ? 0 : 1;
}
