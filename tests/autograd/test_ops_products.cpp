#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/functional.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>

#include <cctype>
#include <limits>
#include <map>
#include <sstream>

using namespace xg;
using xg_test::expect_close;

namespace {

Tensor waves(const Shape& shape, double phase, Dtype dtype = float64) {
  std::vector<double> values(static_cast<std::size_t>(shape.numel()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(1.3 * static_cast<double>(i) + phase);
  return from_data(values.data(), shape, {.dtype = dtype});
}

/// a b by the definition, batch dimensions broadcast.
Tensor product_by_loops(const Tensor& a, const Tensor& b) {
  Shape batch = broadcast_shapes("test", Shape(a.shape().begin(), a.shape().end() - 2),
                                 Shape(b.shape().begin(), b.shape().end() - 2));
  const std::int64_t n = a.size(-2), k = a.size(-1), m = b.size(-1), count = batch.numel();
  Shape shape_a = batch, shape_b = batch, shape = batch;
  shape_a.push_back(n), shape_a.push_back(k), shape_b.push_back(k), shape_b.push_back(m);
  shape.push_back(n), shape.push_back(m);
  const std::vector<double> va = a.expand(shape_a).to_vector(), vb = b.expand(shape_b).to_vector();
  std::vector<double> out;
  for (std::int64_t c = 0; c < count; ++c)
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t j = 0; j < m; ++j) {
        double sum = 0;
        for (std::int64_t l = 0; l < k; ++l)
          sum += va[static_cast<std::size_t>((c * n + i) * k + l)] * vb[static_cast<std::size_t>((c * k + l) * m + j)];
        out.push_back(sum);
      }
  return from_data(out.data(), shape);
}

/// An explicit einsum of letters alone, by running over all values of all labels.
Tensor einsum_by_loops(const std::string& equation, const std::vector<Tensor>& operands) {
  const std::size_t arrow = equation.find("->");
  std::vector<std::string> terms;
  std::stringstream inputs(equation.substr(0, arrow));
  for (std::string term; std::getline(inputs, term, ',');) terms.push_back(term);
  const std::string output = equation.substr(arrow + 2);
  std::map<char, std::int64_t> sizes;
  for (std::size_t i = 0; i < terms.size(); ++i)
    for (std::size_t d = 0; d < terms[i].size(); ++d) {
      std::int64_t& size = sizes[terms[i][d]];
      size = std::max(size, operands[i].shape()[d]);
    }
  std::vector<std::vector<double>> values;
  for (const Tensor& x : operands) values.push_back(x.to_vector());
  Shape shape;
  for (const char label : output) shape.push_back(sizes[label]);
  std::vector<double> out(static_cast<std::size_t>(shape.numel()), 0.0);
  std::map<char, std::int64_t> at;
  std::int64_t total = 1;
  for (const auto& [label, size] : sizes) total *= size;
  for (std::int64_t step = 0; step < total; ++step) {
    std::int64_t rest = step;
    for (const auto& [label, size] : sizes) at[label] = rest % size, rest /= size;
    double product = 1;
    for (std::size_t i = 0; i < terms.size(); ++i) {
      std::int64_t offset = 0;
      for (std::size_t d = 0; d < terms[i].size(); ++d) {
        const std::int64_t size = operands[i].shape()[d];
        offset = offset * size + (size == 1 ? 0 : at[terms[i][d]]);
      }
      product *= values[i][static_cast<std::size_t>(offset)];
    }
    std::int64_t offset = 0;
    for (const char label : output) offset = offset * sizes[label] + at[label];
    out[static_cast<std::size_t>(offset)] += product;
  }
  return from_data(out.data(), shape);
}

}  // namespace

// Breaks if a part of a long sum is lost or counted twice, or is read with the wrong strides.
TEST_CASE("products with long sums and small results", "[ops][products]") {
  for (const Dtype dtype : {float32, float64})
    for (const std::int64_t k : {2047, 2048, 5003, 20000}) {
      const Tensor a = waves({k, 60}, 0.3, dtype), b = waves({k, 41}, 0.7, dtype);
      Tensor want = zeros({60, 41}, {.dtype = float64});
      for (std::int64_t i = 0; i < k; i += 500) {
        const auto rows = [&](const Tensor& x) { return x.slice(0, i, std::min(k, i + 500)).to(float64); };
        want = want + matmul(rows(a).t(), rows(b));
      }
      const double tolerance = dtype == float32 ? 5e-3 : 1e-10;
      expect_close(matmul(a.t(), b), want, 1e-4, tolerance);
      expect_close(matmul(a.t().contiguous(), b), want, 1e-4, tolerance);
      expect_close(matmul(b.t(), a), want.t(), 1e-4, tolerance);
      const Tensor leaf = a.clone().requires_grad_();
      expect_close(grad(matmul(leaf.t(), b).sum(), leaf), b.sum(1, true).expand({k, 60}), 1e-4, 1e-4);
    }
}

TEST_CASE("matmul is the sum of products, for any rank and layout", "[ops][products]") {
  // Breaks if leading dimensions are folded or broadcast wrongly, or BLAS is told wrong strides.
  const std::vector<std::pair<Shape, Shape>> shapes{
      {{3, 4}, {4, 2}},       {{2, 3, 4}, {4, 2}},    {{2, 1, 3, 4}, {4, 2}},       {{3, 4}, {2, 4, 5}},
      {{2, 3, 4}, {2, 4, 5}}, {{1, 3, 4}, {5, 4, 2}}, {{2, 1, 3, 4}, {1, 3, 4, 2}}, {{1, 1}, {1, 1}},
      {{5, 0}, {0, 3}},       {{0, 4}, {4, 3}},       {{0, 3, 4}, {0, 4, 2}},       {{17, 33}, {33, 9}}};
  for (const auto& [sa, sb] : shapes) {
    const Tensor a = waves(sa, 0.1), b = waves(sb, 0.7);
    const Tensor want = product_by_loops(a, b);
    for (const auto& [layout_a, la] : xg_test::layouts(a))
      for (const auto& [layout_b, lb] : xg_test::layouts(b))
        expect_close(matmul(la, lb), want, 1e-12, 1e-13, sa.str() + " " + layout_a + " x " + sb.str() + " " + layout_b);
    expect_close(matmul(a.to(float32), b.to(float32)), want, 1e-5, 1e-5);
  }
  const Tensor a = waves({3, 4}, 0.1), v = waves({4}, 0.2), w = waves({3}, 0.3), many = waves({2, 3, 4}, 0.4);
  expect_close(matmul(a, v), product_by_loops(a, v.unsqueeze(1)).squeeze(1));
  expect_close(matmul(w, a), product_by_loops(w.unsqueeze(0), a).squeeze(0));
  expect_close(matmul(v, v), (v * v).sum());
  CHECK(matmul(v, v).shape() == Shape{});
  CHECK(matmul(many, v).shape() == Shape{2, 3});
  CHECK(matmul(w, many).shape() == Shape{2, 4});
  expect_close(matmul(tensor<std::int64_t>({1, 2, 3, 4}).reshape({2, 2}), tensor<std::int64_t>({5, 6})), {17, 39});
}

TEST_CASE("einsum is the sum over all labels", "[ops][products]") {
  // Breaks if labels are grouped wrongly: each equation against a loop over all values of all labels.
  const auto check = [](const std::string& equation, const std::vector<Shape>& shapes) {
    INFO(equation);
    std::vector<Tensor> operands;
    for (const Shape& shape : shapes) operands.push_back(waves(shape, 0.3 * static_cast<double>(operands.size() + 1)));
    expect_close(einsum(equation, operands), einsum_by_loops(equation, operands), 1e-11, 1e-12);
    std::vector<Tensor> leaves;
    for (const Tensor& x : operands) leaves.push_back(x.detach().requires_grad_());
    CHECK(gradcheck([&](const std::vector<Tensor>& in) { return einsum(equation, in); }, leaves));
  };
  check("ij,jk->ik", {{2, 3}, {3, 4}});
  check("ij,jk->ki", {{2, 3}, {3, 4}});
  check("ij,kj->ik", {{2, 3}, {4, 3}});
  check("bij,bjk->bik", {{2, 3, 2}, {2, 2, 4}});
  check("bhid,bhjd->bhij", {{2, 2, 3, 2}, {2, 2, 4, 2}});
  check("ij->ji", {{2, 3}});
  check("ij->", {{2, 3}});
  check("ii->i", {{3, 3}});
  check("ii->", {{3, 3}});
  check("iij->ij", {{2, 2, 3}});
  check("i,j->ij", {{2}, {3}});
  check("i,i->", {{3}, {3}});
  check("bi,bi->b", {{2, 3}, {2, 3}});
  check("ij,ij->ij", {{2, 3}, {2, 3}});
  check("ik,jk->", {{2, 3}, {2, 3}});
  check("i,ij,j->", {{2}, {2, 3}, {3}});
  check("ij,jk,kl->il", {{2, 3}, {3, 2}, {2, 4}});
  check("abc,cd,eb->aed", {{2, 3, 2}, {2, 4}, {2, 3}});
  check("ijk,jil->kl", {{2, 3, 2}, {3, 2, 2}});
  check("ij,jk->ik", {{2, 1}, {3, 4}});
  check("ab,ac->bc", {{1, 2}, {3, 2}});
  check("ijj,jk->ik", {{2, 3, 3}, {3, 2}});
}

TEST_CASE("einsum fills in ellipses and outputs", "[ops][products]") {
  // Breaks if an ellipsis is lined up from the left, or the implicit output is not in alphabetical order.
  const Tensor a = waves({2, 1, 3, 4}, 0.1), b = waves({5, 4, 2}, 0.2), m = waves({3, 4}, 0.3);
  expect_close(einsum("...ij,...jk->...ik", {a, b}), matmul(a, b), 1e-11);
  expect_close(einsum("...ij,...jk", {a, b}), matmul(a, b), 1e-11);
  expect_close(einsum("ji", {m}), m.t());
  expect_close(einsum("i...->...", {m}), m.sum(0));
  expect_close(einsum("...->", {m}), m.sum());
  expect_close(einsum(" i j , j k -> i k ", {m, m.t()}), matmul(m, m.t()), 1e-11);
  expect_close(einsum("Ab,ab", {m, m}), matmul(m, m.t()), 1e-11);
  expect_close(einsum(",ij->ij", {scalar_tensor(2.0, {.dtype = float64}), m}), 2.0 * m);
}

TEST_CASE("composites of products", "[ops][products]") {
  // Breaks if a factor is forgotten, or x is read although beta is zero.
  const Tensor a = waves({3, 4}, 0.1), b = waves({4, 2}, 0.2), x = waves({3, 2}, 0.3), row = waves({2}, 0.4);
  expect_close(addmm(x, a, b, 0.5, 2.0), 0.5 * x + 2.0 * matmul(a, b));
  expect_close(addmm(row, a, b), row + matmul(a, b));
  const Tensor hole = full({3, 2}, std::numeric_limits<double>::quiet_NaN(), {.dtype = float64});
  expect_close(addmm(hole, a, b, 0), matmul(a, b));
  expect_close(addmv(waves({3}, 1), a, waves({4}, 2), 2, -1), 2.0 * waves({3}, 1) - matmul(a, waves({4}, 2)));
  expect_close(addr(a, waves({3}, 1), waves({4}, 2)), a + outer(waves({3}, 1), waves({4}, 2)));
  const Tensor p = waves({2, 3, 4}, 0.5), q = waves({2, 4, 2}, 0.6);
  expect_close(baddbmm(x, p, q, 2, 3), 2.0 * x + 3.0 * bmm(p, q));
  expect_close(addbmm(x, p, q), x + bmm(p, q).sum(0));
  expect_close(tensordot(p, q, {0, 2}, {0, 1}), einsum("bij,bjk->ik", {p, q}), 1e-11);
  expect_close(inner(a, waves({2, 4}, 3)), matmul(a, waves({2, 4}, 3).t()));
  expect_close(vecdot(a, a), (a * a).sum(-1));
  const Tensor u = waves({2, 3}, 0.7), v = waves({2, 3}, 0.8), n = cross(u, v);
  expect_close(vecdot(n, u), {0, 0}, 0, 1e-12);
  expect_close(vecdot(n, v), {0, 0}, 0, 1e-12);
  expect_close(cross(tensor({1, 0, 0}), tensor({0, 1, 0})), {0, 0, 1});
  expect_close(vecdot(n, n), vecdot(u, u) * vecdot(v, v) - vecdot(u, v).square(), 1e-11);  // Lagrange's identity
}

TEST_CASE("product errors say what does not fit", "[ops][products][errors]") {
  // Breaks if BLAS gets sizes that do not fit, or the message leaves out op, shapes or remedy.
  const Tensor a = waves({2, 3}, 0), b = waves({4, 5}, 0), v = waves({3}, 0);
  CHECK_ERROR(matmul(a, b), ShapeError, "[matmul]", "[2, 3]", "[4, 5]", "3", "4");
  CHECK_ERROR(matmul(a, scalar_tensor(1.0, {.dtype = float64})), ShapeError, "[matmul]", "mul");
  CHECK_ERROR(matmul(a, a.t().to(float32)), DtypeError, "[matmul]", "float64", "float32");
  CHECK_ERROR(matmul(a > 0.0, a.t() > 0.0), DtypeError, "[matmul]", "bool");
  CHECK_ERROR(matmul(waves({2, 2, 3}, 0), waves({3, 3, 2}, 0)), ShapeError, "broadcast");
  CHECK_ERROR(mm(a, v), ShapeError, "[mm]", "b has shape [3]", "2 dimensions");
  CHECK_ERROR(mm(a, b), ShapeError, "[mm]");
  CHECK_ERROR(mv(a, waves({2}, 0)), ShapeError, "[mv]");
  CHECK_ERROR(bmm(a, a), ShapeError, "[bmm]", "3 dimensions");
  CHECK_ERROR(bmm(waves({2, 3, 4}, 0), waves({3, 4, 5}, 0)), ShapeError, "[bmm]", "first dimensions");
  CHECK_ERROR(dot(v, waves({4}, 0)), ShapeError, "[dot]");
  CHECK_ERROR(outer(a, v), ShapeError, "[outer]");
  CHECK_ERROR(inner(a, waves({4}, 0)), ShapeError, "[inner]");
  CHECK_ERROR(addmm(waves({5, 5}, 0), a, a.t()), ShapeError, "[addmm]");
  CHECK_ERROR(addmm(waves({1, 2, 2}, 0), a, a.t()), ShapeError, "[addmm]", "broadcast to the product");
  CHECK_ERROR(addmm(a.to(float32), a, a.t()), DtypeError, "[addmm]");
  CHECK_ERROR(addmm(ones({1}, {.dtype = int64}), ones({2, 2}, {.dtype = int64}), ones({2, 2}, {.dtype = int64}), 0.5),
              DtypeError, "[addmm]", "integers");
  CHECK_ERROR(tensordot(a, b, Dims{1}, Dims{0, 1}), ValueError, "[tensordot]");
  CHECK_ERROR(tensordot(a, b, Dims{1}, Dims{0}), ShapeError, "[tensordot]", "size 3", "4");
  CHECK_ERROR(tensordot(a, a, Dims{1, 1}, Dims{1, 0}), ValueError, "[tensordot]", "twice");
  CHECK_ERROR(cross(waves({2, 4}, 0), waves({2, 4}, 0)), ShapeError, "[cross]", "size 3");
  CHECK_ERROR(vecdot(a, v.to(float32)), DtypeError, "[vecdot]");

  CHECK_ERROR(einsum("ij,jk->ik", {a}), ValueError, "[einsum]", "2 terms for 1 operands");
  CHECK_ERROR(einsum("", {}), ValueError, "[einsum]", "no operands");
  CHECK_ERROR(einsum("ijk->i", {a}), ValueError, "[einsum]", "[2, 3]", "3 dimensions");
  CHECK_ERROR(einsum("ii->i", {a}), ValueError, "[einsum]", "sizes 2 and 3");
  CHECK_ERROR(einsum("ij,jk->ik", {a, b}), ShapeError, "[einsum]", "'j' has sizes");
  CHECK_ERROR(einsum("ij->ik", {a}), ValueError, "[einsum]", "'k'", "no operand");
  CHECK_ERROR(einsum("ij->ii", {a}), ValueError, "[einsum]", "twice");
  CHECK_ERROR(einsum("i$->i", {a}), ValueError, "[einsum]", "'$'");
  CHECK_ERROR(einsum("......", {a}), ValueError, "[einsum]", "ellipsis");
}
