// Tables from and to CSV files.
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
  char separator = ',';  ///< the sign between two cells
  /// Does the first row name the columns (else they are column_1, column_2, ...)? Unless told: it does if no cell of it
  /// is a number and one is a name; it is data if every cell is a number or missing; anything between is refused.
  std::optional<bool> header = {};
  /// Names of the columns. The first row is data then, unless .header = true says that it is a header to replace.
  StringList names = {};
  /// Cells that stand for a missing value, quoted or not.
  StringList missing = csv_missing_words();
  StringList text = {};  ///< columns that stay text whatever they look like: postcodes, numbers of things
  char quote = '"';      ///< around a cell that holds a separator, a quote or a line break
  std::optional<std::int64_t> max_rows = {};  ///< stop after so many
  char decimal = '.';                         ///< the sign before the fraction of a number
  std::optional<char> thousands = {};         ///< a sign that may stand between digits, as in 1,000
  std::optional<char> comment = {};           ///< begins a comment, which lasts to the end of the line
};

/// Reads a table in UTF-8 (with or without byte order mark; lines end in LF, CRLF or CR).
///
/// * Cells may be quoted, a quote inside is doubled, and quoted cells may hold separators, line ends and the sign of
///   comments. White space around a cell that is not quoted does not count.
/// * Blank lines and lines of a comment alone are skipped, also before the header and in a file of one column, where
///   "" is a row whose value is missing.
/// * A column is integer, boolean (true, false in any of three spellings) or numeric if all its cells are, else text. A
///   number beyond the range of double is 0 or infinity. Whole numbers are never rounded: a column that holds one which
///   neither int64 nor, beside fractions, double has is text.
/// * A cell that is not the shortest spelling of its value, as 007 or 1.50, is kept (Column::spelling).
/// * A column without a name is called "Unnamed: 2" by its place from 0, and the second and third of a name "a" are
///   "a.1" and "a.2", as in pandas.
///
/// Throws IoError, with the line, for a file that cannot be read, is empty or no UTF-8 text, for rows of another length
/// than the first, for a quote that never ends, and for a first row that may be a header or data; IndexError for a
/// .text that there is not; ValueError for options that contradict each other.
XG_API Table read_csv(const std::filesystem::path& path, ReadCsvOptions options = {});

/// The same from text in memory; `source` names it in errors.
XG_API Table parse_csv(StringRef text, ReadCsvOptions options = {}, StringRef source = "text");

/// Options of write_csv() and to_csv().
struct WriteCsvOptions {
  char separator = ',';  ///< the sign between two cells
  bool header = true;    ///< begin with a line of the columns' names
  String missing = {};   ///< what to write for a missing value
};

/// Writes a table so that read_csv gives it back: numbers exactly and as they were spelled, each column with its kind,
/// cells quoted where they must be. The exceptions: a text that read_csv takes for a missing value, as NA; text that
/// looks like numbers, unless .text names it; a name of a column that is a number, unless .header is true. The file is
/// replaced only once all is written. Throws IoError.
XG_API void write_csv(const std::filesystem::path& path, const Table& table, WriteCsvOptions options = {});

/// What write_csv writes.
XG_API std::string to_csv(const Table& table, WriteCsvOptions options = {});

}  // namespace xg::nn::data
