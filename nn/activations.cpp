#include <xgrad/nn/activations.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/error.hpp>

#include <fmt/format.h>

namespace xg::nn {

PReLU::PReLU(PReluOptions options) : ActivationLayerWith(std::move(options)) {
  if (options_.num_parameters < 1)
    throw ValueError(fmt::format("[PReLU] num_parameters is {}, it must be 1 or more.", options_.num_parameters));
  weight_ = param("weight", full({options_.num_parameters}, options_.init));
}

Tensor GLU::forward(const Tensor& x) {
  const std::int64_t dim = normalize_dim("glu", options_.dim, x.dim());
  const std::int64_t size = x.size(dim);
  if (size % 2 != 0)
    throw ShapeError(fmt::format("[glu] input is {}, its size along dimension {} must be even.", x.shape().str(), dim));
  return narrow(x, dim, 0, size / 2) * sigmoid(narrow(x, dim, size / 2, size / 2));
}

Tensor RReLU::forward(const Tensor& x) {
  if (!is_training()) return leaky_relu(x, (options_.lower + options_.upper) / 2);
  const Tensor slope = rand_like(x) * (options_.upper - options_.lower) + options_.lower;
  return where(x > 0, x, x * slope);
}

}  // namespace xg::nn
