#include <xgrad/tensor/kernels/distances.hpp>

#include <xgrad/tensor/kernels/elements.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/threads.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace xg::kernels {
namespace {

// A norm: what one difference adds to an accumulated float64, and the derivative of the norm in one difference, where
// `norm` is not 0.

struct CountNorm {
  static double join(double sum, double d) { return sum + (d != 0 ? 1 : 0); }
  static double finish(double sum) { return sum; }
  static double slope(double, double) { return 0; }
};

double sign(double d) { return d > 0 ? 1 : (d < 0 ? -1 : d); }

struct OneNorm {
  static double join(double sum, double d) { return sum + std::abs(d); }
  static double finish(double sum) { return sum; }
  static double slope(double d, double) { return sign(d); }
};

struct TwoNorm {
  static double join(double sum, double d) { return sum + d * d; }
  static double finish(double sum) { return std::sqrt(sum); }
  static double slope(double d, double norm) { return d / norm; }
};

struct MaxNorm {
  static double join(double most, double d) {
    const double size = std::abs(d);
    return size <= most ? most : size + (std::isnan(most) ? most : 0);  // NaN stays
  }
  static double finish(double most) { return most; }
  static double slope(double d, double norm) { return std::abs(d) < norm ? 0 : sign(d); }
};

struct PowerNorm {
  double p;
  double join(double sum, double d) const { return sum + std::pow(std::abs(d), p); }
  double finish(double sum) const { return std::pow(sum, 1 / p); }
  double slope(double d, double norm) const { return d == 0 ? 0 : sign(d) * std::pow(std::abs(d) / norm, p - 1); }
};

/// Calls f with the norm of p.
template <class F> void with_norm(double p, F&& f) {
  if (p == 0) return f(CountNorm{});
  if (p == 1) return f(OneNorm{});
  if (p == 2) return f(TwoNorm{});
  if (std::isinf(p)) return f(MaxNorm{});
  f(PowerNorm{p});
}

/// Several accumulators, for the sum to be computed on batches. Differences are rounded to T.
template <class Norm, class T> double distance(const Norm& norm, const T* a, const T* b, std::int64_t m) {
  constexpr std::int64_t lanes = 8;
  double sums[lanes] = {};
  std::int64_t k = 0;
  for (; k + lanes <= m; k += lanes)
    for (std::int64_t j = 0; j < lanes; ++j) sums[j] = norm.join(sums[j], static_cast<double>(a[k + j] - b[k + j]));
  for (; k < m; ++k) sums[0] = norm.join(sums[0], static_cast<double>(a[k] - b[k]));
  double total = sums[0];
  for (std::int64_t j = 1; j < lanes; ++j) {
    if constexpr (std::is_same_v<Norm, MaxNorm>)
      total = norm.join(total, sums[j]);
    else
      total += sums[j];
  }
  return norm.finish(total);
}

/// Rows of which one tile takes some tens of microseconds.
std::int64_t row_tile(std::int64_t l, std::int64_t m) {
  return std::max<std::int64_t>(1, 16384 / std::max<std::int64_t>(l * m, 1));
}

}  // namespace

Tensor pair_distances(const Tensor& x_, const Tensor& y_, double p) {
  const Tensor x = contiguous(x_), y = contiguous(y_);
  const std::int64_t batches = x.size(0), n = x.size(1), l = y.size(1), m = x.size(2);
  Tensor out = empty({batches, n, l}, x.dtype());
  if (out.numel() == 0) return out;
  dispatch_floating(x.dtype(), [&]<class T>() {
    const T *px = elements<T>(x), *py = elements<T>(y);
    T* to = elements<T>(out);
    with_norm(p, [&](const auto& norm) {
      xg::detail::parallel_ranges(batches * n, row_tile(l, m), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = begin; row < end; ++row) {
          const T* others = py + row / n * l * m;
          for (std::int64_t j = 0; j < l; ++j)
            to[row * l + j] = static_cast<T>(distance(norm, px + row * m, others + j * m, m));
        }
      });
    });
  });
  return out;
}

Tensor pair_distances_backward(const Tensor& g_, const Tensor& x_, const Tensor& y_, const Tensor& distances_,
                               double p) {
  const Tensor g = contiguous(g_), x = contiguous(x_), y = contiguous(y_), distances = contiguous(distances_);
  const std::int64_t batches = x.size(0), n = x.size(1), l = y.size(1), m = x.size(2);
  Tensor out = zeros(x.shape(), x.dtype());
  if (out.numel() == 0 || l == 0) return out;
  dispatch_floating(x.dtype(), [&]<class T>() {
    const T *pg = elements<T>(g), *px = elements<T>(x), *py = elements<T>(y), *pd = elements<T>(distances);
    T* to = elements<T>(out);
    with_norm(p, [&](const auto& norm) {
      xg::detail::parallel_ranges(batches * n, row_tile(l, m), [&](std::int64_t begin, std::int64_t end) {
        std::vector<double> sums(static_cast<std::size_t>(m));
        for (std::int64_t row = begin; row < end; ++row) {
          const T* others = py + row / n * l * m;
          std::fill(sums.begin(), sums.end(), 0.0);
          for (std::int64_t j = 0; j < l; ++j) {
            const double length = static_cast<double>(pd[row * l + j]), factor = static_cast<double>(pg[row * l + j]);
            if (length == 0) continue;  // the subgradient 0
            for (std::int64_t k = 0; k < m; ++k) {
              const T d = px[row * m + k] - others[j * m + k];  // as in the distance, for the largest to be recognized
              sums[static_cast<std::size_t>(k)] += factor * norm.slope(static_cast<double>(d), length);
            }
          }
          std::transform(sums.begin(), sums.end(), to + row * m, [](double sum) { return static_cast<T>(sum); });
        }
      });
    });
  });
  return out;
}

}  // namespace xg::kernels
