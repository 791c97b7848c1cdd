#include "memory/failing_malloc.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <limits>

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);
}

namespace {

constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
std::atomic<std::int64_t> calls{0}, live{0}, first_failure{never}, last_failure{never};

/// Where the calls that failed were made, the first of them: what fails after those fails because of them.
void* failed_callers[64];
std::atomic<std::size_t> failed{0};

bool fails(void* caller) {
  const std::int64_t call = calls.fetch_add(1, std::memory_order_relaxed);
  const bool failure =
      call >= first_failure.load(std::memory_order_relaxed) && call <= last_failure.load(std::memory_order_relaxed);
  if (failure) {
    errno = ENOMEM;
    if (const std::size_t i = failed.fetch_add(1, std::memory_order_relaxed); i < std::size(failed_callers))
      failed_callers[i] = caller;
  }
  return failure;
}
void* counted(void* block) {
  if (block != nullptr) live.fetch_add(1, std::memory_order_relaxed);
  return block;
}
void* aligned(std::size_t alignment, std::size_t bytes, void* caller) {
  return fails(caller) ? nullptr : counted(__libc_memalign(alignment, bytes));
}

}  // namespace

namespace xg_test {

void fail_allocation(std::int64_t n, Failing failing) {
  const std::int64_t at = calls + n;
  failed = 0;
  last_failure = failing == Failing::once ? at : never;
  first_failure = at;
}
void stop_failing() { first_failure = never; }
bool failed_in(const char* library) {
  return std::any_of(failed_callers, failed_callers + std::min(failed.load(), std::size(failed_callers)),
                     [&](void* caller) {
                       Dl_info info{};
                       return dladdr(caller, &info) != 0 && info.dli_fname != nullptr &&
                              std::strstr(info.dli_fname, library) != nullptr;
                     });
}
std::int64_t allocations() { return calls; }
std::int64_t live_blocks() { return live; }

}  // namespace xg_test

extern "C" {
void* malloc(std::size_t bytes) { return fails(__builtin_return_address(0)) ? nullptr : counted(__libc_malloc(bytes)); }
void* calloc(std::size_t count, std::size_t bytes) {
  return fails(__builtin_return_address(0)) ? nullptr : counted(__libc_calloc(count, bytes));
}
void* realloc(void* block, std::size_t bytes) {
  if (fails(__builtin_return_address(0))) return nullptr;
  void* moved = __libc_realloc(block, bytes);
  if (block == nullptr)
    counted(moved);
  else if (bytes == 0 && moved == nullptr)
    live.fetch_sub(1, std::memory_order_relaxed);
  return moved;
}
void* memalign(std::size_t alignment, std::size_t bytes) {
  return aligned(alignment, bytes, __builtin_return_address(0));
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  return aligned(alignment, bytes, __builtin_return_address(0));
}
int posix_memalign(void** block, std::size_t alignment, std::size_t bytes) {
  void* made = aligned(alignment, bytes, __builtin_return_address(0));
  if (made == nullptr) return ENOMEM;
  *block = made;
  return 0;
}
void free(void* block) {
  if (block != nullptr) live.fetch_sub(1, std::memory_order_relaxed);
  __libc_free(block);
}
}
