#include <xgrad/tensor/io/reader.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <limits>
#include <system_error>
#include <type_traits>

namespace xg::io {

static_assert(std::endian::native == std::endian::little,
              "the file formats are little-endian, as are all processors served");

void Source::read(void* to, std::uint64_t bytes) {
  if (bytes > remaining())
    fail("it ends too early: {} bytes wanted, {} are left. The file is truncated.", bytes, remaining());
  char* target = static_cast<char*>(to);
  while (bytes != 0) {
    const std::uint64_t got = read_some(target, bytes);
    if (got == 0) fail("it ends too early: {} bytes are missing. The file is truncated.", bytes);
    target += got;
    bytes -= got;
    position_ += got;
  }
}

void Source::fail(const std::string& problem) const {
  raise<IoError>("[{}] cannot read '{}': {}", op_, name_, problem);
}

namespace {

class FileSource final : public Source {
 public:
  FileSource(const std::string& op, const std::string& path) : Source(op, path) {
    // The checks use the open descriptor, because the path may refer to another file a moment later. O_NONBLOCK:
    // opening must not wait for the other end of a pipe.
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) fail(errno == ENOENT ? "there is no such file." : std::generic_category().message(errno) + ".");
    file_.reset(::fdopen(descriptor, "rb"));
    if (file_ == nullptr) {
      const int error_number = errno;
      ::close(descriptor);
      fail(std::generic_category().message(error_number) + ".");
    }
    struct stat info {};
    if (::fstat(descriptor, &info) != 0) fail(std::generic_category().message(errno) + ".");
    if (!S_ISREG(info.st_mode)) fail("it is not a regular file.");
    size_ = static_cast<std::uint64_t>(info.st_size);
  }

 protected:
  std::uint64_t read_some(void* to, std::uint64_t bytes) override {
    const std::size_t got = std::fread(to, 1, bytes, file_.get());
    if (got == 0 && std::ferror(file_.get())) fail(std::generic_category().message(errno) + ".");
    return got;
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> file_;
};

/// "[2, 3]"
std::string text(const std::vector<std::uint64_t>& sizes) {
  std::string out = "[";
  for (const std::uint64_t size : sizes) out += (out.size() > 1 ? ", " : "") + std::to_string(size);
  return out + ']';
}

template <class Word> Word byte_swapped(Word word) {
  if constexpr (sizeof(Word) == 2)
    return __builtin_bswap16(word);
  else if constexpr (sizeof(Word) == 4)
    return __builtin_bswap32(word);
  else if constexpr (sizeof(Word) == 8)
    return __builtin_bswap64(word);
  else
    return word;
}

/// IEEE 754 binary16 as binary32: exact.
float half_to_float(std::uint16_t half) {
  const std::uint32_t sign = std::uint32_t{half & 0x8000u} << 16, exponent = half >> 10 & 31, fraction = half & 0x3FFu;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7F800000u | fraction << 13);
  if (exponent != 0) return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
  const float magnitude = static_cast<float>(static_cast<std::int32_t>(fraction)) * 0x1p-24f;
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(magnitude) | sign);
}

/// One element of the file's type, from a little-endian word of its size.
template <class Word, class Out> Out element(const Source& source, Word word, FileType::Kind kind) {
  if constexpr (std::is_same_v<Out, bool>) {
    return word != 0;
  } else if constexpr (std::is_floating_point_v<Out>) {
    if constexpr (sizeof(Word) == sizeof(Out))
      return std::bit_cast<Out>(word);
    else if (kind == FileType::Kind::bfloat)
      return std::bit_cast<float>(static_cast<std::uint32_t>(word) << 16);
    else
      return half_to_float(static_cast<std::uint16_t>(word));
  } else {
    if (kind == FileType::Kind::signed_integer) return static_cast<Out>(static_cast<std::make_signed_t<Word>>(word));
    if (word > static_cast<std::make_unsigned_t<Out>>(std::numeric_limits<Out>::max()))
      source.fail("it holds {} as an unsigned number, which does not fit into int64.", word);
    return static_cast<Out>(word);
  }
}

/// Reads and converts blocks of a fixed size.
template <class Word, class Out> void read_converted(Source& source, Out* out, std::int64_t n, FileType type) {
  constexpr std::int64_t piece = 8192;
  std::vector<Word> words(static_cast<std::size_t>(std::min(piece, n)));
  for (std::int64_t i = 0; i < n; i += piece) {
    const std::int64_t count = std::min(piece, n - i);
    source.read(words.data(), static_cast<std::uint64_t>(count) * sizeof(Word));
    for (std::int64_t k = 0; k < count; ++k) {
      const Word word = words[static_cast<std::size_t>(k)];
      out[i + k] = element<Word, Out>(source, type.swapped ? byte_swapped(word) : word, type.kind);
    }
  }
}

template <class Out> void read_elements(Source& source, Out* out, std::int64_t n, FileType type) {
  if constexpr (std::is_same_v<Out, bool>) {
    read_converted<std::uint8_t>(source, out, n, type);
  } else {
    const bool same = type.bytes == sizeof(Out) && !type.swapped &&
                      (type.kind != FileType::Kind::unsigned_integer || sizeof(Out) == 1);
    if (same) return source.read(out, static_cast<std::uint64_t>(n) * sizeof(Out));
    if (type.bytes == 1) return read_converted<std::uint8_t>(source, out, n, type);
    if (type.bytes == 2) return read_converted<std::uint16_t>(source, out, n, type);
    if (type.bytes == 4) return read_converted<std::uint32_t>(source, out, n, type);
    read_converted<std::uint64_t>(source, out, n, type);
  }
}

}  // namespace

std::unique_ptr<Source> open_file(const std::string& op, const std::string& path) {
  return std::make_unique<FileSource>(op, path);
}

Dtype FileType::dtype() const {
  if (kind == Kind::boolean) return Dtype::bool_;
  if (kind == Kind::unsigned_integer) return bytes == 1 ? Dtype::uint8 : (bytes == 2 ? Dtype::int32 : Dtype::int64);
  if (kind == Kind::signed_integer) return bytes == 8 ? Dtype::int64 : Dtype::int32;
  return bytes == 8 ? Dtype::float64 : Dtype::float32;
}

std::int64_t checked_numel(const Source& source, const std::vector<std::uint64_t>& sizes) {
  const auto described = [&] { return "the shape " + text(sizes); };
  if (sizes.size() > max_dims)
    source.fail("{} has {} dimensions, a tensor has at most {}.", described(), sizes.size(), max_dims);
  constexpr std::uint64_t max_numel = std::uint64_t{1} << 56;  // the size in bytes must not overflow
  std::uint64_t numel = 1, strides = 1;
  for (const std::uint64_t size : sizes) {
    // Strides count empty dimensions as one, so they are bounded separately.
    if (size > max_numel || __builtin_mul_overflow(strides, std::max<std::uint64_t>(size, 1), &strides) ||
        strides > max_numel)
      source.fail(described() + " has more elements than fit into memory.");
    numel *= size;
  }
  return static_cast<std::int64_t>(numel);
}

Shape to_shape(const std::vector<std::uint64_t>& sizes) { return Shape(sizes.begin(), sizes.end()); }

Tensor read_tensor(Source& source, const std::vector<std::uint64_t>& sizes, FileType type) {
  const std::int64_t n = checked_numel(source, sizes);
  if (static_cast<std::uint64_t>(n) > source.remaining() / type.bytes)
    source.fail("it ends too early: shape {} takes {} bytes, {} are left. The file is truncated.", text(sizes),
                static_cast<std::uint64_t>(n) * type.bytes, source.remaining());
  Tensor out = kernels::empty(to_shape(sizes), type.dtype());
  dispatch(out.dtype(), [&]<class T>() { read_elements(source, static_cast<T*>(out.impl().data), n, type); });
  return out;
}

}  // namespace xg::io
