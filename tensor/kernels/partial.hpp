// Partial vectors: the first n elements are read or written, memory after them is not accessed.
#pragma once

#include <xsimd/xsimd.hpp>

#include <cstdint>
#include <cstring>

#ifdef __AVX__
#include <immintrin.h>
#endif

namespace xg::kernels {

/// Loads and stores of the first n elements of a batch, 0 <= n <= size; a load sets the others to 0.
template <class T> class Partial {
  static constexpr std::size_t bytes = xsimd::batch<T>::size * sizeof(T);
  static constexpr bool masked =
#if defined(__AVX512F__)
      bytes == 64 || bytes == 32;
#elif defined(__AVX__)
      bytes == 32;
#else
      false;
#endif

 public:
  explicit Partial(std::int64_t n) : n_(static_cast<std::size_t>(n)) {
#ifdef __AVX__
    if constexpr (masked && bytes == 32)
      mask_ = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(ones_then_zeros + 8 - n_ * sizeof(T) / 4));
#endif
  }

  xsimd::batch<T> load(const T* from) const {
#ifdef __AVX512F__
    if constexpr (masked && bytes == 64 && sizeof(T) == 4) return _mm512_maskz_loadu_ps(bits<__mmask16>(), from);
    if constexpr (masked && bytes == 64 && sizeof(T) == 8) return _mm512_maskz_loadu_pd(bits<__mmask8>(), from);
#endif
#ifdef __AVX__
    if constexpr (masked && bytes == 32 && sizeof(T) == 4) return _mm256_maskload_ps(from, mask_);
    if constexpr (masked && bytes == 32 && sizeof(T) == 8) return _mm256_maskload_pd(from, mask_);
#endif
    alignas(64) T buffer[xsimd::batch<T>::size] = {};
    std::memcpy(buffer, from, n_ * sizeof(T));
    return xsimd::batch<T>::load_aligned(buffer);
  }

  /// Stores through a buffer, except where masked stores are fast (AVX2 masked stores are microcoded on some
  /// processors).
  void store(T* to, const xsimd::batch<T>& value) const {
#ifdef __AVX512F__
    if constexpr (masked && bytes == 64 && sizeof(T) == 4) return _mm512_mask_storeu_ps(to, bits<__mmask16>(), value);
    if constexpr (masked && bytes == 64 && sizeof(T) == 8) return _mm512_mask_storeu_pd(to, bits<__mmask8>(), value);
#endif
    alignas(64) T buffer[xsimd::batch<T>::size];
    value.store_aligned(buffer);
    std::memcpy(to, buffer, n_ * sizeof(T));
  }

 private:
  template <class Mask> Mask bits() const { return static_cast<Mask>((1u << n_) - 1); }

  std::size_t n_;
#ifdef __AVX__
  alignas(32) static constexpr std::int32_t ones_then_zeros[16] = {-1, -1, -1, -1, -1, -1, -1, -1,
                                                                   0,  0,  0,  0,  0,  0,  0,  0};
  __m256i mask_;
#endif
};

}  // namespace xg::kernels
