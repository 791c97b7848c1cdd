#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/io/atomic_file.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

namespace xg {
namespace {

namespace fs = std::filesystem;

std::string reason(int error_number) {
  return std::generic_category().message(error_number);
}

std::string folder_of(const std::string& path) {
  const fs::path parent = fs::path(path).parent_path();
  return parent.empty() ? "." : parent.string();
}

/// The file that the name finally means: a new name where there is no file yet.
std::string follow_links(const std::string& path) {
  std::error_code error;
  if (!fs::is_symlink(path, error)) return path;
  const fs::path target = fs::weakly_canonical(path, error);
  return error ? path : target.string();
}

std::string temporary_name(const std::string& target) {
  static std::atomic<unsigned> counter{0};
  return fmt::format("{}.{}-{}.tmp", target, ::getpid(), counter.fetch_add(1));
}

}  // namespace

AtomicFile::AtomicFile(std::string path, std::string what)
    : path_(std::move(path)), target_(follow_links(path_)), what_(std::move(what)) {
  if (path_.empty()) throw IoError(fmt::format("[{}] the path is empty: give the name of a file.", what_));
  struct stat info {};
  const bool exists = ::stat(target_.c_str(), &info) == 0;
  if (exists && S_ISDIR(info.st_mode))
    throw IoError(fmt::format("[{}] cannot write '{}': it is a folder; give the name of a file in it.", what_, path_));
  if (exists && !S_ISREG(info.st_mode)) {
    descriptor_ = ::open(target_.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor_ < 0) fail("open", errno);
    return;
  }
  const std::string folder = folder_of(target_);
  if (std::error_code error; !fs::is_directory(folder, error))
    throw IoError(
        fmt::format("[{}] cannot write '{}': there is no folder '{}'; create it first.", what_, path_, folder));
  do {
    temporary_ = temporary_name(target_);
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (descriptor_ < 0 && errno == EEXIST);
  if (descriptor_ < 0) {
    const int error_number = errno;
    temporary_.clear();
    fail("create", error_number);
  }
  if (exists && ::fchmod(descriptor_, info.st_mode & 07777) != 0 && errno != EPERM) fail("set permissions of", errno);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write(const void* data, std::size_t bytes) {
  const char* from = static_cast<const char*>(data);
  while (bytes != 0) {
    const ssize_t written = ::write(descriptor_, from, bytes);
    if (written < 0) {
      if (errno == EINTR) continue;
      fail("write", errno);
    }
    from += written;
    bytes -= static_cast<std::size_t>(written);
  }
}

void AtomicFile::commit() {
  if (::fsync(descriptor_) != 0 && errno != EINVAL && errno != EROFS) fail("write", errno);  // pipes cannot be synced
  if (::close(std::exchange(descriptor_, -1)) != 0) fail("write", errno);
  if (temporary_.empty()) return;
  if (std::rename(temporary_.c_str(), target_.c_str()) != 0) fail("replace", errno);
  temporary_.clear();
  // The new name lasts only when its folder is on the disk too; where that is refused, the file is still complete.
  const int folder = ::open(folder_of(target_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    ::fsync(folder);
    ::close(folder);
  }
}

void AtomicFile::fail(const char* action, int error_number) const {
  const char* remedy = "choose another place";
  if (error_number == ENOSPC || error_number == EDQUOT) remedy = "free some space or choose another place";
  if (error_number == EACCES || error_number == EPERM || error_number == EROFS)
    remedy = "change its permissions or choose another place";
  throw IoError(fmt::format("[{}] cannot {} '{}': {}; {}. The old file, if any, is unchanged.", what_, action, path_,
                            reason(error_number), remedy));
}

void write_file_atomically(const std::string& path, std::string_view bytes, const std::string& what) {
  AtomicFile file(path, what);
  file.write(bytes);
  file.commit();
}

}  // namespace xg
