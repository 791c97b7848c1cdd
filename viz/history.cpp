#include <fmt/format.h>
#include <xgrad/nn/history.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/axes.hpp>
#include <xgrad/viz/detail/axes_state.hpp>
#include <xgrad/viz/detail/format.hpp>
#include <xgrad/viz/history.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace xg::viz {
namespace {

bool is_validation(const std::string& key) { return key.rfind("val_", 0) == 0; }
std::string base_name(const std::string& key) { return is_validation(key) ? key.substr(4) : key; }
bool is_loss(const std::string& key) { return key.find("loss") != std::string::npos; }
// Is this a setting rather than a measure of the model?
bool is_setting(const std::string& key) {
  return key == "lr" || key == "learning_rate" || key == "epoch" || key == "time";
}

std::vector<double> epochs(std::size_t n) {
  std::vector<double> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<double>(i + 1);
  return x;
}

// Epochs are integers: with a few of them each gets a tick.
void epoch_axis(Axes& axes, std::size_t n) {
  axes.set_xlabel("Epoch");
  if (n > 6) return;
  axes.set_xticks(epochs(n));
  axes.set_xlim(n == 1 ? 0.5 : 0.9, n == 1 ? 1.5 : static_cast<double>(n) + 0.1);
}

void mark(Axes& axes, std::int64_t epoch) {
  if (epoch <= 0) return;
  axes.axvline(static_cast<double>(epoch),
               {.color = Role::muted, .linestyle = ":", .label = fmt::format("best epoch ({})", epoch)});
}

// Adds a note on epochs without a finite number, because a curve with gaps at its end looks like one of fewer epochs.
void note_gaps(Axes& axes, const std::string& key, const std::vector<double>& values) {
  std::size_t missing = 0, end = values.size();  // one past the last number
  for (const double v : values) missing += std::isfinite(v) ? 0 : 1;
  if (values.empty()) axes.state().notes.push_back(fmt::format("{}: no epoch was recorded", key));
  if (missing == 0) return;
  while (end > 0 && !std::isfinite(values[end - 1])) --end;
  axes.state().notes.push_back(
      missing == values.size() ? fmt::format("{}: no epoch has a finite number", key)
      : values.size() - end == missing
          ? fmt::format("{}: no finite number from epoch {} on", key, end + 1)
          : fmt::format("{}: {} of {} epochs have no finite number", key, missing, values.size()));
}

double last(const std::vector<double>& v) { return v.empty() ? NAN : v.back(); }

}  // namespace

Figure history(const nn::History& history, const HistoryOptions& options) {
  HistoryOptions o = options;
  if (o.mark_epoch == 0 && history.restored_best()) o.mark_epoch = history.best_epoch() + 1;
  return viz::history(EpochCurves(history.begin(), history.end()), o);
}

Figure history(const EpochCurves& curves, const HistoryOptions& o) {
  std::size_t longest = 0;
  bool validation = false;
  std::vector<std::string> quantities;
  for (const auto& [key, values] : curves) {
    if (is_setting(key)) continue;
    longest = std::max(longest, values.size());
    validation = validation || is_validation(key);
    if (std::find(quantities.begin(), quantities.end(), base_name(key)) == quantities.end())
      quantities.push_back(base_name(key));
  }
  if (longest == 0) throw ValueError("[history] the history has no epochs: fit the model for at least one.");

  if (o.mark_epoch < 0 || static_cast<std::size_t>(o.mark_epoch) > longest) {
    throw ValueError(fmt::format("[history] mark_epoch is {} of {} epochs: they count from 1, and 0 marks none.",
                                 o.mark_epoch, longest));
  }

  if (o.overlay) {
    Figure figure(
        {.width = o.width, .height = o.height, .columns = quantities.size(), .title = o.title, .theme = o.theme});
    for (std::size_t k = 0; k < quantities.size(); ++k) {
      Axes& axes = figure.axes(0, k);
      axes.set_title(quantities[k]);
      axes.grid();
      for (const auto& [key, values] : curves) {
        if (base_name(key) != quantities[k]) continue;
        note_gaps(axes, key, values);
        if (values.empty()) continue;
        axes.plot(epochs(values.size()), values,
                  {.color = is_validation(key) ? Paint::series(1) : Paint::series(0),
                   .linestyle = is_validation(key) ? "--" : "-",
                   .label = is_validation(key) ? "validation" : "training"});
      }
      if (o.log_loss && is_loss(quantities[k])) axes.set_yscale("log");
      mark(axes, o.mark_epoch);
      epoch_axis(axes, longest);
      axes.legend();
    }
    return figure;
  }

  Figure figure({.width = validation ? o.width : o.width * 0.58,
                 .height = o.height,
                 .columns = validation ? 2u : 1u,
                 .share_y = true,
                 .title = o.title,
                 .theme = o.theme});
  for (std::size_t subplot = 0; subplot < (validation ? 2u : 1u); ++subplot) {
    Axes& axes = figure.axes(0, subplot);
    axes.set_title(subplot == 0 ? "Training" : "Validation");
    axes.set_ylabel("Loss");
    if (o.log_loss) axes.set_yscale("log");
    std::size_t losses = 0;
    for (const auto& [key, values] : curves) {
      if (is_validation(key) != (subplot == 1) || !is_loss(key)) continue;
      note_gaps(axes, key, values);
      if (values.empty()) continue;
      const char* styles[] = {"-", "--", ":", "-."};
      axes.plot(epochs(values.size()), values,
                {.color = Role::ink, .linestyle = styles[losses++ % 4], .label = base_name(key)});
    }
    std::size_t metric = 0;
    for (const auto& [key, values] : curves) {
      if (is_validation(key) != (subplot == 1) || is_loss(key) || is_setting(key)) continue;
      note_gaps(axes, key, values);
      if (values.empty()) continue;
      Axes& score = axes.twinx();
      score.set_ylabel("Score", Role::hidden);
      score.plot(epochs(values.size()), values,
                 {.color = Paint::series(metric < 7 ? metric : metric + 1), .label = base_name(key)});
      ++metric;
    }
    mark(axes, o.mark_epoch);
    epoch_axis(axes, longest);
    axes.legend();
  }
  std::string description = fmt::format("{} epochs. Last values:", longest);
  for (const auto& [key, values] : curves) description += fmt::format(" {} {}.", key, format_value(last(values), 4));
  figure.set_description(o.title.empty() ? "Training history" : o.title, description);
  figure.set_caption("Loss (left axis) and metrics (right axis) after each epoch.");
  return figure;
}

}  // namespace xg::viz
