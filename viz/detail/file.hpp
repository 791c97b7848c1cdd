// Writing a file so that it is there complete or not at all.
#pragma once

#include <filesystem>
#include <string_view>

namespace xg::viz::detail {

/// Writes to a temporary beside `path` and renames it. Throws IoError, and leaves an old file as it was.
void write_file(const std::filesystem::path& path, std::string_view bytes);

}  // namespace xg::viz::detail
