// Where an axis has its ticks, and how data become px.
#pragma once

#include <xgrad/tensor/export.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace xg::viz {

/// Places on an axis and what stands there.
struct Ticks {
  std::vector<double> positions;    ///< in units of the data
  std::vector<std::string> labels;  ///< as many as `positions`
};

/// Round numbers in [low, high]: at most `max_count` multiples of 1, 2, 2.5 or 5 times a power of ten, at least 2.
/// Works for any two doubles; labels have the digits that it takes to say exactly where their ticks are, so that no two
/// are alike. Between neighbouring doubles without a round number, these two. No ticks unless low < high and both are
/// finite.
XG_API Ticks linear_ticks(double low, double high, std::size_t max_count = 8);

/// Powers of ten in [low, high], thinned to at most `max_count`; with fewer than two of them, round numbers.
XG_API Ticks log_ticks(double low, double high, std::size_t max_count = 8);

/// Probabilities on an axis of log-odds [low, high]: `positions` are log-odds, the labels their probabilities. At most
/// `max_count` of 0.5 and powers of ten beside 0 and 1, with round numbers between them where there is room.
XG_API Ticks probability_ticks(double low, double high, std::size_t max_count = 8);

/// A map from data [low, high] to px [from, to], linear or logarithmic.
struct XG_API Scale {
  double low = 0;         ///< data at `from`
  double high = 1;        ///< data at `to`
  double from = 0;        ///< px
  double to = 1;          ///< px
  bool log = false;       ///< logarithmic
  bool log_odds = false;  ///< data are log-odds, and the ticks say which probabilities these are

  static constexpr double max_px = 1e200;  ///< the farthest px that a number is taken to
  /// The px of `v`: a number for every finite one, at most `max_px` from 0. With a log scale numbers of zero or less
  /// are at `from`.
  double operator()(double v) const;
  /// At most `max_count` ticks for this kind of axis.
  Ticks ticks(std::size_t max_count) const {
    return log        ? log_ticks(low, high, max_count)
           : log_odds ? probability_ticks(low, high, max_count)
                      : linear_ticks(low, high, max_count);
  }
};

/// Do the labels of ticks stand beside one another with `gap` px between them, in letters of `size` px?
XG_API bool labels_fit(const Ticks& ticks, const Scale& scale, double size, double gap);

/// As many ticks as fit beside one another, at most `max_count`. Two where not even two fit.
XG_API Ticks fitting_ticks(const Scale& scale, std::size_t max_count, double size, double gap);

/// Labels for ticks at given places: round numbers as linear_ticks writes them, others with the digits that tell them
/// apart, at least 6 significant ones.
XG_API std::vector<std::string> tick_labels(const std::vector<double>& positions);

}  // namespace xg::viz
