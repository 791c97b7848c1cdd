// Progress output of training on stderr.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace xg::nn::detail {

/// Prints one line per epoch, and on a terminal a progress bar in it. CI and dumb terminals get plain lines; NO_COLOR
/// turns colours off.
class Progress {
 public:
  explicit Progress(int verbose);
  bool moving() const { return moving_; }
  void begin(std::int64_t epoch, std::int64_t epochs, std::int64_t batches);
  void batch(std::int64_t done, double loss);
  void end(const std::vector<std::pair<std::string, double>>& values, double seconds);
  /// Ends a line that is unfinished.
  void interrupt();

 private:
  bool shown_ = false, moving_ = false, colors_ = false;
  bool on_line_ = false;
  std::int64_t epoch_ = 0, epochs_ = 0, batches_ = 0;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace xg::nn::detail
