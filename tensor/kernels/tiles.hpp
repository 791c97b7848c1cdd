// Work sharing among threads.
#pragma once

#include <xgrad/tensor/support/cached_vector.hpp>
#include <xgrad/tensor/threads.hpp>

#include <cstddef>
#include <cstdint>

namespace xg::kernels {

/// The number of elements that keep one thread busy for tens of microseconds in a simple loop. More expensive loops use
/// a fraction of it.
inline constexpr std::int64_t tile_elements = 1 << 16;

/// Joins f(begin, end) of the tiles of [0, n) to `total`, in order, regardless of which thread computed them: the bits
/// are the same for any number of threads.
template <class T, class F, class Join> T join_tiles(std::int64_t n, std::int64_t tile, T total, F&& f, Join&& join) {
  if (n < 2 * tile) return join(total, f(std::int64_t{0}, n));
  CachedVector<T> parts(static_cast<std::size_t>((n + tile - 1) / tile));
  xg::detail::parallel_ranges(n, tile, [&](std::int64_t begin, std::int64_t end) {
    parts[static_cast<std::size_t>(begin / tile)] = f(begin, end);
  });
  for (const T& part : parts) total = join(total, part);
  return total;
}

}  // namespace xg::kernels
