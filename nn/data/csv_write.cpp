#include <xgrad/nn/data/csv.hpp>
#include <xgrad/tensor/io/atomic_file.hpp>
#include <xgrad/tensor/io/csv_reader.hpp>

#include <cmath>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xg::nn::data {
namespace {

bool is_integer(std::string_view text) { return text.find_first_not_of("-+0123456789") == std::string_view::npos; }

// The cell as the file spelled it, if a reader with default options reads the same number.
std::string number(const Column& column, std::int64_t row) {
  const std::string cell = column.cell(row), spelling = column.spelling(row);
  const io::CsvNumbers plain;
  if (column.kind() == ColumnKind::boolean) return spelling;
  if (column.kind() == ColumnKind::integer) return plain.integer(spelling) == plain.integer(cell) ? spelling : cell;
  const double value = column.number(row);
  if (const auto spelled = plain.real(spelling); spelling != cell && spelled && spelled->value == value)
    return spelling;
  return value == 0 && std::signbit(value) ? "-0.0" : cell;
}

// Would every cell of a numeric column be read back as an integer?
bool needs_points(const Column& column) {
  for (std::int64_t row = 0; row < column.size(); ++row)
    if (!column.is_missing(row) && !is_integer(number(column, row))) return false;
  return column.kind() == ColumnKind::numeric;
}

}  // namespace

std::string to_csv(const Table& table, WriteCsvOptions options) {
  io::check_csv_format({.op = "write_csv", .separator = options.separator});
  const std::vector<Column>& columns = table.columns();
  std::string text;
  const auto end_cell = [&](std::size_t c) { text += c + 1 < columns.size() ? options.separator : '\n'; };
  for (std::size_t c = 0; options.header && c < columns.size(); ++c) {
    text += io::csv_cell(columns[c].name(), options.separator);
    end_cell(c);
  }
  std::vector<bool> with_points;
  for (const Column& column : columns) with_points.push_back(column.is_number() && needs_points(column));
  for (std::int64_t row = 0; row < table.rows(); ++row) {
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const Column& column = columns[c];
      if (column.is_missing(row)) {
        // The only cell of a row is quoted, because readers skip blank lines.
        text += columns.size() > 1 && options.missing.empty() ? "" : io::csv_cell(options.missing, options.separator);
      } else if (column.is_number()) {
        // 42 is written as 42.0 so that the column stays numeric.
        text += io::csv_cell(with_points[c] ? column.cell(row) + ".0" : number(column, row), options.separator);
      } else {
        text += io::csv_cell(column.cell(row), options.separator);
      }
      end_cell(c);
    }
  }
  return text;
}

void write_csv(const std::filesystem::path& path, const Table& table, WriteCsvOptions options) {
  write_file_atomically(path.string(), to_csv(table, std::move(options)), "write_csv");
}

}  // namespace xg::nn::data
