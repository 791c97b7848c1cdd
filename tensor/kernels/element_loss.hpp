// Elementwise losses in one pass: value, reduction and the check of targets, without temporaries.
//
// A loss is an op struct (autograd/ops/losses.cpp) with `call(x, t)` of a prediction and a target, `slope(x, t)`, its
// derivative in x, `valid(x, t)`, whether both are in range, and `neutral`, a pair that contributes 0 to a sum.
// Prediction and target have the same shape and floating dtype; a loss that is not reduced has that shape too, a
// reduced one is 0-d.
#pragma once

#include <xgrad/tensor/kernels/elements.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/loss.hpp>
#include <xgrad/tensor/kernels/math.hpp>
#include <xgrad/tensor/kernels/row_blocks.hpp>
#include <xgrad/tensor/kernels/tiles.hpp>

#include <algorithm>
#include <atomic>

namespace xg::kernels {

namespace detail {

constexpr std::int64_t loss_tile = tile_elements / 4;

template <class Op, class T> struct Padded {
  alignas(64) T x[Batch<T>::size];
  alignas(64) T t[Batch<T>::size];
  Padded(const T* from_x, const T* from_t, std::int64_t n) {
    std::fill(x, x + Batch<T>::size, static_cast<T>(Op::neutral.first));
    std::fill(t, t + Batch<T>::size, static_cast<T>(Op::neutral.second));
    std::copy(from_x, from_x + n, x);
    std::copy(from_t, from_t + n, t);
  }
};

/// A sum, and whether everything in it was valid.
struct LossSum {
  double sum = 0;
  bool valid = true;
};

/// Sums blocks of sixteen batches in T, and their sums in float64.
template <class Op, class T> LossSum loss_sum(const T* x, const T* t, std::int64_t n) {
  using V = Batch<T>;
  constexpr auto width = static_cast<std::int64_t>(V::size);
  double sum = 0;
  auto ok = Op::valid(V(T(0)), V(T(0)));
  const std::int64_t whole = n / width * width;
  std::int64_t i = 0;
  while (i < whole) {
    const std::int64_t stop = std::min(whole, i + 16 * width);
    V a(T(0)), b(T(0));
    for (; i + 2 * width <= stop; i += 2 * width) {
      const V x0 = V::load_unaligned(x + i), t0 = V::load_unaligned(t + i);
      const V x1 = V::load_unaligned(x + i + width), t1 = V::load_unaligned(t + i + width);
      a += Op::call(x0, t0);
      b += Op::call(x1, t1);
      ok = ok & Op::valid(x0, t0) & Op::valid(x1, t1);
    }
    for (; i < stop; i += width) {
      const V x0 = V::load_unaligned(x + i), t0 = V::load_unaligned(t + i);
      a += Op::call(x0, t0);
      ok = ok & Op::valid(x0, t0);
    }
    sum += static_cast<double>(lane_sum<T>(a + b));
  }
  if (i < n) {
    const Padded<Op, T> rest(x + i, t + i, n - i);
    const V x0 = V::load_aligned(rest.x), t0 = V::load_aligned(rest.t);
    sum += static_cast<double>(lane_sum<T>(Op::call(x0, t0)));
    ok = ok & Op::valid(x0, t0);
  }
  return {sum, xsimd::all(ok)};
}

/// out[i] = map(x[i], t[i], i) for i from `begin` on, in whole batches.
template <class Op, class T, class Map>
void map_pairs(const T* x, const T* t, T* out, std::int64_t begin, std::int64_t n, Map&& map) {
  using V = Batch<T>;
  constexpr auto width = static_cast<std::int64_t>(V::size);
  std::int64_t i = begin;
  for (; i + width <= n; i += width)
    map(V::load_unaligned(x + i), V::load_unaligned(t + i), i).store_unaligned(out + i);
  if (i < n) {
    Padded<Op, T> rest(x + i, t + i, n - i);
    map(V::load_aligned(rest.x), V::load_aligned(rest.t), i).store_aligned(rest.x);
    std::copy(rest.x, rest.x + (n - i), out + i);
  }
}

}  // namespace detail

/// The loss. Calls `refuse(valid, sum, x, t)`, which throws for invalid arguments; `valid` is whether all elements were
/// valid, `sum` the sum of all losses, 0 where the loss is not reduced.
template <class Op, class Refuse>
Tensor element_loss(const Tensor& prediction, const Tensor& target, LossReduction reduction, Refuse&& refuse) {
  Tensor copies[2];
  const Tensor &x = contiguous(prediction, copies[0]), &t = contiguous(target, copies[1]);
  const std::int64_t n = x.numel();
  Tensor out = kernels::empty(reduction == LossReduction::none ? x.shape() : Shape(), x.dtype());
  dispatch_floating(x.dtype(), [&]<class T>() {
    const T *px = elements<T>(x), *pt = elements<T>(t);
    if (reduction == LossReduction::none) {
      std::atomic<bool> valid = true;
      xg::detail::parallel_ranges(
          n, detail::loss_tile, [&, to = elements<T>(out)](std::int64_t begin, std::int64_t end) {
            auto ok = Op::valid(Batch<T>(T(0)), Batch<T>(T(0)));
            detail::map_pairs<Op, T>(px, pt, to, begin, end, [&](const Batch<T>& a, const Batch<T>& b, std::int64_t) {
              ok = ok & Op::valid(a, b);
              return Op::call(a, b);
            });
            if (!xsimd::all(ok)) valid.store(false, std::memory_order_relaxed);
          });
      refuse(valid, 0.0, x, t);
      return;
    }
    const detail::LossSum all = join_tiles(
        n, detail::loss_tile, detail::LossSum{},
        [&](std::int64_t begin, std::int64_t end) { return detail::loss_sum<Op>(px + begin, pt + begin, end - begin); },
        [](const detail::LossSum& a, const detail::LossSum& b) {
          return detail::LossSum{a.sum + b.sum, a.valid && b.valid};
        });
    *elements<T>(out) = static_cast<T>(reduction == LossReduction::mean ? all.sum / static_cast<double>(n) : all.sum);
    refuse(all.valid, all.sum, x, t);
  });
  return out;
}

/// The gradient of the prediction from that of the (reduced) loss.
template <class Op> Tensor element_loss_backward(const Tensor& grad, const Tensor& prediction, const Tensor& target,
                                                 LossReduction reduction) {
  Tensor copies[3];
  const Tensor &g = contiguous(grad, copies[0]), &x = contiguous(prediction, copies[1]),
               &t = contiguous(target, copies[2]);
  const std::int64_t n = x.numel();
  Tensor out = kernels::empty(x.shape(), x.dtype());
  dispatch_floating(x.dtype(), [&]<class T>() {
    using V = Batch<T>;
    const T *pg = elements<T>(g), *px = elements<T>(x), *pt = elements<T>(t);
    T* to = elements<T>(out);
    if (n == 0) return;
    const V scale(reduction == LossReduction::mean ? static_cast<T>(static_cast<double>(*pg) / static_cast<double>(n))
                                                   : *pg);
    xg::detail::parallel_ranges(n, detail::loss_tile, [&](std::int64_t begin, std::int64_t end) {
      if (reduction != LossReduction::none)
        return detail::map_pairs<Op, T>(px, pt, to, begin, end,
                                        [&](const V& a, const V& b, std::int64_t) { return Op::slope(a, b) * scale; });
      constexpr auto width = static_cast<std::int64_t>(V::size);
      detail::map_pairs<Op, T>(px, pt, to, begin, end, [&](const V& a, const V& b, std::int64_t i) {
        return Op::slope(a, b) * (i + width <= end ? V::load_unaligned(pg + i) : Partial<T>(end - i).load(pg + i));
      });
    });
  });
  return out;
}

}  // namespace xg::kernels
