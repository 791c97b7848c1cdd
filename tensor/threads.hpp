// Parallel loops over tiles. Tiles depend on the shape of the work alone, never on the number of threads, so that
// results are bitwise equal for any number.
#pragma once

#include <xgrad/tensor/export.hpp>

#include <cstdint>
#include <type_traits>

namespace xg {

/// The number of threads that work on one large op, including the caller. The default is the environment variable
/// XGRAD_NUM_THREADS, else the number of processors available to the process. Where the system refuses to start that
/// many, the first large op reduces it to those it got. Throws ValueError where the variable is not an integer from 1
/// to 1024.
XG_API std::int64_t num_threads();
/// Sets num_threads() for ops that start afterwards, in every thread. Throws ValueError unless 1 <= count <= 1024,
/// Error from within an op.
XG_API void set_num_threads(std::int64_t count);

namespace detail {

XG_API void run_tiles(std::int64_t count, void (*tile)(void* work, std::int64_t index), void* work);

/// Calls f(0), ..., f(count - 1), each once, in any order and by any thread; returns when all are done. A call from
/// within a tile runs its tiles serially. The first exception of a tile is rethrown, and later tiles may be skipped.
/// Waking threads costs microseconds, so tiles should take tens of them.
template <class F> void parallel_for(std::int64_t count, F&& f) {
  using Work = std::remove_reference_t<F>;
  run_tiles(
      count, [](void* work, std::int64_t index) { (*static_cast<Work*>(work))(index); },
      const_cast<void*>(static_cast<const void*>(&f)));
}

/// Calls f(begin, end) for tiles of [0, n), or once for all where there are fewer than two.
template <class F> void parallel_ranges(std::int64_t n, std::int64_t tile, F&& f) {
  if (n < 2 * tile) return f(std::int64_t{0}, n);
  parallel_for((n + tile - 1) / tile, [&](std::int64_t i) { f(i * tile, (i + 1) * tile < n ? (i + 1) * tile : n); });
}

}  // namespace detail
}  // namespace xg
