// The reader of CSV files behind load_csv and nn::data::read_csv: opening, encoding, lines, header, comments, numbers
// and missing values have one meaning and one message each. libcsv knows the quoting.
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

/// What the options of a reader say, and how its messages call them.
struct CsvFormat {
  std::string op;                              ///< the function that reads or writes, for messages
  std::string separator_option = "separator";  ///< the name of the option in the public interface of `op`
  char separator = ',';
  char quote = '"';
  char decimal = '.';
  std::optional<char> thousands = {};
  std::optional<char> comment = {};
  std::optional<bool> header = {};  ///< is the first row a header? Without a value, the row itself must tell
  std::vector<std::string> missing = {};
  std::optional<std::int64_t> max_rows = {};
};

/// Throws ValueError for characters that no file could tell apart.
void check_csv_format(const CsvFormat& format);

/// `text` in quotes.
std::string csv_quoted(std::string_view text);
/// A cell as it is written: in quotes where it would read back as something else, for separators, quotes, line ends,
/// white space at the ends, and where there is nothing.
std::string csv_cell(std::string_view text, char separator);

/// true or false in lower case, in upper case or with a capital.
std::optional<bool> parse_boolean(std::string_view text);

/// How numbers are spelled. White space around them and a leading plus do not count.
class CsvNumbers {
 public:
  CsvNumbers() = default;
  CsvNumbers(char decimal, std::optional<char> thousands) : decimal_(decimal), thousands_(thousands) {}

  char decimal() const { return decimal_; }
  std::optional<char> thousands() const { return thousands_; }

  struct Real {
    double value = 0;
    bool large_whole = false;  ///< only digits, and beyond 2^53, from where double has not every whole number
    bool exact = true;         ///< false for a large whole number that had to be rounded
  };

  /// The whole text as an integer of 64 bits, if it is one.
  std::optional<std::int64_t> integer(std::string_view text) const;
  /// The whole text as a number, if it is one: rounded to nearest, beyond the range of double 0 or infinity.
  std::optional<Real> real(std::string_view text) const;

 private:
  template <class Parse> auto parse(std::string_view text, Parse parse) const;

  char decimal_ = '.';
  std::optional<char> thousands_ = {};
};

/// Takes a file apart into rows of cells. A derived class makes something of the cells.
class CsvReader {
 public:
  /// Throws ValueError for an impossible format.
  explicit CsvReader(CsvFormat format);
  CsvReader(const CsvReader&) = delete;
  CsvReader& operator=(const CsvReader&) = delete;
  virtual ~CsvReader();

  /// Reads all rows. Throws IoError, naming the file and where there is one the line, for what cannot be opened, is no
  /// text in UTF-8, has a quote without end, rows of unequal lengths, or a first row of which nobody knows whether it
  /// is a header; whatever the derived class throws passes through.
  void read_file(const std::filesystem::path& path);
  /// The same from memory; `source` takes the place of the path in messages.
  void read_text(std::string_view text, const std::string& source);

 protected:
  /// Called once, if there is a row at all: the names of the columns, made unique, or none without a header.
  virtual void on_columns(std::vector<std::string> names) = 0;
  /// Called for each cell, row by row.
  virtual void on_cell(std::size_t column, std::string_view text) = 0;

  const CsvFormat& format() const { return format_; }
  const CsvNumbers& numbers() const { return numbers_; }
  bool is_missing(std::string_view text) const;
  std::int64_t rows() const { return rows_; }
  std::size_t width() const { return width_; }
  /// Throws IoError about the row that is being read, or about the whole source before the first one.
  [[noreturn]] void fail(const std::string& problem) const;

 private:
  class Parser;

  template <class Read> void guarded(const std::string& source, Read read);
  bool done() const { return format_.max_rows && has_columns_ && rows_ >= *format_.max_rows; }
  /// Takes complete lines from the front of `text`, all of it if nothing follows; returns how many bytes.
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
  std::size_t width_ = 0, cells_ = 0;  // columns, and cells of the row so far
  std::int64_t rows_ = 0;
  std::size_t line_ = 0, row_line_ = 0;  // lines so far; where the row begins
};

}  // namespace xg::io
