// Memory: 64-byte aligned blocks from a size-class cache, counted references, and the tensor's own record.
#pragma once

#include <xgrad/tensor/shape.hpp>
#include <xgrad/tensor/dtype.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace xg::memory {

/// What the block cache did, over all threads.
struct Statistics {
  std::int64_t allocations = 0;         ///< blocks handed out
  std::int64_t system_allocations = 0;  ///< of these, blocks that came from the system (malloc)
  std::int64_t bytes_in_use = 0;        ///< in blocks that are handed out
  std::int64_t peak_bytes_in_use = 0;   ///< largest bytes_in_use of any one thread's balance since reset_peak()
  std::int64_t bytes_cached = 0;        ///< in blocks that wait for reuse
};

XG_API Statistics statistics();
/// Starts peak_bytes_in_use of the calling thread again from what is in use now.
XG_API void reset_peak();
/// Gives the calling thread's cached blocks back to the system.
XG_API void trim();
/// Bytes that each thread may keep cached (default 1 GiB). Throws ValueError if negative.
XG_API void set_cache_limit(std::int64_t bytes);

/// A block of at least `bytes`, aligned to 64 bytes. Throws std::bad_alloc where the system has none.
XG_API void* allocate(std::size_t bytes);
/// Takes back a block of allocate(bytes), with the same `bytes`.
XG_API void deallocate(void* block, std::size_t bytes) noexcept;

}  // namespace xg::memory

namespace xg::detail {

/// A reference count whose last release needs no read-modify-write: who holds the only reference shares with nobody.
class RefCount {
 public:
  void acquire() noexcept { count_.fetch_add(1, std::memory_order_relaxed); }
  bool release_is_last() noexcept {
    if (count_.load(std::memory_order_acquire) == 1) return true;
    return count_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }
  bool unique() const noexcept { return count_.load(std::memory_order_acquire) == 1; }
  std::int32_t value() const noexcept { return count_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int32_t> count_{1};
};

/// The memory behind one tensor and its views, with the count of in-place writes.
struct Storage {
  RefCount refs;
  std::atomic<std::uint32_t> version{0};
  std::atomic<const char*> last_write{"a write through mutable_data"};  // which op made the latest version
  std::size_t block_bytes = 0;  // of the whole block, headers included
  std::size_t data_bytes = 0;   // of the elements
  void* data = nullptr;
};

XG_API void release_storage(Storage* storage) noexcept;

/// Counts an in-place write by `op` (a string of static lifetime), so that graphs notice it.
inline void bump_version(Storage& storage, const char* op) noexcept {
  storage.version.fetch_add(1, std::memory_order_relaxed);
  storage.last_write.store(op, std::memory_order_relaxed);
}

/// What a Tensor points to. A tensor that owns its storage lies in one block with it: [Storage | TensorImpl | elements].
struct TensorImpl {
  RefCount refs;
  Dtype dtype = Dtype::float32;
  bool contiguous = true;             // row-major without gaps; always true for tensors without elements
  bool inference = false;             // made in InferenceMode: never part of a graph
  std::uint8_t autograd_slot = 0;     // which output of *autograd this tensor is
  void* autograd = nullptr;           // opaque here: an autograd::Node, counted, released through `release_autograd`
  void* data = nullptr;               // first element
  std::int64_t numel = 0;
  Storage* storage = nullptr;
  TensorImpl* base = nullptr;         // of a view: the tensor that owns the storage, counted
  std::uint32_t history = 0;          // of a base: how often an in-place write through a view replaced its graph;
                                      // of a view: the base's number when the view's own graph was made
  Shape shape;
  Shape strides;  // in elements
};

XG_API void destroy_impl(TensorImpl* impl) noexcept;

/// Set once by autograd/: how to drop the reference that TensorImpl::autograd holds.
XG_API extern void (*release_autograd)(void* node) noexcept;

/// A fresh tensor of uninitialized elements. `numel` and the product of sizes must agree.
XG_API TensorImpl* new_impl(const Shape& shape, Dtype dtype);
/// A view of `of`'s storage. It keeps the storage's owner (its base) alive, and with it the owner's graph.
XG_API TensorImpl* new_view(TensorImpl& of, void* data, const Shape& shape, const Shape& strides);
/// The same elements as a tensor of its own, without base and graph.
XG_API TensorImpl* new_alias(const TensorImpl& of);

}  // namespace xg::detail
