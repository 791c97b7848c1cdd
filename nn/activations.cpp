#include <xgrad/nn/activations.hpp>
#include <xgrad/nn/detail/option_checks.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <cmath>
#include <limits>

namespace xg::nn {

void LeakyReLU::check(const LeakyReluOptions& o) {
  detail::check_option("LeakyReLU", "negative_slope", o.negative_slope);
}
void ELU::check(const EluOptions& o) { detail::check_option("ELU", "alpha", o.alpha); }
void CELU::check(const EluOptions& o) {
  detail::check_option("CELU", "alpha", o.alpha);
  if (o.alpha == 0) throw ValueError("[CELU] alpha is 0, it must not be: the function divides by it.");
}
void Softplus::check(const SoftplusOptions& o) {
  detail::check_option("Softplus", "beta", o.beta, std::numeric_limits<double>::min());
  if (std::isnan(o.threshold)) throw ValueError("[Softplus] threshold is nan, it must be a number.");
}
void Hardtanh::check(const HardtanhOptions& o) {
  if (!(o.min_val <= o.max_val))
    raise<ValueError>("[Hardtanh] min_val is {}, max_val is {}: min_val must not exceed max_val.", o.min_val,
                      o.max_val);
}
void Hardshrink::check(const ShrinkOptions& o) { detail::check_option("Hardshrink", "lambda", o.lambda, 0); }
void Softshrink::check(const ShrinkOptions& o) { detail::check_option("Softshrink", "lambda", o.lambda, 0); }
void Threshold::check(double threshold, double value) {
  if (std::isnan(threshold)) throw ValueError("[Threshold] threshold is nan, it must be a number.");
  detail::check_option("Threshold", "value", value);
}
void RReLU::check(const RReluOptions& o) {
  detail::check_option("RReLU", "lower", o.lower);
  detail::check_option("RReLU", "upper", o.upper);
  if (o.lower > o.upper)
    raise<ValueError>("[RReLU] lower is {}, upper is {}: lower must not exceed upper.", o.lower, o.upper);
}

PReLU::PReLU(PReluOptions options) : ActivationLayerWith(std::move(options)) {
  if (options_.num_parameters < 1)
    raise<ValueError>("[PReLU] num_parameters is {}, it must be 1 or more.", options_.num_parameters);
  weight_ = param("weight", full({options_.num_parameters}, options_.init));
}

Tensor GLU::forward(const Tensor& x) {
  const std::int64_t dim = normalize_dim("glu", options_.dim, x.dim());
  const std::int64_t size = x.size(dim);
  if (size % 2 != 0)
    raise<ShapeError>("[glu] input is {}, its size along dimension {} must be even.", x.shape().str(), dim);
  return narrow(x, dim, 0, size / 2) * sigmoid(narrow(x, dim, size / 2, size / 2));
}

Tensor RReLU::forward(const Tensor& x) {
  if (!is_training()) return leaky_relu(x, (options_.lower + options_.upper) / 2);
  const Tensor slope = rand_like(x) * (options_.upper - options_.lower) + options_.lower;
  return where(x > 0, x, x * slope);
}

}  // namespace xg::nn
