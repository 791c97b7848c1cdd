#include <xgrad/tensor/kernels/along.hpp>
#include <xgrad/tensor/kernels/elements.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/entries.hpp>
#include <xgrad/tensor/kernels/selection.hpp>

#include <algorithm>
#include <vector>

namespace xg::kernels {
namespace {

/// pick(row) for the entries of each row along dim: the index of one of them.
template <class Pick> Tensor index_of_one(const Tensor& x, std::int64_t dim, Pick&& pick) {
  Shape shape = x.shape();
  if (!shape.empty()) shape[static_cast<std::size_t>(dim)] = 1;
  Tensor out = empty(shape, Dtype::int64);
  if (out.numel() == 0) return out;
  const AlongDim along(x, dim, out.strides());
  dispatch(x.dtype(), [&]<class T>() {
    std::vector<Entry<T>> row(static_cast<std::size_t>(along.n));
    along.for_each([&](std::int64_t to, std::int64_t from) {
      const T* in = elements<T>(x) + from;
      for (std::int64_t i = 0; i < along.n; ++i) row[static_cast<std::size_t>(i)] = {in[i * along.stride], i};
      elements<std::int64_t>(out)[to] = pick(row);
    });
  });
  return out;
}

template <class T> std::int64_t kth_of(std::vector<Entry<T>>& row, std::int64_t k) {
  const auto place = row.begin() + (k - 1);
  std::nth_element(row.begin(), place, row.end(), ascending<T>);
  return place->index;
}

}  // namespace

Tensor kth_index(const Tensor& x, std::int64_t dim, std::int64_t k) {
  return index_of_one(x, dim, [k](auto& row) { return kth_of(row, k); });
}

Tensor median_index(const Tensor& x, std::int64_t dim, bool ignore_nan) {
  return index_of_one(x, dim, [ignore_nan](auto& row) {
    const auto missing = [](const auto& entry) { return is_nan(entry.value); };
    const auto first = std::find_if(row.begin(), row.end(), missing);
    if (first != row.end() && !ignore_nan) return first->index;
    const std::int64_t numbers = std::count_if(row.begin(), row.end(), [&](const auto& e) { return !missing(e); });
    return kth_of(row, std::max<std::int64_t>(1, (numbers + 1) / 2));
  });
}

Tensor mode_index(const Tensor& x, std::int64_t dim) {
  return index_of_one(x, dim, []<class T>(std::vector<Entry<T>>& row) {
    std::sort(row.begin(), row.end(), ascending<T>);
    std::size_t most = 0, run = 0, mode = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
      ++run;
      if (i + 1 < row.size() && row[i].value == row[i + 1].value) continue;
      if (run > most) {
        most = run;
        mode = i;
      }
      run = 0;
    }
    return row[mode].index;
  });
}

Tensor running_extreme_index(const Tensor& x, std::int64_t dim, bool largest) {
  Tensor out = empty(x.shape(), Dtype::int64);
  if (out.numel() == 0) return out;
  const AlongDim along(x, dim, out.strides());
  dispatch(x.dtype(), [&]<class T>() {
    along.for_each([&](std::int64_t to, std::int64_t from) {
      const T* in = elements<T>(x) + from;
      std::int64_t* index = elements<std::int64_t>(out) + to;
      T best = in[0];
      std::int64_t where = 0;
      for (std::int64_t i = 0; i < along.n; ++i) {
        const T value = in[i * along.stride];
        if (is_nan(value) || (!is_nan(best) && (largest ? value >= best : value <= best))) {
          best = value;
          where = i;
        }
        index[i * along.out_stride] = where;
      }
    });
  });
  return out;
}

}  // namespace xg::kernels
