// Work in several threads at the same time.
#pragma once

#include <xgrad/tensor/threads.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <thread>
#include <vector>

namespace xg_test {

/// Calls f(0), ..., f(count - 1) at the same time, each in a thread of its own, and passes on the first exception.
inline void in_threads(int count, const std::function<void(int)>& f) {
  std::atomic<int> waiting{count};
  std::vector<std::exception_ptr> errors(static_cast<std::size_t>(count));
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i)
    threads.emplace_back([&, i] {
      --waiting;
      while (waiting > 0) std::this_thread::yield();
      try {
        f(i);
      } catch (...) {
        errors[static_cast<std::size_t>(i)] = std::current_exception();
      }
    });
  for (std::thread& t : threads) t.join();
  for (const std::exception_ptr& e : errors)
    if (e) std::rethrow_exception(e);
}

/// Sets the number of threads of large ops for as long as it lives.
struct Threads {
  std::int64_t before = xg::num_threads();
  explicit Threads(std::int64_t count) { xg::set_num_threads(count); }
  ~Threads() { xg::set_num_threads(before); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
};

}  // namespace xg_test
