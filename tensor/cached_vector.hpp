// std::vector on blocks of the tensors' cache: for lists that come and go in a loop.
#pragma once

#include <xgrad/tensor/storage.hpp>

#include <vector>

namespace xg {

template <class T>
struct CacheAllocator {
  using value_type = T;
  CacheAllocator() = default;
  template <class U>
  CacheAllocator(const CacheAllocator<U>&) {}  // NOLINT: allocators convert
  T* allocate(std::size_t count) { return static_cast<T*>(memory::allocate(count * sizeof(T))); }
  void deallocate(T* block, std::size_t count) noexcept { memory::deallocate(block, count * sizeof(T)); }
  friend bool operator==(const CacheAllocator&, const CacheAllocator&) { return true; }
};

template <class T>
using CachedVector = std::vector<T, CacheAllocator<T>>;

}  // namespace xg
