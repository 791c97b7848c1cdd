#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/storage.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
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

constexpr std::size_t bytes_of(std::size_t size_class) {
  if (size_class == 0) return smallest;
  const std::size_t top = (size_class - 1) / 4 + 6;
  const std::size_t quarter = (size_class - 1) % 4;
  return (std::size_t{1} << top) + (quarter + 1) * (std::size_t{1} << (top - 2));
}

constexpr std::array<std::int64_t, class_count> class_bytes = [] {
  std::array<std::int64_t, class_count> bytes{};
  for (std::size_t i = 0; i < class_count; ++i) bytes[i] = static_cast<std::int64_t>(bytes_of(i));
  return bytes;
}();

struct FreeBlock {
  FreeBlock* next;
};

// Only the owning thread writes its numbers, others read them: relaxed loads and stores, no read-modify-write.
struct Counter {
  std::atomic<std::int64_t> value{0};
  std::int64_t get() const noexcept { return value.load(std::memory_order_relaxed); }
  void set(std::int64_t v) noexcept { value.store(v, std::memory_order_relaxed); }
  void add(std::int64_t v) noexcept { set(get() + v); }
};

#ifdef __SANITIZE_ADDRESS__
constexpr std::int64_t default_cache_limit = 0;  // so that the sanitizer sees every use after a release
#else
constexpr std::int64_t default_cache_limit = std::int64_t{1} << 30;
#endif
std::atomic<std::int64_t> cache_limit{default_cache_limit};

// Constant-initialized, in static TLS: reaching it costs one instruction, and it can be asked after the thread's
// objects are destroyed (tensors of static lifetime die that late). A block in use is one that is owned and not cached,
// so that the quick paths count what is cached alone; the peak is where least was cached.
struct ThreadCache {
  FreeBlock* free[class_count] = {};
  Counter allocations, system_allocations;
  Counter owned;   // bytes taken from the system and not given back
  Counter cached;  // bytes in `free`
  Counter lowest;  // least of `cached` since `owned` changed
  Counter peak;    // of bytes in use, until then
  bool registered = false;
  bool ended = false;

  std::int64_t in_use() const noexcept { return owned.get() - cached.get(); }
  std::int64_t peak_in_use() const noexcept { return std::max(peak.get(), owned.get() - lowest.get()); }
  void own(std::int64_t bytes) noexcept {
    peak.set(peak_in_use());
    owned.add(bytes);
    lowest.set(cached.get());
  }
  void trim() noexcept {
    for (FreeBlock*& list : free)
      while (list != nullptr) std::free(std::exchange(list, list->next));
    peak.set(peak_in_use());
    owned.add(-cached.get());
    cached.set(0);
    lowest.set(0);
  }
};
thread_local constinit ThreadCache thread_cache __attribute__((tls_model("initial-exec")));

// Bytes that were given back by threads without a cache: they never allocated, or their cache has ended.
std::atomic<std::int64_t> freed_elsewhere{0};

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

/// Ends the thread's cache when the thread ends.
struct Farewell {
  ~Farewell() {
    ThreadCache& cache = thread_cache;
    cache.trim();
    Registry& all = registry();
    const std::lock_guard lock(all.mutex);
    std::erase(all.caches, &cache);
    all.allocations += cache.allocations.get();
    all.system_allocations += cache.system_allocations.get();
    all.bytes_in_use += cache.in_use();
    all.peak = std::max(all.peak, cache.peak_in_use());
    cache.ended = true;
  }
};

void register_cache(ThreadCache& cache) {
  static thread_local Farewell farewell;
  static_cast<void>(farewell);
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  all.caches.push_back(&cache);
  cache.registered = true;
}

void* system_allocate(std::size_t bytes) {
  // aligned_alloc may insist on a multiple of the alignment (AddressSanitizer does), which most classes are not.
  void* block = nullptr;
  if (::posix_memalign(&block, 64, bytes) != 0) throw std::bad_alloc();
  return block;
}

}  // namespace

namespace {

[[gnu::noinline]] void* allocate_fresh(ThreadCache& cache, std::int64_t bytes) {
  if (!cache.registered && !cache.ended) register_cache(cache);
  void* block = system_allocate(static_cast<std::size_t>(bytes));
  cache.system_allocations.add(1);
  cache.own(bytes);
  return block;
}

}  // namespace

void* allocate(std::size_t bytes) {
  const std::size_t size_class = class_of(bytes);
  if (size_class >= class_count) throw std::bad_alloc();
  ThreadCache& cache = thread_cache;
  cache.allocations.add(1);
  FreeBlock* block = cache.free[size_class];
  if (block == nullptr) [[unlikely]]
    return allocate_fresh(cache, class_bytes[size_class]);
  cache.free[size_class] = block->next;
  const std::int64_t cached = cache.cached.get() - class_bytes[size_class];
  cache.cached.set(cached);
  if (cached < cache.lowest.get()) cache.lowest.set(cached);
  return block;
}

void deallocate(void* block, std::size_t bytes) noexcept {
  const std::size_t size_class = class_of(bytes);
  const std::int64_t rounded = class_bytes[size_class];
  ThreadCache& cache = thread_cache;
  if (cache.ended || !cache.registered) [[unlikely]] {
    freed_elsewhere.fetch_add(rounded, std::memory_order_relaxed);
    std::free(block);
    return;
  }
  const std::int64_t cached = cache.cached.get() + rounded;
  if (cached > cache_limit.load(std::memory_order_relaxed)) [[unlikely]] {
    std::free(block);
    cache.own(-rounded);
    return;
  }
  cache.free[size_class] = new (block) FreeBlock{cache.free[size_class]};
  cache.cached.set(cached);
}

Statistics statistics() {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  Statistics total{all.allocations, all.system_allocations, all.bytes_in_use, all.peak, 0};
  for (const ThreadCache* cache : all.caches) {
    total.allocations += cache->allocations.get();
    total.system_allocations += cache->system_allocations.get();
    total.bytes_in_use += cache->in_use();
    total.peak_bytes_in_use = std::max(total.peak_bytes_in_use, cache->peak_in_use());
    total.bytes_cached += cache->cached.get();
  }
  total.bytes_in_use -= freed_elsewhere.load(std::memory_order_relaxed);
  return total;
}

void reset_peak() {
  ThreadCache& cache = thread_cache;
  cache.peak.set(cache.in_use());
  cache.lowest.set(cache.cached.get());
}

void trim() {
  thread_cache.trim();
}

void set_cache_limit(std::int64_t bytes) {
  if (bytes < 0)
    throw ValueError(
        fmt::format("[set_cache_limit] limit is {} bytes, it must not be negative: use 0 for no cache.", bytes));
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
constexpr std::int64_t max_numel = std::int64_t{1} << 56;  // eight bytes each still count in 64 bits

[[noreturn]] void throw_bad_shape(const Shape& shape, Dtype dtype, bool negative) {
  throw ShapeError(negative ? fmt::format("[empty] shape is {}, sizes must not be negative.", shape.str())
                            : fmt::format("[empty] a tensor of shape {} and dtype {} does not fit into memory.",
                                          shape.str(), name(dtype)));
}

/// The number of elements of any shape, if it can be had.
[[gnu::noinline]] std::int64_t unusual_numel(const Shape& shape, Dtype dtype) {
  std::int64_t numel = 1;
  bool fits = true, negative = false, none = false;
  for (const std::int64_t d : shape) {  // empty dimensions count as one, as in strides, which must not overflow either
    negative |= d < 0;
    none |= d == 0;
    fits &= !__builtin_mul_overflow(numel, std::max<std::int64_t>(d, 1), &numel);
  }
  if (negative || !fits || numel > max_numel) throw_bad_shape(shape, dtype, negative);
  return none ? 0 : numel;
}
}  // namespace

TensorImpl* new_impl(const Shape& shape, Dtype dtype) {
  std::int64_t numel = 1;
  bool unusual = false;  // does a size not fit into 32 bits, is one 0 or negative, or the product too large?
  for (const std::int64_t d : shape) {
    unusual |= (d - 1) >> 32 != 0;
    unusual |= __builtin_mul_overflow(numel, d, &numel);
  }
  if (unusual || numel > max_numel) [[unlikely]]
    numel = unusual_numel(shape, dtype);
  constexpr unsigned char item_shift[] = {0, 0, 2, 3, 2, 3};
  static_assert(std::size_t{1} << item_shift[static_cast<int>(Dtype::int64)] == item_size(Dtype::int64) &&
                std::size_t{1} << item_shift[static_cast<int>(Dtype::float32)] == item_size(Dtype::float32));
  const std::size_t data_bytes = static_cast<std::size_t>(numel) << item_shift[static_cast<std::size_t>(dtype)];
  const std::size_t block_bytes = header_bytes + data_bytes;
  char* block = nullptr;
  try {
    block = static_cast<char*>(memory::allocate(block_bytes));
  } catch (const std::bad_alloc&) {
    throw Error(fmt::format("[empty] no memory for a tensor of shape {} and dtype {} ({} bytes).", shape.str(),
                            name(dtype), data_bytes));
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
  impl->strides.resize_uninitialized(shape.size());
  std::int64_t stride = 1;
#pragma GCC unroll 1
  for (std::size_t i = shape.size(); i-- > 0;) {
    impl->strides[i] = stride;
    stride *= std::max<std::int64_t>(shape[i], 1);
  }
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
