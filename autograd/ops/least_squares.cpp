// The QR factorization, pseudoinverses and least squares.
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
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xg {
namespace autograd {
namespace {

/// A matrix from any whose columns, or rows, are far from dependent.
Tensor independent(const Tensor& x) { return x + 8.0 * eye(x.size(-2), x.size(-1), {.dtype = x.dtype()}); }

/// a = q r, a [.., m, n] with m >= n.
///   da = (gq + q s) r^-T, s the symmetric matrix with the lower triangle of r gr^T - gq^T q
struct Qr {
  static constexpr const char* name = "qr";
  static constexpr int inputs = 1;
  static constexpr int outputs = 2;
  static constexpr unsigned saves = save_output(0) | save_output(1);
  static constexpr Rule rule = Rule::unsupported;
  bool complete = false;

  static bool mixes_rows(std::int64_t ndim) { return ndim <= 2; }
  std::array<Tensor, 2> forward(const Tensor& a) const {
    auto [q, r] = kernels::qr("linalg::qr", a, complete);
    return {std::move(q), std::move(r)};
  }
  static std::array<Tensor, 1> backward(const OpContext& c, std::span<const Tensor> grads) {
    const Tensor &q = c.output(0), &r = c.output(1);
    if (r.size(-2) != r.size(-1))
      raise<AutogradError>(
          "[linalg::qr] mode \"complete\" has no derivative for more rows than columns, because the last columns of q "
          "are arbitrary: use \"reduced\".");
    if (!grads[0].defined() && !grads[1].defined()) return {};
    Tensor m, gq = zeros_like(q);
    if (grads[1].defined()) m = matmul(r, mT(grads[1]));
    if (grads[0].defined()) {
      const Tensor product = matmul(mT(grads[0]), q);
      m = m.defined() ? m - product : -product;
      gq = grads[0];
    }
    const Tensor s = tril(m) + mT(tril(m, -1));
    return {mT(triangular_solution(r, mT(gq + matmul(q, s)), true))};
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto part = [](std::size_t which) {
      return [=](const Inputs& in) { return apply(Qr{}, independent(in[0]))[which]; };
    };
    const auto both = [](bool complete) {
      return [=](const Inputs& in) {
        const auto [q, r] = apply(Qr{complete}, independent(in[0]));
        return matmul(q, r * r);
      };
    };
    return shaped_samples(d, {{"q", {{4, 3}}, part(0)},
                              {"r", {{4, 3}}, part(1)},
                              {"both, batch", {{2, 3, 2}}, both(false)},
                              {"complete, square", {{1, 3, 3}}, both(true)},
                              {"one element", {{1, 1}}, both(false)},
                              {"empty", {{0, 3, 2}}, both(false)},
                              {"of size 0", {{2, 3, 0}}, both(false)}});
  }
};

/// The Moore-Penrose inverse p.
///   da = -p^T g p^T + (1 - a p) g^T p p^T + p^T p g^T (1 - p a)
struct Pinv {
  static constexpr const char* name = "pinv";
  static constexpr int inputs = 1;
  static constexpr unsigned saves = save_input(0) | save_output();
  static constexpr Rule rule = Rule::quadrature;
  bool hermitian = false;
  kernels::RankTolerance tolerance;

  static bool mixes_rows(std::int64_t ndim) { return ndim <= 2; }
  Tensor forward(const Tensor& a) const { return kernels::pseudoinverse("linalg::pinv", a, hermitian, tolerance); }
  static Tensor backward(const OpContext& c, const Tensor& grad) {
    const Tensor a = contiguous(c.input(0)), &p = c.output(), gt = mT(grad), pt = mT(p);
    const Tensor gt_p = matmul(gt, p), columns = matmul(gt_p, pt);
    const Tensor p_gt = matmul(p, gt), rows = matmul(pt, p_gt);
    return columns - matmul(a, matmul(p, columns)) + rows - matmul(matmul(rows, p), a) - mT(matmul(p_gt, p));
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](const Inputs& in) { return apply(Pinv{false, {.rtol = 1e-5}}, independent(in[0])); };
    // Of rank 2, whatever the values.
    const auto deficient = [](const Inputs& in) {
      return apply(Pinv{false, {.rtol = 1e-5}}, matmul(independent(in[0]), independent(in[1])));
    };
    const auto symmetric = [](const Inputs& in) {
      return apply(Pinv{true, {.rtol = 1e-5}}, independent(in[0] + mT(in[0])));
    };
    return shaped_samples(d, {{"tall", {{4, 3}}, call},
                              {"wide, batch", {{2, 2, 3}}, call},
                              {"deficient", {{3, 2}, {2, 3}}, deficient},
                              {"symmetric", {{3, 3}}, symmetric},
                              {"one element", {{1, 1}}, call},
                              {"empty", {{0, 3, 2}}, call},
                              {"of size 0", {{2, 0, 3}}, call}});
  }
};

/// The x of minimal norm that minimizes |a x - b|, with the rank and the singular values. With p the pseudoinverse of a
/// and r = b - a x,
///   db = p^T g, da = -db x^T + r (p db)^T + (p^T x) (g - a^T db)^T
struct Lstsq {
  static constexpr const char* name = "lstsq";
  static constexpr int inputs = 2;
  static constexpr int outputs = 3;
  static constexpr unsigned saves = save_input(0) | save_input(1) | save_output(0);
  static constexpr Rule rule = Rule::unsupported;  // of the rank; a trace sees the product with the pseudoinverse
  kernels::LstsqMethod method = kernels::LstsqMethod::orthogonal;
  double rcond = 1e-5;

  static bool mixes_rows(std::int64_t ndim) { return ndim <= 2; }
  std::array<Tensor, 3> forward(const Tensor& a, const Tensor& b) const {
    kernels::LstsqFactors f = kernels::lstsq("linalg::lstsq", a, b, method, rcond);
    return {std::move(f.x), std::move(f.rank), std::move(f.singular_values)};
  }
  std::array<Tensor, 3> composite(const Tensor& a, const Tensor& b) const {
    std::array<Tensor, 3> results = forward(a, b);
    results[0] = matmul(pseudoinverse(a, rcond), b);
    return results;
  }
  std::array<Tensor, 2> backward(const OpContext& c, std::span<const Tensor> grads) const {
    if (!grads[0].defined()) return {};
    const Tensor a = contiguous(c.input(0)), b = contiguous(c.input(1)), &x = c.output(0), &g = grads[0];
    const Tensor p = pseudoinverse(a, rcond), right = matmul(mT(p), g);
    if (!c.needs(0)) return {Tensor(), right};
    const Tensor residual = b - matmul(a, x);
    const Tensor left = matmul(residual, mT(matmul(p, right))) - matmul(right, mT(x)) +
                        matmul(matmul(mT(p), x), mT(g - matmul(mT(a), right)));
    return {left, right};
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](kernels::LstsqMethod method) {
      return [=](const Inputs& in) { return apply(Lstsq{method}, independent(in[0]), in[1])[0]; };
    };
    using enum kernels::LstsqMethod;
    const auto deficient = [](const Inputs& in) {
      return apply(Lstsq{}, matmul(independent(in[0]), independent(in[1])), in[2])[0];
    };
    return shaped_samples(d, {{"tall", {{4, 3}, {4, 2}}, call(full_rank)},
                              {"wide", {{2, 3}, {2, 2}}, call(orthogonal)},
                              {"batch", {{2, 3, 2}, {2, 3, 1}}, call(singular_values)},
                              {"deficient", {{1, 3, 2}, {1, 2, 3}, {1, 3, 2}}, deficient},
                              {"one element", {{1, 1}, {1, 1}}, call(orthogonal)},
                              {"empty", {{0, 3, 2}, {0, 3, 1}}, call(orthogonal)},
                              {"no columns", {{3, 2}, {3, 0}}, call(orthogonal)},
                              {"of size 0", {{2, 0, 3}, {2, 0, 1}}, call(orthogonal)}});
  }
};

double eps_of(Dtype dtype) {
  return dtype == float32 ? std::numeric_limits<float>::epsilon() : std::numeric_limits<double>::epsilon();
}
/// eps max(m, n), below which singular values are rounding.
double default_tolerance(const Tensor& a) {
  return eps_of(a.dtype()) * static_cast<double>(std::max(a.size(-1), a.size(-2)));
}

/// The tolerances that the options mean for matrices a: numbers, or tensors of the shape of the batch.
struct Tolerances {
  Tensor atol, rtol;  // undefined unless given as tensors
  double atol_number = 0, rtol_number = 0;

  Tolerances(const char* op, const Tensor& a, const linalg::RankOptions& options) {
    const NoGrad guard;
    const Shape batch(a.shape().begin(), a.shape().end() - 2);
    const auto values = [&](const char* argument, const linalg::Tolerance& given) {
      if (!given.tensor.defined()) {
        if (given.number && !(*given.number >= 0))
          raise<ValueError>("[{}] {} is {}, it must not be negative.", op, argument, *given.number);
        return Tensor();
      }
      const Tensor& x = given.tensor;
      if (x.dim() > static_cast<std::int64_t>(batch.size()) || broadcast_shapes(op, x.shape(), batch) != batch)
        raise<ShapeError>("[{}] {} has shape {}, it must broadcast to the batch {} of the matrices.", op, argument,
                          x.shape().str(), batch.str());
      return contiguous(expand(x.detach().to(float64), batch));
    };
    atol = values("atol", options.atol);
    rtol = values("rtol", options.rtol);
    atol_number = options.atol.number.value_or(0);
    rtol_number = options.rtol.number.value_or(default_tolerance(a));
    if (options.rtol.number || rtol.defined()) return;
    // The default is for where no absolute tolerance is given.
    if (atol.defined())
      rtol = where(atol > 0, 0.0, full(batch, rtol_number, {.dtype = float64}));
    else if (atol_number > 0)
      rtol_number = 0;
  }
};

}  // namespace

Tensor pseudoinverse(const Tensor& a, double rtol) { return apply(Pinv{false, {.rtol = rtol}}, a); }

}  // namespace autograd

namespace linalg {

using namespace autograd;  // NOLINT: its parts of linear algebra

std::pair<Tensor, Tensor> qr(const Tensor& a, StringRef mode) {
  constexpr const char* op = "linalg::qr";
  check_matrices(op, "a", a);
  const std::string_view name = mode;
  if (name != "reduced" && name != "complete" && name != "r")
    raise<ValueError>("[{}] mode is \"{}\", it must be \"reduced\", \"complete\" or \"r\".", op, name);
  const std::int64_t m = a.size(-2), n = a.size(-1);
  // The first m columns of a wide matrix have its q, and the others are q times those of r. They are copied, so that
  // rounding does not depend on strides: dependent columns would magnify it.
  const Tensor wide = m < n ? contiguous(a) : a;
  auto [q, r] = apply(Qr{name == "complete"}, m < n ? narrow(wide, -1, 0, m) : a);
  if (m < n) r = cat({r, matmul(mT(q), narrow(wide, -1, m, n - m))}, -1);
  if (name == "r") q = empty({0}, {.dtype = a.dtype()});
  return {std::move(q), std::move(r)};
}

Tensor matrix_rank(const Tensor& a, const RankOptions& options) {
  constexpr const char* op = "linalg::matrix_rank";
  options.hermitian ? check_square(op, "a", a) : check_matrices(op, "a", a);
  const NoGrad guard;
  const Tolerances tolerance(op, a, options);
  const Tensor s = options.hermitian ? abs(eigvalsh(a)) : svdvals(a);
  if (s.numel() == 0) return zeros(Shape(s.shape().begin(), s.shape().end() - 1), {.dtype = int64});
  const Tensor wide = s.to(float64), largest = amax(wide, -1);
  const Tensor relative = tolerance.rtol.defined() ? tolerance.rtol * largest : tolerance.rtol_number * largest;
  const Tensor zero =
      tolerance.atol.defined() ? maximum(relative, tolerance.atol) : clamp(relative, tolerance.atol_number);
  return sum(wide > unsqueeze(zero, -1), -1);
}

Tensor pinv(const Tensor& a, const RankOptions& options) {
  constexpr const char* op = "linalg::pinv";
  options.hermitian ? check_square(op, "a", a) : check_matrices(op, "a", a);
  const Tolerances tolerance(op, a, options);
  return apply(Pinv{options.hermitian, {tolerance.atol_number, tolerance.rtol_number, tolerance.atol, tolerance.rtol}},
               a);
}

LstsqResult lstsq(const Tensor& a, const Tensor& b, const LstsqOptions& options) {
  constexpr const char* op = "linalg::lstsq";
  check_matrices(op, "a", a);
  if (b.dim() == 0) raise<ShapeError>("[{}] b is 0-d, it must be a vector or matrices.", op);
  check_equal_dtypes(op, a, b);
  const std::string& driver = options.driver;
  if (driver != "gels" && driver != "gelsy" && driver != "gelsd" && driver != "gelss")
    raise<ValueError>("[{}] driver is \"{}\", it must be \"gels\", \"gelsy\", \"gelsd\" or \"gelss\".", op, driver);
  const double rcond = options.rcond.value_or(default_tolerance(a));
  if (!(rcond >= 0)) raise<ValueError>("[{}] rcond is {}, it must not be negative.", op, rcond);
  const bool vector = is_vector_for(a, b);
  const Tensor columns = vector ? unsqueeze(b, -1) : b;
  if (columns.size(-2) != a.size(-2))
    raise<ShapeError>("[{}] the shapes are {} and {}: b must have as many rows as a.", op, a.shape().str(),
                      b.shape().str());
  using enum kernels::LstsqMethod;
  const auto [left, right] = with_common_batch(op, a, columns);
  const auto method = driver == "gels" ? full_rank : (driver == "gelsy" ? orthogonal : singular_values);
  const auto [x, rank, s] = apply(Lstsq{method, rcond}, left, right);
  const std::int64_t m = a.size(-2), n = a.size(-1);
  Tensor residuals = empty({0}, {.dtype = a.dtype()});
  if (m > n && driver != "gelsy" && (driver == "gels" || all(rank == n).item<bool>()))
    residuals = sum(square(matmul(left, x) - right), -2);
  return {vector ? squeeze(x, -1) : x, residuals, rank, s.detach()};
}

}  // namespace linalg

Tensor pinverse(const Tensor& a, double rcond) { return linalg::pinv(a, {.rtol = rcond}); }

}  // namespace xg
