// Reference counts that are cheap for objects with one owner.
#pragma once

#include <atomic>
#include <cstdint>

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif

namespace xg::detail {

/// Whether the process has only one thread. Counting then needs no atomic instructions, which would dominate the cost
/// of copying a handle.
inline bool single_threaded() noexcept {
#if __has_include(<sys/single_threaded.h>)
  return __libc_single_threaded != 0;
#else
  return false;
#endif
}

/// A reference count whose last release needs no read-modify-write: the holder of the only reference has no
/// competitors.
class RefCount {
 public:
  [[gnu::always_inline]] void acquire() noexcept {
    if (single_threaded())
      ++count_;
    else
      shared().fetch_add(1, std::memory_order_relaxed);
  }
  [[gnu::always_inline]] bool release_is_last() noexcept {
    if (shared().load(std::memory_order_acquire) == 1) return true;
    if (!single_threaded()) return shared().fetch_sub(1, std::memory_order_acq_rel) == 1;
    --count_;
    return false;
  }
  bool unique() const noexcept { return shared().load(std::memory_order_acquire) == 1; }
  std::int32_t value() const noexcept { return shared().load(std::memory_order_relaxed); }

 private:
  std::atomic_ref<std::int32_t> shared() const noexcept { return std::atomic_ref(const_cast<std::int32_t&>(count_)); }

  std::int32_t count_ = 1;
};

}  // namespace xg::detail
