// Linear algebra: factorizations, systems of equations, determinants, eigenvalues and singular values, functions of
// matrices, and norms. Names and meanings are those of torch.linalg.
//
// Matrices are the last two dimensions [.., m, n]; the others are a batch, and those of two operands broadcast. Sizes
// of 0 are allowed. Unless noted, the dtype is floating-point and that of all operands is equal (DtypeError), and a
// wrong number of dimensions, or a matrix that is not square where it must be, is a ShapeError; so is a size above
// 20,000. Factorizations are LAPACK's and run in float64, whatever the dtype. A matrix that has none, because it is
// singular, not positive definite or not finite, is a LinalgError, which names its place in the batch.
//
// Derivatives hold to any order. Where eigenvalues or singular values are equal, single vectors have no derivative, and
// theirs is infinite or NaN; the derivatives of the values themselves, and of norms, are right there too, to first
// order.
#pragma once

#include <xgrad/autograd/ops/products.hpp>
#include <xgrad/autograd/ops/reductions.hpp>
#include <xgrad/tensor/shape.hpp>
#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <concepts>
#include <cstdint>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

namespace xg::linalg {

using xg::cross;
using xg::vecdot;

// ---- Cholesky

/// The lower triangular l with a = l l^T for symmetric positive definite a [.., n, n], of which the lower triangle is
/// read; or with `upper`, the upper triangular u with a = u^T u, from the upper triangle. The gradient is symmetric.
/// Throws LinalgError where a is not positive definite. Murray 2016, "Differentiation of the Cholesky decomposition".
XG_API Tensor cholesky(const Tensor& a, bool upper = false);
/// a^-1 b for the matrix a whose Cholesky factor is l [.., n, n], b [.., n, k]. As in PyTorch, the gradient of l is
/// that of (l l^T)^-1 b in all elements of l. Throws LinalgError where l is singular.
XG_API Tensor cholesky_solve(const Tensor& b, const Tensor& l, bool upper = false);
/// a^-1 for the matrix a whose Cholesky factor is l [.., n, n]. The gradient is as that of cholesky_solve. Throws
/// LinalgError where l is singular.
XG_API Tensor cholesky_inverse(const Tensor& l, bool upper = false);

// ---- systems of equations

/// x with a x = b, for a [.., n, n] and b [.., n, k]; or x a = b for b [.., k, n] unless `left`. b is a vector [n], or
/// a batch of them, where it has one dimension or the shape of a without its last; so is then x. Throws LinalgError
/// where a is singular.
XG_API Tensor solve(const Tensor& a, const Tensor& b, bool left = true);
/// Options of solve_triangular().
struct TriangularOptions {
  bool left = true;            ///< solve a x = b, else x a = b
  bool unitriangular = false;  ///< the diagonal of a counts as ones and is not read
};
/// As solve, for a matrix a that is upper or lower triangular, of which the other triangle is not read; b is no vector.
/// Throws LinalgError where an element of the diagonal is 0.
XG_API Tensor solve_triangular(const Tensor& a, const Tensor& b, bool upper, TriangularOptions options = {});
/// a^-1 for a [.., n, n]. To multiply by it, solve is faster and more accurate. Throws LinalgError where a is singular.
XG_API Tensor inv(const Tensor& a);
/// The tensor x with tensordot(x, a, ind) the identity, for a tensor a whose first `ind` sizes and whose others have
/// the same product: [last sizes of a, first sizes of a]. Throws ValueError unless ind is positive, ShapeError where
/// the products differ, LinalgError as inv.
XG_API Tensor tensorinv(const Tensor& a, std::int64_t ind = 2);
/// The tensor x with tensordot(a, x) = b over the last dimensions of a, after those in `dims` were moved to its end.
/// Throws ShapeError unless the elements of b are as many as those of x, LinalgError as solve.
XG_API Tensor tensorsolve(const Tensor& a, const Tensor& b, const Dims& dims = {});

// ---- determinants

/// The determinant of a [.., n, n]: [..], 1 for n = 0. The derivative, the matrix of cofactors, is also correct where a
/// is singular; so are those of higher order for n <= 16, above which they need distinct singular values there.
XG_API Tensor det(const Tensor& a);
/// The pair (sign of the determinant, log |determinant|): [..], without overflow; 0 and -infinity for a singular
/// matrix, where the derivative is NaN. The sign has the derivative 0.
XG_API std::pair<Tensor, Tensor> slogdet(const Tensor& a);
/// The logarithm of the determinant, NaN where that is negative, -infinity where it is 0.
XG_API Tensor logdet(const Tensor& a);

// ---- factorizations

/// The pair (q, r) with a = q r, q with orthonormal columns and r upper triangular, for a [.., m, n] and k = min(m, n).
/// `mode` is "reduced" (q [.., m, k], r [.., k, n]), "complete" (q [.., m, m], r [.., m, n]) or "r" (q is empty, r as
/// if reduced). Derivatives need linearly independent first k columns, else they are infinite or NaN; for "complete"
/// with m > n there are none (AutogradError in backward). Throws ValueError for another mode. Liao et al. 2019,
/// "Differentiable programming tensor networks".
XG_API std::pair<Tensor, Tensor> qr(const Tensor& a, StringRef mode = "reduced");
/// The pair (w, v): eigenvalues [.., n] in ascending order and eigenvectors, in columns, [.., n, n] of symmetric
/// matrices a = v diag(w) v^T, of which the lower ("L") or upper ("U") triangle is read. The sign of a vector is
/// arbitrary, so that only functions that do not depend on it have a meaning. The gradient is symmetric. Throws
/// ValueError for another uplo.
XG_API std::pair<Tensor, Tensor> eigh(const Tensor& a, StringRef uplo = "L");
/// The eigenvalues that eigh gives. Their derivative is also finite where some are equal.
XG_API Tensor eigvalsh(const Tensor& a, StringRef uplo = "L");
/// The tuple (u, s, vh) with a = u diag(s) vh, for a [.., m, n] and k = min(m, n): u [.., m, m] and vh [.., n, n]
/// orthogonal, or with full_matrices = false u [.., m, k] and vh [.., k, n]; s [.., k] in descending order. The signs
/// of vectors are arbitrary, and so is, for full matrices, the basis of those beyond k.
XG_API std::tuple<Tensor, Tensor, Tensor> svd(const Tensor& a, bool full_matrices = true);
/// The singular values that svd gives. Their derivative is also finite where some are equal or 0.
XG_API Tensor svdvals(const Tensor& a);

// ---- rank, pseudoinverse and least squares

/// A bound on singular values: none, a number, or one for each matrix of the batch.
struct Tolerance {
  Tolerance() = default;  ///< the default of the function
  /// One number for all matrices.
  template <class T>
    requires(std::integral<T> || std::floating_point<T>)
  Tolerance(T value) : number(static_cast<double>(value)) {}  // NOLINT: a number is a tolerance
  /// A tensor that broadcasts to the batch.
  Tolerance(Tensor values) : tensor(std::move(values)) {}  // NOLINT

  std::optional<double> number = {};  ///< the number, if given
  Tensor tensor = {};                 ///< the tensor, if given
};
/// Options of matrix_rank() and pinv(). A singular value counts as 0 if it is at most max(atol, rtol * the largest
/// one).
struct RankOptions {
  Tolerance atol = {};     ///< 0 by default
  Tolerance rtol = {};     ///< by default eps max(m, n) of the dtype, or 0 where atol is given and positive
  bool hermitian = false;  ///< a is symmetric: eigenvalues of its lower triangle take the place of singular values
};
/// The number of singular values of a [.., m, n] that count as more than 0: int64 [..], without a derivative. Throws
/// ShapeError where a tolerance does not broadcast to the batch.
XG_API Tensor matrix_rank(const Tensor& a, const RankOptions& options = {});
/// The Moore-Penrose inverse [.., n, m] of a [.., m, n]. Throws as matrix_rank. The derivative supposes that the rank
/// does not change. Golub & Pereyra 1973, "The differentiation of pseudo-inverses".
XG_API Tensor pinv(const Tensor& a, const RankOptions& options = {});
/// Options of lstsq().
struct LstsqOptions {
  /// Singular values of at most rcond times the largest count as 0; eps max(m, n) of the dtype by default.
  std::optional<double> rcond = {};
  /// "gels": QR, for full rank; "gelsy": QR with pivoting; "gelsd" and "gelss": singular values.
  String driver = "gelsy";
};
/// The results of lstsq().
struct LstsqResult {
  Tensor solution;         ///< [.., n, k]
  Tensor residuals;        ///< |a x - b|^2 of each column [.., k], if m > n, all ranks are n, and not "gelsy"; else [0]
  Tensor rank;             ///< int64 [..]; [0] for "gels"
  Tensor singular_values;  ///< [.., min(m, n)] for "gelsd" and "gelss", without a derivative; else [0]
};
/// The x of minimal norm among those that minimize |a x - b|, for a [.., m, n] and b [.., m, k], or [.., m] as for
/// solve. Throws ValueError for another driver or an rcond that is negative or NaN, LinalgError for "gels" where a does
/// not have full rank. The derivative supposes that the rank does not change.
XG_API LstsqResult lstsq(const Tensor& a, const Tensor& b, const LstsqOptions& options = {});

// ---- functions of matrices

/// The sum of a^k / k!, for a [.., n, n]. Taylor's polynomial of degree 16 of a / 2^s and s squarings, in float64; NaN
/// for matrices that are not finite. The derivative is a block of the exponential of a matrix of twice the size
/// (Al-Mohy & Higham 2009, "Computing the Frechet derivative of the matrix exponential").
XG_API Tensor matrix_exp(const Tensor& a);
/// a^n for a [.., m, m], by repeated squaring; of the inverse for a negative n. Integers are allowed for n >= 0. Throws
/// LinalgError as inv.
XG_API Tensor matrix_power(const Tensor& a, std::int64_t n);
/// The product of two or more matrices, in the order that takes the fewest multiplications; the first may be a vector,
/// a row, and the last one, a column. Throws ValueError for fewer than two tensors, ShapeError where sizes do not fit.
XG_API Tensor multi_dot(const std::vector<Tensor>& tensors);
/// The matrix with rows 1, x_i, x_i^2, ..., x_i^(n-1), for x [.., m] (0-d counts as [1]): [.., m, n], n = m by default.
/// Every dtype but bool is allowed (DtypeError). Throws ValueError unless n is positive.
XG_API Tensor vander(const Tensor& x, std::optional<std::int64_t> n = {});

// ---- norms

/// (sum |x|^ord)^(1/ord) over dims, in the dtype of the options: see xg::vector_norm, which throws.
XG_API Tensor vector_norm(const Tensor& x, double ord = 2, const Dims& dims = {}, bool keepdim = false,
                          DtypeOption options = {});
/// A norm of the matrices in two dimensions. ord is 1 or -1: largest or smallest sum of magnitudes of a column,
/// infinity or -infinity: of a row, 2 or -2: largest or smallest singular value. Ties share the gradient. Throws
/// ValueError for another ord and unless dims are two different ones, ShapeError where an extremum of nothing is asked
/// for.
XG_API Tensor matrix_norm(const Tensor& x, double ord, const Dims& dims = {-2, -1}, bool keepdim = false,
                          DtypeOption options = {});
/// As above with ord "fro", the root of the sum of squares, or "nuc", the sum of the singular values.
XG_API Tensor matrix_norm(const Tensor& x, StringRef ord = "fro", const Dims& dims = {-2, -1}, bool keepdim = false,
                          DtypeOption options = {});
/// The root of the sum of squares of all elements, or over dims.
XG_API Tensor norm(const Tensor& x, std::nullopt_t ord = std::nullopt, const Dims& dims = {}, bool keepdim = false,
                   DtypeOption options = {});
/// vector_norm for one dimension in dims, matrix_norm for two; without dims, of all of a vector or a matrix (ShapeError
/// for other tensors).
XG_API Tensor norm(const Tensor& x, double ord, const Dims& dims = {}, bool keepdim = false, DtypeOption options = {});
/// matrix_norm with "fro" or "nuc", of the matrix in two dims, or of a matrix.
XG_API Tensor norm(const Tensor& x, StringRef ord, const Dims& dims = {}, bool keepdim = false,
                   DtypeOption options = {});
/// The condition number |a| |a^-1| of a [.., n, n] in the norm `ord` of matrix_norm: [..]; infinity where a is
/// singular, 0 for n = 0.
XG_API Tensor cond(const Tensor& a, double ord);
/// As above, for "fro" and "nuc".
XG_API Tensor cond(const Tensor& a, StringRef ord);
/// The largest singular value of a [.., m, n] divided by the smallest.
XG_API Tensor cond(const Tensor& a);

}  // namespace xg::linalg

namespace xg {

using linalg::cholesky;
using linalg::cholesky_inverse;
using linalg::cholesky_solve;
using linalg::det;
using linalg::logdet;
using linalg::matrix_exp;
using linalg::matrix_power;
using linalg::slogdet;

/// linalg::inv
XG_API Tensor inverse(const Tensor& a);
/// linalg::pinv; singular values of at most rcond times the largest count as 0.
XG_API Tensor pinverse(const Tensor& a, double rcond = 1e-15);
/// linalg::matrix_norm of two dims, with p "fro" or "nuc"; "fro" takes any number of dims, and all if there are none,
/// "nuc" a matrix if there are none. Throws ValueError for another p.
XG_API Tensor norm(const Tensor& x, StringRef p, const Dims& dims = {}, bool keepdim = false);

}  // namespace xg
