#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/storage.hpp>
#include <xgrad/tensor/support/process_mutex.hpp>
#include <xgrad/tensor/support/sanitizers.hpp>
#include <xgrad/tensor/support/thread_exit.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

namespace xg::memory {
namespace {

// Each size class keeps a list of free blocks per thread; a free block's first word links to the next.
using detail::class_of;
constexpr std::size_t class_count = 8 * 36;

constexpr std::size_t bytes_of(std::size_t size_class) {
  return size_class == 0 ? 64 : (8 + (size_class - 1) % 8 + 1) * (std::size_t{8} << (size_class - 1) / 8);
}
static_assert(class_of(64) == 0 && class_of(65) == 1 && bytes_of(1) == 72 && class_of(128) == 8 && bytes_of(8) == 128 &&
              class_of(129) == 9 && bytes_of(9) == 144 && class_of(1 << 20) == 8 * 14 && bytes_of(8 * 14) == 1 << 20);

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

// No cache where a sanitizer is to see every use after a release.
constexpr std::int64_t default_cache_limit = XGRAD_MEMORY_WATCHED ? 0 : std::int64_t{1} << 30;
std::atomic<std::int64_t> cache_limit{default_cache_limit};

// A block in use is one that is owned and not cached, so that the quick paths count what is cached alone; the peak is
// where least was cached.
struct ThreadCache {
  FreeBlock* free[class_count] = {};
  Counter allocations, system_allocations;
  Counter owned;   // bytes taken from the system and not given back
  Counter cached;  // bytes in `free`
  Counter lowest;  // least of `cached` since `owned` changed
  Counter peak;    // of bytes in use, until then

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
// Static TLS is reached by one instruction, but a library that is loaded late has only some hundred bytes of it: so
// this is a pointer. It can be asked after the thread's cache has ended (by another thread-specific key's destructor).
thread_local constinit ThreadCache* thread_cache __attribute__((tls_model("initial-exec"))) = nullptr;
thread_local constinit bool thread_ended = false;

// Bytes that threads without a cache took, less those that they gave back: such threads never allocated, or have ended.
std::atomic<std::int64_t> used_elsewhere{0};

struct Registry {
  xg::detail::ProcessMutex mutex;
  std::vector<ThreadCache*> caches;
  std::int64_t allocations = 0, system_allocations = 0, bytes_in_use = 0, peak = 0;  // of threads that ended
};
// Never destroyed: tensors of static lifetime may outlive everything else.
Registry& registry() {
  static Registry* instance = new Registry;
  return *instance;
}

/// Ends the thread's cache when the thread ends.
void end_cache(void*) {
  const std::unique_ptr<ThreadCache> cache(std::exchange(thread_cache, nullptr));
  thread_ended = true;
  if (cache == nullptr) return;
  cache->trim();
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  std::erase(all.caches, cache.get());
  all.allocations += cache->allocations.get();
  all.system_allocations += cache->system_allocations.get();
  all.bytes_in_use += cache->in_use();
  all.peak = std::max(all.peak, cache->peak_in_use());
}

ThreadCache& make_cache() {
  static const xg::detail::ThreadExit at_exit(end_cache);
  auto cache = std::make_unique<ThreadCache>();
  at_exit.arm(cache.get());
  Registry& all = registry();
  {
    const std::lock_guard lock(all.mutex);
    all.caches.push_back(cache.get());
  }
  thread_cache = cache.release();
  return *thread_cache;
}

void* system_allocate(std::size_t bytes) {
  // aligned_alloc may insist on a multiple of the alignment (AddressSanitizer does), which most classes are not.
  void* block = nullptr;
  if (::posix_memalign(&block, 64, bytes) != 0) throw std::bad_alloc();
  return block;
}

}  // namespace

namespace {

/// A block that the thread's cache has not.
[[gnu::noinline]] void* allocate_fresh(std::int64_t bytes) {
  if (thread_ended) {
    void* block = system_allocate(static_cast<std::size_t>(bytes));
    used_elsewhere.fetch_add(bytes, std::memory_order_relaxed);
    return block;
  }
  ThreadCache& cache = thread_cache != nullptr ? *thread_cache : make_cache();
  void* block = system_allocate(static_cast<std::size_t>(bytes));
  cache.allocations.add(1);
  cache.system_allocations.add(1);
  cache.own(bytes);
  return block;
}

/// Of a block that the thread's cache does not take.
[[gnu::noinline]] void give_back(void* block, std::int64_t bytes) noexcept {
  std::free(block);
  if (thread_cache != nullptr)
    thread_cache->own(-bytes);
  else
    used_elsewhere.fetch_sub(bytes, std::memory_order_relaxed);
}

}  // namespace

namespace {

[[gnu::always_inline]] inline void* take_block(std::size_t size_class) {
  if (size_class >= class_count) [[unlikely]]
    throw std::bad_alloc();
  ThreadCache* cache = thread_cache;
  if (cache == nullptr || cache->free[size_class] == nullptr) [[unlikely]]
    return allocate_fresh(class_bytes[size_class]);
  FreeBlock* block = cache->free[size_class];
  cache->free[size_class] = block->next;
  cache->allocations.add(1);
  const std::int64_t cached = cache->cached.get() - class_bytes[size_class];
  cache->cached.set(cached);
  if (cached < cache->lowest.get()) cache->lowest.set(cached);
  return block;
}

[[gnu::always_inline]] inline void put_block(void* block, std::size_t size_class) noexcept {
  const std::int64_t bytes = class_bytes[size_class];
  ThreadCache* cache = thread_cache;
  if (cache == nullptr) [[unlikely]]
    return give_back(block, bytes);
  const std::int64_t cached = cache->cached.get() + bytes;
  if (cached > cache_limit.load(std::memory_order_relaxed)) [[unlikely]]
    return give_back(block, bytes);
  cache->free[size_class] = new (block) FreeBlock{cache->free[size_class]};
  cache->cached.set(cached);
}

}  // namespace

void* detail::allocate_class(std::size_t size_class) { return take_block(size_class); }

void detail::deallocate_class(void* block, std::size_t size_class) noexcept { put_block(block, size_class); }

void* allocate(std::size_t bytes) { return detail::allocate_class(class_of(bytes)); }

void deallocate(void* block, std::size_t bytes) noexcept { detail::deallocate_class(block, class_of(bytes)); }

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
  total.bytes_in_use += used_elsewhere.load(std::memory_order_relaxed);
  return total;
}

void reset_peak() {
  if (thread_cache == nullptr) return;
  thread_cache->peak.set(thread_cache->in_use());
  thread_cache->lowest.set(thread_cache->cached.get());
}

void trim() {
  xg::detail::forget_layouts();
  if (thread_cache != nullptr) thread_cache->trim();
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

constexpr std::size_t sharing_class = memory::detail::class_of(sizeof(SharingImpl));
void ignore_autograd(void*) noexcept {}

/// `layout` is a counted reference, which the tensor takes over.
[[gnu::always_inline]] inline TensorImpl* new_owner(const Layout* layout, Dtype dtype) {
  const std::size_t item = item_size(dtype);
  const auto numel = static_cast<std::size_t>(layout->numel);
  const std::size_t size_class =
      item >= 4 ? layout->size_classes[item / 8] : memory::detail::class_of(sizeof(OwnerBlock) + numel);
  void* memory = nullptr;
  try {
    memory = memory::take_block(size_class);
  } catch (const std::bad_alloc&) {
    const LayoutRef dropped = LayoutRef::adopt(layout);
    throw Error(fmt::format("[empty] no memory for a tensor of shape {} and dtype {} ({} bytes).", layout->shape.str(),
                            name(dtype), numel * item));
  }
  auto* block = new (memory) OwnerBlock;
  block->storage.size_class = size_class;
  block->impl.dtype = dtype;
  block->impl.data = block + 1;
  block->impl.layout = LayoutRef::adopt(layout);
  return &block->impl;
}

SharingImpl* new_sharing(Storage& storage, void* data, LayoutRef layout, Dtype dtype) {
  auto* impl = new (memory::detail::allocate_class(sharing_class)) SharingImpl;
  impl->owner = false;
  impl->dtype = dtype;
  impl->data = data;
  impl->layout = std::move(layout);
  impl->of = &storage;
  impl->of->refs.acquire();
  return impl;
}

}  // namespace

void (*release_autograd)(void* node) noexcept = ignore_autograd;

void release_storage(Storage* storage) noexcept {
  if (storage->refs.release_is_last()) memory::put_block(storage, storage->size_class);
}

void destroy_impl(TensorImpl* impl) noexcept {
  if (impl->autograd != nullptr) release_autograd(impl->autograd);
  Storage* storage = &impl->storage();
  if (impl->owner) [[likely]] {
    static_cast<OwnerImpl*>(impl)->~OwnerImpl();
    return release_storage(storage);
  }
  TensorImpl* base = impl->base();
  static_cast<SharingImpl*>(impl)->~SharingImpl();
  memory::put_block(impl, sharing_class);
  release_storage(storage);
  if (base != nullptr && base->refs.release_is_last()) destroy_impl(base);  // a base has no base: no deeper than this
}

TensorImpl* new_impl(const Shape& shape, Dtype dtype) {
  return new_owner(row_major_layout(shape, dtype).release(), dtype);
}

TensorImpl* new_like(const TensorImpl& of, Dtype dtype) {
  if (!of.layout->row_major) [[unlikely]]
    return new_impl(of.shape(), dtype);
  return new_owner(LayoutRef(of.layout).release(), dtype);
}

TensorImpl* new_alias(Storage& storage, void* data, const LayoutRef& layout, Dtype dtype) {
  return new_sharing(storage, data, layout, dtype);
}

TensorImpl* new_view(TensorImpl& of, void* data, const Shape& shape, const Shape& strides) {
  SharingImpl* impl = new_sharing(of.storage(), data, strided_layout(shape, strides), of.dtype);
  impl->viewed = of.base() != nullptr ? of.base() : &of;
  impl->viewed->refs.acquire();
  impl->history = impl->viewed->history;
  return impl;
}

}  // namespace xg::detail
