// From where to where an axis reaches: what its artists cover, unless its user gave limits.
#pragma once

#include <xgrad/viz/detail/axes_state.hpp>
#include <xgrad/viz/detail/range.hpp>

#include <string>
#include <vector>

namespace xg::viz::detail {

/// What artists cover of one axis. Where bars end at their base the axis ends as well, without padding.
struct AxisRange {
  DataRange data;
  bool stuck_low = false, stuck_high = false;
  void add(double v) { data.add(v); }
};

/// Adds what artists cover of their two axes, without what has no place on a log axis. Artists of axes made by twinx
/// share the range of x with those that they lie over.
void extend_ranges(const std::vector<Artist>& artists, AxisRange& x, AxisRange& y, bool x_log, bool y_log);

/// Tells an axis what another one that it shares its limits with was told: limits that reach as far as those of both, a
/// log scale, a direction.
void share_state(const AxisState& from, AxisState& to);

/// The limits that a user gave, where the axis can have them; else those of the data.
Limits limits_of(const AxisState& axis, const AxisRange& range);

/// Adds a note where a log axis was given limits that it cannot have. `name` is "x", "y" or "right y".
void note_impossible_limits(std::vector<std::string>& notes, const char* name, const AxisState& axis);

}  // namespace xg::viz::detail
