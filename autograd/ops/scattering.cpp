// Reductions of the values that meet at one element, and writing into parts of a tensor.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/indexing.hpp>
#include <xgrad/autograd/detail/scans.hpp>
#include <xgrad/autograd/detail/views.hpp>
#include <xgrad/autograd/ops/scattering.hpp>
#include <xgrad/tensor/kernels/index.hpp>
#include <xgrad/tensor/kernels/sort.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace xg {
namespace autograd {
namespace {

/// The part of source that an index of another shape reads.
Tensor part_read(const Tensor& source, const Shape& index) {
  Tensor part = source;
  for (std::size_t d = 0; d < index.size(); ++d)
    if (part.shape()[d] != index[d]) part = narrow(part, static_cast<std::int64_t>(d), 0, index[d]);
  return part;
}

/// For each index the place of its target in the flattened x: int64, outside of graphs.
Tensor flat_targets(const Shape& x, std::size_t dim, const Tensor& index) {
  const Tensor places = reshape(arange(x.numel()), x);
  return kernels::gather(places, static_cast<std::int64_t>(dim), index);
}

/// x[index[i, j, k], j, k] *= source[i, j, k] for dim 0, in a copy of x.
///
/// The factors of one result stand side by side in the order of their targets, x's own first. The derivative of factor
/// k is the product of those before it times that of those after it: two recurrences that start anew at each result.
/// There is no division, so factors of 0 have exact derivatives of any order.
struct ScatterMultiply : AlongIndex<ScatterMultiply, 3> {
  static constexpr const char* name = "scatter_multiply";
  static constexpr unsigned saves = save_input(0) | save_input(1) | save_input(2);
  static constexpr Rule rule = Rule::unsupported;
  Tensor forward(const Tensor& x, const Tensor& index, const Tensor& source) const {
    Tensor out = kernels::copy(x);
    kernels::scatter_multiply_(out, static_cast<std::int64_t>(dim), index, source, name);
    return out;
  }
  std::array<Tensor, 3> backward(const OpContext& c, const Tensor& g) const {
    const Tensor &x = c.input(0), &index = c.input(1), &source = c.input(2);
    if (index.numel() == 0) return {g, Tensor(), zeros(source.shape(), {.dtype = g.dtype()})};
    const std::int64_t own = x.numel();
    const Tensor targets = cat({arange(own), ravel(flat_targets(x.shape(), dim, index))});
    auto [sorted, order] = kernels::sort(targets, 0, false);
    const std::int64_t count = sorted.numel();
    const Tensor next = full({1}, -1);
    const Tensor starts = ne(sorted, cat({next, narrow(sorted, 0, 0, count - 1)}));
    const Tensor ends = ne(sorted, cat({narrow(sorted, 0, 1, count - 1), next}));
    const Tensor factors = index_select(cat({ravel(x), ravel(part_read(source, index.shape()))}), 0, order);
    const Tensor one = zeros({1}, {.dtype = factors.dtype()});
    const Tensor left = cat({one, narrow(factors, 0, 0, count - 1)}),
                 right = cat({narrow(factors, 0, 1, count - 1), one});
    const Tensor before = linear_recurrence(where(starts, 0, left), starts.to(g.dtype()), 0, false);
    const Tensor after = linear_recurrence(where(ends, 0, right), ends.to(g.dtype()), 0, true);
    const Tensor slopes = index_select(ravel(g), 0, sorted) * before * after;
    const Tensor back = index_copy(zeros({count}, {.dtype = g.dtype()}), 0, order, slopes);
    return {reshape(narrow(back, 0, 0, own), x.shape()), Tensor(),
            enlarge(reshape(narrow(back, 0, own, count - own), index.shape()), source.shape())};
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto by = [](std::int64_t dim, const Tensor& index) {
      return [dim, index](const Inputs& in) { return scatter_reduce(in[0], dim, index, in[1], "prod"); };
    };
    const Tensor columns = reshape(tensor<std::int64_t>({3, 3, 0, 2, 2, 2}), {3, 2});
    const Tensor zero = tensor({1.5, 0.0, 2.0}, {.dtype = d}), zeros = tensor({0.0, -1.5, 0.0, 3.0}, {.dtype = d});
    const auto vector = [](const Inputs& in) {
      return scatter_reduce(in[0], 0, tensor<std::int64_t>({1, 1, 0, 0}), in[1], "prod");
    };
    std::vector<Sample> all = shaped_samples(
        d, {{"columns", {{3, 4}, {3, 2}}, by(1, columns)}, {"larger source", {{3, 4}, {4, 3}}, by(1, columns)}});
    all.push_back({"with zeros", {zero, zeros}, vector});
    return all;
  }
};

/// x[index[i, j, k], j, k] becomes the extremum of itself (unless excluded) and all source[i, j, k], in a copy of x.
/// Equal extrema share the gradient equally.
template <bool largest> struct ScatterExtreme : AlongIndex<ScatterExtreme<largest>, 3> {
  using AlongIndex<ScatterExtreme, 3>::dim;
  static constexpr const char* name = largest ? "scatter_amax" : "scatter_amin";
  static constexpr unsigned saves = save_input(0) | save_input(1) | save_input(2) | save_output();
  static constexpr Rule rule = Rule::unsupported;
  bool include_self = true;
  Tensor forward(const Tensor& x, const Tensor& index, const Tensor& source) const {
    const auto d = static_cast<std::int64_t>(dim);
    Tensor out = kernels::copy(x);
    if (!include_self) kernels::scatter_(out, d, index, source, name);  // any value that takes part is a start
    kernels::scatter_extreme_(out, d, index, source, largest, name);
    return out;
  }
  std::array<Tensor, 3> backward(const OpContext& c, const Tensor& g) const {
    const auto d = static_cast<std::int64_t>(dim);
    const Tensor x = detach(c.input(0)), y = detach(c.output()), source = detach(c.input(2)), &index = c.input(1);
    const auto same = [](const Tensor& a, const Tensor& b) {
      return logical_or(a == b, logical_and(isnan(a), isnan(b)));
    };
    Tensor own = same(x, y);
    if (!include_self) own = scatter(own, d, index, false);
    // Where nothing is sent to, the result is x itself, a NaN included.
    const Tensor sent = zeros_like(own, {.dtype = bool_});
    const Tensor untouched = logical_not(scatter(sent, d, index, true));
    own = logical_or(own, untouched);
    const Tensor theirs = same(part_read(source, index.shape()), gather(y, d, index));
    const Tensor count = scatter_add(own.to(g.dtype()), d, index, theirs.to(g.dtype()));
    const Tensor share = g / count;
    std::array<Tensor, 3> grads;
    if (c.needs(0)) grads[0] = where(own, share, 0.0);
    if (c.needs(2)) grads[2] = enlarge(where(theirs, gather(share, d, index), 0.0), c.input_shape(2));
    return grads;
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto by = [](const Tensor& index, bool include) {
      return
          [=](const Inputs& in) { return scatter_reduce(in[0], 1, index, in[1], largest ? "amax" : "amin", include); };
    };
    const Tensor columns = reshape(tensor<std::int64_t>({3, 3, 0, 2, 2, 2}), {3, 2});
    return shaped_samples(d, {{"columns", {{3, 4}, {3, 2}}, by(columns, true)},
                              {"sources alone", {{3, 4}, {3, 2}}, by(columns, false)},
                              {"larger source", {{3, 4}, {4, 3}}, by(columns, true)}});
  }
};

/// Arguments of scatter_reduce as its ops take them: with a dimension, of one dtype.
struct Arguments {
  Tensor x, index, source;
  std::size_t dim;
};

Arguments checked(const char* op, const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source) {
  const auto vector = [](const Tensor& t) { return t.dim() == 0 ? reshape(t, {1}) : t; };
  const auto d = static_cast<std::size_t>(normalize_dim(op, dim, x.dim()));
  Arguments a{vector(x), vector(checked_index(op, index)), vector(source), d};
  check_element_index(op, a.x, d, a.index, &a.source);
  return a;
}

/// scatter_reduce under another name.
Tensor reduced(const char* op, const Tensor& x_given, std::int64_t dim, const Tensor& index_given,
               const Tensor& source_given, std::string_view reduce, bool include_self) {
  const auto [x, index, source, at] = checked(op, x_given, dim, index_given, source_given);
  const auto d = static_cast<std::int64_t>(at);
  Tensor out;
  if (reduce == "sum") {
    out = scatter_add(include_self ? x : scatter(x, d, index, 0), d, index, source);
  } else if (reduce == "mean") {
    if (x.dtype() == bool_) raise<DtypeError>("[{}] bools have no mean: convert with x.to(xg::float32).", op);
    const Tensor terms = scatter_add(include_self ? x : scatter(x, d, index, 0), d, index, source);
    const Tensor sent =
        scatter_add(zeros(x.shape(), {.dtype = int64}), d, index, ones(index.shape(), {.dtype = int64}));
    const Tensor count = include_self ? sent + 1 : maximum(sent, ones_like(sent));
    out = x.is_floating_point() ? terms / count.to(x.dtype()) : floor_divide(terms, count).to(x.dtype());
  } else if (reduce == "prod") {
    out = apply(ScatterMultiply{at}, include_self ? x : scatter(x, d, index, 1), index, source);
  } else if (reduce == "amax") {
    out = apply(ScatterExtreme<true>{{at}, include_self}, x, index, source);
  } else {
    out = apply(ScatterExtreme<false>{{at}, include_self}, x, index, source);
  }
  return x_given.dim() == 0 ? reshape(out, {}) : out;
}

/// Throws ShapeError unless source has the shape of the part that it replaces.
void check_part(const char* op, const Tensor& source, const Shape& part) {
  if (source.shape() != part)
    raise<ShapeError>("[{}] the source has shape {}, the part that it replaces {}: they must be equal.", op,
                      source.shape().str(), part.str());
}

}  // namespace
}  // namespace autograd

Tensor scatter_reduce(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source, StringRef reduce,
                      bool include_self) {
  const std::string_view by = reduce;
  if (by != "sum" && by != "prod" && by != "mean" && by != "amax" && by != "amin")
    raise<ValueError>("[scatter_reduce] reduce is \"{}\": use \"sum\", \"prod\", \"mean\", \"amax\" or \"amin\".", by);
  return autograd::reduced("scatter_reduce", x, dim, index, source, by, include_self);
}

Tensor scatter(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source, StringRef reduce) {
  const std::string_view by = reduce;
  if (by != "add" && by != "multiply")
    raise<ValueError>("[scatter] reduce is \"{}\": use \"add\" or \"multiply\", or scatter_reduce.", by);
  return autograd::reduced("scatter", x, dim, index, source, by == "add" ? "sum" : "prod", true);
}

Tensor scatter(const Tensor& x, std::int64_t dim, const Tensor& index, Scalar value, StringRef reduce) {
  autograd::check_whole("scatter", x.dtype(), value);
  return scatter(x, dim, index, expand(full({}, value, {.dtype = x.dtype()}), index.shape()), reduce);
}

Tensor index_reduce(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source, StringRef reduce,
                    bool include_self) {
  constexpr const char* op = "index_reduce";
  const std::string_view by = reduce;
  if (by != "prod" && by != "mean" && by != "amax" && by != "amin")
    raise<ValueError>("[index_reduce] reduce is \"{}\": use \"prod\", \"mean\", \"amax\" or \"amin\".", by);
  if (x.dim() == 0 && source.dim() <= 1) {
    normalize_dim(op, dim, 0);
    return reshape(index_reduce(reshape(x, {1}), 0, index, reshape(source, {source.numel()}), reduce, include_self),
                   {});
  }
  const std::size_t d = autograd::checked_dim(op, x, dim);
  const Tensor places = autograd::index_vector(op, index);
  autograd::check_source(op, x, d, places, source);
  Shape along = Shape(std::vector<std::int64_t>(x.shape().size(), 1));
  along[d] = places.numel();
  return autograd::reduced(op, x, dim, expand(reshape(places, along), source.shape()), source, by, include_self);
}

Tensor select_scatter(const Tensor& x, const Tensor& source, std::int64_t dim, std::int64_t index) {
  constexpr const char* op = "select_scatter";
  if (x.dim() == 0) throw IndexError("[select_scatter] a 0-d tensor has no parts: use the source itself.");
  const std::size_t d = autograd::checked_dim(op, x, dim);
  const std::int64_t size = x.shape()[d];
  if (index < -size || index >= size)
    raise<IndexError>("[select_scatter] index {} is out of range for dimension {} of size {} (shape {}).", index, d,
                      size, x.shape().str());
  Shape part = x.shape();
  part.erase(d);
  autograd::check_part(op, source, part);
  const auto at = static_cast<std::int64_t>(d);
  const std::int64_t start = index < 0 ? index + size : index;
  return slice_scatter(x, unsqueeze(source, at), at, start, start + 1);
}

Tensor slice_scatter(const Tensor& x, const Tensor& source, std::int64_t dim, std::optional<std::int64_t> start,
                     std::optional<std::int64_t> end, std::int64_t step) {
  constexpr const char* op = "slice_scatter";
  if (x.dim() == 0) throw ShapeError("[slice_scatter] a 0-d tensor has no parts: use the source itself.");
  const std::size_t d = autograd::checked_dim(op, x, dim);
  if (step < 1) raise<ValueError>("[slice_scatter] step is {}, it must be positive.", step);
  const std::int64_t size = x.shape()[d];
  const auto bound = [size](std::int64_t i) { return std::clamp<std::int64_t>(i < 0 ? i + size : i, 0, size); };
  const std::int64_t first = bound(start.value_or(0)), last = bound(end.value_or(size));
  Shape part = x.shape();
  part[d] = last > first ? 1 + (last - first - 1) / step : 0;
  autograd::check_part(op, source, part);
  const std::int64_t by = part[d] > 1 ? step : 1;
  Shape along = Shape(std::vector<std::int64_t>(x.shape().size(), 1));
  along[d] = size;
  const Tensor ones_there = ones({part[d]}, {.dtype = bool_});
  const Tensor mask = reshape(autograd::slice_scatter(ones_there, {size}, 0, first, by), along);
  return where(mask, autograd::slice_scatter(to(source, x.dtype()), x.shape(), d, first, by), x);
}

Tensor diagonal_scatter(const Tensor& x, const Tensor& source, std::int64_t offset, std::int64_t dim1,
                        std::int64_t dim2) {
  const Shape part = diagonal(detach(x), offset, dim1, dim2).shape();  // checks the dimensions
  autograd::check_part("diagonal_scatter", source, part);
  const auto a = static_cast<std::size_t>(normalize_dim("diagonal_scatter", dim1, x.dim()));
  const auto b = static_cast<std::size_t>(normalize_dim("diagonal_scatter", dim2, x.dim()));
  const Tensor mask = autograd::diagonal_scatter(ones(part, {.dtype = bool_}), x.shape(), offset, a, b);
  return where(mask, autograd::diagonal_scatter(to(source, x.dtype()), x.shape(), offset, a, b), x);
}

}  // namespace xg
