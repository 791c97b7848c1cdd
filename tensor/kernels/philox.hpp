// Philox 4x32-10 in bulk: number n of a stream is a function of (seed, n) alone, whatever the size of the request.
#pragma once

#include <cstdint>

namespace xg::kernels {

/// How many blocks of four 32-bit numbers n numbers take.
constexpr std::uint64_t philox_blocks(std::int64_t n) { return (static_cast<std::uint64_t>(n) + 3) / 4; }

/// out[i] = 32-bit number i % 4 of block `offset + i / 4` of the stream `seed`.
void philox_bits(std::uint32_t* out, std::int64_t n, std::uint64_t seed, std::uint64_t offset);
/// The same numbers as reals in [0, 1): the upper 24 bits over 2^24.
void philox_uniform(float* out, std::int64_t n, std::uint64_t seed, std::uint64_t offset);

}  // namespace xg::kernels
