// Rounded quotients, and remainders.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/in_place_arithmetic.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/numbers.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <array>
#include <cmath>
#include <type_traits>
#include <vector>

namespace xg {
namespace autograd {

namespace {

/// Integer division by zero is rejected before the loop. The smallest integer divided by -1 wraps around, as its
/// negation does.
template <class T> T truncated_quotient(T a, T b) {
  if constexpr (std::is_signed_v<T> && std::is_integral_v<T>) {
    if (b == T(-1)) return kernels::negative_of(a);
  }
  return static_cast<T>(a / b);
}

/// Throws ValueError for integer division by zero, which would trap.
void check_divisor(const char* op, const Tensor& b) {
  if (!is_floating(b.dtype()) && b.numel() > 0) {
    const Unobserved unobserved;
    if (any(b == 0).item<bool>())
      raise<ValueError>("[{}] integer division by zero: convert to a floating-point dtype first.", op);
  }
}

/// The base of rounded quotients and remainders. The samples have all signs of both arguments, away from the jumps of
/// the quotient; the last one mixes them, so that a row and its reverse differ in sign.
template <class Op> struct Quotient : Elementwise2<Op> {
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
                   [](const Inputs& in) { return apply(Op{}, in[0], in[1]); }});
    return all;
  }
  static constexpr std::array domain{Domain{3.1, 3.9, 0.55, 0.59}, Domain{-3.9, -3.1, 0.55, 0.59},
                                     Domain{3.1, 3.9, -0.59, -0.55}, Domain{-3.9, -3.1, -0.59, -0.55}};
};

/// floor(a / b); derivative 0
struct FloorDivide : Quotient<FloorDivide> {
  static constexpr const char* name = "floor_divide";
  static constexpr unsigned saves = 0;
  template <Arithmetic T> static T call(T a, T b) {
    if constexpr (std::is_floating_point_v<T>) {
      // Computed from the remainder, as in CPython, so that floor_divide and remainder agree.
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
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) { return no_slopes(c, g); }
  static double reference(double a, double b) { return std::floor(a / b); }
};

/// trunc(a / b); derivative 0
struct TruncDivide : Quotient<TruncDivide> {
  static constexpr const char* name = "trunc_divide";
  static constexpr unsigned saves = 0;
  template <Arithmetic T> static T call(T a, T b) {
    if constexpr (std::is_floating_point_v<T>)
      return std::trunc(a / b);
    else
      return truncated_quotient(a, b);
  }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) { return no_slopes(c, g); }
  static double reference(double a, double b) { return std::trunc(a / b); }
};

/// a - floor(a / b) b; da = 1, db = -floor(a / b)
struct Remainder : Quotient<Remainder> {
  static constexpr const char* name = "remainder";
  template <Arithmetic T> static T call(T a, T b) {
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
  template <Arithmetic T> static T call(T a, T b) {
    if constexpr (std::is_floating_point_v<T>)
      return std::fmod(a, b);
    else if constexpr (std::is_signed_v<T>)
      return b == T(-1) ? T(0) : static_cast<T>(a % b);
    else
      return static_cast<T>(a % b);
  }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    return gradients(c, [&] { return g; }, [&] { return -g * trunc_divide(c.input(0), c.input(1)); });
  }
  static double reference(double a, double b) { return std::fmod(a, b); }
};

}  // namespace

}  // namespace autograd

Tensor floor_divide(const Tensor& a, const Tensor& b) { return apply(autograd::FloorDivide{}, a, b); }
Tensor trunc_divide(const Tensor& a, const Tensor& b) { return apply(autograd::TruncDivide{}, a, b); }
Tensor remainder(const Tensor& a, const Tensor& b) { return apply(autograd::Remainder{}, a, b); }
Tensor fmod(const Tensor& a, const Tensor& b) { return apply(autograd::Fmod{}, a, b); }

Tensor& Tensor::remainder_(const Tensor& other) {
  return autograd::in_place(*this, "remainder_", other, xg::remainder, autograd::Remainder{});
}
Tensor& Tensor::remainder_(Scalar other) { return remainder_(detail::number_beside("remainder_", other, *this)); }

}  // namespace xg
