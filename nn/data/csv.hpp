// Reads tables from CSV files and writes them.
#pragma once

#include <xgrad/nn/data/table.hpp>
#include <xgrad/tensor/io.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace xg::nn::data {

/// Options of read_csv() and parse_csv().
struct ReadCsvOptions {
  char separator = ',';  ///< the character between two cells
  /// Does the first row name the columns (else they are column_1, column_2, ...)? By default, it is a header if none of
  /// its cells is a number and one is a name, and data if every cell is a number or missing; else an IoError.
  std::optional<bool> header = {};
  /// Names of the columns. The first row is data then, unless .header = true says that it is a header to replace.
  StringList names = {};
  /// Cells that stand for a missing value, quoted or not.
  StringList missing = csv_missing_words();
  StringList text = {};  ///< columns to read as text even if their cells are numbers, such as postcodes
  char quote = '"';      ///< around a cell that holds a separator, a quote or a line break
  std::optional<std::int64_t> max_rows = {};  ///< maximum number of rows to read
  char decimal = '.';                         ///< the decimal point
  std::optional<char> thousands = {};         ///< a separator between digits, as in 1,000
  std::optional<char> comment = {};           ///< starts a comment, which extends to the end of the line
};

/// Reads a table in UTF-8 (with or without byte order mark; lines end in LF, CRLF or CR).
///
/// * Cells may be quoted, a quote inside is doubled, and quoted cells may hold separators, line ends and the comment
///   character. White space around unquoted cells is removed.
/// * Blank lines and lines with only a comment are skipped, also before the header and in a file of one column, where
///   "" is a row whose value is missing.
/// * A column is integer, boolean (true and false in lower case, upper case or capitalized) or numeric if all its cells
///   are, else text. A number outside the range of double is read as 0 or infinity. Whole numbers are never rounded: a
///   column is text if it has one that int64 cannot represent, or that double cannot if the column also has fractions.
/// * A cell that is not the shortest spelling of its value, such as 007 or 1.50, is kept (Column::spelling).
/// * A column without a name is named by its position, "Unnamed: 2" for the third, and further columns named "a" become
///   "a.1" and "a.2", as in pandas.
///
/// Throws IoError, with the line, for a file that cannot be read, is empty or not UTF-8, for rows of another length
/// than the first, for a quote without an end, and for a first row that may be a header or data; IndexError if .text
/// names a column that does not exist; ValueError for options that contradict each other.
XG_API Table read_csv(const std::filesystem::path& path, ReadCsvOptions options = {});

/// Reads a table from text in memory; `source` names it in errors. Throws as read_csv.
XG_API Table parse_csv(StringRef text, ReadCsvOptions options = {}, StringRef source = "text");

/// Options of write_csv() and to_csv().
struct WriteCsvOptions {
  char separator = ',';  ///< the character between two cells
  bool header = true;    ///< write the names of the columns as the first line
  String missing = {};   ///< text for missing values
};

/// Writes a table so that read_csv returns an equal one: numbers exactly and as they were spelled, each column with its
/// kind, cells quoted where necessary. Exceptions are text that read_csv takes for a missing value, such as NA; text
/// columns whose cells are all numbers, unless .text names them; and a column whose name is a number, unless .header is
/// true. An existing file is replaced only after everything has been written. Throws IoError, and ValueError for a
/// separator that cannot be one.
XG_API void write_csv(const std::filesystem::path& path, const Table& table, WriteCsvOptions options = {});

/// The text that write_csv writes. Throws ValueError for a separator that cannot be one.
XG_API std::string to_csv(const Table& table, WriteCsvOptions options = {});

}  // namespace xg::nn::data
