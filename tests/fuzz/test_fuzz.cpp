// The fuzzers' targets over their seeds and some thousand changes of them, the same ones each time: so that every
// compiler and every machine runs what libFuzzer runs for longer (scripts/fuzz.sh).
#include "fuzz/targets.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

namespace {

std::vector<std::string> seeds(const std::string& target) {
  const std::filesystem::path folder = std::filesystem::path(XGRAD_SOURCE_DIR) / "tests/data/fuzz" / target;
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> all;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    all.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return all;
}

std::string changed(std::string bytes, const std::string& other, std::mt19937& random) {
  const auto below = [&](std::size_t count) { return count == 0 ? 0 : random() % count; };
  for (std::size_t changes = 1 + below(4); changes > 0; --changes) {
    const std::size_t at = below(bytes.size() + 1), length = below(std::min<std::size_t>(bytes.size() - at, 16) + 1);
    switch (below(6)) {
      case 0:
        if (at < bytes.size()) bytes[at] = static_cast<char>(random());
        break;
      case 1:
        bytes.erase(at, length);
        break;
      case 2:
        bytes.insert(at, bytes.substr(below(bytes.size() + 1), 16));
        break;
      case 3:
        bytes.replace(at, length, other.substr(below(other.size() + 1), 16));
        break;
      case 4:
        bytes.insert(at, 1 + below(8), static_cast<char>(random()));
        break;
      default:
        bytes.resize(at);
    }
  }
  return bytes;
}

std::string printable(const std::string& bytes) {
  std::string out;
  for (const char c : bytes.substr(0, 2000)) {
    char text[5];
    std::snprintf(text, sizeof text, c >= ' ' && c <= '~' ? "%c" : "\\x%02x", static_cast<unsigned char>(c));
    out += text;
  }
  return out;
}

}  // namespace

// Breaks if a reader crashes, hangs, throws something else than an xg::Error or a long one, or what it accepted is
// not the same after it was saved.
TEST_CASE("readers keep their promises for seeds and their changes") {
  for (const xg_fuzz::Target& target : xg_fuzz::targets()) {
    const std::vector<std::string> files = seeds(target.name);
    REQUIRE(files.size() >= 2);
    const auto run = [&](const std::string& bytes) {
      try {
        target.run(bytes);
      } catch (const std::exception& error) {
        FAIL_CHECK(target.name << ": " << error.what() << "\nby the bytes " << printable(bytes));
      }
    };
    run("");
    for (const std::string& file : files) run(file);
    std::mt19937 random(1);
    for (int i = 0; i < 1500; ++i) run(changed(files[random() % files.size()], files[random() % files.size()], random));
  }
  SUCCEED();
}

// Breaks if the fields of a valid file are no longer changed, so that nothing but refusals is tested: bytes of zeros
// change nothing.
TEST_CASE("targets accept what is valid") {
  for (const xg_fuzz::Target& target : xg_fuzz::targets()) CHECK_NOTHROW(target.run(std::string(64, '\0')));
}
