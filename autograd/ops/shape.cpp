// Other shapes of the same elements: views where strides allow. Copies, casts and detach stand here too.
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/views.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/kernels/strided.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <optional>
#include <vector>

namespace xg {
namespace autograd {
namespace {

/// What all ops of this file are: linear, of one tensor, of any dtype.
struct Rearrangement {
  static constexpr int inputs = 1;
  static constexpr Rule rule = Rule::linear;
};

/// The shape with its one -1 replaced by what the number of elements leaves.
Shape inferred_shape(const char* op, const Tensor& x, Shape shape) {
  Shape named;
  std::optional<std::size_t> open;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] >= 0) {
      named.push_back(shape[i]);
      continue;
    }
    if (shape[i] != -1 || open)
      throw ShapeError(fmt::format(
          "[{}] the new shape is {}: sizes must not be negative, except one -1 that is inferred.", op, shape.str()));
    open = i;
  }
  const std::int64_t known = checked_numel(op, named);
  if (open && known != 0 && x.numel() % known == 0) {
    shape[*open] = x.numel() / known;
    return shape;
  }
  if (open && known == 0 && x.numel() == 0)
    throw ShapeError(
        fmt::format("[{}] the new shape is {} for no elements: any size fits the -1, so name one.", op, shape.str()));
  if (open || known != x.numel())
    throw ShapeError(
        fmt::format("[{}] shape {} has {} elements, they do not fill the new shape {}: the product of sizes "
                    "must stay the same.",
                    op, x.shape().str(), x.numel(), shape.str()));
  return shape;
}

Tensor reshape_unless_same(const Tensor& g, const Shape& shape) {
  return g.shape() == shape ? g : reshape(g, shape);
}

/// The same elements, row-major, in another shape
struct Reshape : Rearrangement {
  static constexpr const char* name = "reshape";
  static constexpr bool keeps_elements = true;
  Shape shape;
  Tensor forward(const Tensor& x) const {
    Shape strides;
    if (strides_of_view(x, shape, strides)) return view_of(x, shape, strides);
    return with_shape(kernels::copy(x), shape);
  }
  static Tensor backward(const OpContext& c, const Tensor& g) { return reshape_unless_same(g, c.input_shape(0)); }
  static std::vector<Sample> samples(Dtype d) {
    const auto to = [](Shape shape) {
      return [shape](const std::vector<Tensor>& in) { return reshape(in[0], shape); };
    };
    const Tensor x = sample_values({3, 4}, -2, 2, d);
    return {{"split", {x}, to({3, 2, 2})},
            {"merge", {x}, to({-1})},
            {"rows", {x}, to({2, 6})},
            {"no dimensions", {sample_values({1, 1}, -2, 2, d)}, to({})},
            {"from no dimensions", {sample_values({}, -2, 2, d)}, to({1, 1})},
            {"empty", {sample_values({0, 3}, -2, 2, d)}, to({3, 0, 2})}};
  }
};

/// Two dimensions exchanged
struct Transpose : Rearrangement {
  static constexpr const char* name = "transpose";
  std::uint8_t dim0 = 0, dim1 = 0;
  bool mixes_rows(std::int64_t) const { return dim0 != dim1 && (dim0 == 0 || dim1 == 0); }
  Tensor forward(const Tensor& x) const {
    Shape shape = x.shape(), strides = x.strides();
    if (!shape.empty()) {
      std::swap(shape[dim0], shape[dim1]);
      std::swap(strides[dim0], strides[dim1]);
    }
    return view_of(x, shape, strides);
  }
  Tensor backward(const OpContext&, const Tensor& g) const { return apply(*this, g); }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](const std::vector<Tensor>& in) { return transpose(in[0], 0, -1); };
    return {{"matrix", {sample_values({3, 4}, -2, 2, d)}, call},
            {"ends", {sample_values({2, 3, 4}, -2, 2, d)}, call},
            {"vector", {sample_values({3}, -2, 2, d)}, call},
            {"no dimensions", {sample_values({}, -2, 2, d)}, call},
            {"empty", {sample_values({0, 3}, -2, 2, d)}, call}};
  }
};

/// Dimension i of the result is dimension dims[i] of x
struct Permute : Rearrangement {
  static constexpr const char* name = "permute";
  std::array<std::uint8_t, max_dims> dims{};
  bool mixes_rows(std::int64_t ndim) const { return ndim > 0 && dims[0] != 0; }
  Tensor forward(const Tensor& x) const {
    Shape shape = x.shape(), strides = x.strides();
    for (std::size_t i = 0; i < shape.size(); ++i) {
      shape[i] = x.shape()[dims[i]];
      strides[i] = x.strides()[dims[i]];
    }
    return view_of(x, shape, strides);
  }
  Tensor backward(const OpContext& c, const Tensor& g) const {
    Permute inverse;
    for (std::size_t i = 0; i < c.input_shape(0).size(); ++i) inverse.dims[dims[i]] = static_cast<std::uint8_t>(i);
    return apply(inverse, g);
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto to = [](Dims dims) { return [dims](const std::vector<Tensor>& in) { return permute(in[0], dims); }; };
    return {{"cycle", {sample_values({2, 3, 4}, -2, 2, d)}, to({2, 0, 1})},
            {"rows stay", {sample_values({2, 3, 4}, -2, 2, d)}, to({0, 2, 1})},
            {"no dimensions", {sample_values({}, -2, 2, d)}, to(Dims{})},
            {"empty", {sample_values({0, 3}, -2, 2, d)}, to({1, 0})}};
  }
};

using DimSet = std::bitset<max_dims>;

/// Without the dimensions in `removed`, which have size 1
struct Squeeze : Rearrangement {
  static constexpr const char* name = "squeeze";
  static constexpr bool keeps_elements = true;
  DimSet removed;
  bool mixes_rows(std::int64_t) const { return removed[0]; }
  Tensor forward(const Tensor& x) const {
    Shape shape, strides;
    for (std::size_t i = 0; i < x.shape().size(); ++i) {
      if (removed[i]) continue;
      shape.push_back(x.shape()[i]);
      strides.push_back(x.strides()[i]);
    }
    return view_of(x, shape, strides);
  }
  static Tensor backward(const OpContext& c, const Tensor& g) { return reshape(g, c.input_shape(0)); }
  static std::vector<Sample> samples(Dtype d) {
    const auto all = [](const std::vector<Tensor>& in) { return squeeze(in[0]); };
    const auto last = [](const std::vector<Tensor>& in) { return squeeze(in[0], -1); };
    return {{"all", {sample_values({1, 3, 1}, -2, 2, d)}, all},
            {"last", {sample_values({1, 3, 1}, -2, 2, d)}, last},
            {"one element", {sample_values({1, 1}, -2, 2, d)}, all},
            {"empty", {sample_values({0, 1}, -2, 2, d)}, all}};
  }
};

/// With a dimension of size 1 more
struct Unsqueeze : Rearrangement {
  static constexpr const char* name = "unsqueeze";
  static constexpr bool keeps_elements = true;
  std::size_t dim = 0;
  bool mixes_rows(std::int64_t) const { return dim == 0; }
  Tensor forward(const Tensor& x) const {
    Shape shape = x.shape(), strides = x.strides();
    const std::int64_t stride = dim < shape.size() ? shape[dim] * strides[dim] : 1;
    shape.insert(dim, 1);
    strides.insert(dim, stride);
    return view_of(x, shape, strides);
  }
  Tensor backward(const OpContext&, const Tensor& g) const {
    Squeeze inverse;
    inverse.removed.set(dim);
    return apply(inverse, g);
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto at = [](std::int64_t dim) {
      return [dim](const std::vector<Tensor>& in) { return unsqueeze(in[0], dim); };
    };
    return {{"first", {sample_values({3, 4}, -2, 2, d)}, at(0)},
            {"middle", {sample_values({3, 4}, -2, 2, d)}, at(1)},
            {"last", {sample_values({3, 4}, -2, 2, d)}, at(-1)},
            {"no dimensions", {sample_values({}, -2, 2, d)}, at(0)},
            {"empty", {sample_values({0, 3}, -2, 2, d)}, at(1)}};
  }
};

/// Repeated along dimensions of size 1 and new leading ones, without a copy
struct Expand : Rearrangement {
  static constexpr const char* name = "expand";
  Shape shape;
  bool mixes_rows(std::int64_t ndim) const { return static_cast<std::size_t>(ndim) != shape.size(); }
  Tensor forward(const Tensor& x) const {
    Shape strides;
    strides.resize(shape.size());
    const std::size_t skip = shape.size() - x.shape().size();
    for (std::size_t i = skip; i < shape.size(); ++i)
      strides[i] = x.shape()[i - skip] == 1 && shape[i] != 1 ? 0 : x.strides()[i - skip];
    return view_of(x, shape, strides);
  }
  static Tensor backward(const OpContext& c, const Tensor& g) { return sum_to_size(g, c.input_shape(0)); }
  static std::vector<Sample> samples(Dtype d) {
    const auto to = [](Shape shape) { return [shape](const std::vector<Tensor>& in) { return expand(in[0], shape); }; };
    return {{"row", {sample_values({4}, -2, 2, d)}, to({3, 4})},
            {"column", {sample_values({3, 1}, -2, 2, d)}, to({-1, 4})},
            {"same", {sample_values({3, 4}, -2, 2, d)}, to({3, 4})},
            {"no dimensions", {sample_values({}, -2, 2, d)}, to({2, 2})},
            {"to nothing", {sample_values({1, 3}, -2, 2, d)}, to({0, 3})}};
  }
};

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
    const auto of = [](std::int64_t dim, std::int64_t start, std::int64_t stop, std::int64_t step) {
      return [=](const std::vector<Tensor>& in) { return slice(in[0], dim, start, stop, step); };
    };
    return {{"columns", {sample_values({3, 5}, -2, 2, d)}, of(1, 1, 4, 1)},
            {"every second row", {sample_values({5, 2}, -2, 2, d)}, of(0, 0, 5, 2)},
            {"from the end", {sample_values({3, 4}, -2, 2, d)}, of(-1, -3, -1, 1)},
            {"nothing", {sample_values({3, 4}, -2, 2, d)}, of(1, 3, 2, 1)},
            {"empty", {sample_values({0, 3}, -2, 2, d)}, of(1, 1, 3, 1)}};
  }
};

/// Zeros of `shape` with g along `dim`, from `start` by `step`: the adjoint of slice
struct SliceScatter : Rearrangement {
  static constexpr const char* name = "slice_scatter";
  Shape shape;
  std::size_t dim = 0;
  std::int64_t start = 0, step = 1;
  Tensor forward(const Tensor& g) const {
    Tensor out = kernels::empty(shape, g.dtype());
    kernels::fill(out, 0);
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
    const auto call = [](const std::vector<Tensor>& in) { return slice_scatter(in[0], {3, 5}, 1, 1, 2); };
    return {{"columns", {sample_values({3, 2}, -2, 2, d)}, call}, {"nothing", {sample_values({3, 0}, -2, 2, d)}, call}};
  }
};

/// One element along `dim`, which goes
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
    return slice_scatter(apply(Unsqueeze{{}, dim}, g), c.input_shape(0), dim, index, 1);
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto of = [](std::int64_t dim, std::int64_t index) {
      return [=](const std::vector<Tensor>& in) { return select(in[0], dim, index); };
    };
    return {{"row", {sample_values({3, 4}, -2, 2, d)}, of(0, 1)},
            {"last column", {sample_values({3, 4}, -2, 2, d)}, of(1, -1)},
            {"of a vector", {sample_values({3}, -2, 2, d)}, of(0, 2)},
            {"empty", {sample_values({0, 3}, -2, 2, d)}, of(1, 1)}};
  }
};

std::int64_t diagonal_length(const Shape& shape, std::int64_t offset, std::size_t dim1, std::size_t dim2) {
  const std::int64_t rows = shape[dim1] + std::min<std::int64_t>(offset, 0);
  const std::int64_t cols = shape[dim2] - std::max<std::int64_t>(offset, 0);
  return std::max<std::int64_t>(0, std::min(rows, cols));
}

/// Where the elements x[.., i, .., i + offset, ..] lie, i as last dimension.
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

/// x[.., i, .., i + offset, ..] for all i, which become the last dimension
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
    const auto of = [](std::int64_t offset, std::int64_t dim1, std::int64_t dim2) {
      return [=](const std::vector<Tensor>& in) { return diagonal(in[0], offset, dim1, dim2); };
    };
    return {{"main", {sample_values({3, 4}, -2, 2, d)}, of(0, 0, 1)},
            {"above", {sample_values({3, 4}, -2, 2, d)}, of(2, 0, 1)},
            {"below", {sample_values({4, 3}, -2, 2, d)}, of(-1, 0, 1)},
            {"of a batch", {sample_values({2, 3, 3}, -2, 2, d)}, of(1, -2, -1)},
            {"reversed", {sample_values({3, 2, 4}, -2, 2, d)}, of(1, 2, 0)},
            {"outside", {sample_values({2, 2}, -2, 2, d)}, of(5, 0, 1)},
            {"empty", {sample_values({0, 3}, -2, 2, d)}, of(0, 0, 1)}};
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
    Tensor out = kernels::empty(shape, g.dtype());
    kernels::fill(out, 0);
    Tensor target = diagonal_view(out, offset, dim1, dim2);
    kernels::copy_into(target, g);
    return out;
  }
  Tensor backward(const OpContext&, const Tensor& gg) const { return apply(Diagonal{{}, offset, dim1, dim2}, gg); }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](const std::vector<Tensor>& in) { return diagonal_scatter(in[0], {2, 4, 3}, -1, 1, 2); };
    return {{"of a batch", {sample_values({2, 3}, -2, 2, d)}, call}};
  }
};

/// The same values in memory of their own
struct Clone : Rearrangement {
  static constexpr const char* name = "clone";
  static constexpr bool keeps_elements = true;
  static Tensor forward(const Tensor& x) { return kernels::copy(x); }
  static Tensor backward(const OpContext&, const Tensor& g) { return g; }
  static std::vector<Sample> samples(Dtype d) { return samples1<Clone>(d); }
  static constexpr Domain domain{-2, 2};
};

/// The same values, row-major without gaps
struct Contiguous : Rearrangement {
  static constexpr const char* name = "contiguous";
  static constexpr bool keeps_elements = true;
  static Tensor forward(const Tensor& x) { return kernels::copy(x); }
  static Tensor backward(const OpContext&, const Tensor& g) { return g; }
  static std::vector<Sample> samples(Dtype d) { return samples1<Contiguous>(d); }
  static constexpr Domain domain{-2, 2};
};

/// The same memory without a graph. It is applied with recording off: graphs end here, traces go through, and there it
/// is the identity.
struct Detach : Rearrangement {
  static constexpr const char* name = "detach";
  static constexpr bool keeps_elements = true;
  static Tensor forward(const Tensor& x) { return Tensor::adopt(xg::detail::new_alias(x.impl())); }
  static Tensor backward(const OpContext&, const Tensor& g) { return g; }
  static std::vector<Sample> samples(Dtype d) { return samples1<Detach>(d); }
  static constexpr Domain domain{-2, 2};
};

/// x in a dtype that holds its values
struct Cast : Rearrangement {
  static constexpr const char* name = "to";
  static constexpr Rule rule = Rule::custom;
  Dtype from = Dtype::float32, dtype = Dtype::float32;
  Tensor forward(const Tensor& x) const { return kernels::cast(x, dtype); }
  Tensor backward(const OpContext&, const Tensor& g) const { return to(g, from); }
  /// The dtype of a value is not that of its multiplier: 0.3 for a bool would be 1.
  static std::vector<Tensor> attribute(const PairContext& p) { return {p.multipliers[0]}; }
  static Tensor rounding(const RoundingContext& c) {
    return c.errors[0].defined() ? maximum(c.errors[0], abs(c.output) * c.unit) : Tensor();
  }
  static std::vector<Sample> samples(Dtype d) { return detail::samples1([d](const std::vector<Tensor>& in) { return apply(Cast{{}, d, float64}, in[0]); }, d, {-2, 2}); }
};

/// Reals as integers (the fraction is cut off) or bools (is it not zero?): a step function without a derivative, whose
/// secant is (g(x) - g(r)) / (x - r), 0 where nothing changes
struct CastToInteger {
  static constexpr const char* name = "to";
  static constexpr int inputs = 1;
  static constexpr Rule rule = Rule::secant;
  static constexpr bool jumps = true;
  Dtype dtype = Dtype::int64;
  Tensor forward(const Tensor& x) const { return kernels::cast(x, dtype); }
  Tensor secant(const Tensor& x, const Tensor& r) const {
    return difference_secant(forward(x).to(x.dtype()), forward(r).to(x.dtype()), x, r, zeros_like(x));
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](Dtype dtype) {
      return [dtype](const std::vector<Tensor>& in) { return apply(CastToInteger{dtype}, in[0]); };
    };
    std::vector<Sample> all = detail::samples1(call(int64), d, {-3, 3});
    for (Sample& sample : detail::samples1(call(bool_), d, {-3, 3})) all.push_back(std::move(sample));
    return all;
  }
};

std::size_t checked_dim(const char* op, std::int64_t dim, std::int64_t ndim) {
  return static_cast<std::size_t>(normalize_dim(op, dim, ndim));
}

/// As checked_dim, for an op that needs a dimension to work on.
std::size_t existing_dim(const char* op, const Tensor& x, std::int64_t dim) {
  if (x.dim() == 0)
    throw ShapeError(
        fmt::format("[{}] the tensor has no dimensions, it must have one at least: reshape({{1}}) first.", op));
  return checked_dim(op, dim, x.dim());
}

/// Each of `dims` once.
DimSet distinct_dims(const char* op, const Dims& dims, std::int64_t ndim) {
  DimSet set;
  for (const std::int64_t dim : dims) {
    const std::size_t d = checked_dim(op, dim, ndim);
    if (set[d])
      throw ValueError(
          fmt::format("[{}] dims {} name dimension {} twice: each may stand there once.", op, dims.str(), d));
    set.set(d);
  }
  return set;
}

/// An empty list with room for `count` parts of a tensor. Throws ValueError where so many tensors, each of which takes
/// some hundred bytes however few elements it has, would be the end of the memory.
std::vector<Tensor> list_for(const char* op, std::int64_t count) {
  constexpr std::int64_t most = std::int64_t{1} << 24;
  if (count > most)
    throw ValueError(fmt::format("[{}] the result would be {} tensors, a list holds {} at most: ask for fewer parts.", op,
                                 count, most));
  std::vector<Tensor> parts;
  parts.reserve(static_cast<std::size_t>(count));
  return parts;
}

/// x in `count` parts behind each other along `dim`, of which part i has the size size_of(i).
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

// Groups of x's dimensions that lie behind each other in memory are matched with groups of the new shape's.
bool strides_of_view(const Tensor& x, const Shape& shape, Shape& out) {
  const Shape& old_shape = x.shape();
  const Shape& old_strides = x.strides();
  out = kernels::row_major_strides(shape);
  if (x.is_contiguous() || x.numel() == 0) return true;
  std::size_t to = shape.size();
  std::int64_t group = 1, group_stride = old_strides.back(), taken = 1;
  for (std::size_t from = old_shape.size(); from-- > 0;) {
    group *= old_shape[from];
    const bool ends = from == 0 || (old_shape[from - 1] != 1 && old_strides[from - 1] != group * group_stride);
    if (!ends) continue;
    while (to > 0 && (taken < group || shape[to - 1] == 1)) {
      --to;
      out[to] = taken * group_stride;
      taken *= shape[to];
    }
    if (taken != group) return false;
    if (from > 0) group = taken = 1, group_stride = old_strides[from - 1];
  }
  return to == 0;
}

std::int64_t checked_numel(const char* op, const Shape& shape) {
  std::int64_t n = 1;
  for (const std::int64_t size : shape)
    if (__builtin_mul_overflow(n, std::max<std::int64_t>(size, 1), &n))
      throw ShapeError(fmt::format("[{}] a tensor of shape {} has more elements than 64 bits count.", op, shape.str()));
  return std::find(shape.begin(), shape.end(), 0) == shape.end() ? n : 0;
}

Tensor slice_scatter(const Tensor& g, const Shape& shape, std::size_t dim, std::int64_t start, std::int64_t step) {
  return apply(SliceScatter{{}, shape, dim, start, step}, g);
}

Tensor diagonal_scatter(const Tensor& g, const Shape& shape, std::int64_t offset, std::size_t dim1, std::size_t dim2) {
  return apply(DiagonalScatter{{}, shape, offset, dim1, dim2}, g);
}

const std::vector<OpInfo>& shape_ops() {
  static const auto rows =
      OpList<Reshape, Transpose, Permute, Squeeze, Unsqueeze, Expand, SliceDim, SliceScatter, Select, Diagonal,
             DiagonalScatter, Clone, Contiguous, Detach, Cast, CastToInteger>::rows("shape");
  return rows;
}

}  // namespace autograd

using autograd::apply;

Tensor reshape(const Tensor& x, const Shape& shape) {
  return apply(autograd::Reshape{{}, autograd::inferred_shape("reshape", x, shape)}, x);
}

Tensor view(const Tensor& x, const Shape& shape) {
  const Shape full = autograd::inferred_shape("view", x, shape);
  Shape strides;
  if (!autograd::strides_of_view(x, full, strides))
    throw ShapeError(fmt::format("[view] shape {} with strides {} cannot be seen as {} without a copy: use reshape.",
                                 x.shape().str(), x.strides().str(), full.str()));
  return apply(autograd::Reshape{{}, full}, x);
}

Tensor flatten(const Tensor& x, std::int64_t start_dim, std::int64_t end_dim) {
  const std::size_t first = autograd::checked_dim("flatten", start_dim, x.dim());
  const std::size_t last = autograd::checked_dim("flatten", end_dim, x.dim());
  if (first > last)
    throw ValueError(fmt::format("[flatten] start_dim is {}, end_dim {}: the first must not come after the last.",
                                 start_dim, end_dim));
  if (x.dim() == 0) return reshape(x, {1});
  if (first == last) return x;
  const Shape& old = x.shape();
  Shape shape(old.begin(), old.begin() + first);
  shape.push_back(Shape(old.begin() + first, old.begin() + last + 1).numel());
  for (std::size_t i = last + 1; i < old.size(); ++i) shape.push_back(old[i]);
  return reshape(x, shape);
}

Tensor unflatten(const Tensor& x, std::int64_t dim, const Shape& sizes) {
  const std::size_t d = autograd::existing_dim("unflatten", x, dim);
  if (sizes.empty()) throw ShapeError("[unflatten] sizes is empty: name at least one size.");
  Shape named;
  for (const std::int64_t size : sizes)
    if (size != -1) named.push_back(size);
  const std::int64_t whole = x.shape()[d], known = autograd::checked_numel("unflatten", named);
  const bool negative = std::any_of(named.begin(), named.end(), [](std::int64_t size) { return size < 0; });
  const std::size_t open = sizes.size() - named.size();
  if (negative || open > 1 || (open == 0 ? known != whole : known == 0 || whole % known != 0))
    throw ShapeError(fmt::format(
        "[unflatten] dimension {} has size {}, sizes {} do not multiply to it: they must, one of them may be -1.", d,
        whole, sizes.str()));
  Shape shape(x.shape().begin(), x.shape().begin() + d);
  for (const std::int64_t size : sizes) shape.push_back(size == -1 ? whole / known : size);
  for (std::size_t i = d + 1; i < x.shape().size(); ++i) shape.push_back(x.shape()[i]);
  return reshape(x, shape);
}

Tensor ravel(const Tensor& x) {
  return reshape(x, {x.numel()});
}

Tensor transpose(const Tensor& x, std::int64_t dim0, std::int64_t dim1) {
  return apply(autograd::Transpose{{},
                                   static_cast<std::uint8_t>(normalize_dim("transpose", dim0, x.dim())),
                                   static_cast<std::uint8_t>(normalize_dim("transpose", dim1, x.dim()))},
               x);
}

Tensor permute(const Tensor& x, const Dims& dims) {
  if (static_cast<std::int64_t>(dims.size()) != x.dim())
    throw ShapeError(fmt::format("[permute] dims are {}, the tensor has shape {}: name each of its {} dimensions once.",
                                 dims.str(), x.shape().str(), x.dim()));
  autograd::distinct_dims("permute", dims, x.dim());
  autograd::Permute op;
  for (std::size_t i = 0; i < dims.size(); ++i)
    op.dims[i] = static_cast<std::uint8_t>(normalize_dim("permute", dims[i], x.dim()));
  return apply(op, x);
}

Tensor movedim(const Tensor& x, const Dims& source, const Dims& destination) {
  if (source.size() != destination.size())
    throw ValueError(fmt::format("[movedim] source is {}, destination {}: they must have equally many entries.",
                                 source.str(), destination.str()));
  const autograd::DimSet from = autograd::distinct_dims("movedim", source, x.dim());
  const autograd::DimSet to = autograd::distinct_dims("movedim", destination, x.dim());
  if (x.dim() == 0) return x;
  Dims order;
  order.resize(x.shape().size());
  for (std::size_t i = 0; i < source.size(); ++i)
    order[autograd::checked_dim("movedim", destination[i], x.dim())] = normalize_dim("movedim", source[i], x.dim());
  std::size_t rest = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (to[i]) continue;
    while (from[rest]) ++rest;
    order[i] = static_cast<std::int64_t>(rest++);
  }
  return permute(x, order);
}

Tensor t(const Tensor& x) {
  if (x.dim() > 2)
    throw ShapeError(fmt::format(
        "[t] shape is {}, it must have two dimensions at most: use transpose(dim0, dim1) or mT().", x.shape().str()));
  return x.dim() == 2 ? transpose(x, 0, 1) : x;
}

Tensor squeeze(const Tensor& x) {
  autograd::Squeeze op;
  for (std::size_t i = 0; i < x.shape().size(); ++i) op.removed.set(i, x.shape()[i] == 1);
  return op.removed.any() ? apply(op, x) : x;
}

Tensor squeeze(const Tensor& x, const Dims& dims) {
  autograd::Squeeze op;
  op.removed = autograd::distinct_dims("squeeze", dims, x.dim());
  for (std::size_t i = 0; i < max_dims; ++i)
    if (op.removed[i] && (i >= x.shape().size() || x.shape()[i] != 1)) op.removed.reset(i);
  return op.removed.any() ? apply(op, x) : x;
}

Tensor unsqueeze(const Tensor& x, std::int64_t dim) {
  return apply(autograd::Unsqueeze{{}, autograd::checked_dim("unsqueeze", dim, x.dim() + 1)}, x);
}

Tensor expand(const Tensor& x, const Shape& shape) {
  const auto refuse = [&] {
    throw ShapeError(
        fmt::format("[expand] shape {} does not expand to {}: only sizes of 1 and new leading dimensions can; "
                    "-1 keeps a size.",
                    x.shape().str(), shape.str()));
  };
  if (shape.size() < x.shape().size()) refuse();
  Shape full = shape;
  const std::size_t skip = shape.size() - x.shape().size();
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i >= skip && full[i] == -1) full[i] = x.shape()[i - skip];
    if (full[i] < 0 || (i >= skip && x.shape()[i - skip] != 1 && x.shape()[i - skip] != full[i])) refuse();
  }
  autograd::checked_numel("expand", full);
  return apply(autograd::Expand{{}, full}, x);
}

Tensor broadcast_to(const Tensor& x, const Shape& shape) {
  return expand(x, shape);
}

std::vector<Tensor> broadcast_tensors(const std::vector<Tensor>& tensors) {
  Shape shape;
  for (const Tensor& x : tensors) shape = broadcast_shapes("broadcast_tensors", shape, x.shape());
  std::vector<Tensor> out;
  out.reserve(tensors.size());
  for (const Tensor& x : tensors) out.push_back(expand(x, shape));
  return out;
}

Tensor slice(const Tensor& x, std::int64_t dim, std::int64_t start, std::int64_t stop, std::int64_t step) {
  const std::size_t d = autograd::existing_dim("slice", x, dim);
  if (step < 1)
    throw ValueError(fmt::format("[slice] step is {}, it must be positive: use flip to go backwards.", step));
  const std::int64_t size = x.shape()[d];
  const auto bound = [size](std::int64_t i) { return std::clamp<std::int64_t>(i < 0 ? i + size : i, 0, size); };
  const std::int64_t first = bound(start), last = bound(stop);
  const std::int64_t length = last > first ? 1 + (last - first - 1) / step : 0;
  return apply(autograd::SliceDim{{}, d, first, length, length > 1 ? step : 1}, x);
}

Tensor select(const Tensor& x, std::int64_t dim, std::int64_t index) {
  if (x.dim() == 0)
    throw IndexError("[select] the tensor has no dimensions and cannot be indexed: use item() for its value.");
  const std::size_t d = autograd::checked_dim("select", dim, x.dim());
  const std::int64_t size = x.shape()[d];
  if (index < -size || index >= size)
    throw IndexError(fmt::format("[select] index {} is out of range for dimension {} of size {} (shape {}): {}.", index,
                                 d, size, x.shape().str(),
                                 size == 0 ? "it has no elements" : fmt::format("use {} to {}", -size, size - 1)));
  return apply(autograd::Select{{}, d, index < 0 ? index + size : index}, x);
}

Tensor narrow(const Tensor& x, std::int64_t dim, std::int64_t start, std::int64_t length) {
  const std::size_t d = autograd::existing_dim("narrow", x, dim);
  const std::int64_t size = x.shape()[d];
  const std::int64_t first = start < 0 ? start + size : start;
  if (length < 0 || first < 0 || first > size || length > size - first)
    throw IndexError(
        fmt::format("[narrow] start {} and length {} leave dimension {} of size {}: start + length must lie within it.",
                    start, length, d, size));
  return apply(autograd::SliceDim{{}, d, first, length, 1}, x);
}

Tensor diagonal(const Tensor& x, std::int64_t offset, std::int64_t dim1, std::int64_t dim2) {
  const std::size_t a = autograd::checked_dim("diagonal", dim1, x.dim());
  const std::size_t b = autograd::checked_dim("diagonal", dim2, x.dim());
  if (a == b || x.dim() < 2)
    throw ShapeError(fmt::format("[diagonal] dims are {} and {} of shape {}: name two different dimensions.", dim1,
                                 dim2, x.shape().str()));
  return apply(autograd::Diagonal{{}, offset, a, b}, x);
}

std::vector<Tensor> split(const Tensor& x, std::int64_t size, std::int64_t dim) {
  const std::size_t d = autograd::existing_dim("split", x, dim);
  const std::int64_t whole = x.shape()[d];
  if (size < 0 || (size == 0 && whole != 0))
    throw ValueError(
        fmt::format("[split] size is {}, it must be positive (dimension {} has size {}).", size, d, whole));
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
      throw ShapeError(fmt::format("[split] sizes add up to more than 64 bits count, dimension {} has size {}: they must be "
                                   "equal.",
                                   d, x.shape()[d]));
  }
  if (negative || total != x.shape()[d])
    throw ShapeError(
        fmt::format("[split] sizes add up to {}, dimension {} has size {}: they must be equal, and no size "
                    "negative.",
                    total, d, x.shape()[d]));
  return autograd::pieces("split", x, d, static_cast<std::int64_t>(sizes.size()),
                          [&](std::int64_t i) { return sizes[static_cast<std::size_t>(i)]; });
}

std::vector<Tensor> chunk(const Tensor& x, std::int64_t chunks, std::int64_t dim) {
  const std::size_t d = autograd::existing_dim("chunk", x, dim);
  if (chunks < 1) throw ValueError(fmt::format("[chunk] chunks is {}, it must be positive.", chunks));
  const std::int64_t whole = x.shape()[d];
  if (whole == 0) return autograd::pieces("chunk", x, d, chunks, [](std::int64_t) { return 0; });
  return split(x, 1 + (whole - 1) / chunks, dim);
}

std::vector<Tensor> tensor_split(const Tensor& x, std::int64_t sections, std::int64_t dim) {
  const std::size_t d = autograd::existing_dim("tensor_split", x, dim);
  if (sections < 1) throw ValueError(fmt::format("[tensor_split] sections is {}, it must be positive.", sections));
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

Tensor atleast_1d(const Tensor& x) {
  return x.dim() == 0 ? reshape(x, {1}) : x;
}
Tensor atleast_2d(const Tensor& x) {
  if (x.dim() == 0) return reshape(x, {1, 1});
  return x.dim() == 1 ? unsqueeze(x, 0) : x;
}
Tensor atleast_3d(const Tensor& x) {
  if (x.dim() == 0) return reshape(x, {1, 1, 1});
  if (x.dim() == 1) return reshape(x, {1, x.numel(), 1});
  return x.dim() == 2 ? unsqueeze(x, -1) : x;
}

Tensor contiguous(const Tensor& x) {
  return x.is_contiguous() ? x : apply(autograd::Contiguous{}, x);
}
Tensor clone(const Tensor& x) {
  return apply(autograd::Clone{}, x);
}

Tensor detach(const Tensor& x) {
  const NoGrad guard;
  return apply(autograd::Detach{}, x);
}

Tensor to(const Tensor& x, Dtype dtype) {
  if (x.dtype() == dtype) return x;
  if (x.is_floating_point() && !is_floating(dtype)) return apply(autograd::CastToInteger{dtype}, x);
  return apply(autograd::Cast{{}, x.dtype(), dtype}, x);
}

}  // namespace xg
