#include <xgrad/tensor/kernels/elements.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/tiles.hpp>
#include <xgrad/tensor/kernels/windows.hpp>
#include <xgrad/tensor/threads.hpp>

#include <algorithm>

namespace xg::kernels {
namespace {

/// The windows whose element k lies inside the dimension: `begin` to `end`, the first of which has it at `start`. They
/// are the same for all rows of an image.
struct Inside {
  std::int64_t begin, end, start;

  Inside(const Sliding& s, std::int64_t k) {
    const std::int64_t first = s.first(k);
    begin = first >= 0 ? 0 : std::min(s.count, (-first - 1) / s.stride + 1);
    end = first >= s.size ? begin : std::max(begin, std::min(s.count, (s.size - 1 - first) / s.stride + 1));
    start = begin < end ? first + begin * s.stride : 0;
  }
  std::int64_t count() const { return end - begin; }
};

/// The elements of a row for the windows inside, 0 for the others.
template <class T> void read_row(const T* row, const Inside& inside, const Sliding& s, T* out) {
  std::fill(out, out + inside.begin, T(0));
  const T* from = row + inside.start;
  T* to = out + inside.begin;
  if (s.stride == 1)
    std::copy(from, from + inside.count(), to);
  else
    for (std::int64_t j = 0; j < inside.count(); ++j) to[j] = from[j * s.stride];
  std::fill(out + inside.end, out + s.count, T(0));
}

/// The adjoint: adds the elements of the windows inside to those of the row.
template <class T> void add_row(const T* in, const Inside& inside, const Sliding& s, T* row) {
  const T* from = in + inside.begin;
  T* to = row + inside.start;
  if (s.stride == 1)
    for (std::int64_t j = 0; j < inside.count(); ++j) to[j] += from[j];
  else
    for (std::int64_t j = 0; j < inside.count(); ++j) to[j * s.stride] += from[j];
}

/// Calls f(image row, or -1 for one of zeros; the columns that it has in common with tap l; offset in the columns of
/// the channel) for each window row of each tap.
template <class F> void each_window_row(const Windows& windows, std::int64_t begin, std::int64_t end, F&& f) {
  const Sliding &rows = windows.rows, &columns = windows.columns;
  std::int64_t at = 0;
  for (std::int64_t k = 0; k < rows.kernel; ++k)
    for (std::int64_t l = 0; l < columns.kernel; ++l) {
      const Inside inside(columns, l);
      for (std::int64_t i = begin; i < end; ++i, at += columns.count) {
        const std::int64_t row = rows.first(k) + i * rows.stride;
        f(row >= 0 && row < rows.size ? row : -1, inside, at);
      }
    }
}

/// The number of channels per tile.
std::int64_t channel_tile(const Windows& windows, std::int64_t window_rows) {
  const std::int64_t size = std::max<std::int64_t>(1, windows.taps() * window_rows * windows.columns.count);
  return std::max<std::int64_t>(1, tile_elements / size);
}

}  // namespace

template <class T> void unfold_into(const T* images, std::int64_t channels, const Windows& windows, std::int64_t begin,
                                    std::int64_t end, T* columns) {
  const std::int64_t pixels = windows.pixels(), size = windows.taps() * (end - begin) * windows.columns.count;
  const std::int64_t width = windows.columns.size, count = windows.columns.count;
  xg::detail::parallel_ranges(channels, channel_tile(windows, end - begin), [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t c = first; c < last; ++c) {
      T* out = columns + c * size;
      each_window_row(windows, begin, end, [&](std::int64_t row, const Inside& inside, std::int64_t at) {
        if (row < 0)
          std::fill(out + at, out + at + count, T(0));
        else
          read_row(images + c * pixels + row * width, inside, windows.columns, out + at);
      });
    }
  });
}

template <class T> void fold_add(const T* columns, std::int64_t channels, const Windows& windows, std::int64_t begin,
                                 std::int64_t end, T* images) {
  const std::int64_t pixels = windows.pixels(), size = windows.taps() * (end - begin) * windows.columns.count;
  const std::int64_t width = windows.columns.size;
  xg::detail::parallel_ranges(channels, channel_tile(windows, end - begin), [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t c = first; c < last; ++c)
      each_window_row(windows, begin, end, [&](std::int64_t row, const Inside& inside, std::int64_t at) {
        if (row >= 0) add_row(columns + c * size + at, inside, windows.columns, images + c * pixels + row * width);
      });
  });
}

template void unfold_into(const float*, std::int64_t, const Windows&, std::int64_t, std::int64_t, float*);
template void unfold_into(const double*, std::int64_t, const Windows&, std::int64_t, std::int64_t, double*);
template void fold_add(const float*, std::int64_t, const Windows&, std::int64_t, std::int64_t, float*);
template void fold_add(const double*, std::int64_t, const Windows&, std::int64_t, std::int64_t, double*);

Tensor unfold(const Tensor& x_, const Windows& windows) {
  const std::int64_t n = x_.shape()[0], channels = x_.shape()[1];
  Tensor out = empty({n, channels * windows.taps(), windows.count()}, x_.dtype());
  if (out.numel() == 0) return out;
  const Tensor x = contiguous(x_);
  dispatch_floating(x.dtype(), [&]<class T>() {  // images and channels are one dimension here
    unfold_into(elements<T>(x), n * channels, windows, 0, windows.rows.count, elements<T>(out));
  });
  return out;
}

Tensor fold(const Tensor& columns_, const Windows& windows) {
  const std::int64_t n = columns_.shape()[0], taps = windows.taps();
  const std::int64_t channels = taps == 0 ? 0 : columns_.shape()[1] / taps;
  Tensor out = zeros({n, channels, windows.rows.size, windows.columns.size}, columns_.dtype());
  if (out.numel() == 0 || columns_.numel() == 0) return out;
  const Tensor columns = contiguous(columns_);
  dispatch_floating(out.dtype(), [&]<class T>() {
    fold_add(elements<T>(columns), n * channels, windows, 0, windows.rows.count, elements<T>(out));
  });
  return out;
}

}  // namespace xg::kernels
