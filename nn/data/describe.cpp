#include <xgrad/nn/data/table.hpp>
#include <xgrad/nn/detail/text_table.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace xg::nn::data {
namespace {

// NumPy's default quantile: interpolates linearly between the neighbours of position q (n - 1).
double quantile(const std::vector<double>& sorted, double q) {
  const double position = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  if (below + 1 >= sorted.size()) return sorted.back();
  const double share = position - static_cast<double>(below);
  return sorted[below] + share * (sorted[below + 1] - sorted[below]);
}

void summarize_numbers(const Column& column, ColumnSummary& s) {
  std::vector<double> values;
  for (double v : column.numbers())
    if (!std::isnan(v)) values.push_back(v);
  if (values.empty()) return;
  std::sort(values.begin(), values.end());
  s.min = values.front();
  s.lower_quartile = quantile(values, 0.25);
  s.median = quantile(values, 0.5);
  s.upper_quartile = quantile(values, 0.75);
  s.max = values.back();
  double mean = 0, squares = 0, n = 0;
  for (double v : values) {
    const double deviation = v - mean;
    mean += deviation / ++n;
    squares += deviation * (v - mean);
  }
  s.mean = mean;
  if (values.size() > 1) s.std = std::sqrt(squares / (n - 1));
}

ColumnSummary summarize(const Column& column) {
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  ColumnSummary s{.name = column.name(),
                  .kind = column.kind(),
                  .missing = column.missing_count(),
                  .min = none,
                  .lower_quartile = none,
                  .median = none,
                  .upper_quartile = none,
                  .max = none,
                  .mean = none,
                  .std = none};
  s.count = column.size() - s.missing;
  std::map<std::string, std::int64_t> counts;
  for (std::int64_t row = 0; row < column.size(); ++row)
    if (!column.is_missing(row)) ++counts[column.cell(row)];
  s.distinct = static_cast<std::int64_t>(counts.size());
  for (const auto& [value, count] : counts)
    if (count > s.most_frequent_count) s.most_frequent = value, s.most_frequent_count = count;
  if (column.is_number()) summarize_numbers(column, s);
  return s;
}

// The number with six digits, or "" for NaN.
std::string short_number(double value) { return std::isnan(value) ? "" : fmt::format("{:.6g}", value); }

}  // namespace

Description Table::describe() const {
  Description description{.rows = rows_};
  for (const Column& column : columns_) description.columns.push_back(summarize(column));
  return description;
}

std::vector<std::string> Description::titles() {
  return {"column", "kind", "missing", "distinct", "min", "25 %",
          "median", "75 %", "max",     "mean",     "std", "most frequent"};
}

std::vector<std::vector<std::string>> Description::cells() const {
  std::vector<std::vector<std::string>> result;
  for (const ColumnSummary& s : columns)
    result.push_back(
        {s.name, std::string(name(s.kind)), fmt::format("{}", s.missing), fmt::format("{}", s.distinct),
         short_number(s.min), short_number(s.lower_quartile), short_number(s.median), short_number(s.upper_quartile),
         short_number(s.max), short_number(s.mean), short_number(s.std),
         s.most_frequent_count > 1 ? fmt::format("{} ({}x)", s.most_frequent, s.most_frequent_count) : ""});
  return result;
}

std::string Description::str() const {
  std::vector<TextTable::Title> columns_of_text;
  for (const std::string& title : titles())
    columns_of_text.push_back({title, title != "column" && title != "kind" && title != "most frequent"});
  TextTable text(columns_of_text);
  for (std::vector<std::string>& row : cells()) text.add(std::move(row));
  return fmt::format("{}{} rows x {} columns\n", text.str(), rows, columns.size());
}

std::ostream& operator<<(std::ostream& out, const Description& description) { return out << description.str(); }

}  // namespace xg::nn::data
