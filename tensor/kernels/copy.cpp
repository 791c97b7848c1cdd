// Copies between any two layouts, conversions of dtype, fills.
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/saturated.hpp>
#include <xgrad/tensor/kernels/strided.hpp>
#include <xgrad/tensor/kernels/tiles.hpp>
#include <xgrad/tensor/kernels/transpose.hpp>
#include <xgrad/tensor/threads.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <type_traits>

namespace xg::kernels {
namespace {

/// Copies n elements at two strides; an input stride of 0 repeats one.
template <class Word>
void copy_row(Word* out, std::int64_t out_stride, const Word* in, std::int64_t in_stride, std::int64_t n) {
  if (out_stride == 1 && in_stride == 1) {
    if (n >= 32) {
      std::memcpy(out, in, static_cast<std::size_t>(n) * sizeof(Word));
      return;
    }
#pragma GCC unroll 1
    for (std::int64_t i = 0; i < n; ++i) out[i] = in[i];
  } else if (out_stride == 1 && in_stride == 0) {
    std::fill(out, out + n, *in);
  } else {
    for (std::int64_t i = 0; i < n; ++i) out[i * out_stride] = in[i * in_stride];
  }
}

/// The dimension, other than the last, with stride 1; the number of dimensions if there is none.
std::size_t dense_dim(const Shape& strides) {
  const auto last = strides.end() - 1;
  const auto found = std::find(strides.begin(), last, 1);
  return found == last ? strides.size() : static_cast<std::size_t>(found - strides.begin());
}

/// out[j, i] = in[i, j]; parallel over blocks of rows of `out` that fill whole cache lines.
template <class Word> void transpose(const Word* in, std::int64_t in_row, std::int64_t rows, std::int64_t cols,
                                     Word* out, std::int64_t out_row) {
  const std::int64_t tile = std::max<std::int64_t>(64, tile_elements / cols / 64 * 64);
  xg::detail::parallel_ranges(rows, tile, [&](std::int64_t begin, std::int64_t end) {
    transpose_into(in + begin * in_row, in_row, end - begin, cols, out + begin, out_row);
  });
}

/// `plan` holds the strides of out and in.
template <class Word> void copy_words(RowPlan<2> plan, Word* out, const Word* in) {
  const std::int64_t out_stride = plan.strides[0].back(), in_stride = plan.strides[1].back(), n = plan.row_length();
  if constexpr (sizeof(Word) >= 4) {
    // Where one is dense in the last dimension and the other in another one, this is a transposition, done in blocks.
    const std::size_t d = out_stride == 1 && in_stride > 1   ? dense_dim(plan.strides[1])
                          : in_stride == 1 && out_stride > 1 ? dense_dim(plan.strides[0])
                                                             : plan.shape.size();
    if (d < plan.shape.size()) {
      const std::int64_t m = plan.shape[d], out_other = plan.strides[0][d], in_other = plan.strides[1][d];
      plan.shape[d] = 1;
      const std::int64_t matrices = plan.rows();
      const std::int64_t tile = std::max<std::int64_t>(tile_elements / (n * m), 1);
      xg::detail::parallel_ranges(matrices, tile, [&](std::int64_t begin, std::int64_t end) {
        plan.for_rows(begin, end, [&](const std::array<std::int64_t, 2>& at) {
          if (in_stride == 1)
            transpose(in + at[1], in_other, m, n, out + at[0], out_stride);
          else
            transpose(in + at[1], in_stride, n, m, out + at[0], out_other);
        });
      });
      return;
    }
  }
  const std::int64_t tile = std::max<std::int64_t>(tile_elements / n, 1);
  xg::detail::parallel_ranges(plan.rows(), tile, [&](std::int64_t begin, std::int64_t end) {
    plan.for_rows(begin, end, [&](const std::array<std::int64_t, 2>& at) {
      copy_row(out + at[0], out_stride, in + at[1], in_stride, n);
    });
  });
}

/// out = x, of one dtype, x read with `strides`; no overlap.
void copy_elements(Tensor& out, const Tensor& x, const Shape& strides) {
  const RowPlan<2> plan(out.shape(), {out.strides(), strides});
  void* to = out.impl().data;
  const void* from = x.impl().data;
  switch (item_size(x.dtype())) {
    case 8:
      return copy_words(plan, static_cast<std::uint64_t*>(to), static_cast<const std::uint64_t*>(from));
    case 4:
      return copy_words(plan, static_cast<std::uint32_t*>(to), static_cast<const std::uint32_t*>(from));
    default:
      return copy_words(plan, static_cast<std::uint8_t*>(to), static_cast<const std::uint8_t*>(from));
  }
}

template <class From, class To> void convert(const void* x_, void* out_, std::int64_t n, const void*) {
  // A bool is read as a byte, so that compilers can vectorize the loop.
  using In = std::conditional_t<std::is_same_v<From, bool>, std::uint8_t, From>;
  const In* x = static_cast<const In*>(x_);
  To* out = static_cast<To*>(out_);
  if constexpr (std::is_same_v<To, bool>) {
    for (std::int64_t i = 0; i < n; ++i) out[i] = x[i] != In(0);
  } else if constexpr (std::is_integral_v<To>) {
    for (std::int64_t i = 0; i < n; ++i) out[i] = saturated<To>(x[i]);
  } else {
    for (std::int64_t i = 0; i < n; ++i) out[i] = static_cast<To>(x[i]);
  }
}

UnaryKernel conversion(Dtype from, Dtype to) {
  UnaryKernel kernel{"to"};
  kernel.loops[static_cast<std::size_t>(from)] = dispatch(
      from, [&]<class From>() { return dispatch(to, []<class To>() -> UnaryLoop { return convert<From, To>; }); });
  return kernel;
}

}  // namespace

Tensor cast(const Tensor& x, Dtype dtype) {
  Tensor out = empty(x.shape(), dtype);
  conversion(x.dtype(), dtype).into(out, x, nullptr);
  return out;
}

Tensor copy(const Tensor& x) {
  Tensor out = empty(x.shape(), x.dtype());
  copy_into(out, x);
  return out;
}

Tensor copy(const Tensor& x, const Shape& shape) {
  Tensor out = empty(shape, x.dtype());
  if (out.numel() != 0) copy_elements(out, x, broadcast_strides(x, shape));
  return out;
}

void copy_into(Tensor& out, const Tensor& source) {
  if (out.numel() == 0) return;
  const std::size_t item = item_size(out.dtype());
  const bool same_dtype = source.dtype() == out.dtype();
  if (same_dtype && source.numel() == out.numel() && source.is_contiguous() && out.is_contiguous()) {
    std::memmove(out.impl().data, source.impl().data, static_cast<std::size_t>(out.numel()) * item);
    return;
  }
  const Tensor x = source.shares_storage(out) ? copy(source) : source;
  if (same_dtype) return copy_elements(out, x, broadcast_strides(x, out.shape()));
  const Tensor converted = cast(x, out.dtype());
  copy_elements(out, converted, broadcast_strides(converted, out.shape()));
}

void fill(Tensor& out, Scalar value, const char* op) {
  dispatch(out.dtype(), [&]<class T>() {
    const T element = value.to<T>(op);
    if (out.numel() == 0) return;
    T* data = static_cast<T*>(out.impl().data);
    if (out.is_contiguous()) {
      std::fill(data, data + out.numel(), element);
      return;
    }
    const RowPlan<1> plan(out.shape(), {out.strides()});
    const std::int64_t n = plan.row_length(), stride = plan.strides[0].back();
    plan.for_each_row([&](const std::array<std::int64_t, 1>& at) {
      for (std::int64_t i = 0; i < n; ++i) data[at[0] + i * stride] = element;
    });
  });
}

}  // namespace xg::kernels
