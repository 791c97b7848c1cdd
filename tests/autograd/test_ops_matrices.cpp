// Eigenvalues, singular values, least squares, functions and norms of matrices: identities, closed forms, differences,
// conventions at ties.
#include "autograd/matrices.hpp"
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/functional.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>

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
}

// ---- eigenvalues and singular values

// Breaks if eigenvectors are rows, or the other triangle is read.
TEST_CASE("eigh diagonalizes") {
  for (const Shape& shape : {Shape{4, 4}, Shape{2, 3, 3}, Shape{0, 2, 2}, Shape{2, 0, 0}}) {
    const Tensor x = waves(shape), a = x + x.mT();
    for (const char* uplo : {"L", "U"}) {
      const Tensor read = uplo[0] == 'L' ? tril(a) : triu(a);
      const auto [w, v] = linalg::eigh(read, uplo);
      expect_close(matmul(v * w.unsqueeze(-2), v.mT()), a, 1e-12, 1e-12);
      const Tensor unit = matmul(v.mT(), v);
      expect_close(unit, eye64(shape.back()).expand(unit.shape()), 1e-13, 1e-13);
      expect_close(linalg::eigvalsh(read, uplo), w, 1e-12, 1e-12);
      CHECK(equal(w, sort(w).first));
    }
  }
  expect_close(linalg::eigvalsh(matrix({{2, 1}, {1, 2}})), {1, 3}, 1e-14, 1e-14);
}

TEST_CASE("derivatives of eigenvalues and of functions of eigenvectors") {
  const auto symmetric = [](const Tensor& x) { return x + x.mT(); };
  for (const Shape& shape : {Shape{3, 3}, Shape{2, 2, 2}}) {
    check_derivatives([&](const Tensor& x) { return linalg::eigvalsh(symmetric(x)); }, waves(shape), "eigvalsh");
    check_derivatives([&](const Tensor& x) { return linalg::eigvalsh(symmetric(x), "U"); }, waves(shape), "upper");
    check_derivatives(
        [&](const Tensor& x) {
          const auto [w, v] = linalg::eigh(symmetric(x));
          return square(v) * w.unsqueeze(-2);
        },
        waves(shape), "eigh");
  }
  // The square root by eigenvalues, and its derivative: y dy + dy y = da.
  Tensor a = definite(waves({3, 3})).requires_grad_();
  const auto root = [](const Tensor& x) {
    const auto [w, v] = linalg::eigh(x);
    return matmul(v * sqrt(w).unsqueeze(-2), v.mT());
  };
  const Tensor y = root(a.detach()), direction = waves({3, 3}) + waves({3, 3}).mT();
  const Tensor dy = jvp(root, a.detach(), direction).tangent;
  expect_close(matmul(y, dy) + matmul(dy, y), direction, 1e-11, 1e-11);
}

// Breaks if the derivatives of eigenvalues divide by their differences.
TEST_CASE("functions of equal eigenvalues and singular values have derivatives") {
  Tensor a = eye64(3).requires_grad_();
  expect_close(grad(linalg::eigvalsh(a).sum(), a), eye64(3), 1e-14, 1e-14);
  expect_close(grad(linalg::eigvalsh(a).pow(3).sum(), a), 3.0 * eye64(3), 1e-14, 1e-14);
  expect_close(grad(norm(a, "nuc"), a), eye64(3), 1e-14, 1e-14);
  // The largest of equal singular values shares its gradient among them.
  expect_close(grad(linalg::matrix_norm(a, 2), a), eye64(3) / 3.0, 1e-14, 1e-14);
  // A single vector has none there.
  CHECK(!isfinite(grad((linalg::eigh(a).second * waves({3, 3})).sum(), a)).all().item<bool>());
}

// Breaks if shapes of full and reduced matrices are mixed up.
TEST_CASE("svd factorizes") {
  for (const Shape& shape :
       {Shape{4, 2}, Shape{2, 4}, Shape{3, 3}, Shape{2, 3, 2}, Shape{0, 3, 2}, Shape{2, 0, 3}, Shape{3, 0}}) {
    INFO(shape.str());
    const Tensor a = waves(shape);
    const std::int64_t m = a.size(-2), n = a.size(-1), k = std::min(m, n);
    for (const bool full : {false, true}) {
      const auto [u, s, vh] = linalg::svd(a, full);
      CHECK(u.size(-1) == (full ? m : k));
      CHECK(vh.size(-2) == (full ? n : k));
      const Tensor product = matmul(narrow(u, -1, 0, k) * s.unsqueeze(-2), narrow(vh, -2, 0, k));
      expect_close(product, a, 1e-13, 1e-13);
      const Tensor left = matmul(u.mT(), u), right = matmul(vh, vh.mT());
      expect_close(left, eye64(u.size(-1)).expand(left.shape()), 1e-13, 1e-13);
      expect_close(right, eye64(vh.size(-2)).expand(right.shape()), 1e-13, 1e-13);
      expect_close(linalg::svdvals(a), s, 1e-13, 1e-13);
    }
  }
  expect_close(linalg::svdvals(matrix({{3, 0}, {4, 5}})), {std::sqrt(45.0), std::sqrt(5.0)}, 1e-14, 1e-14);
}

TEST_CASE("derivatives of singular values and of functions of singular vectors") {
  for (const Shape& shape : {Shape{4, 2}, Shape{2, 3}, Shape{3, 3}, Shape{2, 2, 2}}) {
    check_derivatives(linalg::svdvals, waves(shape), "svdvals");
    for (const bool full : {false, true})
      check_derivatives(
          [=](const Tensor& x) {
            const auto [u, s, vh] = linalg::svd(x, full);
            const std::int64_t k = s.size(-1);
            const Tensor first = narrow(u, -1, 0, k), rest = narrow(u, -1, k, u.size(-1) - k);
            const Tensor core = matmul(first * exp(s).unsqueeze(-2), narrow(vh, -2, 0, k));
            return cat({core, matmul(matmul(rest, rest.mT()), waves(shape, 2.2))}, -1);
          },
          waves(shape), full ? "svd, full" : "svd");
  }
}

// ---- rank, pseudoinverse and least squares

// Breaks if one of Penrose's four conditions does.
TEST_CASE("pinv is the pseudoinverse") {
  const Tensor low = matmul(waves({2, 4, 2}), waves({2, 2, 3}, 0.9));
  for (const Tensor& a : {waves({4, 3}), waves({3, 4}), waves({2, 3, 3}), low, waves({3, 0}), waves({0, 2, 3})}) {
    const Tensor p = linalg::pinv(a), ap = matmul(a, p), pa = matmul(p, a);
    expect_close(matmul(ap, a), a, 1e-12, 1e-12);
    expect_close(matmul(pa, p), p, 1e-12, 1e-12);
    expect_close(ap, ap.mT(), 1e-12, 1e-12);
    expect_close(pa, pa.mT(), 1e-12, 1e-12);
  }
  CHECK(linalg::matrix_rank(low).to_vector() == std::vector<double>{2, 2});
  const Tensor symmetric = matmul(low[0], low[0].mT());
  const Tensor general = linalg::pinv(symmetric, {.rtol = 1e-10});
  expect_close(linalg::pinv(symmetric, {.rtol = 1e-10, .hermitian = true}), general, 1e-9, 1e-9);
  expect_close(pinverse(waves({4, 3})), linalg::pinv(waves({4, 3})), 1e-12, 1e-12);
}

// Breaks if a tolerance of a batch is read for another matrix, or the default is used beside atol.
TEST_CASE("tolerances say what counts as zero") {
  const Tensor a = diag_embed(matrix({{4, 1, 1e-3}, {4, 1, 1e-3}}));
  const auto rank = [&](const linalg::RankOptions& options) {
    return linalg::matrix_rank(a, options).to_vector<std::int64_t>();
  };
  using Ranks = std::vector<std::int64_t>;
  CHECK(rank({}) == Ranks{3, 3});
  CHECK(rank({.atol = 0.5}) == Ranks{2, 2});
  CHECK(rank({.atol = 1}) == Ranks{1, 1});  // a value at the bound counts as 0
  CHECK(rank({.rtol = 0.3}) == Ranks{1, 1});
  CHECK(rank({.atol = tensor({0.5, 2.0}), .hermitian = true}) == Ranks{2, 1});
  CHECK(rank({.rtol = tensor({1e-6, 2.0})}) == Ranks{3, 0});
  CHECK(rank({.atol = tensor({0.0, 2.0})}) == Ranks{3, 1});
  expect_close(linalg::pinv(a, {.atol = tensor({0.5, 2.0})}), diag_embed(matrix({{0.25, 1, 0}, {0.25, 0, 0}})), 1e-14,
               1e-14);
  // A singular value of 1e-17 beside 1 is rounding, and is not unless the default is replaced by atol.
  const Tensor small = diag(tensor({1.0, 1e-17}, {.dtype = float64}));
  CHECK(linalg::matrix_rank(small).item() == 1);
  CHECK(linalg::matrix_rank(small, {.atol = 1e-20}).item() == 2);
  CHECK(linalg::matrix_rank(zeros({2, 3, 0})).to_vector() == std::vector<double>{0, 0});
}

TEST_CASE("derivatives of pseudoinverses and least squares") {
  for (const Shape& shape : {Shape{4, 2}, Shape{2, 3}, Shape{2, 2, 2}}) {
    check_derivatives([](const Tensor& x) { return linalg::pinv(x); }, waves(shape), "pinv");
    Shape right = shape;
    right[right.size() - 1] = 2;
    for (const char* driver : {"gels", "gelsy", "gelsd"})
      check_derivatives(
          [&](const std::vector<Tensor>& in) { return linalg::lstsq(in[0], in[1], {.driver = driver}).solution; },
          {waves(shape), waves(right, 0.6)}, "lstsq");
  }
  check_derivatives([](const Tensor& x) { return linalg::pinv(x + x.mT(), {.hermitian = true}); }, waves({3, 3}),
                    "pinv, symmetric");
  check_derivatives([](const std::vector<Tensor>& in) { return linalg::pinv(matmul(in[0], in[1]), {.rtol = 1e-8}); },
                    {waves({3, 2}), waves({2, 3}, 0.9)}, "pinv, rank 2");
  check_derivatives(
      [](const std::vector<Tensor>& in) { return linalg::lstsq(in[0], in[1], {.driver = "gels"}).residuals; },
      {waves({2, 4, 2}), waves({2, 4, 1}, 0.6)}, "residuals");
}

// Breaks if a driver returns what another one does, or a solution is not the least one.
TEST_CASE("lstsq minimizes, with the least norm") {
  const Tensor low = matmul(waves({4, 2}), waves({2, 3}, 0.9));
  for (const Tensor& a : {waves({5, 3}), waves({2, 4}), low, waves({2, 4, 2})})
    for (const char* driver : {"gels", "gelsy", "gelsd", "gelss"}) {
      if (a.shape() == low.shape() && std::string(driver) == "gels") continue;
      INFO(a.shape().str() << " " << driver);
      const Tensor b = waves({a.size(-2), 2}, 1.3);
      const linalg::LstsqResult r = linalg::lstsq(a, b, {.driver = driver});
      const Tensor wanted = matmul(linalg::pinv(a), b);
      expect_close(r.solution, wanted, 1e-11, 1e-11);
      const std::int64_t m = a.size(-2), n = a.size(-1);
      const bool full = a.shape() != low.shape();
      if (m > n && full && std::string(driver) != "gelsy")
        expect_close(r.residuals, square(matmul(a, wanted) - b).sum(-2), 1e-11, 1e-11);
      else
        CHECK(r.residuals.shape() == Shape{0});
      if (std::string(driver) == "gels")
        CHECK(r.rank.shape() == Shape{0});
      else
        CHECK(equal(r.rank, linalg::matrix_rank(a)));
      if (std::string(driver).substr(0, 4) == "gels" && std::string(driver).size() == 5 && driver[4] != 'y')
        expect_close(r.singular_values, linalg::svdvals(a), 1e-12, 1e-12);
      else
        CHECK(r.singular_values.shape() == Shape{0});
    }
  const Tensor a = waves({2, 4, 2});
  CHECK(linalg::lstsq(a, waves({2, 4})).solution.shape() == Shape{2, 2});
  CHECK(linalg::lstsq(a[0], waves({4})).solution.shape() == Shape{2});
  CHECK(linalg::lstsq(zeros({0, 0}), zeros({0, 2}), {.driver = "gelss"}).rank.item() == 0);
}

// ---- functions of matrices

// Breaks if the polynomial or the squarings are wrong.
TEST_CASE("matrix_exp is the exponential") {
  for (const double scale : {1e-9, 0.1, 1.0, 5.0, 20.0}) {
    const Tensor a = scale * waves({2, 4, 4});
    const Tensor there = matrix_exp(a), back = matrix_exp(-a), product = matmul(there, back);
    const double size = (abs(there).max() * abs(back).max()).item();
    expect_close(product, eye64(4).expand({2, 4, 4}), 0, 1e-14 * (1 + scale) * (1 + size));
    expect_close(matmul(there, there), matrix_exp(2.0 * a), 1e-11, 1e-12 * abs(there).max().item());
    if (scale <= 5) expect_close(logdet(there), a.diagonal(0, -2, -1).sum(-1), 1e-9, 1e-9);
  }
  // exp of a rotation's generator, of a nilpotent matrix, of numbers.
  const double angle = 2.5;
  expect_close(matrix_exp(matrix({{0, -angle}, {angle, 0}})),
               matrix({{std::cos(angle), -std::sin(angle)}, {std::sin(angle), std::cos(angle)}}), 1e-14, 1e-14);
  const Tensor nilpotent = matrix({{0, 1, 2}, {0, 0, 3}, {0, 0, 0}});
  expect_close(matrix_exp(nilpotent), matrix({{1, 1, 3.5}, {0, 1, 3}, {0, 0, 1}}), 1e-15, 1e-15);
  for (const double x : {-700.0, -3.0, 0.0, 1e-300, 0.5, 700.0, 800.0})
    expect_close(matrix_exp(matrix({{x}})), {std::exp(x)}, 1e-12, 0);
  CHECK(isnan(matrix_exp(matrix({{1, inf}, {0, 1}}))).all().item<bool>());
  // Of a symmetric matrix, by its eigenvalues.
  const Tensor x = waves({5, 5}), a = 3.0 * (x + x.mT());
  const auto [w, v] = linalg::eigh(a);
  expect_close(matrix_exp(a), matmul(v * exp(w).unsqueeze(-2), v.mT()), 1e-12, 1e-10);
  const Tensor narrow = matrix_exp(a.to(float32));
  CHECK(narrow.dtype() == float32);
  expect_close(narrow, matrix_exp(a.to(float32).to(float64)), 1e-7, 0);
}

TEST_CASE("derivatives of functions of matrices") {
  for (const double scale : {0.01, 1.0, 4.0})
    check_derivatives([=](const Tensor& x) { return matrix_exp(scale * x); }, waves({2, 2, 2}), "matrix_exp");
  for (const std::int64_t n : {1, 2, 3, 5, -1, -3})
    check_derivatives([=](const Tensor& x) { return matrix_power(x, n); }, regular({2, 2, 2}), "matrix_power");
  check_derivatives([](const std::vector<Tensor>& in) { return linalg::multi_dot(in); },
                    {waves({2, 3}), waves({3, 1}, 0.2), waves({1, 2}, 0.4)}, "multi_dot");
  check_derivatives([](const Tensor& x) { return linalg::vander(x, 4); }, waves({2, 3}), "vander");
}

// Breaks if squaring multiplies too often, or the exponent 0 keeps the batch out.
TEST_CASE("matrix_power multiplies") {
  const Tensor a = regular({2, 3, 3});
  Tensor product = eye64(3).expand({2, 3, 3});
  for (std::int64_t n = 0; n < 9; ++n) {
    expect_close(matrix_power(a, n), product, 1e-12, 1e-12);
    expect_close(matmul(matrix_power(a, -n), product), eye64(3).expand({2, 3, 3}), 1e-9, 1e-9);
    product = matmul(product, a);
  }
  CHECK(equal(matrix_power(tensor<std::int64_t>({{1, 1}, {1, 0}}), 10), tensor<std::int64_t>({{89, 55}, {55, 34}})));
  CHECK(matrix_power(matrix({{-1}}), std::numeric_limits<std::int64_t>::min()).item() == 1);
}

// Breaks if vectors at the ends are not made matrices, or the order of products depends on them.
TEST_CASE("multi_dot multiplies all of its tensors") {
  const std::vector<Tensor> m = {waves({2, 5}), waves({5, 1}, 0.2), waves({1, 4}, 0.4), waves({4, 3}, 0.6)};
  const Tensor want = matmul(matmul(matmul(m[0], m[1]), m[2]), m[3]);
  expect_close(linalg::multi_dot(m), want, 1e-13, 1e-13);
  expect_close(linalg::multi_dot({m[0][1], m[1], m[2], m[3]}), want[1], 1e-13, 1e-13);
  expect_close(linalg::multi_dot({m[0][1], m[1], m[2], m[3].select(1, 2)}), want[1][2], 1e-13, 1e-13);
  CHECK(linalg::multi_dot({zeros({2, 0}), zeros({0, 3}), zeros({3, 1})}).shape() == Shape{2, 1});
}

// Breaks if powers begin elsewhere than with 0.
TEST_CASE("vander has the powers of its numbers as rows") {
  expect_close(linalg::vander(matrix({2, 3, -1})), matrix({{1, 2, 4}, {1, 3, 9}, {1, -1, 1}}), 0, 0);
  expect_close(linalg::vander(matrix({2, 3}), 4), matrix({{1, 2, 4, 8}, {1, 3, 9, 27}}), 0, 0);
  CHECK(linalg::vander(waves({2, 3}), 1).shape() == Shape{2, 3, 1});
  CHECK(linalg::vander(tensor<std::int32_t>({2, 3})).dtype() == int64);
  CHECK(linalg::vander(scalar_tensor(2.0), 3).to_vector() == std::vector<double>{1, 2, 4});
}

// ---- norms

// Breaks if rows are taken for columns, or dims are moved wrong.
TEST_CASE("norms of matrices agree with their definitions") {
  const Tensor a = matrix({{1, -2, 3}, {-4, 5, 6}}), s = linalg::svdvals(a);
  const auto value = [&](auto ord) { return linalg::matrix_norm(a, ord).item(); };
  CHECK(value(1) == 9);
  CHECK(value(-1) == 5);
  CHECK(value(inf) == 15);
  CHECK(value(-inf) == 6);
  expect_close(linalg::matrix_norm(a, 2), s[0], 1e-14, 0);
  expect_close(linalg::matrix_norm(a, -2), s[1], 1e-14, 0);
  expect_close(linalg::matrix_norm(a, "nuc"), s.sum(), 1e-14, 0);
  expect_close(linalg::matrix_norm(a), square(s).sum().sqrt(), 1e-14, 0);
  expect_close(norm(a, "nuc"), s.sum(), 1e-14, 0);
  expect_close(norm(a, "fro"), linalg::norm(a), 1e-14, 0);
  const Tensor x = waves({2, 3, 4});
  for (const double ord : {1.0, -1.0, 2.0, -2.0, inf, -inf}) {
    const Tensor y = linalg::matrix_norm(x, ord, {2, 0});
    for (std::int64_t i = 0; i < 3; ++i) {
      const Tensor one = x.select(1, i).mT();
      expect_close(y[i], linalg::matrix_norm(one, ord), 1e-14, 0);
      expect_close(linalg::norm(one, ord), linalg::matrix_norm(one, ord), 1e-14, 0);
    }
    CHECK(linalg::matrix_norm(x, ord, {2, 0}, true).shape() == Shape{1, 3, 1});
    expect_close(linalg::norm(x, ord, {2, 0}, true).squeeze(), y, 1e-14, 0);
    expect_close(linalg::norm(x, ord, 1), linalg::vector_norm(x, ord, 1), 0, 0);
  }
  expect_close(linalg::norm(x), linalg::vector_norm(x), 0, 0);
  expect_close(linalg::norm(x, std::nullopt, {0, 1, 2}), linalg::vector_norm(x), 1e-14, 0);
  CHECK(linalg::norm(x, "fro", {0, 1}, true, {float32}).dtype() == float32);
  CHECK(linalg::norm(zeros({0, 0}), "nuc").item() == 0);
  CHECK(linalg::norm(zeros({5, 0}), -inf).item() == 0);
}

TEST_CASE("derivatives of norms and condition numbers") {
  for (const Shape& shape : {Shape{3, 3}, Shape{2, 2, 2}}) {
    for (const double ord : {1.0, -1.0, 2.0, -2.0, inf, -inf}) {
      check_derivatives([=](const Tensor& x) { return linalg::matrix_norm(x, ord); }, waves(shape), "matrix_norm");
      check_derivatives([=](const Tensor& x) { return linalg::cond(x, ord); }, regular(shape), "cond");
    }
    for (const char* ord : {"fro", "nuc"}) {
      check_derivatives([=](const Tensor& x) { return linalg::matrix_norm(x, ord); }, waves(shape), ord);
      check_derivatives([=](const Tensor& x) { return linalg::cond(x, ord); }, regular(shape), ord);
    }
  }
  check_derivatives([](const Tensor& x) { return linalg::cond(x); }, waves({3, 2}), "cond, tall");
}

// Breaks if a singular matrix gives an error, or one that is only small is taken for singular.
TEST_CASE("condition numbers") {
  const Tensor a = regular({2, 3, 3});
  for (const double ord : {1.0, -1.0, 2.0, inf, -inf}) {
    const auto norm_of = [=](const Tensor& x) { return linalg::matrix_norm(x, ord); };
    expect_close(linalg::cond(a, ord), norm_of(a) * norm_of(linalg::inv(a)), 1e-12, 0);
  }
  expect_close(linalg::cond(a), linalg::cond(a, 2), 1e-14, 0);
  expect_close(linalg::cond(a, -2) * linalg::cond(a), ones({2}), 1e-13, 0);
  const Tensor singular = stack({a[0], matrix({{1, 2, 0}, {2, 4, 0}, {0, 0, 1}})});
  for (const double ord : {1.0, -inf}) {
    CHECK(linalg::cond(singular, ord)[1].item() == inf);
    expect_close(linalg::cond(singular, ord)[0], linalg::cond(a[0], ord), 1e-14, 0);
  }
  expect_close(linalg::cond(1e-150 * a, 1), linalg::cond(a, 1), 1e-12, 0);
  CHECK(linalg::cond(zeros({0, 0})).item() == 0);
  CHECK(linalg::cond(zeros({2, 0, 0}), "fro").to_vector() == std::vector<double>{0, 0});
}
