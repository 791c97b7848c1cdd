#include <xgrad/tensor/kernels/elements.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/loss.hpp>
#include <xgrad/tensor/kernels/math.hpp>
#include <xgrad/tensor/kernels/softmax_rows.hpp>
#include <xgrad/tensor/kernels/tiles.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>
#include <functional>
#include <utility>

namespace xg::kernels {

std::string position(const Shape& shape, std::int64_t index) {
  Shape coordinates = shape;
  for (std::size_t d = shape.size(); d-- > 0;) {
    coordinates[d] = index % shape[d];
    index /= shape[d];
  }
  return coordinates.str();
}

namespace {

[[noreturn]] void refuse_label(const char* op, const Tensor& target, std::int64_t index, std::int64_t label,
                               std::int64_t classes, std::int64_t ignore_index) {
  raise<IndexError>("[{}] target{} is {}, there are {} classes: labels must lie in [0, {}) or be ignore_index ({}).",
                    op, position(target.shape(), index), label, classes, classes, ignore_index);
}

}  // namespace

std::int64_t count_labels(const char* op, const Tensor& target, std::int64_t classes, std::int64_t ignore_index) {
  const Tensor labels = contiguous(target);
  const auto* label = elements<std::int64_t>(labels);
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < labels.numel(); ++i) {
    if (label[i] == ignore_index) continue;
    if (label[i] < 0 || label[i] >= classes) refuse_label(op, labels, i, label[i], classes, ignore_index);
    ++count;
  }
  return count;
}

namespace {
struct LogOf {
  template <class V> static V call(V x) { return log_of(x); }
};
constexpr LogOf log_of_sums;
}  // namespace

std::array<Tensor, 2> cross_entropy(const Tensor& logits, const Tensor& target, const CrossEntropyParams& params) {
  const Tensor z = contiguous(logits), labels = contiguous(target);
  const std::int64_t classes = z.shape()[1],
                     rows = classes == 0 ? 0 : z.shape()[0];  // without classes all labels are ignored
  const std::int64_t count = count_labels("cross_entropy", labels, classes, params.ignore_index);
  Tensor loss = empty({}, z.dtype()), probabilities = empty(z.shape(), z.dtype());
  dispatch_floating(z.dtype(), [&]<class T>() {
    const T* in = elements<T>(z);
    const auto* label = elements<std::int64_t>(labels);
    T* p = elements<T>(probabilities);
    const auto part = [&](std::int64_t first, std::int64_t end) {
      constexpr std::int64_t block = 256;
      double total = 0;
      for (std::int64_t begin = first; begin < end; begin += block) {
        const std::int64_t count = std::min(block, end - begin);
        T max[block], log_sum[block];
        each_row<T, 1>(SoftmaxRows{}, count, classes, {in + begin * classes}, p + begin * classes, {max, log_sum});
        vector_unary<Call, LogOf, T>(log_sum, log_sum, count, &log_of_sums);
        for (std::int64_t i = 0; i < count; ++i) {
          const std::int64_t c = label[begin + i];
          if (c == params.ignore_index) continue;
          const T* row = in + (begin + i) * classes;
          total += static_cast<double>(log_sum[i]) - (1 - params.smoothing) * static_cast<double>(row[c] - max[i]);
          if (params.smoothing == 0) continue;
          double all = 0;
          for (std::int64_t j = 0; j < classes; ++j) all += static_cast<double>(row[j] - max[i]);
          total -= params.smoothing / static_cast<double>(classes) * all;
        }
      }
      return total;
    };
    const double total = join_tiles(rows, row_tile(classes), 0.0, part, std::plus<>());
    *elements<T>(loss) = static_cast<T>(params.mean ? total / static_cast<double>(count) : total);
  });
  return {std::move(loss), std::move(probabilities)};
}

Tensor cross_entropy_backward(const Tensor& grad, const Tensor& probabilities, const Tensor& target,
                              const CrossEntropyParams& params) {
  const Tensor p = contiguous(probabilities), labels = contiguous(target);
  const std::int64_t rows = p.shape()[0], classes = p.shape()[1];
  Tensor out = empty(p.shape(), p.dtype());
  if (out.numel() == 0) return out;
  dispatch_floating(p.dtype(), [&]<class T>() {
    const auto* label = elements<std::int64_t>(labels);
    double scale = static_cast<double>(*elements<T>(grad));
    if (params.mean) scale /= static_cast<double>(rows - std::count(label, label + rows, params.ignore_index));
    const T s = static_cast<T>(scale),
            everywhere = static_cast<T>(scale * params.smoothing / static_cast<double>(classes)),
            at_label = static_cast<T>(scale * (1 - params.smoothing));
    xg::detail::parallel_ranges(rows, row_tile(classes), [&](std::int64_t begin, std::int64_t end) {
      const T* in = elements<T>(p) + begin * classes;
      T* dx = elements<T>(out) + begin * classes;
      for (std::int64_t i = begin; i < end; ++i, in += classes, dx += classes) {
        if (label[i] == params.ignore_index) {
          std::fill(dx, dx + classes, T(0));
          continue;
        }
        for (std::int64_t j = 0; j < classes; ++j) dx[j] = in[j] * s - everywhere;
        dx[label[i]] -= at_label;
      }
    });
  });
  return out;
}

}  // namespace xg::kernels
