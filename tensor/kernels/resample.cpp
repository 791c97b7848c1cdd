#include <xgrad/tensor/kernels/elements.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/index.hpp>
#include <xgrad/tensor/kernels/resample.hpp>
#include <xgrad/tensor/kernels/tiles.hpp>
#include <xgrad/tensor/kernels/transpose.hpp>
#include <xgrad/tensor/kernels/views.hpp>
#include <xgrad/tensor/support/cached_vector.hpp>
#include <xgrad/tensor/threads.hpp>

#include <algorithm>
#include <utility>

namespace xg::kernels {
namespace {

constexpr std::int64_t lanes = 16;      // vectors that are multiplied beside each other
constexpr std::int64_t short_sum = 32;  // longer sums are computed in float64

/// A row of the matrix.
struct Entries {
  const std::int64_t* column;
  const double* weight;  // or null
  std::int64_t count;
  double divisor;
};

class Rows {
 public:
  explicit Rows(const SparseRows& m)
      : start_(elements<std::int64_t>(m.start)),
        column_(elements<std::int64_t>(m.column)),
        weight_(m.weight.defined() ? elements<double>(m.weight) : nullptr),
        divisor_(m.divisor.defined() ? elements<double>(m.divisor) : nullptr) {}
  Entries operator[](std::int64_t i) const {
    const std::int64_t at = start_[i];
    return {column_ + at, weight_ == nullptr ? nullptr : weight_ + at, start_[i + 1] - at,
            divisor_ == nullptr ? 1.0 : divisor_[i]};
  }

 private:
  const std::int64_t *start_, *column_;
  const double *weight_, *divisor_;
};

/// One element of each of `count` vectors of length n: sums in float64. Results are m apart.
template <std::int64_t count, class T>
void combine_vectors(const T* x, std::int64_t n, const Entries& row, T* out, std::int64_t m) {
  double sums[count] = {};
  for (std::int64_t k = 0; k < row.count; ++k) {
    const T* from = x + row.column[k];
    const double weight = row.weight == nullptr ? 1.0 : row.weight[k];
    for (std::int64_t v = 0; v < count; ++v) sums[v] += weight * static_cast<double>(from[v * n]);
  }
  if (row.divisor != 1)
    for (double& sum : sums) sum /= row.divisor;
  for (std::int64_t v = 0; v < count; ++v) out[v * m] = static_cast<T>(sums[v]);
}

/// `inner` adjacent elements.
template <class T>
[[gnu::always_inline]] inline void combine(const T* x, std::int64_t inner, const Entries& row, T* out) {
  if (row.count == 0) return static_cast<void>(std::fill_n(out, inner, T(0)));
  for (std::int64_t k = 0; k < row.count; ++k) {
    const T* from = x + row.column[k] * inner;
    const T weight = row.weight == nullptr ? T(1) : static_cast<T>(row.weight[k]);
    if (k == 0)
      for (std::int64_t j = 0; j < inner; ++j) out[j] = weight * from[j];
    else
      for (std::int64_t j = 0; j < inner; ++j) out[j] += weight * from[j];
  }
  if (row.divisor != 1)
    for (std::int64_t j = 0; j < inner; ++j) out[j] /= static_cast<T>(row.divisor);
}

/// The matrix times `count` vectors, from x [count, n] to out [count, m].
template <class T> void multiply_vectors(const T* x, std::int64_t count, const SparseRows& matrix, T* out) {
  const std::int64_t n = matrix.columns, m = matrix.rows;
  const Rows rows(matrix);
  std::int64_t v = 0;
  if (matrix.column.numel() <= short_sum * m) {  // vectors beside each other, in lanes
    CachedVector<T> in(static_cast<std::size_t>(n * lanes)), result(static_cast<std::size_t>(m * lanes));
    for (; v + lanes <= count; v += lanes) {
      transpose_into(x + v * n, n, lanes, n, in.data(), lanes);
      for (std::int64_t i = 0; i < m; ++i) combine(in.data(), lanes, rows[i], result.data() + i * lanes);
      transpose_into(result.data(), lanes, m, lanes, out + v * m, m);
    }
  } else {
    for (; v + 8 <= count; v += 8)
      for (std::int64_t i = 0; i < m; ++i) combine_vectors<8>(x + v * n, n, rows[i], out + v * m + i, m);
  }
  for (; v < count; ++v)
    for (std::int64_t i = 0; i < m; ++i) combine_vectors<1>(x + v * n, n, rows[i], out + v * m + i, m);
}

}  // namespace

SparseBuilder::SparseBuilder(std::int64_t rows, std::int64_t columns, std::int64_t capacity, unsigned numbers)
    : matrix_{rows, columns, empty({rows + 1}, Dtype::int64), empty({capacity}, Dtype::int64), {}, {}} {
  if ((numbers & weights) != 0) matrix_.weight = empty({capacity}, Dtype::float64);
  if ((numbers & divisors) != 0) matrix_.divisor = empty({rows}, Dtype::float64);
  elements<std::int64_t>(matrix_.start)[0] = 0;
}

void SparseBuilder::add(std::int64_t column, double weight) {
  elements<std::int64_t>(matrix_.column)[entries_] = column;
  if (matrix_.weight.defined()) elements<double>(matrix_.weight)[entries_] = weight;
  ++entries_;
}

void SparseBuilder::end_row(double divisor) {
  if (matrix_.divisor.defined()) elements<double>(matrix_.divisor)[row_] = divisor;
  elements<std::int64_t>(matrix_.start)[++row_] = entries_;
}

SparseRows SparseBuilder::finish() && {
  matrix_.column = view_of(matrix_.column, {entries_}, {1});
  if (matrix_.weight.defined()) matrix_.weight = view_of(matrix_.weight, {entries_}, {1});
  return std::move(matrix_);
}

SparseRows transposed(const SparseRows& matrix) {
  const std::int64_t entries = matrix.column.numel();
  SparseRows out{matrix.columns,
                 matrix.rows,
                 zeros({matrix.columns + 1}, Dtype::int64),
                 empty({entries}, Dtype::int64),
                 empty({entries}, Dtype::float64),
                 {}};
  std::int64_t *start = elements<std::int64_t>(out.start), *column = elements<std::int64_t>(out.column);
  double* weight = elements<double>(out.weight);
  const std::int64_t* columns = elements<std::int64_t>(matrix.column);
  for (std::int64_t k = 0; k < entries; ++k) ++start[columns[k] + 1];
  for (std::int64_t j = 0; j < matrix.columns; ++j) start[j + 1] += start[j];
  // start[j] is where the next entry of row j goes, and in the end where row j + 1 begins.
  const Rows rows(matrix);
  for (std::int64_t i = 0; i < matrix.rows; ++i) {
    const Entries row = rows[i];
    for (std::int64_t k = 0; k < row.count; ++k) {
      const std::int64_t to = start[row.column[k]]++;
      column[to] = i;
      weight[to] = (row.weight == nullptr ? 1.0 : row.weight[k]) / row.divisor;
    }
  }
  for (std::int64_t j = matrix.columns; j > 0; --j) start[j] = start[j - 1];
  start[0] = 0;
  return out;
}

Tensor resample(const Tensor& x_, std::int64_t dim, const SparseRows& matrix) {
  const Tensor x = contiguous(x_);
  Shape shape = x.shape();
  shape[static_cast<std::size_t>(dim)] = matrix.rows;
  Tensor out = empty(shape, x.dtype());
  if (out.numel() == 0) return out;
  const AroundDim around(shape, dim);
  const std::int64_t inner = around.inner, n = matrix.columns, m = matrix.rows;
  const std::int64_t cost = inner * (matrix.column.numel() / m + 1);
  const Rows rows(matrix);
  dispatch_floating(x.dtype(), [&]<class T>() {
    const T* from = elements<T>(x);
    T* to = elements<T>(out);
    const std::int64_t tile = std::max<std::int64_t>(1, tile_elements / cost);
    if (inner == 1 && around.outer > 1) {
      const std::int64_t block = std::max(lanes, tile / m / lanes * lanes);
      xg::detail::parallel_ranges(around.outer, block, [&](std::int64_t begin, std::int64_t end) {
        multiply_vectors(from + begin * n, end - begin, matrix, to + begin * m);
      });
      return;
    }
    // The tiles are of rows of all outer elements together.
    xg::detail::parallel_ranges(around.outer * m, tile, [&](std::int64_t begin, std::int64_t end) {
      std::int64_t i = begin % m;
      const T* base = from + begin / m * n * inner;
      for (std::int64_t at = begin; at < end; ++at) {
        if (inner == 1)
          combine_vectors<1>(base, n, rows[i], to + at, m);
        else
          combine(base, inner, rows[i], to + at * inner);
        if (++i == m) i = 0, base += n * inner;
      }
    });
  });
  return out;
}

}  // namespace xg::kernels
