// What a tensor's handle points to: the record of dtype, layout, elements and graph, and the storage of the elements.
#pragma once

#include <xgrad/tensor/dtype.hpp>
#include <xgrad/tensor/layout.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace xg::detail {

/// The memory behind one tensor and its views, with the count of in-place writes. It lies at the start of its block.
struct Storage {
  RefCount refs;
  std::atomic<std::uint32_t> version{0};
  std::atomic<const char*> last_write{"a write through mutable_data"};  // which op made the latest version
  std::size_t size_class = 0;
};

XG_API void release_storage(Storage* storage) noexcept;

/// Counts an in-place write by `op` (a string of static lifetime), so that graphs notice it.
inline void bump_version(Storage& storage, const char* op) noexcept {
  storage.version.fetch_add(1, std::memory_order_relaxed);
  storage.last_write.store(op, std::memory_order_relaxed);
}

struct SharingImpl;

/// What a Tensor points to: that of an OwnerBlock, or a SharingImpl.
struct TensorImpl {
  RefCount refs;
  std::uint32_t history = 0;  // of a base: how often an in-place write through a view replaced its graph;
                              // of a view: the base's number when the view's own graph was made
  Dtype dtype = Dtype::float32;
  bool owner = true;               // which of the two it is
  bool inference = false;          // made in InferenceMode: never part of a graph
  std::uint8_t autograd_slot = 0;  // which output of *autograd this tensor is
  void* autograd = nullptr;        // opaque here: an autograd::Node, counted, released through `release_autograd`
  void* data = nullptr;            // first element
  LayoutRef layout;

  const Shape& shape() const noexcept { return layout->shape; }
  const Shape& strides() const noexcept { return layout->strides; }
  std::int64_t numel() const noexcept { return layout->numel; }
  bool contiguous() const noexcept { return layout->contiguous; }
  inline Storage& storage() const noexcept;
  /// Of a view: the tensor that was viewed; else null.
  inline TensorImpl* base() const noexcept;
};

/// A tensor that lies in one block with its elements, which follow it.
struct alignas(64) OwnerBlock {
  Storage storage;
  TensorImpl impl;
};
static_assert(sizeof(OwnerBlock) == 64, "one line of the cache for what a tensor has beside its elements");

/// A tensor with elements of another: a view, or an alias without base and graph.
struct SharingImpl : TensorImpl {
  Storage* of = nullptr;         // counted
  TensorImpl* viewed = nullptr;  // counted; null for an alias
};

inline Storage& TensorImpl::storage() const noexcept {
  if (!owner) return *static_cast<const SharingImpl*>(this)->of;
  const char* self = reinterpret_cast<const char*>(this);
  return *reinterpret_cast<Storage*>(const_cast<char*>(self) - sizeof(Storage));
}
inline TensorImpl* TensorImpl::base() const noexcept {
  return owner ? nullptr : static_cast<const SharingImpl*>(this)->viewed;
}

XG_API void destroy_impl(TensorImpl* impl) noexcept;

/// Set once by autograd/: how to drop the reference that TensorImpl::autograd holds.
XG_API extern void (*release_autograd)(void* node) noexcept;

/// A fresh tensor of uninitialized elements.
XG_API TensorImpl* new_impl(const Shape& shape, Dtype dtype);
/// The same with the shape of another tensor.
XG_API TensorImpl* new_like(const TensorImpl& of, Dtype dtype);
/// A view of `of`'s storage. It keeps the storage's owner (its base) alive, and with it the owner's graph.
XG_API TensorImpl* new_view(TensorImpl& of, void* data, const Shape& shape, const Shape& strides);
/// Elements of a storage as a tensor of its own, without base and graph.
XG_API TensorImpl* new_alias(Storage& storage, void* data, const LayoutRef& layout, Dtype dtype);
inline TensorImpl* new_alias(const TensorImpl& of) { return new_alias(of.storage(), of.data, of.layout, of.dtype); }

}  // namespace xg::detail
