#include <xgrad/tensor/io/atomic_file.hpp>
#include <xgrad/tensor/io/text.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

namespace xg {
namespace {

namespace fs = std::filesystem;

std::string reason(int error_number) { return std::generic_category().message(error_number); }

std::string folder_of(const std::string& path) {
  const fs::path parent = fs::path(path).parent_path();
  return parent.empty() ? "." : parent.string();
}

/// Resolves symbolic links; the result need not exist yet.
std::string follow_links(const std::string& path) {
  std::error_code error;
  if (!fs::is_symlink(path, error)) return path;
  const fs::path target = fs::weakly_canonical(path, error);
  return error ? path : target.string();
}

// Note [Temporary files]
// A file is written under the name STEM.PID-N.tmp in the folder of its target, where STEM is the target's own name,
// shortened and made unique by a hash where the result would exceed the limit for names. The writer holds a lock
// (flock) on it until it has its final name, and the system drops that lock however the writer ends. A file of that
// form that can be locked is therefore left over from a killed writer, and the next writer of the target removes it.
// The process number is checked too, for writers that could not lock; a number equal to one's own proves nothing,
// because processes in containers tend to share numbers.
//
// Between creating and locking its file, a writer may have it removed as a leftover. It therefore checks after locking
// that the name still refers to its file, and starts over if not. A remover holds the lock while it removes.

constexpr std::string_view extension = ".tmp";

/// The common prefix of the temporary files of `target`, up to the dot before the process number.
std::string temporary_stem(const std::string& target) {
  constexpr std::size_t longest_suffix = std::string_view(".2147483647-4294967295.tmp").size();
  const std::string name = fs::path(target).filename().string();
  const long reported = ::pathconf(folder_of(target).c_str(), _PC_NAME_MAX);
  const std::size_t longest = reported > 0 ? static_cast<std::size_t>(reported) : 255;
  if (name.size() + longest_suffix <= longest) return name;
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  const std::string mark = fmt::format("~{:016x}", hash);
  const std::size_t kept = longest - std::min(longest, longest_suffix + mark.size());
  return name.substr(0, io::cut_length(name, kept)) + mark;
}

std::string temporary_name(const std::string& target, const std::string& stem) {
  static std::atomic<unsigned> counter{0};
  const fs::path name = fmt::format("{}.{}-{}{}", stem, ::getpid(), counter.fetch_add(1), extension);
  return (fs::path(target).parent_path() / name).string();
}

bool lock(int descriptor) {
  int result = 0;
  do result = ::flock(descriptor, LOCK_EX | LOCK_NB);
  while (result != 0 && errno == EINTR);
  return result == 0;
}

bool names_file(const std::string& path, int descriptor) {
  struct stat by_path {
  }, opened{};
  return ::lstat(path.c_str(), &by_path) == 0 && ::fstat(descriptor, &opened) == 0 && by_path.st_dev == opened.st_dev &&
         by_path.st_ino == opened.st_ino;
}

/// The process that `name` belongs to if it is a temporary file of `stem`, else 0.
pid_t writer_of(std::string_view name, std::string_view stem) {
  if (!name.starts_with(stem) || !name.ends_with(extension) || name.size() < stem.size() + 1 + extension.size())
    return 0;
  const std::string_view middle = name.substr(stem.size(), name.size() - stem.size() - extension.size());
  if (middle.front() != '.') return 0;
  const char *from = middle.data() + 1, *const end = middle.data() + middle.size();
  pid_t writer = 0;
  unsigned number = 0;
  const auto [dash, writer_error] = std::from_chars(from, end, writer);
  if (writer_error != std::errc{} || dash == end || *dash != '-') return 0;
  const auto [last, number_error] = std::from_chars(dash + 1, end, number);
  return number_error == std::errc{} && last == end && writer > 0 ? writer : 0;
}

/// Removes the files that killed writers of `target` left behind. Failures are ignored.
///
/// std::filesystem::directory_iterator terminates the process when out of memory, even with the overload that reports
/// error codes.
void remove_leftovers(const std::string& target, const std::string& stem) {
  const std::string folder = folder_of(target);
  struct Close {
    void operator()(DIR* opened) const { ::closedir(opened); }
  };
  const std::unique_ptr<DIR, Close> entries(::opendir(folder.c_str()));
  if (entries == nullptr) return;
  while (const dirent* entry = ::readdir(entries.get())) {
    const pid_t writer = writer_of(entry->d_name, stem);
    if (writer == 0 || (writer != ::getpid() && (::kill(writer, 0) == 0 || errno != ESRCH))) continue;
    const std::string path = fmt::format("{}/{}", folder, entry->d_name);
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (descriptor < 0) continue;
    if (lock(descriptor) && names_file(path, descriptor)) ::unlink(path.c_str());
    ::close(descriptor);
  }
}

}  // namespace

AtomicFile::AtomicFile(Closed, std::string path, std::string what)
    : path_(std::move(path)), target_(follow_links(path_)), what_(std::move(what)) {}

// If this throws, the destructor cleans up, because the delegated constructor has completed.
AtomicFile::AtomicFile(std::string path, std::string what) : AtomicFile(Closed{}, std::move(path), std::move(what)) {
  if (path_.empty()) raise<IoError>("[{}] the path is empty: give the name of a file.", what_);
  struct stat info {};
  const bool exists = ::stat(target_.c_str(), &info) == 0;
  if (exists && S_ISDIR(info.st_mode))
    raise<IoError>("[{}] cannot write '{}': it is a folder; give the name of a file in it.", what_, path_);
  if (exists && !S_ISREG(info.st_mode)) {
    descriptor_ = ::open(target_.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor_ < 0) fail("open", errno);
    return;
  }
  const std::string folder = folder_of(target_);
  if (std::error_code error; !fs::is_directory(folder, error))
    raise<IoError>("[{}] cannot write '{}': there is no folder '{}'; create it first.", what_, path_, folder);
  const std::string stem = temporary_stem(target_);
  remove_leftovers(target_, stem);
  constexpr int max_attempts = 100;  // some network file systems report another inode at each query
  for (int attempt = 1;; ++attempt) {
    temporary_ = temporary_name(target_, stem);
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ < 0 && errno == EEXIST) continue;
    if (descriptor_ < 0) {
      const int error_number = errno;
      temporary_.clear();
      fail("create", error_number);
    }
    // On a file system without locks, leftovers stay, because removers cannot lock them either.
    if ((lock(descriptor_) || errno != EWOULDBLOCK) && names_file(temporary_, descriptor_)) break;
    if (attempt == max_attempts) break;
    ::close(std::exchange(descriptor_, -1));
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
  if (temporary_.empty()) {
    if (::close(std::exchange(descriptor_, -1)) != 0) fail("write", errno);
    return;
  }
  const std::string folder_name = folder_of(target_);  // before the file is replaced, since it may throw
  // Closing may still report an error; the second descriptor keeps the lock until the file has its name.
  const int second = ::dup(descriptor_);
  if (second < 0) fail("write", errno);
  if (::close(std::exchange(descriptor_, second)) != 0) fail("write", errno);
  if (std::rename(temporary_.c_str(), target_.c_str()) != 0) fail("replace", errno);
  temporary_.clear();
  ::close(std::exchange(descriptor_, -1));
  // The new name is durable only when its folder is synced too; if that fails, the file is still complete.
  const int folder = ::open(folder_name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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
  raise<IoError>("[{}] cannot {} '{}': {}; {}. The old file, if any, is unchanged.", what_, action, path_,
                 reason(error_number), remedy);
}

void write_file_atomically(const std::string& path, std::string_view bytes, const std::string& what) {
  AtomicFile file(path, what);
  file.write(bytes);
  file.commit();
}

}  // namespace xg
