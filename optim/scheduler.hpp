// Learning rates that change from epoch to epoch. Names, defaults and arithmetic are PyTorch's: each step goes from the
// rate that the optimizer has, so schedulers chain and a rate set by hand is respected. A scheduler applies epoch 0
// when it is made; the base rates of all schedulers of an optimizer are those from before the first of them was made,
// or that were last set by hand.
#pragma once

#include <xgrad/optim/optimizer.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

namespace xg::optim {

/// Base of schedulers that step without a measurement.
class XG_API Scheduler {
 public:
  virtual ~Scheduler();
  virtual const char* name() const = 0;  ///< "StepLR"
  /// Goes to the next epoch; call it after the optimizer's steps. Throws ValueError for a rate that is negative or not
  /// finite, naming the epoch; then nothing has changed.
  void step();
  std::int64_t epoch() const { return epoch_; }  ///< from 0
  /// The rates of all groups now.
  std::vector<double> last_lr() const;
  /// "epoch" and "base_lr".
  StateDict state_dict() const;
  /// Throws ValueError for missing or unexpected keys, an epoch that is no count, and rates that are negative or not
  /// finite; then nothing has changed. The rates themselves are part of the optimizer's state.
  void load_state_dict(const StateDict& state);

 protected:
  /// Remembers the base rates; constructors of derived classes then call apply(). The optimizer must outlive it.
  explicit Scheduler(Optimizer& optimizer);
  /// The rate in epoch() of a group that has `rate` now and had `base` at first.
  virtual double next(double rate, double base) const = 0;
  void apply();  ///< sets the rates that next() gives for epoch(); constructors do so for epoch 0

 private:
  Optimizer* optimizer_;
  std::vector<double> base_;
  std::int64_t epoch_ = 0;
};

/// Options of StepLR.
struct StepLROptions {
  std::int64_t step_size = 0;  ///< must be given
  double gamma = 0.1;          ///< the factor
};
/// Times gamma every step_size epochs.
class XG_API StepLR final : public Scheduler {
 public:
  /// Throws ValueError for a step_size below 1, and for a gamma that is negative or not finite.
  StepLR(Optimizer& optimizer, StepLROptions options);
  const char* name() const override { return "StepLR"; }  ///< "StepLR"

 private:
  double next(double rate, double base) const override;
  StepLROptions options_;
};

/// Options of MultiStepLR.
struct MultiStepLROptions {
  std::vector<std::int64_t> milestones = {};  ///< epochs of change; must be given
  double gamma = 0.1;                         ///< the factor
};
/// Times gamma at each milestone; one at 0 is applied at once.
class XG_API MultiStepLR final : public Scheduler {
 public:
  /// Throws ValueError without milestones or for negative ones, and for a gamma that is negative or not finite.
  MultiStepLR(Optimizer& optimizer, MultiStepLROptions options);
  const char* name() const override { return "MultiStepLR"; }  ///< "MultiStepLR"

 private:
  double next(double rate, double base) const override;
  MultiStepLROptions options_;
};

/// Options of ExponentialLR.
struct ExponentialLROptions {
  double gamma = 0;  ///< must be given
};
/// Times gamma every epoch.
class XG_API ExponentialLR final : public Scheduler {
 public:
  /// Throws ValueError unless gamma is finite and above 0.
  ExponentialLR(Optimizer& optimizer, ExponentialLROptions options);
  const char* name() const override { return "ExponentialLR"; }  ///< "ExponentialLR"

 private:
  double next(double rate, double base) const override;
  ExponentialLROptions options_;
};

/// base f(epoch)
class XG_API LambdaLR final : public Scheduler {
 public:
  /// Throws ValueError for an empty function, and for a rate in epoch 0 that is negative or not finite.
  LambdaLR(Optimizer& optimizer, std::function<double(std::int64_t epoch)> factor);
  const char* name() const override { return "LambdaLR"; }  ///< "LambdaLR"

 private:
  double next(double rate, double base) const override;
  std::function<double(std::int64_t)> factor_;
};

/// Options of CosineAnnealingLR.
struct CosineAnnealingLROptions {
  std::int64_t t_max = 0;  ///< epochs of half a period; must be given
  double eta_min = 0;      ///< the least rate
};
/// eta_min + (base - eta_min)(1 + cos(pi epoch / t_max)) / 2
///
/// Loshchilov & Hutter 2017, arXiv:1608.03983.
class XG_API CosineAnnealingLR final : public Scheduler {
 public:
  /// Throws ValueError for a t_max below 1, and for an eta_min that is negative or not finite.
  CosineAnnealingLR(Optimizer& optimizer, CosineAnnealingLROptions options);
  const char* name() const override { return "CosineAnnealingLR"; }  ///< "CosineAnnealingLR"

 private:
  double next(double rate, double base) const override;
  CosineAnnealingLROptions options_;
};

/// Options of ReduceLROnPlateau.
struct ReduceLROnPlateauOptions {
  String mode = "min";            ///< "min": a smaller metric is better; "max"
  double factor = 0.1;            ///< of the rate, in [0, 1)
  std::int64_t patience = 10;     ///< epochs without improvement that are tolerated
  double threshold = 1e-4;        ///< what counts as an improvement
  String threshold_mode = "rel";  ///< "rel": by a share of the best; "abs": by an amount
  std::int64_t cooldown = 0;      ///< epochs after a reduction in which nothing is counted
  double min_lr = 0;              ///< no rate falls below it
  double eps = 1e-8;              ///< smaller changes of the rate are not made
};
/// Times factor when a metric has stopped improving.
///
/// An improvement in "rel" is one by more than threshold |best|, whatever the sign of the metric. PyTorch compares with
/// best (1 - threshold), which for a negative best is worse than it: there a standing metric counts as improving.
class XG_API ReduceLROnPlateau {
 public:
  /// Throws ValueError for an unknown mode or threshold_mode, a factor outside [0, 1), negative counts, and numbers
  /// that are negative or not finite.
  ReduceLROnPlateau(Optimizer& optimizer, ReduceLROnPlateauOptions options = {});
  /// Throws ValueError for a NaN metric. Infinities are compared as numbers.
  void step(double metric);
  double best() const { return best_; }  ///< the best metric so far; infinite before the first
  std::vector<double> last_lr() const;   ///< the rates of all groups now
  StateDict state_dict() const;          ///< the best metric and the counters
  /// Throws ValueError for missing or unexpected keys, a best value of NaN, and counters that are no counts; then
  /// nothing has changed.
  void load_state_dict(const StateDict& state);

 private:
  bool is_better(double metric) const;
  Optimizer* optimizer_;
  ReduceLROnPlateauOptions options_;
  double best_;
  std::int64_t bad_epochs_ = 0;
  std::int64_t cooldown_left_ = 0;
};

}  // namespace xg::optim
