// The training steps of benchmarks/step.cpp in libtorch. A program of its own, so that each library keeps its own BLAS.
#include "../nets.hpp"
#include "../ratio_reporter.hpp"

#include <torch/torch.h>
#include <torch/version.h>

#include <memory>

namespace {

using namespace xg_bench;

class Libtorch {
 public:
  explicit Libtorch(const Net& net) : net_(net) {
    torch::manual_seed(1);
    for (std::size_t l = 0; l + 1 < net.widths.size(); ++l) {
      if (l > 0) model_->push_back(torch::nn::ReLU());
      model_->push_back(torch::nn::Linear(net.widths[l], net.widths[l + 1]));
    }
    optimizer_ = std::make_unique<torch::optim::Adam>(model_->parameters(), torch::optim::AdamOptions(1e-3));
    x_ = torch::randn({net.batch, net.widths.front()});
    y_ = torch::randint(2, {net.batch, net.widths.back()}).to(torch::kFloat);
    labels_ = torch::randint(net.widths.back(), {net.batch}, torch::kLong);
  }

  float step() {
    optimizer_->zero_grad();
    const torch::Tensor out = model_->forward(x_);
    torch::Tensor loss;
    switch (net_.loss) {
      case LossKind::bce_with_logits:
        loss = torch::binary_cross_entropy_with_logits(out, y_);
        break;
      case LossKind::cross_entropy:
        loss = torch::cross_entropy_loss(out, labels_);
        break;
      case LossKind::mse:
        loss = torch::mse_loss(out, y_);
        break;
    }
    loss.backward();
    optimizer_->step();
    return loss.item<float>();
  }

 private:
  Net net_;
  torch::nn::Sequential model_;
  std::unique_ptr<torch::optim::Adam> optimizer_;
  torch::Tensor x_, y_, labels_;
};

}  // namespace

int main(int argc, char** argv) {
  torch::set_num_threads(1);
  Suite suite("step", argc, argv);
  suite.add_version("libtorch", TORCH_VERSION);
  for (const Net& net : nets())
    suite.add(net.name, "libtorch", [net] {
      return [program = std::make_shared<Libtorch>(net)] { benchmark::DoNotOptimize(program->step()); };
    });
  return suite.run();
}
