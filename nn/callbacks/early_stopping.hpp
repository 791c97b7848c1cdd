// A callback that ends training when a value stops improving.
#pragma once

#include <xgrad/nn/callback.hpp>
#include <xgrad/nn/callbacks/best.hpp>
#include <xgrad/nn/callbacks/weights.hpp>
#include <xgrad/tensor/no_options.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <cstdint>

namespace xg::nn {

/// Options of EarlyStopping.
struct EarlyStoppingOptions {
  String monitor = "val_loss";  ///< the key of an epoch's values
  std::int64_t patience = 0;    ///< epochs without improvement that are tolerated
  double min_delta = 0;         ///< smaller changes do not count as improvements
  String mode = "auto";         ///< "min", "max", or "auto": the direction of the loss or metric
  bool restore_best = false;    ///< restore the weights of the best epoch at the end
};
/// Ends training when a value has stopped improving. A value that was never a number does not improve: the History's
/// stop_reason() tells so, and no weights are restored.
class XG_API EarlyStopping {
 public:
  /// Throws ValueError for a negative patience, an unknown mode or a min_delta that is not finite.
  explicit EarlyStopping(EarlyStoppingOptions options = {});
  explicit EarlyStopping(NoOptions) : EarlyStopping() {}  ///< for empty braces
  static constexpr bool adds_values = false;              ///< it adds no values to those of an epoch
  /// Throws ValueError if no epoch will have the monitored value.
  void on_train_begin(FitState& state) const { state.expect("EarlyStopping", options_.monitor); }
  /// Compares the value with the best one, saves the weights of the best epoch, ends training after `patience` epochs.
  /// Throws ValueError where it is unknown whether larger is better.
  void on_epoch_end(FitState& state);
  void on_train_end(FitState& state);  ///< restores the best weights if the options say so

 private:
  EarlyStoppingOptions options_;
  Best best_;
  std::int64_t wait_ = 0, epochs_ = 0;
  Weights weights_;
};

}  // namespace xg::nn
