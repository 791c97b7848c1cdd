// Eigenvalues, singular values, and what is made of them.
#include <xgrad/tensor/kernels/gemm.hpp>
#include <xgrad/tensor/kernels/linalg.hpp>
#include <xgrad/tensor/kernels/matrices.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace xg::kernels {

using lapack::Int;

namespace {

/// Sets the matrices of x [.., n, n] to the identity.
void set_identity(const Tensor& x) {
  const std::int64_t n = x.shape().back();
  for (std::int64_t i = 0; i < x.numel(); ++i) numbers(x)[i] = i % (n * n) / n == i % n ? 1 : 0;
}

/// As with one dimension of all matrices.
Tensor folded(const Tensor& x, std::int64_t count) {
  const Shape& shape = x.shape();
  return with_shape(x, {count, shape[shape.size() - 2], shape.back()});
}

/// Has a matrix in column-major order a 0 on its diagonal? LAPACK takes a matrix of zeros for one of full rank.
bool has_zero_diagonal(const double* a, std::int64_t m, std::int64_t n) {
  for (std::int64_t i = 0; i < std::min(m, n); ++i)
    if (a[i * m + i] == 0) return true;
  return false;
}

[[noreturn]] void throw_unconverged(const char* op, const Shape& batch, std::int64_t i) {
  raise<LinalgError>("[{}] the iteration for {} did not converge.", op, name_of_matrix(batch, i));
}

}  // namespace

std::pair<Tensor, Tensor> eigh(const char* op, const Tensor& a, bool lower, bool vectors) {
  const Matrices sizes(op, a);
  const std::int64_t n = sizes.rows;
  // LAPACK reads one triangle; the other is replaced by it, so that what lies there is not judged.
  Tensor v = row_major(a);
  for_each_matrix(sizes.count, static_cast<double>(n * n), [&](std::int64_t i) {
    double* x = numbers(v) + i * n * n;
    for (std::int64_t row = 0; row < n; ++row)
      for (std::int64_t col = 0; col < row; ++col) {
        double &below = x[row * n + col], &above = x[col * n + row];
        (lower ? above : below) = lower ? below : above;
      }
  });
  const Tensor w = empty(sizes.with({n}), Dtype::float64);
  if (!sizes.empty()) {
    check_finite(op, v, sizes, lower);
    Failures failures(sizes.count);
    for_each_matrix(sizes.count, 10 * cubic(sizes), [&](std::int64_t i) {
      failures.set(i, lapack::syevd(vectors, 'L', sizes.n(), numbers(v) + i * n * n, numbers(w) + i * n));
    });
    failures.check([&](std::int64_t i, Int) { throw_unconverged(op, sizes.batch, i); });
  }
  return {cast(w, a.dtype()), vectors ? from_columns(v, a.dtype()) : Tensor()};
}

SvdFactors svd(const char* op, const Tensor& a, SvdVectors vectors) {
  const Matrices sizes(op, a);
  const std::int64_t m = sizes.rows, n = sizes.cols, k = sizes.least();
  const bool full = vectors == SvdVectors::full, wanted = vectors != SvdVectors::none;
  const std::int64_t columns = wanted ? (full ? m : k) : 0, rows = wanted ? (full ? n : k) : 0;
  const Tensor input = column_major(a), s = empty(sizes.with({k}), Dtype::float64);
  const Tensor u = empty(sizes.with({columns, m}), Dtype::float64), vh = empty(sizes.with({n, rows}), Dtype::float64);
  if (!sizes.empty()) {
    check_finite(op, input, sizes, true);
    Failures failures(sizes.count);
    for_each_matrix(sizes.count, 20 * cubic(sizes), [&](std::int64_t i) {
      failures.set(i, lapack::gesdd(full ? 'A' : (wanted ? 'S' : 'N'), sizes.m(), sizes.n(), numbers(input) + i * m * n,
                                    numbers(s) + i * k, numbers(u) + i * columns * m, numbers(vh) + i * n * rows));
    });
    failures.check([&](std::int64_t i, Int) { throw_unconverged(op, sizes.batch, i); });
  } else if (full) {
    set_identity(u);
    set_identity(vh);
  }
  if (!wanted) return {{}, cast(s, a.dtype()), {}};
  return {from_columns(u, a.dtype()), cast(s, a.dtype()), from_columns(vh, a.dtype())};
}

double RankTolerance::of(std::int64_t i, double largest) const {
  const double absolute = atols.defined() ? numbers(atols)[i] : atol;
  const double relative = rtols.defined() ? numbers(rtols)[i] : rtol;
  return std::max(absolute, relative * largest);
}

Tensor pseudoinverse(const char* op, const Tensor& a, bool symmetric, const RankTolerance& tolerance) {
  const Matrices sizes(op, a);
  for (const Tensor& given : {tolerance.atols, tolerance.rtols})
    if (given.defined() && given.numel() != sizes.count)
      raise<ShapeError>("[{}] there are {} tolerances for {} matrices.", op, given.numel(), sizes.count);
  const Tensor wide = row_major(a);
  SvdFactors f;
  if (symmetric) {
    auto [values, vectors] = eigh(op, wide, true, true);
    f = {vectors, values, cast(transposed(vectors), Dtype::float64)};
  } else {
    f = svd(op, wide, SvdVectors::reduced);
  }
  const std::int64_t k = sizes.least(), n = sizes.cols;
  for (std::int64_t i = 0; i < sizes.count; ++i) {
    const double* s = numbers(f.s) + i * k;
    double largest = 0;
    for (std::int64_t j = 0; j < k; ++j) largest = std::max(largest, std::abs(s[j]));
    const double zero = tolerance.of(i, largest);
    for (std::int64_t j = 0; j < k; ++j) {
      double* row = numbers(f.vh) + (i * k + j) * n;
      const double factor = std::abs(s[j]) > zero ? 1 / s[j] : 0;
      std::transform(row, row + n, row, [factor](double v) { return factor * v; });
    }
  }
  const Tensor out = batched_matmul(transposed(folded(f.vh, sizes.count)), transposed(folded(f.u, sizes.count)));
  return cast(with_shape(out, sizes.with({n, sizes.rows})), a.dtype());
}

LstsqFactors lstsq(const char* op, const Tensor& a, const Tensor& b, LstsqMethod method, double rcond) {
  const Matrices sizes(op, a);
  const std::int64_t m = sizes.rows, n = sizes.cols, k = b.shape().back(), high = std::max(m, n);
  const Tensor input = column_major(a), right = column_major(b);
  check_finite(op, input, sizes, true);
  const Tensor x = zeros(sizes.with({k, n}), Dtype::float64);
  const Tensor rank = zeros(sizes.batch, Dtype::int64);
  const Tensor s = zeros(sizes.with({sizes.least()}), Dtype::float64);
  if (!sizes.empty()) {
    // LAPACK takes at least one right-hand side.
    const std::int64_t columns = std::max<std::int64_t>(k, 1);
    const Int width = right_sides(op, columns);
    const Tensor both = zeros({sizes.count, columns, high}, Dtype::float64);
    Failures failures(sizes.count);
    for_each_matrix(sizes.count, 20 * cubic(sizes), [&](std::int64_t i) {
      double *from = numbers(input) + i * m * n, *to = numbers(both) + i * columns * high;
      for (std::int64_t j = 0; j < k; ++j)
        std::copy(numbers(right) + (i * k + j) * m, numbers(right) + (i * k + j + 1) * m, to + j * high);
      Int found = 0, info = 0;
      if (method == LstsqMethod::full_rank)
        info = lapack::gels(sizes.m(), sizes.n(), width, from, to) != 0 || has_zero_diagonal(from, m, n) ? 1 : 0;
      else if (method == LstsqMethod::orthogonal)
        info = lapack::gelsy(sizes.m(), sizes.n(), width, from, to, rcond, found);
      else
        info = lapack::gelsd(sizes.m(), sizes.n(), width, from, to, numbers(s) + i * sizes.least(), rcond, found);
      failures.set(i, info);
      static_cast<std::int64_t*>(rank.impl().data)[i] = found;
      for (std::int64_t j = 0; j < k; ++j) std::copy(to + j * high, to + j * high + n, numbers(x) + (i * k + j) * n);
    });
    failures.check([&](std::int64_t i, Int) {
      if (method != LstsqMethod::full_rank) throw_unconverged(op, sizes.batch, i);
      raise<LinalgError>("[{}] {} does not have full rank: use the driver gelsy, gelss or gelsd.", op,
                         name_of_matrix(sizes.batch, i));
    });
  }
  return {from_columns(x, a.dtype()), method == LstsqMethod::full_rank ? empty({0}, Dtype::int64) : rank,
          method == LstsqMethod::singular_values ? cast(s, a.dtype()) : empty({0}, a.dtype())};
}

}  // namespace xg::kernels
