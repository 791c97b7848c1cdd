#include <xgrad/nn/callbacks/learning_rate_schedule.hpp>
#include <xgrad/nn/detail/never_a_number.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

#include <cmath>
#include <utility>

namespace xg::nn {

LearningRateSchedule::LearningRateSchedule(std::function<double(std::int64_t, double)> rate) : rate_(std::move(rate)) {
  if (!rate_)
    throw ValueError(
        "[LearningRateSchedule] the function is empty, it must give a rate for an epoch and the rate before.");
}

LearningRateSchedule::LearningRateSchedule(optim::Scheduler& scheduler) : scheduler_(&scheduler) {}

LearningRateSchedule::LearningRateSchedule(optim::ReduceLROnPlateau& scheduler, StringRef monitor)
    : plateau_(&scheduler), monitor_(monitor.str()) {}

void LearningRateSchedule::on_epoch_begin(FitState& state) {
  if (!rate_) return;
  const double rate = rate_(state.epoch, state.optimizer.lr());
  if (!(std::isfinite(rate) && rate >= 0))
    raise<ValueError>("[LearningRateSchedule] the rate for epoch {} is {}, it must be finite and 0 or more.",
                      state.epoch, rate);
  state.optimizer.set_lr(rate);
}

void LearningRateSchedule::on_epoch_end(FitState& state) {
  if (scheduler_ != nullptr) scheduler_->step();
  if (plateau_ == nullptr) return;
  const double value = state.value(monitor_);
  if (std::isnan(value)) return;
  found_ = true;
  plateau_->step(value);
}

void LearningRateSchedule::on_train_end(FitState& state) {
  if (plateau_ != nullptr && !found_ && state.history.epochs() > 0)
    state.note(fmt::format("ReduceLROnPlateau: {}, so the rate was left as it is", detail::never_a_number(monitor_)));
}

}  // namespace xg::nn
