#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/nn/callback.hpp>
#include <xgrad/tensor/error.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <cstring>

namespace xg::nn {

double FitState::value(std::string_view key) const {
  for (const auto& [name, number] : logs)
    if (name == key) return number;
  std::vector<std::string_view> known;
  for (const auto& [name, number] : logs) known.push_back(name);
  throw ValueError(
      fmt::format("[fit] \"{}\" is not among the values of an epoch, which are {}: name one of them, or pass "
                  "validation data or a metric.",
                  key, fmt::join(known, ", ")));
}

std::optional<bool> FitState::larger_is_better(std::string_view key) const {
  if (key.starts_with("val_")) key.remove_prefix(4);
  for (const auto& [name, larger] : directions)
    if (name == key) return larger;
  return std::nullopt;
}

void FitState::stop(std::string reason) {
  stop_reason = reason.empty() ? "a callback ended it" : std::move(reason);
}

std::vector<Tensor> Weights::state_of(const Module& model) {
  std::vector<Tensor> state = model.parameters();
  for (Tensor& buffer : model.buffers()) state.push_back(std::move(buffer));
  return state;
}

void Weights::save(const Module& model) {
  save(state_of(model));
}

void Weights::save(const std::vector<Tensor>& state) {
  const NoGrad guard;
  if (tensors_.size() != state.size()) {
    tensors_.clear();
    for (const Tensor& tensor : state) tensors_.push_back(tensor.detach().clone());
    return;
  }
  for (std::size_t i = 0; i < state.size(); ++i) tensors_[i].copy_(state[i]);
}

void Weights::restore(const Module& model) const {
  std::vector<Tensor> current = model.parameters();
  for (Tensor& buffer : model.buffers()) current.push_back(std::move(buffer));
  if (current.size() != tensors_.size())
    throw Error(fmt::format("[Weights.restore] the model has {} tensors, {} were saved: it was changed in between.",
                            current.size(), tensors_.size()));
  const NoGrad guard;
  for (std::size_t i = 0; i < current.size(); ++i) current[i].copy_(tensors_[i]);
}

Best::Best(const char* who, std::string monitor, std::string mode, double min_delta)
    : who_(who), monitor_(std::move(monitor)), mode_(std::move(mode)), min_delta_(std::fabs(min_delta)) {
  if (mode_ != "auto" && mode_ != "min" && mode_ != "max")
    throw ValueError(fmt::format("[{}] mode is \"{}\", it must be \"auto\", \"min\" or \"max\".", who_, mode_));
}

bool Best::improved(const FitState& state) {
  const double value = state.value(monitor_);
  if (!started_) {
    if (mode_ == "auto") {
      const std::optional<bool> larger = state.larger_is_better(monitor_);
      if (!larger)
        throw ValueError(fmt::format(
            "[{}] nobody says whether a larger \"{}\" is better: pass .mode = \"min\" or \"max\".", who_, monitor_));
      larger_ = *larger;
    } else {
      larger_ = mode_ == "max";
    }
  }
  const bool better =
      !std::isnan(value) && (!started_ || (larger_ ? value > best_ + min_delta_ : value < best_ - min_delta_));
  if (better) best_ = value, started_ = true;
  return better;
}

EarlyStopping::EarlyStopping(EarlyStoppingOptions options)
    : options_(std::move(options)), best_("EarlyStopping", options_.monitor, options_.mode, options_.min_delta) {
  if (options_.patience < 0)
    throw ValueError(fmt::format("[EarlyStopping] patience is {}, it must be 0 or more.", options_.patience));
}

void EarlyStopping::on_epoch_end(FitState& state) {
  ++wait_;
  if (best_.improved(state)) {
    wait_ = 0;
    if (options_.restore_best) weights_.save(state.model);
    state.history.set_monitor(best_.monitor(), best_.larger_is_better());
    return;
  }
  if (wait_ >= options_.patience && state.epoch > 0)
    state.stop(fmt::format("{} did not improve for {} epochs (best {:.6g})", options_.monitor, wait_, best_.value()));
}

void EarlyStopping::on_train_end(FitState& state) {
  if (!options_.restore_best || weights_.empty()) return;
  weights_.restore(state.model);
  state.history.set_restored_best(true);
}

ModelCheckpoint::ModelCheckpoint(std::filesystem::path path, ModelCheckpointOptions options)
    : path_(std::move(path)),
      options_(std::move(options)),
      best_("ModelCheckpoint", options_.monitor, options_.mode, 0) {}

void ModelCheckpoint::on_epoch_end(FitState& state) {
  if (options_.save_best_only && !best_.improved(state)) return;
  std::string text = path_.string();
  const auto put = [&](const std::string& key, const std::string& value) {
    const std::string field = "{" + key + "}";
    for (std::size_t at = 0; (at = text.find(field, at)) != std::string::npos; at += value.size())
      text.replace(at, field.size(), value);
  };
  put("epoch", std::to_string(state.epoch + 1));
  for (const auto& [key, value] : state.logs) put(key, fmt::format("{:.4f}", value));
  state.model.save(text);
}

LearningRateSchedule::LearningRateSchedule(std::function<double(std::int64_t, double)> rate) : rate_(std::move(rate)) {
  if (!rate_)
    throw ValueError(
        "[LearningRateSchedule] the function is empty, it must give a rate for an epoch and the rate before.");
}

LearningRateSchedule::LearningRateSchedule(optim::Scheduler& scheduler)
    : step_([&scheduler](FitState&) { scheduler.step(); }) {}

LearningRateSchedule::LearningRateSchedule(optim::ReduceLROnPlateau& scheduler, std::string monitor)
    : step_([&scheduler, monitor = std::move(monitor)](FitState& state) { scheduler.step(state.value(monitor)); }) {}

void LearningRateSchedule::on_epoch_begin(FitState& state) {
  if (rate_) state.optimizer.set_lr(rate_(state.epoch, state.optimizer.lr()));
}

void LearningRateSchedule::on_epoch_end(FitState& state) {
  if (step_) step_(state);
}

}  // namespace xg::nn
