// Softmax and its relatives. All work on contiguous rows: another dimension is moved last by a copy. Rows are taken in
// blocks that stay in the first-level cache, and the exponentials of a block are one flat loop, so that short rows cost
// no more than long ones.
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/reduce.hpp>
#include <xgrad/tensor/kernels/runs.hpp>

#include <algorithm>
#include <cmath>

namespace xg::kernels {
namespace {

constexpr std::int64_t block_elements = 2048;

template <class T>
const T* elements(const Tensor& x) {
  return static_cast<const T*>(x.impl().data);
}
template <class T>
T* elements(Tensor& x) {
  return static_cast<T*>(x.impl().data);
}

/// The same elements with the dimensions of `mask` last, in their order.
Tensor with_last(const Tensor& x, unsigned mask) {
  Shape shape, strides;
  for (const bool last : {false, true})
    for (std::size_t i = 0; i < x.shape().size(); ++i)
      if ((mask >> i & 1) == last) {
        shape.push_back(x.shape()[i]);
        strides.push_back(x.strides()[i]);
      }
  Tensor view = Tensor::adopt(detail::new_alias(x.impl()));
  detail::TensorImpl& impl = view.impl();
  impl.shape = shape;
  impl.strides = strides;
  std::int64_t expected = 1;
  for (std::size_t i = shape.size(); i-- > 0; expected *= shape[i])
    if (shape[i] != 1 && strides[i] != expected) impl.contiguous = impl.numel == 0;
  return view;
}

/// Calls f(rows, n, pointers...) on contiguous rows along `dim` of the operands; the last pointer is the result's.
template <class F, class... Operands>
Tensor along_rows(std::int64_t dim, F&& f, const Tensor& first, const Operands&... others) {
  Tensor out = empty(first.shape(), first.dtype());
  if (out.numel() == 0) return out;
  const auto last = first.shape().empty() ? 0 : first.shape().size() - 1;
  const std::int64_t n = first.shape().empty() ? 1 : first.shape()[static_cast<std::size_t>(dim)];
  const std::int64_t rows = first.numel() / n;
  dispatch_floating(first.dtype(), [&]<class T>() {
    if (static_cast<std::size_t>(dim) == last) {
      f(rows, n, elements<T>(contiguous(first)), elements<T>(contiguous(others))..., elements<T>(out));
      return;
    }
    const unsigned mask = 1u << dim;
    Tensor view = with_last(out, mask);
    Tensor moved = empty(view.shape(), view.dtype());
    f(rows, n, elements<T>(contiguous(with_last(first, mask))), elements<T>(contiguous(with_last(others, mask)))...,
      elements<T>(moved));
    copy_into(view, moved);
  });
  return out;
}

/// Calls f(begin, count) on blocks of whole rows.
template <class F>
void in_blocks(std::int64_t rows, std::int64_t n, F&& f) {
  const std::int64_t block = std::max<std::int64_t>(block_elements / n, 1);
  for (std::int64_t begin = 0; begin < rows; begin += block) f(begin, std::min(block, rows - begin));
}

template <class T>
void exponentials(const T* x, T* out, std::int64_t n) {
  exp.loops[static_cast<std::size_t>(dtype_of<T>)](x, out, n, {});
}

template <class T>
T row_max(const T* x, std::int64_t n) {
  return run<Extreme<T, true>>(x, n);
}
template <class T>
double row_sum(const T* x, std::int64_t n) {
  return run<Sum<T>>(x, n);
}
template <class T>
double row_dot(const T* x, const T* y, std::int64_t n) {
  constexpr std::int64_t lanes = 8;
  double sums[lanes] = {};
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes)
    for (std::int64_t k = 0; k < lanes; ++k) sums[k] += static_cast<double>(x[i + k]) * static_cast<double>(y[i + k]);
  double total = 0;
  for (; i < n; ++i) total += static_cast<double>(x[i]) * static_cast<double>(y[i]);
  for (const double sum : sums) total += sum;
  return total;
}

/// sum exp(x - shift)
template <class T>
double sum_exponentials(const T* x, std::int64_t n, T shift) {
  T buffer[block_elements];
  double sum = 0;
  for (std::int64_t i = 0; i < n; i += block_elements) {
    const std::int64_t m = std::min(block_elements, n - i);
    for (std::int64_t k = 0; k < m; ++k) buffer[k] = x[i + k] - shift;
    exponentials(buffer, buffer, m);
    sum += row_sum(buffer, m);
  }
  return sum;
}

}  // namespace

Tensor softmax(const Tensor& x, std::int64_t dim) {
  return along_rows(
      dim,
      []<class T>(std::int64_t rows, std::int64_t n, const T* in, T* out) {
        in_blocks(rows, n, [&](std::int64_t begin, std::int64_t count) {
          for (std::int64_t i = begin; i < begin + count; ++i) {
            const T max = row_max(in + i * n, n);
            for (std::int64_t j = i * n; j < (i + 1) * n; ++j) out[j] = in[j] - max;
          }
          exponentials(out + begin * n, out + begin * n, count * n);
          for (std::int64_t i = begin; i < begin + count; ++i) {
            const T sum = static_cast<T>(row_sum(out + i * n, n));
            for (std::int64_t j = i * n; j < (i + 1) * n; ++j) out[j] /= sum;
          }
        });
      },
      x);
}

Tensor log_softmax(const Tensor& x, std::int64_t dim) {
  return along_rows(
      dim,
      []<class T>(std::int64_t rows, std::int64_t n, const T* in, T* out) {
        in_blocks(rows, n, [&](std::int64_t begin, std::int64_t count) {
          for (std::int64_t i = begin; i < begin + count; ++i) {
            const T max = row_max(in + i * n, n);
            for (std::int64_t j = i * n; j < (i + 1) * n; ++j) out[j] = in[j] - max;
          }
          auto subtract_log = [&](std::int64_t i, double sum) {
            const T log_sum = static_cast<T>(std::log(sum));
            for (std::int64_t j = i * n; j < (i + 1) * n; ++j) out[j] -= log_sum;
          };
          if (n > block_elements) return subtract_log(begin, sum_exponentials(out + begin * n, n, T(0)));
          T buffer[block_elements];
          exponentials(out + begin * n, buffer, count * n);
          for (std::int64_t i = 0; i < count; ++i) subtract_log(begin + i, row_sum(buffer + i * n, n));
        });
      },
      x);
}

Tensor softmax_backward(const Tensor& grad, const Tensor& y, std::int64_t dim) {
  return along_rows(
      dim,
      []<class T>(std::int64_t rows, std::int64_t n, const T* grad, const T* y, T* out) {
        for (std::int64_t i = 0; i < rows * n; i += n) {
          const T dot = static_cast<T>(row_dot(grad + i, y + i, n));
          for (std::int64_t j = i; j < i + n; ++j) out[j] = y[j] * (grad[j] - dot);
        }
      },
      grad, y);
}

Tensor log_softmax_backward(const Tensor& grad, const Tensor& y, std::int64_t dim) {
  return along_rows(
      dim,
      []<class T>(std::int64_t rows, std::int64_t n, const T* grad, const T* y, T* out) {
        in_blocks(rows, n, [&](std::int64_t begin, std::int64_t count) {
          exponentials(y + begin * n, out + begin * n, count * n);
          for (std::int64_t i = begin * n; i < (begin + count) * n; i += n) {
            const T sum = static_cast<T>(row_sum(grad + i, n));
            for (std::int64_t j = i; j < i + n; ++j) out[j] = grad[j] - out[j] * sum;
          }
        });
      },
      grad, y);
}

Tensor logsumexp(const Tensor& x, const Shape& dims, bool keepdim) {
  unsigned mask = 0;
  if (!x.shape().empty())
    for (const std::int64_t d : dims) mask |= 1u << d;
  Tensor result = empty(reduced_shape(x.shape(), dims, keepdim), x.dtype());
  const std::int64_t rows = result.numel();
  if (rows == 0) return result;
  const std::int64_t n = x.numel() / rows;
  const Tensor source = contiguous(with_last(x, mask));
  dispatch_floating(x.dtype(), [&]<class T>() {
    const T* in = elements<T>(source);
    T* out = elements<T>(result);
    for (std::int64_t i = 0; i < rows; ++i, in += n) {
      const T largest = row_max(in, n);
      const T max = std::isinf(largest) ? T(0) : largest;  // infinities stay what they are
      out[i] = static_cast<T>(std::log(sum_exponentials(in, n, max)) + static_cast<double>(max));
    }
  });
  return result;
}

}  // namespace xg::kernels
