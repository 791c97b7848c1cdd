// Destructors of objects that own one another deeper than the stack is. Not for users.
#pragma once

#include <memory>
#include <utility>

namespace xg::nn::detail {

/// Used by the destructor of a T that owns others: what nobody else owns is not destroyed in there but put on a list,
/// and the outermost destructor of the thread destroys the list one by one. It needs no memory, since the links are in
/// the objects: T has a member `std::shared_ptr<T> next_released`, which ReleaseList<T> may use.
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

  /// Gives up `owned`; what is added last is destroyed first.
  void add(std::shared_ptr<T> owned) noexcept {
    if (owned.use_count() != 1) return;
    owned->next_released = std::move(current->first_);
    current->first_ = std::move(owned);
  }

 private:
  // Not inlined: GCC 14 warns of a pointer to a local object, which the destructor takes back.
  [[gnu::noinline]] static void begin(ReleaseList* list) noexcept { current = list; }

  static thread_local constinit ReleaseList* current;
  bool outermost_;
  std::shared_ptr<T> first_;
};

template <class T> thread_local constinit ReleaseList<T>* ReleaseList<T>::current
    __attribute__((tls_model("initial-exec"))) = nullptr;

}  // namespace xg::nn::detail
