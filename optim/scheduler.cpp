#include <xgrad/optim/detail/state_values.hpp>
#include <xgrad/optim/scheduler.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <utility>

namespace xg::optim {

using detail::count_in, detail::number;

namespace {

// Throws ValueError unless `state` has exactly these keys, so that the state of another kind of scheduler is rejected.
void expect_keys(const char* who, const StateDict& state, const std::vector<std::string>& keys) {
  std::vector<std::string> missing, unexpected;
  for (const std::string& key : keys)
    if (!state.contains(key)) missing.push_back(key);
  for (const auto& [key, value] : state)
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) unexpected.push_back(key);
  if (!missing.empty() || !unexpected.empty())
    raise<ValueError>(
        "[{}.load_state_dict] missing: {}. Unexpected: {}. Load the state of a scheduler of the same kind.", who,
        fmt::join(missing, ", "), fmt::join(unexpected, ", "));
}

std::vector<double> rates(const Optimizer& optimizer) {
  std::vector<double> all(optimizer.group_count());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = optimizer.lr(i);
  return all;
}

[[noreturn]] void bad(const char* who, const char* option, double value, const char* needed) {
  raise<ValueError>("[{}] {} is {}, it must be {}.", who, option, value, needed);
}

bool is_rate(double value) { return std::isfinite(value) && value >= 0; }

void check_rate(const char* who, const char* option, double value) {
  if (!is_rate(value)) bad(who, option, value, "finite and 0 or more");
}

}  // namespace

Scheduler::Scheduler(Optimizer& optimizer) : optimizer_(&optimizer), base_(optimizer.group_count()) {
  for (std::size_t i = 0; i < base_.size(); ++i) base_[i] = optimizer.initial_lr(i);
}
Scheduler::~Scheduler() = default;

void Scheduler::apply() {
  std::vector<double> next_rates(base_.size());
  for (std::size_t i = 0; i < base_.size(); ++i) {
    next_rates[i] = next(optimizer_->lr(i), base_[i]);
    if (!is_rate(next_rates[i]))
      raise<ValueError>("[{}] the rate of group {} in epoch {} is {}, it must be finite and 0 or more.", name(), i,
                        epoch_, next_rates[i]);
  }
  for (std::size_t i = 0; i < base_.size(); ++i) optimizer_->schedule_lr(i, next_rates[i]);
}

void Scheduler::step() {
  // Groups added since start from their own rate.
  for (std::size_t i = base_.size(); i < optimizer_->group_count(); ++i) base_.push_back(optimizer_->initial_lr(i));
  ++epoch_;
  try {
    apply();
  } catch (...) {
    --epoch_;
    throw;
  }
}

std::vector<double> Scheduler::last_lr() const { return rates(*optimizer_); }

StateDict Scheduler::state_dict() const {
  return {{"epoch", number(static_cast<double>(epoch_))}, {"base_lr", tensor(base_)}};
}

void Scheduler::load_state_dict(const StateDict& state) {
  expect_keys(name(), state, {"epoch", "base_lr"});
  const std::vector<double> base = state.at("base_lr").to_vector<double>();
  if (base.size() != base_.size())
    raise<ValueError>("[{}.load_state_dict] base_lr has {} rates, the optimizer has {} groups.", name(), base.size(),
                      base_.size());
  for (const double rate : base)
    if (!is_rate(rate))
      raise<ValueError>("[{}.load_state_dict] base_lr has {}, rates must be finite and 0 or more.", name(), rate);
  epoch_ = count_in(state, fmt::format("{}.load_state_dict", name()), "epoch");
  base_ = base;
}

StepLR::StepLR(Optimizer& optimizer, StepLROptions options) : Scheduler(optimizer), options_(options) {
  if (options.step_size < 1) bad(name(), "step_size", static_cast<double>(options.step_size), "1 or more");
  check_rate(name(), "gamma", options.gamma);
  apply();
}
double StepLR::next(double rate, double) const {
  return epoch() != 0 && epoch() % options_.step_size == 0 ? rate * options_.gamma : rate;
}

MultiStepLR::MultiStepLR(Optimizer& optimizer, MultiStepLROptions options)
    : Scheduler(optimizer), options_(std::move(options)) {
  if (options_.milestones.empty())
    throw ValueError("[MultiStepLR] there are no milestones: name the epochs of change.");
  for (const std::int64_t milestone : options_.milestones)
    if (milestone < 0) bad(name(), "a milestone", static_cast<double>(milestone), "an epoch: 0 or more");
  check_rate(name(), "gamma", options_.gamma);
  apply();
}
double MultiStepLR::next(double rate, double) const {
  const auto hits = std::count(options_.milestones.begin(), options_.milestones.end(), epoch());
  return rate * std::pow(options_.gamma, static_cast<double>(hits));
}

ExponentialLR::ExponentialLR(Optimizer& optimizer, ExponentialLROptions options)
    : Scheduler(optimizer), options_(options) {
  if (!(options.gamma > 0) || std::isinf(options.gamma)) bad(name(), "gamma", options.gamma, "finite and above 0");
  apply();
}
double ExponentialLR::next(double rate, double) const { return epoch() == 0 ? rate : rate * options_.gamma; }

LambdaLR::LambdaLR(Optimizer& optimizer, std::function<double(std::int64_t)> factor)
    : Scheduler(optimizer), factor_(std::move(factor)) {
  if (!factor_) throw ValueError("[LambdaLR] the function is empty, it must give a factor for an epoch.");
  apply();
}
double LambdaLR::next(double, double base) const { return base * factor_(epoch()); }

CosineAnnealingLR::CosineAnnealingLR(Optimizer& optimizer, CosineAnnealingLROptions options)
    : Scheduler(optimizer), options_(options) {
  if (options.t_max < 1) bad(name(), "t_max", static_cast<double>(options.t_max), "1 or more");
  check_rate(name(), "eta_min", options.eta_min);
  apply();
}
double CosineAnnealingLR::next(double rate, double base) const {
  const std::int64_t t = epoch(), period = options_.t_max;
  const double floor = options_.eta_min;
  const auto height = [&](std::int64_t e) {
    return 1 + std::cos(std::numbers::pi * static_cast<double>(e) / static_cast<double>(period));
  };
  if (t == 0) return rate;
  // At the minimum the ratio below is 0 / 0, so the first increase is computed from `base`.
  if ((t - 1) % period == 0 && (t - 1) / period % 2 == 1)
    return rate + (base - floor) * (1 - std::cos(std::numbers::pi / static_cast<double>(period))) / 2;
  return height(t) / height(t - 1) * (rate - floor) + floor;
}

ReduceLROnPlateau::ReduceLROnPlateau(Optimizer& optimizer, ReduceLROnPlateauOptions options)
    : optimizer_(&optimizer), options_(std::move(options)) {
  const char* who = "ReduceLROnPlateau";
  if (options_.mode != "min" && options_.mode != "max")
    raise<ValueError>("[{}] mode is \"{}\", it must be \"min\" or \"max\".", who, options_.mode);
  if (options_.threshold_mode != "rel" && options_.threshold_mode != "abs")
    raise<ValueError>("[{}] threshold_mode is \"{}\", it must be \"rel\" or \"abs\".", who, options_.threshold_mode);
  if (!(options_.factor < 1 && options_.factor >= 0)) bad(who, "factor", options_.factor, "in [0, 1)");
  if (options_.patience < 0) bad(who, "patience", static_cast<double>(options_.patience), "0 or more");
  if (options_.cooldown < 0) bad(who, "cooldown", static_cast<double>(options_.cooldown), "0 or more");
  check_rate(who, "min_lr", options_.min_lr);
  check_rate(who, "threshold", options_.threshold);
  check_rate(who, "eps", options_.eps);
  best_ = options_.mode == "min" ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity();
}

bool ReduceLROnPlateau::is_better(double metric) const {
  const bool smaller = options_.mode == "min";
  if (std::isinf(best_)) return smaller ? metric < best_ : metric > best_;
  if (options_.threshold_mode == "abs")
    return smaller ? metric < best_ - options_.threshold : metric > best_ + options_.threshold;
  const double share = std::copysign(options_.threshold, best_);
  return smaller ? metric < best_ * (1 - share) : metric > best_ * (1 + share);
}

void ReduceLROnPlateau::step(double metric) {
  if (std::isnan(metric))
    throw ValueError("[ReduceLROnPlateau] the metric is NaN, it must be a number: has the loss diverged?");
  if (is_better(metric))
    best_ = metric, bad_epochs_ = 0;
  else
    ++bad_epochs_;
  if (cooldown_left_ > 0) --cooldown_left_, bad_epochs_ = 0;
  if (bad_epochs_ <= options_.patience) return;
  for (std::size_t i = 0; i < optimizer_->group_count(); ++i) {
    const double old = optimizer_->lr(i), reduced = std::max(old * options_.factor, options_.min_lr);
    if (old - reduced > options_.eps) optimizer_->schedule_lr(i, reduced);
  }
  cooldown_left_ = options_.cooldown;
  bad_epochs_ = 0;
}

std::vector<double> ReduceLROnPlateau::last_lr() const { return rates(*optimizer_); }

StateDict ReduceLROnPlateau::state_dict() const {
  return {{"best", number(best_)},
          {"bad_epochs", number(static_cast<double>(bad_epochs_))},
          {"cooldown_left", number(static_cast<double>(cooldown_left_))}};
}

void ReduceLROnPlateau::load_state_dict(const StateDict& state) {
  expect_keys("ReduceLROnPlateau", state, {"best", "bad_epochs", "cooldown_left"});
  constexpr const char* who = "ReduceLROnPlateau.load_state_dict";
  const double best = state.at("best").item<double>();
  if (std::isnan(best)) bad(who, "best", best, "a number");
  const std::int64_t bad_epochs = count_in(state, who, "bad_epochs");
  const std::int64_t cooldown_left = count_in(state, who, "cooldown_left");
  best_ = best, bad_epochs_ = bad_epochs, cooldown_left_ = cooldown_left;
}

}  // namespace xg::optim
