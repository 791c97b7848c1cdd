// A model as a graph of nodes: two inputs, a layer that both share, two outputs, drawn as boxes, trained on both
// losses.
#include <xgrad/xgrad.hpp>

#include <filesystem>
#include <iostream>

using namespace xg;

int main(int argc, char** argv) {
  const std::filesystem::path out = argc > 1 ? argv[1] : "out/functional_model";
  std::filesystem::create_directories(out);
  manual_seed(0);

  // Two things are compared by the same eyes: "tower" has one set of weights, used twice.
  nn::Node left = nn::input({4}, {.name = "left"});
  nn::Node right = nn::input({4}, {.name = "right"});
  auto tower = nn::shared(nn::Dense(8, {.activation = "tanh", .name = "tower"}));
  nn::Node both = nn::concatenate({tower(left), tower(right)}, {.name = "both"});
  nn::Node h = nn::Dense(16, {.activation = "relu", .name = "h"})(both);
  nn::Node greater = nn::Dense(1, {.activation = "sigmoid", .name = "greater"})(h);
  nn::Node distance = nn::Dense(1, {.name = "distance"})(h);
  nn::Model model({left, right}, {greater, distance}, "Siamese");
  std::cout << model.summary() << "\n";
  viz::plot_model(model).save(out / "model.svg");
  viz::plot_model(model).save(out / "model.dot");

  // Which sum is greater, and how far apart are they?
  Tensor a = randn({512, 4}), b = randn({512, 4});
  Tensor difference = (a - b).mean({1}, true);
  Tensor is_greater = (difference > 0).to(float32);
  optim::Adam adam(model.parameters(), {.lr = 1e-2});
  double first = 0, last = 0;
  for (int epoch = 0; epoch < 100; ++epoch) {
    adam.zero_grad();
    std::vector<Tensor> y = model({a, b});
    Tensor loss = nn::functional::binary_cross_entropy(y[0], is_greater) + nn::functional::mse_loss(y[1], difference);
    loss.backward();
    adam.step();
    last = loss.item();
    if (epoch == 0) first = last;
    if (epoch % 25 == 24) std::cout << "epoch " << epoch + 1 << " loss " << last << "\n";
  }

  model.eval();
  NoGrad guard;
  std::vector<Tensor> y = model({a.slice(0, 0, 3), b.slice(0, 0, 3)});
  std::cout << "greater " << y[0].flatten() << " is " << is_greater.slice(0, 0, 3).flatten() << "\ndistance "
            << y[1].flatten() << " is " << difference.slice(0, 0, 3).flatten() << "\n";
  return last < first / 3 ? 0 : 1;
}
