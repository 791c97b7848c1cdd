#include <xgrad/nn/callbacks/early_stopping.hpp>
#include <xgrad/nn/detail/never_a_number.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

#include <utility>

namespace xg::nn {

EarlyStopping::EarlyStopping(EarlyStoppingOptions options)
    : options_(std::move(options)), best_("EarlyStopping", options_.monitor, options_.mode, options_.min_delta) {
  if (options_.patience < 0)
    raise<ValueError>("[EarlyStopping] patience is {}, it must be 0 or more.", options_.patience);
}

void EarlyStopping::on_epoch_end(FitState& state) {
  ++wait_, ++epochs_;
  const bool improved = best_.improved(state);
  state.history.set_monitor(best_.monitor(), best_.larger_is_better());
  if (improved) {
    wait_ = 0;
    if (options_.restore_best) weights_.save(state.model);
    return;
  }
  if (wait_ < options_.patience || state.epoch == 0) return;
  state.stop(best_.found()
                 ? fmt::format("{} did not improve for {} epochs (best {:.6g})", options_.monitor, wait_, best_.value())
                 : fmt::format("{} in {} epochs", detail::never_a_number(options_.monitor), epochs_));
}

void EarlyStopping::on_train_end(FitState& state) {
  if (epochs_ > 0 && !best_.found())
    state.note(fmt::format("EarlyStopping: {}, {}", detail::never_a_number(options_.monitor),
                           options_.restore_best ? "so no weights were restored" : "so there is no best epoch"));
  if (!options_.restore_best || weights_.empty()) return;
  weights_.restore(state.model);
  state.history.set_restored_best(true);
}

}  // namespace xg::nn
