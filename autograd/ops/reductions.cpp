// Sums, products, extrema, variances and norms over dimensions; running sums and products; softmax and its relatives.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/views.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/kernels/arithmetic.hpp>
#include <xgrad/tensor/kernels/index.hpp>
#include <xgrad/tensor/kernels/recurrence.hpp>
#include <xgrad/tensor/kernels/reduce.hpp>
#include <xgrad/tensor/kernels/reduce_loops.hpp>
#include <xgrad/tensor/kernels/secants.hpp>
#include <xgrad/tensor/kernels/shapley.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace xg {
namespace autograd {
namespace {

// ---------------------------------------------------------------------------------------------------------- dimensions

/// The dimensions to reduce: normalized, sorted, each once; all of them where none is given.
Shape reduced_dims(const char* op, const Tensor& x, const Dims& dims) {
  const std::int64_t ndim = x.dim();
  Shape out;
  if (dims.empty()) {
    for (std::int64_t d = 0; d < ndim; ++d) out.push_back(d);
    return out;
  }
  bool named[max_dims] = {};
  for (const std::int64_t dim : dims) {
    bool& seen = named[normalize_dim(op, dim, ndim)];
    if (seen)
      throw ValueError(fmt::format("[{}] dims {} name dimension {} twice: name each once.", op, dims.str(),
                                   normalize_dim(op, dim, ndim)));
    seen = true;
  }
  for (std::int64_t d = 0; d < ndim; ++d)
    if (named[d]) out.push_back(d);
  return out;
}

bool contains(const Shape& dims, std::size_t d) {
  return std::find(dims.begin(), dims.end(), static_cast<std::int64_t>(d)) != dims.end();
}

/// How many elements of `shape` become one.
std::int64_t count_of(const Shape& shape, const Shape& dims) {
  std::int64_t n = 1;
  if (!shape.empty())
    for (const std::int64_t d : dims) n *= shape[static_cast<std::size_t>(d)];
  return n;
}

/// A result (or its gradient) with size 1 at the reduced dimensions of `shape`, so that it broadcasts with the input.
Tensor with_kept(const Tensor& g, const Shape& dims, bool keepdim, const Shape& shape) {
  return keepdim || dims.empty() ? g : g.reshape(kernels::reduced_shape(shape, dims, true));
}

/// The gradient of a sum: g for each of the elements that were summed.
Tensor expanded_over(const Tensor& g, const Shape& dims, bool keepdim, const Shape& shape) {
  return dims.empty() ? g : with_kept(g, dims, keepdim, shape).expand(shape);
}

/// The same as a view with strides of 0, outside the graph.
Tensor expanded_view(const Tensor& g, const Shape& dims, bool keepdim, const Shape& shape) {
  Shape strides = shape;
  std::size_t at = 0;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    const bool reduced = contains(dims, d);
    strides[d] = reduced ? 0 : g.strides()[at];
    if (!reduced || keepdim) ++at;
  }
  return view_of(g, shape, strides);
}

/// Multipliers [K, shape of a result] with size 1 at the reduced dimensions of an input of `shape`.
Tensor multiplier_with_kept(const Tensor& m, const Shape& dims, bool keepdim, const Shape& shape) {
  if (keepdim || dims.empty()) return m;
  Shape target = kernels::reduced_shape(shape, dims, true);
  target.insert(0, m.shape()[0]);
  return m.reshape(target);
}

/// The reduced dimensions last, as one: [groups, n].
struct Grouped {
  Dims order, back;  // the permutation and its inverse
  Shape permuted;
  std::int64_t n;

  Grouped(const Shape& shape, const Shape& dims) : n(count_of(shape, dims)) {
    for (const bool reduced : {false, true})
      for (std::size_t d = 0; d < shape.size(); ++d)
        if (contains(dims, d) == reduced) order.push_back(static_cast<std::int64_t>(d));
    back.resize(shape.size());
    for (std::size_t d = 0; d < order.size(); ++d) {
      back[static_cast<std::size_t>(order[d])] = static_cast<std::int64_t>(d);
      permuted.push_back(shape[static_cast<std::size_t>(order[d])]);
    }
  }
  Tensor rows(const Tensor& x) const { return x.permute(order).reshape({n == 0 ? 0 : x.numel() / n, n}); }
  Tensor undo(const Tensor& rows) const { return rows.reshape(permuted).permute(back); }
};

void check_floating(const char* op, const Tensor& x) {
  if (!x.is_floating_point())
    throw DtypeError(
        fmt::format("[{}] input is {}, it must be floating: convert with x.to(xg::float32).", op, name(x.dtype())));
}

/// Throws ShapeError where an extremum of no elements is asked for.
void check_not_empty(const char* op, const Tensor& x, const Shape& dims) {
  if (x.numel() > 0) return;
  for (const std::int64_t d : dims)
    if (x.shape()[static_cast<std::size_t>(d)] == 0)
      throw ShapeError(
          fmt::format("[{}] input is {}, dimension {} has no elements: there is no {} of nothing, reduce "
                      "over dimensions that are not empty.",
                      op, x.shape().str(), d, op));
}

/// A function of the elements along `dims`. An op that is a reducer (kernels/runs.hpp) names it: `template <class T> using
/// Reducer`; `of_nothing` says that it is defined for no elements.
template <class Op>
struct Reduction {
  static constexpr int inputs = 1;
  Shape dims;
  bool keepdim = false;

  bool mixes_rows(std::int64_t ndim) const { return ndim > 0 && contains(dims, 0); }
  Tensor forward(const Tensor& x) const {
    if constexpr (!Op::of_nothing) check_not_empty(Op::name, x, dims);
    return kernels::reduce<Op::template Reducer>(x, dims, keepdim);
  }
  Tensor expanded(const OpContext& c, const Tensor& g) const { return expanded_over(g, dims, keepdim, c.input_shape(0)); }
  Tensor kept(const OpContext& c, const Tensor& g) const { return with_kept(g, dims, keepdim, c.input_shape(0)); }
  /// That of a sum over dims.
  Tensor rounding_of_terms(const RoundingContext& c) const {
    return c.inputs[0].numel() == 0 ? Tensor() : kernels::amax(c.of_term(0), dims, keepdim);
  }

  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](Dims dims, bool keepdim) {
      return [=](const std::vector<Tensor>& in) {
        Op op = detail::example<Op>();
        op.dims = reduced_dims(Op::name, in[0], dims);
        op.keepdim = keepdim;
        return apply(op, in[0]);
      };
    };
    const auto input = [d](const Shape& shape) { return std::vector{sample_values(shape, -2, 2, d)}; };
    std::vector<Sample> samples{{"all", input({3, 4}), call({}, false)},
                                {"last", input({3, 4}), call({-1}, false)},
                                {"middle, kept", input({2, 3, 4}), call({1}, true)},
                                {"several", input({2, 3, 4}), call({-1, 1}, false)},
                                {"one element", input({1, 1}), call({1}, false)},
                                {"no dimensions", input({}), call({}, false)},
                                {"no rows", input({0, 3}), call({1}, false)}};
    if (Op::of_nothing) samples.push_back({"of nothing", input({2, 0}), call({1}, true)});
    return samples;
  }
};

// ------------------------------------------------------------------------------------------------------ sums and means

/// sum x
struct Sum : Reduction<Sum> {
  static constexpr const char* name = "sum";
  static constexpr Rule rule = Rule::linear;
  static constexpr bool of_nothing = true;
  template <class T>
  using Reducer = kernels::Sum<T>;
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
      throw DtypeError(
          fmt::format("[mean] input is {}, a mean needs a floating dtype: pass {{.dtype = xg::float32}} or "
                      "convert with x.to(xg::float32).",
                      xg::name(x.dtype())));
    return kernels::reduce<kernels::Mean>(x, dims, keepdim);
  }
  static constexpr bool of_nothing = false;
  double share(const OpContext& c) const { return 1.0 / static_cast<double>(count_of(c.input_shape(0), dims)); }
  Tensor backward(const OpContext& c, const Tensor& g) const { return expanded(c, g * share(c)); }
  Tensor backward_fused(const OpContext& c, const Tensor& g) const {
    return expanded_view(kernels::affine(g, share(c)), dims, keepdim, c.input_shape(0));
  }
  Tensor rounding(const RoundingContext& c) const { return rounding_of_terms(c); }
};

// ------------------------------------------------------------------------------------------- products and running sums

/// x without its last element along dim, moved on by one, with `first` in front.
Tensor shifted(const Tensor& x, std::int64_t dim, double first) {
  Shape one = x.shape();
  one[static_cast<std::size_t>(dim)] = 1;
  return cat({full(one, first, {.dtype = x.dtype()}), narrow(x, dim, 0, x.size(dim) - 1)}, dim);
}
/// x without its first element along dim, moved back by one, with a zero behind.
Tensor shifted_back(const Tensor& x, std::int64_t dim) {
  Shape one = x.shape();
  one[static_cast<std::size_t>(dim)] = 1;
  return cat({narrow(x, dim, 1, x.size(dim) - 1), zeros(one, {.dtype = x.dtype()})}, dim);
}

/// y_k = a_k y_{k-1} + b_k along dim, or from the end. Its derivative is such a recurrence again, in the other
/// direction:
///   db_k = l_k with l_k = g_k + a_{k+1} l_{k+1},   da_k = l_k y_{k-1}
/// No division anywhere, so that products with zeros have exact derivatives of any order.
struct LinearRecurrence {
  static constexpr const char* name = "linear_recurrence";
  static constexpr int inputs = 2;
  static constexpr unsigned saves = save_input(0) | save_output();
  static constexpr Rule rule = Rule::quadrature;
  std::int64_t dim = 0;
  bool reverse = false;
  bool mixes_rows(std::int64_t ndim) const { return ndim > 0 && dim == 0; }
  Tensor forward(const Tensor& a, const Tensor& b) const {
    if (a.shape() != b.shape() || dim < 0 || dim >= b.dim())
      throw ShapeError(fmt::format("[linear_recurrence] factors {} and terms {} must agree and have a dimension {}.",
                                   a.shape().str(), b.shape().str(), dim));
    if (a.dtype() != b.dtype())
      throw DtypeError(fmt::format("[linear_recurrence] factors are {} and terms {}, they must agree.",
                                   xg::name(a.dtype()), xg::name(b.dtype())));
    return kernels::linear_recurrence(a, b, dim, reverse);
  }
  std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) const {
    if (g.numel() == 0)
      return gradients(
          c, [&] { return g; }, [&] { return g; });
    const Tensor next = reverse ? shifted(c.input(0), dim, 0) : shifted_back(c.input(0), dim);
    const Tensor adjoint = apply(LinearRecurrence{dim, !reverse}, next, g);
    const auto da = [&] { return adjoint * (reverse ? shifted_back(c.output(), dim) : shifted(c.output(), dim, 0)); };
    return gradients(c, da, [&] { return adjoint; });
  }
  static std::vector<Sample> samples(Dtype d) {
    const std::vector<Tensor> in{sample_values({2, 4}, -2, 2, d, 2), sample_values({2, 4}, -2, 2, d, 3)};
    const auto call = [](std::int64_t dim, bool reverse) {
      return [=](const std::vector<Tensor>& t) { return apply(LinearRecurrence{dim, reverse}, t[0], t[1]); };
    };
    return {{"forward", in, call(1, false)}, {"from the end", in, call(1, true)}, {"along rows", in, call(0, false)}};
  }
};

/// Running sum; its derivative is the running sum from the end.
struct Cumsum {
  static constexpr const char* name = "cumsum";
  static constexpr int inputs = 1;
  static constexpr Rule rule = Rule::linear;
  std::int64_t dim = 0;
  bool mixes_rows(std::int64_t ndim) const { return ndim > 0 && dim == 0; }
  Tensor forward(const Tensor& x) const { return kernels::cumsum(x, dim); }
  Tensor backward(const OpContext&, const Tensor& g) const {
    return g.dim() == 0 ? g : flip(cumsum(flip(g, dim), dim), dim);
  }
  Tensor rounding(const RoundingContext& c) const { return kernels::cumsum(c.of_term(0), dim); }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](std::int64_t dim) {
      return [=](const std::vector<Tensor>& in) { return cumsum(in[0], dim); };
    };
    return {{"last", {sample_values({3, 4}, -2, 2, d)}, call(-1)},
            {"first", {sample_values({3, 4}, -2, 2, d)}, call(0)},
            {"no dimensions", {sample_values({}, -2, 2, d)}, call(0)},
            {"empty", {sample_values({0, 3}, -2, 2, d)}, call(1)}};
  }
};

/// Running product y_k = x_k y_{k-1}. dx_i = (product before i) l_i with l_i = g_i + x_{i+1} l_{i+1}.
struct Cumprod {
  static constexpr const char* name = "cumprod";
  static constexpr int inputs = 1;
  static constexpr unsigned saves = save_input(0) | save_output();
  static constexpr Rule rule = Rule::quadrature;
  std::int64_t dim = 0;
  bool mixes_rows(std::int64_t ndim) const { return ndim > 0 && dim == 0; }
  Tensor forward(const Tensor& x) const { return kernels::cumprod(x, dim); }
  Tensor backward(const OpContext& c, const Tensor& g) const {
    if (g.dim() == 0 || g.numel() == 0) return g;
    return shifted(c.output(), dim, 1) * apply(LinearRecurrence{dim, true}, shifted_back(c.input(0), dim), g);
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](std::int64_t dim) {
      return [=](const std::vector<Tensor>& in) { return cumprod(in[0], dim); };
    };
    const Tensor with_zeros = from_data(std::vector<double>{1.5, 0, -2, 0.5, 0, 0, 3, 1}.data(), {2, 4}).to(d);
    return {{"last", {sample_values({3, 4}, -2, 2, d)}, call(-1)},
            {"first", {sample_values({3, 4}, -2, 2, d)}, call(0)},
            {"with zeros", {with_zeros}, call(1)},
            {"no dimensions", {sample_values({}, -2, 2, d)}, call(0)},
            {"empty", {sample_values({0, 3}, -2, 2, d)}, call(1)}};
  }
};

/// Product along one dimension. dx_i = g (product before i) (product after i): exact where factors are zero.
struct Prod {
  static constexpr const char* name = "prod";
  static constexpr int inputs = 1;
  static constexpr unsigned saves = save_input(0);
  static constexpr Rule rule = Rule::quadrature;
  std::int64_t dim = 0;
  bool keepdim = false;
  bool mixes_rows(std::int64_t ndim) const { return ndim > 0 && dim == 0; }
  Tensor forward(const Tensor& x) const { return kernels::reduce<kernels::Prod>(x, {dim}, keepdim); }
  Tensor backward(const OpContext& c, const Tensor& g) const {
    const Tensor& x = c.input(0);
    if (x.dim() == 0) return g;
    if (x.numel() == 0) return zeros_like(x);
    const Tensor before = cumprod(shifted(x, dim, 1), dim);
    const Tensor after = flip(cumprod(shifted(flip(x, dim), dim, 1), dim), dim);
    return with_kept(g, {dim}, keepdim, x.shape()) * before * after;
  }
  static std::vector<Sample> samples(Dtype d) {
    const Tensor with_zeros = from_data(std::vector<double>{1.5, 0, -2, 0.5, 0, 0, 3, 1}.data(), {2, 4}).to(d);
    const auto call = [](std::int64_t dim, bool keep) {
      return [=](const std::vector<Tensor>& in) { return prod(in[0], dim, keep); };
    };
    return {{"all", {sample_values({2, 3}, -2, 2, d)}, [](const std::vector<Tensor>& in) { return prod(in[0]); }},
            {"last", {sample_values({3, 4}, -2, 2, d)}, call(-1, false)},
            {"first, kept", {sample_values({3, 2}, -2, 2, d)}, call(0, true)},
            {"with zeros", {with_zeros}, call(1, false)},
            {"no dimensions", {sample_values({}, -2, 2, d)}, call(0, false)},
            {"of nothing", {sample_values({2, 0}, -2, 2, d)}, call(1, false)}};
  }
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
  /// 1 / (n - correction), infinite where too few values are there.
  double share(const Shape& shape) const {
    return 1 / std::max(0.0, static_cast<double>(count_of(shape, dims)) - correction);
  }
  Tensor forward(const Tensor& x) const {
    check_floating(name, x);
    const Tensor sums = kernels::sum_squared_deviation(x, kernels::mean(x, dims, true), dims, keepdim);
    return kernels::affine(sums, share(x.shape()));
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
      return [=](const std::vector<Tensor>& in) { return xg::std(in[0], dims, 1, keepdim); };
    };
    return {{"all", {sample_values({3, 4}, -2, 2, d)}, call({}, false)},
            {"last", {sample_values({3, 4}, -2, 2, d)}, call({-1}, false)},
            {"middle, kept", {sample_values({2, 3, 4}, -2, 2, d)}, call({1}, true)},
            {"no rows", {sample_values({0, 3}, -2, 2, d)}, call({1}, false)}};
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

/// max or min over dims; elements that tie for it share the gradient equally.
template <bool largest>
struct Extreme : Reduction<Extreme<largest>> {
  using Base = Reduction<Extreme>;
  using Base::dims, Base::keepdim, Base::kept;
  static constexpr const char* name = largest ? "amax" : "amin";
  static constexpr unsigned saves = save_input(0) | save_output();
  static constexpr Rule rule = Rule::custom;
  static constexpr bool of_nothing = false;
  template <class T>
  using Reducer = kernels::Extreme<T, largest>;
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

/// Extremum along one dimension and where it first occurs; the gradient goes there.
template <bool largest>
struct ExtremeWithIndex {
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
      throw AutogradError(
          fmt::format("[attribution] the model's output depends on the indices that {} returned: no "
                      "contribution can pass through an index. Use the values alone.",
                      name));
    if (!p.multipliers[0].defined()) return {Tensor()};
    const Shape dims = p.x[0].dim() == 0 ? Shape() : Shape{dim};
    const Tensor m = multiplier_with_kept(p.multipliers[0], dims, keepdim, p.x[0].shape());
    return {m * extreme_slopes(p, dims, largest)};
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](std::int64_t dim, bool keep) {
      return [=](const std::vector<Tensor>& in) {
        return largest ? max(in[0], dim, keep).first : min(in[0], dim, keep).first;
      };
    };
    return {{"last", {sample_values({3, 4}, -2, 2, d)}, call(-1, false)},
            {"middle, kept", {sample_values({2, 3, 4}, -2, 2, d)}, call(1, true)},
            {"one element", {sample_values({1, 1}, -2, 2, d)}, call(1, false)},
            {"no dimensions", {sample_values({}, -2, 2, d)}, call(0, false)},
            {"no rows", {sample_values({0, 3}, -2, 2, d)}, call(1, false)}};
  }
};

/// Ops that have no derivative and through which no contribution passes.
struct Discrete {
  static constexpr int inputs = 1;
  static constexpr Rule rule = Rule::unsupported;
};

template <bool largest>
struct ArgExtreme : Discrete {
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
      return
          [=](const std::vector<Tensor>& in) { return largest ? argmax(in[0], dim, keep) : argmin(in[0], dim, keep); };
    };
    return {{"all", {sample_values({3, 4}, -2, 2, d)}, call({}, false)},
            {"last", {sample_values({3, 4}, -2, 2, d)}, call(-1, false)},
            {"middle, kept", {sample_values({2, 3, 4}, -2, 2, d)}, call(1, true)},
            {"no dimensions", {sample_values({}, -2, 2, d)}, call(0, false)}};
  }
};

/// Reducers whose results are no function of the elements that could be differentiated.
template <class Op>
struct DiscreteReduction : Reduction<Op> {
  static constexpr Rule rule = Rule::unsupported;
  static constexpr bool of_nothing = true;
};
template <class Op>
struct Logical : DiscreteReduction<Op> {
  Tensor forward(const Tensor& x) const {
    Tensor result = Reduction<Op>::forward(x);
    return x.dtype() == uint8 ? kernels::cast(result, uint8) : result;  // PyTorch's bytes stay bytes
  }
};
struct All : Logical<All> {
  static constexpr const char* name = "all";
  template <class T>
  using Reducer = kernels::All<T>;
  /// An extremum has a rule.
  Tensor composite(const Tensor& x) const {
    return x.numel() > 0 ? apply(Extreme<false>{{dims, keepdim}}, x != 0) : Tensor();
  }
};
struct Any : Logical<Any> {
  static constexpr const char* name = "any";
  template <class T>
  using Reducer = kernels::Any<T>;
  Tensor composite(const Tensor& x) const {
    return x.numel() > 0 ? apply(Extreme<true>{{dims, keepdim}}, x != 0) : Tensor();
  }
};
struct CountNonzero : DiscreteReduction<CountNonzero> {
  static constexpr const char* name = "count_nonzero";
  template <class T>
  using Reducer = kernels::CountNonzero<T>;
  Tensor composite(const Tensor& x) const { return apply(Sum{{dims, keepdim}}, to(x != 0, Dtype::int64)); }
};

// ------------------------------------------------------------------------------------- softmax, log-softmax, logsumexp

struct LogSecant {
  static constexpr const char* name = "logsumexp";
  template <class V>
  static V call(V x, V r) { return kernels::log_secant_of(x, r); }
};
struct ExpSecant {
  static constexpr const char* name = "logsumexp";
  template <class V>
  static V call(V x, V r) { return kernels::exp_secant_of(x, r); }
};
/// 0 in place of -infinity.
struct WithoutMinusInfinity {
  static constexpr const char* name = "logsumexp";
  template <class V>
  static V call(V x) {
    return pick(x == constant(x, -std::numeric_limits<double>::infinity()), constant(x, 0), x);
  }
};

/// Slopes of log sum exp over dims between r and x, in the shape of x: the secant of the exponential of each element
/// times that of the logarithm, with one shift for x and r. Complete, and nothing overflows.
Tensor logsumexp_slopes(const Tensor& x, const Tensor& r, const Shape& dims) {
  if (x.numel() == 0) return x;
  const Tensor shift = kernels::maximum(kernels::amax(x, dims, true), kernels::amax(r, dims, true));
  const Tensor zx = kernels::sub(x, shift), zr = kernels::sub(r, shift);
  const Tensor sum_x = kernels::sum(kernels::exp(zx), dims, true), sum_r = kernels::sum(kernels::exp(zr), dims, true);
  const Tensor change = sum_x - sum_r, largest = maximum(sum_x, sum_r);
  // Far apart, one of the sums may have vanished: its logarithm is found with a shift of its own.
  const Tensor logs = kernels::logsumexp(x, dims, true) - kernels::logsumexp(r, dims, true);
  const Tensor log_slope = where(abs(change) < 0.5 * largest, kernels::map(LogSecant{}, sum_x, sum_r), logs / change);
  return log_slope * kernels::map(ExpSecant{}, zx, zr);
}

/// log sum e^x; derivative softmax(x), 0 where all terms are 0.
struct Logsumexp : Reduction<Logsumexp> {
  static constexpr const char* name = "logsumexp";
  static constexpr Promotion promotion = Promotion::floating;
  static constexpr unsigned saves = save_input(0) | save_output();
  static constexpr Rule rule = Rule::custom;
  static constexpr bool of_nothing = false;
  Tensor forward(const Tensor& x) const { return kernels::logsumexp(x, dims, keepdim); }
  // In place of the logarithm of nothing stands 0, so that the shares of terms e^-infinity are 0.
  Tensor backward(const OpContext& c, const Tensor& g) const {
    const Tensor shift = where(c.output() == -std::numeric_limits<double>::infinity(), 0.0, c.output());
    return kept(c, g) * exp(c.input(0) - kept(c, shift));
  }
  Tensor backward_fused(const OpContext& c, const Tensor& g) const {
    const Shape& shape = c.input_shape(0);
    const Tensor shift = kernels::map(WithoutMinusInfinity{}, c.output());
    Tensor dx = kernels::sub(c.input(0), expanded_view(shift, dims, keepdim, shape));
    kernels::exp_into(dx, dx);
    kernels::mul_into(dx, dx, expanded_view(g, dims, keepdim, shape));
    return dx;
  }
  std::vector<Tensor> attribute(const PairContext& p) const {
    const Tensor m = multiplier_with_kept(p.multipliers[0], dims, keepdim, p.x[0].shape());
    return {m * logsumexp_slopes(p.x[0], p.r[0], dims)};
  }
};

struct AlongDim {
  static constexpr int inputs = 1;
  static constexpr Promotion promotion = Promotion::floating_only;
  static constexpr unsigned saves = save_output();
  static constexpr Rule rule = Rule::custom;
  std::int64_t dim = 0;
  bool mixes_rows(std::int64_t ndim) const { return ndim > 0 && dim == 0; }
  /// dim of a multiplier, which has one dimension more in front.
  std::int64_t multiplier_dim() const { return dim + 1; }
};

template <class Op>
std::vector<Sample> softmax_samples(Dtype d) {
  const auto call = [](std::int64_t dim) {
    return [=](const std::vector<Tensor>& in) { return apply(Op{{dim}}, in[0]); };
  };
  return {{"last", {sample_values({3, 4}, -2, 2, d)}, call(1)},      {"first", {sample_values({3, 4}, -2, 2, d)}, call(0)},
          {"middle", {sample_values({2, 3, 4}, -2, 2, d)}, call(1)}, {"one class", {sample_values({3, 1}, -2, 2, d)}, call(1)},
          {"no dimensions", {sample_values({}, -2, 2, d)}, call(0)}, {"no rows", {sample_values({0, 3}, -2, 2, d)}, call(1)},
          {"large", {sample_values({3, 4}, -900, 900, d)}, call(1)}};
}

/// p_i = e^x_i / sum e^x_j; dx = p (g - sum g p). Attribution: p_k = sigmoid(z_k - log sum_{j != k} e^z_j), by the
/// secants of sigmoid, logarithm and exponential: complete, and closest to the exact shares among what costs O(n).
struct Softmax : AlongDim {
  static constexpr const char* name = "softmax";
  static constexpr ScoreMap score_map = ScoreMap::softmax;
  Tensor forward(const Tensor& x) const { return kernels::softmax(x, dim); }
  Tensor backward(const OpContext& c, const Tensor& g) const {
    if (g.dim() == 0) return zeros_like(g);
    const Tensor& y = c.output();
    return y * (g - sum(g * y, dim, true));
  }
  Tensor backward_fused(const OpContext& c, const Tensor& g) const {
    return kernels::softmax_backward(g, c.output(), dim);
  }
  std::vector<Tensor> attribute(const PairContext& p) const {
    const Tensor& m = p.multipliers[0];
    if (p.x[0].dim() == 0) return {zeros_like(m)};
    const Grouped grouped(p.x[0].shape(), {dim});
    const kernels::SoftmaxSlopes s = kernels::softmax_slopes(grouped.rows(p.x[0]), grouped.rows(p.r[0]));
    const Tensor weighted = m * grouped.undo(s.sigmoid), through_log = weighted * grouped.undo(s.inner);
    const Tensor at_top = sum(weighted * grouped.undo(s.top), multiplier_dim(), true);
    return {weighted - grouped.undo(s.exponential) * (sum(through_log, multiplier_dim(), true) - through_log) -
            at_top * grouped.undo(s.top_terms)};
  }
  static std::vector<Sample> samples(Dtype d) { return softmax_samples<Softmax>(d); }
};

/// x_i - log sum e^x_j; dx = g - e^y sum g.
struct LogSoftmax : AlongDim {
  static constexpr const char* name = "log_softmax";
  static constexpr ScoreMap score_map = ScoreMap::log_softmax;
  Tensor forward(const Tensor& x) const { return kernels::log_softmax(x, dim); }
  Tensor backward(const OpContext& c, const Tensor& g) const {
    return g.dim() == 0 ? zeros_like(g) : g - exp(c.output()) * sum(g, dim, true);
  }
  Tensor backward_fused(const OpContext& c, const Tensor& g) const {
    return kernels::log_softmax_backward(g, c.output(), dim);
  }
  std::vector<Tensor> attribute(const PairContext& p) const {
    const Tensor& m = p.multipliers[0];
    if (p.x[0].dim() == 0) return {zeros_like(m)};
    return {m - logsumexp_slopes(p.x[0], p.r[0], {dim}) * sum(m, multiplier_dim(), true)};
  }
  static std::vector<Sample> samples(Dtype d) { return softmax_samples<LogSoftmax>(d); }
};

// --------------------------------------------------------------------------------------------------------------- norms

struct Power {
  static constexpr const char* name = "vector_norm";
  double exponent;
  template <std::floating_point T>
  T call(T x) const { return std::pow(x, static_cast<T>(exponent)); }
};

/// (sum |x|^p)^(1/p). The derivative is 0 where the norm is 0 (a subgradient).
struct VectorNorm : Reduction<VectorNorm> {
  static constexpr const char* name = "vector_norm";
  static constexpr Promotion promotion = Promotion::none;
  static constexpr unsigned saves = save_input(0) | save_output();
  static constexpr Rule rule = Rule::quadrature;
  double p = 2;

  Tensor forward(const Tensor& x) const {
    check_floating(name, x);
    if (p < 0 || std::isinf(p)) check_not_empty(name, x, dims);
    if (p == 0) return kernels::cast(kernels::reduce<kernels::CountNonzero>(x, dims, keepdim), x.dtype());
    if (p == 2) {
      Tensor norms = kernels::sum(kernels::square(x), dims, keepdim);
      kernels::sqrt_into(norms, norms);
      return norms;
    }
    Tensor powers = kernels::abs(x);
    if (std::isinf(p)) return p > 0 ? kernels::amax(powers, dims, keepdim) : kernels::amin(powers, dims, keepdim);
    if (p == 1) return kernels::sum(powers, dims, keepdim);
    kernels::map_into(Power{p}, powers, powers);
    Tensor norms = kernels::sum(powers, dims, keepdim);
    kernels::map_into(Power{1 / p}, norms, norms);
    return norms;
  }
  Tensor backward(const OpContext& c, const Tensor& grad) const {
    const Tensor& x = c.input(0);
    const Tensor g = kept(c, grad);
    if (p == 0) return zeros_like(x);
    if (p == 1) return g * sign(x);
    const Tensor norm = kept(c, c.output());
    if (std::isinf(p)) {
      const Tensor size = abs(x), chosen = logical_or(size == norm, isnan(size)).to(g.dtype());
      return sign(x) * (g / apply(Sum{{dims, true}}, chosen) * chosen);
    }
    // Zeros are replaced before they meet a quotient: a derivative of the derivative would find 0 times infinity.
    const Tensor none = norm == 0, safe_norm = where(none, 1.0, norm);
    if (p == 2) return x * where(none, 0.0, g / safe_norm);
    if (p > 0 && p / 2 == std::floor(p / 2))  // |x|^(p-1) sign(x) is a polynomial
      return where(none, 0.0, g) * (x / safe_norm) * pow(square(x / safe_norm), p / 2 - 1);
    const Tensor absent = x == 0;
    const Tensor ratio = abs(where(absent, 1.0, x)) / safe_norm;
    return where(absent, 0.0, sign(x) * pow(ratio, p - 1) * where(none, 0.0, g));
  }
  Tensor composite(const Tensor& x) const {
    if (p == 2) return root_of_squares(apply(Sum{{dims, keepdim}}, square(x)));
    const Tensor size = abs(x);
    if (std::isinf(p))
      return p > 0 ? apply(Extreme<true>{{dims, keepdim}}, size) : apply(Extreme<false>{{dims, keepdim}}, size);
    if (p == 1) return apply(Sum{{dims, keepdim}}, size);
    if (p == 0) return apply(Sum{{dims, keepdim}}, to(x != 0, x.dtype()));
    return pow(apply(Sum{{dims, keepdim}}, pow(size, p)), 1 / p);
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](double p, Dims dims, bool keep) {
      return [=](const std::vector<Tensor>& in) { return vector_norm(in[0], p, dims, keep); };
    };
    constexpr double inf = std::numeric_limits<double>::infinity();
    const Tensor x = sample_values({3, 4}, -2, 2, d);
    return {{"2, all", {x}, call(2, {}, false)},
            {"2, last", {x}, call(2, {-1}, false)},
            {"1, first, kept", {x}, call(1, {0}, true)},
            {"3, last", {x}, call(3, {1}, false)},
            {"1.5, last", {x}, call(1.5, {1}, false)},
            {"0.5, last", {x}, call(0.5, {1}, false)},
            {"-1, last", {x}, call(-1, {1}, false)},
            {"0, last", {x}, call(0, {1}, false)},
            {"inf, last", {x}, call(inf, {1}, false)},
            {"-inf, last", {x}, call(-inf, {1}, false)},
            {"no dimensions", {sample_values({}, -2, 2, d)}, call(2, {}, false)},
            {"no rows", {sample_values({0, 3}, -2, 2, d)}, call(2, {1}, false)}};
  }
};

/// x converted to the dtype that was asked for.
Tensor converted(const Tensor& x, const DtypeOption& options) {
  return options.dtype ? to(x, *options.dtype) : x;
}

}  // namespace

const std::vector<OpInfo>& reduction_ops() {
  static const auto rows =
      OpList<Sum, Mean, LinearRecurrence, Cumsum, Cumprod, Prod, Var, Std, Extreme<true>, Extreme<false>,
             ExtremeWithIndex<true>, ExtremeWithIndex<false>, ArgExtreme<true>, ArgExtreme<false>, All, Any,
             CountNonzero, Logsumexp, Softmax, LogSoftmax, VectorNorm>::rows("reductions");
  return rows;
}

}  // namespace autograd

using autograd::apply;
using autograd::converted;
using autograd::reduced_dims;

Tensor sum(const Tensor& x, const Dims& dims, bool keepdim, DtypeOption options) {
  return apply(autograd::Sum{{reduced_dims("sum", x, dims), keepdim}}, converted(x, options));
}
Tensor mean(const Tensor& x, const Dims& dims, bool keepdim, DtypeOption options) {
  return apply(autograd::Mean{{reduced_dims("mean", x, dims), keepdim}}, converted(x, options));
}
Tensor prod(const Tensor& x, DtypeOption options) {
  const Tensor y = converted(x, options);
  return apply(autograd::Prod{0, false}, y.dim() <= 1 ? y : y.reshape({-1}));
}
Tensor prod(const Tensor& x, std::int64_t dim, bool keepdim, DtypeOption options) {
  return apply(autograd::Prod{normalize_dim("prod", dim, x.dim()), keepdim}, converted(x, options));
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
Tensor max(const Tensor& x) {
  return amax(x);
}
Tensor min(const Tensor& x) {
  return amin(x);
}
std::pair<Tensor, Tensor> max(const Tensor& x, std::int64_t dim, bool keepdim) {
  auto [values, index] = apply(autograd::ExtremeWithIndex<true>{normalize_dim("max", dim, x.dim()), keepdim}, x);
  return {std::move(values), std::move(index)};
}
std::pair<Tensor, Tensor> min(const Tensor& x, std::int64_t dim, bool keepdim) {
  auto [values, index] = apply(autograd::ExtremeWithIndex<false>{normalize_dim("min", dim, x.dim()), keepdim}, x);
  return {std::move(values), std::move(index)};
}

namespace {
template <class Op>
Tensor arg_extreme(const Tensor& x, std::optional<std::int64_t> dim, bool keepdim) {
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

Tensor cumsum(const Tensor& x, std::int64_t dim, DtypeOption options) {
  return apply(autograd::Cumsum{normalize_dim("cumsum", dim, x.dim())}, converted(x, options));
}
Tensor cumprod(const Tensor& x, std::int64_t dim, DtypeOption options) {
  return apply(autograd::Cumprod{normalize_dim("cumprod", dim, x.dim())}, converted(x, options));
}

Tensor logsumexp(const Tensor& x, const Dims& dims, bool keepdim) {
  return apply(autograd::Logsumexp{{reduced_dims("logsumexp", x, dims), keepdim}}, x);
}
Tensor softmax(const Tensor& x, std::int64_t dim, DtypeOption options) {
  return apply(autograd::Softmax{{normalize_dim("softmax", dim, x.dim())}}, converted(x, options));
}
Tensor softmin(const Tensor& x, std::int64_t dim, DtypeOption options) {
  return softmax(-converted(x, options), dim);
}
Tensor log_softmax(const Tensor& x, std::int64_t dim, DtypeOption options) {
  return apply(autograd::LogSoftmax{{normalize_dim("log_softmax", dim, x.dim())}}, converted(x, options));
}

Tensor vector_norm(const Tensor& x, double p, const Dims& dims, bool keepdim) {
  return apply(autograd::VectorNorm{{reduced_dims("vector_norm", x, dims), keepdim}, p}, x);
}
Tensor norm(const Tensor& x, double p, const Dims& dims, bool keepdim) {
  return vector_norm(x, p, dims, keepdim);
}
Tensor dist(const Tensor& a, const Tensor& b, double p) {
  return vector_norm(a - b, p);
}

Tensor sum_to_size(const Tensor& x, const Shape& shape) {
  const Shape& from = x.shape();
  if (from == shape) return x;
  bool fits = shape.size() <= from.size();
  const std::size_t lead = fits ? from.size() - shape.size() : 0;
  Shape dims;
  for (std::size_t d = 0; d < lead; ++d) dims.push_back(static_cast<std::int64_t>(d));
  bool inner = false;  // is a dimension summed that stays, with size 1?
  for (std::size_t d = 0; fits && d < shape.size(); ++d) {
    if (from[lead + d] == shape[d]) continue;
    fits = shape[d] == 1;
    dims.push_back(static_cast<std::int64_t>(lead + d));
    inner = true;
  }
  if (!fits)
    throw ShapeError(
        fmt::format("[sum_to_size] input is {}, size is {}: sizes must be equal or 1, aligned at the right.",
                    from.str(), shape.str()));
  if (!inner) return apply(autograd::Sum{{dims, false}}, x);
  const Tensor sums = apply(autograd::Sum{{dims, true}}, x);
  return lead == 0 ? sums : sums.reshape(shape);
}

Tensor trace(const Tensor& x) {
  if (x.dim() != 2)
    throw ShapeError(
        fmt::format("[trace] input is {}, it must be a matrix: use diagonal(x).sum(-1) for a batch.", x.shape().str()));
  return sum(diagonal(x));
}

}  // namespace xg
