// Counts of elements in equal intervals.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <cstdint>

namespace xg::kernels {

/// The numbers of elements of a floating-point x in `bins` equal intervals of [low, high], the last of which is closed;
/// other elements and NaN count nowhere. In x's dtype: [bins].
Tensor histc(const Tensor& x, std::int64_t bins, double low, double high);

}  // namespace xg::kernels
