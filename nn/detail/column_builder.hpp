// Builds a column from cells that are added one after another.
#pragma once

#include <xgrad/nn/data/table.hpp>
#include <xgrad/nn/detail/texts.hpp>
#include <xgrad/tensor/io/csv_reader.hpp>

#include <string>
#include <string_view>

namespace xg::nn::data {

/// Stores the cells in the narrowest kind that can hold all of them: integer, boolean, numeric, text. If a later cell
/// needs a wider kind, the earlier ones are converted from their original texts.
class ColumnBuilder {
 public:
  /// If `text` is true the kind is text from the start. `numbers` is the format of numbers in cells.
  ColumnBuilder(std::string name, bool text, const io::CsvNumbers& numbers);

  void add_missing();
  void add(std::string_view cell);
  Column finish() &&;

 private:
  bool add_integer(std::string_view cell);
  bool add_boolean(std::string_view cell);
  bool add_number(std::string_view cell);
  /// Sets the kind of a column whose cells so far are all missing.
  void begin(ColumnKind kind);
  /// Converts integers to double. Returns false if one of them would be rounded.
  bool widen_to_numeric();
  void widen_to_text();
  void keep_spelling(std::string_view cell, bool shortest);
  std::size_t rows() const { return column_.missing_.size(); }

  io::CsvNumbers numbers_;
  Column column_;
  bool has_values_ = false;
  bool has_long_integers_ = false;  // integers that double may round, or prints differently
  RowTexts spellings_;
  Interner levels_;
};

}  // namespace xg::nn::data
