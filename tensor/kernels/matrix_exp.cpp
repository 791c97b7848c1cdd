// The matrix exponential.
#include <xgrad/tensor/kernels/gemm.hpp>
#include <xgrad/tensor/kernels/linalg.hpp>
#include <xgrad/tensor/kernels/matrices.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace xg::kernels {
namespace {

/// The largest sum of magnitudes of a row; not finite where an element is not.
double largest_row(const double* a, std::int64_t n) {
  double largest = 0;
  for (std::int64_t row = 0; row < n; ++row) {
    double sum = 0;
    for (std::int64_t col = 0; col < n; ++col) sum += std::abs(a[row * n + col]);
    if (!std::isfinite(sum)) return sum;
    largest = std::max(largest, sum);
  }
  return largest;
}

/// out = c_0 + c_1 a + c_2 a^2 + c_3 a^3 + added; `powers` are a, a^2, a^3.
void combine(double* out, const double* const* powers, const double* c, const double* added, std::int64_t n) {
  for (std::int64_t i = 0; i < n * n; ++i)
    out[i] = added[i] + c[1] * powers[0][i] + c[2] * powers[1][i] + c[3] * powers[2][i];
  for (std::int64_t i = 0; i < n; ++i) out[i * n + i] += c[0];
}

}  // namespace

Tensor matrix_exp(const char* op, const Tensor& a) {
  const Matrices sizes(op, a);
  Tensor out = row_major(a);
  const std::int64_t n = sizes.rows;
  if (sizes.empty()) return cast(out, a.dtype());
  std::array<double, 17> c{1};
  for (std::size_t k = 1; k < c.size(); ++k) c[k] = c[k - 1] / static_cast<double>(k);

  for_each_matrix(sizes.count, 8 * cubic(sizes), [&](std::int64_t i) {
    double* x = numbers(out) + i * n * n;
    const double size = largest_row(x, n);
    if (!std::isfinite(size)) {
      std::fill(x, x + n * n, std::numeric_limits<double>::quiet_NaN());
      return;
    }
    // Below 1/2 in norm, the first term that is left out, of degree 17, is 2e-20.
    const int squarings = size > 0.5 ? std::ilogb(size) + 2 : 0;
    std::transform(x, x + n * n, x, [&](double v) { return std::ldexp(v, -squarings); });

    const Tensor space = empty({5, n * n}, Dtype::float64);
    double* const first = numbers(space);
    std::array<double*, 4> power{x, first, first + n * n, first + 2 * n * n};  // a, a^2, a^3, a^4
    double *sum = first + 3 * n * n, *product = first + 4 * n * n;
    const auto multiply = [&](double* left, double* right, double* to) {
      const auto matrix = [&](double* data) { return Matrix(data, Dtype::float64, n, n, n, 1); };
      gemm(matrix(left), matrix(right), matrix(to));
    };
    multiply(x, x, power[1]);
    multiply(power[1], x, power[2]);
    multiply(power[1], power[1], power[3]);
    // Horner's rule in a^4, with polynomials of degree 3 as coefficients (Paterson & Stockmeyer 1973).
    std::transform(power[3], power[3] + n * n, product, [&](double v) { return c[16] * v; });
    for (std::size_t k = 12;; k -= 4) {
      combine(sum, power.data(), c.data() + k, product, n);
      if (k == 0) break;
      multiply(sum, power[3], product);
    }
    for (int k = 0; k < squarings; ++k) {
      multiply(sum, sum, product);
      std::swap(sum, product);
    }
    std::copy(sum, sum + n * n, x);
  });
  return a.dtype() == Dtype::float64 ? out : cast(out, a.dtype());
}

}  // namespace xg::kernels
