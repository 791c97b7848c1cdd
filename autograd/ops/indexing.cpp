// Elements picked by integer tensors and masks, and put back. An index by several tensors becomes an index by one: the
// indexed dimensions are merged (a view where strides allow) and the tensors become one flat index.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/strided.hpp>
#include <xgrad/autograd/detail/views.hpp>
#include <xgrad/autograd/trace.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/kernels/index.hpp>
#include <xgrad/tensor/kernels/reduce.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <vector>

namespace xg {
namespace autograd {
namespace {

// ---- attribution

template <class Op>
struct Linear : Op {
  static constexpr Rule rule = Rule::linear;
};

/// The rule of an op that is linear in all but the index: an index that itself depends on the features chooses
/// elements, and what its choice contributes cannot be told apart from what was chosen.
template <class Op>
std::vector<Tensor> linear_beside_index(const Op& op, const PairContext& p, std::size_t index) {
  if (p.varies[index])
    throw AutogradError(
        fmt::format("[attribution] {}: the index depends on the features, so that no share of the result can be given "
                    "to it. Explain a "
                    "model in which the index is constant, or one that looks it up by embedding or one_hot.",
                    Op::name));
  return autograd::attribute(detail::AppliedOpOf<Linear<Op>>(Linear<Op>{op}), p, nullptr);
}

/// The multiplier of an index from which a vector follows: the contribution of the vector's change over that of the
/// index, 0 where the index stays.
Tensor multiplier_of_lookup(const PairContext& p, std::size_t index) {
  const Tensor& m = p.multipliers[0];
  const Tensor contribution = sum(m * (p.x_out[0].to(m.dtype()) - p.r_out[0].to(m.dtype())), -1);
  const Tensor change = p.delta(index);
  return where(change == 0, 0.0, contribution / change);
}

// ---- along one dimension, by a vector of indices

/// Which of the entries of a one-dimensional index is the last with its value: the one whose source is kept.
Tensor is_last_of_equals(const Tensor& index, std::int64_t size) {
  const Tensor number = arange(index.numel());
  Tensor owner = kernels::empty({size}, Dtype::int64);
  kernels::fill(owner, -1);
  kernels::index_copy_(owner, 0, index, number);
  return eq(kernels::index_select(owner, 0, index), number);
}

/// A mask over dimension `dim` of something with `ndim` dimensions.
Tensor along(const Tensor& mask, std::size_t dim, std::size_t ndim) {
  Shape shape = Shape(std::vector<std::int64_t>(ndim, 1));
  shape[dim] = mask.numel();
  return reshape(mask, shape);
}

/// An op of (x, index) or (x, index, source) along one dimension, linear in x and in source.
template <class Op, int count>
struct AlongIndex {
  static constexpr int inputs = count;
  static constexpr unsigned saves = save_input(1);
  static constexpr Rule rule = Rule::custom;
  std::size_t dim = 0;

  bool mixes_rows(std::int64_t) const { return dim == 0; }
  std::vector<Tensor> attribute(const PairContext& p) const {
    return linear_beside_index(static_cast<const Op&>(*this), p, 1);
  }
};

/// out[.., i, ..] = x[.., index[i], ..]
struct IndexSelect : AlongIndex<IndexSelect, 2> {
  static constexpr const char* name = "index_select";
  Tensor forward(const Tensor& x, const Tensor& index) const {
    return kernels::index_select(x, static_cast<std::int64_t>(dim), index, name);
  }
  std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) const {
    const Tensor nothing = zeros(c.input_shape(0), {.dtype = g.dtype()});
    return {index_add(nothing, static_cast<std::int64_t>(dim), c.input(1), g), Tensor()};
  }
  std::array<Tensor, 2> backward_fused(const OpContext& c, const Tensor& g) const {
    Tensor out = kernels::empty(c.input_shape(0), g.dtype());
    kernels::fill(out, 0);
    kernels::index_add_(out, static_cast<std::int64_t>(dim), c.input(1), g, 1, name);
    return {std::move(out), Tensor()};
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto by = [](std::int64_t dim, std::initializer_list<std::int64_t> index) {
      return
          [dim, i = tensor<std::int64_t>(index)](const std::vector<Tensor>& in) { return index_select(in[0], dim, i); };
    };
    return {{"rows", {sample_values({3, 4}, -2, 2, d)}, by(0, {2, 0, 2})},
            {"columns", {sample_values({3, 4}, -2, 2, d)}, by(-1, {3, 1})},
            {"nothing", {sample_values({3, 4}, -2, 2, d)}, by(0, {})},
            {"empty", {sample_values({0, 3}, -2, 2, d)}, by(1, {1})}};
  }
};

/// x[.., index[i], ..] += alpha source[.., i, ..], in a copy of x
struct IndexAdd : AlongIndex<IndexAdd, 3> {
  static constexpr const char* name = "index_add";
  Scalar alpha = 1;
  static bool needs_saved(std::size_t, const bool* needed) { return needed[2]; }
  Tensor forward(const Tensor& x, const Tensor& index, const Tensor& source) const {
    Tensor out = kernels::copy(x);
    kernels::index_add_(out, static_cast<std::int64_t>(dim), index, source, alpha, name);
    return out;
  }
  std::array<Tensor, 3> backward(const OpContext& c, const Tensor& g) const {
    std::array<Tensor, 3> grads;
    if (c.needs(0)) grads[0] = g;
    if (c.needs(2)) {
      grads[2] = index_select(g, static_cast<std::int64_t>(dim), c.input(1));
      if (alpha.to_double() != 1) grads[2] = mul(grads[2], alpha);
    }
    return grads;
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto by = [](std::int64_t dim, std::initializer_list<std::int64_t> index) {
      return [dim, i = tensor<std::int64_t>(index)](const std::vector<Tensor>& in) {
        return index_add(in[0], dim, i, in[1], 1.5);
      };
    };
    return {{"rows", {sample_values({3, 4}, -2, 2, d), sample_values({3, 4}, -2, 2, d, 2)}, by(0, {2, 0, 2})},
            {"columns", {sample_values({3, 4}, -2, 2, d), sample_values({3, 2}, -2, 2, d, 2)}, by(1, {3, 1})},
            {"nothing", {sample_values({3, 4}, -2, 2, d), sample_values({0, 4}, -2, 2, d, 2)}, by(0, {})}};
  }
};

/// x[.., index[i], ..] = source[.., i, ..], in a copy of x; the last of equal indices wins
struct IndexCopy : AlongIndex<IndexCopy, 3> {
  static constexpr const char* name = "index_copy";
  Tensor forward(const Tensor& x, const Tensor& index, const Tensor& source) const {
    Tensor out = kernels::copy(x);
    kernels::index_copy_(out, static_cast<std::int64_t>(dim), index, source, name);
    return out;
  }
  std::array<Tensor, 3> backward(const OpContext& c, const Tensor& g) const {
    const auto d = static_cast<std::int64_t>(dim);
    std::array<Tensor, 3> grads;
    if (c.needs(0)) grads[0] = index_fill(g, d, c.input(1), 0);
    if (c.needs(2)) {
      const Tensor kept = is_last_of_equals(c.input(1), g.shape()[dim]);
      grads[2] = where(along(kept, dim, g.shape().size()), index_select(g, d, c.input(1)), 0.0);
    }
    return grads;
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto by = [](std::int64_t dim, std::initializer_list<std::int64_t> index) {
      return [dim, i = tensor<std::int64_t>(index)](const std::vector<Tensor>& in) {
        return index_copy(in[0], dim, i, in[1]);
      };
    };
    return {{"rows", {sample_values({3, 4}, -2, 2, d), sample_values({2, 4}, -2, 2, d, 2)}, by(0, {2, 0})},
            {"one row twice", {sample_values({3, 4}, -2, 2, d), sample_values({3, 4}, -2, 2, d, 2)}, by(0, {2, 0, 2})},
            {"columns", {sample_values({3, 4}, -2, 2, d), sample_values({3, 2}, -2, 2, d, 2)}, by(1, {3, 1})}};
  }
};

/// x[.., index[i], ..] = value, in a copy of x
struct IndexFill : AlongIndex<IndexFill, 2> {
  static constexpr const char* name = "index_fill";
  Scalar value = 0;
  Tensor forward(const Tensor& x, const Tensor& index) const {
    Tensor out = kernels::copy(x);
    Tensor one = kernels::empty({}, x.dtype());
    kernels::fill(one, value, name);
    Shape shape = x.shape();
    shape[dim] = index.numel();
    const Shape still = Shape(std::vector<std::int64_t>(shape.size(), 0));
    kernels::index_copy_(out, static_cast<std::int64_t>(dim), index, view_of(one, shape, still), name);
    return out;
  }
  std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) const {
    return {apply(IndexFill{dim, 0}, g, c.input(1)), Tensor()};
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto by = [](std::int64_t dim, std::initializer_list<std::int64_t> index) {
      return [dim, i = tensor<std::int64_t>(index)](const std::vector<Tensor>& in) {
        return index_fill(in[0], dim, i, 1.5);
      };
    };
    return {{"rows", {sample_values({3, 4}, -2, 2, d)}, by(0, {2, 0, 2})},
            {"columns", {sample_values({3, 4}, -2, 2, d)}, by(1, {3})}};
  }
};

// ---- element by element

/// g in the upper corner of zeros of `shape`: an index may be smaller than its source.
Tensor enlarge(const Tensor& g, const Shape& shape) {
  if (g.shape() == shape) return g;
  std::vector<std::int64_t> padding;
  for (std::size_t i = shape.size(); i-- > 0;) {
    padding.push_back(0);
    padding.push_back(shape[i] - g.shape()[i]);
  }
  return pad(g, padding);
}

/// out[i, j, k] = x[index[i, j, k], j, k] for dim 0
struct Gather : AlongIndex<Gather, 2> {
  static constexpr const char* name = "gather";
  Tensor forward(const Tensor& x, const Tensor& index) const {
    return kernels::gather(x, static_cast<std::int64_t>(dim), index, name);
  }
  std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) const {
    const Tensor nothing = zeros(c.input_shape(0), {.dtype = g.dtype()});
    return {scatter_add(nothing, static_cast<std::int64_t>(dim), c.input(1), g), Tensor()};
  }
  std::array<Tensor, 2> backward_fused(const OpContext& c, const Tensor& g) const {
    Tensor out = kernels::empty(c.input_shape(0), g.dtype());
    kernels::fill(out, 0);
    kernels::scatter_add_(out, static_cast<std::int64_t>(dim), c.input(1), g, name);
    return {std::move(out), Tensor()};
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto by = [](std::int64_t dim, const Shape& shape, std::int64_t size) {
      return [dim, i = sample_values(shape, 0, static_cast<double>(size), int64, 5)](const std::vector<Tensor>& in) {
        return gather(in[0], dim, i);
      };
    };
    return {{"rows", {sample_values({3, 4}, -2, 2, d)}, by(0, {5, 4}, 3)},
            {"columns", {sample_values({3, 4}, -2, 2, d)}, by(1, {3, 2}, 4)},
            {"part", {sample_values({3, 4}, -2, 2, d)}, by(-1, {2, 6}, 4)},
            {"empty", {sample_values({3, 4}, -2, 2, d)}, by(1, {3, 0}, 4)}};
  }
};

/// x[index[i, j, k], j, k] = source[i, j, k] for dim 0, in a copy of x; the last of equal indices wins
struct Scatter : AlongIndex<Scatter, 3> {
  static constexpr const char* name = "scatter";
  Tensor forward(const Tensor& x, const Tensor& index, const Tensor& source) const {
    Tensor out = kernels::copy(x);
    kernels::scatter_(out, static_cast<std::int64_t>(dim), index, source, name);
    return out;
  }
  std::array<Tensor, 3> backward(const OpContext& c, const Tensor& g) const {
    const auto d = static_cast<std::int64_t>(dim);
    const Tensor& index = c.input(1);
    std::array<Tensor, 3> grads;
    if (c.needs(0)) grads[0] = scatter(g, d, index, 0);
    if (c.needs(2)) {
      const Tensor number = reshape(arange(index.numel()), index.shape());
      Tensor owner = kernels::empty(g.shape(), Dtype::int64);
      kernels::scatter_(owner, d, index, number);
      const Tensor kept = eq(kernels::gather(owner, d, index), number);
      grads[2] = enlarge(where(kept, gather(g, d, index), 0.0), c.input_shape(2));
    }
    return grads;
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto by = [](std::int64_t dim, const Tensor& index) {
      return [dim, index](const std::vector<Tensor>& in) { return scatter(in[0], dim, index, in[1]); };
    };
    const Tensor columns = reshape(tensor<std::int64_t>({3, 1, 0, 2, 2, 3}), {3, 2});
    const Tensor equal = reshape(tensor<std::int64_t>({3, 3, 0, 2, 2, 2}), {3, 2});
    return {{"columns", {sample_values({3, 4}, -2, 2, d), sample_values({3, 2}, -2, 2, d, 2)}, by(1, columns)},
            {"equal indices", {sample_values({3, 4}, -2, 2, d), sample_values({3, 2}, -2, 2, d, 2)}, by(1, equal)},
            {"larger source", {sample_values({3, 4}, -2, 2, d), sample_values({4, 3}, -2, 2, d, 2)}, by(1, columns)}};
  }
};

/// x[index[i, j, k], j, k] += source[i, j, k] for dim 0, in a copy of x
struct ScatterAdd : AlongIndex<ScatterAdd, 3> {
  static constexpr const char* name = "scatter_add";
  static bool needs_saved(std::size_t, const bool* needed) { return needed[2]; }
  Tensor forward(const Tensor& x, const Tensor& index, const Tensor& source) const {
    Tensor out = kernels::copy(x);
    kernels::scatter_add_(out, static_cast<std::int64_t>(dim), index, source, name);
    return out;
  }
  std::array<Tensor, 3> backward(const OpContext& c, const Tensor& g) const {
    std::array<Tensor, 3> grads;
    if (c.needs(0)) grads[0] = g;
    if (c.needs(2)) grads[2] = enlarge(gather(g, static_cast<std::int64_t>(dim), c.input(1)), c.input_shape(2));
    return grads;
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto by = [](std::int64_t dim, const Tensor& index) {
      return [dim, index](const std::vector<Tensor>& in) { return scatter_add(in[0], dim, index, in[1]); };
    };
    const Tensor columns = reshape(tensor<std::int64_t>({3, 3, 0, 2, 2, 2}), {3, 2});
    return {{"columns", {sample_values({3, 4}, -2, 2, d), sample_values({3, 2}, -2, 2, d, 2)}, by(1, columns)},
            {"larger source", {sample_values({3, 4}, -2, 2, d), sample_values({4, 3}, -2, 2, d, 2)}, by(1, columns)}};
  }
};

// ---- by masks

/// Zeros in mask's shape whose elements where it is true are g's, in order: the adjoint of masked_select
struct MaskedScatter {
  static constexpr const char* name = "masked_scatter";
  static constexpr int inputs = 2;
  static constexpr unsigned saves = save_input(1);
  static constexpr Rule rule = Rule::custom;

  static bool mixes_rows(std::int64_t) { return true; }
  static Tensor forward(const Tensor& g, const Tensor& mask) {
    Tensor out = kernels::empty(mask.shape(), g.dtype());
    kernels::fill(out, 0);
    kernels::masked_scatter_(out, mask, g, name);
    return out;
  }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& gg) {
    return {masked_select(gg, c.input(1)), Tensor()};
  }
  static std::vector<Tensor> attribute(const PairContext& p) { return linear_beside_index(MaskedScatter{}, p, 1); }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](const std::vector<Tensor>& in) {
      const Tensor mask = reshape(tensor<std::int64_t>({0, 1, 1, 0, 0, 1}), {2, 3}) != 0;
      return apply(MaskedScatter{}, in[0], mask);
    };
    return {{"matrix", {sample_values({3}, -2, 2, d)}, call}};
  }
};

/// The elements where mask (of x's shape) is true, in order
struct MaskedSelect {
  static constexpr const char* name = "masked_select";
  static constexpr int inputs = 2;
  static constexpr unsigned saves = save_input(1);
  static constexpr Rule rule = Rule::custom;

  static bool mixes_rows(std::int64_t) { return true; }
  static Tensor forward(const Tensor& x, const Tensor& mask) { return kernels::masked_select(x, mask); }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    return {apply(MaskedScatter{}, g, c.input(1)), Tensor()};
  }
  static std::vector<Tensor> attribute(const PairContext& p) { return linear_beside_index(MaskedSelect{}, p, 1); }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](const std::vector<Tensor>& in) {
      return masked_select(in[0], sample_values({3, 4}, -2, 2, float64, 7) > 0);
    };
    const auto none = [](const std::vector<Tensor>& in) { return masked_select(in[0], full({}, false)); };
    return {{"matrix", {sample_values({3, 4}, -2, 2, d)}, call},
            {"broadcast", {sample_values({4}, -2, 2, d)}, call},
            {"nothing", {sample_values({3, 4}, -2, 2, d)}, none}};
  }
};

/// Coordinates of what is not zero
struct Nonzero {
  static constexpr const char* name = "nonzero";
  static constexpr int inputs = 1;
  static constexpr Rule rule = Rule::unsupported;
  static Tensor forward(const Tensor& x) { return kernels::nonzero(x); }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](const std::vector<Tensor>& in) { return nonzero(in[0]); };
    return {{"matrix", {sample_values({3, 4}, -2, 2, d)}, call}, {"empty", {sample_values({0, 3}, -2, 2, d)}, call}};
  }
};

// ---- lookups

/// 1 at the place of each index, 0 elsewhere
struct OneHot {
  static constexpr const char* name = "one_hot";
  static constexpr int inputs = 1;
  static constexpr Rule rule = Rule::custom;
  std::int64_t classes = 0;

  Tensor forward(const Tensor& index) const {
    Shape shape = index.shape();
    shape.push_back(classes);
    Tensor out = kernels::empty(shape, Dtype::int64);
    kernels::fill(out, 0);
    if (index.numel() == 0) return out;
    const std::int64_t n = index.numel();
    Tensor one = kernels::empty({}, Dtype::int64);
    kernels::fill(one, 1);
    Tensor rows = view_of(out, {n, classes}, {classes, 1});
    const Tensor places = kernels::contiguous(index);
    kernels::scatter_(rows, 1, view_of(places, {n, 1}, {1, 1}), view_of(one, {n, 1}, {0, 0}), name);
    return out;
  }
  static std::vector<Tensor> attribute(const PairContext& p) { return {multiplier_of_lookup(p, 0)}; }
  static std::vector<Sample> samples(Dtype) {
    const auto call = [](const std::vector<Tensor>& in) { return one_hot(in[0], 4); };
    return {{"vector", {tensor<std::int64_t>({2, 0, 3})}, call}, {"no dimensions", {full({}, 1)}, call}};
  }
};

/// Rows of weight [n, d] picked by an index of any shape: [.., d]
struct Embedding {
  static constexpr const char* name = "embedding";
  static constexpr int inputs = 2;
  static constexpr unsigned saves = save_input(0);
  static constexpr Rule rule = Rule::custom;

  static Tensor forward(const Tensor& index, const Tensor& weight) { return kernels::embedding(index, weight, name); }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    const Shape& shape = c.input_shape(1);
    const Tensor nothing = zeros(shape, {.dtype = g.dtype()});
    return {Tensor(), index_add(nothing, 0, ravel(c.input(0)), reshape(g, {c.input(0).numel(), shape[1]}))};
  }
  static std::array<Tensor, 2> backward_fused(const OpContext& c, const Tensor& g) {
    const Shape& shape = c.input_shape(1);
    const std::int64_t n = c.input(0).numel();
    Tensor out = kernels::empty(shape, g.dtype());
    kernels::fill(out, 0);
    const Tensor index = kernels::contiguous(c.input(0)), rows = kernels::contiguous(g);
    kernels::index_add_(out, 0, view_of(index, {n}, {1}), view_of(rows, {n, shape[1]}, {shape[1], 1}), 1, name);
    return {Tensor(), std::move(out)};
  }
  static std::vector<Tensor> attribute(const PairContext& p) {
    if (!p.varies[0]) return linear_beside_index(Embedding{}, p, 0);
    if (p.varies[1])
      throw AutogradError(
          "[attribution] embedding: both the index and the table depend on the features. Explain a model in which one "
          "of "
          "them is constant.");
    return {multiplier_of_lookup(p, 0), Tensor()};
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto at = [](Tensor index) {
      return [index](const std::vector<Tensor>& in) { return embedding(index, in[0]); };
    };
    return {{"matrix of indices", {sample_values({4, 3}, -2, 2, d)}, at(reshape(tensor<std::int64_t>({1, 3, 1, 0}), {2, 2}))},
            {"one index", {sample_values({4, 3}, -2, 2, d)}, at(full({}, 2))},
            {"no index", {sample_values({4, 3}, -2, 2, d)}, at(zeros({0, 2}, {.dtype = int64}))}};
  }
};

// ---- checks

std::size_t checked_dim(const char* op, const Tensor& x, std::int64_t dim) {
  return static_cast<std::size_t>(normalize_dim(op, dim, x.dim()));
}

/// An index as the kernels take it: int64 or int32. Throws DtypeError where it is not an integer.
Tensor checked_index(const char* op, const Tensor& index) {
  if (!is_integral(index.dtype()))
    throw DtypeError(fmt::format("[{}] the index is {}, it must be int64 or int32: convert with index.to(xg::int64).",
                                 op, name(index.dtype())));
  return index.dtype() == Dtype::uint8 ? to(index, Dtype::int64) : index;
}

void check_same_dtype(const char* op, const Tensor& x, const Tensor& source) {
  if (x.dtype() != source.dtype())
    throw DtypeError(fmt::format("[{}] x is {}, the source {}, they must be equal: convert with source.to(xg::{}).", op,
                                 name(x.dtype()), name(source.dtype()), name(x.dtype())));
}

/// An index as a vector, for ops along one dimension.
Tensor index_vector(const char* op, const Tensor& given) {
  const Tensor index = checked_index(op, given);
  if (index.dim() > 1)
    throw ShapeError(fmt::format("[{}] the index has shape {}, it must be a vector: use gather or x.index({{...}}).",
                                 op, index.shape().str()));
  return index.dim() == 0 ? reshape(index, {1}) : index;
}

/// index_add and index_copy: source has x's shape except along dim, where it has the index's.
void check_source(const char* op, const Tensor& x, std::size_t dim, const Tensor& index, const Tensor& source) {
  check_same_dtype(op, x, source);
  Shape wanted = x.shape();
  wanted[dim] = index.numel();
  if (source.shape() != wanted)
    throw ShapeError(
        fmt::format("[{}] the source has shape {}, for x of shape {} and {} indices along dim {} it must be {}.", op,
                    source.shape().str(), x.shape().str(), index.numel(), dim, wanted.str()));
}

/// scatter and gather: as many dimensions, and nowhere larger but along dim.
void check_element_index(const char* op, const Tensor& x, std::size_t dim, const Tensor& index, const Tensor* source) {
  if (source != nullptr) check_same_dtype(op, x, *source);
  const bool same_dims = index.dim() == x.dim() && (source == nullptr || source->dim() == x.dim());
  bool fits = same_dims;
  for (std::size_t i = 0; fits && i < index.shape().size() && index.numel() > 0; ++i) {
    fits = i == dim || index.shape()[i] <= x.shape()[i];
    if (source != nullptr) fits = fits && index.shape()[i] <= source->shape()[i];
  }
  if (!fits)
    throw ShapeError(
        fmt::format("[{}] shapes are {} for x and {} for the index{}: they need as many dimensions, and the index may "
                    "nowhere be larger "
                    "than x (except along dim {}){}.",
                    op, x.shape().str(), index.shape().str(),
                    source == nullptr ? "" : fmt::format(" and {} for the source", source->shape().str()), dim,
                    source == nullptr ? "" : " nor than the source"));
}

// ---- x[i, j, ...]

/// Counts from the end where negative, after a check of the range.
Tensor wrapped(const char* op, const Tensor& index, std::int64_t size, std::size_t dim) {
  if (index.numel() == 0) return index;
  Shape all;
  for (std::size_t i = 0; i < index.shape().size(); ++i) all.push_back(static_cast<std::int64_t>(i));
  const std::int64_t low = kernels::amin(index, all, false).item<std::int64_t>();
  const std::int64_t high = kernels::amax(index, all, false).item<std::int64_t>();
  if (low < -size || high >= size)
    throw IndexError(fmt::format("[{}] index {} is out of range for dimension {} of size {}: {}.", op,
                                 low < -size ? low : high, dim, size,
                                 size == 0 ? "it has no elements" : fmt::format("use {} to {}", -size, size - 1)));
  return low < 0 ? where(lt(index, full_like(index, 0)), index + size, index) : index;
}

/// What numbers, slices, newaxis and ellipsis leave: a view, and the tensors that index its dimensions.
struct PartlyIndexed {
  Tensor view;
  std::vector<Tensor> tensors;  // one for each dimension of view, undefined for all of it
  bool any = false;
};

std::int64_t dims_of(const Index& index) {
  switch (index.kind) {
    case Index::Kind::number:
    case Index::Kind::slice:
      return 1;
    case Index::Kind::tensor:
      return index.tensor.dtype() == Dtype::bool_ ? index.tensor.dim() : 1;
    default:
      return 0;
  }
}

PartlyIndexed apply_basic(const char* op, const Tensor& x, const std::vector<Index>& indices) {
  std::int64_t named = 0, ellipses = 0;
  for (const Index& index : indices) {
    named += dims_of(index);
    ellipses += index.kind == Index::Kind::ellipsis;
  }
  if (named > x.dim())
    throw IndexError(fmt::format("[{}] {} dimensions are indexed, the tensor has shape {}: name {} at most.", op, named,
                                 x.shape().str(), x.dim()));
  if (ellipses > 1)
    throw IndexError(fmt::format("[{}] there are {} ellipses: one may stand in an index.", op, ellipses));
  PartlyIndexed out{x, {}, false};
  const auto dim = [&] { return static_cast<std::int64_t>(out.tensors.size()); };
  for (const Index& index : indices) {
    switch (index.kind) {
      case Index::Kind::number: {
        const std::int64_t size = out.view.size(dim());
        if (index.number < -size || index.number >= size)
          throw IndexError(
              fmt::format("[{}] index {} is out of range for dimension {} of size {} (shape {}): {}.", op, index.number,
                          x.dim() - (out.view.dim() - dim()), size, x.shape().str(),
                          size == 0 ? "it has no elements" : fmt::format("use {} to {}", -size, size - 1)));
        out.view = select(out.view, dim(), index.number);
        break;
      }
      case Index::Kind::slice: {
        const Slice& s = index.slice;
        const bool whole = s.step == 1 && s.start.value_or(0) == 0 && !s.stop;
        if (!whole)
          out.view = slice(out.view, dim(), s.start.value_or(0),
                           s.stop.value_or(std::numeric_limits<std::int64_t>::max()), s.step);
        out.tensors.emplace_back();
        break;
      }
      case Index::Kind::newaxis:
        out.view = unsqueeze(out.view, dim());
        out.tensors.emplace_back();
        break;
      case Index::Kind::ellipsis:
        for (std::int64_t i = named; i < x.dim(); ++i) out.tensors.emplace_back();
        break;
      case Index::Kind::tensor: {
        const Tensor& t = index.tensor;
        out.any = true;
        if (t.dtype() != Dtype::bool_) {
          if (is_floating(t.dtype()))
            throw DtypeError(
                fmt::format("[{}] an index is {}, it must be a mask (bool) or integers: convert with "
                            "index.to(xg::int64).",
                            op, name(t.dtype())));
          out.tensors.push_back(t.dtype() == Dtype::uint8 ? to(t, Dtype::int64) : t);
          break;
        }
        if (t.dim() == 0) {  // true takes x as it is, false takes nothing of it: along a new dimension
          out.view = unsqueeze(out.view, dim());
          out.tensors.push_back(zeros({t.item<bool>() ? 1 : 0}, {.dtype = Dtype::int64}));
          break;
        }
        for (std::int64_t k = 0; k < t.dim(); ++k)
          if (out.view.size(dim() + k) != t.size(k))
            throw IndexError(
                fmt::format("[{}] a mask of shape {} does not fit dimension {} of size {} (shape {}): they must "
                            "be equal.",
                            op, t.shape().str(), dim() + k, out.view.size(dim() + k), x.shape().str()));
        const Tensor places = nonzero(t);
        for (std::int64_t k = 0; k < t.dim(); ++k) out.tensors.push_back(select(places, 1, k));
        break;
      }
    }
  }
  out.tensors.resize(out.view.shape().size());
  return out;
}

/// An index by several tensors as an index by one vector along one dimension of a rearranged view.
struct FlatIndex {
  Tensor view;           // of x: the indexed dimensions side by side and merged
  Shape before_merging;  // the shape of view before
  Dims order;            // the permutation that put them side by side; empty for none
  std::size_t dim = 0;   // the merged dimension
  Tensor index;          // a vector
  Shape index_shape;     // what the tensors broadcast to: it stands where the merged dimension was
};

FlatIndex flatten_index(const char* op, const PartlyIndexed& parts) {
  FlatIndex out;
  std::vector<std::size_t> indexed;
  for (std::size_t i = 0; i < parts.tensors.size(); ++i) {
    if (!parts.tensors[i].defined()) continue;
    indexed.push_back(i);
    out.index_shape = broadcast_shapes(op, out.index_shape, parts.tensors[i].shape());
  }
  out.view = parts.view;
  const bool together = indexed.back() - indexed.front() + 1 == indexed.size();
  if (together) {
    out.dim = indexed.front();
  } else {
    for (const std::size_t i : indexed) out.order.push_back(static_cast<std::int64_t>(i));
    for (std::size_t i = 0; i < parts.tensors.size(); ++i)
      if (!parts.tensors[i].defined()) out.order.push_back(static_cast<std::int64_t>(i));
    out.view = permute(out.view, out.order);
  }
  out.before_merging = out.view.shape();
  for (const std::size_t i : indexed) {
    const std::int64_t size = parts.view.shape()[i];
    const Tensor places = wrapped(op, parts.tensors[i], size, i);
    out.index = out.index.defined() ? out.index * size + places : places;
  }
  out.index = ravel(out.index.shape() == out.index_shape ? out.index : expand(out.index, out.index_shape));
  if (indexed.size() > 1)
    out.view =
        flatten(out.view, static_cast<std::int64_t>(out.dim), static_cast<std::int64_t>(out.dim + indexed.size() - 1));
  return out;
}

/// `shape` with dimension `dim` replaced by several.
Shape replaced(const Shape& shape, std::size_t dim, const Shape& by) {
  Shape out(shape.begin(), shape.begin() + dim);
  for (const std::int64_t size : by) out.push_back(size);
  for (std::size_t i = dim + 1; i < shape.size(); ++i) out.push_back(shape[i]);
  return out;
}

/// Is this one mask over the whole tensor?
bool is_full_mask(const Tensor& x, const std::vector<Index>& indices) {
  return indices.size() == 1 && indices[0].kind == Index::Kind::tensor && indices[0].tensor.defined() &&
         indices[0].tensor.dtype() == Dtype::bool_ && x.dim() > 0 && indices[0].tensor.shape() == x.shape();
}

void check_defined(const std::vector<Index>& indices) {
  for (const Index& index : indices)
    if (index.kind == Index::Kind::tensor) static_cast<void>(index.tensor.impl());
}

/// What `parts` indexes, with values in the places that the tensors name.
Tensor put(const PartlyIndexed& parts, const Tensor& values, bool accumulate) {
  const FlatIndex flat = flatten_index("index_put", parts);
  const Shape shape = replaced(flat.view.shape(), flat.dim, flat.index_shape);
  Shape rows = flat.view.shape();
  rows[flat.dim] = flat.index.numel();
  if (broadcast_shapes("index_put", values.shape(), shape) != shape)
    throw ShapeError(fmt::format("[index_put] values have shape {}, the indexed part {}: they must broadcast to it.",
                                 values.shape().str(), shape.str()));
  const Tensor source = reshape(expand(values, shape), rows);
  const auto d = static_cast<std::int64_t>(flat.dim);
  Tensor out = accumulate ? index_add(flat.view, d, flat.index, source) : index_copy(flat.view, d, flat.index, source);
  if (out.shape() != flat.before_merging) out = reshape(out, flat.before_merging);
  if (flat.order.empty()) return out;
  Dims inverse = flat.order;
  for (std::size_t i = 0; i < flat.order.size(); ++i)
    inverse[static_cast<std::size_t>(flat.order[i])] = static_cast<std::int64_t>(i);
  return permute(out, inverse);
}

}  // namespace

const std::vector<OpInfo>& indexing_ops() {
  static const auto rows = OpList<IndexSelect, IndexAdd, IndexCopy, IndexFill, Gather, Scatter, ScatterAdd,
                                  MaskedScatter, MaskedSelect, Nonzero, OneHot, Embedding>::rows("indexing");
  return rows;
}

}  // namespace autograd

using autograd::apply;

Tensor index(const Tensor& x, const std::vector<Index>& indices) {
  autograd::check_defined(indices);
  if (autograd::is_full_mask(x, indices)) return masked_select(x, indices[0].tensor);
  const autograd::PartlyIndexed parts = autograd::apply_basic("index", x, indices);
  if (!parts.any) return parts.view;
  const autograd::FlatIndex flat = autograd::flatten_index("index", parts);
  const Tensor rows = index_select(flat.view, static_cast<std::int64_t>(flat.dim), flat.index);
  const Shape shape = autograd::replaced(rows.shape(), flat.dim, flat.index_shape);
  return rows.shape() == shape ? rows : reshape(rows, shape);
}

Tensor index_put(const Tensor& given, const std::vector<Index>& indices, const Tensor& values, bool accumulate) {
  autograd::check_defined(indices);
  const Tensor x = contiguous(given), converted = to(values, given.dtype());
  if (autograd::is_full_mask(x, indices) && !accumulate && converted.numel() == 1)
    return where(indices[0].tensor, reshape(converted, {}), x);
  const autograd::PartlyIndexed parts = autograd::apply_basic("index_put", x, indices);
  const Tensor& view = parts.view;
  Tensor part;
  if (parts.any) {
    part = autograd::put(parts, converted, accumulate);
    if (view.is_same(x)) return part;
  } else {
    if (converted.dim() > view.dim() || broadcast_shapes("index_put", converted.shape(), view.shape()) != view.shape())
      throw ShapeError(fmt::format("[index_put] values have shape {}, the indexed part {}: they must broadcast to it.",
                                   converted.shape().str(), view.shape().str()));
    part = accumulate ? view + converted : expand(converted, view.shape());
  }
  const auto bytes = static_cast<const char*>(view.impl().data) - static_cast<const char*>(x.impl().data);
  return autograd::as_strided_scatter(x, part, view.shape(), view.strides(),
                                      bytes / static_cast<std::int64_t>(item_size(x.dtype())));
}

Tensor index_select(const Tensor& x, std::int64_t dim, const Tensor& index) {
  const std::size_t d = autograd::checked_dim("index_select", x, dim);
  const Tensor places = autograd::index_vector("index_select", index);
  if (x.dim() == 0) return reshape(apply(autograd::IndexSelect{0}, reshape(x, {1}), places), {});
  return apply(autograd::IndexSelect{d}, x, places);
}

Tensor index_add(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source, Scalar alpha) {
  if (x.dim() == 0 && source.dim() <= 1) {
    normalize_dim("index_add", dim, 0);
    return reshape(index_add(reshape(x, {1}), 0, index, reshape(source, {source.numel()}), alpha), {});
  }
  const std::size_t d = autograd::checked_dim("index_add", x, dim);
  const Tensor places = autograd::index_vector("index_add", index);
  autograd::check_source("index_add", x, d, places, source);
  return apply(autograd::IndexAdd{d, alpha}, x, places, source);
}

Tensor index_copy(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source) {
  if (x.dim() == 0 && source.dim() <= 1) {
    normalize_dim("index_copy", dim, 0);
    return reshape(index_copy(reshape(x, {1}), 0, index, reshape(source, {source.numel()})), {});
  }
  const std::size_t d = autograd::checked_dim("index_copy", x, dim);
  const Tensor places = autograd::index_vector("index_copy", index);
  autograd::check_source("index_copy", x, d, places, source);
  return apply(autograd::IndexCopy{d}, x, places, source);
}

Tensor index_fill(const Tensor& x, std::int64_t dim, const Tensor& index, Scalar value) {
  const std::size_t d = autograd::checked_dim("index_fill", x, dim);
  const Tensor places = autograd::index_vector("index_fill", index);
  if (x.dim() == 0) return reshape(apply(autograd::IndexFill{0, value}, reshape(x, {1}), places), {});
  return apply(autograd::IndexFill{d, value}, x, places);
}

namespace {
/// Tensors without dimensions count as vectors of one element.
Tensor at_least_vector(const Tensor& x) {
  return x.dim() == 0 ? reshape(x, {1}) : x;
}
}  // namespace

Tensor gather(const Tensor& x, std::int64_t dim, const Tensor& index) {
  if (x.dim() == 0 || index.dim() == 0) {
    normalize_dim("gather", dim, x.dim());
    return reshape(gather(at_least_vector(x), 0, at_least_vector(index)), index.shape());
  }
  const std::size_t d = autograd::checked_dim("gather", x, dim);
  const Tensor places = autograd::checked_index("gather", index);
  if (index.numel() == 0 && index.dim() != x.dim())  // nothing is picked, whatever the shape
    return reshape(index_select(ravel(x), 0, ravel(places)), index.shape());
  autograd::check_element_index("gather", x, d, places, nullptr);
  return apply(autograd::Gather{d}, x, places);
}

Tensor scatter(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source) {
  if (x.dim() == 0) {
    normalize_dim("scatter", dim, 0);
    return reshape(scatter(at_least_vector(x), 0, at_least_vector(index), at_least_vector(source)), {});
  }
  const std::size_t d = autograd::checked_dim("scatter", x, dim);
  const Tensor places = at_least_vector(autograd::checked_index("scatter", index)), values = at_least_vector(source);
  autograd::check_element_index("scatter", x, d, places, &values);
  return apply(autograd::Scatter{d}, x, places, values);
}

Tensor scatter(const Tensor& x, std::int64_t dim, const Tensor& index, Scalar value) {
  return scatter(x, dim, index, expand(full({}, value, {.dtype = x.dtype()}), index.shape()));
}

Tensor scatter_add(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source) {
  if (x.dim() == 0) {
    normalize_dim("scatter_add", dim, 0);
    return reshape(scatter_add(at_least_vector(x), 0, at_least_vector(index), at_least_vector(source)), {});
  }
  const std::size_t d = autograd::checked_dim("scatter_add", x, dim);
  const Tensor places = at_least_vector(autograd::checked_index("scatter_add", index)),
               values = at_least_vector(source);
  autograd::check_element_index("scatter_add", x, d, places, &values);
  return apply(autograd::ScatterAdd{d}, x, places, values);
}

namespace {
void check_mask(const char* op, const Tensor& mask) {
  if (mask.dtype() != Dtype::bool_)
    throw DtypeError(fmt::format("[{}] the mask is {}, it must be bool: use mask != 0.", op, name(mask.dtype())));
}
}  // namespace

Tensor masked_fill(const Tensor& x, const Tensor& mask, Scalar value) {
  check_mask("masked_fill", mask);
  if (!x.is_floating_point() && value.category() == Dtype::float64)
    throw DtypeError(fmt::format("[masked_fill] x is {}, the value {} a real number: convert with x.to(xg::float32).",
                                 name(x.dtype()), value.to_double()));
  return where(mask, full({}, value, {.dtype = x.dtype()}), x);
}

Tensor masked_fill(const Tensor& x, const Tensor& mask, const Tensor& value) {
  check_mask("masked_fill", mask);
  if (value.dim() != 0)
    throw ShapeError(fmt::format("[masked_fill] the value has shape {}, it must have no dimensions: use where.",
                                 value.shape().str()));
  return where(mask, to(value, x.dtype()), x);
}

Tensor masked_select(const Tensor& x, const Tensor& mask) {
  check_mask("masked_select", mask);
  const Shape shape = broadcast_shapes("masked_select", x.shape(), mask.shape());
  return apply(autograd::MaskedSelect{}, x.shape() == shape ? x : expand(x, shape),
               mask.shape() == shape ? mask : expand(mask, shape));
}

Tensor take(const Tensor& x, const Tensor& index) {
  const Tensor places = autograd::wrapped("take", autograd::checked_index("take", index), x.numel(), 0);
  return reshape(index_select(ravel(x), 0, ravel(places)), index.shape());
}

Tensor take_along_dim(const Tensor& x, const Tensor& index, std::optional<std::int64_t> dim) {
  if (!dim) return gather(ravel(x), 0, ravel(index));
  if (x.dim() != index.dim())
    throw ShapeError(
        fmt::format("[take_along_dim] shapes are {} for x and {} for the index: they need as many dimensions.",
                    x.shape().str(), index.shape().str()));
  if (x.dim() == 0) return gather(x, *dim, index);
  const std::size_t d = autograd::checked_dim("take_along_dim", x, *dim);
  Shape from = x.shape(), to = index.shape();
  from[d] = to[d] = 1;
  Shape common = broadcast_shapes("take_along_dim", from, to);
  from = to = common;
  from[d] = x.shape()[d];
  to[d] = index.shape()[d];
  return gather(x.shape() == from ? x : expand(x, from), static_cast<std::int64_t>(d),
                index.shape() == to ? index : expand(index, to));
}

Tensor nonzero(const Tensor& x) {
  return apply(autograd::Nonzero{}, x);
}

Tensor one_hot(const Tensor& classes_of_elements, std::int64_t num_classes) {
  const Tensor index = autograd::checked_index("one_hot", classes_of_elements);
  Shape all;
  for (std::size_t i = 0; i < index.shape().size(); ++i) all.push_back(static_cast<std::int64_t>(i));
  if (num_classes < -1)
    throw ValueError(fmt::format("[one_hot] num_classes is {}: give a positive number.", num_classes));
  if (index.numel() == 0) {
    if (num_classes <= 0)
      throw ValueError(
          "[one_hot] the index has no elements, so num_classes cannot follow from it: give a positive number.");
    return apply(autograd::OneHot{num_classes}, index);
  }
  const std::int64_t low = kernels::amin(index, all, false).item<std::int64_t>();
  const std::int64_t high = kernels::amax(index, all, false).item<std::int64_t>();
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const std::int64_t classes = num_classes == -1 ? std::min(high, most - 1) + 1 : num_classes;
  if (low < 0 || high >= classes)
    throw IndexError(fmt::format("[one_hot] class {} is out of range: with {} classes, use 0 to {}.",
                                 low < 0 ? low : high, classes, classes - 1));
  return apply(autograd::OneHot{classes}, index);
}

Tensor embedding(const Tensor& index, const Tensor& weight) {
  const Tensor places = autograd::checked_index("embedding", index);
  if (weight.dim() != 2)
    throw ShapeError(
        fmt::format("[embedding] the weight has shape {}, it must be [rows, features].", weight.shape().str()));
  return apply(autograd::Embedding{}, places, weight);
}

}  // namespace xg
