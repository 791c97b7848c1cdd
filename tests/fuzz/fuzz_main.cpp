// libFuzzer's entry; the name of the target is that of the program, fuzz-NAME. What a target throws ends the program,
// which libFuzzer reports together with the bytes.
#include "fuzz/targets.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {
const xg_fuzz::Target* chosen = nullptr;
}

extern "C" int LLVMFuzzerInitialize(int*, char*** arguments) {
  std::string_view program = **arguments;
  program.remove_prefix(program.rfind('/') + 1);
  for (const xg_fuzz::Target& target : xg_fuzz::targets())
    if (program == std::string("fuzz-") + target.name) chosen = &target;
  if (chosen != nullptr) return 0;
  std::fprintf(stderr, "there is no target for this program's name; it must be one of:\n");
  for (const xg_fuzz::Target& target : xg_fuzz::targets()) std::fprintf(stderr, "  fuzz-%s\n", target.name);
  std::exit(2);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  chosen->run({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
