// Note [How indexing runs]
// Every kernel here moves slices between a dense tensor (contiguous, row-major in the order of the indices) and an
// indexed one. Indices are checked first, in one pass over all of them, so that the moving loops need no checks:
// minimum and maximum decide, and only a failure searches for the bad index.
#include <xgrad/tensor/kernels/along.hpp>
#include <xgrad/tensor/kernels/elements.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/index.hpp>
#include <xgrad/tensor/kernels/loops.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <type_traits>

namespace xg::kernels {
namespace {

/// The indices as contiguous int64, each in 0 .. size-1. Throws DtypeError and IndexError.
Tensor checked(const char* op, const Tensor& index, std::int64_t size, std::int64_t dim) {
  if (index.dtype() != Dtype::int64 && index.dtype() != Dtype::int32)
    raise<DtypeError>("[{}] index is {}, it must be int64 or int32: convert with index.to(xg::int64).", op,
                      name(index.dtype()));
  const Tensor indices = contiguous(index.dtype() == Dtype::int64 ? index : cast(index, Dtype::int64));
  const std::int64_t* i = elements<std::int64_t>(indices);
  const std::int64_t n = indices.numel();
  std::int64_t low = 0, high = -1;  // no early exit, so that the loop vectorizes
  for (std::int64_t k = 0; k < n; ++k) {
    low = std::min(low, i[k]);
    high = std::max(high, i[k]);
  }
  if (low == 0 && high < size) return indices;
  const std::int64_t* bad = std::find_if(i, i + n, [&](std::int64_t v) { return v < 0 || v >= size; });
  if (size == 0) raise<IndexError>("[{}] index is {}, dimension {} has no elements.", op, *bad, dim);
  raise<IndexError>("[{}] index is {}, dimension {} has size {}: use a number from 0 to {}.", op, *bad, dim, size,
                    size - 1);
}

template <class Word>
void copy_words(char* to, std::int64_t to_stride, const char* from, std::int64_t from_stride, std::int64_t n) {
  auto* out = reinterpret_cast<Word*>(to);
  const auto* in = reinterpret_cast<const Word*>(from);
  for (std::int64_t i = 0; i < n; ++i) out[i * to_stride] = in[i * from_stride];
}

/// n elements of `item` bytes; strides in elements.
void copy_row(std::size_t item, char* to, std::int64_t to_stride, const char* from, std::int64_t from_stride,
              std::int64_t n) {
  if (to_stride == 1 && from_stride == 1)
    std::memcpy(to, from, static_cast<std::size_t>(n) * item);
  else if (item == 4)
    copy_words<std::uint32_t>(to, to_stride, from, from_stride, n);
  else if (item == 8)
    copy_words<std::uint64_t>(to, to_stride, from, from_stride, n);
  else
    copy_words<std::uint8_t>(to, to_stride, from, from_stride, n);
}

/// Slice i of the dense tensor begins at i * dense_step, the corresponding slice of the indexed tensor at index[i] *
/// scale. `slice` walks the elements of a slice: dense, indexed.
struct Slices {
  const std::int64_t* index;
  std::int64_t count, scale, dense_step;
  RowPlan<2> slice;
};

/// dense = indexed slices
void copy_from_indexed(const Slices& s, std::size_t item, char* dense, const char* indexed) {
  const auto bytes = static_cast<std::int64_t>(item);
  const std::int64_t n = s.slice.row_length(), to = s.slice.strides[0].back(), from = s.slice.strides[1].back();
  s.slice.for_each_row([&](const std::array<std::int64_t, 2>& at) {
    char* out = dense + at[0] * bytes;
    const char* in = indexed + at[1] * bytes;
    for (std::int64_t i = 0; i < s.count; ++i)
      copy_row(item, out + i * s.dense_step * bytes, to, in + s.index[i] * s.scale * bytes, from, n);
  });
}

/// indexed slices = dense
void copy_to_indexed(const Slices& s, std::size_t item, const char* dense, char* indexed) {
  const auto bytes = static_cast<std::int64_t>(item);
  const std::int64_t n = s.slice.row_length(), from = s.slice.strides[0].back(), to = s.slice.strides[1].back();
  s.slice.for_each_row([&](const std::array<std::int64_t, 2>& at) {
    const char* in = dense + at[0] * bytes;
    char* out = indexed + at[1] * bytes;
    for (std::int64_t i = 0; i < s.count; ++i)
      copy_row(item, out + s.index[i] * s.scale * bytes, to, in + i * s.dense_step * bytes, from, n);
  });
}

/// indexed slices += alpha dense
template <class T> void add_to_indexed(const Slices& s, T alpha, const T* dense, T* indexed) {
  const std::int64_t n = s.slice.row_length(), from = s.slice.strides[0].back(), to = s.slice.strides[1].back();
  s.slice.for_each_row([&](const std::array<std::int64_t, 2>& at) {
    for (std::int64_t i = 0; i < s.count; ++i) {
      const T* in = dense + at[0] + i * s.dense_step;
      T* out = indexed + at[1] + s.index[i] * s.scale;
      for (std::int64_t j = 0; j < n; ++j) out[j * to] = sum_of(out[j * to], product_of(alpha, in[j * from]));
    }
  });
}

/// x, or a view of shape [1] for a 0-d tensor.
Tensor at_least_one_dim(const Tensor& x) {
  return x.dim() > 0 ? x : Tensor::adopt(xg::detail::new_view(x.impl(), x.impl().data, {1}, {1}));
}

void check_one_dim(const char* op, const Tensor& index) {
  if (index.dim() > 1)
    raise<ShapeError>("[{}] index has shape {}, it must have one dimension.", op, index.shape().str());
}

/// The slices of x (with dimensions) along dim, beside a dense tensor of `dense_shape` and strides.
Slices slices_along(const Tensor& x, std::int64_t dim, const Tensor& indices, const Shape& dense_shape,
                    const Shape& dense_strides) {
  const auto d = static_cast<std::size_t>(dim);
  return {elements<std::int64_t>(indices), indices.numel(), x.strides()[d], dense_strides[d],
          RowPlan<2>(without_dim(dense_shape, dim), {without_dim(dense_strides, dim), without_dim(x.strides(), dim)})};
}

/// Checks of index_add and index_copy; calls f(slices) unless there is nothing to do.
template <class F>
void into_slices(const char* op, Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source, F&& f) {
  check_one_dim(op, index);
  Tensor target = at_least_one_dim(x);
  const Tensor from = at_least_one_dim(source);
  const Tensor indices = checked(op, index, target.shape()[static_cast<std::size_t>(dim)], dim);
  Shape wanted = target.shape();
  wanted[static_cast<std::size_t>(dim)] = indices.numel();
  if (!(from.shape() == wanted))
    raise<ShapeError>(
        "[{}] source has shape {}, index has {} elements and the tensor shape {}: source must have shape {}.", op,
        source.shape().str(), indices.numel(), x.shape().str(), wanted.str());
  if (from.numel() == 0) return;
  f(slices_along(target, dim, indices, from.shape(), from.strides()));
}

// ------------------------------------------------------------------------------------------- one index for each
// element

void check_gather_shapes(const char* op, const Tensor& x, std::int64_t dim, const Tensor& index) {
  bool fits = index.dim() == x.dim();
  for (std::int64_t d = 0; fits && d < x.dim(); ++d)
    fits = d == dim || index.shape()[static_cast<std::size_t>(d)] <= x.shape()[static_cast<std::size_t>(d)];
  if (!fits)
    raise<ShapeError>(
        "[{}] index has shape {}, the tensor {}: index must have as many dimensions and be nowhere larger, except "
        "along dimension {}.",
        op, index.shape().str(), x.shape().str(), dim);
}

std::int64_t size_along(const Tensor& x, std::int64_t dim) {
  return x.shape().empty() ? 1 : x.shape()[static_cast<std::size_t>(dim)];
}
std::int64_t stride_along(const Tensor& x, std::int64_t dim) {
  return x.shape().empty() ? 1 : x.strides()[static_cast<std::size_t>(dim)];
}

/// Calls f(other offset, indexed offset) for every index, in row-major order of the rows along dim. `other` has index's
/// shape or a larger one.
template <class F>
void for_each_index(const Tensor& indices, std::int64_t dim, const Tensor& other, const Tensor& indexed, F&& f) {
  const std::int64_t* index = elements<std::int64_t>(indices);
  const std::int64_t n = size_along(indices, dim), index_step = stride_along(indices, dim),
                     other_step = stride_along(other, dim), scale = stride_along(indexed, dim);
  const RowPlan<3> outer(
      without_dim(indices.shape(), dim),
      {without_dim(indices.strides(), dim), without_dim(other.strides(), dim), without_dim(indexed.strides(), dim)});
  const std::int64_t length = outer.row_length();
  const std::int64_t si = outer.strides[0].back(), so = outer.strides[1].back(), sx = outer.strides[2].back();
  outer.for_each_row([&](const std::array<std::int64_t, 3>& at) {
    for (std::int64_t j = 0; j < length; ++j)
      for (std::int64_t k = 0; k < n; ++k)
        f(at[1] + j * so + k * other_step, at[2] + j * sx + index[at[0] + j * si + k * index_step] * scale);
  });
}

template <class F>
void scatter_into(const char* op, Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source, F&& f) {
  check_gather_shapes(op, x, dim, index);
  bool fits = index.dim() == source.dim();
  for (std::size_t d = 0; fits && d < index.shape().size(); ++d) fits = index.shape()[d] <= source.shape()[d];
  if (!fits)
    raise<ShapeError>("[{}] source has shape {}, index {}: source must have as many dimensions and be nowhere smaller.",
                      op, source.shape().str(), index.shape().str());
  const Tensor indices = checked(op, index, size_along(x, dim), dim);
  if (indices.numel() == 0) return;
  dispatch(x.dtype(), [&]<class T>() {
    T* out = elements<T>(x);
    const T* in = elements<T>(source);
    for_each_index(indices, dim, source, x, [&](std::int64_t from, std::int64_t to) { f(out[to], in[from]); });
  });
}

}  // namespace

Tensor index_select(const Tensor& x, std::int64_t dim, const Tensor& index, const char* op) {
  check_one_dim(op, index);
  const Tensor from = at_least_one_dim(x);
  const Tensor indices = checked(op, index, from.shape()[static_cast<std::size_t>(dim)], dim);
  Shape shape = from.shape();
  shape[static_cast<std::size_t>(dim)] = indices.numel();
  if (x.dim() == 0 && indices.numel() != 1)
    raise<ShapeError>("[{}] index has {} elements, a 0-d tensor takes one.", op, indices.numel());
  Tensor out = empty(x.dim() == 0 ? Shape{} : shape, x.dtype());
  if (out.numel() == 0) return out;
  copy_from_indexed(slices_along(from, dim, indices, shape, row_major_strides(shape)), item_size(x.dtype()),
                    elements<char>(out), elements<char>(x));
  return out;
}

void index_add_(Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source, Scalar alpha, const char* op) {
  into_slices(op, x, dim, index, source, [&](const Slices& slices) {
    dispatch(x.dtype(),
             [&]<class T>() { add_to_indexed<T>(slices, alpha.to<T>(op), elements<T>(source), elements<T>(x)); });
  });
}

void index_copy_(Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source, const char* op) {
  into_slices(op, x, dim, index, source, [&](const Slices& slices) {
    copy_to_indexed(slices, item_size(x.dtype()), elements<char>(source), elements<char>(x));
  });
}

Tensor gather(const Tensor& x, std::int64_t dim, const Tensor& index, const char* op) {
  check_gather_shapes(op, x, dim, index);
  const Tensor indices = checked(op, index, size_along(x, dim), dim);
  Tensor out = empty(index.shape(), x.dtype());
  if (out.numel() == 0) return out;
  dispatch(x.dtype(), [&]<class T>() {
    T* to = elements<T>(out);
    const T* in = elements<T>(x);
    for_each_index(indices, dim, out, x, [&](std::int64_t o, std::int64_t i) { to[o] = in[i]; });
  });
  return out;
}

void scatter_(Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source, const char* op) {
  scatter_into(op, x, dim, index, source, [](auto& to, auto from) { to = from; });
}

void scatter_add_(Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source, const char* op) {
  scatter_into(op, x, dim, index, source, [](auto& to, auto from) { to = sum_of(to, from); });
}

void scatter_multiply_(Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source, const char* op) {
  scatter_into(op, x, dim, index, source, [](auto& to, auto from) { to = product_of(to, from); });
}

void scatter_extreme_(Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source, bool largest,
                      const char* op) {
  if (largest)
    scatter_into(op, x, dim, index, source, [](auto& to, auto from) { to = maximum_of(to, from); });
  else
    scatter_into(op, x, dim, index, source, [](auto& to, auto from) { to = minimum_of(to, from); });
}

namespace {

void check_mask(const char* op, const Tensor& mask) {
  if (mask.dtype() != Dtype::bool_)
    raise<DtypeError>("[{}] mask is {}, it must be bool: compare first, as in x > 0.", op, name(mask.dtype()));
}

/// Calls f(x offset) for each true element of the mask, in row-major order of `shape`.
template <class F> void for_each_true(const Shape& shape, const Tensor& mask, const Tensor& x, F&& f) {
  if (shape.numel() == 0) return;
  const RowPlan<2> plan(shape, {broadcast_strides(mask, shape), broadcast_strides(x, shape)});
  const bool* bits = elements<bool>(mask);
  const std::int64_t n = plan.row_length(), sm = plan.strides[0].back(), sx = plan.strides[1].back();
  plan.for_each_row([&](const std::array<std::int64_t, 2>& at) {
    for (std::int64_t i = 0; i < n; ++i)
      if (bits[at[0] + i * sm]) f(at[1] + i * sx);
  });
}

std::int64_t count_true(const Shape& shape, const Tensor& mask) {
  std::int64_t count = 0;
  for_each_true(shape, mask, mask, [&](std::int64_t) { ++count; });
  return count;
}

}  // namespace

Tensor masked_select(const Tensor& x, const Tensor& mask) {
  check_mask("masked_select", mask);
  const Shape shape = broadcast_shapes("masked_select", x.shape(), mask.shape());
  Tensor out = empty({count_true(shape, mask)}, x.dtype());
  dispatch(x.dtype(), [&]<class T>() {
    const T* in = elements<T>(x);
    T* to = elements<T>(out);
    for_each_true(shape, mask, x, [&](std::int64_t from) { *to++ = in[from]; });
  });
  return out;
}

void masked_scatter_(Tensor& x, const Tensor& mask, const Tensor& values, const char* op) {
  check_mask(op, mask);
  if (!(mask.shape() == x.shape()))
    raise<ShapeError>("[{}] mask has shape {}, the tensor {}: they must be equal.", op, mask.shape().str(),
                      x.shape().str());
  const std::int64_t count = count_true(x.shape(), mask);
  if (values.numel() < count)
    raise<ShapeError>("[{}] the mask has {} true elements, there are {} values: give one for each.", op, count,
                      values.numel());
  const Tensor dense = contiguous(values);
  dispatch(x.dtype(), [&]<class T>() {
    T* out = elements<T>(x);
    const T* from = elements<T>(dense);
    for_each_true(x.shape(), mask, x, [&](std::int64_t to) { out[to] = *from++; });
  });
}

Tensor nonzero(const Tensor& x) {
  const Tensor mask = contiguous(x.dtype() == Dtype::bool_ ? x : cast(x, Dtype::bool_));
  const Shape& shape = x.shape();
  const std::int64_t dims = x.dim();
  Tensor out = empty({count_true(shape, mask), dims}, Dtype::int64);
  std::int64_t* to = elements<std::int64_t>(out);
  for_each_true(shape, mask, mask, [&](std::int64_t flat) {
    for (std::int64_t d = dims; d-- > 0;) {
      to[d] = flat % shape[static_cast<std::size_t>(d)];
      flat /= shape[static_cast<std::size_t>(d)];
    }
    to += dims;
  });
  return out;
}

Tensor cat(std::span<const Tensor* const> tensors, std::int64_t dim, const char* op) {
  const auto skipped = [](const Tensor& t) { return t.dim() == 1 && t.numel() == 0; };
  const Tensor* model = nullptr;
  for (const Tensor* t : tensors)
    if (model == nullptr || (skipped(*model) && !skipped(*t))) model = t;
  if (model == nullptr) raise<ValueError>("[{}] the list of tensors is empty: give at least one.", op);
  Shape shape = model->shape();
  if (shape.empty()) raise<ShapeError>("[{}] 0-d tensors cannot be joined: use stack.", op);
  const auto d = static_cast<std::size_t>(dim);
  shape[d] = 0;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const Tensor& t = *tensors[i];
    if (skipped(t)) continue;
    bool fits = t.dim() == model->dim();
    for (std::size_t k = 0; fits && k < shape.size(); ++k) fits = k == d || t.shape()[k] == shape[k];
    if (!fits)
      raise<ShapeError>("[{}] tensor {} has shape {}, another {}: sizes must be equal except along dimension {}.", op,
                        i, t.shape().str(), model->shape().str(), dim);
    if (__builtin_add_overflow(shape[d], t.shape()[d], &shape[d]))
      raise<ShapeError>("[{}] the sizes along dimension {} add up to more than 64 bits can count: join fewer tensors.",
                        op, dim);
  }
  Tensor out = empty(shape, model->dtype());
  auto* to = elements<char>(out);
  for (const Tensor* t : tensors) {
    if (t->numel() == 0) continue;
    Tensor part = Tensor::adopt(xg::detail::new_view(out.impl(), to, t->shape(), out.strides()));
    copy_into(part, *t);
    to += t->shape()[d] * out.strides()[d] * static_cast<std::int64_t>(item_size(out.dtype()));
  }
  return out;
}

Tensor repeat_slices(const Tensor& x, std::int64_t dim, const Tensor& counts, std::int64_t total) {
  Shape shape = x.shape();
  shape[static_cast<std::size_t>(dim)] = total;
  Tensor out = empty(shape, x.dtype());
  if (out.numel() == 0) return out;
  const Tensor dense = contiguous(x);
  const AroundDim around(shape, dim);
  const std::size_t item = item_size(x.dtype());
  const std::int64_t bytes = around.inner * static_cast<std::int64_t>(item);
  const auto* from = elements<char>(dense);
  auto* to = elements<char>(out);
  const auto* count = elements<std::int64_t>(counts);
  for (std::int64_t o = 0; o < around.outer; ++o)
    for (std::int64_t i = 0; i < counts.numel(); ++i, from += bytes) {
      if (around.inner == 1) {
        copy_row(item, to, 1, from, 0, count[i]);
        to += count[i] * bytes;
      } else {
        for (std::int64_t c = 0; c < count[i]; ++c, to += bytes) std::memcpy(to, from, static_cast<std::size_t>(bytes));
      }
    }
  return out;
}

Tensor sum_groups(const Tensor& x, std::int64_t dim, const Tensor& counts) {
  Shape shape = x.shape();
  shape[static_cast<std::size_t>(dim)] = counts.numel();
  Tensor out = empty(shape, x.dtype());
  if (out.numel() == 0) return out;
  const Tensor dense = contiguous(x);
  const AroundDim around(shape, dim);
  const auto* count = elements<std::int64_t>(counts);
  dispatch(x.dtype(), [&]<class T>() {
    using Sum = std::conditional_t<std::is_floating_point_v<T>, double, T>;
    constexpr std::int64_t width = 64;  // columns that are summed at once
    const T* from = elements<T>(dense);
    T* to = elements<T>(out);
    for (std::int64_t o = 0; o < around.outer; ++o)
      for (std::int64_t i = 0; i < counts.numel(); ++i, to += around.inner) {
        for (std::int64_t j = 0; j < around.inner; j += width) {
          const std::int64_t block_width = std::min(width, around.inner - j);
          Sum sums[width] = {};
          for (std::int64_t c = 0; c < count[i]; ++c)
            for (std::int64_t k = 0; k < block_width; ++k)
              sums[k] = sum_of(sums[k], static_cast<Sum>(from[c * around.inner + j + k]));
          for (std::int64_t k = 0; k < block_width; ++k) to[j + k] = static_cast<T>(sums[k]);
        }
        from += count[i] * around.inner;
      }
  });
  return out;
}

Tensor embedding(const Tensor& index, const Tensor& weight, const char* op) {
  if (weight.dim() != 2)
    raise<ShapeError>("[{}] weight has shape {}, it must have two dimensions.", op, weight.shape().str());
  const Tensor indices = checked(op, index, weight.shape()[0], 0);
  Shape shape = index.shape();
  shape.push_back(weight.shape()[1]);
  Tensor out = empty(shape, weight.dtype());
  if (out.numel() == 0) return out;
  const Shape dense{indices.numel(), weight.shape()[1]};
  copy_from_indexed(slices_along(weight, 0, indices, dense, row_major_strides(dense)), item_size(weight.dtype()),
                    elements<char>(out), elements<char>(weight));
  return out;
}

}  // namespace xg::kernels
