// Models whose contributions are known by hand, at the places where rules are easily wrong: unchanged elements, kinks,
// jumps, masks, casts, writes in place, infinities.
#include "nets.hpp"
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/function.hpp>
#include <xgrad/tensor/error.hpp>

#include <cmath>
#include <limits>

using namespace xg;
using namespace xg::explain;
using xg_test::column;
using xg_test::expect_close;
using xg_test::matrix;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

Explanation explained(const xg_test::Function& f, const std::vector<double>& row, const std::vector<double>& reference,
                      Dtype dtype = float64, DeepShapOptions options = {.output = Output::model}) {
  const auto n = static_cast<std::int64_t>(row.size());
  return DeepShap(f, tensor(reference).to(dtype).reshape({1, n}),
                  std::move(options))(tensor(row).to(dtype).reshape({1, n}));
}

/// The contributions in float64 and float32 are `want`, and nothing is left or noted.
void check(const char* name, const xg_test::Function& f, const std::vector<double>& row,
           const std::vector<double>& reference, const std::vector<double>& want) {
  for (const Dtype dtype : {float64, float32}) {
    INFO(name << " in " << xg::name(dtype));
    const Explanation e = explained(f, row, reference, dtype);
    const double tolerance = dtype == float64 ? 1e-10 : 2e-5;
    expect_close(e.values().flatten(), want, tolerance, tolerance, name);
    CHECK(e.notes().empty());
  }
}

bool has_note(const Explanation& e, const std::string& part) {
  for (const std::string& note : e.notes())
    if (note.find(part) != std::string::npos) return true;
  return false;
}

}  // namespace

// Breaks if an element that stays passes nothing on although what it is made of moves in opposite directions.
TEST_CASE("an element that does not change has the limit of its slope") {
  const auto d = [](const Tensor& x) { return column(x, 0) - column(x, 1); };
  check("maximum", [&](const Tensor& x) { return maximum(d(x), full_like(d(x), -10.0)); }, {2, 2}, {1, 1}, {1, -1});
  check("minimum", [&](const Tensor& x) { return minimum(d(x), full_like(d(x), 10.0)); }, {2, 2}, {1, 1}, {1, -1});
  check("fmax", [&](const Tensor& x) { return fmax(full_like(d(x), -10.0), d(x)); }, {2, 2}, {1, 1}, {1, -1});
  check("fmin", [&](const Tensor& x) { return fmin(d(x), full_like(d(x), 10.0)); }, {2, 2}, {1, 1}, {1, -1});
  check("tied maximum", [&](const Tensor& x) { return maximum(d(x), zeros_like(d(x))); }, {2, 2}, {1, 1}, {.5, -.5});
  check("hypot", [&](const Tensor& x) { return hypot(d(x) + 3.0, full_like(d(x), 4.0)); }, {2, 2}, {1, 1}, {.6, -.6});
  check("copysign", [&](const Tensor& x) { return copysign(d(x) + 3.0, full_like(d(x), -1.0)); }, {2, 2}, {1, 1},
        {-1, 1});
  check("fmod", [&](const Tensor& x) { return fmod(d(x) + 3.5, full_like(d(x), 2.0)); }, {2, 2}, {1, 1}, {1, -1});
  check("remainder", [&](const Tensor& x) { return remainder(d(x) - 3.5, full_like(d(x), 2.0)); }, {2, 2}, {1, 1},
        {1, -1});
  check("both vary, one stays", [](const Tensor& x) { return hypot(column(x, 0) - column(x, 1) + 3.0, column(x, 2)); },
        {2, 2, 4}, {1, 1, 0}, {.5 * (.6 + 1), -.5 * (.6 + 1), 2});
  check("power", [&](const Tensor& x) { return pow(d(x) + 2.0, full_like(d(x), 3.0)); }, {2, 2}, {1, 1}, {12, -12});
}

// Breaks if a change of 1e-12 has another multiplier than no change: the quotient has lost its digits there.
TEST_CASE("multipliers do not jump where a change becomes small") {
  const std::vector<std::pair<const char*, xg_test::Function>> functions = {
      {"maximum", [](const Tensor& z) { return maximum(z, full_like(z, -10.0)); }},
      {"hypot", [](const Tensor& z) { return hypot(z + 3.0, full_like(z, 4.0)); }},
      {"sin", [](const Tensor& z) { return sin(z + 1.0); }},
      {"tan", [](const Tensor& z) { return tan(z + 1.0); }},
      {"asinh", [](const Tensor& z) { return asinh(z + 1.0); }},
      {"sinc", [](const Tensor& z) { return sinc(z + 0.4); }},
      {"pow", [](const Tensor& z) { return pow(z + 2.0, 2.5); }},
      {"atan2", [](const Tensor& z) { return atan2(z + 1.0, full_like(z, 2.0)); }},
      {"xlogy", [](const Tensor& z) { return xlogy(full_like(z, 3.0), z + 2.0); }},
      {"logaddexp", [](const Tensor& z) { return logaddexp(z, full_like(z, 0.3)); }}};
  for (const auto& [name, f] : functions) {
    INFO(name);
    const auto model = [f = f](const Tensor& x) { return f(column(x, 0) - column(x, 1)); };
    const auto still = explained(model, {2, 2}, {1, 1}).values().to_vector();
    CHECK(std::abs(still[0]) > 0.01);
    for (const double h : {1e-14, 1e-12, 1e-9, 1e-6}) {
      const auto moved = explained(model, {2 + h, 2}, {1, 1}).values().to_vector();
      CHECK(std::abs(moved[0] - still[0]) < 20 * h + 1e-10);  // the next derivative
    }
  }
}

// Breaks if a secant without a formula is judged by a fixed distance: these change within it, and are smooth beyond it.
TEST_CASE("a secant follows what the function does") {
  check("sign across zero", [](const Tensor& x) { return sign(x); }, {1e-7}, {-1e-7}, {2});
  check("a root", [](const Tensor& x) { return pow(x, 0.5); }, {1e-7}, {4e-8}, {std::sqrt(1e-7) - std::sqrt(4e-8)});
  check("a power with a pole", [](const Tensor& x) { return pow(x, -1.0) * 1e-6; }, {1e-6}, {2e-6}, {0.5});
  check("1.5th power", [](const Tensor& x) { return pow(x, 1.5) * 1e9; }, {1e-6}, {0}, {1});
  check("fast oscillation", [](const Tensor& x) { return sin(x); }, {2010}, {2008}, {std::sin(2010) - std::sin(2008)});
  check("a pole of tan", [](const Tensor& x) { return tan(x); }, {1.6}, {1.5}, {std::tan(1.6) - std::tan(1.5)});
  check("atanh", [](const Tensor& x) { return atanh(x); }, {0.99}, {0.98}, {std::atanh(.99) - std::atanh(.98)});
  check("acosh", [](const Tensor& x) { return acosh(x); }, {1.001}, {1}, {std::acosh(1.001)});
}

// Breaks if two arguments share other than two players would, or one rule stands for another function.
TEST_CASE("functions of two numbers are games of two") {
  const auto both = [](auto f) { return [f](const Tensor& x) { return f(column(x, 0), column(x, 1)); }; };
  const auto shares = [](auto g, double x0, double x1, double r0, double r1) {
    const double a = .5 * (g(x0, x1) - g(r0, x1) + g(x0, r1) - g(r0, r1));
    return std::vector<double>{a, g(x0, x1) - g(r0, r1) - a};
  };
  const double x0 = 1.5, x1 = -0.7, r0 = -2.2, r1 = 1.1;
  check("atan2", both([](auto a, auto b) { return atan2(a, b); }), {x0, x1}, {r0, r1},
        shares([](double a, double b) { return std::atan2(a, b); }, x0, x1, r0, r1));
  check("trunc_divide", both([](auto a, auto b) { return trunc_divide(a, b); }), {7.3, 2.1}, {-7.3, -1.7},
        shares([](double a, double b) { return std::trunc(a / b); }, 7.3, 2.1, -7.3, -1.7));
  check("floor_divide", both([](auto a, auto b) { return floor_divide(a, b); }), {7.3, 2.1}, {-7.3, 1.7},
        shares([](double a, double b) { return std::floor(a / b); }, 7.3, 2.1, -7.3, 1.7));
  check("fmod", both([](auto a, auto b) { return fmod(a, b); }), {7.3, 2.1}, {-7.3, 1.7},
        shares([](double a, double b) { return std::fmod(a, b); }, 7.3, 2.1, -7.3, 1.7));
  check("hypot", both([](auto a, auto b) { return hypot(a, b); }), {x0, x1}, {r0, r1},
        shares([](double a, double b) { return std::hypot(a, b); }, x0, x1, r0, r1));
  check("pow", both([](auto a, auto b) { return pow(a, b); }), {1.5, 0.7}, {2.2, -1.1},
        shares([](double a, double b) { return std::pow(a, b); }, 1.5, 0.7, 2.2, -1.1));
  check("ge", both([](auto a, auto b) { return (a >= b).to(a.dtype()); }), {1, 1}, {0, 1e-4}, {1, 0});
  check("lt", both([](auto a, auto b) { return (a < b).to(a.dtype()); }), {2, 2}, {1, 1}, {-.5, .5});
  // A mixed evaluation is minus infinity: integrated along the path instead, which says so.
  const Explanation entropy = explained([](const Tensor& x) { return xlogy(x, x); }, {2}, {0});
  expect_close(entropy.values().flatten(), {2 * std::log(2.0)}, 2e-3, 0);
  CHECK(has_note(entropy, "xlogy"));
  check("eq", both([](auto a, auto b) { return (a == b).to(a.dtype()); }), {2, 2}, {1, 2},
        shares([](double a, double b) { return a == b ? 1. : 0.; }, 2, 2, 1, 2));
  check("not equal to a constant", [](const Tensor& x) { return (x != 0).to(x.dtype()).sum(1, true); }, {2, 0}, {0, 3},
        {1, -1});
}

// Breaks if exponentials overflow between two far negative numbers, or what is masked by minus infinity makes NaN.
TEST_CASE("far below zero and masked") {
  for (const double low : {-30.0, -200.0, -900.0}) {
    check("elu", [](const Tensor& x) { return elu(x); }, {low}, {-5}, {std::expm1(low) - std::expm1(-5)});
    check("selu", [](const Tensor& x) { return selu(x); }, {low}, {-5},
          {1.0507009873554805 * 1.6732632423543772 * (std::expm1(low) - std::expm1(-5))});
    check("celu", [](const Tensor& x) { return celu(x, 2.0); }, {low}, {-5},
          {2 * (std::expm1(low / 2) - std::expm1(-2.5))});
    check("exp", [](const Tensor& x) { return exp(x); }, {low}, {-5}, {std::exp(low) - std::exp(-5)});
  }
  const Tensor mask = tensor({0., 0., 1.}) > 0.5;
  const auto masked = [mask](const Tensor& x) { return masked_fill(x, mask, -inf); };
  check("logsumexp", [&](const Tensor& x) { return logsumexp(masked(x), 1, true); }, {1, 1, 3}, {0, 0, 0}, {.5, .5, 0});
  check(
      "softmax", [&](const Tensor& x) { return column(softmax(masked(x), 1), 0); }, {1, -1, 3}, {0, 0, 0},
      explained([&](const Tensor& x) { return column(softmax(masked_fill(x, mask, -1e9), 1), 0); }, {1, -1, 3},
                {0, 0, 0})
          .values()
          .to_vector());
  check(
      "log_softmax", [&](const Tensor& x) { return column(log_softmax(masked(x), 1), 0); }, {1, -1, 3}, {0, 0, 0},
      explained([&](const Tensor& x) { return column(log_softmax(masked_fill(x, mask, -1e9), 1), 0); }, {1, -1, 3},
                {0, 0, 0})
          .values()
          .to_vector());
  const Tensor only = tensor({0., 1., 1.}) > 0.5;
  check("all but one",
        [&](const Tensor& x) { return column(softmax(masked_fill(x, only, -inf), 1), 0) * column(x, 1); }, {1, 2, 3},
        {0, 0, 0}, {0, 2, 0});
  check("by hand", [](const Tensor& x) { return 1.0 / (1.0 + exp(-x)); }, {-800}, {0.5}, {-1 / (1 + std::exp(-0.5))});
}

// Breaks if a root or a norm that stays at 0 makes infinity times 0.
TEST_CASE("roots, norms and deviations that stay at 0") {
  const auto shut = [](const Tensor& x) { return relu(x - 5.0); };
  check("norm", [&](const Tensor& x) { return vector_norm(shut(x), 2, {1}, true) + column(x, 0); }, {1, 2, 3},
        {2, 2, 2}, {-1, 0, 0});
  check("3-norm", [&](const Tensor& x) { return vector_norm(shut(x), 3, {1}, true) + column(x, 0); }, {1, 2, 3},
        {2, 2, 2}, {-1, 0, 0});
  check("root", [&](const Tensor& x) { return sqrt(shut(x)).sum(1, true) + column(x, 0); }, {1, 2, 3}, {2, 2, 2},
        {-1, 0, 0});
  check("power", [&](const Tensor& x) { return pow(shut(x), 0.3).sum(1, true) + column(x, 0); }, {1, 2, 3}, {2, 2, 2},
        {-1, 0, 0});
  check("deviation", [&](const Tensor& x) { return xg::std(shut(x), {1}, 1, true) + column(x, 0); }, {1, 2, 3},
        {2, 2, 2}, {-1, 0, 0});
  check("hypot", [&](const Tensor& x) { return hypot(column(shut(x), 0), column(shut(x), 1)) + column(x, 0); }, {1, 2},
        {2, 2}, {-1, 0});
  check("a norm that starts at 0", [&](const Tensor& x) { return vector_norm(x, 2, {1}, true); }, {3, 4}, {0, 0},
        {9. / 5, 16. / 5});
}

// Breaks if NaN of the branch that `where` does not take reaches what leads to it.
TEST_CASE("the branch not taken") {
  check("log", [](const Tensor& x) { return where(x > 0, log(x), zeros_like(x)); }, {2}, {-1}, {std::log(2.0)});
  check("root", [](const Tensor& x) { return where(x > 0, sqrt(x) * 3.0 + 1.0, zeros_like(x)); }, {4}, {-1}, {7});
  check("quotient", [](const Tensor& x) { return where(x != 0, 1.0 / x, zeros_like(x)); }, {2}, {0}, {0.5});
}

// Breaks if a multiplier takes the dtype of the value it belongs to.
TEST_CASE("multipliers keep their dtype through casts") {
  check("mask times constant", [](const Tensor& x) { return (x >= 0).to(x.dtype()) * 2.5; }, {1}, {-1}, {2.5});
  check("gate", [](const Tensor& x) { return x * (x > 0).to(x.dtype()); }, {-2}, {3}, {-3});
  check("integer part", [](const Tensor& x) { return x.to(int64).to(x.dtype()) * 0.3; }, {4.7}, {1.2}, {0.9});
  check("one_hot",
        [](const Tensor& x) {
          return matmul(one_hot(x.select(1, 0).to(int64), 3).to(x.dtype()),
                        tensor({.1, .5, .7}, {.dtype = float64}).to(x.dtype()).unsqueeze(1));
        },
        {2, 0}, {1, 0}, {.2, 0});
  check("bitwise", [](const Tensor& x) { return ((column(x, 0) > 0) & ~(column(x, 1) > 0)).to(x.dtype()) * 2.5; },
        {1, -1}, {-1, 1}, {1.25, 1.25});
  check("bools added", [](const Tensor& x) { return ((column(x, 0) > .5) + (column(x, 1) > .5)).to(x.dtype()) * 2.5; },
        {1, 1}, {0, 0}, {1.25, 1.25});
  check("largest integer", [](const Tensor& x) { return amax(x.to(int64), 1, true).to(x.dtype()) * 0.3; }, {3, 1},
        {0, 2}, {.45, -.15});
  check("integer product", [](const Tensor& x) { return prod(x.to(int64), 1, true).to(x.dtype()) * 2.5; }, {1, 1},
        {0, 0}, {1.25, 1.25});
  check("size of an integer", [](const Tensor& x) { return abs(x.to(int64)).to(x.dtype()) * 0.5; }, {-3}, {1}, {1});
  check("all", [](const Tensor& x) { return all(x > .5, 1, true).to(x.dtype()) * 2.5; }, {1, 1}, {0, 0}, {1.25, 1.25});
  check("count", [](const Tensor& x) { return count_nonzero(x > .5, 1).to(x.dtype()).unsqueeze(1) * 2.5; }, {1, 1},
        {0, 0}, {2.5, 2.5});
  check("bool products", [](const Tensor& x) { return 0.5 * ((x > 0).to(int64) * 3).to(x.dtype()); }, {1}, {-1}, {1.5});
  // float64 rows, float32 inside: complete to float32's rounding, which is not an error.
  const auto model = [](const Tensor& x) { return (tanh(x.to(float32)) * 1.7f).sum(1, true).to(float64); };
  const Explanation e = explained(model, {1.1, -0.3}, {0.2, 0.4});
  CHECK(e.residual().abs().item() < 1e-6);
  CHECK(e.notes().empty());
}

// Breaks if a write in place cuts what is followed: everything before it would contribute nothing.
TEST_CASE("writes in place are followed") {
  check("mul_",
        [](const Tensor& x) {
          Tensor y = x * 1.0;
          y.mul_(x);
          return y.sum({1}, true);
        },
        {2, 4, 6}, {0, 0, 0}, {4, 16, 36});
  check("by itself",
        [](const Tensor& x) {
          Tensor y = x * 1.0;
          y.mul_(y);
          return y.sum({1}, true);
        },
        {2, 4}, {0, 1}, {4, 15});
  check("relu_",
        [](const Tensor& x) {
          Tensor y = x * 2.0;
          y.relu_();
          return y.sum({1}, true);
        },
        {2, -4}, {0, 1}, {4, -2});
  check("several",
        [](const Tensor& x) {
          Tensor y = x + 0.0;
          y.add_(1.0).mul_(2.0).sub_(x).relu_();
          return y.sum({1}, true);
        },
        {2, 3}, {0, 0}, {2, 3});
  check("masked_fill_",
        [](const Tensor& x) {
          Tensor y = x * 3.0;
          y.masked_fill_(x > 2, 0.0);
          return y.sum({1}, true);
        },
        {1, 1}, {0, 0}, {3, 3});
  check("into a constant",
        [](const Tensor& x) {
          Tensor sum = zeros({x.size(0), 1}, {.dtype = x.dtype()});
          for (std::int64_t i = 0; i < 3; ++i) sum.add_(column(x, i) * static_cast<double>(i + 1));
          return sum;
        },
        {1, 1, 1}, {0, 0, 0}, {1, 2, 3});
  check("the input itself",
        [](Tensor x) {
          x = x + 0.0;
          x.mul_(2.0);
          return x.sum({1}, true);
        },
        {1, 2}, {0, 0}, {2, 4});
  const auto through_view = [](const Tensor& x) {
    Tensor y = x * 1.0;
    y.narrow(1, 0, 1).mul_(2.0);
    return y.sum({1}, true);
  };
  CHECK_ERROR(explained(through_view, {1, 2}, {0, 0}), AutogradError, "mul_", "through a view");
}

// Breaks if a jump over what is only rounding makes contributions of 1 / eps.
TEST_CASE("a jump over rounding passes nothing on and says so") {
  // 0.1 + 0.2 is not 0.3: the sums of row and reference are equal but for rounding, on both sides of the threshold.
  const auto sum = [](const Tensor& x) { return column(x, 0) + column(x, 1); };
  const std::vector<std::pair<const char*, xg_test::Function>> jumps = {
      {"gt", [&](const Tensor& x) { return (sum(x) > 0.3).to(float64); }},
      {"step", [&](const Tensor& x) { return step(sum(x) - 0.3); }},
      {"ceil", [&](const Tensor& x) { return ceil(sum(x) - 0.3); }},
      {"sign", [&](const Tensor& x) { return sign(sum(x) - 0.3); }},
      {"linear",
       [](const Tensor& x) {
         return step(linear(x, ones({1, 2}, {.dtype = float64}), full({1}, -0.3, {.dtype = float64})));
       }},
      {"eq", [&](const Tensor& x) { return (sum(x) == 0.3).to(float64); }},
      {"floor_divide", [&](const Tensor& x) { return -floor_divide(-sum(x) + 0.3, full_like(sum(x), 1.0)); }}};
  for (const auto& [name, f] : jumps) {
    INFO(name);
    const Explanation e = explained(f, {0.1, 0.2}, {0.3, 0.0});
    CHECK(std::abs(e.outputs().item() - e.base_values().item()) == 1);
    for (const double v : e.values().to_vector()) CHECK(v == 0);
    CHECK(std::abs(e.residual().item()) == 1);
    CHECK(has_note(e, "rounding"));
    // A real change, however small, is followed.
    const Explanation far = explained(f, {0.1 + 1e-12, 0.2}, {0.3 - 1e-12, 0.0});
    if (std::string(name) != "eq") CHECK(std::abs(far.residual().item()) < 1e-3);
  }
}

// Breaks if integrals that miss much pass for an explanation, or those that miss little are errors.
TEST_CASE("what an integral misses is judged, not excused") {
  struct Bent : autograd::Function<Bent> {  // relu with a kink at 1e-3 of the way
    static Tensor forward(autograd::Context& ctx, const Tensor& x) {
      ctx.save_for_backward({x});
      return relu(x);
    }
    static autograd::Gradients backward(autograd::Context& ctx, const Tensor& g) {
      return {g * (ctx.saved()[0] > 0).to(g.dtype())};
    }
  };
  struct Twice : autograd::Function<Twice> {  // a derivative that is twice what it should be
    static Tensor forward(autograd::Context&, const Tensor& x) { return x * 1.0; }
    static autograd::Gradients backward(autograd::Context&, const Tensor& g) { return {g * 2.0}; }
  };
  const auto bent = [](const Tensor& x) { return Bent::apply(x).sum(1, true); };
  const Explanation little = explained(bent, {1.0, 1.0}, {-1e-4, 0.5});
  CHECK(std::abs(little.residual().item()) > 1e-8);
  CHECK(has_note(little, "Bent"));
  CHECK_ERROR(explained(bent, {1.0, 1.0}, {-1.5, 0.5}), Error, "Bent", "integrated", "do not sum up");
  const auto twice = [](const Tensor& x) { return Twice::apply(x).sum(1, true); };
  CHECK_ERROR(explained(twice, {14, 0}, {0, 0}), Error, "Twice", "integrated", "do not sum up");
}

// Breaks if features far from zero hide a rule that is half wrong.
TEST_CASE("rounding at 1e5 does not excuse a wrong rule") {
  struct Half : autograd::Function<Half> {
    static Tensor forward(autograd::Context&, const Tensor& x) { return x * 1.0; }
    static autograd::Gradients backward(autograd::Context&, const Tensor& g) { return {g}; }
    static Tensor secant(const autograd::Context&, const Tensor& x, const Tensor&) { return full_like(x, 0.5); }
  };
  const auto model = [](const Tensor& x) { return Half::apply(x).sum(1, true); };
  for (const Dtype dtype : {float64, float32})
    CHECK_ERROR(explained(model, {1e5 + 3, 1e5 + 3}, {1e5, 1e5}, dtype), Error, "Half", "rule is wrong");
}

// Breaks if an error blames a rule for what the model does.
TEST_CASE("errors name the cause") {
  const auto branch = [](const Tensor& x) { return x.select(0, 0).select(0, 0).item() > 0 ? x * 2.0 : x * 3.0; };
  CHECK_ERROR(explained(branch, {1, 1}, {-1, -1}), Error, "[DeepShap]");
  try {
    explained(branch, {1, 1}, {-1, -1});
  } catch (const Error& error) {
    CHECK(std::string(error.what()).find("rule is wrong") == std::string::npos);
  }
  const auto noise = [](const Tensor& x) { return x + 0.1 * randn_like(x); };
  CHECK_ERROR(explained(noise, {1, 1}, {-1, -1}), Error, "random");
  const auto by_hand = [](const Tensor& x) {
    const std::vector<double> numbers = x.to_vector();
    std::vector<double> first;
    for (std::int64_t i = 0; i < x.size(0); ++i) first.push_back(numbers[static_cast<std::size_t>(2 * i)]);
    return column(x, 1) + tensor(first).to(x.dtype()).unsqueeze(1) * 2.0;
  };
  CHECK_ERROR(explained(by_hand, {1, 1}, {-1, -1}), Error, "read by hand");
}

// Breaks if only DeepShap looks whether rows are independent.
TEST_CASE("every explainer notices rows that influence each other, noise and branches") {
  const Tensor rows = xg_test::random_rows(3, 2, 70) + 2.0, background = xg_test::random_rows(4, 2, 71) - 2.0;
  const std::vector<std::pair<const char*, xg_test::Function>> models = {
      {"mean", [](const Tensor& x) { return (x - x.mean(0, true)).square().sum(1); }},
      {"norm", [](const Tensor& x) { return (x / vector_norm(x)).square().sum(1); }},
      {"norm of columns", [](const Tensor& x) { return (x / vector_norm(x, 2, {0}, true)).sum(1); }},
      {"largest", [](const Tensor& x) { return (x - amax(x, 0, true)).sum(1); }},
      {"deviation", [](const Tensor& x) { return (x / (xg::std(x, {0}, 0, true) + 1.0)).sum(1); }},
      {"running sum", [](const Tensor& x) { return cumsum(x, 0).sum(1); }},
      {"first row", [](const Tensor& x) { return (x * x.narrow(0, 0, 1)).sum(1); }},
      {"noise", [](const Tensor& x) { return (x + 0.1 * randn_like(x)).sum(1); }},
      {"branch", [](const Tensor& x) { return x.sum().item() > 6 ? x.sum(1) * 2.0 : x.sum(1) * 3.0; }}};
  for (const auto& [name, f] : models) {
    INFO(name);
    CHECK_ERROR(DeepShap(f, background)(rows), Error, "[DeepShap]");
    CHECK_ERROR(ExactShapley(f, background)(rows), Error, "[ExactShapley]");
    CHECK_ERROR(IntegratedGradients(f)(rows), Error, "[IntegratedGradients]");
    CHECK_ERROR(Saliency(f)(rows), Error, "[Saliency]");
    CHECK_ERROR(InputXGradient(f)(rows), Error, "[InputXGradient]");
  }
}

// Breaks if the independence of rows is looked into for each call.
TEST_CASE("the check of rows runs once for each explainer") {
  int runs = 0;
  const auto model = [&runs](const Tensor& x) {
    ++runs;
    return (x * 2.0).sum(1);
  };
  const DeepShap explainer(model, xg_test::random_rows(4, 2, 72));
  const Tensor rows = xg_test::random_rows(1, 2, 73);
  runs = 0;
  explainer(rows);
  const int first = runs;
  runs = 0;
  explainer(rows);
  CHECK(runs == first - 5);
}

// Breaks if a branch on the whole batch is found only where two rows fall on different sides of it.
TEST_CASE("branches on the size or sum of a batch are noticed") {
  const Tensor rows = matrix(2, 2, {1, 2, 3, 4});
  const auto by_sum = [](const Tensor& x) { return x.sum().item() > 5 ? column(x, 0) * 3.0 : column(x, 1); };
  const auto by_size = [](const Tensor& x) { return x.size(0) > 2 ? column(x, 0) : column(x, 1); };
  for (const auto& f : std::vector<xg_test::Function>{by_sum, by_size}) {
    CHECK_ERROR(Saliency(f)(rows), Error, "[Saliency]");
    CHECK_ERROR(ExactShapley(f, zeros({1, 2}, {.dtype = float64}))(rows), Error, "[ExactShapley]");
  }
}

// Breaks if contributions that are large and cancel leave the prediction in the residual without a word.
TEST_CASE("rounding that takes much of the prediction is noted") {
  const Explanation e =
      explained([](const Tensor& x) { return column(x, 0) / (column(x, 1) + 1e-8); }, {1, 1}, {0, 0}, float32);
  CHECK((std::abs(e.residual().item()) < 1e-2 || has_note(e, "rounding")));
}

// Breaks if a coalition without a number goes unsaid, or touches other rows.
TEST_CASE("coalitions without a number are noted") {
  const auto model = [](const Tensor& x) { return sqrt(column(x, 0) - column(x, 1)); };
  const Tensor rows = matrix(2, 2, {5, 4, 3, 0}), reference = matrix(1, 2, {1, 0});
  const Explanation e = ExactShapley(model, reference, {.feature_names = {"a", "b"}})(rows);
  CHECK(has_note(e, "row 0"));
  CHECK(has_note(e, "b is as in the row"));
  CHECK(std::isnan(e.values().to_vector()[0]));
  expect_close(e[1].values().flatten(), {std::sqrt(3.0) - 1, 0}, 1e-12, 1e-12);
}

// Breaks if steps that rounding decides make ExactShapley sum up to something else.
TEST_CASE("ExactShapley of steps sums to the prediction") {
  const xg_test::RandomNet net({4, 6, 2}, [](const Tensor& x) { return step(x); }, 74);
  const Tensor rows = xg_test::random_rows(6, 4, 75).round(), references = xg_test::random_rows(5, 4, 76).round();
  const Explanation e = ExactShapley(net, references)(rows);
  CHECK(e.residual().abs().max().item() < 1e-12);
}

// Breaks if a feature that has no gradient is silently said to do nothing.
TEST_CASE("IntegratedGradients notes a feature without gradient") {
  const Tensor table = matrix(3, 1, {.1, .5, .7});
  const auto model = [&](const Tensor& x) {
    return embedding(x.select(1, 0).to(int64), table) + column(x, 1) + 0.0 * column(x, 2);
  };
  const IntegratedGradientsOptions options{.feature_names = {"kind", "size", "idle"}};
  const Explanation e = IntegratedGradients(model, options)(matrix(1, 3, {2, 1, 1}));
  CHECK(has_note(e, "kind"));
  CHECK(has_note(e, "without gradient"));
  CHECK_FALSE(has_note(e, "idle"));
  CHECK_FALSE(has_note(e, "size"));
  CHECK(
      IntegratedGradients([](const Tensor& x) { return x.sum(1); }, options)(matrix(1, 3, {2, 1, 1})).notes().empty());
}

// Breaks if a NaN row changes what is reported for others.
TEST_CASE("a NaN row does not touch its neighbours") {
  struct Bent : autograd::Function<Bent> {
    static Tensor forward(autograd::Context& ctx, const Tensor& x) {
      ctx.save_for_backward({x});
      return relu(x);
    }
    static autograd::Gradients backward(autograd::Context& ctx, const Tensor& g) {
      return {g * (ctx.saved()[0] > 0).to(g.dtype())};
    }
  };
  const auto model = [](const Tensor& x) { return Bent::apply(x).sum(1, true); };
  const Tensor reference = matrix(1, 2, {-1e-4, .5});
  const Explanation e = DeepShap(model, reference)(matrix(2, 2, {1, 1, std::nan(""), 1}));
  const Explanation alone = DeepShap(model, reference)(matrix(1, 2, {1, 1}));
  CHECK(xg_test::same_bits(e[0].values(), alone.values()));
  CHECK(e.fallback_ops()[0].residual == alone.fallback_ops()[0].residual);
  CHECK(has_note(e, "Bent"));
}
