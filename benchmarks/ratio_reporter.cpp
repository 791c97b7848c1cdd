#include "ratio_reporter.hpp"

#include <benchmark/benchmark.h>
#include <cblas.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <map>

namespace xg_bench {
namespace {

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  return "unknown processor";
}

struct Spread {
  double least = std::numeric_limits<double>::infinity(), most = 0;
};

class Collector : public benchmark::BenchmarkReporter {
 public:
  std::map<std::string, Spread> nanoseconds;
  std::vector<std::string> order;

  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration) continue;
      const std::string name = run.run_name.function_name;
      if (nanoseconds.find(name) == nanoseconds.end()) order.push_back(name);
      const double time = run.GetAdjustedRealTime();
      Spread& spread = nanoseconds[name];
      spread.least = std::min(spread.least, time);
      spread.most = std::max(spread.most, time);
    }
  }
};

}  // namespace

int run_and_compare(int argc, char** argv, const std::vector<std::string>& contenders) {
  openblas_set_num_threads(1);
  std::vector<char*> arguments(argv, argv + argc);
  std::string interleave = "--benchmark_enable_random_interleaving=true", repeat = "--benchmark_repetitions=7",
              least = "--benchmark_min_time=0.05";
  for (std::string* flag : {&interleave, &repeat, &least}) arguments.insert(arguments.begin() + 1, flag->data());
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 1;
  fmt::print("{}; OpenBLAS kernel {}, one thread; flags {}\n", processor(), openblas_get_corename(), XGRAD_FLAGS);
  Collector collector;
  benchmark::RunSpecifiedBenchmarks(&collector);

  std::vector<std::string> cases;
  for (const std::string& name : collector.order) {
    const std::string part = name.substr(name.find('/') + 1);
    if (std::find(cases.begin(), cases.end(), part) == cases.end()) cases.push_back(part);
  }
  std::sort(cases.begin(), cases.end());
  fmt::print("{:<36}", "microseconds, minimum of 7");
  for (const std::string& contender : contenders) fmt::print("{:>14}", contender);
  for (std::size_t i = 1; i < contenders.size(); ++i) fmt::print("{:>20}", contenders[i] + " / " + contenders[0]);
  fmt::print("{:>10}\n", "spread");
  for (const std::string& name : cases) {
    fmt::print("{:<36}", name);
    double widest = 0;
    for (const std::string& contender : contenders) {
      const Spread& spread = collector.nanoseconds[contender + "/" + name];
      fmt::print("{:>14.3f}", spread.least / 1000);
      widest = std::max(widest, spread.most / spread.least - 1);
    }
    for (std::size_t i = 1; i < contenders.size(); ++i)
      fmt::print("{:>20.3f}", collector.nanoseconds[contenders[i] + "/" + name].least /
                                  collector.nanoseconds[contenders[0] + "/" + name].least);
    fmt::print("{:>9.0f}%\n", widest * 100);
  }
  return 0;
}

}  // namespace xg_bench
