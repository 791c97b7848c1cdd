// The op that carries tangents and Laplacian through an elementwise op of one tensor, in one pass over memory.
#pragma once

#include <xgrad/autograd/detail/op.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/kernels/curved_push.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace xg::autograd {

/// Streams [D + 1, shape...] of D tangents and a Laplacian, through Op at x (kernels/curved_push.hpp has the formulas).
/// The inputs are x, what Op saves (x or its result), whose elements alone are read, and the streams.
template <class Op> struct CurvedPush {
  static constexpr const char* name = "curved_push";
  static constexpr int inputs = 3;
  static constexpr Promotion promotion = Promotion::none;
  static constexpr unsigned saves = save_input(1) | save_input(2);
  static constexpr Rule rule = Rule::quadrature;
  [[no_unique_address]] Op op;
  kernels::DirectionSet curved = 0;

  Tensor forward(const Tensor&, const Tensor& at, const Tensor& streams) const {
    return kernels::curved_push<Op>(at, streams, curved, kernels::attributes_of(op));
  }
  Tensor composite(const Tensor&, const Tensor& at, const Tensor& streams) const {
    const std::int64_t d = streams.size(0) - 1;
    const Tensor s = op.slope(at), l = streams.narrow(0, d, 1);
    const Tensor q = sum(square(streams.narrow(0, 0, d)) * mask(streams), 0, true);
    return cat({s * streams.narrow(0, 0, d), s * l + op.curvature(at) * q}, 0);
  }
  std::array<Tensor, 3> backward(const OpContext& c, const Tensor& g) const {
    const Tensor &at = c.input(1), &streams = c.input(2);
    const std::int64_t d = streams.size(0) - 1;
    const Tensor t = streams.narrow(0, 0, d), g_t = g.narrow(0, 0, d), g_l = g.narrow(0, d, 1);
    const Tensor s = op.slope(at), bend = op.curvature(at), curved_t = t * mask(streams);
    std::array<Tensor, 3> grads;
    if (c.needs(0))
      grads[0] = bend * sum(g * streams, 0) + (op.third(at) * g_l * sum(curved_t * t, 0, true)).squeeze(Dims(0));
    if (c.needs(2)) grads[2] = cat({s * g_t + 2 * bend * g_l * curved_t, s * g_l}, 0);
    return grads;
  }
  std::array<Tensor, 3> backward_fused(const OpContext& c, Tensor& g) const {
    // In the memory of g where nobody else has it.
    Tensor g_streams = is_unshared(g) ? g : kernels::empty(g.shape(), g.dtype());
    Tensor g_x =
        kernels::curved_push<Op>.pull(c.input(1), c.input(2), g, g_streams, curved, kernels::attributes_of(op));
    return {std::move(g_x), Tensor(), std::move(g_streams)};
  }

 private:
  /// 1 for a curved direction, else 0: [D, 1, ...].
  Tensor mask(const Tensor& streams) const {
    Shape shape = streams.shape();
    shape[0] -= 1;
    std::vector<double> values;
    for (std::int64_t d = 0; d < shape[0]; ++d) values.push_back(static_cast<double>(curved >> d & 1));
    for (std::size_t i = 1; i < shape.size(); ++i) shape[i] = 1;
    return from_data(values.data(), shape, {.dtype = streams.dtype()});
  }
};

}  // namespace xg::autograd
