// Sums, products, quotients: ops whose derivatives are arithmetic again.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/in_place_arithmetic.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/numbers.hpp>
#include <xgrad/tensor/kernels/secants.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <array>
#include <cmath>
#include <concepts>
#include <type_traits>
#include <vector>

namespace xg {
namespace autograd {

using kernels::is_nan, kernels::relu_secant_of;

namespace {

/// a + b
struct Add : Elementwise2<Add, 0> {
  static constexpr const char* name = "add";
  static constexpr Rule rule = Rule::linear;
  static constexpr unsigned dtypes = kernels::every_dtype;
  template <class V> static V call(V a, V b) { return kernels::sum_of(a, b); }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    return gradients(c, [&] { return g; }, [&] { return g; });
  }
  static Tensor rounding(const RoundingContext& c) { return maximum(c.of_term(0), c.of_term(1)); }
  static double reference(double a, double b) { return a + b; }
};

/// a - b
struct Sub : Elementwise2<Sub, 0> {
  static constexpr const char* name = "sub";
  static constexpr Rule rule = Rule::linear;
  static constexpr unsigned dtypes = kernels::numbers;
  template <class V> static V call(V a, V b) { return kernels::difference_of(a, b); }
  static Tensor forward(const Tensor& a, const Tensor& b) {
    if (a.dtype() == Dtype::bool_)
      throw DtypeError("[sub] both arguments are bool: use logical_xor, or convert with x.to(xg::int64).");
    return kernels::map(Sub{}, a, b);
  }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    return gradients(c, [&] { return g; }, [&] { return -g; });
  }
  static Tensor rounding(const RoundingContext& c) { return maximum(c.of_term(0), c.of_term(1)); }
  static double reference(double a, double b) { return a - b; }
};

/// a b
struct Mul : Elementwise2<Mul> {
  static constexpr const char* name = "mul";
  static constexpr Rule rule = Rule::bilinear;
  static bool needs_saved(std::size_t i, const bool* needed) { return other_needs(i, needed); }
  static constexpr unsigned dtypes = kernels::every_dtype;
  template <class V> static V call(V a, V b) { return kernels::product_of(a, b); }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    return gradients(c, [&] { return g * c.input(1); }, [&] { return g * c.input(0); });
  }
  static double reference(double a, double b) { return a * b; }
};

/// a / b. A contribution is shared as that of a times 1/b, the secant of 1/b being -1 / (b_x b_r).
struct Div : Elementwise2<Div> {
  static constexpr const char* name = "div";
  static constexpr Promotion promotion = Promotion::floating;
  static constexpr Rule rule = Rule::custom;
  static bool needs_saved(std::size_t i, const bool* needed) { return i == 1 || needed[1]; }
  template <class V> static V call(V a, V b) { return a / b; }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    return gradients(c, [&] { return g / c.input(1); }, [&] { return -g * (c.input(0) / c.input(1) / c.input(1)); });
  }
  static std::vector<Tensor> attribute(const PairContext& p) {
    const Tensor& m = p.multipliers[0];
    std::vector<Tensor> shares(2);
    if (p.varies[0]) shares[0] = p.unbroadcast(m * (0.5 / p.x[1] + 0.5 / p.r[1]), 0);
    if (p.varies[1]) shares[1] = p.unbroadcast(m * (-p.mean(0) / (p.x[1] * p.r[1])), 1);
    return shares;
  }
  static constexpr std::array domain{Domain{-2, 2, 0.5, 2}, Domain{-2, 2, -2, -0.5}};
  static double reference(double a, double b) { return a / b; }
};

/// The rounding of a sum of input 0 and a number.
Tensor rounding_beside(const RoundingContext& c, double value) {
  return maximum(c.of_term(0), full_like(c.inputs[0], std::abs(value) * c.unit));
}

/// x + value, for floating-point x
struct AddScalar : Elementwise1<AddScalar, 0> {
  static constexpr const char* name = "add";
  static constexpr Rule rule = Rule::linear;
  double value = 0;
  template <class V> V call(V x) const { return x + constant(x, value); }
  static Tensor backward(const OpContext&, const Tensor& g) { return g; }
  Tensor rounding(const RoundingContext& c) const { return rounding_beside(c, value); }
  static AddScalar example() { return {{}, 1.5}; }
};

/// x value, for floating-point x
struct MulScalar : Elementwise1<MulScalar, 0> {
  static constexpr const char* name = "mul";
  static constexpr Rule rule = Rule::linear;
  double value = 1;
  template <class V> V call(V x) const { return x * constant(x, value); }
  Tensor backward(const OpContext&, const Tensor& g) const { return g * value; }
  static MulScalar example() { return {{}, -1.5}; }
};

/// value - x, for floating-point x
struct RsubScalar : Elementwise1<RsubScalar, 0> {
  static constexpr const char* name = "rsub";
  static constexpr Rule rule = Rule::linear;
  double value = 0;
  template <class V> V call(V x) const { return constant(x, value) - x; }
  static Tensor backward(const OpContext&, const Tensor& g) { return -g; }
  Tensor rounding(const RoundingContext& c) const { return rounding_beside(c, value); }
  static RsubScalar example() { return {{}, 1.5}; }
};

/// value / x, for floating-point x; secant -value / (x r)
struct RdivScalar : Elementwise1<RdivScalar, save_input(0) | save_output()> {
  static constexpr const char* name = "rdiv";
  double value = 1;
  template <class V> V call(V x) const { return constant(x, value) / x; }
  static Tensor backward(const OpContext& c, const Tensor& g) { return -g * c.output() / c.input(0); }
  template <class V> V secant(V x, V r) const { return constant(x, -value) / (x * r); }
  static RdivScalar example() { return {{}, 1.5}; }
  static constexpr std::array domain{Domain{0.5, 2}, Domain{-2, -0.5}};
};

/// -x
struct Neg : Elementwise1<Neg, 0> {
  static constexpr const char* name = "neg";
  static constexpr Promotion promotion = Promotion::none;
  static constexpr Rule rule = Rule::linear;
  static constexpr unsigned dtypes = kernels::numbers;
  template <class V> static V call(V x) { return kernels::negative_of(x); }
  static Tensor backward(const OpContext&, const Tensor& g) { return -g; }
  static double reference(double x) { return -x; }
};

/// |x|; derivative sign(x)
struct Abs : Elementwise1<Abs> {
  static constexpr const char* name = "abs";
  static constexpr Promotion promotion = Promotion::none;
  static constexpr unsigned dtypes = kernels::numbers;
  template <class V> static V call(V x) { return abs_of(x); }
  template <class V> static V slope(V x) { return sign_of(x); }
  template <class V> static V secant(V x, V r) {
    return relu_secant_of(x, r) - relu_secant_of(-x, -r);
  }  // |x| = relu(x) + relu(-x)
  static double reference(double x) { return std::abs(x); }
};

/// -1, 0, 1; derivative 0
struct Sign : Elementwise1<Sign, 0> {
  static constexpr const char* name = "sign";
  static constexpr Promotion promotion = Promotion::none;
  static constexpr bool jumps = true;
  static constexpr unsigned dtypes = kernels::numbers;
  template <class V> static V call(V x) { return sign_of(x); }
  static Tensor forward(const Tensor& x) { return x.dtype() == Dtype::bool_ ? x : kernels::map(Sign{}, x); }
  static double reference(double x) { return x > 0 ? 1 : (x < 0 ? -1 : 0); }
};

/// |a| with the sign of b
struct Copysign : Elementwise2<Copysign> {
  static constexpr const char* name = "copysign";
  static constexpr bool jumps = true;
  static constexpr Promotion promotion = Promotion::floating;
  template <std::floating_point T> static T call(T a, T b) { return std::copysign(a, b); }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    return gradients(
        c,
        [&] { return g * where(c.input(0) == 0, 0.0, sign(c.input(0)) * copysign(ones_like(c.input(0)), c.input(1))); },
        [&] { return zeros_like(g); });
  }
  static constexpr std::array domain{Domain{0.5, 2, -2, 2}, Domain{-2, -0.5, -2, 2}};
  static double reference(double a, double b) { return std::copysign(a, b); }
};

/// a / hypot(a, b): the cosine of the angle of (a, b). With s = b / hypot(a, b), da = s^2 / hypot, db = -a s / hypot^2;
/// all 0 at the origin.
struct HypotShare : Elementwise2<HypotShare> {
  static constexpr const char* name = "hypot_share";
  static constexpr Promotion promotion = Promotion::floating_only;
  template <std::floating_point T> static T call(T a, T b) {
    if (std::isinf(a) || std::isinf(b)) {
      if (std::isnan(a) || std::isnan(b)) return a + b;
      a = std::copysign(T(std::isinf(a)), a);
      b = T(std::isinf(b));
    }
    const T h = std::hypot(a, b);
    return h == T(0) ? T(0) : a / h;
  }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    const Tensor &a = c.input(0), &b = c.input(1);
    const Tensor other = hypot_share(b, a), turned = g * other * inverse_hypot(a, b);
    return gradients(c, [&] { return turned * other; }, [&] { return -turned * hypot_share(a, b); });
  }
  static constexpr Domain domain{0.5, 2, 0.5, 2};
  static double reference(double a, double b) { return a / std::hypot(a, b); }
};

/// sqrt(a^2 + b^2); da = a / hypot, db = b / hypot, 0 at the origin
struct Hypot : Elementwise2<Hypot> {
  static constexpr const char* name = "hypot";
  static constexpr Promotion promotion = Promotion::floating_only;
  template <std::floating_point T> static T call(T a, T b) { return std::hypot(a, b); }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    const Tensor &a = c.input(0), &b = c.input(1);
    return gradients(c, [&] { return g * hypot_share(a, b); }, [&] { return g * hypot_share(b, a); });
  }
  static constexpr std::array domain{Domain{0.5, 2, 0.5, 2}, Domain{-2, 2, -2, -0.5}};
  static double reference(double a, double b) { return std::hypot(a, b); }
};

/// 0, values or 1, as x is below, at or above zero; derivative 0
struct Heaviside : Elementwise2<Heaviside, 0> {
  static constexpr const char* name = "heaviside";
  static constexpr bool jumps = true;
  static constexpr unsigned dtypes = kernels::every_dtype;
  template <class V> static V call(V x, V values) {
    if constexpr (std::is_integral_v<V>)
      return x == V(0) ? values : static_cast<V>(x > V(0));
    else
      return pick(x == constant(x, 0), values,
                  pick(is_nan(x), x, pick(x > constant(x, 0), constant(x, 1), constant(x, 0))));
  }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) { return no_slopes(c, g); }
  static double reference(double a, double b) { return a < 0 ? 0 : (a > 0 ? 1 : b); }
};

}  // namespace

Tensor hypot_share(const Tensor& a, const Tensor& b) { return apply(HypotShare{}, a, b); }

Tensor inverse_hypot(const Tensor& a, const Tensor& b) {
  const Tensor h = hypot(a, b), origin = h == 0;
  return where(origin, 0.0, reciprocal(where(origin, 1.0, h)));
}

}  // namespace autograd

using autograd::as_tensor;

Tensor add(const Tensor& a, const Tensor& b) {
  // The sum of two bools is not linear in them, as the rule of Add says it is.
  if (a.defined() && a.dtype() == bool_ && b.defined() && b.dtype() == bool_) return logical_or(a, b);
  return apply(autograd::Add{}, a, b);
}
Tensor sub(const Tensor& a, const Tensor& b) { return apply(autograd::Sub{}, a, b); }
Tensor mul(const Tensor& a, const Tensor& b) { return apply(autograd::Mul{}, a, b); }
Tensor div(const Tensor& a, const Tensor& b) { return apply(autograd::Div{}, a, b); }

Tensor add(const Tensor& a, Scalar b) {
  return a.is_floating_point() ? apply(autograd::AddScalar{{}, b.to_double()}, a) : add(a, as_tensor(b, a));
}

Tensor add(Scalar a, const Tensor& b) { return add(b, a); }

Tensor sub(const Tensor& a, Scalar b) {
  return a.is_floating_point() ? apply(autograd::AddScalar{{}, -b.to_double()}, a) : sub(a, as_tensor(b, a));
}

Tensor sub(Scalar a, const Tensor& b) {
  return b.is_floating_point() ? apply(autograd::RsubScalar{{}, a.to_double()}, b) : sub(as_tensor(a, b), b);
}

Tensor mul(const Tensor& a, Scalar b) {
  return a.is_floating_point() ? apply(autograd::MulScalar{{}, b.to_double()}, a) : mul(a, as_tensor(b, a));
}

Tensor mul(Scalar a, const Tensor& b) { return mul(b, a); }

Tensor div(const Tensor& a, Scalar b) { return div(a, as_tensor(b, a)); }

Tensor div(Scalar a, const Tensor& b) {
  return b.is_floating_point() ? apply(autograd::RdivScalar{{}, a.to_double()}, b) : div(as_tensor(a, b), b);
}

Tensor detail::number_beside(const char* op, Scalar number, const Tensor& tensor) {
  dispatch(result_type(tensor.dtype(), number), [&]<class T>() { static_cast<void>(number.to<T>(op)); });
  return as_tensor(number, tensor);
}

Tensor neg(const Tensor& x) { return apply(autograd::Neg{}, x); }

Tensor positive(const Tensor& x) {
  static_cast<void>(x.impl());  // throws for an undefined tensor, as every op does
  return x;
}

Tensor abs(const Tensor& x) { return apply(autograd::Abs{}, x); }
Tensor sign(const Tensor& x) { return apply(autograd::Sign{}, x); }
Tensor lerp(const Tensor& start, const Tensor& end, const Tensor& weight) { return start + weight * (end - start); }
Tensor lerp(const Tensor& start, const Tensor& end, Scalar weight) { return start + weight * (end - start); }
Tensor addcmul(const Tensor& x, const Tensor& a, const Tensor& b, Scalar value) { return x + mul(a * b, value); }
Tensor addcdiv(const Tensor& x, const Tensor& a, const Tensor& b, Scalar value) { return x + mul(a / b, value); }
Tensor copysign(const Tensor& a, const Tensor& b) { return apply(autograd::Copysign{}, a, b); }
Tensor hypot(const Tensor& a, const Tensor& b) { return apply(autograd::Hypot{}, a, b); }
Tensor heaviside(const Tensor& x, const Tensor& values) { return apply(autograd::Heaviside{}, x, values); }
Tensor& Tensor::add_(const Tensor& other) { return autograd::in_place(*this, "add_", other, xg::add, autograd::Add{}); }
Tensor& Tensor::sub_(const Tensor& other) { return autograd::in_place(*this, "sub_", other, xg::sub, autograd::Sub{}); }
Tensor& Tensor::mul_(const Tensor& other) { return autograd::in_place(*this, "mul_", other, xg::mul, autograd::Mul{}); }

Tensor& Tensor::div_(const Tensor& other) {
  if (!is_floating(dtype()))
    raise<DtypeError>(
        "[div_] the quotient is a floating-point number, the tensor that is changed {}: convert it first, or use the "
        "out-of-place form.",
        name(dtype()));
  return autograd::in_place(*this, "div_", other, xg::div, autograd::Div{});
}

Tensor& Tensor::add_(Scalar other) {
  return autograd::in_place(*this, "add_", other, xg::add, autograd::AddScalar{{}, other.to_double()});
}

Tensor& Tensor::sub_(Scalar other) {
  return autograd::in_place(*this, "sub_", other, xg::sub, autograd::AddScalar{{}, -other.to_double()});
}

Tensor& Tensor::mul_(Scalar other) {
  return autograd::in_place(*this, "mul_", other, xg::mul, autograd::MulScalar{{}, other.to_double()});
}

Tensor& Tensor::neg_() { return autograd::in_place(*this, "neg_", xg::neg, autograd::Neg{}); }
Tensor operator+(const Tensor& a, const Tensor& b) { return add(a, b); }
Tensor operator-(const Tensor& a, const Tensor& b) { return sub(a, b); }
Tensor operator*(const Tensor& a, const Tensor& b) { return mul(a, b); }
Tensor operator/(const Tensor& a, const Tensor& b) { return div(a, b); }
Tensor operator%(const Tensor& a, const Tensor& b) { return remainder(a, b); }
Tensor operator+(const Tensor& a, Scalar b) { return add(a, b); }
Tensor operator-(const Tensor& a, Scalar b) { return sub(a, b); }
Tensor operator*(const Tensor& a, Scalar b) { return mul(a, b); }
Tensor operator/(const Tensor& a, Scalar b) { return div(a, b); }
Tensor operator%(const Tensor& a, Scalar b) { return remainder(a, b); }
Tensor operator+(Scalar a, const Tensor& b) { return add(a, b); }
Tensor operator-(Scalar a, const Tensor& b) { return sub(a, b); }
Tensor operator*(Scalar a, const Tensor& b) { return mul(a, b); }
Tensor operator/(Scalar a, const Tensor& b) { return div(a, b); }
Tensor operator%(Scalar a, const Tensor& b) { return remainder(a, b); }
Tensor operator-(const Tensor& x) { return neg(x); }
Tensor operator+(const Tensor& x) { return positive(x); }

}  // namespace xg
