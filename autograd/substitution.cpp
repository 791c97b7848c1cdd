#include <xgrad/autograd/detail/node.hpp>
#include <xgrad/autograd/detail/op_modes.hpp>
#include <xgrad/autograd/detail/strided.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/autograd/substitution.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace xg::autograd {
namespace {

void put_in_force(const Substitution* substitution, bool any) noexcept {
  state().substitution = substitution;
  state().set(mode_substitution, any);
}

/// The same elements and graph in a record of their own.
Tensor with_own_record(const Tensor& x) {
  Tensor alias = Tensor::adopt(xg::detail::new_alias(x.impl()));
  if (Node* node = node_of(x)) set_node(alias.impl(), NodeRef(node), x.impl().autograd_slot);
  return alias;
}

const bool installed = [] {
  xg::detail::substitute_for_reading = [](const xg::detail::TensorImpl& x) -> xg::detail::TensorImpl* {
    if (!state().has(mode_substitution)) [[likely]]
      return nullptr;
    auto& impl = const_cast<xg::detail::TensorImpl&>(x);
    impl.refs.acquire();
    return substitute_of(Tensor::adopt(&impl)).release();
  };
  return true;
}();

}  // namespace

Substitution::Substitution(std::span<const Tensor> originals, std::span<const Tensor> given)
    : previous_(state().substitution) {
  auto table = std::make_shared<Table>();
  table->originals.assign(originals.begin(), originals.end());
  table->outer = current();
  std::vector<Tensor> values;
  for (std::size_t i = 0; i < originals.size(); ++i) {
    Tensor value = substituted(given[i]);
    // A view of the original finds its elements in what stands for it, so the strides must agree.
    if (value.strides() != originals[i].strides()) value = value.contiguous();
    // A tensor that is given is never looked up again, even where it is another's original.
    const bool is_original = std::any_of(originals.begin(), originals.end(),
                                         [&](const Tensor& x) { return x.is_same(value) && !x.is_same(originals[i]); });
    values.push_back(is_original ? with_own_record(value) : value);
  }
  for (std::size_t i = 0; i < originals.size(); ++i) table->given[originals[i].unsafe_impl()] = values[i];
  table_ = std::move(table);
  put_in_force(this, true);
}

Substitution::Substitution(std::shared_ptr<const Table> table)
    : table_(std::move(table)), previous_(state().substitution) {
  put_in_force(this, table_ != nullptr);
}

Substitution::~Substitution() { put_in_force(previous_, previous_ != nullptr && previous_->table_ != nullptr); }

std::shared_ptr<const Substitution::Table> Substitution::current() {
  return state().substitution == nullptr ? nullptr : state().substitution->table_;
}

Tensor substitute_of(const Tensor& x) {
  if (state().substitution == nullptr || !x.defined()) return {};
  const xg::detail::TensorImpl& impl = x.impl();
  const xg::detail::TensorImpl* base = impl.base();
  for (const Substitution::Table* table = state().substitution->table_.get(); table != nullptr;
       table = table->outer.get()) {
    if (const auto found = table->given.find(&impl); found != table->given.end())
      return found->second.is_same(x) ? Tensor() : found->second;
    if (base == nullptr) continue;
    if (const auto found = table->given.find(base); found != table->given.end()) {
      const auto bytes = static_cast<const char*>(impl.data) - static_cast<const char*>(base->data);
      return as_strided(found->second, impl.shape(), impl.strides(),
                        bytes / static_cast<std::int64_t>(item_size(impl.dtype)));
    }
  }
  return {};
}

namespace detail {

void substitute(std::span<const Tensor*> inputs, std::span<Tensor> holders) {
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (Tensor given = substitute_of(*inputs[i]); given.defined()) {
      holders[i] = std::move(given);
      inputs[i] = &holders[i];
    }
}

}  // namespace detail
}  // namespace xg::autograd
