// The fast paths of the block cache, inline for the code that allocates tensors.
#pragma once

#include <xgrad/tensor/memory.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

namespace xg::memory::detail {

// Each size class keeps a list of free blocks per thread; a free block's first word links to the next.
inline constexpr std::size_t class_count = 8 * 36;

constexpr std::size_t bytes_of(std::size_t size_class) {
  return size_class == 0 ? 64 : (8 + (size_class - 1) % 8 + 1) * (std::size_t{8} << (size_class - 1) / 8);
}
static_assert(class_of(64) == 0 && class_of(65) == 1 && bytes_of(1) == 72 && class_of(128) == 8 && bytes_of(8) == 128 &&
              class_of(129) == 9 && bytes_of(9) == 144 && class_of(1 << 20) == 8 * 14 && bytes_of(8 * 14) == 1 << 20);

inline constexpr std::array<std::int64_t, class_count> class_bytes = [] {
  std::array<std::int64_t, class_count> bytes{};
  for (std::size_t i = 0; i < class_count; ++i) bytes[i] = static_cast<std::int64_t>(bytes_of(i));
  return bytes;
}();

struct FreeBlock {
  FreeBlock* next;
};

// Only the owning thread writes its counters and others read them, so relaxed loads and stores suffice.
struct Counter {
  std::atomic<std::int64_t> value{0};
  std::int64_t get() const noexcept { return value.load(std::memory_order_relaxed); }
  void set(std::int64_t v) noexcept { value.store(v, std::memory_order_relaxed); }
  void add(std::int64_t v) noexcept { set(get() + v); }
};

// A block in use is owned and not cached, so the fast paths update only the cached bytes; the peak is where the fewest
// bytes were cached.
struct ThreadCache {
  FreeBlock* free[class_count] = {};
  Counter allocations, system_allocations;
  Counter owned;   // bytes taken from the system and not returned
  Counter cached;  // bytes in `free`
  Counter lowest;  // minimum of `cached` since `owned` changed
  Counter peak;    // maximum of bytes in use before that

  std::int64_t in_use() const noexcept { return owned.get() - cached.get(); }
  std::int64_t peak_in_use() const noexcept { return std::max(peak.get(), owned.get() - lowest.get()); }
  void own(std::int64_t bytes) noexcept {
    peak.set(peak_in_use());
    owned.add(bytes);
    lowest.set(cached.get());
  }
  void trim() noexcept;
};
// A pointer, because static TLS is fast but a library loaded at run time gets only a few hundred bytes of it. Null
// before a thread's first block and after the thread's end.
extern thread_local constinit ThreadCache* thread_cache __attribute__((tls_model("initial-exec")));
/// Bytes that each thread may keep.
extern std::atomic<std::int64_t> cache_limit;

/// Slow path: the thread cache has no free block of this size class.
void* allocate_fresh(std::int64_t bytes);
/// Slow path: the thread cache is full or absent.
void give_back(void* block, std::int64_t bytes) noexcept;

[[gnu::always_inline]] inline void* take_block(std::size_t size_class) {
  if (size_class >= class_count) [[unlikely]]
    throw std::bad_alloc();
  ThreadCache* cache = thread_cache;
  if (cache == nullptr || cache->free[size_class] == nullptr) [[unlikely]]
    return allocate_fresh(class_bytes[size_class]);
  FreeBlock* block = cache->free[size_class];
  cache->free[size_class] = block->next;
  cache->allocations.add(1);
  const std::int64_t cached = cache->cached.get() - class_bytes[size_class];
  cache->cached.set(cached);
  if (cached < cache->lowest.get()) cache->lowest.set(cached);
  return block;
}

[[gnu::always_inline]] inline void put_block(void* block, std::size_t size_class) noexcept {
  const std::int64_t bytes = class_bytes[size_class];
  ThreadCache* cache = thread_cache;
  if (cache == nullptr) [[unlikely]]
    return give_back(block, bytes);
  const std::int64_t cached = cache->cached.get() + bytes;
  if (cached > cache_limit.load(std::memory_order_relaxed)) [[unlikely]]
    return give_back(block, bytes);
  cache->free[size_class] = new (block) FreeBlock{cache->free[size_class]};
  cache->cached.set(cached);
}

}  // namespace xg::memory::detail
