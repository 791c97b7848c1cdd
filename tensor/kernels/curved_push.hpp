// The chain rule of first and second derivatives through an elementwise function, in one pass over memory.
//
// Streams t_1, ..., t_D of directional derivatives and the Laplacian l lie one after the other, [D + 1, n], beside the
// value x. With slope s, curvature c and third derivative h of the function, and q the sum of t_d^2 over the curved
// directions,
//   t_d -> s t_d,   l -> s l + c q
// and gradients g_d, g_l of the results give
//   of t_d: s g_d + 2 c g_l t_d (the last term for curved directions),   of l: s g_l,
//   of x:   c (sum_d g_d t_d + g_l l) + h g_l q
#pragma once

#include <xgrad/tensor/kernels/loops.hpp>

#include <cstdint>

namespace xg::kernels {

/// Which directions are curved: bit d.
using DirectionSet = std::uint64_t;

struct CurvedPushKernel {
  using Forward = void (*)(const void* at, const void* streams, void* out, std::int64_t n, std::int64_t directions,
                           DirectionSet curved, const void* op);
  using Backward = void (*)(const void* at, const void* streams, const void* g, void* g_x, void* g_streams,
                            std::int64_t n, std::int64_t directions, DirectionSet curved, const void* op);
  Forward forward[2] = {};  // float32, float64
  Backward backward[2] = {};

  /// The streams of the result, [D + 1, shape of `at`...].
  Tensor operator()(const Tensor& at, const Tensor& streams, DirectionSet curved, const void* op) const;
  /// The gradient of x; that of the streams is written to `g_streams`, which is contiguous and may be g.
  Tensor pull(const Tensor& at, const Tensor& streams, const Tensor& g, Tensor& g_streams, DirectionSet curved,
              const void* op) const;
};

namespace detail {

/// The whole batches of n elements, then what is left: f(i, load, store).
template <class T, class F> void for_each_batch(std::int64_t n, F&& f) {
  using V = Batch<T>;
  constexpr auto width = static_cast<std::int64_t>(V::size);
  std::int64_t i = 0;
  for (; i + width <= n; i += width)
    f(i, [](const T* from) { return V::load_unaligned(from); }, [](T* to, const V& v) { v.store_unaligned(to); });
  if (i == n) return;
  const Partial<T> part(n - i);
  f(i, [&](const T* from) { return part.load(from); }, [&](T* to, const V& v) { part.store(to, v); });
}

template <class Op, class T> void curved_push(const void* at_, const void* streams_, void* out_, std::int64_t n,
                                              std::int64_t directions, DirectionSet curved, const void* op_) {
  const T* at = static_cast<const T*>(at_);
  const T* streams = static_cast<const T*>(streams_);
  T* out = static_cast<T*>(out_);
  const Op op = *static_cast<const Op*>(op_);
  using V = Batch<T>;
  for_each_batch<T>(n, [&](std::int64_t i, auto load, auto store) {
    const V x = load(at + i), s = op.slope(x);
    V q(T(0));
    for (std::int64_t d = 0; d < directions; ++d) {
      const V t = load(streams + d * n + i);
      if (curved >> d & 1) q = xsimd::fma(t, t, q);
      store(out + d * n + i, s * t);
    }
    store(out + directions * n + i, xsimd::fma(op.curvature(x), q, s * load(streams + directions * n + i)));
  });
}

template <class Op, class T> void curved_pull(const void* at_, const void* streams_, const void* g_, void* g_x_,
                                              void* g_streams_, std::int64_t n, std::int64_t directions,
                                              DirectionSet curved, const void* op_) {
  const T* at = static_cast<const T*>(at_);
  const T* streams = static_cast<const T*>(streams_);
  const T* g = static_cast<const T*>(g_);
  T* g_x = static_cast<T*>(g_x_);
  T* g_streams = static_cast<T*>(g_streams_);
  const Op op = *static_cast<const Op*>(op_);
  using V = Batch<T>;
  for_each_batch<T>(n, [&](std::int64_t i, auto load, auto store) {
    const V x = load(at + i), s = op.slope(x), c = op.curvature(x);
    const V g_l = load(g + directions * n + i), twice = V(T(2)) * c * g_l;
    V q(T(0)), sum = g_l * load(streams + directions * n + i);
    for (std::int64_t d = 0; d < directions; ++d) {
      const V t = load(streams + d * n + i), g_d = load(g + d * n + i);
      sum = xsimd::fma(g_d, t, sum);
      V g_t = s * g_d;
      if (curved >> d & 1) {
        q = xsimd::fma(t, t, q);
        g_t = xsimd::fma(twice, t, g_t);
      }
      store(g_streams + d * n + i, g_t);
    }
    store(g_streams + directions * n + i, s * g_l);
    store(g_x + i, xsimd::fma(c, sum, op.third(x) * g_l * q));
  });
}

}  // namespace detail

/// The kernel of an op with `slope`, `curvature` and `third`, all read from what it saves.
template <class Op>
inline constexpr CurvedPushKernel curved_push{{detail::curved_push<Op, float>, detail::curved_push<Op, double>},
                                              {detail::curved_pull<Op, float>, detail::curved_pull<Op, double>}};

}  // namespace xg::kernels
