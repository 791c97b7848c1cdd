// An order of rows in which similar explanations stand side by side.
#pragma once

#include <xgrad/viz/contributions.hpp>

#include <cstddef>
#include <vector>

namespace xg::viz::detail {

/// These rows in the order of the leaves of a hierarchical clustering by the distances of their contributions, the end
/// with the larger output first. There is at least one row; time and memory are quadratic in their number.
std::vector<std::size_t> order_by_similarity(const Contributions& c, const std::vector<std::size_t>& rows);

}  // namespace xg::viz::detail
