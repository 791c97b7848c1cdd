// The largest element of each window of an image.
#pragma once

#include <xgrad/tensor/kernels/windows.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <cstdint>
#include <utility>

namespace xg::kernels {

/// Windows of one dimension: window i consists of begin[i], begin[i] + step, ... before end[i], all inside.
struct WindowRanges {
  std::int64_t count = 0;
  Tensor begin, end;  ///< int64 [count]; undefined where no window is read
  std::int64_t step = 1;
};

/// The parts of sliding windows that lie inside the dimension. Throws ShapeError, naming `op`, where one has none.
WindowRanges sliding_ranges(const char* op, const Sliding& sliding);
/// `count` windows that cover a dimension: from floor(i size / count) to ceil((i + 1) size / count).
WindowRanges covering_ranges(std::int64_t size, std::int64_t count);

/// {values, indices} of x [.., height, width]: for each pair of windows the first of the largest elements, and its
/// number in the plane. NaN counts as larger than all numbers, and of several the last is taken. No window is empty.
std::pair<Tensor, Tensor> window_max(const Tensor& x, const WindowRanges& rows, const WindowRanges& columns);
/// The numbers of the elements of each pair of windows in a plane of `width` columns, int64 [windows, the largest
/// number of elements]; smaller windows are filled up with `filler`.
Tensor window_elements(const WindowRanges& rows, const WindowRanges& columns, std::int64_t width, std::int64_t filler);

}  // namespace xg::kernels
