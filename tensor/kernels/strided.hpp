// Iteration over several tensors of one shape: dimensions are merged once, and kernels get rows.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <algorithm>
#include <array>

namespace xg::kernels {

/// Row-major strides, in elements; a size of 0 counts as 1.
inline Shape row_major_strides(const Shape& shape) {
  Shape strides = shape;
  std::int64_t step = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    strides[i] = step;
    step *= std::max<std::int64_t>(shape[i], 1);
  }
  return strides;
}

/// Strides with which `x` is read as if it had `shape`: 0 along broadcast dimensions.
inline Shape broadcast_strides(const Tensor& x, const Shape& shape) {
  Shape strides;
  strides.resize(shape.size());
  const std::size_t skip = shape.size() - x.shape().size();
  for (std::size_t i = skip; i < shape.size(); ++i) strides[i] = x.shape()[i - skip] == 1 ? 0 : x.strides()[i - skip];
  return strides;
}

/// A shape and the strides of K operands in it, with neighbouring dimensions merged where every operand allows. The
/// last dimension is the row; there is always one.
template <std::size_t K> struct RowPlan {
  Shape shape;
  std::array<Shape, K> strides;

  RowPlan(const Shape& full, const std::array<Shape, K>& operand_strides) {
    for (std::size_t i = 0; i < full.size(); ++i) {
      if (full[i] == 1) continue;
      if (!shape.empty() && mergeable(operand_strides, i, full[i])) {
        shape[shape.size() - 1] *= full[i];
        for (std::size_t k = 0; k < K; ++k) strides[k][shape.size() - 1] = operand_strides[k][i];
      } else {
        shape.push_back(full[i]);
        for (std::size_t k = 0; k < K; ++k) strides[k].push_back(operand_strides[k][i]);
      }
    }
    if (shape.empty()) {
      shape.push_back(1);
      for (Shape& s : strides) s.push_back(1);
    }
  }

  std::int64_t row_length() const { return shape.back(); }

  /// The number of rows.
  std::int64_t rows() const {
    std::int64_t n = 1;
    for (std::size_t d = 0; d + 1 < shape.size(); ++d) n *= shape[d];
    return n;
  }

  /// Calls f(offsets) once per row, offsets in elements. Must not be called for empty shapes.
  template <class F> void for_each_row(F&& f) const { for_rows(0, rows(), f); }

  /// Calls f(offsets) for rows begin ... end - 1, at least one.
  template <class F> void for_rows(std::int64_t begin, std::int64_t end, F&& f) const {
    std::array<std::int64_t, K> offsets{};
    const std::size_t outer = shape.size() - 1;
    std::array<std::int64_t, max_dims> index{};
    std::int64_t remainder = begin;
    for (std::size_t d = outer; d-- > 0 && remainder != 0; remainder /= shape[d]) {
      index[d] = remainder % shape[d];
      for (std::size_t k = 0; k < K; ++k) offsets[k] += strides[k][d] * index[d];
    }
    if (outer == 0) return f(offsets);
    const std::size_t inner = outer - 1;
    for (std::int64_t row = begin;;) {
      for (const std::int64_t stop = std::min(end, row + shape[inner] - index[inner]);;) {
        f(offsets);
        if (++row == stop) break;
        for (std::size_t k = 0; k < K; ++k) offsets[k] += strides[k][inner];
      }
      if (row == end) return;
      for (std::size_t k = 0; k < K; ++k) offsets[k] -= strides[k][inner] * (shape[inner] - 1);
      index[inner] = 0;
      for (std::size_t d = inner - 1;; --d) {
        for (std::size_t k = 0; k < K; ++k) offsets[k] += strides[k][d];
        if (++index[d] != shape[d]) break;
        for (std::size_t k = 0; k < K; ++k) offsets[k] -= strides[k][d] * shape[d];
        index[d] = 0;
      }
    }
  }

 private:
  bool mergeable(const std::array<Shape, K>& operand_strides, std::size_t i, std::int64_t size) const {
    for (std::size_t k = 0; k < K; ++k)
      if (strides[k].back() != operand_strides[k][i] * size) return false;
    return true;
  }
};

}  // namespace xg::kernels
