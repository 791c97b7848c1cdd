// Powers, exponentials, trigonometry, rounding: functions of one number, and their relatives of two.
//
// Secants (g(x) - g(r)) / (x - r) have formulas without cancellation for square, sqrt, rsqrt, reciprocal, exp, log, erf
// and rounding; the others take generic_secant's. Functions of two numbers are games of two players.
#include <xgrad/autograd/ops/elementwise.hpp>
#include <xgrad/tensor/error.hpp>

#include <cmath>
#include <limits>
#include <numbers>

namespace xg {
namespace autograd {
namespace {

/// x^2; secant x + r
struct Square : Unary {
  static constexpr const char* name = "square";
  static constexpr Promotion promotion = Promotion::none;
  static Tensor forward(const Tensor& x) { return kernels::square(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return g * (2.0 * c.input(0)); }
  static Tensor secant(const Tensor& x, const Tensor& r) { return x + r; }
  static std::vector<Sample> samples(Dtype d) { return samples1(Square{}, d, -2, 2); }
  static double reference(double x) { return x * x; }
};

/// sqrt(x); secant 1 / (sqrt x + sqrt r), 0 where both are 0
struct Sqrt : Unary {
  static constexpr const char* name = "sqrt";
  static constexpr unsigned saves = save_output();
  static Tensor forward(const Tensor& x) { return kernels::sqrt(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return g / (2.0 * c.output()); }
  static Tensor secant(const Tensor& x, const Tensor& r) {
    const Tensor sum = sqrt(x) + sqrt(r);
    return where(sum == 0, 0.0, 1.0 / sum);  // a root that stays at 0, as that of the norm of nothing
  }
  static std::vector<Sample> samples(Dtype d) { return samples1(Sqrt{}, d, 0.5, 3); }
  static double reference(double x) { return std::sqrt(x); }
};

/// sqrt(x) of a sum of squares, which is stationary where it is 0: the derivative is 0 there. So derivatives through
/// the composites of std and vector_norm are those of the fused ops.
struct RootOfSquares : Sqrt {
  static Tensor backward(const OpContext& c, const Tensor& g) {
    const Tensor none = c.output() == 0;
    return where(none, 0.0, g / (2.0 * where(none, 1.0, c.output())));
  }
  static std::vector<Sample> samples(Dtype d) { return samples1(RootOfSquares{}, d, 0.5, 3); }
};

/// 1 / sqrt(x); secant -1 / (sqrt(x r) (sqrt x + sqrt r))
struct Rsqrt : Unary {
  static constexpr const char* name = "rsqrt";
  static constexpr unsigned saves = save_output();
  static Tensor forward(const Tensor& x) { return kernels::rsqrt(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return g * (-0.5 * c.output() * c.output() * c.output()); }
  static Tensor secant(const Tensor& x, const Tensor& r) {
    const Tensor a = sqrt(x), b = sqrt(r);
    return -1.0 / (a * b * (a + b));
  }
  static std::vector<Sample> samples(Dtype d) { return samples1(Rsqrt{}, d, 0.5, 3); }
  static double reference(double x) { return 1 / std::sqrt(x); }
};

/// 1 / x; secant -1 / (x r)
struct Reciprocal : Unary {
  static constexpr const char* name = "reciprocal";
  static constexpr unsigned saves = save_output();
  static Tensor forward(const Tensor& x) { return kernels::reciprocal(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return -g * c.output() * c.output(); }
  static Tensor secant(const Tensor& x, const Tensor& r) { return -1.0 / (x * r); }
  static std::vector<Sample> samples(Dtype d) { return also(samples1(Reciprocal{}, d, 0.5, 3), samples1(Reciprocal{}, d, -3, -0.5)); }
  static double reference(double x) { return 1 / x; }
};

/// e^x; secant e^r expm1(x - r) / (x - r)
struct Exp : Unary {
  static constexpr const char* name = "exp";
  static constexpr unsigned saves = save_output();
  static Tensor forward(const Tensor& x) { return kernels::exp(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return g * c.output(); }
  static Tensor secant(const Tensor& x, const Tensor& r) { return kernels::exp_secant(x, r); }
  static std::vector<Sample> samples(Dtype d) { return samples1(Exp{}, d, -3, 3); }
  static double reference(double x) { return std::exp(x); }
};

/// 2^x
struct Exp2 : Unary {
  static constexpr const char* name = "exp2";
  static constexpr unsigned saves = save_output();
  static Tensor forward(const Tensor& x) { return kernels::exp2(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return g * c.output() * std::numbers::ln2; }
  static Tensor secant(const Tensor& x, const Tensor& r) {
    return kernels::exp_secant(x * std::numbers::ln2, r * std::numbers::ln2) * std::numbers::ln2;
  }
  static std::vector<Sample> samples(Dtype d) { return samples1(Exp2{}, d, -3, 3); }
  static double reference(double x) { return std::exp2(x); }
};

/// e^x - 1
struct Expm1 : Unary {
  static constexpr const char* name = "expm1";
  static constexpr unsigned saves = save_output();
  static Tensor forward(const Tensor& x) { return kernels::expm1(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return g * (c.output() + 1.0); }
  static Tensor secant(const Tensor& x, const Tensor& r) { return kernels::exp_secant(x, r); }
  static std::vector<Sample> samples(Dtype d) { return samples1(Expm1{}, d, -3, 3); }
  static double reference(double x) { return std::expm1(x); }
};

/// log x; secant log1p((x - r) / r) / (x - r)
struct Log : Unary {
  static constexpr const char* name = "log";
  static Tensor forward(const Tensor& x) { return kernels::log(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return g / c.input(0); }
  static Tensor secant(const Tensor& x, const Tensor& r) { return kernels::log_secant(x, r); }
  static std::vector<Sample> samples(Dtype d) { return samples1(Log{}, d, 0.3, 4); }
  static double reference(double x) { return std::log(x); }
};

/// log2 x
struct Log2 : Unary {
  static constexpr const char* name = "log2";
  static Tensor forward(const Tensor& x) { return kernels::log2(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return g / (c.input(0) * std::numbers::ln2); }
  static Tensor secant(const Tensor& x, const Tensor& r) { return kernels::log_secant(x, r) * std::numbers::log2e; }
  static std::vector<Sample> samples(Dtype d) { return samples1(Log2{}, d, 0.3, 4); }
  static double reference(double x) { return std::log2(x); }
};

/// log10 x
struct Log10 : Unary {
  static constexpr const char* name = "log10";
  static Tensor forward(const Tensor& x) { return kernels::log10(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return g / (c.input(0) * std::numbers::ln10); }
  static Tensor secant(const Tensor& x, const Tensor& r) { return kernels::log_secant(x, r) * std::numbers::log10e; }
  static std::vector<Sample> samples(Dtype d) { return samples1(Log10{}, d, 0.3, 4); }
  static double reference(double x) { return std::log10(x); }
};

/// log(1 + x)
struct Log1p : Unary {
  static constexpr const char* name = "log1p";
  static Tensor forward(const Tensor& x) { return kernels::log1p(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return g / (c.input(0) + 1.0); }
  static Tensor secant(const Tensor& x, const Tensor& r) { return kernels::log_secant(x + 1.0, r + 1.0); }
  static std::vector<Sample> samples(Dtype d) { return samples1(Log1p{}, d, -0.7, 3); }
  static double reference(double x) { return std::log1p(x); }
};

/// sin x
struct Sin : Unary {
  static constexpr const char* name = "sin";
  static Tensor forward(const Tensor& x) { return kernels::sin(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return g * cos(c.input(0)); }
  static std::vector<Sample> samples(Dtype d) { return samples1(Sin{}, d, -4, 4); }
  static double reference(double x) { return std::sin(x); }
};

/// cos x
struct Cos : Unary {
  static constexpr const char* name = "cos";
  static Tensor forward(const Tensor& x) { return kernels::cos(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return -g * sin(c.input(0)); }
  static std::vector<Sample> samples(Dtype d) { return samples1(Cos{}, d, -4, 4); }
  static double reference(double x) { return std::cos(x); }
};

/// tan x
struct Tan : Unary {
  static constexpr const char* name = "tan";
  static constexpr unsigned saves = save_output();
  static Tensor forward(const Tensor& x) { return kernels::tan(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return g * (square(c.output()) + 1.0); }
  static std::vector<Sample> samples(Dtype d) { return samples1(Tan{}, d, -1.2, 1.2); }
  static double reference(double x) { return std::tan(x); }
};

/// asin x
struct Asin : Unary {
  static constexpr const char* name = "asin";
  static Tensor forward(const Tensor& x) { return kernels::asin(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return g * rsqrt(1.0 - square(c.input(0))); }
  static std::vector<Sample> samples(Dtype d) { return samples1(Asin{}, d, -0.8, 0.8); }
  static double reference(double x) { return std::asin(x); }
};

/// acos x
struct Acos : Unary {
  static constexpr const char* name = "acos";
  static Tensor forward(const Tensor& x) { return kernels::acos(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return -g * rsqrt(1.0 - square(c.input(0))); }
  static std::vector<Sample> samples(Dtype d) { return samples1(Acos{}, d, -0.8, 0.8); }
  static double reference(double x) { return std::acos(x); }
};

/// atan x
struct Atan : Unary {
  static constexpr const char* name = "atan";
  static Tensor forward(const Tensor& x) { return kernels::atan(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return g / (square(finite(c.input(0))) + 1.0); }
  static std::vector<Sample> samples(Dtype d) { return samples1(Atan{}, d, -3, 3); }
  static double reference(double x) { return std::atan(x); }
};

/// sinh x
struct Sinh : Unary {
  static constexpr const char* name = "sinh";
  static Tensor forward(const Tensor& x) { return kernels::sinh(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return g * cosh(c.input(0)); }
  static std::vector<Sample> samples(Dtype d) { return samples1(Sinh{}, d, -3, 3); }
  static double reference(double x) { return std::sinh(x); }
};

/// cosh x
struct Cosh : Unary {
  static constexpr const char* name = "cosh";
  static Tensor forward(const Tensor& x) { return kernels::cosh(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return g * sinh(c.input(0)); }
  static std::vector<Sample> samples(Dtype d) { return samples1(Cosh{}, d, -3, 3); }
  static double reference(double x) { return std::cosh(x); }
};

/// asinh x
struct Asinh : Unary {
  static constexpr const char* name = "asinh";
  static Tensor forward(const Tensor& x) { return kernels::asinh(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return g / hypot(c.input(0), ones_like(c.input(0))); }
  static std::vector<Sample> samples(Dtype d) { return samples1(Asinh{}, d, -3, 3); }
  static double reference(double x) { return std::asinh(x); }
};

/// acosh x
struct Acosh : Unary {
  static constexpr const char* name = "acosh";
  static Tensor forward(const Tensor& x) { return kernels::acosh(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) {
    return g * rsqrt(c.input(0) - 1.0) * rsqrt(c.input(0) + 1.0);
  }
  static std::vector<Sample> samples(Dtype d) { return samples1(Acosh{}, d, 1.3, 4); }
  static double reference(double x) { return std::acosh(x); }
};

/// atanh x
struct Atanh : Unary {
  static constexpr const char* name = "atanh";
  static Tensor forward(const Tensor& x) { return kernels::atanh(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return g / (1.0 - square(c.input(0))); }
  static std::vector<Sample> samples(Dtype d) { return samples1(Atanh{}, d, -0.8, 0.8); }
  static double reference(double x) { return std::atanh(x); }
};

/// The derivative of some order of sin(pi x) / (pi x), of order 0 itself. Each is a kernel of its own, because the
/// closed forms cancel near 0.
struct Sinc : Unary {
  static constexpr const char* name = "sinc";
  std::int64_t order = 0;
  Tensor forward(const Tensor& x) const { return kernels::sinc(x, {.a = static_cast<double>(order)}); }
  Tensor backward(const OpContext& c, const Tensor& g) const { return g * apply(Sinc{{}, order + 1}, c.input(0)); }
  static std::vector<Sample> samples(Dtype d) { return samples1(Sinc{}, d, -2.4, 2.4); }
  static double reference(double x) { return std::sin(std::numbers::pi * x) / (std::numbers::pi * x); }
};

/// e^(-x^2), also of infinities: beyond the bound it is 0.
Tensor gaussian(const Tensor& x) { return exp(-square(clamp(x, -30.0, 30.0))); }

/// erf x; derivative 2 / sqrt(pi) e^(-x^2)
struct Erf : Unary {
  static constexpr const char* name = "erf";
  static Tensor forward(const Tensor& x) { return kernels::erf(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) {
    return g * (2 * std::numbers::inv_sqrtpi * gaussian(c.input(0)));
  }
  static Tensor secant(const Tensor& x, const Tensor& r) { return kernels::erf_secant(x, r); }
  static std::vector<Sample> samples(Dtype d) { return samples1(Erf{}, d, -2, 2); }
  static double reference(double x) { return std::erf(x); }
};

/// 1 - erf x
struct Erfc : Unary {
  static constexpr const char* name = "erfc";
  static Tensor forward(const Tensor& x) { return kernels::erfc(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) {
    return g * (-2 * std::numbers::inv_sqrtpi * gaussian(c.input(0)));
  }
  static Tensor secant(const Tensor& x, const Tensor& r) { return -kernels::erf_secant(x, r); }
  static std::vector<Sample> samples(Dtype d) { return samples1(Erfc{}, d, -2, 2); }
  static double reference(double x) { return std::erfc(x); }
};

/// Rounding: integers stay what they are; derivative 0; a jump's secant is its height over the distance.
struct Rounding : Unary {
  static constexpr Promotion promotion = Promotion::none;
  static constexpr unsigned saves = 0;
  static constexpr bool jumps = true;
  static Tensor backward(const OpContext&, const Tensor& g) { return zeros_like(g); }
  static Tensor jump(const Tensor& at_x, const Tensor& at_r, const Tensor& x, const Tensor& r) {
    return difference_secant(at_x, at_r, x, r, zeros_like(x));
  }
};
struct Floor : Rounding {
  static constexpr const char* name = "floor";
  static Tensor forward(const Tensor& x) { return is_floating(x.dtype()) ? kernels::floor(x) : x; }
  static Tensor secant(const Tensor& x, const Tensor& r) { return jump(floor(x), floor(r), x, r); }
  static std::vector<Sample> samples(Dtype d) { return samples1(Floor{}, d, -2, 2); }
  static double reference(double x) { return std::floor(x); }
};
struct Ceil : Rounding {
  static constexpr const char* name = "ceil";
  static Tensor forward(const Tensor& x) { return is_floating(x.dtype()) ? kernels::ceil(x) : x; }
  static Tensor secant(const Tensor& x, const Tensor& r) { return jump(ceil(x), ceil(r), x, r); }
  static std::vector<Sample> samples(Dtype d) { return samples1(Ceil{}, d, -2, 2); }
  static double reference(double x) { return std::ceil(x); }
};
struct Trunc : Rounding {
  static constexpr const char* name = "trunc";
  static Tensor forward(const Tensor& x) { return is_floating(x.dtype()) ? kernels::trunc(x) : x; }
  static Tensor secant(const Tensor& x, const Tensor& r) { return jump(trunc(x), trunc(r), x, r); }
  static std::vector<Sample> samples(Dtype d) { return samples1(Trunc{}, d, -2, 2); }
  static double reference(double x) { return std::trunc(x); }
};
struct Round : Rounding {
  static constexpr const char* name = "round";
  std::int64_t decimals = 0;
  Tensor forward(const Tensor& x) const {
    const bool changes = is_floating(x.dtype()) || (x.dtype() != bool_ && decimals < 0);
    return changes ? kernels::round(x, {.a = static_cast<double>(decimals)}) : x;
  }
  Tensor secant(const Tensor& x, const Tensor& r) const { return jump(round(x, decimals), round(r, decimals), x, r); }
  static std::vector<Sample> samples(Dtype d) { return samples1(Round{}, d, -2, 2); }
  static double reference(double x) { return std::nearbyint(x); }
};

/// Infinities bounded to [low, high]; NaN is the caller's.
struct BoundInfinities : Unary {
  static constexpr const char* name = "nan_to_num";
  static constexpr Promotion promotion = Promotion::none;
  double low = 0, high = 0;
  Tensor forward(const Tensor& x) const { return kernels::nan_to_num(x, {low, high}); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return where(isinf(c.input(0)), 0.0, g); }
  static std::vector<Sample> samples(Dtype d) { return samples1(BoundInfinities{{}, -9, 9}, d, -2, 2); }
};

/// x^p for a real p
struct PowScalar : Unary {
  static constexpr const char* name = "pow";
  double exponent = 1;
  Tensor forward(const Tensor& x) const {
    if (exponent == 2) return kernels::square(x);
    if (exponent == 0.5) return kernels::sqrt(x);
    return kernels::pow_scalar(x, {.a = exponent});
  }
  Tensor backward(const OpContext& c, const Tensor& g) const {
    if (exponent == 0) return zeros_like(g);
    if (exponent == 1) return g;
    return g * (exponent * pow(c.input(0), exponent - 1));
  }
  static std::vector<Sample> samples(Dtype d) { return samples1(PowScalar{{}, 3.0}, d, -2, 2); }
  static double reference(double x) { return x * x * x; }
};

/// b^x for a real b; derivative b^x log b, for b = 0 it is 0 from x = 0 on
struct RpowScalar : Unary {
  static constexpr const char* name = "rpow";
  static constexpr unsigned saves = save_output();
  double base = 1;
  Tensor forward(const Tensor& x) const { return kernels::rpow_scalar(x, {.a = base}); }
  Tensor backward(const OpContext& c, const Tensor& g) const {
    if (base != 0) return g * (c.output() * std::log(base));
    const double log_zero = -std::numeric_limits<double>::infinity();
    return where(isinf(c.output()), g * (c.output() * log_zero), 0.0);
  }
  static std::vector<Sample> samples(Dtype d) { return samples1(RpowScalar{{}, 1.7}, d, -2, 2); }
  static double reference(double x) { return std::pow(1.7, x); }
};

/// The derivative of a^b of some order in a and in b, of orders 0 itself; those with a logarithm are 0 where a is 0 and
/// the power of a that is left is not negative. Because the next derivative of all of them is another one, mixed
/// derivatives do not depend on their order, at b = 0, b = 1 and a = 0 either.
struct Pow : Binary {
  static constexpr const char* name = "pow";
  std::int64_t order_a = 0, order_b = 0;
  Tensor forward(const Tensor& a, const Tensor& b) const {
    if (order_a + order_b > 0)
      return kernels::pow_derivative(a, b, {static_cast<double>(order_a), static_cast<double>(order_b)});
    if (!is_floating(a.dtype()) && b.numel() > 0) {
      const NoTrace quiet;
      if (any(b < 0).item<bool>())
        throw ValueError("[pow] integers to negative powers are not integers: convert the base to a real dtype first.");
    }
    return kernels::pow(a.dtype() == Dtype::bool_ ? kernels::cast(a, uint8) : a,
                        b.dtype() == Dtype::bool_ ? kernels::cast(b, uint8) : b);
  }
  std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) const {
    const Tensor &a = c.input(0), &b = c.input(1);
    return gradients(
        c, [&] { return g * apply(Pow{{}, order_a + 1, order_b}, a, b); },
        [&] { return g * apply(Pow{{}, order_a, order_b + 1}, a, b); });
  }
  static std::vector<Sample> samples(Dtype d) { return samples2(Pow{}, d, 0.5, 2, -2, 2); }
  static double reference(double a, double b) { return std::pow(a, b); }
};

/// atan2(y, x); dy = x / (x^2 + y^2), dx = -y / (x^2 + y^2), 0 at the origin
struct Atan2 : Binary {
  static constexpr const char* name = "atan2";
  static constexpr Promotion promotion = Promotion::floating;
  static Tensor forward(const Tensor& y, const Tensor& x) { return kernels::atan2(y, x); }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    const Tensor &y = c.input(0), &x = c.input(1);
    const Tensor scaled = g * inverse_hypot(x, y);  // squares would overflow and vanish
    return gradients(c, [&] { return scaled * hypot_share(x, y); }, [&] { return -scaled * hypot_share(y, x); });
  }
  static std::vector<Sample> samples(Dtype d) { return also(samples2(Atan2{}, d, -2, 2, 0.5, 2), samples2(Atan2{}, d, 0.5, 2, -2, 2)); }
  static double reference(double y, double x) { return std::atan2(y, x); }
};

/// x log y, 0 where x is 0 (unless y is NaN); both derivatives are 0 where x is 0 and y is not positive
struct Xlogy : Binary {
  static constexpr const char* name = "xlogy";
  static constexpr Promotion promotion = Promotion::floating;
  static Tensor forward(const Tensor& x, const Tensor& y) { return kernels::xlogy(x, y); }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    const Tensor &x = c.input(0), &y = c.input(1);
    const Tensor masked = logical_and(x == 0, y <= 0), safe = where(masked, 1.0, y);
    return gradients(
        c, [&] { return where(masked, 0.0, g * log(safe)); }, [&] { return where(masked, 0.0, g * (x / safe)); });
  }
  static std::vector<Sample> samples(Dtype d) { return also(samples2(Xlogy{}, d, 0.5, 2, 0.5, 2), samples2(Xlogy{}, d, -2, -0.5, 0.5, 2)); }
  static double reference(double x, double y) { return x * std::log(y); }
};

/// a - b, 0 for equal infinities (which share half and half). Where a and b are equal it still varies with them.
Tensor difference(const Tensor& a, const Tensor& b) {
  const Tensor equal_infinities = logical_and(a == b, isinf(a));
  return where(equal_infinities, 0.0, a) - where(equal_infinities, 0.0, b);
}

/// log(e^a + e^b); the derivatives are sigmoid(a - b) and sigmoid(b - a)
struct Logaddexp : Binary {
  static constexpr const char* name = "logaddexp";
  static constexpr Promotion promotion = Promotion::floating_only;
  static Tensor forward(const Tensor& a, const Tensor& b) { return kernels::logaddexp(a, b); }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    const Tensor &a = c.input(0), &b = c.input(1);
    const Tensor d = difference(a, b);
    return gradients(c, [&] { return g * sigmoid(d); }, [&] { return g * sigmoid(-d); });
  }
  static std::vector<Sample> samples(Dtype d) { return samples2(Logaddexp{}, d, -2, 0, 0.1, 2); }
  static double reference(double a, double b) { return std::log(std::exp(a) + std::exp(b)); }
};

/// log2(2^a + 2^b)
struct Logaddexp2 : Binary {
  static constexpr const char* name = "logaddexp2";
  static constexpr Promotion promotion = Promotion::floating_only;
  static Tensor forward(const Tensor& a, const Tensor& b) { return kernels::logaddexp2(a, b); }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    const Tensor &a = c.input(0), &b = c.input(1);
    const Tensor d = difference(a, b) * std::numbers::ln2;
    return gradients(c, [&] { return g * sigmoid(d); }, [&] { return g * sigmoid(-d); });
  }
  static std::vector<Sample> samples(Dtype d) { return samples2(Logaddexp2{}, d, -2, 0, 0.1, 2); }
  static double reference(double a, double b) { return std::log2(std::exp2(a) + std::exp2(b)); }
};

}  // namespace

const std::vector<OpInfo>& unary_ops() {
  static const auto rows =
      OpList<Square, Sqrt, RootOfSquares, Rsqrt, Reciprocal, Exp, Exp2, Expm1, Log, Log2, Log10, Log1p, Sin, Cos, Tan,
             Asin, Acos, Atan,
             Sinh, Cosh, Asinh, Acosh, Atanh, Sinc, Erf, Erfc, Floor, Ceil, Trunc, Round, BoundInfinities, PowScalar,
             RpowScalar, Pow, Atan2, Xlogy, Logaddexp, Logaddexp2>::rows("unary");
  return rows;
}

Tensor root_of_squares(const Tensor& x) { return apply(RootOfSquares{}, x); }

}  // namespace autograd

using autograd::apply;

Tensor pow(const Tensor& base, const Tensor& exponent) { return apply(autograd::Pow{}, base, exponent); }
Tensor pow(const Tensor& base, Scalar exponent) {
  if (base.is_floating_point()) return apply(autograd::PowScalar{{}, exponent.to_double()}, base);
  return pow(base, full({}, exponent, {.dtype = result_type(base.dtype(), exponent)}));
}
Tensor pow(Scalar base, const Tensor& exponent) {
  if (exponent.is_floating_point()) return apply(autograd::RpowScalar{{}, base.to_double()}, exponent);
  return pow(full({}, base, {.dtype = result_type(exponent.dtype(), base)}), exponent);
}
Tensor float_power(const Tensor& base, const Tensor& exponent) { return pow(to(base, float64), to(exponent, float64)); }
Tensor square(const Tensor& x) {
  return x.dtype() == bool_ ? mul(to(x, int64), to(x, int64)) : apply(autograd::Square{}, x);
}
Tensor sqrt(const Tensor& x) { return apply(autograd::Sqrt{}, x); }
Tensor rsqrt(const Tensor& x) { return apply(autograd::Rsqrt{}, x); }
Tensor reciprocal(const Tensor& x) { return apply(autograd::Reciprocal{}, x); }
Tensor exp(const Tensor& x) { return apply(autograd::Exp{}, x); }
Tensor exp2(const Tensor& x) { return apply(autograd::Exp2{}, x); }
Tensor expm1(const Tensor& x) { return apply(autograd::Expm1{}, x); }
Tensor log(const Tensor& x) { return apply(autograd::Log{}, x); }
Tensor log2(const Tensor& x) { return apply(autograd::Log2{}, x); }
Tensor log10(const Tensor& x) { return apply(autograd::Log10{}, x); }
Tensor log1p(const Tensor& x) { return apply(autograd::Log1p{}, x); }
Tensor logaddexp(const Tensor& a, const Tensor& b) { return apply(autograd::Logaddexp{}, a, b); }
Tensor logaddexp2(const Tensor& a, const Tensor& b) { return apply(autograd::Logaddexp2{}, a, b); }
Tensor xlogy(const Tensor& x, const Tensor& y) { return apply(autograd::Xlogy{}, x, y); }
Tensor sin(const Tensor& x) { return apply(autograd::Sin{}, x); }
Tensor cos(const Tensor& x) { return apply(autograd::Cos{}, x); }
Tensor tan(const Tensor& x) { return apply(autograd::Tan{}, x); }
Tensor asin(const Tensor& x) { return apply(autograd::Asin{}, x); }
Tensor acos(const Tensor& x) { return apply(autograd::Acos{}, x); }
Tensor atan(const Tensor& x) { return apply(autograd::Atan{}, x); }
Tensor atan2(const Tensor& y, const Tensor& x) { return apply(autograd::Atan2{}, y, x); }
Tensor sinh(const Tensor& x) { return apply(autograd::Sinh{}, x); }
Tensor cosh(const Tensor& x) { return apply(autograd::Cosh{}, x); }
Tensor asinh(const Tensor& x) { return apply(autograd::Asinh{}, x); }
Tensor acosh(const Tensor& x) { return apply(autograd::Acosh{}, x); }
Tensor atanh(const Tensor& x) { return apply(autograd::Atanh{}, x); }
Tensor sinc(const Tensor& x) { return apply(autograd::Sinc{}, x); }
Tensor erf(const Tensor& x) { return apply(autograd::Erf{}, x); }
Tensor erfc(const Tensor& x) { return apply(autograd::Erfc{}, x); }
Tensor floor(const Tensor& x) { return apply(autograd::Floor{}, x); }
Tensor ceil(const Tensor& x) { return apply(autograd::Ceil{}, x); }
Tensor trunc(const Tensor& x) { return apply(autograd::Trunc{}, x); }
Tensor frac(const Tensor& x) { return x - trunc(x); }
Tensor round(const Tensor& x, std::int64_t decimals) { return apply(autograd::Round{{}, decimals}, x); }
Tensor deg2rad(const Tensor& x) { return x * (std::numbers::pi / 180); }
Tensor rad2deg(const Tensor& x) { return x * (180 / std::numbers::pi); }

Tensor nan_to_num(const Tensor& x, double nan, std::optional<double> posinf, std::optional<double> neginf) {
  if (!x.is_floating_point()) return x;
  const double largest = x.dtype() == float32 ? static_cast<double>(std::numeric_limits<float>::max())
                                              : std::numeric_limits<double>::max();
  const Tensor bounded = apply(autograd::BoundInfinities{{}, neginf.value_or(-largest), posinf.value_or(largest)}, x);
  return where(isnan(x), nan, bounded);
}

}  // namespace xg
