// The learning rate by a function or a scheduler.
#pragma once

#include <xgrad/nn/callback.hpp>
#include <xgrad/optim/scheduler.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <cstdint>
#include <functional>
#include <string>

namespace xg::nn {

/// Sets the learning rate of all groups by a function of the epoch (from 0) and the rate, or steps a scheduler. Throws
/// ValueError where the function gives a rate that is negative or not finite.
class XG_API LearningRateSchedule {
 public:
  /// by a function; ValueError if it is empty
  explicit LearningRateSchedule(std::function<double(std::int64_t epoch, double lr)> rate);
  /// steps the scheduler after every epoch; it must outlive the fit
  explicit LearningRateSchedule(optim::Scheduler& scheduler);
  /// Steps with the value of `monitor`, in the epochs in which that is a number. If it never is, the rate stays as it
  /// is and the History's stop_reason() says why.
  explicit LearningRateSchedule(optim::ReduceLROnPlateau& scheduler, StringRef monitor = "val_loss");
  static constexpr bool adds_values = false;  ///< it adds no values to those of an epoch
  /// Throws ValueError where no epoch will have the monitored value.
  void on_train_begin(FitState& state) const {
    if (plateau_ != nullptr) state.expect("LearningRateSchedule", monitor_);
  }
  void on_epoch_begin(FitState& state);  ///< sets the rate that the function gives
  void on_epoch_end(FitState& state);    ///< steps the scheduler
  void on_train_end(FitState& state);    ///< notes in the History that the monitored value was never a number

 private:
  std::function<double(std::int64_t, double)> rate_;
  optim::Scheduler* scheduler_ = nullptr;
  optim::ReduceLROnPlateau* plateau_ = nullptr;
  std::string monitor_;
  bool found_ = false;  // was the monitored value ever a number?
};

}  // namespace xg::nn
