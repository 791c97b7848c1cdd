#include <fmt/format.h>
#include <xgrad/viz/detail/axis_limits.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <type_traits>
#include <variant>

namespace xg::viz::detail {
namespace {

// Are these limits on a log axis that begin at zero or less?
bool has_impossible_limits(const AxisState& axis) { return axis.limits && axis.log && !((*axis.limits)[0] > 0); }

}  // namespace

void extend_ranges(const std::vector<Artist>& artists, AxisRange& x, AxisRange& y, bool x_log, bool y_log) {
  const auto shown = [](double v, bool log) { return std::isfinite(v) && !(log && !(v > 0)); };
  double bar_base_low = 0, bar_base_high = 0;
  for (const Artist& artist : artists) {
    std::visit(
        [&](const auto& a) {
          using A = std::decay_t<decltype(a)>;
          if constexpr (std::is_same_v<A, LineArtist> || std::is_same_v<A, PointsArtist> ||
                        std::is_same_v<A, ErrorArtist>) {
            for (std::size_t i = 0; i < a.x.size(); ++i) {
              if (!shown(a.x[i], x_log) || !shown(a.y[i], y_log)) continue;
              x.add(a.x[i]);
              y.add(a.y[i]);
              if constexpr (std::is_same_v<A, ErrorArtist>) {
                for (const double s : {-1.0, 1.0}) {
                  if (!a.xerr.empty()) x.add(a.x[i] + s * a.xerr[i]);
                  if (!a.yerr.empty()) y.add(a.y[i] + s * a.yerr[i]);
                }
              }
            }
          } else if constexpr (std::is_same_v<A, BarsArtist>) {
            AxisRange& along = a.horizontal ? y : x;
            AxisRange& value = a.horizontal ? x : y;
            for (std::size_t i = 0; i < a.position.size(); ++i) {
              along.add(a.position[i] - a.width / 2);
              along.add(a.position[i] + a.width / 2);
              if (!std::isfinite(a.base[i] + a.length[i])) continue;
              value.add(a.base[i]);
              value.add(a.base[i] + a.length[i]);
              if (!a.error.empty()) {
                value.add(a.base[i] + a.length[i] - a.error[i]);
                value.add(a.base[i] + a.length[i] + a.error[i]);
              }
              bar_base_low = std::min(bar_base_low, a.base[i]);
              bar_base_high = std::max(bar_base_high, a.base[i]);
            }
            value.stuck_low = value.stuck_low || (!value.data.empty() && value.data.low >= bar_base_low);
            value.stuck_high = value.stuck_high || (!value.data.empty() && value.data.high <= bar_base_high);
          } else if constexpr (std::is_same_v<A, FillArtist>) {
            for (std::size_t i = 0; i < a.x.size(); ++i) {
              if (!shown(a.x[i], x_log)) continue;
              x.add(a.x[i]);
              y.add(a.low[i]);
              y.add(a.high[i]);
            }
          } else if constexpr (std::is_same_v<A, RuleArtist>) {
            if (shown(a.position, a.horizontal ? y_log : x_log)) (a.horizontal ? y : x).add(a.position);
          }
        },
        artist);
  }
}

void note_impossible_limits(std::vector<std::string>& notes, const char* name, const AxisState& axis) {
  if (!has_impossible_limits(axis)) return;
  notes.push_back(fmt::format("{} limits from {} to {} are not on a log axis; it has those of the data", name,
                              (*axis.limits)[0], (*axis.limits)[1]));
}

void share_state(const AxisState& from, AxisState& to) {
  if (from.limits && to.limits)
    to.limits = {std::min((*from.limits)[0], (*to.limits)[0]), std::max((*from.limits)[1], (*to.limits)[1])};
  else if (from.limits)
    to.limits = from.limits;
  to.log = to.log || from.log;
  to.inverted = to.inverted || from.inverted;
}

Limits limits_of(const AxisState& axis, const AxisRange& range) {
  if (axis.limits && !has_impossible_limits(axis)) return {(*axis.limits)[0], (*axis.limits)[1]};
  if (axis.log) return log_limits(range.data);
  return linear_limits(range.data, {range.stuck_low ? 0 : 0.05, range.stuck_high ? 0 : 0.05, 0});
}

}  // namespace xg::viz::detail
