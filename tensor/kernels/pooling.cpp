#include <xgrad/tensor/kernels/elements.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/pooling.hpp>
#include <xgrad/tensor/kernels/tiles.hpp>
#include <xgrad/tensor/support/cached_vector.hpp>
#include <xgrad/tensor/support/raise.hpp>
#include <xgrad/tensor/threads.hpp>

#include <algorithm>
#include <type_traits>

namespace xg::kernels {
namespace {

template <class T> bool is_better(T value, T best) {
  if constexpr (std::is_floating_point_v<T>)
    return static_cast<bool>(static_cast<int>(value > best) | static_cast<int>(value != value));
  else
    return value > best;
}

WindowRanges empty_ranges(std::int64_t count, std::int64_t step) {
  return {count, empty({count}, Dtype::int64), empty({count}, Dtype::int64), step};
}

/// Ranges for loops.
struct Ranges {
  const std::int64_t *begin, *end;
  std::int64_t count, step;

  explicit Ranges(const WindowRanges& ranges)
      : begin(elements<std::int64_t>(ranges.begin)),
        end(elements<std::int64_t>(ranges.end)),
        count(ranges.count),
        step(ranges.step) {}
  std::int64_t size(std::int64_t i) const { return (end[i] - begin[i] + step - 1) / step; }
  std::int64_t largest() const {
    std::int64_t most = 0;
    for (std::int64_t i = 0; i < count; ++i) most = std::max(most, size(i));
    return most;
  }
};

/// One row of results: window row i of a plane. All windows of the row advance together, without branches: window j
/// reads `step` apart from columns[j] as far as last[j], and a smaller window reads its last element several times.
template <class T> void best_of_row(const T* __restrict plane, std::int64_t width, const Ranges& rows, std::int64_t i,
                                    const Ranges& columns, const std::int64_t* __restrict last, std::int64_t most,
                                    T* __restrict out, std::int64_t* __restrict index) {
  const std::int64_t* __restrict begin = columns.begin;
  const std::int64_t count = columns.count, step = columns.step, top = rows.begin[i], bottom = rows.end[i];
  for (std::int64_t j = 0; j < count; ++j) {
    index[j] = top * width + begin[j];
    out[j] = plane[index[j]];
  }
  for (std::int64_t k = top; k < bottom; k += rows.step)
    for (std::int64_t l = 0; l < most; ++l)
      for (std::int64_t j = 0; j < count; ++j) {
        const std::int64_t at = k * width + std::min(begin[j] + l * step, last[j]);
        const T value = plane[at];
        const bool better = is_better(value, out[j]);
        out[j] = better ? value : out[j];
        index[j] = better ? at : index[j];
      }
}

}  // namespace

WindowRanges sliding_ranges(const char* op, const Sliding& s) {
  WindowRanges out = empty_ranges(s.count, s.dilation);
  std::int64_t *begin = elements<std::int64_t>(out.begin), *end = elements<std::int64_t>(out.end);
  for (std::int64_t i = 0; i < s.count; ++i) {
    const std::int64_t first = i * s.stride - s.padding, last = first + (s.kernel - 1) * s.dilation;
    begin[i] = first >= 0 ? first : first + ((-first - 1) / s.dilation + 1) * s.dilation;
    end[i] = std::min(last, s.size - 1) + 1;
    if (begin[i] >= end[i])
      raise<ShapeError>(
          "[{}] window {} of {} elements at a distance of {} has none in a dimension of size {} with padding {}: use a "
          "smaller padding or dilation.",
          op, i, s.kernel, s.dilation, s.size, s.padding);
  }
  return out;
}

WindowRanges covering_ranges(std::int64_t size, std::int64_t count) {
  WindowRanges out = empty_ranges(count, 1);
  std::int64_t *begin = elements<std::int64_t>(out.begin), *end = elements<std::int64_t>(out.end);
  for (std::int64_t i = 0; i < count; ++i) {
    begin[i] = i * size / count;
    end[i] = ((i + 1) * size + count - 1) / count;
  }
  return out;
}

std::pair<Tensor, Tensor> window_max(const Tensor& x_, const WindowRanges& rows_, const WindowRanges& columns_) {
  const std::size_t last = x_.shape().size() - 1;
  const std::int64_t height = x_.shape()[last - 1], width = x_.shape()[last], pixels = height * width;
  Shape shape = x_.shape();
  shape[last - 1] = rows_.count;
  shape[last] = columns_.count;
  Tensor values = empty(shape, x_.dtype()), indices = empty(shape, Dtype::int64);
  if (values.numel() == 0) return {values, indices};
  const Tensor x = contiguous(x_);
  const Ranges rows(rows_), columns(columns_);
  // The last element of each window of columns.
  CachedVector<std::int64_t> last_column(static_cast<std::size_t>(columns.count));
  for (std::int64_t j = 0; j < columns.count; ++j)
    last_column[static_cast<std::size_t>(j)] = columns.begin[j] + (columns.size(j) - 1) * columns.step;
  const std::int64_t all_rows = values.numel() / columns.count, most = columns.largest();
  std::int64_t* index = elements<std::int64_t>(indices);
  dispatch(x.dtype(), [&]<class T>() {
    const T* in = elements<T>(x);
    T* out = elements<T>(values);
    // A tile consists of rows of results; a row reads about as many elements as its windows have.
    const std::int64_t cost = std::max<std::int64_t>(1, rows.size(0) * most * columns.count);
    const std::int64_t tile = std::max<std::int64_t>(1, tile_elements / 2 / cost);
    xg::detail::parallel_ranges(all_rows, tile, [&](std::int64_t first, std::int64_t stop) {
      for (std::int64_t row = first; row < stop; ++row) {
        const std::int64_t i = row % rows.count;
        best_of_row(in + row / rows.count * pixels, width, rows, i, columns, last_column.data(), most,
                    out + row * columns.count, index + row * columns.count);
      }
    });
  });
  return {values, indices};
}

Tensor window_elements(const WindowRanges& rows_, const WindowRanges& columns_, std::int64_t width,
                       std::int64_t filler) {
  const Ranges rows(rows_), columns(columns_);
  const std::int64_t most = rows.largest() * columns.largest();
  Tensor out = empty({rows.count * columns.count, most}, Dtype::int64);
  std::int64_t* to = elements<std::int64_t>(out);
  for (std::int64_t i = 0; i < rows.count; ++i)
    for (std::int64_t j = 0; j < columns.count; ++j) {
      std::int64_t* const stop = to + most;
      for (std::int64_t k = rows.begin[i]; k < rows.end[i]; k += rows.step)
        for (std::int64_t l = columns.begin[j]; l < columns.end[j]; l += columns.step) *to++ = k * width + l;
      std::fill(to, stop, filler);
      to = stop;
    }
  return out;
}

}  // namespace xg::kernels
