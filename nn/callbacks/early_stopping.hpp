// Training ends where a value stops improving.
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
  double min_delta = 0;         ///< what counts as an improvement
  String mode = "auto";         ///< "min", "max", or what the loss or metric says
  bool restore_best = false;    ///< put the weights of the best epoch back at the end
};
/// Ends training when a value has stopped improving. A value that was never a number does not improve: the History's
/// stop_reason() says so, and no weights are put back.
class XG_API EarlyStopping {
 public:
  /// Throws ValueError for a negative patience, an unknown mode or a min_delta that is not finite.
  explicit EarlyStopping(EarlyStoppingOptions options = {});
  explicit EarlyStopping(NoOptions) : EarlyStopping() {}  ///< for empty braces
  static constexpr bool adds_values = false;              ///< it adds no values to those of an epoch
  /// throws ValueError where no epoch will have the monitored value
  void on_train_begin(FitState& state) const { state.expect("EarlyStopping", options_.monitor); }
  void on_epoch_end(FitState& state);  ///< looks at the value, keeps the weights of the best epoch, ends training
  void on_train_end(FitState& state);  ///< puts the best weights back if asked to

 private:
  EarlyStoppingOptions options_;
  Best best_;
  std::int64_t wait_ = 0, epochs_ = 0;
  Weights weights_;
};

}  // namespace xg::nn
