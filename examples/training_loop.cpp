// A training loop without the Trainer: batches, parameter groups, warm-up and cosine decay, clipping, state in files.
#include <xgrad/xgrad.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <numbers>

using namespace xg;

int main(int argc, char** argv) {
  const std::filesystem::path out = argc > 1 ? argv[1] : "out/training_loop";
  std::filesystem::create_directories(out);
  manual_seed(0);
  constexpr int64_t epochs = 20, warm_up = 3;

  Tensor X = randn({1000, 5});
  Tensor y = (sin(X.slice(1, 0, 1)) + X.slice(1, 1, 2) * X.slice(1, 2, 3)).contiguous();
  nn::data::TensorSplit rows = nn::data::train_test_split(X, y, {.test_size = 0.2, .seed = 0});
  nn::Sequential model("Net", nn::Linear(5, 64, {.name = "h1"}), nn::ReLU(), nn::Linear(64, 1, {.name = "output"}));

  // Weights decay, biases do not.
  std::vector<Tensor> weights, biases;
  for (const auto& [name, parameter] : model.named_parameters())
    (name.ends_with("weight") ? weights : biases).push_back(parameter);
  optim::AdamW optimizer({{weights, {.lr = 1e-2, .weight_decay = 1e-2}}, {biases, {.lr = 2e-2, .weight_decay = 0}}});
  optim::LambdaLR schedule(optimizer, [&](int64_t epoch) {
    if (epoch < warm_up) return double(epoch + 1) / warm_up;
    return (1 + std::cos(std::numbers::pi * double(epoch - warm_up) / (epochs - warm_up))) / 2;
  });

  nn::data::DataLoader loader(rows.X_train, rows.y_train, {.batch_size = 64, .shuffle = true, .seed = 1});
  double test_loss = 0;
  for (int64_t epoch = 0; epoch < epochs; ++epoch) {
    model.train();
    double sum = 0, largest = 0;
    for (const nn::data::Batch& batch : loader) {
      optimizer.zero_grad();
      Tensor loss = nn::functional::huber_loss(model(batch.x), batch.y);
      loss.backward();
      largest = std::max(largest, optim::clip_grad_norm(model.parameters(), 1.0));
      optimizer.step();
      sum += loss.item() * double(batch.x.size(0));
    }
    model.eval();
    NoGrad guard;
    test_loss = nn::functional::huber_loss(model(rows.X_test), rows.y_test).item();
    if (epoch % 5 == 4)
      std::cout << "epoch " << epoch + 1 << " loss " << sum / double(rows.X_train.size(0)) << " test " << test_loss
                << " largest norm " << largest << " lr " << optimizer.lr(0) << " and " << optimizer.lr(1) << "\n";
    schedule.step();
  }

  // Everything that a later run needs to go on where this one stopped.
  model.save(out / "model.safetensors");
  optimizer.save(out / "optimizer.safetensors");
  save_safetensors(out / "schedule.safetensors", schedule.state_dict());
  std::cout << "saved " << optimizer.state_dict().size() << " tensors of the optimizer's state\n";
  return test_loss < 0.1 ? 0 : 1;
}
