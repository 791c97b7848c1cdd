// A callback that sets the learning rate by a function or a scheduler.
#pragma once

#include <xgrad/nn/callback.hpp>
#include <xgrad/optim/scheduler.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <cstdint>
#include <functional>
#include <string>

namespace xg::nn {

/// Sets the learning rate of all groups by a function of the epoch (from 0) and the rate, or steps a
/// scheduler.
class XG_API LearningRateSchedule {
 public:
  /// Calls the function before every epoch. Throws ValueError if it is empty.
  explicit LearningRateSchedule(std::function<double(std::int64_t epoch, double lr)> rate);
  /// Steps the scheduler after every epoch; it must outlive the fit.
  explicit LearningRateSchedule(optim::Scheduler& scheduler);
  /// Steps the scheduler with the value of `monitor` after every epoch in which that is a number. If it never is, the
  /// rate stays unchanged and the History's stop_reason() says why.
  explicit LearningRateSchedule(optim::ReduceLROnPlateau& scheduler, StringRef monitor = "val_loss");
  static constexpr bool adds_values = false;  ///< it adds no values to those of an epoch
  /// Throws ValueError if no epoch will have the monitored value.
  void on_train_begin(FitState& state) const {
    if (plateau_ != nullptr) state.expect("LearningRateSchedule", monitor_);
  }
  /// Sets the rate that the function gives. Throws ValueError if it is negative or not finite.
  void on_epoch_begin(FitState& state);
  void on_epoch_end(FitState& state);  ///< steps the scheduler
  void on_train_end(FitState& state);  ///< notes in the History that the monitored value was never a number

 private:
  std::function<double(std::int64_t, double)> rate_;
  optim::Scheduler* scheduler_ = nullptr;
  optim::ReduceLROnPlateau* plateau_ = nullptr;
  std::string monitor_;
  bool found_ = false;  // was the monitored value ever a number?
};

}  // namespace xg::nn
