#include <xgrad/nn/data/text_file.hpp>
#include <xgrad/tensor/error.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace xg::nn {

void write_text_file(const std::string& op, const std::filesystem::path& path, std::string_view text) {
  std::filesystem::path temporary = path;
  temporary += ".tmp";
  errno = 0;
  std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  const int cause = errno;
  std::error_code error, ignored;
  if (file) std::filesystem::rename(temporary, path, error);
  if (file && !error) return;
  std::filesystem::remove(temporary, ignored);
  throw IoError(fmt::format("[{}] cannot write {}: {}. Choose a folder that exists, may be written to and has space.",
                            op, path.string(), error ? error.message() : std::strerror(cause)));
}

}  // namespace xg::nn
