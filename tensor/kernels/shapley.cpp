#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/shapley.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace xg::kernels {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// One of an element's two values.
struct Level {
  double value;
  std::int64_t element;
  bool is_x;
};

template <class T> void max_slopes_of_row(const T* x, const T* r, std::int64_t n, std::vector<Level>& levels,
                                          std::vector<double>& entered, T* out) {
  enum : signed char { below, only_x, only_r };
  std::fill(out, out + n, T(0));
  levels.clear();
  for (std::int64_t i = 0; i < n; ++i) {
    if (std::isnan(x[i]) || std::isnan(r[i])) {
      std::fill(out, out + n, std::numeric_limits<T>::quiet_NaN());
      return;
    }
    levels.push_back({static_cast<double>(x[i]), i, true});
    levels.push_back({static_cast<double>(r[i]), i, false});
  }
  // Among equal values, the two of one element are adjacent.
  std::sort(levels.begin(), levels.end(), [](const Level& a, const Level& b) {
    return a.value != b.value ? a.value > b.value : a.element < b.element;
  });
  entered.assign(static_cast<std::size_t>(n), 0);
  std::vector<signed char> state(static_cast<std::size_t>(n), below);
  double a = 0, b = 0;        // number of elements above the level in x alone, in r alone
  double choose = 1;          // (a + b)! / (a! b!)
  double gain = 0, loss = 0;  // what each of the a has gained so far, each of the b lost
  double previous = infinity;
  for (std::size_t l = 0; l < levels.size(); ++l) {
    const auto [value, element, is_x] = levels[l];
    const auto e = static_cast<std::size_t>(element);
    const double length = previous - value;
    if (length > 0) {
      if (a > 0) gain += length / (a * choose);
      if (b > 0) loss += length / (b * choose);
    }
    previous = value;
    if (state[e] != below) break;  // this element exceeds all lower levels in both: nothing is left to share
    if (x[element] == r[element]) {
      std::vector<std::int64_t> tied;  // elements unchanged at this value
      for (std::size_t other = l; other < levels.size() && levels[other].value == value; ++other)
        if (levels[other].is_x && x[levels[other].element] == r[levels[other].element])
          tied.push_back(levels[other].element);
      const double slope = 1 / ((a + b + 1) * choose * static_cast<double>(tied.size()));
      for (const std::int64_t i : tied) out[i] = static_cast<T>(slope);
      break;
    }
    state[e] = is_x ? only_x : only_r;
    entered[e] = is_x ? gain : loss;
    choose *= (a + b + 1) / (is_x ? a + 1 : b + 1);
    (is_x ? a : b) += 1;
  }
  for (std::int64_t i = 0; i < n; ++i) {
    const auto e = static_cast<std::size_t>(i);
    if (state[e] == below) continue;
    const double phi = state[e] == only_x ? gain - entered[e] : entered[e] - loss;
    out[i] = static_cast<T>(phi / (static_cast<double>(x[i]) - static_cast<double>(r[i])));
  }
}

/// (e^a - e^b) / (a - b). Equal arguments are compared, not subtracted, because masked logits are -infinity.
double exp_slope(double a, double b) {
  const double high = std::max(a, b), d = high - std::min(a, b);
  return a == b ? std::exp(high) : std::exp(high) * -std::expm1(-d) / d;
}
double sigmoid_of(double a) { return a >= 0 ? 1 / (1 + std::exp(-a)) : std::exp(a) / (1 + std::exp(a)); }
/// (sigmoid(a) - sigmoid(b)) / (a - b) = sigmoid(a) sigmoid(-b) (1 - e^(b-a)) / (a - b)
double sigmoid_slope(double a, double b) {
  const double high = std::max(a, b), low = std::min(a, b), d = high - low;
  const double scale = sigmoid_of(high) * sigmoid_of(-low);
  return a == b ? scale : scale * -std::expm1(-d) / d;
}
/// (log a - log b) / (a - b), given the logarithms.
double log_slope(double a, double b, double log_a, double log_b) {
  const double d = a - b;
  if (d == 0) return 1 / a;
  return std::abs(d) < 0.5 * std::max(a, b) ? std::log1p(d / b) / d : (log_a - log_b) / d;
}

/// log sum_{j != k} exp(z_j) for all k, without cancellation and without overflow.
void log_sums_without(const double* z, std::int64_t n, std::vector<double>& before, double* out) {
  const std::int64_t top = std::max_element(z, z + n) - z;
  before.assign(static_cast<std::size_t>(n) + 1, 0);
  for (std::int64_t j = 0; j < n; ++j)
    before[static_cast<std::size_t>(j) + 1] = before[static_cast<std::size_t>(j)] + std::exp(z[j] - z[top]);
  double after = 0;
  for (std::int64_t k = n; k-- > 0;) {
    out[k] = z[top] + std::log(before[static_cast<std::size_t>(k)] + after);
    after += std::exp(z[k] - z[top]);
  }
  double second = -infinity;
  for (std::int64_t j = 0; j < n; ++j)
    if (j != top) second = std::max(second, z[j]);
  double sum = 0;
  for (std::int64_t j = 0; j < n; ++j)
    if (j != top) sum += std::exp(z[j] - second);
  out[top] = second == -infinity ? second : second + std::log(sum);
}

}  // namespace

Tensor max_slopes(const Tensor& x, const Tensor& r) {
  const Tensor at_x = contiguous(x), at_r = contiguous(r);
  Tensor out = empty(x.shape(), x.dtype());
  if (out.numel() == 0) return out;
  const std::int64_t groups = x.shape()[0], n = x.shape()[1];
  std::vector<Level> levels;
  std::vector<double> entered;
  dispatch_floating(x.dtype(), [&]<class T>() {
    const auto* px = static_cast<const T*>(at_x.impl().data);
    const auto* pr = static_cast<const T*>(at_r.impl().data);
    auto* slopes = static_cast<T*>(out.impl().data);
    for (std::int64_t g = 0; g < groups; ++g)
      max_slopes_of_row(px + g * n, pr + g * n, n, levels, entered, slopes + g * n);
  });
  return out;
}

SoftmaxSlopes softmax_slopes(const Tensor& x, const Tensor& r) {
  const Tensor at_x = contiguous(x), at_r = contiguous(r);
  SoftmaxSlopes slopes;
  Tensor* const results[] = {&slopes.sigmoid, &slopes.inner, &slopes.exponential, &slopes.top_terms, &slopes.top};
  for (Tensor* t : results) *t = empty(x.shape(), x.dtype());
  if (x.numel() == 0) return slopes;
  const std::int64_t groups = x.shape()[0], n = x.shape()[1];
  const auto count = static_cast<std::size_t>(n);
  std::vector<double> zx(count), zr(count), lx(count), lr(count), sums;
  dispatch_floating(x.dtype(), [&]<class T>() {
    T* to[5];
    for (std::size_t i = 0; i < 5; ++i) to[i] = static_cast<T*>(results[i]->impl().data);
    for (std::int64_t g = 0; g < groups; ++g) {
      const T* from_x = static_cast<const T*>(at_x.impl().data) + g * n;
      const T* from_r = static_cast<const T*>(at_r.impl().data) + g * n;
      std::copy(from_x, from_x + n, zx.begin());
      std::copy(from_r, from_r + n, zr.begin());
      log_sums_without(zx.data(), n, sums, lx.data());
      log_sums_without(zr.data(), n, sums, lr.data());
      std::int64_t top = 0;
      const auto largest = [&](std::int64_t j) {
        return std::max(zx[static_cast<std::size_t>(j)], zr[static_cast<std::size_t>(j)]);
      };
      for (std::int64_t j = 1; j < n; ++j)
        if (largest(j) > largest(top)) top = j;
      const double shift = largest(top);
      double second = -infinity;
      for (std::int64_t j = 0; j < n; ++j)
        if (j != top) second = std::max(second, largest(j));
      const auto k_top = static_cast<std::size_t>(top);
      // Where all others are masked, only the top contributes.
      const double top_log = second == -infinity ? 0
                                                 : log_slope(std::exp(lx[k_top] - second), std::exp(lr[k_top] - second),
                                                             lx[k_top] - second, lr[k_top] - second);
      for (std::int64_t j = 0; j < n; ++j) {
        const auto k = static_cast<std::size_t>(j);
        const std::int64_t offset = g * n + j;
        to[0][offset] = static_cast<T>(n == 1 ? 0 : sigmoid_slope(zx[k] - lx[k], zr[k] - lr[k]));
        to[1][offset] = static_cast<T>(
            j == top ? 0 : log_slope(std::exp(lx[k] - shift), std::exp(lr[k] - shift), lx[k] - shift, lr[k] - shift));
        to[2][offset] = static_cast<T>(exp_slope(zx[k] - shift, zr[k] - shift));
        to[3][offset] =
            static_cast<T>(j == top || top_log == 0 ? 0 : top_log * exp_slope(zx[k] - second, zr[k] - second));
        to[4][offset] = static_cast<T>(j == top ? 1 : 0);
      }
    }
  });
  return slopes;
}

}  // namespace xg::kernels
