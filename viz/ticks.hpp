// Where an axis has its ticks, and how data become px.
#pragma once

#include <xgrad/tensor/export.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace xg::viz {

struct Ticks {
  std::vector<double> at;
  std::vector<std::string> labels;  ///< as many as `at`
};

/// Round numbers in [low, high]: at most `most` multiples of 1, 2, 2.5 or 5 times a power of ten.
XG_API Ticks linear_ticks(double low, double high, std::size_t most = 8);

/// Powers of ten in [low, high], thinned to at most `most`; with fewer than two of them, round numbers.
XG_API Ticks log_ticks(double low, double high, std::size_t most = 8);

/// Probabilities on an axis of log-odds [low, high]: `at` are log-odds, the labels their probabilities. At most `most`
/// of 0.5 and powers of ten beside 0 and 1, with round numbers between them where there is room.
XG_API Ticks probability_ticks(double low, double high, std::size_t most = 8);

/// A map from data [low, high] to px [from, to], linear or logarithmic.
struct XG_API Scale {
  double low = 0;
  double high = 1;
  double from = 0;
  double to = 1;
  bool log = false;
  bool log_odds = false;  ///< data are log-odds, and the ticks say which probabilities these are
  double operator()(double v) const;
  Ticks ticks(std::size_t most) const {
    return log        ? log_ticks(low, high, most)
           : log_odds ? probability_ticks(low, high, most)
                      : linear_ticks(low, high, most);
  }
};

}  // namespace xg::viz
