#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/io/csv_reader.hpp>
#include <xgrad/tensor/io/text.hpp>

#include <csv.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <exception>
#include <limits>
#include <new>
#include <system_error>
#include <unordered_map>
#include <unordered_set>

namespace xg::io {
namespace {

constexpr std::size_t largest_width = 1'000'000;  // a file of separators alone must not become that many columns
constexpr double largest_exact = 0x1p53;          // double holds every whole number up to here

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// Zero or infinity, whichever a number in plain spelling is that from_chars calls out of range.
double beyond_range(std::string_view text) {
  const bool negative = text.front() == '-';
  if (negative) text.remove_prefix(1);
  const std::size_t e = std::min(text.find_first_of("eE"), text.size());
  std::string_view power = text.substr(std::min(e + 1, text.size()));
  const bool falling = power.starts_with('-');
  if (falling || power.starts_with('+')) power.remove_prefix(1);
  std::int64_t exponent = 0;
  // An exponent that does not fit outweighs the digits of any file.
  if (std::from_chars(power.data(), power.data() + power.size(), exponent).ec == std::errc::result_out_of_range)
    exponent = std::numeric_limits<std::int64_t>::max() / 2;
  const std::string_view digits = text.substr(0, e);
  const auto point = static_cast<std::int64_t>(std::min(digits.find('.'), digits.size()));
  const auto first = static_cast<std::int64_t>(std::min(digits.find_first_of("123456789"), digits.size()));
  const double magnitude =
      (falling ? -exponent : exponent) + point - first > 0 ? std::numeric_limits<double>::infinity() : 0;
  return negative ? -magnitude : magnitude;
}

/// Does `digits`, without leading zeros, spell exactly the value?
bool spells(std::string_view digits, double value) {
  return fmt::format("{:.0f}", std::fabs(value)) == digits;
}

/// The encoding that zero bytes at every second or fourth place give away, "" if none does.
std::string_view wide_encoding(std::string_view text) {
  if (text.starts_with(std::string_view("\xFF\xFE\0\0", 4))) return "UTF-32LE";
  if (text.starts_with(std::string_view("\0\0\xFE\xFF", 4))) return "UTF-32BE";
  if (text.starts_with("\xFF\xFE")) return "UTF-16LE";
  if (text.starts_with("\xFE\xFF")) return "UTF-16BE";
  std::array<std::size_t, 4> zeros{}, places{};
  for (std::size_t i = 0; i < std::min<std::size_t>(text.size(), 4096); ++i) {
    ++places[i % 4];
    zeros[i % 4] += text[i] == '\0' ? 1 : 0;
  }
  const auto always = [&](std::size_t i) { return places[i] != 0 && zeros[i] == places[i]; };
  if (zeros[0] == 0 && always(2) && always(3)) return "UTF-32LE";
  if (zeros[3] == 0 && always(0) && always(1)) return "UTF-32BE";
  const auto mostly = [&](std::size_t i) { return 2 * (zeros[i] + zeros[i + 2]) > places[i] + places[i + 2]; };
  if (zeros[0] + zeros[2] == 0 && mostly(1)) return "UTF-16LE";
  if (zeros[1] + zeros[3] == 0 && mostly(0)) return "UTF-16BE";
  return {};
}

/// A number in a notation that the format does not know, as 1,5 or 2024-01-31 or 12 %: with a digit, but no letter.
bool looks_like_number(std::string_view text) {
  bool digit = false;
  while (!text.empty()) {
    bool skipped = false;
    // No-break spaces, the minus sign and signs of currency.
    for (const std::string_view sign : {"\u00A0", "\u202F", "\u2212", "\u00A3", "\u00A5", "\u20AC"}) {
      if (!skipped && text.starts_with(sign)) {
        text.remove_prefix(sign.size());
        skipped = true;
      }
    }
    if (skipped) continue;
    const char c = text.front();
    if (static_cast<unsigned char>(c) >= 0x80 || (is_letter(c) && c != 'e' && c != 'E')) return false;
    digit = digit || is_digit(c);
    text.remove_prefix(1);
  }
  return digit;
}

bool has_letter(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return is_letter(c) || static_cast<unsigned char>(c) >= 0x80; });
}

/// Columns without a name are called by their place, and a name that comes again gets .1, .2, ... as pandas has it.
std::vector<std::string> unique_names(std::vector<std::string> names) {
  std::unordered_set<std::string> taken(names.begin(), names.end()), seen;
  std::unordered_map<std::string, std::size_t> next;
  const auto make_unique = [&](std::string& name) {
    if (seen.insert(name).second) return;
    std::size_t& number = next.try_emplace(name, 1).first->second;
    std::string candidate = fmt::format("{}.{}", name, number);
    while (!taken.insert(candidate).second) candidate = fmt::format("{}.{}", name, ++number);
    ++number;
    name = std::move(candidate);
  };
  for (std::string& name : names)
    if (!name.empty()) make_unique(name);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!names[i].empty()) continue;
    names[i] = fmt::format("Unnamed: {}", i);
    taken.insert(names[i]);
    make_unique(names[i]);
  }
  return names;
}

}  // namespace

std::optional<bool> parse_boolean(std::string_view text) {
  for (std::string_view yes : {"true", "True", "TRUE"}) {
    if (text == yes) return true;
  }
  for (std::string_view no : {"false", "False", "FALSE"}) {
    if (text == no) return false;
  }
  return {};
}

std::string csv_quoted(std::string_view text) {
  std::string out(2 * text.size() + 2, '\0');
  out.resize(csv_write(out.data(), out.size(), text.data(), text.size()));
  return out;
}

std::string csv_cell(std::string_view text, char separator) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  if (!text.empty() && text.find_first_of("\"\r\n") == text.npos && text.find(separator) == text.npos &&
      !is_space(text.front()) && !is_space(text.back()))
    return std::string(text);
  return csv_quoted(text);
}

std::string csv_excerpt(std::string_view text, std::size_t longest) {
  if (text.size() <= longest) return std::string(text);
  std::size_t end = longest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u) --end;  // no half letters
  return std::string(text.substr(0, end)) + "...";
}

void check_csv_format(const CsvFormat& format) {
  struct Part {
    std::string name;
    char value;
  };
  std::vector<Part> parts = {
      {format.separator_option, format.separator}, {"quote", format.quote}, {"decimal", format.decimal}};
  if (format.thousands) parts.push_back({"thousands", *format.thousands});
  if (format.comment) parts.push_back({"comment", *format.comment});
  const auto shown = [](char c) {
    return c > ' ' && c < 0x7F ? fmt::format("'{}'", c) : fmt::format("byte {}", static_cast<unsigned char>(c));
  };
  for (const Part& part : parts) {
    const char c = part.value;
    const bool blank = c == ' ' || c == '\t';
    const bool may_be_blank = part.name == format.separator_option || part.name == "thousands";
    if (!(blank ? may_be_blank : c > ' ' && c < 0x7F) || is_digit(c) || is_letter(c) || c == '+' || c == '-') {
      throw ValueError(
          fmt::format("[{}] {} is {}: it must be an ASCII character, and no line end, digit, letter or sign.",
                      format.op, part.name, shown(c)));
    }
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      // Cells with thousands separators may be quoted, as "1,000" is.
      if (parts[k].name == format.separator_option && parts[i].name == "thousands") continue;
      if (parts[i].value == parts[k].value) {
        throw ValueError(fmt::format("[{}] {} and {} are both {}: they must differ.", format.op, parts[k].name,
                                     parts[i].name, shown(parts[i].value)));
      }
    }
  }
}

/// `parse` gets the number in plain spelling: no spaces, no plus, no thousands separators, a decimal point.
template <class Parse>
auto CsvNumbers::parse(std::string_view text, Parse parse) const {
  text = trimmed(text);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  if (decimal_ == '.' && !thousands_) return parse(text);
  std::string plain;
  bool whole = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool inside = i > 0 && i + 1 < text.size() && is_digit(text[i - 1]) && is_digit(text[i + 1]);
    if (whole && inside && c == thousands_) continue;
    if (c != decimal_ && !is_digit(c) && c != '-') whole = false;
    if (c == decimal_) {
      whole = false;
      plain += '.';
    } else if (c == '.') {
      return decltype(parse(text))();  // a point that is neither
    } else {
      plain += c;
    }
  }
  return parse(std::string_view(plain));
}

std::optional<std::int64_t> CsvNumbers::integer(std::string_view text) const {
  return parse(text, [](std::string_view plain) -> std::optional<std::int64_t> {
    std::int64_t value = 0;
    const char* const end = plain.data() + plain.size();
    const auto [stop, error] = std::from_chars(plain.data(), end, value);
    if (plain.empty() || stop != end || error != std::errc()) return {};
    return value;
  });
}

std::optional<CsvNumbers::Real> CsvNumbers::real(std::string_view text) const {
  return parse(text, [](std::string_view plain) -> std::optional<Real> {
    Real real;
    const char* const end = plain.data() + plain.size();
    const auto [stop, error] = std::from_chars(plain.data(), end, real.value);
    if (plain.empty() || stop != end || error == std::errc::invalid_argument) return {};
    if (error == std::errc::result_out_of_range) real.value = beyond_range(plain);
    if (plain.size() > 15 && std::fabs(real.value) > largest_exact - 1) {
      if (plain.starts_with('-')) plain.remove_prefix(1);
      real.large_whole = std::all_of(plain.begin(), plain.end(), is_digit);
      plain.remove_prefix(std::min(plain.find_first_not_of('0'), plain.size()));
      real.exact = !real.large_whole || spells(plain, real.value);
    }
    return real;
  });
}

/// libcsv's state, and what its callbacks could not throw through it.
class CsvReader::Parser {
 public:
  Parser(CsvReader& reader, const CsvFormat& format) : reader_(reader), quote_(format.quote) {
    csv_init(&state_, strict);
    csv_set_delim(&state_, static_cast<unsigned char>(format.separator));
    csv_set_quote(&state_, static_cast<unsigned char>(format.quote));
  }
  ~Parser() { csv_free(&state_); }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  bool between_rows() const { return state_.pstate == row_not_begun; }
  bool inside_quotes() const { return state_.pstate == field_begun && state_.quoted != 0; }

  void feed(std::string_view text) {
    // libcsv's buffer grows by blocks: let it double, so that a long cell costs linear time.
    state_.blk_size = std::max({std::size_t{256}, state_.entry_size, text.size()});
    while (!text.empty()) {
      const std::size_t taken = csv_parse(&state_, text.data(), text.size(), on_cell, on_row, this);
      rethrow();
      text.remove_prefix(taken);
      if (text.empty()) return;
      check_memory();
      if (state_.quoted != 0) {
        reader_.fail(
            fmt::format("after a closing quote ({}) there is \"{}\" where a separator must follow: double a quote "
                        "inside a quoted cell.",
                        quote_, text.substr(0, std::max<std::size_t>(utf8_length(text), 1))));
      }
      // A quote inside a cell that is not quoted, as in 5"6, is a character like any other.
      csv_set_opts(&state_, 0);
      csv_parse(&state_, text.data(), 1, on_cell, on_row, this);
      csv_set_opts(&state_, strict);
      rethrow();
      text.remove_prefix(1);
    }
  }

  void finish() {
    const bool good = csv_fini(&state_, on_cell, on_row, this) == 0;
    rethrow();
    if (good) return;
    check_memory();
    reader_.fail(
        fmt::format("the row that begins here has a quote ({}) that never ends: close it, or set another "
                    ".quote.",
                    quote_));
  }

 private:
  static constexpr unsigned char strict = CSV_STRICT | CSV_STRICT_FINI;
  static constexpr int row_not_begun = 0, field_begun = 2;  // libcsv's states

  /// C code lies between the callbacks and the reader: no exception may cross it.
  template <class F>
  void caught(F f) noexcept {
    if (failure_) return;
    try {
      f();
    } catch (...) {
      failure_ = std::current_exception();
    }
  }
  static void on_cell(void* text, std::size_t size, void* self) noexcept {
    auto* parser = static_cast<Parser*>(self);
    parser->caught([&] { parser->reader_.add_cell({static_cast<const char*>(text), size}); });
  }
  static void on_row(int, void* self) noexcept {
    auto* parser = static_cast<Parser*>(self);
    parser->caught([&] { parser->reader_.end_row(); });
  }
  void rethrow() {
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  }
  void check_memory() {
    const int error = csv_error(&state_);
    if (error == CSV_ENOMEM || error == CSV_ETOOBIG) throw std::bad_alloc();
  }

  CsvReader& reader_;
  const char quote_;
  csv_parser state_{};
  std::exception_ptr failure_;
};

CsvReader::CsvReader(CsvFormat format)
    : format_(std::move(format)), numbers_(format_.decimal, format_.thousands), missing_(256) {
  check_csv_format(format_);
  if (format_.max_rows && *format_.max_rows < 0) {
    throw ValueError(fmt::format("[{}] max_rows is {}, it must not be negative.", format_.op, *format_.max_rows));
  }
  for (const std::string& word : format_.missing) {
    if (word.empty())
      empty_is_missing_ = true;
    else
      missing_[static_cast<unsigned char>(word[0])].push_back(word);
  }
}

CsvReader::~CsvReader() = default;

bool CsvReader::is_missing(std::string_view text) const {
  if (text.empty()) return empty_is_missing_;
  for (const std::string& word : missing_[static_cast<unsigned char>(text[0])])
    if (word == text) return true;
  return false;
}

void CsvReader::fail(const std::string& problem) const {
  throw IoError(row_line_ == 0
                    ? fmt::format("[{}] cannot read '{}': {}", format_.op, source_, problem)
                    : fmt::format("[{}] cannot read '{}', line {}: {}", format_.op, source_, row_line_, problem));
}

template <class Read>
void CsvReader::guarded(const std::string& source, Read read) {
  source_ = source;
  parser_ = std::make_unique<Parser>(*this, format_);
  try {
    read();
    if (!done()) parser_->finish();
  } catch (const std::bad_alloc&) {
    row_line_ = 0;
    fail("there is not enough memory for it.");
  }
}

void CsvReader::read_text(std::string_view text, const std::string& source) {
  guarded(source, [&] {
    check_encoding(text);
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    read_lines(text, true);
  });
}

void CsvReader::read_file(const std::filesystem::path& path) {
  guarded(path.string(), [&] {
    struct Close {
      void operator()(std::FILE* file) const { std::fclose(file); }
    };
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) fail("it is a folder: pass the path of a CSV file.");
    const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "rb"));
    if (file == nullptr) {
      const std::string reason = std::generic_category().message(errno);
      fail(fmt::format("{}. Is the path right (seen from {}), and may the file be read?", reason,
                       std::filesystem::current_path(error).string()));
    }
    std::vector<char> buffer(std::size_t{1} << 18);
    std::size_t filled = 0;
    bool first = true;
    for (bool nothing_follows = false; !nothing_follows && !done();) {
      // A line longer than the buffer: doubling keeps the time linear.
      if (filled == buffer.size()) buffer.resize(2 * buffer.size());
      const std::size_t got = std::fread(buffer.data() + filled, 1, buffer.size() - filled, file.get());
      if (got == 0 && std::ferror(file.get()) != 0) {
        row_line_ = 0;
        fail(std::generic_category().message(errno) + ".");
      }
      nothing_follows = got < buffer.size() - filled;  // fread stops early at the end only
      filled += got;
      std::string_view text(buffer.data(), filled);
      if (std::exchange(first, false)) {
        check_encoding(text);
        if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
      }
      text.remove_prefix(read_lines(text, nothing_follows));
      filled = text.size();
      std::memmove(buffer.data(), text.data(), filled);
    }
  });
}

void CsvReader::check_encoding(std::string_view beginning) const {
  if (const std::string_view encoding = wide_encoding(beginning); !encoding.empty()) {
    fail(fmt::format("the file is {} ({}-endian {}): convert it to UTF-8 first, for example with iconv -f {} -t utf-8.",
                     encoding.substr(0, 6), encoding.ends_with("LE") ? "little" : "big",
                     encoding.starts_with("UTF-16") ? "16 bit units" : "32 bit units", encoding));
  }
}

void CsvReader::check_utf8(std::string_view line) const {
  const auto fail_here = [&](const std::string& problem) {
    throw IoError(fmt::format("[{}] cannot read '{}', line {}: {}", format_.op, source_, line_, problem));
  };
  while (!line.empty()) {
    // Eight bytes of ASCII without a zero byte at once.
    if (std::uint64_t word = 0; line.size() >= sizeof word) {
      std::memcpy(&word, line.data(), sizeof word);
      constexpr std::uint64_t high = 0x8080808080808080u, ones = 0x0101010101010101u;
      if (((word | (word - ones)) & high) == 0) {
        line.remove_prefix(sizeof word);
        continue;
      }
    }
    if (line.front() == '\0') fail_here("there is a zero byte, so this is no text file in UTF-8: pass a CSV file.");
    const std::size_t length = utf8_length(line);
    if (length == 0) {
      fail_here(
          fmt::format("byte 0x{:02X} is no UTF-8: convert the file first, for example with "
                      "iconv -f latin1 -t utf-8.",
                      static_cast<unsigned char>(line.front())));
    }
    line.remove_prefix(length);
  }
}

std::size_t CsvReader::read_lines(std::string_view text, bool nothing_follows) {
  const char *at = text.data(), *const end = at + text.size();
  // The next line feed and carriage return, looked for again only once they are passed.
  const char *lf = at - 1, *cr = at - 1;
  const auto next = [&](char c, const char* known) {
    if (known >= at || at == end) return known;
    const void* found = std::memchr(at, c, static_cast<std::size_t>(end - at));
    return found == nullptr ? end : static_cast<const char*>(found);
  };
  while (at != end && !done()) {
    lf = next('\n', lf);
    cr = next('\r', cr);
    const char* stop = std::min(lf, cr);
    if (stop == end && !nothing_follows) break;
    if (stop == cr && cr != end) {
      if (cr + 1 == end && !nothing_follows) break;  // a line feed may follow
      stop += cr + 1 == lf ? 1 : 0;
    }
    const char* const line_end = stop == end ? end : stop + 1;
    const std::string_view line(at, static_cast<std::size_t>(line_end - at));
    ++line_;
    if (parser_->between_rows()) row_line_ = line_;
    check_utf8(line);
    if (!format_.comment) {
      parser_->feed(line);
    } else {
      std::string_view rest = line;
      const std::string_view line_break = line.substr(std::min(line.find_first_of("\r\n"), line.size()));
      for (std::size_t sign = rest.find(*format_.comment); sign != std::string_view::npos;
           sign = rest.find(*format_.comment)) {
        parser_->feed(rest.substr(0, sign));
        if (!parser_->inside_quotes()) {
          rest = line_break;
          break;
        }
        parser_->feed(rest.substr(sign, 1));
        rest.remove_prefix(sign + 1);
      }
      parser_->feed(rest);
    }
    at = line_end;
  }
  return static_cast<std::size_t>(at - text.data());
}

void CsvReader::add_cell(std::string_view text) {
  const std::size_t column = cells_++;
  if (has_columns_) {
    // A row that is too long is an error once its length is known.
    if (column < width_) on_cell(column, text);
    return;
  }
  if (column == largest_width) fail(fmt::format("the first row has more than {} cells.", largest_width));
  first_row_.emplace_back(text);
}

void CsvReader::end_row() {
  const std::size_t count = std::exchange(cells_, 0);
  if (has_columns_) {
    if (count != width_) {
      fail(fmt::format("there are {} cells, but {} columns: look for a missing or extra '{}', or set another .{}.",
                       count, width_, format_.separator, format_.separator_option));
    }
    ++rows_;
    return;
  }
  const std::vector<std::string> row = std::move(first_row_);
  width_ = count;
  has_columns_ = true;
  if (is_header(row)) {
    on_columns(unique_names(row));
    return;
  }
  on_columns({});
  if (done()) return;
  for (std::size_t i = 0; i < row.size(); ++i) on_cell(i, row[i]);
  ++rows_;
}

bool CsvReader::is_header(const std::vector<std::string>& row) const {
  if (format_.header) return *format_.header;
  const std::string *number = nullptr, *other = nullptr;  // the first cell of a number; the first that is none
  bool name = false;
  for (const std::string& cell : row) {
    if (is_missing(cell)) continue;
    if (numbers_.real(cell) || parse_boolean(cell)) {
      if (number == nullptr) number = &cell;
      continue;
    }
    if (other == nullptr) other = &cell;
    const bool like_number = looks_like_number(cell);
    if (like_number && number == nullptr) number = &cell;
    name = name || (!like_number && has_letter(cell));
  }
  if (other == nullptr) return false;
  if (number == nullptr && name) return true;
  fail(number != nullptr && number != other
           ? fmt::format("the first row holds '{}', as data do, but '{}' is none, as in a header: set "
                         ".header = true or false. (Other decimal or thousands separators and words for missing "
                         "values are options.)",
                         csv_excerpt(*number), csv_excerpt(*other))
           : fmt::format("the first row holds '{}', which is neither a name of a column nor a number: set .header = "
                         "true or false. (Other decimal or thousands separators and words for missing values are "
                         "options.)",
                         csv_excerpt(*other)));
}

}  // namespace xg::io
