// Destruction without recursion of objects that own one another in long chains.
#pragma once

#include <memory>
#include <utility>

namespace xg::nn::detail {

/// The destructor of a T that owns other objects adds them to a ReleaseList. Those without other owners are not
/// destroyed at once but linked into a list, which the outermost destructor of the thread destroys one by one. It
/// allocates nothing: T has a member `std::shared_ptr<T> next_released` for the links.
template <class T> class ReleaseList {
 public:
  ReleaseList() noexcept : outermost_(current == nullptr) {
    if (outermost_) begin(this);
  }
  ~ReleaseList() {
    if (!outermost_) return;
    while (first_ != nullptr) {
      const std::shared_ptr<T> next = std::move(first_);
      first_ = std::move(next->next_released);
    }
    current = nullptr;
  }
  ReleaseList(const ReleaseList&) = delete;
  ReleaseList& operator=(const ReleaseList&) = delete;

  /// Releases `owned`; the object added last is destroyed first.
  void add(std::shared_ptr<T> owned) noexcept {
    if (owned.use_count() != 1) return;
    owned->next_released = std::move(current->first_);
    current->first_ = std::move(owned);
  }

 private:
  // Not inlined, because GCC 14 would warn of a dangling pointer, although the destructor resets it.
  [[gnu::noinline]] static void begin(ReleaseList* list) noexcept { current = list; }

  static thread_local constinit ReleaseList* current;
  bool outermost_;
  std::shared_ptr<T> first_;
};

template <class T> thread_local constinit ReleaseList<T>* ReleaseList<T>::current
    __attribute__((tls_model("initial-exec"))) = nullptr;

}  // namespace xg::nn::detail
