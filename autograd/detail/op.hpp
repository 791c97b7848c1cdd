// What an op is, and the one place where ops are applied.
//
// An op is a struct; its attributes are members, everything else about it is static:
//
//   struct Mul {
//     static constexpr const char* name = "mul";
//     static constexpr int inputs = 2;                          // any_number: a list of tensors
//     static constexpr Promotion promotion = Promotion::arithmetic;
//     static constexpr unsigned saves = save_input(0) | save_input(1);
//     static constexpr Rule rule = Rule::bilinear;              // how a contribution is shared among the inputs
//     Tensor forward(const Tensor& a, const Tensor& b) const;   // kernels; checks shapes
//     std::array<Tensor, 2> backward(const OpContext& c, const Tensor& grad) const;  // differentiable ops
//     static std::vector<Sample> samples(Dtype dtype);          // inputs that tests walk
//   };
//
// Optional: `outputs` (forward then returns an array, backward takes one), `backward_fused` (the same first derivative
// in one kernel, used when the sweep is not recorded; with a `Tensor& grad` it may overwrite one that is not shared,
// see `pull_into` in elementwise.hpp), `needs_saved(i, needs)` (whether saved input i is read when only the inputs in
// `needs` need gradients), `secant(x, r)` (for Rule::secant; x and r are floating-point), `partial_secant(i, x, r,
// other)` (for Rule::two_player), `attribute(...)` (for Rule::custom), the traits of attribution.hpp that hold
// (`jumps`, `random`, ...), `rounding(context)` (what attribution must know of rounding), `linear_map(inputs, i)`,
// `product_part(a, b)` (of a product with a third input: without that), `linear_part()` (of a linear op that may also
// add a constant: the op without it), `row_factors(inputs, carries)` (of a product: whether the inputs that carry rows
// are factors on whose side rows stay apart), `mixes_rows(ndim)`, `composite(...)` (what a trace sees in place of a
// fused op, in terms of others; undefined where it sees the op itself), `reference(double...)` (an independent value
// for tests).
//
// `apply` promotes dtypes and records, and OpContext sums gradients over dimensions that were broadcast. An op without
// a promotion checks its dtypes in `forward`. Applying an op is all that it takes to be on the list that tests walk.
#pragma once

#include <xgrad/autograd/detail/applied_op.hpp>
#include <xgrad/autograd/detail/op_context.hpp>
#include <xgrad/autograd/detail/op_modes.hpp>
#include <xgrad/autograd/detail/op_node.hpp>
#include <xgrad/autograd/detail/op_registry.hpp>

#include <array>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace xg::autograd {

namespace detail {

inline const Tensor& first_of(const Tensor& result) { return result; }
template <std::size_t n> const Tensor& first_of(const std::array<Tensor, n>& results) { return results[0]; }
inline std::span<Tensor, 1> span_of(Tensor& result) { return std::span<Tensor, 1>(&result, 1); }
template <std::size_t n> std::span<Tensor, n> span_of(std::array<Tensor, n>& results) { return results; }

[[noreturn]] void throw_inference(const char* op);
void convert_inputs(const char* op, Promotion promotion, std::span<const Tensor*> inputs, std::span<Tensor> holders);

/// Are all dtypes already what the promotion would make of them? The common case, decided without a table.
[[gnu::always_inline]] inline bool needs_no_conversion(Promotion promotion, std::span<const Tensor* const> inputs) {
  if (promotion == Promotion::none) return true;
  const Dtype first = inputs[0]->dtype();
  if (promotion != Promotion::arithmetic && !is_floating(first)) return false;
  for (const Tensor* x : inputs.subspan(1))
    if (x->dtype() != first) return false;
  return true;
}

/// Records what backward needs.
template <class Op, std::size_t count>
[[gnu::always_inline]] inline void attach_node(const Op& op, std::span<const Tensor* const, count> inputs,
                                               std::span<Tensor, outputs_of<Op>()> results) {
  if constexpr (has_backward<Op>) {
    if (state().grad_enabled) {
      typename NodeOf<Op>::template PerInput<Node*> nodes{};
      if constexpr (NodeOf<Op>::variadic) nodes.resize(inputs.size());
      bool any = false;
      for (std::size_t i = 0; i < inputs.size(); ++i) any |= (nodes[i] = node_of(*inputs[i])) != nullptr;
      if (any) {
        for (const Tensor* x : inputs)
          if (x->impl().inference) [[unlikely]]
            throw_inference(Op::name);
        auto* node = new NodeOf<Op>(op, nodes, inputs);
        const NodeRef keep = NodeRef::adopt(node);
        node->record(results);
      }
    }
  }
}

/// What the modes of the thread ask for after an op was computed and recorded.
template <class Op> [[gnu::noinline, gnu::cold]] void finish_in_modes(const Op& op,
                                                                      std::span<const Tensor* const> inputs,
                                                                      std::span<Tensor> results) {
  finish_in_modes(Op::name, inputs, results);
  if (observed()) tell_observers(std::make_shared<AppliedOpOf<Op>>(op), inputs, results);
}

}  // namespace detail

/// Applies an op to tensors: promotes dtypes, runs forward, records what backward needs and tells the observers.
template <class Op, class... Inputs>
  requires(Op::inputs == static_cast<int>(sizeof...(Inputs)))
auto apply(const Op& op, const Inputs&... inputs) {
  detail::list<Op>();
  constexpr std::size_t n = sizeof...(Inputs);
  std::array<const Tensor*, n> pointers{&inputs...};
  for (const Tensor* x : pointers)
    if (!x->defined()) [[unlikely]]
      throw_undefined();
  const auto call = [&](auto&& f) {
    return
        [&]<std::size_t... I>(std::index_sequence<I...>) { return f(*pointers[I]...); }(std::make_index_sequence<n>());
  };
  std::array<Tensor, n> holders;
  if (const unsigned modes = state().modes; modes != 0) [[unlikely]] {
    if (modes & mode_substitution) detail::substitute(pointers, holders);
    if constexpr (requires { op.composite(inputs...); }) {
      if (modes & mode_observed) {
        auto composed = call([&](const auto&... x) { return op.composite(x...); });
        if (detail::first_of(composed).defined()) return composed;
      }
    }
  }
  if (!detail::needs_no_conversion(detail::promotion<Op>(), pointers)) [[unlikely]]
    detail::convert_inputs(Op::name, detail::promotion<Op>(), pointers, holders);
  auto result = call([&](const auto&... x) { return op.forward(x...); });
  std::span<Tensor, detail::outputs_of<Op>()> results = detail::span_of(result);
  detail::attach_node<Op, n>(op, pointers, results);
  if (const unsigned modes = state().modes; modes != 0) [[unlikely]] {
    if (modes == mode_inference)
      for (Tensor& r : results) r.impl().inference = true;
    else
      detail::finish_in_modes(op, pointers, results);
  }
  return result;
}

/// The same for ops that take a list.
template <class Op>
  requires(Op::inputs == any_number)
Tensor apply(const Op& op, const std::vector<Tensor>& inputs) {
  detail::list<Op>();
  std::vector<const Tensor*> pointers;
  pointers.reserve(inputs.size());
  for (const Tensor& x : inputs) {
    if (!x.defined()) throw_undefined();
    pointers.push_back(&x);
  }
  std::vector<Tensor> holders(inputs.size());
  if (state().has(mode_substitution)) [[unlikely]]
    detail::substitute(pointers, holders);
  if (!detail::needs_no_conversion(detail::promotion<Op>(), pointers))
    detail::convert_inputs(Op::name, detail::promotion<Op>(), pointers, holders);
  Tensor result = op.forward(std::span<const Tensor* const>(pointers));
  const std::span<Tensor, 1> results(&result, 1);
  detail::attach_node<Op, std::dynamic_extent>(op, pointers, results);
  if (state().modes != 0) [[unlikely]]
    detail::finish_in_modes(op, pointers, results);
  return result;
}

}  // namespace xg::autograd

namespace xg {
using autograd::apply;  // the functions of tensors lie here, their ops in autograd
}
