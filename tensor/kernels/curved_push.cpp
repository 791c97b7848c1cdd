#include <xgrad/tensor/kernels/curved_push.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>

namespace xg::kernels {

Tensor CurvedPushKernel::operator()(const Tensor& at, const Tensor& streams, DirectionSet curved,
                                    const void* op) const {
  const Tensor x = contiguous(at), t = contiguous(streams);
  const Tensor out = empty_like(t, t.dtype());
  forward[t.dtype() == Dtype::float32 ? 0 : 1](x.impl().data, t.impl().data, out.impl().data, x.numel(),
                                               t.shape()[0] - 1, curved, op);
  return out;
}

Tensor CurvedPushKernel::pull(const Tensor& at, const Tensor& streams, const Tensor& g, Tensor& g_t,
                              DirectionSet curved, const void* op) const {
  const Tensor x = contiguous(at), t = contiguous(streams), g_dense = contiguous(g);
  const Tensor g_x = empty_like(x, x.dtype());
  backward[t.dtype() == Dtype::float32 ? 0 : 1](x.impl().data, t.impl().data, g_dense.impl().data, g_x.impl().data,
                                                g_t.impl().data, x.numel(), t.shape()[0] - 1, curved, op);
  return g_x;
}

}  // namespace xg::kernels
