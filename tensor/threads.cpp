#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/threads.hpp>

#include <fmt/format.h>
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
#include <thread>
#include <vector>

namespace xg {
namespace {

constexpr std::int64_t most_threads = 1024;

std::int64_t usable_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  const int count = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
  return std::clamp<std::int64_t>(count, 1, most_threads);
}

std::int64_t initial_threads() {
  const char* text = std::getenv("XGRAD_NUM_THREADS");
  if (text == nullptr || *text == '\0') return usable_processors();
  const char* end = text + std::strlen(text);
  std::int64_t count = 0;
  const auto [stop, error] = std::from_chars(text, end, count);
  if (error != std::errc() || stop != end || count < 1 || count > most_threads)
    throw ValueError(
        fmt::format("[num_threads] the environment variable XGRAD_NUM_THREADS is \"{}\", it must be a whole "
                    "number from 1 to {}: correct or unset it.",
                    text, most_threads));
  return count;
}

thread_local constinit bool in_tile = false;

/// One piece of work: its tiles are taken by whoever comes.
struct Work {
  Work(void (*tile)(void*, std::int64_t), void* data, std::int64_t count) : tile(tile), data(data), count(count) {}

  void (*tile)(void*, std::int64_t);
  void* data;
  std::int64_t count;
  std::atomic<std::int64_t> next{0};
  std::atomic<bool> failed{false};
  std::exception_ptr exception;  // written by the one who sets `failed`

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

/// Threads that wait for work. One piece at a time: a second caller does its own work alone.
class Pool {
 public:
  explicit Pool(std::int64_t workers) {
    for (std::int64_t i = 0; i < workers; ++i) threads_.emplace_back([this] { wait_for_work(); });
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

  /// False where the pool is busy.
  bool run(Work& work) {
    const std::unique_lock busy(busy_, std::try_to_lock);
    if (!busy.owns_lock()) return false;
    {
      const std::lock_guard lock(mutex_);
      work_ = &work;
      wanted_ = std::min<std::int64_t>(static_cast<std::int64_t>(threads_.size()), work.count - 1);
      version_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    work.help();
    std::unique_lock lock(mutex_);
    wanted_ = 0;  // who has not come yet need not come
    done_.wait(lock, [&] { return helping_ == 0; });
    work_ = nullptr;
    return true;
  }

 private:
  void wait_for_work() {
    std::uint64_t seen = 0;
    while (true) {
      // Steps of a training loop follow each other within microseconds: a short look saves the wake-up.
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
  std::mutex mutex;
  std::atomic<std::int64_t> count{0};  // 0: not yet read
  std::unique_ptr<Pool> pool;          // count - 1 threads, made when first needed
};
// Never destroyed: its threads may still be needed by objects of static lifetime.
Setting& setting() {
  static Setting* instance = new Setting;
  return *instance;
}

Pool& pool_of(Setting& s, std::int64_t count) {
  const std::lock_guard lock(s.mutex);
  if (s.pool == nullptr) s.pool = std::make_unique<Pool>(count - 1);
  return *s.pool;
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
  if (count < 1 || count > most_threads)
    throw ValueError(fmt::format("[set_num_threads] count is {}, it must be from 1 to {}.", count, most_threads));
  if (in_tile) throw Error("[set_num_threads] called from within an op: call it between ops.");
  Setting& s = setting();
  const std::lock_guard lock(s.mutex);
  if (s.count.load(std::memory_order_relaxed) == count) return;
  s.pool.reset();
  s.count.store(count, std::memory_order_relaxed);
}

void detail::run_tiles(std::int64_t count, void (*tile)(void*, std::int64_t), void* data) {
  if (count > 1 && !in_tile) {
    const std::int64_t threads = num_threads();
    if (threads > 1) {
      Work work(tile, data, count);
      if (pool_of(setting(), threads).run(work)) {
        if (work.failed) std::rethrow_exception(work.exception);
        return;
      }
    }
  }
  for (std::int64_t i = 0; i < count; ++i) tile(data, i);
}

}  // namespace xg
