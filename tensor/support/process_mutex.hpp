// Locks that survive fork().
#pragma once

#include <xgrad/tensor/export.hpp>

#include <mutex>

namespace xg::detail {

/// A mutex that the whole process shares. fork() waits until nobody holds one, so that a child finds them all free,
/// with what they guard in order. Of static lifetime and never destroyed; nobody takes a second one while holding one.
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
