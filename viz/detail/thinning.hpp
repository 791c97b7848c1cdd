// Samples of rows that a picture shows.
#pragma once

#include <xgrad/tensor/export.hpp>

#include <cstddef>
#include <vector>

namespace xg::viz::detail {

/// At most `max_count` of `rows` rows, in their order.
///
/// The rows `kept` are chosen first, then the rows with the smallest and the largest finite value of each measure, so
/// that limits and outliers do not change. The others are chosen by the order of a fixed hash of their indices, so that
/// the choice is reproducible and independent of how the rows are sorted. Measures have one number for each row.
XG_API std::vector<std::size_t> rows_to_draw(std::size_t rows, std::size_t max_count,
                                             const std::vector<std::vector<double>>& measures,
                                             const std::vector<std::size_t>& kept = {});

/// At most `max_count` of the given rows. Measures have one number for each of them.
std::vector<std::size_t> rows_to_draw(const std::vector<std::size_t>& rows, std::size_t max_count,
                                      const std::vector<std::vector<double>>& measures);

}  // namespace xg::viz::detail
