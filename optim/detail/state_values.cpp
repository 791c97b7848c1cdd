#include <xgrad/optim/detail/state_values.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <cmath>

namespace xg::optim::detail {

Tensor number(double value) { return scalar_tensor(value, {.dtype = Dtype::float64}); }

std::int64_t count_in(const StateDict& state, const std::string& who, const std::string& key) {
  const double value = state.at(key).item<double>();
  if (!(value >= 0 && value <= 0x1p53 && value == std::floor(value)))
    raise<ValueError>("[{}] {} is {}, it must be a count: 0, 1, 2, ....", who, key, value);
  return static_cast<std::int64_t>(value);
}

}  // namespace xg::optim::detail
