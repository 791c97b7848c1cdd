// Two small nets whose explanations were computed by hand and by enumeration.
#include "nets.hpp"
#include "support/catch.hpp"
#include "support/support.hpp"

#include <cmath>

using namespace xg;
using namespace xg::explain;
using xg_test::expect_close;
using xg_test::golden_references;
using xg_test::golden_row;
using xg_test::GoldenA;
using xg_test::GoldenB;

namespace {
constexpr double digits = 1e-9;  // the values have ten
const Tensor x = golden_row(), r = golden_references();
Tensor lift(const xg_test::Function& f, std::int64_t reference) {
  return DeepLift(f, {.baseline = r[reference], .output = Output::model})(x).values();
}
Tensor mean_of_paths(const xg_test::Function& f, std::int64_t steps) {
  const auto one = [&](std::int64_t b) {
    return IntegratedGradients(f, {.steps = steps, .baseline = r[b], .output = Output::model})(x).values();
  };
  return (one(0) + one(1)) / 2.0;
}
}  // namespace

// Breaks if any rule of linear or relu, the averaging, or the gradients are wrong.
TEST_CASE("golden net A") {
  const GoldenA net;
  const Explanation e = DeepShap(net, r)(x);
  expect_close(e.outputs(), {-2.15}, digits);
  expect_close(e.base_values(), {2.6}, digits);
  expect_close(e.values(), {.5822115385, -2.9274038462, -2.4048076923}, digits);
  expect_close(lift(net, 0), {.4375, -1.5625, -1.625}, digits);
  expect_close(lift(net, 1), {.7269230769, -4.2923076923, -3.1846153846}, digits);
  expect_close(ExactShapley(net, r)(x).values(), {.4895833333, -2.9166666667, -2.3229166667}, digits);
  expect_close(Saliency(net, {.abs = false})(x).values(), {-.75, -1.5, 1.5}, digits);
  expect_close(Saliency(net)(x).values(), {.75, 1.5, 1.5}, digits);
  expect_close(InputXGradient(net)(x).values(), {-.75, -.75, -1.5}, digits);
}

// Breaks if a probability is explained by its logit, or the other way round.
TEST_CASE("golden net A with a sigmoid") {
  GoldenA net;
  net.last = [](const Tensor& t) { return sigmoid(t); };
  const Explanation e = DeepShap(net, r, {.output = Output::probability})(x);
  expect_close(e.outputs(), {.1043312231}, digits);
  expect_close(e.base_values(), {.8178522522}, digits);
  expect_close(e.values(), {.0907524023, -.4353981116, -.3688753197}, digits);
  expect_close(ExactShapley(net, r, {.output = Output::probability})(x).values(),
               {.0552986911, -.4157268022, -.3530929180}, digits);
  const Explanation logit = DeepShap(net, r)(x);
  CHECK(logit.output_space() == Output::logit);
  expect_close(logit.outputs(), {-2.15}, digits);
  expect_close(logit.values(), DeepShap(GoldenA(), r)(x).values(), 1e-13);
}

// Breaks if secants of tanh and sigmoid are off.
TEST_CASE("golden net A with tanh and sigmoid") {
  GoldenA net;
  net.hidden = [](const Tensor& t) { return tanh(t); };
  net.last = [](const Tensor& t) { return sigmoid(t); };
  const Explanation e = DeepShap(net, r, {.output = Output::model})(x);
  expect_close(e.outputs(), {.1483552549}, digits);
  expect_close(e.base_values(), {.8763645230}, digits);
  expect_close(e.values(), {.1732055503, -.4800178373, -.4211969811}, digits);
  expect_close(ExactShapley(net, r, {.output = Output::model})(x).values(), {.0868292186, -.4047179515, -.4101205352},
               digits);
  expect_close(mean_of_paths(net, 200), {.1695169945, -.4837193243, -.4138069387}, digits);
}

// Breaks if multipliers do not chain through two layers.
TEST_CASE("golden net B") {
  const GoldenB net;
  const Explanation e = DeepShap(net, r)(x);
  expect_close(e.outputs(), {-3.25}, digits);
  expect_close(e.base_values(), {1.65625}, digits);
  expect_close(e.values(), {-.0580232271, -2.3213034208, -2.5269233521}, digits);
  expect_close(lift(net, 0), {-.4348214286, -1.0866071429, -1.6535714286}, digits);
  expect_close(lift(net, 1), {.3187749744, -3.5559996986, -3.4002752757}, digits);
  expect_close(ExactShapley(net, r)(x).values(), {.1229166667, -2.5489583333, -2.4802083333}, digits);
  expect_close(ExactShapley(net, r.narrow(0, 0, 1))(x).values(), {.0416666667, -1.2583333333, -1.9583333333}, digits);
  expect_close(ExactShapley(net, r.narrow(0, 1, 1))(x).values(), {.2041666667, -3.8395833333, -3.0020833333}, digits);
  // The line passes kinks at which a quadrature cannot be exact: these are to its accuracy.
  expect_close(mean_of_paths(net, 5000), {-.0435369964, -2.2399868080, -2.6227261956}, 1e-3, 1e-3);
}

// Breaks if nodes or weights of a quadrature move.
TEST_CASE("quadratures of integrated gradients") {
  // f = x^3: the gradient along the path from 0 to 1 is 3 t^2, its integral 1.
  const xg_test::Function cube = [](const Tensor& t) { return t * t * t; };
  const auto value = [&](Quadrature method, std::int64_t steps) {
    return IntegratedGradients(cube, {.steps = steps, .method = method})(ones({1, 1}, {.dtype = float64}))
        .values()
        .item();
  };
  CHECK(value(Quadrature::gausslegendre, 2) == Approx(1).epsilon(1e-14));
  CHECK(value(Quadrature::gausslegendre, 200) == Approx(1).epsilon(1e-13));
  CHECK(value(Quadrature::gausslegendre, 1) == Approx(0.75).epsilon(1e-14));
  CHECK(value(Quadrature::riemann_left, 4) == Approx(3 * (0 + 1 + 4 + 9) / 16.0 / 4));
  CHECK(value(Quadrature::riemann_right, 4) == Approx(3 * (1 + 4 + 9 + 16) / 16.0 / 4));
  CHECK(value(Quadrature::riemann_middle, 4) == Approx(3 * (1 + 9 + 25 + 49) / 64.0 / 4));
  CHECK(value(Quadrature::riemann_trapezoid, 5) == Approx(3 * (0.0 + 1 + 4 + 9 + 16 / 2.0) / 16.0 / 5));
  for (const char* name : {"gausslegendre", "riemann_left", "riemann_right", "riemann_middle", "riemann_trapezoid"})
    CHECK(xg::explain::name(quadrature_from_name(name)) == name);
}

// Breaks if the error of the quadrature is hidden.
TEST_CASE("integrated gradients report what the quadrature missed") {
  const GoldenB net;
  const Explanation e = IntegratedGradients(net, {.steps = 4, .baseline = r[0]})(x);
  const double residual = e.residual().item();
  CHECK(std::abs(residual) > 1e-6);
  expect_close(e.base_values() + e.values().sum(1) + residual, {-3.25}, 1e-12);
  CHECK(e.method() == "IntegratedGradients");
}
