#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/kernels/strided.hpp>
#include <xgrad/tensor/layout.hpp>
#include <xgrad/tensor/memory.hpp>
#include <xgrad/tensor/support/process_mutex.hpp>
#include <xgrad/tensor/support/thread_exit.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <new>
#include <unordered_set>

namespace xg::detail {
namespace {

constexpr std::int64_t max_numel = std::int64_t{1} << 56;  // the size in bytes must not overflow
constexpr std::size_t layout_class = memory::detail::class_of(sizeof(Layout));

[[noreturn]] void throw_bad_shape(const Shape& shape, Dtype dtype, bool negative) {
  throw ShapeError(negative ? fmt::format("[empty] shape is {}, sizes must not be negative.", shape.str())
                            : fmt::format("[empty] a tensor of shape {} and dtype {} does not fit into memory.",
                                          shape.str(), name(dtype)));
}

/// The number of elements. Throws ShapeError where it, or the strides, overflow.
std::int64_t checked_numel(const Shape& shape, Dtype dtype) {
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

std::uint64_t hash_of(const Shape& shape) {
  std::uint64_t hash = shape.size();
  for (const std::int64_t d : shape) hash = (hash ^ static_cast<std::uint64_t>(d)) * 0x9e3779b97f4a7c15;
  return hash;
}

/// The permanent layouts. Never destroyed, because tensors of static lifetime may outlive everything else.
class KeptLayouts {
 public:
  static KeptLayouts& instance() {
    static auto* kept = new KeptLayouts;
    return *kept;
  }
  /// The permanent layout equal to `layout`, which is added if there is space; else null.
  const Layout* find_or_keep(const Layout& layout) {
    const std::lock_guard lock(mutex_);
    if (const auto found = layouts_.find(&layout); found != layouts_.end()) return *found;
    if (layouts_.size() >= max_kept) return nullptr;
    auto copy = std::make_unique<Layout>(layout);
    copy->kept = true;
    layouts_.insert(copy.get());
    return copy.release();
  }

 private:
  static constexpr std::size_t max_kept = 4096;
  struct Hash {
    std::size_t operator()(const Layout* layout) const {
      return static_cast<std::size_t>(hash_of(layout->shape) >> 20);
    }
  };
  struct Equal {
    bool operator()(const Layout* a, const Layout* b) const { return a->shape == b->shape; }
  };
  ProcessMutex mutex_;
  std::unordered_set<const Layout*, Hash, Equal> layouts_;
};

/// A counted copy of the layout.
LayoutRef new_layout(const Layout& layout) {
  return LayoutRef::adopt(new (memory::detail::allocate_class(layout_class)) Layout(layout));
}

// The row-major layouts that the thread used last: a two-way set-associative table, keyed by a hash of the shape. Held
// by a pointer, see block_cache.hpp.
struct Table {
  static constexpr unsigned bits = 6;
  struct Place {
    LayoutRef recent, before;
  };
  Place places[1u << bits];

  Place& place_of(const Shape& shape) { return places[hash_of(shape) >> (64 - bits)]; }
};
thread_local constinit Table* thread_table __attribute__((tls_model("initial-exec"))) = nullptr;
thread_local constinit bool thread_ended = false;

void end_table(void*) {
  delete std::exchange(thread_table, nullptr);
  thread_ended = true;
}

/// Cache miss: builds the layout and adds it to the thread's table.
[[gnu::noinline]] LayoutRef find_row_major(const Shape& shape, Dtype dtype) {
  Layout layout;
  layout.numel = checked_numel(shape, dtype);
  layout.shape = shape;
  layout.strides = kernels::row_major_strides(shape);
  for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
    const std::size_t bytes = sizeof(OwnerBlock) + (static_cast<std::size_t>(layout.numel) << (2 + i));
    layout.size_classes[i] = static_cast<std::uint16_t>(memory::detail::class_of(bytes));
  }
  LayoutRef result = LayoutRef(KeptLayouts::instance().find_or_keep(layout));
  if (result.get() == nullptr) result = new_layout(layout);
  if (thread_ended) return result;
  if (thread_table == nullptr) {
    static const xg::detail::ThreadExit at_exit(end_table);
    auto table = std::make_unique<Table>();
    at_exit.arm(table.get());
    thread_table = table.release();
  }
  Table::Place& place = thread_table->place_of(shape);
  place.before = std::exchange(place.recent, result);
  return result;
}

}  // namespace

LayoutRef row_major_layout(const Shape& shape, Dtype dtype) {
  if (thread_table != nullptr) [[likely]] {
    const Table::Place& place = thread_table->place_of(shape);
    if (place.recent.get() != nullptr && place.recent->shape == shape) [[likely]]
      return place.recent;
    if (place.before.get() != nullptr && place.before->shape == shape) return place.before;
  }
  return find_row_major(shape, dtype);
}

LayoutRef strided_layout(const Shape& shape, const Shape& strides) {
  std::uint64_t expected = 1;  // where a dimension is empty, the other sizes may be anything
  bool contiguous = true, row_major = true;
  for (std::size_t i = shape.size(); i-- > 0;) {
    const bool as_expected = static_cast<std::uint64_t>(strides[i]) == expected;
    row_major &= as_expected;
    contiguous &= as_expected || shape[i] == 1;
    expected *= static_cast<std::uint64_t>(std::max<std::int64_t>(shape[i], 1));
  }
  if (row_major) return row_major_layout(shape);
  Layout layout;
  layout.numel = shape.numel();
  layout.contiguous = contiguous || layout.numel == 0;
  layout.row_major = false;
  layout.shape = shape;
  layout.strides = strides;
  return new_layout(layout);
}

void destroy_layout(const Layout* layout) noexcept {
  layout->~Layout();
  memory::detail::deallocate_class(const_cast<Layout*>(layout), layout_class);
}

void forget_layouts() noexcept {
  if (thread_table != nullptr) *thread_table = Table();
}

}  // namespace xg::detail
