#include <xgrad/tensor/kernels/elements.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/histogram.hpp>

#include <algorithm>

namespace xg::kernels {

Tensor histc(const Tensor& x, std::int64_t bins, double low, double high) {
  const Tensor dense = contiguous(x);
  Tensor counts = zeros({bins}, Dtype::int64);  // a float32 cannot count beyond 2^24
  std::int64_t* count = elements<std::int64_t>(counts);
  dispatch_floating(x.dtype(), [&]<class T>() {
    const T* in = elements<T>(dense);
    const auto first = static_cast<T>(low), last = static_cast<T>(high);
    const auto width = static_cast<T>(last - first);
    for (std::int64_t i = 0; i < x.numel(); ++i) {
      if (!(in[i] >= first && in[i] <= last)) continue;
      const auto bin = static_cast<std::int64_t>((in[i] - first) * static_cast<T>(bins) / width);
      ++count[std::min(bin, bins - 1)];
    }
  });
  return cast(counts, x.dtype());
}

}  // namespace xg::kernels
