// Pooling. Averages are products with sparse matrices along each dimension; maxima are selected by an index.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/reduction.hpp>
#include <xgrad/autograd/detail/resampling.hpp>
#include <xgrad/autograd/detail/spatial.hpp>
#include <xgrad/autograd/detail/window_max.hpp>
#include <xgrad/autograd/ops/pooling.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace xg {
namespace autograd {
namespace {

/// The sizes of the pooled dimensions of x, which must not be empty.
Plane pooled_sizes(const char* op, const Tensor& x, std::size_t dims) {
  check_spatial(op, x, dims);
  const Plane size{dims == 1 ? 1 : x.size(-2), x.size(-1)};
  if (size[0] == 0 || size[1] == 0)
    raise<ShapeError>("[{}] input is {}: the dimensions that are pooled must not be empty.", op, x.shape().str());
  return size;
}

/// The pooling windows of one dimension. With `ceil_mode` the number is rounded up, as long as the last window begins
/// inside the input or the padding before it.
kernels::Sliding pooling(const char* op, kernels::Sliding given, bool ceil_mode) {
  const std::int64_t reach = reach_of(op, given.kernel, given.dilation);
  if (given.padding > reach / 2)
    raise<ShapeError>("[{}] padding is {}: half of the window of {} elements is allowed.", op, given.padding, reach);
  const std::int64_t padded = given.size + 2 * given.padding;
  if (ceil_mode && padded < reach && reach - padded < given.stride) {  // a part of one window
    given.count = 1;
    return given;
  }
  kernels::Sliding s = sliding(op, given);
  if (ceil_mode && (padded - reach) % s.stride != 0 && s.count * s.stride < s.size + s.padding) ++s.count;
  return s;
}

std::array<kernels::Sliding, 2> pooling_windows(const char* op, const Tensor& x, std::size_t dims, const PerDim& kernel,
                                                const PerDim& stride, const PerDim& padding, const PerDim& dilation,
                                                bool ceil_mode) {
  const Plane size = pooled_sizes(op, x, dims), k = plane_of(op, "kernel_size", kernel, dims, 1, 1),
              s = stride.empty() ? k : plane_of(op, "stride", stride, dims, 1, 1),
              p = plane_of(op, "padding", padding, dims, 0, 0), d = plane_of(op, "dilation", dilation, dims, 1, 1);
  const auto one = [&](std::size_t i) { return pooling(op, {size[i], k[i], s[i], p[i], d[i]}, ceil_mode); };
  return {one(0), one(1)};
}

// ---- averages

/// The means of windows along `dim`: sums divided by `divisor`, or by the number of elements in the window.
Tensor averages(const char* op, const Tensor& x, std::size_t dim, const kernels::Sliding& s, bool count_include_pad,
                std::optional<double> divisor) {
  if (s.is_identity() && (!divisor || *divisor == 1)) return x;
  return resampled(op, x, dim, s.count, [&] {
    std::int64_t capacity = 0;
    if (__builtin_mul_overflow(s.count, std::min(s.kernel, s.size), &capacity))
      raise<ShapeError>("[{}] {} windows of {} elements: no memory can hold them.", op, s.count, s.kernel);
    kernels::SparseBuilder rows(s.count, s.size, capacity, kernels::SparseBuilder::divisors);
    for (std::int64_t i = 0; i < s.count; ++i) {
      const std::int64_t begin = i * s.stride - s.padding, end = std::min(begin + s.kernel, s.size + s.padding);
      const std::int64_t first = std::max<std::int64_t>(begin, 0), last = std::min(end, s.size);
      for (std::int64_t j = first; j < last; ++j) rows.add(j);
      const std::int64_t count = count_include_pad ? end - begin : last - first;
      rows.end_row(divisor ? *divisor : static_cast<double>(std::max<std::int64_t>(count, 1)));
    }
    return std::move(rows).finish();
  });
}

Tensor average_pool(const char* op, std::size_t dims, const Tensor& x, const PerDim& kernel_size,
                    const AvgPoolOptions& options) {
  const auto windows = pooling_windows(op, x, dims, kernel_size, options.stride, options.padding, 1, options.ceil_mode);
  check_floating(op, x);
  std::optional<double> divisor;
  if (options.divisor_override) {
    if (*options.divisor_override == 0)
      raise<ValueError>("[{}] divisor_override is 0: give another number, or none.", op);
    divisor = static_cast<double>(*options.divisor_override);
  }
  const std::size_t last = x.shape().size() - 1;
  Tensor y = x;
  if (dims == 2)
    y = averages(op, y, last - 1, windows[0], options.count_include_pad, divisor ? std::optional(1.0) : std::nullopt);
  y = averages(op, y, last, windows[1], options.count_include_pad, divisor);
  return y.is_same(x) ? clone(x) : y;
}

/// The sizes of the result of an adaptive pooling.
Plane adaptive_sizes(const char* op, const Tensor& x, std::size_t dims, const OutputSize& output_size) {
  const Plane size = pooled_sizes(op, x, dims);
  const auto& sizes = output_size.sizes;
  if (sizes.size() != 1 && sizes.size() != dims)
    raise<ValueError>("[{}] output_size has {} numbers: give {}.", op, sizes.size(),
                      dims == 1 ? "one" : "one, or one for height and one for width");
  const auto one = [&](const std::optional<std::int64_t>& wanted, std::int64_t own) {
    return wanted ? plane_of(op, "output_size", *wanted, 1, 0, 1)[1] : own;
  };
  return {dims == 1 ? 1 : one(sizes.front(), size[0]), one(sizes.back(), size[1])};
}

Tensor adaptive_averages(const char* op, const Tensor& x, std::size_t dim, std::int64_t count) {
  const std::int64_t size = x.shape()[dim];
  return size == count ? x : resampled(op, x, dim, count, [&] { return covering_means(size, count); });
}

Tensor adaptive_average(const char* op, std::size_t dims, const Tensor& x, const OutputSize& output_size) {
  const Plane sizes = adaptive_sizes(op, x, dims, output_size);
  check_floating(op, x);
  const std::size_t last = x.shape().size() - 1;
  Tensor y = x;
  if (dims == 2) y = adaptive_averages(op, y, last - 1, sizes[0]);
  y = adaptive_averages(op, y, last, sizes[1]);
  return y.is_same(x) ? clone(x) : y;
}

// ---- maxima

using Pair = std::pair<Tensor, Tensor>;

/// window_max of the last dimension, or of the last two.
template <class Ranges>
Pair maxima(const char* op, std::size_t dims, const Tensor& x, const Plane& count, Ranges&& ranges) {
  if (x.dtype() == Dtype::bool_) raise<DtypeError>("[{}] input is bool: convert with x.to(xg::float32).", op);
  Shape shape = x.shape();
  shape[shape.size() - 1] = count[1];
  if (dims == 2) shape[shape.size() - 2] = count[0];
  const bool none = checked_numel(op, shape) == 0;
  const auto one = [&](std::size_t i) { return none ? kernels::WindowRanges{count[i], {}, {}} : ranges(i); };
  if (dims == 2) return window_maxima(x, one(0), one(1));
  auto [values, indices] = window_maxima(unsqueeze(x, -2), one(0), one(1));
  return {squeeze(values, -2), squeeze(indices, -2)};
}

Pair max_pool(const char* op, std::size_t dims, const Tensor& x, const PerDim& kernel_size,
              const MaxPoolOptions& options) {
  const auto windows =
      pooling_windows(op, x, dims, kernel_size, options.stride, options.padding, options.dilation, options.ceil_mode);
  return maxima(op, dims, x, {windows[0].count, windows[1].count},
                [&](std::size_t i) { return kernels::sliding_ranges(op, windows[i]); });
}

Pair adaptive_max(const char* op, std::size_t dims, const Tensor& x, const OutputSize& output_size) {
  const Plane counts = adaptive_sizes(op, x, dims, output_size);
  const Plane sizes{dims == 1 ? 1 : x.size(-2), x.size(-1)};
  return maxima(op, dims, x, counts, [&](std::size_t i) { return kernels::covering_ranges(sizes[i], counts[i]); });
}

}  // namespace
}  // namespace autograd

using autograd::adaptive_average, autograd::adaptive_max, autograd::average_pool, autograd::max_pool;

Tensor max_pool1d(const Tensor& x, const PerDim& kernel_size, const MaxPoolOptions& options) {
  return max_pool("max_pool1d", 1, x, kernel_size, options).first;
}
Tensor max_pool2d(const Tensor& x, const PerDim& kernel_size, const MaxPoolOptions& options) {
  return max_pool("max_pool2d", 2, x, kernel_size, options).first;
}
std::pair<Tensor, Tensor> max_pool1d_with_indices(const Tensor& x, const PerDim& kernel_size,
                                                  const MaxPoolOptions& options) {
  return max_pool("max_pool1d", 1, x, kernel_size, options);
}
std::pair<Tensor, Tensor> max_pool2d_with_indices(const Tensor& x, const PerDim& kernel_size,
                                                  const MaxPoolOptions& options) {
  return max_pool("max_pool2d", 2, x, kernel_size, options);
}

Tensor avg_pool1d(const Tensor& x, const PerDim& kernel_size, const AvgPoolOptions& options) {
  return average_pool("avg_pool1d", 1, x, kernel_size, options);
}
Tensor avg_pool2d(const Tensor& x, const PerDim& kernel_size, const AvgPoolOptions& options) {
  return average_pool("avg_pool2d", 2, x, kernel_size, options);
}

Tensor adaptive_avg_pool1d(const Tensor& x, const OutputSize& output_size) {
  return adaptive_average("adaptive_avg_pool1d", 1, x, output_size);
}
Tensor adaptive_avg_pool2d(const Tensor& x, const OutputSize& output_size) {
  return adaptive_average("adaptive_avg_pool2d", 2, x, output_size);
}
Tensor adaptive_max_pool1d(const Tensor& x, const OutputSize& output_size) {
  return adaptive_max("adaptive_max_pool1d", 1, x, output_size).first;
}
Tensor adaptive_max_pool2d(const Tensor& x, const OutputSize& output_size) {
  return adaptive_max("adaptive_max_pool2d", 2, x, output_size).first;
}
std::pair<Tensor, Tensor> adaptive_max_pool1d_with_indices(const Tensor& x, const OutputSize& output_size) {
  return adaptive_max("adaptive_max_pool1d", 1, x, output_size);
}
std::pair<Tensor, Tensor> adaptive_max_pool2d_with_indices(const Tensor& x, const OutputSize& output_size) {
  return adaptive_max("adaptive_max_pool2d", 2, x, output_size);
}

}  // namespace xg
