// Allocation of elements: 64-byte aligned blocks from a per-thread cache with size classes.
#pragma once

#include <xgrad/tensor/export.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>

namespace xg::memory {

/// Statistics of the block cache over all threads.
struct Statistics {
  std::int64_t allocations = 0;         ///< blocks handed out
  std::int64_t system_allocations = 0;  ///< of these, blocks that came from the system (malloc)
  std::int64_t bytes_in_use = 0;        ///< in allocated blocks
  std::int64_t peak_bytes_in_use = 0;   ///< largest bytes_in_use of any one thread's balance since reset_peak()
  std::int64_t bytes_cached = 0;        ///< in free blocks that wait for reuse
};

/// The current statistics.
XG_API Statistics statistics();
/// Resets peak_bytes_in_use of the calling thread to its bytes in use.
XG_API void reset_peak();
/// Returns the calling thread's cached blocks to the system.
XG_API void trim();
/// Bytes that each thread may keep cached (default 1 GiB). Throws ValueError if negative.
XG_API void set_cache_limit(std::int64_t bytes);

/// A block of at least `bytes`, aligned to 64 bytes. Throws std::bad_alloc when out of memory.
XG_API void* allocate(std::size_t bytes);
/// Frees a block of allocate(bytes); `bytes` must be the same.
XG_API void deallocate(void* block, std::size_t bytes) noexcept;

}  // namespace xg::memory

namespace xg::memory::detail {

// Size classes: eight per power of two, from 64 bytes up, so that at most a ninth of a block is wasted.
constexpr std::size_t class_of(std::size_t bytes) {
  if (bytes <= 64) return 0;
  const std::size_t top = static_cast<std::size_t>(std::bit_width(bytes - 1)) - 1;  // bytes in (2^top, 2^(top+1)]
  const std::size_t eighth = ((bytes - 1) >> (top - 3)) & 7;
  return (top - 6) * 8 + eighth + 1;
}

/// allocate() and deallocate() for a size class known at compile time.
XG_API void* allocate_class(std::size_t size_class);
XG_API void deallocate_class(void* block, std::size_t size_class) noexcept;

}  // namespace xg::memory::detail
