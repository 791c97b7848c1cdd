#include <xgrad/tensor/kernels/optimizer.hpp>
#include <xgrad/tensor/threads.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace xg::kernels {
namespace {

// What g becomes before it meets the state: its sign, and weight decay where there is some. A template parameter keeps
// the loops free of branches.
template <bool decays, class T>
T direction(T g, T p, T sign, T decay) {
  if constexpr (decays)
    return sign * g + decay * p;
  else
    return sign * g;
}

enum class Momentum { none, first, heavy_ball, nesterov_first, nesterov };

template <bool decays, Momentum kind, class T>
void sgd_loop(T* __restrict p, const T* __restrict g, T* __restrict b, std::int64_t n, const SgdStep& c) {
  const T sign = c.maximize ? T(-1) : T(1), decay = static_cast<T>(c.weight_decay), lr = static_cast<T>(c.lr);
  const T momentum = static_cast<T>(c.momentum), share = static_cast<T>(1 - c.dampening);
  for (std::int64_t i = 0; i < n; ++i) {
    T d = direction<decays>(g[i], p[i], sign, decay);
    if constexpr (kind == Momentum::first || kind == Momentum::nesterov_first) b[i] = d;
    if constexpr (kind == Momentum::heavy_ball || kind == Momentum::nesterov) b[i] = momentum * b[i] + share * d;
    if constexpr (kind == Momentum::first || kind == Momentum::heavy_ball) d = b[i];
    if constexpr (kind == Momentum::nesterov_first || kind == Momentum::nesterov) d += momentum * b[i];
    p[i] -= lr * d;
  }
}

template <bool decays, class T>
void sgd_dispatch(T* p, const T* g, T* b, std::int64_t n, const SgdStep& c) {
  if (b == nullptr) return sgd_loop<decays, Momentum::none>(p, g, b, n, c);
  if (c.nesterov)
    return c.first ? sgd_loop<decays, Momentum::nesterov_first>(p, g, b, n, c)
                   : sgd_loop<decays, Momentum::nesterov>(p, g, b, n, c);
  return c.first ? sgd_loop<decays, Momentum::first>(p, g, b, n, c)
                 : sgd_loop<decays, Momentum::heavy_ball>(p, g, b, n, c);
}

template <bool decays, bool keeps_largest, class T>
void adam_loop(T* __restrict p, const T* __restrict g, T* __restrict m, T* __restrict v, T* __restrict largest,
               std::int64_t n, const AdamStep& c) {
  const T sign = c.maximize ? T(-1) : T(1), decay = static_cast<T>(c.weight_decay), shrink = static_cast<T>(c.shrink);
  const T rest1 = static_cast<T>(1 - c.beta1), beta2 = static_cast<T>(c.beta2), rest2 = static_cast<T>(1 - c.beta2);
  const T step_size = static_cast<T>(c.step_size), per_root = static_cast<T>(1 / c.root_bias2);
  const T eps = static_cast<T>(c.eps);
  for (std::int64_t i = 0; i < n; ++i) {
    const T d = direction<decays>(g[i], p[i], sign, decay);
    const T mean = m[i] + rest1 * (d - m[i]);
    T square = beta2 * v[i] + rest2 * d * d;
    m[i] = mean;
    v[i] = square;
    if constexpr (keeps_largest) largest[i] = square = largest[i] < square ? square : largest[i];
    p[i] = shrink * p[i] - step_size * mean / (std::sqrt(square) * per_root + eps);
  }
}

template <bool decays, bool centered, bool momentum, class T>
void rmsprop_loop(T* __restrict p, const T* __restrict g, T* __restrict s, T* __restrict a, T* __restrict b,
                  std::int64_t n, const RmspropStep& c) {
  const T sign = c.maximize ? T(-1) : T(1), decay = static_cast<T>(c.weight_decay), lr = static_cast<T>(c.lr);
  const T alpha = static_cast<T>(c.alpha), rest = static_cast<T>(1 - c.alpha), eps = static_cast<T>(c.eps);
  const T mu = static_cast<T>(c.momentum);
  for (std::int64_t i = 0; i < n; ++i) {
    const T d = direction<decays>(g[i], p[i], sign, decay);
    T spread = s[i] = alpha * s[i] + rest * d * d;
    if constexpr (centered) {
      a[i] += rest * (d - a[i]);
      spread -= a[i] * a[i];
    }
    T move = d / (std::sqrt(spread) + eps);
    if constexpr (momentum) move = b[i] = mu * b[i] + move;
    p[i] -= lr * move;
  }
}

template <bool decays, class T>
void rmsprop_dispatch(T* p, const T* g, T* s, T* a, T* b, std::int64_t n, const RmspropStep& c) {
  if (a != nullptr)
    b != nullptr ? rmsprop_loop<decays, true, true>(p, g, s, a, b, n, c)
                 : rmsprop_loop<decays, true, false>(p, g, s, a, b, n, c);
  else
    b != nullptr ? rmsprop_loop<decays, false, true>(p, g, s, a, b, n, c)
                 : rmsprop_loop<decays, false, false>(p, g, s, a, b, n, c);
}

constexpr std::int64_t tile_elements = 1 << 15;  // for one thread: several arrays are read and written

/// State that the options ask for, from element i on.
template <class T>
T* from(T* state, std::int64_t i) {
  return state == nullptr ? nullptr : state + i;
}

}  // namespace

template <class T>
void sgd_step(T* p, const T* g, T* b, std::int64_t n, const SgdStep& c) {
  const auto loop = c.weight_decay != 0 ? sgd_dispatch<true, T> : sgd_dispatch<false, T>;
  xg::detail::parallel_ranges(n, tile_elements,
                              [&](std::int64_t i, std::int64_t end) { loop(p + i, g + i, from(b, i), end - i, c); });
}

template <class T>
void adam_step(T* p, const T* g, T* m, T* v, T* largest, std::int64_t n, const AdamStep& c) {
  const bool decays = c.weight_decay != 0;
  const auto loop = largest != nullptr ? (decays ? adam_loop<true, true, T> : adam_loop<false, true, T>)
                                       : (decays ? adam_loop<true, false, T> : adam_loop<false, false, T>);
  xg::detail::parallel_ranges(n, tile_elements, [&](std::int64_t i, std::int64_t end) {
    loop(p + i, g + i, m + i, v + i, from(largest, i), end - i, c);
  });
}

template <class T>
void rmsprop_step(T* p, const T* g, T* s, T* a, T* b, std::int64_t n, const RmspropStep& c) {
  const auto loop = c.weight_decay != 0 ? rmsprop_dispatch<true, T> : rmsprop_dispatch<false, T>;
  xg::detail::parallel_ranges(n, tile_elements, [&](std::int64_t i, std::int64_t end) {
    loop(p + i, g + i, s + i, from(a, i), from(b, i), end - i, c);
  });
}

template <class T>
double sum_of_powers(const T* x, std::int64_t n, double p) {
  if (p == 2) {
    // Four sums, so that additions overlap; their order is fixed, so the bits are the same every time.
    double part[4] = {};
    std::int64_t i = 0;
    for (; i + 4 <= n; i += 4)
      for (int k = 0; k < 4; ++k) part[k] += static_cast<double>(x[i + k]) * static_cast<double>(x[i + k]);
    for (; i < n; ++i) part[0] += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    return (part[0] + part[1]) + (part[2] + part[3]);
  }
  double total = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const double size = std::fabs(static_cast<double>(x[i]));
    if (std::isnan(size)) return size;
    if (std::isinf(p))
      total = std::max(total, size);
    else
      total += p == 1 ? size : std::pow(size, p);
  }
  return total;
}

template <class T>
void scale(T* x, std::int64_t n, double factor) {
  const T f = static_cast<T>(factor);
  for (std::int64_t i = 0; i < n; ++i) x[i] *= f;
}

template <class T>
void clip(T* x, std::int64_t n, double limit) {
  const T high = static_cast<T>(limit), low = -high;
  for (std::int64_t i = 0; i < n; ++i) x[i] = x[i] > high ? high : (x[i] < low ? low : x[i]);
}

template void sgd_step(float*, const float*, float*, std::int64_t, const SgdStep&);
template void sgd_step(double*, const double*, double*, std::int64_t, const SgdStep&);
template void adam_step(float*, const float*, float*, float*, float*, std::int64_t, const AdamStep&);
template void adam_step(double*, const double*, double*, double*, double*, std::int64_t, const AdamStep&);
template void rmsprop_step(float*, const float*, float*, float*, float*, std::int64_t, const RmspropStep&);
template void rmsprop_step(double*, const double*, double*, double*, double*, std::int64_t, const RmspropStep&);
template double sum_of_powers(const float*, std::int64_t, double);
template double sum_of_powers(const double*, std::int64_t, double);
template void scale(float*, std::int64_t, double);
template void scale(double*, std::int64_t, double);
template void clip(float*, std::int64_t, double);
template void clip(double*, std::int64_t, double);

}  // namespace xg::kernels
