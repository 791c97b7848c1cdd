// Models that the tests of explain/ share.
#pragma once

#include <xgrad/autograd/ops.hpp>
#include <xgrad/explain/explain.hpp>
#include <xgrad/nn/layers.hpp>

#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace xg_test {

using Function = std::function<xg::Tensor(const xg::Tensor&)>;

/// A matrix in float64.
inline xg::Tensor matrix(std::int64_t rows, std::int64_t columns, std::initializer_list<double> values) {
  return xg::tensor(values, {.dtype = xg::float64}).reshape({rows, columns});
}

/// Column i of x, [N, 1].
inline xg::Tensor column(const xg::Tensor& x, std::int64_t i) { return x.slice(1, i, i + 1); }

/// Golden nets A and B: weights small enough to follow by hand.
struct GoldenA {
  xg::Tensor w1 = matrix(2, 3, {1, -2, .5, .5, 1, -1}), b1 = xg::tensor({.25, -.5}, {.dtype = xg::float64});
  xg::Tensor w2 = matrix(1, 2, {2, -1.5}), b2 = xg::tensor({.1}, {.dtype = xg::float64});
  Function hidden = [](const xg::Tensor& x) { return xg::relu(x); };
  Function last = [](const xg::Tensor& x) { return x; };
  xg::Tensor operator()(const xg::Tensor& x) const { return last(xg::linear(hidden(xg::linear(x, w1, b1)), w2, b2)); }
};
struct GoldenB {
  xg::Tensor w1 = matrix(3, 3, {1, -2, .5, .5, 1, -1, -1, .5, 1}),
             b1 = xg::tensor({.25, -.5, .1}, {.dtype = xg::float64});
  xg::Tensor w2 = matrix(2, 3, {1, -1, .5, -.5, 2, 1}), b2 = xg::tensor({-.2, .3}, {.dtype = xg::float64});
  xg::Tensor w3 = matrix(1, 2, {1.5, -1}), b3 = xg::tensor({.05}, {.dtype = xg::float64});
  xg::Tensor operator()(const xg::Tensor& x) const {
    return xg::linear(xg::relu(xg::linear(xg::relu(xg::linear(x, w1, b1)), w2, b2)), w3, b3);
  }
};
inline xg::Tensor golden_row() { return matrix(1, 3, {1, .5, -1}); }
inline xg::Tensor golden_references() { return matrix(2, 3, {0, 0, 0, .5, -.5, 1}); }

/// A net of dense layers with one activation between them, weights drawn from `seed`.
struct RandomNet {
  std::vector<xg::Tensor> weights, biases;
  Function activation;

  RandomNet(std::vector<std::int64_t> widths, Function f, std::uint64_t seed, xg::Dtype dtype = xg::float64,
            double bias_scale = 1)
      : activation(std::move(f)) {
    xg::Generator generator(seed);
    for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
      const double scale = 1.5 / std::sqrt(static_cast<double>(widths[i]));
      weights.push_back(
          (xg::randn({widths[i + 1], widths[i]}, {.dtype = xg::float64, .generator = &generator}) * scale).to(dtype));
      biases.push_back(
          (xg::randn({widths[i + 1]}, {.dtype = xg::float64, .generator = &generator}) * bias_scale).to(dtype));
    }
  }
  xg::Tensor operator()(const xg::Tensor& x) const {
    xg::Tensor h = x;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      h = xg::linear(h, weights[i], biases[i]);
      if (i + 1 < weights.size()) h = activation(h);
    }
    return h;
  }
};

inline xg::Tensor random_rows(std::int64_t rows, std::int64_t columns, std::uint64_t seed,
                              xg::Dtype dtype = xg::float64) {
  xg::Generator generator(seed);
  return xg::randn({rows, columns}, {.dtype = xg::float64, .generator = &generator}).to(dtype);
}

/// Every activation that maps each element by itself, by name.
inline std::vector<std::pair<std::string, Function>> activations() {
  using xg::Tensor;
  return {{"relu", [](const Tensor& x) { return xg::relu(x); }},
          {"relu6", [](const Tensor& x) { return xg::relu6(x * 3.0); }},
          {"leaky_relu", [](const Tensor& x) { return xg::leaky_relu(x, 0.2); }},
          {"elu", [](const Tensor& x) { return xg::elu(x); }},
          {"selu", [](const Tensor& x) { return xg::selu(x); }},
          {"celu", [](const Tensor& x) { return xg::celu(x, 1.5); }},
          {"gelu", [](const Tensor& x) { return xg::gelu(x); }},
          {"gelu_tanh", [](const Tensor& x) { return xg::gelu(x, xg::GeluApproximation::tanh); }},
          {"silu", [](const Tensor& x) { return xg::silu(x); }},
          {"mish", [](const Tensor& x) { return xg::mish(x); }},
          {"sigmoid", [](const Tensor& x) { return xg::sigmoid(x); }},
          {"tanh", [](const Tensor& x) { return xg::tanh(x); }},
          {"softplus", [](const Tensor& x) { return xg::softplus(x); }},
          {"softsign", [](const Tensor& x) { return xg::softsign(x); }},
          {"logsigmoid", [](const Tensor& x) { return xg::logsigmoid(x); }},
          {"hardtanh", [](const Tensor& x) { return xg::hardtanh(x); }},
          {"hardsigmoid", [](const Tensor& x) { return xg::hardsigmoid(x); }},
          {"hardswish", [](const Tensor& x) { return xg::hardswish(x); }},
          {"hardshrink", [](const Tensor& x) { return xg::hardshrink(x, 0.5); }},
          {"softshrink", [](const Tensor& x) { return xg::softshrink(x, 0.5); }},
          {"tanhshrink", [](const Tensor& x) { return xg::tanhshrink(x); }},
          {"threshold", [](const Tensor& x) { return xg::threshold(x, 0.1, -0.3); }},
          {"abs", [](const Tensor& x) { return xg::abs(x); }},
          {"square", [](const Tensor& x) { return xg::square(x); }},
          {"sin", [](const Tensor& x) { return xg::sin(x); }},
          {"exp", [](const Tensor& x) { return xg::exp(x * 0.5); }},
          {"step", [](const Tensor& x) { return xg::where(x > 0, xg::ones_like(x), xg::zeros_like(x)); }}};
}
/// Activations with a derivative everywhere.
inline std::vector<std::pair<std::string, Function>> smooth_activations() {
  std::vector<std::pair<std::string, Function>> smooth;
  for (auto& activation : activations())
    for (const char* name :
         {"gelu", "gelu_tanh", "silu", "mish", "sigmoid", "tanh", "softplus", "square", "sin", "exp"})
      if (activation.first == name) smooth.push_back(activation);
  return smooth;
}

/// values [N, n] of the only output.
inline xg::Tensor single(const xg::explain::Explanation& e) { return e.values().select(2, 0); }

inline bool same_bits(const xg::Tensor& a, const xg::Tensor& b) {
  return a.shape() == b.shape() && a.to_vector() == b.to_vector();
}

}  // namespace xg_test
