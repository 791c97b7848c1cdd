// Elementwise extrema and clamp.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/kernels/secants.hpp>

#include <array>
#include <cmath>
#include <limits>
#include <optional>

namespace xg {
namespace autograd {

using kernels::clamp_secant_of, kernels::relu_secant_of;

namespace {

/// The gradient of an extremum: all of it goes to the chosen argument, half to each where they are equal. If one is
/// NaN, neither counts as lost.
Tensor chosen(const Tensor& g, const Tensor& lost, const Tensor& equal) {
  return where(lost, 0.0, where(equal, 0.5 * g, g));
}

struct ReluSecant {
  static constexpr const char* name = "maximum";
  template <class V> static V call(V x, V r) { return relu_secant_of(x, r); }
};

/// The secant of max(a, other) = other + relu(a - other) in a. An unchanged a at a tie has half the slope, so that both
/// tied arguments have the same.
Tensor larger_secant(const Tensor& a_x, const Tensor& a_r, const Tensor& other) {
  const Dtype real = real_dtype(a_x.dtype());
  const Tensor x = a_x.to(real), r = a_r.to(real), level = other.to(real);
  return where(logical_and(x == level, r == level), 0.5, kernels::map(ReluSecant{}, x - level, r - level));
}

Tensor smaller_secant(const Tensor& x, const Tensor& r, const Tensor& other) {
  const Dtype real = real_dtype(x.dtype());
  return larger_secant(-x.to(real), -r.to(real), -other.to(real));
}

/// max(a, b) or min(a, b), NaN where either is
template <bool largest> struct Extremum : Elementwise2<Extremum<largest>> {
  static constexpr const char* name = largest ? "maximum" : "minimum";
  static constexpr unsigned dtypes = kernels::every_dtype;
  template <class V> static V call(V a, V b) {
    if constexpr (largest)
      return kernels::maximum_of(a, b);
    else
      return kernels::minimum_of(a, b);
  }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    const Tensor &a = c.input(0), &b = c.input(1);
    return gradients(
        c, [&] { return chosen(g, largest ? a < b : a > b, a == b); },
        [&] { return chosen(g, largest ? b < a : b > a, a == b); });
  }
  static Tensor partial_secant(std::size_t, const Tensor& x, const Tensor& r, const Tensor& other) {
    return largest ? larger_secant(x, r, other) : smaller_secant(x, r, other);
  }
  static double reference(double a, double b) { return largest ? std::fmax(a, b) : std::fmin(a, b); }
};

/// max(a, b) or min(a, b), ignoring a NaN
template <bool largest> struct ExtremumOfNumbers : Elementwise2<ExtremumOfNumbers<largest>> {
  static constexpr const char* name = largest ? "fmax" : "fmin";
  static constexpr unsigned dtypes = kernels::every_dtype;
  template <class V> static V call(V a, V b) {
    if constexpr (largest)
      return kernels::fmax_of(a, b);
    else
      return kernels::fmin_of(a, b);
  }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    const Tensor &a = c.input(0), &b = c.input(1), equal = a == b;
    const Tensor first = logical_or(largest ? a > b : a < b, isnan(b));
    return gradients(
        c, [&] { return where(first, g, where(equal, 0.5 * g, 0.0)); },
        [&] { return where(first, 0.0, where(equal, 0.5 * g, g)); });
  }
  static Tensor partial_secant(std::size_t i, const Tensor& x, const Tensor& r, const Tensor& other) {
    return where(isnan(other), 1.0, Extremum<largest>::partial_secant(i, x, r, other));
  }
  static double reference(double a, double b) { return Extremum<largest>::reference(a, b); }
};

/// min(max(x, low), high) for floating-point x, NaN where a bound is; derivative 1 inside, 0 outside and at the bounds
struct Clamp : Elementwise1<Clamp> {
  static constexpr const char* name = "clamp";
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
  template <class V> V call(V x) const { return bounded(x, low, high); }
  Tensor forward(const Tensor& x) const {
    if (std::isnan(low) || std::isnan(high)) return full_like(x, std::numeric_limits<double>::quiet_NaN());
    return kernels::map(*this, x);
  }
  template <class V> V pull(V g, V x) const {
    return pick((x > constant(x, low)) & (x < constant(x, high)), g, constant(x, 0));
  }
  template <class V> V secant(V x, V r) const { return clamp_secant_of(x, r, constant(x, low), constant(x, high)); }
  static Clamp example() { return {{}, -0.6, 0.7}; }
};

}  // namespace

}  // namespace autograd

using autograd::holds;

Tensor maximum(const Tensor& a, const Tensor& b) { return apply(autograd::Extremum<true>{}, a, b); }
Tensor minimum(const Tensor& a, const Tensor& b) { return apply(autograd::Extremum<false>{}, a, b); }
Tensor fmax(const Tensor& a, const Tensor& b) { return apply(autograd::ExtremumOfNumbers<true>{}, a, b); }
Tensor fmin(const Tensor& a, const Tensor& b) { return apply(autograd::ExtremumOfNumbers<false>{}, a, b); }

Tensor clamp(const Tensor& x, std::optional<Scalar> min, std::optional<Scalar> max) {
  if (!min && !max) throw ValueError("[clamp] neither min nor max is given: pass at least one.");
  const Dtype dtype = xg::result_type(min ? xg::result_type(x.dtype(), *min) : x.dtype(), max ? *max : *min);
  if (!is_floating(dtype)) {
    Tensor out = to(x, dtype);
    // A bound outside the range of the dtype has no effect if it lies on its own side, and is an error otherwise.
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
  // At a bound, x and the bound share the gradient, as in maximum and minimum.
  Tensor out = x;
  if (min.defined()) out = maximum(out, min);
  if (max.defined()) out = minimum(out, max);
  return out;
}

}  // namespace xg
