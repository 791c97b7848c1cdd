// The record of an op in a trace.
#pragma once

#include <xgrad/autograd/attribution.hpp>
#include <xgrad/autograd/detail/op_context.hpp>
#include <xgrad/autograd/state.hpp>

#include <array>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace xg::autograd::detail {

/// What attribution asks of an op: the traits that it states and those that follow.
template <class Op> inline constexpr OpTraits traits = [] {
  OpTraits t = traits_of<Op>();
  t.has_derivative = has_backward<Op>;
  t.elementwise |= Op::rule == Rule::secant || Op::rule == Rule::two_player;
  return t;
}();

/// An op with its attributes, for traces.
template <class Op> class AppliedOpOf final : public AppliedOp {
 public:
  explicit AppliedOpOf(const Op& op) : op_(op) {}
  const char* name() const override { return Op::name; }
  Rule rule() const override { return Op::rule; }
  const OpTraits& traits() const override { return detail::traits<Op>; }
  bool mixes_rows(std::int64_t ndim) const override {
    if constexpr (requires { op_.mixes_rows(ndim); })
      return op_.mixes_rows(ndim);
    else
      return false;
  }
  std::vector<Tensor> forward(std::span<const Tensor> inputs) const override {
    if constexpr (Op::inputs == any_number) {
      std::vector<const Tensor*> pointers;
      for (const Tensor& x : inputs) pointers.push_back(&x);
      return {op_.forward(std::span<const Tensor* const>(pointers))};
    } else {
      return [&]<std::size_t... I>(std::index_sequence<I...>) -> std::vector<Tensor> {
        auto result = op_.forward(inputs[I]...);
        if constexpr (outputs_of<Op>() == 1)
          return {std::move(result)};
        else
          return std::vector<Tensor>(result.begin(), result.end());
      }(std::make_index_sequence<static_cast<std::size_t>(Op::inputs)>());
    }
  }
  bool reads_input(std::size_t i, const bool* needed) const override {
    return Op::inputs != any_number && (saves<Op>() >> i & 1) && reads_saved(op_, i, needed);
  }
  bool reads_output(std::size_t i) const override { return saves<Op>() >> (16 + i) & 1; }
  void vjp(std::span<const Tensor> inputs, std::span<const Tensor> outputs, std::span<const Shape> input_shapes,
           std::span<const Tensor> grad_outputs, std::span<Tensor> grad_inputs, const bool* needed) const override {
    if constexpr (has_backward<Op>) {
      std::vector<const Tensor*> in, out;
      for (const Tensor& x : inputs) in.push_back(&x);
      for (const Tensor& y : outputs) out.push_back(&y);
      std::vector<const Shape*> shapes;
      for (const Shape& shape : input_shapes) shapes.push_back(&shape);
      std::vector<Tensor> shared(grad_outputs.begin(), grad_outputs.end());  // so that backward does not write to them
      call_backward(op_, OpContext(in.data(), out.data(), shapes.data(), needed), shared, grad_inputs,
                    !state().derives_by_ops());
    } else {
      static_cast<void>(inputs), static_cast<void>(outputs), static_cast<void>(input_shapes);
      static_cast<void>(grad_outputs), static_cast<void>(grad_inputs), static_cast<void>(needed);
    }
  }
  std::vector<Tensor> jvp(std::span<const Tensor> inputs, std::span<const Tensor> outputs,
                          std::span<const Tensor> tangents) const override {
    if constexpr (!has_backward<Op> || Op::rule == Rule::constant)
      return std::vector<Tensor>(outputs.size());
    else if constexpr (requires { op_.jvp(inputs, outputs, tangents); })
      return op_.jvp(inputs, outputs, tangents);
    else if constexpr (traits_of_op.elementwise && outputs_of<Op>() == 1 && Op::inputs != any_number)
      return {diagonal_jvp(inputs, outputs, tangents)};
    else if constexpr (Op::rule == Rule::linear && outputs_of<Op>() == 1)
      return {linear_jvp(inputs, tangents)};
    else if constexpr (Op::rule == Rule::bilinear && (Op::inputs == 2 || Op::inputs == 3))
      return {product_jvp(inputs, tangents)};
    else
      return AppliedOp::jvp(inputs, outputs, tangents);
  }
  Tensor row_vjp(std::size_t i, std::span<const Tensor> inputs, std::span<const Tensor> outputs,
                 std::span<const Tensor> grad_outputs, std::int64_t rows) const override {
    if constexpr (requires { op_.row_vjp(i, inputs, grad_outputs[0], rows); })
      return op_.row_vjp(i, inputs, grad_outputs[0], rows);
    else if constexpr (traits_of_op.elementwise && outputs_of<Op>() == 1 && Op::inputs != any_number)
      return elementwise_row_vjp(i, inputs, outputs, grad_outputs, rows);
    else
      return {};
  }
  bool keeps_rows(std::span<const Tensor> inputs, const std::vector<bool>& carries, const Tensor& result,
                  std::int64_t rows) const override {
    // The rows of a product are those of its left factor.
    if constexpr (requires { op_.row_factors(inputs, carries); })
      if (!op_.row_factors(inputs, carries)) return false;
    return AppliedOp::keeps_rows(inputs, carries, result, rows);
  }
  Tensor secant(const Tensor& x, const Tensor& r) const override {
    if constexpr (requires { op_.secant_kernel(x, r); })
      return op_.secant_kernel(x, r);
    else if constexpr (requires { op_.secant(x, r); })
      return op_.secant(x, r);
    else
      return {};
  }
  std::vector<Tensor> attribute(const PairContext& pairs) const override {
    if constexpr (requires { op_.attribute(pairs); })
      return op_.attribute(pairs);
    else
      return {};
  }
  Tensor partial_secant(std::size_t i, const Tensor& x, const Tensor& r, const Tensor& other) const override {
    if constexpr (requires { op_.partial_secant(i, x, r, other); })
      return op_.partial_secant(i, x, r, other);
    else
      return {};
  }
  LinearMap linear_map(std::span<const Tensor> inputs, std::size_t varying) const override {
    if constexpr (requires { op_.linear_map(inputs, varying); })
      return op_.linear_map(inputs, varying);
    else
      return {};
  }
  Tensor rounding(const RoundingContext& context) const override {
    if constexpr (requires { op_.rounding(context); })
      return op_.rounding(context);
    else
      return {};
  }

 private:
  static constexpr const OpTraits& traits_of_op = detail::traits<Op>;
  /// The input repeated for each row, so that its gradients are not summed over rows.
  Tensor elementwise_row_vjp(std::size_t i, std::span<const Tensor> inputs, std::span<const Tensor> outputs,
                             std::span<const Tensor> grad_outputs, std::int64_t rows) const {
    const Tensor &x = inputs[i], &y = outputs[0];
    if (y.size(0) != rows || x.dim() > y.dim() || (x.dim() == y.dim() && x.size(0) != 1)) return {};
    Shape aligned = y.shape();
    for (std::size_t d = 0; d < aligned.size(); ++d) {
      const std::size_t skip = aligned.size() - x.shape().size();
      aligned[d] = d == 0 ? rows : d < skip ? 1 : x.shape()[d - skip];
    }
    std::vector<Tensor> repeated(inputs.begin(), inputs.end());
    repeated[i] = x.expand(aligned);
    std::vector<Shape> shapes;
    constexpr auto n = static_cast<std::size_t>(Op::inputs);
    bool needed[n] = {};
    needed[i] = true;
    for (const Tensor& input : repeated) shapes.push_back(input.shape());
    std::vector<Tensor> grads(n);
    vjp(repeated, outputs, shapes, grad_outputs, grads, needed);
    if (!grads[i].defined()) return {};
    return grads[i].reshape(with_front(rows, x.shape()));
  }
  /// The Jacobian of an elementwise op is diagonal, so that it is its own transpose.
  Tensor diagonal_jvp(std::span<const Tensor> inputs, std::span<const Tensor> outputs,
                      std::span<const Tensor> tangents) const {
    constexpr auto n = static_cast<std::size_t>(Op::inputs);
    std::array<const Tensor*, n> in;
    std::array<const Shape*, n> shapes;
    for (std::size_t i = 0; i < n; ++i) {
      in[i] = &inputs[i];
      shapes[i] = &inputs[i].shape();
    }
    const Tensor& y = outputs[0];
    const Tensor* out[] = {&y};
    Tensor sum;
    for (std::size_t i = 0; i < n; ++i) {
      if (!tangents[i].defined()) continue;
      bool needed[n] = {};
      needed[i] = true;
      const OpContext context(in.data(), out, shapes.data(), needed);
      Tensor t = tangents[i].shape() == y.shape() ? tangents[i] : tangents[i].expand(y.shape());
      if (t.dtype() != y.dtype()) t = to(t, y.dtype());
      const Tensor part = pulled(context, std::move(t), i);
      if (!part.defined()) continue;
      sum = sum.defined() ? sum + part : part;
    }
    if (sum.defined() && sum.dtype() != y.dtype()) sum = to(sum, y.dtype());
    return sum.defined() && sum.shape() != y.shape() ? sum.expand(y.shape()) : sum;
  }
  Tensor pulled(const OpContext& context, Tensor g, std::size_t i) const {
    const auto take = [i](auto&& grads) -> Tensor {
      if constexpr (std::is_same_v<std::decay_t<decltype(grads)>, Tensor>)
        return std::move(grads);
      else
        return std::move(grads[i]);
    };
    if constexpr (has_fused<Op>) {
      if (!state().derives_by_ops()) {
        const Tensor shared = g;  // so that it is not written to
        return take(op_.backward_fused(context, g));
      }
    }
    return take(op_.backward(context, g));
  }
  /// The op of the tangents, zeros where there are none.
  Tensor linear_jvp(std::span<const Tensor> inputs, std::span<const Tensor> tangents) const {
    std::vector<Tensor> arguments;
    for (std::size_t i = 0; i < inputs.size(); ++i)
      arguments.push_back(tangents[i].defined()             ? tangents[i]
                          : is_floating(inputs[i].dtype()) ? zeros(inputs[i].shape(), {.dtype = inputs[i].dtype()})
                                                            : inputs[i]);
    return applied(arguments);
  }
  /// The product rule; a third input is added to the product.
  Tensor product_jvp(std::span<const Tensor> inputs, std::span<const Tensor> tangents) const {
    Tensor sum;
    const auto add = [&](std::vector<Tensor> arguments) {
      const Tensor part = applied(arguments);
      sum = sum.defined() ? sum + part : part;
    };
    const auto zeros_of = [&](std::size_t i) { return zeros(inputs[i].shape(), {.dtype = inputs[i].dtype()}); };
    for (std::size_t i = 0; i < 2; ++i) {
      if (!tangents[i].defined()) continue;
      std::vector<Tensor> arguments(inputs.begin(), inputs.end());
      arguments[i] = tangents[i];
      if constexpr (Op::inputs == 3)
        arguments[2] = tangents[2].defined() && !sum.defined() ? tangents[2] : zeros_of(2);
      add(std::move(arguments));
    }
    if constexpr (Op::inputs == 3)
      if (!sum.defined() && tangents[2].defined()) add({zeros_of(0), inputs[1], tangents[2]});
    return sum;
  }
  Tensor applied(const std::vector<Tensor>& arguments) const {
    if constexpr (Op::inputs == any_number)
      return apply(op_, arguments);
    else
      return [&]<std::size_t... I>(std::index_sequence<I...>) { return apply(op_, arguments[I]...); }(
          std::make_index_sequence<static_cast<std::size_t>(Op::inputs)>());
  }

  [[no_unique_address]] Op op_;
};

}  // namespace xg::autograd::detail
