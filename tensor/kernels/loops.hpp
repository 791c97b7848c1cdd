// Makes the loops of a kernel from the arithmetic of an op: on xsimd batches where the op takes them (also for ends of
// rows, so that an element's bits do not depend on its position), scalar loops otherwise.
//
// Arithmetic is a member template of the op, `template <class V> V call(V x) const`, where V is a number or a batch of
// them; an op that takes no batches has a constraint, `template <std::floating_point T> T call(T x) const`.
#pragma once

#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/partial.hpp>

#include <xsimd/xsimd.hpp>

#include <tuple>
#include <type_traits>

namespace xg::kernels {

template <class T> using Batch = xsimd::batch<T>;

// Functions of batches and of single numbers; autograd/detail/elementwise.hpp adds overloads for tensors.

/// The constant `value` as a V.
template <class V> V constant(const V&, double value) {
  if constexpr (std::is_arithmetic_v<V>)
    return static_cast<V>(value);
  else
    return V(static_cast<typename V::value_type>(value));
}
template <Arithmetic T> T pick(bool condition, T a, T b) { return condition ? a : b; }
template <class Mask, class T> Batch<T> pick(const Mask& mask, const Batch<T>& a, const Batch<T>& b) {
  return xsimd::select(mask, a, b);
}

/// The element type of V: V itself, or T of a Batch<T>.
template <class V> struct ElementType {
  using type = V;
};
template <class T> struct ElementType<Batch<T>> {
  using type = T;
};
template <class V> using ElementOf = typename ElementType<V>::type;

// Integer arithmetic wraps: it is computed in unsigned types.
template <class V, class F> V wrapped(V a, V b, F f) {
  if constexpr (std::is_integral_v<V>) {
    using U = std::make_unsigned_t<V>;
    return static_cast<V>(f(static_cast<U>(a), static_cast<U>(b)));
  } else {
    return static_cast<V>(f(a, b));
  }
}
template <class V> V sum_of(V a, V b) {
  if constexpr (std::is_same_v<V, bool>)
    return a || b;
  else
    return wrapped(a, b, [](auto x, auto y) { return x + y; });
}
template <class V> V difference_of(V a, V b) {
  return wrapped(a, b, [](auto x, auto y) { return x - y; });
}
template <class V> V product_of(V a, V b) {
  if constexpr (std::is_same_v<V, bool>)
    return a && b;
  else
    return wrapped(a, b, [](auto x, auto y) { return x * y; });
}
template <class V> V negative_of(V x) {
  if constexpr (std::is_integral_v<V>)
    return difference_of(V(0), x);
  else
    return -x;
}

/// Whether x is NaN. (In some versions of xsimd, x != x is an ordered comparison for batches: false for NaN.)
template <Arithmetic T> bool is_nan(T x) { return x != x; }
template <class T> auto is_nan(const Batch<T>& x) { return xsimd::isnan(x); }

/// `ordered`, unless a is NaN, then if_a, or b is NaN, then if_b.
template <class V> V beside_nan(V a, V b, V if_a, V if_b, V ordered) {
  if constexpr (std::is_integral_v<V>)
    return ordered;
  else
    return pick(is_nan(a), if_a, pick(is_nan(b), if_b, ordered));
}
// Maximum and minimum: maximum_of and minimum_of give NaN where either is NaN, fmax_of and fmin_of the other number.
template <class V> V maximum_of(V a, V b) { return beside_nan(a, b, a, b, pick(a > b, a, b)); }
template <class V> V minimum_of(V a, V b) { return beside_nan(a, b, a, b, pick(a < b, a, b)); }
template <class V> V fmax_of(V a, V b) { return beside_nan(a, b, b, a, pick(a > b, a, b)); }
template <class V> V fmin_of(V a, V b) { return beside_nan(a, b, b, a, pick(a < b, a, b)); }

// A row that is not a whole number of batches ends in one more batch, which overlaps the one before. It is computed
// before the first store, so that `out` may be an operand, and stored last. Rows shorter than a batch are padded.

// ---- readings: the member of an op's arithmetic that a loop computes

/// The function itself.
struct Call {
  template <class Op, class... V> static constexpr bool takes =
      requires(const Op& op, const V&... v) { op.call(v...); };
  template <class Op, class... V> [[gnu::always_inline]] static auto of(const Op& op, const V&... v) {
    return op.call(v...);
  }
};

/// The gradient g of the result, pulled back to the argument: g times the slope. `at` is the argument or the result, as
/// the op saves it.
struct Pull {
  template <class Op, class... V> static constexpr bool takes = requires(const Op& op, const V&... v) {
    op.pull(v...);
  } || requires(const Op& op, const std::tuple<V...>& v) { op.slope(std::get<0>(v)); };
  template <class Op, class V> [[gnu::always_inline]] static V of(const Op& op, const V& g, const V& at) {
    if constexpr (requires { op.pull(g, at); })
      return op.pull(g, at);
    else
      return g * op.slope(at);
  }
};

/// (f(x) - f(r)) / (x - r) without cancellation.
struct Secant {
  template <class Op, class... V> static constexpr bool takes =
      requires(const Op& op, const V&... v) { op.secant(v...); };
  template <class Op, class V> [[gnu::always_inline]] static V of(const Op& op, const V& x, const V& r) {
    return op.secant(x, r);
  }
};

// ---- loops

/// The loop on batches. It uses op.plain_call(x), if there is one, where op.plain(x) holds for all lanes.
template <class Reading, class Op, class T>
void vector_unary(const void* x_, void* out_, std::int64_t n, const void* op_) {
  const T* x = static_cast<const T*>(x_);
  T* out = static_cast<T*>(out_);
  const Op op = *static_cast<const Op*>(op_);  // a copy: a store of `out` cannot change it
  using V = Batch<T>;
  constexpr auto width = static_cast<std::int64_t>(V::size);
  if (n < width) {
    const Partial<T> part(n);
    return part.store(out, Reading::of(op, part.load(x)));
  }
  const std::int64_t whole = n / width * width;
  V last;
  if (whole < n) last = Reading::of(op, V::load_unaligned(x + n - width));
  std::int64_t i = 0;
  if constexpr (requires(V v) { op.plain(v); }) {
    // Eight batches are tested together: usually all are plain, and that loop has no branches.
    for (; i + 8 * width <= whole; i += 8 * width) {
      auto plain = op.plain(V::load_unaligned(x + i));
      for (std::int64_t k = width; k < 8 * width; k += width) plain = plain & op.plain(V::load_unaligned(x + i + k));
      if (!xsimd::all(plain)) {
        for (std::int64_t k = i; k < i + 8 * width; k += width)
          Reading::of(op, V::load_unaligned(x + k)).store_unaligned(out + k);
        continue;
      }
      for (std::int64_t k = i; k < i + 8 * width; k += width)
        op.plain_call(V::load_unaligned(x + k)).store_unaligned(out + k);
    }
  }
  for (; i < whole; i += width) Reading::of(op, V::load_unaligned(x + i)).store_unaligned(out + i);
  if (whole < n) last.store_unaligned(out + n - width);
}

template <class Reading, class Op, class T, class Out>
void scalar_unary(const void* x_, void* out_, std::int64_t n, const void* op_) {
  const T* x = static_cast<const T*>(x_);
  Out* out = static_cast<Out*>(out_);
  const Op op = *static_cast<const Op*>(op_);  // a copy: a store of `out` cannot change it
  for (std::int64_t i = 0; i < n; ++i) out[i] = static_cast<Out>(Reading::of(op, x[i]));
}

template <class Reading, class Op, class T, bool ScalarA, bool ScalarB>
void vector_binary(const void* a_, const void* b_, void* out_, std::int64_t n, const void* op_) {
  const T* a = static_cast<const T*>(a_);
  const T* b = static_cast<const T*>(b_);
  T* out = static_cast<T*>(out_);
  const Op op = *static_cast<const Op*>(op_);  // a copy: a store of `out` cannot change it
  using V = Batch<T>;
  constexpr auto width = static_cast<std::int64_t>(V::size);
  const V fixed_a(ScalarA ? *a : T(0)), fixed_b(ScalarB ? *b : T(0));
  if (n < width) {
    const Partial<T> part(n);
    return part.store(out, Reading::of(op, ScalarA ? fixed_a : part.load(a), ScalarB ? fixed_b : part.load(b)));
  }
  const auto at = [&](std::int64_t i) {
    return Reading::of(op, ScalarA ? fixed_a : V::load_unaligned(a + i), ScalarB ? fixed_b : V::load_unaligned(b + i));
  };
  const std::int64_t whole = n / width * width;
  V last;
  if (whole < n) last = at(n - width);
  for (std::int64_t i = 0; i < whole; i += width) at(i).store_unaligned(out + i);
  if (whole < n) last.store_unaligned(out + n - width);
}

template <class Reading, class Op, class T, class Out, bool ScalarA, bool ScalarB>
void scalar_binary(const void* a_, const void* b_, void* out_, std::int64_t n, const void* op_) {
  const T* a = static_cast<const T*>(a_);
  const T* b = static_cast<const T*>(b_);
  Out* out = static_cast<Out*>(out_);
  const Op op = *static_cast<const Op*>(op_);  // a copy: a store of `out` cannot change it
  const T fixed_a = *a, fixed_b = *b;          // read before `out` is written, which may be an operand
  for (std::int64_t i = 0; i < n; ++i)
    out[i] = static_cast<Out>(Reading::of(op, ScalarA ? fixed_a : a[i], ScalarB ? fixed_b : b[i]));
}

// ---- kernels

/// A set of the dtypes that an elementwise op has loops for. An op without `dtypes` has loops for the floating-point
/// ones.
enum Dtypes : unsigned {
  bools = 1,
  integers = 2,
  floating = 4,
  numbers = integers | floating,
  every_dtype = bools | numbers
};

namespace detail {

template <class Op> constexpr unsigned dtypes_of() {
  if constexpr (requires { Op::dtypes; })
    return Op::dtypes;
  else
    return floating;
}
/// Calls set.operator()<T>(number of the dtype) for the types of `dtypes`.
template <unsigned dtypes, class F> constexpr void for_each_type(F&& set) {
  if constexpr ((dtypes & bools) != 0) set.template operator()<bool>(0);
  if constexpr ((dtypes & integers) != 0) {
    set.template operator()<std::uint8_t>(1);
    set.template operator()<std::int32_t>(2);
    set.template operator()<std::int64_t>(3);
  }
  if constexpr ((dtypes & floating) != 0) {
    set.template operator()<float>(4);
    set.template operator()<double>(5);
  }
}
template <class Op> constexpr bool to_bool() {
  if constexpr (requires { Op::to_bool; })
    return Op::to_bool;
  else
    return false;
}

template <class Reading, class Op, class T> constexpr UnaryLoop unary_loop() {
  if constexpr (std::is_floating_point_v<T> && !to_bool<Op>() && Reading::template takes<Op, Batch<float>>)
    return vector_unary<Reading, Op, T>;
  else
    return scalar_unary<Reading, Op, T, std::conditional_t<to_bool<Op>(), bool, T>>;
}

template <class Reading, class Op, class T> constexpr BinaryLoops binary_loops() {
  if constexpr (std::is_floating_point_v<T> && !to_bool<Op>() &&
                Reading::template takes<Op, Batch<float>, Batch<float>>) {
    return {vector_binary<Reading, Op, T, false, false>, vector_binary<Reading, Op, T, false, true>,
            vector_binary<Reading, Op, T, true, false>};
  } else {
    using Out = std::conditional_t<to_bool<Op>(), bool, T>;
    return {scalar_binary<Reading, Op, T, Out, false, false>, scalar_binary<Reading, Op, T, Out, false, true>,
            scalar_binary<Reading, Op, T, Out, true, false>};
  }
}

template <class Reading, class Op> constexpr UnaryKernel make_unary() {
  UnaryKernel kernel{Op::name, {}, to_bool<Op>()};
  for_each_type<dtypes_of<Op>()>([&]<class T>(std::size_t i) { kernel.loops[i] = unary_loop<Reading, Op, T>(); });
  return kernel;
}

/// Derivatives and secants have loops only for floating-point dtypes.
template <class Reading, class Op> constexpr BinaryKernel make_binary() {
  constexpr bool itself = std::is_same_v<Reading, Call>;
  constexpr unsigned dtypes = itself ? dtypes_of<Op>() : dtypes_of<Op>() & floating;
  BinaryKernel kernel{Op::name, {}, itself && to_bool<Op>()};
  for_each_type<dtypes>([&]<class T>(std::size_t i) { kernel.loops[i] = binary_loops<Reading, Op, T>(); });
  return kernel;
}

}  // namespace detail

/// The kernel of an op struct, or of any struct with `name` and `call`.
template <class Op> inline constexpr UnaryKernel unary = detail::make_unary<Call, Op>();
template <class Op, class Reading = Call> inline constexpr BinaryKernel binary = detail::make_binary<Reading, Op>();

/// The attributes that loops read. Those of an op without any are static, so that callers need not have it in memory.
template <class Op> const void* attributes_of(const Op& op) {
  static constexpr std::conditional_t<std::is_empty_v<Op>, Op, char> none{};
  return std::is_empty_v<Op> ? static_cast<const void*>(&none) : &op;
}

/// op.call of each element, or of each pair of elements with broadcasting.
template <class Op> Tensor map(const Op& op, const Tensor& x) { return unary<Op>(x, attributes_of(op)); }
template <class Op> Tensor map(const Op& op, const Tensor& a, const Tensor& b) {
  return binary<Op>(a, b, attributes_of(op));
}
/// As map(), into `out`, which has the shape of the result, any strides, and may be an operand.
template <class Op> void map_into(const Op& op, Tensor& out, const Tensor& x) { unary<Op>.into(out, x, &op); }
template <class Op> void map_into(const Op& op, Tensor& out, const Tensor& a, const Tensor& b) {
  binary<Op>.into(out, a, b, &op);
}

}  // namespace xg::kernels
