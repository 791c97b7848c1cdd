// The record of an op in a trace.
#pragma once

#include <xgrad/autograd/attribution.hpp>
#include <xgrad/autograd/detail/op_context.hpp>
#include <xgrad/autograd/state.hpp>

#include <span>
#include <utility>
#include <vector>

namespace xg::autograd {
template <class Op> struct CurvedPush;
}

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
  JvpRule jvp_rule() const override {
    static_assert(
        Op::rule != Rule::bilinear || Op::inputs != 3 || requires(const Op& op, const Tensor& x) {
          op.product_part(x, x);
        }, "a product with a term has product_part(a, b), the product without it");
    if constexpr (!has_backward<Op> || Op::rule == Rule::constant)
      return JvpRule::none;
    else if constexpr (outputs_of<Op>() != 1)
      return JvpRule::transposed;
    else if constexpr (traits_of_op.elementwise && Op::inputs != any_number)
      return JvpRule::diagonal;
    else if constexpr (Op::rule == Rule::linear)
      return JvpRule::linear;
    else if constexpr (Op::rule == Rule::bilinear && (Op::inputs == 2 || Op::inputs == 3))
      return JvpRule::product;
    else
      return JvpRule::transposed;
  }
  Tensor linear_applied(std::span<const Tensor> arguments) const override {
    if constexpr (requires { op_.product_part(arguments[0], arguments[1]); })
      if (arguments.size() == 2) return op_.product_part(arguments[0], arguments[1]);
    if constexpr (requires { op_.linear_part(); })
      return AppliedOpOf(op_.linear_part()).apply_to(arguments);
    else
      return apply_to(arguments);
  }
  Slopes slopes(const Tensor& x, const Tensor& y, bool curved) const override {
    Slopes s;
    if constexpr (requires { op_.slope(x); } && Op::inputs == 1 && traits_of_op.elementwise) {
      const Tensor& at = saves<Op>() == save_input(0) ? x : y;
      s.slope = op_.slope(at);
      if constexpr (requires { op_.curvature(at); })
        if (curved) s.curvature = op_.curvature(at);
    }
    return s;
  }
  bool has_third() const override {
    return requires(const Tensor& x) { op_.third(x); };
  }
  Tensor curved_push(const Tensor& x, const Tensor& y, const Tensor& streams, std::uint64_t curved) const override {
    if constexpr (requires { op_.third(x); })
      return apply(CurvedPush<Op>{op_, curved}, x, saves<Op>() == save_input(0) ? x : y, streams);
    else
      return AppliedOp::curved_push(x, y, streams, curved);
  }
  Tensor row_vjp(std::size_t i, std::span<const Tensor> inputs, std::span<const Tensor> outputs,
                 std::span<const Tensor> grad_outputs, std::int64_t rows) const override {
    if constexpr (requires { op_.row_vjp(i, inputs, grad_outputs[0], rows); })
      return op_.row_vjp(i, inputs, grad_outputs[0], rows);
    else
      return AppliedOp::row_vjp(i, inputs, outputs, grad_outputs, rows);
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
  Tensor apply_to(std::span<const Tensor> arguments) const {
    if constexpr (Op::inputs == any_number && outputs_of<Op>() == 1) {
      const std::vector<Tensor> list(arguments.begin(), arguments.end());
      return apply(op_, list);
    } else if constexpr (outputs_of<Op>() == 1) {
      return [&]<std::size_t... I>(std::index_sequence<I...>) {
        return apply(op_, arguments[I]...);
      }(std::make_index_sequence<static_cast<std::size_t>(Op::inputs)>());
    } else {
      return {};
    }
  }
  static constexpr const OpTraits& traits_of_op = detail::traits<Op>;
  [[no_unique_address]] Op op_;
};

}  // namespace xg::autograd::detail
