// Comparisons and choices. A comparison has no derivative, but a contribution can pass through it, as the Shapley value
// of a two-player game.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops/comparison.hpp>
#include <xgrad/autograd/ops/numbers.hpp>
#include <xgrad/tensor/error.hpp>

#include <array>
#include <cmath>
#include <string>
#include <type_traits>
#include <vector>

namespace xg {
namespace autograd {
namespace {

/// The base of conditions of two numbers.
template <class Op> struct Condition2 {
  static constexpr int inputs = 2;
  static constexpr Promotion promotion = Promotion::arithmetic;
  static constexpr unsigned dtypes = kernels::every_dtype;
  static constexpr bool to_bool = true;
  static constexpr Rule rule = Rule::two_player;
  static constexpr bool jumps = true;
  static Tensor forward(const Tensor& a, const Tensor& b) { return kernels::map(Op{}, a, b); }
  static std::vector<Sample> samples(Dtype d) { return samples2<Op>(d); }
};
struct Eq : Condition2<Eq> {
  static constexpr const char* name = "eq";
  template <class T> static bool call(T a, T b) { return a == b; }
};
struct Ne : Condition2<Ne> {
  static constexpr const char* name = "ne";
  template <class T> static bool call(T a, T b) { return a != b; }
};
struct Lt : Condition2<Lt> {
  static constexpr const char* name = "lt";
  template <class T> static bool call(T a, T b) { return a < b; }
};
struct Le : Condition2<Le> {
  static constexpr const char* name = "le";
  template <class T> static bool call(T a, T b) { return a <= b; }
};
struct Gt : Condition2<Gt> {
  static constexpr const char* name = "gt";
  template <class T> static bool call(T a, T b) { return a > b; }
};
struct Ge : Condition2<Ge> {
  static constexpr const char* name = "ge";
  template <class T> static bool call(T a, T b) { return a >= b; }
};
struct LogicalAnd : Condition2<LogicalAnd> {
  static constexpr const char* name = "logical_and";
  template <class T> static bool call(T a, T b) { return (a != T(0)) & (b != T(0)); }
};
struct LogicalOr : Condition2<LogicalOr> {
  static constexpr const char* name = "logical_or";
  template <class T> static bool call(T a, T b) { return (a != T(0)) | (b != T(0)); }
};
struct LogicalXor : Condition2<LogicalXor> {
  static constexpr const char* name = "logical_xor";
  template <class T> static bool call(T a, T b) { return (a != T(0)) != (b != T(0)); }
};

/// The base of conditions of one number.
template <class Op> struct Condition1 {
  static constexpr int inputs = 1;
  static constexpr unsigned dtypes = kernels::every_dtype;
  static constexpr bool to_bool = true;
  static constexpr Rule rule = Rule::secant;
  static constexpr bool jumps = true;
  static Tensor forward(const Tensor& x) { return kernels::map(Op{}, x); }
  static Tensor secant(const Tensor& x, const Tensor& r) {
    return detail::secant_of_steps(forward(x).to(x.dtype()), forward(r).to(r.dtype()), x, r);
  }
  static std::vector<Sample> samples(Dtype d) { return samples1<Op>(d); }
};
struct LogicalNot : Condition1<LogicalNot> {
  static constexpr const char* name = "logical_not";
  template <class T> static bool call(T x) {
    if constexpr (std::is_same_v<T, bool>)
      return x ^ true;
    else
      return x == T(0);
  }
};
struct Isnan : Condition1<Isnan> {
  static constexpr const char* name = "isnan";
  template <class T> static bool call(T x) { return x != x; }
};
struct Isinf : Condition1<Isinf> {
  static constexpr const char* name = "isinf";
  template <class T> static bool call(T x) {
    if constexpr (std::is_floating_point_v<T>)
      return std::isinf(x);
    else
      return false;
  }
};
struct Isfinite : Condition1<Isfinite> {
  static constexpr const char* name = "isfinite";
  template <class T> static bool call(T x) {
    if constexpr (std::is_floating_point_v<T>)
      return std::isfinite(x);
    else
      return true;
  }
};

/// a where condition, else b: c a + (1 - c) b, bilinear. The gradient of the branch not taken is 0.
struct Where {
  static constexpr const char* name = "where";
  static constexpr int inputs = 3;
  static constexpr unsigned saves = save_input(0);
  static constexpr Rule rule = Rule::custom;
  static Tensor forward(const Tensor& condition, const Tensor& a, const Tensor& b) {
    return kernels::where(condition, a, b);
  }
  static std::array<Tensor, 3> backward(const OpContext& c, const Tensor& g) {
    return {Tensor(), c.needs(1) ? where(c.input(0), g, 0.0) : Tensor(),
            c.needs(2) ? where(c.input(0), 0.0, g) : Tensor()};
  }
  static std::vector<Tensor> attribute(const PairContext& p) {
    const Tensor& m = p.multipliers[0];
    const Tensor taken = p.varies[0] ? p.mean(0) : p.x[0].to(m.dtype());
    std::vector<Tensor> shares(3);
    if (p.varies[0]) shares[0] = p.unbroadcast(m * (mean_of_branch(p, 1) - mean_of_branch(p, 2)), 0);
    if (p.varies[1]) shares[1] = p.unbroadcast(without_undefined(p, 1, m * taken), 1);
    if (p.varies[2]) shares[2] = p.unbroadcast(without_undefined(p, 2, m * (1.0 - taken)), 2);
    return shares;
  }
  // A branch that is NaN where it is not taken, such as log x at a negative x, is treated as constant there.
  static bool has_undefined(const PairContext& p, std::size_t i) {
    return i < p.no_number.size() && p.no_number[i].defined() && p.varies[0];
  }
  static Tensor mean_of_branch(const PairContext& p, std::size_t i) {
    if (!has_undefined(p, i)) return p.mean(i);
    const Tensor in_x = i == 1 ? p.x[0] : logical_not(p.x[0]);
    return where(p.no_number[i], where(in_x, p.x[i], p.r[i]), p.varies[i] ? p.mean(i) : p.x[i]);
  }
  static Tensor without_undefined(const PairContext& p, std::size_t i, const Tensor& share) {
    if (!has_undefined(p, i)) return share;
    return where(logical_and(p.no_number[i], p.x[0] != p.r[0]), 0.0, share);
  }
  static Tensor rounding(const RoundingContext& c) {
    const auto error = [&](std::size_t i) { return c.errors[i].defined() ? c.errors[i] : zeros_like(c.inputs[i]); };
    return where(c.inputs[0], error(1), error(2));
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](const Inputs& in) { return where(in[0] > 0.2, in[0], in[1]); };
    return shaped_samples(d,
                          {{"equal shapes", {{3, 4}, {3, 4}}, call},
                           {"row", {{3, 4}, {4}}, call},
                           {"0-d", {{}, {}}, call},
                           {"empty", {{0, 2}, {2}}, call}},
                          4);
  }
};

}  // namespace

namespace {
Tensor scalar_like(Scalar value, const Tensor& x) {
  return full({}, value, {.dtype = xg::result_type(x.dtype(), value)});
}

/// compare(x, value). Narrower integers, which may not hold the value, are compared in int64.
Tensor compared(Tensor (*compare)(const Tensor&, const Tensor&), const Tensor& x, Scalar value) {
  const bool narrower = x.dtype() == uint8 || x.dtype() == int32;
  if (!narrower || value.category() != int64) return compare(x, scalar_like(value, x));
  const bool fits = x.dtype() == uint8 ? value.fits<std::uint8_t>() : value.fits<std::int32_t>();
  return fits ? compare(x, scalar_like(value, x)) : compare(to(x, int64), full({}, value));
}
}  // namespace

}  // namespace autograd

using autograd::compared;
using autograd::scalar_like;

Tensor eq(const Tensor& a, const Tensor& b) { return apply(autograd::Eq{}, a, b); }
Tensor ne(const Tensor& a, const Tensor& b) { return apply(autograd::Ne{}, a, b); }
Tensor lt(const Tensor& a, const Tensor& b) { return apply(autograd::Lt{}, a, b); }
Tensor le(const Tensor& a, const Tensor& b) { return apply(autograd::Le{}, a, b); }
Tensor gt(const Tensor& a, const Tensor& b) { return apply(autograd::Gt{}, a, b); }
Tensor ge(const Tensor& a, const Tensor& b) { return apply(autograd::Ge{}, a, b); }
Tensor logical_and(const Tensor& a, const Tensor& b) { return apply(autograd::LogicalAnd{}, a, b); }
Tensor logical_or(const Tensor& a, const Tensor& b) { return apply(autograd::LogicalOr{}, a, b); }
Tensor logical_xor(const Tensor& a, const Tensor& b) { return apply(autograd::LogicalXor{}, a, b); }
Tensor logical_not(const Tensor& x) { return apply(autograd::LogicalNot{}, x); }
Tensor isnan(const Tensor& x) { return apply(autograd::Isnan{}, x); }
Tensor isinf(const Tensor& x) { return apply(autograd::Isinf{}, x); }
Tensor isfinite(const Tensor& x) { return apply(autograd::Isfinite{}, x); }

Tensor isclose(const Tensor& a, const Tensor& b, double rtol, double atol, bool equal_nan) {
  if (a.dtype() != b.dtype())
    throw DtypeError("[isclose] dtypes are " + std::string(name(a.dtype())) + " and " + std::string(name(b.dtype())) +
                     ", they must be equal: convert one with x.to(...).");
  if (rtol < 0 || atol < 0) throw ValueError("[isclose] rtol and atol must not be negative.");
  const NoGrad guard;
  const Dtype real = promote_types(a.dtype(), a.is_floating_point() ? a.dtype() : float64);
  const Tensor x = to(a, real), y = to(b, real);
  Tensor close = logical_or(eq(a, b), logical_and(isfinite(x - y), abs(x - y) <= abs(y) * rtol + atol));
  if (equal_nan && a.is_floating_point()) close = logical_or(close, logical_and(isnan(a), isnan(b)));
  return close;
}

bool allclose(const Tensor& a, const Tensor& b, double rtol, double atol, bool equal_nan) {
  const Tensor close = isclose(a, b, rtol, atol, equal_nan);
  return close.numel() == 0 || all(close).item<bool>();
}

bool equal(const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape()) return false;
  return a.numel() == 0 || all(eq(a, b)).item<bool>();
}

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  if (condition.dtype() != bool_)
    throw DtypeError("[where] condition is " + std::string(name(condition.dtype())) +
                     ", it must be bool: compare first, as in where(x != 0, a, b).");
  if (a.dtype() == b.dtype()) return apply(autograd::Where{}, condition, a, b);
  const Tensor* both[] = {&a, &b};
  const Dtype dtype = autograd::result_type(both);
  return apply(autograd::Where{}, condition, to(a, dtype), to(b, dtype));
}
Tensor where(const Tensor& condition, Scalar a, const Tensor& b) { return where(condition, scalar_like(a, b), b); }
Tensor where(const Tensor& condition, const Tensor& a, Scalar b) { return where(condition, a, scalar_like(b, a)); }
Tensor where(const Tensor& condition, Scalar a, Scalar b) {
  const Dtype dtype = result_type(result_type(Dtype::bool_, a), b);
  const bool both_bool = a.category() == bool_ && b.category() == bool_;
  return where(condition, full({}, a, {.dtype = both_bool ? bool_ : dtype}),
               full({}, b, {.dtype = both_bool ? bool_ : dtype}));
}

Tensor operator==(const Tensor& a, const Tensor& b) { return eq(a, b); }
Tensor operator!=(const Tensor& a, const Tensor& b) { return ne(a, b); }
Tensor operator<(const Tensor& a, const Tensor& b) { return lt(a, b); }
Tensor operator<=(const Tensor& a, const Tensor& b) { return le(a, b); }
Tensor operator>(const Tensor& a, const Tensor& b) { return gt(a, b); }
Tensor operator>=(const Tensor& a, const Tensor& b) { return ge(a, b); }
Tensor operator==(const Tensor& a, Scalar b) { return compared(eq, a, b); }
Tensor operator!=(const Tensor& a, Scalar b) { return compared(ne, a, b); }
Tensor operator<(const Tensor& a, Scalar b) { return compared(lt, a, b); }
Tensor operator<=(const Tensor& a, Scalar b) { return compared(le, a, b); }
Tensor operator>(const Tensor& a, Scalar b) { return compared(gt, a, b); }
Tensor operator>=(const Tensor& a, Scalar b) { return compared(ge, a, b); }
Tensor operator==(Scalar a, const Tensor& b) { return compared(eq, b, a); }
Tensor operator!=(Scalar a, const Tensor& b) { return compared(ne, b, a); }
Tensor operator<(Scalar a, const Tensor& b) { return compared(gt, b, a); }
Tensor operator<=(Scalar a, const Tensor& b) { return compared(ge, b, a); }
Tensor operator>(Scalar a, const Tensor& b) { return compared(lt, b, a); }
Tensor operator>=(Scalar a, const Tensor& b) { return compared(le, b, a); }
Tensor operator&(const Tensor& a, const Tensor& b) { return bitwise_and(a, b); }
Tensor operator|(const Tensor& a, const Tensor& b) { return bitwise_or(a, b); }
Tensor operator^(const Tensor& a, const Tensor& b) { return bitwise_xor(a, b); }
Tensor operator&(const Tensor& a, Scalar b) { return bitwise_and(a, b); }
Tensor operator|(const Tensor& a, Scalar b) { return bitwise_or(a, b); }
Tensor operator^(const Tensor& a, Scalar b) { return bitwise_xor(a, b); }
Tensor operator&(Scalar a, const Tensor& b) { return bitwise_and(a, b); }
Tensor operator|(Scalar a, const Tensor& b) { return bitwise_or(a, b); }
Tensor operator^(Scalar a, const Tensor& b) { return bitwise_xor(a, b); }
Tensor operator~(const Tensor& x) { return bitwise_not(x); }

}  // namespace xg
