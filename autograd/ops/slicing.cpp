// Parts of a tensor, as views.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/rearrangement.hpp>
#include <xgrad/autograd/detail/samples.hpp>
#include <xgrad/autograd/detail/views.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/tensor/kernels/strided.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace xg {
namespace autograd {

namespace {

/// `length` elements along `dim`, from `start` by `step`
struct SliceDim : Rearrangement {
  static constexpr const char* name = "slice";
  std::size_t dim = 0;
  std::int64_t start = 0, length = 0, step = 1;
  Tensor forward(const Tensor& x) const {
    Shape shape = x.shape(), strides = x.strides();
    const std::int64_t offset = length == 0 ? 0 : start * strides[dim];
    shape[dim] = length;
    strides[dim] *= step;
    return view_of(x, shape, strides, offset);
  }
  Tensor backward(const OpContext& c, const Tensor& g) const {
    return slice_scatter(g, c.input_shape(0), dim, start, step);
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto of = [](auto... arguments) { return [=](const Inputs& in) { return slice(in[0], arguments...); }; };
    return shaped_samples(d, {{"columns", {{3, 5}}, of(1, 1, 4, 1)},
                              {"every second row", {{5, 2}}, of(0, 0, 5, 2)},
                              {"from the end", {{3, 4}}, of(-1, -3, -1, 1)},
                              {"nothing", {{3, 4}}, of(1, 3, 2, 1)},
                              {"empty", {{0, 3}}, of(1, 1, 3, 1)}});
  }
};

/// Zeros of `shape` with g along `dim`, from `start` by `step`: the adjoint of slice
struct SliceScatter : Rearrangement {
  static constexpr const char* name = "slice_scatter";
  Shape shape;
  std::size_t dim = 0;
  std::int64_t start = 0, step = 1;
  Tensor forward(const Tensor& g) const {
    Tensor out = kernels::zeros(shape, g.dtype());
    Shape strides = out.strides();
    const std::int64_t offset = g.numel() == 0 ? 0 : start * strides[dim];
    strides[dim] *= step;
    Tensor target = view_of(out, g.shape(), strides, offset);
    kernels::copy_into(target, g);
    return out;
  }
  Tensor backward(const OpContext& c, const Tensor& gg) const {
    return apply(SliceDim{{}, dim, start, c.input_shape(0)[dim], step}, gg);
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](const Inputs& in) { return slice_scatter(in[0], {3, 5}, 1, 1, 2); };
    return shaped_samples(d, {{"columns", {{3, 2}}, call}, {"nothing", {{3, 0}}, call}});
  }
};

/// x at `index` along `dim`; `dim` is removed.
struct Select : Rearrangement {
  static constexpr const char* name = "select";
  std::size_t dim = 0;
  std::int64_t index = 0;
  bool mixes_rows(std::int64_t) const { return dim == 0; }
  Tensor forward(const Tensor& x) const {
    Shape shape = x.shape(), strides = x.strides();
    const std::int64_t offset = x.numel() == 0 ? 0 : index * strides[dim];
    shape.erase(dim);
    strides.erase(dim);
    return view_of(x, shape, strides, offset);
  }
  Tensor backward(const OpContext& c, const Tensor& g) const {
    return slice_scatter(unsqueeze(g, static_cast<std::int64_t>(dim)), c.input_shape(0), dim, index, 1);
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto of = [](auto... arguments) { return [=](const Inputs& in) { return select(in[0], arguments...); }; };
    return shaped_samples(d, {{"row", {{3, 4}}, of(0, 1)},
                              {"last column", {{3, 4}}, of(1, -1)},
                              {"of a vector", {{3}}, of(0, 2)},
                              {"empty", {{0, 3}}, of(1, 1)}});
  }
};

std::int64_t diagonal_length(const Shape& shape, std::int64_t offset, std::size_t dim1, std::size_t dim2) {
  const std::int64_t rows = shape[dim1] + std::min<std::int64_t>(offset, 0);
  const std::int64_t cols = shape[dim2] - std::max<std::int64_t>(offset, 0);
  return std::max<std::int64_t>(0, std::min(rows, cols));
}

/// A view of the elements x[.., i, .., i + offset, ..] with i as the last dimension.
Tensor diagonal_view(const Tensor& x, std::int64_t offset, std::size_t dim1, std::size_t dim2) {
  Shape shape = x.shape(), strides = x.strides();
  const std::int64_t length = diagonal_length(shape, offset, dim1, dim2), step = strides[dim1] + strides[dim2];
  const std::int64_t first =
      length == 0 || x.numel() == 0 ? 0 : (offset >= 0 ? offset * strides[dim2] : -offset * strides[dim1]);
  for (const std::size_t dim : {std::max(dim1, dim2), std::min(dim1, dim2)}) {
    shape.erase(dim);
    strides.erase(dim);
  }
  shape.push_back(length);
  strides.push_back(step);
  return view_of(x, shape, strides, first);
}

/// x[.., i, .., i + offset, ..], with i as the last dimension
struct Diagonal : Rearrangement {
  static constexpr const char* name = "diagonal";
  std::int64_t offset = 0;
  std::size_t dim1 = 0, dim2 = 1;
  bool mixes_rows(std::int64_t) const { return dim1 == 0 || dim2 == 0; }
  Tensor forward(const Tensor& x) const { return diagonal_view(x, offset, dim1, dim2); }
  Tensor backward(const OpContext& c, const Tensor& g) const {
    return diagonal_scatter(g, c.input_shape(0), offset, dim1, dim2);
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto of = [](auto... arguments) { return [=](const Inputs& in) { return diagonal(in[0], arguments...); }; };
    return shaped_samples(d, {{"main", {{3, 4}}, of(0, 0, 1)},
                              {"above", {{3, 4}}, of(2, 0, 1)},
                              {"below", {{4, 3}}, of(-1, 0, 1)},
                              {"of a batch", {{2, 3, 3}}, of(1, -2, -1)},
                              {"reversed", {{3, 2, 4}}, of(1, 2, 0)},
                              {"outside", {{2, 2}}, of(5, 0, 1)},
                              {"empty", {{0, 3}}, of(0, 0, 1)}});
  }
};

/// Zeros of `shape` with g on a diagonal: the adjoint of diagonal
struct DiagonalScatter : Rearrangement {
  static constexpr const char* name = "diagonal_scatter";
  Shape shape;
  std::int64_t offset = 0;
  std::size_t dim1 = 0, dim2 = 1;
  bool mixes_rows(std::int64_t) const { return dim1 == 0 || dim2 == 0; }
  Tensor forward(const Tensor& g) const {
    Tensor out = kernels::zeros(shape, g.dtype());
    Tensor target = diagonal_view(out, offset, dim1, dim2);
    kernels::copy_into(target, g);
    return out;
  }
  Tensor backward(const OpContext&, const Tensor& gg) const { return apply(Diagonal{{}, offset, dim1, dim2}, gg); }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](const Inputs& in) { return diagonal_scatter(in[0], {2, 4, 3}, -1, 1, 2); };
    return shaped_samples(d, {{"of a batch", {{2, 3}}, call}});
  }
};

/// An empty list with capacity for `count` parts of a tensor. Throws ValueError where that many tensors, each of which
/// takes a few hundred bytes, could exhaust memory.
std::vector<Tensor> list_for(const char* op, std::int64_t count) {
  constexpr std::int64_t max_parts = std::int64_t{1} << 24;
  if (count > max_parts)
    raise<ValueError>("[{}] the result would be {} tensors, a list holds at most {}: ask for fewer parts.", op, count,
                      max_parts);
  std::vector<Tensor> parts;
  parts.reserve(static_cast<std::size_t>(count));
  return parts;
}

/// Splits x into `count` consecutive parts along `dim`; part i has the size size_of(i).
template <class F>
std::vector<Tensor> pieces(const char* op, const Tensor& x, std::size_t dim, std::int64_t count, F&& size_of) {
  std::vector<Tensor> parts = list_for(op, count);
  std::int64_t start = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t size = size_of(i);
    parts.push_back(apply(SliceDim{{}, dim, start, size, 1}, x));
    start += size;
  }
  return parts;
}

}  // namespace

Tensor slice_scatter(const Tensor& g, const Shape& shape, std::size_t dim, std::int64_t start, std::int64_t step) {
  return apply(SliceScatter{{}, shape, dim, start, step}, g);
}

Tensor diagonal_scatter(const Tensor& g, const Shape& shape, std::int64_t offset, std::size_t dim1, std::size_t dim2) {
  return apply(DiagonalScatter{{}, shape, offset, dim1, dim2}, g);
}

}  // namespace autograd

Tensor slice(const Tensor& x, std::int64_t dim, std::int64_t start, std::int64_t stop, std::int64_t step) {
  const std::size_t d = autograd::existing_dim("slice", x, dim);
  if (step < 1) raise<ValueError>("[slice] step is {}, it must be positive: use flip to go backwards.", step);
  const std::int64_t size = x.shape()[d];
  const auto bound = [size](std::int64_t i) { return std::clamp<std::int64_t>(i < 0 ? i + size : i, 0, size); };
  const std::int64_t first = bound(start), last = bound(stop);
  const std::int64_t length = last > first ? 1 + (last - first - 1) / step : 0;
  return apply(autograd::SliceDim{{}, d, first, length, length > 1 ? step : 1}, x);
}

Tensor select(const Tensor& x, std::int64_t dim, std::int64_t index) {
  if (x.dim() == 0) throw IndexError("[select] a 0-d tensor cannot be indexed: use item() for its value.");
  const std::size_t d = autograd::checked_dim("select", dim, x.dim());
  const std::int64_t size = x.shape()[d];
  if (index < -size || index >= size)
    raise<IndexError>("[select] index {} is out of range for dimension {} of size {} (shape {}): {}.", index, d, size,
                      x.shape().str(), size == 0 ? "it has no elements" : fmt::format("use {} to {}", -size, size - 1));
  return apply(autograd::Select{{}, d, index < 0 ? index + size : index}, x);
}

Tensor narrow(const Tensor& x, std::int64_t dim, std::int64_t start, std::int64_t length) {
  const std::size_t d = autograd::existing_dim("narrow", x, dim);
  const std::int64_t size = x.shape()[d];
  const std::int64_t first = start < 0 ? start + size : start;
  if (length < 0 || first < 0 || first > size || length > size - first)
    raise<IndexError>(
        "[narrow] start {} and length {} leave dimension {} of size {}: start + length must lie within it.", start,
        length, d, size);
  return apply(autograd::SliceDim{{}, d, first, length, 1}, x);
}

Tensor diagonal(const Tensor& x, std::int64_t offset, std::int64_t dim1, std::int64_t dim2) {
  const std::size_t a = autograd::checked_dim("diagonal", dim1, x.dim());
  const std::size_t b = autograd::checked_dim("diagonal", dim2, x.dim());
  if (a == b || x.dim() < 2)
    raise<ShapeError>("[diagonal] dims are {} and {} of shape {}: name two different dimensions.", dim1, dim2,
                      x.shape().str());
  return apply(autograd::Diagonal{{}, offset, a, b}, x);
}

std::vector<Tensor> split(const Tensor& x, std::int64_t size, std::int64_t dim) {
  const std::size_t d = autograd::existing_dim("split", x, dim);
  const std::int64_t whole = x.shape()[d];
  if (size < 0 || (size == 0 && whole != 0))
    raise<ValueError>("[split] size is {}, it must be positive (dimension {} has size {}).", size, d, whole);
  const std::int64_t count = whole == 0 ? 1 : 1 + (whole - 1) / size;
  return autograd::pieces("split", x, d, count, [&](std::int64_t i) { return std::min(size, whole - i * size); });
}

std::vector<Tensor> split(const Tensor& x, const std::vector<std::int64_t>& sizes, std::int64_t dim) {
  const std::size_t d = autograd::existing_dim("split", x, dim);
  std::int64_t total = 0;
  bool negative = false;
  for (const std::int64_t size : sizes) {
    negative |= size < 0;
    if (!negative && __builtin_add_overflow(total, size, &total))
      raise<ShapeError>(
          "[split] sizes add up to more than 64 bits can count, dimension {} has size {}: they must be equal.", d,
          x.shape()[d]);
  }
  if (negative || total != x.shape()[d])
    raise<ShapeError>("[split] sizes add up to {}, dimension {} has size {}: they must be equal, and no size negative.",
                      total, d, x.shape()[d]);
  return autograd::pieces("split", x, d, static_cast<std::int64_t>(sizes.size()),
                          [&](std::int64_t i) { return sizes[static_cast<std::size_t>(i)]; });
}

std::vector<Tensor> chunk(const Tensor& x, std::int64_t chunks, std::int64_t dim) {
  const std::size_t d = autograd::existing_dim("chunk", x, dim);
  if (chunks < 1) raise<ValueError>("[chunk] chunks is {}, it must be positive.", chunks);
  const std::int64_t whole = x.shape()[d];
  if (whole == 0) return autograd::pieces("chunk", x, d, chunks, [](std::int64_t) { return 0; });
  return split(x, 1 + (whole - 1) / chunks, dim);
}

std::vector<Tensor> tensor_split(const Tensor& x, std::int64_t sections, std::int64_t dim) {
  const std::size_t d = autograd::existing_dim("tensor_split", x, dim);
  if (sections < 1) raise<ValueError>("[tensor_split] sections is {}, it must be positive.", sections);
  const std::int64_t whole = x.shape()[d];
  const std::int64_t least = whole / sections, longer = whole % sections;
  return autograd::pieces("tensor_split", x, d, sections,
                          [&](std::int64_t i) { return i < longer ? least + 1 : least; });
}

std::vector<Tensor> tensor_split(const Tensor& x, const std::vector<std::int64_t>& indices, std::int64_t dim) {
  const std::size_t d = autograd::existing_dim("tensor_split", x, dim);
  std::vector<Tensor> parts = autograd::list_for("tensor_split", static_cast<std::int64_t>(indices.size()) + 1);
  std::int64_t start = 0;
  for (const std::int64_t index : indices) {
    parts.push_back(slice(x, dim, start, index));
    start = index;
  }
  parts.push_back(slice(x, dim, start, x.shape()[d]));
  return parts;
}

std::vector<Tensor> unbind(const Tensor& x, std::int64_t dim) {
  const std::size_t d = autograd::existing_dim("unbind", x, dim);
  std::vector<Tensor> parts = autograd::list_for("unbind", x.shape()[d]);
  for (std::int64_t i = 0; i < x.shape()[d]; ++i) parts.push_back(apply(autograd::Select{{}, d, i}, x));
  return parts;
}

}  // namespace xg
