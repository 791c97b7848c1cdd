// Gather and scatter of single elements by an integer tensor.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/indexing.hpp>
#include <xgrad/autograd/ops/indexing.hpp>
#include <xgrad/tensor/kernels/index.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <array>
#include <optional>
#include <utility>
#include <vector>

namespace xg {
namespace autograd {
namespace {

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
    Tensor out = kernels::zeros(c.input_shape(0), g.dtype());
    kernels::scatter_add_(out, static_cast<std::int64_t>(dim), c.input(1), g, name);
    return {std::move(out), Tensor()};
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto by = [](std::int64_t dim, const Shape& shape, std::int64_t size) {
      return [dim, i = sample_values(shape, 0, static_cast<double>(size), int64, 5)](const Inputs& in) {
        return gather(in[0], dim, i);
      };
    };
    return shaped_samples(d, {{"rows", {{3, 4}}, by(0, {5, 4}, 3)},
                              {"columns", {{3, 4}}, by(1, {3, 2}, 4)},
                              {"part", {{3, 4}}, by(-1, {2, 6}, 4)},
                              {"empty", {{3, 4}}, by(1, {3, 0}, 4)}});
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
      return [dim, index](const Inputs& in) { return scatter(in[0], dim, index, in[1]); };
    };
    const Tensor columns = reshape(tensor<std::int64_t>({3, 1, 0, 2, 2, 3}), {3, 2});
    const Tensor equal = reshape(tensor<std::int64_t>({3, 3, 0, 2, 2, 2}), {3, 2});
    return shaped_samples(d, {{"columns", {{3, 4}, {3, 2}}, by(1, columns)},
                              {"equal indices", {{3, 4}, {3, 2}}, by(1, equal)},
                              {"larger source", {{3, 4}, {4, 3}}, by(1, columns)}});
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
      return [dim, index](const Inputs& in) { return scatter_add(in[0], dim, index, in[1]); };
    };
    const Tensor columns = reshape(tensor<std::int64_t>({3, 3, 0, 2, 2, 2}), {3, 2});
    return shaped_samples(
        d, {{"columns", {{3, 4}, {3, 2}}, by(1, columns)}, {"larger source", {{3, 4}, {4, 3}}, by(1, columns)}});
  }
};

}  // namespace

}  // namespace autograd

namespace {
/// x, or a vector of one element for a 0-d tensor.
Tensor at_least_vector(const Tensor& x) { return x.dim() == 0 ? reshape(x, {1}) : x; }

/// Applies scatter or scatter_add.
template <class Op> Tensor scattered(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source) {
  if (x.dim() == 0) {
    normalize_dim(Op::name, dim, 0);
    return reshape(scattered<Op>(at_least_vector(x), 0, at_least_vector(index), at_least_vector(source)), {});
  }
  const std::size_t d = autograd::checked_dim(Op::name, x, dim);
  const Tensor places = at_least_vector(autograd::checked_index(Op::name, index)), values = at_least_vector(source);
  autograd::check_element_index(Op::name, x, d, places, &values);
  return apply(Op{d}, x, places, values);
}
}  // namespace

Tensor gather(const Tensor& x, std::int64_t dim, const Tensor& index) {
  if (x.dim() == 0 || index.dim() == 0) {
    normalize_dim("gather", dim, x.dim());
    return reshape(gather(at_least_vector(x), 0, at_least_vector(index)), index.shape());
  }
  const std::size_t d = autograd::checked_dim("gather", x, dim);
  const Tensor places = autograd::checked_index("gather", index);
  if (index.numel() == 0 && index.dim() != x.dim())  // an empty index selects nothing, whatever its shape
    return reshape(index_select(ravel(x), 0, ravel(places)), index.shape());
  autograd::check_element_index("gather", x, d, places, nullptr);
  return apply(autograd::Gather{d}, x, places);
}

Tensor scatter(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source) {
  return scattered<autograd::Scatter>(x, dim, index, source);
}

Tensor scatter(const Tensor& x, std::int64_t dim, const Tensor& index, Scalar value) {
  autograd::check_whole("scatter", x.dtype(), value);
  return scatter(x, dim, index, expand(full({}, value, {.dtype = x.dtype()}), index.shape()));
}

Tensor scatter_add(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source) {
  return scattered<autograd::ScatterAdd>(x, dim, index, source);
}

Tensor take(const Tensor& x, const Tensor& index) {
  const Tensor places = autograd::wrapped("take", autograd::checked_index("take", index), x.numel(), 0);
  return reshape(index_select(ravel(x), 0, ravel(places)), index.shape());
}

Tensor take_along_dim(const Tensor& x, const Tensor& index, std::optional<std::int64_t> dim) {
  if (!dim) return gather(ravel(x), 0, ravel(index));
  if (x.dim() != index.dim())
    raise<ShapeError>("[take_along_dim] shapes are {} for x and {} for the index: they need as many dimensions.",
                      x.shape().str(), index.shape().str());
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

}  // namespace xg
