// Factorizations by LAPACK, and triangular solves by BLAS, of matrices [.., m, n] of float32 or float64.
//
// All compute in float64 and return the dtype of their input. An argument `op` is the name in error messages. A matrix
// that cannot be factorized is a LinalgError, which names its place in the batch; so is one with an element that is NaN
// or infinite. A size above lapack::max_size is a ShapeError.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <string>
#include <utility>

namespace xg::kernels {

/// "the matrix", or "matrix [1, 0] of the batch" for number `index` of a batch.
std::string name_of_matrix(const Shape& batch, std::int64_t index);

/// The Cholesky factor of the symmetric matrices whose lower (or upper) triangle is that of a.
Tensor cholesky(const char* op, const Tensor& a, bool upper);

/// a^-1 b for triangular a [.., n, n], of which the other triangle is not read, and b [.., n, k]. A diagonal element of
/// 0 gives infinities and NaN.
Tensor solve_triangular(const Tensor& a, const Tensor& b, bool upper);
/// Throws LinalgError where a diagonal element of a triangular matrix is 0.
void check_diagonal(const char* op, const Tensor& a);

/// The factors of P a^T = L U: what LAPACK makes of row-major matrices.
struct LuFactors {
  Tensor lu;      ///< float64 [.., n, n], column by column
  Tensor pivots;  ///< int32 [.., n]
};
/// A singular matrix, or one that is not finite, is an error only if `checked`.
LuFactors lu_factors(const char* op, const Tensor& a, bool checked);
/// a^-1 b, or a^-T b with `transposed`, for b [.., n, k]; NaN where a pivot is 0.
Tensor solve(const LuFactors& factors, const Tensor& b, bool transposed);
/// The inverse; NaN where a pivot is 0.
Tensor inverse(const LuFactors& factors, Dtype dtype);
/// The determinants: [..].
Tensor determinant(const LuFactors& factors, Dtype dtype);
/// Their signs and the logarithms of their magnitudes: [..], 0 and -infinity for a singular matrix.
std::pair<Tensor, Tensor> sign_and_log_determinant(const LuFactors& factors, Dtype dtype);

/// a = q r for a [.., m, n], m >= n: q has k orthonormal columns and r [.., k, n] is upper triangular, where k = m if
/// `complete`, else n.
std::pair<Tensor, Tensor> qr(const char* op, const Tensor& a, bool complete = false);

/// Eigenvalues [.., n] in ascending order and eigenvectors, in columns, of the symmetric matrices whose lower (or
/// upper) triangle is that of a. The vectors are undefined unless wanted.
std::pair<Tensor, Tensor> eigh(const char* op, const Tensor& a, bool lower, bool vectors);

/// a = u diag(s) vh, s [.., min(m, n)] in descending order.
struct SvdFactors {
  Tensor u, s, vh;
};
enum class SvdVectors { none, reduced, full };
SvdFactors svd(const char* op, const Tensor& a, SvdVectors vectors);

/// What counts as zero among the singular values of matrix i: at most max(atol, rtol * the largest). The tensors, if
/// defined, hold a number for each matrix in row-major order, in place of the number beside them.
struct RankTolerance {
  double atol = 0, rtol = 0;
  Tensor atols = {}, rtols = {};
  double of(std::int64_t i, double largest) const;
};
/// The Moore-Penrose inverse [.., n, m], by singular values, or by eigenvalues for symmetric matrices (of which the
/// lower triangle is read).
Tensor pseudoinverse(const char* op, const Tensor& a, bool symmetric, const RankTolerance& tolerance);

/// The matrix exponential; NaN for a matrix that is not finite.
Tensor matrix_exp(const char* op, const Tensor& a);

enum class LstsqMethod {
  full_rank,       ///< QR or LQ; a matrix without full rank is a LinalgError
  orthogonal,      ///< complete orthogonal factorization with pivoting
  singular_values  ///< singular value decomposition
};
/// The x [.., n, k] of minimal norm that minimizes |a x - b|, for a [.., m, n] and b [.., m, k].
struct LstsqFactors {
  Tensor x;
  Tensor rank;             ///< int64 [..]; [0] for full_rank
  Tensor singular_values;  ///< [.., min(m, n)]; [0] unless computed
};
LstsqFactors lstsq(const char* op, const Tensor& a, const Tensor& b, LstsqMethod method, double rcond);

}  // namespace xg::kernels
