// Calls of linear algebra.
#include "misuse/calls.hpp"

using namespace xg;

namespace xg_test {
namespace {

/// Mostly matrices [.., m, n] in a floating-point dtype, else any tensor.
Tensor matrices(Draw& d, std::int64_t m, std::int64_t n, Dtype dtype) {
  if (d.one_in(6)) return d.tensor();
  Shape shape;
  for (std::int64_t i = d.below(3); i > 0; --i) shape.push_back(d.one_in(8) ? 0 : 1 + d.below(2));
  shape.push_back(m);
  shape.push_back(n);
  return d.tensor_like(zeros(shape, {.dtype = dtype}));
}
Dtype floating(Draw& d) { return d.yes() ? float32 : float64; }
Tensor any_matrices(Draw& d) { return matrices(d, d.below(4), d.below(4), floating(d)); }
Tensor square(Draw& d) {
  const std::int64_t n = d.below(4);
  return matrices(d, n, n, floating(d));
}
/// Mostly positive definite. The product is of dense matrices, because its rounding depends on strides and may decide
/// whether numbers of very different sizes are.
Tensor definite(Draw& d) {
  const Tensor x = square(d);
  if (!x.defined() || x.dim() < 2 || d.one_in(3)) return x;
  const Tensor dense = contiguous(x);
  return matmul(dense, dense.mT()) + 4 * eye(x.size(-2), x.size(-2), {.dtype = x.dtype()});
}

/// A matrix and a right-hand side for it.
struct System {
  Tensor a, b;
};
System system(Draw& d, bool square_matrix) {
  const std::int64_t m = d.below(4), n = square_matrix ? m : d.below(4);
  const Dtype dtype = floating(d);
  const Tensor a = matrices(d, m, n, dtype);
  return {a, d.one_in(4) ? d.tensor_like(zeros({m}, {.dtype = dtype})) : matrices(d, m, d.below(3), dtype)};
}

linalg::Tolerance tolerance(Draw& d) {
  if (d.one_in(3)) return {};
  return d.one_in(3) ? linalg::Tolerance(d.tensor()) : linalg::Tolerance(d.number());
}
linalg::RankOptions rank_options(Draw& d) {
  return {.atol = tolerance(d), .rtol = tolerance(d), .hermitian = d.one_in(3)};
}

template <Tensor (*f)(const Tensor&)> std::vector<Tensor> of_square(Draw& d) { return list(f(square(d))); }

}  // namespace

std::vector<Call> linalg_calls() {
  return {
      {"cholesky", [](Draw& d) { return list(linalg::cholesky(definite(d), d.yes())); }},
      {"cholesky_solve",
       [](Draw& d) {
         const System s = system(d, true);
         return list(linalg::cholesky_solve(s.b, s.a, d.yes()));
       }},
      {"cholesky_inverse", [](Draw& d) { return list(linalg::cholesky_inverse(square(d), d.yes())); }},
      {"linalg::solve",
       [](Draw& d) {
         const System s = system(d, true);
         return list(linalg::solve(s.a, s.b, !d.one_in(4)));
       }},
      {"solve_triangular",
       [](Draw& d) {
         const System s = system(d, true);
         return list(linalg::solve_triangular(s.a, s.b, d.yes(), {.left = d.yes(), .unitriangular = d.yes()}));
       }},
      {"inv", of_square<linalg::inv>},
      {"inverse", of_square<inverse>},
      {"tensorinv", [](Draw& d) { return list(linalg::tensorinv(d.yes() ? square(d) : d.tensor(), d.below(4))); }},
      {"tensorsolve",
       [](Draw& d) {
         const System s = system(d, true);
         return list(linalg::tensorsolve(s.a, s.b, d.yes() ? Dims() : d.dims()));
       }},
      {"det", of_square<linalg::det>},
      {"slogdet", [](Draw& d) { return list(linalg::slogdet(square(d))); }},
      {"logdet", of_square<linalg::logdet>},
      {"qr", [](Draw& d) { return list(linalg::qr(any_matrices(d), d.one_of({"reduced", "complete", "r", "raw"}))); }},
      {"eigh", [](Draw& d) { return list(linalg::eigh(square(d), d.one_of({"L", "U", "x"}))); }},
      {"eigvalsh", [](Draw& d) { return list(linalg::eigvalsh(square(d), d.one_of({"L", "U", ""}))); }},
      {"svd", [](Draw& d) { return list(linalg::svd(any_matrices(d), d.yes())); }},
      {"svdvals", [](Draw& d) { return list(linalg::svdvals(any_matrices(d))); }},
      {"matrix_rank", [](Draw& d) { return list(linalg::matrix_rank(any_matrices(d), rank_options(d))); }},
      {"pinv", [](Draw& d) { return list(linalg::pinv(any_matrices(d), rank_options(d))); }},
      {"pinverse", [](Draw& d) { return list(pinverse(any_matrices(d), d.number())); }},
      {"lstsq",
       [](Draw& d) {
         const System s = system(d, false);
         linalg::LstsqOptions options{.driver = d.one_of({"gels", "gelsy", "gelsd", "gelss", "geqrf"})};
         if (d.one_in(3)) options.rcond = d.number();
         const linalg::LstsqResult r = linalg::lstsq(s.a, s.b, options);
         return list(r.solution, r.residuals, r.rank, r.singular_values);
       }},
      {"matrix_exp", of_square<linalg::matrix_exp>},
      {"matrix_power", [](Draw& d) { return list(linalg::matrix_power(square(d), d.integer())); }},
      {"multi_dot",
       [](Draw& d) {
         const Dtype dtype = floating(d);
         std::vector<Tensor> all;
         std::int64_t rows = d.below(4);
         for (std::int64_t i = d.below(5); i > 0; --i) {
           const std::int64_t cols = d.below(4);
           all.push_back(d.tensor_like(zeros({rows, cols}, {.dtype = dtype})));
           rows = cols;
         }
         return list(linalg::multi_dot(all));
       }},
      {"vander",
       [](Draw& d) {
         const Tensor x = d.tensor();
         return list(d.yes() ? linalg::vander(x) : linalg::vander(x, d.integer()));
       }},
      {"linalg::vector_norm",
       [](Draw& d) { return list(linalg::vector_norm(d.tensor(), d.number(), d.dims(), d.yes(), d.dtype_option())); }},
      {"matrix_norm",
       [](Draw& d) {
         const Dims dims = d.yes() ? Dims{-2, -1} : d.dims();
         if (d.yes()) return list(linalg::matrix_norm(any_matrices(d), d.number(), dims, d.yes(), d.dtype_option()));
         return list(linalg::matrix_norm(any_matrices(d), d.one_of({"fro", "nuc", "inf"}), dims, d.yes()));
       }},
      {"linalg::norm",
       [](Draw& d) {
         const Dims dims = d.yes() ? Dims() : d.dims();
         if (d.one_in(3)) return list(linalg::norm(d.tensor(), std::nullopt, dims, d.yes(), d.dtype_option()));
         if (d.yes()) return list(linalg::norm(d.tensor(), d.number(), dims, d.yes()));
         return list(linalg::norm(d.tensor(), d.one_of({"fro", "nuc", "two"}), dims, d.yes()));
       }},
      {"norm by name",
       [](Draw& d) { return list(norm(d.tensor(), d.one_of({"fro", "nuc", "two"}), d.dims(), d.yes())); }},
      {"cond",
       [](Draw& d) {
         if (d.one_in(3)) return list(linalg::cond(any_matrices(d)));
         return list(d.yes() ? linalg::cond(square(d), d.number()) : linalg::cond(square(d), d.one_of({"fro", "nuc"})));
       }},
  };
}

}  // namespace xg_test
