// How a functor becomes the loops of a kernel: whole xsimd batches for reals (tails too, through a padded buffer, so that
// an element's bits do not depend on where it stands), plain loops for the rest.
#pragma once

#include <xgrad/tensor/kernels/elementwise.hpp>

#include <xsimd/xsimd.hpp>

#include <cmath>
#include <cstring>
#include <type_traits>

namespace xg::kernels {

template <class T>
using Batch = xsimd::batch<T>;

// One spelling for batches and for single numbers.
template <class T>
  requires std::is_arithmetic_v<T>
T pick(bool condition, T a, T b) {
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

/// F::call(V x, const Params&) on batches.
template <class F, class T>
void vector_unary(const void* x_, void* out_, std::int64_t n, const Params& p) {
  const T* x = static_cast<const T*>(x_);
  T* out = static_cast<T*>(out_);
  constexpr auto width = static_cast<std::int64_t>(Batch<T>::size);
  std::int64_t i = 0;
  for (; i + width <= n; i += width) F::call(Batch<T>::load_unaligned(x + i), p).store_unaligned(out + i);
  if (i < n) {
    alignas(64) T buffer[Batch<T>::size] = {};
    const auto bytes = static_cast<std::size_t>(n - i) * sizeof(T);
    std::memcpy(buffer, x + i, bytes);
    F::call(Batch<T>::load_aligned(buffer), p).store_aligned(buffer);
    std::memcpy(out + i, buffer, bytes);
  }
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
  constexpr auto width = static_cast<std::int64_t>(Batch<T>::size);
  const Batch<T> fixed_a(ScalarA ? *a : T(0)), fixed_b(ScalarB ? *b : T(0));
  std::int64_t i = 0;
  for (; i + width <= n; i += width) {
    const Batch<T> va = ScalarA ? fixed_a : Batch<T>::load_unaligned(a + i);
    const Batch<T> vb = ScalarB ? fixed_b : Batch<T>::load_unaligned(b + i);
    F::call(va, vb, p).store_unaligned(out + i);
  }
  if (i < n) {
    alignas(64) T buffer_a[Batch<T>::size] = {}, buffer_b[Batch<T>::size] = {};
    const auto bytes = static_cast<std::size_t>(n - i) * sizeof(T);
    if constexpr (!ScalarA) std::memcpy(buffer_a, a + i, bytes);
    if constexpr (!ScalarB) std::memcpy(buffer_b, b + i, bytes);
    const Batch<T> va = ScalarA ? fixed_a : Batch<T>::load_aligned(buffer_a);
    const Batch<T> vb = ScalarB ? fixed_b : Batch<T>::load_aligned(buffer_b);
    F::call(va, vb, p).store_aligned(buffer_a);
    std::memcpy(out + i, buffer_a, bytes);
  }
}

template <class F, class T, bool ScalarA, bool ScalarB, class Out = T>
void scalar_binary(const void* a_, const void* b_, void* out_, std::int64_t n, const Params& p) {
  const T* a = static_cast<const T*>(a_);
  const T* b = static_cast<const T*>(b_);
  Out* out = static_cast<Out*>(out_);
  for (std::int64_t i = 0; i < n; ++i)
    out[i] = static_cast<Out>(F::call(a[ScalarA ? 0 : i], b[ScalarB ? 0 : i], p));
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
          {{}, scalar_loops<F, std::uint8_t>(), scalar_loops<F, std::int32_t>(), scalar_loops<F, std::int64_t>(),
           vector_loops<F, float>(), vector_loops<F, double>()}};
}
template <class F>
constexpr BinaryKernel scalar_number2(const char* name) {
  return {name,
          {{}, scalar_loops<F, std::uint8_t>(), scalar_loops<F, std::int32_t>(), scalar_loops<F, std::int64_t>(),
           scalar_loops<F, float>(), scalar_loops<F, double>()}};
}
template <class F>
constexpr BinaryKernel scalar_integer2(const char* name) {
  return {name,
          {scalar_loops<F, bool>(), scalar_loops<F, std::uint8_t>(), scalar_loops<F, std::int32_t>(),
           scalar_loops<F, std::int64_t>(), {}, {}}};
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
