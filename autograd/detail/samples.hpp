// Test inputs of ops.
#pragma once

#include <xgrad/autograd/detail/op.hpp>

#include <type_traits>
#include <utility>
#include <vector>

namespace xg::autograd {

/// `shape.numel()` fixed values in (low, high), which avoid the bounds and round numbers, where functions have kinks.
Tensor sample_values(const Shape& shape, double low, double high, Dtype dtype, std::uint64_t seed = 1);

/// The interval of an op's samples, for both arguments if there are two. The members are the default. An op whose
/// domain has several parts declares a list; each part after the first gets one matrix.
struct Domain {
  double low = -2, high = 2;
  double low_b = -2, high_b = 2;
};

/// A sample given by the shapes of its inputs.
struct ShapedSample {
  const char* label;
  std::vector<Shape> shapes;
  SampleCall call;
};
/// Samples with values in (-2, 2); input i uses the seed `seed` + i.
std::vector<Sample> shaped_samples(Dtype dtype, const std::vector<ShapedSample>& list, std::uint64_t seed = 1);

namespace detail {

template <class Op> Op example() {
  if constexpr (requires { Op::example(); })
    return Op::example();
  else
    return Op{};
}

template <class Op, class Make> std::vector<Sample> over_domains(Make&& make) {
  if constexpr (!requires { Op::domain; }) {
    return make(Domain{});
  } else if constexpr (std::is_same_v<std::remove_cvref_t<decltype(Op::domain)>, Domain>) {
    return make(Op::domain);
  } else {
    std::vector<Sample> all = make(Op::domain[0]);
    for (std::size_t i = 1; i < Op::domain.size(); ++i) {
      std::vector<Sample> more = make(Op::domain[i]);
      more[0].label += ", other sign";
      all.push_back(std::move(more[0]));
    }
    return all;
  }
}

/// Samples of an op of one tensor: a matrix, one element, 0-d, empty.
std::vector<Sample> samples1(const SampleCall& call, Dtype dtype, Domain domain);
/// Samples of an op of two tensors: equal shapes, broadcasting both ways, 0-d, empty.
std::vector<Sample> samples2(const SampleCall& call, Dtype dtype, Domain domain);

}  // namespace detail

template <class Op> std::vector<Sample> samples1(Dtype dtype) {
  const auto call = [](const Inputs& in) { return apply(detail::example<Op>(), in[0]); };
  return detail::over_domains<Op>([&](Domain domain) { return detail::samples1(call, dtype, domain); });
}
template <class Op> std::vector<Sample> samples2(Dtype dtype) {
  const auto call = [](const Inputs& in) { return apply(detail::example<Op>(), in[0], in[1]); };
  return detail::over_domains<Op>([&](Domain domain) { return detail::samples2(call, dtype, domain); });
}

}  // namespace xg::autograd
