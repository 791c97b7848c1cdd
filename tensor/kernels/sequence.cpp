#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/saturated.hpp>
#include <xgrad/tensor/kernels/sequence.hpp>

#include <algorithm>
#include <cmath>
#include <type_traits>

namespace xg::kernels {
namespace {

/// A floating-point number converted to T, with the same rules as between dtypes.
template <class T> T element(double value) {
  if constexpr (std::is_same_v<T, bool>)
    return value != 0;
  else if constexpr (std::is_integral_v<T>)
    return saturated<T>(value);
  else
    return static_cast<T>(value);
}

double linspace_at(double start, double stop, std::int64_t i, std::int64_t n) {
  if (n == 1) return start;
  const auto steps = static_cast<double>(n - 1);
  const double distance = stop - start;  // may overflow
  const double step = std::isfinite(distance) ? distance / steps : stop / steps - start / steps;
  return i < n / 2 ? start + step * static_cast<double>(i) : stop - step * static_cast<double>(n - 1 - i);
}

template <class F> void fill_by_position(Tensor& out, F&& value) {
  dispatch(out.dtype(), [&]<class T>() {
    T* data = static_cast<T*>(out.impl().data);
    for (std::int64_t i = 0; i < out.numel(); ++i) data[i] = element<T>(value(i));
  });
}

}  // namespace

void arange(Tensor& out, Scalar start, Scalar step) {
  if (start.category() != Dtype::float64 && step.category() != Dtype::float64 && is_integral(out.dtype())) {
    dispatch(out.dtype(), [&]<class T>() {
      T* data = static_cast<T*>(out.impl().data);
      const std::int64_t first = start.to_int64(), by = step.to_int64();
      for (std::int64_t i = 0; i < out.numel(); ++i) data[i] = static_cast<T>(first + i * by);
    });
    return;
  }
  fill_by_position(
      out, [a = start.to_double(), b = step.to_double()](std::int64_t i) { return a + static_cast<double>(i) * b; });
}

void linspace(Tensor& out, double start, double stop) {
  fill_by_position(out, [&](std::int64_t i) { return linspace_at(start, stop, i, out.numel()); });
}

void logspace(Tensor& out, double start, double stop, double base) {
  fill_by_position(out, [&](std::int64_t i) { return std::pow(base, linspace_at(start, stop, i, out.numel())); });
}

void eye(Tensor& out) {
  fill(out, 0);
  const std::int64_t n = std::min(out.shape()[0], out.shape()[1]), step = out.shape()[1] + 1;
  dispatch(out.dtype(), [&]<class T>() {
    T* data = static_cast<T*>(out.impl().data);
    for (std::int64_t i = 0; i < n; ++i) data[i * step] = T(1);
  });
}

}  // namespace xg::kernels
