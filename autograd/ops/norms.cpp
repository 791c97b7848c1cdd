// Norms of vectors.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/reduction.hpp>
#include <xgrad/autograd/ops/reductions.hpp>
#include <xgrad/tensor/kernels/arithmetic.hpp>

#include <cmath>
#include <concepts>
#include <limits>
#include <vector>

namespace xg {
namespace autograd {
namespace {

struct Power {
  static constexpr const char* name = "vector_norm";
  double exponent;
  template <std::floating_point T> T call(T x) const { return std::pow(x, static_cast<T>(exponent)); }
};

/// (sum |x|^p)^(1/p). The derivative is 0 where the norm is 0 (a subgradient).
struct VectorNorm : Reduction<VectorNorm> {
  static constexpr const char* name = "vector_norm";
  static constexpr Promotion promotion = Promotion::none;
  static constexpr unsigned saves = save_input(0) | save_output();
  static constexpr Rule rule = Rule::quadrature;
  double p = 2;

  Dims named() const { return std::vector<std::int64_t>(dims.begin(), dims.end()); }
  Tensor sum_over(const Tensor& x, bool keep) const { return sum(x, named(), keep); }

  Tensor forward(const Tensor& x) const {
    check_floating(name, x);
    if (p < 0 || std::isinf(p)) check_not_empty(name, x, dims);
    if (p == 0) return kernels::cast(kernels::reduce<kernels::CountNonzero>(x, dims, keepdim), x.dtype());
    if (p == 2) {
      Tensor norms = kernels::sum(kernels::square(x), dims, keepdim);
      kernels::sqrt_into(norms, norms);
      return norms;
    }
    Tensor powers = kernels::abs(x);
    if (std::isinf(p)) return p > 0 ? kernels::amax(powers, dims, keepdim) : kernels::amin(powers, dims, keepdim);
    if (p == 1) return kernels::sum(powers, dims, keepdim);
    kernels::map_into(Power{p}, powers, powers);
    Tensor norms = kernels::sum(powers, dims, keepdim);
    kernels::map_into(Power{1 / p}, norms, norms);
    return norms;
  }
  Tensor backward(const OpContext& c, const Tensor& grad) const {
    const Tensor& x = c.input(0);
    const Tensor g = kept(c, grad);
    if (p == 0) return zeros_like(x);
    if (p == 1) return g * sign(x);
    const Tensor norm = kept(c, c.output());
    if (std::isinf(p)) {
      const Tensor size = abs(x), chosen = logical_or(size == norm, isnan(size)).to(g.dtype());
      return sign(x) * (g / sum_over(chosen, true) * chosen);
    }
    // Zeros are replaced before the division, or the second derivative would multiply 0 by infinity.
    const Tensor none = norm == 0, safe_norm = where(none, 1.0, norm);
    if (p == 2) return x * where(none, 0.0, g / safe_norm);
    if (p > 0 && p / 2 == std::floor(p / 2))  // |x|^(p-1) sign(x) is a polynomial
      return where(none, 0.0, g) * (x / safe_norm) * pow(square(x / safe_norm), p / 2 - 1);
    const Tensor absent = x == 0;
    const Tensor ratio = abs(where(absent, 1.0, x)) / safe_norm;
    return where(absent, 0.0, sign(x) * pow(ratio, p - 1) * where(none, 0.0, g));
  }
  Tensor composite(const Tensor& x) const {
    if (p == 2) return root_of_squares(sum_over(square(x), keepdim));
    const Tensor size = abs(x);
    if (std::isinf(p)) return p > 0 ? amax(size, named(), keepdim) : amin(size, named(), keepdim);
    if (p == 1) return sum_over(size, keepdim);
    if (p == 0) return sum_over(to(x != 0, x.dtype()), keepdim);
    return pow(sum_over(pow(size, p), keepdim), 1 / p);
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](double p, Dims dims, bool keep) {
      return [=](const Inputs& in) { return vector_norm(in[0], p, dims, keep); };
    };
    constexpr double inf = std::numeric_limits<double>::infinity();
    return shaped_samples(d, {{"2, all", {{3, 4}}, call(2, {}, false)},
                              {"2, last", {{3, 4}}, call(2, {-1}, false)},
                              {"1, first, kept", {{3, 4}}, call(1, {0}, true)},
                              {"3, last", {{3, 4}}, call(3, {1}, false)},
                              {"1.5, last", {{3, 4}}, call(1.5, {1}, false)},
                              {"0.5, last", {{3, 4}}, call(0.5, {1}, false)},
                              {"-1, last", {{3, 4}}, call(-1, {1}, false)},
                              {"0, last", {{3, 4}}, call(0, {1}, false)},
                              {"inf, last", {{3, 4}}, call(inf, {1}, false)},
                              {"-inf, last", {{3, 4}}, call(-inf, {1}, false)},
                              {"0-d", {{}}, call(2, {}, false)},
                              {"no rows", {{0, 3}}, call(2, {1}, false)}});
  }
};

}  // namespace

}  // namespace autograd

using autograd::reduced_dims;

Tensor vector_norm(const Tensor& x, double p, const Dims& dims, bool keepdim) {
  return apply(autograd::VectorNorm{{reduced_dims("vector_norm", x, dims), keepdim}, p}, x);
}
Tensor norm(const Tensor& x, double p, const Dims& dims, bool keepdim) { return vector_norm(x, p, dims, keepdim); }
Tensor dist(const Tensor& a, const Tensor& b, double p) { return vector_norm(a - b, p); }

}  // namespace xg
