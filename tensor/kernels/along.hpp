// One dimension of a tensor, and the walk over all others.
#pragma once

#include <xgrad/tensor/kernels/strided.hpp>

#include <array>

namespace xg::kernels {

inline Shape without_dim(Shape shape, std::int64_t dim) {
  if (!shape.empty()) shape.erase(static_cast<std::size_t>(dim));
  return shape;
}

/// x seen as rows of n elements along `dim`; the other dimensions carry the strides of an output and of x. A 0-d tensor
/// is one row of one element.
struct AlongDim {
  std::int64_t n, stride, out_stride;
  RowPlan<2> outer;  // output, x

  AlongDim(const Tensor& x, std::int64_t dim, const Shape& out_strides)
      : n(x.shape().empty() ? 1 : x.shape()[static_cast<std::size_t>(dim)]),
        stride(x.shape().empty() ? 1 : x.strides()[static_cast<std::size_t>(dim)]),
        out_stride(x.shape().empty() ? 1 : out_strides[static_cast<std::size_t>(dim)]),
        outer(without_dim(x.shape(), dim), {without_dim(out_strides, dim), without_dim(x.strides(), dim)}) {}

  /// The rows that the innermost loop visits: `kept` of them, adjacent or at a stride.
  struct Columns {
    std::int64_t kept, kept_stride, n, stride, out_stride;
  };
  Columns columns() const { return {outer.row_length(), outer.strides[1].back(), n, stride, outer.strides[0].back()}; }

  /// Calls f(offset in the output, offset in x) once for each row.
  template <class F> void for_each(F&& f) const {
    outer.for_each_row([&](const std::array<std::int64_t, 2>& at) {
      for (std::int64_t j = 0; j < outer.row_length(); ++j)
        f(at[0] + j * outer.strides[0].back(), at[1] + j * outer.strides[1].back());
    });
  }
};

}  // namespace xg::kernels
