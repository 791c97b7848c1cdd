// The history of a training run: one number per epoch for the loss and for every metric.
#pragma once

#include <xgrad/tensor/string_ref.hpp>

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xg::nn {

/// Values per epoch by key, in the order in which the keys were added: "loss", the metrics, then the same keys prefixed
/// with "val_".
class XG_API History {
 public:
  using Series = std::vector<double>;            ///< one number per epoch
  using Entry = std::pair<std::string, Series>;  ///< a key and its values

  /// The values of `key`, one per epoch. Throws ValueError for an unknown key, listing the known ones.
  const Series& operator[](StringRef key) const;
  bool contains(StringRef key) const;              ///< is there such a key?
  std::vector<std::string> keys() const;           ///< all keys, in order
  auto begin() const { return entries_.begin(); }  ///< the first entry
  auto end() const { return entries_.end(); }      ///< behind the last entry
  bool empty() const { return entries_.empty(); }  ///< no keys?

  /// Number of epochs that were run.
  std::int64_t epochs() const;
  /// Batches in one epoch.
  std::int64_t steps_per_epoch() const { return steps_per_epoch_; }
  /// The number (from 0) of the epoch with the best value of the key that a callback monitored, else of "val_loss",
  /// else of "loss". -1 before the first epoch, and if the value was never a number.
  std::int64_t best_epoch() const;
  /// The key that a callback set for best_epoch(); empty if none did.
  const std::string& monitor() const { return monitor_; }
  /// Were the weights of best_epoch() restored at the end?
  bool restored_best() const { return restored_best_; }
  /// Why the run ended, as a sentence: "all epochs were run" unless something ended it earlier. Messages from callbacks
  /// are appended, for example that a monitored value was never a number.
  const std::string& stop_reason() const { return stop_reason_; }
  bool stopped_early() const { return stopped_early_; }  ///< did something end the run before all epochs?
  /// The learning rate of the optimizer's first group in each epoch.
  const Series& learning_rates() const { return learning_rates_; }
  /// Wall time of each epoch, in seconds.
  const Series& seconds() const { return seconds_; }

  /// epoch (from 1), then one column per key. Numbers are written so that they read back exactly.
  std::string csv() const;
  /// Writes csv() to a file, replacing it only once all is written. Throws IoError.
  void to_csv(const std::filesystem::path& path) const;
  /// A table of the first and last epochs.
  std::string str() const;

  /// Reserves capacity for this many epochs.
  void reserve(std::int64_t epochs);
  /// Adds the value of one epoch to `key`.
  void append(StringRef key, double value);
  void append_learning_rate(double rate) { learning_rates_.push_back(rate); }  ///< adds that of one epoch
  void append_seconds(double seconds) { seconds_.push_back(seconds); }         ///< adds those of one epoch
  void set_steps_per_epoch(std::int64_t steps) { steps_per_epoch_ = steps; }   ///< sets steps_per_epoch()
  /// Sets the key that best_epoch() compares, and whether larger is better.
  void set_monitor(StringRef key, bool larger_is_better);
  void set_restored_best(bool restored) { restored_best_ = restored; }  ///< sets restored_best()
  void set_stop(StringRef reason, bool early);                          ///< sets stop_reason() and stopped_early()

 private:
  std::vector<Entry> entries_;
  std::size_t reserved_epochs_ = 0;
  std::int64_t steps_per_epoch_ = 0;
  std::string monitor_;
  bool larger_is_better_ = false;
  bool restored_best_ = false;
  bool stopped_early_ = false;
  std::string stop_reason_ = "all epochs were run";
  Series learning_rates_, seconds_;
};

/// Writes str().
XG_API std::ostream& operator<<(std::ostream& out, const History& history);

}  // namespace xg::nn
