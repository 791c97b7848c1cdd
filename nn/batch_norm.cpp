#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/batch_norm.hpp>
#include <xgrad/nn/detail/option_checks.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <utility>

namespace xg::nn {

BatchNorm1d::BatchNorm1d(std::int64_t num_features, BatchNormOptions options)
    : Layer(options.name), features_(num_features), options_(std::move(options)) {
  if (num_features < 1) raise<ValueError>("[BatchNorm1d] num_features is {}, it must be 1 or more.", num_features);
  detail::check_option("BatchNorm1d", "eps", options_.eps, 0);
  if (options_.momentum) detail::check_option("BatchNorm1d", "momentum", *options_.momentum, 0, 1);
  if (options_.affine) {
    weight_ = param("weight", ones({num_features}));
    bias_ = param("bias", zeros({num_features}));
  }
  if (options_.track_running_stats) {
    running_mean_ = buffer("running_mean", zeros({num_features}));
    running_var_ = buffer("running_var", ones({num_features}));
    num_batches_ = buffer("num_batches_tracked", zeros({}, {.dtype = Dtype::int64}));
  }
}

Tensor BatchNorm1d::forward(const Tensor& x) {
  if (x.dim() != 2 && x.dim() != 3)
    raise<ShapeError>("[batch_norm] input is {}, it must be [rows, {}] or [rows, {}, length].", x.shape().str(),
                      features_, features_);
  if (x.size(1) != features_)
    raise<ShapeError>("[batch_norm] input is {}, the layer has {} features: input.size(1) must be {}.", x.shape().str(),
                      features_, features_);
  if (uses_batch_statistics() && x.numel() / features_ < 2)
    raise<ValueError>(
        "[batch_norm] input is {}, one value per feature has no variance: pass batches of at least 2 rows.",
        x.shape().str());
  if (!options_.track_running_stats) return batch_norm(x, {}, {}, weight_, bias_, true, 0.0, options_.eps);
  double share = options_.momentum.value_or(0.0);
  if (is_training()) {
    const NoGrad guard;
    num_batches_ += 1;
    if (!options_.momentum) share = 1.0 / num_batches_.item<double>();
  }
  return batch_norm(x, running_mean_, running_var_, weight_, bias_, is_training(), share, options_.eps);
}

std::int64_t BatchNorm1d::min_rows(const Shape& row) const {
  return uses_batch_statistics() && row.numel() / features_ < 2 ? 2 : 1;
}

std::int64_t BatchNorm1d::flops(const Shape&, const Shape& output) const {
  return output.numel() * (options_.affine ? 4 : 2);  // in eval mode: a shift and a scale, twice with weights
}

}  // namespace xg::nn
