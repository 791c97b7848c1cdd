// Reshaping: views where strides allow.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/rearrangement.hpp>
#include <xgrad/autograd/detail/views.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/tensor/kernels/strided.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace xg {
namespace autograd {

namespace {

/// The shape with its -1, if any, inferred from the number of elements.
Shape inferred_shape(const char* op, const Tensor& x, Shape shape) {
  Shape named;
  std::optional<std::size_t> open;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] >= 0) {
      named.push_back(shape[i]);
      continue;
    }
    if (shape[i] != -1 || open)
      raise<ShapeError>("[{}] the new shape is {}: sizes must not be negative, except one -1 that is inferred.", op,
                        shape.str());
    open = i;
  }
  const std::int64_t known = checked_numel(op, named);
  if (open && known != 0 && x.numel() % known == 0) {
    shape[*open] = x.numel() / known;
    return shape;
  }
  if (open && known == 0 && x.numel() == 0)
    raise<ShapeError>("[{}] the new shape is {} for no elements: the -1 cannot be inferred, so give the size.", op,
                      shape.str());
  if (open || known != x.numel())
    raise<ShapeError>(
        "[{}] shape {} has {} elements, they do not fill the new shape {}: the product of sizes must stay the same.",
        op, x.shape().str(), x.numel(), shape.str());
  return shape;
}

Tensor reshape_unless_same(const Tensor& g, const Shape& shape) { return g.shape() == shape ? g : reshape(g, shape); }

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
    const auto to = [](Shape shape) { return [shape](const Inputs& in) { return reshape(in[0], shape); }; };
    return shaped_samples(d, {{"split", {{3, 4}}, to({3, 2, 2})},
                              {"merge", {{3, 4}}, to({-1})},
                              {"rows", {{3, 4}}, to({2, 6})},
                              {"0-d", {{1, 1}}, to({})},
                              {"from 0-d", {{}}, to({1, 1})},
                              {"empty", {{0, 3}}, to({3, 0, 2})}});
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
    const auto call = [](const Inputs& in) { return transpose(in[0], 0, -1); };
    return shaped_samples(d, {{"matrix", {{3, 4}}, call},
                              {"ends", {{2, 3, 4}}, call},
                              {"vector", {{3}}, call},
                              {"0-d", {{}}, call},
                              {"empty", {{0, 3}}, call}});
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
    const auto to = [](Dims dims) { return [dims](const Inputs& in) { return permute(in[0], dims); }; };
    return shaped_samples(d, {{"cycle", {{2, 3, 4}}, to({2, 0, 1})},
                              {"rows stay", {{2, 3, 4}}, to({0, 2, 1})},
                              {"0-d", {{}}, to(Dims{})},
                              {"empty", {{0, 3}}, to({1, 0})}});
  }
};

/// Removes the dimensions in `removed`, which have size 1.
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
    const auto all = [](const Inputs& in) { return squeeze(in[0]); };
    const auto last = [](const Inputs& in) { return squeeze(in[0], -1); };
    return shaped_samples(d, {{"all", {{1, 3, 1}}, all},
                              {"last", {{1, 3, 1}}, last},
                              {"one element", {{1, 1}}, all},
                              {"empty", {{0, 1}}, all}});
  }
};

/// Inserts a dimension of size 1 at `dim`.
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
    const auto at = [](auto... arguments) { return [=](const Inputs& in) { return unsqueeze(in[0], arguments...); }; };
    return shaped_samples(d, {{"first", {{3, 4}}, at(0)},
                              {"middle", {{3, 4}}, at(1)},
                              {"last", {{3, 4}}, at(-1)},
                              {"0-d", {{}}, at(0)},
                              {"empty", {{0, 3}}, at(1)}});
  }
};

/// Repeats dimensions of size 1 and adds leading ones, without a copy.
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
    const auto to = [](Shape shape) { return [shape](const Inputs& in) { return expand(in[0], shape); }; };
    return shaped_samples(d, {{"row", {{4}}, to({3, 4})},
                              {"column", {{3, 1}}, to({-1, 4})},
                              {"same", {{3, 4}}, to({3, 4})},
                              {"0-d", {{}}, to({2, 2})},
                              {"to nothing", {{1, 3}}, to({0, 3})}});
  }
};

}  // namespace

// Matches groups of x's dimensions that are adjacent in memory with groups of dimensions of the new shape.
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
      raise<ShapeError>("[{}] a tensor of shape {} has more elements than 64 bits can count.", op, shape.str());
  return std::find(shape.begin(), shape.end(), 0) == shape.end() ? n : 0;
}

}  // namespace autograd

Tensor reshape(const Tensor& x, const Shape& shape) {
  return apply(autograd::Reshape{{}, autograd::inferred_shape("reshape", x, shape)}, x);
}

Tensor view(const Tensor& x, const Shape& shape) {
  const Shape full = autograd::inferred_shape("view", x, shape);
  Shape strides;
  if (!autograd::strides_of_view(x, full, strides))
    raise<ShapeError>("[view] shape {} with strides {} cannot be seen as {} without a copy: use reshape.",
                      x.shape().str(), x.strides().str(), full.str());
  return apply(autograd::Reshape{{}, full}, x);
}

Tensor flatten(const Tensor& x, std::int64_t start_dim, std::int64_t end_dim) {
  const std::size_t first = autograd::checked_dim("flatten", start_dim, x.dim());
  const std::size_t last = autograd::checked_dim("flatten", end_dim, x.dim());
  if (first > last)
    raise<ValueError>("[flatten] start_dim is {}, end_dim {}: the first must not come after the last.", start_dim,
                      end_dim);
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
  const std::int64_t total = x.shape()[d], known = autograd::checked_numel("unflatten", named);
  const bool negative = std::any_of(named.begin(), named.end(), [](std::int64_t size) { return size < 0; });
  const std::size_t open = sizes.size() - named.size();
  if (negative || open > 1 || (open == 0 ? known != total : known == 0 || total % known != 0))
    raise<ShapeError>(
        "[unflatten] dimension {} has size {}, sizes {} do not multiply to it: they must, one of them may be -1.", d,
        total, sizes.str());
  Shape shape(x.shape().begin(), x.shape().begin() + d);
  for (const std::int64_t size : sizes) shape.push_back(size == -1 ? total / known : size);
  for (std::size_t i = d + 1; i < x.shape().size(); ++i) shape.push_back(x.shape()[i]);
  return reshape(x, shape);
}

Tensor ravel(const Tensor& x) { return reshape(x, {x.numel()}); }

Tensor transpose(const Tensor& x, std::int64_t dim0, std::int64_t dim1) {
  return apply(autograd::Transpose{{},
                                   static_cast<std::uint8_t>(normalize_dim("transpose", dim0, x.dim())),
                                   static_cast<std::uint8_t>(normalize_dim("transpose", dim1, x.dim()))},
               x);
}

Tensor permute(const Tensor& x, const Dims& dims) {
  if (static_cast<std::int64_t>(dims.size()) != x.dim())
    raise<ShapeError>("[permute] dims are {}, the tensor has shape {}: name each of its {} dimensions once.",
                      dims.str(), x.shape().str(), x.dim());
  autograd::distinct_dims("permute", dims, x.dim());
  autograd::Permute op;
  for (std::size_t i = 0; i < dims.size(); ++i)
    op.dims[i] = static_cast<std::uint8_t>(normalize_dim("permute", dims[i], x.dim()));
  return apply(op, x);
}

Tensor movedim(const Tensor& x, const Dims& source, const Dims& destination) {
  if (source.size() != destination.size())
    raise<ValueError>("[movedim] source is {}, destination {}: they must have equally many entries.", source.str(),
                      destination.str());
  const autograd::DimSet from = autograd::distinct_dims("movedim", source, x.dim());
  const autograd::DimSet to = autograd::distinct_dims("movedim", destination, x.dim());
  if (x.dim() == 0) return x;
  Dims order;
  order.resize(x.shape().size());
  for (std::size_t i = 0; i < source.size(); ++i)
    order[autograd::checked_dim("movedim", destination[i], x.dim())] = normalize_dim("movedim", source[i], x.dim());
  std::size_t unmoved = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (to[i]) continue;
    while (from[unmoved]) ++unmoved;
    order[i] = static_cast<std::int64_t>(unmoved++);
  }
  return permute(x, order);
}

Tensor t(const Tensor& x) {
  if (x.dim() > 2)
    raise<ShapeError>("[t] shape is {}, it must have two dimensions at most: use transpose(dim0, dim1) or mT().",
                      x.shape().str());
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
    raise<ShapeError>(
        "[expand] shape {} does not expand to {}: only sizes of 1 and new leading dimensions can; -1 keeps a size.",
        x.shape().str(), shape.str());
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

Tensor broadcast_to(const Tensor& x, const Shape& shape) { return expand(x, shape); }

std::vector<Tensor> broadcast_tensors(const std::vector<Tensor>& tensors) {
  Shape shape;
  for (const Tensor& x : tensors) shape = broadcast_shapes("broadcast_tensors", shape, x.shape());
  std::vector<Tensor> out;
  out.reserve(tensors.size());
  for (const Tensor& x : tensors) out.push_back(expand(x, shape));
  return out;
}

Tensor atleast_1d(const Tensor& x) { return x.dim() == 0 ? reshape(x, {1}) : x; }

Tensor atleast_2d(const Tensor& x) {
  if (x.dim() == 0) return reshape(x, {1, 1});
  return x.dim() == 1 ? unsqueeze(x, 0) : x;
}

Tensor atleast_3d(const Tensor& x) {
  if (x.dim() == 0) return reshape(x, {1, 1, 1});
  if (x.dim() == 1) return reshape(x, {1, x.numel(), 1});
  return x.dim() == 2 ? unsqueeze(x, -1) : x;
}

}  // namespace xg
