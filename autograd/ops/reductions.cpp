// Sums, means, variances and extrema over dimensions.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/reduction.hpp>
#include <xgrad/autograd/ops/reductions.hpp>
#include <xgrad/tensor/kernels/arithmetic.hpp>
#include <xgrad/tensor/kernels/index.hpp>
#include <xgrad/tensor/kernels/reduce.hpp>
#include <xgrad/tensor/kernels/shapley.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>
#include <array>
#include <span>
#include <vector>

namespace xg {
namespace autograd {
namespace {

// ------------------------------------------------------------------------------------------------------ sums and means

/// sum x
struct Sum : Reduction<Sum> {
  static constexpr const char* name = "sum";
  static constexpr Rule rule = Rule::linear;
  static constexpr bool of_nothing = true;
  template <class T> using Reducer = kernels::Sum<T>;
  Tensor backward(const OpContext& c, const Tensor& g) const { return expanded(c, g); }
  Tensor backward_fused(const OpContext& c, const Tensor& g) const {
    return expanded_view(g, dims, keepdim, c.input_shape(0));
  }
  Tensor rounding(const RoundingContext& c) const { return rounding_of_terms(c); }
};

/// sum x / n
struct Mean : Reduction<Mean> {
  static constexpr const char* name = "mean";
  static constexpr Rule rule = Rule::linear;
  Tensor forward(const Tensor& x) const {
    if (!x.is_floating_point())
      raise<DtypeError>(
          "[mean] input is {}, a mean needs a floating dtype: pass {{.dtype = xg::float32}} or convert with "
          "x.to(xg::float32).",
          xg::name(x.dtype()));
    return kernels::reduce<kernels::Mean>(x, dims, keepdim);
  }
  static constexpr bool of_nothing = false;
  double share(const OpContext& c) const { return 1.0 / static_cast<double>(count_of(c.input_shape(0), dims)); }
  Tensor backward(const OpContext& c, const Tensor& g) const { return expanded(c, g * share(c)); }
  Tensor backward_fused(const OpContext& c, const Tensor& g) const {
    return expanded_view(kernels::scale(g, share(c)), dims, keepdim, c.input_shape(0));
  }
  Tensor rounding(const RoundingContext& c) const { return rounding_of_terms(c); }
};

// --------------------------------------------------------------------------------------------------------- dispersion

/// sum (x - mean)^2 / (n - correction). A quadratic form, so that its difference is its derivative at the midpoint
/// times the change: the bilinear rule is exact.
struct Var : Reduction<Var> {
  static constexpr const char* name = "var";
  static constexpr unsigned saves = save_input(0);
  static constexpr Rule rule = Rule::bilinear;
  static constexpr bool of_nothing = false;
  double correction = 1;
  static Var example() { return {{}, 0.5}; }
  /// 1 / (n - correction), infinite for too few values.
  double share(const Shape& shape) const {
    return 1 / std::max(0.0, static_cast<double>(count_of(shape, dims)) - correction);
  }
  Tensor forward(const Tensor& x) const {
    check_floating(name, x);
    Tensor sums = kernels::sum_squared_deviation(x, kernels::mean(x, dims, true), dims, keepdim);
    kernels::scale_into(sums, sums, share(x.shape()));
    return sums;
  }
  Tensor backward(const OpContext& c, const Tensor& g) const {
    const Tensor& x = c.input(0);
    const Tensor centered = x - apply(Mean{{dims, true}}, x);
    return kept(c, g) * (2 * share(c.input_shape(0))) * centered;
  }
};

/// sqrt of var; derivative 0 where it is 0.
struct Std : Reduction<Std> {
  static constexpr const char* name = "std";
  static constexpr unsigned saves = save_input(0) | save_output();
  static constexpr Rule rule = Rule::quadrature;
  double correction = 1;
  Tensor composite(const Tensor& x) const { return root_of_squares(apply(Var{{dims, keepdim}, correction}, x)); }
  Tensor forward(const Tensor& x) const { return kernels::sqrt(Var{{dims, keepdim}, correction}.forward(x)); }
  Tensor backward(const OpContext& c, const Tensor& g) const {
    const Tensor& x = c.input(0);
    const Tensor s = kept(c, c.output()), flat = s == 0;
    const Tensor scale = where(flat, 0.0, kept(c, g) / where(flat, 1.0, s));
    const double share = Var{{dims, keepdim}, correction}.share(c.input_shape(0));
    return scale * share * (x - apply(Mean{{dims, true}}, x));
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](Dims dims, bool keepdim) {
      return [=](const Inputs& in) { return xg::std(in[0], dims, 1, keepdim); };
    };
    return shaped_samples(d, {{"all", {{3, 4}}, call({}, false)},
                              {"last", {{3, 4}}, call({-1}, false)},
                              {"middle, kept", {{2, 3, 4}}, call({1}, true)},
                              {"no rows", {{0, 3}}, call({1}, false)}});
  }
};

// ------------------------------------------------------------------------------------------------------------- extrema

/// Slopes of the exact Shapley shares of max (or min, which is -max(-x)), in the shape of x.
Tensor extreme_slopes(const PairContext& p, const Shape& dims, bool largest) {
  const Grouped grouped(p.x[0].shape(), dims);
  const Dtype real = real_dtype(p.x[0].dtype());
  const Tensor x = grouped.rows(p.x[0].to(real)), r = grouped.rows(p.r[0].to(real));
  return grouped.undo(largest ? kernels::max_slopes(x, r) : kernels::max_slopes(-x, -r));
}

/// max or min over dims; tied elements share the gradient equally.
template <bool largest> struct Extreme : Reduction<Extreme<largest>> {
  using Base = Reduction<Extreme>;
  using Base::dims, Base::keepdim, Base::kept;
  static constexpr const char* name = largest ? "amax" : "amin";
  static constexpr unsigned saves = save_input(0) | save_output();
  static constexpr Rule rule = Rule::custom;
  static constexpr bool of_nothing = false;
  template <class T> using Reducer = kernels::Extreme<T, largest>;
  Tensor backward(const OpContext& c, const Tensor& g) const {
    const Tensor& x = c.input(0);
    const Tensor y = kept(c, c.output());
    const Tensor chosen = logical_or(x == y, logical_and(isnan(x), isnan(y)));
    return where(chosen, kept(c, g) / apply(Sum{{dims, true}}, chosen.to(g.dtype())), 0.0);
  }
  std::vector<Tensor> attribute(const PairContext& p) const {
    const Tensor m = multiplier_with_kept(p.multipliers[0], dims, keepdim, p.x[0].shape());
    return {m * extreme_slopes(p, dims, largest)};
  }
};

/// The extremum along one dimension and the index of its first occurrence, which receives the gradient.
template <bool largest> struct ExtremeWithIndex {
  static constexpr const char* name = largest ? "max" : "min";
  static constexpr int inputs = 1;
  static constexpr int outputs = 2;
  static constexpr unsigned saves = save_output(1);
  static constexpr Rule rule = Rule::custom;
  std::int64_t dim = 0;
  bool keepdim = false;
  bool mixes_rows(std::int64_t ndim) const { return ndim > 0 && dim == 0; }
  std::array<Tensor, 2> forward(const Tensor& x) const {
    if (x.dim() > 0) check_not_empty(name, x, {dim});
    Tensor index = largest ? kernels::argmax(x, dim, true) : kernels::argmin(x, dim, true);
    Tensor values = kernels::gather(x, dim, index);
    if (keepdim || x.dim() == 0) return {std::move(values), std::move(index)};
    const Shape shape = kernels::reduced_shape(x.shape(), {dim}, false);
    return {with_shape(std::move(values), shape), with_shape(std::move(index), shape)};
  }
  std::array<Tensor, 1> backward(const OpContext& c, std::span<const Tensor> g) const {
    const Shape& shape = c.input_shape(0);
    if (shape.empty() || !g[0].defined()) return {g[0]};
    const Tensor index = with_kept(c.output(1), {dim}, keepdim, shape);
    return {scatter(zeros(shape, {.dtype = g[0].dtype()}), dim, index, with_kept(g[0], {dim}, keepdim, shape))};
  }
  std::vector<Tensor> attribute(const PairContext& p) const {
    if (p.multipliers[1].defined())
      raise<AutogradError>(
          "[attribution] the model's output depends on the indices that {} returned: no contribution can pass through "
          "an index. Use the values alone.",
          name);
    if (!p.multipliers[0].defined()) return {Tensor()};
    const Shape dims = p.x[0].dim() == 0 ? Shape() : Shape{dim};
    const Tensor m = multiplier_with_kept(p.multipliers[0], dims, keepdim, p.x[0].shape());
    return {m * extreme_slopes(p, dims, largest)};
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](std::int64_t dim, bool keep) {
      return [=](const Inputs& in) { return largest ? max(in[0], dim, keep).first : min(in[0], dim, keep).first; };
    };
    return shaped_samples(d, {{"last", {{3, 4}}, call(-1, false)},
                              {"middle, kept", {{2, 3, 4}}, call(1, true)},
                              {"one element", {{1, 1}}, call(1, false)},
                              {"0-d", {{}}, call(0, false)},
                              {"no rows", {{0, 3}}, call(1, false)}});
  }
};

/// The base of ops without a derivative, through which no contribution passes.
struct Discrete {
  static constexpr int inputs = 1;
  static constexpr Rule rule = Rule::unsupported;
};

template <bool largest> struct ArgExtreme : Discrete {
  static constexpr const char* name = largest ? "argmax" : "argmin";
  std::int64_t dim = 0;
  bool keepdim = false;
  bool mixes_rows(std::int64_t ndim) const { return ndim > 0 && dim == 0; }
  Tensor forward(const Tensor& x) const {
    if (x.dim() > 0) check_not_empty(name, x, {dim});
    return largest ? kernels::argmax(x, dim, keepdim) : kernels::argmin(x, dim, keepdim);
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](std::optional<std::int64_t> dim, bool keep) {
      return [=](const Inputs& in) { return largest ? argmax(in[0], dim, keep) : argmin(in[0], dim, keep); };
    };
    return shaped_samples(d, {{"all", {{3, 4}}, call({}, false)},
                              {"last", {{3, 4}}, call(-1, false)},
                              {"middle, kept", {{2, 3, 4}}, call(1, true)},
                              {"0-d", {{}}, call(0, false)}});
  }
};

/// The base of reductions without a derivative.
template <class Op> struct DiscreteReduction : Reduction<Op> {
  static constexpr Rule rule = Rule::unsupported;
  static constexpr bool of_nothing = true;
};
template <class Op> struct Logical : DiscreteReduction<Op> {
  Tensor forward(const Tensor& x) const {
    Tensor result = Reduction<Op>::forward(x);
    return x.dtype() == uint8 ? kernels::cast(result, uint8) : result;  // as in PyTorch
  }
};
struct All : Logical<All> {
  static constexpr const char* name = "all";
  template <class T> using Reducer = kernels::All<T>;
  /// In traces, an extremum is used instead, which has an attribution rule.
  Tensor composite(const Tensor& x) const {
    return x.numel() > 0 ? apply(Extreme<false>{{dims, keepdim}}, x != 0) : Tensor();
  }
};
struct Any : Logical<Any> {
  static constexpr const char* name = "any";
  template <class T> using Reducer = kernels::Any<T>;
  Tensor composite(const Tensor& x) const {
    return x.numel() > 0 ? apply(Extreme<true>{{dims, keepdim}}, x != 0) : Tensor();
  }
};
struct CountNonzero : DiscreteReduction<CountNonzero> {
  static constexpr const char* name = "count_nonzero";
  template <class T> using Reducer = kernels::CountNonzero<T>;
  Tensor composite(const Tensor& x) const { return apply(Sum{{dims, keepdim}}, to(x != 0, Dtype::int64)); }
};

}  // namespace

}  // namespace autograd

using autograd::converted;
using autograd::reduced_dims;

Tensor sum(const Tensor& x, const Dims& dims, bool keepdim, DtypeOption options) {
  return apply(autograd::Sum{{reduced_dims("sum", x, dims), keepdim}}, converted(x, options));
}
Tensor mean(const Tensor& x, const Dims& dims, bool keepdim, DtypeOption options) {
  return apply(autograd::Mean{{reduced_dims("mean", x, dims), keepdim}}, converted(x, options));
}
Tensor nansum(const Tensor& x, const Dims& dims, bool keepdim, DtypeOption options) {
  const Tensor y = converted(x, options);
  return sum(y.is_floating_point() ? where(isnan(y), 0.0, y) : y, dims, keepdim);
}
Tensor nanmean(const Tensor& x, const Dims& dims, bool keepdim, DtypeOption options) {
  const Tensor y = converted(x, options);
  autograd::check_floating("nanmean", y);
  const Tensor count = sum(logical_not(isnan(y)), dims, keepdim);
  return nansum(y, dims, keepdim) / to(count, y.dtype());
}
Tensor var(const Tensor& x, const Dims& dims, double correction, bool keepdim) {
  return apply(autograd::Var{{reduced_dims("var", x, dims), keepdim}, correction}, x);
}
Tensor std(const Tensor& x, const Dims& dims, double correction, bool keepdim) {
  return apply(autograd::Std{{reduced_dims("std", x, dims), keepdim}, correction}, x);
}
std::pair<Tensor, Tensor> var_mean(const Tensor& x, const Dims& dims, double correction, bool keepdim) {
  return {var(x, dims, correction, keepdim), mean(x, dims, keepdim)};
}
std::pair<Tensor, Tensor> std_mean(const Tensor& x, const Dims& dims, double correction, bool keepdim) {
  return {xg::std(x, dims, correction, keepdim), mean(x, dims, keepdim)};
}

Tensor amax(const Tensor& x, const Dims& dims, bool keepdim) {
  return apply(autograd::Extreme<true>{{reduced_dims("amax", x, dims), keepdim}}, x);
}
Tensor amin(const Tensor& x, const Dims& dims, bool keepdim) {
  return apply(autograd::Extreme<false>{{reduced_dims("amin", x, dims), keepdim}}, x);
}
std::pair<Tensor, Tensor> aminmax(const Tensor& x, std::optional<std::int64_t> dim, bool keepdim) {
  const Dims dims = dim ? Dims(*dim) : Dims();
  return {amin(x, dims, keepdim), amax(x, dims, keepdim)};
}
Tensor max(const Tensor& x) { return amax(x); }
Tensor min(const Tensor& x) { return amin(x); }
std::pair<Tensor, Tensor> max(const Tensor& x, std::int64_t dim, bool keepdim) {
  auto [values, index] = apply(autograd::ExtremeWithIndex<true>{normalize_dim("max", dim, x.dim()), keepdim}, x);
  return {std::move(values), std::move(index)};
}
std::pair<Tensor, Tensor> min(const Tensor& x, std::int64_t dim, bool keepdim) {
  auto [values, index] = apply(autograd::ExtremeWithIndex<false>{normalize_dim("min", dim, x.dim()), keepdim}, x);
  return {std::move(values), std::move(index)};
}

namespace {
template <class Op> Tensor arg_extreme(const Tensor& x, std::optional<std::int64_t> dim, bool keepdim) {
  if (dim) return apply(Op{{}, normalize_dim(Op::name, *dim, x.dim()), keepdim}, x);
  Tensor index = apply(Op{{}, 0, false}, x.dim() <= 1 ? x : x.reshape({-1}));
  if (!keepdim) return index;
  Shape ones = x.shape();
  std::fill(ones.begin(), ones.end(), 1);
  return index.reshape(ones);
}
}  // namespace

Tensor argmax(const Tensor& x, std::optional<std::int64_t> dim, bool keepdim) {
  return arg_extreme<autograd::ArgExtreme<true>>(x, dim, keepdim);
}
Tensor argmin(const Tensor& x, std::optional<std::int64_t> dim, bool keepdim) {
  return arg_extreme<autograd::ArgExtreme<false>>(x, dim, keepdim);
}

Tensor all(const Tensor& x, const Dims& dims, bool keepdim) {
  return apply(autograd::All{{{{reduced_dims("all", x, dims), keepdim}}}}, x);
}
Tensor any(const Tensor& x, const Dims& dims, bool keepdim) {
  return apply(autograd::Any{{{{reduced_dims("any", x, dims), keepdim}}}}, x);
}
Tensor count_nonzero(const Tensor& x, const Dims& dims) {
  return apply(autograd::CountNonzero{{{reduced_dims("count_nonzero", x, dims), false}}}, x);
}

Tensor sum_to_size(const Tensor& x, const Shape& shape) {
  const Shape& from = x.shape();
  if (from == shape) return x;
  bool fits = shape.size() <= from.size();
  const std::size_t lead = fits ? from.size() - shape.size() : 0;
  Shape dims;
  for (std::size_t d = 0; d < lead; ++d) dims.push_back(static_cast<std::int64_t>(d));
  bool inner = false;  // whether a dimension is summed but kept, with size 1
  for (std::size_t d = 0; fits && d < shape.size(); ++d) {
    if (from[lead + d] == shape[d]) continue;
    fits = shape[d] == 1;
    dims.push_back(static_cast<std::int64_t>(lead + d));
    inner = true;
  }
  if (!fits)
    raise<ShapeError>("[sum_to_size] input is {}, size is {}: sizes must be equal or 1, aligned at the right.",
                      from.str(), shape.str());
  if (!inner) return apply(autograd::Sum{{dims, false}}, x);
  const Tensor sums = apply(autograd::Sum{{dims, true}}, x);
  return lead == 0 ? sums : sums.reshape(shape);
}

Tensor trace(const Tensor& x) {
  if (x.dim() != 2)
    raise<ShapeError>("[trace] input is {}, it must be a matrix: use diagonal(x).sum(-1) for a batch.",
                      x.shape().str());
  return sum(diagonal(x));
}

}  // namespace xg
