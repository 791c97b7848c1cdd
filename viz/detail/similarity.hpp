// An order of rows in which similar explanations are neighbours.
#pragma once

#include <xgrad/viz/contributions.hpp>

#include <cstddef>
#include <vector>

namespace xg::viz::detail {

/// The rows in the order of the leaves of a hierarchical clustering by squared distance of their contributions,
/// beginning at the end with the larger output. There must be at least one row; time and memory are quadratic in their
/// number.
std::vector<std::size_t> order_by_similarity(const Contributions& c, const std::vector<std::size_t>& rows);

}  // namespace xg::viz::detail
