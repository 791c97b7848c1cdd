// Cholesky factors, systems of equations, determinants, QR: identities that define each result, closed forms,
// differences, errors.
#include "autograd/matrices.hpp"
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/functional.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/threads.hpp>

#include <cmath>
#include <limits>

using namespace xg;
using xg_test::check_derivatives;
using xg_test::definite;
using xg_test::expect_close;
using xg_test::eye64;
using xg_test::matrix;
using xg_test::regular;
using xg_test::waves;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

/// The determinant by expansion along the first row.
double determinant_by_minors(const std::vector<double>& a, std::size_t n) {
  if (n == 0) return 1;
  double sum = 0;
  for (std::size_t skip = 0; skip < n; ++skip) {
    std::vector<double> minor;
    for (std::size_t row = 1; row < n; ++row)
      for (std::size_t col = 0; col < n; ++col)
        if (col != skip) minor.push_back(a[row * n + col]);
    sum += (skip % 2 == 0 ? 1 : -1) * a[skip] * determinant_by_minors(minor, n - 1);
  }
  return sum;
}

}  // namespace

// ---- Cholesky

// Breaks if the wrong triangle is read or returned, or batches are mixed up.
TEST_CASE("cholesky gives the factor of its matrix") {
  for (const Shape& shape : {Shape{4, 4}, Shape{2, 3, 5, 5}, Shape{0, 2, 2}, Shape{2, 0, 0}, Shape{1, 1}})
    for (const Dtype dtype : {float64, float32}) {
      const Tensor a = definite(waves(shape)).to(dtype);
      const double tolerance = dtype == float64 ? 1e-13 : 1e-5;
      const Tensor l = linalg::cholesky(a), u = linalg::cholesky(a, true);
      CHECK(l.dtype() == dtype);
      expect_close(matmul(l, l.mT()), a, tolerance, tolerance);
      expect_close(u, l.mT(), tolerance, tolerance);
      CHECK(equal(l, tril(l)));
      expect_close(cholesky_inverse(l), linalg::inv(a), 10 * tolerance, 10 * tolerance);
      expect_close(cholesky_inverse(u, true), linalg::inv(a), 10 * tolerance, 10 * tolerance);
    }
  // The other triangle is not read.
  const Tensor a = definite(waves({3, 3})), spoiled = a + triu(full({3, 3}, std::nan(""), {.dtype = float64}), 1);
  CHECK(equal(linalg::cholesky(where(isnan(spoiled), 7.0, spoiled)), linalg::cholesky(a)));
  CHECK(equal(linalg::cholesky(spoiled), linalg::cholesky(a)));
}

// Breaks if systems with one matrix and many right-hand sides are folded wrong, or upper is taken for lower.
TEST_CASE("cholesky_solve solves with the matrix of the factor") {
  const Tensor a = definite(waves({2, 3, 3})), l = linalg::cholesky(a), b = waves({2, 3, 2}, 0.7);
  expect_close(matmul(a, cholesky_solve(b, l)), b, 1e-12, 1e-12);
  expect_close(cholesky_solve(b, l.mT(), true), cholesky_solve(b, l), 1e-12, 1e-12);
  const Tensor many = waves({5, 4, 3, 2});
  expect_close(matmul(a[0], cholesky_solve(many, l[0])), many, 1e-12, 1e-12);
  expect_close(matmul(a, cholesky_solve(b[0], l)), b[0].expand({2, 3, 2}), 1e-12, 1e-12);
}

// Breaks if the gradient is not symmetric, as PyTorch's.
TEST_CASE("the gradient of cholesky is symmetric") {
  Tensor a = definite(waves({3, 3})).requires_grad_();
  const Tensor g = grad((linalg::cholesky(a) * waves({3, 3}, 1.1)).sum(), a);
  expect_close(g, g.mT(), 1e-14, 1e-14);
  // d log det = a^-1, by the factor and without it.
  const Tensor half = linalg::cholesky(a).diagonal().log().sum();
  expect_close(2.0 * grad(half, a), linalg::inv(a.detach()), 1e-12, 1e-12);
}

TEST_CASE("derivatives of Cholesky factors and what uses them") {
  for (const Shape& shape : {Shape{3, 3}, Shape{2, 2, 2}}) {
    check_derivatives([](const Tensor& x) { return linalg::cholesky(definite(x)); }, waves(shape), "cholesky");
    check_derivatives([](const Tensor& x) { return linalg::cholesky(definite(x), true); }, waves(shape), "upper");
    const auto factor = [](const Tensor& x) { return tril(x) + 2.0 * eye64(x.size(-1)); };
    check_derivatives([&](const Tensor& x) { return cholesky_inverse(factor(x)); }, waves(shape), "cholesky_inverse");
    check_derivatives([&](const std::vector<Tensor>& in) { return cholesky_solve(in[1], factor(in[0])); },
                      {waves(shape), waves(shape, 0.9)}, "cholesky_solve");
  }
}

// ---- systems of equations

// Breaks if the shapes of right-hand sides are told apart in another way than PyTorch's.
TEST_CASE("solve solves, for matrices and vectors, from the left and the right") {
  const auto column = [](const Tensor& x) { return x.unsqueeze(-1); };
  const Tensor a = regular({2, 3, 3}), one = regular({3, 3}, 0.8);
  for (const Tensor& b : {waves({2, 3, 2}), waves({3, 4}), waves({4, 2, 3, 1}), waves({2, 3, 0})})
    expect_close(matmul(a, linalg::solve(a, b)), b.expand(matmul(a, linalg::solve(a, b)).shape()), 1e-12, 1e-12);
  const Tensor vector = waves({3}), vectors = waves({2, 3});
  CHECK(linalg::solve(one, vector).shape() == Shape{3});
  expect_close(matmul(one, linalg::solve(one, vector)), vector, 1e-12, 1e-12);
  CHECK(linalg::solve(a, vectors).shape() == Shape{2, 3});
  expect_close(matmul(a, column(linalg::solve(a, vectors))), column(vectors), 1e-12, 1e-12);
  expect_close(linalg::solve(a, vector), linalg::solve(a, vector.expand({2, 3})), 1e-12, 1e-12);
  const Tensor rows = waves({5, 2, 4, 3});
  expect_close(matmul(linalg::solve(a, rows, false), a), rows, 1e-12, 1e-12);
  expect_close(matmul(linalg::solve(one, rows, false), one), rows, 1e-12, 1e-12);
  CHECK(linalg::solve(zeros({0, 3, 3}), zeros({0, 3})).shape() == Shape{0, 3});
  CHECK(linalg::solve(zeros({0, 0}), zeros({0, 2})).shape() == Shape{0, 2});
  expect_close(linalg::solve(a.to(float32), rows.to(float32), false), linalg::solve(a, rows, false), 1e-5, 1e-6);
}

// Breaks if a triangle that must not be read is read, or a unit diagonal is.
TEST_CASE("solve_triangular reads one triangle") {
  const Tensor full_matrix = regular({2, 3, 3});
  const Tensor b = waves({2, 3, 3}, 1.7);
  for (const bool upper : {false, true})
    for (const bool left : {false, true})
      for (const bool unit : {false, true}) {
        Tensor a = upper ? triu(full_matrix, unit ? 1 : 0) : tril(full_matrix, unit ? -1 : 0);
        if (unit) a = a + eye64(3);
        const linalg::TriangularOptions options{.left = left, .unitriangular = unit};
        expect_close(linalg::solve_triangular(full_matrix, b, upper, options), linalg::solve(a, b, left), 1e-12, 1e-12);
        expect_close(linalg::solve_triangular(full_matrix[0], b, upper, options), linalg::solve(a[0], b, left), 1e-12,
                     1e-12);
        check_derivatives(
            [&](const std::vector<Tensor>& in) {
              return linalg::solve_triangular(in[0] + 3.0 * eye64(2), in[1], upper, options);
            },
            {waves({2, 2, 2}), waves({2, 2, 2}, 0.5)}, "solve_triangular");
      }
}

TEST_CASE("derivatives of solutions and inverses") {
  const auto solution = [](bool left) {
    return [left](const std::vector<Tensor>& in) { return linalg::solve(in[0], in[1], left); };
  };
  check_derivatives(solution(true), {regular({3, 3}), waves({3})}, "solve, vector");
  check_derivatives(solution(true), {regular({2, 2, 2}), waves({2, 2, 3})}, "solve, batch");
  check_derivatives(solution(true), {regular({2, 2}), waves({2, 2, 1})}, "solve, one matrix");
  check_derivatives(solution(false), {regular({2, 2, 2}), waves({1, 3, 2})}, "solve from the right");
  check_derivatives(linalg::inv, regular({2, 3, 3}), "inv");
  expect_close(matmul(linalg::inv(regular({2, 3, 3})), regular({2, 3, 3})), eye64(3).expand({2, 3, 3}), 1e-13, 1e-13);
}

// Breaks if the dimensions of a tensor are taken for those of its inverse.
TEST_CASE("tensorinv and tensorsolve are inverse to tensordot") {
  const Tensor a = regular({6, 6}).reshape({2, 3, 6}), x = linalg::tensorinv(a);
  CHECK(x.shape() == Shape{6, 2, 3});
  expect_close(tensordot(x, a, {1, 2}, {0, 1}), eye64(6), 1e-13, 1e-13);
  const Tensor b = waves({2, 3}), y = linalg::tensorsolve(a, b);
  CHECK(y.shape() == Shape{6});
  expect_close(tensordot(a, y, 2, 0), b, 1e-13, 1e-13);
  const Tensor moved = movedim(a, 2, 0);  // [6, 2, 3], the unknown first
  expect_close(linalg::tensorsolve(moved, b, 0), y, 1e-13, 1e-13);
}

// ---- determinants

// Breaks if a row exchange is not counted.
TEST_CASE("determinants agree with their definition") {
  for (const std::int64_t n : {0, 1, 2, 3, 5}) {
    const Tensor a = waves({3, n, n}, 0.1 * static_cast<double>(n)), d = linalg::det(a);
    const auto [sign, log] = linalg::slogdet(a);
    expect_close(sign * exp(log), d, 1e-12, 1e-14);
    expect_close(where(d > 0, logdet(a), log), log, 1e-13, 1e-13);
    CHECK(equal(isnan(logdet(a)), d < 0));
    for (std::int64_t i = 0; i < 3; ++i)
      expect_close(d[i], {determinant_by_minors(a[i].to_vector(), static_cast<std::size_t>(n))}, 1e-11, 1e-13);
  }
  const Tensor singular = matrix({{1, 2}, {2, 4}});
  CHECK(det(singular).item() == 0);
  CHECK(slogdet(singular).first.item() == 0);
  CHECK(slogdet(singular).second.item() == -inf);
  CHECK(logdet(singular).item() == -inf);
  const Tensor tiny = 1e-200 * eye64(4);
  CHECK(std::abs(logdet(tiny).item() - 4 * std::log(1e-200)) < 1e-9);
}

TEST_CASE("derivatives of determinants") {
  for (const Shape& shape : {Shape{1, 1}, Shape{3, 3}, Shape{2, 2, 2}}) {
    check_derivatives(det, waves(shape), "det");
    check_derivatives(logdet, definite(waves(shape)), "logdet");
    check_derivatives([](const Tensor& x) { return slogdet(x).second; }, waves(shape), "slogdet");
  }
}

// Breaks if the cofactors of a singular matrix come from its inverse.
TEST_CASE("the determinant has its derivative at singular matrices") {
  const auto cofactors = [](const Tensor& a) {
    const Tensor x = a.clone().requires_grad_();
    return grad(det(x), x);
  };
  const Tensor dependent = matrix({{1, 2, 3}, {4, 5, 6}, {5, 7, 9}});
  expect_close(cofactors(dependent), matrix({{3, -6, 3}, {3, -6, 3}, {-3, 6, -3}}), 1e-12, 1e-12);
  expect_close(cofactors(matrix({{0, 0}, {0, 5}})), matrix({{5, 0}, {0, 0}}), 1e-14, 1e-14);
  CHECK(equal(cofactors(zeros({3, 3}, {.dtype = float64})), zeros({3, 3}, {.dtype = float64})));
  expect_close(cofactors(matrix({{0}})), matrix({{1}}), 1e-14, 1e-14);
  // Nearly singular: the inverse has lost all digits.
  expect_close(cofactors(matrix({{1, 2, 3}, {4, 5, 6}, {5, 7, 9 + 1e-13}})),
               matrix({{3, -6, 3}, {3, -6, 3}, {-3, 6, -3}}), 1e-11, 1e-11);
  // One of a batch.
  const Tensor batch = stack({regular({3, 3}), dependent});
  expect_close(cofactors(batch[0]), det(batch[0]) * linalg::inv(batch[0]).mT(), 1e-12, 1e-12);
  const Tensor x = batch.clone().requires_grad_();
  expect_close(grad(det(x).sum(), x), stack({cofactors(batch[0]), cofactors(batch[1])}), 1e-12, 1e-12);
  // The second derivative of a 2 x 2 determinant is constant, that of a larger one 0 at a matrix of zeros.
  for (const Tensor& a : {matrix({{1, 2}, {2, 4}}), matrix({{0, 0}, {0, 0}}), matrix({{1, 2}, {3, 4}})}) {
    const Tensor h = hessian([](const Tensor& y) { return det(y); }, a);
    expect_close(h.reshape({4, 4}), matrix({{0, 0, 0, 1}, {0, 0, -1, 0}, {0, -1, 0, 0}, {1, 0, 0, 0}}), 1e-13, 1e-13);
  }
  const Tensor none = zeros({3, 3}, {.dtype = float64});
  CHECK(equal(hessian([](const Tensor& y) { return det(y); }, none), zeros({3, 3, 3, 3}, {.dtype = float64})));
  // Above the size of minors, by distinct singular values: all rows but the last of a regular matrix.
  const Tensor large = cat({waves({17, 18}), zeros({1, 18}, {.dtype = float64})});
  const auto cofactor = [](const Tensor& y) { return det(y) / 1e6; };
  const Tensor direction = waves({18, 18}, 0.9), along = hvp(cofactor, large, direction);
  const auto gradient_at = [&](double t) {
    const Tensor y = (large + t * direction).requires_grad_();
    return grad(cofactor(y), y);
  };
  expect_close(along, (gradient_at(1e-5) - gradient_at(-1e-5)) / 2e-5, 1e-5, 1e-5 * abs(along).max().item());
}

// ---- QR

// Breaks if q is not orthonormal, r not triangular, or a mode returns other shapes.
TEST_CASE("qr factorizes tall, square and wide matrices") {
  for (const Shape& shape :
       {Shape{5, 3}, Shape{3, 3}, Shape{3, 5}, Shape{2, 4, 2}, Shape{0, 3, 2}, Shape{3, 0}, Shape{2, 0, 3}}) {
    INFO(shape.str());
    const Tensor a = waves(shape);
    const std::int64_t m = a.size(-2), n = a.size(-1), k = std::min(m, n);
    for (const char* mode : {"reduced", "complete"}) {
      const auto [q, r] = linalg::qr(a, mode);
      const std::int64_t inner = mode[0] == 'r' ? k : m;
      CHECK(q.size(-1) == inner);
      CHECK(r.size(-2) == inner);
      expect_close(matmul(q, r), a, 1e-13, 1e-13);
      const Tensor unit = matmul(q.mT(), q);
      expect_close(unit, eye64(inner).expand(unit.shape()), 1e-13, 1e-13);
      CHECK(equal(r, triu(r)));
    }
    const auto [none, r] = linalg::qr(a, "r");
    CHECK(none.shape() == Shape{0});
    CHECK(equal(r, linalg::qr(a).second));
  }
}

TEST_CASE("derivatives of qr") {
  for (const Shape& shape : {Shape{4, 2}, Shape{3, 3}, Shape{2, 4}, Shape{2, 3, 2}}) {
    check_derivatives([](const Tensor& x) { return linalg::qr(x).first; }, waves(shape), "q");
    check_derivatives([](const Tensor& x) { return linalg::qr(x, "r").second; }, waves(shape), "r");
  }
  check_derivatives([](const Tensor& x) { return linalg::qr(x, "complete").first; }, waves({2, 3}), "complete, wide");
  Tensor tall = waves({3, 2}).requires_grad_();
  CHECK_ERROR(linalg::qr(tall, "complete").first.sum().backward(), AutogradError, "[linalg::qr]", "complete");
}

// ---- batches

// Breaks if a matrix of a batch depends on the others, or on the thread that factorizes it.
TEST_CASE("batches have the same bits for any number of threads, and as single matrices") {
  const Tensor a = regular({40, 24, 24}), b = waves({40, 24, 3});
  const auto results = [&] {
    const auto [u, s, vh] = linalg::svd(a);
    return std::vector<Tensor>{linalg::cholesky(definite(a)),
                               linalg::solve(a, b),
                               linalg::inv(a),
                               det(a),
                               linalg::qr(a).first,
                               linalg::eigh(a).second,
                               u,
                               s,
                               vh,
                               linalg::solve_triangular(a, b, true),
                               matrix_exp(a),
                               linalg::lstsq(a, b).solution};
  };
  const std::int64_t before = num_threads();
  set_num_threads(1);
  const std::vector<Tensor> one = results();
  set_num_threads(3);
  const std::vector<Tensor> three = results();
  set_num_threads(before);
  for (std::size_t i = 0; i < one.size(); ++i) CHECK(equal(one[i], three[i]));
  CHECK(equal(linalg::solve(a[7], b[7]), one[1][7]));
  CHECK(equal(linalg::svdvals(a[7]), linalg::svdvals(a)[7]));
  CHECK(equal(matrix_exp(a[7]), one[10][7]));
}

// ---- errors

// Breaks if a matrix that cannot be factorized gives numbers, or the error does not say which one it is.
TEST_CASE("errors name the matrix and what about it") {
  const Tensor good = definite(waves({2, 2}));
  const Tensor bad = stack({stack({good, good}), stack({good, matrix({{1, 2}, {2, 1}})})});
  CHECK_ERROR(linalg::cholesky(bad), LinalgError, "[linalg::cholesky]", "matrix [1, 1] of the batch",
              "not positive definite", "order 2");
  CHECK_ERROR(linalg::cholesky(-good), ValueError, "the matrix");
  const Tensor singular = stack({good, zeros({2, 2}, {.dtype = float64})});
  CHECK_ERROR(linalg::inv(singular), LinalgError, "[linalg::inv]", "matrix [1] of the batch", "singular");
  CHECK_ERROR(linalg::solve(singular, ones({2, 1}, {.dtype = float64})), LinalgError, "[linalg::solve]", "[1]");
  CHECK_ERROR(linalg::solve_triangular(singular, good, true), LinalgError, "[linalg::solve_triangular]", "diagonal");
  CHECK_ERROR(cholesky_solve(good, singular), LinalgError, "[linalg::cholesky_solve]", "singular");
  CHECK_ERROR(cholesky_inverse(singular), LinalgError, "[linalg::cholesky_inverse]", "singular");
  CHECK_ERROR(linalg::lstsq(singular, good.expand({2, 2, 2}), {.driver = "gels"}), LinalgError, "full rank");
  CHECK_ERROR(matrix_power(singular, -1), LinalgError, "singular");
  const Tensor odd = matrix({{1, 0}, {std::nan(""), 1}});
  for (const auto& f : std::vector<TensorFunction>{
           [](const Tensor& x) { return linalg::cholesky(x); }, [](const Tensor& x) { return linalg::inv(x); },
           [](const Tensor& x) { return linalg::solve(x, x); }, [](const Tensor& x) { return linalg::eigvalsh(x); },
           [](const Tensor& x) { return linalg::svdvals(x); }, [](const Tensor& x) { return linalg::pinv(x); },
           [](const Tensor& x) { return linalg::qr(x).first; },
           [](const Tensor& x) { return linalg::lstsq(x, x).solution; }}) {
    CHECK_ERROR(f(odd), LinalgError, "element nan at [1, 0]", "finite");
  }
  CHECK(std::isnan(linalg::det(odd).item()));
}

// Breaks if a wrong argument is accepted, or reaches LAPACK.
TEST_CASE("shapes, dtypes and options of linear algebra are checked") {
  const Tensor a = regular({3, 3}), vector = waves({3}), wide = waves({2, 3});
  CHECK_ERROR(linalg::inv(wide), ShapeError, "[linalg::inv]", "square");
  CHECK_ERROR(linalg::cholesky(vector), ShapeError, "[linalg::cholesky]", "two dimensions");
  CHECK_ERROR(linalg::svd(scalar_tensor(1.0)), ShapeError, "[linalg::svd]");
  CHECK_ERROR(linalg::det(tensor<std::int64_t>({{1, 2}, {3, 4}})), DtypeError, "[linalg::det]", "int64");
  CHECK_ERROR(linalg::solve(a, waves({2, 2})), ShapeError, "[linalg::solve]", "rows");
  CHECK_ERROR(linalg::solve(a, vector.to(float32)), DtypeError, "[linalg::solve]", "float32");
  CHECK_ERROR(linalg::solve(a, vector, false), ShapeError, "[linalg::solve]", "unsqueeze");
  CHECK_ERROR(linalg::solve(regular({2, 3, 3}), waves({4, 3, 1})), ShapeError, "[linalg::solve]");
  CHECK_ERROR(linalg::eigh(a, "X"), ValueError, "[linalg::eigh]", "uplo");
  CHECK_ERROR(linalg::qr(a, "full"), ValueError, "[linalg::qr]", "mode");
  CHECK_ERROR(linalg::lstsq(a, a, {.driver = "svd"}), ValueError, "[linalg::lstsq]", "driver");
  CHECK_ERROR(linalg::lstsq(a, a, {.rcond = -1.0}), ValueError, "[linalg::lstsq]", "rcond");
  CHECK_ERROR(linalg::lstsq(a, waves({2, 2})), ShapeError, "[linalg::lstsq]", "rows");
  CHECK_ERROR(linalg::matrix_rank(a, {.atol = -1}), ValueError, "[linalg::matrix_rank]", "atol");
  CHECK_ERROR(linalg::pinv(a, {.rtol = vector}), ShapeError, "[linalg::pinv]", "rtol");
  CHECK_ERROR(linalg::tensorinv(a, 0), ValueError, "[linalg::tensorinv]");
  CHECK_ERROR(linalg::tensorinv(wide, 1), ShapeError, "[linalg::tensorinv]");
  CHECK_ERROR(linalg::tensorsolve(a, waves({2})), ShapeError, "[linalg::tensorsolve]");
  CHECK_ERROR(linalg::multi_dot({a}), ValueError, "[linalg::multi_dot]");
  CHECK_ERROR(linalg::multi_dot({a, waves({2, 2})}), ShapeError, "[linalg::multi_dot]", "tensors 0 and 1");
  CHECK_ERROR(linalg::multi_dot({a, vector, a}), ShapeError, "[linalg::multi_dot]", "tensor 1");
  CHECK_ERROR(linalg::vander(vector, 0), ValueError, "[linalg::vander]");
  CHECK_ERROR(linalg::matrix_norm(a, 3), ValueError, "[linalg::matrix_norm]", "ord is 3");
  CHECK_ERROR(linalg::matrix_norm(a, "two"), ValueError, "[linalg::matrix_norm]", "two");
  CHECK_ERROR(linalg::matrix_norm(a, 2, {0, -2}), ValueError, "[linalg::matrix_norm]", "twice");
  CHECK_ERROR(linalg::matrix_norm(vector, 2), ShapeError, "[linalg::matrix_norm]");
  CHECK_ERROR(linalg::norm(waves({2, 2, 2}), 2), ShapeError, "[linalg::norm]");
  CHECK_ERROR(linalg::norm(vector, "nuc"), ShapeError, "[linalg::norm]");
  CHECK_ERROR(linalg::cond(a, 3), ValueError, "[linalg::cond]");
  CHECK_ERROR(norm(vector, "nuc"), ShapeError, "[norm]");
  CHECK_ERROR(matrix_power(a > 0, 2), DtypeError, "[linalg::matrix_power]");
}
