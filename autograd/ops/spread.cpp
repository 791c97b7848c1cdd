#include <xgrad/autograd/ops/elementwise.hpp>

#include <cmath>

namespace xg::autograd {

Tensor spread(const Shape& shape, double low, double high, Dtype dtype, std::uint64_t seed) {
  std::vector<double> values(static_cast<std::size_t>(shape.numel()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    // Multiples of the golden ratio, modulo 1, fill an interval evenly without ever repeating.
    const double t = std::fmod((static_cast<double>(i) + 1) * 0.6180339887498949 + static_cast<double>(seed) * 0.37, 1.0);
    values[i] = low + (high - low) * (0.02 + 0.96 * t);
    if (!is_floating(dtype)) values[i] = std::floor(values[i]);
  }
  return from_data(values.data(), shape, {.dtype = dtype});
}

}  // namespace xg::autograd
