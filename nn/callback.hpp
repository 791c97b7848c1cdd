// Callbacks: code that training calls between batches and epochs.
#pragma once

#include <xgrad/nn/history.hpp>
#include <xgrad/nn/module.hpp>
#include <xgrad/optim/optimizer.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xg::nn {

/// The progress of training, and what a callback may do about it.
struct XG_API FitState {
  /// The state before the first epoch.
  FitState(Module& model, optim::Optimizer& optimizer, History& history)
      : model(model), optimizer(optimizer), history(history) {}

  Module& model;                ///< the model that is trained
  optim::Optimizer& optimizer;  ///< the optimizer that trains it
  History& history;             ///< up to the last finished epoch
  std::int64_t epoch = 0;       ///< number of the epoch, from 0
  std::int64_t epochs = 0;      ///< number of epochs requested
  std::int64_t batch = 0;       ///< number of the batch in its epoch, from 0
  std::int64_t batches = 0;     ///< number of batches in one epoch
  double batch_loss = 0;        ///< NaN if no label of the batch counts: such a batch makes no step
  /// The values of this epoch, "loss" first; complete at the end of an epoch.
  std::vector<std::pair<std::string, double>> logs;

  /// Throws ValueError, listing the known keys, if no epoch will have a value of that key. Callbacks that need one
  /// call this in on_train_begin. Does nothing where a callback of your own may add values.
  void expect(StringRef who, StringRef key) const;
  /// The value of `key` in this epoch. Throws ValueError for an unknown key, listing the known ones.
  double value(StringRef key) const;
  /// Is a larger value of `key` better? Empty for metrics that do not tell.
  std::optional<bool> larger_is_better(StringRef key) const;
  /// Ends training after this epoch; `reason` becomes the History's stop_reason().
  void stop(StringRef reason);
  /// Appends a remark to the History's stop_reason().
  void note(String remark) { notes.push_back(std::move(remark)); }
  bool stopping() const { return !stop_reason.empty(); }  ///< does training end after this epoch?

  std::string stop_reason;            ///< as stop() set it; empty while training goes on
  std::vector<std::string> notes;     ///< as note() added them
  std::vector<std::string> expected;  ///< the keys that each epoch will have; empty where callbacks may add some
  std::vector<std::pair<std::string, std::optional<bool>>>
      directions;  ///< the result of larger_is_better() for each key
};

namespace detail {
template <class C>
concept HasEvent =
    requires(C& c, FitState& s) { c.on_train_begin(s); } || requires(C& c, FitState& s) { c.on_epoch_begin(s); } ||
    requires(C& c, FitState& s) { c.on_batch_end(s); } || requires(C& c, FitState& s) { c.on_epoch_end(s); } ||
    requires(C& c, FitState& s) { c.on_train_end(s); };
}  // namespace detail

/// A type with at least one of on_train_begin, on_epoch_begin, on_batch_end, on_epoch_end, on_train_end, each of
/// which takes a FitState&; or a function of a FitState&, which is called at the end of every epoch.
template <class C>
concept CallbackType = std::copy_constructible<C> && (detail::HasEvent<C> || std::invocable<C&, FitState&>);

/// Holds any callback by value. Each fit works on copies, so a callback starts anew; its results are in the History.
class XG_API Callback {
 public:
  /// Holds a copy of the callback.
  template <class C>
    requires(!std::same_as<C, Callback> && CallbackType<C>)
  Callback(C callback) : held_(std::make_unique<Held<C>>(std::move(callback))) {}  // NOLINT: a callback is one
  Callback(const Callback& other) : held_(other.held_->clone()) {}                 ///< copies the callback that is held
  Callback(Callback&&) noexcept = default;  ///< takes over the callback that is held
  /// Copies the callback that is held.
  Callback& operator=(const Callback& other) {
    held_ = other.held_->clone();
    return *this;
  }
  Callback& operator=(Callback&&) noexcept = default;  ///< takes over the callback that is held
  ~Callback() = default;

  void on_train_begin(FitState& s) { held_->on_train_begin(s); }  ///< before the first epoch
  void on_epoch_begin(FitState& s) { held_->on_epoch_begin(s); }  ///< before the first batch of an epoch
  void on_batch_end(FitState& s) { held_->on_batch_end(s); }      ///< after each step
  void on_epoch_end(FitState& s) { held_->on_epoch_end(s); }      ///< after an epoch, when its values are known
  void on_train_end(FitState& s) { held_->on_train_end(s); }      ///< after the last epoch
  /// May it add values to those of an epoch? True unless its class has `static constexpr bool adds_values = false`.
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

}  // namespace xg::nn
