// The routines of LAPACK that factorizations use, for one float64 matrix in column-major order without gaps between its
// columns. Each returns LAPACK's `info`: 0, or a positive number that says what about the matrix made it fail. No size
// is 0.
#pragma once

#include <cstdint>

namespace xg::kernels::lapack {

using Int = int;

/// The largest size of a matrix, with which no work space exceeds what an Int counts.
inline constexpr std::int64_t max_size = 20'000;

/// The Cholesky factor in the triangle `uplo` of a [n, n]; `info` is the order of a leading minor that is not positive.
Int potrf(char uplo, Int n, double* a);
/// P a = L U with a unit lower L. `info` is the position of a pivot that is 0.
Int getrf(Int n, double* a, Int* pivots);
/// Solves op(a) x = b for the columns of b, with the factors of getrf; `trans` is 'N' or 'T'.
Int getrs(char trans, Int n, Int columns, const double* lu, const Int* pivots, double* b);
/// a = Q R for a [m, n], m >= n: R in the upper triangle, reflectors below it and in tau [n].
Int geqrf(Int m, Int n, double* a, double* tau);
/// The first `columns` columns of the product of n reflectors, in place: a [m, columns].
Int orgqr(Int m, Int columns, Int n, double* a, const double* tau);
/// Eigenvalues in ascending order in w [n]; with `vectors`, the eigenvectors in the columns of a.
Int syevd(bool vectors, char uplo, Int n, double* a, double* w);
/// Singular values in descending order in s; for `job` 'S' or 'A' (all) the vectors in u and vt, for 'N' none.
Int gesdd(char job, Int m, Int n, double* a, double* s, double* u, double* vt);
/// Least squares by QR or LQ, for a of full rank. b has max(m, n) rows and receives the solution in its first n.
Int gels(Int m, Int n, Int columns, double* a, double* b);
/// Least squares of minimal norm by a complete orthogonal factorization; what is below rcond counts as 0.
Int gelsy(Int m, Int n, Int columns, double* a, double* b, double rcond, Int& rank);
/// Least squares of minimal norm by the singular values s.
Int gelsd(Int m, Int n, Int columns, double* a, double* b, double* s, double rcond, Int& rank);

}  // namespace xg::kernels::lapack
