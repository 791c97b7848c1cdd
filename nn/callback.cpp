#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/nn/callback.hpp>
#include <xgrad/tensor/error.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace xg::nn {
namespace {

std::string never_a_number(std::string_view monitor) { return fmt::format("{} was never a number", monitor); }

[[noreturn]] void throw_unknown_key(std::string_view who, std::string_view key, const std::vector<std::string>& known,
                                    std::string_view remedy) {
  throw ValueError(fmt::format("[{}] \"{}\" is not among the values of an epoch, which are {}: name one of them{}.",
                               who, key, fmt::join(known, ", "), remedy));
}

}  // namespace

double FitState::value(StringRef wanted) const {
  const std::string_view key = wanted;
  for (const auto& [name, number] : logs)
    if (name == key) return number;
  std::vector<std::string> known;
  for (const auto& [name, number] : logs) known.push_back(name);
  throw_unknown_key("fit", key, known, ", or pass validation data or a metric");
}

void FitState::expect(StringRef who, StringRef key) const {
  if (expected.empty() || std::find(expected.begin(), expected.end(), key.view()) != expected.end()) return;
  const bool validated = std::find(expected.begin(), expected.end(), "val_loss") != expected.end();
  throw_unknown_key(who, key, expected,
                    key.view().starts_with("val_") && !validated ? ", or pass validation data" : "");
}

std::optional<bool> FitState::larger_is_better(StringRef wanted) const {
  std::string_view key = wanted;
  if (key.starts_with("val_")) key.remove_prefix(4);
  for (const auto& [name, larger] : directions)
    if (name == key) return larger;
  return std::nullopt;
}

void FitState::stop(StringRef reason) { stop_reason = reason.view().empty() ? "a callback ended it" : reason.str(); }

std::vector<Tensor> Weights::state_of(const Module& model) {
  std::vector<Tensor> state = model.parameters();
  for (Tensor& buffer : model.buffers()) state.push_back(std::move(buffer));
  return state;
}

void Weights::save(const Module& model) { save(state_of(model)); }

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

Best::Best(StringRef who, StringRef monitor, StringRef mode, double min_delta)
    : who_(who.str()), monitor_(monitor.str()), mode_(mode.str()), min_delta_(std::fabs(min_delta)) {
  if (mode_ != "auto" && mode_ != "min" && mode_ != "max")
    throw ValueError(fmt::format("[{}] mode is \"{}\", it must be \"auto\", \"min\" or \"max\".", who_, mode_));
  if (!std::isfinite(min_delta))
    throw ValueError(fmt::format("[{}] min_delta is {}, it must be finite.", who_, min_delta));
}

bool Best::improved(const FitState& state) {
  const double value = state.value(monitor_);
  if (mode_ == "auto") {
    const std::optional<bool> larger = state.larger_is_better(monitor_);
    if (!larger)
      throw ValueError(fmt::format(
          "[{}] nobody says whether a larger \"{}\" is better: pass .mode = \"min\" or \"max\".", who_, monitor_));
    larger_ = *larger;
  } else {
    larger_ = mode_ == "max";
  }
  const bool better =
      !std::isnan(value) && (!found_ || (larger_ ? value > best_ + min_delta_ : value < best_ - min_delta_));
  if (better) best_ = value, found_ = true;
  return better;
}

EarlyStopping::EarlyStopping(EarlyStoppingOptions options)
    : options_(std::move(options)), best_("EarlyStopping", options_.monitor, options_.mode, options_.min_delta) {
  if (options_.patience < 0)
    throw ValueError(fmt::format("[EarlyStopping] patience is {}, it must be 0 or more.", options_.patience));
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
                 : fmt::format("{} in {} epochs", never_a_number(options_.monitor), epochs_));
}

void EarlyStopping::on_train_end(FitState& state) {
  if (epochs_ > 0 && !best_.found())
    state.note(fmt::format("EarlyStopping: {}, {}", never_a_number(options_.monitor),
                           options_.restore_best ? "so no weights were put back" : "so there is no best epoch"));
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

void ModelCheckpoint::on_train_end(FitState& state) {
  if (options_.save_best_only && !best_.found() && state.history.epochs() > 0)
    state.note(fmt::format("ModelCheckpoint: {}, so nothing was saved", never_a_number(options_.monitor)));
}

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
    throw ValueError(fmt::format("[LearningRateSchedule] the rate for epoch {} is {}, it must be finite and 0 or more.",
                                 state.epoch, rate));
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
    state.note(fmt::format("ReduceLROnPlateau: {}, so the rate was left as it is", never_a_number(monitor_)));
}

}  // namespace xg::nn
