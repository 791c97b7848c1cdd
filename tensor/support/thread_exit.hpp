// What a thread leaves behind when it ends.
#pragma once

#include <xgrad/tensor/error.hpp>

#include <pthread.h>

#include <new>

namespace xg::detail {

/// Has a function called at the end of each thread that asked for it; not of the main thread, with which the process
/// ends.
///
/// An object of a thread (thread_local) that has a destructor would do the same, but where no memory is left to
/// register it, glibc ends the process. This takes no memory while the process has few thread-specific keys, and throws
/// otherwise.
class ThreadExit {
 public:
  explicit ThreadExit(void (*function)(void*)) {
    if (::pthread_key_create(&key_, function) != 0)
      throw Error("[thread] the process uses up all thread-specific keys (pthread_key_create), and xgrad needs three.");
  }
  ThreadExit(const ThreadExit&) = delete;
  ThreadExit& operator=(const ThreadExit&) = delete;

  /// The function will be called with `argument`, which is not null. Throws std::bad_alloc.
  void arm(void* argument) const {
    if (::pthread_setspecific(key_, argument) != 0) throw std::bad_alloc();
  }

 private:
  pthread_key_t key_{};
};

}  // namespace xg::detail
