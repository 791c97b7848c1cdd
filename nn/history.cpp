#include <xgrad/nn/history.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/io/atomic_file.hpp>
#include <xgrad/tensor/io/csv_reader.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <ostream>

namespace xg::nn {

const History::Series& History::operator[](StringRef name) const {
  const std::string_view key = name;
  for (const Entry& entry : entries_)
    if (entry.first == key) return entry.second;
  throw ValueError(entries_.empty()
                       ? fmt::format("[History] key \"{}\" is unknown, the history is empty.", key)
                       : fmt::format("[History] key \"{}\" is unknown, known are {}.", key, fmt::join(keys(), ", ")));
}

bool History::contains(StringRef name) const {
  const std::string_view key = name;
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.first == key; });
}

std::vector<std::string> History::keys() const {
  std::vector<std::string> all;
  for (const Entry& entry : entries_) all.push_back(entry.first);
  return all;
}

std::int64_t History::epochs() const {
  std::size_t longest = 0;
  for (const Entry& entry : entries_) longest = std::max(longest, entry.second.size());
  return static_cast<std::int64_t>(longest);
}

std::int64_t History::best_epoch() const {
  const std::string key = !monitor_.empty() ? monitor_ : (contains("val_loss") ? "val_loss" : "loss");
  if (!contains(key)) return -1;
  const Series& values = (*this)[key];
  std::int64_t best = -1;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) continue;
    if (best < 0 || (larger_is_better_ ? values[i] > values[static_cast<std::size_t>(best)]
                                       : values[i] < values[static_cast<std::size_t>(best)]))
      best = static_cast<std::int64_t>(i);
  }
  return best;
}

void History::append(StringRef name, double value) {
  const std::string_view key = name;
  for (Entry& entry : entries_)
    if (entry.first == key) {
      entry.second.push_back(value);
      return;
    }
  Series& series = entries_.emplace_back(key, Series()).second;
  series.reserve(reserved_epochs_);
  series.push_back(value);
}

void History::reserve(std::int64_t epochs) {
  reserved_epochs_ = static_cast<std::size_t>(std::clamp<std::int64_t>(epochs, 0, 4096));  // vectors grow beyond it
  learning_rates_.reserve(reserved_epochs_);
  seconds_.reserve(reserved_epochs_);
}

void History::set_monitor(StringRef key, bool larger_is_better) {
  monitor_ = key.str();
  larger_is_better_ = larger_is_better;
}

void History::set_stop(StringRef reason, bool early) {
  stop_reason_ = reason.str();
  stopped_early_ = early;
}

std::string History::csv() const {
  std::string text = "epoch";
  for (const Entry& entry : entries_) text += "," + io::csv_cell(entry.first, ',');
  text += "\n";
  for (std::int64_t epoch = 0; epoch < epochs(); ++epoch) {
    text += std::to_string(epoch + 1);
    for (const Entry& entry : entries_) {
      text += ",";
      if (static_cast<std::size_t>(epoch) < entry.second.size())
        text += fmt::format("{}", entry.second[static_cast<std::size_t>(epoch)]);
    }
    text += "\n";
  }
  return text;
}

void History::to_csv(const std::filesystem::path& path) const {
  write_file_atomically(path.string(), csv(), "History.to_csv");
}

std::string History::str() const {
  if (entries_.empty()) return "History without epochs";
  std::string text = fmt::format("{:>6}", "epoch");
  for (const Entry& entry : entries_)
    text += fmt::format("  {:>{}}", entry.first, std::max<std::size_t>(10, entry.first.size()));
  text += "\n";
  const std::int64_t count = epochs();
  for (std::int64_t epoch = 0; epoch < count; ++epoch) {
    if (count > 10 && epoch >= 5 && epoch < count - 5) {
      if (epoch == 5) text += fmt::format("{:>6}\n", "...");
      continue;
    }
    text += fmt::format("{:>6}", epoch + 1);
    for (const Entry& entry : entries_) {
      const std::size_t width = std::max<std::size_t>(10, entry.first.size());
      const auto i = static_cast<std::size_t>(epoch);
      text +=
          i < entry.second.size() ? fmt::format("  {:>{}.4f}", entry.second[i], width) : std::string(width + 2, ' ');
    }
    text += "\n";
  }
  return text + stop_reason_;
}

std::ostream& operator<<(std::ostream& out, const History& history) { return out << history.str(); }

}  // namespace xg::nn
