// The record behind a tensor's handle: dtype, layout, elements and graph; and the storage of the elements.
#pragma once

#include <xgrad/tensor/dtype.hpp>
#include <xgrad/tensor/layout.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace xg::detail {

/// The memory behind one tensor and its views, with the number of in-place writes. It is at the start of its block,
/// unless the memory is the caller's.
struct Storage {
  RefCount refs;
  std::atomic<std::uint32_t> version{0};
  std::atomic<const char*> last_write{"a write through mutable_data"};  // the op that made the latest version
  std::size_t size_class = 0;
};

XG_API void release_storage(Storage* storage) noexcept;
/// The storage of memory that is not ours, with one reference. `deleter`, unless it is empty, is called with `data`
/// when the last reference is released, or at once where there is no memory for the storage, which is an Error. What it
/// throws is dropped.
XG_API Storage* new_external_storage(void* data, std::function<void(void*)> deleter);

/// Counts an in-place write by `op` (a string of static lifetime), so that graphs detect it.
inline void bump_version(Storage& storage, const char* op) noexcept {
  storage.version.fetch_add(1, std::memory_order_relaxed);
  storage.last_write.store(op, std::memory_order_relaxed);
}

struct SharingImpl;

/// The record of a tensor: part of an OwnerBlock, or of a SharingImpl.
struct TensorImpl {
  RefCount refs;
  std::uint32_t graph_version = 0;  // of a base: how often an in-place write replaced its graph;
                                    // of a view: the base's number when the view's own graph was made
  Dtype dtype = Dtype::float32;
  std::uint8_t kind = is_owner;    // bits: is_owner, is_observed
  bool inference = false;          // made in InferenceMode: never part of a graph
  std::uint8_t autograd_slot = 0;  // the output of *autograd that this tensor is
  void* autograd = nullptr;        // opaque here: an autograd::Node, counted, released through `release_autograd`
  void* data = nullptr;            // first element
  LayoutRef layout;

  static constexpr std::uint8_t is_owner = 1;     // it is part of an OwnerBlock
  static constexpr std::uint8_t is_observed = 2;  // `forget_observed` is told of its end
  bool owner() const noexcept { return (kind & is_owner) != 0; }
  const Shape& shape() const noexcept { return layout->shape; }
  const Shape& strides() const noexcept { return layout->strides; }
  std::int64_t numel() const noexcept { return layout->numel; }
  bool contiguous() const noexcept { return layout->contiguous; }
  inline Storage& storage() const noexcept;
  /// The tensor that a view was made from; null unless this is a view.
  inline TensorImpl* base() const noexcept;
};

/// A tensor in one block with its elements, which follow it.
struct alignas(64) OwnerBlock {
  Storage storage;
  TensorImpl impl;
};
static_assert(sizeof(OwnerBlock) == 64, "what precedes the elements fills one cache line");

/// A tensor that shares the storage of another: a view, or an alias without base and graph.
struct SharingImpl : TensorImpl {
  Storage* shared_storage = nullptr;  // counted
  TensorImpl* view_base = nullptr;    // counted; null for an alias
};

inline Storage& TensorImpl::storage() const noexcept {
  if (!owner()) return *static_cast<const SharingImpl*>(this)->shared_storage;
  const char* self = reinterpret_cast<const char*>(this);
  return *reinterpret_cast<Storage*>(const_cast<char*>(self) - sizeof(Storage));
}
inline TensorImpl* TensorImpl::base() const noexcept {
  return owner() ? nullptr : static_cast<const SharingImpl*>(this)->view_base;
}

XG_API void destroy_impl(TensorImpl* impl) noexcept;

/// Releases the reference that TensorImpl::autograd holds. Set once by autograd/.
XG_API extern void (*release_autograd)(void* node) noexcept;
/// Tells autograd/ that a tensor that it marked as is_observed is about to end. Set once by autograd/.
XG_API extern void (*forget_observed)(const TensorImpl* impl) noexcept;
/// The tensor whose elements the host reads in place of x's, as a counted reference; null for x itself. Set once by
/// autograd/, where tensors may stand for others (Substitution).
XG_API extern TensorImpl* (*substitute_for_reading)(const TensorImpl& x);

/// A new tensor with uninitialized elements.
XG_API TensorImpl* new_impl(const Shape& shape, Dtype dtype);
/// A new tensor of x's shape with uninitialized elements.
XG_API TensorImpl* new_like(const TensorImpl& x, Dtype dtype);
/// A view of x's storage. It keeps the storage's owner, its base, alive, and with it the owner's graph.
XG_API TensorImpl* new_view(TensorImpl& x, void* data, const Shape& shape, const Shape& strides);
/// A tensor on existing elements of a storage, without base and graph.
XG_API TensorImpl* new_alias(Storage& storage, void* data, const LayoutRef& layout, Dtype dtype);
/// Makes an alias, and so all its handles, refer to the elements of `fresh`, which may have another dtype.
XG_API void replace_elements(TensorImpl& alias, const TensorImpl& fresh) noexcept;
inline TensorImpl* new_alias(const TensorImpl& x) { return new_alias(x.storage(), x.data, x.layout, x.dtype); }

}  // namespace xg::detail
