// What all elementwise kernels share: layouts, broadcasting, conversion, copies.
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/strided.hpp>
#include <xgrad/tensor/threads.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace xg::kernels {
namespace {

constexpr std::int64_t pack_elements = 512;      // of a strided row, at a time
constexpr std::int64_t tile_elements = 1 << 16;  // of a contiguous tensor, for one thread: tens of microseconds
constexpr std::size_t pack_bytes = static_cast<std::size_t>(pack_elements) * 8;

template <class Word>
void gather_words(const char* from, std::int64_t stride, char* to, std::int64_t n) {
  const Word* in = reinterpret_cast<const Word*>(from);
  Word* out = reinterpret_cast<Word*>(to);
  for (std::int64_t i = 0; i < n; ++i) out[i] = in[i * stride];
}
template <class Word>
void scatter_words(const char* from, char* to, std::int64_t stride, std::int64_t n) {
  const Word* in = reinterpret_cast<const Word*>(from);
  Word* out = reinterpret_cast<Word*>(to);
  for (std::int64_t i = 0; i < n; ++i) out[i * stride] = in[i];
}
void gather(std::size_t item, const char* from, std::int64_t stride, char* to, std::int64_t n) {
  if (item == 4)
    gather_words<std::uint32_t>(from, stride, to, n);
  else if (item == 8)
    gather_words<std::uint64_t>(from, stride, to, n);
  else
    gather_words<std::uint8_t>(from, stride, to, n);
}
void scatter(std::size_t item, const char* from, char* to, std::int64_t stride, std::int64_t n) {
  if (item == 4)
    scatter_words<std::uint32_t>(from, to, stride, n);
  else if (item == 8)
    scatter_words<std::uint64_t>(from, to, stride, n);
  else
    scatter_words<std::uint8_t>(from, to, stride, n);
}

const char* bytes_of(const Tensor& x) {
  return static_cast<const char*>(x.impl().data);
}
char* bytes_of(Tensor& x) {
  return static_cast<char*>(x.impl().data);
}

/// One operand of a row, made contiguous in `buffer` where it is not: pointer to n elements (or to one, if stride is
/// 0).
const char* row_part(const char* row, std::int64_t stride, std::size_t item, std::int64_t begin, std::int64_t n,
                     char* buffer) {
  if (stride == 1) return row + begin * static_cast<std::int64_t>(item);
  if (stride == 0) return row;
  gather(item, row + begin * stride * static_cast<std::int64_t>(item), stride, buffer, n);
  return buffer;
}

bool same_layout(const Tensor& a, const Tensor& b) {
  return a.impl().data == b.impl().data && a.shape() == b.shape() && a.strides() == b.strides();
}

/// An operand that overlaps `out` elsewhere than element by element must be read before it is written.
Tensor without_overlap(const Tensor& x, const Tensor& out) {
  return x.shares_storage(out) && !same_layout(x, out) ? copy(x) : x;
}

[[noreturn]] void throw_no_loop(const char* kernel, Dtype dtype) {
  throw DtypeError(fmt::format("[{}] dtype {} is not supported: convert with x.to(...) first.", kernel, name(dtype)));
}

void run(const UnaryKernel& kernel, Tensor& out, const Tensor& x, const Params& params) {
  const UnaryLoop loop = kernel.loops[static_cast<std::size_t>(x.dtype())];
  if (loop == nullptr) throw_no_loop(kernel.name, x.dtype());
  if (x.numel() == 0) return;
  if (x.is_contiguous() && out.is_contiguous()) {
    const auto in_item = static_cast<std::int64_t>(item_size(x.dtype()));
    const auto out_item = static_cast<std::int64_t>(item_size(out.dtype()));
    xg::detail::parallel_ranges(x.numel(), tile_elements, [&](std::int64_t begin, std::int64_t end) {
      loop(bytes_of(x) + begin * in_item, bytes_of(out) + begin * out_item, end - begin, params);
    });
    return;
  }
  const std::size_t in_item = item_size(x.dtype()), out_item = item_size(out.dtype());
  const RowPlan<2> plan(out.shape(), {out.strides(), x.strides()});
  alignas(64) char in_buffer[pack_bytes], out_buffer[pack_bytes];
  const std::int64_t length = plan.row_length(), out_stride = plan.strides[0].back(),
                     in_stride = plan.strides[1].back();
  plan.for_each_row([&](const std::array<std::int64_t, 2>& offsets) {
    char* out_row = bytes_of(out) + offsets[0] * static_cast<std::int64_t>(out_item);
    const char* in_row = bytes_of(x) + offsets[1] * static_cast<std::int64_t>(in_item);
    for (std::int64_t i = 0; i < length; i += pack_elements) {
      const std::int64_t n = std::min(pack_elements, length - i);
      const char* in = row_part(in_row, in_stride, in_item, i, n, in_buffer);
      if (in_stride == 0) {
        for (std::int64_t k = 0; k < n; ++k)
          std::memcpy(in_buffer + k * static_cast<std::int64_t>(in_item), in, in_item);
        in = in_buffer;
      }
      char* target = out_stride == 1 ? out_row + i * static_cast<std::int64_t>(out_item) : out_buffer;
      loop(in, target, n, params);
      if (out_stride != 1)
        scatter(out_item, out_buffer, out_row + i * out_stride * static_cast<std::int64_t>(out_item), out_stride, n);
    }
  });
}

void run(const BinaryKernel& kernel, Tensor& out, const Tensor& a, const Tensor& b, const Params& params) {
  const BinaryLoops& loops = kernel.loops[static_cast<std::size_t>(a.dtype())];
  if (loops.vector_vector == nullptr) throw_no_loop(kernel.name, a.dtype());
  const std::int64_t numel = out.numel();
  if (numel == 0) return;
  if (out.is_contiguous()) {
    const bool a_full = a.numel() == numel && a.is_contiguous(), b_full = b.numel() == numel && b.is_contiguous();
    const BinaryLoop loop = a_full && b_full           ? loops.vector_vector
                            : a_full && b.numel() == 1 ? loops.vector_scalar
                            : a.numel() == 1 && b_full ? loops.scalar_vector
                                                       : nullptr;
    if (loop != nullptr) {
      const auto item = static_cast<std::int64_t>(item_size(a.dtype()));
      const std::int64_t a_step = a_full ? item : 0, b_step = b_full ? item : 0;
      const auto out_step = static_cast<std::int64_t>(item_size(out.dtype()));
      xg::detail::parallel_ranges(numel, tile_elements, [&](std::int64_t begin, std::int64_t end) {
        loop(bytes_of(a) + begin * a_step, bytes_of(b) + begin * b_step, bytes_of(out) + begin * out_step, end - begin,
             params);
      });
      return;
    }
  }
  const auto in_item = static_cast<std::int64_t>(item_size(a.dtype()));
  const auto out_item = static_cast<std::int64_t>(item_size(out.dtype()));
  const RowPlan<3> plan(out.shape(),
                        {out.strides(), broadcast_strides(a, out.shape()), broadcast_strides(b, out.shape())});
  alignas(64) char a_buffer[pack_bytes], b_buffer[pack_bytes], out_buffer[pack_bytes];
  const std::int64_t length = plan.row_length();
  const std::int64_t out_stride = plan.strides[0].back(), a_stride = plan.strides[1].back(),
                     b_stride = plan.strides[2].back();
  const auto word = static_cast<std::size_t>(in_item);
  plan.for_each_row([&](const std::array<std::int64_t, 3>& offsets) {
    char* out_row = bytes_of(out) + offsets[0] * out_item;
    const char* a_row = bytes_of(a) + offsets[1] * in_item;
    const char* b_row = bytes_of(b) + offsets[2] * in_item;
    for (std::int64_t i = 0; i < length; i += pack_elements) {
      const std::int64_t n = std::min(pack_elements, length - i);
      const char* pa = row_part(a_row, a_stride, word, i, n, a_buffer);
      const char* pb = row_part(b_row, b_stride, word, i, n, b_buffer);
      char* target = out_stride == 1 ? out_row + i * out_item : out_buffer;
      if (a_stride != 0 && b_stride != 0) {
        loops.vector_vector(pa, pb, target, n, params);
      } else if (a_stride != 0) {
        loops.vector_scalar(pa, pb, target, n, params);
      } else if (b_stride != 0) {
        loops.scalar_vector(pa, pb, target, n, params);
      } else {  // both are one value: spread the first
        for (std::int64_t k = 0; k < n; ++k) std::memcpy(a_buffer + k * in_item, pa, word);
        loops.vector_scalar(a_buffer, pb, target, n, params);
      }
      if (out_stride != 1)
        scatter(static_cast<std::size_t>(out_item), out_buffer, out_row + i * out_stride * out_item, out_stride, n);
    }
  });
}

template <class From, class To>
void convert(const void* x_, void* out_, std::int64_t n, const Params&) {
  const From* x = static_cast<const From*>(x_);
  To* out = static_cast<To*>(out_);
  if constexpr (std::is_same_v<To, bool>) {
    for (std::int64_t i = 0; i < n; ++i) out[i] = x[i] != From(0);
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    // A real that the integer cannot hold has no defined conversion: it saturates, NaN becomes 0.
    constexpr From low = static_cast<From>(std::numeric_limits<To>::min());
    constexpr From high = static_cast<From>(std::numeric_limits<To>::max());
    for (std::int64_t i = 0; i < n; ++i)
      out[i] = x[i] >= high
                   ? std::numeric_limits<To>::max()
                   : (x[i] >= low ? static_cast<To>(x[i]) : (x[i] < low ? std::numeric_limits<To>::min() : To(0)));
  } else {
    for (std::int64_t i = 0; i < n; ++i) out[i] = static_cast<To>(x[i]);
  }
}

UnaryLoop conversion(Dtype from, Dtype to) {
  return dispatch(
      from, [&]<class From>() { return dispatch(to, []<class To>() -> UnaryLoop { return convert<From, To>; }); });
}

UnaryKernel conversion_kernel(Dtype from, Dtype to) {
  UnaryKernel kernel{"to"};
  kernel.loops[static_cast<std::size_t>(from)] = conversion(from, to);
  return kernel;
}

}  // namespace

Tensor UnaryKernel::operator()(const Tensor& x, const Params& params) const {
  Tensor out = empty(x.shape(), to_bool ? Dtype::bool_ : x.dtype());
  run(*this, out, x, params);
  return out;
}

void UnaryKernel::into(Tensor& out, const Tensor& x, const Params& params) const {
  run(*this, out, without_overlap(x, out), params);
}

Tensor BinaryKernel::operator()(const Tensor& a, const Tensor& b, const Params& params) const {
  Tensor out = empty(a.shape() == b.shape() ? a.shape() : broadcast_shapes(name, a.shape(), b.shape()),
                     to_bool ? Dtype::bool_ : a.dtype());
  run(*this, out, a, b, params);
  return out;
}

void BinaryKernel::into(Tensor& out, const Tensor& a, const Tensor& b, const Params& params) const {
  run(*this, out, without_overlap(a, out), without_overlap(b, out), params);
}

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  const Shape shape = broadcast_shapes("where", condition.shape(), broadcast_shapes("where", a.shape(), b.shape()));
  Tensor out = empty(shape, a.dtype());
  if (out.numel() == 0) return out;
  const RowPlan<4> plan(shape, {out.strides(), broadcast_strides(condition, shape), broadcast_strides(a, shape),
                                broadcast_strides(b, shape)});
  dispatch(a.dtype(), [&]<class T>() {
    const bool* pc = static_cast<const bool*>(condition.impl().data);
    const T* pa = static_cast<const T*>(a.impl().data);
    const T* pb = static_cast<const T*>(b.impl().data);
    T* po = static_cast<T*>(out.impl().data);
    const std::int64_t n = plan.row_length();
    const std::int64_t so = plan.strides[0].back(), sc = plan.strides[1].back(), sa = plan.strides[2].back(),
                       sb = plan.strides[3].back();
    plan.for_each_row([&](const std::array<std::int64_t, 4>& at) {
      for (std::int64_t i = 0; i < n; ++i)
        po[at[0] + i * so] = pc[at[1] + i * sc] ? pa[at[2] + i * sa] : pb[at[3] + i * sb];
    });
  });
  return out;
}

Tensor cast(const Tensor& x, Dtype dtype) {
  Tensor out = empty(x.shape(), dtype);
  run(conversion_kernel(x.dtype(), dtype), out, x, {});
  return out;
}

Tensor copy(const Tensor& x) {
  Tensor out = empty(x.shape(), x.dtype());
  copy_into(out, x);
  return out;
}

void copy_into(Tensor& out, const Tensor& source) {
  if (out.numel() == 0) return;
  const Tensor x = without_overlap(source, out);
  const std::size_t item = item_size(x.dtype());
  if (x.dtype() == out.dtype() && x.shape() == out.shape() && x.is_contiguous() && out.is_contiguous()) {
    std::memmove(out.impl().data, x.impl().data, static_cast<std::size_t>(x.numel()) * item);
    return;
  }
  if (x.shape() == out.shape()) {
    run(conversion_kernel(x.dtype(), out.dtype()), out, x, {});
    return;
  }
  const Tensor view = Tensor::adopt(detail::new_alias(x.impl()));
  view.impl().strides = broadcast_strides(x, out.shape());
  view.impl().shape = out.shape();
  view.impl().numel = out.numel();
  view.impl().contiguous = false;
  run(conversion_kernel(x.dtype(), out.dtype()), out, view, {});
}

void fill(Tensor& out, Scalar value) {
  if (out.numel() == 0) return;
  dispatch(out.dtype(), [&]<class T>() {
    T element;
    if constexpr (std::is_same_v<T, bool>)
      element = value.to_double() != 0;
    else if constexpr (std::is_integral_v<T>)
      element = static_cast<T>(value.to_int64());
    else
      element = static_cast<T>(value.to_double());
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
