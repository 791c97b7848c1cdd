#include <xgrad/nn/data/csv.hpp>
#include <xgrad/tensor/error.hpp>

#include <csv.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>
#include <optional>
#include <set>
#include <utility>

namespace xg::nn::data {
namespace {

struct Record {
  std::vector<std::string> cells;
  std::size_t line = 0;  // where it begins, from 1
};

[[noreturn]] void fail(const std::string& source, std::size_t line, const std::string& what) {
  throw IoError(fmt::format("[read_csv] {}, line {}: {}", source, line, what));
}

// The length of the well-formed UTF-8 sequence at the front, 0 if there is none (Unicode 15, table 3-7).
std::size_t utf8_length(std::string_view s) {
  const auto byte = [&](std::size_t i) { return i < s.size() ? static_cast<unsigned char>(s[i]) : 0u; };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if ((first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F)) return 0;
    return follows(1) && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if ((first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F)) return 0;
    return follows(1) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

void check_text(const std::string& source, std::size_t line, std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte == 0) fail(source, line, "there is a zero byte: this is no text file; pass a CSV file.");
    const std::size_t length = utf8_length(text.substr(at));
    if (length == 0) {
      fail(source, line,
           fmt::format("byte 0x{:02X} is no UTF-8: convert the file first, for example with "
                       "iconv -f latin1 -t utf-8.",
                       byte));
    }
    at += length;
  }
}

// libcsv finds the cells; it is fed line by line, so that a record knows where it begins.
class Reader {
 public:
  Reader(const std::string& source, const ReadCsvOptions& options) : source_(source), quote_(options.quote) {
    csv_init(&parser_, strict);
    csv_set_delim(&parser_, static_cast<unsigned char>(options.separator));
    csv_set_quote(&parser_, static_cast<unsigned char>(options.quote));
  }
  ~Reader() { csv_free(&parser_); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  std::vector<Record> read(std::string_view text, std::optional<std::size_t> max_records) {
    while (!text.empty() && !(max_records && records_.size() >= *max_records)) {
      std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
      if (end < text.size()) end += text.substr(end, 2) == "\r\n" ? 2 : 1;
      ++line_;
      if (parser_.pstate == row_not_begun) current_.line = line_;
      check_text(source_, line_, text.substr(0, end));
      feed(text.substr(0, end));
      text.remove_prefix(end);
    }
    if (text.empty() && csv_fini(&parser_, on_cell, on_record, this) != 0) {
      fail(source_, current_.line,
           fmt::format("the row that begins here has a quote ({}) that never ends: close it, or set another .quote.",
                       quote_));
    }
    return std::move(records_);
  }

 private:
  static constexpr unsigned char strict = CSV_STRICT | CSV_STRICT_FINI;
  static constexpr int row_not_begun = 0;  // the state that csv_init sets

  void feed(std::string_view line) {
    while (!line.empty()) {
      line.remove_prefix(csv_parse(&parser_, line.data(), line.size(), on_cell, on_record, this));
      if (line.empty()) return;
      if (csv_error(&parser_) != CSV_EPARSE) fail(source_, line_, csv_strerror(csv_error(&parser_)));
      if (parser_.quoted != 0) {
        fail(source_, line_,
             fmt::format("after a closing quote ({}) there is \"{}\" where a separator must follow: "
                         "double a quote inside a quoted cell.",
                         quote_, line[0]));
      }
      // A quote inside a cell that is not quoted, as in 5"6, is a character like any other.
      csv_set_opts(&parser_, 0);
      csv_parse(&parser_, line.data(), 1, on_cell, on_record, this);
      csv_set_opts(&parser_, strict);
      line.remove_prefix(1);
    }
  }

  // Called from C: an exception must not pass through libcsv, and only running out of memory could throw.
  static void on_cell(void* data, std::size_t size, void* self) noexcept {
    static_cast<Reader*>(self)->current_.cells.emplace_back(static_cast<const char*>(data), size);
  }
  static void on_record(int, void* self) noexcept {
    auto* reader = static_cast<Reader*>(self);
    reader->records_.push_back(std::exchange(reader->current_, {}));
  }

  const std::string& source_;
  const char quote_;
  csv_parser parser_{};
  std::vector<Record> records_;
  Record current_;
  std::size_t line_ = 0;
};

template <class T>
std::optional<T> parse_number(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || text.empty()) return {};
  if (error == std::errc()) return value;
  return {};
}

std::optional<bool> parse_boolean(std::string_view text) {
  for (std::string_view yes : {"true", "True", "TRUE"}) {
    if (text == yes) return true;
  }
  for (std::string_view no : {"false", "False", "FALSE"}) {
    if (text == no) return false;
  }
  return {};
}

// All cells as T, or nothing if one of them is no T.
template <class T, class Parse>
std::optional<std::vector<T>> parse_all(const std::vector<std::string>& cells, const std::vector<bool>& missing,
                                        T absent, Parse parse) {
  std::vector<T> values(cells.size(), absent);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (missing[i]) continue;
    const auto value = parse(cells[i]);
    if (!value) return {};
    values[i] = *value;
  }
  return values;
}

Column guess_column(const std::string& name, const std::vector<std::string>& cells, const ReadCsvOptions& options) {
  const std::set<std::string_view> markers(options.missing.begin(), options.missing.end());
  std::vector<bool> missing(cells.size());
  bool any = false;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    missing[i] = markers.count(cells[i]) > 0;
    any = any || !missing[i];
  }
  if (std::find(options.text.begin(), options.text.end(), name) != options.text.end()) {
    return Column::text(name, cells, std::move(missing));
  }
  if (any) {
    if (auto integers = parse_all<std::int64_t>(cells, missing, 0, parse_number<std::int64_t>)) {
      return Column::integer(name, std::move(*integers), std::move(missing));
    }
    if (auto booleans = parse_all<bool>(cells, missing, false, parse_boolean)) {
      return Column::boolean(name, *booleans, std::move(missing));
    }
  }
  const double not_a_number = std::numeric_limits<double>::quiet_NaN();
  if (auto numbers = parse_all<double>(cells, missing, not_a_number, parse_number<double>)) {
    return Column::numeric(name, std::move(*numbers));
  }
  return Column::text(name, cells, std::move(missing));
}

std::vector<std::string> column_names(const std::string& source, const Record& first, const ReadCsvOptions& options) {
  std::vector<std::string> names = options.names;
  if (names.empty()) {
    names = options.header ? first.cells : std::vector<std::string>(first.cells.size());
  } else if (names.size() != first.cells.size()) {
    fail(source, first.line,
         fmt::format("there are {} columns, but .names has {}: give one name per column.", first.cells.size(),
                     names.size()));
  }
  std::set<std::string> seen;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) names[i] = fmt::format("column_{}", i + 1);
    if (!seen.insert(names[i]).second) {
      fail(source, first.line, fmt::format("two columns are called \"{}\": give other names with .names.", names[i]));
    }
  }
  return names;
}

void check_options(const ReadCsvOptions& options) {
  const auto plain = [](char c) { return c != '\n' && c != '\r' && c != '\0'; };
  if (!plain(options.separator) || !plain(options.quote) || options.separator == options.quote) {
    throw ValueError(fmt::format("[read_csv] separator '{}' and quote '{}' must differ and be no line ends.",
                                 options.separator, options.quote));
  }
  if (options.max_rows && *options.max_rows < 0) {
    throw ValueError(fmt::format("[read_csv] max_rows is {}, it must not be negative.", *options.max_rows));
  }
}

}  // namespace

Table parse_csv(std::string_view text, ReadCsvOptions options, const std::string& source) {
  check_options(options);
  if (text.substr(0, 2) == "\xFF\xFE" || text.substr(0, 2) == "\xFE\xFF") {
    fail(source, 1, "the file is UTF-16: convert it first with iconv -f utf-16 -t utf-8.");
  }
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);

  std::optional<std::size_t> max_records;
  if (options.max_rows) max_records = static_cast<std::size_t>(*options.max_rows) + (options.header ? 1 : 0);
  std::vector<Record> records = Reader(source, options).read(text, max_records);
  if (records.empty()) {
    throw IoError(fmt::format("[read_csv] {} is empty: there must be a line with the names of the columns.", source));
  }
  const std::vector<std::string> names = column_names(source, records[0], options);
  for (const std::string& name : options.text) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      throw IndexError(fmt::format("[read_csv] .text names the column \"{}\", but {} has {}.", name, source,
                                   fmt::join(names, ", ")));
    }
  }
  if (options.header) records.erase(records.begin());

  std::vector<std::vector<std::string>> columns(names.size());
  for (Record& record : records) {
    if (record.cells.size() != names.size()) {
      fail(source, record.line,
           fmt::format(
               "there are {} cells, but {} columns: look for a missing or extra '{}', or set another .separator.",
               record.cells.size(), names.size(), options.separator));
    }
    for (std::size_t c = 0; c < names.size(); ++c) columns[c].push_back(std::move(record.cells[c]));
  }
  std::vector<Column> result;
  for (std::size_t c = 0; c < names.size(); ++c) result.push_back(guess_column(names[c], columns[c], options));
  return Table(std::move(result));
}

Table read_csv(const std::filesystem::path& path, ReadCsvOptions options) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    throw IoError(fmt::format("[read_csv] {} is a folder: pass the path of a CSV file.", path.string()));
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw IoError(fmt::format("[read_csv] cannot open {}: is the path right (seen from {}), and may it be read?",
                              path.string(), std::filesystem::current_path(error).string()));
  }
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file.bad()) throw IoError(fmt::format("[read_csv] reading {} failed.", path.string()));
  return parse_csv(text, std::move(options), path.string());
}

}  // namespace xg::nn::data
