// Reference-counted layouts: shape and strides.
#pragma once

#include <xgrad/tensor/dtype.hpp>
#include <xgrad/tensor/ref_count.hpp>
#include <xgrad/tensor/shape.hpp>

#include <utility>

namespace xg::detail {

/// Shape and strides of a tensor. It is immutable and shared, because a program has many tensors and few layouts. The
/// first few thousand row-major layouts live as long as the process and need no counting.
struct Layout {
  RefCount refs;
  bool kept = false;                   ///< whether it lives as long as the process
  bool contiguous = true;              ///< row-major without gaps; always true without elements
  bool row_major = true;               ///< the strides of a fresh tensor; a size of 0 counts as 1 there
  std::uint16_t size_classes[2] = {};  ///< if row_major: of blocks for four-byte and eight-byte elements
  std::int64_t numel = 0;
  Shape shape;
  Shape strides;  ///< in elements
};

XG_API void destroy_layout(const Layout* layout) noexcept;

/// A counted reference to a layout.
class LayoutRef {
 public:
  LayoutRef() = default;
  [[gnu::always_inline]] explicit LayoutRef(const Layout* layout) noexcept : layout_(layout) {  // shares
    if (layout_ != nullptr && !layout_->kept) count().acquire();
  }
  static LayoutRef adopt(const Layout* layout) noexcept {
    LayoutRef ref;
    ref.layout_ = layout;
    return ref;
  }
  [[gnu::always_inline]] LayoutRef(const LayoutRef& other) noexcept : LayoutRef(other.layout_) {}
  LayoutRef(LayoutRef&& other) noexcept : layout_(std::exchange(other.layout_, nullptr)) {}
  LayoutRef& operator=(LayoutRef other) noexcept {
    std::swap(layout_, other.layout_);
    return *this;
  }
  ~LayoutRef() {
    if (layout_ != nullptr && !layout_->kept && count().release_is_last()) destroy_layout(layout_);
  }
  const Layout* get() const noexcept { return layout_; }
  const Layout& operator*() const noexcept { return *layout_; }
  const Layout* operator->() const noexcept { return layout_; }
  const Layout* release() noexcept { return std::exchange(layout_, nullptr); }

 private:
  RefCount& count() const noexcept { return const_cast<Layout*>(layout_)->refs; }

  const Layout* layout_ = nullptr;
};

/// The layout of a fresh tensor. Throws ShapeError for a negative size, and for more elements than 56 bits can count.
XG_API LayoutRef row_major_layout(const Shape& shape, Dtype dtype = Dtype::float64);
/// A layout with any strides; the product of the sizes must not overflow.
XG_API LayoutRef strided_layout(const Shape& shape, const Shape& strides);

/// Releases the counted layouts in the calling thread's table.
XG_API void forget_layouts() noexcept;

}  // namespace xg::detail
