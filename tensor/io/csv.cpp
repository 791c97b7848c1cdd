// Numeric CSV. libcsv takes rows and quotes apart.
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/io.hpp>
#include <xgrad/tensor/io/atomic_file.hpp>
#include <xgrad/tensor/io/reader.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>

#include <csv.h>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <new>
#include <string_view>

namespace xg {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// The whole text as a number.
template <class T>
bool parse_number(std::string_view text, T& value) {
  if (text.starts_with('+') && text.size() > 1 && text[1] != '-') text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if constexpr (std::is_floating_point_v<T>) {
    // Beyond the range of reals: infinity or zero, by the exponent's sign, as strtod does it.
    if (error == std::errc::result_out_of_range && end == text.data() + text.size()) {
      const std::size_t e = text.find_first_of("eE");
      const bool tiny = e != std::string_view::npos && e + 1 < text.size() && text[e + 1] == '-';
      const T magnitude = tiny ? T(0) : std::numeric_limits<T>::infinity();
      value = text.front() == '-' ? -magnitude : magnitude;
      return true;
    }
  }
  return !text.empty() && error == std::errc{} && end == text.data() + text.size();
}

bool is_number_or_empty(std::string_view cell) {
  double value = 0;
  return cell.empty() || parse_number(cell, value);
}

constexpr std::size_t largest_width = 1'000'000;

/// What libcsv calls back with.
struct Table {
  CsvOptions options;
  Dtype dtype;
  std::vector<std::string> row = {}, columns = {};
  std::vector<double> reals = {};
  std::vector<std::int64_t> integers = {};
  std::int64_t rows = 0, width = -1, line = 1;
  std::string problem = {};
  bool out_of_memory = false;

  void add_cell(std::string_view text) {
    // A row that is too long is an error already, so its cells need not be kept.
    if (width < 0 ? row.size() < largest_width : row.size() <= static_cast<std::size_t>(width))
      row.emplace_back(text);
    else if (problem.empty())
      problem = width < 0
                    ? fmt::format("line {} has more than {} cells.", line, largest_width)
                    : fmt::format("line {} has more than {} cells, the first has {}: rows must have equal lengths.",
                                  line, width, width);
  }

  void end_row() {
    const std::int64_t count = static_cast<std::int64_t>(row.size());
    const bool blank = count == 1 && row[0].empty();
    if (!blank && problem.empty()) {
      if (width < 0) width = count;
      if (count != width) {
        problem =
            fmt::format("line {} has {} cells, the first has {}: rows must have equal lengths.", line, count, width);
      } else if (rows == 0 && columns.empty() && is_header()) {
        columns = std::move(row);
      } else {
        for (std::size_t i = 0; i < row.size(); ++i) add(row[i], i);
        ++rows;
      }
    }
    row.clear();
    ++line;
  }

 private:
  bool is_header() const {
    if (options.header) return *options.header;
    for (const std::string& cell : row)
      if (!is_number_or_empty(cell)) return true;
    return false;
  }

  void add(const std::string& cell, std::size_t column) {
    bool good = true;
    if (is_floating(dtype)) {
      double value = std::numeric_limits<double>::quiet_NaN();
      good = cell.empty() || parse_number(cell, value);
      reals.push_back(value);
    } else {
      std::int64_t value = 0;
      good = parse_number(cell, value) && fits(value);
      integers.push_back(value);
    }
    if (!good && problem.empty())
      problem = fmt::format("line {}, column {}{}: '{}' is not a number of dtype {}.", line, column + 1,
                            column < columns.size() ? fmt::format(" ('{}')", columns[column]) : "", cell.substr(0, 40),
                            name(dtype));
  }

  bool fits(std::int64_t value) const {
    return dispatch(dtype, [&]<class T>() {
      if constexpr (std::is_floating_point_v<T>)
        return true;
      else
        return value >= static_cast<std::int64_t>(std::numeric_limits<T>::min()) &&
               value <= static_cast<std::int64_t>(std::numeric_limits<T>::max());
    });
  }
};

struct Parser {
  csv_parser state;
  explicit Parser(char delimiter) {
    if (csv_init(&state, CSV_STRICT | CSV_STRICT_FINI | CSV_EMPTY_IS_NULL) != 0) throw std::bad_alloc();
    csv_set_delim(&state, static_cast<unsigned char>(delimiter));
  }
  ~Parser() { csv_free(&state); }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
};

/// C code lies between the callbacks and the reader: no exception may cross it.
template <class F>
void without_exception(Table& table, F&& f) noexcept {
  try {
    if (!table.out_of_memory) f();
  } catch (const std::bad_alloc&) {
    table.out_of_memory = true;
  }
}
void on_cell(void* text, std::size_t length, void* data) {
  Table& table = *static_cast<Table*>(data);
  without_exception(table, [&] {
    table.add_cell(text == nullptr ? std::string_view{} : trimmed({static_cast<const char*>(text), length}));
  });
}
void on_row(int, void* data) {
  Table& table = *static_cast<Table*>(data);
  without_exception(table, [&] { table.end_row(); });
}

void check_delimiter(const char* op, char delimiter) {
  if (std::string_view("\"\r\n.+-eE0123456789 ").find(delimiter) != std::string_view::npos || delimiter == '\0')
    throw ValueError(fmt::format(
        "[{}] the delimiter is '{}', which belongs to numbers or quotes: use ',', ';' or a tab.", op, delimiter));
}

std::string quoted(const std::string& text) {
  std::string out(2 * text.size() + 2, '\0');
  out.resize(csv_write(out.data(), out.size(), text.data(), text.size()));
  return out;
}

/// The table as text.
std::string written(const Tensor& dense, const std::vector<std::string>& columns, char delimiter) {
  std::string out;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i != 0) out += delimiter;
    out += quoted(columns[i]);
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

void save_csv(const std::string& path, const Tensor& tensor, const std::vector<std::string>& columns, char delimiter) {
  check_delimiter("save_csv", delimiter);
  if (tensor.dim() != 1 && tensor.dim() != 2)
    throw ShapeError(fmt::format("[save_csv] the tensor has shape {}, a table has one or two dimensions: reshape it.",
                                 tensor.shape().str()));
  const std::int64_t width = tensor.dim() == 2 ? tensor.shape()[1] : 1;
  if (!columns.empty() && static_cast<std::int64_t>(columns.size()) != width)
    throw ShapeError(
        fmt::format("[save_csv] {} column names for shape {}: give {}.", columns.size(), tensor.shape().str(), width));
  write_file_atomically(path, written(kernels::contiguous(tensor), columns, delimiter), "save_csv");
}

NumericTable load_csv(const std::string& path, CsvOptions options) {
  check_delimiter("load_csv", options.delimiter);
  const std::unique_ptr<io::Source> source = io::open_file("load_csv", path);
  Table table{.options = options, .dtype = options.dtype.value_or(default_dtype())};
  Parser parser(options.delimiter);
  const auto check = [&](bool good) {
    if (table.out_of_memory) source->fail("there is not enough memory for it.");
    if (!table.problem.empty()) source->fail(table.problem);
    if (!good) source->fail(fmt::format("line {}: {}.", table.line, csv_strerror(csv_error(&parser.state))));
  };
  std::array<char, 65536> piece{};
  bool first = true;
  while (source->remaining() != 0) {
    std::uint64_t count = std::min<std::uint64_t>(piece.size(), source->remaining());
    source->read(piece.data(), count);
    const char* begin = piece.data();
    if (std::exchange(first, false) &&
        std::string_view(begin, count).starts_with("\xEF\xBB\xBF")) {  // a byte order mark
      begin += 3;
      count -= 3;
    }
    check(csv_parse(&parser.state, begin, count, on_cell, on_row, &table) == count);
  }
  check(csv_fini(&parser.state, on_cell, on_row, &table) == 0);
  const Shape shape{table.rows, std::max<std::int64_t>(table.width, 0)};
  NumericTable result;
  result.columns = std::move(table.columns);
  result.values = is_floating(table.dtype) ? from_data(table.reals.data(), shape, {.dtype = table.dtype})
                                           : from_data(table.integers.data(), shape, {.dtype = table.dtype});
  return result;
}

}  // namespace xg
