// The gamma function's relatives.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/ops/special.hpp>
#include <xgrad/tensor/kernels/gamma_functions.hpp>
#include <xgrad/tensor/kernels/incomplete_gamma.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <array>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

namespace xg {
namespace autograd {
namespace {

/// log |Gamma(x)|
struct Lgamma : Elementwise1<Lgamma> {
  static constexpr const char* name = "lgamma";
  template <std::floating_point T> static T call(T x) { return kernels::lgamma_of(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return g * digamma(c.input(0)); }
  static constexpr std::array domain{Domain{0.3, 5}, Domain{-2.8, -2.2}};
  static double reference(double x) { return std::lgamma(x); }
};

/// The derivative of lgamma
struct Digamma : Elementwise1<Digamma> {
  static constexpr const char* name = "digamma";
  template <std::floating_point T> static T call(T x) { return kernels::digamma_of(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return g * polygamma(1, c.input(0)); }
  static constexpr std::array domain{Domain{0.3, 5}, Domain{-2.8, -2.2}};
};

/// The derivative of digamma
struct Trigamma : Elementwise1<Trigamma> {
  static constexpr const char* name = "trigamma";
  template <class V> static V call(V x) { return kernels::trigamma_of(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return g * polygamma(2, c.input(0)); }
  static constexpr std::array domain{Domain{0.3, 5}, Domain{-2.8, -2.2}};
};

/// The derivative of digamma of order n > 1
struct Polygamma : Elementwise1<Polygamma> {
  static constexpr const char* name = "polygamma";
  std::int64_t n = 2;
  template <std::floating_point T> T call(T x) const { return kernels::polygamma_of(n, x); }
  Tensor backward(const OpContext& c, const Tensor& g) const {
    const bool largest = n == std::numeric_limits<std::int64_t>::max();  // float64 does not tell such orders apart
    return g * apply(Polygamma{{}, largest ? n : n + 1}, c.input(0));
  }
  static constexpr std::array domain{Domain{0.5, 5}, Domain{-2.8, -2.2}};
};

/// Samples of an op of (a, x) that has no derivative in a.
template <class Op> std::vector<Sample> samples_of_second(Dtype dtype, double low, double high) {
  std::vector<Sample> samples;
  for (const Shape& shape : {Shape{4, 3}, Shape{}, Shape{0, 3}})
    samples.push_back({"of " + shape.str(), {sample_values(shape, low, high, dtype, 2)}, [shape](const Inputs& in) {
                         return apply(Op{}, sample_values(shape, 1.2, 4, in[0].dtype(), 1), in[0]);
                       }});
  return samples;
}

void refuse_derivative(const OpContext& c, const char* op, const char* argument) {
  if (c.needs(0))
    raise<AutogradError>("[{}] the derivative in {} is not implemented: detach {}, or do not require its gradient.", op,
                         argument, argument);
}

/// x^(a - 1) e^-x / Gamma(a), the derivative of the incomplete gamma functions in x
struct GammaDensity : Elementwise2<GammaDensity, save_input(0) | save_input(1) | save_output()> {
  static constexpr const char* name = "gamma_density";
  static constexpr Promotion promotion = Promotion::floating;
  template <std::floating_point T> static T call(T a, T x) { return kernels::gamma_density_of(a, x); }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    refuse_derivative(c, "gammainc", "a");
    return gradients(c, [] { return Tensor(); }, [&] { return g * c.output() * ((c.input(0) - 1) / c.input(1) - 1); });
  }
  static std::vector<Sample> samples(Dtype dtype) { return samples_of_second<GammaDensity>(dtype, 0.3, 6); }
};

/// The regularized incomplete gamma functions
template <class Op> struct IncompleteGamma : Elementwise2<Op> {
  static constexpr Promotion promotion = Promotion::floating;
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    refuse_derivative(c, Op::name, "a");
    return gradients(
        c, [] { return Tensor(); }, [&] { return g * (Op::sign * apply(GammaDensity{}, c.input(0), c.input(1))); });
  }
  static std::vector<Sample> samples(Dtype dtype) { return samples_of_second<Op>(dtype, 0.3, 6); }
};
struct Gammainc : IncompleteGamma<Gammainc> {
  static constexpr const char* name = "gammainc";
  static constexpr double sign = 1;
  template <std::floating_point T> static T call(T a, T x) { return kernels::gammainc_of(a, x); }
};
struct Gammaincc : IncompleteGamma<Gammaincc> {
  static constexpr const char* name = "gammaincc";
  static constexpr double sign = -1;
  template <std::floating_point T> static T call(T a, T x) { return kernels::gammaincc_of(a, x); }
};

/// Hurwitz's zeta function
struct Zeta : Elementwise2<Zeta> {
  static constexpr const char* name = "zeta";
  static constexpr Promotion promotion = Promotion::floating;
  template <std::floating_point T> static T call(T x, T q) { return kernels::zeta_of(x, q); }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    refuse_derivative(c, name, "x");
    const Tensor &x = c.input(0), &q = c.input(1);
    return gradients(c, [] { return Tensor(); }, [&] { return g * (-x * special::zeta(x + 1, q)); });
  }
  static std::vector<Sample> samples(Dtype dtype) { return samples_of_second<Zeta>(dtype, 0.5, 4); }
};

}  // namespace
}  // namespace autograd

Tensor lgamma(const Tensor& x) { return apply(autograd::Lgamma{}, x); }
Tensor digamma(const Tensor& x) { return apply(autograd::Digamma{}, x); }

Tensor polygamma(std::int64_t n, const Tensor& x) {
  if (n < 0) raise<ValueError>("[polygamma] n is {}, it must not be negative: it is an order of derivatives.", n);
  if (n == 0) return digamma(x);
  return n == 1 ? apply(autograd::Trigamma{}, x) : apply(autograd::Polygamma{{}, n}, x);
}

Tensor mvlgamma(const Tensor& x, std::int64_t p) {
  if (p < 1) raise<ValueError>("[mvlgamma] p is {}, it must be positive: it is the size of matrices.", p);
  const Dtype dtype = x.is_floating_point() ? x.dtype() : default_dtype();
  const Tensor halves = arange(p, {.dtype = dtype}) * 0.5;
  const double size = static_cast<double>(p);
  return sum(lgamma(unsqueeze(x, -1) - halves), -1) + size * (size - 1) / 4 * std::log(std::numbers::pi);
}

namespace special {

Tensor gammainc(const Tensor& a, const Tensor& x) { return apply(autograd::Gammainc{}, a, x); }
Tensor gammaincc(const Tensor& a, const Tensor& x) { return apply(autograd::Gammaincc{}, a, x); }
Tensor zeta(const Tensor& x, const Tensor& q) { return apply(autograd::Zeta{}, x, q); }
Tensor betaln(const Tensor& a, const Tensor& b) { return lgamma(a) + lgamma(b) - lgamma(a + b); }
Tensor beta(const Tensor& a, const Tensor& b) { return exp(betaln(a, b)); }

}  // namespace special

}  // namespace xg
