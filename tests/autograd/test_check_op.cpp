#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/check_op.hpp>
#include <xgrad/autograd/function.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/random.hpp>

#include <algorithm>
#include <atomic>
#include <sstream>
#include <string>
#include <vector>

using namespace xg;
using autograd::Context;
using autograd::Function;
using autograd::Gradients;

namespace {

/// x^3, right in every way.
struct Cube : Function<Cube> {
  static constexpr bool elementwise = true;
  static Tensor forward(Context& ctx, const Tensor& x) {
    ctx.save_for_backward({x});
    return x * x * x;
  }
  static Gradients backward(Context& ctx, const Tensor& g) { return {g * square(ctx.saved()[0]) * 3.0}; }
  static Tensor secant(const Context&, const Tensor& x, const Tensor& r) { return x * x + x * r + r * r; }
};

struct WrongFirst : Function<WrongFirst> {
  static Tensor forward(Context& ctx, const Tensor& x) { return Cube::forward(ctx, x); }
  static Gradients backward(Context& ctx, const Tensor& g) { return {g * square(ctx.saved()[0]) * 3.01}; }
};

/// The second derivative is lost.
struct WrongSecond : Function<WrongSecond> {
  static Tensor forward(Context& ctx, const Tensor& x) { return Cube::forward(ctx, x); }
  static Gradients backward(Context& ctx, const Tensor& g) { return {g * square(ctx.saved()[0].detach()) * 3.0}; }
};

/// Takes memory for granted.
struct WrongLayout : Function<WrongLayout> {
  static Tensor forward(Context& ctx, const Tensor& x) {
    ctx.save_for_backward({x});
    Tensor y = zeros(x.shape(), {.dtype = x.dtype()});
    if (x.dtype() == float64)
      for (std::int64_t i = 0; i < x.numel(); ++i) y.mutable_data<double>()[i] = 2 * x.data<double>()[i];
    else
      y = x * 2.0;
    return y;
  }
  static Gradients backward(Context&, const Tensor& g) { return {g * 2.0}; }
};

struct WrongDtype : Function<WrongDtype> {
  static Tensor forward(Context& ctx, const Tensor& x) { return Cube::forward(ctx, x.to(float64)); }
  static Gradients backward(Context& ctx, const Tensor& g) { return {g * square(ctx.saved()[0]) * 3.0}; }
};

struct WrongEmpty : Function<WrongEmpty> {
  static Tensor forward(Context& ctx, const Tensor& x) {
    if (x.numel() == 0) throw IndexError("[WrongEmpty] there is no first element.");
    return Cube::forward(ctx, x);
  }
  static Gradients backward(Context& ctx, const Tensor& g) { return Cube::backward(ctx, g); }
};

std::atomic<int> calls{0};

/// Depends on how often it was called.
struct WrongThreads : Function<WrongThreads> {
  static Tensor forward(Context&, const Tensor& x) { return x + 1e-12 * static_cast<double>(++calls % 7); }
  static Gradients backward(Context&, const Tensor& g) { return {g * 1.0}; }
};

struct WrongSecant : Function<WrongSecant> {
  static Tensor forward(Context& ctx, const Tensor& x) { return Cube::forward(ctx, x); }
  static Gradients backward(Context& ctx, const Tensor& g) { return Cube::backward(ctx, g); }
  static Tensor secant(const Context&, const Tensor& x, const Tensor& r) { return x * x + x * r + r * r * 1.01; }
};

/// Another derivative where the sweep is recorded.
struct WrongFused : Function<WrongFused> {
  static Tensor forward(Context& ctx, const Tensor& x) { return Cube::forward(ctx, x); }
  static Gradients backward(Context& ctx, const Tensor& g) {
    return {g * square(ctx.saved()[0]) * (grad_enabled() ? 3.0 : 3.0 + 1e-7)};
  }
};

const Tensor& point() {
  static const Tensor x = tensor({{0.5, -1.2, 2.0}, {1.5, 0.3, -0.7}}, {.dtype = float64});
  return x;
}

std::vector<std::string> failed(const CheckOpResult& result) {
  std::vector<std::string> names;
  for (const CheckOpPart& p : result.parts)
    if (!p.passed) names.push_back(p.name);
  return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("check_op passes what is right, and says what it left out") {
  const CheckOpResult found = check_op([](const Tensor& x) { return Cube::apply(x); }, point(),
                                       {.reference = [](const std::vector<Tensor>& in) { return in[0].pow(3); }});
  INFO(found);
  CHECK(bool(found));
  CHECK(failed(found).empty());
  for (const CheckOpPart& p : found.parts) CHECK_FALSE(p.left_out);
  const CheckOpResult sorted = check_op([](const Tensor& x) { return x.sort(0).first; }, point());
  INFO(sorted);
  CHECK(bool(sorted));
  CHECK(sorted.part("value").left_out);
  CHECK(sorted.part("attribution").left_out);
  CHECK_THAT(sorted.part("attribution").message, xg_test::ContainsSubstring("no attribution rule"));
  // Several inputs, integers among them, and random numbers.
  const auto several = [](const std::vector<Tensor>& in) {
    return dropout(matmul(in[0], in[1]), 0.5, true) + in[2].to(in[0].dtype());
  };
  manual_seed(4);
  const Tensor weight = rand({3, 2}, {.dtype = float64});
  const std::uint64_t offset = default_generator().offset();
  const CheckOpResult product =
      check_op(several, {point(), weight, tensor<std::int64_t>({{1, 2}, {3, 4}})}, {.attribution = false});
  INFO(product);
  CHECK(bool(product));
  CHECK(default_generator().offset() == offset);
}

// Each Function is wrong in one way, which is what the part of that name finds.
TEST_CASE("check_op finds each kind of mistake by its name") {
  const auto wrong_value = check_op([](const Tensor& x) { return Cube::apply(x); }, point(),
                                    {.reference = [](const std::vector<Tensor>& in) { return in[0].pow(3) + 1e-6; }});
  CHECK(failed(wrong_value) == Names{"value"});
  const Names wrong_first = failed(check_op([](const Tensor& x) { return WrongFirst::apply(x); }, point()));
  CHECK(std::find(wrong_first.begin(), wrong_first.end(), "first derivative") != wrong_first.end());
  CHECK(failed(check_op([](const Tensor& x) { return WrongSecond::apply(x); }, point())) == Names{"second derivative"});
  CHECK(failed(check_op([](const Tensor& x) { return WrongLayout::apply(x); }, point())) == Names{"layouts"});
  CHECK(failed(check_op([](const Tensor& x) { return WrongDtype::apply(x); }, point())) == Names{"float32"});
  CHECK(failed(check_op([](const Tensor& x) { return WrongEmpty::apply(x); }, point())) == Names{"no rows"});
  CHECK(failed(check_op([](const Tensor& x) { return WrongThreads::apply(x); }, point())) == Names{"threads"});
  CHECK(failed(check_op([](const Tensor& x) { return WrongFused::apply(x); }, point())) ==
        (Names{"forward mode", "fused derivative"}));
  const CheckOpResult shares = check_op([](const Tensor& x) { return WrongSecant::apply(x); }, point());
  CHECK(failed(shares) == Names{"attribution"});
  CHECK_THAT(shares.part("attribution").message, xg_test::ContainsSubstring("WrongSecant"));
  std::ostringstream text;
  text << shares;
  CHECK_THAT(text.str(), xg_test::ContainsSubstring("FAILED: the shares of WrongSecant miss"));
}

TEST_CASE("check_op refuses inputs that prove nothing") {
  const auto f = [](const Tensor& x) { return x * 2.0; };
  CHECK_ERROR(check_op(f, ones({2})), DtypeError, "[check_op]", "float64");
  CHECK_ERROR(check_op(f, tensor<std::int64_t>({1})), ValueError, "[check_op]", "nothing to differentiate");
  CHECK_ERROR(check_op(f, point()).part("speed"), ValueError, "speed");
}
