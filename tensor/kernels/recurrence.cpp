#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/recurrence.hpp>

namespace xg::kernels {

Tensor linear_recurrence(const Tensor& a, const Tensor& b, std::int64_t dim, bool reverse) {
  const Tensor factors = contiguous(a), terms = contiguous(b);
  Tensor result = empty(b.shape(), b.dtype());
  if (result.numel() == 0) return result;
  const Shape& shape = b.shape();
  // [outer, n, inner]
  const std::int64_t n = shape.empty() ? 1 : shape[static_cast<std::size_t>(dim)];
  std::int64_t inner = 1;
  for (std::size_t i = static_cast<std::size_t>(dim) + 1; i < shape.size(); ++i) inner *= shape[i];
  const std::int64_t outer = result.numel() / (n * inner);
  dispatch_floating(b.dtype(), [&]<class T>() {
    const auto* f = static_cast<const T*>(factors.impl().data);
    const auto* t = static_cast<const T*>(terms.impl().data);
    auto* y = static_cast<T*>(result.impl().data);
    const std::int64_t step = reverse ? -inner : inner;
    for (std::int64_t o = 0; o < outer; ++o) {
      std::int64_t offset = o * n * inner + (reverse ? (n - 1) * inner : 0);
      for (std::int64_t i = 0; i < inner; ++i) y[offset + i] = t[offset + i];
      for (std::int64_t k = 1; k < n; ++k) {
        offset += step;
        for (std::int64_t i = 0; i < inner; ++i) y[offset + i] = f[offset + i] * y[offset - step + i] + t[offset + i];
      }
    }
  });
  return result;
}

}  // namespace xg::kernels
