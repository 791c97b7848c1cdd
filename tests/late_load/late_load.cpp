// Loads the library by dlopen, as a plugin or an interpreter does: prints why, where that fails.
#include <dlfcn.h>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  if (dlopen(argv[1], RTLD_NOW) != nullptr) return 0;
  std::fprintf(stderr, "%s\n", dlerror());
  return 1;
}
