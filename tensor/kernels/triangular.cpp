// Triangular systems, by BLAS.
#include <xgrad/tensor/kernels/linalg.hpp>
#include <xgrad/tensor/kernels/matrices.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <cblas.h>

namespace xg::kernels {

Tensor solve_triangular(const Tensor& a, const Tensor& b, bool upper) {
  const std::int64_t n = a.shape().back(), k = b.shape().back();
  Tensor x = row_major(b);
  if (x.numel() > 0) {
    Tensor converted, dense;
    const Tensor& wide = a.dtype() == Dtype::float64 ? a : converted = cast(a, Dtype::float64);
    const double* factors = numbers(contiguous(wide, dense));
    const auto size = static_cast<blasint>(n), columns = static_cast<blasint>(right_sides("solve_triangular", k));
    for_each_matrix(x.numel() / (n * k), static_cast<double>(n * n) * static_cast<double>(k), [&](std::int64_t i) {
      cblas_dtrsm(CblasRowMajor, CblasLeft, upper ? CblasUpper : CblasLower, CblasNoTrans, CblasNonUnit, size, columns,
                  1, factors + i * n * n, size, numbers(x) + i * n * k, columns);
    });
  }
  return b.dtype() == Dtype::float64 ? x : cast(x, b.dtype());
}

void check_diagonal(const char* op, const Tensor& a) {
  const Matrices sizes(op, a);
  const Tensor dense = row_major(a);
  const std::int64_t n = sizes.rows;
  for (std::int64_t i = 0; i < sizes.count * n; ++i)
    if (numbers(dense)[i * n + i % n] == 0)
      raise<LinalgError>("[{}] {} is singular: element [{}, {}] of its diagonal is 0.", op,
                         name_of_matrix(sizes.batch, i / n), i % n, i % n);
}

}  // namespace xg::kernels
