// Cleanup at thread exit.
#pragma once

#include <xgrad/tensor/error.hpp>

#include <pthread.h>

#include <new>

namespace xg::detail {

/// Calls a function at the end of each thread that armed it, except the main thread, whose end is that of the process.
///
/// A thread_local object with a destructor would do the same, but glibc terminates the process if there is no memory to
/// register it. This needs no memory while the process has few thread-specific keys, and throws otherwise.
class ThreadExit {
 public:
  explicit ThreadExit(void (*function)(void*)) {
    if (::pthread_key_create(&key_, function) != 0)
      throw Error("[thread] the process uses up all thread-specific keys (pthread_key_create), and xgrad needs three.");
  }
  ThreadExit(const ThreadExit&) = delete;
  ThreadExit& operator=(const ThreadExit&) = delete;

  /// Registers the call with `argument`, which must not be null. Throws std::bad_alloc.
  void arm(void* argument) const {
    if (::pthread_setspecific(key_, argument) != 0) throw std::bad_alloc();
  }

 private:
  pthread_key_t key_{};
};

}  // namespace xg::detail
