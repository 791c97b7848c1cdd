// A training step (forward, backward, Adam) written by hand for one network on preallocated buffers, with one BLAS call
// per product and one loop per elementwise stage.
#pragma once

#include "nets.hpp"

#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

namespace xg_bench {

/// Layer l: z = a W^T + b, a' = relu(z) but for the last.
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
    for (std::size_t l = 1; l <= layers_; ++l) grads_[l].resize(batch * width(l));
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
        for (int c = 0; c < out; ++c)
          layer_[l].bias_grad[static_cast<std::size_t>(c)] += g[index(r, out) + static_cast<std::size_t>(c)];
      if (l > 0)
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, in, out, 1, g.data(), out, layer_[l].weight.data(),
                    in, 0, grads_[l].data(), in);
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

  /// Of all buffers.
  std::size_t bytes() const {
    std::size_t floats = target_.size();
    for (const Layer& l : layer_)
      for (const auto* v :
           {&l.weight, &l.bias, &l.weight_grad, &l.bias_grad, &l.weight_m, &l.weight_v, &l.bias_m, &l.bias_v})
        floats += v->size();
    for (std::size_t l = 0; l <= layers_; ++l) floats += activations_[l].size() + grads_[l].size();
    return floats * sizeof(float) + labels_.size() * sizeof(int);
  }

 private:
  struct Layer {
    std::vector<float> weight, bias, weight_grad, bias_grad, weight_m, weight_v, bias_m, bias_v;
  };

  std::size_t width(std::size_t l) const { return static_cast<std::size_t>(net_.widths[l]); }
  static std::size_t index(int row, int columns) {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(columns);
  }

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

}  // namespace xg_bench
