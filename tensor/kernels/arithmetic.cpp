#include <xgrad/tensor/kernels/arithmetic.hpp>
#include <xgrad/tensor/kernels/math.hpp>

namespace xg::kernels {
namespace {

struct Add {
  static constexpr const char* name = "add";
  static constexpr unsigned dtypes = every_dtype;
  template <class V> static V call(V a, V b) { return sum_of(a, b); }
};
struct Sub {
  static constexpr const char* name = "sub";
  static constexpr unsigned dtypes = numbers;
  template <class V> static V call(V a, V b) { return difference_of(a, b); }
};
struct Mul {
  static constexpr const char* name = "mul";
  static constexpr unsigned dtypes = every_dtype;
  template <class V> static V call(V a, V b) { return product_of(a, b); }
};
struct Maximum {
  static constexpr const char* name = "maximum";
  template <class V> static V call(V a, V b) { return maximum_of(a, b); }
};
struct Lt {
  static constexpr const char* name = "lt";
  static constexpr unsigned dtypes = numbers;
  static constexpr bool to_bool = true;
  template <class T> static bool call(T a, T b) { return a < b; }
};
struct Scale {
  static constexpr const char* name = "mul";
  double factor;
  template <class V> V call(V x) const { return x * constant(x, factor); }
};
struct Shift {
  static constexpr const char* name = "add";
  double summand;
  template <class V> V call(V x) const { return x + constant(x, summand); }
};
struct Clamp {
  static constexpr const char* name = "clamp";
  double low, high;
  template <class V> V call(V x) const { return bounded(x, low, high); }
};
struct Abs {
  static constexpr const char* name = "abs";
  template <class V> static V call(V x) { return abs_of(x); }
};
struct Square {
  static constexpr const char* name = "square";
  template <class V> static V call(V x) { return x * x; }
};
struct Sqrt {
  static constexpr const char* name = "sqrt";
  template <class V> static V call(V x) { return sqrt_of(x); }
};
struct Exp {
  static constexpr const char* name = "exp";
  template <class V> static V call(V x) { return exp_of(x); }
  template <class V> static auto plain(V x) { return plain_lanes(abs_of(x)); }
  template <class V> static V plain_call(V x) { return exp_of<Care::none>(x); }
};

}  // namespace

Tensor sub(const Tensor& a, const Tensor& b) { return map(Sub{}, a, b); }
Tensor mul(const Tensor& a, const Tensor& b) { return map(Mul{}, a, b); }
Tensor maximum(const Tensor& a, const Tensor& b) { return map(Maximum{}, a, b); }
Tensor lt(const Tensor& a, const Tensor& b) { return map(Lt{}, a, b); }
Tensor scale(const Tensor& x, double factor) { return map(Scale{factor}, x); }
Tensor clamp(const Tensor& x, double low, double high) { return map(Clamp{low, high}, x); }
Tensor abs(const Tensor& x) { return map(Abs{}, x); }
Tensor square(const Tensor& x) { return map(Square{}, x); }
Tensor sqrt(const Tensor& x) { return map(Sqrt{}, x); }
Tensor exp(const Tensor& x) { return map(Exp{}, x); }

void add_into(Tensor& out, const Tensor& a, const Tensor& b) { map_into(Add{}, out, a, b); }
void mul_into(Tensor& out, const Tensor& a, const Tensor& b) { map_into(Mul{}, out, a, b); }
void scale_into(Tensor& out, const Tensor& x, double factor) { map_into(Scale{factor}, out, x); }
void shift_into(Tensor& out, const Tensor& x, double summand) { map_into(Shift{summand}, out, x); }
void sqrt_into(Tensor& out, const Tensor& x) { map_into(Sqrt{}, out, x); }
void exp_into(Tensor& out, const Tensor& x) { map_into(Exp{}, out, x); }

}  // namespace xg::kernels
