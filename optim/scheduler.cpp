#include <xgrad/optim/scheduler.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/error.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace xg::optim {
namespace {

Tensor number(double value) {
  return scalar_tensor(value, {.dtype = Dtype::float64});
}

// Checks that `state` has exactly these keys, so that a state of another scheduler is not taken.
void expect_keys(const char* who, const StateDict& state, const std::vector<std::string>& keys) {
  std::vector<std::string> missing, unexpected;
  for (const std::string& key : keys)
    if (!state.contains(key)) missing.push_back(key);
  for (const auto& [key, value] : state)
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) unexpected.push_back(key);
  if (!missing.empty() || !unexpected.empty())
    throw ValueError(
        fmt::format("[{}.load_state_dict] missing: {}. Unexpected: {}. Load the state of a scheduler of the "
                    "same kind.",
                    who, fmt::join(missing, ", "), fmt::join(unexpected, ", ")));
}

std::vector<double> rates(const Optimizer& optimizer) {
  std::vector<double> all(optimizer.group_count());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = optimizer.lr(i);
  return all;
}

[[noreturn]] void bad(const char* who, const char* option, double value, const char* needed) {
  throw ValueError(fmt::format("[{}] {} is {}, it must be {}.", who, option, value, needed));
}

}  // namespace

Scheduler::Scheduler(Optimizer& optimizer) : optimizer_(&optimizer), base_(rates(optimizer)) {}
Scheduler::~Scheduler() = default;

void Scheduler::start() {
  for (std::size_t i = 0; i < base_.size(); ++i) optimizer_->set_lr(i, next(optimizer_->lr(i), base_[i]));
}

void Scheduler::step() {
  ++epoch_;
  if (optimizer_->group_count() > base_.size()) {  // groups that were added since start from their own rate
    for (std::size_t i = base_.size(); i < optimizer_->group_count(); ++i) base_.push_back(optimizer_->lr(i));
  }
  start();
}

std::vector<double> Scheduler::last_lr() const {
  return rates(*optimizer_);
}

StateDict Scheduler::state_dict() const {
  return {{"epoch", number(static_cast<double>(epoch_))}, {"base_lr", tensor(base_)}};
}

void Scheduler::load_state_dict(const StateDict& state) {
  expect_keys(name(), state, {"epoch", "base_lr"});
  const std::vector<double> base = state.at("base_lr").to_vector<double>();
  if (base.size() != base_.size())
    throw ValueError(fmt::format("[{}.load_state_dict] base_lr has {} rates, the optimizer has {} groups.", name(),
                                 base.size(), base_.size()));
  base_ = base;
  epoch_ = state.at("epoch").item<std::int64_t>();
}

StepLR::StepLR(Optimizer& optimizer, StepLROptions options) : Scheduler(optimizer), options_(options) {
  if (options.step_size < 1) bad(name(), "step_size", static_cast<double>(options.step_size), "1 or more");
}
double StepLR::next(double rate, double) const {
  return epoch() != 0 && epoch() % options_.step_size == 0 ? rate * options_.gamma : rate;
}

MultiStepLR::MultiStepLR(Optimizer& optimizer, MultiStepLROptions options)
    : Scheduler(optimizer), options_(std::move(options)) {
  if (options_.milestones.empty())
    throw ValueError("[MultiStepLR] there are no milestones: name the epochs of change.");
}
double MultiStepLR::next(double rate, double) const {
  const auto hits = std::count(options_.milestones.begin(), options_.milestones.end(), epoch());
  return rate * std::pow(options_.gamma, static_cast<double>(hits));
}

ExponentialLR::ExponentialLR(Optimizer& optimizer, ExponentialLROptions options)
    : Scheduler(optimizer), options_(options) {
  if (!(options.gamma > 0)) bad(name(), "gamma", options.gamma, "above 0");
}
double ExponentialLR::next(double rate, double) const {
  return epoch() == 0 ? rate : rate * options_.gamma;
}

LambdaLR::LambdaLR(Optimizer& optimizer, std::function<double(std::int64_t)> factor)
    : Scheduler(optimizer), factor_(std::move(factor)) {
  if (!factor_) throw ValueError("[LambdaLR] the function is empty, it must give a factor for an epoch.");
  start();
}
double LambdaLR::next(double, double base) const {
  return base * factor_(epoch());
}

CosineAnnealingLR::CosineAnnealingLR(Optimizer& optimizer, CosineAnnealingLROptions options)
    : Scheduler(optimizer), options_(options) {
  if (options.t_max < 1) bad(name(), "t_max", static_cast<double>(options.t_max), "1 or more");
  if (!(options.eta_min >= 0)) bad(name(), "eta_min", options.eta_min, "0 or more");
}
double CosineAnnealingLR::next(double rate, double base) const {
  const std::int64_t t = epoch(), period = options_.t_max;
  const double floor = options_.eta_min;
  const auto height = [&](std::int64_t at) {
    return 1 + std::cos(std::numbers::pi * static_cast<double>(at) / static_cast<double>(period));
  };
  if (t == 0) return rate;
  // At the bottom the ratio below is 0 / 0: the first step of the climb starts from `base` again.
  if ((t - 1 - period) % (2 * period) == 0)
    return rate + (base - floor) * (1 - std::cos(std::numbers::pi / static_cast<double>(period))) / 2;
  return height(t) / height(t - 1) * (rate - floor) + floor;
}

ReduceLROnPlateau::ReduceLROnPlateau(Optimizer& optimizer, ReduceLROnPlateauOptions options)
    : optimizer_(&optimizer), options_(std::move(options)) {
  const char* who = "ReduceLROnPlateau";
  if (options_.mode != "min" && options_.mode != "max")
    throw ValueError(fmt::format("[{}] mode is \"{}\", it must be \"min\" or \"max\".", who, options_.mode));
  if (options_.threshold_mode != "rel" && options_.threshold_mode != "abs")
    throw ValueError(
        fmt::format("[{}] threshold_mode is \"{}\", it must be \"rel\" or \"abs\".", who, options_.threshold_mode));
  if (!(options_.factor < 1 && options_.factor >= 0)) bad(who, "factor", options_.factor, "in [0, 1)");
  if (options_.patience < 0) bad(who, "patience", static_cast<double>(options_.patience), "0 or more");
  if (options_.cooldown < 0) bad(who, "cooldown", static_cast<double>(options_.cooldown), "0 or more");
  if (!(options_.min_lr >= 0)) bad(who, "min_lr", options_.min_lr, "0 or more");
  best_ = options_.mode == "min" ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity();
}

bool ReduceLROnPlateau::is_better(double metric) const {
  const bool relative = options_.threshold_mode == "rel";
  if (options_.mode == "min")
    return metric < (relative ? best_ * (1 - options_.threshold) : best_ - options_.threshold);
  return metric > (relative ? best_ * (1 + options_.threshold) : best_ + options_.threshold);
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
    if (old - reduced > options_.eps) optimizer_->set_lr(i, reduced);
  }
  cooldown_left_ = options_.cooldown;
  bad_epochs_ = 0;
}

std::vector<double> ReduceLROnPlateau::last_lr() const {
  return rates(*optimizer_);
}

StateDict ReduceLROnPlateau::state_dict() const {
  return {{"best", number(best_)},
          {"bad_epochs", number(static_cast<double>(bad_epochs_))},
          {"cooldown_left", number(static_cast<double>(cooldown_left_))}};
}

void ReduceLROnPlateau::load_state_dict(const StateDict& state) {
  expect_keys("ReduceLROnPlateau", state, {"best", "bad_epochs", "cooldown_left"});
  best_ = state.at("best").item<double>();
  bad_epochs_ = state.at("bad_epochs").item<std::int64_t>();
  cooldown_left_ = state.at("cooldown_left").item<std::int64_t>();
}

}  // namespace xg::optim
