#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/storage.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

namespace xg::memory {
namespace {

// Size classes: four per power of two, from 64 bytes up, so that at most a fifth of a block is wasted. Each class keeps
// a list of free blocks per thread; a free block's first word links to the next.
constexpr std::size_t smallest = 64;
constexpr std::size_t class_count = 4 * 36;

std::size_t class_of(std::size_t bytes) {
  if (bytes <= smallest) return 0;
  const std::size_t top = static_cast<std::size_t>(std::bit_width(bytes - 1)) - 1;  // bytes in (2^top, 2^(top+1)]
  const std::size_t quarter = ((bytes - 1) >> (top - 2)) & 3;
  return (top - 6) * 4 + quarter + 1;
}

std::size_t bytes_of(std::size_t size_class) {
  if (size_class == 0) return smallest;
  const std::size_t top = (size_class - 1) / 4 + 6;
  const std::size_t quarter = (size_class - 1) % 4;
  return (std::size_t{1} << top) + (quarter + 1) * (std::size_t{1} << (top - 2));
}

struct FreeBlock {
  FreeBlock* next;
};

struct Counters {
  std::atomic<std::int64_t> allocations{0}, system_allocations{0}, bytes_in_use{0}, peak{0}, cached{0};
};

#ifdef __SANITIZE_ADDRESS__
constexpr std::int64_t default_cache_limit = 0;  // so that the sanitizer sees every use after a release
#else
constexpr std::int64_t default_cache_limit = std::int64_t{1} << 30;
#endif
std::atomic<std::int64_t> cache_limit{default_cache_limit};

struct ThreadCache;
struct Registry {
  std::mutex mutex;
  std::vector<ThreadCache*> caches;
  std::int64_t allocations = 0, system_allocations = 0, bytes_in_use = 0, peak = 0;  // of threads that ended
};
// Never destroyed: tensors of static lifetime may outlive everything else.
Registry& registry() {
  static Registry* instance = new Registry;
  return *instance;
}

void add(std::atomic<std::int64_t>& counter, std::int64_t amount) {
  // Only the owning thread writes, others read: no read-modify-write is needed.
  counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

struct ThreadCache {
  std::array<FreeBlock*, class_count> free{};
  Counters counters;

  ThreadCache() {
    Registry& all = registry();
    const std::lock_guard lock(all.mutex);
    all.caches.push_back(this);
  }
  ThreadCache(const ThreadCache&) = delete;
  ThreadCache& operator=(const ThreadCache&) = delete;
  ~ThreadCache();

  void trim() {
    for (FreeBlock*& list : free)
      while (list != nullptr) std::free(std::exchange(list, list->next));
    counters.cached.store(0, std::memory_order_relaxed);
  }
};

thread_local bool cache_ended = false;  // trivially destructible, so that it can be asked after the cache is gone

ThreadCache::~ThreadCache() {
  trim();
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  std::erase(all.caches, this);
  all.allocations += counters.allocations;
  all.system_allocations += counters.system_allocations;
  all.bytes_in_use += counters.bytes_in_use;
  all.peak = std::max(all.peak, counters.peak.load());
  cache_ended = true;
}

thread_local ThreadCache thread_cache;

void* system_allocate(std::size_t bytes) {
  void* block = std::aligned_alloc(64, bytes);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

}  // namespace

void* allocate(std::size_t bytes) {
  const std::size_t size_class = class_of(bytes);
  if (size_class >= class_count) throw std::bad_alloc();
  const std::size_t rounded = bytes_of(size_class);
  if (cache_ended) return system_allocate(rounded);
  ThreadCache& cache = thread_cache;
  Counters& counters = cache.counters;
  add(counters.allocations, 1);
  void* block = cache.free[size_class];
  if (block != nullptr) {
    cache.free[size_class] = cache.free[size_class]->next;
    add(counters.cached, -static_cast<std::int64_t>(rounded));
  } else {
    add(counters.system_allocations, 1);
    block = system_allocate(rounded);
  }
  add(counters.bytes_in_use, static_cast<std::int64_t>(rounded));
  if (counters.bytes_in_use.load(std::memory_order_relaxed) > counters.peak.load(std::memory_order_relaxed))
    counters.peak.store(counters.bytes_in_use.load(std::memory_order_relaxed), std::memory_order_relaxed);
  return block;
}

void deallocate(void* block, std::size_t bytes) noexcept {
  const std::size_t size_class = class_of(bytes);
  const std::size_t rounded = bytes_of(size_class);
  if (cache_ended) {
    std::free(block);
    return;
  }
  ThreadCache& cache = thread_cache;
  Counters& counters = cache.counters;
  add(counters.bytes_in_use, -static_cast<std::int64_t>(rounded));
  if (counters.cached.load(std::memory_order_relaxed) + static_cast<std::int64_t>(rounded) >
      cache_limit.load(std::memory_order_relaxed)) {
    std::free(block);
    return;
  }
  auto* free_block = new (block) FreeBlock{cache.free[size_class]};
  cache.free[size_class] = free_block;
  add(counters.cached, static_cast<std::int64_t>(rounded));
}

Statistics statistics() {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  Statistics total{all.allocations, all.system_allocations, all.bytes_in_use, all.peak, 0};
  for (const ThreadCache* cache : all.caches) {
    total.allocations += cache->counters.allocations;
    total.system_allocations += cache->counters.system_allocations;
    total.bytes_in_use += cache->counters.bytes_in_use;
    total.peak_bytes_in_use = std::max(total.peak_bytes_in_use, cache->counters.peak.load());
    total.bytes_cached += cache->counters.cached;
  }
  return total;
}

void reset_peak() {
  if (!cache_ended) thread_cache.counters.peak = thread_cache.counters.bytes_in_use.load();
}

void trim() {
  if (!cache_ended) thread_cache.trim();
}

void set_cache_limit(std::int64_t bytes) {
  if (bytes < 0)
    throw ValueError(fmt::format("[set_cache_limit] limit is {} bytes, it must not be negative: use 0 for no cache.", bytes));
  cache_limit = bytes;
}

}  // namespace xg::memory

namespace xg::detail {

namespace {
constexpr std::size_t header_bytes = (sizeof(Storage) + sizeof(TensorImpl) + 63) / 64 * 64;
static_assert(alignof(TensorImpl) <= alignof(Storage) || sizeof(Storage) % alignof(TensorImpl) == 0);
void ignore_autograd(void*) noexcept {}
}  // namespace

void (*release_autograd)(void* node) noexcept = ignore_autograd;

void release_storage(Storage* storage) noexcept {
  if (storage->refs.release_is_last()) memory::deallocate(storage, storage->block_bytes);
}

void destroy_impl(TensorImpl* impl) noexcept {
  if (impl->autograd != nullptr) release_autograd(impl->autograd);
  TensorImpl* base = impl->base;
  Storage* storage = impl->storage;
  const bool in_block = reinterpret_cast<char*>(impl) == reinterpret_cast<char*>(storage) + sizeof(Storage);
  impl->~TensorImpl();
  if (!in_block) memory::deallocate(impl, sizeof(TensorImpl));
  release_storage(storage);
  if (base != nullptr && base->refs.release_is_last()) destroy_impl(base);  // a base has no base: no deeper than this
}

namespace {
void set_contiguous_strides(TensorImpl& impl) {
  const std::size_t n = impl.shape.size();
  impl.strides.resize(n);
  std::int64_t stride = 1;
  for (std::size_t i = n; i-- > 0;) {
    impl.strides[i] = stride;
    stride *= std::max<std::int64_t>(impl.shape[i], 1);
  }
}
}  // namespace

TensorImpl* new_impl(const Shape& shape, Dtype dtype) {
  std::int64_t numel = 1;
  for (std::int64_t d : shape) {
    if (d < 0)
      throw ShapeError(fmt::format("[empty] shape is {}, sizes must not be negative.", shape.str()));
    if (__builtin_mul_overflow(numel, d, &numel))
      throw ShapeError(fmt::format("[empty] shape {} has more elements than 64 bits count.", shape.str()));
  }
  const std::size_t item = item_size(dtype);
  if (static_cast<std::uint64_t>(numel) > (std::numeric_limits<std::uint64_t>::max() >> 8) / item)
    throw ShapeError(fmt::format("[empty] shape {} of {} does not fit into memory.", shape.str(), name(dtype)));
  const std::size_t data_bytes = static_cast<std::size_t>(numel) * item;
  const std::size_t block_bytes = header_bytes + data_bytes;
  char* block = nullptr;
  try {
    block = static_cast<char*>(memory::allocate(block_bytes));
  } catch (const std::bad_alloc&) {
    throw Error(fmt::format("[empty] no memory for a tensor of shape {} and dtype {} ({} bytes).", shape.str(), name(dtype),
                            data_bytes));
  }
  auto* storage = new (block) Storage;
  storage->block_bytes = block_bytes;
  storage->data_bytes = data_bytes;
  storage->data = block + header_bytes;
  auto* impl = new (block + sizeof(Storage)) TensorImpl;
  impl->dtype = dtype;
  impl->data = storage->data;
  impl->numel = numel;
  impl->storage = storage;
  impl->shape = shape;
  set_contiguous_strides(*impl);
  return impl;
}

TensorImpl* new_alias(const TensorImpl& of) {
  of.storage->refs.acquire();
  auto* impl = new (memory::allocate(sizeof(TensorImpl))) TensorImpl;
  impl->dtype = of.dtype;
  impl->contiguous = of.contiguous;
  impl->data = of.data;
  impl->numel = of.numel;
  impl->storage = of.storage;
  impl->shape = of.shape;
  impl->strides = of.strides;
  return impl;
}

TensorImpl* new_view(TensorImpl& of, void* data, const Shape& shape, const Shape& strides) {
  of.storage->refs.acquire();
  auto* impl = new (memory::allocate(sizeof(TensorImpl))) TensorImpl;
  impl->base = of.base != nullptr ? of.base : &of;
  impl->base->refs.acquire();
  impl->history = impl->base->history;
  impl->dtype = of.dtype;
  impl->data = data;
  impl->numel = shape.numel();
  impl->storage = of.storage;
  impl->shape = shape;
  impl->strides = strides;
  std::int64_t expected = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    if (shape[i] != 1 && strides[i] != expected) impl->contiguous = impl->numel == 0;
    expected *= shape[i];
  }
  return impl;
}

}  // namespace xg::detail
