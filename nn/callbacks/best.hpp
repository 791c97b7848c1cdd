// The best value of a key so far.
#pragma once

#include <xgrad/nn/callback.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <string>

namespace xg::nn {

/// Keeps track of the best value of a key. NaN is never the best.
class XG_API Best {
 public:
  /// mode "min", "max", or "auto": the direction of the loss or metric. `who` names the caller in errors. Throws
  /// ValueError for any other mode, and for a min_delta that is not finite.
  Best(StringRef who, StringRef monitor, StringRef mode, double min_delta);
  /// Is this epoch the best so far? Throws ValueError for an unknown monitor, or where it is unknown whether larger is
  /// better.
  bool improved(const FitState& state);
  /// Was any value a number? If not, value() is meaningless.
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
