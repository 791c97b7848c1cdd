#include <xgrad/tensor/kernels/convolution.hpp>
#include <xgrad/tensor/kernels/elements.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/gemm.hpp>
#include <xgrad/tensor/kernels/reduce.hpp>
#include <xgrad/tensor/threads.hpp>

#include <algorithm>

namespace xg::kernels {
namespace {

constexpr std::int64_t buffer_elements = 1 << 18;  // of unfolded windows: about the second-level cache

/// The sizes of a convolution, and the matrices of its products: for each group, weights [out, terms], windows [terms,
/// count], results [out, count].
template <class T> struct Plan {
  const Convolution& convolution;
  std::int64_t samples, channels, out_channels;
  std::int64_t groups = convolution.groups, out = out_channels / groups;
  std::int64_t terms = channels / groups * convolution.windows.taps();
  std::int64_t window_rows = convolution.windows.rows.count, window_columns = convolution.windows.columns.count;
  std::int64_t count = window_rows * window_columns;
  std::int64_t image = channels * convolution.windows.pixels();
  bool direct = convolution.windows.is_identity();  // the windows are the image itself
  std::int64_t block = block_rows();                // window rows that are unfolded at once
  static constexpr Dtype dtype = dtype_of<T>;

  /// Products per sample.
  double work() const {
    return static_cast<double>(out_channels) * static_cast<double>(terms) * static_cast<double>(count);
  }
  /// The number of samples per tile: a tile takes at least a hundred microseconds.
  std::int64_t tile() const { return std::max<std::int64_t>(1, static_cast<std::int64_t>((1 << 22) / (work() + 1))); }

  /// A buffer for the windows of a block.
  Tensor buffer() const { return direct ? Tensor() : empty({groups * terms, block * window_columns}, dtype); }

  /// Calls f(first window row, one past the last) for each block.
  template <class F> void each_block(F&& f) const {
    for (std::int64_t begin = 0; begin < window_rows; begin += block) f(begin, std::min(window_rows, begin + block));
  }

  Matrix weights(const T* weight, std::int64_t group) const {
    return {const_cast<T*>(weight) + group * out * terms, dtype, out, terms, terms, 1};
  }
  Matrix windows(const T* buffer, const T* image_data, std::int64_t group, std::int64_t begin, std::int64_t end) const {
    const std::int64_t columns = (end - begin) * window_columns;
    if (!direct) return {const_cast<T*>(buffer) + group * terms * columns, dtype, terms, columns, columns, 1};
    return {
        const_cast<T*>(image_data) + group * terms * count + begin * window_columns, dtype, terms, columns, count, 1};
  }
  Matrix results(const T* y, std::int64_t group, std::int64_t begin, std::int64_t end) const {
    return {const_cast<T*>(y) + group * out * count + begin * window_columns,
            dtype,
            out,
            (end - begin) * window_columns,
            count,
            1};
  }

 private:
  std::int64_t block_rows() const {
    if (direct) return std::max<std::int64_t>(1, window_rows);
    const std::int64_t row = std::max<std::int64_t>(1, groups * terms * window_columns);
    return std::clamp<std::int64_t>(buffer_elements / row, 1, std::max<std::int64_t>(1, window_rows));
  }
};

}  // namespace

Tensor convolve(const Tensor& x_, const Tensor& weight_, const Tensor& bias_, const Convolution& convolution) {
  const Windows& windows = convolution.windows;
  const std::int64_t samples = x_.shape()[0], channels = x_.shape()[1], out_channels = weight_.shape()[0];
  Tensor y = empty({samples, out_channels, windows.rows.count, windows.columns.count}, x_.dtype());
  if (y.numel() == 0) return y;
  const Tensor x = contiguous(x_), weight = contiguous(weight_);
  const Tensor bias = bias_.defined() ? contiguous(bias_) : Tensor();
  dispatch_floating(x.dtype(), [&]<class T>() {
    const Plan<T> plan{convolution, samples, channels, out_channels};
    const T *from = elements<T>(x), *w = elements<T>(weight), *b = bias.defined() ? elements<T>(bias) : nullptr;
    T* to = elements<T>(y);
    xg::detail::parallel_ranges(samples, plan.tile(), [&](std::int64_t first, std::int64_t last) {
      Tensor memory = plan.buffer();
      T* buffer = memory.defined() ? elements<T>(memory) : nullptr;
      for (std::int64_t n = first; n < last; ++n) {
        const T* image = from + n * plan.image;
        T* result = to + n * out_channels * plan.count;
        for (std::int64_t o = 0; b != nullptr && o < out_channels; ++o)
          std::fill_n(result + o * plan.count, plan.count, b[o]);
        plan.each_block([&](std::int64_t begin, std::int64_t end) {
          if (!plan.direct) unfold_into(image, channels, windows, begin, end, buffer);
          for (std::int64_t g = 0; g < plan.groups; ++g)
            gemm(plan.weights(w, g), plan.windows(buffer, image, g, begin, end), plan.results(result, g, begin, end),
                 b != nullptr);
        });
      }
    });
  });
  return y;
}

Tensor convolve_transposed(const Tensor& y_, const Tensor& weight_, const Convolution& convolution) {
  const Windows& windows = convolution.windows;
  const std::int64_t samples = y_.shape()[0], channels = weight_.shape()[1] * convolution.groups;
  const Shape shape{samples, channels, windows.rows.size, windows.columns.size};
  if (y_.numel() == 0 || weight_.numel() == 0) return zeros(shape, y_.dtype());
  Tensor x = empty(shape, y_.dtype());
  if (x.numel() == 0) return x;
  const Tensor y = contiguous(y_), weight = contiguous(weight_);
  dispatch_floating(y.dtype(), [&]<class T>() {
    const Plan<T> plan{convolution, samples, channels, y.shape()[1]};
    const T *from = elements<T>(y), *w = elements<T>(weight);
    T* to = elements<T>(x);
    xg::detail::parallel_ranges(samples, plan.tile(), [&](std::int64_t first, std::int64_t last) {
      Tensor memory = plan.buffer();
      T* buffer = memory.defined() ? elements<T>(memory) : nullptr;
      for (std::int64_t n = first; n < last; ++n) {
        T* image = to + n * plan.image;
        const T* result = from + n * plan.out_channels * plan.count;
        if (!plan.direct) std::fill_n(image, plan.image, T(0));
        plan.each_block([&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t g = 0; g < plan.groups; ++g)
            gemm(plan.weights(w, g).transposed(), plan.results(result, g, begin, end),
                 plan.windows(buffer, image, g, begin, end));
          if (!plan.direct) fold_add(buffer, channels, windows, begin, end, image);
        });
      }
    });
  });
  return x;
}

Tensor convolve_weights(const Tensor& x_, const Tensor& y_, const Convolution& convolution) {
  const Windows& windows = convolution.windows;
  const std::int64_t samples = x_.shape()[0], channels = x_.shape()[1], out_channels = y_.shape()[1];
  const Shape shape{out_channels, channels / convolution.groups, windows.rows.kernel, windows.columns.kernel};
  if (x_.numel() == 0 || y_.numel() == 0) return zeros(shape, x_.dtype());
  const Tensor x = contiguous(x_), y = contiguous(y_);
  return dispatch_floating(x.dtype(), [&]<class T>() {
    const Plan<T> plan{convolution, samples, channels, out_channels};
    // The samples are summed in parts, by their number alone, and the parts in order: the bits do not depend on
    // threads.
    const std::int64_t size = samples <= 2 * plan.tile() ? samples : std::max(plan.tile(), (samples + 3) / 4);
    const std::int64_t parts = (samples + size - 1) / size, numel = shape.numel();
    Shape parts_shape = shape;
    parts_shape.insert(0, parts);
    Tensor sums = zeros(parts_shape, plan.dtype);
    const T *images = elements<T>(x), *results = elements<T>(y);
    T* to = elements<T>(sums);
    const auto part = [&](std::int64_t p) {
      Tensor memory = plan.buffer();
      T* buffer = memory.defined() ? elements<T>(memory) : nullptr;
      for (std::int64_t n = p * size; n < std::min(samples, (p + 1) * size); ++n) {
        const T *image = images + n * plan.image, *result = results + n * out_channels * plan.count;
        plan.each_block([&](std::int64_t begin, std::int64_t end) {
          if (!plan.direct) unfold_into(image, channels, windows, begin, end, buffer);
          for (std::int64_t g = 0; g < plan.groups; ++g)
            gemm(plan.results(result, g, begin, end), plan.windows(buffer, image, g, begin, end).transposed(),
                 plan.weights(to + p * numel, g), true);
        });
      }
    };
    if (parts == 1) {  // not as a tile, so that the products may share their work among threads
      part(0);
      return sums.reshape(shape);
    }
    xg::detail::parallel_for(parts, part);
    return sum(sums, {0}, false);
  });
}

}  // namespace xg::kernels
