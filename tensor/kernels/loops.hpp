// How a functor becomes the loops of a kernel: whole xsimd batches for reals (ends of rows too, so that an element's
// bits do not depend on where it stands), plain loops for the rest.
#pragma once

#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/partial.hpp>

#include <xsimd/xsimd.hpp>

#include <cmath>
#include <type_traits>

namespace xg::kernels {

template <class T>
using Batch = xsimd::batch<T>;

// One spelling for batches and for single numbers.
template <class T>
requires std::is_arithmetic_v<T> T pick(bool condition, T a, T b) {
  return condition ? a : b;
}
template <class Mask, class T>
Batch<T> pick(const Mask& mask, const Batch<T>& a, const Batch<T>& b) {
  return xsimd::select(mask, a, b);
}

/// Is it NaN? (x != x is an ordered comparison for batches in some versions of xsimd: false for NaN.)
template <class T>
requires std::is_arithmetic_v<T>
bool is_nan(T x) {
  return x != x;
}
template <class T>
auto is_nan(const Batch<T>& x) {
  return xsimd::isnan(x);
}

// The end of a row that is not a whole number of batches is one more batch that reaches back to where it fits: computed
// before the first store, so that `out` may be an operand, and stored last. Rows shorter than a batch are padded.

/// F::call(V x, const Params&) on batches; F::plain_call(x), if there is one, where F::plain(x) holds for all lanes.
template <class F, class T>
void vector_unary(const void* x_, void* out_, std::int64_t n, const Params& p) {
  const T* x = static_cast<const T*>(x_);
  T* out = static_cast<T*>(out_);
  using V = Batch<T>;
  constexpr auto width = static_cast<std::int64_t>(V::size);
  if (n < width) {
    const Partial<T> part(n);
    return part.store(out, F::call(part.load(x), p));
  }
  const std::int64_t whole = n / width * width;
  V last;
  if (whole < n) last = F::call(V::load_unaligned(x + n - width), p);
  std::int64_t i = 0;
  if constexpr (requires(V v) { F::plain(v); }) {
    // Eight batches are looked at together: none of them needs care, as a rule, and that loop has no branches.
    for (; i + 8 * width <= whole; i += 8 * width) {
      auto plain = F::plain(V::load_unaligned(x + i));
      for (std::int64_t k = width; k < 8 * width; k += width) plain = plain & F::plain(V::load_unaligned(x + i + k));
      if (!xsimd::all(plain)) {
        for (std::int64_t k = i; k < i + 8 * width; k += width)
          F::call(V::load_unaligned(x + k), p).store_unaligned(out + k);
        continue;
      }
      for (std::int64_t k = i; k < i + 8 * width; k += width)
        F::plain_call(V::load_unaligned(x + k)).store_unaligned(out + k);
    }
  }
  for (; i < whole; i += width) F::call(V::load_unaligned(x + i), p).store_unaligned(out + i);
  if (whole < n) last.store_unaligned(out + n - width);
}

/// F::call(T x, const Params&) on single numbers.
template <class F, class T, class Out = T>
void scalar_unary(const void* x_, void* out_, std::int64_t n, const Params& p) {
  const T* x = static_cast<const T*>(x_);
  Out* out = static_cast<Out*>(out_);
  for (std::int64_t i = 0; i < n; ++i) out[i] = static_cast<Out>(F::call(x[i], p));
}

template <class F, class T, bool ScalarA, bool ScalarB>
void vector_binary(const void* a_, const void* b_, void* out_, std::int64_t n, const Params& p) {
  const T* a = static_cast<const T*>(a_);
  const T* b = static_cast<const T*>(b_);
  T* out = static_cast<T*>(out_);
  using V = Batch<T>;
  constexpr auto width = static_cast<std::int64_t>(V::size);
  const V fixed_a(ScalarA ? *a : T(0)), fixed_b(ScalarB ? *b : T(0));
  if (n < width) {
    const Partial<T> part(n);
    return part.store(out, F::call(ScalarA ? fixed_a : part.load(a), ScalarB ? fixed_b : part.load(b), p));
  }
  const auto at = [&](std::int64_t i) {
    return F::call(ScalarA ? fixed_a : V::load_unaligned(a + i), ScalarB ? fixed_b : V::load_unaligned(b + i), p);
  };
  const std::int64_t whole = n / width * width;
  V last;
  if (whole < n) last = at(n - width);
  for (std::int64_t i = 0; i < whole; i += width) at(i).store_unaligned(out + i);
  if (whole < n) last.store_unaligned(out + n - width);
}

template <class F, class T, bool ScalarA, bool ScalarB, class Out = T>
void scalar_binary(const void* a_, const void* b_, void* out_, std::int64_t n, const Params& p) {
  const T* a = static_cast<const T*>(a_);
  const T* b = static_cast<const T*>(b_);
  Out* out = static_cast<Out*>(out_);
  const T fixed_a = *a, fixed_b = *b;  // read before `out` is written, which may be an operand
  for (std::int64_t i = 0; i < n; ++i)
    out[i] = static_cast<Out>(F::call(ScalarA ? fixed_a : a[i], ScalarB ? fixed_b : b[i], p));
}

template <class F, class T>
constexpr BinaryLoops vector_loops() {
  return {vector_binary<F, T, false, false>, vector_binary<F, T, false, true>, vector_binary<F, T, true, false>};
}
template <class F, class T, class Out = T>
constexpr BinaryLoops scalar_loops() {
  return {scalar_binary<F, T, false, false, Out>, scalar_binary<F, T, false, true, Out>,
          scalar_binary<F, T, true, false, Out>};
}

// Which dtypes a kernel has, and how each is looped. `Real` are float32 and float64.
template <class F>
constexpr UnaryKernel vector_real(const char* name) {
  return {name, {nullptr, nullptr, nullptr, nullptr, vector_unary<F, float>, vector_unary<F, double>}};
}
template <class F>
constexpr UnaryKernel scalar_real(const char* name) {
  return {name, {nullptr, nullptr, nullptr, nullptr, scalar_unary<F, float>, scalar_unary<F, double>}};
}
template <class F>
constexpr UnaryKernel scalar_number(const char* name) {
  return {name,
          {nullptr, scalar_unary<F, std::uint8_t>, scalar_unary<F, std::int32_t>, scalar_unary<F, std::int64_t>,
           scalar_unary<F, float>, scalar_unary<F, double>}};
}
/// Batches for reals, single numbers for integers; bool has no loop.
template <class F>
constexpr UnaryKernel vector_number(const char* name) {
  return {name,
          {nullptr, scalar_unary<F, std::uint8_t>, scalar_unary<F, std::int32_t>, scalar_unary<F, std::int64_t>,
           vector_unary<F, float>, vector_unary<F, double>}};
}
template <class F>
constexpr UnaryKernel any_to_bool(const char* name) {
  return {name,
          {scalar_unary<F, bool, bool>, scalar_unary<F, std::uint8_t, bool>, scalar_unary<F, std::int32_t, bool>,
           scalar_unary<F, std::int64_t, bool>, scalar_unary<F, float, bool>, scalar_unary<F, double, bool>},
          true};
}
template <class F>
constexpr BinaryKernel vector_real2(const char* name) {
  return {name, {{}, {}, {}, {}, vector_loops<F, float>(), vector_loops<F, double>()}};
}
template <class F>
constexpr BinaryKernel scalar_real2(const char* name) {
  return {name, {{}, {}, {}, {}, scalar_loops<F, float>(), scalar_loops<F, double>()}};
}
template <class F>
constexpr BinaryKernel vector_number2(const char* name) {
  return {name,
          {{},
           scalar_loops<F, std::uint8_t>(),
           scalar_loops<F, std::int32_t>(),
           scalar_loops<F, std::int64_t>(),
           vector_loops<F, float>(),
           vector_loops<F, double>()}};
}
template <class F>
constexpr BinaryKernel scalar_number2(const char* name) {
  return {name,
          {{},
           scalar_loops<F, std::uint8_t>(),
           scalar_loops<F, std::int32_t>(),
           scalar_loops<F, std::int64_t>(),
           scalar_loops<F, float>(),
           scalar_loops<F, double>()}};
}
template <class F>
constexpr BinaryKernel scalar_integer2(const char* name) {
  return {name,
          {scalar_loops<F, bool>(),
           scalar_loops<F, std::uint8_t>(),
           scalar_loops<F, std::int32_t>(),
           scalar_loops<F, std::int64_t>(),
           {},
           {}}};
}
template <class F>
constexpr BinaryKernel any_to_bool2(const char* name) {
  return {name,
          {scalar_loops<F, bool, bool>(), scalar_loops<F, std::uint8_t, bool>(), scalar_loops<F, std::int32_t, bool>(),
           scalar_loops<F, std::int64_t, bool>(), scalar_loops<F, float, bool>(), scalar_loops<F, double, bool>()},
          true};
}
/// A kernel with another loop for bool.
template <class F>
constexpr BinaryKernel with_bool(BinaryKernel kernel) {
  kernel.loops[0] = scalar_loops<F, bool>();
  return kernel;
}

}  // namespace xg::kernels
