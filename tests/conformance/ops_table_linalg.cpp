// Rows of linear algebra.
#include "conformance/ops_table.hpp"

namespace xg_conformance {

using namespace xg;  // NOLINT: every row calls it

namespace {

linalg::Tolerance tolerance(A a, const char* name) {
  if (a.tensor_given(name)) return a.tensor(name);
  return a.has(name) ? linalg::Tolerance(a.number(name)) : linalg::Tolerance();
}
linalg::RankOptions rank_options(A a) {
  return {.atol = tolerance(a, "atol"), .rtol = tolerance(a, "rtol"), .hermitian = a.flag("hermitian")};
}

Outputs rank(A a) { return linalg::matrix_rank(a.tensor("x"), rank_options(a)); }
Outputs pseudoinverse(A a) { return linalg::pinv(a.tensor("x"), rank_options(a)); }

linalg::LstsqResult least_squares(A a) {
  return linalg::lstsq(a.tensor("a"), a.tensor("b"),
                       {.rcond = a.optional_number("rcond"), .driver = a.text("driver", "gelsy")});
}

Outputs norm_of(A a) {
  const Tensor& x = a.tensor("x");
  const Dims dims = a.dims("dim");
  const bool keepdim = a.flag("keepdim");
  if (a.text_given("ord")) return linalg::norm(x, a.text("ord"), dims, keepdim, {a.dtype()});
  if (a.has("ord")) return linalg::norm(x, a.number("ord"), dims, keepdim, {a.dtype()});
  return linalg::norm(x, std::nullopt, dims, keepdim, {a.dtype()});
}

Outputs matrix_norm_of(A a) {
  const Tensor& x = a.tensor("x");
  const Dims dims = a.has("dim") ? a.dims("dim") : Dims{-2, -1};
  const bool keepdim = a.flag("keepdim");
  if (a.number_given("ord")) return linalg::matrix_norm(x, a.number("ord"), dims, keepdim, {a.dtype()});
  return linalg::matrix_norm(x, a.text("ord", "fro"), dims, keepdim, {a.dtype()});
}

Outputs condition(A a) {
  if (a.text_given("p")) return linalg::cond(a.tensor("x"), a.text("p"));
  return a.has("p") ? linalg::cond(a.tensor("x"), a.number("p")) : linalg::cond(a.tensor("x"));
}

Outputs old_norm(A a) {
  if (a.text_given("p")) return norm(a.tensor("x"), a.text("p"), a.dims("dim"), a.flag("keepdim"));
  return norm(a.tensor("x"), a.number("p", 2), a.dims("dim"), a.flag("keepdim"));
}

const OpRow table[] = {
    {"linalg.cross", "a b dim",
     [](A a) -> Outputs { return linalg::cross(a.tensor("a"), a.tensor("b"), a.integer("dim", -1)); }},
    {"linalg.vecdot", "a b dim",
     [](A a) -> Outputs { return linalg::vecdot(a.tensor("a"), a.tensor("b"), a.integer("dim", -1)); }},

    // ---- Cholesky and systems of equations
    {"cholesky", "x upper", [](A a) -> Outputs { return cholesky(a.tensor("x"), a.flag("upper")); }},
    {"linalg.cholesky", "x upper", [](A a) -> Outputs { return linalg::cholesky(a.tensor("x"), a.flag("upper")); }},
    {"cholesky_solve", "b l upper",
     [](A a) -> Outputs { return cholesky_solve(a.tensor("b"), a.tensor("l"), a.flag("upper")); }},
    {"cholesky_inverse", "l upper", [](A a) -> Outputs { return cholesky_inverse(a.tensor("l"), a.flag("upper")); }},
    {"linalg.solve", "a b left",
     [](A a) -> Outputs { return linalg::solve(a.tensor("a"), a.tensor("b"), a.flag("left", true)); }},
    {"linalg.solve_triangular", "a b upper left unitriangular",
     [](A a) -> Outputs {
       return linalg::solve_triangular(a.tensor("a"), a.tensor("b"), a.flag("upper"),
                                       {.left = a.flag("left", true), .unitriangular = a.flag("unitriangular")});
     }},
    {"linalg.inv", "x", unary<linalg::inv>},
    {"inverse", "x", unary<inverse>},
    {"linalg.tensorinv", "x ind", [](A a) -> Outputs { return linalg::tensorinv(a.tensor("x"), a.integer("ind", 2)); }},
    {"linalg.tensorsolve", "a b dims",
     [](A a) -> Outputs { return linalg::tensorsolve(a.tensor("a"), a.tensor("b"), a.dims("dims")); }},

    // ---- determinants and factorizations
    {"linalg.det", "x", unary<linalg::det>},
    {"det", "x", unary<det>},
    {"linalg.slogdet", "x", [](A a) -> Outputs { return linalg::slogdet(a.tensor("x")); }},
    {"logdet", "x", unary<logdet>},
    {"linalg.qr", "x mode", [](A a) -> Outputs { return linalg::qr(a.tensor("x"), a.text("mode", "reduced")); }},
    {"linalg.eigh", "x UPLO", [](A a) -> Outputs { return linalg::eigh(a.tensor("x"), a.text("UPLO", "L")); }},
    {"linalg.eigvalsh", "x UPLO", [](A a) -> Outputs { return linalg::eigvalsh(a.tensor("x"), a.text("UPLO", "L")); }},
    {"linalg.svd", "x full_matrices",
     [](A a) -> Outputs {
       auto [u, s, vh] = linalg::svd(a.tensor("x"), a.flag("full_matrices", true));
       return std::vector<Tensor>{u, s, vh};
     }},
    {"linalg.svdvals", "x", unary<linalg::svdvals>},

    // ---- rank, pseudoinverse and least squares
    {"linalg.matrix_rank", "x atol rtol hermitian", rank},
    {"linalg.matrix_rank.hermitian", "x atol rtol hermitian", rank},
    {"linalg.pinv", "x atol rtol hermitian", pseudoinverse},
    {"linalg.pinv.hermitian", "x atol rtol hermitian", pseudoinverse},
    {"linalg.pinv.singular", "a b",
     [](A a) -> Outputs { return linalg::pinv(matmul(a.tensor("a"), a.tensor("b").mT())); }},
    {"pinverse", "x rcond", [](A a) -> Outputs { return pinverse(a.tensor("x"), a.number("rcond", 1e-15)); }},
    {"linalg.lstsq", "a b rcond driver",
     [](A a) -> Outputs {
       const linalg::LstsqResult r = least_squares(a);
       return std::vector<Tensor>{r.solution, r.residuals, r.rank, r.singular_values};
     }},
    {"linalg.lstsq.grad_oriented", "a b rcond driver",
     [](A a) -> Outputs {
       const linalg::LstsqResult r = least_squares(a);
       return std::vector<Tensor>{r.solution, r.residuals};
     }},

    // ---- functions of matrices
    {"matrix_exp", "x", unary<matrix_exp>},
    {"linalg.matrix_exp", "x", unary<linalg::matrix_exp>},
    {"matrix_power", "x n", [](A a) -> Outputs { return matrix_power(a.tensor("x"), a.integer("n")); }},
    {"linalg.matrix_power", "x n", [](A a) -> Outputs { return linalg::matrix_power(a.tensor("x"), a.integer("n")); }},
    {"linalg.multi_dot", "tensors", [](A a) -> Outputs { return linalg::multi_dot(a.tensors("tensors")); }},
    {"linalg.vander", "x N", [](A a) -> Outputs { return linalg::vander(a.tensor("x"), a.optional_integer("N")); }},

    // ---- norms
    {"norm", "x p dim keepdim", old_norm},
    {"norm.fro", "x p dim keepdim", old_norm},
    {"norm.inf", "x p dim keepdim", old_norm},
    {"norm.nuc", "x p dim keepdim", old_norm},
    {"linalg.vector_norm", "x ord dim keepdim dtype",
     [](A a) -> Outputs {
       return linalg::vector_norm(a.tensor("x"), a.number("ord", 2), a.dims("dim"), a.flag("keepdim"), {a.dtype()});
     }},
    {"linalg.matrix_norm", "x ord dim keepdim dtype", matrix_norm_of},
    {"linalg.norm", "x ord dim keepdim dtype", norm_of},
    {"linalg.norm.subgradients_at_zero", "x ord dim keepdim dtype", norm_of},
    {"linalg.cond", "x p", condition},
};

}  // namespace

std::span<const OpRow> linalg_rows() { return table; }

}  // namespace xg_conformance
