// std::vector on the block cache, for short-lived lists in loops.
#pragma once

#include <xgrad/tensor/memory.hpp>

#include <new>
#include <type_traits>
#include <vector>

namespace xg {

template <class T> struct CacheAllocator {
  using value_type = T;
  CacheAllocator() = default;
  template <class U> CacheAllocator(const CacheAllocator<U>&) {}  // NOLINT: allocators convert
  T* allocate(std::size_t count) { return static_cast<T*>(memory::allocate(count * sizeof(T))); }
  void deallocate(T* block, std::size_t count) noexcept { memory::deallocate(block, count * sizeof(T)); }
  /// Default-initializes, so that numbers are not set to 0 before they are written.
  template <class U> void construct(U* element) noexcept(std::is_nothrow_default_constructible_v<U>) {
    ::new (static_cast<void*>(element)) U;
  }
  friend bool operator==(const CacheAllocator&, const CacheAllocator&) { return true; }
};

template <class T> using CachedVector = std::vector<T, CacheAllocator<T>>;

}  // namespace xg
