// Runs registered benchmarks "contender/case" interleaved, keeps the minimum over repetitions, and prints a table of
// cases with the ratio of each contender to the first.
#pragma once

#include <string>
#include <vector>

namespace xg_bench {

/// Prints processor, BLAS kernel, threads and flags, runs everything that was registered, prints the table. Returns the
/// program's exit status.
int run_and_compare(int argc, char** argv, const std::vector<std::string>& contenders);

}  // namespace xg_bench
