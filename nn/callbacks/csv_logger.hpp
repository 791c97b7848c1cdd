// A callback that writes the history to a CSV file during training.
#pragma once

#include <xgrad/nn/callback.hpp>

#include <filesystem>
#include <utility>

namespace xg::nn {

/// Writes the history to a CSV file after every epoch.
class XG_API CSVLogger {
 public:
  explicit CSVLogger(std::filesystem::path path) : path_(std::move(path)) {}  ///< an existing file is replaced
  static constexpr bool adds_values = false;                           ///< it adds no values to those of an epoch
  void on_epoch_end(FitState& state) { state.history.to_csv(path_); }  ///< writes the file; throws IoError

 private:
  std::filesystem::path path_;
};

}  // namespace xg::nn
