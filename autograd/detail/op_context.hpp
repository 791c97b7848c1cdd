// The declarations of an op, and the context of its backward.
#pragma once

#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

namespace xg::autograd {

inline constexpr int any_number = -1;

/// How `apply` converts the dtypes of the inputs before forward.
enum class Promotion {
  none,          ///< not at all: the op checks them
  arithmetic,    ///< all become the promoted dtype
  floating,      ///< all become the promoted dtype; integers and bools become the default floating dtype
  floating_only  ///< all become the promoted dtype, which must be floating-point
};

/// The promoted dtype of several tensors. A 0-d tensor counts only if its category is higher than that of all others.
Dtype result_type(std::span<const Tensor* const> tensors);

constexpr unsigned save_input(unsigned i) { return 1u << i; }
constexpr unsigned save_output(unsigned i = 0) { return 1u << (16 + i); }

/// The arguments and results of an op, for its backward.
class OpContext {
 public:
  OpContext(const Tensor* const* inputs, const Tensor* const* outputs, const Shape* const* shapes, const bool* needed)
      : inputs_(inputs), outputs_(outputs), shapes_(shapes), needed_(needed) {}
  /// A saved input or output.
  const Tensor& input(std::size_t i) const { return *inputs_[i]; }
  const Tensor& output(std::size_t i = 0) const { return *outputs_[i]; }
  const Shape& input_shape(std::size_t i) const { return *shapes_[i]; }
  bool needs(std::size_t i) const { return needed_[i]; }

 private:
  const Tensor* const* inputs_;
  const Tensor* const* outputs_;
  const Shape* const* shapes_;
  const bool* needed_;
};

namespace detail {

template <class Op> constexpr std::size_t outputs_of() {
  if constexpr (requires { Op::outputs; })
    return static_cast<std::size_t>(Op::outputs);
  else
    return 1;
}
template <class Op> constexpr unsigned saves() {
  if constexpr (requires { Op::saves; })
    return Op::saves;
  else
    return 0;
}
template <class Op> constexpr bool has_backward = requires { &Op::backward; };
template <class Op> constexpr bool has_fused = requires { &Op::backward_fused; };
template <class Op> constexpr Promotion promotion() {
  if constexpr (requires { Op::promotion; })
    return Op::promotion;
  else
    return Promotion::none;
}
template <class Op> bool reads_saved(const Op& op, std::size_t i, const bool* needed) {
  if constexpr (requires { op.needs_saved(i, needed); })
    return op.needs_saved(i, needed);
  else
    return true;
}

/// Sums `grad` over broadcast dimensions, so that it has the input's shape.
inline Tensor unbroadcast(Tensor grad, const Shape& shape) {
  return !grad.defined() || grad.shape() == shape ? std::move(grad) : sum_to_size(grad, shape);
}

/// Calls op.backward (or backward_fused) and stores the results in `grad_inputs`.
template <class Op> void call_backward(const Op& op, const OpContext& context, std::span<Tensor> grad_outputs,
                                       std::span<Tensor> grad_inputs, bool fused) {
  auto store = [&](auto&& result) {
    if constexpr (std::is_same_v<std::decay_t<decltype(result)>, Tensor>) {
      grad_inputs[0] = unbroadcast(std::move(result), context.input_shape(0));
    } else {
      for (std::size_t i = 0; i < result.size(); ++i)
        if (context.needs(i)) grad_inputs[i] = unbroadcast(std::move(result[i]), context.input_shape(i));
    }
  };
  if constexpr (outputs_of<Op>() == 1) {
    if (!grad_outputs[0].defined()) return;
    if constexpr (has_fused<Op>) {
      if (fused) return store(op.backward_fused(context, grad_outputs[0]));
    }
    store(op.backward(context, grad_outputs[0]));
  } else {
    if constexpr (has_fused<Op>) {
      if (fused) return store(op.backward_fused(context, grad_outputs));
    }
    store(op.backward(context, grad_outputs));
  }
  static_cast<void>(fused);
}

}  // namespace detail
}  // namespace xg::autograd
