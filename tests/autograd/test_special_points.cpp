// Derivatives where formulas are most easily wrong: ties, kinks, removable singularities, infinities. Values are closed
// forms or were computed with 50 digits; at kinks they are the conventions of docs/conventions.md.
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/functional.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/autograd/trace.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/error.hpp>

#include <cmath>
#include <functional>
#include <initializer_list>
#include <limits>
#include <numbers>

using namespace xg;
using xg_test::expect_close;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double pi = std::numbers::pi;

Tensor leaf(double value, Dtype dtype) { return full({1}, value, {.dtype = dtype, .requires_grad = true}); }

/// d y / d x that can be differentiated again; 0 where y does not depend on x.
Tensor slope(const Tensor& y, const Tensor& x) {
  if (!y.requires_grad()) return zeros_like(x);
  const Tensor g = grad({y.sum()}, {x}, {}, {.create_graph = true, .allow_unused = true})[0];
  return g.defined() ? g : zeros_like(x);
}

using Unary = Tensor (*)(const Tensor&);
using Binary = Tensor (*)(const Tensor&, const Tensor&);

struct UnaryPoint {
  const char* name;
  Unary f;
  double x, first, second;
};

void check(const UnaryPoint& p, Dtype dtype) {
  const std::string what = std::string(p.name) + " at " + std::to_string(p.x) + ", " + std::string(name(dtype));
  const double rtol = dtype == float64 ? 1e-12 : 2e-5;
  const Tensor x = leaf(p.x, dtype), general = slope(p.f(x), x);
  expect_close(general, std::vector<double>{p.first}, rtol, rtol, what + ", first derivative");
  expect_close(slope(general, x), std::vector<double>{p.second}, rtol, rtol, what + ", second derivative");
  expect_close(grad(p.f(x).sum(), x), std::vector<double>{p.first}, rtol, rtol, what + ", fused");
  autograd::Trace trace;
  const autograd::TraceMode tracing(trace);
  expect_close(grad(p.f(x).sum(), x), std::vector<double>{p.first}, rtol, rtol, what + ", traced");
}

struct BinaryPoint {
  const char* name;
  Binary f;
  double a, b, da, db, daa, dab, dbb;
};

void check(const BinaryPoint& p, Dtype dtype) {
  const std::string what = std::string(p.name) + " at (" + std::to_string(p.a) + ", " + std::to_string(p.b) + "), " +
                           std::string(name(dtype)) + ", ";
  const double rtol = dtype == float64 ? 1e-12 : 2e-5;
  const Tensor a = leaf(p.a, dtype), b = leaf(p.b, dtype), y = p.f(a, b);
  const Tensor da = slope(y, a), db = slope(y, b);
  const auto same = [&](const Tensor& got, double want, const char* which) {
    expect_close(got, std::vector<double>{want}, rtol, rtol, what + which);
  };
  same(da, p.da, "da");
  same(db, p.db, "db");
  same(slope(da, a), p.daa, "da da");
  same(slope(da, b), p.dab, "da, then db");
  same(slope(db, a), p.dab, "db, then da");
  same(slope(db, b), p.dbb, "db db");
  const auto fused = grad({p.f(a, b).sum()}, {a, b});
  same(fused[0], p.da, "da, fused");
  same(fused[1], p.db, "db, fused");
}

}  // namespace

// Breaks if twins (function, module's function, composite in trace mode) take other slopes on a border, or other ones
// than PyTorch.
TEST_CASE("slopes at kinks follow one convention", "[autograd][special]") {
  const Unary hardtanh6 = [](const Tensor& x) { return hardtanh(x, 0, 6); };
  const auto clamp6 = [](const Tensor& x) { return clamp(x, 0, 6); };
  const auto clamp_in_place = [](const Tensor& x) {
    Tensor y = x * 1.0;
    return Tensor(y.clamp_(0, 6));
  };
  const std::vector<UnaryPoint> points = {
      {"relu", [](const Tensor& x) { return relu(x); }, 0, 0, 0},
      {"relu6", relu6, 0, 0, 0},
      {"relu6", relu6, 6, 0, 0},
      {"relu6", relu6, 3, 1, 0},
      {"hardtanh", hardtanh6, 0, 0, 0},
      {"hardtanh", hardtanh6, 6, 0, 0},
      {"clamp", clamp6, 0, 0, 0},
      {"clamp", clamp6, 6, 0, 0},
      {"clamp_", clamp_in_place, 0, 0, 0},
      {"clamp_", clamp_in_place, 6, 0, 0},
      {"clamp from below", [](const Tensor& x) { return clamp(x, 0); }, 0, 0, 0},
      {"hardtanh", [](const Tensor& x) { return hardtanh(x); }, -1, 0, 0},
      {"hardtanh", [](const Tensor& x) { return hardtanh(x); }, 1, 0, 0},
      {"clamp by tensors", [](const Tensor& x) { return clamp(x, full_like(x, 0), full_like(x, 6)); }, 6, 0.5, 0},
      {"leaky_relu", [](const Tensor& x) { return leaky_relu(x, 0.1); }, 0, 0.1, 0},
      {"prelu", [](const Tensor& x) { return prelu(x, full({1}, 0.25, {.dtype = x.dtype()})); }, 0, 0.25, 0},
      {"celu", [](const Tensor& x) { return celu(x, 2); }, 0, 1, 0.5},
      {"hardsigmoid", hardsigmoid, -3, 0, 0},
      {"hardsigmoid", hardsigmoid, 3, 0, 0},
      {"hardswish", hardswish, -3, 0, 0},
      {"hardswish", hardswish, 3, 1, 0},
      {"hardshrink", [](const Tensor& x) { return hardshrink(x); }, 0.5, 0, 0},
      {"softshrink", [](const Tensor& x) { return softshrink(x); }, -0.5, 0, 0},
      {"threshold", [](const Tensor& x) { return threshold(x, 0.5, 2); }, 0.5, 0, 0},
      {"abs", [](const Tensor& x) { return abs(x); }, 0, 0, 0},
      {"softsign", softsign, 0, 1, 0},
      {"logit on its border", [](const Tensor& x) { return logit(x, 0.25); }, 0.25, 16.0 / 3, -128.0 / 9},
      {"logit beyond its border", [](const Tensor& x) { return logit(x, 0.25); }, 0.125, 0, 0},
      {"margin_ranking_loss", [](const Tensor& x) { return margin_ranking_loss(x, zeros_like(x), ones_like(x)); }, 0, 0,
       0},
      {"hinge_embedding_loss", [](const Tensor& x) { return hinge_embedding_loss(x, full_like(x, -1)); }, 1, 0, 0},
  };
  for (const Dtype dtype : {float64, float32})
    for (const UnaryPoint& p : points) check(p, dtype);
}

// Breaks if a derivative multiplies 0 with infinity instead of taking the limit, or squares beyond the dtype's range.
TEST_CASE("derivatives at infinities and at the ends of domains are limits", "[autograd][special]") {
  const auto gelu_erf = [](const Tensor& x) { return gelu(x); };
  const auto gelu_tanh = [](const Tensor& x) { return gelu(x, GeluApproximation::tanh); };
  const auto softplus5 = [](const Tensor& x) { return softplus(x, 5); };
  const auto plain_logit = [](const Tensor& x) { return logit(x); };
  std::vector<UnaryPoint> points = {
      {"softplus", softplus5, inf, 1, 0},
      {"softplus", softplus5, -inf, 0, 0},
      {"sigmoid", sigmoid, inf, 0, 0},
      {"sigmoid", sigmoid, -inf, 0, 0},
      {"tanh", tanh, inf, 0, 0},
      {"tanh", tanh, -inf, 0, 0},
      {"logsigmoid", logsigmoid, inf, 0, 0},
      {"logsigmoid", logsigmoid, -inf, 1, 0},
      {"softsign", softsign, inf, 0, 0},
      {"softsign", softsign, -inf, 0, 0},
      {"hardswish", hardswish, inf, 1, 0},
      {"hardswish", hardswish, -inf, 0, 0},
      {"atan", atan, inf, 0, 0},
      {"atan", atan, -1e20, 0, 0},
      {"erf", erf, inf, 0, 0},
      {"erfc", erfc, -inf, 0, 0},
      {"acosh", acosh, inf, 0, 0},
      {"asinh", asinh, -inf, 0, 0},
      {"asinh", asinh, 1e20, 1e-20, 0},
      {"sqrt", sqrt, inf, 0, 0},
      {"rsqrt", rsqrt, inf, 0, 0},
      {"log", log, inf, 0, 0},
      {"log1p", log1p, inf, 0, 0},
      {"exp", exp, -inf, 0, 0},
      {"elu", [](const Tensor& x) { return elu(x); }, -inf, 0, 0},
      {"tanhshrink", tanhshrink, inf, 1, 0},
      {"sqrt", sqrt, 0, inf, -inf},
      {"rsqrt", rsqrt, 0, -inf, inf},
      {"log", log, 0, inf, -inf},
      {"log1p", log1p, -1, inf, -inf},
      {"asin", asin, 1, inf, inf},
      {"asin", asin, -1, inf, -inf},
      {"acos", acos, 1, -inf, -inf},
      {"atanh", atanh, 1, inf, inf},
      {"atanh", atanh, -1, inf, -inf},
      {"acosh", acosh, 1, inf, -inf},
      {"logit", plain_logit, 0, inf, -inf},
      {"logit", plain_logit, 1, inf, inf},
      {"logit", plain_logit, 0.5, 4, 0},
      {"sinc", sinc, inf, 0, 0},
  };
  using Named = std::pair<const char*, Unary>;
  for (const auto& [label, f] : {Named{"silu", silu}, Named{"mish", mish}})
    for (const double far : {1e20, inf}) {
      points.push_back({label, f, far, 1, 0});
      points.push_back({label, f, -far, 0, 0});
    }
  for (const double far : {40.0, 1e20, inf}) {
    points.push_back({"gelu", gelu_erf, far, 1, 0});
    points.push_back({"gelu", gelu_erf, -far, 0, 0});
    points.push_back({"gelu_tanh", gelu_tanh, far, 1, 0});
    points.push_back({"gelu_tanh", gelu_tanh, -far, 0, 0});
  }
  for (const Dtype dtype : {float64, float32})
    for (const UnaryPoint& p : points) check(p, dtype);
  for (const Dtype dtype : {float64, float32}) {  // values have limits too
    const Tensor ends = tensor({-inf, inf}).to(dtype);
    for (const Tensor& y : {gelu(ends), gelu_tanh(ends), silu(ends), mish(ends), hardswish(ends)})
      expect_close(y, std::vector<double>{0, inf});
    expect_close(softsign(ends), std::vector<double>{-1, 1});
  }
}

// Breaks if a mask that avoids a singularity also cuts the derivatives of what it lets pass.
TEST_CASE("derivatives of two arguments are right at ties and singularities, in either order", "[autograd][special]") {
  const double log2 = std::numbers::ln2;
  const auto pow_of = [](const Tensor& a, const Tensor& b) { return pow(a, b); };
  const auto huber = [](const Tensor& a, const Tensor& b) { return huber_loss(a, b); };
  const auto smooth = [](const Tensor& a, const Tensor& b) { return smooth_l1_loss(a, b, {.beta = 0.5}); };
  const auto bce = [](const Tensor& a, const Tensor& b) { return binary_cross_entropy(a, b); };
  const auto lower = [](const Tensor& a, const Tensor& b) { return clamp(a, b, Tensor()); };
  const std::vector<BinaryPoint> points = {
      {"logaddexp", logaddexp, 1, 1, 0.5, 0.5, 0.25, -0.25, 0.25},
      {"logaddexp", logaddexp, inf, 1, 1, 0, 0, 0, 0},
      {"logaddexp", logaddexp, -inf, 1, 0, 1, 0, 0, 0},
      {"logaddexp", logaddexp, -inf, -inf, 0.5, 0.5, 0, 0, 0},
      {"logaddexp2", logaddexp2, 1, 1, 0.5, 0.5, log2 / 4, -log2 / 4, log2 / 4},
      {"hypot", hypot, 3, 4, 0.6, 0.8, 0.128, -0.096, 0.072},
      {"hypot", hypot, 0, 2, 0, 1, 0.5, 0, 0},
      {"hypot", hypot, 0, 0, 0, 0, 0, 0, 0},
      {"hypot", hypot, inf, 1, 1, 0, 0, 0, 0},
      {"hypot", hypot, -inf, inf, -std::sqrt(0.5), std::sqrt(0.5), 0, 0, 0},
      {"atan2", atan2, 1, 2, 0.4, -0.2, -0.16, -0.12, 0.16},
      {"atan2", atan2, 0, 0, 0, 0, 0, 0, 0},
      {"atan2", atan2, inf, 1, 0, 0, 0, 0, 0},
      {"maximum", maximum, 1, 1, 0.5, 0.5, 0, 0, 0},
      {"minimum", minimum, 1, 1, 0.5, 0.5, 0, 0, 0},
      {"fmax", fmax, 1, 1, 0.5, 0.5, 0, 0, 0},
      {"fmin", fmin, 1, 1, 0.5, 0.5, 0, 0, 0},
      {"fmax", fmax, not_a_number, 1, 0, 1, 0, 0, 0},
      {"clamp from below", lower, 1, 1, 0.5, 0.5, 0, 0, 0},
      {"xlogy", xlogy, 0, 2, log2, 0, 0, 0.5, 0},
      {"xlogy", xlogy, 0, 0, 0, 0, 0, 0, 0},
      {"pow", pow_of, 2, 0, 0, log2, 0, 0.5, log2 * log2},
      {"pow", pow_of, 2, 1, 1, 2 * log2, 0, 1 + log2, 2 * log2 * log2},
      {"pow", pow_of, 2, 2, 4, 4 * log2, 2, 2 + 4 * log2, 4 * log2 * log2},
      {"pow", pow_of, 0, 0, 0, 0, 0, inf, 0},
      {"pow", pow_of, 0, 1, 1, 0, 0, 1, 0},
      {"pow", pow_of, 0, 2, 0, 0, 2, 0, 0},
      {"pow", pow_of, 0, 3, 0, 0, 0, 0, 0},
      {"pow", pow_of, -2, 2, -4, not_a_number, 2, not_a_number, not_a_number},
      {"pow", pow_of, 0, -1, -inf, -inf, inf, inf, inf},
      {"pow", pow_of, 0, 0.5, inf, 0, -inf, -inf, 0},
      {"huber", huber, 0, 0, 0, 0, 1, -1, 1},
      {"huber", huber, 1, 0, 1, -1, 0, 0, 0},
      {"huber", huber, inf, 0, 1, -1, 0, 0, 0},
      {"huber", huber, -inf, 0, -1, 1, 0, 0, 0},
      {"smooth_l1", smooth, 0, 0, 0, 0, 2, -2, 2},
      {"smooth_l1", smooth, 0.5, 0, 1, -1, 0, 0, 0},
      {"smooth_l1", smooth, -inf, 0, -1, 1, 0, 0, 0},
      {"div", [](const Tensor& a, const Tensor& b) { return a / b; }, 1, inf, 0, 0, 0, 0, 0},
      {"bce", bce, 0, 1, -1e12, 100, 1e12, -1e12, 0},
  };
  for (const Dtype dtype : {float64, float32})
    for (const BinaryPoint& p : points) check(p, dtype);
}

// Breaks if an intermediate square overflows or vanishes where the derivative does neither.
TEST_CASE("derivatives of large and small arguments keep their digits", "[autograd][special]") {
  for (const double scale : {1e-200, 1e200}) {
    const double share = std::sqrt(0.5), bend = share / 2 / scale;
    check(BinaryPoint{"hypot", hypot, scale, scale, share, share, bend, -bend, bend}, float64);
    const Tensor a = leaf(scale, float64), b = leaf(scale, float64);
    for (const Binary f : std::initializer_list<Binary>{atan2, div}) {
      const auto g = grad({f(a, b).sum()}, {a, b});
      const double want = (f(a, b).item() > 0.9 ? 1 : 0.5) / scale;
      expect_close(g[0], std::vector<double>{want}, 1e-12, 0);
      expect_close(g[1], std::vector<double>{-want}, 1e-12, 0);
    }
  }
  const Tensor x = leaf(1e200, float64);
  expect_close(grad(asinh(x).sum(), x), std::vector<double>{1e-200}, 1e-12, 0);
  const Tensor p = leaf(1e200, float64);
  expect_close(grad(huber_loss(p, zeros_like(p)), p), std::vector<double>{1}, 1e-12, 0);
}

// Breaks if powers lose a derivative at 0, where a factor x^0 is hidden.
TEST_CASE("powers are polynomials at 0 in every order", "[autograd][special]") {
  for (const Dtype dtype : {float64, float32})
    for (int p = 0; p <= 5; ++p)
      for (const bool by_tensor : {false, true}) {
        const Tensor x = leaf(0, dtype);
        Tensor y = by_tensor ? pow(x, full({1}, p, {.dtype = dtype})) : pow(x, p);
        double factorial = 1;
        for (int order = 1; order <= 5; ++order) {
          factorial *= order;
          y = slope(y, x);
          expect_close(y, std::vector<double>{order == p ? factorial : 0}, 1e-6, 0,
                       "x^" + std::to_string(p) + ", order " + std::to_string(order));
        }
      }
  check(UnaryPoint{"x^1.5", [](const Tensor& x) { return pow(x, 1.5); }, 0, 0, inf}, float64);
  check(UnaryPoint{"x^-1", [](const Tensor& x) { return pow(x, -1); }, inf, 0, 0}, float64);
  check(UnaryPoint{"0^x", [](const Tensor& x) { return pow(0.0, x); }, -1, -inf, inf}, float64);
  check(UnaryPoint{"0^x", [](const Tensor& x) { return pow(0.0, x); }, 0, 0, 0}, float64);
}

// Breaks if a series near 0 is too short for a derivative, or reaches too far for a dtype.
TEST_CASE("sinc has exact derivatives of high order, near 0 too", "[autograd][special]") {
  struct Row {
    double x;
    std::vector<double> derivatives;
  };
  const std::vector<Row> rows = {
      {0, {1, 0, -pi * pi / 3, 0, std::pow(pi, 4) / 5, 0, -std::pow(pi, 6) / 7}},
      {9.999999747378752e-05,
       {0.99999998355066024, -0.00032898680181176989, -3.2898680362873673, 0.0019481817485746193, 19.48181752009396,
        -0.0137341308141232, -137.34130809649482}},
      {0.0010000000474974513,
       {0.99999835506658863, -0.0032898650429877851, -3.2898583927921467, 0.019481796241923828, 19.481749536181209,
        -0.13734114417777155, -137.34078622759328}},
      {0.029999999329447746,
       {0.99852021677828224, -0.098608401435851586, -3.2811059500968906, 0.58383671072671004, 19.420050191917178,
        -4.1154967674193312, -136.86717409554006}},
      {0.25,
       {0.90031631615710607, -0.77283813988223418, -2.703060757258859, 4.5212722885507905, 15.358637383132617,
        -31.658232385208945, -105.75679990795435}},
      {0.5,
       {0.63661977236758134, -1.2732395447351627, -1.1902271282389357, 7.1413627694336144, 4.8816512051307252,
        -48.816512051307252, -26.241224954875883}},
      {1, {0, -1, 2, 3.8696044010893586, -15.478417604357434, -20.017003012215265, 120.10201807329159}},
      {2.75,
       {0.081846937832464188, -0.2868922614614588, -0.59914798042046019, 3.1913847785091855, 3.3306215948907542,
        -31.102449743205317, -10.826871210549221}}};
  for (const Dtype dtype : {float64, float32})
    for (const Row& row : rows)
      for (const double sign : {1.0, -1.0}) {
        const Tensor x = leaf(sign * row.x, dtype);
        Tensor y = sinc(x);
        for (std::size_t order = 0; order < row.derivatives.size(); ++order) {
          if (order > 0) y = slope(y, x);
          const double parity = order % 2 == 0 ? 1 : sign;
          expect_close(y, std::vector<double>{parity * row.derivatives[order]}, dtype == float64 ? 1e-13 : 3e-7, 1e-15,
                       "x = " + std::to_string(row.x) + ", order " + std::to_string(order));
        }
      }
}

// Breaks if a reduction divides by a variance, norm or mass of 0, or its composite in trace mode does.
TEST_CASE("reductions have finite derivatives where they are stationary", "[autograd][special]") {
  struct Row {
    const char* name;
    std::function<Tensor(const Tensor&)> f;
    std::vector<double> x, first;
  };
  const auto norm_of = [](double p) { return [p](const Tensor& x) { return vector_norm(x, p); }; };
  const std::vector<Row> rows = {
      {"std", [](const Tensor& x) { return xg::std(x); }, {2, 2, 2}, {0, 0, 0}},
      {"norm", norm_of(2), {0, 0, 0}, {0, 0, 0}},
      {"norm 1", norm_of(1), {0, 2, 0}, {0, 1, 0}},
      {"norm 3", norm_of(3), {0, 2, 0}, {0, 1, 0}},
      {"norm 4", norm_of(4), {0, 0, 0}, {0, 0, 0}},
      {"norm inf", norm_of(inf), {2, -2, 1}, {0.5, -0.5, 0}},
      {"amax", [](const Tensor& x) { return amax(x); }, {1, 1, 0}, {0.5, 0.5, 0}},
      {"amin", [](const Tensor& x) { return amin(x); }, {0, 0, 1}, {0.5, 0.5, 0}},
      {"max", [](const Tensor& x) { return max(x, 0).first; }, {1, 1, 0}, {1, 0, 0}},
      {"logsumexp", [](const Tensor& x) { return logsumexp(x, 0); }, {-inf, -inf, -inf}, {0, 0, 0}},
      {"logsumexp", [](const Tensor& x) { return logsumexp(x, 0); }, {-inf, 1, 1}, {0, 0.5, 0.5}},
      {"log_softmax", [](const Tensor& x) { return log_softmax(x, 0)[1]; }, {-inf, 1, 1}, {0, 0.5, -0.5}},
      {"softmax", [](const Tensor& x) { return softmax(x, 0)[1]; }, {-inf, 1, 1}, {0, 0.25, -0.25}},
      {"prod", [](const Tensor& x) { return prod(x); }, {0, 0, 2}, {0, 0, 0}},
      {"topk", [](const Tensor& x) { return topk(x, 2).first.sum(); }, {1, 3, 2}, {0, 1, 1}},
      {"cosine_similarity",
       [](const Tensor& x) { return cosine_similarity(x, full_like(x, 2.0), 0, 0.5); },
       {0, 0, 0},
       {2 / std::sqrt(3.0), 2 / std::sqrt(3.0), 2 / std::sqrt(3.0)}},
      {"normalize", [](const Tensor& x) { return normalize(x, 2, 0, 0.25).sum(); }, {0, 0, 0}, {4, 4, 4}},
  };
  for (const Row& row : rows) {
    const Tensor x = from_data(row.x.data(), {3}).requires_grad_();
    const Tensor general = slope(row.f(x), x);
    expect_close(general, row.first, 1e-12, 1e-12, row.name);
    const Tensor second = slope(general, x);
    INFO(row.name);
    CHECK(isfinite(second).all().item<bool>());
    expect_close(grad(row.f(x), x), row.first, 1e-12, 1e-12, std::string(row.name) + ", fused");
    autograd::Trace trace;
    const autograd::TraceMode tracing(trace);
    if (std::string(row.name) != "norm 4")
      expect_close(grad(row.f(x), x), row.first, 1e-12, 1e-12, std::string(row.name) + ", traced");
  }
}

// Breaks if a norm of even order loses its higher derivatives at 0, where it is a root of a polynomial.
TEST_CASE("a norm of order 4 has its fourth derivative beside a zero", "[autograd][special]") {
  // (x^4 + 16)^(1/4): the fourth derivative at 0 is 4! / (4 * 16^(3/4)).
  const Tensor x = leaf(0, float64);
  Tensor y = vector_norm(cat({x, full({1}, 2.0, {.dtype = float64})}), 4);
  for (int order = 1; order <= 4; ++order) {
    y = slope(y, x);
    expect_close(y, std::vector<double>{order == 4 ? 0.75 : 0}, 1e-12, 1e-12, "order " + std::to_string(order));
  }
}

// Breaks if the gradient of topk takes the shape of its result for that of its argument.
TEST_CASE("the largest none of a number has gradient 0", "[autograd][special]") {
  const Tensor x = full({}, 3.0, {.dtype = float64, .requires_grad = true});
  const Tensor best = topk(x, 0).first;
  CHECK(best.numel() == 0);
  expect_close(grad(best.sum(), x), full({}, 0.0, {.dtype = float64}));
}

// Breaks if an infinite input makes the gradient of a slope NaN that the element does not use.
TEST_CASE("the slope of prelu gets nothing from an infinite input", "[autograd][special]") {
  const Tensor w = full({1}, 0.25, {.dtype = float64, .requires_grad = true});
  const Tensor x = tensor({inf, -2.0}, {.dtype = float64});
  expect_close(grad(prelu(x, w).sum(), w), std::vector<double>{-2});
}

// Breaks if clamp ignores a bound that is NaN.
TEST_CASE("a bound that is NaN makes everything NaN", "[autograd][special]") {
  const Tensor x = tensor({0.0, 1.0}, {.dtype = float64, .requires_grad = true});
  const Tensor unknown = full({}, not_a_number, {.dtype = float64});
  for (const Tensor& y : {clamp(x, not_a_number), clamp(x, -1, not_a_number), clamp(x, not_a_number, 2),
                          clamp(x, unknown, Tensor()), clamp(x, Tensor(), unknown)})
    CHECK(isnan(y).all().item<bool>());
  expect_close(grad(clamp(x, not_a_number, 2).sum(), x), std::vector<double>{0, 0});
}

// Breaks if unary plus lets pass what every other op refuses.
TEST_CASE("an undefined tensor has no sign", "[autograd]") {
  CHECK_THROWS_AS(+Tensor(), Error);
  CHECK_THROWS_AS(positive(Tensor()), Error);
}
