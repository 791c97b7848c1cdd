#include <xgrad/autograd/detail/node.hpp>
#include <xgrad/autograd/detail/op_modes.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/scope.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace xg::autograd::detail {

namespace {

/// The checks themselves are not checked.
class Unchecked {
 public:
  Unchecked() noexcept : found_(state().has(mode_checked)) { state().set(mode_checked, false); }
  ~Unchecked() { state().set(mode_checked, found_); }
  Unchecked(const Unchecked&) = delete;
  Unchecked& operator=(const Unchecked&) = delete;

 private:
  bool found_;
};

}  // namespace

std::string not_finite(const Tensor& x) {
  if (!x.defined() || !is_floating(x.dtype()) || x.numel() == 0) return {};
  const NoGrad no_grad;
  const Unobserved unobserved;
  const Unchecked unchecked;
  if (all(isfinite(x)).item<bool>()) return {};
  const std::vector<double> values = x.to_vector();
  const auto first = std::find_if(values.begin(), values.end(), [](double v) { return !std::isfinite(v); });
  Shape index = x.shape();
  std::int64_t rest = first - values.begin();
  for (std::size_t d = index.size(); d-- > 0;) {
    index[d] = rest % x.shape()[d];
    rest /= x.shape()[d];
  }
  return fmt::format("{} at {} (shape {})",
                     std::isnan(*first) ? "NaN"
                     : *first > 0       ? "inf"
                                        : "-inf",
                     index.str(), x.shape().str());
}

namespace {

/// AnomalyMode: an op made a number that is not finite from finite ones.
void check_finite(const char* op, std::span<const Tensor* const> inputs, std::span<const Tensor> results) {
  bool any_floating = false;
  for (const Tensor* x : inputs) {
    if (!is_floating(x->dtype())) continue;
    any_floating = true;
    if (!not_finite(*x).empty()) return;
  }
  if (!any_floating) return;
  for (std::size_t i = 0; i < results.size(); ++i)
    if (const std::string found = not_finite(results[i]); !found.empty()) {
      const std::string path = scope_path(current_scope());
      raise<AutogradError>("[{}] forward made {} from finite arguments{}.{}", op, found,
                           results.size() > 1 ? fmt::format(" in result {}", i) : "",
                           path.empty() ? "" : " Called in: " + path + ".");
    }
}

}  // namespace

void finish_in_modes(const char* op, std::span<const Tensor* const> inputs, std::span<Tensor> results) {
  const State& s = state();
  if (s.has(mode_inference))
    for (Tensor& result : results) result.impl().inference = true;
  if (s.has(mode_checked)) check_finite(op, inputs, results);
  if (s.has(mode_packed) && s.grad_enabled)
    for (const Tensor& result : results)
      if (result.defined() && result.impl().autograd != nullptr) {
        static_cast<Node*>(result.impl().autograd)->pack_saved();
        break;
      }
}

}  // namespace xg::autograd::detail
