// Softmax and its relatives, along any dimension.
#include <xgrad/tensor/kernels/elements.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/reduce.hpp>
#include <xgrad/tensor/kernels/softmax.hpp>
#include <xgrad/tensor/kernels/softmax_rows.hpp>

#include <array>
#include <cmath>
#include <limits>
#include <tuple>

namespace xg::kernels {
namespace {

/// The same elements with the dimensions of `mask` last, in their order.
Tensor with_last(const Tensor& x, unsigned mask) {
  Shape shape, strides;
  for (const bool last : {false, true})
    for (std::size_t i = 0; i < x.shape().size(); ++i)
      if ((mask >> i & 1) == last) {
        shape.push_back(x.shape()[i]);
        strides.push_back(x.strides()[i]);
      }
  Tensor view = Tensor::adopt(xg::detail::new_alias(x.impl()));
  view.impl().layout = xg::detail::strided_layout(shape, strides);
  return view;
}

/// Op on the rows along `dim` of tensors of one shape.
template <class Op, class... Operands> Tensor along(std::int64_t dim, const Operands&... operands) {
  constexpr std::size_t count = sizeof...(Operands);
  const Tensor* first = std::get<0>(std::tuple(&operands...));
  const Shape& shape = first->shape();
  Tensor out = empty(shape, first->dtype());
  if (out.numel() == 0) return out;
  std::int64_t inner = 1;
  for (std::size_t i = static_cast<std::size_t>(dim) + 1; i < shape.size(); ++i) inner *= shape[i];
  const std::int64_t n = shape.empty() ? 1 : shape[static_cast<std::size_t>(dim)], rows = out.numel() / n;
  dispatch_floating(out.dtype(), [&]<class T>() {
    using Pointers = std::array<const T*, count>;
    constexpr std::int64_t cached = 256;  // columns of a batch's width that stay in the first-level cache
    if (inner == 1) {
      const std::array<Tensor, count> sources{contiguous(operands)...};
      Pointers in;
      for (std::size_t k = 0; k < count; ++k) in[k] = elements<T>(sources[k]);
      each_row_parallel<T, count>(Op{}, rows, n, in, elements<T>(out));
    } else if (inner >= static_cast<std::int64_t>(Batch<T>::size) && n <= cached) {
      const std::array<Tensor, count> sources{contiguous(operands)...};
      const std::int64_t step = n * inner;
      xg::detail::parallel_ranges(rows / inner, row_tile(step), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
          Pointers in;
          for (std::size_t k = 0; k < count; ++k) in[k] = elements<T>(sources[k]) + i * step;
          each_column<T, count>(Op{}, n, inner, in, elements<T>(out) + i * step);
        }
      });
    } else {
      const unsigned mask = 1u << dim;
      const std::array<Tensor, count> sources{contiguous(with_last(operands, mask))...};
      Tensor view = with_last(out, mask);
      Tensor moved = empty(view.shape(), view.dtype());
      Pointers in;
      for (std::size_t k = 0; k < count; ++k) in[k] = elements<T>(sources[k]);
      each_row_parallel<T, count>(Op{}, rows, n, in, elements<T>(moved));
      copy_into(view, moved);
    }
  });
  return out;
}

/// (x - max) - log sum exp(x - max)
struct LogSoftmaxRows {
  template <class T> static std::array<Batch<T>, 2> columns(const std::array<const T*, 1>& in, std::int64_t stride,
                                                            T* out, std::int64_t out_stride, std::int64_t n) {
    using V = Batch<T>;
    const auto at = [=](std::int64_t j) { return V::load_unaligned(in[0] + j * stride); };
    const Shift<V> shift = column_shift(in[0], stride, n);
    const V max = shift.max;
    const V log_sum = log_of(with_exponential(shift, [&](auto exponential) {
      return column_sum<V>(n, [=](std::int64_t j) { return exponential(max - at(j)); });
    }));
    for (std::int64_t j = 0; j < n; ++j) ((at(j) - max) - log_sum).store_unaligned(out + j * out_stride);
    return {max, log_sum};
  }
  template <class T> static std::array<T, 2> row(const std::array<const T*, 1>& in, T* out, std::int64_t n) {
    using V = Batch<T>;
    const auto at = [=](std::int64_t i) { return V::load_unaligned(in[0] + i); };
    const Shift<V> shift = row_shift(in[0], n);
    const V max = shift.max;
    const double sum = with_exponential(shift, [&](auto exponential) {
      return row_sum<T>(n, [=](std::int64_t i) { return exponential(max - at(i)); });
    });
    const V log_sum(static_cast<T>(std::log(sum)));
    row_map(out, n, [=](std::int64_t i) { return (at(i) - max) - log_sum; });
    return {};
  }
};

/// max + log sum exp(x - max), the first of the statistics. An infinite maximum is not subtracted: it stays what it is.
struct LogsumexpRows {
  template <class T> static std::array<Batch<T>, 2> columns(const std::array<const T*, 1>& in, std::int64_t stride, T*,
                                                            std::int64_t, std::int64_t n) {
    using V = Batch<T>;
    const auto at = [=](std::int64_t j) { return V::load_unaligned(in[0] + j * stride); };
    const Shift<V> shift = column_shift(in[0], stride, n);
    V max = shift.max, sum;
    if (shift.plain) {
      sum = column_sum<V>(n, [=](std::int64_t j) { return exp_of_minus<Care::none>(max - at(j)); });
    } else {
      max = pick(xsimd::abs(max) == V(std::numeric_limits<T>::infinity()), V(T(0)), max);
      sum = column_sum<V>(n, [=](std::int64_t j) { return exp_of(at(j) - max); });
    }
    return {max + log_of(sum), sum};
  }
  template <class T> static std::array<T, 2> row(const std::array<const T*, 1>& in, T*, std::int64_t n) {
    using V = Batch<T>;
    const auto at = [=](std::int64_t i) { return V::load_unaligned(in[0] + i); };
    const Shift<V> shift = row_shift(in[0], n);
    const T largest = shift.max.get(0), max = std::isinf(largest) ? T(0) : largest;
    const double sum = shift.plain
                           ? row_sum<T>(n, [=](std::int64_t i) { return exp_of_minus<Care::none>(shift.max - at(i)); })
                           : row_sum<T>(n, [=](std::int64_t i) { return exp_of(at(i) - V(max)); });
    return {static_cast<T>(std::log(sum) + static_cast<double>(max)), static_cast<T>(sum)};
  }
};

/// y (grad - sum grad y)
struct SoftmaxBackwardRows {
  template <class T> static std::array<Batch<T>, 2> columns(const std::array<const T*, 2>& in, std::int64_t stride,
                                                            T* out, std::int64_t out_stride, std::int64_t n) {
    using V = Batch<T>;
    const auto grad = [=](std::int64_t j) { return V::load_unaligned(in[0] + j * stride); };
    const auto y = [=](std::int64_t j) { return V::load_unaligned(in[1] + j * stride); };
    const V dot = column_sum<V>(n, [=](std::int64_t j) { return grad(j) * y(j); });
    for (std::int64_t j = 0; j < n; ++j) (y(j) * (grad(j) - dot)).store_unaligned(out + j * out_stride);
    return {dot, dot};
  }
  template <class T> static std::array<T, 2> row(const std::array<const T*, 2>& in, T* out, std::int64_t n) {
    using V = Batch<T>;
    const auto grad = [=](std::int64_t i) { return V::load_unaligned(in[0] + i); };
    const auto y = [=](std::int64_t i) { return V::load_unaligned(in[1] + i); };
    const V dot(static_cast<T>(row_sum<T>(n, [=](std::int64_t i) { return grad(i) * y(i); })));
    row_map(out, n, [=](std::int64_t i) { return y(i) * (grad(i) - dot); });
    return {};
  }
};

/// grad - exp(y) sum grad
struct LogSoftmaxBackwardRows {
  template <class T> static std::array<Batch<T>, 2> columns(const std::array<const T*, 2>& in, std::int64_t stride,
                                                            T* out, std::int64_t out_stride, std::int64_t n) {
    using V = Batch<T>;
    const auto grad = [=](std::int64_t j) { return V::load_unaligned(in[0] + j * stride); };
    const V sum = column_sum<V>(n, grad);
    for (std::int64_t j = 0; j < n; ++j)
      xsimd::fnma(exp_of(V::load_unaligned(in[1] + j * stride)), sum, grad(j)).store_unaligned(out + j * out_stride);
    return {sum, sum};
  }
  template <class T> static std::array<T, 2> row(const std::array<const T*, 2>& in, T* out, std::int64_t n) {
    using V = Batch<T>;
    const auto grad = [=](std::int64_t i) { return V::load_unaligned(in[0] + i); };
    const V sum(static_cast<T>(row_sum<T>(n, grad)));
    row_map(out, n, [=](std::int64_t i) { return xsimd::fnma(exp_of(V::load_unaligned(in[1] + i)), sum, grad(i)); });
    return {};
  }
};

}  // namespace

Tensor softmax(const Tensor& x, std::int64_t dim) { return along<SoftmaxRows>(dim, x); }

Tensor log_softmax(const Tensor& x, std::int64_t dim) { return along<LogSoftmaxRows>(dim, x); }

Tensor softmax_backward(const Tensor& grad, const Tensor& y, std::int64_t dim) {
  return along<SoftmaxBackwardRows>(dim, grad, y);
}

Tensor log_softmax_backward(const Tensor& grad, const Tensor& y, std::int64_t dim) {
  return along<LogSoftmaxBackwardRows>(dim, grad, y);
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
    if (n == 0) return fill(result, -std::numeric_limits<double>::infinity());
    each_row_parallel<T, 1>(LogsumexpRows{}, rows, n, {elements<T>(source)}, nullptr, {elements<T>(result), nullptr});
  });
  return result;
}

}  // namespace xg::kernels
