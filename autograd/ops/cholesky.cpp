// Cholesky factors and triangular systems.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/linalg.hpp>
#include <xgrad/autograd/ops/linalg.hpp>
#include <xgrad/tensor/kernels/linalg.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <array>
#include <utility>
#include <vector>

namespace xg {
namespace autograd {

void check_matrices(const char* op, const char* argument, const Tensor& x) {
  if (!x.is_floating_point())
    raise<DtypeError>("[{}] {} is {}, it must be floating-point: convert with x.to(xg::float32).", op, argument,
                      xg::name(x.dtype()));
  if (x.dim() < 2)
    raise<ShapeError>("[{}] {} has shape {}, it must have two dimensions at least: those of the matrices.", op,
                      argument, x.shape().str());
}

void check_square(const char* op, const char* argument, const Tensor& x) {
  check_matrices(op, argument, x);
  if (x.size(-1) != x.size(-2))
    raise<ShapeError>("[{}] {} has shape {}, its matrices must be square.", op, argument, x.shape().str());
}

void check_equal_dtypes(const char* op, const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype())
    raise<DtypeError>("[{}] the dtypes are {} and {}, they must be equal: convert one with x.to(xg::{}).", op,
                      xg::name(a.dtype()), xg::name(b.dtype()), xg::name(a.dtype()));
}

bool is_vector_for(const Tensor& a, const Tensor& b) {
  return b.dim() == 1 || (a.dim() == b.dim() + 1 && b.shape() == Shape(a.shape().begin(), a.shape().end() - 1));
}

std::pair<Tensor, Tensor> with_common_batch(const char* op, const Tensor& a, const Tensor& b) {
  const auto batch_of = [](const Tensor& x) { return Shape(x.shape().begin(), x.shape().end() - 2); };
  const Shape batch = batch_of(a) == batch_of(b) ? batch_of(a) : broadcast_shapes(op, batch_of(a), batch_of(b));
  const auto expanded = [&](const Tensor& x) {
    Shape shape = batch;
    shape.push_back(x.size(-2));
    shape.push_back(x.size(-1));
    return x.shape() == shape ? x : expand(x, shape);
  };
  return {expanded(a), expanded(b)};
}

namespace {

/// A symmetric positive definite matrix from any.
Tensor definite(const Tensor& x) { return matmul(x, mT(x)) + identity(x.size(-2), x); }
/// A triangular matrix from any, with a diagonal that is far from 0.
Tensor triangular(const Tensor& x, bool upper) {
  const Tensor off = upper ? triu(x, 1) : tril(x, -1);
  return off + 4.0 * identity(x.size(-1), x) + 0.5 * diag_embed(diagonal(x, 0, -2, -1));
}

/// a = l l^T, or u^T u.
///   da = l^-T phi(l^T g) l^-1, symmetrized; phi keeps the lower triangle and half of the diagonal
struct Cholesky {
  static constexpr const char* name = "cholesky";
  static constexpr int inputs = 1;
  static constexpr unsigned saves = save_output();
  static constexpr Rule rule = Rule::quadrature;
  bool upper = false;

  static bool mixes_rows(std::int64_t ndim) { return ndim <= 2; }
  Tensor forward(const Tensor& a) const { return kernels::cholesky("linalg::cholesky", a, upper); }
  Tensor backward(const OpContext& c, const Tensor& grad) const {
    const Tensor up = upper ? c.output() : mT(c.output());
    const Tensor product = matmul(up, upper ? mT(grad) : grad);
    const Tensor half = triangular_solution(up, tril(product) + tril(product, -1), true);
    const Tensor whole = triangular_solution(up, mT(half), true);
    return 0.25 * (whole + mT(whole));
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](bool upper) {
      return [=](const Inputs& in) { return apply(Cholesky{upper}, definite(in[0])); };
    };
    return shaped_samples(d, {{"matrix", {{3, 4}}, call(false)},
                              {"upper", {{3, 4}}, call(true)},
                              {"batch", {{2, 3, 3}}, call(false)},
                              {"one element", {{1, 1}}, call(false)},
                              {"empty", {{0, 3, 3}}, call(false)},
                              {"of size 0", {{2, 0, 0}}, call(true)}});
  }
};

/// a^-1 b; a triangular.
///   db = a^-T g, da = -db x^T, not restricted to the triangle: callers restrict it where it should be
struct TriangularSolve {
  static constexpr const char* name = "solve_triangular";
  static constexpr int inputs = 2;
  static constexpr unsigned saves = save_input(0) | save_output();
  static constexpr Rule rule = Rule::quadrature;
  bool upper = false;

  static bool mixes_rows(std::int64_t ndim) { return ndim <= 2; }
  Tensor forward(const Tensor& a, const Tensor& b) const { return kernels::solve_triangular(a, b, upper); }
  std::array<Tensor, 2> backward(const OpContext& c, const Tensor& grad) const {
    const Tensor right = apply(TriangularSolve{!upper}, mT(c.input(0)), grad);
    return {c.needs(0) ? -matmul(right, mT(c.output())) : Tensor(), right};
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](bool upper) {
      return [=](const Inputs& in) { return apply(TriangularSolve{upper}, triangular(in[0], upper), in[1]); };
    };
    return shaped_samples(d, {{"lower", {{3, 3}, {3, 2}}, call(false)},
                              {"upper", {{3, 3}, {3, 2}}, call(true)},
                              {"batch", {{2, 3, 3}, {2, 3, 1}}, call(false)},
                              {"one element", {{1, 1}, {1, 1}}, call(true)},
                              {"empty", {{0, 3, 3}, {0, 3, 2}}, call(false)},
                              {"no columns", {{3, 3}, {3, 0}}, call(false)},
                              {"of size 0", {{2, 0, 0}, {2, 0, 2}}, call(true)}});
  }
};

void check_factor(const char* op, const Tensor& l) {
  check_square(op, "l", l);
  kernels::check_diagonal(op, l);
}

void check_rows(const char* op, const Tensor& a, const Tensor& b, bool left) {
  if (b.size(left ? -2 : -1) != a.size(-1))
    raise<ShapeError>("[{}] the shapes are {} and {}: the second must have as many {} as the first.", op,
                      a.shape().str(), b.shape().str(), left ? "rows" : "columns");
}

}  // namespace

Tensor triangular_solution(const Tensor& a, const Tensor& b, bool upper) { return apply(TriangularSolve{upper}, a, b); }

}  // namespace autograd

namespace linalg {

using namespace autograd;  // NOLINT: its parts of linear algebra

Tensor cholesky(const Tensor& a, bool upper) {
  check_square("linalg::cholesky", "a", a);
  return apply(Cholesky{upper}, a);
}

Tensor cholesky_solve(const Tensor& b, const Tensor& l, bool upper) {
  constexpr const char* op = "linalg::cholesky_solve";
  check_matrices(op, "b", b);
  check_factor(op, l);
  check_equal_dtypes(op, b, l);
  check_rows(op, l, b, true);
  return solve_for_all(op, l, b, [&](const Tensor& factor, const Tensor& right) {
    const Tensor up = upper ? factor : mT(factor);
    return triangular_solution(up, triangular_solution(mT(up), right, false), true);
  });
}

Tensor cholesky_inverse(const Tensor& l, bool upper) {
  check_factor("linalg::cholesky_inverse", l);
  const Tensor low = upper ? mT(l) : l;
  const Tensor part = triangular_solution(low, expand(identity(l.size(-1), l), l.shape()), false);
  return matmul(mT(part), part);
}

Tensor solve_triangular(const Tensor& a, const Tensor& b, bool upper, TriangularOptions options) {
  constexpr const char* op = "linalg::solve_triangular";
  check_square(op, "a", a);
  check_matrices(op, "b", b);
  check_equal_dtypes(op, a, b);
  check_rows(op, a, b, options.left);
  if (!options.left) return mT(solve_triangular(mT(a), mT(b), !upper, {.unitriangular = options.unitriangular}));
  const std::int64_t skip = options.unitriangular ? 1 : 0;
  Tensor triangle = upper ? triu(a, skip) : tril(a, -skip);
  if (options.unitriangular)
    triangle = triangle + identity(a.size(-1), a);
  else
    kernels::check_diagonal(op, a);
  return solve_for_all(op, triangle, b, [&](const Tensor& left, const Tensor& right) {
    return triangular_solution(left, right, upper);
  });
}

}  // namespace linalg
}  // namespace xg
