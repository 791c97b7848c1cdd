#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/kernels/elements.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/loss.hpp>
#include <xgrad/tensor/kernels/math.hpp>
#include <xgrad/tensor/kernels/softmax.hpp>
#include <xgrad/tensor/threads.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

namespace xg::kernels {
namespace {

/// "[2, 0]" for the element that is number `at` in row-major order.
std::string position(const Shape& shape, std::int64_t at) {
  Shape index = shape;
  for (std::size_t d = shape.size(); d-- > 0;) {
    index[d] = at % shape[d];
    at /= shape[d];
  }
  return index.str();
}

// What a loss is: `term` of one element, `slope` of it in x, `valid` for what x and t may be, and values of x and t
// that add nothing to the sum.

struct SquaredError {
  static constexpr double idle_x = 0, idle_t = 0;
  template <class V>
  static V term(const V& x, const V& t) {
    const V d = x - t;
    return d * d;
  }
  template <class V>
  static V slope(const V& x, const V& t) {
    return (x - t) + (x - t);
  }
  template <class V>
  static auto valid(const V&, const V&) {
    return typename V::batch_bool_type(true);  // a NaN shows in the sum
  }
};

struct BinaryCrossEntropy {
  static constexpr const char* op = "binary_cross_entropy";
  static constexpr double idle_x = 0, idle_t = 0;
  template <class V>
  static V term(const V& x, const V& t) {
    const V floor(-100);
    return (t - V(1)) * xsimd::max(xsimd::log1p(-x), floor) - t * xsimd::max(log_of(x), floor);
  }
  template <class V>
  static V slope(const V& x, const V& t) {
    return (x - t) / xsimd::max((V(1) - x) * x, V(static_cast<typename V::value_type>(1e-12)));
  }
  template <class V>
  static auto valid(const V& x, const V& t) {
    return (x >= V(0)) & (x <= V(1)) & (t >= V(0)) & (t <= V(1));
  }
  static constexpr const char* x_remedy =
      "a prediction must be a probability in [0, 1], apply sigmoid or use binary_cross_entropy_with_logits";
};

struct BinaryCrossEntropyWithLogits {
  static constexpr const char* op = "binary_cross_entropy_with_logits";
  static constexpr double idle_x = -1e30, idle_t = 0;
  template <class V>
  static V term(const V& x, const V& t) {
    return xsimd::max(x, V(0)) - x * t + log1p_of_unit(exp_of_minus(xsimd::abs(x)));
  }
  template <class V>
  static V slope(const V& x, const V& t) {
    const V small = exp_of_minus(xsimd::abs(x));  // never overflows
    return pick(x >= V(0), V(1), small) / (V(1) + small) - t;
  }
  template <class V>
  static auto valid(const V&, const V& t) {
    return (t >= V(0)) & (t <= V(1));
  }
};

/// Throws the ValueError of the first element that is not valid.
template <class T>
[[noreturn]] void refuse_probability(const char* op, const char* x_remedy, const Tensor& shape_of, const T* x,
                                     const T* t) {
  for (std::int64_t i = 0; i < shape_of.numel(); ++i) {
    if (x_remedy != nullptr && !(x[i] >= 0 && x[i] <= 1))
      throw ValueError(fmt::format("[{}] prediction{} is {}: {}.", op, position(shape_of.shape(), i), x[i], x_remedy));
    if (!(t[i] >= 0 && t[i] <= 1))
      throw ValueError(fmt::format("[{}] target{} is {}: a label must be 0, 1 or a probability between them.", op,
                                   position(shape_of.shape(), i), t[i]));
  }
  throw ValueError(fmt::format("[{}] a label is not a probability.", op));
}

template <class T>
struct Padded {
  alignas(64) T x[Batch<T>::size];
  alignas(64) T t[Batch<T>::size];
  template <class F>
  Padded(F, const T* from_x, const T* from_t, std::int64_t n) {
    std::fill(x, x + Batch<T>::size, static_cast<T>(F::idle_x));
    std::fill(t, t + Batch<T>::size, static_cast<T>(F::idle_t));
    std::copy(from_x, from_x + n, x);
    std::copy(from_t, from_t + n, t);
  }
};

/// The sum of all terms: sixteen batches at a time in T, these in float64.
template <class F, class T>
double total(const T* x, const T* t, std::int64_t n, bool& valid) {
  using V = Batch<T>;
  constexpr auto width = static_cast<std::int64_t>(V::size);
  double sum = 0;
  auto ok = F::valid(V(T(0)), V(T(0)));
  const std::int64_t whole = n / width * width;
  std::int64_t i = 0;
  while (i < whole) {
    const std::int64_t stop = std::min(whole, i + 16 * width);
    V a(T(0)), b(T(0));
    for (; i + 2 * width <= stop; i += 2 * width) {
      const V x0 = V::load_unaligned(x + i), t0 = V::load_unaligned(t + i);
      const V x1 = V::load_unaligned(x + i + width), t1 = V::load_unaligned(t + i + width);
      a += F::term(x0, t0);
      b += F::term(x1, t1);
      ok = ok & F::valid(x0, t0) & F::valid(x1, t1);
    }
    for (; i < stop; i += width) {
      const V x0 = V::load_unaligned(x + i), t0 = V::load_unaligned(t + i);
      a += F::term(x0, t0);
      ok = ok & F::valid(x0, t0);
    }
    sum += static_cast<double>(lane_sum<T>(a + b));
  }
  if (i < n) {
    const Padded<T> rest(F{}, x + i, t + i, n - i);
    const V x0 = V::load_aligned(rest.x), t0 = V::load_aligned(rest.t);
    sum += static_cast<double>(lane_sum<T>(F::term(x0, t0)));
    ok = ok & F::valid(x0, t0);
  }
  valid = xsimd::all(ok);
  return sum;
}

constexpr std::int64_t tile_elements = 1 << 14;  // for one thread: tens of microseconds

/// f(0) + ... + f(tiles - 1), added in order, whoever computed them.
template <class F>
double sum_of_tiles(std::int64_t tiles, F&& f) {
  Tensor sums = empty({tiles}, Dtype::float64);
  double* each = elements<double>(sums);
  xg::detail::parallel_for(tiles, [&](std::int64_t t) { each[t] = f(t); });
  double sum = 0;
  for (std::int64_t t = 0; t < tiles; ++t) sum += each[t];
  return sum;
}

/// The sum of all terms in tiles.
template <class F, class T>
double total_of_tiles(const T* x, const T* t, std::int64_t n, bool& valid) {
  if (n < 2 * tile_elements) return total<F>(x, t, n, valid);
  std::atomic<bool> all_valid = true;
  const double sum = sum_of_tiles((n + tile_elements - 1) / tile_elements, [&](std::int64_t tile) {
    const std::int64_t begin = tile * tile_elements;
    bool ok = true;
    const double part = total<F>(x + begin, t + begin, std::min(tile_elements, n - begin), ok);
    if (!ok) all_valid.store(false, std::memory_order_relaxed);
    return part;
  });
  valid = all_valid;
  return sum;
}

/// out[i] = map(x[i], t[i], i) for i from `begin` on, in whole batches.
template <class F, class T, class Map>
void each(const T* x, const T* t, T* out, std::int64_t begin, std::int64_t n, Map&& map) {
  using V = Batch<T>;
  constexpr auto width = static_cast<std::int64_t>(V::size);
  std::int64_t i = begin;
  for (; i + width <= n; i += width)
    map(V::load_unaligned(x + i), V::load_unaligned(t + i), i).store_unaligned(out + i);
  if (i < n) {
    Padded<T> rest(F{}, x + i, t + i, n - i);
    map(V::load_aligned(rest.x), V::load_aligned(rest.t), i).store_aligned(rest.x);
    std::copy(rest.x, rest.x + (n - i), out + i);
  }
}

template <class F, class Refuse>
Tensor forward(const Tensor& prediction, const Tensor& target, LossReduction reduction, Refuse&& refuse) {
  const Tensor x = contiguous(prediction), t = contiguous(target);
  const std::int64_t n = x.numel();
  Tensor out = empty(reduction == LossReduction::none ? x.shape() : Shape(), x.dtype());
  dispatch_floating(x.dtype(), [&]<class T>() {
    const T *px = elements<T>(x), *pt = elements<T>(t);
    bool valid = true;
    if (reduction == LossReduction::none) {
      std::atomic<bool> all_valid = true;
      xg::detail::parallel_ranges(n, tile_elements, [&, to = elements<T>(out)](std::int64_t begin, std::int64_t end) {
        auto ok = F::valid(Batch<T>(T(0)), Batch<T>(T(0)));
        each<F, T>(px, pt, to, begin, end, [&](const Batch<T>& a, const Batch<T>& b, std::int64_t) {
          ok = ok & F::valid(a, b);
          return F::term(a, b);
        });
        if (!xsimd::all(ok)) all_valid.store(false, std::memory_order_relaxed);
      });
      valid = all_valid;
    } else {
      double sum = total_of_tiles<F>(px, pt, n, valid);
      if (reduction == LossReduction::mean) sum /= static_cast<double>(n);
      *elements<T>(out) = static_cast<T>(sum);
    }
    refuse(valid, out, x, px, pt);
  });
  return out;
}

template <class F>
Tensor backward(const Tensor& grad, const Tensor& prediction, const Tensor& target, LossReduction reduction) {
  const Tensor g = contiguous(grad), x = contiguous(prediction), t = contiguous(target);
  const std::int64_t n = x.numel();
  Tensor out = empty(x.shape(), x.dtype());
  dispatch_floating(x.dtype(), [&]<class T>() {
    using V = Batch<T>;
    const T *pg = elements<T>(g), *px = elements<T>(x), *pt = elements<T>(t);
    T* to = elements<T>(out);
    if (n == 0) return;
    const V scale(reduction == LossReduction::mean ? static_cast<T>(static_cast<double>(*pg) / static_cast<double>(n))
                                                   : *pg);
    xg::detail::parallel_ranges(n, tile_elements, [&](std::int64_t begin, std::int64_t end) {
      if (reduction != LossReduction::none)
        return each<F, T>(px, pt, to, begin, end,
                          [&](const V& a, const V& b, std::int64_t) { return F::slope(a, b) * scale; });
      constexpr auto width = static_cast<std::int64_t>(V::size);
      each<F, T>(px, pt, to, begin, end, [&](const V& a, const V& b, std::int64_t i) {
        return F::slope(a, b) * (i + width <= end ? V::load_unaligned(pg + i) : Partial<T>(end - i).load(pg + i));
      });
    });
  });
  return out;
}

[[noreturn]] void refuse_label(const char* op, const Tensor& target, std::int64_t at, std::int64_t label,
                               std::int64_t classes, std::int64_t ignore_index) {
  throw IndexError(
      fmt::format("[{}] target{} is {}, there are {} classes: labels must lie in [0, {}) or be ignore_index ({}).", op,
                  position(target.shape(), at), label, classes, classes, ignore_index));
}

}  // namespace

Tensor mse(const Tensor& x, const Tensor& t, LossReduction reduction) {
  return forward<SquaredError>(
      x, t, reduction, [&]<class T>(bool, const Tensor& loss, const Tensor&, const T*, const T* pt) {
        if (reduction == LossReduction::none || !std::isnan(*elements<T>(loss))) return;
        for (std::int64_t i = 0; i < x.numel(); ++i)
          if (std::isnan(pt[i]))
            throw ValueError(fmt::format("[mse_loss] target{} is nan: drop the rows without a target, or fill them in.",
                                         position(x.shape(), i)));
      });
}
Tensor mse_backward(const Tensor& grad, const Tensor& x, const Tensor& t, LossReduction reduction) {
  return backward<SquaredError>(grad, x, t, reduction);
}

Tensor bce(const Tensor& x, const Tensor& t, LossReduction reduction) {
  using F = BinaryCrossEntropy;
  return forward<F>(x, t, reduction,
                    []<class T>(bool valid, const Tensor&, const Tensor& at, const T* px, const T* pt) {
                      if (!valid) refuse_probability(F::op, F::x_remedy, at, px, pt);
                    });
}
Tensor bce_backward(const Tensor& grad, const Tensor& x, const Tensor& t, LossReduction reduction) {
  return backward<BinaryCrossEntropy>(grad, x, t, reduction);
}

Tensor bce_with_logits(const Tensor& x, const Tensor& t, LossReduction reduction) {
  using F = BinaryCrossEntropyWithLogits;
  return forward<F>(x, t, reduction,
                    []<class T>(bool valid, const Tensor&, const Tensor& at, const T* px, const T* pt) {
                      if (!valid) refuse_probability(F::op, nullptr, at, px, pt);
                    });
}
Tensor bce_with_logits_backward(const Tensor& grad, const Tensor& x, const Tensor& t, LossReduction reduction) {
  return backward<BinaryCrossEntropyWithLogits>(grad, x, t, reduction);
}

std::int64_t count_labels(const char* op, const Tensor& target, std::int64_t classes, std::int64_t ignore_index) {
  const Tensor labels = contiguous(target);
  const auto* label = elements<std::int64_t>(labels);
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < labels.numel(); ++i) {
    if (label[i] == ignore_index) continue;
    if (label[i] < 0 || label[i] >= classes) refuse_label(op, labels, i, label[i], classes, ignore_index);
    ++count;
  }
  return count;
}

namespace {
struct LogOf {
  template <class V>
  static V call(V x) { return log_of(x); }
};
constexpr LogOf log_of_sums;
}  // namespace

std::array<Tensor, 2> cross_entropy(const Tensor& logits, const Tensor& target, const CrossEntropyParams& params) {
  const Tensor z = contiguous(logits), labels = contiguous(target);
  const std::int64_t classes = z.shape()[1], rows = classes == 0 ? 0 : z.shape()[0];  // without classes, all are ignored
  const std::int64_t count = count_labels("cross_entropy", labels, classes, params.ignore_index);
  Tensor loss = empty({}, z.dtype()), probabilities = empty(z.shape(), z.dtype());
  dispatch_floating(z.dtype(), [&]<class T>() {
    const T* in = elements<T>(z);
    const auto* label = elements<std::int64_t>(labels);
    T* p = elements<T>(probabilities);
    const std::int64_t tile = row_tile(classes);  // of rows, by shape alone
    const double total = sum_of_tiles((rows + tile - 1) / tile, [&](std::int64_t t) {
      constexpr std::int64_t block = 256;
      double total = 0;
      for (std::int64_t begin = t * tile; begin < std::min(rows, (t + 1) * tile); begin += block) {
        const std::int64_t count = std::min({block, rows - begin, (t + 1) * tile - begin});
        T max[block], log_sum[block];
        each_row<T, 1>(SoftmaxRows{}, count, classes, {in + begin * classes}, p + begin * classes, {max, log_sum});
        vector_unary<Call, LogOf, T>(log_sum, log_sum, count, &log_of_sums);
        for (std::int64_t i = 0; i < count; ++i) {
          const std::int64_t at = label[begin + i];
          if (at == params.ignore_index) continue;
          const T* row = in + (begin + i) * classes;
          total += static_cast<double>(log_sum[i]) - (1 - params.smoothing) * static_cast<double>(row[at] - max[i]);
          if (params.smoothing == 0) continue;
          double all = 0;
          for (std::int64_t j = 0; j < classes; ++j) all += static_cast<double>(row[j] - max[i]);
          total -= params.smoothing / static_cast<double>(classes) * all;
        }
      }
      return total;
    });
    *elements<T>(loss) = static_cast<T>(params.mean ? total / static_cast<double>(count) : total);
  });
  return {std::move(loss), std::move(probabilities)};
}

Tensor cross_entropy_backward(const Tensor& grad, const Tensor& probabilities, const Tensor& target,
                              const CrossEntropyParams& params) {
  const Tensor p = contiguous(probabilities), labels = contiguous(target);
  const std::int64_t rows = p.shape()[0], classes = p.shape()[1];
  Tensor out = empty(p.shape(), p.dtype());
  if (out.numel() == 0) return out;
  dispatch_floating(p.dtype(), [&]<class T>() {
    const auto* label = elements<std::int64_t>(labels);
    double scale = static_cast<double>(*elements<T>(grad));
    if (params.mean) scale /= static_cast<double>(rows - std::count(label, label + rows, params.ignore_index));
    const T s = static_cast<T>(scale),
            everywhere = static_cast<T>(scale * params.smoothing / static_cast<double>(classes)),
            at_label = static_cast<T>(scale * (1 - params.smoothing));
    xg::detail::parallel_ranges(rows, row_tile(classes), [&](std::int64_t begin, std::int64_t end) {
      const T* in = elements<T>(p) + begin * classes;
      T* dx = elements<T>(out) + begin * classes;
      for (std::int64_t i = begin; i < end; ++i, in += classes, dx += classes) {
        if (label[i] == params.ignore_index) {
          std::fill(dx, dx + classes, T(0));
          continue;
        }
        for (std::int64_t j = 0; j < classes; ++j) dx[j] = in[j] * s - everywhere;
        dx[label[i]] -= at_label;
      }
    });
  });
  return out;
}

}  // namespace xg::kernels
