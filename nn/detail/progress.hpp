// What training shows on stderr. Not for users.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace xg::nn::detail {

/// One line per epoch; where a terminal is attached also a bar that moves within it. CI and dumb terminals get plain
/// lines, NO_COLOR no colours.
class Progress {
 public:
  explicit Progress(int verbose);
  bool moving() const { return moving_; }
  void begin(std::int64_t epoch, std::int64_t epochs, std::int64_t batches);
  void batch(std::int64_t done, double loss);
  void end(const std::vector<std::pair<std::string, double>>& values, double seconds);
  /// Leaves the line that it is on.
  void interrupt();

 private:
  bool shown_ = false, moving_ = false, colors_ = false;
  bool on_line_ = false;
  std::int64_t epoch_ = 0, epochs_ = 0, batches_ = 0;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace xg::nn::detail
