// Ranges of data, and the limits of axes that show them.
#pragma once

#include <xgrad/tensor/export.hpp>

#include <limits>

namespace xg::viz::detail {

/// The ends of an axis: two finite numbers, low < high.
struct Limits {
  double low = 0;
  double high = 1;
};

/// `v`, or 0 if it is not finite: such contributions and errors have no effect on what is drawn, and a note mentions
/// infinite ones.
double finite_or_zero(double v);

/// high - low, at most the largest finite double.
XG_API double span(double low, double high);

/// Are low and high equal up to rounding, high - low <= 1e-13 max(|low|, |high|)? A plot should not magnify such
/// differences.
XG_API bool is_constant(double low, double high);

/// The smallest and the largest of the finite numbers added.
struct XG_API DataRange {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  double min_positive = std::numeric_limits<double>::infinity();  ///< lower end of the data on a log axis

  void add(double v);
  bool empty() const { return low > high; }
};

/// The padding of an axis beyond its data.
struct Padding {
  double below = 0.05;  ///< share of the range
  double above = 0.05;
  double constant = 0;  ///< least padding on either side of constant data, else 5 % of their size
};

/// Limits for any data: 0 to 1 without data, a neighbourhood of constant data, else the range with its padding. All
/// axes get their limits from here, so that ticks and scales can rely on low < high.
XG_API Limits linear_limits(const DataRange& data, const Padding& padding = {});

/// Limits of a log axis for the positive numbers, padded by 5 % of the decades; 1 to 10 if there are none.
XG_API Limits log_limits(const DataRange& data);

}  // namespace xg::viz::detail
