// NumPy's npy format (numpy.lib.format): a magic number, a version, a header that is a Python dict of three entries,
// the elements.
#include <xgrad/tensor/io.hpp>
#include <xgrad/tensor/io/atomic_file.hpp>
#include <xgrad/tensor/io/reader.hpp>
#include <xgrad/tensor/io/text.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace xg {
namespace io {
namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::uint64_t largest_header = 1'000'000;

struct Header {
  std::string descr;
  bool fortran_order = false;
  std::vector<std::uint64_t> shape;
};

/// Parses the header's dict: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
class HeaderParser {
 public:
  HeaderParser(const Source& source, std::string_view text) : source_(source), text_(text) {}

  Header parse() {
    Header header;
    bool has_descr = false, has_order = false, has_shape = false;
    const auto once = [&](bool& seen, std::string_view key) {
      if (std::exchange(seen, true)) source_.fail("its header has '{}' twice.", key);
    };
    expect('{');
    while (!accept('}')) {
      const std::string key = string();
      expect(':');
      if (key == "descr") {
        once(has_descr, key);
        if (peek() == '[') source_.fail("it holds records, xgrad reads single numbers: save each field on its own.");
        header.descr = string();
      } else if (key == "fortran_order") {
        once(has_order, key);
        header.fortran_order = boolean();
      } else if (key == "shape") {
        once(has_shape, key);
        header.shape = tuple();
      } else {
        source_.fail("its header has an unknown entry '{}'.", shortened(key));
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (at_ != text_.size()) damaged();
    if (!has_descr || !has_order || !has_shape) source_.fail("its header lacks descr, fortran_order or shape.");
    return header;
  }

 private:
  [[noreturn]] void damaged() const { source_.fail("its header is damaged at byte {}.", at_); }
  void skip_space() {
    constexpr std::string_view space = " \t\r\n\f";
    while (at_ < text_.size() && space.find(text_[at_]) != std::string_view::npos) ++at_;
  }
  char peek() {
    skip_space();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) damaged();
  }
  /// A string literal of Python 2 or 3, with or without a prefix: '<f4', u'<f4', b'<f4'.
  std::string string() {
    char quote = peek();
    if (quote == 'u' || quote == 'U' || quote == 'b' || quote == 'B') {
      ++at_;
      quote = at_ < text_.size() ? text_[at_] : '\0';
    }
    if (quote != '\'' && quote != '"') damaged();
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) damaged();
    const std::string out(text_.substr(at_ + 1, end - at_ - 1));
    if (out.find('\\') != std::string::npos) damaged();
    at_ = end + 1;
    return out;
  }
  bool boolean() {
    skip_space();
    for (const bool value : {true, false}) {
      const std::string_view word = value ? "True" : "False";
      if (text_.substr(at_, word.size()) != word) continue;
      at_ += word.size();
      return value;
    }
    damaged();
  }
  /// An integer as Python writes it: 3, +3, 1_000, 0x10, and 3L of Python 2.
  std::uint64_t integer() {
    skip_space();
    if (at_ < text_.size() && text_[at_] == '+') ++at_;
    skip_space();
    int base = 10;
    if (text_.substr(at_, 1) == "0" && at_ + 1 < text_.size()) {
      const char letter = text_[at_ + 1];
      base = letter == 'x' || letter == 'X' ? 16 : (letter == 'o' || letter == 'O' ? 8 : 10);
      if (letter == 'b' || letter == 'B') base = 2;
      if (base != 10) at_ += 2;
    }
    std::string digits;
    for (; at_ < text_.size() && (std::isxdigit(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_'); ++at_)
      if (text_[at_] != '_') digits += text_[at_];
    std::uint64_t value = 0;
    const char* const end = digits.data() + digits.size();
    const auto [last, error] = std::from_chars(digits.data(), end, value, base);
    const bool leading_zero = base == 10 && digits.size() > 1 && digits[0] == '0';  // an error in Python 3
    if (error != std::errc{} || last != end || leading_zero) damaged();
    if (at_ < text_.size() && (text_[at_] == 'L' || text_[at_] == 'l')) ++at_;
    return value;
  }
  /// (3, 4), (3,) or (); without the comma, (3) is not a tuple.
  std::vector<std::uint64_t> tuple() {
    std::vector<std::uint64_t> sizes;
    expect('(');
    while (!accept(')')) {
      sizes.push_back(integer());
      if (accept(',')) continue;
      if (sizes.size() == 1) damaged();
      expect(')');
      break;
    }
    return sizes;
  }

  const Source& source_;
  std::string_view text_;
  std::size_t at_ = 0;
};

/// numpy.dtype(descr) as on 64-bit Linux: an optional byte order, then a kind with its size in bytes, one of NumPy's
/// letters for C types, or a name.
FileType file_type(const Source& source, const std::string& descr) {
  using Kind = FileType::Kind;
  constexpr Kind b = Kind::boolean, u = Kind::unsigned_integer, i = Kind::signed_integer, f = Kind::floating;
  static const std::unordered_map<std::string_view, FileType> sized = {
      {"b1", {b, 1}}, {"u1", {u, 1}}, {"u2", {u, 2}}, {"u4", {u, 4}}, {"u8", {u, 8}}, {"i1", {i, 1}}, {"i2", {i, 2}},
      {"i4", {i, 4}}, {"i8", {i, 8}}, {"f2", {f, 2}}, {"f4", {f, 4}}, {"f8", {f, 8}}, {"?", {b, 1}},  {"b", {i, 1}},
      {"B", {u, 1}},  {"h", {i, 2}},  {"H", {u, 2}},  {"i", {i, 4}},  {"I", {u, 4}},  {"l", {i, 8}},  {"L", {u, 8}},
      {"q", {i, 8}},  {"Q", {u, 8}},  {"p", {i, 8}},  {"P", {u, 8}},  {"e", {f, 2}},  {"f", {f, 4}},  {"d", {f, 8}}};
  static const std::unordered_map<std::string_view, FileType> named = {
      {"bool", {b, 1}},     {"bool_", {b, 1}},   {"bool8", {b, 1}},  {"uint8", {u, 1}},     {"ubyte", {u, 1}},
      {"uint16", {u, 2}},   {"ushort", {u, 2}},  {"uint32", {u, 4}}, {"uintc", {u, 4}},     {"uint64", {u, 8}},
      {"uint", {u, 8}},     {"uintp", {u, 8}},   {"ulong", {u, 8}},  {"ulonglong", {u, 8}}, {"int8", {i, 1}},
      {"byte", {i, 1}},     {"int16", {i, 2}},   {"short", {i, 2}},  {"int32", {i, 4}},     {"intc", {i, 4}},
      {"int64", {i, 8}},    {"int", {i, 8}},     {"int_", {i, 8}},   {"intp", {i, 8}},      {"long", {i, 8}},
      {"longlong", {i, 8}}, {"float16", {f, 2}}, {"half", {f, 2}},   {"float32", {f, 4}},   {"single", {f, 4}},
      {"float64", {f, 8}},  {"double", {f, 8}},  {"float", {f, 8}},  {"float_", {f, 8}}};
  std::string_view type = descr;
  if (const auto found = named.find(type); found != named.end()) return found->second;
  const char order = type.empty() ? '\0' : type.front();
  if (order == '<' || order == '>' || order == '|' || order == '=') type.remove_prefix(1);
  const auto found = sized.find(type);
  if (found == sized.end())
    source.fail(
        "its dtype is '{}', which is not supported: save bools, integers or floating-point numbers of up to 64 bits.",
        shortened(descr));
  FileType result = found->second;
  result.swapped = order == '>';
  return result;
}

/// A contiguous copy of a tensor whose elements were stored column by column; `x` has the sizes reversed.
Tensor from_fortran_order(const Tensor& x) {
  Shape shape = x.shape(), strides = x.strides();
  std::reverse(shape.begin(), shape.end());
  std::reverse(strides.begin(), strides.end());
  return kernels::copy(Tensor::adopt(detail::new_view(x.impl(), x.impl().data, shape, strides)));
}

}  // namespace

Tensor read_npy(Source& source) {
  std::array<char, 8> start{};
  if (source.remaining() < start.size()) source.fail("it is too short to be an npy file.");
  source.read(start.data(), start.size());
  if (std::string_view(start.data(), magic.size()) != magic) source.fail("it does not begin as an npy file does.");
  const int version = static_cast<unsigned char>(start[6]);
  if (version < 1 || version > 3 || start[7] != 0)
    source.fail("it has npy version {}.{}, supported are 1.0, 2.0 and 3.0.", version, static_cast<int>(start[7]));
  std::uint32_t length = 0;
  source.read(&length, version == 1 ? 2 : 4);
  if (length > largest_header || length > source.remaining())
    source.fail("its header is {} bytes long by its own account, {} are left (and {} allowed).", length,
                source.remaining(), largest_header);
  std::string text(length, '\0');
  source.read(text.data(), length);
  Header header = HeaderParser(source, text).parse();
  const FileType type = file_type(source, header.descr);
  if (header.fortran_order) std::reverse(header.shape.begin(), header.shape.end());
  const Tensor out = read_tensor(source, header.shape, type);
  if (source.remaining() != 0) source.fail("{} bytes follow the last element.", source.remaining());
  return header.fortran_order && out.dim() > 1 ? from_fortran_order(out) : out;
}

std::string npy_header(const Tensor& tensor) {
  constexpr const char* types[] = {"|b1", "|u1", "<i4", "<i8", "<f4", "<f8"};
  std::string shape;
  for (const std::int64_t size : tensor.shape()) shape += std::to_string(size) + ", ";
  if (tensor.dim() > 1)
    shape.resize(shape.size() - 2);
  else if (tensor.dim() == 1)
    shape.resize(shape.size() - 1);
  std::string dict = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}",
                                 types[static_cast<std::size_t>(tensor.dtype())], shape);
  const std::size_t before = magic.size() + 4, total = (before + dict.size() + 1 + 63) / 64 * 64;
  dict.resize(total - before - 1, ' ');  // elements begin at a multiple of 64
  std::string out(magic);
  out += {'\x01', '\x00', static_cast<char>((dict.size() + 1) & 0xFF), static_cast<char>((dict.size() + 1) >> 8)};
  return out + dict + '\n';
}

}  // namespace io

void save_npy(const String& path, const Tensor& tensor) {
  const Tensor dense = kernels::contiguous(tensor);
  AtomicFile file(path, "save_npy");
  file.write(io::npy_header(dense));
  file.write(dense.impl().data, static_cast<std::size_t>(dense.numel()) * item_size(dense.dtype()));
  file.commit();
}

Tensor load_npy(const String& path) { return io::read_npy(*io::open_file("load_npy", path)); }

}  // namespace xg
