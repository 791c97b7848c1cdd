// Where the elements lie that an order statistic selects: int64 indices along one dimension, for gather.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <cstdint>

namespace xg::kernels {

/// The index of the k-th smallest element of each row along dim, which keeps size 1; 1 <= k <= its size. NaN counts as
/// larger than all numbers, and of equal elements the one with the lower index as smaller.
Tensor kth_index(const Tensor& x, std::int64_t dim, std::int64_t k);
/// kth_index of the lower of the two middle elements. If `ignore_nan`, of those that are numbers; otherwise the index
/// of the first NaN, where there is one. Rows have an element at least.
Tensor median_index(const Tensor& x, std::int64_t dim, bool ignore_nan);
/// The last index of the most frequent value of each row along dim, the smallest of equally frequent ones. Every NaN is
/// distinct. Rows have an element at least.
Tensor mode_index(const Tensor& x, std::int64_t dim);
/// The index of the largest or smallest element up to each place along dim, in the shape of x: of a NaN where there was
/// one, and of the last of equal elements.
Tensor running_extreme_index(const Tensor& x, std::int64_t dim, bool largest);

}  // namespace xg::kernels
