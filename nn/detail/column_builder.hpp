// Makes a column of cells that come one after another. For the sources of nn/data.
#pragma once

#include <xgrad/nn/data/table.hpp>
#include <xgrad/nn/detail/texts.hpp>
#include <xgrad/tensor/io/csv_reader.hpp>

#include <string>
#include <string_view>

namespace xg::nn::data {

/// Keeps the cells as the narrowest kind that holds all of them: integer, boolean, numeric, text. Where a later cell
/// asks for a wider kind, the earlier ones are widened, by the texts that they were.
class ColumnBuilder {
 public:
  /// With `text` the kind is text from the beginning. `numbers` says how the cells spell numbers.
  ColumnBuilder(std::string name, bool text, const io::CsvNumbers& numbers);

  void add_missing();
  void add(std::string_view cell);
  Column finish() &&;

 private:
  bool add_integer(std::string_view cell);
  bool add_boolean(std::string_view cell);
  bool add_number(std::string_view cell);
  /// Changes the kind of a column all of whose cells are missing so far.
  void begin(ColumnKind kind);
  /// Turns integers into reals, unless one of them would be rounded.
  bool widen_to_numeric();
  void widen_to_text();
  void keep_spelling(std::string_view cell, bool shortest);
  std::size_t rows() const { return column_.missing_.size(); }

  io::CsvNumbers numbers_;
  Column column_;
  bool has_values_ = false;
  bool has_long_integers_ = false;  // some that double may round, or spells otherwise
  RowTexts spellings_;
  Interner levels_;
};

}  // namespace xg::nn::data
