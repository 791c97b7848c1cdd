// A callback that saves the model after an epoch.
#pragma once

#include <xgrad/nn/callback.hpp>
#include <xgrad/nn/callbacks/best.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <filesystem>

namespace xg::nn {

/// Options of ModelCheckpoint.
struct ModelCheckpointOptions {
  String monitor = "val_loss";  ///< the key of an epoch's values
  bool save_best_only = true;   ///< save only after an epoch that is the best so far
  String mode = "auto";         ///< "min", "max", or "auto": the direction of the loss or metric
};
/// Saves the model as safetensors after an epoch. In the path, "{epoch}" stands for its number from 1, and "{val_loss}"
/// and so on for values of the epoch. If the monitored value was never a number, nothing is saved, and the History's
/// stop_reason() tells so.
class XG_API ModelCheckpoint {
 public:
  /// Throws ValueError for an unknown mode.
  explicit ModelCheckpoint(std::filesystem::path path, ModelCheckpointOptions options = {});
  static constexpr bool adds_values = false;  ///< it adds no values to those of an epoch
  /// Throws ValueError if no epoch will have the monitored value.
  void on_train_begin(FitState& state) const {
    if (options_.save_best_only) state.expect("ModelCheckpoint", options_.monitor);
  }
  /// Saves the model. Throws IoError, and ValueError where it is unknown whether larger is better.
  void on_epoch_end(FitState& state);
  void on_train_end(FitState& state);  ///< notes in the History that nothing was saved

 private:
  std::filesystem::path path_;
  ModelCheckpointOptions options_;
  Best best_;
};

}  // namespace xg::nn
