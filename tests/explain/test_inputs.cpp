// What users get wrong, and what is strange but right.
#include "nets.hpp"
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/tensor/error.hpp>

#include <cmath>
#include <limits>

using namespace xg;
using namespace xg::explain;
using xg_test::expect_close;
using xg_test::random_rows;

namespace {
const double not_a_number = std::numeric_limits<double>::quiet_NaN();
const xg_test::RandomNet& net() {
  static const xg_test::RandomNet model({3, 5, 4, 2}, [](const Tensor& t) { return relu(t); }, 110);
  return model;
}

namespace first {
struct Act : autograd::Function<Act> {
  static Tensor forward(autograd::Context&, const Tensor& x) { return x * 2.0; }
  static autograd::Gradients backward(autograd::Context&, const Tensor& g) { return {g * 2.0}; }
};
}  // namespace first
namespace second {
struct Act : autograd::Function<Act> {
  static Tensor forward(autograd::Context&, const Tensor& x) { return x * 3.0; }
  static autograd::Gradients backward(autograd::Context&, const Tensor& g) { return {g * 3.0}; }
};
}  // namespace second
}  // namespace

// Breaks if a background that makes no sense is taken.
TEST_CASE("a bad background is named") {
  Tensor r = random_rows(4, 3, 111);
  CHECK_ERROR(DeepShap(net(), Tensor()), ShapeError, "[DeepShap]", "background", "undefined");
  CHECK_ERROR(DeepShap(net(), zeros({0, 3}, {.dtype = float64})), ShapeError, "background", "no rows");
  CHECK_ERROR(DeepShap(net(), zeros({4, 0}, {.dtype = float64})), ShapeError, "background", "no features");
  CHECK_ERROR(DeepShap(net(), r[0]), ShapeError, "background", "[3]", "unsqueeze");
  CHECK_ERROR(DeepShap(net(), r.reshape({2, 2, 3})), ShapeError, "[2, 2, 3]", "[rows, features]");
  CHECK_ERROR(DeepShap(net(), r.to(Dtype::int64)), DtypeError, "background", "int64", "to(xg::float32)");
  CHECK_ERROR(DeepShap(net(), random_rows(4, 5, 112)), ShapeError, "[4, 5]", "[5, 3]");  // the model's own words
  r.select(0, 2).select(0, 1).fill_(not_a_number);
  CHECK_ERROR(DeepShap(net(), r), ValueError, "background", "nan", "row 2", "feature 1");
  CHECK_ERROR(ExactShapley(net(), r), ValueError, "[ExactShapley]", "nan");
  CHECK_ERROR(DeepLift(net(), {.baseline = r})(random_rows(4, 3, 113)), ValueError, "[DeepLift]", "baseline");
}

// Breaks if an infinite base value makes every contribution NaN.
TEST_CASE("a background that overflows the model is named") {
  const Tensor r = xg_test::matrix(3, 1, {0, 1, 1000});
  const auto overflows = [](const Tensor& t) { return exp(t) * 1.0; };
  CHECK_ERROR(DeepShap(overflows, r), ValueError, "[DeepShap]", "inf", "row 2 of the background");
  CHECK_ERROR(ExactShapley(overflows, r), ValueError, "[ExactShapley]", "row 2");
}

// Breaks if rows that do not fit reach the model.
TEST_CASE("bad rows are named") {
  const Tensor r = random_rows(4, 3, 114);
  const DeepShap explainer(net(), r);
  CHECK_ERROR(explainer(random_rows(2, 4, 115)), ShapeError, "rows are [2, 4]", "background is [4, 3]");
  CHECK_ERROR(explainer(random_rows(2, 3, 116, float32)), DtypeError, "float32", "float64");
  CHECK_ERROR(explainer(r[0]), ShapeError, "rows", "unsqueeze");
  CHECK_ERROR(explainer(zeros({0, 3}, {.dtype = float64})), ShapeError, "no rows");
  CHECK_ERROR(explainer(Tensor()), ShapeError, "rows", "undefined");
  for (const auto& f : std::vector<std::function<Explanation(const Tensor&)>>{
           [](const Tensor& t) { return Saliency(net())(t); }, [](const Tensor& t) { return InputXGradient(net())(t); },
           [](const Tensor& t) { return IntegratedGradients(net())(t); },
           [](const Tensor& t) { return DeepLift(net())(t); },
           [&](const Tensor& t) { return ExactShapley(net(), r)(t); }}) {
    CHECK_ERROR(f(r[0]), ShapeError, "rows", "[rows, features]");
    CHECK_ERROR(f(zeros({0, 3}, {.dtype = float64})), ShapeError, "no rows");
    CHECK_ERROR(f(r.to(Dtype::int32)), DtypeError, "int32");
  }
  CHECK_ERROR(DeepLift(net(), {.baseline = zeros({2, 3}, {.dtype = float64})})(random_rows(5, 3, 117)), ShapeError,
              "baseline is [2, 3]", "DeepShap");
  CHECK_ERROR(IntegratedGradients(net(), {.baseline = zeros({4}, {.dtype = float64})})(r), ShapeError, "[1, 4]");
}

// Breaks if a wrong option is silently replaced by another.
TEST_CASE("bad options are named") {
  const Tensor r = random_rows(4, 3, 118);
  CHECK_ERROR(DeepShap(net(), r, {.feature_names = {"a", "b"}}), ValueError, "2 feature_names", "3 features");
  CHECK_ERROR(DeepShap(net(), r, {.output_names = {"a"}}), ValueError, "1 output_names", "2 outputs");
  CHECK_ERROR(DeepShap(net(), r, {.target = 2}), IndexError, "target is 2", "2 outputs");
  CHECK_ERROR(DeepShap(net(), r, {.ranked_outputs = 3}), ValueError, "ranked_outputs is 3", "1 to 2");
  CHECK_ERROR(DeepLift(net(), {.target = -1})(r), IndexError, "[DeepLift]", "target is -1");
  CHECK_ERROR(Saliency(net(), {.feature_names = {"a"}})(r), ValueError, "[Saliency]", "feature_names");
  CHECK_ERROR(Saliency(net(), {.output_names = {"a"}})(r), ValueError, "output_names");
  CHECK_ERROR(InputXGradient(net(), {.target = 7})(r), IndexError, "target is 7");
  for (const Quadrature method : {Quadrature::gausslegendre, Quadrature::riemann_left})
    CHECK_ERROR(IntegratedGradients(net(), {.steps = std::int64_t{1} << 62, .method = method}), ValueError, "at most");
  CHECK_ERROR(IntegratedGradients(net(), {.steps = 0}), ValueError, "steps is 0");
  CHECK_ERROR(IntegratedGradients(net(), {.steps = 1, .method = Quadrature::riemann_trapezoid}), ValueError,
              "2 or more");
  CHECK_ERROR(quadrature_from_name("simpson"), ValueError, "simpson", "gausslegendre", "riemann_middle");
}

// Breaks if a random or batch-dependent model is explained.
TEST_CASE("training mode is an error that names the layer") {
  const Tensor r = random_rows(4, 3, 119, float32);
  nn::Sequential dropped("net", nn::Linear(3, 4), nn::Dropout(0.2, {.name = "drop1"}), nn::Linear(4, 1));
  CHECK_ERROR(DeepShap(dropped, r), Error, "[DeepShap]", "training mode", "drop1 (Dropout)", "model.eval()");
  CHECK_ERROR(Saliency(dropped)(r), Error, "[Saliency]", "training mode", "drop1");
  CHECK_ERROR(IntegratedGradients(dropped)(r), Error, "training mode");
  CHECK_ERROR(ExactShapley(dropped, r), Error, "training mode");
  CHECK_ERROR(DeepShap([&](const Tensor& t) { return dropped(t); }, r), Error, "training mode", "dropout", "random");
  dropped.eval();
  const DeepShap explainer(dropped, r);
  CHECK_NOTHROW(explainer(r));
  dropped.train();
  CHECK_ERROR(explainer(r), Error, "training mode");
  nn::Sequential normed("net", nn::Linear(3, 4), nn::BatchNorm1d(4), nn::Linear(4, 1));
  CHECK_ERROR(DeepShap(normed, r), Error, "training mode", "BatchNorm1d");
  CHECK_ERROR(DeepShap([&](const Tensor& t) { return normed(t); }, r), Error, "training mode", "other rows");
  normed.eval();
  CHECK(DeepShap(normed, r)(r).residual().abs().max().item() < 1e-5);
  nn::Sequential plain("net", nn::Linear(3, 4), nn::ReLU(), nn::Linear(4, 1));  // training changes nothing here
  CHECK_NOTHROW(DeepShap(plain, r)(r));
}

// Breaks if a branch on values is explained by the branch that the references took.
TEST_CASE("data-dependent control flow is an error") {
  const Tensor x = ones({2, 3}, {.dtype = float64}), r = -ones({4, 3}, {.dtype = float64});
  const auto other_op = [](const Tensor& t) { return t.sum().item() > 0 ? tanh(t) : relu(t); };
  CHECK_ERROR(DeepShap(other_op, r)(x), Error, "data-dependent control flow", "tanh", "relu", "where");
  const auto more_ops = [](const Tensor& t) { return t.sum().item() > 0 ? t * 2.0 : t * 2.0 + 1.0; };
  CHECK_ERROR(DeepShap(more_ops, r)(x), Error, "data-dependent control flow", "extra");
  const Tensor a = random_rows(1, 3, 120), b = random_rows(1, 3, 121);
  const auto other_weights = [&](const Tensor& t) { return linear(t, t.sum().item() > 0 ? a : b); };
  CHECK_ERROR(DeepShap(other_weights, r)(x), Error, "data-dependent control flow", "linear");
  const auto other_function = [](const Tensor& t) {
    return t.sum().item() > 0 ? first::Act::apply(t) : second::Act::apply(t);  // two ops of one name
  };
  CHECK_ERROR(DeepShap(other_function, r)(x), Error, "data-dependent control flow", "Act");
  const auto noise = [](const Tensor& t) { return t * rand({3}, {.dtype = float64}); };
  CHECK_ERROR(DeepShap(noise, r)(x), Error, "random numbers");
}

// Breaks if an op without any rule is skipped over.
TEST_CASE("an op that cannot be explained is named, with its place") {
  const Tensor x = random_rows(2, 3, 122), r = random_rows(4, 3, 123);
  struct Ranked : nn::Module {
    Ranked() : nn::Module("Ranked") {}
    Tensor forward(const Tensor& t) override { return argsort(t, 1).to(float64) * t; }
  } ranked;
  CHECK_ERROR(DeepShap(ranked, r)(x), AutogradError, "[DeepShap]", "sort in Ranked", "no attribution rule");
  // Beside the path it does no harm.
  const auto beside = [](const Tensor& t) {
    const Tensor unused = argmax(t, 1);
    return t * 2.0;
  };
  CHECK_NOTHROW(DeepShap(beside, r)(x));
  CHECK_ERROR(DeepShap([](const Tensor& t) { return argmax(t, 1); }, r), DtypeError, "int64", "not classes");
  CHECK_ERROR(DeepShap([](const Tensor& t) { return t.sum(); }, r), ShapeError, "one row for each row");
  CHECK_ERROR(DeepShap([](const Tensor&) { return Tensor(); }, r), ValueError, "undefined");
  CHECK_ERROR(DeepShap([](const Tensor& t) { return t.slice(1, 0, 0); }, r), ShapeError, "no outputs");
}

// Breaks if a NaN spreads to other rows, or passes for a number.
TEST_CASE("a row with NaN is NaN, the others are untouched") {
  const Tensor r = random_rows(4, 3, 124), good = random_rows(5, 3, 125);
  for (const double bad_value : {not_a_number, std::numeric_limits<double>::infinity()}) {
    Tensor x = good.clone();
    x.select(0, 3).select(0, 1).fill_(bad_value);
    for (const auto& f : std::vector<std::function<Explanation(const Tensor&)>>{
             [&](const Tensor& t) { return DeepShap(net(), r)(t); },
             [&](const Tensor& t) { return ExactShapley(net(), r)(t); },
             [](const Tensor& t) { return IntegratedGradients(net())(t); },
             [](const Tensor& t) { return Saliency(net())(t); }, [](const Tensor& t) { return DeepLift(net())(t); }}) {
      const Explanation e = f(x), clean = f(good);
      for (const double v : e.values()[3].to_vector()) CHECK(std::isnan(v));
      for (const std::int64_t row : {0, 1, 2, 4}) CHECK(xg_test::same_bits(e.values()[row], clean.values()[row]));
      REQUIRE(e.notes().size() == 1);
      CHECK_THAT(e.notes()[0], xg_test::ContainsSubstring("row 3"));
      CHECK(clean.notes().empty());
    }
  }
  const auto overflows = [](const Tensor& t) { return exp(t * 1e6).sum(1, true); };
  const Explanation e = DeepShap(overflows, zeros({2, 3}, {.dtype = float64}))(random_rows(2, 3, 126).abs());
  CHECK(std::isnan(e.values().to_vector()[0]));
  CHECK_THAT(e.notes().at(0), xg_test::ContainsSubstring("prediction"));
}

// Breaks if nothing to explain becomes 0 / 0.
TEST_CASE("rows that are references, constant models, kinks and ties") {
  const Tensor x = random_rows(3, 3, 127);
  const Explanation same = DeepShap(net(), x.narrow(0, 0, 1))(x);
  for (const double v : same.values()[0].to_vector()) CHECK(v == 0.0);
  CHECK(same.residual()[0].abs().max().item() == 0);
  const auto constant = [](const Tensor& t) { return t * 0.0 + 3.0; };
  const Explanation flat = DeepShap(constant, x)(x);
  for (const double v : flat.values().to_vector()) CHECK(v == 0.0);
  expect_close(flat.base_values(), full({3, 3}, 3.0), 1e-15);
  const auto unconnected = [](const Tensor& t) { return full({t.size(0), 2}, 4.0, {.dtype = float64}); };
  const Explanation none = DeepShap(unconnected, x)(x);
  for (const double v : none.values().to_vector()) CHECK(v == 0.0);
  expect_close(Saliency(unconnected)(x).values(), zeros({3, 3, 2}), 0, 0);
  expect_close(IntegratedGradients(unconnected)(x).values(), zeros({3, 3, 2}), 0, 0);
  expect_close(ExactShapley(unconnected, x)(x).values(), zeros({3, 3, 2}), 0, 0);
  // A layer without units passes nothing on.
  const Tensor empty_in = zeros({0, 3}, {.dtype = float64}), empty_out = zeros({2, 0}, {.dtype = float64});
  const auto hollow = [&](const Tensor& t) { return linear(relu(linear(t, empty_in)), empty_out) + 1.0; };
  expect_close(DeepShap(hollow, x)(x).values(), zeros({3, 3, 2}), 0, 0);
  // On the kink of relu, and with tied maxima, shares are finite and complete.
  const Tensor zero = zeros({1, 3}, {.dtype = float64});
  for (const auto& f : std::vector<xg_test::Function>{[](const Tensor& t) { return relu(t); },
                                                      [](const Tensor& t) { return amax(t, 1, true); }}) {
    expect_close(DeepShap(f, zero)(zero).values(), zeros({1, 3, f(zero).size(1)}), 0, 0);
    CHECK(DeepShap(f, zero)(ones({1, 3}, {.dtype = float64})).residual().abs().max().item() < 1e-14);
  }
}

// Breaks if 2^M is tried for any M, or the way out is not named.
TEST_CASE("too many features for enumeration") {
  const auto sum = [](const Tensor& t) { return t.sum(1, true); };
  const Tensor r = zeros({2, 20}, {.dtype = float64});
  Tensor x = ones({1, 20}, {.dtype = float64});
  CHECK_ERROR(ExactShapley(sum, r)(x), ValueError, "20 features", "2^20", "2.1e+06 evaluations", "max_evals",
              "DeepShap");
  CHECK_ERROR(ExactShapley(sum, zeros({2, 70}, {.dtype = float64}))(ones({1, 70}, {.dtype = float64})), ValueError,
              "70 features");
  CHECK_ERROR(ExactShapley(sum, r, {.max_evals = 1})(ones({1, 20}, {.dtype = float64})), ValueError, "max_evals is 1");
  x.slice(1, 5, 20).fill_(0);  // only five differ
  const Explanation e = ExactShapley(sum, r, {.max_evals = 32})(x);
  expect_close(e.values().sum(), {5}, 1e-12);
  CHECK(e.values().select(1, 7).item() == 0);
}
