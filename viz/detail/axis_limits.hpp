// The limits of an axis: the range of its artists, unless the user gave limits.
#pragma once

#include <xgrad/viz/detail/axes_state.hpp>
#include <xgrad/viz/detail/range.hpp>

#include <string>
#include <vector>

namespace xg::viz::detail {

/// The range of artists along one axis. An axis has no padding at an end where bars end at their base.
struct AxisRange {
  DataRange data;
  bool stuck_low = false, stuck_high = false;
  void add(double v) { data.add(v); }
};

/// Extends the ranges of x and y by those of the artists, without numbers that are not positive on a log axis. Axes
/// made by twinx share the range of x with those that they lie over.
void extend_ranges(const std::vector<Artist>& artists, AxisRange& x, AxisRange& y, bool x_log, bool y_log);

/// Merges the settings of an axis into those of another that shares its limits: the union of the limits, log scale and
/// direction.
void share_state(const AxisState& from, AxisState& to);

/// The limits that the user gave, if they are valid on the axis, else those of the data.
Limits limits_of(const AxisState& axis, const AxisRange& range);

/// Adds a note if the user gave a log axis limits that are not positive. `name` is "x", "y" or "right y".
void note_impossible_limits(std::vector<std::string>& notes, const char* name, const AxisState& axis);

}  // namespace xg::viz::detail
