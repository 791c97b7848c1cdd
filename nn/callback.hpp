// What may happen between batches and epochs of training.
#pragma once

#include <xgrad/nn/history.hpp>
#include <xgrad/nn/module.hpp>
#include <xgrad/optim/scheduler.hpp>
#include <xgrad/tensor/no_options.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <concepts>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace xg::nn {

/// Where training is, and what a callback may do about it.
class XG_API FitState {
 public:
  /// The state before the first epoch.
  FitState(Module& model, optim::Optimizer& optimizer, History& history)
      : model(model), optimizer(optimizer), history(history) {}

  Module& model;                ///< the model that is trained
  optim::Optimizer& optimizer;  ///< what trains it
  History& history;             ///< up to the last finished epoch
  std::int64_t epoch = 0;       ///< from 0
  std::int64_t epochs = 0;      ///< how many were asked for
  std::int64_t batch = 0;       ///< from 0
  std::int64_t batches = 0;     ///< in one epoch
  double batch_loss = 0;        ///< NaN where no label of the batch counts: such a batch makes no step
  /// The values of this epoch, "loss" first; complete at the end of an epoch.
  std::vector<std::pair<std::string, double>> logs;

  /// Throws ValueError, naming the known keys, where no epoch will have a value of that key. Callbacks that need one
  /// ask in on_train_begin. Says nothing where a callback of your own may add values.
  void expect(StringRef who, StringRef key) const;
  /// The value of `key` in this epoch. Throws ValueError for an unknown key, naming the known ones.
  double value(StringRef key) const;
  /// Is a larger value of `key` better? Unknown for metrics that do not say.
  std::optional<bool> larger_is_better(StringRef key) const;
  /// Ends training after this epoch.
  void stop(StringRef reason);
  /// Adds a remark to the History's stop_reason(), whatever that will be.
  void note(String remark) { notes.push_back(std::move(remark)); }
  bool stopping() const { return !stop_reason.empty(); }  ///< does training end after this epoch?

  std::string stop_reason;            ///< as stop() set it; empty while training goes on
  std::vector<std::string> notes;     ///< as note() added them
  std::vector<std::string> expected;  ///< the keys that each epoch will have; empty where callbacks may add some
  std::vector<std::pair<std::string, std::optional<bool>>> directions;  ///< what larger_is_better() says of each key
};

namespace detail {
template <class C>
concept HasEvent =
    requires(C& c, FitState& s) { c.on_train_begin(s); } || requires(C& c, FitState& s) { c.on_epoch_begin(s); } ||
    requires(C& c, FitState& s) { c.on_batch_end(s); } || requires(C& c, FitState& s) { c.on_epoch_end(s); } ||
    requires(C& c, FitState& s) { c.on_train_end(s); };
}  // namespace detail

/// Something with at least one of on_train_begin, on_epoch_begin, on_batch_end, on_epoch_end, on_train_end, each of
/// which takes a FitState&; or a function of a FitState&, which is called at the end of every epoch.
template <class C>
concept CallbackType = std::copy_constructible<C> && (detail::HasEvent<C> || std::invocable<C&, FitState&>);

/// Holds any callback by value. Each fit works on copies, so a callback starts anew; what it learned is in the History.
class XG_API Callback {
 public:
  /// Holds a copy of the callback.
  template <class C>
    requires(!std::same_as<C, Callback> && CallbackType<C>)
  Callback(C callback) : held_(std::make_unique<Held<C>>(std::move(callback))) {}  // NOLINT: a callback is one
  Callback(const Callback& other) : held_(other.held_->clone()) {}                 ///< copies the callback that is held
  Callback(Callback&&) noexcept = default;                                         ///< takes it over
  /// Copies the callback that is held.
  Callback& operator=(const Callback& other) {
    held_ = other.held_->clone();
    return *this;
  }
  Callback& operator=(Callback&&) noexcept = default;  ///< takes it over
  ~Callback() = default;

  void on_train_begin(FitState& s) { held_->on_train_begin(s); }  ///< before the first epoch
  void on_epoch_begin(FitState& s) { held_->on_epoch_begin(s); }  ///< before the first batch of an epoch
  void on_batch_end(FitState& s) { held_->on_batch_end(s); }      ///< after each step
  void on_epoch_end(FitState& s) { held_->on_epoch_end(s); }      ///< after an epoch, when its values are known
  void on_train_end(FitState& s) { held_->on_train_end(s); }      ///< after the last epoch
  /// May it add values to those of an epoch? Unless its class says `static constexpr bool adds_values = false`.
  bool adds_values() const { return held_->adds_values(); }

 private:
  struct Base {
    virtual ~Base() = default;
    virtual std::unique_ptr<Base> clone() const = 0;
    virtual void on_train_begin(FitState&) = 0;
    virtual void on_epoch_begin(FitState&) = 0;
    virtual void on_batch_end(FitState&) = 0;
    virtual void on_epoch_end(FitState&) = 0;
    virtual void on_train_end(FitState&) = 0;
    virtual bool adds_values() const = 0;
  };
  template <class C> struct Held final : Base {
    explicit Held(C callback) : callback(std::move(callback)) {}
    std::unique_ptr<Base> clone() const override { return std::make_unique<Held>(callback); }
    void on_train_begin([[maybe_unused]] FitState& s) override {
      if constexpr (requires { callback.on_train_begin(s); }) callback.on_train_begin(s);
    }
    void on_epoch_begin([[maybe_unused]] FitState& s) override {
      if constexpr (requires { callback.on_epoch_begin(s); }) callback.on_epoch_begin(s);
    }
    void on_batch_end([[maybe_unused]] FitState& s) override {
      if constexpr (requires { callback.on_batch_end(s); }) callback.on_batch_end(s);
    }
    void on_epoch_end([[maybe_unused]] FitState& s) override {
      if constexpr (requires { callback.on_epoch_end(s); })
        callback.on_epoch_end(s);
      else if constexpr (!detail::HasEvent<C>)
        callback(s);
    }
    void on_train_end([[maybe_unused]] FitState& s) override {
      if constexpr (requires { callback.on_train_end(s); }) callback.on_train_end(s);
    }
    bool adds_values() const override {
      if constexpr (requires { C::adds_values; })
        return C::adds_values;
      else
        return true;
    }
    C callback;
  };
  std::unique_ptr<Base> held_;
};

/// A copy of a model's parameters and buffers, to be put back.
class XG_API Weights {
 public:
  bool empty() const { return tensors_.empty(); }  ///< was nothing saved?
  void save(const Module& model);                  ///< copies them from the model
  /// The same of parameters and buffers that were listed before.
  void save(const std::vector<Tensor>& state);
  /// parameters and buffers of the model, to be given to save()
  static std::vector<Tensor> state_of(const Module& model);
  /// Copies them back. Throws Error where the model has another number of them than were saved.
  void restore(const Module& model) const;

 private:
  std::vector<Tensor> tensors_;
};

/// Keeps track of the best value of a key. NaN is never the best.
class XG_API Best {
 public:
  /// mode "min", "max", or "auto": what the loss or metric says. Throws ValueError for another, and for a min_delta
  /// that is not finite.
  Best(StringRef who, StringRef monitor, StringRef mode, double min_delta);
  /// Is this epoch the best so far? Throws ValueError for an unknown monitor, or a direction that nobody knows.
  bool improved(const FitState& state);
  /// Was there a number at all? If not, value() means nothing.
  bool found() const { return found_; }
  double value() const { return best_; }                   ///< the best so far
  bool larger_is_better() const { return larger_; }        ///< the direction, once improved() has been asked
  const std::string& monitor() const { return monitor_; }  ///< the key it looks at

 private:
  std::string who_, monitor_, mode_;
  double min_delta_;
  bool found_ = false, larger_ = false;
  double best_ = 0;
};

/// Options of EarlyStopping.
struct EarlyStoppingOptions {
  String monitor = "val_loss";  ///< the key of an epoch's values
  std::int64_t patience = 0;    ///< epochs without improvement that are tolerated
  double min_delta = 0;         ///< what counts as an improvement
  String mode = "auto";         ///< "min", "max", or what the loss or metric says
  bool restore_best = false;    ///< put the weights of the best epoch back at the end
};
/// Ends training when a value has stopped improving. A value that was never a number does not improve: the History's
/// stop_reason() says so, and no weights are put back.
class XG_API EarlyStopping {
 public:
  /// Throws ValueError for a negative patience, an unknown mode or a min_delta that is not finite.
  explicit EarlyStopping(EarlyStoppingOptions options = {});
  explicit EarlyStopping(NoOptions) : EarlyStopping() {}  ///< for empty braces
  static constexpr bool adds_values = false;              ///< it adds no values to those of an epoch
  /// throws ValueError where no epoch will have the monitored value
  void on_train_begin(FitState& state) const { state.expect("EarlyStopping", options_.monitor); }
  void on_epoch_end(FitState& state);  ///< looks at the value, keeps the weights of the best epoch, ends training
  void on_train_end(FitState& state);  ///< puts the best weights back if asked to

 private:
  EarlyStoppingOptions options_;
  Best best_;
  std::int64_t wait_ = 0, epochs_ = 0;
  Weights weights_;
};

/// Options of ModelCheckpoint.
struct ModelCheckpointOptions {
  String monitor = "val_loss";  ///< the key of an epoch's values
  bool save_best_only = true;   ///< save only after an epoch that is the best so far
  String mode = "auto";         ///< "min", "max", or what the loss or metric says
};
/// Saves the model as safetensors after an epoch. In the path "{epoch}" stands for its number from 1, "{val_loss}" and
/// so on for values of the epoch. Where the monitored value was never a number nothing is saved, and the History's
/// stop_reason() says so.
class XG_API ModelCheckpoint {
 public:
  /// Throws ValueError for an unknown mode.
  explicit ModelCheckpoint(std::filesystem::path path, ModelCheckpointOptions options = {});
  static constexpr bool adds_values = false;  ///< it adds no values to those of an epoch
  /// Throws ValueError where no epoch will have the monitored value.
  void on_train_begin(FitState& state) const {
    if (options_.save_best_only) state.expect("ModelCheckpoint", options_.monitor);
  }
  void on_epoch_end(FitState& state);  ///< saves the model; throws IoError where it cannot be written
  void on_train_end(FitState& state);  ///< notes in the History that nothing was saved

 private:
  std::filesystem::path path_;
  ModelCheckpointOptions options_;
  Best best_;
};

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

/// Writes the history to a CSV file after every epoch.
class XG_API CSVLogger {
 public:
  explicit CSVLogger(std::filesystem::path path) : path_(std::move(path)) {}  ///< replaces a file that is there
  static constexpr bool adds_values = false;                           ///< it adds no values to those of an epoch
  void on_epoch_end(FitState& state) { state.history.to_csv(path_); }  ///< writes it; throws IoError where that fails

 private:
  std::filesystem::path path_;
};

/// Functions for the events that you want.
struct LambdaCallback {
  using Function = std::function<void(FitState&)>;  ///< of the state of training
  Function train_begin = {};                        ///< before the first epoch; as all of them, it may be empty
  Function epoch_begin = {};                        ///< before the first batch of an epoch
  Function batch_end = {};                          ///< after each step
  Function epoch_end = {};                          ///< after an epoch
  Function train_end = {};                          ///< after the last epoch

  void on_train_begin(FitState& s) const { call(train_begin, s); }  ///< calls train_begin
  void on_epoch_begin(FitState& s) const { call(epoch_begin, s); }  ///< calls epoch_begin
  void on_batch_end(FitState& s) const { call(batch_end, s); }      ///< calls batch_end
  void on_epoch_end(FitState& s) const { call(epoch_end, s); }      ///< calls epoch_end
  void on_train_end(FitState& s) const { call(train_end, s); }      ///< calls train_end
  /// Calls f if there is one.
  static void call(const Function& f, FitState& s) {
    if (f) f(s);
  }
};

}  // namespace xg::nn
