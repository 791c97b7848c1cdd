// NumPy's npz format: a zip archive of npy files. libzip reads and writes the archive.
#include <xgrad/tensor/io.hpp>
#include <xgrad/tensor/io/atomic_file.hpp>
#include <xgrad/tensor/io/reader.hpp>
#include <xgrad/tensor/io/text.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

#include <zip.h>

#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace xg {
namespace {

constexpr std::string_view suffix = ".npy";
// The maximum compression ratio of deflate: a member that claims more is damaged.
constexpr std::uint64_t max_ratio = 1032;

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* file) const { zip_fclose(file); }
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};
using Archive = std::unique_ptr<zip_t, Discard>;
using ZipSource = std::unique_ptr<zip_source_t, Discard>;

/// An error of libzip, which owns its description.
struct ZipError {
  explicit ZipError(int code = ZIP_ER_OK) { zip_error_init_with_code(&error, code); }
  ZipError(const ZipError&) = delete;
  ZipError& operator=(const ZipError&) = delete;
  ~ZipError() { zip_error_fini(&error); }
  std::string text() { return zip_error_strerror(&error); }
  zip_error_t error;
};

[[noreturn]] void throw_unreadable(const std::string& path, const std::string& problem) {
  raise<IoError>("[load_npz] cannot read '{}': {}", path, problem);
}
[[noreturn]] void throw_unwritable(const std::string& path, const std::string& problem) {
  raise<IoError>("[save_npz] cannot write '{}': {}.", path, problem);
}

/// A member of the archive; libzip verifies its checksum when the last byte is read.
class MemberSource final : public io::Source {
 public:
  MemberSource(const std::string& path, zip_t* archive, const zip_stat_t& info)
      : Source("load_npz", fmt::format("{}' member '{}", path, io::shortened(info.name))) {
    if ((info.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && info.encryption_method != ZIP_EM_NONE)
      fail("it is encrypted.");
    if (info.size / max_ratio > info.comp_size + 64)
      fail("{} bytes cannot come from {} compressed ones.", info.size, info.comp_size);
    size_ = info.size;
    file_.reset(zip_fopen_index(archive, info.index, 0));
    if (file_ == nullptr) fail("{}.", zip_strerror(archive));
  }

 protected:
  std::uint64_t read_some(void* to, std::uint64_t bytes) override {
    const zip_int64_t got = zip_fread(file_.get(), to, bytes);
    if (got < 0) fail("{}.", zip_file_strerror(file_.get()));
    return static_cast<std::uint64_t>(got);
  }

 public:
  /// Reads past the end, so that libzip verifies the checksum.
  void check_end() {
    char extra = 0;
    if (read_some(&extra, 1) != 0) fail("it is longer than the archive says.");
  }

 private:
  std::unique_ptr<zip_file_t, Discard> file_;
};

}  // namespace

void save_npz(const String& path, const StateDict& tensors) {
  ZipError problem;
  ZipSource buffer(zip_source_buffer_create(nullptr, 0, 0, &problem.error));
  if (buffer == nullptr) throw_unwritable(path, problem.text());
  zip_source_keep(buffer.get());  // the archive takes one reference; the other one reads the result
  Archive archive(zip_open_from_source(buffer.get(), ZIP_TRUNCATE, &problem.error));
  if (archive == nullptr) {
    zip_source_free(buffer.get());
    throw_unwritable(path, problem.text());
  }
  std::list<std::string> contents;  // must outlive zip_close
  for (const auto& [name, tensor] : tensors) {
    if (!tensor.defined())
      raise<ValueError>("[save_npz] tensor '{}' is undefined: assign a value or leave it out.", name);
    const Tensor dense = kernels::contiguous(tensor);
    std::string& bytes = contents.emplace_back(io::npy_header(dense));
    bytes.append(static_cast<const char*>(dense.impl().data),
                 static_cast<std::size_t>(dense.numel()) * item_size(dense.dtype()));
    const std::string member_name = name + std::string(suffix);
    ZipSource source(zip_source_buffer(archive.get(), bytes.data(), bytes.size(), 0));
    if (source == nullptr) throw_unwritable(path, zip_strerror(archive.get()));
    const zip_int64_t index = zip_file_add(archive.get(), member_name.c_str(), source.get(), ZIP_FL_ENC_UTF_8);
    if (index < 0)
      raise<ValueError>("[save_npz] tensor '{}' cannot be a member of a zip archive: {}.", name,
                        zip_strerror(archive.get()));
    static_cast<void>(source.release());  // the archive's
    const auto member = static_cast<zip_uint64_t>(index);
    // Stored uncompressed with a fixed date, so that equal tensors give equal bytes.
    zip_set_file_compression(archive.get(), member, ZIP_CM_STORE, 0);
    zip_file_set_dostime(archive.get(), member, 0, 1 << 5 | 1, 0);
  }
  if (zip_close(archive.get()) != 0) throw_unwritable(path, zip_strerror(archive.get()));
  static_cast<void>(archive.release());  // closed
  std::string bytes;
  zip_stat_t info;
  if (zip_source_stat(buffer.get(), &info) == 0 && (info.valid & ZIP_STAT_SIZE) != 0 && info.size > 0) {
    bytes.resize(info.size);
    if (zip_source_open(buffer.get()) != 0 ||
        zip_source_read(buffer.get(), bytes.data(), bytes.size()) != static_cast<zip_int64_t>(bytes.size()))
      throw_unwritable(path, "the archive could not be put together");
    zip_source_close(buffer.get());
  } else {
    bytes = std::string("PK\x05\x06", 4) + std::string(18, '\0');  // an archive without members
  }
  write_file_atomically(path, bytes, "save_npz");
}

StateDict load_npz(const String& path) {
  io::open_file("load_npz", path);  // for a better message about a bad path than libzip has
  int code = 0;
  const Archive archive(zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code));
  if (archive == nullptr) throw_unreadable(path, ZipError(code).text() + ".");
  StateDict tensors;
  const zip_int64_t count = zip_get_num_entries(archive.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    zip_stat_t info;
    zip_stat_init(&info);
    if (zip_stat_index(archive.get(), static_cast<zip_uint64_t>(i), 0, &info) != 0 || info.name == nullptr ||
        (info.valid & (ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE)) != (ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE))
      throw_unreadable(path, fmt::format("{}.", zip_strerror(archive.get())));
    const std::string_view name = info.name;
    if (!name.ends_with(suffix))
      throw_unreadable(path, fmt::format("its member '{}' is not an npy file.", io::shortened(name)));
    MemberSource source(path, archive.get(), info);
    Tensor tensor = io::read_npy(source);
    source.check_end();
    if (!tensors.emplace(name.substr(0, name.size() - suffix.size()), std::move(tensor)).second)
      throw_unreadable(path, fmt::format("it has the member '{}' twice.", io::shortened(name)));
  }
  return tensors;
}

}  // namespace xg
