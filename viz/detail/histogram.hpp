// Counting values in bins of equal width.
#pragma once

#include <xgrad/tensor/export.hpp>

#include <cstddef>
#include <vector>

namespace xg::viz::detail {

struct Histogram {
  std::vector<double> centers;  ///< middles of the bins
  std::vector<double> count;
  double width = 1;
};

/// `bins` bins from the smallest to the largest value; values that are not finite are left out, of none there are no
/// bins. With 0 bins the rule of Freedman and Diaconis (1981), between 5 and 60.
///
/// Whole numbers get bins of whole widths, at most `bins`, whose edges lie halfway between two of them, so that a bar
/// of width 1 stands on its number. Values that are all alike get one bin around them, and those whose range is beyond
/// double at least two.
XG_API Histogram histogram(const std::vector<double>& values, std::size_t bins = 0);

}  // namespace xg::viz::detail
