// Which of many rows a picture shows.
#pragma once

#include <xgrad/tensor/export.hpp>

#include <cstddef>
#include <vector>

namespace xg::viz::detail {

/// At most `max_count` of `rows` rows, in their order; all where they fit.
///
/// The rows `kept` come first, then the smallest and the largest row of every measure, so that limits and outliers stay
/// what they are; others fill up by the order of a fixed hash of their numbers. So every row has the same chance
/// whatever the rows are sorted by, and the same rows are shown each time. Measures have one number for each row; those
/// that are not finite are no extremes.
XG_API std::vector<std::size_t> rows_to_draw(std::size_t rows, std::size_t max_count,
                                             const std::vector<std::vector<double>>& measures,
                                             const std::vector<std::size_t>& kept = {});

/// The same for some rows only, `rows`, which are given by their numbers: at most `max_count` of these numbers.
/// Measures have one number for each of them.
std::vector<std::size_t> rows_to_draw(const std::vector<std::size_t>& rows, std::size_t max_count,
                                      const std::vector<std::vector<double>>& measures);

}  // namespace xg::viz::detail
