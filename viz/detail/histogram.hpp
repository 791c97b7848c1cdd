// Histograms with bins of equal width.
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

/// Counts the finite values in `bins` bins from the smallest to the largest of them; there are no bins without finite
/// values. For bins = 0 their number follows the rule of Freedman and Diaconis (1981), between 5 and 60.
///
/// If all values are integers there are at most `bins` bins of integer width with edges halfway between integers, so
/// that a bar of width 1 is centred on its number. Equal values get one bin around them. If the range exceeds double
/// there are at least two bins.
XG_API Histogram histogram(const std::vector<double>& values, std::size_t bins = 0);

}  // namespace xg::viz::detail
