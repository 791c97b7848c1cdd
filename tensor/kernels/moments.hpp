// Sums over many pairs, for several columns at once.
#pragma once

#include <cstdint>

namespace xg::kernels {

/// Of c_b = value[b * value_stride + i] * change[b * change_stride + i] for 0 <= b < count, and each column i <
/// columns: a shift (c_0), and the sums of c_b - shift, (c_b - shift)^2 and |c_b|. A change of 0 gives 0 even where the
/// value is not a number; no change (null) means 1. Each has room for the columns rounded up to a multiple of 8, which
/// must be readable in value and change too.
void shifted_moments(const double* value, std::int64_t value_stride, const double* change, std::int64_t change_stride,
                     std::int64_t count, std::int64_t columns, double* shift, double* sums, double* squares,
                     double* sizes);

}  // namespace xg::kernels
