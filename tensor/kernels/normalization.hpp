// Standardization in two passes over the data: statistics, then values. Sums in double.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <array>

namespace xg::kernels {

/// {y, mean, 1 / sqrt(var + eps)} with y = (x - mean) / sqrt(var + eps) over the last `tail` dimensions, which have
/// size 1 in the statistics; var is the biased variance.
std::array<Tensor, 3> standardize_rows(const Tensor& x, std::size_t tail, double eps);
/// inv (g - mean(g) - y mean(g y)), the means being over the same dimensions.
Tensor standardize_rows_backward(const Tensor& grad, const Tensor& y, const Tensor& inv);

/// {y, mean, 1 / sqrt(var + eps), var} over the rows of x [rows, columns]; the statistics are [1, columns].
std::array<Tensor, 4> standardize_columns(const Tensor& x, double eps);
Tensor standardize_columns_backward(const Tensor& grad, const Tensor& y, const Tensor& inv);

/// x / (1 - p) where the uniform random number of an element is at least p, else 0.
Tensor dropout(const Tensor& x, double p, std::uint64_t seed, std::uint64_t offset);

}  // namespace xg::kernels
