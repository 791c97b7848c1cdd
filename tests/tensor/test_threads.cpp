#include "support/catch.hpp"
#include "support/threads.hpp"

#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/optim/adam.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/random.hpp>
#include <xgrad/tensor/support/sanitizers.hpp>
#include <xgrad/tensor/threads.hpp>

#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace xg;
using xg_test::Threads;

namespace {

bool same_bits(const Tensor& a, const Tensor& b) {
  const Tensor x = a.contiguous(), y = b.contiguous();
  return x.shape() == y.shape() && x.dtype() == y.dtype() &&
         std::memcmp(x.data<float>(), y.data<float>(), static_cast<std::size_t>(x.numel()) * sizeof(float)) == 0;
}

}  // namespace

// Breaks if a tile's borders, or the order in which tiles are joined, depend on the number of threads.
TEST_CASE("large ops have the same bits for any number of threads", "[tensor][threads]") {
  manual_seed(3);
  const Tensor a = randn({700, 300}), b = randn({300, 500}), wide = randn({400, 1100}), flat = randn({300001});
  const Tensor tall = randn({20000, 24}), other = randn({20000, 10}), labels = randint(0, 24, {20000});
  const auto first_gradient = [](const Tensor& x, const std::function<Tensor(const Tensor&)>& loss) {
    const Tensor leaf = x.clone().requires_grad_();
    return grad(loss(leaf), leaf);
  };
  const std::vector<std::pair<std::string, std::function<Tensor()>>> ops = {
      {"matmul", [&] { return matmul(a, b); }},
      {"matmul of transposed operands", [&] { return matmul(b.transpose(0, 1), a.transpose(0, 1)); }},
      {"linear", [&] { return linear(a, b.transpose(0, 1), wide.slice(1, 0, 500).select(0, 0)); }},
      {"unary", [&] { return exp(flat); }},
      {"binary", [&] { return flat * flat; }},
      {"with a number", [&] { return flat + 1.5; }},
      {"sum of all", [&] { return sum(flat); }},
      {"sum over rows", [&] { return sum(wide, 0); }},
      {"sum over columns", [&] { return sum(wide, 1); }},
      {"maximum over rows", [&] { return amax(wide, 0); }},
      {"softmax", [&] { return softmax(wide, 1); }},
      {"matmul of long sums", [&] { return matmul(tall.t(), other); }},
      {"transposition", [&] { return wide.t().contiguous(); }},
      {"mse", [&] { return mse_loss(tall, tall * 0.5); }},
      {"mse of each", [&] { return mse_loss(tall, tall * 0.5, {.reduction = Reduction::none}); }},
      {"bce", [&] { return binary_cross_entropy(sigmoid(tall), sigmoid(tall * 2)); }},
      {"gradient of mse",
       [&] { return first_gradient(tall, [&](const Tensor& x) { return mse_loss(x, tall * 0.5); }); }},
      {"gradient of cross entropy",
       [&] { return first_gradient(tall, [&](const Tensor& x) { return cross_entropy(x, labels); }); }},
      {"batch norm and its gradient",
       [&] {
         return first_gradient(wide, [&](const Tensor& x) {
           return sum(square(batch_norm(x, zeros({1100}), ones({1100}), {}, {}, true)) * wide);
         });
       }},
      {"dropout",
       [&] {
         manual_seed(5);
         return dropout(flat, 0.3, true);
       }},
      {"a step of Adam",
       [&] {
         Tensor p = flat.clone().requires_grad_();
         optim::Adam adam({p}, {.lr = 0.1});
         sum(p * p).backward();
         adam.step();
         return p.detach();
       }},
  };
  for (const auto& [name, op] : ops) {
    Tensor alone;
    {
      const Threads one(1);
      alone = op();
    }
    for (const std::int64_t count : {2, 3, 5}) {
      const Threads several(count);
      INFO(name << " on " << count << " threads");
      for (int i = 0; i < 3; ++i) CHECK(same_bits(alone, op()));
    }
  }
}

// Breaks if a tile is lost or done twice, when a tile's own tiles wait for the pool that runs it, or when two callers
// meet in the pool.
TEST_CASE("every tile is done once, also from within tiles and from several callers", "[tensor][threads]") {
  const Threads several(3);
  const auto count_all = [] {
    constexpr std::int64_t outer = 40, inner = 7;
    std::vector<std::atomic<int>> done(outer * inner);
    detail::parallel_for(outer, [&](std::int64_t i) {
      detail::parallel_for(inner, [&](std::int64_t j) { ++done[static_cast<std::size_t>(i * inner + j)]; });
    });
    int once = 0;
    for (const std::atomic<int>& times : done) once += times == 1;
    return once == outer * inner;
  };
  for (int i = 0; i < 200; ++i) CHECK(count_all());
  std::atomic<int> right{0};
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t)
    callers.emplace_back([&] {
      for (int i = 0; i < 50; ++i) right += count_all();
    });
  for (std::thread& caller : callers) caller.join();
  CHECK(right == 200);
  detail::parallel_for(0, [](std::int64_t) { FAIL("there is no tile"); });
}

// Breaks if an exception of another thread is lost or ends the program, or the pool does not work afterwards.
TEST_CASE("an exception of a tile reaches the caller", "[tensor][threads]") {
  const Threads several(3);
  for (int i = 0; i < 50; ++i)
    CHECK_ERROR(detail::parallel_for(20,
                                     [](std::int64_t tile) {
                                       if (tile == 13) throw ValueError("[tile] thirteen");
                                     }),
                ValueError, "thirteen");
  std::atomic<int> done{0};
  detail::parallel_for(20, [&](std::int64_t) { ++done; });
  CHECK(done == 20);
}

TEST_CASE("a wrong number of threads is refused", "[tensor][threads][errors]") {
  CHECK_ERROR(set_num_threads(0), ValueError, "[set_num_threads] count is 0", "from 1 to");
  CHECK_ERROR(set_num_threads(-2), ValueError, "count is -2");
  CHECK_ERROR(set_num_threads(1 << 20), ValueError, "from 1 to 1024");
  const Threads several(2);
  CHECK_ERROR(detail::parallel_for(4, [](std::int64_t) { set_num_threads(3); }), Error, "between ops");
}

// Breaks if threads that cannot be started end the program or fail the op.
TEST_CASE("where the system starts no threads, ops run on fewer", "[tensor][threads]") {
  manual_seed(4);
  const Tensor a = randn({700, 300}), b = randn({300, 500});
  const Threads alone(1);
  const Tensor want = matmul(a, b);
  pthread_attr_t usual, huge;
  REQUIRE(pthread_getattr_default_np(&usual) == 0);
  REQUIRE(pthread_attr_init(&huge) == 0);
  REQUIRE(pthread_attr_setstacksize(&huge, std::size_t{1} << 46) == 0);  // no address space holds such a stack
  REQUIRE(pthread_setattr_default_np(&huge) == 0);
  set_num_threads(5);
  const Tensor refused = matmul(a, b);
  const std::int64_t got = num_threads();
  REQUIRE(pthread_setattr_default_np(&usual) == 0);
  CHECK(got == 1);
  CHECK(same_bits(want, refused));
  set_num_threads(5);
  CHECK(same_bits(want, matmul(a, b)));
  CHECK(num_threads() == 5);
}

#if !XGRAD_MEMORY_WATCHED  // they need more than is allowed here
// Hidden: run by the next test, because a limit of memory is for good.
TEST_CASE("some threads can be started", "[.few-threads]") {
  const Tensor a = full({700, 300}, 0.5), b = full({300, 500}, 2.0);
  {
    const Threads alone(1);
    static_cast<void>(matmul(a, b));
  }
  pthread_attr_t large;
  REQUIRE(pthread_attr_init(&large) == 0);
  REQUIRE(pthread_attr_setstacksize(&large, std::size_t{256} << 20) == 0);
  REQUIRE(pthread_setattr_default_np(&large) == 0);
  rlim_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  const rlimit limit{pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + (rlim_t{700} << 20), RLIM_INFINITY};
  REQUIRE(setrlimit(RLIMIT_AS, &limit) == 0);
  set_num_threads(64);
  CHECK(matmul(a, b).sum().item() == 700.0 * 500.0 * 300.0);
  CHECK(num_threads() == 3);
  set_num_threads(2);
  CHECK(matmul(a, b).sum().item() == 700.0 * 500.0 * 300.0);
}

// Breaks if the threads that did start are lost, or not ended before the next pool starts its own.
TEST_CASE("where the system starts some threads, ops run on these", "[tensor][threads]") {
  char self[4096] = {};
  REQUIRE(realpath("/proc/self/exe", self) != nullptr);
  CHECK(std::system(("'" + std::string(self) + "' '[.few-threads]' > /dev/null 2>&1").c_str()) == 0);
}
#endif

#if !XGRAD_THREAD_SANITIZER  // which starts no threads in the child of a process that has some
namespace {

/// Runs f in a forked child. False where it returns false, throws, crashes or hangs.
bool in_child(const std::function<bool()>& f) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    bool good = false;
    try {
      good = f();
    } catch (...) {
    }
    _exit(good ? 0 : 1);
  }
  int status = 0;
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

// Breaks if a child waits for threads that it does not have, or for a lock that another thread held in the parent.
TEST_CASE("a forked child works, with as many threads as it likes", "[tensor][threads]") {
  manual_seed(6);
  const Tensor a = randn({700, 300}), b = randn({300, 500});
  const Threads several(3);
  const Tensor want = matmul(a, b);
  const auto works = [&] {
    bool same = same_bits(want, matmul(a, b)) && num_threads() == 3;
    for (const std::int64_t count : {2, 1, 4}) {
      set_num_threads(count);
      same = same && same_bits(want, matmul(a, b)) && num_threads() == count;
    }
    return same;
  };
  CHECK(in_child(works));
  CHECK(in_child([&] { return works() && in_child([&] { return set_num_threads(3), works(); }); }));
  CHECK(same_bits(want, matmul(a, b)));

  // While other threads take every lock that there is: of shapes, of block caches, of seeds, of the pool.
  std::atomic<bool> stop{false};
  std::vector<std::thread> busy;
  for (std::int64_t t = 1; t <= 2; ++t)
    busy.emplace_back([&, t] {
      for (std::int64_t i = 0; !stop; ++i) {
        manual_seed(static_cast<std::uint64_t>(i));
        static_cast<void>(matmul(a, b));
        for (std::int64_t k = 0; k < 50; ++k) static_cast<void>(zeros({t, 1 + (i * 50 + k) % 3000}));
        std::thread([] { static_cast<void>(rand({3, 3})); }).join();
      }
    });
  int good = 0;
  for (int i = 0; i < 20; ++i)
    good += in_child([&] {
      const Tensor x = full({5}, 2.0, {.requires_grad = true});
      sum(x * x).backward();
      manual_seed(1);
      std::thread([] { static_cast<void>(rand({7, 11})); }).join();
      return x.grad().sum().item() == 20.0 && same_bits(want, matmul(a, b)) && (set_num_threads(2), true) &&
             same_bits(want, matmul(a, b));
    });
  stop = true;
  for (std::thread& thread : busy) thread.join();
  CHECK(good == 20);
}
#endif

// Breaks if the pool ends under an op that another thread runs on it.
TEST_CASE("the number of threads may change while others work", "[tensor][threads]") {
  const Threads several(3);
  std::atomic<bool> stop{false};
  std::atomic<int> right{0}, done{0};
  std::vector<std::thread> working;
  for (int t = 0; t < 3; ++t)
    working.emplace_back([&] {
      while (!stop) {
        std::atomic<int> tiles{0};
        detail::parallel_for(30, [&](std::int64_t) { ++tiles; });
        right += tiles == 30;
        ++done;
      }
    });
  for (int i = 0; i < 300 || done < 300; ++i) set_num_threads(1 + i % 4);
  stop = true;
  for (std::thread& thread : working) thread.join();
  CHECK(done > 0);
  CHECK(right == done);
}

// Hidden: run by the next test with a variable in its environment.
TEST_CASE("the environment is read", "[.environment]") {
  const std::string value = std::getenv("XGRAD_NUM_THREADS");
  if (value == "3")
    CHECK(num_threads() == 3);
  else
    CHECK_ERROR(num_threads(), ValueError, "XGRAD_NUM_THREADS is \"" + value + "\"", "whole number", "unset");
}

// Breaks if a malformed setting is taken for a number or passes silently.
TEST_CASE("the number of threads comes from the environment", "[tensor][threads][errors]") {
  char self[4096] = {};
  REQUIRE(realpath("/proc/self/exe", self) != nullptr);
  for (const std::string value : {"3", "0", "-1", "two", "2x", "1e3", "99999999999999999999", " 2"}) {
    const std::string command =
        "XGRAD_NUM_THREADS='" + value + "' '" + std::string(self) + "' '[.environment]' > /dev/null 2>&1";
    INFO(command);
    CHECK(std::system(command.c_str()) == 0);
  }
}
