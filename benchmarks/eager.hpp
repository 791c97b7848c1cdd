// The same training step in xgrad.
#pragma once

#include "nets.hpp"

#include <xgrad/xgrad.hpp>

#include <memory>

namespace xg_bench {

/// The same step in xgrad: a module, a loss function, an optimizer; a fresh graph each time.
class Eager {
 public:
  explicit Eager(const Net& net) : net_(net), model_("net") {
    xg::manual_seed(1);
    const std::size_t layers = net.widths.size() - 1;
    for (std::size_t l = 0; l < layers; ++l) {
      model_.append(xg::nn::Linear(net.widths[l], net.widths[l + 1]));
      if (l + 1 < layers) model_.append(xg::nn::ReLU());
    }
    optimizer_ = std::make_unique<xg::optim::Adam>(model_.parameters(), xg::optim::AdamOptions{});
    x_ = xg::randn({net.batch, net.widths.front()});
    y_ = xg::randint(0, 2, {net.batch, net.widths.back()}).to(xg::float32);
    labels_ = xg::randint(0, net.widths.back(), {net.batch});
  }

  float step() {
    namespace F = xg::nn::functional;
    optimizer_->zero_grad();
    const xg::Tensor out = model_(x_);
    xg::Tensor loss;
    switch (net_.loss) {
      case LossKind::bce_with_logits:
        loss = F::binary_cross_entropy_with_logits(out, y_);
        break;
      case LossKind::cross_entropy:
        loss = F::cross_entropy(out, labels_);
        break;
      case LossKind::mse:
        loss = F::mse_loss(out, y_);
        break;
    }
    loss.backward();
    optimizer_->step();
    return loss.item<float>();
  }

 private:
  Net net_;
  xg::nn::Sequential model_;
  std::unique_ptr<xg::optim::Optimizer> optimizer_;
  xg::Tensor x_, y_, labels_;
};

}  // namespace xg_bench
