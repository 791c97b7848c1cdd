#include "records.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace xg_bench {
namespace {

bool is_ours(const std::string& contender) { return contender.rfind("xgrad", 0) == 0; }

void read_line(const nlohmann::json& line, Results& results) {
  if (line.contains("header")) {
    const std::string header = line["header"];
    if (std::find(results.headers.begin(), results.headers.end(), header) == results.headers.end())
      results.headers.push_back(header);
  } else if (line.contains("version")) {
    results.versions[line["contender"]] = line["version"];
  } else if (line.contains("left_out")) {
    results.left_out.push_back({line["suite"], line["contender"], line["left_out"]});
  } else {
    const bool is_bytes = line.contains("bytes");
    results.add({line["suite"], line["case"], line["contender"], line[is_bytes ? "bytes" : "seconds_min"],
                 line.value("spread", 0.0), is_bytes});
  }
}

}  // namespace

void Results::add(const Record& record) {
  for (Record& known : records) {
    if (known.suite != record.suite || known.name != record.name || known.contender != record.contender) continue;
    const double median = std::max(known.value * (1 + known.spread), record.value * (1 + record.spread));
    known.value = std::min(known.value, record.value);
    known.spread = median / known.value - 1;
    return;
  }
  records.push_back(record);
}

double Comparison::spread() const { return theirs == nullptr ? ours->spread : std::max(ours->spread, theirs->spread); }

std::vector<Comparison> compare(const Results& results) {
  const auto same_case = [](const Record& a, const Record& b) { return a.suite == b.suite && a.name == b.name; };
  std::vector<Comparison> comparisons;
  for (const Record& record : results.records) {
    const bool others_only = std::none_of(results.records.begin(), results.records.end(), [&](const Record& other) {
      return same_case(other, record) && is_ours(other.contender);
    });
    if (!is_ours(record.contender) && !others_only) continue;
    const std::size_t before = comparisons.size();
    if (!others_only)
      for (const Record& theirs : results.records)
        if (same_case(theirs, record) && !is_ours(theirs.contender)) comparisons.push_back({&record, &theirs});
    if (comparisons.size() == before) comparisons.push_back({&record, nullptr});
  }
  return comparisons;
}

std::string format_value(const Record& record) {
  const auto scaled = [](double value, std::vector<const char*> units) {
    std::size_t unit = 0;
    for (; value >= 999.5 && unit + 1 < units.size(); ++unit) value /= 1000;
    return fmt::format("{:.{}f} {}", value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0, units[unit]);
  };
  return record.is_bytes ? scaled(record.value, {"B", "kB", "MB", "GB"})
                         : scaled(record.value * 1e9, {"ns", "us", "ms", "s"});
}

void append(const std::filesystem::path& path, const Results& results) {
  std::ofstream file(path, std::ios::app);
  for (const std::string& header : results.headers) file << nlohmann::json{{"header", header}} << "\n";
  for (const auto& [contender, version] : results.versions)
    file << nlohmann::json{{"contender", contender}, {"version", version}} << "\n";
  for (const Record& record : results.records)
    file << nlohmann::json{{"suite", record.suite},
                           {"case", record.name},
                           {"contender", record.contender},
                           {record.is_bytes ? "bytes" : "seconds_min", record.value},
                           {"spread", record.spread}}
         << "\n";
  for (const LeftOut& left : results.left_out)
    file << nlohmann::json{{"suite", left.suite}, {"contender", left.contender}, {"left_out", left.reason}} << "\n";
  file.flush();
  if (!file) throw std::runtime_error(fmt::format("{} cannot be written", path.string()));
}

Results read(const std::vector<std::filesystem::path>& paths) {
  Results results;
  for (const std::filesystem::path& path : paths) {
    std::ifstream file(path);
    if (!file) throw std::runtime_error(fmt::format("{} cannot be read", path.string()));
    std::size_t number = 0;
    for (std::string text; std::getline(file, text);) {
      ++number;
      if (text.empty()) continue;
      try {
        read_line(nlohmann::json::parse(text), results);
      } catch (const nlohmann::json::exception& error) {
        throw std::runtime_error(fmt::format("{}, line {}: {}", path.string(), number, error.what()));
      }
    }
  }
  return results;
}

}  // namespace xg_bench
