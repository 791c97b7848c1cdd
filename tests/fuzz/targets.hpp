// What the fuzzers run: each reader of files against arbitrary bytes. The same functions serve
// libFuzzer (fuzz_main.cpp) and the test suite (test_fuzz.cpp).
#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string_view>

namespace xg_fuzz {

/// What a target throws where a reader broke a promise. Whatever else leaves a target is a finding as well.
struct Finding : std::logic_error {
  using std::logic_error::logic_error;
};

struct Target {
  const char* name;
  /// Reads `bytes`. A reader may refuse them with an xg::Error whose message is short; what it accepts must be usable
  /// and come back from a file as it was.
  void (*run)(std::string_view bytes);
};

/// The plain targets take the bytes as a file. Those called NAME_fields make a valid file out of them, change some of
/// its numbers, words or brackets, and so get behind the first checks.
std::span<const Target> targets();

}  // namespace xg_fuzz
