// Joining, reversal and triangles.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/rearrangement.hpp>
#include <xgrad/autograd/detail/views.hpp>
#include <xgrad/autograd/ops/joining.hpp>
#include <xgrad/tensor/kernels/combinations.hpp>
#include <xgrad/tensor/kernels/index.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>
#include <span>

namespace xg {
namespace autograd {

namespace {

/// As in PyTorch, tensors of shape [0] are ignored by cat.
bool is_skipped(const Shape& shape) { return shape.size() == 1 && shape[0] == 0; }

/// Tensors concatenated along `dim`; the gradient is split into the same pieces.
struct Cat {
  static constexpr const char* name = "cat";
  static constexpr int inputs = any_number;
  static constexpr Promotion promotion = Promotion::arithmetic;
  static constexpr Rule rule = Rule::linear;
  std::size_t dim = 0, count = 0;

  Tensor forward(std::span<const Tensor* const> tensors) const {
    return kernels::cat(tensors, static_cast<std::int64_t>(dim), name);
  }
  std::vector<Tensor> backward(const OpContext& c, const Tensor& g) const {
    std::vector<Tensor> grads(count);
    std::int64_t start = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const Shape& shape = c.input_shape(i);
      if (is_skipped(shape)) {
        if (c.needs(i)) grads[i] = zeros(shape, {.dtype = g.dtype()});
        continue;
      }
      if (c.needs(i)) grads[i] = narrow(g, static_cast<std::int64_t>(dim), start, shape[dim]);
      start += shape[dim];
    }
    return grads;
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto along = [](std::int64_t dim) { return [dim](const Inputs& in) { return cat(in, dim); }; };
    return shaped_samples(d, {{"rows", {{2, 3}, {1, 3}, {3, 3}}, along(0)},
                              {"columns", {{2, 3}, {2, 1}}, along(-1)},
                              {"one", {{2, 3}}, along(0)},
                              {"with nothing", {{0}, {2, 3}}, along(1)},
                              {"empty", {{0, 3}, {0, 2}}, along(1)}});
  }
};

/// Tensors of one shape along a new dimension
struct Stack {
  static constexpr const char* name = "stack";
  static constexpr int inputs = any_number;
  static constexpr Promotion promotion = Promotion::arithmetic;
  static constexpr Rule rule = Rule::linear;
  std::size_t dim = 0, count = 0;

  bool mixes_rows(std::int64_t) const { return dim == 0; }
  Tensor forward(std::span<const Tensor* const> tensors) const {
    const Shape& one = tensors[0]->shape();
    Shape shape = one;
    shape.insert(dim, static_cast<std::int64_t>(tensors.size()));
    Tensor out = kernels::empty(shape, tensors[0]->dtype());
    Shape strides = out.strides();
    const std::int64_t step = strides[dim];
    strides.erase(dim);
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      Tensor target = view_of(out, one, strides, out.numel() == 0 ? 0 : static_cast<std::int64_t>(i) * step);
      kernels::copy_into(target, *tensors[i]);
    }
    return out;
  }
  std::vector<Tensor> backward(const OpContext& c, const Tensor& g) const {
    std::vector<Tensor> grads(count);
    for (std::size_t i = 0; i < count; ++i)
      if (c.needs(i)) grads[i] = select(g, static_cast<std::int64_t>(dim), static_cast<std::int64_t>(i));
    return grads;
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto along = [](std::int64_t dim) { return [dim](const Inputs& in) { return stack(in, dim); }; };
    return shaped_samples(d, {{"first", {{2, 3}, {2, 3}}, along(0)},
                              {"last", {{2, 3}, {2, 3}, {2, 3}}, along(-1)},
                              {"0-d", {{}, {}}, along(0)},
                              {"empty", {{0, 3}, {0, 3}}, along(1)}});
  }
};

/// Reversed along some dimensions
struct Flip : Rearrangement {
  static constexpr const char* name = "flip";
  DimSet dims;

  bool mixes_rows(std::int64_t) const { return dims[0]; }
  Tensor forward(const Tensor& x) const {
    Shape strides = x.strides();
    std::int64_t offset = 0;
    for (std::size_t i = 0; i < strides.size(); ++i) {
      if (!dims[i] || x.numel() == 0) continue;
      offset += (x.shape()[i] - 1) * strides[i];
      strides[i] = -strides[i];
    }
    return kernels::copy(view_of(x, x.shape(), strides, offset));
  }
  Tensor backward(const OpContext&, const Tensor& g) const { return apply(*this, g); }
  static std::vector<Sample> samples(Dtype d) {
    const auto along = [](Dims dims) { return [dims](const Inputs& in) { return flip(in[0], dims); }; };
    return shaped_samples(d, {{"rows", {{3, 4}}, along(0)},
                              {"columns", {{3, 4}}, along(-1)},
                              {"both", {{3, 4}}, along({0, 1})},
                              {"one element", {{1, 1}}, along({0, 1})},
                              {"empty", {{0, 3}}, along({0, 1})}});
  }
};

/// Shifted cyclically along `dim` by 0 < shift < size.
struct Roll : Rearrangement {
  static constexpr const char* name = "roll";
  std::size_t dim = 0;
  std::int64_t shift = 0;

  bool mixes_rows(std::int64_t) const { return dim == 0; }
  Tensor forward(const Tensor& x) const {
    Tensor out = kernels::empty(x.shape(), x.dtype());
    const std::int64_t size = x.shape()[dim];
    const auto part = [this](const Tensor& t, std::int64_t start, std::int64_t length) {
      Shape shape = t.shape();
      shape[dim] = length;
      return view_of(t, shape, t.strides(), start * t.strides()[dim]);
    };
    Tensor head = part(out, 0, shift), tail = part(out, shift, size - shift);
    kernels::copy_into(head, part(x, size - shift, shift));
    kernels::copy_into(tail, part(x, 0, size - shift));
    return out;
  }
  Tensor backward(const OpContext&, const Tensor& g) const { return roll(g, -shift, static_cast<std::int64_t>(dim)); }
  static std::vector<Sample> samples(Dtype d) {
    const auto by = [](Dims shifts, Dims dims) { return [=](const Inputs& in) { return roll(in[0], shifts, dims); }; };
    return shaped_samples(d, {{"columns", {{3, 4}}, by(1, 1)},
                              {"both", {{3, 4}}, by({-1, 6}, {0, 1})},
                              {"flat", {{3, 4}}, by(5, {})},
                              {"nothing moves", {{3, 4}}, by(4, 1)},
                              {"empty", {{0, 3}}, by(1, 0)}});
  }
};

/// The elements on one side of a diagonal of each matrix, zero elsewhere
struct Triangle : Rearrangement {
  static constexpr const char* name = "tril";
  bool upper = false;
  std::int64_t diagonal = 0;

  bool mixes_rows(std::int64_t ndim) const { return ndim == 2; }  // the selected columns depend on the row's number
  Tensor forward(const Tensor& x) const {
    Tensor out = kernels::zeros(x.shape(), x.dtype());
    if (x.numel() == 0) return out;
    const std::size_t row = x.shape().size() - 2;
    const std::int64_t rows = x.shape()[row], cols = x.shape()[row + 1];
    Shape shape = x.shape();
    shape[row] = 1;
    for (std::int64_t i = 0; i < rows; ++i) {
      const std::int64_t border = std::clamp<std::int64_t>(i + diagonal + (upper ? 0 : 1), 0, cols);
      const std::int64_t first = upper ? border : 0, last = upper ? cols : border;
      if (first == last) continue;
      shape[row + 1] = last - first;
      const auto part = [&](const Tensor& t) {
        return view_of(t, shape, t.strides(), i * t.strides()[row] + first * t.strides()[row + 1]);
      };
      Tensor target = part(out);
      kernels::copy_into(target, part(x));
    }
    return out;
  }
  Tensor backward(const OpContext&, const Tensor& g) const { return apply(*this, g); }
  static std::vector<Sample> samples(Dtype d) {
    const auto lower = [](auto... arguments) { return [=](const Inputs& in) { return tril(in[0], arguments...); }; };
    const auto upper = [](auto... arguments) { return [=](const Inputs& in) { return triu(in[0], arguments...); }; };
    return shaped_samples(d, {{"lower", {{3, 4}}, lower(0)},
                              {"upper", {{4, 3}}, upper(0)},
                              {"above", {{3, 4}}, upper(1)},
                              {"of a batch", {{2, 3, 3}}, lower(-1)},
                              {"empty", {{0, 3}}, lower(0)}});
  }
};

void check_list(const char* op, const std::vector<Tensor>& tensors) {
  if (tensors.empty()) raise<ValueError>("[{}] the list of tensors is empty: pass at least one.", op);
}

/// The diagonal clamped to the range of the last two dimensions, beyond which all are equivalent.
std::int64_t clamped_diagonal(const Tensor& x, std::int64_t diagonal) {
  return std::clamp(diagonal, -x.size(-2) - 1, x.size(-1) + 1);
}

}  // namespace

}  // namespace autograd

Tensor cat(const std::vector<Tensor>& tensors, std::int64_t dim) {
  autograd::check_list("cat", tensors);
  const Tensor* first = nullptr;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const Tensor& x = tensors[i];
    if (x.dim() == 0) raise<ShapeError>("[cat] tensor {} is 0-d and cannot be joined: use stack.", i);
    if (!autograd::is_skipped(x.shape()) && first == nullptr) first = &x;
  }
  const Shape& like = (first != nullptr ? *first : tensors[0]).shape();
  const auto d = static_cast<std::size_t>(normalize_dim("cat", dim, static_cast<std::int64_t>(like.size())));
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    Shape shape = tensors[i].shape();
    if (autograd::is_skipped(shape)) continue;
    if (shape.size() == like.size()) shape[d] = like[d];
    if (shape != like)
      raise<ShapeError>("[cat] tensor {} has shape {}, the first {}: sizes must be equal except along dim {}.", i,
                        tensors[i].shape().str(), like.str(), d);
  }
  return autograd::apply(autograd::Cat{d, tensors.size()}, tensors);
}

Tensor stack(const std::vector<Tensor>& tensors, std::int64_t dim) {
  autograd::check_list("stack", tensors);
  for (std::size_t i = 1; i < tensors.size(); ++i)
    if (tensors[i].shape() != tensors[0].shape())
      raise<ShapeError>("[stack] tensor {} has shape {}, the first {}: they must be equal.", i,
                        tensors[i].shape().str(), tensors[0].shape().str());
  const auto d = static_cast<std::size_t>(normalize_dim("stack", dim, tensors[0].dim() + 1));
  return autograd::apply(autograd::Stack{d, tensors.size()}, tensors);
}

namespace {

template <class F> std::vector<Tensor> each(const std::vector<Tensor>& tensors, F&& f) {
  std::vector<Tensor> out;
  out.reserve(tensors.size());
  for (const Tensor& x : tensors) out.push_back(f(x));
  return out;
}

}  // namespace

Tensor hstack(const std::vector<Tensor>& tensors) {
  autograd::check_list("hstack", tensors);
  return cat(each(tensors, [](const Tensor& x) { return atleast_1d(x); }), tensors[0].dim() <= 1 ? 0 : 1);
}

Tensor vstack(const std::vector<Tensor>& tensors) {
  autograd::check_list("vstack", tensors);
  return cat(each(tensors, [](const Tensor& x) { return atleast_2d(x); }), 0);
}

Tensor dstack(const std::vector<Tensor>& tensors) {
  autograd::check_list("dstack", tensors);
  return cat(each(tensors, [](const Tensor& x) { return atleast_3d(x); }), 2);
}

Tensor column_stack(const std::vector<Tensor>& tensors) {
  autograd::check_list("column_stack", tensors);
  return hstack(each(tensors, [](const Tensor& x) { return x.dim() <= 1 ? reshape(x, {x.numel(), 1}) : x; }));
}

Tensor flip(const Tensor& x, const Dims& dims) {
  autograd::Flip op;
  for (const std::int64_t dim : dims) {
    const auto d = static_cast<std::size_t>(normalize_dim("flip", dim, x.dim()));
    if (op.dims[d]) raise<ValueError>("[flip] dims {} name dimension {} twice: name each once.", dims.str(), d);
    op.dims.set(d);
  }
  return apply(op, x);
}

Tensor rot90(const Tensor& x, std::int64_t k, const Dims& dims) {
  if (dims.size() != 2) raise<ValueError>("[rot90] dims are {}: name two dimensions.", dims.str());
  const std::int64_t from = normalize_dim("rot90", dims[0], x.dim()), to = normalize_dim("rot90", dims[1], x.dim());
  if (from == to) raise<ValueError>("[rot90] dims {} name dimension {} twice: name two dimensions.", dims.str(), from);
  switch ((k % 4 + 4) % 4) {
    case 1:
      return transpose(flip(x, Dims(to)), from, to);
    case 2:
      return flip(x, Dims{from, to});
    case 3:
      return transpose(flip(x, Dims(from)), from, to);
    default:
      return clone(x);
  }
}

Tensor fliplr(const Tensor& x) {
  if (x.dim() < 2) raise<ShapeError>("[fliplr] shape is {}, it must have two dimensions at least.", x.shape().str());
  return flip(x, 1);
}

Tensor flipud(const Tensor& x) {
  if (x.dim() < 1) throw ShapeError("[flipud] the tensor has no dimensions, it must have one at least.");
  return flip(x, 0);
}

Tensor roll(const Tensor& x, const Dims& shifts, const Dims& dims) {
  if (dims.empty() && shifts.size() == 1) return reshape(roll(ravel(x), shifts, 0), x.shape());
  if (shifts.size() != dims.size() || shifts.empty())
    raise<ValueError>("[roll] shifts are {}, dims {}: give one shift for each dim.", shifts.str(), dims.str());
  Tensor out = x;
  for (std::size_t i = 0; i < shifts.size(); ++i) {
    const auto d = static_cast<std::size_t>(normalize_dim("roll", dims[i], x.dim()));
    const std::int64_t size = x.dim() == 0 || x.numel() == 0 ? 1 : x.shape()[d];
    const std::int64_t shift = (shifts[i] % size + size) % size;
    if (shift != 0) out = apply(autograd::Roll{{}, d, shift}, out);
  }
  return out.is_same(x) ? clone(x) : out;
}

Tensor tril(const Tensor& x, std::int64_t diagonal) {
  if (x.dim() < 2) raise<ShapeError>("[tril] shape is {}, it must have two dimensions at least.", x.shape().str());
  return apply(autograd::Triangle{{}, false, autograd::clamped_diagonal(x, diagonal)}, x);
}

Tensor triu(const Tensor& x, std::int64_t diagonal) {
  if (x.dim() < 2) raise<ShapeError>("[triu] shape is {}, it must have two dimensions at least.", x.shape().str());
  return apply(autograd::Triangle{{}, true, autograd::clamped_diagonal(x, diagonal)}, x);
}

Tensor diag(const Tensor& x, std::int64_t diagonal) {
  if (x.dim() != 1 && x.dim() != 2)
    raise<ShapeError>("[diag] shape is {}, it must have one or two dimensions: use diagonal or diag_embed.",
                      x.shape().str());
  return x.dim() == 1 ? diag_embed(x, diagonal) : clone(xg::diagonal(x, diagonal));
}

namespace {
/// A bound that prevents overflow of sums with an offset.
constexpr std::int64_t max_offset = std::int64_t{1} << 60;
}  // namespace

Tensor diag_embed(const Tensor& x, std::int64_t offset, std::int64_t dim1, std::int64_t dim2) {
  if (x.dim() == 0) throw ShapeError("[diag_embed] the tensor has no dimensions: reshape({1}) first.");
  const auto a = static_cast<std::size_t>(normalize_dim("diag_embed", dim1, x.dim() + 1));
  const auto b = static_cast<std::size_t>(normalize_dim("diag_embed", dim2, x.dim() + 1));
  if (a == b) raise<ShapeError>("[diag_embed] dim1 is {}, dim2 {}: they must differ.", dim1, dim2);
  if (offset < -max_offset || offset > max_offset)
    raise<ShapeError>("[diag_embed] offset is {}: no tensor is that large.", offset);
  const std::int64_t side = x.shape().back() + std::abs(offset);
  Shape shape(x.shape().begin(), x.shape().end() - 1);
  shape.insert(std::min(a, b), side);
  shape.insert(std::max(a, b), side);
  return autograd::diagonal_scatter(x, shape, offset, a, b);
}

Tensor diagflat(const Tensor& x, std::int64_t offset) { return diag_embed(ravel(x), offset); }

Tensor diff(const Tensor& x, std::int64_t n, std::int64_t dim, const Tensor& prepend, const Tensor& append) {
  if (x.dim() == 0) throw ShapeError("[diff] the tensor has no dimensions, it must have one at least.");
  if (n < 0) raise<ValueError>("[diff] n is {}: it must not be negative.", n);
  const std::int64_t d = normalize_dim("diff", dim, x.dim());
  if (n == 0) return clone(x);
  std::vector<Tensor> parts;
  for (const Tensor* part : {&prepend, &x, &append})
    if (part->defined()) parts.push_back(*part);
  Tensor out = parts.size() == 1 ? x : cat(parts, d);
  for (std::int64_t i = std::min(n, out.size(d)); i > 0; --i) {
    const std::int64_t length = std::max<std::int64_t>(out.size(d) - 1, 0);
    const Tensor next = narrow(out, d, out.size(d) - length, length), previous = narrow(out, d, 0, length);
    out = out.dtype() == Dtype::bool_ ? logical_xor(next, previous) : next - previous;
  }
  return out;
}

std::vector<Tensor> meshgrid(const std::vector<Tensor>& tensors, Indexing indexing) {
  autograd::check_list("meshgrid", tensors);
  Shape shape;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i].dim() > 1)
      raise<ShapeError>("[meshgrid] tensor {} has shape {}, it must have one dimension at most.", i,
                        tensors[i].shape().str());
    if (tensors[i].dtype() != tensors[0].dtype())
      raise<DtypeError>("[meshgrid] tensor {} is {}, the first {}: they must be equal.", i, name(tensors[i].dtype()),
                        name(tensors[0].dtype()));
    shape.push_back(tensors[i].numel());
  }
  const bool swap = indexing == Indexing::xy && tensors.size() > 1;
  std::vector<Tensor> grids;
  grids.reserve(tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    Shape along = Shape(std::vector<std::int64_t>(tensors.size(), 1));
    along[i] = tensors[i].numel();
    const Tensor grid = expand(reshape(tensors[i], along), shape);
    grids.push_back(swap ? transpose(grid, 0, 1) : grid);
  }
  return grids;
}

Tensor cartesian_prod(const std::vector<Tensor>& tensors) {
  autograd::check_list("cartesian_prod", tensors);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i].dim() != 1)
      raise<ShapeError>("[cartesian_prod] tensor {} has shape {}, it must be a vector.", i, tensors[i].shape().str());
    if (tensors[i].dtype() != tensors[0].dtype())
      raise<DtypeError>("[cartesian_prod] tensor {} is {}, the first {}: they must be equal.", i,
                        name(tensors[i].dtype()), name(tensors[0].dtype()));
  }
  if (tensors.size() == 1) return clone(tensors[0]);
  std::vector<Tensor> columns;
  for (const Tensor& column : meshgrid(tensors)) columns.push_back(ravel(column));
  return stack(columns, 1);
}

Tensor combinations(const Tensor& x, std::int64_t r, bool with_replacement) {
  if (x.dim() != 1) raise<ShapeError>("[combinations] x has shape {}, it must be a vector.", x.shape().str());
  if (r < 0) raise<ValueError>("[combinations] r is {}: it must not be negative.", r);
  if (r == 0) return narrow(x, 0, 0, 0);
  const Tensor places = kernels::combinations(x.numel(), r, with_replacement);
  return reshape(index_select(x, 0, ravel(places)), places.shape());
}

Tensor block_diag(const std::vector<Tensor>& tensors) {
  autograd::check_list("block_diag", tensors);
  std::int64_t total = 0;
  std::vector<Tensor> blocks;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i].dim() > 2)
      raise<ShapeError>("[block_diag] tensor {} has shape {}, it must have two dimensions at most.", i,
                        tensors[i].shape().str());
    blocks.push_back(atleast_2d(tensors[i]));
    if (__builtin_add_overflow(total, blocks.back().size(1), &total))
      throw ShapeError("[block_diag] the columns add up to more than 64 bits can count: join fewer tensors.");
  }
  std::vector<Tensor> rows;
  std::int64_t before = 0;
  for (const Tensor& block : blocks) {
    const std::int64_t columns = block.size(1);
    rows.push_back(pad(block, {before, total - before - columns}));
    before += columns;
  }
  return cat(rows, 0);
}

}  // namespace xg
