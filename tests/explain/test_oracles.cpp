// What explanations must be by mathematics: closed forms, axioms, and the enumeration of all coalitions.
#include "nets.hpp"
#include "support/catch.hpp"
#include "support/support.hpp"

#include <cmath>

using namespace xg;
using namespace xg::explain;
using xg_test::column;
using xg_test::expect_close;
using xg_test::matrix;
using xg_test::random_rows;
using xg_test::RandomNet;
using xg_test::same_bits;
using xg_test::single;

namespace {

Tensor deep(const xg_test::Function& f, const Tensor& x, const Tensor& r) {
  return DeepShap(f, r, {.output = Output::model})(x).values();
}
Tensor exact(const xg_test::Function& f, const Tensor& x, const Tensor& r) {
  return ExactShapley(f, r, {.output = Output::model})(x).values();
}
/// Mean of integrated gradients over the references.
Tensor integrated(const xg_test::Function& f, const Tensor& x, const Tensor& r, std::int64_t steps = 64) {
  Tensor sum;
  for (std::int64_t b = 0; b < r.size(0); ++b) {
    const Tensor one = IntegratedGradients(f, {.steps = steps, .baseline = r[b], .output = Output::model})(x).values();
    sum = sum.defined() ? sum + one : one;
  }
  return sum / static_cast<double>(r.size(0));
}

const xg_test::Function tanh_ = [](const Tensor& t) { return xg::tanh(t); };
const xg_test::Function relu_ = [](const Tensor& t) { return xg::relu(t); };

}  // namespace

// Breaks if the enumerator weighs coalitions wrongly: then every comparison with it means nothing. The case is
// captum's.
TEST_CASE("the enumerator gives the published values") {
  const xg_test::Function f = [](const Tensor& x) {
    const Tensor c = tensor({-10, 1, 1, 1}, {.dtype = float64});
    return (relu(x.sum(1, true) + c).sum(1, true)) - 1.0;
  };
  const Explanation e = ExactShapley(f, zeros({1, 3}, {.dtype = float64}))(matrix(1, 3, {20, 50, 30}));
  expect_close(e.values(), {76.0 + 2.0 / 3, 196.0 + 2.0 / 3, 116.0 + 2.0 / 3}, 1e-12);
}

// Breaks if references are averaged wrongly anywhere (T1).
TEST_CASE("a linear model has its closed form") {
  const Tensor w = random_rows(2, 5, 1), b = random_rows(1, 2, 2).reshape({2});
  const xg_test::Function f = [&](const Tensor& x) { return linear(x, w, b); };
  const Tensor x = random_rows(4, 5, 3), r = random_rows(7, 5, 4);
  const Tensor want = (x - r.mean(0, true)).unsqueeze(2) * w.t().unsqueeze(0);
  expect_close(deep(f, x, r), want, 1e-10, 1e-13, "DeepShap");
  expect_close(exact(f, x, r), want, 1e-10, 1e-13, "ExactShapley");
  expect_close(integrated(f, x, r, 3), want, 1e-10, 1e-13, "IntegratedGradients");
}

// Breaks if a rule loses part of what it shares out for some pair, even if losses cancel in the mean (T2).
TEST_CASE("contributions sum up for every single reference") {
  const RandomNet net({4, 6, 5, 3}, tanh_, 5);
  const Tensor x = random_rows(3, 4, 6), r = random_rows(5, 4, 7);
  for (std::int64_t b = 0; b < r.size(0); ++b) {
    const Explanation e = DeepLift(net, {.baseline = r[b]})(x);
    expect_close(e.values().sum(1), net(x) - net(r.narrow(0, b, 1)), 1e-10, 1e-13);
    expect_close(e.base_values(), net(r.narrow(0, b, 1)).expand({3, 3}), 1e-13);
  }
}

// Breaks if base value, contributions and prediction are not of one piece (T3).
TEST_CASE("base value and contributions sum to the prediction for every output") {
  const RandomNet net({4, 6, 5, 3}, relu_, 5);
  const Tensor x = random_rows(20, 4, 6), r = random_rows(9, 4, 7);
  for (const Explanation& e : {DeepShap(net, r)(x), ExactShapley(net, r)(x)}) {
    expect_close(e.outputs(), net(x), 1e-13, 1e-15);
    expect_close(e.base_values(), net(r).mean(0, true).expand({20, 3}), 1e-13, 1e-15);
    expect_close(e.base_values() + e.values().sum(1), net(x), 1e-10, 1e-13);
    CHECK(e.residual().abs().max().item() < 1e-13);
  }
}

// Breaks if an unused feature, or one that equals all its references, gets a rounding error instead of nothing (T4).
TEST_CASE("a dummy gets exactly nothing") {
  RandomNet net({4, 6, 2}, tanh_, 8);
  net.weights[0].select(1, 2).fill_(0);
  Tensor x = random_rows(3, 4, 9), r = random_rows(6, 4, 10);
  x.select(1, 1).fill_(0.7);
  r.select(1, 1).fill_(0.7);
  for (const Tensor& values : {deep(net, x, r), exact(net, x, r), integrated(net, x, r)})
    for (const std::int64_t feature : {1, 2})
      for (const double v : values.select(1, feature).to_vector()) CHECK(v == 0.0);
}

// Breaks if the order of features matters (T5).
TEST_CASE("equal features get equal shares") {
  RandomNet net({4, 6, 5, 1}, relu_, 11);
  net.weights[0].select(1, 3).copy_(net.weights[0].select(1, 0));
  Tensor x = random_rows(5, 4, 12), r = random_rows(6, 4, 13);
  x.select(1, 3).copy_(x.select(1, 0));
  r.select(1, 3).copy_(r.select(1, 0));
  for (const Tensor& values : {deep(net, x, r), exact(net, x, r), integrated(net, x, r)})
    expect_close(values.select(1, 0), values.select(1, 3), 1e-10, 1e-13);
}

// Breaks if a value is not linear in the function explained (T6): for DeepShap where the heads share all nonlinear
// nodes.
TEST_CASE("explanations of a sum are sums of explanations") {
  const RandomNet f({3, 5, 4, 1}, tanh_, 14), g({3, 4, 4, 1}, tanh_, 15);
  const Tensor x = random_rows(4, 3, 16), r = random_rows(5, 3, 17);
  const xg_test::Function both = [&](const Tensor& t) { return 2.0 * f(t) - 3.0 * g(t); };
  expect_close(exact(both, x, r), 2.0 * exact(f, x, r) - 3.0 * exact(g, x, r), 1e-10, 1e-13);
  expect_close(integrated(both, x, r), 2.0 * integrated(f, x, r) - 3.0 * integrated(g, x, r), 1e-10, 1e-13);
  const RandomNet heads({3, 5, 4, 2}, tanh_, 18);
  const xg_test::Function mixed = [&](const Tensor& t) {
    return 2.0 * column(heads(t), 0) - 3.0 * column(heads(t), 1);
  };
  const Tensor each = deep(heads, x, r);
  expect_close(deep(mixed, x, r), 2.0 * each.slice(2, 0, 1) - 3.0 * each.slice(2, 1, 2), 1e-10, 1e-13);
}

// Breaks if methods disagree where there is nothing to disagree about (T7, T8).
TEST_CASE("additive models and single features") {
  const xg_test::Function f = [](const Tensor& x) {
    return tanh(column(x, 0)) + exp(column(x, 1)) + abs(column(x, 2)) * 2.0;
  };
  const Tensor x = random_rows(4, 3, 19), r = random_rows(6, 3, 20);
  const auto parts = [](const Tensor& t) {
    return cat({tanh(column(t, 0)), exp(column(t, 1)), abs(column(t, 2)) * 2.0}, 1);
  };
  const Tensor want = (parts(x) - parts(r).mean(0, true)).unsqueeze(2);
  expect_close(deep(f, x, r), want, 1e-10, 1e-13);
  expect_close(exact(f, x, r), want, 1e-10, 1e-13);
  const RandomNet one({1, 6, 4, 2}, relu_, 21);
  const Tensor x1 = random_rows(4, 1, 22), r1 = random_rows(5, 1, 23);
  const Tensor total = (one(x1) - one(r1).mean(0, true)).unsqueeze(1);
  expect_close(deep(one, x1, r1), total, 1e-10, 1e-13);
  expect_close(exact(one, x1, r1), total, 1e-10, 1e-13);
}

// Breaks if the product rule is not the Shapley value of two players (T9), or the limit of nesting it changes (T10).
TEST_CASE("products") {
  const xg_test::Function two = [](const Tensor& x) { return column(x, 0) * column(x, 1); };
  const Tensor x = matrix(1, 2, {2, 3});
  for (const auto& method : {deep, exact}) {
    expect_close(method(two, x, matrix(1, 2, {0, 0})), {3, 3}, 1e-13);
    expect_close(method(two, x, matrix(1, 2, {1, -1})), {1, 6}, 1e-13);
    expect_close(method(two, x, matrix(2, 2, {0, 0, 1, -1})), {2, 4.5}, 1e-13);
  }
  const xg_test::Function three = [](const Tensor& t) { return (column(t, 0) * column(t, 1)) * column(t, 2); };
  const Tensor ones3 = ones({1, 3}, {.dtype = float64}), zeros3 = zeros({1, 3}, {.dtype = float64});
  expect_close(exact(three, ones3, zeros3), {1.0 / 3, 1.0 / 3, 1.0 / 3}, 1e-13);
  expect_close(deep(three, ones3, zeros3), {0.25, 0.25, 0.5}, 1e-13);
}

// Breaks if methods differ where the model is linear between row and reference (T11).
TEST_CASE("one linear region") {
  RandomNet net({4, 8, 6, 2}, relu_, 24);
  for (Tensor& bias : net.biases) bias = where(bias > 0, bias + 100.0, bias - 100.0);
  const Tensor x = random_rows(3, 4, 25), r = random_rows(5, 4, 26);
  const Tensor slope = Saliency(net, {.abs = false})(x).values();
  const Tensor want = slope * (x - r.mean(0, true)).unsqueeze(2);
  expect_close(deep(net, x, r), want, 1e-9, 1e-11);
  expect_close(exact(net, x, r), want, 1e-9, 1e-11);
  expect_close(integrated(net, x, r, 2), want, 1e-9, 1e-11);
}

// Breaks if grouped() pretends to be the game in which a group is one player: that would give (1/2, 1/2) (T12).
TEST_CASE("a group is the sum of its members") {
  const xg_test::Function f = [](const Tensor& t) { return column(t, 0) * column(t, 1) * column(t, 2); };
  const Explanation e = ExactShapley(f, zeros({1, 3}, {.dtype = float64}))(ones({1, 3}, {.dtype = float64}));
  const Explanation g = e.grouped({{"first two", {0, 1}}, {"last", {2}}});
  expect_close(g.values(), {2.0 / 3, 1.0 / 3}, 1e-13);
  CHECK(g.feature_names() == std::vector<std::string>{"first two", "last"});
}

// Breaks if a secant is not the mean derivative between its points (T13): z is linear along the path.
TEST_CASE("with one hidden layer DeepShap is integrated gradients") {
  const Tensor x = random_rows(4, 4, 27), r = random_rows(3, 4, 28);
  for (const auto& [name, f] : xg_test::smooth_activations()) {
    const RandomNet net({4, 7, 2}, f, 29);
    expect_close(deep(net, x, r), integrated(net, x, r, 100), 1e-8, 1e-10, name);
  }
}

// Breaks if ties or crossings in a maximum are shared out by another rule (T14).
TEST_CASE("maximum") {
  const xg_test::Function of_row = [](const Tensor& t) { return amax(t, 1, true); };
  const xg_test::Function of_two = [](const Tensor& t) { return maximum(column(t, 0), column(t, 1)); };
  for (const auto& method : {deep, exact}) {
    expect_close(method(of_row, matrix(1, 2, {3, 1}), matrix(1, 2, {0, 2})), {1.5, -.5}, 1e-13);
    expect_close(method(of_two, matrix(1, 2, {3, 1}), matrix(1, 2, {0, 2})), {1.5, -.5}, 1e-13);
    // The rule of one argument each would give the fall from 9 to 1 to the last feature alone. In the game it falls to
    // 3, 2 or 1, by who has joined before.
    expect_close(method(of_row, ones({1, 4}, {.dtype = float64}), matrix(1, 4, {1, 2, 3, 9})),
                 {0, -1.0 / 3, -5.0 / 6, -41.0 / 6}, 1e-13);
  }
  const Tensor x = random_rows(6, 5, 30), r = random_rows(4, 5, 31);
  expect_close(deep(of_row, x, r), exact(of_row, x, r), 1e-10, 1e-13);
}

// Breaks if the rescale rule quietly becomes another one (T15, T16): equal functions, written differently, may differ.
TEST_CASE("what rescale does and does not see") {
  const xg_test::Function minimum_by_relu = [](const Tensor& t) {
    return column(t, 0) - relu(column(t, 0) - column(t, 1));
  };
  expect_close(deep(minimum_by_relu, matrix(1, 2, {2, 5}), zeros({1, 2}, {.dtype = float64})), {2, 0}, 1e-13);
  const xg_test::Function f = [](const Tensor& t) { return relu(relu(column(t, 0)) - 1.0 - relu(column(t, 1))); };
  const xg_test::Function g = [](const Tensor& t) { return relu(relu(column(t, 0) - 1.0) - relu(column(t, 1))); };
  const Tensor x = matrix(1, 2, {3, 1}), r = zeros({1, 2}, {.dtype = float64});
  expect_close(exact(f, x, r), {1.5, -.5}, 1e-13);
  expect_close(exact(g, x, r), {1.5, -.5}, 1e-13);
  expect_close(deep(f, x, r), {1.5, -.5}, 1e-13);
  expect_close(deep(g, x, r), {2, -1}, 1e-13);
}

// Breaks if the base is not the mean over the background, or if its order or repetition matters (T20).
TEST_CASE("the background is a set of equal references") {
  const RandomNet net({4, 6, 5, 2}, relu_, 32);
  const Tensor x = random_rows(3, 4, 33), a = random_rows(5, 4, 34), b = random_rows(5, 4, 35);
  const Tensor ab = cat({a, b}, 0), values = deep(net, x, ab);
  expect_close(deep(net, x, flip(ab, 0)), values, 1e-10, 1e-13);
  expect_close(deep(net, x, cat({ab, ab, ab}, 0)), values, 1e-10, 1e-13);
  expect_close((deep(net, x, a) + deep(net, x, b)) / 2.0, values, 1e-10, 1e-13);
  expect_close(exact(net, x, flip(ab, 0)), exact(net, x, ab), 1e-10, 1e-13);
}

// Breaks if a secant loses digits, or jumps to something else, where row and reference come together (T21).
TEST_CASE("multipliers become the gradient as the reference approaches") {
  const Tensor x = random_rows(2, 4, 36), u = random_rows(1, 4, 37).reshape({4});
  for (const auto& [name, f] : xg_test::smooth_activations()) {
    const RandomNet net({4, 6, 5, 1}, f, 38);
    const Tensor slope = Saliency(net, {.abs = false})(x).values();
    for (const double h : {1e-3, 1e-5, 1e-6, 1e-7, 1e-9, 1e-12}) {
      const Tensor m = DeepLift(net, {.baseline = x - h * u, .multipliers = true})(x).values();
      expect_close(m, slope, 0, 200 * h + 1e-10, name);
    }
  }
}

// Breaks if a jump without a gradient gets no share (T22).
TEST_CASE("a perceptron with a step is explained completely") {
  const RandomNet net({3, 5, 1}, [](const Tensor& t) { return where(t > 0, ones_like(t), zeros_like(t)); }, 39);
  const Tensor x = random_rows(8, 3, 40), r = random_rows(6, 3, 41);
  const Explanation e = DeepShap(net, r)(x);
  CHECK(e.residual().abs().max().item() < 1e-12);
  CHECK(e.values().abs().max().item() > 0.1);
  CHECK(Saliency(net)(x).values().abs().max().item() == 0);
}

// Breaks if units of a feature or a constant in the output leak into contributions (T23).
TEST_CASE("units do not matter") {
  RandomNet net({3, 6, 5, 1}, tanh_, 42);
  const Tensor x = random_rows(4, 3, 43), r = random_rows(5, 3, 44),
               scale = tensor({1000, 1, 0.01}, {.dtype = float64});
  RandomNet other = net;
  other.weights[0] = net.weights[0] / scale;
  expect_close(deep(other, x * scale, r * scale), deep(net, x, r), 1e-10, 1e-13);
  const xg_test::Function shifted = [&](const Tensor& t) { return net(t) + 5.0; };
  const Explanation e = DeepShap(shifted, r)(x);
  expect_close(e.values(), deep(net, x, r), 1e-10, 1e-13);
  expect_close(e.base_values(), (net(r).mean() + 5.0).expand({4, 1}), 1e-12);
}

// Breaks if multipliers of single references do not average to the explanation of the set.
TEST_CASE("standard errors are those of the mean over references") {
  const RandomNet net({3, 6, 5, 2}, tanh_, 45);
  const Tensor x = random_rows(2, 3, 46), r = random_rows(12, 3, 47);
  std::vector<Tensor> each;
  for (std::int64_t b = 0; b < 12; ++b) each.push_back(DeepLift(net, {.baseline = r[b]})(x).values());
  const Tensor all = stack(each, 0), want = all.std(0, 1) / std::sqrt(12.0);
  const Explanation e = DeepShap(net, r)(x);
  expect_close(e.values(), all.mean(0), 1e-10, 1e-13);
  expect_close(e.standard_errors(), want, 1e-9, 1e-13);
  // Blocks of a few pairs merge to the same.
  expect_close(DeepShap(net, r, {.max_bytes = 1})(x).standard_errors(), want, 1e-9, 1e-13);
  const Explanation lone = DeepShap(net, r.narrow(0, 0, 1))(x);
  for (const double v : lone.standard_errors().to_vector()) CHECK(std::isnan(v));
  const auto share = [&](std::int64_t b) { return exact(net, x, r.narrow(0, b, 1)); };
  each.clear();
  for (std::int64_t b = 0; b < 12; ++b) each.push_back(share(b));
  expect_close(ExactShapley(net, r)(x).standard_errors(), stack(each, 0).std(0, 1) / std::sqrt(12.0), 1e-9, 1e-13);
}
