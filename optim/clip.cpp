#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/optim/clip.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>
#include <cmath>

namespace xg::optim {
namespace {

// Calls f(elements of T, count) for every gradient. A gradient that is not contiguous is copied, and written back if f
// changes it.
template <class F> void for_each_gradient(const char* op, const std::vector<Tensor>& params, bool writes, F&& f) {
  const NoGrad guard;
  for (std::size_t i = 0; i < params.size(); ++i) {
    if (!params[i].defined()) raise<ValueError>("[{}] parameter {} is undefined, it must be a tensor.", op, i);
    const Tensor& grad = params[i].grad();
    if (!grad.defined()) continue;
    Tensor alias = grad.detach();
    Tensor flat = alias.contiguous();
    dispatch_floating(flat.dtype(), [&]<class T>() { f(static_cast<T*>(flat.impl().data), flat.numel()); });
    if (!writes) continue;
    if (flat.shares_storage(alias))
      detail::bump_version(alias.impl().storage(), op);
    else
      alias.copy_(flat);
  }
}

/// sum |x|^p for finite p > 0, the largest |x| for p = infinity, in double.
template <class T> double sum_of_powers(const T* x, std::int64_t n, double p) {
  if (p == 2) {
    // Four sums, so that additions overlap; the order is fixed, so results are reproducible.
    double part[4] = {};
    std::int64_t i = 0;
    for (; i + 4 <= n; i += 4)
      for (int k = 0; k < 4; ++k) part[k] += static_cast<double>(x[i + k]) * static_cast<double>(x[i + k]);
    for (; i < n; ++i) part[0] += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    return (part[0] + part[1]) + (part[2] + part[3]);
  }
  double total = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const double size = std::fabs(static_cast<double>(x[i]));
    if (std::isnan(size)) return size;
    if (std::isinf(p))
      total = std::max(total, size);
    else
      total += p == 1 ? size : std::pow(size, p);
  }
  return total;
}

}  // namespace

double clip_grad_norm(const std::vector<Tensor>& params, double max_norm, ClipGradOptions options) {
  const double p = options.norm_type;
  if (!(max_norm >= 0)) raise<ValueError>("[clip_grad_norm] max_norm is {}, it must be 0 or more.", max_norm);
  if (!(p > 0)) raise<ValueError>("[clip_grad_norm] norm_type is {}, it must be above 0 or infinity.", p);
  double total = 0;
  for_each_gradient("clip_grad_norm", params, false, [&](auto* grad, std::int64_t n) {
    const double part = sum_of_powers(grad, n, p);
    total = std::isinf(p) && !std::isnan(part) && !std::isnan(total) ? std::max(total, part) : total + part;
  });
  if (!std::isinf(p)) total = p == 2 ? std::sqrt(total) : (p == 1 ? total : std::pow(total, 1 / p));
  if (options.error_if_nonfinite && !std::isfinite(total))
    raise<ValueError>(
        "[clip_grad_norm] the norm of the gradients is {}, it cannot be clipped: look for the cause with AnomalyMode, "
        "or lower the learning rate.",
        total);
  const double factor = max_norm / (total + 1e-6);
  if (!(factor >= 1))
    for_each_gradient("clip_grad_norm", params, true, [&]<class T>(T* grad, std::int64_t n) {
      for (std::int64_t i = 0; i < n; ++i) grad[i] *= static_cast<T>(factor);
    });
  return total;
}

void clip_grad_value(const std::vector<Tensor>& params, double limit) {
  if (!(limit >= 0)) raise<ValueError>("[clip_grad_value] limit is {}, it must be 0 or more.", limit);
  for_each_gradient("clip_grad_value", params, true, [&]<class T>(T* grad, std::int64_t n) {
    const T high = static_cast<T>(limit);
    for (std::int64_t i = 0; i < n; ++i)
      grad[i] = grad[i] > high ? high : (grad[i] < -high ? -high : grad[i]);  // keeps NaN
  });
}

}  // namespace xg::optim
