#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/detail/option_checks.hpp>
#include <xgrad/nn/layer_norm.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <utility>

namespace xg::nn {
namespace {

void check_shape(const char* who, const Shape& shape) {
  if (shape.empty() || shape.numel() < 1)
    raise<ValueError>("[{}] normalized_shape is {}, it must have sizes of 1 or more.", who, shape.str());
}

}  // namespace

LayerNorm::LayerNorm(const Shape& normalized_shape, LayerNormOptions options)
    : Layer(options.name), shape_(normalized_shape), options_(std::move(options)) {
  check_shape("LayerNorm", shape_);
  detail::check_option("LayerNorm", "eps", options_.eps, 0);
  if (!options_.elementwise_affine) return;
  weight_ = param("weight", ones(shape_));
  if (options_.bias) bias_ = param("bias", zeros(shape_));
}

Tensor LayerNorm::forward(const Tensor& x) { return layer_norm(x, shape_, weight_, bias_, options_.eps); }

std::int64_t LayerNorm::flops(const Shape&, const Shape& output) const {
  return output.numel() *
         (5 + (weight_.defined() ? 1 : 0) + (bias_.defined() ? 1 : 0));  // sum, square, sum, shift, scale
}

RMSNorm::RMSNorm(const Shape& normalized_shape, RmsNormOptions options)
    : Layer(options.name), shape_(normalized_shape), options_(std::move(options)) {
  check_shape("RMSNorm", shape_);
  if (options_.eps) detail::check_option("RMSNorm", "eps", *options_.eps, 0);
  if (options_.elementwise_affine) weight_ = param("weight", ones(shape_));
}

Tensor RMSNorm::forward(const Tensor& x) { return rms_norm(x, shape_, weight_, options_.eps); }

std::int64_t RMSNorm::flops(const Shape&, const Shape& output) const {
  return output.numel() * (3 + (weight_.defined() ? 1 : 0));  // square, sum, scale
}

}  // namespace xg::nn
