// Slices along one dimension, selected by a vector of indices.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/indexing.hpp>
#include <xgrad/autograd/detail/views.hpp>
#include <xgrad/autograd/ops/indexing.hpp>
#include <xgrad/tensor/kernels/index.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <array>

namespace xg {
namespace autograd {
namespace {

/// A mask of the entries of an index vector that are the last with their value, whose source is kept.
Tensor is_last_of_equals(const Tensor& index, std::int64_t size) {
  const Tensor number = arange(index.numel());
  Tensor owner = kernels::empty({size}, Dtype::int64);
  kernels::fill(owner, -1);
  kernels::index_copy_(owner, 0, index, number);
  return eq(kernels::index_select(owner, 0, index), number);
}

/// A mask over dimension `dim`, reshaped to broadcast with `ndim` dimensions.
Tensor along(const Tensor& mask, std::size_t dim, std::size_t ndim) {
  Shape shape = Shape(std::vector<std::int64_t>(ndim, 1));
  shape[dim] = mask.numel();
  return reshape(mask, shape);
}

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
    Tensor out = kernels::zeros(c.input_shape(0), g.dtype());
    kernels::index_add_(out, static_cast<std::int64_t>(dim), c.input(1), g, 1, name);
    return {std::move(out), Tensor()};
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto by = [](std::int64_t dim, std::initializer_list<std::int64_t> index) {
      return [dim, i = tensor<std::int64_t>(index)](const Inputs& in) { return index_select(in[0], dim, i); };
    };
    return shaped_samples(d, {{"rows", {{3, 4}}, by(0, {2, 0, 2})},
                              {"columns", {{3, 4}}, by(-1, {3, 1})},
                              {"nothing", {{3, 4}}, by(0, {})},
                              {"empty", {{0, 3}}, by(1, {1})}});
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
      return [dim, i = tensor<std::int64_t>(index)](const Inputs& in) { return index_add(in[0], dim, i, in[1], 1.5); };
    };
    return shaped_samples(d, {{"rows", {{3, 4}, {3, 4}}, by(0, {2, 0, 2})},
                              {"columns", {{3, 4}, {3, 2}}, by(1, {3, 1})},
                              {"nothing", {{3, 4}, {0, 4}}, by(0, {})}});
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
      return [dim, i = tensor<std::int64_t>(index)](const Inputs& in) { return index_copy(in[0], dim, i, in[1]); };
    };
    return shaped_samples(d, {{"rows", {{3, 4}, {2, 4}}, by(0, {2, 0})},
                              {"one row twice", {{3, 4}, {3, 4}}, by(0, {2, 0, 2})},
                              {"columns", {{3, 4}, {3, 2}}, by(1, {3, 1})}});
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
    return {apply(IndexFill{{dim}, 0}, g, c.input(1)), Tensor()};
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto by = [](std::int64_t dim, std::initializer_list<std::int64_t> index) {
      return [dim, i = tensor<std::int64_t>(index)](const Inputs& in) { return index_fill(in[0], dim, i, 1.5); };
    };
    return shaped_samples(d, {{"rows", {{3, 4}}, by(0, {2, 0, 2})}, {"columns", {{3, 4}}, by(1, {3})}});
  }
};

}  // namespace

}  // namespace autograd

Tensor index_select(const Tensor& x, std::int64_t dim, const Tensor& index) {
  const std::size_t d = autograd::checked_dim("index_select", x, dim);
  const Tensor places = autograd::index_vector("index_select", index);
  if (x.dim() == 0) return reshape(apply(autograd::IndexSelect{0}, reshape(x, {1}), places), {});
  return apply(autograd::IndexSelect{d}, x, places);
}

namespace {
/// Applies index_add or index_copy `op` after normalizing its dim.
template <class Op>
Tensor put_along(Op op, const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source) {
  if (x.dim() == 0 && source.dim() <= 1) {
    normalize_dim(Op::name, dim, 0);
    return reshape(put_along(op, reshape(x, {1}), 0, index, reshape(source, {source.numel()})), {});
  }
  op.dim = autograd::checked_dim(Op::name, x, dim);
  const Tensor places = autograd::index_vector(Op::name, index);
  autograd::check_source(Op::name, x, op.dim, places, source);
  return apply(op, x, places, source);
}
}  // namespace

Tensor index_add(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source, Scalar alpha) {
  if (!x.is_floating_point() && alpha.category() == Dtype::float64)
    raise<DtypeError>(
        "[index_add] x is {}, alpha {} is a floating-point number: give an integer, or convert x with "
        "x.to(xg::float32).",
        name(x.dtype()), alpha.to_double());
  return put_along(autograd::IndexAdd{{0}, alpha}, x, dim, index, source);
}

Tensor index_copy(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source) {
  return put_along(autograd::IndexCopy{}, x, dim, index, source);
}

Tensor index_fill(const Tensor& x, std::int64_t dim, const Tensor& index, Scalar value) {
  autograd::check_whole("index_fill", x.dtype(), value);
  const std::size_t d = autograd::checked_dim("index_fill", x, dim);
  const Tensor places = autograd::index_vector("index_fill", index);
  if (x.dim() == 0) return reshape(apply(autograd::IndexFill{{0}, value}, reshape(x, {1}), places), {});
  return apply(autograd::IndexFill{{d}, value}, x, places);
}

}  // namespace xg
