#include <xgrad/autograd/detail/samples.hpp>

#include <cmath>

namespace xg::autograd {

Tensor sample_values(const Shape& shape, double low, double high, Dtype dtype, std::uint64_t seed) {
  std::vector<double> values(static_cast<std::size_t>(shape.numel()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    // Multiples of the golden ratio modulo 1 fill an interval evenly without repeating.
    const double t =
        std::fmod((static_cast<double>(i) + 1) * 0.6180339887498949 + static_cast<double>(seed) * 0.37, 1.0);
    values[i] = low + (high - low) * (0.02 + 0.96 * t);
    if (!is_floating(dtype)) values[i] = std::floor(values[i]);
  }
  return from_data(values.data(), shape, {.dtype = dtype});
}

std::vector<Sample> shaped_samples(Dtype dtype, const std::vector<ShapedSample>& list, std::uint64_t seed) {
  std::vector<Sample> samples;
  for (const auto& [label, shapes, call] : list) {
    Inputs inputs;
    for (const Shape& shape : shapes) inputs.push_back(sample_values(shape, -2, 2, dtype, seed + inputs.size()));
    samples.push_back({label, inputs, call});
  }
  return samples;
}

namespace detail {

std::vector<Sample> samples1(const SampleCall& call, Dtype dtype, Domain domain) {
  const auto x = [&](const Shape& shape) { return sample_values(shape, domain.low, domain.high, dtype); };
  return {{"matrix", {x({3, 4})}, call},
          {"one element", {x({1, 1})}, call},
          {"0-d", {x({})}, call},
          {"empty", {x({0, 3})}, call}};
}

std::vector<Sample> samples2(const SampleCall& call, Dtype dtype, Domain domain) {
  const auto a = [&](const Shape& shape) { return sample_values(shape, domain.low, domain.high, dtype, 2); };
  const auto b = [&](const Shape& shape) { return sample_values(shape, domain.low_b, domain.high_b, dtype, 3); };
  return {{"equal shapes", {a({3, 4}), b({3, 4})}, call},
          {"row", {a({3, 4}), b({4})}, call},
          {"column", {a({3, 1}), b({3, 4})}, call},
          {"outer", {a({3, 1}), b({1, 2})}, call},
          {"0-d", {a({}), b({})}, call},
          {"0-d with matrix", {a({2, 2}), b({})}, call},
          {"empty", {a({0, 3}), b({3})}, call}};
}

}  // namespace detail

}  // namespace xg::autograd
