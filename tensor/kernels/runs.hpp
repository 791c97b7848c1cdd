// Reducers, and the loop over a run of adjacent elements.
#pragma once

#include <xgrad/tensor/kernels/lanes.hpp>
#include <xgrad/tensor/kernels/loops.hpp>

#include <algorithm>
#include <bit>
#include <limits>
#include <type_traits>

namespace xg::kernels {

// Note [How reductions run]
// A reduction is a struct: the value that an element contributes (`load`, of type Lane), the combination of two
// contributions (`combine`), the wider type in which blocks are combined (`Wide`), and the result (`finish`). All use
// the same three loops:
//   run      n adjacent elements                        -> one accumulator
//   strided  n elements at a stride                     -> one accumulator
//   columns  rows of adjacent elements, row by row      -> one accumulator per column
// A contiguous tensor reduced over its last dimensions uses `run`, over its first ones `columns`; otherwise dimensions
// are sorted by stride and merged, and the innermost one decides. Common floating-point reductions are vectorized
// (`vectorizes`): they have loops over batches and blocks of rows, at the price of code size.

template <class T> constexpr bool is_real = std::is_floating_point_v<T>;

/// Integers are added and multiplied as unsigned numbers, so that they wrap around.
template <class T> using SumLane = std::conditional_t<is_real<T>, T, std::uint64_t>;
template <class T> using SumWide = std::conditional_t<is_real<T>, double, std::uint64_t>;
template <class T> using SumOut = std::conditional_t<is_real<T>, T, std::int64_t>;

template <class T> SumWide<T> widened(T x) {
  if constexpr (is_real<T>)
    return static_cast<double>(x);
  else
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(x));
}

template <class T> struct Sum {
  using In = T;
  using Lane = SumLane<T>;
  using Wide = SumWide<T>;
  using Out = SumOut<T>;
  static constexpr bool vectorizes = is_real<T>;
  static constexpr Lane identity = 0;
  static Lane load(T x) {
    if constexpr (is_real<T>)
      return x;
    else
      return widened(x);
  }
  template <class V> static V combine(V a, V b) { return a + b; }
  static Wide widen(Lane a) { return static_cast<Wide>(a); }
  static Wide join(Wide a, Wide b) { return a + b; }
  static Out finish(Wide a, std::int64_t) { return static_cast<Out>(a); }
};

/// The larger (or smaller) of two numbers, NaN if either is.
template <class T, bool Largest> struct Extreme {
  using In = T;
  using Lane = T;
  using Wide = T;
  using Out = T;
  static constexpr bool vectorizes = is_real<T>;
  static constexpr T identity =
      is_real<T> ? (Largest ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::infinity())
                 : (Largest ? std::numeric_limits<T>::lowest() : std::numeric_limits<T>::max());
  static T load(T x) { return x; }
  template <class V> static V combine(V a, V b) {
    if constexpr (!is_real<T>) {
      return (Largest ? a > b : a < b) ? a : b;
    } else if constexpr (std::is_same_v<V, T>) {
      // A plain select compiles to one instruction but drops a NaN in the first operand; one of the two orders keeps
      // it. Otherwise both orders give the same number, so their bits can be ORed.
      using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
      const T one = (Largest ? a > b : a < b) ? a : b, other = (Largest ? b > a : b < a) ? b : a;
      return std::bit_cast<T>(std::bit_cast<Bits>(one) | std::bit_cast<Bits>(other));
    } else {
      return xsimd::select((Largest ? a > b : a < b) | is_nan(a), a, b);
    }
  }
  static T widen(T a) { return a; }
  static T join(T a, T b) { return combine(a, b); }
  static T finish(T a, std::int64_t) { return a; }
};

template <class T> using Largest = Extreme<T, true>;
template <class T> using Smallest = Extreme<T, false>;

template <class T> struct Mean : Sum<T> {
  static constexpr bool floating_only = true;
  static T finish(double a, std::int64_t n) { return static_cast<T>(a / static_cast<double>(n)); }
};

template <class T> struct Prod {
  using In = T;
  using Lane = SumWide<T>;
  using Wide = SumWide<T>;
  using Out = SumOut<T>;
  static constexpr bool vectorizes = false;
  static constexpr Lane identity = 1;
  static Lane load(T x) { return widened(x); }
  static Lane combine(Lane a, Lane b) { return a * b; }
  static Wide widen(Lane a) { return a; }
  static Wide join(Wide a, Wide b) { return a * b; }
  static Out finish(Wide a, std::int64_t) { return static_cast<Out>(a); }
};

/// Counts elements that are not zero.
template <class T> struct CountNonzero {
  using In = T;
  using Lane = std::int64_t;
  using Wide = std::int64_t;
  using Out = std::int64_t;
  static constexpr bool vectorizes = false;
  static constexpr Lane identity = 0;
  static Lane load(T x) { return x != T(0) ? 1 : 0; }
  static Lane combine(Lane a, Lane b) { return a + b; }
  static Wide widen(Lane a) { return a; }
  static Wide join(Wide a, Wide b) { return a + b; }
  static Out finish(Wide a, std::int64_t) { return a; }
};
template <class T> struct All : CountNonzero<T> {
  using Out = bool;
  static bool finish(std::int64_t count, std::int64_t n) { return count == n; }
};
template <class T> struct Any : CountNonzero<T> {
  using Out = bool;
  static bool finish(std::int64_t count, std::int64_t) { return count != 0; }
};

inline constexpr std::int64_t run_block = 4096;  // elements per block, whose total is then joined in the wider type

/// Joins eight batches as a balanced tree, lane by lane.
template <class R, class V> V joined(const V (&a)[8]) {
  return R::combine(R::combine(R::combine(a[0], a[1]), R::combine(a[2], a[3])),
                    R::combine(R::combine(a[4], a[5]), R::combine(a[6], a[7])));
}

/// The loop for short rows: at least one batch, but few.
template <class R, class T = typename R::In> typename R::Wide run_few_batches(const T* x, std::int64_t n) {
  using V = Batch<T>;
  constexpr auto width = static_cast<std::int64_t>(V::size);
  V a = V::load_unaligned(x);
  std::int64_t i = width;
  if (n >= 4 * width) {
    V b = V::load_unaligned(x + width), c = V::load_unaligned(x + 2 * width), d = V::load_unaligned(x + 3 * width);
    for (i = 4 * width; i + 4 * width <= n; i += 4 * width) {
      a = R::combine(a, V::load_unaligned(x + i));
      b = R::combine(b, V::load_unaligned(x + i + width));
      c = R::combine(c, V::load_unaligned(x + i + 2 * width));
      d = R::combine(d, V::load_unaligned(x + i + 3 * width));
    }
    a = R::combine(R::combine(a, b), R::combine(c, d));
  }
  for (; i + width <= n; i += width) a = R::combine(a, V::load_unaligned(x + i));
  alignas(64) T buffer[V::size];
  a.store_aligned(buffer);
  typename R::Wide lanes[V::size];
  for (std::int64_t k = 0; k < width; ++k) lanes[k] = R::widen(buffer[k]);
  typename R::Wide total = R::widen(R::identity);
  for (; i < n; ++i) total = R::join(total, R::widen(R::load(x[i])));
  return R::join(join_tree(lanes, R::join), total);
}

/// The loop for long rows: groups of 32 batches, whose lanes are then joined in the wider type.
template <class R, class T = typename R::In> typename R::Wide run_batches(const T* x, std::int64_t n) {
  using V = Batch<T>;
  constexpr auto width = static_cast<std::int64_t>(V::size);
  constexpr std::int64_t eight = 8 * width, group = 4 * eight;
  typename R::Wide lanes[V::size];
  std::fill(lanes, lanes + width, R::widen(R::identity));
  const auto join_lanes = [&](const V& values) {
    alignas(64) T buffer[V::size];
    values.store_aligned(buffer);
    for (std::int64_t k = 0; k < width; ++k) lanes[k] = R::join(lanes[k], R::widen(buffer[k]));
  };
  V a[8];
  std::int64_t i = 0;
  for (; i + group <= n; i += group) {
    for (std::int64_t k = 0; k < 8; ++k) a[k] = V::load_unaligned(x + i + k * width);
    for (std::int64_t j = eight; j < group; j += eight)
      for (std::int64_t k = 0; k < 8; ++k) a[k] = R::combine(a[k], V::load_unaligned(x + i + j + k * width));
    join_lanes(joined<R>(a));
  }
  if (i + width <= n) {
    std::fill(a, a + 8, V(R::identity));
    for (; i + eight <= n; i += eight)
      for (std::int64_t k = 0; k < 8; ++k) a[k] = R::combine(a[k], V::load_unaligned(x + i + k * width));
    for (std::int64_t k = 0; i + width <= n; i += width, ++k) a[k] = R::combine(a[k], V::load_unaligned(x + i));
    join_lanes(joined<R>(a));
  }
  typename R::Wide total = R::widen(R::identity);
  for (; i < n; ++i) total = R::join(total, R::widen(x[i]));
  return R::join(join_tree(lanes, R::join), total);
}

template <class R, class T = typename R::In> [[gnu::noinline]] typename R::Wide run(const T* x, std::int64_t n) {
  using Wide = typename R::Wide;
  if constexpr (R::vectorizes) {
    constexpr auto width = static_cast<std::int64_t>(Batch<T>::size);
    if (n >= width && n < 16 * width) return run_few_batches<R>(x, n);
    if (n >= width) {
      if (n <= run_block) return run_batches<R>(x, n);
      const std::int64_t half = n / 2 / run_block * run_block + (n / 2 < run_block ? run_block : 0);
      return R::join(run<R>(x, half), run<R>(x + half, n - half));
    }
  }
  Wide a = R::widen(R::identity), b = a, c = a, d = a;
  std::int64_t i = 0;
  for (; i + 4 <= n; i += 4) {
    a = R::join(a, R::widen(R::load(x[i])));
    b = R::join(b, R::widen(R::load(x[i + 1])));
    c = R::join(c, R::widen(R::load(x[i + 2])));
    d = R::join(d, R::widen(R::load(x[i + 3])));
  }
  for (; i < n; ++i) a = R::join(a, R::widen(R::load(x[i])));
  return R::join(R::join(a, b), R::join(c, d));
}

template <class R, class T = typename R::In>
[[gnu::noinline]] typename R::Wide strided(const T* x, std::int64_t n, std::int64_t stride) {
  using Wide = typename R::Wide;
  if (n > run_block) {
    const std::int64_t half = n / 2;
    return R::join(strided<R>(x, half, stride), strided<R>(x + half * stride, n - half, stride));
  }
  Wide a = R::widen(R::identity), b = a, c = a, d = a;
  std::int64_t i = 0;
  for (; i + 4 <= n; i += 4, x += 4 * stride) {
    a = R::join(a, R::widen(R::load(x[0])));
    b = R::join(b, R::widen(R::load(x[stride])));
    c = R::join(c, R::widen(R::load(x[2 * stride])));
    d = R::join(d, R::widen(R::load(x[3 * stride])));
  }
  for (; i < n; ++i, x += stride) a = R::join(a, R::widen(R::load(*x)));
  return R::join(R::join(a, b), R::join(c, d));
}

}  // namespace xg::kernels
