#include <xgrad/tensor/layout.hpp>
#include <xgrad/tensor/memory.hpp>
#include <xgrad/tensor/support/block_cache.hpp>
#include <xgrad/tensor/support/process_mutex.hpp>
#include <xgrad/tensor/support/raise.hpp>
#include <xgrad/tensor/support/sanitizers.hpp>
#include <xgrad/tensor/support/thread_exit.hpp>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

namespace xg::memory::detail {

constinit thread_local ThreadCache* thread_cache __attribute__((tls_model("initial-exec"))) = nullptr;
// The cache is off under sanitizers, which must see every use after a release.
std::atomic<std::int64_t> cache_limit{XGRAD_MEMORY_WATCHED ? 0 : std::int64_t{1} << 30};

namespace {

// The cache may be used after its end, by the destructor of another thread-specific key.
thread_local constinit bool thread_ended = false;

// Bytes that threads without a cache allocated, less those that they freed. Such threads never allocated before, or
// have ended.
std::atomic<std::int64_t> used_without_cache{0};

struct Registry {
  xg::detail::ProcessMutex mutex;
  std::vector<ThreadCache*> caches;
  std::int64_t allocations = 0, system_allocations = 0, bytes_in_use = 0,
               peak = 0;  // totals of threads that have ended
};
// Never destroyed: tensors of static lifetime may outlive everything else.
Registry& registry() {
  static Registry* instance = new Registry;
  return *instance;
}

/// Destroys the thread's cache at thread exit.
void end_cache(void*) {
  const std::unique_ptr<ThreadCache> cache(std::exchange(thread_cache, nullptr));
  thread_ended = true;
  if (cache == nullptr) return;
  cache->trim();
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  std::erase(all.caches, cache.get());
  all.allocations += cache->allocations.get();
  all.system_allocations += cache->system_allocations.get();
  all.bytes_in_use += cache->in_use();
  all.peak = std::max(all.peak, cache->peak_in_use());
}

ThreadCache& make_cache() {
  static const xg::detail::ThreadExit at_exit(end_cache);
  auto cache = std::make_unique<ThreadCache>();
  at_exit.arm(cache.get());
  Registry& all = registry();
  {
    const std::lock_guard lock(all.mutex);
    all.caches.push_back(cache.get());
  }
  thread_cache = cache.release();
  return *thread_cache;
}

void* system_allocate(std::size_t bytes) {
  // aligned_alloc may insist on a multiple of the alignment (AddressSanitizer does), which most classes are not.
  void* block = nullptr;
  if (::posix_memalign(&block, 64, bytes) != 0) throw std::bad_alloc();
  return block;
}

}  // namespace

void ThreadCache::trim() noexcept {
  for (FreeBlock*& list : free)
    while (list != nullptr) std::free(std::exchange(list, list->next));
  peak.set(peak_in_use());
  owned.add(-cached.get());
  cached.set(0);
  lowest.set(0);
}

void* allocate_fresh(std::int64_t bytes) {
  if (thread_ended) {
    void* block = system_allocate(static_cast<std::size_t>(bytes));
    used_without_cache.fetch_add(bytes, std::memory_order_relaxed);
    return block;
  }
  ThreadCache& cache = thread_cache != nullptr ? *thread_cache : make_cache();
  void* block = system_allocate(static_cast<std::size_t>(bytes));
  cache.allocations.add(1);
  cache.system_allocations.add(1);
  cache.own(bytes);
  return block;
}

void give_back(void* block, std::int64_t bytes) noexcept {
  std::free(block);
  if (thread_cache != nullptr)
    thread_cache->own(-bytes);
  else
    used_without_cache.fetch_sub(bytes, std::memory_order_relaxed);
}

void* allocate_class(std::size_t size_class) { return take_block(size_class); }

void deallocate_class(void* block, std::size_t size_class) noexcept { put_block(block, size_class); }

}  // namespace xg::memory::detail

namespace xg::memory {

using detail::registry;
using detail::thread_cache;
using detail::used_without_cache;

void* allocate(std::size_t bytes) { return detail::allocate_class(detail::class_of(bytes)); }

void deallocate(void* block, std::size_t bytes) noexcept { detail::deallocate_class(block, detail::class_of(bytes)); }

Statistics statistics() {
  detail::Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  Statistics total{all.allocations, all.system_allocations, all.bytes_in_use, all.peak, 0};
  for (const detail::ThreadCache* cache : all.caches) {
    total.allocations += cache->allocations.get();
    total.system_allocations += cache->system_allocations.get();
    total.bytes_in_use += cache->in_use();
    total.peak_bytes_in_use = std::max(total.peak_bytes_in_use, cache->peak_in_use());
    total.bytes_cached += cache->cached.get();
  }
  total.bytes_in_use += used_without_cache.load(std::memory_order_relaxed);
  return total;
}

void reset_peak() {
  if (thread_cache == nullptr) return;
  thread_cache->peak.set(thread_cache->in_use());
  thread_cache->lowest.set(thread_cache->cached.get());
}

void trim() {
  xg::detail::forget_layouts();
  if (thread_cache != nullptr) thread_cache->trim();
}

void set_cache_limit(std::int64_t bytes) {
  if (bytes < 0)
    raise<ValueError>("[set_cache_limit] limit is {} bytes, it must not be negative: use 0 for no cache.", bytes);
  detail::cache_limit = bytes;
}

}  // namespace xg::memory
