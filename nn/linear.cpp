#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/init.hpp>
#include <xgrad/nn/linear.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <cmath>
#include <utility>

namespace xg::nn {

Linear::Linear(std::int64_t in, std::int64_t out, LinearOptions options)
    : Layer(options.name), in_(in), out_(out), options_(std::move(options)) {
  if (in < 1) raise<ValueError>("[Linear] in is {}, it must be 1 or more.", in);
  if (out < 1) raise<ValueError>("[Linear] out is {}, it must be 1 or more.", out);
  const double bound = 1 / std::sqrt(static_cast<double>(in));  // PyTorch: kaiming_uniform with a = sqrt(5)
  Tensor weight = empty({out, in});
  weight_ = param("weight", init::uniform(weight, -bound, bound));
  if (!options_.bias) return;
  Tensor bias = empty({out});
  bias_ = param("bias", init::uniform(bias, -bound, bound));
}

Tensor Linear::forward(const Tensor& x) { return linear(x, weight_, bias_); }

void Linear::describe(LayerInfo& info) const {
  info.in = in_;
  info.neurons = info.out = out_;
  info.activation = "linear";
  info.params = weight_;
  info.bias = bias_;
}

std::int64_t Linear::flops(const Shape&, const Shape& output) const {
  return output.numel() * (2 * in_ + (options_.bias ? 1 : 0));
}

}  // namespace xg::nn
