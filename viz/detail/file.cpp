#include <fmt/format.h>
#include <unistd.h>
#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/detail/file.hpp>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>

namespace xg::viz::detail {

void write_file(const std::filesystem::path& path, std::string_view bytes) {
  std::error_code error;
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  if (!std::filesystem::is_directory(folder, error)) {
    throw IoError(fmt::format("[save] there is no folder {} for {}: create it first.", folder.string(), path.string()));
  }
  std::filesystem::path temporary = path;
  temporary += fmt::format(".tmp{}", ::getpid());
  errno = 0;
  std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) {
    const int reason = errno;
    std::filesystem::remove(temporary, error);
    throw IoError(
        fmt::format("[save] cannot write {} ({}): check the disk's space and the folder's permissions; a file that was "
                    "there is unchanged.",
                    path.string(), reason != 0 ? std::strerror(reason) : "unknown reason"));
  }
  std::filesystem::rename(temporary, path, error);
  if (error) {
    const std::string reason = error.message();
    std::filesystem::remove(temporary, error);
    throw IoError(
        fmt::format("[save] cannot put {} into place ({}): is it a folder, or open elsewhere?", path.string(), reason));
  }
}

}  // namespace xg::viz::detail
