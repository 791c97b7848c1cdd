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
// Optional: `outputs` (forward then returns an array, backward takes one), `backward_fused` (the same first derivative in
// one kernel, used when the sweep is not recorded; with a `Tensor& grad` it may write over one that nobody else holds, see
// `pull_into` in elementwise.hpp), `needs_saved(i, needs)` (is saved input i read when only the inputs in
// `needs` want gradients?), `secant(x, r)` (for Rule::secant; x and r are reals), `partial_secant(i, x, r, other)` (for
// Rule::two_player), `attribute(...)` (for Rule::custom), the traits of attribution.hpp that hold (`jumps`, `random`, ...),
// `rounding(context)` (what attribution must know of rounding), `linear_map(inputs, i)`, `mixes_rows(ndim)`, `composite(...)` (what a trace sees in place of a fused op, in
// terms of others; undefined where it sees the op itself), `reference(double...)` (an independent value for tests).
//
// Only `apply` checks dtypes, un-broadcasts gradients and looks at the grad mode.
#pragma once

#include <xgrad/autograd/attribution.hpp>
#include <xgrad/autograd/detail/node.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/autograd/trace.hpp>

#include <array>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace xg::autograd {

inline constexpr int any_number = -1;

/// What `apply` does to the dtypes of the inputs before forward sees them.
enum class Promotion {
  none,        ///< nothing: the op says what it takes
  arithmetic,  ///< all become the promoted dtype
  floating,    ///< all become the promoted dtype; integers and bools become the default floating dtype
  floating_only  ///< all become the promoted dtype, which must be floating
};

/// The promoted dtype of several tensors: those with dimensions decide within a category, others only by category.
Dtype result_type(std::span<const Tensor* const> tensors);

constexpr unsigned save_input(unsigned i) { return 1u << i; }
constexpr unsigned save_output(unsigned i = 0) { return 1u << (16 + i); }

/// What backward may ask for.
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

template <class Op>
constexpr std::size_t outputs_of() {
  if constexpr (requires { Op::outputs; }) return static_cast<std::size_t>(Op::outputs);
  else return 1;
}
template <class Op>
constexpr unsigned saves() {
  if constexpr (requires { Op::saves; }) return Op::saves;
  else return 0;
}
template <class Op>
constexpr bool has_backward = requires { &Op::backward; };
template <class Op>
constexpr bool has_fused = requires { &Op::backward_fused; };
template <class Op>
constexpr Promotion promotion() {
  if constexpr (requires { Op::promotion; }) return Op::promotion;
  else return Promotion::none;
}
template <class Op>
bool reads_saved(const Op& op, std::size_t i, const bool* needed) {
  if constexpr (requires { op.needs_saved(i, needed); }) return op.needs_saved(i, needed);
  else return true;
}

/// Sums `grad` over what was broadcast, so that it has the input's shape.
inline Tensor unbroadcast(Tensor grad, const Shape& shape) {
  return !grad.defined() || grad.shape() == shape ? std::move(grad) : sum_to_size(grad, shape);
}

/// Calls op.backward (or backward_fused) and stores what it returns in `grad_inputs`.
template <class Op>
void call_backward(const Op& op, const OpContext& context, std::span<Tensor> grad_outputs, std::span<Tensor> grad_inputs,
                   bool fused) {
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

[[noreturn]] void throw_released(const Node& node);

template <class Op>
class NodeOf final : public Node {
 public:
  static constexpr std::size_t outputs = outputs_of<Op>();
  static constexpr unsigned mask = saves<Op>();
  static constexpr bool variadic = Op::inputs == any_number;
  static constexpr std::size_t fixed = variadic ? 0 : static_cast<std::size_t>(Op::inputs);
  template <class T>
  using PerInput = std::conditional_t<variadic, std::vector<T>, std::array<T, fixed>>;
  static_assert(!variadic || (mask & 0xffff) == 0, "an op of a list of tensors saves none of its inputs");

  /// Of the results of `op`; `nodes` are those of the inputs, or null.
  NodeOf(const Op& op, std::span<Node* const, fixed> nodes, std::span<const Tensor* const, fixed> inputs)
    requires(!variadic)
      : NodeOf(op, nodes, inputs, std::make_index_sequence<fixed>()) {}
  NodeOf(const Op& op, std::span<Node* const> nodes, std::span<const Tensor* const> inputs)
    requires variadic
      : op_(op) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      edges_.push_back({NodeRef(nodes[i]), inputs[i]->impl().autograd_slot});
      layouts_.push_back(inputs[i]->impl().layout);
      if (nodes[i] != nullptr) follow(*nodes[i]);
    }
  }

  static void* operator new(std::size_t) { return memory::detail::allocate_class(size_class()); }
  static void operator delete(void* block) noexcept { memory::detail::deallocate_class(block, size_class()); }

  const char* name() const override { return Op::name; }
  std::span<Edge> edges() override { return {edges_.data(), edges_.size()}; }
  std::size_t output_count() const override { return outputs; }

  /// Becomes the graph of the results.
  void record(std::span<Tensor, outputs> results) {
    for (std::size_t i = 0; i < outputs; ++i) {
      if (mask >> (16 + i) & 1) std::construct_at(&saved_outputs_[slot_of_output(i)], results[i]);  // over an empty one
      if (is_floating(results[i].dtype())) set_node(results[i].impl(), NodeRef(this), static_cast<std::uint8_t>(i));
    }
  }

  void backward(std::span<Tensor> grad_outputs, std::span<Tensor> grad_inputs, const bool* needed) override {
    if (released) throw_released(*this);
    static const Tensor undefined;
    std::array<const Tensor*, fixed + 1> inputs{};
    for (std::size_t i = 0; i < fixed; ++i) {
      const bool has = mask >> i & 1 && saved_inputs_[slot_of_input(i)].defined();
      inputs[i] = has ? &saved_inputs_[slot_of_input(i)].unpack(*this) : &undefined;
    }
    std::array<Tensor, outputs> unpacked;
    std::array<const Tensor*, outputs> results{};
    for (std::size_t i = 0; i < outputs; ++i) {
      results[i] = &unpacked[i];
      if (mask >> (16 + i) & 1)
        unpacked[i] = saved_outputs_[slot_of_output(i)].unpack(*this, static_cast<std::uint8_t>(i));
    }
    PerInput<const Shape*> shapes{};
    if constexpr (variadic) shapes.resize(layouts_.size());
    for (std::size_t i = 0; i < shapes.size(); ++i) shapes[i] = &layouts_[i]->shape;
    if constexpr (has_backward<Op>)
      call_backward(op_, OpContext(inputs.data(), results.data(), shapes.data(), needed), grad_outputs, grad_inputs,
                    !state().grad_enabled);
  }

  void release_saved() noexcept override {
    released = true;
    for (SavedInput& saved : saved_inputs_) saved.reset();
    for (SavedOutput& saved : saved_outputs_) saved.reset();
  }

 private:
  template <std::size_t... I>
  NodeOf(const Op& op, std::span<Node* const, fixed> nodes, std::span<const Tensor* const, fixed> inputs,
         std::index_sequence<I...>)
      : op_(op),
        edges_{Edge{NodeRef(nodes[I]), inputs[I]->unsafe_impl()->autograd_slot}...},
        layouts_{inputs[I]->unsafe_impl()->layout...} {
    const bool needed[] = {(nodes[I] != nullptr)...};
    ((needed[I] ? follow(*nodes[I]) : void()), ...);
    const auto save = [&](std::size_t i) { std::construct_at(&saved_inputs_[slot_of_input(i)], *inputs[i]); };
    ((mask >> I & 1 && reads_saved(op_, I, needed) ? save(I) : void()), ...);
  }

  static constexpr std::size_t count_bits(unsigned bits) { return static_cast<std::size_t>(__builtin_popcount(bits)); }
  static constexpr std::size_t slot_of_input(std::size_t i) { return count_bits(mask & ((1u << i) - 1)); }
  static constexpr std::size_t slot_of_output(std::size_t i) { return count_bits(mask >> 16 & ((1u << i) - 1)); }
  static constexpr std::size_t size_class() { return memory::detail::class_of(sizeof(NodeOf)); }
  [[no_unique_address]] Op op_;
  PerInput<Edge> edges_;
  PerInput<xg::detail::LayoutRef> layouts_;
  [[no_unique_address]] std::array<SavedInput, count_bits(mask & 0xffff)> saved_inputs_;
  [[no_unique_address]] std::array<SavedOutput, count_bits(mask >> 16)> saved_outputs_;
};

/// An op with its attributes, for traces.
template <class Op>
class AppliedOpOf final : public AppliedOp {
 public:
  explicit AppliedOpOf(const Op& op) : op_(op) {}
  const char* name() const override { return Op::name; }
  Rule rule() const override { return Op::rule; }
  const OpTraits& traits() const override {
    static constexpr OpTraits traits = [] {
      OpTraits t = traits_of<Op>();
      t.has_derivative = has_backward<Op>;
      t.elementwise |= Op::rule == Rule::secant || Op::rule == Rule::two_player;
      return t;
    }();
    return traits;
  }
  bool mixes_rows(std::int64_t ndim) const override {
    if constexpr (requires { op_.mixes_rows(ndim); }) return op_.mixes_rows(ndim);
    else return false;
  }
  std::vector<Tensor> forward(std::span<const Tensor> inputs) const override {
    if constexpr (Op::inputs == any_number) {
      std::vector<const Tensor*> pointers;
      for (const Tensor& x : inputs) pointers.push_back(&x);
      return {op_.forward(std::span<const Tensor* const>(pointers))};
    } else {
      return [&]<std::size_t... I>(std::index_sequence<I...>) -> std::vector<Tensor> {
        auto result = op_.forward(inputs[I]...);
        if constexpr (outputs_of<Op>() == 1) return {std::move(result)};
        else return std::vector<Tensor>(result.begin(), result.end());
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
      std::vector<Tensor> shared(grad_outputs.begin(), grad_outputs.end());  // so that nothing is written over
      call_backward(op_, OpContext(in.data(), out.data(), shapes.data(), needed), shared, grad_inputs,
                    !state().grad_enabled);
    } else {
      static_cast<void>(inputs), static_cast<void>(outputs), static_cast<void>(input_shapes);
      static_cast<void>(grad_outputs), static_cast<void>(grad_inputs), static_cast<void>(needed);
    }
  }
  Tensor secant(const Tensor& x, const Tensor& r) const override {
    if constexpr (requires { op_.secant_kernel(x, r); }) return op_.secant_kernel(x, r);
    else if constexpr (requires { op_.secant(x, r); }) return op_.secant(x, r);
    else return {};
  }
  std::vector<Tensor> attribute(const PairContext& pairs) const override {
    if constexpr (requires { op_.attribute(pairs); }) return op_.attribute(pairs);
    else return {};
  }
  Tensor partial_secant(std::size_t i, const Tensor& x, const Tensor& r, const Tensor& other) const override {
    if constexpr (requires { op_.partial_secant(i, x, r, other); }) return op_.partial_secant(i, x, r, other);
    else return {};
  }
  LinearMap linear_map(std::span<const Tensor> inputs, std::size_t varying) const override {
    if constexpr (requires { op_.linear_map(inputs, varying); }) return op_.linear_map(inputs, varying);
    else return {};
  }
  Tensor rounding(const RoundingContext& context) const override {
    if constexpr (requires { op_.rounding(context); }) return op_.rounding(context);
    else return {};
  }

 private:
  [[no_unique_address]] Op op_;
};

inline const Tensor& first_of(const Tensor& result) { return result; }
template <std::size_t n>
const Tensor& first_of(const std::array<Tensor, n>& results) {
  return results[0];
}

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

/// Records what backward and attribution need.
template <class Op, std::size_t count>
[[gnu::always_inline]] inline void attach_node(const Op& op, std::span<const Tensor* const, count> inputs,
                                          std::span<Tensor, outputs_of<Op>()> results) {
  State& s = state();
  if constexpr (has_backward<Op>) {
    if (s.grad_enabled) {
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
  if (s.inference) [[unlikely]]
    for (Tensor& result : results) result.impl().inference = true;
  if (s.trace != nullptr) [[unlikely]]
    s.trace->record(std::make_shared<AppliedOpOf<Op>>(op), inputs, results);
}

}  // namespace detail

/// Applies an op to tensors: promotes dtypes, runs forward, records what backward and attribution need.
template <class Op, class... Inputs>
  requires(Op::inputs == static_cast<int>(sizeof...(Inputs)))
auto apply(const Op& op, const Inputs&... inputs) {
  constexpr std::size_t n = sizeof...(Inputs);
  std::array<const Tensor*, n> pointers{&inputs...};
  for (const Tensor* x : pointers)
    if (!x->defined()) [[unlikely]]
      throw_undefined();
  if constexpr (requires { op.composite(inputs...); }) {
    if (tracing()) [[unlikely]] {
      auto composed = op.composite(inputs...);
      if (detail::first_of(composed).defined()) return composed;
    }
  }
  std::array<Tensor, n> holders;
  if (!detail::needs_no_conversion(detail::promotion<Op>(), pointers)) [[unlikely]]
    detail::convert_inputs(Op::name, detail::promotion<Op>(), pointers, holders);
  auto result = [&]<std::size_t... I>(std::index_sequence<I...>) {
    return op.forward(*pointers[I]...);
  }(std::make_index_sequence<n>());
  if constexpr (detail::outputs_of<Op>() == 1)
    detail::attach_node<Op, n>(op, pointers, std::span<Tensor, 1>(&result, 1));
  else
    detail::attach_node<Op, n>(op, pointers, result);
  return result;
}

/// The same for ops that take a list.
template <class Op>
  requires(Op::inputs == any_number)
Tensor apply(const Op& op, const std::vector<Tensor>& inputs) {
  std::vector<const Tensor*> pointers;
  pointers.reserve(inputs.size());
  for (const Tensor& x : inputs) {
    if (!x.defined()) throw_undefined();
    pointers.push_back(&x);
  }
  std::vector<Tensor> holders(inputs.size());
  if (!detail::needs_no_conversion(detail::promotion<Op>(), pointers))
    detail::convert_inputs(Op::name, detail::promotion<Op>(), pointers, holders);
  Tensor result = op.forward(std::span<const Tensor* const>(pointers));
  detail::attach_node<Op, std::dynamic_extent>(op, pointers, std::span<Tensor, 1>(&result, 1));
  return result;
}

// ---- the list of ops

/// Inputs of an op for tests, and how to call it with them.
struct Sample {
  std::string label;
  std::vector<Tensor> inputs;
  std::function<Tensor(const std::vector<Tensor>&)> call;
};

/// What tests walk: one row per op.
struct OpInfo {
  std::string_view name;
  std::string_view family;
  int inputs;
  bool differentiable;
  bool fused;
  Rule rule;
  std::vector<Sample> (*samples)(Dtype dtype);
  double (*reference1)(double) = nullptr;          ///< of an elementwise op of one tensor
  double (*reference2)(double, double) = nullptr;  ///< of an elementwise op of two
};

/// The compile-time list of a family.
template <class... Ops>
struct OpList {
  static std::vector<OpInfo> rows(std::string_view family) { return {row<Ops>(family)...}; }

 private:
  template <class Op>
  static OpInfo row(std::string_view family) {
    OpInfo info{Op::name, family, Op::inputs, detail::has_backward<Op>, detail::has_fused<Op>, Op::rule, &Op::samples};
    if constexpr (requires { Op::reference(0.0); }) info.reference1 = [](double x) { return Op::reference(x); };
    if constexpr (requires { Op::reference(0.0, 0.0); })
      info.reference2 = [](double a, double b) { return Op::reference(a, b); };
    return info;
  }
};

/// Every op of the library.
XG_API const std::vector<OpInfo>& all_ops();

}  // namespace xg::autograd
