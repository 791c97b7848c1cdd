// Atomic file replacement.
#pragma once

#include <xgrad/tensor/export.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace xg {

/// A file under a temporary name in the folder of `path`, which takes its place when `commit` has brought every byte to
/// the disk. If it is destroyed earlier, the temporary file is removed and the old file stays as it was. Temporary
/// files of killed processes are removed by the next writer of the same path. A path that names a device or pipe is
/// written directly. Every failure throws IoError, which begins with [what] and names the path and the reason.
class XG_API AtomicFile {
 public:
  AtomicFile(std::string path, std::string what);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* data, std::size_t bytes);
  void write(std::string_view bytes) { write(bytes.data(), bytes.size()); }
  void commit();

 private:
  struct Closed {};
  AtomicFile(Closed, std::string path, std::string what);
  [[noreturn]] void fail(const char* action, int error_number) const;

  std::string path_;       // as the user gave it
  std::string target_;     // with symbolic links followed
  std::string temporary_;  // empty where the target is written directly
  std::string what_;
  int descriptor_ = -1;
};

/// Replaces the content of `path` by `bytes`, atomically. Throws IoError, beginning with [what].
XG_API void write_file_atomically(const std::string& path, std::string_view bytes, const std::string& what);

}  // namespace xg
