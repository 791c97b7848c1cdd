// Seconds to compile a translation unit that includes the umbrella header, beside one that includes only the headers of
// the standard library that the umbrella needs.
#include "ratio_reporter.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <regex>
#include <set>
#include <sstream>
#include <stdexcept>

namespace {

namespace fs = std::filesystem;

/// A folder that goes away with the program.
struct Folder {
  fs::path path;
  Folder() {
    std::string name = (fs::temp_directory_path() / "xgrad-compile-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
};

void compile(const std::string& arguments) {
  const std::string command =
      fmt::format("CCACHE_DISABLE=1 \"{}\" -std=c++20 -O2 -I\"{}\" {}", XGRAD_CXX, XGRAD_INCLUDE, arguments);
  if (std::system(command.c_str()) != 0) throw std::runtime_error(command + " failed");
}

/// #include lines for all headers of the standard library that the project's public headers name.
std::string standard_headers(const fs::path& unit, const fs::path& scratch) {
  compile(fmt::format("-MM -MF \"{}\" \"{}\"", scratch.string(), unit.string()));
  std::ifstream dependencies(scratch);
  std::set<std::string> lines;
  const std::regex standard("#include <[a-z_]+>");
  for (std::string file; dependencies >> file;) {
    std::ifstream header(file);
    for (std::string line; std::getline(header, line);)
      if (std::regex_match(line, standard)) lines.insert(line);
  }
  std::ostringstream text;
  for (const std::string& line : lines) text << line << "\n";
  return text.str();
}

}  // namespace

int main(int argc, char** argv) {
  xg_bench::Suite suite("compile_time", argc, argv, {.repetitions = 3, .seconds = 0.1});
  const Folder folder;
  const auto write = [&](const char* name, const std::string& text) {
    std::ofstream(folder.path / name) << text << "int main() {}\n";
    return folder.path / name;
  };
  const fs::path umbrella = write("umbrella.cpp", "#include <xgrad/xgrad.hpp>\n");
  const fs::path standard = write("standard.cpp", standard_headers(umbrella, folder.path / "dependencies"));
  const auto add = [&](const char* contender, const fs::path& unit) {
    suite.add("compiling the umbrella header", contender, [&folder, unit] {
      return
          [&folder, unit] { compile(fmt::format("-c \"{}\" -o \"{}\"", unit.string(), (folder.path / "o").string())); };
    });
  };
  add("its standard headers", standard);
  add("xgrad", umbrella);
  return suite.run();
}
