// Learning rate schedulers. Names, defaults and arithmetic are PyTorch's: each step starts from the current rate of the
// optimizer, so schedulers can be chained and set_lr() is respected. A scheduler applies epoch 0 when it is made; the
// base rates of all schedulers of an optimizer are the rates before the first of them was made, or those last set by
// set_lr().
#pragma once

#include <xgrad/optim/optimizer.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <functional>
#include <limits>
#include <vector>

namespace xg::optim {

/// The base of schedulers that depend only on the epoch.
class XG_API Scheduler {
 public:
  virtual ~Scheduler();
  virtual const char* name() const = 0;  ///< the name, such as "StepLR"
  /// Advances to the next epoch; to be called after the optimizer's steps of an epoch. Throws ValueError, with the
  /// epoch, for a rate that is negative or not finite; then nothing has changed.
  void step();
  std::int64_t epoch() const { return epoch_; }  ///< the current epoch, from 0
  /// The current rates of all groups.
  std::vector<double> last_lr() const;
  /// The state: "epoch" and "base_lr".
  StateDict state_dict() const;
  /// Restores the state. Throws ValueError for missing or unexpected keys, an epoch that is not a count, a number of
  /// base rates that is not that of the groups, and rates that are negative or not finite; then nothing has changed.
  /// The current rates are part of the optimizer's state.
  void load_state_dict(const StateDict& state);

 protected:
  /// Stores the base rates; constructors of derived classes must call apply(). The optimizer must outlive the
  /// scheduler.
  explicit Scheduler(Optimizer& optimizer);
  /// The rate in epoch() of a group with the current rate `rate` and the base rate `base`.
  virtual double next(double rate, double base) const = 0;
  void apply();  ///< sets the rates that next() gives for epoch(); constructors do so for epoch 0

 private:
  Optimizer* optimizer_;
  std::vector<double> base_;
  std::int64_t epoch_ = 0;
};

/// Options of StepLR.
struct StepLROptions {
  std::int64_t step_size = 0;  ///< epochs between changes; required
  double gamma = 0.1;          ///< the factor of each change
};
/// rate = base gamma^floor(epoch / step_size)
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
  std::vector<std::int64_t> milestones = {};  ///< epochs of the changes; required
  double gamma = 0.1;                         ///< the factor of each change
};
/// rate = base gamma^(number of milestones <= epoch), including one at 0, which is applied at once.
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
  double gamma = 0;  ///< the factor of each epoch; required
};
/// rate = base gamma^epoch
class XG_API ExponentialLR final : public Scheduler {
 public:
  /// Throws ValueError unless gamma is finite and above 0.
  ExponentialLR(Optimizer& optimizer, ExponentialLROptions options);
  const char* name() const override { return "ExponentialLR"; }  ///< "ExponentialLR"

 private:
  double next(double rate, double base) const override;
  ExponentialLROptions options_;
};

/// rate = base f(epoch)
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
  std::int64_t t_max = 0;  ///< epochs of half a period; required
  double eta_min = 0;      ///< the smallest rate
};
/// rate = eta_min + (base - eta_min)(1 + cos(pi epoch / t_max)) / 2
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
  String mode = "min";            ///< "min" if a smaller metric is better, or "max"
  double factor = 0.1;            ///< factor of the rate, in [0, 1)
  std::int64_t patience = 10;     ///< number of epochs without improvement that are tolerated
  double threshold = 1e-4;        ///< the smallest change that counts as an improvement
  String threshold_mode = "rel";  ///< "rel" if relative to the best metric, or "abs"
  std::int64_t cooldown = 0;      ///< number of epochs after a reduction that are not counted
  double min_lr = 0;              ///< lower bound of rates
  double eps = 1e-8;              ///< smaller changes of the rate are skipped
};
/// rate = max(rate factor, min_lr) after more than `patience` epochs without an improvement of a metric.
///
/// With "rel", an improvement must exceed threshold |best|, whatever the sign of the metric. PyTorch compares with best
/// (1 - threshold), which is worse than a negative best, so that an unchanged metric counts as an improvement there.
class XG_API ReduceLROnPlateau {
 public:
  /// Throws ValueError for an unknown mode or threshold_mode, a factor outside [0, 1), negative counts, and numbers
  /// that are negative or not finite.
  ReduceLROnPlateau(Optimizer& optimizer, ReduceLROnPlateauOptions options = {});
  /// Records the metric of an epoch and reduces the rates if it has stopped improving. Throws ValueError for NaN;
  /// infinities are compared as numbers.
  void step(double metric);
  double best() const { return best_; }  ///< the best metric so far; infinite before the first
  std::vector<double> last_lr() const;   ///< the current rates of all groups
  StateDict state_dict() const;          ///< the best metric and the counters
  /// Restores the state. Throws ValueError for missing or unexpected keys, a best value of NaN, and counters that are
  /// not counts; then nothing has changed.
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
