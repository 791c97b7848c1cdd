#include <xgrad/tensor/kernels/elements.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/pooling.hpp>
#include <xgrad/tensor/kernels/tiles.hpp>
#include <xgrad/tensor/support/raise.hpp>
#include <xgrad/tensor/threads.hpp>

#include <algorithm>
#include <limits>
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

/// The rows of windows are numbered from their first one, in integers of the size of an element.
template <class T> using RowNumber = std::conditional_t<sizeof(T) == 8, std::int64_t, std::int32_t>;

/// The largest elements of each column of `count` rows, `stride` apart, and the numbers of their rows.
template <class T> void best_of_columns(const T* __restrict rows, std::int64_t stride, std::int64_t count,
                                        std::int64_t width, T* __restrict best, RowNumber<T>* __restrict number) {
  std::copy(rows, rows + width, best);
  std::fill(number, number + width, RowNumber<T>(0));
  for (std::int64_t k = 1; k < count; ++k) {
    const T* __restrict row = rows + k * stride;
    for (std::int64_t j = 0; j < width; ++j) {
      const bool better = is_better(row[j], best[j]);
      best[j] = better ? row[j] : best[j];
      number[j] = better ? static_cast<RowNumber<T>>(k) : number[j];
    }
  }
}

/// Does an element of a column to the right come before one that equals it, or is a later NaN?
template <class T> bool is_better_beside(T value, RowNumber<T> number, T best, RowNumber<T> best_number) {
  bool better = static_cast<bool>(static_cast<int>(value > best) |
                                  (static_cast<int>(value == best) & static_cast<int>(number < best_number)));
  if constexpr (std::is_floating_point_v<T>)
    if (value != value) better = best == best || number >= best_number;
  return better;
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
  const std::int64_t all_rows = values.numel() / columns.count, most = rows.largest();
  if (most > std::numeric_limits<std::int32_t>::max())
    raise<ShapeError>("[max_pool] a window has {} rows: 2^31 - 1 are allowed.", most);
  std::int64_t* index = elements<std::int64_t>(indices);
  dispatch(x.dtype(), [&]<class T>() {
    const T* in = elements<T>(x);
    T* out = elements<T>(values);
    // A tile consists of rows of results, each of which reads about `most` rows.
    const std::int64_t tile = std::max<std::int64_t>(1, tile_elements / (most * width + 4 * columns.count));
    xg::detail::parallel_ranges(all_rows, tile, [&](std::int64_t first, std::int64_t stop) {
      Tensor best_memory = empty({width}, x.dtype()), number_memory = empty({width}, dtype_of<RowNumber<T>>);
      T* best = elements<T>(best_memory);
      RowNumber<T>* number = elements<RowNumber<T>>(number_memory);
      for (std::int64_t row = first; row < stop; ++row) {
        const std::int64_t i = row % rows.count, top = rows.begin[i];
        best_of_columns(in + row / rows.count * pixels + top * width, rows.step * width, rows.size(i), width, best,
                        number);
        for (std::int64_t j = 0; j < columns.count; ++j) {
          std::int64_t at = columns.begin[j];
          T value = best[at];
          RowNumber<T> in_row = number[at];
          for (std::int64_t l = at + columns.step; l < columns.end[j]; l += columns.step) {
            const T other = best[l];
            const RowNumber<T> other_row = number[l];
            const bool better = is_better_beside(other, other_row, value, in_row);
            value = better ? other : value;
            in_row = better ? other_row : in_row;
            at = better ? l : at;
          }
          out[row * columns.count + j] = value;
          index[row * columns.count + j] = (top + in_row * rows.step) * width + at;
        }
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
