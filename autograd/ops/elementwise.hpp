// What elementwise ops share: their samples, and defaults of their declarations.
#pragma once

#include <xgrad/autograd/op.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>

#include <limits>

namespace xg::autograd {

/// `n` fixed values spread over (low, high), never on the borders and never equally spaced (kinks at round numbers stay
/// between them).
Tensor spread(const Shape& shape, double low, double high, Dtype dtype, std::uint64_t seed = 1);

/// Samples of an op of one tensor: a matrix, a column of one, no dimensions, no elements.
template <class Op>
std::vector<Sample> samples1(const Op& op, Dtype dtype, double low, double high) {
  const auto call = [op](const std::vector<Tensor>& in) { return apply(op, in[0]); };
  return {{"matrix", {spread({3, 4}, low, high, dtype)}, call},
          {"one element", {spread({1, 1}, low, high, dtype)}, call},
          {"no dimensions", {spread({}, low, high, dtype)}, call},
          {"empty", {spread({0, 3}, low, high, dtype)}, call}};
}

/// The samples of an op whose domain has two parts: all of the first, then one matrix or pair of them from the second.
inline std::vector<Sample> also(std::vector<Sample> samples, std::vector<Sample> other) {
  other[0].label += ", other sign";
  samples.push_back(std::move(other[0]));
  return samples;
}

/// Samples of an op of two tensors: equal shapes, both ways of broadcasting, no dimensions, no elements.
template <class Op>
std::vector<Sample> samples2(const Op& op, Dtype dtype, double low_a, double high_a, double low_b, double high_b) {
  const auto call = [op](const std::vector<Tensor>& in) { return apply(op, in[0], in[1]); };
  const auto a = [&](const Shape& shape) { return spread(shape, low_a, high_a, dtype, 2); };
  const auto b = [&](const Shape& shape) { return spread(shape, low_b, high_b, dtype, 3); };
  return {{"equal shapes", {a({3, 4}), b({3, 4})}, call},   {"row", {a({3, 4}), b({4})}, call},
          {"column", {a({3, 1}), b({3, 4})}, call},         {"outer", {a({3, 1}), b({1, 2})}, call},
          {"no dimensions", {a({}), b({})}, call},          {"zero-dim with matrix", {a({2, 2}), b({})}, call},
          {"empty", {a({0, 3}), b({3})}, call}};
}

/// One tensor in, one out, real arithmetic, smooth or piecewise smooth.
struct Unary {
  static constexpr int inputs = 1;
  static constexpr Promotion promotion = Promotion::floating;
  static constexpr unsigned saves = save_input(0);
  static constexpr Rule rule = Rule::secant;
  static constexpr bool elementwise = true;
};

/// Two tensors in, one out, with broadcasting.
struct Binary {
  static constexpr int inputs = 2;
  static constexpr Promotion promotion = Promotion::arithmetic;
  static constexpr unsigned saves = save_input(0) | save_input(1);
  static constexpr Rule rule = Rule::two_player;
  static constexpr bool elementwise = true;
};

/// kernel(g, other), in g's memory where nobody else holds it: a gradient passes through a chain of activations in one
/// buffer.
inline Tensor through(const kernels::BinaryKernel& kernel, Tensor& g, const Tensor& other,
                      const kernels::Params& params = {}) {
  if (!owned_by_nobody_else(g) || g.dtype() != other.dtype() || g.shape() != other.shape())
    return kernel(g, other, params);
  kernel.into(g, g, other, params);
  return std::move(g);
}

/// x with infinities replaced by finite numbers whose square is infinite: in a derivative that vanishes at infinity, for
/// its own derivative not to meet 0 times infinity.
inline Tensor finite(const Tensor& x) {
  const double most = x.dtype() == float32 ? 0.25 * static_cast<double>(std::numeric_limits<float>::max())
                                           : 0.25 * std::numeric_limits<double>::max();
  return clamp(x, -most, most);
}

/// a / hypot(a, b), the derivative of hypot: its limit at infinities, 0 at the origin.
Tensor hypot_share(const Tensor& a, const Tensor& b);
/// sqrt(x) with the derivative 0 where x is 0, as of a norm.
Tensor root_of_squares(const Tensor& x);
/// 1 / hypot(a, b), 0 at the origin.
Tensor inverse_hypot(const Tensor& a, const Tensor& b);

/// Two gradients, each computed only where it is wanted.
template <class A, class B>
std::array<Tensor, 2> gradients(const OpContext& c, A&& a, B&& b) {
  return {c.needs(0) ? a() : Tensor(), c.needs(1) ? b() : Tensor()};
}

/// Saved input i is read for the other input's gradient alone.
inline bool other_needs(std::size_t i, const bool* needed) { return needed[1 - i]; }

}  // namespace xg::autograd
