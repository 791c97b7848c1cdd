// Takes malloc's place in this program, for all its libraries: counts blocks, and lets chosen calls fail.
#pragma once

#include <cstdint>

namespace xg_test {

enum class Failing {
  once,      ///< one call fails, memory is there again for the next
  for_good,  ///< that call and all after it fail
};

/// Lets the n-th allocation from now on fail (0: the next).
void fail_allocation(std::int64_t n, Failing failing);
/// No call fails any more.
void stop_failing();
/// Whether one of the calls that failed last came from a library whose file's name contains this.
bool failed_in(const char* library);
/// Allocations since the program began, and blocks that are held now.
std::int64_t allocations();
std::int64_t live_blocks();

}  // namespace xg_test
