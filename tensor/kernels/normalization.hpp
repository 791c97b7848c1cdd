// Standardization in two passes over the data: statistics, then values. Sums in double.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <array>
#include <cstdint>

namespace xg::kernels {

/// y = (x - mean) / sqrt(var + eps) over the last `tail` dimensions, with the mean and 1 / sqrt(var + eps), of size 1
/// there; the variance divides by the count.
std::array<Tensor, 3> standardize_rows(const Tensor& x, std::size_t tail, double eps);
/// inv (g - mean(g) - y mean(g y)), means over the same dimensions.
Tensor standardize_rows_backward(const Tensor& grad, const Tensor& y, const Tensor& inv);

/// The same over the rows of [rows, columns], and var too; mean, 1 / sqrt(var + eps) and var are [1, columns].
std::array<Tensor, 4> standardize_columns(const Tensor& x, double eps);
Tensor standardize_columns_backward(const Tensor& grad, const Tensor& y, const Tensor& inv);

/// x / (1 - p) where the counter's uniform number is at least p, else 0.
Tensor dropout(const Tensor& x, double p, std::uint64_t seed, std::uint64_t offset);

}  // namespace xg::kernels
