#include <xgrad/tensor/support/process_mutex.hpp>

#include <pthread.h>

#include <new>

namespace xg::detail {
namespace {

constinit std::mutex list_mutex;
constinit ProcessMutex* list = nullptr;

}  // namespace

ProcessMutex::ProcessMutex() {
  const std::lock_guard lock(list_mutex);
  if (list == nullptr && pthread_atfork(&lock_all, &unlock_all, &unlock_all) != 0) throw std::bad_alloc();
  next_ = list;
  list = this;
}

void ProcessMutex::lock_all() noexcept {
  list_mutex.lock();
  for (ProcessMutex* m = list; m != nullptr; m = m->next_) m->lock();
}

void ProcessMutex::unlock_all() noexcept {
  for (ProcessMutex* m = list; m != nullptr; m = m->next_) m->unlock();
  list_mutex.unlock();
}

}  // namespace xg::detail
