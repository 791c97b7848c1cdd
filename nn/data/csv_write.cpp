#include <xgrad/nn/data/csv.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/io/atomic_file.hpp>

#include <fmt/format.h>

#include <string_view>

namespace xg::nn::data {
namespace {

// Quotes what would read back as something else: separators, quotes, line ends, white space at the ends, and nothing.
std::string quoted_cell(const std::string& cell, char separator) {
  const bool plain = !cell.empty() && cell.find_first_of("\"\r\n") == std::string::npos &&
                     cell.find(separator) == std::string::npos && cell.find_first_of(" \t") != 0 &&
                     cell.find_last_of(" \t") != cell.size() - 1;
  if (plain) return cell;
  std::string result = "\"";
  for (char c : cell) {
    if (c == '"') result += '"';
    result += c;
  }
  return result + "\"";
}

// A column of reals keeps its kind when read again: 42 is written as 42.0.
std::string real(const Column& column, std::int64_t row) {
  std::string cell = column.cell(row);
  if (cell.find_first_not_of("-0123456789") == std::string::npos) cell += ".0";
  return cell;
}

}  // namespace

std::string to_csv(const Table& table, WriteCsvOptions options) {
  if (options.separator == '"' || options.separator == '\n' || options.separator == '\r') {
    throw ValueError("[write_csv] separator must be no quote and no line end.");
  }
  const std::vector<Column>& columns = table.columns();
  std::string text;
  const auto end_cell = [&](std::size_t c) { text += c + 1 < columns.size() ? options.separator : '\n'; };
  for (std::size_t c = 0; options.header && c < columns.size(); ++c) {
    text += quoted_cell(columns[c].name(), options.separator);
    end_cell(c);
  }
  for (std::int64_t row = 0; row < table.rows(); ++row) {
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const Column& column = columns[c];
      if (column.is_missing(row)) {
        // A blank line would be skipped, so the only cell of a row is quoted.
        text += columns.size() == 1 ? quoted_cell(options.missing, options.separator) : options.missing;
      } else if (column.kind() == ColumnKind::numeric) {
        text += real(column, row);
      } else {
        text += quoted_cell(column.cell(row), options.separator);
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
