#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/functional.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

using namespace xg;
using xg_test::expect_close;

namespace {

/// A function of two tensors, and the same with a number on either side.
struct Row {
  const char* name;
  Tensor (*tensors)(const Tensor&, const Tensor&);
  Tensor (*right)(const Tensor&, Scalar);
  Tensor (*left)(Scalar, const Tensor&);
  bool compares = false;
  bool differentiable = false;
};

const std::vector<Row>& rows() {
  // clang-format off
  static const std::vector<Row> all{
      {"add", add, [](const Tensor& a, Scalar b) { return add(a, b); },
       [](Scalar a, const Tensor& b) { return add(a, b); }, false, true},
      {"mul", mul, [](const Tensor& a, Scalar b) { return mul(a, b); },
       [](Scalar a, const Tensor& b) { return mul(a, b); }, false, true},
      {"sub", sub, [](const Tensor& a, Scalar b) { return sub(a, b); },
       [](Scalar a, const Tensor& b) { return sub(a, b); }, false, true},
      {"div", div, [](const Tensor& a, Scalar b) { return div(a, b); },
       [](Scalar a, const Tensor& b) { return div(a, b); }, false, true},
      {"pow", pow, [](const Tensor& a, Scalar b) { return pow(a, b); },
       [](Scalar a, const Tensor& b) { return pow(a, b); }, false, true},
      {"maximum", maximum, [](const Tensor& a, Scalar b) { return maximum(a, b); },
       [](Scalar a, const Tensor& b) { return maximum(a, b); }, false, true},
      {"minimum", minimum, [](const Tensor& a, Scalar b) { return minimum(a, b); },
       [](Scalar a, const Tensor& b) { return minimum(a, b); }, false, true},
      {"fmax", fmax, [](const Tensor& a, Scalar b) { return fmax(a, b); },
       [](Scalar a, const Tensor& b) { return fmax(a, b); }, false, true},
      {"fmin", fmin, [](const Tensor& a, Scalar b) { return fmin(a, b); },
       [](Scalar a, const Tensor& b) { return fmin(a, b); }, false, true},
      {"floor_divide", floor_divide, [](const Tensor& a, Scalar b) { return floor_divide(a, b); },
       [](Scalar a, const Tensor& b) { return floor_divide(a, b); }, false, false},
      {"trunc_divide", trunc_divide, [](const Tensor& a, Scalar b) { return trunc_divide(a, b); },
       [](Scalar a, const Tensor& b) { return trunc_divide(a, b); }, false, false},
      {"remainder", remainder, [](const Tensor& a, Scalar b) { return remainder(a, b); },
       [](Scalar a, const Tensor& b) { return remainder(a, b); }, false, true},
      {"fmod", fmod, [](const Tensor& a, Scalar b) { return fmod(a, b); },
       [](Scalar a, const Tensor& b) { return fmod(a, b); }, false, true},
      {"copysign", copysign, [](const Tensor& a, Scalar b) { return copysign(a, b); },
       [](Scalar a, const Tensor& b) { return copysign(a, b); }, false, true},
      {"hypot", hypot, [](const Tensor& a, Scalar b) { return hypot(a, b); },
       [](Scalar a, const Tensor& b) { return hypot(a, b); }, false, true},
      {"heaviside", heaviside, [](const Tensor& a, Scalar b) { return heaviside(a, b); },
       [](Scalar a, const Tensor& b) { return heaviside(a, b); }, false, false},
      {"atan2", atan2, [](const Tensor& a, Scalar b) { return atan2(a, b); },
       [](Scalar a, const Tensor& b) { return atan2(a, b); }, false, true},
      {"xlogy", xlogy, [](const Tensor& a, Scalar b) { return xlogy(a, b); },
       [](Scalar a, const Tensor& b) { return xlogy(a, b); }, false, true},
      {"logaddexp", logaddexp, [](const Tensor& a, Scalar b) { return logaddexp(a, b); },
       [](Scalar a, const Tensor& b) { return logaddexp(a, b); }, false, true},
      {"logaddexp2", logaddexp2, [](const Tensor& a, Scalar b) { return logaddexp2(a, b); },
       [](Scalar a, const Tensor& b) { return logaddexp2(a, b); }, false, true},
      {"float_power", float_power, [](const Tensor& a, Scalar b) { return float_power(a, b); },
       [](Scalar a, const Tensor& b) { return float_power(a, b); }, false, true},
      {"bitwise_and", bitwise_and, [](const Tensor& a, Scalar b) { return bitwise_and(a, b); },
       [](Scalar a, const Tensor& b) { return bitwise_and(a, b); }, false, false},
      {"bitwise_or", bitwise_or, [](const Tensor& a, Scalar b) { return bitwise_or(a, b); },
       [](Scalar a, const Tensor& b) { return bitwise_or(a, b); }, false, false},
      {"bitwise_xor", bitwise_xor, [](const Tensor& a, Scalar b) { return bitwise_xor(a, b); },
       [](Scalar a, const Tensor& b) { return bitwise_xor(a, b); }, false, false},
      {"logical_and", logical_and, [](const Tensor& a, Scalar b) { return logical_and(a, b); },
       [](Scalar a, const Tensor& b) { return logical_and(a, b); }, false, false},
      {"logical_or", logical_or, [](const Tensor& a, Scalar b) { return logical_or(a, b); },
       [](Scalar a, const Tensor& b) { return logical_or(a, b); }, false, false},
      {"logical_xor", logical_xor, [](const Tensor& a, Scalar b) { return logical_xor(a, b); },
       [](Scalar a, const Tensor& b) { return logical_xor(a, b); }, false, false},
      {"eq", eq, [](const Tensor& a, Scalar b) { return eq(a, b); },
       [](Scalar a, const Tensor& b) { return eq(a, b); }, true, false},
      {"ne", ne, [](const Tensor& a, Scalar b) { return ne(a, b); },
       [](Scalar a, const Tensor& b) { return ne(a, b); }, true, false},
      {"lt", lt, [](const Tensor& a, Scalar b) { return lt(a, b); },
       [](Scalar a, const Tensor& b) { return lt(a, b); }, true, false},
      {"le", le, [](const Tensor& a, Scalar b) { return le(a, b); },
       [](Scalar a, const Tensor& b) { return le(a, b); }, true, false},
      {"gt", gt, [](const Tensor& a, Scalar b) { return gt(a, b); },
       [](Scalar a, const Tensor& b) { return gt(a, b); }, true, false},
      {"ge", ge, [](const Tensor& a, Scalar b) { return ge(a, b); },
       [](Scalar a, const Tensor& b) { return ge(a, b); }, true, false},
      {"operator %", remainder, [](const Tensor& a, Scalar b) { return a % b; },
       [](Scalar a, const Tensor& b) { return a % b; }, false, true},
      {"operator &", bitwise_and, [](const Tensor& a, Scalar b) { return a & b; },
       [](Scalar a, const Tensor& b) { return a & b; }, false, false},
      {"operator |", bitwise_or, [](const Tensor& a, Scalar b) { return a | b; },
       [](Scalar a, const Tensor& b) { return a | b; }, false, false},
      {"operator ^", bitwise_xor, [](const Tensor& a, Scalar b) { return a ^ b; },
       [](Scalar a, const Tensor& b) { return a ^ b; }, false, false},
      {"operator +", add, [](const Tensor& a, Scalar b) { return a + b; },
       [](Scalar a, const Tensor& b) { return a + b; }, false, true},
      {"operator -", sub, [](const Tensor& a, Scalar b) { return a - b; },
       [](Scalar a, const Tensor& b) { return a - b; }, false, true},
      {"operator *", mul, [](const Tensor& a, Scalar b) { return a * b; },
       [](Scalar a, const Tensor& b) { return a * b; }, false, true},
      {"operator /", div, [](const Tensor& a, Scalar b) { return a / b; },
       [](Scalar a, const Tensor& b) { return a / b; }, false, true},
      {"operator ==", eq, [](const Tensor& a, Scalar b) { return a == b; },
       [](Scalar a, const Tensor& b) { return a == b; }, true, false},
      {"operator !=", ne, [](const Tensor& a, Scalar b) { return a != b; },
       [](Scalar a, const Tensor& b) { return a != b; }, true, false},
      {"operator <", lt, [](const Tensor& a, Scalar b) { return a < b; },
       [](Scalar a, const Tensor& b) { return a < b; }, true, false},
      {"operator <=", le, [](const Tensor& a, Scalar b) { return a <= b; },
       [](Scalar a, const Tensor& b) { return a <= b; }, true, false},
      {"operator >", gt, [](const Tensor& a, Scalar b) { return a > b; },
       [](Scalar a, const Tensor& b) { return a > b; }, true, false},
      {"operator >=", ge, [](const Tensor& a, Scalar b) { return a >= b; },
       [](Scalar a, const Tensor& b) { return a >= b; }, true, false},
  };
  // clang-format on
  return all;
}

/// The dtype of a number beside a tensor, as PyTorch documents it.
Dtype dtype_beside(Dtype tensor, Scalar number) {
  const auto category = [](Dtype d) { return d == bool_ ? 0 : is_floating(d) ? 2 : 1; };
  if (category(number.category()) <= category(tensor)) return tensor;
  return number.category() == float64 ? default_dtype() : number.category();
}

/// The result of f(), or the name of the error.
template <class F> std::pair<Tensor, std::string> outcome(F&& f) {
  try {
    return {f(), ""};
  } catch (const ValueError&) {
    return {Tensor(), "ValueError"};
  } catch (const DtypeError&) {
    return {Tensor(), "DtypeError"};
  }
}

void check_same(const std::pair<Tensor, std::string>& got, const std::pair<Tensor, std::string>& wanted) {
  CHECK(got.second == wanted.second);
  if (!got.first.defined() || !wanted.first.defined()) return;
  CHECK(got.first.dtype() == wanted.first.dtype());
  const double rtol = got.first.dtype() == float64 ? 1e-13 : 1e-6;  // powers by a number have a way of their own
  expect_close(got.first, wanted.first, rtol, 0);
}

template <class A, class B>
concept Maximizes = requires(A a, B b) { maximum(a, b); };
template <class A, class B>
concept Divides = requires(A a, B b) { a % b; };
template <class A, class B>
concept Compares = requires(A a, B b) { a < b; };
template <class A, class B>
concept Masks = requires(A a, B b) { a & b; };

}  // namespace

TEST_CASE("a number stands for a tensor filled with it, on either side", "[ops][numbers]") {
  // Breaks if a function mixes up the sides, promotes by the number's own dtype instead of its category, or rounds the
  // number: the same function of a tensor that is filled with the number gives the same elements, dtype and errors.
  const std::vector<Scalar> numbers{true, 0, 2, 3, -3, 2.5, -0.5, 0.0, (std::int64_t{1} << 53) + 1};
  for (const Row& f : rows())
    for (const Dtype dtype : {bool_, uint8, int32, int64, float32, float64}) {
      const Tensor x = tensor({1, 2, 3, 5, 0, 7}).to(dtype).reshape({2, 3});
      for (const Scalar& number : numbers) {
        INFO(f.name << " of " << name(dtype) << " and " << number.to_double());
        const Dtype beside = dtype_beside(dtype, number);
        // What is only compared need not fit.
        const Dtype wide = f.compares && beside != bool_ && !is_floating(beside) ? int64 : beside;
        const auto filled = [&] { return full(x.shape(), number, {.dtype = wide}); };
        check_same(outcome([&] { return f.right(x, number); }), outcome([&] { return f.tensors(x, filled()); }));
        check_same(outcome([&] { return f.left(number, x); }), outcome([&] { return f.tensors(filled(), x); }));
        const Tensor single = x.reshape({6})[1];
        const auto single_filled = [&] { return filled().reshape({6})[1]; };
        check_same(outcome([&] { return f.right(single, number); }),
                   outcome([&] { return f.tensors(single, single_filled()); }));
      }
    }
}

TEST_CASE("functions of a tensor and a number have derivatives of both orders", "[ops][numbers]") {
  // Breaks if the number is recorded as an input, or a derivative takes the wrong side.
  for (const Row& f : rows()) {
    if (!f.differentiable) continue;
    INFO(f.name);
    const std::vector<Tensor> x{tensor({0.7, 1.3, 2.9}, {.dtype = float64}).requires_grad_()};
    const auto both = [&](const std::vector<Tensor>& in) { return f.right(in[0], 1.9) + f.left(1.9, in[0]) * in[0]; };
    CHECK(gradcheck(both, x));
    CHECK(gradgradcheck(both, x));
  }
}

TEST_CASE("numbers that do not fit, and what is no number", "[ops][numbers][errors]") {
  // Breaks if a number is wrapped around silently, an error does not name the function, or a pointer counts as a
  // number.
  const Tensor bytes = tensor<std::uint8_t>({1, 2, 3});
  CHECK_ERROR(maximum(bytes, 300), ValueError, "[maximum]", "300", "uint8");
  CHECK_ERROR(bytes % -1, ValueError, "[remainder]", "-1", "uint8");
  CHECK_ERROR(fmod(-1, bytes), ValueError, "[fmod]", "-1", "uint8");
  CHECK_ERROR(bytes & 256, ValueError, "[bitwise_and]", "256");
  CHECK_ERROR(bytes & 1.5, DtypeError, "[bitwise_and]");
  CHECK_ERROR(bytes % 0, ValueError, "[remainder]", "zero");
  CHECK_ERROR(maximum(Tensor(), 1), ValueError, "undefined");
  CHECK_ERROR(maximum(1, Tensor()), ValueError, "undefined");
  expect_close(eq(bytes, 258), {0, 0, 0});
  expect_close(300 > bytes, {1, 1, 1});
  expect_close(-1 < bytes, {1, 1, 1});
  expect_close(ge(-1, bytes), {0, 0, 0});
  STATIC_REQUIRE(Maximizes<Tensor, int>);
  STATIC_REQUIRE(Maximizes<double, Tensor>);
  STATIC_REQUIRE(Maximizes<Tensor, Scalar>);
  STATIC_REQUIRE(!Maximizes<Tensor, std::nullptr_t>);
  STATIC_REQUIRE(!Maximizes<Tensor, const char*>);
  STATIC_REQUIRE(!Maximizes<int, int>);
  STATIC_REQUIRE(!Divides<Tensor, std::nullptr_t>);
  STATIC_REQUIRE(!Compares<std::nullptr_t, Tensor>);
  STATIC_REQUIRE(!Masks<Tensor, const char*>);
}

TEST_CASE("zero is a number beside a tensor", "[ops][numbers]") {
  // Breaks if the literal 0 makes a call ambiguous.
  const Tensor x = tensor({-1.0, 0.0, 2.0});
  expect_close(maximum(x, 0), {0, 0, 2});
  expect_close(minimum(0, x), {-1, 0, 0});
  expect_close(where(x > 0, 1.0, x), {-1, 0, 1});
  expect_close(where(0 < x, x, 0), {0, 0, 2});
  expect_close(pow(x, 0), {1, 1, 1});
  expect_close(0 == x, {0, 1, 0});
  expect_close(0 != x, {1, 0, 1});
  expect_close(x.add(0).sub(1).mul(2).div(2), {-2, -1, 1});
  expect_close(add(0, x), {-1, 0, 2});
  expect_close(mul(0, x), {0, 0, 0});
}

TEST_CASE("remainders in place", "[ops][numbers]") {
  // Breaks if %= is fmod, changes the dtype, or loses the derivatives of the tensor or the divisor.
  Tensor x = tensor({-7.0, 7.0, 5.5});
  x %= 3;
  expect_close(x, {2, 1, 2.5});
  x %= tensor({-1.5, 2.0, 2.0});
  expect_close(x, {-1, 1, 0.5});
  Tensor counts = tensor<std::int64_t>({-7, 7});
  counts %= 3;
  expect_close(counts, {2, 1});
  CHECK(counts.dtype() == int64);
  CHECK_ERROR(counts %= 2.5, DtypeError, "[remainder_]", "int64");
  CHECK_ERROR(counts %= 0, ValueError, "[remainder]", "zero");
  Tensor leaf = tensor({7.0}, {.requires_grad = true});
  CHECK_ERROR(leaf %= 2, AutogradError, "[remainder_]", "leaf");
  const Tensor b = tensor({2.0}, {.dtype = float64, .requires_grad = true});
  const Tensor a = tensor({7.5}, {.dtype = float64, .requires_grad = true});
  Tensor y = a * 1;
  y %= b;
  y.sum().backward();
  expect_close(a.grad(), {1});
  expect_close(b.grad(), {-3});
}
