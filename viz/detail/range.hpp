// What data cover, and the limits of an axis that shows it.
#pragma once

#include <xgrad/tensor/export.hpp>

#include <limits>

namespace xg::viz::detail {

/// The ends of an axis: two finite numbers, low < high.
struct Limits {
  double low = 0;
  double high = 1;
};

/// `v`, or 0 where it is NaN or infinite: such contributions and errors move nothing that is drawn, and a note tells of
/// the infinite ones.
double finite_or_zero(double v);

/// high - low, or the largest finite number where that is beyond the range of double.
XG_API double span(double low, double high);

/// Does an axis have nothing to tell low and high apart by? They are equal, or differ in their last few bits only (by
/// 1e-13 of the larger one at most), which is rounding and no difference that a picture should blow up.
XG_API bool is_constant(double low, double high);

/// The smallest and the largest of numbers. Those that are NaN or infinite are left out.
struct XG_API DataRange {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  double min_positive = std::numeric_limits<double>::infinity();  ///< where a logarithmic axis begins

  void add(double v);
  bool empty() const { return low > high; }
};

/// How far an axis reaches beyond its data.
struct Padding {
  double below = 0.05;  ///< shares of the range
  double above = 0.05;
  double constant = 0;  ///< at least this much on either side of data that are constant; else a twentieth of them
};

/// Limits for any data: of no data 0 to 1, around constant data its neighbourhood, else the range with its padding.
/// Every axis that is made of data gets its limits here, so that ticks and scales may rely on low < high.
XG_API Limits linear_limits(const DataRange& data, const Padding& padding = {});

/// The same for the numbers above zero, with the padding as a share of the decades.
XG_API Limits log_limits(const DataRange& data);

}  // namespace xg::viz::detail
