// Moments of many pairs, for several columns at once.
#pragma once

#include <cstdint>

namespace xg::kernels {

/// Computes moments of c_b = value[b * value_stride + i] * change[b * change_stride + i], 0 <= b < count, for each
/// column i < columns: a shift (c_0), and the sums of c_b - shift, (c_b - shift)^2 and |c_b|. A change of 0 gives 0
/// even where the value is NaN; a null change means 1. All arrays have space for the columns rounded up to a multiple
/// of 8.
void shifted_moments(const double* value, std::int64_t value_stride, const double* change, std::int64_t change_stride,
                     std::int64_t count, std::int64_t columns, double* shift, double* sums, double* squares,
                     double* sizes);

}  // namespace xg::kernels
