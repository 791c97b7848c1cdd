#include <xgrad/nn/data/table.hpp>
#include <xgrad/nn/data/text_table.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/error.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <numeric>
#include <ostream>
#include <set>
#include <unordered_map>

namespace xg::nn::data {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

std::string number_text(double value) {
  return fmt::format("{}", value == 0 ? 0.0 : value);
}

// Levenshtein's distance, capital letters aside.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const bool same =
          std::tolower(static_cast<unsigned char>(a[i])) == std::tolower(static_cast<unsigned char>(b[j]));
      const std::size_t replaced = diagonal + (same ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

[[noreturn]] void throw_unknown_column(const char* op, std::string_view name, const std::vector<std::string>& known) {
  std::vector<std::pair<std::size_t, std::string>> similar;
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance <= (name.size() + 2) / 3) similar.emplace_back(distance, candidate);
  }
  std::stable_sort(similar.begin(), similar.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string guess;
  if (!similar.empty()) guess = fmt::format(" Did you mean \"{}\"?", similar[0].second);
  const std::size_t shown = std::min<std::size_t>(known.size(), 40);
  throw IndexError(fmt::format(
      "[{}] there is no column \"{}\": the table has {}{}.{}", op, name,
      known.empty()
          ? "none"
          : fmt::format("{}", fmt::join(known.begin(), known.begin() + static_cast<std::ptrdiff_t>(shown), ", ")),
      known.size() > shown ? fmt::format(" and {} more", known.size() - shown) : "", guess));
}

void check_row(const char* op, std::int64_t row, std::int64_t rows) {
  if (row >= 0 && row < rows) return;
  throw IndexError(fmt::format("[{}] row {} is out of range: there are {} rows, numbered from 0.", op, row, rows));
}

std::vector<bool> checked_missing(const std::string& name, std::vector<bool> missing, std::size_t size) {
  if (missing.empty()) missing.resize(size);
  if (missing.size() != size) {
    throw ShapeError(fmt::format("[Column] \"{}\" has {} values and {} marks of missing ones: give one mark per value.",
                                 name, size, missing.size()));
  }
  return missing;
}

}  // namespace

std::string_view name(ColumnKind kind) {
  switch (kind) {
    case ColumnKind::numeric:
      return "numeric";
    case ColumnKind::integer:
      return "integer";
    case ColumnKind::boolean:
      return "boolean";
    case ColumnKind::text:
      break;
  }
  return "text";
}

Column::Column(std::string name, ColumnKind kind, std::vector<bool> missing, std::size_t size)
    : name_(std::move(name)), kind_(kind), missing_(checked_missing(name_, std::move(missing), size)) {}

Column Column::numeric(std::string name, std::vector<double> values) {
  Column column(std::move(name), ColumnKind::numeric, {}, values.size());
  for (std::size_t i = 0; i < values.size(); ++i) column.missing_[i] = std::isnan(values[i]);
  column.numbers_ = std::move(values);
  return column;
}

Column Column::integer(std::string name, std::vector<std::int64_t> values, std::vector<bool> missing) {
  Column column(std::move(name), ColumnKind::integer, std::move(missing), values.size());
  column.integers_ = std::move(values);
  return column;
}

Column Column::boolean(std::string name, const std::vector<bool>& values, std::vector<bool> missing) {
  Column column(std::move(name), ColumnKind::boolean, std::move(missing), values.size());
  column.integers_.assign(values.begin(), values.end());
  return column;
}

Column Column::text(std::string name, const std::vector<std::string>& values, std::vector<bool> missing) {
  Column column(std::move(name), ColumnKind::text, std::move(missing), values.size());
  std::unordered_map<std::string_view, std::int64_t> places;
  column.integers_.resize(values.size(), -1);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (column.missing_[i]) continue;
    const auto [place, is_new] = places.try_emplace(values[i], static_cast<std::int64_t>(column.levels_.size()));
    if (is_new) column.levels_.push_back(values[i]);
    column.integers_[i] = place->second;
  }
  return column;
}

Column Column::renamed(std::string name) const {
  Column column = *this;
  column.name_ = std::move(name);
  return column;
}

std::size_t Column::checked(std::int64_t row) const {
  check_row("Column", row, size());
  return static_cast<std::size_t>(row);
}

std::int64_t Column::missing_count() const {
  return std::count(missing_.begin(), missing_.end(), true);
}

std::int64_t Column::distinct_count() const {
  return static_cast<std::int64_t>(levels().size());
}

double Column::number(std::int64_t row) const {
  const std::size_t i = checked(row);
  if (kind_ == ColumnKind::text) {
    throw DtypeError(fmt::format(
        "[Column] \"{}\" holds text, not numbers: use cell() for its values, or an Encoder to turn it into numbers.",
        name_));
  }
  if (missing_[i]) return not_a_number;
  return kind_ == ColumnKind::numeric ? numbers_[i] : static_cast<double>(integers_[i]);
}

std::vector<double> Column::numbers() const {
  std::vector<double> values(missing_.size());
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = number(static_cast<std::int64_t>(i));
  return values;
}

std::string Column::cell(std::int64_t row) const {
  const std::size_t i = checked(row);
  if (missing_[i]) return {};
  switch (kind_) {
    case ColumnKind::numeric:
      return number_text(numbers_[i]);
    case ColumnKind::integer:
      return fmt::format("{}", integers_[i]);
    case ColumnKind::boolean:
      return integers_[i] != 0 ? "true" : "false";
    case ColumnKind::text:
      break;
  }
  return levels_[static_cast<std::size_t>(integers_[i])];
}

std::vector<std::string> Column::levels() const {
  std::vector<std::string> result;
  if (kind_ == ColumnKind::text) {
    std::vector<bool> used(levels_.size());
    for (std::int64_t place : integers_) {
      if (place >= 0) used[static_cast<std::size_t>(place)] = true;
    }
    for (std::size_t i = 0; i < levels_.size(); ++i) {
      if (used[i]) result.push_back(levels_[i]);
    }
    std::sort(result.begin(), result.end());
  } else if (kind_ == ColumnKind::numeric) {
    std::set<double> values;
    for (std::size_t i = 0; i < numbers_.size(); ++i) {
      if (!missing_[i]) values.insert(numbers_[i]);
    }
    for (double value : values) result.push_back(number_text(value));
  } else {
    std::set<std::int64_t> values;
    for (std::size_t i = 0; i < integers_.size(); ++i) {
      if (!missing_[i]) values.insert(integers_[i]);
    }
    for (std::int64_t value : values) {
      result.push_back(kind_ == ColumnKind::integer ? fmt::format("{}", value) : value != 0 ? "true" : "false");
    }
  }
  return result;
}

Column Column::rows(const std::vector<std::int64_t>& indices) const {
  Column column(name_, kind_, {}, indices.size());
  column.levels_ = levels_;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const std::size_t from = checked(indices[i]);
    column.missing_[i] = missing_[from];
    if (kind_ == ColumnKind::numeric)
      column.numbers_.push_back(numbers_[from]);
    else
      column.integers_.push_back(integers_[from]);
  }
  return column;
}

Tensor Column::tensor() const {
  return xg::tensor(numbers());
}

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {
  std::set<std::string_view> seen;
  for (const Column& column : columns_) {
    if (column.size() != columns_[0].size()) {
      throw ShapeError(fmt::format("[Table] column \"{}\" has {} rows, column \"{}\" has {}: they must be equal.",
                                   column.name(), column.size(), columns_[0].name(), columns_[0].size()));
    }
    if (!seen.insert(column.name()).second) {
      throw ValueError(fmt::format("[Table] two columns are called \"{}\": rename one with renamed().", column.name()));
    }
  }
  if (!columns_.empty()) rows_ = columns_[0].size();
}

std::vector<std::string> Table::names() const {
  std::vector<std::string> result;
  for (const Column& column : columns_) result.push_back(column.name());
  return result;
}

bool Table::contains(std::string_view name) const {
  return std::any_of(columns_.begin(), columns_.end(), [&](const Column& column) { return column.name() == name; });
}

const Column& Table::column(std::string_view name) const {
  for (const Column& column : columns_) {
    if (column.name() == name) return column;
  }
  throw_unknown_column("Table", name, names());
}

Table Table::with(Column column) const {
  std::vector<Column> columns = columns_;
  const auto place =
      std::find_if(columns.begin(), columns.end(), [&](const Column& c) { return c.name() == column.name(); });
  if (place != columns.end())
    *place = std::move(column);
  else
    columns.push_back(std::move(column));
  return Table(std::move(columns));
}

Table Table::select(const std::vector<std::string>& names) const {
  std::vector<Column> columns;
  for (const std::string& name : names) columns.push_back(column(name));
  return Table(std::move(columns));
}

Table Table::drop(const std::vector<std::string>& names) const {
  for (const std::string& name : names) column(name);
  std::vector<Column> columns;
  for (const Column& column : columns_) {
    if (std::find(names.begin(), names.end(), column.name()) == names.end()) columns.push_back(column);
  }
  return Table(std::move(columns));
}

Table Table::rows(const std::vector<std::int64_t>& indices) const {
  for (std::int64_t row : indices) check_row("Table", row, rows_);
  std::vector<Column> columns;
  for (const Column& column : columns_) columns.push_back(column.rows(indices));
  return Table(std::move(columns));
}

Table Table::head(std::int64_t count) const {
  std::vector<std::int64_t> indices(static_cast<std::size_t>(std::clamp<std::int64_t>(count, 0, rows_)));
  std::iota(indices.begin(), indices.end(), std::int64_t{0});
  return rows(indices);
}

Table Table::drop_missing(const std::vector<std::string>& names) const {
  const Table looked_at = names.empty() ? *this : select(names);
  std::vector<std::int64_t> kept;
  for (std::int64_t row = 0; row < rows_; ++row) {
    const bool complete = std::none_of(looked_at.columns_.begin(), looked_at.columns_.end(),
                                       [&](const Column& column) { return column.is_missing(row); });
    if (complete) kept.push_back(row);
  }
  return rows(kept);
}

Tensor Table::tensor() const {
  const auto width = static_cast<std::int64_t>(columns_.size());
  Tensor result = zeros({rows_, width}, {.dtype = Dtype::float64});
  double* out = result.mutable_data<double>();
  for (std::int64_t c = 0; c < width; ++c) {
    const std::vector<double> values = columns_[static_cast<std::size_t>(c)].numbers();
    for (std::int64_t row = 0; row < rows_; ++row) out[row * width + c] = values[static_cast<std::size_t>(row)];
  }
  return result;
}

std::string Table::str() const {
  constexpr std::int64_t longest = 20, edge = 5;
  std::vector<TextTable::Title> titles = {{"", true}};
  for (const Column& column : columns_) titles.push_back({column.name(), column.is_number()});
  TextTable text(titles);
  for (std::int64_t row = 0; row < rows_; ++row) {
    if (rows_ > longest && row == edge) {
      text.add(std::vector<std::string>(titles.size(), "..."));
      row = rows_ - edge;
    }
    std::vector<std::string> cells = {fmt::format("{}", row)};
    for (const Column& column : columns_) cells.push_back(column.is_missing(row) ? "-" : column.cell(row));
    text.add(std::move(cells));
  }
  return fmt::format("{}{} rows x {} columns\n", columns_.empty() ? "" : text.str(), rows_, columns_.size());
}

std::ostream& operator<<(std::ostream& out, const Table& table) {
  return out << table.str();
}

}  // namespace xg::nn::data
