// Locks that survive fork().
#pragma once

#include <xgrad/tensor/export.hpp>

#include <mutex>

namespace xg::detail {

/// A process-wide mutex. fork() waits until all are free, so that a child finds them unlocked and the data they guard
/// consistent. Instances have static lifetime and are never destroyed; a thread holds at most one at a time.
class XG_API ProcessMutex {
 public:
  ProcessMutex();
  ProcessMutex(const ProcessMutex&) = delete;
  ProcessMutex& operator=(const ProcessMutex&) = delete;
  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }

 private:
  static void lock_all() noexcept;
  static void unlock_all() noexcept;

  std::mutex mutex_;
  ProcessMutex* next_ = nullptr;
};

}  // namespace xg::detail
