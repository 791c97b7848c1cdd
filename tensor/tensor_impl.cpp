#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/support/block_cache.hpp>
#include <xgrad/tensor/tensor_impl.hpp>

#include <fmt/format.h>

#include <functional>
#include <limits>
#include <memory>
#include <new>
#include <utility>

namespace xg::detail {
namespace {

constexpr std::size_t sharing_class = memory::detail::class_of(sizeof(SharingImpl));
void ignore_autograd(void*) noexcept {}
void ignore_observed(const TensorImpl*) noexcept {}
TensorImpl* no_substitute(const TensorImpl&) { return nullptr; }

constexpr std::size_t external_class = std::numeric_limits<std::size_t>::max();

void call_deleter(const std::function<void(void*)>& deleter, void* data) noexcept {
  if (!deleter) return;
  try {
    deleter(data);
  } catch (...) {  // NOLINT: there is nobody to whom it could be reported
  }
}

/// The storage of memory that belongs to the caller.
struct ExternalStorage : Storage {
  void* data = nullptr;
  std::function<void(void*)> deleter;
};

/// Apart from release_storage, which then needs no stack frame.
[[gnu::noinline, gnu::cold]] void end_external(Storage* storage) noexcept {
  const std::unique_ptr<ExternalStorage> external(static_cast<ExternalStorage*>(storage));
  call_deleter(external->deleter, external->data);
}

/// Takes over the counted reference `layout`.
[[gnu::always_inline]] inline TensorImpl* new_owner(const Layout* layout, Dtype dtype) {
  const std::size_t item = item_size(dtype);
  const auto numel = static_cast<std::size_t>(layout->numel);
  const std::size_t size_class =
      item >= 4 ? layout->size_classes[item / 8] : memory::detail::class_of(sizeof(OwnerBlock) + numel);
  void* memory = nullptr;
  try {
    memory = memory::detail::take_block(size_class);
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
  impl->kind = 0;
  impl->dtype = dtype;
  impl->data = data;
  impl->layout = std::move(layout);
  impl->shared_storage = &storage;
  impl->shared_storage->refs.acquire();
  return impl;
}

}  // namespace

void (*release_autograd)(void* node) noexcept = ignore_autograd;
void (*forget_observed)(const TensorImpl* impl) noexcept = ignore_observed;
TensorImpl* (*substitute_for_reading)(const TensorImpl& x) = no_substitute;

void release_storage(Storage* storage) noexcept {
  if (!storage->refs.release_is_last()) return;
  if (storage->size_class != external_class) [[likely]]
    return memory::detail::put_block(storage, storage->size_class);
  end_external(storage);
}

Storage* new_external_storage(void* data, std::function<void(void*)> deleter) {
  auto* storage = new (std::nothrow) ExternalStorage;
  if (storage == nullptr) {
    call_deleter(deleter, data);
    throw Error("[from_blob] no memory for the record of a tensor.");
  }
  storage->size_class = external_class;
  storage->data = data;
  storage->deleter = std::move(deleter);
  return storage;
}

void destroy_impl(TensorImpl* impl) noexcept {
  if (impl->autograd != nullptr) release_autograd(impl->autograd);
  Storage* storage = &impl->storage();
  if (impl->kind == TensorImpl::is_owner) [[likely]] {
    impl->~TensorImpl();
    return release_storage(storage);
  }
  if ((impl->kind & TensorImpl::is_observed) != 0) {
    forget_observed(impl);
    impl->autograd = nullptr;
    impl->kind &= static_cast<std::uint8_t>(~TensorImpl::is_observed);
    return destroy_impl(impl);
  }
  TensorImpl* base = impl->base();
  static_cast<SharingImpl*>(impl)->~SharingImpl();
  memory::detail::put_block(impl, sharing_class);
  release_storage(storage);
  if (base != nullptr && base->refs.release_is_last()) destroy_impl(base);  // recursion ends here: a base has no base
}

TensorImpl* new_impl(const Shape& shape, Dtype dtype) {
  return new_owner(row_major_layout(shape, dtype).release(), dtype);
}

TensorImpl* new_like(const TensorImpl& x, Dtype dtype) {
  if (!x.layout->row_major) [[unlikely]]
    return new_impl(x.shape(), dtype);
  return new_owner(LayoutRef(x.layout).release(), dtype);
}

void replace_elements(TensorImpl& alias, const TensorImpl& fresh) noexcept {
  auto& to = static_cast<SharingImpl&>(alias);
  fresh.storage().refs.acquire();
  release_storage(std::exchange(to.shared_storage, &fresh.storage()));
  to.data = fresh.data;
  to.dtype = fresh.dtype;
  to.layout = fresh.layout;
}

TensorImpl* new_alias(Storage& storage, void* data, const LayoutRef& layout, Dtype dtype) {
  return new_sharing(storage, data, layout, dtype);
}

TensorImpl* new_view(TensorImpl& x, void* data, const Shape& shape, const Shape& strides) {
  SharingImpl* impl = new_sharing(x.storage(), data, strided_layout(shape, strides), x.dtype);
  impl->view_base = x.base() != nullptr ? x.base() : &x;
  impl->view_base->refs.acquire();
  impl->graph_version = impl->view_base->graph_version;
  return impl;
}

}  // namespace xg::detail
