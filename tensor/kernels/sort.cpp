#include <xgrad/tensor/kernels/along.hpp>
#include <xgrad/tensor/kernels/elements.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/entries.hpp>
#include <xgrad/tensor/kernels/index.hpp>
#include <xgrad/tensor/kernels/sort.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>
#include <numeric>
#include <vector>

namespace xg::kernels {
namespace {

/// The first k elements of each row along dim, in order.
///
/// With `stable`, equal elements keep their order. Otherwise selection and sorting follow PyTorch's algorithm step by
/// step, so that equal elements have the same order as there.
std::pair<Tensor, Tensor> first_in_order(const Tensor& x, std::int64_t dim, std::int64_t k, bool largest_first,
                                         bool stable) {
  Shape shape = x.shape();
  if (!shape.empty()) shape[static_cast<std::size_t>(dim)] = k;
  Tensor values = empty(shape, x.dtype()), indices = empty(shape, Dtype::int64);
  if (values.numel() == 0) return {values, indices};
  const AlongDim along(x, dim, values.strides());
  dispatch(x.dtype(), [&]<class T>() {
    std::vector<Entry<T>> row(static_cast<std::size_t>(along.n));
    const auto before =
        stable ? (largest_first ? descending<T> : ascending<T>) : (largest_first ? greater<T> : less<T>);
    const auto end_of_first = row.begin() + (x.shape().empty() ? 1 : k);
    along.for_each([&](std::int64_t to, std::int64_t from) {
      const T* in = elements<T>(x) + from;
      for (std::int64_t i = 0; i < along.n; ++i) row[static_cast<std::size_t>(i)] = {in[i * along.stride], i};
      if (stable) {
        std::sort(row.begin(), end_of_first, before);
      } else if ((end_of_first - row.begin()) * 64 <= along.n) {
        std::partial_sort(row.begin(), end_of_first, row.end(), before);
      } else {
        std::nth_element(row.begin(), end_of_first - 1, row.end(), before);
        std::sort(row.begin(), end_of_first - 1, before);
      }
      T* value = elements<T>(values) + to;
      std::int64_t* index = elements<std::int64_t>(indices) + to;
      for (auto entry = row.begin(); entry != end_of_first;
           ++entry, value += along.out_stride, index += along.out_stride) {
        *value = entry->value;
        *index = entry->index;
      }
    });
  });
  return {values, indices};
}

}  // namespace

std::pair<Tensor, Tensor> sort(const Tensor& x, std::int64_t dim, bool descending) {
  return first_in_order(x, dim, x.shape().empty() ? 1 : x.shape()[static_cast<std::size_t>(dim)], descending, true);
}

std::pair<Tensor, Tensor> topk(const Tensor& x, std::int64_t k, std::int64_t dim, bool largest) {
  const std::int64_t n = x.shape().empty() ? 1 : x.shape()[static_cast<std::size_t>(dim)];
  if (k < 0 || k > n)
    raise<ValueError>("[topk] k is {}, dimension {} of shape {} has {} elements: k must lie between 0 and {}.", k, dim,
                      x.shape().str(), n, n);
  if (x.shape().empty() && k == 0) return {empty({0}, x.dtype()), empty({0}, Dtype::int64)};
  return first_in_order(x, dim, k, largest, false);
}

std::tuple<Tensor, Tensor, Tensor> unique(const Tensor& x) {
  const Tensor flat = contiguous(x);
  const auto n = static_cast<std::size_t>(x.numel());
  Tensor inverse = empty(x.shape(), Dtype::int64);
  return dispatch(x.dtype(), [&]<class T>() -> std::tuple<Tensor, Tensor, Tensor> {
    std::vector<Entry<T>> sorted(n);
    for (std::size_t i = 0; i < n; ++i) sorted[i] = {elements<T>(flat)[i], static_cast<std::int64_t>(i)};
    std::sort(sorted.begin(), sorted.end(), ascending<T>);
    std::vector<std::size_t> starts;
    for (std::size_t i = 0; i < n; ++i) {
      if (i == 0 || sorted[i].value != sorted[i - 1].value) starts.push_back(i);
      elements<std::int64_t>(inverse)[sorted[i].index] = static_cast<std::int64_t>(starts.size()) - 1;
    }
    const auto count = static_cast<std::int64_t>(starts.size());
    Tensor values = empty({count}, x.dtype()), counts = empty({count}, Dtype::int64);
    starts.push_back(n);
    for (std::size_t i = 0; i + 1 < starts.size(); ++i) {
      elements<T>(values)[i] = sorted[starts[i]].value;
      elements<std::int64_t>(counts)[i] = static_cast<std::int64_t>(starts[i + 1] - starts[i]);
    }
    return {values, inverse, counts};
  });
}

std::tuple<Tensor, Tensor, Tensor> unique_slices(const Tensor& x, std::int64_t dim, bool consecutive) {
  const std::int64_t n = x.shape()[static_cast<std::size_t>(dim)];
  const AroundDim around(x.shape(), dim);
  const Tensor dense = contiguous(x);
  Tensor inverse = empty({n}, Dtype::int64);
  return dispatch(x.dtype(), [&]<class T>() -> std::tuple<Tensor, Tensor, Tensor> {
    const T* in = elements<T>(dense);
    // -1, 0 or 1 as slice a stands before, beside or after slice b. A NaN is after all numbers and beside no NaN.
    const auto compare = [&](std::int64_t a, std::int64_t b) {
      for (std::int64_t o = 0; o < around.outer; ++o) {
        const T* left = in + (o * n + a) * around.inner;
        const T* right = in + (o * n + b) * around.inner;
        for (std::int64_t i = 0; i < around.inner; ++i) {
          if (left[i] == right[i]) continue;
          const Entry<T> first{left[i], a}, second{right[i], b};
          return ascending(first, second) ? -1 : 1;
        }
      }
      return 0;
    };
    std::vector<std::int64_t> order(static_cast<std::size_t>(n)), starts;
    std::iota(order.begin(), order.end(), 0);
    if (!consecutive)
      std::sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
        const int c = compare(a, b);
        return c < 0 || (c == 0 && a < b);
      });
    for (std::int64_t i = 0; i < n; ++i) {
      const auto at = static_cast<std::size_t>(i);
      if (i == 0 || compare(order[at - 1], order[at]) != 0) starts.push_back(i);
      elements<std::int64_t>(inverse)[order[at]] = static_cast<std::int64_t>(starts.size()) - 1;
    }
    const auto count = static_cast<std::int64_t>(starts.size());
    Tensor firsts = empty({count}, Dtype::int64), counts = empty({count}, Dtype::int64);
    starts.push_back(n);
    for (std::size_t i = 0; i + 1 < starts.size(); ++i) {
      elements<std::int64_t>(firsts)[i] = order[static_cast<std::size_t>(starts[i])];
      elements<std::int64_t>(counts)[i] = starts[i + 1] - starts[i];
    }
    return {index_select(dense, dim, firsts, "unique"), inverse, counts};
  });
}

Tensor searchsorted(const Tensor& sorted, const Tensor& values, bool right) {
  const Tensor rows = contiguous(sorted), wanted = contiguous(values);
  Tensor out = empty(values.shape(), Dtype::int64);
  if (values.numel() == 0) return out;
  const std::int64_t n = sorted.shape().back();
  const std::int64_t each = sorted.dim() == 1 ? values.numel() : values.shape().back();
  dispatch(sorted.dtype(), [&]<class T>() {
    const T* value = elements<T>(wanted);
    std::int64_t* to = elements<std::int64_t>(out);
    for (std::int64_t row = 0; row < values.numel() / each; ++row) {
      const T* edges = elements<T>(rows) + row * n;
      for (std::int64_t i = 0; i < each; ++i, ++value) {
        std::int64_t begin = 0, end = n;
        while (begin < end) {
          const std::int64_t middle = begin + (end - begin) / 2;
          // False for a NaN, which is after all numbers.
          const bool reached = right ? edges[middle] > *value : edges[middle] >= *value;
          (reached ? end : begin) = reached ? middle : middle + 1;
        }
        *to++ = begin;
      }
    }
  });
  return out;
}

}  // namespace xg::kernels
