#include <xgrad/tensor/support/process_mutex.hpp>
#include <xgrad/tensor/support/raise.hpp>
#include <xgrad/tensor/threads.hpp>

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace xg {
namespace {

using detail::ProcessMutex;

constexpr std::int64_t max_threads = 1024;

std::int64_t usable_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  const int count = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
  return std::clamp<std::int64_t>(count, 1, max_threads);
}

std::int64_t initial_threads() {
  const char* text = std::getenv("XGRAD_NUM_THREADS");
  if (text == nullptr || *text == '\0') return usable_processors();
  const char* end = text + std::strlen(text);
  std::int64_t count = 0;
  const auto [stop, error] = std::from_chars(text, end, count);
  if (error != std::errc() || stop != end || count < 1 || count > max_threads)
    raise<ValueError>(
        "[num_threads] the environment variable XGRAD_NUM_THREADS is \"{}\", it must be a whole number from 1 to {}: "
        "correct or unset it.",
        text, max_threads);
  return count;
}

thread_local constinit bool in_tile = false;

/// One parallel loop; threads claim its tiles dynamically.
struct Work {
  Work(void (*tile)(void*, std::int64_t), void* data, std::int64_t count) : tile(tile), data(data), count(count) {}

  void (*tile)(void*, std::int64_t);
  void* data;
  std::int64_t count;
  std::atomic<std::int64_t> next{0};
  std::atomic<bool> failed{false};
  std::exception_ptr exception;  // written by the thread that sets `failed`

  void help() {
    in_tile = true;
    for (std::int64_t i = next.fetch_add(1, std::memory_order_relaxed); i < count;
         i = next.fetch_add(1, std::memory_order_relaxed)) {
      try {
        tile(data, i);
      } catch (...) {
        if (!failed.exchange(true)) exception = std::current_exception();
        next.store(count, std::memory_order_relaxed);
      }
    }
    in_tile = false;
  }
};

/// Threads that wait for work. They help one caller at a time; a second one runs its loop alone.
class Pool {
 public:
  /// Starts as many of the workers as the system allows.
  explicit Pool(std::int64_t workers) {
    try {
      threads_.reserve(static_cast<std::size_t>(workers));
      for (std::int64_t i = 0; i < workers; ++i) threads_.emplace_back([this] { wait_for_work(); });
    } catch (const std::system_error&) {  // limits of processes or of memory
    } catch (const std::bad_alloc&) {
    }
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  std::int64_t workers() const { return static_cast<std::int64_t>(threads_.size()); }

  std::shared_ptr<Pool> older;  // see leave_pool_to_parent

  /// Runs the loop with all workers. Returns false, without running it, where the pool is busy.
  bool run(Work& work) {
    const std::unique_lock busy(busy_, std::try_to_lock);
    if (!busy.owns_lock()) return false;
    {
      const std::lock_guard lock(mutex_);
      work_ = &work;
      wanted_ = std::min<std::int64_t>(workers(), work.count - 1);
      version_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    work.help();
    std::unique_lock lock(mutex_);
    wanted_ = 0;  // workers that have not woken yet are no longer needed
    done_.wait(lock, [&] { return helping_ == 0; });
    work_ = nullptr;
    return true;
  }

 private:
  void wait_for_work() {
    std::uint64_t seen = 0;
    while (true) {
      // Steps of a training loop follow each other within microseconds: a short spin saves the wake-up.
      for (int i = 0; i < 2000 && version_.load(std::memory_order_acquire) == seen; ++i) pause();
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return ending_ || version_.load(std::memory_order_relaxed) != seen; });
      if (ending_) return;
      seen = version_.load(std::memory_order_relaxed);
      if (wanted_ == 0) continue;
      --wanted_;
      ++helping_;
      Work* work = work_;
      lock.unlock();
      work->help();
      lock.lock();
      if (--helping_ == 0) done_.notify_one();
    }
  }

  static void pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }

  std::mutex busy_, mutex_;
  std::condition_variable wake_, done_;
  Work* work_ = nullptr;
  std::int64_t wanted_ = 0, helping_ = 0;
  std::atomic<std::uint64_t> version_{0};
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

struct Setting {
  ProcessMutex mutex;
  std::atomic<std::int64_t> count{0};  // 0: not yet read
  std::shared_ptr<Pool> pool;          // count - 1 threads, started when first needed
  std::shared_ptr<Pool> of_parents;    // pools of the processes that this one was forked from, as a list
};

void leave_pool_to_parent() noexcept;

// Never destroyed: its threads may still be needed by objects of static lifetime.
Setting& setting() {
  static Setting* instance = [] {
    auto* fresh = new Setting;
    if (pthread_atfork(nullptr, nullptr, &leave_pool_to_parent) != 0) throw std::bad_alloc();
    return fresh;
  }();
  return *instance;
}

/// Runs in a forked child, which has none of the pool's threads: the next large op starts a new pool. The old one is
/// kept, because its threads cannot be joined.
void leave_pool_to_parent() noexcept {
  Setting& s = setting();
  if (s.pool == nullptr) return;
  s.pool->older = std::exchange(s.of_parents, nullptr);  // linked without allocating, since memory may be exhausted
  s.of_parents = std::exchange(s.pool, nullptr);
}

/// A share of the pool, so that set_num_threads() may replace it while an op uses it. Null where the system cannot
/// start a second thread.
std::shared_ptr<Pool> pool_of(Setting& s) {
  const std::lock_guard lock(s.mutex);
  const std::int64_t count = s.count.load(std::memory_order_relaxed);
  if (s.pool == nullptr && count > 1) {
    auto pool = std::make_shared<Pool>(count - 1);
    s.count.store(pool->workers() + 1, std::memory_order_relaxed);
    if (pool->workers() > 0) s.pool = std::move(pool);
  }
  return s.pool;
}

}  // namespace

std::int64_t num_threads() {
  Setting& s = setting();
  std::int64_t count = s.count.load(std::memory_order_relaxed);
  if (count != 0) return count;
  const std::lock_guard lock(s.mutex);
  if (s.count.load(std::memory_order_relaxed) == 0) s.count.store(initial_threads(), std::memory_order_relaxed);
  return s.count.load(std::memory_order_relaxed);
}

void set_num_threads(std::int64_t count) {
  if (count < 1 || count > max_threads)
    raise<ValueError>("[set_num_threads] count is {}, it must be from 1 to {}.", count, max_threads);
  if (in_tile) throw Error("[set_num_threads] called from within an op: call it between ops.");
  Setting& s = setting();
  std::shared_ptr<Pool> previous;  // destroyed after the lock is released, because it waits for its threads
  const std::lock_guard lock(s.mutex);
  if (s.count.load(std::memory_order_relaxed) == count) return;
  previous = std::exchange(s.pool, nullptr);
  s.count.store(count, std::memory_order_relaxed);
}

void detail::run_tiles(std::int64_t count, void (*tile)(void*, std::int64_t), void* data) {
  if (count > 1 && !in_tile) {
    if (num_threads() > 1) {
      Work work(tile, data, count);
      if (const std::shared_ptr<Pool> pool = pool_of(setting()); pool != nullptr && pool->run(work)) {
        if (work.failed) std::rethrow_exception(work.exception);
        return;
      }
    }
  }
  for (std::int64_t i = 0; i < count; ++i) tile(data, i);
}

}  // namespace xg
