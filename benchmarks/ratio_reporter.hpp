// Runs the contenders of each case interleaved on Google Benchmark, keeps the minimum over repetitions, and prints a
// table with the ratio of xgrad to each of the others.
#pragma once

#include "records.hpp"

#include <benchmark/benchmark.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace xg_bench {

struct SuiteOptions {
  int repetitions = 7;
  double seconds = 0.05;  ///< at least, for each repetition
};

/// One benchmark program:
///
///     int main(int argc, char** argv) {
///       xg_bench::Suite suite("step", argc, argv);
///       suite.add("case", "by hand", [] { return [] { work(); }; });
///       suite.add("case", "xgrad", [] { return [] { same_work(); }; });
///       return suite.run();
///     }
///
/// The command line knows `--json FILE` (appends what was measured), `--quick` (few, short repetitions),
/// `--filter REGEX` (of the names of cases) and Google Benchmark's flags.
class Suite {
 public:
  Suite(std::string name, int argc, char** argv, SuiteOptions options = {});

  /// `make()` prepares, untimed, and returns the function to be timed, which does `units` pieces of work (the time of
  /// one of them is reported). Contenders of xgrad have names that begin with "xgrad".
  template <class Make> void add(const std::string& name, const std::string& contender, Make make, double units = 1) {
    add_benchmark(name, contender, units, [make](benchmark::State& state) {
      auto work = make();
      work();
      for (auto _ : state) work();
    });
  }
  /// A number that needs no repetition.
  void add_bytes(const std::string& name, const std::string& contender, double bytes);
  void add_version(const std::string& contender, const std::string& version);
  bool quick() const { return quick_; }

  /// Prints processor, BLAS kernel, threads and flags, runs everything, prints the table. Returns the exit status.
  int run();

 private:
  struct Contender {
    std::string name, contender;
    double units;
    std::function<void(benchmark::State&)> function;
  };
  void add_benchmark(const std::string& name, const std::string& contender, double units,
                     std::function<void(benchmark::State&)> function);

  std::string suite_;
  SuiteOptions options_;
  std::filesystem::path json_;
  std::string filter_;
  bool quick_ = false;
  bool bad_arguments_ = false;
  std::vector<Contender> contenders_;
  Results results_;
};

}  // namespace xg_bench
