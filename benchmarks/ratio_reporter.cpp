#include "ratio_reporter.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <fstream>
#include <map>
#include <regex>

namespace xg_bench {
namespace {

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  return "unknown processor";
}

// Not every contender has OpenBLAS in its process, and one with a BLAS of its own must not get ours: so it is looked
// up.
std::string blas_kernel() {
  if (auto set_threads = reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads")))
    set_threads(1);
  const auto name = reinterpret_cast<char* (*)()>(dlsym(RTLD_DEFAULT, "openblas_get_corename"));
  return name != nullptr ? name() : "";
}

class Collector : public benchmark::BenchmarkReporter {
 public:
  std::map<std::string, std::vector<double>> seconds;

  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs)
      if (run.run_type == Run::RT_Iteration)
        seconds[run.run_name.function_name].push_back(run.real_accumulated_time / static_cast<double>(run.iterations));
  }
};

void print(const Results& results) {
  std::size_t widest = 4, ours = 4, theirs = 7;
  for (const Record& record : results.records) {
    widest = std::max(widest, record.name.size());
    std::size_t& width = record.contender.rfind("xgrad", 0) == 0 ? ours : theirs;
    width = std::max(width, record.contender.size());
  }
  fmt::print("{:<{}}  {:<{}} {:>9}   {:<{}} {:>9} {:>8} {:>7}\n", "case", widest, "", ours, "minimum", "against",
             theirs, "minimum", "ratio", "spread");
  for (const Comparison& row : compare(results)) {
    fmt::print("{:<{}}  {:<{}} {:>9}   ", row.ours->name, widest, row.ours->contender, ours, format_value(*row.ours));
    if (row.theirs != nullptr)
      fmt::print("{:<{}} {:>9} {:>8.3f}", row.theirs->contender, theirs, format_value(*row.theirs), row.ratio());
    else
      fmt::print("{:<{}} {:>9} {:>8}", "", theirs, "", "");
    fmt::print(" {:>5.0f} %\n", row.spread() * 100);
  }
}

}  // namespace

Suite::Suite(std::string name, int argc, char** argv, SuiteOptions options)
    : suite_(std::move(name)), options_(options) {
  std::vector<char*> theirs{argv[0]};
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    if (flag == "--quick")
      quick_ = true;
    else if (flag == "--json" && i + 1 < argc)
      json_ = argv[++i];
    else if (flag == "--filter" && i + 1 < argc)
      filter_ = argv[++i];
    else
      theirs.push_back(argv[i]);
  }
  if (quick_) options_ = {3, options_.seconds / 5};
  std::string interleave = "--benchmark_enable_random_interleaving=true";
  theirs.insert(theirs.begin() + 1, interleave.data());
  int count = static_cast<int>(theirs.size());
  benchmark::Initialize(&count, theirs.data());
  bad_arguments_ = benchmark::ReportUnrecognizedArguments(count, theirs.data());
  const std::string kernel = blas_kernel();
  if (!kernel.empty())
    results_.headers.push_back(
        fmt::format("{}; OpenBLAS kernel {}; one thread; {}, {}", processor(), kernel, XGRAD_COMPILER, XGRAD_FLAGS));
}

void Suite::add_benchmark(const std::string& name, const std::string& contender, double units,
                          std::function<void(benchmark::State&)> function) {
  contenders_.push_back({name, contender, units, std::move(function)});
}

void Suite::add_bytes(const std::string& name, const std::string& contender, double bytes) {
  results_.add({suite_, name, contender, bytes, 0, true});
}

void Suite::add_version(const std::string& contender, const std::string& version) {
  results_.versions[contender] = version;
}

int Suite::run() {
  if (bad_arguments_) return 1;
  try {
    for (const std::string& header : results_.headers) fmt::print("{}\n", header);
    const std::regex filter(filter_);
    std::vector<std::string> names;
    for (const Contender& contender : contenders_)
      if (std::find(names.begin(), names.end(), contender.name) == names.end() &&
          std::regex_search(contender.name, filter))
        names.push_back(contender.name);
    for (const std::string& name : names) {
      // One case at a time, so that its contenders run within the same seconds.
      benchmark::ClearRegisteredBenchmarks();
      for (const Contender& contender : contenders_)
        if (contender.name == name)
          benchmark::RegisterBenchmark(contender.contender.c_str(), contender.function)
              ->UseRealTime()
              ->MinTime(options_.seconds)
              ->Repetitions(options_.repetitions);
      Collector collector;
      benchmark::RunSpecifiedBenchmarks(&collector);
      for (const Contender& contender : contenders_) {
        std::vector<double>& seconds = collector.seconds[contender.contender];
        if (contender.name != name || seconds.empty()) continue;
        std::sort(seconds.begin(), seconds.end());
        results_.add({suite_, name, contender.contender, seconds.front() / contender.units,
                      seconds[seconds.size() / 2] / seconds.front() - 1});
      }
    }
    print(results_);
    if (!json_.empty()) append(json_, results_);
  } catch (const std::exception& error) {
    fmt::print(stderr, "xgrad-bench-{}: {}\n", suite_, error.what());
    return 1;
  }
  return 0;
}

}  // namespace xg_bench
