#include <xgrad/tensor/kernels/linalg.hpp>
#include <xgrad/tensor/kernels/matrices.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace xg::kernels {

using lapack::Int;

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Sets what lies above the diagonal (or below it) of a matrix in column-major order to 0.
void clear_triangle(double* a, std::int64_t n, bool above) {
  for (std::int64_t col = 0; col < n; ++col)
    std::fill(a + col * n + (above ? 0 : col + 1), a + col * n + (above ? col : n), 0.0);
}

/// The position of the first pivot that is 0, from 1; else 0.
Int zero_pivot(const double* lu, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i)
    if (lu[i * n + i] == 0) return static_cast<Int>(i + 1);
  return 0;
}

/// The shape of one number for each matrix.
Shape batch_of(const LuFactors& f) { return Shape(f.lu.shape().begin(), f.lu.shape().end() - 2); }

/// Solves for b [.., k, n], column by column, in place.
void solve_columns(const LuFactors& f, const Tensor& b, bool transposed) {
  const std::int64_t n = f.lu.shape().back(), k = b.shape()[b.shape().size() - 2];
  if (b.numel() == 0) return;
  const Int columns = right_sides("solve", k);
  const std::int64_t count = b.numel() / (n * k);
  // A row-major matrix is its transpose to LAPACK.
  const char trans = transposed ? 'N' : 'T';
  for_each_matrix(count, static_cast<double>(n * n) * static_cast<double>(k), [&](std::int64_t i) {
    const double* lu = numbers(f.lu) + i * n * n;
    double* x = numbers(b) + i * n * k;
    if (zero_pivot(lu, n) != 0)
      std::fill(x, x + n * k, nan);
    else
      lapack::getrs(trans, static_cast<Int>(n), columns, lu, integers(f.pivots) + i * n, x);
  });
}

}  // namespace

std::string name_of_matrix(const Shape& batch, std::int64_t index) {
  if (batch.empty()) return "the matrix";
  Shape place = batch;
  for (std::size_t d = batch.size(); d-- > 0;) {
    place[d] = index % batch[d];
    index /= batch[d];
  }
  return "matrix " + place.str() + " of the batch";
}

void check_finite(const char* op, const Tensor& dense, const Matrices& sizes, bool by_columns) {
  const double* x = numbers(dense);
  const std::int64_t n = dense.numel();
  // A sum of 0 x is 0 exactly where all x are finite, and takes no branch for each element.
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += 0 * x[i];
  if (sum == 0) return;
  const std::int64_t at = std::find_if(x, x + n, [](double v) { return !std::isfinite(v); }) - x;
  const std::int64_t area = sizes.rows * sizes.cols, length = by_columns ? sizes.rows : sizes.cols;
  const std::int64_t outer = at % area / length, inner = at % area % length;
  raise<LinalgError>("[{}] {} has the element {} at [{}, {}]: all elements must be finite.", op,
                     name_of_matrix(sizes.batch, at / area), x[at], by_columns ? inner : outer,
                     by_columns ? outer : inner);
}

// ---- Cholesky

Tensor cholesky(const char* op, const Tensor& a, bool upper) {
  const Matrices sizes(op, a);
  Tensor out = column_major(a);
  if (sizes.empty()) return from_columns(out, a.dtype());
  const std::int64_t n = sizes.rows;
  for_each_matrix(sizes.count, static_cast<double>(n * n),
                  [&](std::int64_t i) { clear_triangle(numbers(out) + i * n * n, n, !upper); });
  check_finite(op, out, sizes, true);
  Failures failures(sizes.count);
  for_each_matrix(sizes.count, cubic(sizes) / 3, [&](std::int64_t i) {
    failures.set(i, lapack::potrf(upper ? 'U' : 'L', sizes.n(), numbers(out) + i * n * n));
  });
  failures.check([&](std::int64_t i, Int order) {
    raise<LinalgError>(
        "[{}] {} is not positive definite: its leading minor of order {} is not positive. Is it symmetric? A small "
        "multiple of the identity, added to it, helps where rounding is the cause.",
        op, name_of_matrix(sizes.batch, i), order);
  });
  return from_columns(out, a.dtype());
}

// ---- LU

LuFactors lu_factors(const char* op, const Tensor& a, bool checked) {
  const Matrices sizes(op, a);
  LuFactors f{row_major(a), empty(sizes.with({sizes.rows}), Dtype::int32)};
  if (sizes.empty()) return f;
  if (checked) check_finite(op, f.lu, sizes, false);
  const std::int64_t n = sizes.rows;
  Failures failures(sizes.count);
  for_each_matrix(sizes.count, cubic(sizes), [&](std::int64_t i) {
    double* lu = numbers(f.lu) + i * n * n;
    lapack::getrf(sizes.n(), lu, integers(f.pivots) + i * n);
    if (checked) failures.set(i, zero_pivot(lu, n));
  });
  failures.check([&](std::int64_t i, Int pivot) {
    raise<LinalgError>("[{}] {} is singular: pivot {} of its LU factorization is 0. pinv and lstsq take such matrices.",
                       op, name_of_matrix(sizes.batch, i), pivot);
  });
  return f;
}

Tensor solve(const LuFactors& f, const Tensor& b, bool transposed) {
  const Tensor x = column_major(b);
  solve_columns(f, x, transposed);
  return from_columns(x, b.dtype());
}

Tensor inverse(const LuFactors& f, Dtype dtype) {
  const std::int64_t n = f.lu.shape().back();
  Tensor x = zeros(f.lu.shape(), Dtype::float64);
  for (std::int64_t i = 0; n > 0 && i < x.numel() / n; ++i) numbers(x)[i * n + i % n] = 1;
  // The columns of the inverse of the transpose are the rows of the inverse.
  solve_columns(f, x, true);
  return dtype == Dtype::float64 ? x : cast(x, dtype);
}

std::pair<Tensor, Tensor> sign_and_log_determinant(const LuFactors& f, Dtype dtype) {
  const std::int64_t n = f.lu.shape().back();
  const Tensor signs = empty(batch_of(f), Dtype::float64), logs = empty(batch_of(f), Dtype::float64);
  for (std::int64_t i = 0; i < signs.numel(); ++i) {
    double sign = 1, log = 0;
    for (std::int64_t k = 0; k < n; ++k) {
      const double pivot = numbers(f.lu)[(i * n + k) * n + k];
      if (integers(f.pivots)[i * n + k] != k + 1) sign = -sign;
      sign *= std::isnan(pivot) ? nan : static_cast<double>((pivot > 0) - (pivot < 0));
      log += std::log(std::abs(pivot));
    }
    numbers(signs)[i] = sign;
    numbers(logs)[i] = log;
  }
  return {cast(signs, dtype), cast(logs, dtype)};
}

Tensor determinant(const LuFactors& f, Dtype dtype) {
  const std::int64_t n = f.lu.shape().back();
  const Tensor out = empty(batch_of(f), Dtype::float64);
  for (std::int64_t i = 0; i < out.numel(); ++i) {
    double product = 1;
    for (std::int64_t k = 0; k < n; ++k) {
      product *= numbers(f.lu)[(i * n + k) * n + k];
      if (integers(f.pivots)[i * n + k] != k + 1) product = -product;
    }
    numbers(out)[i] = product;
  }
  return cast(out, dtype);
}

// ---- QR

std::pair<Tensor, Tensor> qr(const char* op, const Tensor& a, bool complete) {
  const Matrices sizes(op, a);
  const std::int64_t m = sizes.rows, n = sizes.cols, k = complete ? m : n;
  const Tensor factored = column_major(a), q = zeros(sizes.with({k, m}), Dtype::float64);
  const Tensor r = zeros(sizes.with({n, k}), Dtype::float64), tau = empty({sizes.count, n}, Dtype::float64);
  if (!sizes.empty()) {
    check_finite(op, factored, sizes, true);
    for_each_matrix(sizes.count, 4 * cubic(sizes), [&](std::int64_t i) {
      double *from = numbers(factored) + i * m * n, *to = numbers(q) + i * k * m, *reflectors = numbers(tau) + i * n;
      lapack::geqrf(sizes.m(), sizes.n(), from, reflectors);
      for (std::int64_t col = 0; col < n; ++col)
        std::copy(from + col * m, from + col * m + col + 1, numbers(r) + (i * n + col) * k);
      std::copy(from, from + m * n, to);
      lapack::orgqr(sizes.m(), static_cast<Int>(k), sizes.n(), to, reflectors);
    });
  } else if (complete) {
    for (std::int64_t i = 0; i < sizes.count * m; ++i) numbers(q)[i * m + i % m] = 1;
  }
  return {from_columns(q, a.dtype()), from_columns(r, a.dtype())};
}

}  // namespace xg::kernels
