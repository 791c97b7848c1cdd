#include <xgrad/tensor/kernels/lanes.hpp>
#include <xgrad/tensor/kernels/partial.hpp>
#include <xgrad/tensor/kernels/small_product.hpp>
#include <xgrad/tensor/kernels/transpose.hpp>
#include <xgrad/tensor/memory.hpp>

#include <algorithm>

namespace xg::kernels {
namespace {

template <class T> using Batch = xsimd::batch<T>;
template <class T> constexpr auto width = static_cast<std::int64_t>(Batch<T>::size);
constexpr std::int64_t depth = 256;  // terms per sum in one pass

/// The columns that one pass over the rows computes; the last vector may be partial.
template <class T> struct Panel {
  const T* b;
  std::int64_t b_row;
  T* c;
  const T* bias;
  std::int64_t whole_rows;  // of b, from which whole vectors may be read; elements after the columns are not used
  const T* writable_end;    // of c: whole vectors may be written before this, because later stores overwrite the excess
  Partial<T> last;          // loads and stores of the last vector
};

/// Computes `rows` rows of c in registers, from the rows of a that begin at `a`.
template <class T, int rows, int vectors> void tile(const SmallProduct<T>& p, const Panel<T>& panel, const T* a, T* c) {
  constexpr std::int64_t w = width<T>;
  Batch<T> sum[rows][vectors];
  if (p.accumulate) {
    for (int i = 0; i < rows; ++i)
      for (int v = 0; v < vectors; ++v)
        sum[i][v] = v + 1 < vectors ? Batch<T>::load_unaligned(c + i * p.c_row + v * w)
                                    : panel.last.load(c + i * p.c_row + v * w);
  } else {
    for (int v = 0; v < vectors; ++v) {
      const Batch<T> start = panel.bias == nullptr ? Batch<T>(T(0))
                             : v + 1 < vectors     ? Batch<T>::load_unaligned(panel.bias + v * w)
                                                   : panel.last.load(panel.bias + v * w);
      for (int i = 0; i < rows; ++i) sum[i][v] = start;
    }
  }
  const std::int64_t a_row = p.a_row;
  const T* b = panel.b;
  const auto add = [&](const Batch<T>(&y)[vectors]) {
    for (int i = 0; i < rows; ++i) {
      const Batch<T> x(a[i * a_row]);
      for (int v = 0; v < vectors; ++v) sum[i][v] = xsimd::fma(x, y[v], sum[i][v]);
    }
    a += p.a_col;
    b += panel.b_row;
  };
  for (std::int64_t l = 0; l < panel.whole_rows; ++l) {
    Batch<T> y[vectors];
    for (int v = 0; v < vectors; ++v) y[v] = Batch<T>::load_unaligned(b + v * w);
    add(y);
  }
  for (std::int64_t l = panel.whole_rows; l < p.k; ++l) {
    Batch<T> y[vectors];
    for (int v = 0; v < vectors; ++v)
      y[v] = v + 1 < vectors ? Batch<T>::load_unaligned(b + v * w) : panel.last.load(b + v * w);
    add(y);
  }
  for (int i = 0; i < rows; ++i) {
    T* row = c + i * p.c_row;
    for (int v = 0; v + 1 < vectors; ++v) sum[i][v].store_unaligned(row + v * w);
    T* end = row + (vectors - 1) * w;
    if (end + w <= panel.writable_end)
      sum[i][vectors - 1].store_unaligned(end);
    else
      panel.last.store(end, sum[i][vectors - 1]);
  }
}

template <class T, int vectors, int rows>
void tile_of(std::int64_t count, const SmallProduct<T>& p, const Panel<T>& panel, const T* a, T* c) {
  if constexpr (rows > 1)
    if (count < rows) return tile_of<T, vectors, rows - 1>(count, p, panel, a, c);
  tile<T, rows, vectors>(p, panel, a, c);
}

constexpr std::int64_t few_rows = 3;  // up to this many rows panels are wide, or too few sums would be computed at once
constexpr std::int64_t wide_panel = 4, narrow_panel = 2;  // in vectors

/// Computes all rows of a panel, in tiles of nearly equal height that fill the registers: 12 or 8 of the 16 hold sums.
template <class T, int vectors> void rows_of(const SmallProduct<T>& p, const Panel<T>& panel) {
  constexpr int max_height = vectors == 1 ? 8 : vectors == 2 ? 6 : static_cast<int>(few_rows);
  if (p.m <= max_height) return tile_of<T, vectors, max_height>(p.m, p, panel, p.a, panel.c);
  const std::int64_t tiles = (p.m + max_height - 1) / max_height, min_height = p.m / tiles,
                     taller = p.m - min_height * tiles;
  const T* a = p.a;
  T* c = panel.c;
  for (std::int64_t t = 0; t < tiles; ++t) {
    const std::int64_t count = min_height + (t < taller);
    tile_of<T, vectors, max_height>(count, p, panel, a, c);
    a += count * p.a_row;
    c += count * p.c_row;
  }
}

/// Computes columns j to j + columns.
template <class T> void columns_of(const SmallProduct<T>& p, std::int64_t j, std::int64_t columns, T* scratch) {
  constexpr std::int64_t w = width<T>;
  const std::int64_t vectors = (columns + w - 1) / w, padded = vectors * w;
  Panel<T> panel{.b = p.b + j * p.b_col,
                 .b_row = p.b_row,
                 .c = p.c + j,
                 .bias = p.bias == nullptr ? nullptr : p.bias + j,
                 .whole_rows = p.k,
                 .writable_end = nullptr,
                 .last = Partial<T>(columns - (vectors - 1) * w)};
  if (p.b_col != 1) {
    transpose_into(panel.b, p.b_col, columns, p.k, scratch, padded);
    panel.b = scratch;
    panel.b_row = padded;
  } else if (columns < padded) {
    const std::int64_t limit = (p.k - 1) * p.b_row + p.n - j - padded;  // offset of the last vector that fits in b
    while (panel.whole_rows > 0 && (panel.whole_rows - 1) * p.b_row > limit) --panel.whole_rows;
  }
  // Rows and panels are written in an order in which every overhang is overwritten later, if rows are adjacent.
  if (columns == padded)
    panel.writable_end = p.c + (p.m - 1) * p.c_row + p.n;
  else if (p.c_row == p.n && !p.accumulate)
    panel.writable_end = p.c + p.m * p.n;
  switch (vectors) {
    case 1:
      return rows_of<T, 1>(p, panel);
    case 2:
      return rows_of<T, 2>(p, panel);
    case 3:
      return rows_of<T, 3>(p, panel);
    default:
      return rows_of<T, 4>(p, panel);
  }
}

/// y[i] = start[i] + a[i, :] x for contiguous rows and x.
template <class T> struct Dots {
  static constexpr std::int64_t w = width<T>, block = depth * w;
  std::int64_t rows, k;
  const T* a;
  std::int64_t a_row;
  const T* x;
  T* y;
  std::int64_t y_step;
  const T* bias;
  std::int64_t bias_step;
  bool accumulate;

  void run() const {
    if (k < w) return run_short<w - 1>();
    if (k > block) return run_in_blocks();
    std::int64_t i = 0;
    for (; i + 4 <= rows; i += 4) run_long<4>(i);
    for (; i < rows; ++i) run_long<1>(i);
  }

 private:
  T start(std::int64_t i) const { return accumulate ? y[i * y_step] : bias == nullptr ? T(0) : bias[i * bias_step]; }

  /// Rows shorter than a vector, with an unrolled loop.
  template <std::int64_t length> void run_short() const {
    if constexpr (length > 1)
      if (k < length) return run_short<length - 1>();
    T factors[length];
    for (std::int64_t l = 0; l < length; ++l) factors[l] = x[l];
    for (std::int64_t i = 0; i < rows; ++i) {
      T sum = start(i);
      for (std::int64_t l = 0; l < length; ++l) sum += a[i * a_row + l] * factors[l];
      y[i * y_step] = sum;
    }
  }

  /// Rows i to i + count.
  template <int count> void run_long(std::int64_t i) const {
    const std::int64_t whole = k / w * w;
    Batch<T> sum[count];
    for (int r = 0; r < count; ++r) sum[r] = Batch<T>(T(0));
    for (std::int64_t l = 0; l < whole; l += w) {
      const Batch<T> v = Batch<T>::load_unaligned(x + l);
      for (int r = 0; r < count; ++r) sum[r] = xsimd::fma(Batch<T>::load_unaligned(a + (i + r) * a_row + l), v, sum[r]);
    }
    if (whole < k) {
      const Partial<T> tail(k - whole);
      const Batch<T> v = tail.load(x + whole);
      for (int r = 0; r < count; ++r) sum[r] = xsimd::fma(tail.load(a + (i + r) * a_row + whole), v, sum[r]);
    }
    for (int r = 0; r < count; ++r) y[(i + r) * y_step] = start(i + r) + lane_sum(sum[r]);
  }

  /// Long rows: blocks of terms are summed separately, and their sums added in float64.
  void run_in_blocks() const {
    constexpr std::int64_t group = 4;
    for (std::int64_t i = 0; i < rows; i += group) {
      const std::int64_t count = std::min(group, rows - i);
      double total[group];
      for (std::int64_t r = 0; r < count; ++r) total[r] = static_cast<double>(start(i + r));
      for (std::int64_t l = 0; l < k; l += block) {
        T part[group];
        Dots{count, std::min(block, k - l), a + i * a_row + l, a_row, x + l, part, 1, nullptr, 0, false}.run();
        for (std::int64_t r = 0; r < count; ++r) total[r] += static_cast<double>(part[r]);
      }
      for (std::int64_t r = 0; r < count; ++r) y[(i + r) * y_step] = static_cast<T>(total[r]);
    }
  }
};

/// Memory for a transposed panel, on the stack if it is small.
template <class T> class Scratch {
 public:
  explicit Scratch(std::int64_t count) : bytes_(static_cast<std::size_t>(count) * sizeof(T)) {
    data_ = bytes_ <= sizeof(small_) ? small_ : static_cast<T*>(memory::allocate(bytes_));
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    if (data_ != small_) memory::deallocate(data_, bytes_);
  }
  T* data() { return data_; }

 private:
  std::size_t bytes_;
  T* data_;
  alignas(64) T small_[512];
};

/// c = start + a b in panels of columns.
template <class T> void panels_of(const SmallProduct<T>& p) {
  constexpr std::int64_t w = width<T>;
  const std::int64_t panel = (p.m <= few_rows ? wide_panel : narrow_panel) * w;
  Scratch<T> scratch(p.b_col == 1 ? 0 : p.k * std::min(panel, (p.n + w - 1) / w * w));
  // The last columns come first, because the others overwrite what their vectors write past the end of a row.
  const std::int64_t remainder = p.n % panel;
  if (remainder > 0) columns_of(p, p.n - remainder, remainder, scratch.data());
  for (std::int64_t j = 0; j + panel <= p.n; j += panel) columns_of(p, j, panel, scratch.data());
}

/// c = start + a b with more than `depth` terms in a sum: pieces of that length, which fit in the cache, are added in
/// float64. One long sum would lose digits, and stagnate once terms are smaller than its last digit. The result is
/// computed in parts whose sums fit in the cache too; an element's bits do not depend on the parts.
template <class T> [[gnu::noinline]] void long_sums(const SmallProduct<T>& p) {
  constexpr std::int64_t max_sums = 4096;  // sums at a time
  constexpr std::int64_t panel = std::max(wide_panel, narrow_panel) * width<T>;
  const std::int64_t columns = std::min(p.n, max_sums / panel * panel);
  const std::int64_t rows = std::min(p.m, std::max<std::int64_t>(1, max_sums / columns));
  Scratch<double> totals(rows * columns);
  Scratch<T> piece_sums(rows * columns);
  double* const total = totals.data();
  T* const sums = piece_sums.data();
  for (std::int64_t i = 0; i < p.m; i += rows)
    for (std::int64_t j = 0; j < p.n; j += columns) {
      const std::int64_t m = std::min(rows, p.m - i), n = std::min(columns, p.n - j);
      SmallProduct<T> piece = p;
      piece.m = m, piece.n = n;
      piece.c = sums, piece.c_row = n;
      piece.bias = p.bias == nullptr ? nullptr : p.bias + j;
      piece.accumulate = false;
      std::int64_t l = 0;
      const auto next_sums = [&] {
        piece.k = std::min(depth, p.k - l);
        piece.a = p.a + i * p.a_row + l * p.a_col;
        piece.b = p.b + l * p.b_row + j * p.b_col;
        panels_of(piece);
        piece.bias = nullptr;
        l += piece.k;
      };
      next_sums();
      for (std::int64_t e = 0; e < m * n; ++e) total[e] = static_cast<double>(sums[e]);
      for (next_sums(); l < p.k; next_sums())
        for (std::int64_t e = 0; e < m * n; ++e) total[e] += static_cast<double>(sums[e]);
      for (std::int64_t r = 0; r < m; ++r) {
        T* const c = p.c + (i + r) * p.c_row + j;
        const double* const row_total = total + r * n;
        const T* const row_sums = sums + r * n;
        if (p.accumulate)
          for (std::int64_t q = 0; q < n; ++q)
            c[q] = static_cast<T>(static_cast<double>(c[q]) + row_total[q] + static_cast<double>(row_sums[q]));
        else
          for (std::int64_t q = 0; q < n; ++q) c[q] = static_cast<T>(row_total[q] + static_cast<double>(row_sums[q]));
      }
    }
}

}  // namespace

bool is_small_product(std::int64_t m, std::int64_t n, std::int64_t k) {
  const std::int64_t longest = std::max({m, n, k});
  return m * n * k <= 1 << 20 || m * n * k / std::max<std::int64_t>(longest, 1) <= 2560;
}

template <class T> void small_product(const SmallProduct<T>& p) {
  if (p.n == 1 && p.a_col == 1 && p.b_row == 1)
    return Dots<T>{p.m, p.k, p.a, p.a_row, p.b, p.c, p.c_row, p.bias, 0, p.accumulate}.run();
  if (p.m == 1 && p.a_col == 1 && p.b_row == 1 && p.b_col != 1)
    return Dots<T>{p.n, p.k, p.b, p.b_col, p.a, p.c, 1, p.bias, 1, p.accumulate}.run();
  if (p.n == 1 && p.c_row == 1 && p.a_row == 1 && p.bias == nullptr)  // c^T = b^T a^T, whose vectors are full
    return small_product<T>({.m = 1,
                             .n = p.m,
                             .k = p.k,
                             .a = p.b,
                             .a_row = 0,
                             .a_col = p.b_row,
                             .b = p.a,
                             .b_row = p.a_col,
                             .b_col = 1,
                             .c = p.c,
                             .c_row = p.m,
                             .accumulate = p.accumulate});
  if (p.k <= depth) return panels_of(p);
  long_sums(p);
}

template void small_product(const SmallProduct<float>&);
template void small_product(const SmallProduct<double>&);

}  // namespace xg::kernels
