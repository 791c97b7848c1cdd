// Positions and labels of ticks, and the maps from data to px.
#pragma once

#include <xgrad/tensor/export.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace xg::viz {

/// Positions on an axis and their labels.
struct Ticks {
  std::vector<double> positions;    ///< in units of the data
  std::vector<std::string> labels;  ///< as many as `positions`
};

/// Round numbers in [low, high]: from 2 to `max_count` multiples of 1, 2, 2.5 or 5 times a power of ten. Labels have
/// all the digits of their positions, so that no two are equal. If no two round numbers fit between neighbouring
/// doubles, the ticks are low and high. There are none unless low < high and both are finite.
XG_API Ticks linear_ticks(double low, double high, std::size_t max_count = 8);

/// Every k-th power of ten in [low, high], at most `max_count`; linear_ticks if there are fewer than two. There are
/// none unless 0 < low < high and both are finite.
XG_API Ticks log_ticks(double low, double high, std::size_t max_count = 8);

/// Ticks on an axis of log-odds [low, high]: positions are log(p / (1 - p)), labels are p. There are at most
/// `max_count`: 0.5, powers of ten and one minus these, and round numbers between them where they fit. There are none
/// unless low < high and both are finite.
XG_API Ticks probability_ticks(double low, double high, std::size_t max_count = 8);

/// A map from data in [low, high] to px in [from, to]: from + (to - from) (v - low) / (high - low), with logarithms of
/// v, low and high on a log scale.
struct XG_API Scale {
  double low = 0;         ///< data at `from`
  double high = 1;        ///< data at `to`
  double from = 0;        ///< px
  double to = 1;          ///< px
  bool log = false;       ///< logarithmic
  bool log_odds = false;  ///< data are log-odds, which ticks label as probabilities

  static constexpr double max_px = 1e200;  ///< largest |px| that a finite number is mapped to
  /// The px of `v`, clamped to [-max_px, max_px] for finite `v`. On a log scale numbers of zero or less are mapped to
  /// `from`.
  double operator()(double v) const;
  /// At most `max_count` ticks for this kind of axis.
  Ticks ticks(std::size_t max_count) const {
    return log        ? log_ticks(low, high, max_count)
           : log_odds ? probability_ticks(low, high, max_count)
                      : linear_ticks(low, high, max_count);
  }
};

/// Do labels in letters of `size` px fit side by side with `gap` px between them?
XG_API bool labels_fit(const Ticks& ticks, const Scale& scale, double size, double gap);

/// As many ticks as fit side by side, from 2 (even if these do not fit) to `max_count`.
XG_API Ticks fitting_ticks(const Scale& scale, std::size_t max_count, double size, double gap);

/// Labels for ticks at the given positions: round numbers as linear_ticks writes them, others with as many significant
/// digits as distinguish them, at least 6.
XG_API std::vector<std::string> tick_labels(const std::vector<double>& positions);

}  // namespace xg::viz
