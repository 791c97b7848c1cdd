// Shared parts of reductions: normalized dimensions, expansion of gradients, and the base of reduction ops.
#pragma once

#include <xgrad/autograd/detail/op.hpp>
#include <xgrad/autograd/detail/samples.hpp>
#include <xgrad/autograd/detail/views.hpp>
#include <xgrad/tensor/kernels/reduce.hpp>
#include <xgrad/tensor/kernels/reduce_loops.hpp>

#include <vector>

namespace xg::autograd {

/// The dimensions to reduce, normalized and sorted; all of them if none is given. Throws ValueError where one is
/// repeated, IndexError where one is out of range.
Shape reduced_dims(const char* op, const Tensor& x, const Dims& dims);
bool contains(const Shape& dims, std::size_t d);
/// The number of elements of `shape` that are reduced to one.
std::int64_t count_of(const Shape& shape, const Shape& dims);
/// A result (or its gradient) with size 1 at the reduced dimensions of `shape`, so that it broadcasts with the input.
Tensor with_kept(const Tensor& g, const Shape& dims, bool keepdim, const Shape& shape);
/// The gradient of a sum: g expanded to the shape of the input.
Tensor expanded_over(const Tensor& g, const Shape& dims, bool keepdim, const Shape& shape);
/// As expanded_over(), as a view with strides of 0, outside the graph.
Tensor expanded_view(const Tensor& g, const Shape& dims, bool keepdim, const Shape& shape);
/// Multipliers [K, shape of a result] with size 1 at the reduced dimensions of an input of `shape`.
Tensor multiplier_with_kept(const Tensor& m, const Shape& dims, bool keepdim, const Shape& shape);
/// Throws DtypeError unless x is floating-point.
void check_floating(const char* op, const Tensor& x);
/// Throws ShapeError where an extremum over no elements is requested.
void check_not_empty(const char* op, const Tensor& x, const Shape& dims);
/// x converted to the dtype in the options, if any.
inline Tensor converted(const Tensor& x, const DtypeOption& options) {
  return options.dtype ? to(x, *options.dtype) : x;
}

/// A permutation and reshape that moves the reduced dimensions to the end and merges them: [groups, n].
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

/// The base of reductions over `dims`. An op computed by a reducer (kernels/runs.hpp) declares it as `template <class
/// T> using Reducer`; `of_nothing` is whether the reduction of no elements is defined.
template <class Op> struct Reduction {
  static constexpr int inputs = 1;
  Shape dims;
  bool keepdim = false;

  bool mixes_rows(std::int64_t ndim) const { return ndim > 0 && contains(dims, 0); }
  Tensor forward(const Tensor& x) const {
    if constexpr (!Op::of_nothing) check_not_empty(Op::name, x, dims);
    return kernels::reduce<Op::template Reducer>(x, dims, keepdim);
  }
  Tensor expanded(const OpContext& c, const Tensor& g) const {
    return expanded_over(g, dims, keepdim, c.input_shape(0));
  }
  Tensor kept(const OpContext& c, const Tensor& g) const { return with_kept(g, dims, keepdim, c.input_shape(0)); }
  /// The rounding error of a sum over `dims`.
  Tensor rounding_of_terms(const RoundingContext& c) const {
    return c.inputs[0].numel() == 0 ? Tensor() : kernels::amax(c.of_term(0), dims, keepdim);
  }

  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](Dims dims, bool keepdim) {
      return [=](const Inputs& in) {
        Op op = detail::example<Op>();
        op.dims = reduced_dims(Op::name, in[0], dims);
        op.keepdim = keepdim;
        return apply(op, in[0]);
      };
    };
    std::vector<ShapedSample> samples{{"all", {{3, 4}}, call({}, false)},
                                      {"last", {{3, 4}}, call({-1}, false)},
                                      {"middle, kept", {{2, 3, 4}}, call({1}, true)},
                                      {"several", {{2, 3, 4}}, call({-1, 1}, false)},
                                      {"one element", {{1, 1}}, call({1}, false)},
                                      {"0-d", {{}}, call({}, false)},
                                      {"no rows", {{0, 3}}, call({1}, false)}};
    if (Op::of_nothing) samples.push_back({"of nothing", {{2, 0}}, call({1}, true)});
    return shaped_samples(d, samples);
  }
};

}  // namespace xg::autograd
