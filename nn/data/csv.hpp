// Tables from and to CSV files.
#pragma once

#include <xgrad/nn/data/table.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xg::nn::data {

struct ReadCsvOptions {
  char separator = ',';
  bool header = true;                   ///< the first line names the columns; else they are column_1, column_2, ...
  std::vector<std::string> names = {};  ///< names to use instead
  /// Cells that stand for a missing value, quoted or not.
  std::vector<std::string> missing = {"", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null"};
  std::vector<std::string> text = {};  ///< columns that stay text whatever they look like: postcodes, numbers of things
  char quote = '"';
  std::optional<std::int64_t> max_rows = {};  ///< stop after so many
};

/// Reads a table in UTF-8 (with or without byte order mark; lines end in LF, CRLF or CR). Cells may be quoted, a quote
/// inside is doubled, and quoted cells may hold separators and line ends. White space around a cell that is not quoted
/// does not count; blank lines are skipped. A column is integer, numeric or boolean (true, false in any of three
/// spellings) if all its cells are, else text. A column whose name is empty is called column_1 after its place.
///
/// Throws IoError, with the line, for a file that cannot be read, is empty or no UTF-8 text, for rows of another length
/// than the header, for a quote that never ends, and for two columns of one name.
XG_API Table read_csv(const std::filesystem::path& path, ReadCsvOptions options = {});

/// The same from text in memory; `source` names it in errors.
XG_API Table parse_csv(std::string_view text, ReadCsvOptions options = {}, const std::string& source = "text");

struct WriteCsvOptions {
  char separator = ',';
  bool header = true;
  std::string missing = {};  ///< what to write for a missing value
};

/// Writes a table so that read_csv gives it back: numbers exactly, each column with its kind, cells quoted where they
/// must be (a text that read_csv takes for a missing value, as NA, is the exception). The file is replaced only once
/// all is written. Throws IoError.
XG_API void write_csv(const std::filesystem::path& path, const Table& table, WriteCsvOptions options = {});

/// What write_csv writes.
XG_API std::string to_csv(const Table& table, WriteCsvOptions options = {});

}  // namespace xg::nn::data
