// Matrices with fixed numbers, and the check of derivatives, for tests of linear algebra.
#pragma once

#include "support/catch.hpp"

#include <xgrad/autograd/functional.hpp>
#include <xgrad/autograd/ops.hpp>

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <vector>

namespace xg_test {

/// Fixed numbers in (-1, 1) without a pattern.
inline xg::Tensor waves(const xg::Shape& shape, double phase = 0.3, xg::Dtype dtype = xg::float64) {
  std::vector<double> values(static_cast<std::size_t>(shape.numel()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double t = 4375.85453 * std::sin(12.9898 * static_cast<double>(i + 1) + phase * 78.233);
    values[i] = 2 * (t - std::floor(t)) - 1;  // a sine alone would make matrices of rank 2
  }
  return xg::from_data(values.data(), shape, {.dtype = dtype});
}
inline xg::Tensor eye64(std::int64_t n) { return xg::eye(n, n, {.dtype = xg::float64}); }
/// Far from singular, and of any batch.
inline xg::Tensor regular(const xg::Shape& shape, double phase = 0.3) {
  return waves(shape, phase) + 3.0 * eye64(shape.back());
}
inline xg::Tensor definite(const xg::Tensor& x) { return xg::matmul(x, x.mT()) + 0.5 * eye64(x.size(-2)); }
inline xg::Tensor matrix(std::initializer_list<xg::Literal> values) {
  return xg::tensor(values, {.dtype = xg::float64});
}

/// First and second derivatives of f at x agree with differences.
inline void check_derivatives(const xg::TensorFunction& f, const xg::Tensor& x, const char* what) {
  const xg::GradcheckResult first = xg::gradcheck(f, x.clone().requires_grad_());
  INFO(what << ": " << first.message);
  CHECK(first.passed);
  const xg::GradcheckResult second = xg::gradgradcheck(f, x.clone().requires_grad_());
  INFO(what << ": " << second.message);
  CHECK(second.passed);
}
inline void check_derivatives(const xg::TensorsFunction& f, std::vector<xg::Tensor> inputs, const char* what) {
  for (xg::Tensor& x : inputs) x = x.clone().requires_grad_();
  const xg::GradcheckResult first = xg::gradcheck(f, inputs);
  INFO(what << ": " << first.message);
  CHECK(first.passed);
  const xg::GradcheckResult second = xg::gradgradcheck(f, inputs);
  INFO(what << ": " << second.message);
  CHECK(second.passed);
}

}  // namespace xg_test
