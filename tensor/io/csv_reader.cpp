#include <xgrad/tensor/io/csv_reader.hpp>
#include <xgrad/tensor/io/text.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

#include <csv.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <system_error>
#include <unordered_map>
#include <unordered_set>

namespace xg::io {

namespace {

constexpr std::size_t max_width = 1'000'000;  // bounds the memory that a file of separators alone can take

/// The UTF-16 or UTF-32 encoding that byte order marks or zero bytes indicate, "" if none.
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

/// Whether the text resembles a number in another notation, such as 1,5 or 2024-01-31 or 12 %: it has a digit but no
/// letter.
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

/// Columns without a name are named by their position, and repeated names get .1, .2, ..., as in pandas.
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

/// libcsv's state, and the exception that a callback must not throw through it.
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
    // Doubles libcsv's buffer, which would grow by fixed blocks, so that a long cell takes linear time.
    state_.blk_size = std::max({std::size_t{256}, state_.entry_size, text.size()});
    while (!text.empty()) {
      const std::size_t taken = csv_parse(&state_, text.data(), text.size(), on_cell, on_row, this);
      rethrow();
      text.remove_prefix(taken);
      if (text.empty()) return;
      check_memory();
      if (state_.quoted != 0)
        reader_.fail(
            fmt::format("after a closing quote ({}) there is \"{}\" where a separator must follow: double a quote "
                        "inside a quoted cell.",
                        quote_, text.substr(0, std::max<std::size_t>(utf8_length(text), 1))));
      // A quote inside an unquoted cell, as in 5"6, is an ordinary character.
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
    reader_.fail(fmt::format(
        "the row that begins here has a quote ({}) that never ends: close it, or set another .quote.", quote_));
  }

 private:
  static constexpr unsigned char strict = CSV_STRICT | CSV_STRICT_FINI;
  static constexpr int row_not_begun = 0, field_begun = 2;  // libcsv's states

  /// Exceptions must not propagate through the C code between the callbacks and the reader.
  template <class F> void caught(F f) noexcept {
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
  if (format_.max_rows && *format_.max_rows < 0)
    raise<ValueError>("[{}] max_rows is {}, it must not be negative.", format_.op, *format_.max_rows);
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

template <class Read> void CsvReader::guarded(const std::string& source, Read read) {
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
      // A line is longer than the buffer, which doubles so that the time stays linear.
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
  if (const std::string_view encoding = wide_encoding(beginning); !encoding.empty())
    fail(fmt::format("the file is {} ({}-endian {}): convert it to UTF-8 first, for example with iconv -f {} -t utf-8.",
                     encoding.substr(0, 6), encoding.ends_with("LE") ? "little" : "big",
                     encoding.starts_with("UTF-16") ? "16 bit units" : "32 bit units", encoding));
}

void CsvReader::check_utf8(std::string_view line) const {
  const auto fail_here = [&](const std::string& problem) {
    raise<IoError>("[{}] cannot read '{}', line {}: {}", format_.op, source_, line_, problem);
  };
  while (!line.empty()) {
    // Skips eight ASCII bytes without a zero byte at once.
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
    if (length == 0)
      fail_here(
          fmt::format("byte 0x{:02X} is no UTF-8: convert the file first, for example with iconv -f latin1 -t utf-8.",
                      static_cast<unsigned char>(line.front())));
    line.remove_prefix(length);
  }
}

std::size_t CsvReader::read_lines(std::string_view text, bool nothing_follows) {
  const char *begin = text.data(), *const end = begin + text.size();
  // The next line feed and carriage return, searched for again only after they are passed.
  const char *lf = begin - 1, *cr = begin - 1;
  const auto next = [&](char c, const char* known) {
    if (known >= begin || begin == end) return known;
    const void* found = std::memchr(begin, c, static_cast<std::size_t>(end - begin));
    return found == nullptr ? end : static_cast<const char*>(found);
  };
  while (begin != end && !done()) {
    lf = next('\n', lf);
    cr = next('\r', cr);
    const char* stop = std::min(lf, cr);
    if (stop == end && !nothing_follows) break;
    if (stop == cr && cr != end) {
      if (cr + 1 == end && !nothing_follows) break;  // a line feed may follow
      stop += cr + 1 == lf ? 1 : 0;
    }
    const char* const line_end = stop == end ? end : stop + 1;
    const std::string_view line(begin, static_cast<std::size_t>(line_end - begin));
    ++line_;
    if (parser_->between_rows()) row_line_ = line_;
    check_utf8(line);
    if (!format_.comment) {
      parser_->feed(line);
    } else {
      std::string_view remainder = line;
      const std::string_view line_break = line.substr(std::min(line.find_first_of("\r\n"), line.size()));
      for (std::size_t sign = remainder.find(*format_.comment); sign != std::string_view::npos;
           sign = remainder.find(*format_.comment)) {
        parser_->feed(remainder.substr(0, sign));
        if (!parser_->inside_quotes()) {
          remainder = line_break;
          break;
        }
        parser_->feed(remainder.substr(sign, 1));
        remainder.remove_prefix(sign + 1);
      }
      parser_->feed(remainder);
    }
    begin = line_end;
  }
  return static_cast<std::size_t>(begin - text.data());
}

void CsvReader::add_cell(std::string_view text) {
  const std::size_t column = cells_++;
  if (has_columns_) {
    // A row that is too long is reported once its length is known.
    if (column < width_) on_cell(column, text);
    return;
  }
  if (column == max_width) fail(fmt::format("the first row has more than {} cells.", max_width));
  first_row_.emplace_back(text);
}

void CsvReader::end_row() {
  const std::size_t count = std::exchange(cells_, 0);
  if (has_columns_) {
    if (count != width_)
      fail(fmt::format("there are {} cells, but {} columns: look for a missing or extra '{}', or set another .{}.",
                       count, width_, format_.separator, format_.separator_option));
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
  const std::string *number = nullptr, *other = nullptr;  // the first numeric cell and the first that is not numeric
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
                         shortened(*number, 40), shortened(*other, 40))
           : fmt::format("the first row holds '{}', which is neither a name of a column nor a number: set .header = "
                         "true or false. (Other decimal or thousands separators and words for missing values are "
                         "options.)",
                         shortened(*other, 40)));
}

}  // namespace xg::io
