// Bitwise ops.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>

#include <type_traits>
#include <vector>

namespace xg {
namespace autograd {

namespace {

/// The base of bitwise ops on integers and bools, which have no derivative.
template <class Op> struct Bitwise : Elementwise2<Op, 0> {
  static constexpr unsigned dtypes = kernels::bools | kernels::integers;
  static constexpr bool jumps = true;
  static std::vector<Sample> samples(Dtype) { return samples2<Op>(int64); }
  static constexpr Domain domain{0, 9, 0, 9};
};

struct BitwiseAnd : Bitwise<BitwiseAnd> {
  static constexpr const char* name = "bitwise_and";
  template <class T> static T call(T a, T b) { return static_cast<T>(a & b); }
};

struct BitwiseOr : Bitwise<BitwiseOr> {
  static constexpr const char* name = "bitwise_or";
  template <class T> static T call(T a, T b) { return static_cast<T>(a | b); }
};

struct BitwiseXor : Bitwise<BitwiseXor> {
  static constexpr const char* name = "bitwise_xor";
  template <class T> static T call(T a, T b) { return static_cast<T>(a ^ b); }
};

struct BitwiseNot {
  static constexpr const char* name = "bitwise_not";
  static constexpr int inputs = 1;
  static constexpr Rule rule = Rule::secant;
  static constexpr unsigned dtypes = kernels::bools | kernels::integers;
  static constexpr bool jumps = true;
  template <class T> static T call(T x) {
    if constexpr (std::is_same_v<T, bool>)
      return !x;
    else
      return static_cast<T>(~x);
  }
  static Tensor forward(const Tensor& x) { return kernels::map(BitwiseNot{}, x); }
  static std::vector<Sample> samples(Dtype) { return samples1<BitwiseNot>(int64); }
  static constexpr Domain domain{0, 9};
};

}  // namespace

}  // namespace autograd

Tensor bitwise_and(const Tensor& a, const Tensor& b) { return apply(autograd::BitwiseAnd{}, a, b); }
Tensor bitwise_or(const Tensor& a, const Tensor& b) { return apply(autograd::BitwiseOr{}, a, b); }
Tensor bitwise_xor(const Tensor& a, const Tensor& b) { return apply(autograd::BitwiseXor{}, a, b); }
Tensor bitwise_not(const Tensor& x) { return apply(autograd::BitwiseNot{}, x); }

}  // namespace xg
