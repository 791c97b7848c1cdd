// A table as a CSV file holds it: named columns of one kind each, any cell of which may be missing.
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

/// What a column holds. Integers and booleans are numbers too.
enum class ColumnKind : std::uint8_t {
  numeric,  ///< reals
  integer,  ///< whole numbers of 64 bits
  boolean,  ///< true and false
  text,     ///< anything else
};

/// "numeric", "integer", "boolean" or "text".
XG_API std::string_view name(ColumnKind kind);

/// Values of one kind under a name. Text is kept as a list of distinct levels and one number per row. A column that was
/// read from a file also keeps the cells that are not the shortest spelling of their value, as 007, 1.50 and +1: they
/// count where numbers meet text, in an Encoder and in write_csv.
class XG_API Column {
 public:
  /// Numbers; NaN is a missing one.
  static Column numeric(String name, std::vector<double> values);
  /// Whole numbers; `missing`, if given, marks rows without a value. Throws ShapeError where its length differs.
  static Column integer(String name, std::vector<std::int64_t> values, std::vector<bool> missing = {});
  /// of true and false; ShapeError as integer
  static Column boolean(String name, const std::vector<bool>& values, std::vector<bool> missing = {});
  /// of texts; ShapeError as integer
  static Column text(String name, const std::vector<std::string>& values, std::vector<bool> missing = {});

  const std::string& name() const { return name_; }             ///< of the column
  Column renamed(String name) const;                            ///< the same values under another name
  ColumnKind kind() const { return kind_; }                     ///< what it holds
  bool is_number() const { return kind_ != ColumnKind::text; }  ///< numeric, integer or boolean?
  std::int64_t size() const { return static_cast<std::int64_t>(missing_.size()); }  ///< the number of rows

  /// throws IndexError for a row that is not there
  bool is_missing(std::int64_t row) const { return missing_[checked(row)]; }
  std::int64_t missing_count() const;  ///< how many rows have no value
  /// The number of different values, missing ones aside.
  std::int64_t distinct_count() const;
  /// The value as a number, booleans as 0 and 1, missing ones as NaN; integers beyond 2^53 are rounded to nearest (cell
  /// has them exactly). Throws DtypeError for text.
  double number(std::int64_t row) const;
  std::vector<double> numbers() const;  ///< number() of every row
  /// The value as people read it, "" where missing: the shortest text that reads back as the same number.
  std::string cell(std::int64_t row) const;
  /// The value as the file spells it, "" where missing: 007 where cell gives 7. The same as cell for other columns.
  std::string spelling(std::int64_t row) const;
  /// The distinct values as text, missing ones aside: numbers in order of size, text in order of its bytes.
  std::vector<std::string> levels() const;

  /// The given rows, in the given order; a row may come twice. Throws IndexError.
  Column rows(const std::vector<std::int64_t>& indices) const;
  /// The column as float64 [rows], NaN where missing. Throws DtypeError for text and for integers that float64 would
  /// round.
  Tensor tensor() const;

  /// The signs before the fraction and between digits of numbers in the file that the column was read from.
  char decimal() const { return decimal_; }                     ///< the sign before the fraction
  std::optional<char> thousands() const { return thousands_; }  ///< the sign between digits; none unless it was given

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
  std::vector<std::int32_t> places_;           // text: places in levels_, -1 where missing
  std::shared_ptr<const Texts> levels_;        // text, in order of appearance; some may have no row
  std::shared_ptr<const RowTexts> spellings_;  // other kinds: cells that are not the shortest text, if there are any
  std::vector<bool> missing_;
  char decimal_ = '.';  // how the file spelled numbers that stand in text
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

  std::int64_t rows() const { return rows_; }                      ///< their number
  const std::vector<Column>& columns() const { return columns_; }  ///< in order
  std::vector<std::string> names() const;                          ///< of the columns, in order
  bool contains(StringRef name) const;                             ///< is there a column of that name?
  /// Throws IndexError for an unknown name, with the names that there are and those that look alike.
  const Column& column(StringRef name) const;
  const Column& operator[](StringRef name) const { return column(name); }  ///< column(name)

  /// The same table with this column added, or put in the place of the one of its name. Throws ShapeError for another
  /// number of rows.
  Table with(Column column) const;
  /// The named columns, in the given order. Throws IndexError for an unknown name.
  Table select(const StringList& names) const;
  /// All columns but the named ones. Throws IndexError for an unknown name.
  Table drop(const StringList& names) const;
  /// The given rows, in the given order. Throws IndexError.
  Table rows(const std::vector<std::int64_t>& indices) const;
  /// The first `count` rows, or all if there are fewer.
  Table head(std::int64_t count = 5) const;
  /// The rows without a missing value in the named columns (in any, if none is named).
  Table drop_missing(const StringList& names = {}) const;
  /// Numbers as float64 [rows, columns], NaN where missing. Throws DtypeError for a table with text and for integers
  /// that float64 would round.
  Tensor tensor() const;

  /// Name, kind, missing and distinct values, and the distribution of every column.
  Description describe() const;
  /// A text table; the middle of a long one is left out.
  std::string str() const;

 private:
  /// The column of that name, or nullptr.
  const Column* find(std::string_view name) const;

  std::vector<Column> columns_;
  std::vector<std::size_t> by_name_;  // places of the columns in order of their names
  std::int64_t rows_ = 0;
};

/// Writes str().
XG_API std::ostream& operator<<(std::ostream& out, const Table& table);

/// What one column is like. Spread is NaN for text and for a column without values.
struct ColumnSummary {
  std::string name;                       ///< of the column
  ColumnKind kind = ColumnKind::numeric;  ///< what it holds
  std::int64_t count = 0;                 ///< values that are there
  std::int64_t missing = 0;               ///< values that are not
  std::int64_t distinct = 0;              ///< different values
  double min = 0;                         ///< the least value
  double lower_quartile = 0;              ///< quartiles interpolate linearly, as NumPy's
  double median = 0;                      ///< the middle value
  double upper_quartile = 0;              ///< as the lower one
  double max = 0;                         ///< the largest value
  double mean = 0;                        ///< of the values that are there
  double std = 0;                         ///< over count - 1
  std::string most_frequent = {};         ///< the first in order, among equals
  std::int64_t most_frequent_count = 0;   ///< how often it occurs
};

/// What `Table::describe` finds.
struct XG_API Description {
  std::int64_t rows = 0;                    ///< of the table
  std::vector<ColumnSummary> columns = {};  ///< in the order of the table

  /// Titles of cells(): "column", "kind", "missing", "distinct", "min", "mean", "max", "std", "quartiles", ...
  static std::vector<std::string> titles();
  /// One row of formatted text per column of the table; what the text and the HTML report print.
  std::vector<std::vector<std::string>> cells() const;
  std::string str() const;  ///< cells() as a text table
};

/// Writes str().
XG_API std::ostream& operator<<(std::ostream& out, const Description& description);

}  // namespace xg::nn::data
