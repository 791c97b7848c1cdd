// Eigenvalues of symmetric matrices, singular values, and what is made of them.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/linalg.hpp>
#include <xgrad/autograd/ops/linalg.hpp>
#include <xgrad/tensor/kernels/linalg.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <array>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace xg {
namespace autograd {
namespace {

/// A symmetric matrix from any, with distinct eigenvalues.
Tensor symmetric(const Tensor& x) {
  return 0.5 * (x + mT(x)) + diag_embed(6.0 * arange(x.size(-1), {.dtype = x.dtype()}));
}
/// A matrix from any, with distinct singular values that are not 0.
Tensor distinct(const Tensor& x) {
  const std::int64_t m = x.size(-2), n = x.size(-1);
  return x + eye(m, n, {.dtype = x.dtype()}) * (8.0 + 6.0 * arange(n, {.dtype = x.dtype()}));
}
/// x diag(d)
Tensor scaled_columns(const Tensor& x, const Tensor& d) { return x * unsqueeze(d, -2); }
/// diag(d) x
Tensor scaled_rows(const Tensor& d, const Tensor& x) { return unsqueeze(d, -1) * x; }
/// x outside of the diagonal, 1 on it.
Tensor with_ones(const Tensor& x) { return where(identity(x.size(-1), x) == 1, 1.0, x); }

/// a = v diag(w) v^T.
///   da = v (diag(gw) + skew(v^T gv) / (2 e)) v^T, e_ij = w_j - w_i
struct Eigh {
  static constexpr const char* name = "eigh";
  static constexpr int inputs = 1;
  static constexpr int outputs = 2;
  static constexpr unsigned saves = save_output(0) | save_output(1);
  static constexpr Rule rule = Rule::unsupported;
  bool lower = true;

  static bool mixes_rows(std::int64_t ndim) { return ndim <= 2; }
  std::array<Tensor, 2> forward(const Tensor& a) const {
    auto [w, v] = kernels::eigh("linalg::eigh", a, lower, true);
    return {std::move(w), std::move(v)};
  }
  static std::array<Tensor, 1> backward(const OpContext& c, std::span<const Tensor> grads) {
    const Tensor &w = c.output(0), &v = c.output(1);
    if (!grads[1].defined()) {
      if (!grads[0].defined()) return {};
      return {matmul(scaled_columns(v, grads[0]), mT(v))};
    }
    Tensor core = 0.5 * skew(matmul(mT(v), grads[1])) / with_ones(unsqueeze(w, -2) - unsqueeze(w, -1));
    if (grads[0].defined()) core = core + diag_embed(grads[0]);
    return {matmul(matmul(v, core), mT(v))};
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto part = [](std::size_t which) {
      return [=](const Inputs& in) { return apply(Eigh{}, symmetric(in[0]))[which]; };
    };
    const auto both = [](bool lower) {
      return [=](const Inputs& in) {
        const auto [w, v] = apply(Eigh{lower}, symmetric(in[0]));
        return scaled_columns(v, exp(0.1 * w));
      };
    };
    return shaped_samples(d, {{"values", {{3, 3}}, part(0)},
                              {"vectors", {{3, 3}}, part(1)},
                              {"both, upper, batch", {{2, 3, 3}}, both(false)},
                              {"one element", {{1, 1}}, both(true)},
                              {"empty", {{0, 3, 3}}, both(true)},
                              {"of size 0", {{2, 0, 0}}, both(true)}});
  }
};

/// The eigenvalues alone. The gradient needs the vectors, but divides by no differences.
///   da = v diag(g) v^T
struct Eigvalsh {
  static constexpr const char* name = "eigvalsh";
  static constexpr int inputs = 1;
  static constexpr unsigned saves = save_input(0);
  static constexpr Rule rule = Rule::quadrature;
  bool lower = true;

  static bool mixes_rows(std::int64_t ndim) { return ndim <= 2; }
  Tensor forward(const Tensor& a) const { return kernels::eigh("linalg::eigvalsh", a, lower, false).first; }
  Tensor backward(const OpContext& c, const Tensor& grad) const {
    const Tensor v = apply(Eigh{lower}, c.input(0))[1];
    return matmul(scaled_columns(v, grad), mT(v));
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](bool lower) {
      return [=](const Inputs& in) { return apply(Eigvalsh{lower}, symmetric(in[0])); };
    };
    return shaped_samples(d, {{"matrix", {{3, 3}}, call(true)},
                              {"upper, batch", {{2, 3, 3}}, call(false)},
                              {"one element", {{1, 1}}, call(true)},
                              {"empty", {{0, 3, 3}}, call(true)},
                              {"of size 0", {{2, 0, 0}}, call(true)}});
  }
};

/// The part of the gradient of one side of a = u diag(s) vh that lies beyond the first k vectors, with which the other
/// side is multiplied: (g - u u^T g - rest g_rest^T u) / s for u [.., m, k], of which `all` [.., m, k or m] has the
/// rest.
///
/// The basis of the rest is arbitrary: of the many derivatives that it may be given, this is the smallest one.
Tensor beyond(const Tensor& all, const Tensor& g, const Tensor& s) {
  const std::int64_t k = s.size(-1), more = all.size(-1) - k;
  const Tensor u = narrow(all, -1, 0, k), gk = narrow(g, -1, 0, k);
  Tensor out = gk - matmul(u, matmul(mT(u), gk));
  if (more > 0) out = out - matmul(narrow(all, -1, k, more), matmul(mT(narrow(g, -1, k, more)), u));
  return out / unsqueeze(s, -2);
}

/// a = u diag(s) vh.
///   da = u (skew(u^T gu) / e diag(s) + diag(s) skew(v^T gv) / e + diag(gs)) vh, e_ij = s_j^2 - s_i^2,
///        and the parts of gu and gv that are orthogonal to u and v
struct Svd {
  static constexpr const char* name = "svd";
  static constexpr int inputs = 1;
  static constexpr int outputs = 3;
  static constexpr unsigned saves = save_output(0) | save_output(1) | save_output(2);
  static constexpr Rule rule = Rule::unsupported;
  bool full = false;

  static bool mixes_rows(std::int64_t ndim) { return ndim <= 2; }
  std::array<Tensor, 3> forward(const Tensor& a) const {
    kernels::SvdFactors f =
        kernels::svd("linalg::svd", a, full ? kernels::SvdVectors::full : kernels::SvdVectors::reduced);
    return {std::move(f.u), std::move(f.s), std::move(f.vh)};
  }
  static std::array<Tensor, 1> backward(const OpContext& c, std::span<const Tensor> grads) {
    const Tensor &s = c.output(1), &all_u = c.output(0), all_v = mT(c.output(2));
    const std::int64_t k = s.size(-1);
    const Tensor u = narrow(all_u, -1, 0, k), vh = narrow(c.output(2), -2, 0, k);
    Tensor total;
    const auto add = [&](const Tensor& part) { total = total.defined() ? total + part : part; };
    if (grads[1].defined()) add(matmul(scaled_columns(u, grads[1]), vh));
    const Tensor sj = unsqueeze(s, -2), si = unsqueeze(s, -1), e = with_ones((sj - si) * (sj + si));
    if (grads[0].defined()) {
      const Tensor inner = skew(matmul(mT(u), narrow(grads[0], -1, 0, k))) / e;
      add(matmul(u, matmul(scaled_columns(inner, s), vh)));
      if (all_u.size(-2) > k) add(matmul(beyond(all_u, grads[0], s), vh));
    }
    if (grads[2].defined()) {
      const Tensor gv = mT(grads[2]);
      const Tensor inner = skew(matmul(vh, narrow(gv, -1, 0, k))) / e;
      add(matmul(u, matmul(scaled_rows(s, inner), vh)));
      if (all_v.size(-2) > k) add(matmul(u, mT(beyond(all_v, gv, s))));
    }
    return {total};
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto part = [](std::size_t which) {
      return [=](const Inputs& in) { return apply(Svd{}, distinct(in[0]))[which]; };
    };
    // Functions in which the signs of vectors, and the basis of the rest, cancel.
    const auto whole = [](const Inputs& in) {
      const auto [u, s, vh] = apply(Svd{}, distinct(in[0]));
      return matmul(scaled_columns(u, log(s)), vh);
    };
    const auto rest = [](const Inputs& in) {
      const auto [u, s, vh] = apply(Svd{true}, distinct(in[0]));
      const std::int64_t k = s.size(-1), n = vh.size(-2);
      const Tensor left = narrow(u, -1, k, u.size(-1) - k), right = narrow(vh, -2, k, n - k);
      return cat({reshape(matmul(left, mT(left)), {-1}), reshape(matmul(mT(right), right), {-1})});
    };
    return shaped_samples(d, {{"u", {{4, 3}}, part(0)},
                              {"s", {{3, 4}}, part(1)},
                              {"vh", {{3, 4}}, part(2)},
                              {"all, tall batch", {{2, 3, 2}}, whole},
                              {"all, square", {{1, 3, 3}}, whole},
                              {"the rest of tall", {{4, 2}}, rest},
                              {"the rest of wide", {{2, 4}}, rest},
                              {"one element", {{1, 1}}, whole},
                              {"empty", {{0, 3, 2}}, whole},
                              {"of size 0", {{2, 0, 3}}, whole}});
  }
};

/// The singular values alone. The gradient needs the vectors, but divides by no differences.
///   da = u diag(g) vh
struct Svdvals {
  static constexpr const char* name = "svdvals";
  static constexpr int inputs = 1;
  static constexpr unsigned saves = save_input(0);
  static constexpr Rule rule = Rule::quadrature;

  static bool mixes_rows(std::int64_t ndim) { return ndim <= 2; }
  static Tensor forward(const Tensor& a) { return kernels::svd("linalg::svdvals", a, kernels::SvdVectors::none).s; }
  static Tensor backward(const OpContext& c, const Tensor& grad) {
    const auto [u, s, vh] = apply(Svd{}, c.input(0));
    return matmul(scaled_columns(u, grad), vh);
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](const Inputs& in) { return apply(Svdvals{}, distinct(in[0])); };
    return shaped_samples(d, {{"tall", {{4, 3}}, call},
                              {"wide, batch", {{2, 2, 3}}, call},
                              {"one element", {{1, 1}}, call},
                              {"empty", {{0, 3, 2}}, call},
                              {"of size 0", {{2, 0, 3}}, call}});
  }
};

bool reads_lower(const char* op, StringRef uplo) {
  const std::string_view name = uplo;
  if (name != "L" && name != "U" && name != "l" && name != "u")
    raise<ValueError>("[{}] uplo is \"{}\", it must be \"L\" or \"U\".", op, name);
  return name == "L" || name == "l";
}

}  // namespace

std::tuple<Tensor, Tensor, Tensor> reduced_svd(const Tensor& a) {
  auto [u, s, vh] = apply(Svd{}, a);
  return {std::move(u), std::move(s), std::move(vh)};
}

}  // namespace autograd

namespace linalg {

using namespace autograd;  // NOLINT: its parts of linear algebra

std::pair<Tensor, Tensor> eigh(const Tensor& a, StringRef uplo) {
  check_square("linalg::eigh", "a", a);
  auto [w, v] = apply(Eigh{reads_lower("linalg::eigh", uplo)}, a);
  return {std::move(w), std::move(v)};
}

Tensor eigvalsh(const Tensor& a, StringRef uplo) {
  check_square("linalg::eigvalsh", "a", a);
  return apply(Eigvalsh{reads_lower("linalg::eigvalsh", uplo)}, a);
}

std::tuple<Tensor, Tensor, Tensor> svd(const Tensor& a, bool full_matrices) {
  check_matrices("linalg::svd", "a", a);
  auto [u, s, vh] = apply(Svd{full_matrices}, a);
  return {std::move(u), std::move(s), std::move(vh)};
}

Tensor svdvals(const Tensor& a) {
  check_matrices("linalg::svdvals", "a", a);
  return apply(Svdvals{}, a);
}

}  // namespace linalg
}  // namespace xg
