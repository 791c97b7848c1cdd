// Contributions sum to what they explain, to rounding, in both precisions and for every op a net is made of.
#include "nets.hpp"
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/function.hpp>
#include <xgrad/tensor/error.hpp>

#include <cmath>

using namespace xg;
using namespace xg::explain;
using xg_test::column;
using xg_test::expect_close;
using xg_test::random_rows;
using xg_test::RandomNet;

namespace {

/// The largest |residual| over the largest contribution, prediction or base.
double relative_miss(const Explanation& e) {
  const double scale = std::max(
      {e.values().abs().sum(1).max().item(), e.outputs().abs().max().item(), e.base_values().abs().max().item()});
  return e.residual().abs().max().item() / scale;
}

}  // namespace

// Breaks if the secant of an activation loses digits: near equal points, across a kink, in its tails (T2, T24).
TEST_CASE("every activation is complete in float64 and float32") {
  for (const auto& [name, f] : xg_test::activations()) {
    INFO(name);
    const RandomNet wide({5, 8, 7, 3}, f, 50), narrow({5, 8, 7, 3}, f, 50, float32);
    Tensor x = random_rows(10, 5, 51), r = random_rows(9, 5, 52);
    r.narrow(0, 0, 1).copy_(x.narrow(0, 0, 1) + 1e-7);                          // nearly a row
    r.narrow(0, 1, 1).copy_(x.narrow(0, 1, 1));                                 // a row
    r.narrow(0, 2, 1).copy_(x.narrow(0, 2, 1) * (name == "exp" ? 1.5 : 30.0));  // far away
    const Explanation e = DeepShap(wide, r)(x), e32 = DeepShap(narrow, r.to(float32))(x.to(float32));
    CHECK(relative_miss(e) < 1e-9);
    CHECK(relative_miss(e32) < 1e-5);
    CHECK(e.fallback_ops().empty());
    // A step crosses its threshold at other rows in float32: only functions without jumps compare.
    if (name != "step" && name != "hardshrink" && name != "threshold" && name != "exp")
      expect_close(e32.values(), e.values(), 1e-4, 1e-4 * e.values().abs().max().item(), name);
  }
}

// Breaks if an op of several tensors, or one that reduces or rearranges, has an incomplete rule or loses its rows.
TEST_CASE("ops that mix features are complete") {
  const Tensor w = random_rows(4, 4, 53), x = random_rows(6, 4, 54), r = random_rows(5, 4, 55);
  const std::vector<std::pair<std::string, xg_test::Function>> models = {
      {"softmax", [](const Tensor& t) { return softmax(t, 1); }},
      {"log_softmax", [](const Tensor& t) { return log_softmax(t, 1); }},
      {"logsumexp", [](const Tensor& t) { return logsumexp(t, 1, true); }},
      {"layer norm", [](const Tensor& t) { return layer_norm(t, {4}); }},
      {"ratio", [](const Tensor& t) { return column(t, 0) / (exp(column(t, 1)) + 1.0); }},
      {"attention", [&](const Tensor& t) { return softmax(t.unsqueeze(2) * t.unsqueeze(1), 2).sum(2) * t; }},
      {"bilinear", [&](const Tensor& t) { return (matmul(t, w) * t).sum(1); }},
      {"batched product", [](const Tensor& t) { return matmul(t.reshape({-1, 2, 2}), t.reshape({-1, 2, 2})); }},
      {"maximum of all", [](const Tensor& t) { return amax(t, 1); }},
      {"minimum", [](const Tensor& t) { return minimum(column(t, 0), column(t, 1)) * column(t, 2); }},
      {"joined", [](const Tensor& t) { return cat({relu(t), tanh(t)}, 1).mean(1, true); }},
      {"where", [](const Tensor& t) { return where(column(t, 0) > column(t, 1), column(t, 2), sin(column(t, 3))); }},
      {"norm", [](const Tensor& t) { return vector_norm(t, 2, 1); }},
      {"variance", [](const Tensor& t) { return var(t, 1); }},
      {"clamp", [](const Tensor& t) { return clamp(t * t, 0.2, 1.5).sum(1); }},
      {"power", [](const Tensor& t) { return pow(abs(t) + 0.1, 1.7).sum(1, true); }},
      {"gathered", [](const Tensor& t) { return t.index_select(1, tensor<std::int64_t>({2, 0, 2})) * 2.0; }},
      {"transposed and back", [&](const Tensor& t) { return relu(matmul(w, t.t())).t(); }},
      {"rows merged",
       [&](const Tensor& t) { return tanh(linear(t.reshape({-1, 2}), w.slice(1, 0, 2))).reshape({t.size(0), 8}); }}};
  for (const auto& [name, f] : models) {
    INFO(name);
    const Explanation e = DeepShap(f, r, {.output = Output::model})(x);
    CHECK(relative_miss(e) < 1e-9);
    CHECK(e.values().abs().max().item() > 1e-3);
    const Explanation e32 = DeepShap([&, f = f](const Tensor& t) { return f(t.to(float64)).to(float32); },
                                     r.to(float32), {.output = Output::model})(x.to(float32));
    CHECK(relative_miss(e32) < 1e-5);
  }
}

// Breaks if saturation makes an infinity times nothing.
TEST_CASE("saturated nets stay finite") {
  const Tensor x = xg_test::matrix(2, 1, {900, -900}), r = xg_test::matrix(3, 1, {-900, 800, 0});
  for (const auto& f : std::vector<xg_test::Function>{
           [](const Tensor& t) { return sigmoid(t); }, [](const Tensor& t) { return tanh(t); },
           [](const Tensor& t) { return softplus(t); }, [](const Tensor& t) { return exp(t * 0.7); },
           [](const Tensor& t) { return softmax(cat({t, -t, t * 0.5}, 1), 1); }}) {
    const Explanation e = DeepShap(f, r, {.output = Output::model})(x);
    for (const double v : e.values().to_vector()) CHECK(std::isfinite(v));
    CHECK(relative_miss(e) < 1e-9);
  }
}

// Breaks if features far from zero with small differences count as failures although they are only rounding.
TEST_CASE("large offsets in float32 are rounding, not an error") {
  const RandomNet net({4, 16, 16, 2}, [](const Tensor& t) { return relu(t); }, 56, float32);
  const Tensor x = random_rows(6, 4, 57, float32) * 1e-2 + 3e4, r = random_rows(5, 4, 58, float32) * 1e-2 + 3e4;
  CHECK_NOTHROW(DeepShap(net, r)(x));
}

namespace {

/// x^3, whose attribution has to be integrated because it has no rule.
struct Cube : autograd::Function<Cube> {
  static Tensor forward(autograd::Context& ctx, const Tensor& x) {
    ctx.save_for_backward({x});
    return x * x * x;
  }
  static autograd::Gradients backward(autograd::Context& ctx, const Tensor& grad) {
    return {grad * 3.0 * ctx.saved()[0] * ctx.saved()[0]};
  }
};
/// A kink at which the quadrature errs.
struct Kink : autograd::Function<Kink> {
  static Tensor forward(autograd::Context& ctx, const Tensor& x) {
    ctx.save_for_backward({x});
    return relu(x);
  }
  static autograd::Gradients backward(autograd::Context& ctx, const Tensor& grad) {
    return {grad * (ctx.saved()[0] > 0).to(grad.dtype())};
  }
};
/// Its derivative is twice what it should be.
struct Wrong : autograd::Function<Wrong> {
  static Tensor forward(autograd::Context&, const Tensor& x) { return x * 1.0; }
  static autograd::Gradients backward(autograd::Context&, const Tensor& grad) { return {grad * 2.0}; }
  static Tensor secant(const autograd::Context&, const Tensor& x, const Tensor&) { return ones_like(x) * 2.0; }
};

/// (a b, a + b) of a list of two, computing only the gradients that are asked for.
struct ProductAndSum : autograd::Function<ProductAndSum> {
  static std::pair<Tensor, Tensor> forward(autograd::Context& ctx, const std::vector<Tensor>& x,
                                           const std::optional<Tensor>& shift) {
    ctx.save_for_backward(x);
    const Tensor product = x[0] * x[1];
    return {shift ? product + *shift : product, x[0] + x[1]};
  }
  static autograd::Gradients backward(autograd::Context& ctx, const Tensor& product, const Tensor& sum) {
    const std::vector<Tensor>& x = ctx.saved();
    return {ctx.needs_input_grad(0) ? product * x[1] + sum : Tensor(),
            ctx.needs_input_grad(1) ? product * x[0] + sum : Tensor(), ctx.needs_input_grad(2) ? product : Tensor()};
  }
};

}  // namespace

// Breaks if an op with a list of tensors, an absent one and several results is explained as if it had one of each, or
// if its backward is told that nothing is asked for. The path integral of a product is the product's own rule.
TEST_CASE("an op of several tensors and results is integrated") {
  const Tensor x = random_rows(5, 2, 65), r = random_rows(4, 2, 66);
  const auto model = [](bool shifted, bool own) {
    return [=](const Tensor& t) {
      const Tensor a = column(t, 0) * 2.0, b = sin(column(t, 1));
      if (!own) return shifted ? a * b + a + (a + b) * 3.0 : a * b + (a + b) * 3.0;
      const std::optional<Tensor> shift = shifted ? std::optional<Tensor>(a) : std::nullopt;
      const auto [product, sum] = ProductAndSum::apply({a, b}, shift);
      return product + sum * 3.0;
    };
  };
  for (const bool shifted : {false, true}) {
    const Explanation e = DeepShap(model(shifted, true), r)(x);
    REQUIRE(e.fallback_ops().size() == 1);
    CHECK(e.fallback_ops()[0].residual < 1e-10);
    expect_close(e.values(), DeepShap(model(shifted, false), r)(x).values(), 1e-9, 1e-11);
  }
  // One result alone: nothing depends on the other.
  const auto half = [](const Tensor& t) {
    return ProductAndSum::apply({column(t, 0), column(t, 1)}, std::nullopt).second;
  };
  expect_close(DeepShap(half, r)(x).values(), DeepShap([](const Tensor& t) { return t.sum(1, true); }, r)(x).values(),
               1e-9, 1e-11);
}

// Breaks if an op of the user's cannot be explained, or its quadrature error goes unreported.
TEST_CASE("an op without a rule is integrated and says so") {
  const Tensor x = random_rows(5, 3, 59), r = random_rows(4, 3, 60);
  const auto model = [](auto op) {
    return [op](const Tensor& t) { return linear(op(t * 2.0), ones({2, 3}, {.dtype = float64})); };
  };
  const Explanation smooth = DeepShap(model([](const Tensor& t) { return Cube::apply(t); }), r)(x);
  REQUIRE(smooth.fallback_ops().size() == 1);
  CHECK(smooth.fallback_ops()[0].op.find("Cube") != std::string::npos);
  CHECK(smooth.fallback_ops()[0].residual < 1e-10);
  expect_close(smooth.values(), DeepShap(model([](const Tensor& t) { return t * t * t; }), r)(x).values(), 1e-9, 1e-11);
  const Explanation kinked =
      DeepShap(model([](const Tensor& t) { return Kink::apply(t); }), r, {.additivity = Additivity::report})(x);
  REQUIRE(kinked.fallback_ops().size() == 1);
  CHECK(kinked.fallback_ops()[0].residual > 1e-6);
  CHECK(kinked.fallback_ops()[0].residual < 0.2);
  CHECK(kinked.residual().abs().max().item() <= kinked.fallback_ops()[0].residual * (1 + 1e-9));
  CHECK_THAT(kinked.str(), xg_test::ContainsSubstring("no rule of its own"));
}

// Breaks if a wrong rule, or a number that no op made, passes for an explanation.
TEST_CASE("a miss is an error that names the op that lost something") {
  const Tensor x = random_rows(5, 3, 61), r = random_rows(4, 3, 62);
  const auto wrong = [](const Tensor& t) { return Wrong::apply(relu(t)).sum(1, true); };
  CHECK_ERROR(DeepShap(wrong, r)(x), Error, "[DeepShap]", "do not sum up", "Wrong", "rule is wrong",
              "Additivity::report");
  const Explanation noted = DeepShap(wrong, r, {.additivity = Additivity::warn})(x);
  REQUIRE(noted.notes().size() == 1);
  CHECK_THAT(noted.notes()[0], xg_test::ContainsSubstring("Wrong"));
  const Explanation reported = DeepShap(wrong, r, {.additivity = Additivity::report})(x);
  CHECK(reported.notes().empty());
  CHECK(reported.residual().abs().max().item() > 1e-3);
  const auto by_hand = [](const Tensor& t) {  // reads numbers and makes a tensor that knows nothing of them
    Tensor out = zeros({t.size(0), 1}, {.dtype = float64});
    for (std::int64_t i = 0; i < t.size(0); ++i)
      out.mutable_data<double>()[i] = t.to_vector()[static_cast<std::size_t>(3 * i)];
    return out;
  };
  CHECK_ERROR(DeepShap(by_hand, r)(x), Error, "do not sum up", "computed without ops");
  const auto mixed = [&](const Tensor& t) { return t.sum(1, true) + by_hand(t); };
  CHECK_ERROR(DeepShap(mixed, r)(x), Error, "add", "[16, 1]", "no op made");
}

// Breaks if a row is explained by its neighbours.
TEST_CASE("rows that influence each other are an error") {
  const auto centred = [](const Tensor& t) { return square(t - t.mean(0, true)).sum(1, true); };
  CHECK_ERROR(DeepShap(centred, random_rows(4, 3, 63))(random_rows(5, 3, 64)), Error, "mean", "rows");
}
