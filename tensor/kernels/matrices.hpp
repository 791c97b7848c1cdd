// Batches of matrices as LAPACK takes them: float64, dense, one matrix after another.
#pragma once

#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/lapack.hpp>
#include <xgrad/tensor/kernels/linalg.hpp>
#include <xgrad/tensor/kernels/views.hpp>
#include <xgrad/tensor/support/raise.hpp>
#include <xgrad/tensor/threads.hpp>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <utility>

namespace xg::kernels {

/// The sizes of matrices [.., rows, cols].
struct Matrices {
  Shape batch;
  std::int64_t count, rows, cols;

  /// Throws ShapeError for sizes that LAPACK cannot take.
  Matrices(const char* op, const Tensor& a)
      : batch(a.shape().begin(), a.shape().end() - 2),
        count(batch.numel()),
        rows(a.shape()[batch.size()]),
        cols(a.shape()[batch.size() + 1]) {
    if (std::max(rows, cols) > lapack::max_size)
      raise<ShapeError>("[{}] the matrices are [{}, {}]: LAPACK takes at most {} rows and columns.", op, rows, cols,
                        lapack::max_size);
  }
  lapack::Int m() const { return static_cast<lapack::Int>(rows); }
  lapack::Int n() const { return static_cast<lapack::Int>(cols); }
  std::int64_t least() const { return std::min(rows, cols); }
  bool empty() const { return count == 0 || rows == 0 || cols == 0; }
  /// [batch.., sizes..]
  Shape with(std::initializer_list<std::int64_t> sizes) const {
    Shape shape = batch;
    for (const std::int64_t size : sizes) shape.push_back(size);
    return shape;
  }
};

/// The number of right-hand sides as LAPACK counts them. Throws ShapeError where it cannot.
inline lapack::Int right_sides(const char* op, std::int64_t columns) {
  if (columns > std::numeric_limits<lapack::Int>::max())
    raise<ShapeError>("[{}] there are {} right-hand sides: solve for fewer at a time.", op, columns);
  return static_cast<lapack::Int>(columns);
}

inline double* numbers(const Tensor& x) { return static_cast<double*>(x.impl().data); }
inline lapack::Int* integers(const Tensor& x) { return static_cast<lapack::Int*>(x.impl().data); }

/// The last two dimensions exchanged.
inline Tensor transposed(const Tensor& x) {
  Shape shape = x.shape(), strides = x.strides();
  const std::size_t n = shape.size();
  std::swap(shape[n - 1], shape[n - 2]);
  std::swap(strides[n - 1], strides[n - 2]);
  return view_of(x, shape, strides);
}
/// A float64 copy of each matrix, row by row.
inline Tensor row_major(const Tensor& a) { return cast(a, Dtype::float64); }
/// A float64 copy of each matrix, column by column: [.., cols, rows].
inline Tensor column_major(const Tensor& a) { return cast(transposed(a), Dtype::float64); }
/// The matrices [.., rows, cols] of a tensor as column_major() makes it, in a dtype.
inline Tensor from_columns(const Tensor& columns, Dtype dtype) { return cast(transposed(columns), dtype); }

/// Throws LinalgError where an element is NaN or infinite.
void check_finite(const char* op, const Tensor& dense, const Matrices& sizes, bool by_columns);

/// Calls f(i) for each of `count` matrices; `work` is about how many operations one takes.
template <class F> void for_each_matrix(std::int64_t count, double work, F&& f) {
  constexpr double enough = 1e5;  // operations that are worth another thread
  const auto tile = static_cast<std::int64_t>(std::clamp(enough / (work + 1), 1.0, 1e6));
  xg::detail::parallel_ranges(count, tile, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) f(i);
  });
}
inline double cubic(const Matrices& sizes) {
  return static_cast<double>(sizes.rows) * static_cast<double>(sizes.cols) * static_cast<double>(sizes.least());
}

/// The `info` of each matrix, and the error for the first that is not 0.
class Failures {
 public:
  explicit Failures(std::int64_t count) : info_(zeros({count}, Dtype::int32)) {}
  void set(std::int64_t i, lapack::Int info) { integers(info_)[i] = info; }
  /// Calls throw_error(number of the matrix, info) for the first failure.
  template <class F> void check(F&& throw_error) const {
    for (std::int64_t i = 0; i < info_.numel(); ++i)
      if (integers(info_)[i] != 0) throw_error(i, integers(info_)[i]);
  }

 private:
  Tensor info_;
};

}  // namespace xg::kernels
