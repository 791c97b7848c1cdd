// What rounding may have changed in values on which jumps depend.
#pragma once

#include <xgrad/explain/detail/recording.hpp>
#include <xgrad/explain/detail/structure.hpp>

#include <vector>

namespace xg::explain::detail {

/// Bounds on the rounding of the values of a recording, in their shapes (autograd::rounding_of). Only those that lead
/// to an op that jumps on the path are found; the others, and exact ones, are undefined. Costs nothing for a model
/// without.
std::vector<Tensor> roundings_of(const Recording& recording, const Structure& structure);

}  // namespace xg::explain::detail
