#include <xgrad/nn/detail/progress.hpp>

#include <fmt/format.h>

#include <unistd.h>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace xg::nn::detail {
namespace {

constexpr std::size_t bar_width = 30;
constexpr auto redraw_every = std::chrono::milliseconds(100);

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && value[0] != '\0';
}

void write(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stderr); }

}  // namespace

Progress::Progress(int verbose) : shown_(verbose > 0) {
  const char* terminal = std::getenv("TERM");
  moving_ = verbose == 1 && isatty(STDERR_FILENO) != 0 && !is_set("CI") && terminal != nullptr &&
            std::string_view(terminal) != "dumb";
  colors_ = moving_ && !is_set("NO_COLOR");
}

void Progress::begin(std::int64_t epoch, std::int64_t epochs, std::int64_t batches) {
  epoch_ = epoch, epochs_ = epochs, batches_ = batches;
  last_ = std::chrono::steady_clock::now();
}

void Progress::batch(std::int64_t done, double loss) {
  if (!moving_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - last_ < redraw_every) return;
  last_ = now;
  const auto filled = static_cast<std::size_t>(done) * bar_width / static_cast<std::size_t>(batches_);
  const std::string bar = std::string(filled, '=') + std::string(bar_width - filled, '.');
  write(fmt::format("\r\x1b[KEpoch {}/{} [{}{}{}] {}/{} - loss: {:.4f}", epoch_ + 1, epochs_, colors_ ? "\x1b[32m" : "",
                    bar, colors_ ? "\x1b[0m" : "", done, batches_, loss));
  std::fflush(stderr);
  on_line_ = true;
}

void Progress::end(const std::vector<std::pair<std::string, double>>& values, double seconds) {
  if (!shown_) return;
  std::string line = fmt::format("{}Epoch {}/{}", on_line_ ? "\r\x1b[K" : "", epoch_ + 1, epochs_);
  for (const auto& [key, value] : values) line += fmt::format(" - {}: {:.4f}", key, value);
  line += seconds < 1 ? fmt::format(" - {:.0f} ms\n", seconds * 1e3) : fmt::format(" - {:.1f} s\n", seconds);
  write(line);
  on_line_ = false;
}

void Progress::interrupt() {
  if (on_line_) write("\n");
  on_line_ = false;
}

}  // namespace xg::nn::detail
