// Modified Bessel functions of the first kind. Derivatives stay within the family, so that none divides by x:
//   I_0' = I_1,   I_n' = (I_{n-1} + I_{n+1}) / 2,   (e^-|x| I_n)' = e^-|x| I_n' - sign(x) e^-|x| I_n
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/ops/special.hpp>
#include <xgrad/tensor/kernels/bessel.hpp>

#include <array>
#include <cmath>
#include <concepts>
#include <cstdint>

namespace xg {
namespace autograd {
namespace {

/// I_n, or e^-|x| I_n.
Tensor bessel_i(std::int64_t n, bool scaled, const Tensor& x);

/// g times the derivative of I_n, or of e^-|x| I_n.
Tensor bessel_pull(std::int64_t n, bool scaled, const OpContext& c, const Tensor& g) {
  const Tensor& x = c.input(0);
  const Tensor above = bessel_i(n + 1, scaled, x);
  const Tensor slope = n == 0 ? above : (bessel_i(n - 1, scaled, x) + above) * 0.5;
  return g * (scaled ? slope - sign(x) * bessel_i(n, true, x) : slope);
}

template <class Op, std::int64_t n, bool scaled> struct Bessel01 : Elementwise1<Op> {
  template <class V> static V call(V x) { return kernels::bessel_i01_of<n, scaled>(x); }
  static Tensor backward(const OpContext& c, const Tensor& g) { return bessel_pull(n, scaled, c, g); }
  static constexpr std::array domain{Domain{-3, 3}, Domain{6, 30}};
  static double reference(double x) {
    const double value = std::cyl_bessel_i(n, std::abs(x)) * (scaled ? std::exp(-std::abs(x)) : 1);
    return n == 1 && x < 0 ? -value : value;
  }
};
struct I0 : Bessel01<I0, 0, false> {
  static constexpr const char* name = "i0";
};
struct I0e : Bessel01<I0e, 0, true> {
  static constexpr const char* name = "i0e";
};
struct I1 : Bessel01<I1, 1, false> {
  static constexpr const char* name = "i1";
};
struct I1e : Bessel01<I1e, 1, true> {
  static constexpr const char* name = "i1e";
};

/// I_n for n > 1, or e^-|x| I_n
struct BesselI : Elementwise1<BesselI> {
  static constexpr const char* name = "bessel_i";
  std::int64_t n = 2;
  bool scaled = false;
  template <std::floating_point T> T call(T x) const { return kernels::bessel_i_of(n, scaled, x); }
  Tensor backward(const OpContext& c, const Tensor& g) const { return bessel_pull(n, scaled, c, g); }
  static constexpr std::array domain{Domain{-3, 3}, Domain{20, 30}};
  static double reference(double x) { return std::cyl_bessel_i(2, std::abs(x)); }
};

Tensor bessel_i(std::int64_t n, bool scaled, const Tensor& x) {
  if (n == 0) return scaled ? special::i0e(x) : i0(x);
  if (n == 1) return scaled ? special::i1e(x) : special::i1(x);
  return apply(BesselI{{}, n, scaled}, x);
}

}  // namespace
}  // namespace autograd

Tensor i0(const Tensor& x) { return apply(autograd::I0{}, x); }

namespace special {

Tensor i0e(const Tensor& x) { return apply(autograd::I0e{}, x); }
Tensor i1(const Tensor& x) { return apply(autograd::I1{}, x); }
Tensor i1e(const Tensor& x) { return apply(autograd::I1e{}, x); }

}  // namespace special

}  // namespace xg
