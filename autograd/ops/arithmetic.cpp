// Sums, products, quotients, rounding quotients, extrema: ops whose derivatives are arithmetic again.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/in_place_arithmetic.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/kernels/secants.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

namespace xg {
namespace autograd {

using kernels::clamp_secant_of, kernels::is_nan, kernels::relu_secant_of;

namespace {

/// a + b
struct Add : Elementwise2<Add> {
  static constexpr const char* name = "add";
  static constexpr unsigned saves = 0;
  static constexpr Rule rule = Rule::linear;
  static constexpr unsigned dtypes = kernels::every_dtype;
  template <class V>
  static V call(V a, V b) { return kernels::sum_of(a, b); }
  /// The sum of two bools is not linear in them.
  static Tensor composite(const Tensor& a, const Tensor& b) {
    return a.dtype() == bool_ && b.dtype() == bool_ ? logical_or(a, b) : Tensor();
  }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    return gradients(c, [&] { return g; }, [&] { return g; });
  }
  static Tensor rounding(const RoundingContext& c) { return maximum(c.of_term(0), c.of_term(1)); }
  static constexpr Domain domain{-2, 2, -2, 2};
  static double reference(double a, double b) { return a + b; }
};

/// a - b
struct Sub : Elementwise2<Sub> {
  static constexpr const char* name = "sub";
  static constexpr unsigned saves = 0;
  static constexpr Rule rule = Rule::linear;
  static constexpr unsigned dtypes = kernels::numbers;
  template <class V>
  static V call(V a, V b) { return kernels::difference_of(a, b); }
  static Tensor forward(const Tensor& a, const Tensor& b) {
    if (a.dtype() == Dtype::bool_)
      throw DtypeError("[sub] both arguments are bool: use logical_xor, or convert with x.to(xg::int64).");
    return kernels::map(Sub{}, a, b);
  }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    return gradients(c, [&] { return g; }, [&] { return -g; });
  }
  static Tensor rounding(const RoundingContext& c) { return maximum(c.of_term(0), c.of_term(1)); }
  static constexpr Domain domain{-2, 2, -2, 2};
  static double reference(double a, double b) { return a - b; }
};

/// a b
struct Mul : Elementwise2<Mul> {
  static constexpr const char* name = "mul";
  static constexpr Rule rule = Rule::bilinear;
  static bool needs_saved(std::size_t i, const bool* needed) { return other_needs(i, needed); }
  static constexpr unsigned dtypes = kernels::every_dtype;
  template <class V>
  static V call(V a, V b) { return kernels::product_of(a, b); }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    return gradients(c, [&] { return g * c.input(1); }, [&] { return g * c.input(0); });
  }
  static constexpr Domain domain{-2, 2, -2, 2};
  static double reference(double a, double b) { return a * b; }
};

/// a / b. A contribution is shared as that of a times 1/b, the secant of 1/b being -1 / (b_x b_r).
struct Div : Elementwise2<Div> {
  static constexpr const char* name = "div";
  static constexpr Promotion promotion = Promotion::floating;
  static constexpr Rule rule = Rule::custom;
  static bool needs_saved(std::size_t i, const bool* needed) { return i == 1 || needed[1]; }
  template <class V>
  static V call(V a, V b) { return a / b; }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    return gradients(c, [&] { return g / c.input(1); },
                     [&] { return -g * (c.input(0) / c.input(1) / c.input(1)); });
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

/// x + value, for reals
struct AddScalar : Elementwise1<AddScalar> {
  static constexpr const char* name = "add";
  static constexpr unsigned saves = 0;
  static constexpr Rule rule = Rule::linear;
  double value = 0;
  template <class V>
  V call(V x) const { return x + constant(x, value); }
  static Tensor backward(const OpContext&, const Tensor& g) { return g; }
  Tensor rounding(const RoundingContext& c) const { return rounding_beside(c, value); }
  static AddScalar example() { return {{}, 1.5}; }
  static constexpr Domain domain{-2, 2};
};

/// x value, for reals
struct MulScalar : Elementwise1<MulScalar> {
  static constexpr const char* name = "mul";
  static constexpr unsigned saves = 0;
  static constexpr Rule rule = Rule::linear;
  double value = 1;
  template <class V>
  V call(V x) const { return x * constant(x, value); }
  Tensor backward(const OpContext&, const Tensor& g) const { return g * value; }
  static MulScalar example() { return {{}, -1.5}; }
  static constexpr Domain domain{-2, 2};
};

/// value - x, for reals
struct RsubScalar : Elementwise1<RsubScalar> {
  static constexpr const char* name = "rsub";
  static constexpr unsigned saves = 0;
  static constexpr Rule rule = Rule::linear;
  double value = 0;
  template <class V>
  V call(V x) const { return constant(x, value) - x; }
  static Tensor backward(const OpContext&, const Tensor& g) { return -g; }
  Tensor rounding(const RoundingContext& c) const { return rounding_beside(c, value); }
  static RsubScalar example() { return {{}, 1.5}; }
  static constexpr Domain domain{-2, 2};
};

/// value / x, for reals; secant -value / (x r)
struct RdivScalar : Elementwise1<RdivScalar> {
  static constexpr const char* name = "rdiv";
  static constexpr unsigned saves = save_input(0) | save_output();
  double value = 1;
  template <class V>
  V call(V x) const { return constant(x, value) / x; }
  static Tensor backward(const OpContext& c, const Tensor& g) { return -g * c.output() / c.input(0); }
  template <class V>
  V secant(V x, V r) const { return constant(x, -value) / (x * r); }
  static RdivScalar example() { return {{}, 1.5}; }
  static constexpr std::array domain{Domain{0.5, 2}, Domain{-2, -0.5}};
};

/// -x
struct Neg : Elementwise1<Neg> {
  static constexpr const char* name = "neg";
  static constexpr Promotion promotion = Promotion::none;
  static constexpr unsigned saves = 0;
  static constexpr Rule rule = Rule::linear;
  static constexpr unsigned dtypes = kernels::numbers;
  template <class V>
  static V call(V x) { return kernels::negative_of(x); }
  static Tensor backward(const OpContext&, const Tensor& g) { return -g; }
  static constexpr Domain domain{-2, 2};
  static double reference(double x) { return -x; }
};

/// |x|; derivative sign(x)
struct Abs : Elementwise1<Abs> {
  static constexpr const char* name = "abs";
  static constexpr Promotion promotion = Promotion::none;
  static constexpr unsigned dtypes = kernels::numbers;
  template <class V>
  static V call(V x) { return abs_of(x); }
  template <class V>
  static V slope(V x) { return sign_of(x); }
  template <class V>
  static V secant(V x, V r) { return relu_secant_of(x, r) - relu_secant_of(-x, -r); }  // |x| = relu(x) + relu(-x)
  static constexpr Domain domain{-2, 2};
  static double reference(double x) { return std::abs(x); }
};

/// -1, 0, 1; derivative 0
struct Sign : Elementwise1<Sign> {
  static constexpr const char* name = "sign";
  static constexpr Promotion promotion = Promotion::none;
  static constexpr unsigned saves = 0;
  static constexpr bool jumps = true;
  static constexpr unsigned dtypes = kernels::numbers;
  template <class V>
  static V call(V x) { return sign_of(x); }
  static Tensor forward(const Tensor& x) { return x.dtype() == Dtype::bool_ ? x : kernels::map(Sign{}, x); }
  static constexpr Domain domain{-2, 2};
  static double reference(double x) { return x > 0 ? 1 : (x < 0 ? -1 : 0); }
};

/// Integer division by zero is refused before the loop. The least integer divided by -1 overflows: it wraps, as a negation
/// does.
template <class T>
T truncated_quotient(T a, T b) {
  if constexpr (std::is_signed_v<T> && std::is_integral_v<T>) {
    if (b == T(-1)) return kernels::negative_of(a);
  }
  return static_cast<T>(a / b);
}

/// Refuses integer division by zero, which has no value and would trap.
void check_divisor(const char* op, const Tensor& b) {
  if (!is_floating(b.dtype()) && b.numel() > 0) {
    const NoTrace trace_guard;
    if (any(b == 0).item<bool>())
      throw ValueError(fmt::format("[{}] the divisor is an integer and has a zero: convert to a real dtype first.", op));
  }
}

/// Quotients rounded to whole numbers, and what remains. The samples have all signs of both arguments, away from the jumps
/// of the quotient; the last one has them mixed, so that a row and its reverse differ in sign.
template <class Op>
struct Quotient : Elementwise2<Op> {
  static constexpr unsigned dtypes = kernels::numbers;
  static constexpr bool jumps = true;
  static Tensor forward(const Tensor& a, const Tensor& b) {
    check_divisor(Op::name, b);
    return kernels::map(Op{}, a, b);
  }
  static std::vector<Sample> samples(Dtype d) {
    std::vector<Sample> all = samples2<Op>(d);
    all.push_back({"mixed signs",
                   {tensor({3.1, -3.3, 2.2, -5.7}).to(d), tensor({0.57, 0.58, -0.91, -1.3}).to(d)},
                   [](const std::vector<Tensor>& in) { return apply(Op{}, in[0], in[1]); }});
    return all;
  }
  static constexpr std::array domain{Domain{3.1, 3.9, 0.55, 0.59}, Domain{-3.9, -3.1, 0.55, 0.59},
                                     Domain{3.1, 3.9, -0.59, -0.55}, Domain{-3.9, -3.1, -0.59, -0.55}};
};

/// floor(a / b); derivative 0
struct FloorDivide : Quotient<FloorDivide> {
  static constexpr const char* name = "floor_divide";
  static constexpr unsigned saves = 0;
  template <class T>
  requires std::is_arithmetic_v<T>
  static T call(T a, T b) {
    if constexpr (std::is_floating_point_v<T>) {
      // As CPython: from the remainder, so that floor_divide and remainder agree.
      if (b == T(0)) return a / b;
      const T mod = std::fmod(a, b);
      T quotient = (a - mod) / b;
      if (mod != T(0) && (b < T(0)) != (mod < T(0))) quotient -= T(1);
      if (quotient == T(0)) return std::copysign(T(0), a / b);
      T floored = std::floor(quotient);
      if (quotient - floored > T(0.5)) floored += T(1);
      return floored;
    } else {
      const T quotient = truncated_quotient(a, b);
      if constexpr (std::is_signed_v<T>) {
        if (b != T(-1) && a % b != 0 && ((a < 0) != (b < 0))) return static_cast<T>(quotient - 1);
      }
      return quotient;
    }
  }
  static double reference(double a, double b) { return std::floor(a / b); }
};

/// trunc(a / b); derivative 0
struct TruncDivide : Quotient<TruncDivide> {
  static constexpr const char* name = "trunc_divide";
  static constexpr unsigned saves = 0;
  template <class T>
  requires std::is_arithmetic_v<T>
  static T call(T a, T b) {
    if constexpr (std::is_floating_point_v<T>) return std::trunc(a / b);
    else return truncated_quotient(a, b);
  }
  static double reference(double a, double b) { return std::trunc(a / b); }
};

/// a - floor(a / b) b; da = 1, db = -floor(a / b)
struct Remainder : Quotient<Remainder> {
  static constexpr const char* name = "remainder";
  template <class T>
  requires std::is_arithmetic_v<T>
  static T call(T a, T b) {
    if constexpr (std::is_floating_point_v<T>) {
      const T mod = std::fmod(a, b);
      return mod != T(0) && (b < T(0)) != (mod < T(0)) ? mod + b : mod;
    } else if constexpr (std::is_signed_v<T>) {
      if (b == T(-1)) return 0;
      const T mod = static_cast<T>(a % b);
      return mod != 0 && ((mod < 0) != (b < 0)) ? static_cast<T>(mod + b) : mod;
    } else {
      return static_cast<T>(a % b);
    }
  }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    return gradients(c, [&] { return g; }, [&] { return -g * floor_divide(c.input(0), c.input(1)); });
  }
  static double reference(double a, double b) { return a - std::floor(a / b) * b; }
};

/// a - trunc(a / b) b; da = 1, db = -trunc(a / b)
struct Fmod : Quotient<Fmod> {
  static constexpr const char* name = "fmod";
  template <class T>
  requires std::is_arithmetic_v<T>
  static T call(T a, T b) {
    if constexpr (std::is_floating_point_v<T>) return std::fmod(a, b);
    else if constexpr (std::is_signed_v<T>) return b == T(-1) ? T(0) : static_cast<T>(a % b);
    else return static_cast<T>(a % b);
  }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    return gradients(c, [&] { return g; }, [&] { return -g * trunc_divide(c.input(0), c.input(1)); });
  }
  static double reference(double a, double b) { return std::fmod(a, b); }
};

/// The gradient of an extremum: all of it to the one that is chosen, half to each where they are equal. Beside a NaN
/// neither has lost.
Tensor chosen(const Tensor& g, const Tensor& lost, const Tensor& equal) {
  return where(lost, 0.0, where(equal, 0.5 * g, g));
}

struct ReluSecant {
  static constexpr const char* name = "maximum";
  template <class V>
  static V call(V x, V r) { return relu_secant_of(x, r); }
};

/// The secant of max(a, other) = other + relu(a - other) in a. An a that stays at a tie has half the slope, so that both
/// arguments of the tie have the same.
Tensor larger_secant(const Tensor& a_x, const Tensor& a_r, const Tensor& other) {
  const Dtype real = real_dtype(a_x.dtype());
  const Tensor x = a_x.to(real), r = a_r.to(real), level = other.to(real);
  return where(logical_and(x == level, r == level), 0.5, kernels::map(ReluSecant{}, x - level, r - level));
}
Tensor smaller_secant(const Tensor& x, const Tensor& r, const Tensor& other) {
  const Dtype real = real_dtype(x.dtype());
  return larger_secant(-x.to(real), -r.to(real), -other.to(real));
}

/// max(a, b), NaN where either is
struct Maximum : Elementwise2<Maximum> {
  static constexpr const char* name = "maximum";
  static constexpr unsigned dtypes = kernels::every_dtype;
  template <class V>
  static V call(V a, V b) { return kernels::maximum_of(a, b); }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    const Tensor &a = c.input(0), &b = c.input(1);
    return gradients(c, [&] { return chosen(g, a < b, a == b); }, [&] { return chosen(g, b < a, a == b); });
  }
  static Tensor partial_secant(std::size_t, const Tensor& x, const Tensor& r, const Tensor& other) {
    return larger_secant(x, r, other);
  }
  static constexpr Domain domain{-2, 2, -2, 2};
  static double reference(double a, double b) { return std::fmax(a, b); }
};

/// min(a, b), NaN where either is
struct Minimum : Elementwise2<Minimum> {
  static constexpr const char* name = "minimum";
  static constexpr unsigned dtypes = kernels::every_dtype;
  template <class V>
  static V call(V a, V b) { return kernels::minimum_of(a, b); }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    const Tensor &a = c.input(0), &b = c.input(1);
    return gradients(c, [&] { return chosen(g, a > b, a == b); }, [&] { return chosen(g, b > a, a == b); });
  }
  static Tensor partial_secant(std::size_t, const Tensor& x, const Tensor& r, const Tensor& other) {
    return smaller_secant(x, r, other);
  }
  static constexpr Domain domain{-2, 2, -2, 2};
  static double reference(double a, double b) { return std::fmin(a, b); }
};

/// max(a, b), ignoring a NaN
struct Fmax : Elementwise2<Fmax> {
  static constexpr const char* name = "fmax";
  static constexpr unsigned dtypes = kernels::every_dtype;
  template <class V>
  static V call(V a, V b) { return kernels::fmax_of(a, b); }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    const Tensor &a = c.input(0), &b = c.input(1), equal = a == b, first = logical_or(a > b, isnan(b));
    return gradients(
        c, [&] { return where(first, g, where(equal, 0.5 * g, 0.0)); },
        [&] { return where(first, 0.0, where(equal, 0.5 * g, g)); });
  }
  static Tensor partial_secant(std::size_t, const Tensor& x, const Tensor& r, const Tensor& other) {
    return where(isnan(other), 1.0, larger_secant(x, r, other));
  }
  static constexpr Domain domain{-2, 2, -2, 2};
  static double reference(double a, double b) { return std::fmax(a, b); }
};

/// min(a, b), ignoring a NaN
struct Fmin : Elementwise2<Fmin> {
  static constexpr const char* name = "fmin";
  static constexpr unsigned dtypes = kernels::every_dtype;
  template <class V>
  static V call(V a, V b) { return kernels::fmin_of(a, b); }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    const Tensor &a = c.input(0), &b = c.input(1), equal = a == b, first = logical_or(a < b, isnan(b));
    return gradients(
        c, [&] { return where(first, g, where(equal, 0.5 * g, 0.0)); },
        [&] { return where(first, 0.0, where(equal, 0.5 * g, g)); });
  }
  static Tensor partial_secant(std::size_t, const Tensor& x, const Tensor& r, const Tensor& other) {
    return where(isnan(other), 1.0, smaller_secant(x, r, other));
  }
  static constexpr Domain domain{-2, 2, -2, 2};
  static double reference(double a, double b) { return std::fmin(a, b); }
};

/// min(max(x, low), high), for reals, NaN where a bound is; derivative 1 inside, 0 outside and on the borders
struct Clamp : Elementwise1<Clamp> {
  static constexpr const char* name = "clamp";
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
  template <class V>
  V call(V x) const { return bounded(x, low, high); }
  Tensor forward(const Tensor& x) const {
    if (std::isnan(low) || std::isnan(high)) return full_like(x, std::numeric_limits<double>::quiet_NaN());
    return kernels::map(*this, x);
  }
  template <class V>
  V pull(V g, V x) const { return pick((x > constant(x, low)) & (x < constant(x, high)), g, constant(x, 0)); }
  template <class V>
  V secant(V x, V r) const { return clamp_secant_of(x, r, constant(x, low), constant(x, high)); }
  static Clamp example() { return {{}, -0.6, 0.7}; }
  static constexpr Domain domain{-2, 2};
};

/// |a| with the sign of b
struct Copysign : Elementwise2<Copysign> {
  static constexpr const char* name = "copysign";
  static constexpr bool jumps = true;
  static constexpr Promotion promotion = Promotion::floating;
  template <std::floating_point T>
  static T call(T a, T b) { return std::copysign(a, b); }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    return gradients(
        c, [&] { return g * where(c.input(0) == 0, 0.0, sign(c.input(0)) * copysign(ones_like(c.input(0)), c.input(1))); },
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
  template <std::floating_point T>
  static T call(T a, T b) {
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
  template <std::floating_point T>
  static T call(T a, T b) { return std::hypot(a, b); }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    const Tensor &a = c.input(0), &b = c.input(1);
    return gradients(c, [&] { return g * hypot_share(a, b); }, [&] { return g * hypot_share(b, a); });
  }
  static constexpr std::array domain{Domain{0.5, 2, 0.5, 2}, Domain{-2, 2, -2, -0.5}};
  static double reference(double a, double b) { return std::hypot(a, b); }
};

/// 0, values or 1, as x is below, at or above zero; derivative 0
struct Heaviside : Elementwise2<Heaviside> {
  static constexpr const char* name = "heaviside";
  static constexpr bool jumps = true;
  static constexpr unsigned saves = 0;
  static constexpr unsigned dtypes = kernels::every_dtype;
  template <class V>
  static V call(V x, V values) {
    if constexpr (std::is_integral_v<V>) return x == V(0) ? values : static_cast<V>(x > V(0));
    else return pick(x == constant(x, 0), values, pick(is_nan(x), x, pick(x > constant(x, 0), constant(x, 1), constant(x, 0))));
  }
  static constexpr Domain domain{-2, 2, -2, 2};
  static double reference(double a, double b) { return a < 0 ? 0 : (a > 0 ? 1 : b); }
};

/// Bitwise ops of integers and bools: no derivative.
template <class Op>
struct Bitwise : Elementwise2<Op> {
  static constexpr unsigned dtypes = kernels::bools | kernels::integers;
  static constexpr unsigned saves = 0;
  static constexpr bool jumps = true;
  static std::vector<Sample> samples(Dtype) { return samples2<Op>(int64); }
  static constexpr Domain domain{0, 9, 0, 9};
};
struct BitwiseAnd : Bitwise<BitwiseAnd> {
  static constexpr const char* name = "bitwise_and";
  template <class T>
  static T call(T a, T b) { return static_cast<T>(a & b); }
};
struct BitwiseOr : Bitwise<BitwiseOr> {
  static constexpr const char* name = "bitwise_or";
  template <class T>
  static T call(T a, T b) { return static_cast<T>(a | b); }
};
struct BitwiseXor : Bitwise<BitwiseXor> {
  static constexpr const char* name = "bitwise_xor";
  template <class T>
  static T call(T a, T b) { return static_cast<T>(a ^ b); }
};
struct BitwiseNot {
  static constexpr const char* name = "bitwise_not";
  static constexpr int inputs = 1;
  static constexpr Rule rule = Rule::secant;
  static constexpr unsigned dtypes = kernels::bools | kernels::integers;
  static constexpr bool jumps = true;
  template <class T>
  static T call(T x) {
    if constexpr (std::is_same_v<T, bool>) return !x;
    else return static_cast<T>(~x);
  }
  static Tensor forward(const Tensor& x) { return kernels::map(BitwiseNot{}, x); }
  static std::vector<Sample> samples(Dtype) { return samples1<BitwiseNot>(int64); }
  static constexpr Domain domain{0, 9};
};

/// Can an integer (or bool) dtype hold the number?
bool holds(Dtype dtype, Scalar value) {
  return dispatch(dtype, [&]<class T>() {
    if constexpr (std::is_integral_v<T>) return value.fits<T>();
    else return true;
  });
}

/// A scalar as a tensor without dimensions, for dtypes whose kernels take no real parameter.
Tensor as_tensor(Scalar value, const Tensor& like) {
  return full({}, value, {.dtype = xg::result_type(like.dtype(), value)});
}

}  // namespace

const std::vector<OpInfo>& arithmetic_ops() {
  static const auto rows =
      OpList<Add, Sub, Mul, Div, AddScalar, MulScalar, RsubScalar, RdivScalar, Neg, Abs, Sign, FloorDivide, TruncDivide,
             Remainder, Fmod, Maximum, Minimum, Fmax, Fmin, Clamp, Copysign, HypotShare, Hypot, Heaviside, BitwiseAnd, BitwiseOr,
             BitwiseXor, BitwiseNot>::rows("arithmetic");
  return rows;
}

Tensor hypot_share(const Tensor& a, const Tensor& b) { return apply(HypotShare{}, a, b); }
Tensor inverse_hypot(const Tensor& a, const Tensor& b) {
  const Tensor h = hypot(a, b), origin = h == 0;
  return where(origin, 0.0, reciprocal(where(origin, 1.0, h)));
}

}  // namespace autograd

using autograd::apply;
using autograd::as_tensor;
using autograd::holds;

Tensor add(const Tensor& a, const Tensor& b) { return apply(autograd::Add{}, a, b); }
Tensor sub(const Tensor& a, const Tensor& b) { return apply(autograd::Sub{}, a, b); }
Tensor mul(const Tensor& a, const Tensor& b) { return apply(autograd::Mul{}, a, b); }
Tensor div(const Tensor& a, const Tensor& b) { return apply(autograd::Div{}, a, b); }
Tensor add(const Tensor& a, Scalar b) {
  return a.is_floating_point() ? apply(autograd::AddScalar{{}, b.to_double()}, a) : add(a, as_tensor(b, a));
}
Tensor sub(const Tensor& a, Scalar b) {
  return a.is_floating_point() ? apply(autograd::AddScalar{{}, -b.to_double()}, a) : sub(a, as_tensor(b, a));
}
Tensor sub(Scalar a, const Tensor& b) {
  return b.is_floating_point() ? apply(autograd::RsubScalar{{}, a.to_double()}, b) : sub(as_tensor(a, b), b);
}
Tensor mul(const Tensor& a, Scalar b) {
  return a.is_floating_point() ? apply(autograd::MulScalar{{}, b.to_double()}, a) : mul(a, as_tensor(b, a));
}
Tensor div(const Tensor& a, Scalar b) { return div(a, as_tensor(b, a)); }
Tensor div(Scalar a, const Tensor& b) {
  return b.is_floating_point() ? apply(autograd::RdivScalar{{}, a.to_double()}, b) : div(as_tensor(a, b), b);
}
Tensor floor_divide(const Tensor& a, const Tensor& b) { return apply(autograd::FloorDivide{}, a, b); }
Tensor trunc_divide(const Tensor& a, const Tensor& b) { return apply(autograd::TruncDivide{}, a, b); }
Tensor remainder(const Tensor& a, const Tensor& b) { return apply(autograd::Remainder{}, a, b); }
Tensor fmod(const Tensor& a, const Tensor& b) { return apply(autograd::Fmod{}, a, b); }
Tensor neg(const Tensor& x) { return apply(autograd::Neg{}, x); }
Tensor positive(const Tensor& x) {
  static_cast<void>(x.impl());  // throws for an undefined tensor, as every op does
  return x;
}
Tensor abs(const Tensor& x) { return apply(autograd::Abs{}, x); }
Tensor sign(const Tensor& x) { return apply(autograd::Sign{}, x); }
Tensor maximum(const Tensor& a, const Tensor& b) { return apply(autograd::Maximum{}, a, b); }
Tensor minimum(const Tensor& a, const Tensor& b) { return apply(autograd::Minimum{}, a, b); }
Tensor fmax(const Tensor& a, const Tensor& b) { return apply(autograd::Fmax{}, a, b); }
Tensor fmin(const Tensor& a, const Tensor& b) { return apply(autograd::Fmin{}, a, b); }

Tensor clamp(const Tensor& x, std::optional<Scalar> min, std::optional<Scalar> max) {
  if (!min && !max) throw ValueError("[clamp] neither min nor max is given: pass at least one.");
  const Dtype dtype = xg::result_type(min ? xg::result_type(x.dtype(), *min) : x.dtype(), max ? *max : *min);
  if (!is_floating(dtype)) {
    Tensor out = to(x, dtype);
    // A bound beyond all that the dtype holds bounds nothing on its own side; on the other one it is refused.
    if (min && (min->to_int64() > 0 || holds(dtype, *min))) out = maximum(out, full({}, *min, {.dtype = dtype}));
    if (max && (max->to_int64() < 0 || holds(dtype, *max))) out = minimum(out, full({}, *max, {.dtype = dtype}));
    return out;
  }
  autograd::Clamp op;
  if (min) op.low = min->to_double();
  if (max) op.high = max->to_double();
  return apply(op, to(x, dtype));
}

Tensor clamp(const Tensor& x, const Tensor& min, const Tensor& max) {
  if (!min.defined() && !max.defined()) throw ValueError("[clamp] neither min nor max is given: pass at least one.");
  // On a border x and the bound share the gradient, as in maximum and minimum.
  Tensor out = x;
  if (min.defined()) out = maximum(out, min);
  if (max.defined()) out = minimum(out, max);
  return out;
}

Tensor lerp(const Tensor& start, const Tensor& end, const Tensor& weight) { return start + weight * (end - start); }
Tensor lerp(const Tensor& start, const Tensor& end, Scalar weight) { return start + weight * (end - start); }
Tensor addcmul(const Tensor& x, const Tensor& a, const Tensor& b, Scalar value) { return x + mul(a * b, value); }
Tensor addcdiv(const Tensor& x, const Tensor& a, const Tensor& b, Scalar value) { return x + mul(a / b, value); }
Tensor copysign(const Tensor& a, const Tensor& b) { return apply(autograd::Copysign{}, a, b); }
Tensor hypot(const Tensor& a, const Tensor& b) { return apply(autograd::Hypot{}, a, b); }
Tensor heaviside(const Tensor& x, const Tensor& values) { return apply(autograd::Heaviside{}, x, values); }
Tensor bitwise_and(const Tensor& a, const Tensor& b) { return apply(autograd::BitwiseAnd{}, a, b); }
Tensor bitwise_or(const Tensor& a, const Tensor& b) { return apply(autograd::BitwiseOr{}, a, b); }
Tensor bitwise_xor(const Tensor& a, const Tensor& b) { return apply(autograd::BitwiseXor{}, a, b); }
Tensor bitwise_not(const Tensor& x) { return apply(autograd::BitwiseNot{}, x); }

Tensor& Tensor::add_(const Tensor& other) { return autograd::in_place(*this, "add_", other, xg::add, autograd::Add{}); }
Tensor& Tensor::sub_(const Tensor& other) { return autograd::in_place(*this, "sub_", other, xg::sub, autograd::Sub{}); }
Tensor& Tensor::mul_(const Tensor& other) { return autograd::in_place(*this, "mul_", other, xg::mul, autograd::Mul{}); }
Tensor& Tensor::div_(const Tensor& other) {
  if (!is_floating(dtype()))
    throw DtypeError(fmt::format("[div_] the quotient is a floating-point number, the tensor that is changed {}: convert "
                                 "it first, or use the out-of-place form.",
                                 name(dtype())));
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
Tensor operator+(const Tensor& a, Scalar b) { return add(a, b); }
Tensor operator-(const Tensor& a, Scalar b) { return sub(a, b); }
Tensor operator*(const Tensor& a, Scalar b) { return mul(a, b); }
Tensor operator/(const Tensor& a, Scalar b) { return div(a, b); }
Tensor operator+(Scalar a, const Tensor& b) { return add(b, a); }
Tensor operator-(Scalar a, const Tensor& b) { return sub(a, b); }
Tensor operator*(Scalar a, const Tensor& b) { return mul(b, a); }
Tensor operator/(Scalar a, const Tensor& b) { return div(a, b); }
Tensor operator-(const Tensor& x) { return neg(x); }
Tensor operator+(const Tensor& x) { return positive(x); }

}  // namespace xg
