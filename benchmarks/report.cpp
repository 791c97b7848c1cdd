// Makes one table of ratios and one picture of what the benchmark programs and the peers wrote:
//
//     xgrad-bench-report RESULTS.jsonl FOLDER
//
// prints the table, and writes it to FOLDER as RESULTS.md, with results.svg and results.png.
#include "goals.hpp"
#include "records.hpp"

#include <xgrad/viz/viz.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>

namespace {

using namespace xg_bench;
using Row = std::vector<std::string>;

/// A Markdown table whose columns stand below each other; the first is flush left.
std::string table(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Row& row : rows)
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], row[c].size());
  std::string text;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t c = 0; c < widths.size(); ++c)
      text +=
          c == 0 ? fmt::format("| {:<{}} ", rows[r][c], widths[c]) : fmt::format("| {:>{}} ", rows[r][c], widths[c]);
    text += "|\n";
    if (r > 0) continue;
    for (std::size_t c = 0; c < widths.size(); ++c)
      text += c == 0 ? fmt::format("|:{:-<{}}", "", widths[c] + 1) : fmt::format("|{:-<{}}:", "", widths[c] + 1);
    text += "|\n";
  }
  return text;
}

bool is_ours(const std::string& contender) { return contender.rfind("xgrad", 0) == 0; }

std::string format_ratio(double ratio) {
  return fmt::format("{:.{}f}", ratio, ratio < 0.09995 ? 4 : ratio < 9.9995 ? 3 : 1);
}

template <class T> void add_once(std::vector<T>& values, const T& value) {
  if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
}

/// The names of one suite, in their order.
struct Suite {
  std::string name;
  std::vector<std::string> cases, ours, theirs;
};

std::vector<Suite> suites(const Results& results) {
  std::vector<Suite> all;
  for (const Record& record : results.records) {
    auto suite = std::find_if(all.begin(), all.end(), [&](const Suite& s) { return s.name == record.suite; });
    if (suite == all.end()) suite = all.insert(all.end(), Suite{record.suite, {}, {}, {}});
    add_once(suite->cases, record.name);
    add_once(is_ours(record.contender) ? suite->ours : suite->theirs, record.contender);
  }
  return all;
}

const Record* find(const Results& results, const std::string& suite, const std::string& name,
                   const std::string& contender) {
  for (const Record& record : results.records)
    if (record.suite == suite && record.name == name && record.contender == contender) return &record;
  return nullptr;
}

/// Each case of a suite: what xgrad took, and its ratio to every other contender.
std::string suite_table(const Results& results, const Suite& suite) {
  Row head{suite.name};
  for (const std::string& ours : suite.ours) head.push_back(ours);
  for (const std::string& theirs : suite.theirs)
    for (const std::string& ours : suite.ours)
      head.push_back(suite.ours.size() == 1 ? "/ " + theirs
                                            : fmt::format("{} / {}", ours.substr(ours.find(' ') + 1), theirs));
  head.push_back("spread");
  std::vector<Row> rows{head};
  for (const std::string& name : suite.cases) {
    Row row{name};
    double spread = 0;
    for (const std::string& contender : suite.ours) {
      const Record* ours = find(results, suite.name, name, contender);
      row.push_back(ours == nullptr ? "" : format_value(*ours));
    }
    for (const std::string& other : suite.theirs)
      for (const std::string& contender : suite.ours) {
        const Record *ours = find(results, suite.name, name, contender),
                     *theirs = find(results, suite.name, name, other);
        row.push_back(ours == nullptr || theirs == nullptr ? "" : format_ratio(ours->value / theirs->value));
        for (const Record* record : {ours, theirs})
          if (record != nullptr) spread = std::max(spread, record->spread);
      }
    row.push_back(fmt::format("{:.0f} %", spread * 100));
    rows.push_back(row);
  }
  return table(rows);
}

/// The largest number that counts for a goal, and the case it is of; null if nothing was measured.
struct Worst {
  const Record* record = nullptr;
  double value = 0;
  int cases = 0;
};

Worst worst(const Results& results, const Goal& goal) {
  const std::regex cases(goal.cases);
  Worst found;
  for (const Record& ours : results.records) {
    if (ours.suite != goal.suite || ours.contender != goal.ours || !std::regex_search(ours.name, cases)) continue;
    const Record* theirs = goal.theirs == nullptr ? nullptr : find(results, ours.suite, ours.name, goal.theirs);
    if (goal.theirs != nullptr && theirs == nullptr) continue;
    const double value = theirs == nullptr ? ours.value : ours.value / theirs->value;
    ++found.cases;
    if (found.record == nullptr || value > found.value) found.record = &ours, found.value = value;
  }
  return found;
}

std::string goals_table(const Results& results) {
  std::vector<Row> rows{{"goal", "against", "measured", "at most", "reached", "worst case"}};
  for (const Goal& goal : goals) {
    const Worst found = worst(results, goal);
    const auto format = [&](double value) {
      return goal.theirs == nullptr ? format_value({"", "", "", value, 0, false}) : format_ratio(value);
    };
    rows.push_back({goal.what, goal.theirs == nullptr ? "" : goal.theirs,
                    found.record == nullptr ? "not measured" : format(found.value), format(goal.at_most),
                    found.record == nullptr       ? ""
                    : found.value <= goal.at_most ? "yes"
                                                  : "no",
                    found.cases > 1 ? found.record->name : ""});
  }
  return table(rows);
}

std::string markdown(const Results& results) {
  std::string text = "# xgrad beside others\n\n";
  for (const std::string& header : results.headers) text += header + ".\n";
  std::vector<std::string> versions;
  for (const auto& [contender, version] : results.versions) versions.push_back(contender + " " + version);
  if (!versions.empty()) text += fmt::format("Peers: {}.\n", fmt::join(versions, ", "));
  text +=
      "All contenders ran on one thread of the same core, those of one program interleaved. A number is the minimum "
      "over\n"
      "repetitions; the spread is how far the median lay above the minimum, for the worst contender of the row. "
      "Columns\n"
      "that begin with \"/\" are xgrad's time divided by the other's: below 1, xgrad is faster.\n\n";
  for (const LeftOut& left : results.left_out)
    text += fmt::format("* Left out of {}: {} ({}).\n", left.suite, left.contender, left.reason);
  if (!results.left_out.empty()) text += "\n";
  text += "![Ratios](results.svg)\n\n";
  text += goals_table(results);
  for (const Suite& suite : suites(results)) text += "\n" + suite_table(results, suite);
  return text;
}

/// The code by hand shares one colour, whatever it is called in its suite; everybody else has a colour of their own.
constexpr const char* peers[] = {"libtorch", "PyTorch eager", "PyTorch eager, fused Adam", "PyTorch compiled",
                                 "JAX jit",  "Keras on JAX",  "Keras on TensorFlow",       "shap",
                                 "captum"};

/// For each case a group of bars, one for each contender, from 1 to the ratio; diamonds are goals.
xg::viz::Figure picture(const Results& results) {
  struct Series {
    std::vector<double> places, lengths;
  };
  std::vector<Series> series(std::size(peers) + 1);  // the last one by hand
  std::vector<double> ticks, goal_places, goal_ratios;
  std::vector<std::string> labels;
  struct Label {
    double place, ratio;
  };
  std::vector<Label> numbers;
  double place = 0, least = 1, most = 1;
  for (const Suite& suite : suites(results)) {
    if (suite.name != "step" && suite.name != "fit" && suite.name != "explain") continue;
    for (const std::string& name : suite.cases) {
      const double first = place;
      for (const std::string& contender : suite.theirs) {
        const Record *ours = find(results, suite.name, name, "xgrad"),
                     *theirs = find(results, suite.name, name, contender);
        if (ours == nullptr || theirs == nullptr) continue;
        const double ratio = ours->value / theirs->value;
        const auto peer =
            static_cast<std::size_t>(std::find(std::begin(peers), std::end(peers), contender) - std::begin(peers));
        series[peer].places.push_back(place);
        series[peer].lengths.push_back(ratio - 1);
        numbers.push_back({place, ratio});
        least = std::min(least, ratio);
        most = std::max(most, ratio);
        for (const Goal& goal : goals)
          if (goal.theirs != nullptr && goal.theirs == contender && goal.suite == suite.name &&
              std::regex_search(name, std::regex(goal.cases))) {
            goal_places.push_back(place);
            goal_ratios.push_back(goal.at_most);
          }
        place += 1;
      }
      if (place == first) continue;
      ticks.push_back((first + place - 1) / 2);
      labels.push_back(suite.name == "step" ? "training step, " + name : name);
      place += 1;
    }
  }
  xg::viz::Figure figure({.width = 10, .height = 1.6 + 0.17 * place});
  xg::viz::Axes& axes = figure.axes();
  for (std::size_t i = 0; i < series.size(); ++i) {
    if (series[i].places.empty()) continue;
    const bool by_hand = i == std::size(peers);
    axes.barh(
        series[i].places, series[i].lengths,
        {.color = by_hand ? xg::viz::Paint(xg::viz::Role::muted) : xg::viz::Paint(xg::viz::Theme::light.palette[i]),
         .width = 0.85,
         .base = std::vector<double>(series[i].places.size(), 1.0),
         .label = by_hand ? "by hand" : peers[i]});
  }
  for (const auto& [at, ratio] : numbers)  // on the side of 1 where neither bar nor goal is
    axes.text(ratio < 1 ? 1.06 : 0.94, at, format_ratio(ratio),
              {.ha = ratio < 1 ? "left" : "right", .va = "center", .fontsize = 7.5});
  if (!goal_places.empty())
    axes.scatter(goal_ratios, goal_places,
                 {.color = xg::viz::Role::ink, .size = 5, .marker = "d", .label = "at most (goal)"});
  axes.axvline(1, {.linestyle = "-"});
  axes.set_xscale("log");
  axes.set_xlim(least / 1.2, std::max(most * 1.2, 2.0));
  axes.set_yticks(ticks, labels);
  axes.set_ylim(-1, std::max(place, 1.0) - 1);
  axes.invert_yaxis();
  axes.set_title("Time of xgrad / time of others");
  axes.set_xlabel(results.headers.empty() ? "" : results.headers.front());
  axes.legend({.loc = "outside"});
  return figure;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: {} RESULTS.jsonl FOLDER\n", argv[0]);
    return 2;
  }
  try {
    const std::filesystem::path folder = argv[2];
    const Results results = read({argv[1]});
    const std::string text = markdown(results);
    fmt::print("{}", text);
    std::ofstream file(folder / "RESULTS.md");
    file << text;
    if (!file.flush()) throw std::runtime_error(fmt::format("{} cannot be written", (folder / "RESULTS.md").string()));
    const xg::viz::Figure figure = picture(results);
    figure.save(folder / "results.svg");
    if (xg::viz::Figure::can_rasterize()) figure.save(folder / "results.png");
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", argv[0], error.what());
    return 1;
  }
  return 0;
}
