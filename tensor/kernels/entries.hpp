// The elements of one row with their positions, and the orders in which they are sorted.
#pragma once

#include <xgrad/tensor/kernels/loops.hpp>

#include <cstdint>

namespace xg::kernels {

template <class T> struct Entry {
  T value;
  std::int64_t index;
};

/// Ascending order by value, NaN last, and its reverse.
template <class T> bool less(const Entry<T>& a, const Entry<T>& b) {
  return a.value < b.value || (is_nan(b.value) && !is_nan(a.value));
}
template <class T> bool greater(const Entry<T>& a, const Entry<T>& b) { return less(b, a); }

/// The same two orders with ties broken by index, so that any sorting algorithm is stable.
template <class T> bool ascending(const Entry<T>& a, const Entry<T>& b) {
  return less(a, b) || (!less(b, a) && a.index < b.index);
}
template <class T> bool descending(const Entry<T>& a, const Entry<T>& b) {
  return less(b, a) || (!less(a, b) && a.index < b.index);
}

}  // namespace xg::kernels
