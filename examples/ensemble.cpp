// An ensemble of one module: the parameters of all members are rows of one matrix, of which each call takes one. The
// spread of the members says where the data say little. Lakshminarayanan, Pritzel & Blundell 2016, arXiv:1612.01474.
#include <xgrad/xgrad.hpp>

#include <iostream>

using namespace xg;
namespace F = nn::functional;

int main() {
  manual_seed(3);
  constexpr std::int64_t members = 8;
  nn::Sequential net("net", nn::Linear(1, 32), nn::Tanh(), nn::Linear(32, 1));

  // Every member starts from initial values of its own.
  std::vector<Tensor> starts;
  for (std::int64_t m = 0; m < members; ++m) {
    const nn::Sequential fresh("net", nn::Linear(1, 32), nn::Tanh(), nn::Linear(32, 1));
    starts.push_back(nn::parameters_to_vector(fresh.parameters()).detach());
  }
  Tensor theta = stack(starts).requires_grad_();  // [members, parameters]
  auto predictions = [&](const Tensor& x) {
    std::vector<Tensor> all;
    for (std::int64_t m = 0; m < members; ++m)
      all.push_back(nn::functional_call(net, nn::vector_to_parameters(theta[m], net), x));
    return stack(all);  // [members, rows, 1]
  };

  const Tensor x = cat({rand({40, 1}) * 1.5 - 3, rand({40, 1}) * 1.5 + 1.5}, 0);  // nothing between -1.5 and 1.5
  const Tensor y = sin(2 * x) + 0.05 * randn({80, 1});
  optim::Adam adam({theta}, {.lr = 1e-2});
  double loss = 0;
  for (int step = 0; step < 800; ++step) {
    adam.zero_grad();
    Tensor all = square(predictions(x) - y).mean();
    all.backward();
    adam.step();
    loss = all.item();
  }
  const NoGrad guard;
  const Tensor at = tensor({{-2.2}, {0.0}, {2.2}});
  const Tensor spread = predictions(at).std({0}).flatten();
  std::cout << "mean squared error " << loss << "\nspread of the members at -2.2, 0 and 2.2: " << spread << "\n";
  return loss < 0.05 && spread[1].item() > 3 * spread[0].item() && spread[1].item() > 3 * spread[2].item() ? 0 : 1;
}
