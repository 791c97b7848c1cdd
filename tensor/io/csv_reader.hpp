// The reader of CSV files behind load_csv and nn::data::read_csv: opening, encoding, lines, header, comments, numbers
// and missing values have one meaning and one message each. libcsv parses the quoting.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xg::io {

/// The options of a reader, and their names in messages.
struct CsvFormat {
  std::string op;                              ///< the function that reads or writes, for messages
  std::string separator_option = "separator";  ///< the name of the option in the public interface of `op`
  char separator = ',';
  char quote = '"';
  char decimal = '.';
  std::optional<char> thousands = {};
  std::optional<char> comment = {};
  std::optional<bool> header = {};  ///< whether the first row is a header; without a value the row decides
  std::vector<std::string> missing = {};
  std::optional<std::int64_t> max_rows = {};
};

/// Throws ValueError for ambiguous separators, quotes and signs.
void check_csv_format(const CsvFormat& format);

/// `text` in quotes.
std::string csv_quoted(std::string_view text);
/// A cell as it is written. It is quoted if it is empty, contains separators, quotes or line ends, or begins or ends
/// with white space, because it would read back as something else.
std::string csv_cell(std::string_view text, char separator);

/// Parses true or false in lower case, upper case or capitalized.
std::optional<bool> parse_boolean(std::string_view text);

/// Parses numbers in the spelling of a format. White space around them and a leading plus are ignored.
class CsvNumbers {
 public:
  CsvNumbers() = default;
  CsvNumbers(char decimal, std::optional<char> thousands) : decimal_(decimal), thousands_(thousands) {}

  char decimal() const { return decimal_; }
  std::optional<char> thousands() const { return thousands_; }

  struct Real {
    double value = 0;
    bool large_whole = false;  ///< an integer beyond 2^53, where double cannot represent every integer
    bool exact = true;         ///< false for a large integer that was rounded
  };

  /// The whole text as a 64-bit integer, if it is one.
  std::optional<std::int64_t> integer(std::string_view text) const;
  /// The whole text as a number, if it is one: rounded to nearest, and 0 or infinity beyond the range of double.
  std::optional<Real> real(std::string_view text) const;

 private:
  template <class Parse> auto parse(std::string_view text, Parse parse) const;

  char decimal_ = '.';
  std::optional<char> thousands_ = {};
};

/// Splits a file into rows of cells, which a derived class receives.
class CsvReader {
 public:
  /// Throws ValueError as check_csv_format().
  explicit CsvReader(CsvFormat format);
  CsvReader(const CsvReader&) = delete;
  CsvReader& operator=(const CsvReader&) = delete;
  virtual ~CsvReader();

  /// Reads all rows. Throws IoError, naming the file and the line if there is one, for a file that cannot be opened or
  /// is not UTF-8 text, an unterminated quote, rows of unequal lengths, or an ambiguous first row; exceptions of the
  /// derived class pass through.
  void read_file(const std::filesystem::path& path);
  /// Reads all rows from memory; `source` replaces the path in messages.
  void read_text(std::string_view text, const std::string& source);

 protected:
  /// Called once if there is at least one row, with the column names, made unique, or none without a header.
  virtual void on_columns(std::vector<std::string> names) = 0;
  /// Called for each cell, row by row.
  virtual void on_cell(std::size_t column, std::string_view text) = 0;

  const CsvFormat& format() const { return format_; }
  const CsvNumbers& numbers() const { return numbers_; }
  bool is_missing(std::string_view text) const;
  std::int64_t rows() const { return rows_; }
  std::size_t width() const { return width_; }
  /// Throws IoError about the current row, or about the whole source before the first one.
  [[noreturn]] void fail(const std::string& problem) const;

 private:
  class Parser;

  template <class Read> void guarded(const std::string& source, Read read);
  bool done() const { return format_.max_rows && has_columns_ && rows_ >= *format_.max_rows; }
  /// Consumes complete lines from the front of `text`, or all of it if nothing follows; returns the number of bytes.
  std::size_t read_lines(std::string_view text, bool nothing_follows);
  void check_encoding(std::string_view beginning) const;
  void check_utf8(std::string_view line) const;
  void add_cell(std::string_view text);
  void end_row();
  bool is_header(const std::vector<std::string>& row) const;

  const CsvFormat format_;
  const CsvNumbers numbers_;
  std::vector<std::vector<std::string>> missing_;  // by first byte; the empty word is not among them
  bool empty_is_missing_ = false;
  std::string source_;
  std::unique_ptr<Parser> parser_;
  std::vector<std::string> first_row_;
  bool has_columns_ = false;
  std::size_t width_ = 0, cells_ = 0;  // columns, and cells of the current row
  std::int64_t rows_ = 0;
  std::size_t line_ = 0, row_line_ = 0;  // lines so far; the line in which the row begins
};

}  // namespace xg::io
