// One training step (forward, backward, Adam) of five networks: xgrad's eager graph against code written by hand for that
// network on preallocated buffers, with one BLAS call per product and one loop per elementwise stage.
#include "ratio_reporter.hpp"

#include <xgrad/xgrad.hpp>

#include <benchmark/benchmark.h>
#include <cblas.h>

#include <cmath>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace {

enum class LossKind { bce_with_logits, cross_entropy, mse };

struct Net {
  std::string name;
  std::vector<int> widths;
  int batch;
  LossKind loss;
};

std::vector<Net> nets() {
  std::vector<int> deep(21, 64);
  return {{"1: 10-6-3-1 batch 32", {10, 6, 3, 1}, 32, LossKind::bce_with_logits},
          {"2: 30-64-32-1 batch 32", {30, 64, 32, 1}, 32, LossKind::bce_with_logits},
          {"3: 784-512-256-10 batch 128", {784, 512, 256, 10}, 128, LossKind::cross_entropy},
          {"4: 1024x4-10 batch 512", {1024, 1024, 1024, 1024, 10}, 512, LossKind::cross_entropy},
          {"5: 20 x 64 batch 64", deep, 64, LossKind::mse}};
}

/// The step by hand. Layer l: z = a W^T + b, a' = relu(z) but for the last.
class HandWritten {
 public:
  explicit HandWritten(const Net& net) : net_(net), layers_(net.widths.size() - 1) {
    std::mt19937 rng(1);
    std::normal_distribution<float> normal;
    const auto fill = [&](std::vector<float>& v, std::size_t n, float scale) {
      v.resize(n);
      for (float& x : v) x = normal(rng) * scale;
    };
    const auto batch = static_cast<std::size_t>(net.batch);
    activations_.resize(layers_ + 1);
    fill(activations_[0], batch * width(0), 1);
    for (std::size_t l = 0; l < layers_; ++l) {
      Layer layer;
      fill(layer.weight, width(l + 1) * width(l), 1 / std::sqrt(static_cast<float>(width(l))));
      layer.bias.resize(width(l + 1));
      for (auto* v : {&layer.weight_grad, &layer.weight_m, &layer.weight_v}) v->resize(layer.weight.size());
      for (auto* v : {&layer.bias_grad, &layer.bias_m, &layer.bias_v}) v->resize(layer.bias.size());
      layer_.push_back(std::move(layer));
      activations_[l + 1].resize(batch * width(l + 1));
    }
    grads_.resize(layers_ + 1);
    for (std::size_t l = 0; l <= layers_; ++l) grads_[l].resize(batch * width(l));
    target_.resize(batch * width(layers_));
    labels_.resize(batch);
    for (std::size_t i = 0; i < target_.size(); ++i) target_[i] = static_cast<float>(i % 2);
    for (std::size_t i = 0; i < batch; ++i) labels_[i] = static_cast<int>(i % width(layers_));
  }

  float step() {
    const int n = net_.batch;
    for (std::size_t l = 0; l < layers_; ++l) {
      const int in = net_.widths[l], out = net_.widths[l + 1];
      std::vector<float>& z = activations_[l + 1];
      for (int r = 0; r < n; ++r) std::memcpy(&z[index(r, out)], layer_[l].bias.data(), sizeof(float) * width(l + 1));
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, out, in, 1, activations_[l].data(), in,
                  layer_[l].weight.data(), in, 1, z.data(), out);
      if (l + 1 < layers_)
        for (float& x : z) x = x > 0 ? x : 0;
    }
    const float loss = loss_and_gradient();
    for (std::size_t l = layers_; l-- > 0;) {
      const int in = net_.widths[l], out = net_.widths[l + 1];
      std::vector<float>& g = grads_[l + 1];
      if (l + 1 < layers_)
        for (std::size_t i = 0; i < g.size(); ++i) g[i] = activations_[l + 1][i] > 0 ? g[i] : 0;
      cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, out, in, n, 1, g.data(), out, activations_[l].data(), in, 0,
                  layer_[l].weight_grad.data(), in);
      std::fill(layer_[l].bias_grad.begin(), layer_[l].bias_grad.end(), 0.0f);
      for (int r = 0; r < n; ++r)
        for (int c = 0; c < out; ++c) layer_[l].bias_grad[static_cast<std::size_t>(c)] += g[index(r, out) + static_cast<std::size_t>(c)];
      if (l > 0)
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, in, out, 1, g.data(), out, layer_[l].weight.data(), in, 0,
                    grads_[l].data(), in);
    }
    ++count_;
    const float correction1 = 1 - std::pow(0.9f, static_cast<float>(count_));
    const float correction2 = 1 - std::pow(0.999f, static_cast<float>(count_));
    for (Layer& layer : layer_) {
      adam(layer.weight, layer.weight_grad, layer.weight_m, layer.weight_v, correction1, correction2);
      adam(layer.bias, layer.bias_grad, layer.bias_m, layer.bias_v, correction1, correction2);
    }
    return loss;
  }

 private:
  struct Layer {
    std::vector<float> weight, bias, weight_grad, bias_grad, weight_m, weight_v, bias_m, bias_v;
  };

  std::size_t width(std::size_t l) const { return static_cast<std::size_t>(net_.widths[l]); }
  static std::size_t index(int row, int columns) { return static_cast<std::size_t>(row) * static_cast<std::size_t>(columns); }

  float loss_and_gradient() {
    const std::vector<float>& z = activations_[layers_];
    std::vector<float>& g = grads_[layers_];
    const auto n = static_cast<std::size_t>(net_.batch), k = width(layers_);
    float loss = 0;
    switch (net_.loss) {
      case LossKind::bce_with_logits:
        for (std::size_t i = 0; i < z.size(); ++i) {
          loss += std::max(z[i], 0.0f) - z[i] * target_[i] + std::log1p(std::exp(-std::abs(z[i])));
          g[i] = (1 / (1 + std::exp(-z[i])) - target_[i]) / static_cast<float>(n);
        }
        return loss / static_cast<float>(n);
      case LossKind::cross_entropy:
        for (std::size_t r = 0; r < n; ++r) {
          const float* row = &z[r * k];
          const float most = *std::max_element(row, row + k);
          float sum = 0;
          for (std::size_t c = 0; c < k; ++c) sum += std::exp(row[c] - most);
          const auto label = static_cast<std::size_t>(labels_[r]);
          loss += most + std::log(sum) - row[label];
          for (std::size_t c = 0; c < k; ++c)
            g[r * k + c] = (std::exp(row[c] - most) / sum - (c == label ? 1.0f : 0.0f)) / static_cast<float>(n);
        }
        return loss / static_cast<float>(n);
      case LossKind::mse:
        for (std::size_t i = 0; i < z.size(); ++i) {
          const float d = z[i] - target_[i];
          loss += d * d;
          g[i] = 2 * d / static_cast<float>(z.size());
        }
        return loss / static_cast<float>(z.size());
    }
    return loss;
  }

  static void adam(std::vector<float>& p, const std::vector<float>& g, std::vector<float>& m, std::vector<float>& v,
                   float correction1, float correction2) {
    const float rate = 1e-3f / correction1, root = 1 / std::sqrt(correction2);
    for (std::size_t i = 0; i < p.size(); ++i) {
      m[i] = 0.9f * m[i] + 0.1f * g[i];
      v[i] = 0.999f * v[i] + 0.001f * g[i] * g[i];
      p[i] -= rate * m[i] / (std::sqrt(v[i]) * root + 1e-8f);
    }
  }

  Net net_;
  std::size_t layers_;
  std::vector<Layer> layer_;
  std::vector<std::vector<float>> activations_, grads_;
  std::vector<float> target_;
  std::vector<int> labels_;
  int count_ = 0;
};

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
      case LossKind::bce_with_logits: loss = F::binary_cross_entropy_with_logits(out, y_); break;
      case LossKind::cross_entropy: loss = F::cross_entropy(out, labels_); break;
      case LossKind::mse: loss = F::mse_loss(out, y_); break;
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

template <class Contender>
void add(const std::string& contender, const Net& net) {
  benchmark::RegisterBenchmark((contender + "/" + net.name).c_str(), [net](benchmark::State& state) {
    Contender program(net);
    for (int i = 0; i < 3; ++i) program.step();
    for (auto _ : state) benchmark::DoNotOptimize(program.step());
  });
}

}  // namespace

int main(int argc, char** argv) {
  for (const Net& net : nets()) {
    add<HandWritten>("by hand", net);
    add<Eager>("xgrad", net);
  }
  return xg_bench::run_and_compare(argc, argv, {"by hand", "xgrad"});
}
