// Normalization over parts of the channels.
#include <xgrad/autograd/detail/reduction.hpp>
#include <xgrad/autograd/detail/resampling.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/layers.hpp>
#include <xgrad/autograd/ops/normalization.hpp>
#include <xgrad/autograd/ops/reductions.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/autograd/ops/unary.hpp>
#include <xgrad/autograd/trace.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>
#include <initializer_list>
#include <utility>

namespace xg {
namespace {

struct Named {
  const char* name;
  const Tensor* tensor;
};

/// Throws unless x is [n, channels, ...] and the other tensors, where defined, are [channels].
void check_channels(const char* op, const Tensor& x, std::initializer_list<Named> per_channel) {
  if (x.dim() < 2) raise<ShapeError>("[{}] input is {}, it must be [n, channels, ...].", op, x.shape().str());
  autograd::check_floating(op, x);
  const std::int64_t channels = x.size(1);
  for (const auto& [name, t] : per_channel)
    if (t->defined() && t->shape() != Shape{channels})
      raise<ShapeError>("[{}] {} has shape {}, input has {} channels: it must be [{}].", op, name, t->shape().str(),
                        channels, channels);
}

/// A tensor of channels that broadcasts with x.
Tensor along_channels(const Tensor& t, const Tensor& x) {
  Shape shape{t.numel()};
  for (std::int64_t d = 2; d < x.dim(); ++d) shape.push_back(1);
  return shape.size() == 1 ? t : reshape(t, shape);
}

Tensor scaled_and_shifted(Tensor y, const Tensor& weight, const Tensor& bias) {
  if (weight.defined()) y = y * along_channels(weight, y);
  if (bias.defined()) y = y + along_channels(bias, y);
  return y;
}

/// (x - mean) / sqrt(var + eps) of each of `rows` equal parts of x.
Tensor standardized(const Tensor& x, std::int64_t rows, double eps) {
  if (x.numel() == 0) return clone(x);
  const std::int64_t size = x.numel() / rows;
  return reshape(layer_norm(reshape(x, {rows, size}), {size}, {}, {}, eps), x.shape());
}

/// running = (1 - momentum) running + momentum * mean of `batch` [n, channels] over n.
void update_running(const Tensor& running, const Tensor& batch, double momentum) {
  if (!running.defined()) return;
  Tensor target = running;
  target.mul_(1 - momentum).add_(mean(batch, 0) * momentum);
}

}  // namespace

Tensor group_norm(const Tensor& x, std::int64_t num_groups, const Tensor& weight, const Tensor& bias, double eps) {
  check_channels("group_norm", x, {{"weight", &weight}, {"bias", &bias}});
  if (num_groups < 1) raise<ValueError>("[group_norm] num_groups is {}, it must be positive.", num_groups);
  if (x.size(1) % num_groups != 0)
    raise<ShapeError>("[group_norm] input is {}: its {} channels must be a multiple of the {} groups.", x.shape().str(),
                      x.size(1), num_groups);
  return scaled_and_shifted(standardized(x, x.numel() == 0 ? 0 : x.size(0) * num_groups, eps), weight, bias);
}

Tensor instance_norm(const Tensor& x, const Tensor& running_mean, const Tensor& running_var, const Tensor& weight,
                     const Tensor& bias, bool use_input_stats, double momentum, double eps) {
  check_channels(
      "instance_norm", x,
      {{"running_mean", &running_mean}, {"running_var", &running_var}, {"weight", &weight}, {"bias", &bias}});
  if (!use_input_stats) {
    if (!(running_mean.defined() && running_var.defined()))
      throw ValueError(
          "[instance_norm] running_mean and running_var are needed without use_input_stats: pass them, or "
          "use_input_stats = true.");
    const Tensor scale = rsqrt(running_var + eps);
    return scaled_and_shifted((x - along_channels(running_mean, x)) * along_channels(scale, x), weight, bias);
  }
  const std::int64_t rows = x.size(0), channels = x.size(1);
  std::int64_t elements = 1;
  for (std::int64_t d = 2; d < x.dim(); ++d) elements *= x.size(d);
  if (elements < 2)
    raise<ShapeError>(
        "[instance_norm] input is {}: a channel needs more than one element, or use_input_stats = false and running "
        "statistics.",
        x.shape().str());
  if (x.numel() > 0 && (running_mean.defined() || running_var.defined())) {
    const NoGrad guard;
    const autograd::Unobserved unobserved;
    const Tensor parts = reshape(x.detach(), {rows, channels, elements});
    update_running(running_mean, mean(parts, 2), momentum);
    if (running_var.defined()) update_running(running_var, var(parts, 2), momentum);
  }
  return scaled_and_shifted(standardized(x, rows * channels, eps), weight, bias);
}

Tensor local_response_norm(const Tensor& x, std::int64_t size, double alpha, double beta, double k) {
  if (x.dim() < 3)
    raise<ShapeError>(
        "[local_response_norm] input is {}, it must be [n, channels, ...] with at least three dimensions.",
        x.shape().str());
  autograd::check_floating("local_response_norm", x);
  if (size < 1) raise<ValueError>("[local_response_norm] size is {}, it must be positive.", size);
  const std::int64_t channels = x.size(1), before = size / 2, after = (size - 1) / 2;
  const Tensor means = autograd::resampled("local_response_norm", square(x), 1, channels, [&] {
    std::int64_t capacity = 0;
    if (__builtin_mul_overflow(channels, std::min(size, channels), &capacity))
      raise<ShapeError>("[local_response_norm] {} channels: no memory can hold them.", channels);
    kernels::SparseBuilder rows(channels, channels, capacity, kernels::SparseBuilder::divisors);
    for (std::int64_t i = 0; i < channels; ++i) {
      const std::int64_t first = i - std::min(i, before), last = i + std::min(channels - 1 - i, after);
      for (std::int64_t j = first; j <= last; ++j) rows.add(j);
      rows.end_row(static_cast<double>(size));
    }
    return std::move(rows).finish();
  });
  return x / pow(means * alpha + k, beta);
}

}  // namespace xg
