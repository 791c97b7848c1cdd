// Selection by masks, one_hot and embedding.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/indexing.hpp>
#include <xgrad/autograd/detail/views.hpp>
#include <xgrad/autograd/ops/indexing.hpp>
#include <xgrad/autograd/ops/scattering.hpp>
#include <xgrad/tensor/kernels/combinations.hpp>
#include <xgrad/tensor/kernels/index.hpp>
#include <xgrad/tensor/kernels/reduce.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>
#include <vector>

namespace xg {
namespace autograd {
namespace {

// ---- by masks

/// Zeros of the mask's shape with g's elements, in order, where it is true: the adjoint of masked_select
struct MaskedScatter {
  static constexpr const char* name = "masked_scatter";
  static constexpr int inputs = 2;
  static constexpr unsigned saves = save_input(1);
  static constexpr Rule rule = Rule::custom;

  static bool mixes_rows(std::int64_t) { return true; }
  static Tensor forward(const Tensor& g, const Tensor& mask) {
    Tensor out = kernels::zeros(mask.shape(), g.dtype());
    kernels::masked_scatter_(out, mask, g, name);
    return out;
  }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& gg) {
    return {masked_select(gg, c.input(1)), Tensor()};
  }
  static std::vector<Tensor> attribute(const PairContext& p) { return linear_beside_index(MaskedScatter{}, p, 1); }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](const Inputs& in) {
      const Tensor mask = reshape(tensor<std::int64_t>({0, 1, 1, 0, 0, 1}), {2, 3}) != 0;
      return apply(MaskedScatter{}, in[0], mask);
    };
    return shaped_samples(d, {{"matrix", {{3}}, call}});
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
    const auto call = [](const Inputs& in) {
      return masked_select(in[0], sample_values({3, 4}, -2, 2, float64, 7) > 0);
    };
    const auto none = [](const Inputs& in) { return masked_select(in[0], full({}, false)); };
    return shaped_samples(d, {{"matrix", {{3, 4}}, call}, {"broadcast", {{4}}, call}, {"nothing", {{3, 4}}, none}});
  }
};

/// Coordinates of the nonzero elements
struct Nonzero {
  static constexpr const char* name = "nonzero";
  static constexpr int inputs = 1;
  static constexpr Rule rule = Rule::unsupported;
  static Tensor forward(const Tensor& x) { return kernels::nonzero(x); }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](const Inputs& in) { return nonzero(in[0]); };
    return shaped_samples(d, {{"matrix", {{3, 4}}, call}, {"empty", {{0, 3}}, call}});
  }
};

// ---- lookups

/// 1 at each index, 0 elsewhere
struct OneHot {
  static constexpr const char* name = "one_hot";
  static constexpr int inputs = 1;
  static constexpr Rule rule = Rule::custom;
  std::int64_t classes = 0;

  Tensor forward(const Tensor& index) const {
    Shape shape = index.shape();
    shape.push_back(classes);
    Tensor out = kernels::zeros(shape, Dtype::int64);
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
    const auto call = [](const Inputs& in) { return one_hot(in[0], 4); };
    return {{"vector", {tensor<std::int64_t>({2, 0, 3})}, call}, {"0-d", {full({}, 1)}, call}};
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
    Tensor out = kernels::zeros(shape, g.dtype());
    const Tensor index = kernels::contiguous(c.input(0)), rows = kernels::contiguous(g);
    kernels::index_add_(out, 0, view_of(index, {n}, {1}), view_of(rows, {n, shape[1]}, {shape[1], 1}), 1, name);
    return {Tensor(), std::move(out)};
  }
  static std::vector<Tensor> attribute(const PairContext& p) {
    if (!p.varies[0]) return linear_beside_index(Embedding{}, p, 0);
    if (p.varies[1])
      throw AutogradError(
          "[attribution] embedding: both the index and the table depend on the features. Explain a model in which one "
          "of them is constant.");
    return {multiplier_of_lookup(p, 0), Tensor()};
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto at = [](Tensor index) { return [index](const Inputs& in) { return embedding(index, in[0]); }; };
    return shaped_samples(d, {{"matrix of indices", {{4, 3}}, at(reshape(tensor<std::int64_t>({1, 3, 1, 0}), {2, 2}))},
                              {"one index", {{4, 3}}, at(full({}, 2))},
                              {"no index", {{4, 3}}, at(zeros({0, 2}, {.dtype = int64}))}});
  }
};

}  // namespace

}  // namespace autograd

namespace {
void check_mask(const char* op, const Tensor& mask) {
  if (mask.dtype() != Dtype::bool_)
    raise<DtypeError>("[{}] the mask is {}, it must be bool: use mask != 0.", op, name(mask.dtype()));
}
}  // namespace

Tensor masked_fill(const Tensor& x, const Tensor& mask, Scalar value) {
  check_mask("masked_fill", mask);
  if (!x.is_floating_point() && value.category() == Dtype::float64)
    raise<DtypeError>("[masked_fill] x is {}, the value {} is a floating-point number: convert with x.to(xg::float32).",
                      name(x.dtype()), value.to_double());
  return where(mask, full({}, value, {.dtype = x.dtype()}), x);
}

Tensor masked_fill(const Tensor& x, const Tensor& mask, const Tensor& value) {
  check_mask("masked_fill", mask);
  if (value.dim() != 0)
    raise<ShapeError>("[masked_fill] the value has shape {}, it must be 0-d: use where.", value.shape().str());
  if (!x.is_floating_point() && value.is_floating_point())
    raise<DtypeError>("[masked_fill] x is {}, the value {}: convert with x.to(xg::{}).", name(x.dtype()),
                      name(value.dtype()), name(value.dtype()));
  return where(mask, to(value, x.dtype()), x);
}

Tensor masked_scatter(const Tensor& x, const Tensor& mask, const Tensor& source) {
  check_mask("masked_scatter", mask);
  autograd::check_same_dtype("masked_scatter", x, source);
  const Shape shape = broadcast_shapes("masked_scatter", x.shape(), mask.shape());
  const Tensor places = mask.shape() == shape ? mask : expand(mask, shape);
  const std::int64_t count = count_nonzero(detach(places)).item<std::int64_t>();
  if (source.numel() < count)
    raise<ShapeError>("[masked_scatter] the mask has {} true elements, the source {}: it must have as many at least.",
                      count, source.numel());
  return where(places, apply(autograd::MaskedScatter{}, narrow(ravel(source), 0, 0, count), places), x);
}

Tensor masked_select(const Tensor& x, const Tensor& mask) {
  check_mask("masked_select", mask);
  const Shape shape = broadcast_shapes("masked_select", x.shape(), mask.shape());
  return apply(autograd::MaskedSelect{}, x.shape() == shape ? x : expand(x, shape),
               mask.shape() == shape ? mask : expand(mask, shape));
}

Tensor nonzero(const Tensor& x) { return apply(autograd::Nonzero{}, x); }
Tensor argwhere(const Tensor& x) { return nonzero(x); }
std::vector<Tensor> where(const Tensor& condition) {
  return unbind(nonzero(condition.dim() == 0 ? reshape(condition, {1}) : condition), 1);
}

namespace {
Tensor triangle(const char* op, std::int64_t rows, std::int64_t columns, std::int64_t offset, Dtype dtype, bool lower) {
  if (rows < 0 || columns < 0)
    raise<ValueError>("[{}] there are {} rows and {} columns: they must not be negative.", op, rows, columns);
  if (dtype != Dtype::int64 && dtype != Dtype::int32)
    raise<DtypeError>("[{}] the dtype is {}: indices are int64 or int32.", op, name(dtype));
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
  if (dtype == Dtype::int32 && (rows > most || columns > most))
    raise<ValueError>("[{}] there are {} rows and {} columns, which int32 cannot count: use int64.", op, rows, columns);
  return to(kernels::triangle_indices(op, rows, columns, offset, lower), dtype);
}
}  // namespace

Tensor tril_indices(std::int64_t rows, std::int64_t columns, std::int64_t offset, Dtype dtype) {
  return triangle("tril_indices", rows, columns, offset, dtype, true);
}
Tensor triu_indices(std::int64_t rows, std::int64_t columns, std::int64_t offset, Dtype dtype) {
  return triangle("triu_indices", rows, columns, offset, dtype, false);
}

Tensor one_hot(const Tensor& classes_of_elements, std::int64_t num_classes) {
  const Tensor index = autograd::checked_index("one_hot", classes_of_elements);
  Shape all;
  for (std::size_t i = 0; i < index.shape().size(); ++i) all.push_back(static_cast<std::int64_t>(i));
  if (num_classes < -1) raise<ValueError>("[one_hot] num_classes is {}: give a positive number.", num_classes);
  if (index.numel() == 0) {
    if (num_classes <= 0)
      throw ValueError(
          "[one_hot] the index has no elements, so num_classes cannot follow from it: give a positive number.");
    return apply(autograd::OneHot{num_classes}, index);
  }
  const std::int64_t low = kernels::amin(index, all, false).item<std::int64_t>();
  const std::int64_t high = kernels::amax(index, all, false).item<std::int64_t>();
  constexpr std::int64_t max_classes = std::numeric_limits<std::int64_t>::max();
  const std::int64_t classes = num_classes == -1 ? std::min(high, max_classes - 1) + 1 : num_classes;
  if (low < 0 || high >= classes)
    raise<IndexError>("[one_hot] class {} is out of range: with {} classes, use 0 to {}.", low < 0 ? low : high,
                      classes, classes - 1);
  return apply(autograd::OneHot{classes}, index);
}

Tensor embedding(const Tensor& index, const Tensor& weight) {
  const Tensor places = autograd::checked_index("embedding", index);
  if (weight.dim() != 2)
    raise<ShapeError>("[embedding] the weight has shape {}, it must be [rows, features].", weight.shape().str());
  return apply(autograd::Embedding{}, places, weight);
}

}  // namespace xg
