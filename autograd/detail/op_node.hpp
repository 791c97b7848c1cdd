// The graph node of an op.
#pragma once

#include <xgrad/autograd/detail/node.hpp>
#include <xgrad/autograd/detail/op_context.hpp>
#include <xgrad/autograd/state.hpp>
#include <xgrad/tensor/memory.hpp>

#include <array>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace xg::autograd::detail {

[[noreturn]] void throw_released(const Node& node);

template <class Op> class NodeOf final : public Node {
 public:
  static constexpr std::size_t outputs = outputs_of<Op>();
  static constexpr unsigned mask = saves<Op>();
  static constexpr bool variadic = Op::inputs == any_number;
  static constexpr std::size_t fixed = variadic ? 0 : static_cast<std::size_t>(Op::inputs);
  template <class T> using PerInput = std::conditional_t<variadic, std::vector<T>, std::array<T, fixed>>;
  static_assert(!variadic || (mask & 0xffff) == 0, "an op of a list of tensors saves none of its inputs");

  /// A node for the results of `op`; `nodes` are those of the inputs, or null.
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
      if (mask >> (16 + i) & 1)
        std::construct_at(&saved_outputs_[slot_of_output(i)], results[i]);  // replaces an empty one
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
      if (mask >> (16 + i) & 1 && saved_outputs_[slot_of_output(i)].defined())
        unpacked[i] = saved_outputs_[slot_of_output(i)].unpack(*this, static_cast<std::uint8_t>(i));
    }
    std::array<Tensor, fixed> from_hooks;
    if (mask != 0 && extras && !extras->packed.empty()) [[unlikely]]
      unpack_saved(inputs, from_hooks, unpacked);
    PerInput<const Shape*> shapes{};
    if constexpr (variadic) shapes.resize(layouts_.size());
    for (std::size_t i = 0; i < shapes.size(); ++i) shapes[i] = &layouts_[i]->shape;
    if constexpr (has_backward<Op>)
      call_backward(op_, OpContext(inputs.data(), results.data(), shapes.data(), needed), grad_outputs, grad_inputs,
                    !state().derives_by_ops());
  }

  void release_saved() noexcept override {
    released = true;
    for (SavedInput& saved : saved_inputs_) saved.reset();
    for (SavedOutput& saved : saved_outputs_) saved.reset();
    if (extras) extras->packed.clear();
  }

  void pack_saved() override {
    for (std::size_t i = 0; i < fixed; ++i) {
      if (!(mask >> i & 1)) continue;
      SavedInput& saved = saved_inputs_[slot_of_input(i)];
      const bool leaf = edges_[i].node && edges_[i].node->is_leaf();
      if (!saved.defined() || leaf) continue;
      make_extras().packed.emplace_back(i, PackedTensor(saved.tensor()));
      saved.reset();
    }
    for (std::size_t i = 0; i < outputs; ++i) {
      if (!(mask >> (16 + i) & 1)) continue;
      SavedOutput& saved = saved_outputs_[slot_of_output(i)];
      if (!saved.defined()) continue;
      make_extras().packed.emplace_back(fixed + i, PackedTensor(saved.unpack(*this, static_cast<std::uint8_t>(i))));
      saved.reset();
    }
  }

 private:
  template <std::size_t... I> NodeOf(const Op& op, std::span<Node* const, fixed> nodes,
                                     std::span<const Tensor* const, fixed> inputs, std::index_sequence<I...>)
      : op_(op),
        edges_{Edge{NodeRef(nodes[I]), inputs[I]->unsafe_impl()->autograd_slot}...},
        layouts_{inputs[I]->unsafe_impl()->layout...} {
    const bool needed[] = {(nodes[I] != nullptr)...};
    ((needed[I] ? follow(*nodes[I]) : void()), ...);
    const auto save = [&](std::size_t i) { std::construct_at(&saved_inputs_[slot_of_input(i)], *inputs[i]); };
    ((mask >> I & 1 && reads_saved(op_, I, needed) ? save(I) : void()), ...);
  }

  /// Puts what the hooks kept in the place of the saved tensors, with their graph.
  [[gnu::noinline, gnu::cold]] void unpack_saved(std::array<const Tensor*, fixed + 1>& inputs,
                                                 std::array<Tensor, fixed>& from_hooks,
                                                 std::array<Tensor, outputs>& unpacked) {
    for (const auto& [i, packed] : extras->packed) {
      Tensor x = packed.unpack();
      const bool output = i >= fixed;
      const auto slot = static_cast<std::uint8_t>(output ? i - fixed : edges_[i].slot);
      if (state().derives_by_ops() && (output || edges_[i].node))
        set_node(x.impl(), output ? NodeRef(this) : edges_[i].node, slot);
      if (output) {
        unpacked[i - fixed] = std::move(x);
      } else {
        from_hooks[i] = std::move(x);
        inputs[i] = &from_hooks[i];
      }
    }
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

}  // namespace xg::autograd::detail
