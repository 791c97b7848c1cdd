// Systems of equations, inverses and determinants, by the LU factorization.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/linalg.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops/linalg.hpp>
#include <xgrad/tensor/kernels/linalg.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace xg {
namespace autograd {
namespace {

/// A matrix from any that is far from singular.
Tensor regular(const Tensor& x) { return x + 8.0 * identity(x.size(-1), x); }

/// The inverse.
///   da = -x^T g x^T
struct Inverse {
  static constexpr const char* name = "inv";
  static constexpr int inputs = 1;
  static constexpr unsigned saves = save_output();
  static constexpr Rule rule = Rule::quadrature;
  bool checked = true;  // whether a singular matrix is an error; else its inverse is NaN

  static bool mixes_rows(std::int64_t ndim) { return ndim <= 2; }
  Tensor forward(const Tensor& a) const {
    return kernels::inverse(kernels::lu_factors("linalg::inv", a, checked), a.dtype());
  }
  static Tensor backward(const OpContext& c, const Tensor& grad) {
    const Tensor x = mT(c.output());
    return -matmul(matmul(x, grad), x);
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](const Inputs& in) { return apply(Inverse{}, regular(in[0])); };
    return shaped_samples(d, {{"matrix", {{3, 3}}, call},
                              {"batch", {{2, 3, 3}}, call},
                              {"one element", {{1, 1}}, call},
                              {"empty", {{0, 3, 3}}, call},
                              {"of size 0", {{2, 0, 0}}, call}});
  }
};

/// a^-1 b, or a^-T b, with the factors of a for the gradient.
///   db = a^-T g, da = -db x^T
struct Solve {
  static constexpr const char* name = "solve";
  static constexpr int inputs = 2;
  static constexpr int outputs = 3;
  static constexpr unsigned saves = save_input(0) | save_output(0) | save_output(1) | save_output(2);
  static constexpr Rule rule = Rule::unsupported;  // of the factors; a trace sees the product with the inverse
  bool transposed = false;

  static bool mixes_rows(std::int64_t ndim) { return ndim <= 2; }
  std::array<Tensor, 3> forward(const Tensor& a, const Tensor& b) const {
    kernels::LuFactors f = kernels::lu_factors("linalg::solve", a, true);
    Tensor x = kernels::solve(f, b, transposed);
    return {std::move(x), std::move(f.lu), std::move(f.pivots)};
  }
  std::array<Tensor, 3> composite(const Tensor& a, const Tensor& b) const {
    const Tensor inverse = apply(Inverse{}, a);
    return {matmul(transposed ? mT(inverse) : inverse, b), Tensor(), Tensor()};
  }
  std::array<Tensor, 2> backward(const OpContext& c, std::span<const Tensor> grads) const {
    if (!grads[0].defined()) return {};
    return with_right(c, apply(Solve{!transposed}, c.input(0), grads[0])[0]);
  }
  std::array<Tensor, 2> backward_fused(const OpContext& c, std::span<const Tensor> grads) const {
    if (!grads[0].defined()) return {};
    return with_right(c, kernels::solve({c.output(1), c.output(2)}, grads[0], !transposed));
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](bool transposed) {
      return [=](const Inputs& in) { return apply(Solve{transposed}, regular(in[0]), in[1])[0]; };
    };
    return shaped_samples(d, {{"matrix", {{1, 3, 3}, {1, 3, 2}}, call(false)},
                              {"transposed", {{1, 3, 3}, {1, 3, 2}}, call(true)},
                              {"batch", {{2, 3, 3}, {2, 3, 1}}, call(false)},
                              {"one element", {{1, 1}, {1, 1}}, call(false)},
                              {"empty", {{0, 3, 3}, {0, 3, 2}}, call(false)},
                              {"no columns", {{1, 3, 3}, {1, 3, 0}}, call(false)},
                              {"of size 0", {{2, 0, 0}, {2, 0, 2}}, call(true)}});
  }

 private:
  std::array<Tensor, 2> with_right(const OpContext& c, Tensor right) const {
    const Tensor& x = c.output(0);
    Tensor left = c.needs(0) ? -(transposed ? matmul(x, mT(right)) : matmul(right, mT(x))) : Tensor();
    return {std::move(left), std::move(right)};
  }
};

/// prod over j != i of s_j, for each i; differentiable also where factors are 0.
Tensor products_of_others(const Tensor& s) {
  const std::int64_t n = s.size(-1);
  return prod(where(identity(n, s) == 1, 1.0, unsqueeze(s, -2)), -1);
}

/// The cofactors of singular matrices, from u diag(s) vh: det(u) det(vh) u diag(products of others) vh.
Tensor cofactors_by_svd(const Tensor& a) {
  const auto [u, s, vh] = reduced_svd(a);
  const auto orientation = [](const Tensor& q) {
    const NoGrad guard;  // det q is 1 or -1 and does not change
    return sign(linalg::det(q.detach()));
  };
  const Tensor scale = products_of_others(s) * unsqueeze(orientation(u) * orientation(vh), -1);
  return matmul(u * unsqueeze(scale, -2), vh);
}

/// The cofactors by their definition, (-1)^(i+j) times the determinant without row i and column j: as dear as n^2
/// determinants, but with derivatives of any order at any matrix.
Tensor cofactors_by_minors(const Tensor& a) {
  const std::int64_t n = a.size(-1), count = a.numel() / (n * n);
  std::vector<std::int64_t> others;
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < n; ++j)
      if (i != j) others.push_back(j);
  const Tensor index = tensor(others), place = arange(n);
  const Tensor picked = index_select(index_select(reshape(a, {count, n, n}), 1, index), 2, index);
  const Tensor minors = transpose(reshape(picked, {count, n, n - 1, n, n - 1}), 2, 3);
  const Tensor even = remainder(unsqueeze(place, 1) + place, full({}, 2)) == 0;
  const Tensor determinants = linalg::det(minors);
  return reshape(where(even, determinants, -determinants), a.shape());
}

/// The derivative of the determinant `value` of a: its cofactors.
///
/// det(a) a^-T loses as many digits as the condition number has, so that matrices that are nearly singular go another
/// way: by singular values, whose own derivatives need these to be distinct, or by minors, for derivatives of higher
/// order. Where those would cost too much, singular values have to do, but only if the inverse has no digits left.
Tensor cofactors(const Tensor& a, const Tensor& value) {
  const Tensor inverse = unchecked_inverse(a), direct = per_matrix(value) * mT(inverse);
  if (a.numel() == 0) return direct;
  constexpr std::int64_t most_minors = 16;
  const bool by_minors = grad_enabled() && a.size(-1) <= most_minors;
  const double most = grad_enabled() && !by_minors ? 1e12 : 1e7;
  const auto norm1 = [](const Tensor& x) { return amax(sum(abs(x.detach()), -2), -1); };
  const Tensor singular = per_matrix(logical_not(norm1(a) * norm1(inverse) < most));
  if (!any(singular).item<bool>()) return direct;
  // Each way is given harmless matrices in place of those of the other.
  const Tensor harmless = diag_embed(arange(1, a.size(-1) + 1, 1, {.dtype = a.dtype()}));
  const Tensor by_inverse = per_matrix(value) * mT(unchecked_inverse(where(singular, harmless, a)));
  const Tensor others = where(singular, a, harmless);
  return where(singular, by_minors ? cofactors_by_minors(others) : cofactors_by_svd(others), by_inverse);
}

/// The determinant.
struct Det {
  static constexpr const char* name = "det";
  static constexpr int inputs = 1;
  static constexpr unsigned saves = save_input(0) | save_output();
  static constexpr Rule rule = Rule::quadrature;

  static bool mixes_rows(std::int64_t ndim) { return ndim <= 2; }
  static Tensor forward(const Tensor& a) {
    return kernels::determinant(kernels::lu_factors("linalg::det", a, false), a.dtype());
  }
  static Tensor backward(const OpContext& c, const Tensor& grad) {
    return per_matrix(grad) * cofactors(c.input(0), c.output());
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](const Inputs& in) { return apply(Det{}, in[0]); };
    std::vector<Sample> samples = shaped_samples(d, {{"matrix", {{3, 3}}, call},
                                                     {"batch", {{2, 2, 2}}, call},
                                                     {"one element", {{1, 1}}, call},
                                                     {"empty", {{0, 3, 3}}, call},
                                                     {"of size 0", {{2, 0, 0}}, call}});
    const Tensor singular = tensor({{{1, 2, 3}, {2, 4, 6}, {-1, -2, -3}}, {{1, 2, 0}, {3, 1, 2}, {2, 0, 1}}});
    samples.push_back({"of rank 1 and regular", {singular.to(d)}, call});
    return samples;
  }
};

/// The sign of the determinant, and the logarithm of its magnitude.
struct Slogdet {
  static constexpr const char* name = "slogdet";
  static constexpr int inputs = 1;
  static constexpr int outputs = 2;
  static constexpr unsigned saves = save_input(0);
  static constexpr Rule rule = Rule::quadrature;

  static bool mixes_rows(std::int64_t ndim) { return ndim <= 2; }
  static std::array<Tensor, 2> forward(const Tensor& a) {
    auto [sign, log] = kernels::sign_and_log_determinant(kernels::lu_factors("linalg::slogdet", a, false), a.dtype());
    return {std::move(sign), std::move(log)};
  }
  static std::array<Tensor, 1> backward(const OpContext& c, std::span<const Tensor> grads) {
    if (!grads[1].defined()) return {};
    return {per_matrix(grads[1]) * mT(unchecked_inverse(c.input(0)))};
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](const Inputs& in) { return apply(Slogdet{}, regular(in[0]))[1]; };
    return shaped_samples(d, {{"matrix", {{3, 3}}, call},
                              {"batch", {{2, 3, 3}}, call},
                              {"one element", {{1, 1}}, call},
                              {"empty", {{0, 3, 3}}, call},
                              {"of size 0", {{2, 0, 0}}, call}});
  }
};

}  // namespace

Tensor unchecked_inverse(const Tensor& a) { return apply(Inverse{false}, a); }

}  // namespace autograd

namespace linalg {

using namespace autograd;  // NOLINT: its parts of linear algebra

Tensor solve(const Tensor& a, const Tensor& b, bool left) {
  constexpr const char* op = "linalg::solve";
  check_square(op, "a", a);
  if (b.dim() == 0) raise<ShapeError>("[{}] b is 0-d, it must be a vector or matrices.", op);
  check_equal_dtypes(op, a, b);
  const bool vector = is_vector_for(a, b);
  if (vector && !left)
    raise<ShapeError>("[{}] b has shape {}, but x a = b needs matrices: use b.unsqueeze(-2).", op, b.shape().str());
  const Tensor columns = vector ? unsqueeze(b, -1) : b;
  if (columns.size(left ? -2 : -1) != a.size(-1))
    raise<ShapeError>("[{}] the shapes are {} and {}: b must have as many {} as a.", op, a.shape().str(),
                      b.shape().str(), left ? "rows" : "columns");
  const Tensor x = solve_for_all(op, a, left ? columns : mT(columns), [&](const Tensor& matrix, const Tensor& right) {
    return apply(Solve{!left}, matrix, right)[0];
  });
  return vector ? squeeze(x, -1) : (left ? x : mT(x));
}

Tensor inv(const Tensor& a) {
  check_square("linalg::inv", "a", a);
  return apply(Inverse{}, a);
}

Tensor tensorinv(const Tensor& a, std::int64_t ind) {
  if (ind <= 0) raise<ValueError>("[linalg::tensorinv] ind is {}, it must be positive.", ind);
  const std::int64_t split = std::min(ind, a.dim());
  const Shape first(a.shape().begin(), a.shape().begin() + split), last(a.shape().begin() + split, a.shape().end());
  if (first.numel() != last.numel())
    raise<ShapeError>(
        "[linalg::tensorinv] a has shape {}: the product of its first {} sizes must be that of the others.",
        a.shape().str(), ind);
  Shape shape = last;
  for (const std::int64_t size : first) shape.push_back(size);
  return reshape(inv(reshape(a, {first.numel(), last.numel()})), shape);
}

Tensor tensorsolve(const Tensor& a, const Tensor& b, const Dims& dims) {
  constexpr const char* op = "linalg::tensorsolve";
  Dims ends;
  for (std::size_t i = 0; i < dims.size(); ++i)
    ends.push_back(static_cast<std::int64_t>(i) - static_cast<std::int64_t>(dims.size()));
  const Tensor moved = dims.empty() ? a : movedim(a, dims, ends);
  const Shape& shape = moved.shape();
  if (moved.dim() < b.dim())
    raise<ShapeError>("[{}] a has shape {}, b {}: a must have at least as many dimensions.", op, a.shape().str(),
                      b.shape().str());
  const Shape unknown(shape.begin() + b.dim(), shape.end());
  if (unknown.numel() != b.numel() || moved.numel() != b.numel() * b.numel())
    raise<ShapeError>("[{}] a has shape {} (the dims at its end), b {}: b and x {} must have as many elements.", op,
                      shape.str(), b.shape().str(), unknown.str());
  const std::int64_t n = b.numel();
  return reshape(solve(reshape(moved, {n, n}), reshape(b, {n})), unknown);
}

Tensor det(const Tensor& a) {
  check_square("linalg::det", "a", a);
  return apply(Det{}, a);
}

std::pair<Tensor, Tensor> slogdet(const Tensor& a) {
  check_square("linalg::slogdet", "a", a);
  auto [sign, log] = apply(Slogdet{}, a);
  return {std::move(sign), std::move(log)};
}

Tensor logdet(const Tensor& a) {
  check_square("linalg::logdet", "a", a);
  const auto [sign, log] = slogdet(a);
  return where(sign < 0, std::numeric_limits<double>::quiet_NaN(), log);
}

}  // namespace linalg

Tensor inverse(const Tensor& a) { return linalg::inv(a); }

}  // namespace xg
