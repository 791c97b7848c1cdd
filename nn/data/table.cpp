#include <xgrad/nn/data/table.hpp>
#include <xgrad/nn/detail/text_table.hpp>
#include <xgrad/nn/detail/texts.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <limits>
#include <numeric>
#include <ostream>
#include <set>
#include <utility>

namespace xg::nn::data {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// Levenshtein's distance, ignoring case.
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
  raise<IndexError>(
      "[{}] there is no column \"{}\": the table has {}{}.{}", op, name,
      known.empty()
          ? "none"
          : fmt::format("{}", fmt::join(known.begin(), known.begin() + static_cast<std::ptrdiff_t>(shown), ", ")),
      known.size() > shown ? fmt::format(" and {} more", known.size() - shown) : "", guess);
}

void check_row(const char* op, std::int64_t row, std::int64_t rows) {
  if (row >= 0 && row < rows) return;
  raise<IndexError>("[{}] row {} is out of range: there are {} rows, numbered from 0.", op, row, rows);
}

std::vector<bool> checked_missing(const std::string& name, std::vector<bool> missing, std::size_t size) {
  if (missing.empty()) missing.resize(size);
  if (missing.size() != size)
    raise<ShapeError>("[Column] \"{}\" has {} values and {} marks of missing ones: give one mark per value.", name,
                      size, missing.size());
  return missing;
}

}  // namespace

std::string_view name(ColumnKind kind) {
  // In the order of the enumerators.
  constexpr std::array<std::string_view, 4> names{"numeric", "integer", "boolean", "text"};
  return names[std::min(static_cast<std::size_t>(kind), names.size() - 1)];
}

Column::Column(std::string name, ColumnKind kind, std::vector<bool> missing, std::size_t size)
    : name_(std::move(name)), kind_(kind), missing_(checked_missing(name_, std::move(missing), size)) {}

Column Column::numeric(String name, std::vector<double> values) {
  Column column(std::move(name), ColumnKind::numeric, {}, values.size());
  for (std::size_t i = 0; i < values.size(); ++i) column.missing_[i] = std::isnan(values[i]);
  column.numbers_ = std::move(values);
  return column;
}

Column Column::integer(String name, std::vector<std::int64_t> values, std::vector<bool> missing) {
  Column column(std::move(name), ColumnKind::integer, std::move(missing), values.size());
  column.integers_ = std::move(values);
  return column;
}

Column Column::boolean(String name, const std::vector<bool>& values, std::vector<bool> missing) {
  Column column(std::move(name), ColumnKind::boolean, std::move(missing), values.size());
  column.integers_.assign(values.begin(), values.end());
  return column;
}

Column Column::text(String name, const std::vector<std::string>& values, std::vector<bool> missing) {
  Column column(std::move(name), ColumnKind::text, std::move(missing), values.size());
  Interner levels;
  column.level_indices_.resize(values.size(), -1);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!column.missing_[i]) column.level_indices_[i] = levels.index(values[i]);
  column.levels_ = std::make_shared<const Texts>(std::move(levels).release());
  return column;
}

Column Column::renamed(String name) const {
  Column column = *this;
  column.name_ = std::move(name);
  return column;
}

std::size_t Column::checked(std::int64_t row) const {
  check_row("Column", row, size());
  return static_cast<std::size_t>(row);
}

std::int64_t Column::missing_count() const { return std::count(missing_.begin(), missing_.end(), true); }

std::int64_t Column::distinct_count() const { return static_cast<std::int64_t>(levels().size()); }

double Column::number(std::int64_t row) const {
  const std::size_t i = checked(row);
  if (kind_ == ColumnKind::text)
    raise<DtypeError>(
        "[Column] \"{}\" holds text, not numbers: use cell() for its values, or an Encoder to turn it into numbers.",
        name_);
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
      return std::string(boolean_text(integers_[i] != 0));
    case ColumnKind::text:
      break;
  }
  return std::string((*levels_)[static_cast<std::size_t>(level_indices_[i])]);
}

std::string Column::spelling(std::int64_t row) const {
  if (spellings_ != nullptr) {
    if (const std::string_view text = (*spellings_)[checked(row)]; !text.empty()) return std::string(text);
  }
  return cell(row);
}

std::vector<std::string> Column::levels() const {
  // The distinct values in ascending order, without missing ones.
  const auto distinct = [&]<class T>(const std::vector<T>& of_rows) {
    std::vector<T> values;
    for (std::size_t i = 0; i < of_rows.size(); ++i)
      if (!missing_[i]) values.push_back(of_rows[i]);
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    return values;
  };
  std::vector<std::string> result;
  switch (kind_) {
    case ColumnKind::numeric:
      for (double value : distinct(numbers_)) result.push_back(number_text(value));
      break;
    case ColumnKind::integer:
      for (std::int64_t value : distinct(integers_)) result.push_back(fmt::format("{}", value));
      break;
    case ColumnKind::boolean:
      for (std::int64_t value : distinct(integers_)) result.emplace_back(boolean_text(value != 0));
      break;
    case ColumnKind::text:
      for (std::int32_t index : distinct(level_indices_))
        result.emplace_back((*levels_)[static_cast<std::size_t>(index)]);
      std::sort(result.begin(), result.end());
      break;
  }
  return result;
}

Column Column::rows(const std::vector<std::int64_t>& indices) const {
  Column column(name_, kind_, {}, indices.size());
  column.levels_ = levels_;
  column.decimal_ = decimal_;
  column.thousands_ = thousands_;
  RowTexts spellings;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const std::size_t from = checked(indices[i]);
    column.missing_[i] = missing_[from];
    if (kind_ == ColumnKind::numeric)
      column.numbers_.push_back(numbers_[from]);
    else if (kind_ == ColumnKind::text)
      column.level_indices_.push_back(level_indices_[from]);
    else
      column.integers_.push_back(integers_[from]);
    if (spellings_ == nullptr) continue;
    if (const std::string_view text = (*spellings_)[from]; !text.empty()) spellings.add(i, text);
  }
  if (!spellings.empty()) column.spellings_ = std::make_shared<const RowTexts>(std::move(spellings));
  return column;
}

std::vector<double> Column::exact_numbers() const {
  for (std::size_t i = 0; kind_ == ColumnKind::integer && i < integers_.size(); ++i) {
    // Compared as long double, because double rounds the largest int64 to 2^63, which int64 cannot hold.
    if (!missing_[i] &&
        static_cast<long double>(static_cast<double>(integers_[i])) != static_cast<long double>(integers_[i]))
      raise<DtypeError>(
          "[Column] \"{}\" is {} in row {}, which float64 would round: drop the column, or use cell() for its values.",
          name_, integers_[i], i);
  }
  return numbers();
}

Tensor Column::tensor() const { return xg::tensor(exact_numbers()); }

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)), by_name_(columns_.size()) {
  std::iota(by_name_.begin(), by_name_.end(), std::size_t{0});
  std::sort(by_name_.begin(), by_name_.end(),
            [&](std::size_t a, std::size_t b) { return columns_[a].name() < columns_[b].name(); });
  for (std::size_t i = 1; i < by_name_.size(); ++i) {
    const std::string& name = columns_[by_name_[i]].name();
    if (name == columns_[by_name_[i - 1]].name())
      raise<ValueError>("[Table] two columns are called \"{}\": rename one with renamed().", name);
  }
  for (const Column& column : columns_)
    if (column.size() != columns_[0].size())
      raise<ShapeError>("[Table] column \"{}\" has {} rows, column \"{}\" has {}: they must be equal.", column.name(),
                        column.size(), columns_[0].name(), columns_[0].size());
  if (!columns_.empty()) rows_ = columns_[0].size();
}

const Column* Table::find(std::string_view name) const {
  const auto found = std::lower_bound(by_name_.begin(), by_name_.end(), name,
                                      [&](std::size_t i, std::string_view n) { return columns_[i].name() < n; });
  return found != by_name_.end() && columns_[*found].name() == name ? &columns_[*found] : nullptr;
}

std::vector<std::string> Table::names() const {
  std::vector<std::string> result;
  for (const Column& column : columns_) result.push_back(column.name());
  return result;
}

bool Table::contains(StringRef name) const { return find(name) != nullptr; }

const Column& Table::column(StringRef name) const {
  if (const Column* column = find(name)) return *column;
  throw_unknown_column("Table", name, names());
}

Table Table::with(Column column) const {
  std::vector<Column> columns = columns_;
  if (const Column* replaced = find(column.name()))
    columns[static_cast<std::size_t>(replaced - columns_.data())] = std::move(column);
  else
    columns.push_back(std::move(column));
  return Table(std::move(columns));
}

Table Table::select(const StringList& names) const {
  std::vector<Column> columns;
  for (const std::string& name : names) columns.push_back(column(name));
  return Table(std::move(columns));
}

Table Table::drop(const StringList& names) const {
  for (const std::string& name : names) column(name);
  const std::set<std::string_view> dropped(names.begin(), names.end());
  std::vector<Column> columns;
  for (const Column& column : columns_)
    if (!dropped.contains(column.name())) columns.push_back(column);
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

Table Table::drop_missing(const StringList& names) const {
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
    const std::vector<double> values = columns_[static_cast<std::size_t>(c)].exact_numbers();
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

std::ostream& operator<<(std::ostream& out, const Table& table) { return out << table.str(); }

}  // namespace xg::nn::data
