// Atomic writing of files.
#pragma once

#include <filesystem>
#include <string_view>

namespace xg::viz::detail {

/// Writes a temporary file beside `path` and renames it. Throws IoError on failure, which leaves an existing file
/// unchanged.
void write_file(const std::filesystem::path& path, std::string_view bytes);

}  // namespace xg::viz::detail
