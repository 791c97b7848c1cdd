// Philox 4x32-10 in bulk: number n of a stream is a function of (seed, n) alone, independent of the size of the
// request. All functions use the blocks from `offset` on; `philox_blocks<T>(n)` says how many.
#pragma once

#include <array>
#include <cstdint>

namespace xg::kernels {

/// The number of blocks of four 32-bit numbers for n numbers of type T: four floats or two doubles (or 64-bit integers)
/// each.
template <class T> constexpr std::uint64_t philox_blocks(std::int64_t n) {
  constexpr std::uint64_t per_block = sizeof(T) == 8 ? 2 : 4;
  return (static_cast<std::uint64_t>(n) + per_block - 1) / per_block;
}

std::array<std::uint32_t, 4> philox_block(std::uint64_t seed, std::uint64_t counter);

/// out[i]: 32-bit number i % 4 of block i / 4.
void philox_bits(std::uint32_t* out, std::int64_t n, std::uint64_t seed, std::uint64_t offset);
/// Uniform numbers in [0, 1): the upper 24 of 32 bits over 2^24, or the upper 53 of 64 bits over 2^53.
void philox_uniform(float* out, std::int64_t n, std::uint64_t seed, std::uint64_t offset);
void philox_uniform(double* out, std::int64_t n, std::uint64_t seed, std::uint64_t offset);
/// Standard normal: sqrt(-2 log u) (cos v, sin v) from pairs (u, v) of numbers (Box and Muller 1958).
void philox_normal(float* out, std::int64_t n, std::uint64_t seed, std::uint64_t offset);
void philox_normal(double* out, std::int64_t n, std::uint64_t seed, std::uint64_t offset);
/// Integers in [0, range), by the upper half of a 128-bit product: the bias is below range / 2^64.
void philox_integers(std::int64_t* out, std::int64_t n, std::uint64_t range, std::uint64_t seed, std::uint64_t offset);
/// A random permutation of 0 .. n-1 in out (Fisher and Yates), of which only the first `count` elements are shuffled.
/// Uses the blocks of n 64-bit numbers.
void philox_permutation(std::int64_t* out, std::int64_t n, std::int64_t count, std::uint64_t seed,
                        std::uint64_t offset);

}  // namespace xg::kernels
