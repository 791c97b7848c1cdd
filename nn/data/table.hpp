// Tables, as in CSV files: named columns of one kind each, with missing values.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xg::nn::data {

struct Description;
class ColumnBuilder;
class RowTexts;
class Texts;

/// The kind of a column's values. Integers and booleans are numbers too.
enum class ColumnKind : std::uint8_t {
  numeric,  ///< double
  integer,  ///< int64
  boolean,  ///< true and false
  text,     ///< anything else
};

/// "numeric", "integer", "boolean" or "text".
XG_API std::string_view name(ColumnKind kind);

/// Values of one kind with a name. Text is stored as a list of distinct levels and one index per row. A column that was
/// read from a file also keeps the cells that are not the shortest spelling of their value, such as 007, 1.50 and +1,
/// for an Encoder that reads them as text and for write_csv.
class XG_API Column {
 public:
  /// A column of numbers; NaN means missing.
  static Column numeric(String name, std::vector<double> values);
  /// A column of integers; `missing`, if given, marks rows without a value. Throws ShapeError where the lengths differ.
  static Column integer(String name, std::vector<std::int64_t> values, std::vector<bool> missing = {});
  /// A column of booleans. Throws ShapeError where the lengths of `values` and `missing` differ.
  static Column boolean(String name, const std::vector<bool>& values, std::vector<bool> missing = {});
  /// A column of text. Throws ShapeError where the lengths of `values` and `missing` differ, ValueError for more than
  /// 2^31 distinct values.
  static Column text(String name, const std::vector<std::string>& values, std::vector<bool> missing = {});

  const std::string& name() const { return name_; }             ///< the name of the column
  Column renamed(String name) const;                            ///< the same values under another name
  ColumnKind kind() const { return kind_; }                     ///< the kind of its values
  bool is_number() const { return kind_ != ColumnKind::text; }  ///< numeric, integer or boolean?
  std::int64_t size() const { return static_cast<std::int64_t>(missing_.size()); }  ///< the number of rows

  /// Is the value of this row missing? Throws IndexError for a row that does not exist.
  bool is_missing(std::int64_t row) const { return missing_[checked(row)]; }
  std::int64_t missing_count() const;  ///< number of missing values
  /// Number of distinct values, not counting missing ones.
  std::int64_t distinct_count() const;
  /// The value as a number: 0 or 1 for booleans, NaN if missing. Integers above 2^53 are rounded to nearest; cell() has
  /// them exactly. Throws DtypeError for text, IndexError for a row that does not exist.
  double number(std::int64_t row) const;
  std::vector<double> numbers() const;  ///< number() of every row; DtypeError for text
  /// The value as text, "" if missing: the shortest text that reads back as the same number. Throws IndexError.
  std::string cell(std::int64_t row) const;
  /// The value as spelled in the file, "" if missing: 007 where cell() is 7. For other columns it is cell(). Throws
  /// IndexError.
  std::string spelling(std::int64_t row) const;
  /// The distinct values as text, without missing ones: numbers in numeric order, text in the order of its bytes.
  std::vector<std::string> levels() const;

  /// The given rows, in the given order; a row may be given twice. Throws IndexError.
  Column rows(const std::vector<std::int64_t>& indices) const;
  /// The column as float64 [rows], NaN where missing. Throws DtypeError for text and for integers that float64 would
  /// round.
  Tensor tensor() const;

  char decimal() const { return decimal_; }                     ///< the decimal point of the file it was read from
  std::optional<char> thousands() const { return thousands_; }  ///< the thousands separator of that file, if any

 private:
  friend class ColumnBuilder;
  friend class Table;
  Column(std::string name, ColumnKind kind, std::vector<bool> missing, std::size_t size);
  std::size_t checked(std::int64_t row) const;
  std::vector<double> exact_numbers() const;

  std::string name_;
  ColumnKind kind_;
  std::vector<double> numbers_;                // numeric
  std::vector<std::int64_t> integers_;         // integer, boolean
  std::vector<std::int32_t> level_indices_;    // text: indices into levels_, -1 where missing
  std::shared_ptr<const Texts> levels_;        // text, in order of appearance; some may be unused
  std::shared_ptr<const RowTexts> spellings_;  // other kinds: cells that are not the shortest text; may be null
  std::vector<bool> missing_;
  char decimal_ = '.';  // the format of numbers that text cells contain
  std::optional<char> thousands_;
};

/// Columns of equal length.
///
///     Table table = read_csv("titanic.csv");
///     std::cout << table.head(3) << table.describe();
///     const Column& age = table.column("age");
class XG_API Table {
 public:
  Table() = default;  ///< no columns and no rows
  /// Throws ShapeError unless all columns have the same length, ValueError unless their names differ.
  explicit Table(std::vector<Column> columns);

  std::int64_t rows() const { return rows_; }                      ///< number of rows
  const std::vector<Column>& columns() const { return columns_; }  ///< all columns, in order
  std::vector<std::string> names() const;                          ///< names of the columns, in order
  bool contains(StringRef name) const;                             ///< is there a column of that name?
  /// The column of that name. Throws IndexError for an unknown name, listing the known and the similar ones.
  const Column& column(StringRef name) const;
  const Column& operator[](StringRef name) const { return column(name); }  ///< column(name)

  /// This table with the column added, or replacing the one of the same name. Throws ShapeError for another number of
  /// rows.
  Table with(Column column) const;
  /// The named columns, in the given order. Throws IndexError for an unknown name.
  Table select(const StringList& names) const;
  /// All columns except the named ones. Throws IndexError for an unknown name.
  Table drop(const StringList& names) const;
  /// The given rows, in the given order. Throws IndexError.
  Table rows(const std::vector<std::int64_t>& indices) const;
  /// The first `count` rows, or all if there are fewer.
  Table head(std::int64_t count = 5) const;
  /// The rows without a missing value in the named columns, or in any column if none is named. Throws IndexError for an
  /// unknown name.
  Table drop_missing(const StringList& names = {}) const;
  /// All columns as float64 [rows, columns], NaN where missing. Throws DtypeError for a table with text and for
  /// integers that float64 would round.
  Tensor tensor() const;

  /// Name, kind, missing and distinct values, and the distribution of every column.
  Description describe() const;
  /// A text table, without the middle rows if it is long.
  std::string str() const;

 private:
  /// The column of that name, or nullptr.
  const Column* find(std::string_view name) const;

  std::vector<Column> columns_;
  std::vector<std::size_t> by_name_;  // indices of the columns in order of their names
  std::int64_t rows_ = 0;
};

/// Writes str().
XG_API std::ostream& operator<<(std::ostream& out, const Table& table);

/// Statistics of one column. From min to std they are NaN for text and for a column without values.
struct ColumnSummary {
  std::string name;                       ///< name of the column
  ColumnKind kind = ColumnKind::numeric;  ///< kind of its values
  std::int64_t count = 0;                 ///< number of values, without missing ones
  std::int64_t missing = 0;               ///< number of missing values
  std::int64_t distinct = 0;              ///< number of distinct values
  double min = 0;                         ///< the smallest value
  double lower_quartile = 0;              ///< interpolated linearly, as in NumPy
  double median = 0;                      ///< interpolated linearly, as in NumPy
  double upper_quartile = 0;              ///< interpolated linearly, as in NumPy
  double max = 0;                         ///< the largest value
  double mean = 0;                        ///< the mean of the values
  double std = 0;                         ///< the standard deviation, over count - 1
  std::string most_frequent = {};         ///< the most frequent value; among equals the first in order
  std::int64_t most_frequent_count = 0;   ///< how often it occurs
};

/// The statistics of all columns, from Table::describe().
struct XG_API Description {
  std::int64_t rows = 0;                    ///< number of rows of the table
  std::vector<ColumnSummary> columns = {};  ///< in the order of the table

  /// Titles of the columns of cells(): "column", "kind", "missing", "distinct", "min", "mean", "max", "std",
  /// "quartiles", ...
  static std::vector<std::string> titles();
  /// One row of formatted text per column of the table, for the text and the HTML report.
  std::vector<std::vector<std::string>> cells() const;
  std::string str() const;  ///< cells() as a text table
};

/// Writes str().
XG_API std::ostream& operator<<(std::ostream& out, const Description& description);

}  // namespace xg::nn::data
