// Shared parts of linear algebra: checks, and solutions that other derivatives use.
#pragma once

#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <cstdint>
#include <tuple>
#include <utility>

namespace xg::autograd {

/// Throws DtypeError unless x is floating-point, ShapeError unless it has two dimensions at least.
void check_matrices(const char* op, const char* argument, const Tensor& x);
/// The same, and ShapeError unless the matrices are square.
void check_square(const char* op, const char* argument, const Tensor& x);
/// Throws DtypeError unless both dtypes are equal.
void check_equal_dtypes(const char* op, const Tensor& a, const Tensor& b);
/// Is b a vector, or a batch of vectors, as the right-hand side of a system with the matrix a?
bool is_vector_for(const Tensor& a, const Tensor& b);
/// Both expanded to their common batch. Throws ShapeError where there is none.
std::pair<Tensor, Tensor> with_common_batch(const char* op, const Tensor& a, const Tensor& b);

/// The last two dimensions exchanged, in the graph.
inline Tensor mT(const Tensor& x) { return transpose(x, -2, -1); }
/// [..] as [.., 1, 1]
inline Tensor per_matrix(const Tensor& x) { return unsqueeze(unsqueeze(x, -1), -1); }
/// The identity [n, n] in the dtype of x.
inline Tensor identity(std::int64_t n, const Tensor& x) { return eye(n, n, {.dtype = x.dtype()}); }
/// m - m^T
inline Tensor skew(const Tensor& m) { return m - mT(m); }

/// solve(a, b) for b [.., n, k], where a matrix for all b is factorized once.
template <class F> Tensor solve_for_all(const char* op, const Tensor& a, const Tensor& b, F&& solve) {
  if (a.dim() == 2 && b.dim() > 2) {
    const Tensor rows = movedim(b, -2, 0);
    const std::int64_t n = b.size(-2), columns = n == 0 ? 0 : b.numel() / n;
    return movedim(reshape(solve(a, reshape(rows, {n, columns})), rows.shape()), 0, -2);
  }
  const auto [left, right] = with_common_batch(op, a, b);
  return solve(left, right);
}

/// a^-1 b for a triangular [.., n, n] and b [.., n, k] of one batch. Its other triangle is not read, but the gradient
/// of a is that of a^-1 b in all elements.
Tensor triangular_solution(const Tensor& a, const Tensor& b, bool upper);
/// a^-1, NaN where a is singular.
Tensor unchecked_inverse(const Tensor& a);
/// The pseudoinverse with a relative tolerance.
Tensor pseudoinverse(const Tensor& a, double rtol);
/// u [.., m, k], s [.., k], vh [.., k, n].
std::tuple<Tensor, Tensor, Tensor> reduced_svd(const Tensor& a);

}  // namespace xg::autograd
