// NumPy's npy format (numpy.lib.format): a magic number, a version, a header that is a Python dict of three entries,
// the elements.
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/io.hpp>
#include <xgrad/tensor/io/atomic_file.hpp>
#include <xgrad/tensor/io/reader.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <string_view>

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

/// Reads the header's dict: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
class HeaderParser {
 public:
  HeaderParser(const Source& source, std::string_view text) : source_(source), text_(text) {}

  Header parse() {
    Header header;
    bool has_descr = false, has_order = false, has_shape = false;
    const auto once = [&](bool& seen, std::string_view key) {
      if (std::exchange(seen, true)) source_.fail(fmt::format("its header has '{}' twice.", key));
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
        source_.fail(fmt::format("its header has an unknown entry '{}'.", key));
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
  [[noreturn]] void damaged() const { source_.fail(fmt::format("its header is damaged at byte {}.", at_)); }
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
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
  std::string string() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') damaged();
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) damaged();
    const std::string out(text_.substr(at_ + 1, end - at_ - 1));
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
  std::vector<std::uint64_t> tuple() {
    std::vector<std::uint64_t> sizes;
    expect('(');
    while (!accept(')')) {
      skip_space();
      std::uint64_t size = 0;
      const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), size);
      if (error != std::errc{}) damaged();
      at_ = static_cast<std::size_t>(end - text_.data());
      sizes.push_back(size);
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return sizes;
  }

  const Source& source_;
  std::string_view text_;
  std::size_t at_ = 0;
};

FileType file_type(const Source& source, const std::string& descr) {
  using Kind = FileType::Kind;
  const auto unknown = [&] {
    source.fail(fmt::format(
        "its dtype is '{}', which is not supported: save bools, integers or reals of up to 64 bits.", descr));
  };
  if (descr.size() != 3) unknown();
  const char order = descr[0];
  FileType type{Kind::boolean, static_cast<std::uint64_t>(descr[2] - '0'), order == '>'};
  if (order != '<' && order != '>' && order != '|' && order != '=') unknown();
  switch (descr[1]) {
    case 'b':
      break;
    case 'u':
      type.kind = Kind::unsigned_integer;
      break;
    case 'i':
      type.kind = Kind::signed_integer;
      break;
    case 'f':
      type.kind = Kind::real;
      break;
    default:
      unknown();
  }
  const std::uint64_t n = type.bytes;
  const bool known = type.kind == Kind::boolean ? n == 1
                                                : (type.kind == Kind::real ? n == 2 || n == 4 || n == 8
                                                                           : n == 1 || n == 2 || n == 4 || n == 8);
  if (!known) unknown();
  return type;
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
    source.fail(
        fmt::format("it is of npy version {}.{}, known are 1.0, 2.0 and 3.0.", version, static_cast<int>(start[7])));
  std::uint32_t length = 0;
  source.read(&length, version == 1 ? 2 : 4);
  if (length > largest_header || length > source.remaining())
    source.fail(fmt::format("its header is {} bytes long by its own account, {} are left (and {} allowed).", length,
                            source.remaining(), largest_header));
  std::string text(length, '\0');
  source.read(text.data(), length);
  Header header = HeaderParser(source, text).parse();
  const FileType type = file_type(source, header.descr);
  if (header.fortran_order) std::reverse(header.shape.begin(), header.shape.end());
  const Tensor out = read_tensor(source, header.shape, type);
  if (source.remaining() != 0) source.fail(fmt::format("{} bytes follow the last element.", source.remaining()));
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

void save_npy(const std::string& path, const Tensor& tensor) {
  const Tensor dense = kernels::contiguous(tensor);
  AtomicFile file(path, "save_npy");
  file.write(io::npy_header(dense));
  file.write(dense.impl().data, static_cast<std::size_t>(dense.numel()) * item_size(dense.dtype()));
  file.commit();
}

Tensor load_npy(const std::string& path) {
  return io::read_npy(*io::open_file("load_npy", path));
}

}  // namespace xg
