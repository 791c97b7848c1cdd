#include <xgrad/nn/detail/column_builder.hpp>

#include <fmt/format.h>

#include <limits>
#include <memory>
#include <utility>
#include <vector>

namespace xg::nn::data {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// Is this the shortest text of an integer, without plus, spaces, separators and leading zeros?
bool is_integer_text(std::string_view text) {
  if (text.size() < 2) return true;  // a single digit
  const std::size_t first = text[0] == '-' ? 1 : 0;
  if (text[first] == '0') return false;
  for (std::size_t i = first; i < text.size(); ++i)
    if (text[i] < '0' || text[i] > '9') return false;
  return true;
}

}  // namespace

ColumnBuilder::ColumnBuilder(std::string name, bool text, const io::CsvNumbers& numbers)
    : numbers_(numbers),
      column_(std::move(name), text ? ColumnKind::text : ColumnKind::numeric, {}, 0),
      has_values_(text) {
  column_.decimal_ = numbers.decimal();
  column_.thousands_ = numbers.thousands();
}

void ColumnBuilder::add_missing() {
  switch (column_.kind_) {
    case ColumnKind::numeric:
      // Storage is allocated with the first value.
      if (has_values_) column_.numbers_.push_back(not_a_number);
      break;
    case ColumnKind::integer:
    case ColumnKind::boolean:
      column_.integers_.push_back(0);
      break;
    case ColumnKind::text:
      column_.level_indices_.push_back(-1);
      break;
  }
  column_.missing_.push_back(true);
}

void ColumnBuilder::add(std::string_view cell) {
  const bool integers = !has_values_ || column_.kind_ == ColumnKind::integer;
  const bool booleans = !has_values_ || column_.kind_ == ColumnKind::boolean;
  const bool text = has_values_ && column_.kind_ == ColumnKind::text;
  const bool added = !text && ((integers && add_integer(cell)) || (booleans && add_boolean(cell)) ||
                               ((column_.kind_ != ColumnKind::boolean) && add_number(cell)));
  if (!added) {
    widen_to_text();
    column_.level_indices_.push_back(levels_.index(cell));
    column_.missing_.push_back(false);
  }
}

bool ColumnBuilder::add_integer(std::string_view cell) {
  const auto value = numbers_.integer(cell);
  if (!value) return false;
  begin(ColumnKind::integer);
  constexpr std::int64_t is_long = 1'000'000'000'000'000;
  has_long_integers_ = has_long_integers_ || *value >= is_long || *value <= -is_long;
  keep_spelling(cell, is_integer_text(cell));
  column_.integers_.push_back(*value);
  column_.missing_.push_back(false);
  return true;
}

bool ColumnBuilder::add_boolean(std::string_view cell) {
  const auto value = io::parse_boolean(cell);
  if (!value) return false;
  begin(ColumnKind::boolean);
  keep_spelling(cell, cell == boolean_text(*value));
  column_.integers_.push_back(*value ? 1 : 0);
  column_.missing_.push_back(false);
  return true;
}

bool ColumnBuilder::add_number(std::string_view cell) {
  const auto number = numbers_.real(cell);
  if (!number || !number->exact || !widen_to_numeric()) return false;
  begin(ColumnKind::numeric);
  const bool missing = number->value != number->value;
  if (!missing) keep_spelling(cell, is_number_text(cell, number->value));
  column_.numbers_.push_back(number->value);
  column_.missing_.push_back(missing);
  return true;
}

void ColumnBuilder::begin(ColumnKind kind) {
  if (std::exchange(has_values_, true)) return;
  column_.kind_ = kind;
  if (kind == ColumnKind::numeric)
    column_.numbers_.assign(rows(), not_a_number);
  else if (kind == ColumnKind::text)
    column_.level_indices_.assign(rows(), -1);
  else
    column_.integers_.assign(rows(), 0);
}

bool ColumnBuilder::widen_to_numeric() {
  if (!has_values_ || column_.kind_ == ColumnKind::numeric) return true;
  std::vector<double> values(rows());
  RowTexts spellings;
  for (std::size_t row = 0; row < rows(); ++row) {
    const std::int64_t value = column_.integers_[row];
    values[row] = column_.missing_[row] ? not_a_number : static_cast<double>(value);
    // Only double has -0.
    if (value == 0 && spellings_[row].find('-') != std::string_view::npos) values[row] = -0.0;
    if (!has_long_integers_ || column_.missing_[row]) continue;
    const std::string text = fmt::format("{}", value);
    if (fmt::format("{:.0f}", values[row]) != text) return false;
    const std::string_view kept = spellings_[row];
    const std::string_view spelled = kept.empty() ? std::string_view(text) : kept;
    if (!is_number_text(spelled, values[row])) spellings.add(row, spelled);
  }
  if (has_long_integers_) spellings_ = std::move(spellings);
  column_.numbers_ = std::move(values);
  column_.integers_ = {};
  column_.kind_ = ColumnKind::numeric;
  return true;
}

void ColumnBuilder::widen_to_text() {
  begin(ColumnKind::text);
  if (column_.kind_ == ColumnKind::text) return;
  column_.spellings_ = std::make_shared<const RowTexts>(std::move(spellings_));
  std::vector<std::int32_t> places(rows(), -1);
  for (std::size_t row = 0; row < rows(); ++row)
    if (!column_.missing_[row]) places[row] = levels_.index(column_.spelling(static_cast<std::int64_t>(row)));
  column_.level_indices_ = std::move(places);
  column_.spellings_ = nullptr;
  column_.integers_ = {};
  column_.numbers_ = {};
  column_.kind_ = ColumnKind::text;
}

void ColumnBuilder::keep_spelling(std::string_view cell, bool shortest) {
  if (!shortest) spellings_.add(rows(), cell);
}

Column ColumnBuilder::finish() && {
  if (!has_values_) begin(ColumnKind::numeric);
  if (column_.kind_ == ColumnKind::text) column_.levels_ = std::make_shared<const Texts>(std::move(levels_).release());
  if (!spellings_.empty()) column_.spellings_ = std::make_shared<const RowTexts>(std::move(spellings_));
  return std::move(column_);
}

}  // namespace xg::nn::data
