#include <xgrad/tensor/kernels/math.hpp>
#include <xgrad/tensor/kernels/philox.hpp>

#include <xsimd/xsimd.hpp>

#include <algorithm>
#include <numbers>
#include <numeric>
#include <utility>

namespace xg::kernels {
namespace {

// Constants of Philox 4x32 (Salmon et al. 2011, section 4).
constexpr std::uint32_t multiplier0 = 0xD2511F53, multiplier1 = 0xCD9E8D57;
constexpr std::uint32_t weyl0 = 0x9E3779B9, weyl1 = 0xBB67AE85;
constexpr int rounds = 10;

constexpr std::int64_t lanes = 16;  // blocks computed at once
constexpr std::int64_t chunk = 4 * lanes;

using Wide = xsimd::batch<std::uint64_t>;

/// The products of the low halves of each lane, in one instruction where the processor has it. Compilers do not
/// generate it for a loop over 32-bit numbers, which takes six times as long.
Wide product(const Wide& a, const Wide& b) {
#if defined(__AVX512F__)
  return Wide(_mm512_mul_epu32(a, b));
#elif defined(__AVX2__)
  return Wide(_mm256_mul_epu32(a, b));
#elif defined(__SSE2__)
  return Wide(_mm_mul_epu32(a, b));
#else
  return (a & Wide(std::uint64_t{0xffffffff})) * (b & Wide(std::uint64_t{0xffffffff}));
#endif
}

/// Writes blocks offset .. offset + 15 of the stream.
void sixteen_blocks(std::uint64_t seed, std::uint64_t offset, std::uint32_t* __restrict out) {
  constexpr std::size_t width = Wide::size, count = lanes / width;
  static_assert(lanes % width == 0);
  const Wide low(std::uint64_t{0xffffffff}), m0(std::uint64_t{multiplier0}), m1(std::uint64_t{multiplier1});
  std::uint64_t steps[width];
  for (std::size_t i = 0; i < width; ++i) steps[i] = i;
  // The four words of a block, each in the low half of a 64-bit lane.
  Wide a[count], b[count], c[count], d[count];
  for (std::size_t i = 0; i < count; ++i) {
    const Wide n = Wide::load_unaligned(steps) + Wide(offset + i * width);
    a[i] = n & low;
    b[i] = n >> 32;
    c[i] = d[i] = Wide(std::uint64_t{0});
  }
  auto key0 = static_cast<std::uint32_t>(seed), key1 = static_cast<std::uint32_t>(seed >> 32);
  for (int r = 0; r < rounds; ++r, key0 += weyl0, key1 += weyl1) {
    const Wide k0(std::uint64_t{key0}), k1(std::uint64_t{key1});
    for (std::size_t i = 0; i < count; ++i) {
      const Wide p = product(a[i], m0), q = product(c[i], m1);
      a[i] = (q >> 32) ^ b[i] ^ k0;
      b[i] = q & low;
      c[i] = (p >> 32) ^ d[i] ^ k1;
      d[i] = p & low;
    }
  }
  std::uint64_t first[lanes], second[lanes];
  for (std::size_t i = 0; i < count; ++i) {
    (a[i] | (b[i] << 32)).store_unaligned(first + i * width);
    (c[i] | (d[i] << 32)).store_unaligned(second + i * width);
  }
  for (std::size_t i = 0; i < lanes; ++i) {
    out[4 * i] = static_cast<std::uint32_t>(first[i]);
    out[4 * i + 1] = static_cast<std::uint32_t>(first[i] >> 32);
    out[4 * i + 2] = static_cast<std::uint32_t>(second[i]);
    out[4 * i + 3] = static_cast<std::uint32_t>(second[i] >> 32);
  }
}

/// Calls f(bits, begin, count) for consecutive groups of numbers of the stream; each block gives PerBlock results.
template <std::int64_t PerBlock, class F>
void for_each_group(std::int64_t n, std::uint64_t seed, std::uint64_t offset, F&& f) {
  constexpr std::int64_t group = PerBlock * lanes;
  std::uint32_t bits[chunk];
  for (std::int64_t i = 0; i < n; i += group, offset += lanes) {
    sixteen_blocks(seed, offset, bits);
    f(bits, i, std::min(group, n - i));
  }
}

std::uint64_t word(const std::uint32_t* bits, std::int64_t i) {
  return std::uint64_t{bits[2 * i + 1]} << 32 | bits[2 * i];
}

struct Radius {  // from a uniform number
  template <class V> static V call(V u) { return sqrt_of(log_of(u) * constant(u, -2)); }
};
struct Cosine {
  template <class V> static V call(V x) { return cos_of(x); }
};
struct Sine {
  template <class V> static V call(V x) { return sin_of(x); }
};
/// values = f(values)
template <class F, class T> void replace(T* values, std::int64_t n) {
  const F f;
  vector_unary<Call, F, T>(values, values, n, &f);
}

/// values[2i], values[2i + 1] from radius and angle i.
template <class T, std::int64_t Pairs> void box_muller(T (&radius)[Pairs], T (&angle)[Pairs], T* values) {
  replace<Radius>(radius, Pairs);
  T sine[Pairs];
  std::copy(angle, angle + Pairs, sine);
  replace<Cosine>(angle, Pairs);
  replace<Sine>(sine, Pairs);
  for (std::int64_t i = 0; i < Pairs; ++i) {
    values[2 * i] = radius[i] * angle[i];
    values[2 * i + 1] = radius[i] * sine[i];
  }
}

}  // namespace

std::array<std::uint32_t, 4> philox_block(std::uint64_t seed, std::uint64_t counter) {
  std::uint32_t bits[chunk];
  sixteen_blocks(seed, counter, bits);
  return {bits[0], bits[1], bits[2], bits[3]};
}

void philox_bits(std::uint32_t* out, std::int64_t n, std::uint64_t seed, std::uint64_t offset) {
  for_each_group<4>(n, seed, offset, [&](const std::uint32_t* bits, std::int64_t at, std::int64_t count) {
    std::copy(bits, bits + count, out + at);
  });
}

void philox_uniform(float* out, std::int64_t n, std::uint64_t seed, std::uint64_t offset) {
  for_each_group<4>(n, seed, offset, [&](const std::uint32_t* bits, std::int64_t at, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i)
      out[at + i] = static_cast<float>(static_cast<std::int32_t>(bits[i] >> 8)) * 0x1p-24f;
  });
}

void philox_uniform(double* out, std::int64_t n, std::uint64_t seed, std::uint64_t offset) {
  for_each_group<2>(n, seed, offset, [&](const std::uint32_t* bits, std::int64_t at, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) out[at + i] = static_cast<double>(word(bits, i) >> 11) * 0x1p-53;
  });
}

void philox_normal(float* out, std::int64_t n, std::uint64_t seed, std::uint64_t offset) {
  for_each_group<4>(n, seed, offset, [&](const std::uint32_t* bits, std::int64_t at, std::int64_t count) {
    float radius[chunk / 2], angle[chunk / 2], values[chunk];
    for (std::int64_t i = 0; i < chunk / 2; ++i) {
      // u in (0, 1], from all 32 bits, so that the tail reaches 6.7; the angle in [-pi, pi)
      radius[i] = static_cast<float>(bits[2 * i]) * 0x1p-32f + 0x1p-33f;
      angle[i] =
          static_cast<float>(static_cast<std::int32_t>(bits[2 * i + 1])) * (std::numbers::pi_v<float> * 0x1p-31f);
    }
    box_muller(radius, angle, values);
    std::copy(values, values + count, out + at);
  });
}

void philox_normal(double* out, std::int64_t n, std::uint64_t seed, std::uint64_t offset) {
  for_each_group<2>(n, seed, offset, [&](const std::uint32_t* bits, std::int64_t at, std::int64_t count) {
    double radius[lanes], angle[lanes], values[2 * lanes];
    for (std::int64_t i = 0; i < lanes; ++i) {
      radius[i] = static_cast<double>((word(bits, 2 * i) >> 11) + 1) * 0x1p-53;
      angle[i] =
          static_cast<double>(static_cast<std::int64_t>(word(bits, 2 * i + 1)) >> 11) * (std::numbers::pi * 0x1p-52);
    }
    box_muller(radius, angle, values);
    std::copy(values, values + count, out + at);
  });
}

void philox_integers(std::int64_t* out, std::int64_t n, std::uint64_t range, std::uint64_t seed, std::uint64_t offset) {
  for_each_group<2>(n, seed, offset, [&](const std::uint32_t* bits, std::int64_t at, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i)
      out[at + i] = static_cast<std::int64_t>(static_cast<unsigned __int128>(word(bits, i)) * range >> 64);
  });
}

void philox_permutation(std::int64_t* out, std::int64_t n, std::int64_t count, std::uint64_t seed,
                        std::uint64_t offset) {
  std::iota(out, out + n, std::int64_t{0});
  for_each_group<2>(count, seed, offset, [&](const std::uint32_t* bits, std::int64_t at, std::int64_t drawn) {
    for (std::int64_t i = 0; i < drawn; ++i) {
      const auto left = static_cast<std::uint64_t>(n - at - i);
      const auto pick = static_cast<std::int64_t>(static_cast<unsigned __int128>(word(bits, i)) * left >> 64);
      std::swap(out[at + i], out[at + i + pick]);
    }
  });
}

}  // namespace xg::kernels
