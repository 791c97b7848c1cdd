// Writing text so that the file is there complete or not at all. For the sources of nn/.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace xg::nn {

/// Writes to a temporary beside `path` and renames it. Throws IoError, naming `op`, and leaves an old file as it was.
void write_text_file(const std::string& op, const std::filesystem::path& path, std::string_view text);

}  // namespace xg::nn
