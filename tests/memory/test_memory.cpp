// Memory that ends: allocations are made to fail, one in each run of a scenario, in a child process. However it ends,
// the scenario succeeds or throws std::bad_alloc or an xg::Error; the process goes on, the same call then succeeds, and
// nothing leaks.
//
// Some allocations of each scenario fail here, at even distances. XGRAD_MEMORY_POINTS says how many, 0 means all of
// them (scripts/memory_failures.sh), and XGRAD_MEMORY_SCENARIO names the scenarios to run by a part of their names.
#include "memory/failing_malloc.hpp"
#include "memory/scenarios.hpp"
#include "support/catch.hpp"

#include <xgrad/nn/dense.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/memory.hpp>
#include <xgrad/tensor/random.hpp>
#include <xgrad/tensor/threads.hpp>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <new>
#include <set>
#include <string>

using xg_test::Failing;
using xg_test::Scenario;

namespace {

enum Verdict : int { right = 0, foreign_exception, next_call_fails, leak, broken };

/// Where a child writes what happened: it has no memory to build a message.
void say(const char* what) noexcept {
  static_cast<void>(!write(STDERR_FILENO, what, std::strlen(what)));
  static_cast<void>(!write(STDERR_FILENO, "\n", 1));
}

/// Runs the action with a failing allocation.
Verdict inject(const std::function<void()>& action, std::int64_t n, Failing failing) {
  xg::manual_seed(1);
  xg_test::fail_allocation(n, failing);
  try {
    action();
    xg_test::stop_failing();
  } catch (const std::bad_alloc&) {
    xg_test::stop_failing();
  } catch (const xg::Error&) {
    xg_test::stop_failing();
  } catch (const std::logic_error& error) {
    xg_test::stop_failing();
    say(error.what());
    return broken;
  } catch (const std::exception& error) {
    xg_test::stop_failing();
    say(error.what());
    return foreign_exception;
  }
  return right;
}

Verdict in_child(const Scenario& scenario, const std::function<void()>& action, std::int64_t n, Failing failing,
                 bool cache) {
  if (!cache) {
    xg::memory::trim();
    xg::memory::set_cache_limit(0);  // every block comes from malloc
  }
  const auto held = [] {
    xg::memory::trim();
    return xg_test::live_blocks();
  };
  std::int64_t before = 0;
  bool others_failed = false;
  // The first injection may leave behind what is made once in a process; what each further one leaves is a leak.
  for (int round = 0; round < 4; ++round) {
    if (const Verdict verdict = inject(action, n, failing); verdict != right) return verdict;
    others_failed |= scenario.leaks_in != nullptr && xg_test::failed_in(scenario.leaks_in);
    try {
      xg::manual_seed(1);
      action();
    } catch (const std::exception& error) {
      say(error.what());
      return next_call_fails;
    }
    const std::int64_t now = held();
    if (round == 0)
      before = now;
    else if (now <= before)
      return right;
    else if (round == 3) {
      if (scenario.others_may_abort || others_failed) return right;  // these are not xgrad's leaks
      std::fprintf(stderr, "%ld blocks before, %ld after three failures\n", static_cast<long>(before),
                   static_cast<long>(now));
      return now - before >= 3 ? leak : right;
    }
  }
  return right;
}

/// The signals by which a library ends a process where memory ends. SIGBUS was seen in libc, below librsvg, with a
/// stack pointer that is no address.
constexpr int fatal_signals[] = {SIGABRT, SIGBUS, SIGSEGV, SIGTRAP};

/// What became of a child, in words; empty where all is right.
std::string outcome_of(const Scenario& scenario, const std::function<void()>& action, std::int64_t n, Failing failing,
                       bool cache) {
  std::fflush(nullptr);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    for (const int signal : fatal_signals) std::signal(signal, SIG_DFL);  // Catch2 would report the end of a child
    alarm(60);
    _exit(in_child(scenario, action, n, failing, cache));
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
  }
  if (WIFSIGNALED(status)) {
    const bool ended_by_others =
        scenario.others_may_abort &&
        std::find(std::begin(fatal_signals), std::end(fatal_signals), WTERMSIG(status)) != std::end(fatal_signals);
    return ended_by_others ? "" : std::string("killed by signal ") + strsignal(WTERMSIG(status));
  }
  switch (WEXITSTATUS(status)) {
    case right:
      return {};
    case foreign_exception:
      return "another exception than std::bad_alloc and xg::Error";
    case next_call_fails:
      return "the call after the failure does not succeed";
    case leak:
      return "memory leaks";
    case broken:
      return "something is left half done";
    default:
      return "exit status " + std::to_string(WEXITSTATUS(status));
  }
}

long number_from(const char* variable, long by_default) {
  const char* text = std::getenv(variable);
  return text != nullptr ? std::atol(text) : by_default;
}

}  // namespace

TEST_CASE("a chosen allocation fails") {
  xg_test::fail_allocation(1, Failing::once);
  void *first = std::malloc(8), *second = std::malloc(8), *third = std::malloc(8);
  xg_test::stop_failing();
  CHECK(first != nullptr);
  CHECK(second == nullptr);
  CHECK(third != nullptr);
  std::free(first);
  std::free(third);
  xg_test::fail_allocation(0, Failing::for_good);
  bool thrown = false;
  try {
    ::operator delete(::operator new(8));
  } catch (const std::bad_alloc&) {
    thrown = true;
  }
  xg_test::stop_failing();
  CHECK(thrown);
}

// Breaks if what the demangler lacks memory for is taken for a class that it does not know.
TEST_CASE("a class has its own name, or there is no memory for it") {
  const xg::nn::Dense layer(2);
  REQUIRE(layer.type_name() == "Dense");
  for (std::int64_t n = 0; n < 20; ++n)
    for (const Failing failing : {Failing::once, Failing::for_good}) {
      char name[16] = "";
      xg_test::fail_allocation(n, failing);
      try {
        std::snprintf(name, sizeof name, "%s", layer.type_name().c_str());
      } catch (const std::bad_alloc&) {
      }
      xg_test::stop_failing();
      CHECK((name[0] == '\0' || std::string(name) == "Dense"));
    }
}

TEST_CASE("failing allocations are errors, whatever the program does") {
  const long points = number_from("XGRAD_MEMORY_POINTS", 10);
  const char* wanted = std::getenv("XGRAD_MEMORY_SCENARIO");
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("xgrad-memory-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  xg::set_num_threads(1);  // so that the n-th allocation is the same in every run
  for (const Scenario& scenario : xg_test::scenarios()) {
    if (wanted != nullptr && scenario.name.find(wanted) == std::string::npos) continue;
    xg::manual_seed(0);
    const std::function<void()> action = scenario.prepare(folder.string());
    for (const bool cache : {false, true}) {
      xg::memory::trim();
      xg::memory::set_cache_limit(cache ? std::int64_t{1} << 30 : 0);
      for (int warm = 0; warm < 2; ++warm) {
        xg::manual_seed(1);
        action();
      }
      const std::int64_t first = xg_test::allocations();
      xg::manual_seed(1);
      action();
      const std::int64_t count = xg_test::allocations() - first;
      const std::int64_t tried = points == 0 ? count : std::min<std::int64_t>(count, points);
      std::set<std::string> failures;  // each kind once
      for (std::int64_t i = 0; i < tried; ++i)
        for (const Failing failing : {Failing::once, Failing::for_good}) {
          const std::int64_t n = (2 * i + 1) * count / (2 * tried);
          const std::string what = outcome_of(scenario, action, n, failing, cache);
          if (what.empty()) continue;
          if (failures.insert(what).second)
            FAIL_CHECK(scenario.name << ": " << what << ", where allocation " << n << " of " << count
                                     << (failing == Failing::once ? " fails once" : " and all after it fail")
                                     << (cache ? "" : ", without the cache"));
        }
      CHECK(count >= 0);
    }
  }
  std::filesystem::remove_all(folder);
}
