// Numeric CSV.
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/io.hpp>
#include <xgrad/tensor/io/atomic_file.hpp>
#include <xgrad/tensor/io/csv_reader.hpp>
#include <xgrad/tensor/io/text.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace xg {
namespace {

class NumericReader final : public io::CsvReader {
 public:
  explicit NumericReader(CsvOptions options)
      : CsvReader({.op = "load_csv",
                   .separator_option = "delimiter",
                   .separator = options.delimiter,
                   .quote = options.quote,
                   .decimal = options.decimal,
                   .thousands = options.thousands,
                   .comment = options.comment,
                   .header = options.header,
                   .missing = std::move(options.missing)}),
        dtype_(options.dtype.value_or(default_dtype())) {}

  NumericTable table() {
    const Shape shape{rows(), static_cast<std::int64_t>(width())};
    return {.values = is_floating(dtype_) ? from_data(reals_.data(), shape, {.dtype = dtype_})
                                          : from_data(integers_.data(), shape, {.dtype = dtype_}),
            .columns = std::move(columns_)};
  }

 private:
  void on_columns(std::vector<std::string> names) override { columns_ = std::move(names); }

  void on_cell(std::size_t column, std::string_view text) override {
    if (is_floating(dtype_)) {
      double value = std::numeric_limits<double>::quiet_NaN();
      if (!is_missing(text)) {
        const auto real = numbers().real(text);
        if (!real) fail_number(column, text);
        value = real->value;
        const bool exact = real->exact && (dtype_ == Dtype::float64 || static_cast<float>(value) == value);
        if (real->large_whole && !exact)
          fail_cell(column,
                    fmt::format("the whole number {} would be rounded by dtype {}: load it with .dtype = int64, "
                                "or as text with nn::data::read_csv.",
                                io::shortened(text, 40), name(dtype_)));
      }
      reals_.push_back(value);
    } else {
      const auto integer = numbers().integer(text);
      if (!integer || !fits(*integer)) fail_number(column, text);
      integers_.push_back(*integer);
    }
  }

  [[noreturn]] void fail_number(std::size_t column, std::string_view text) const {
    fail_cell(column, fmt::format("'{}' is not a number of dtype {}.", io::shortened(text, 40), name(dtype_)));
  }
  [[noreturn]] void fail_cell(std::size_t column, const std::string& problem) const {
    fail(fmt::format("column {}{}: {}", column + 1,
                     column < columns_.size() ? fmt::format(" ('{}')", columns_[column]) : "", problem));
  }

  bool fits(std::int64_t value) const {
    return dispatch(dtype_, [&]<class T>() {
      if constexpr (std::is_floating_point_v<T>)
        return true;
      else
        return value >= static_cast<std::int64_t>(std::numeric_limits<T>::min()) &&
               value <= static_cast<std::int64_t>(std::numeric_limits<T>::max());
    });
  }

  Dtype dtype_;
  std::vector<std::string> columns_;
  std::vector<double> reals_;
  std::vector<std::int64_t> integers_;
};

/// The table as text.
std::string written(const Tensor& dense, const std::vector<std::string>& columns, char delimiter) {
  std::string out;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i != 0) out += delimiter;
    out += io::csv_quoted(columns[i]);
  }
  if (!columns.empty()) out += '\n';
  const std::int64_t width = dense.dim() == 2 ? dense.shape()[1] : 1;
  dispatch(dense.dtype(), [&]<class T>() {
    const T* x = static_cast<const T*>(dense.impl().data);
    for (std::int64_t i = 0; i < dense.numel(); ++i) {
      if constexpr (std::is_same_v<T, bool>)
        out += x[i] ? '1' : '0';
      else
        fmt::format_to(std::back_inserter(out), "{}", x[i]);
      out += (i + 1) % width == 0 ? '\n' : delimiter;
    }
  });
  return out;
}

}  // namespace

void save_csv(const String& path, const Tensor& tensor, const StringList& columns, char delimiter) {
  io::check_csv_format({.op = "save_csv", .separator_option = "delimiter", .separator = delimiter});
  if (tensor.dim() != 1 && tensor.dim() != 2)
    raise<ShapeError>("[save_csv] the tensor has shape {}, a table has one or two dimensions: reshape it.",
                      tensor.shape().str());
  const std::int64_t width = tensor.dim() == 2 ? tensor.shape()[1] : 1;
  if (!columns.empty() && static_cast<std::int64_t>(columns.size()) != width)
    raise<ShapeError>("[save_csv] {} column names for shape {}: give {}.", columns.size(), tensor.shape().str(), width);
  write_file_atomically(path, written(kernels::contiguous(tensor), columns, delimiter), "save_csv");
}

const std::vector<std::string>& csv_missing_words() {
  static const std::vector<std::string> words = {"",     "#N/A",   "#N/A N/A", "#NA",  "-1.#IND", "-1.#QNAN", "-NaN",
                                                 "-nan", "1.#IND", "1.#QNAN",  "<NA>", "N/A",     "NA",       "NULL",
                                                 "NaN",  "None",   "n/a",      "nan",  "null"};
  return words;
}

NumericTable load_csv(const String& path, CsvOptions options) {
  NumericReader reader(std::move(options));
  reader.read_file(static_cast<const std::string&>(path));
  return reader.table();
}

}  // namespace xg
