// The best value of a key so far.
#pragma once

#include <xgrad/nn/callback.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <string>

namespace xg::nn {

/// Keeps track of the best value of a key. NaN is never the best.
class XG_API Best {
 public:
  /// mode "min", "max", or "auto": what the loss or metric says. Throws ValueError for another, and for a min_delta
  /// that is not finite.
  Best(StringRef who, StringRef monitor, StringRef mode, double min_delta);
  /// Is this epoch the best so far? Throws ValueError for an unknown monitor, or a direction that nobody knows.
  bool improved(const FitState& state);
  /// Was there a number at all? If not, value() means nothing.
  bool found() const { return found_; }
  double value() const { return best_; }                   ///< the best so far
  bool larger_is_better() const { return larger_; }        ///< the direction, once improved() has been asked
  const std::string& monitor() const { return monitor_; }  ///< the key it looks at

 private:
  std::string who_, monitor_, mode_;
  double min_delta_;
  bool found_ = false, larger_ = false;
  double best_ = 0;
};

}  // namespace xg::nn
