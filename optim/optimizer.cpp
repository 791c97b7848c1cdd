#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/optim/optimizer.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/error.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>
#include <unordered_set>

namespace xg::optim {
namespace {

constexpr std::int64_t long_state = 256;  // elements from which on a state starts on a cache line of its own

std::int64_t padded(std::int64_t numel) {
  return numel < long_state ? numel : (numel + 15) / 16 * 16;
}

Tensor number(double value) {
  return scalar_tensor(value, {.dtype = Dtype::float64});
}

}  // namespace

Optimizer::~Optimizer() = default;

void Optimizer::require(bool ok, const char* option, double value, const char* needed) const {
  if (!ok) throw ValueError(fmt::format("[{}] {} is {}, it must be {}.", name(), option, value, needed));
}

void Optimizer::add_group(std::vector<Tensor> params) {
  if (params.empty())
    throw ValueError(
        fmt::format("[{}] the list of parameters is empty: pass model.parameters() after the model's layers "
                    "know their sizes.",
                    name()));
  std::unordered_set<const detail::TensorImpl*> known;
  for (const Group& group : groups_)
    for (const Tensor& param : group.params) known.insert(param.unsafe_impl());
  for (std::size_t i = 0; i < params.size(); ++i) {
    const Tensor& param = params[i];
    if (!param.defined())
      throw ValueError(fmt::format("[{}] parameter {} is undefined, it must be a tensor.", name(), i));
    if (!param.is_leaf())
      throw ValueError(
          fmt::format("[{}] parameter {} of shape {} is the result of {}, only leaves can be optimized: make "
                      "it with requires_grad, or detach it.",
                      name(), i, param.shape().str(), param.grad_fn_name()));
    if (!param.requires_grad())
      throw ValueError(fmt::format("[{}] parameter {} of shape {} asks for no gradient: call requires_grad_().", name(),
                                   i, param.shape().str()));
    if (!known.insert(param.unsafe_impl()).second)
      throw ValueError(fmt::format("[{}] parameter {} of shape {} is given twice: a parameter belongs to one group.",
                                   name(), i, param.shape().str()));
  }
  Group group;
  group.slots.reserve(params.size());
  for (const Tensor& param : params) group.slots.push_back(Slot{.param = param, .dtype = param.dtype()});
  group.params = std::move(params);
  groups_.push_back(std::move(group));
}

void Optimizer::make_state(std::size_t index) {
  Group& group = groups_[index];
  const auto names = state_names(index);
  const auto used = static_cast<std::int64_t>(
      std::count_if(names.begin(), names.end(), [](const char* state) { return state[0] != '\0'; }));
  for (Dtype dtype : {Dtype::float32, Dtype::float64}) {
    std::vector<Slot*> slots;
    for (Slot& slot : group.slots)
      if (slot.dtype == dtype) slots.push_back(&slot);
    // The long ones first: what stands before a long one is then padded.
    std::stable_partition(slots.begin(), slots.end(), [](const Slot* slot) { return slot->param.numel() >= long_state; });
    std::int64_t total = 0;
    for (const Slot* slot : slots) total += used * padded(slot->param.numel());
    if (total == 0) continue;
    Tensor arena = zeros({total}, {.dtype = dtype});
    char* next = static_cast<char*>(arena.impl().data);
    for (Slot* slot : slots)
      for (std::size_t k = 0; k < max_slots; ++k) {
        if (names[k][0] == '\0') continue;
        slot->state[k] = next;
        next += static_cast<std::size_t>(padded(slot->param.numel())) * item_size(dtype);
      }
    group.arenas.push_back(std::move(arena));
  }
  group.ready = true;
}

void Optimizer::step() {
  for (std::size_t index = 0; index < groups_.size(); ++index) {
    if (!groups_[index].ready) make_state(index);
    for (Slot& slot : groups_[index].slots) step_slot(index, slot);
  }
}

void Optimizer::step_slot(std::size_t group, Slot& slot) {
  const Tensor& grad = slot.param.grad();
  if (!grad.defined()) return;
  detail::TensorImpl& p = slot.param.impl();
  const detail::TensorImpl& g = grad.impl();
  if (p.dtype != slot.dtype || g.dtype != p.dtype) [[unlikely]]
    throw DtypeError(
        fmt::format("[{}] a parameter of shape {} is {} and its gradient {}, at construction it was {}: make "
                    "the optimizer after converting the model.",
                    name(), p.shape().str(), xg::name(p.dtype), xg::name(g.dtype), xg::name(slot.dtype)));
  if (!(p.shape() == g.shape())) [[unlikely]]
    throw ShapeError(fmt::format("[{}] a parameter has shape {} and its gradient {}, they must agree.", name(),
                                 p.shape().str(), g.shape().str()));
  ++slot.step;
  if (p.contiguous() && g.contiguous()) [[likely]] {
    update(group, {p.data, g.data, p.numel(), p.dtype, slot});
    detail::bump_version(p.storage(), name());
    return;
  }
  const NoGrad guard;
  Tensor alias = slot.param.detach();
  Tensor flat = alias.is_contiguous() ? alias : alias.clone().contiguous();
  const Tensor flat_grad = grad.contiguous();
  update(group, {flat.impl().data, flat_grad.impl().data, p.numel(), p.dtype, slot});
  if (flat.is_same(alias))
    detail::bump_version(p.storage(), name());
  else
    alias.copy_(flat);
}

void Optimizer::zero_grad() {
  for (Group& group : groups_)
    for (Slot& slot : group.slots) slot.param.zero_grad();
}

std::vector<Tensor> Optimizer::parameters() const {
  std::vector<Tensor> all;
  for (const Group& group : groups_) all.insert(all.end(), group.params.begin(), group.params.end());
  return all;
}

void Optimizer::check_group(std::size_t index) const {
  if (index >= groups_.size())
    throw IndexError(fmt::format("[{}] group {} does not exist, there are {}.", name(), index, groups_.size()));
}

const std::vector<Tensor>& Optimizer::group(std::size_t index) const {
  check_group(index);
  return groups_[index].params;
}

double Optimizer::lr(std::size_t group) const {
  check_group(group);
  return const_cast<Optimizer*>(this)->rate(group);
}

void Optimizer::set_lr(std::size_t group, double lr) {
  check_group(group);
  require(lr >= 0 && std::isfinite(lr), "lr", lr, "finite and 0 or more");
  rate(group) = lr;
}

void Optimizer::set_lr(double lr) {
  for (std::size_t group = 0; group < groups_.size(); ++group) set_lr(group, lr);
}

StateDict Optimizer::state_dict() const {
  StateDict state;
  std::size_t i = 0;
  for (std::size_t index = 0; index < groups_.size(); ++index) {
    for (const Hyperparameter& h : const_cast<Optimizer*>(this)->hyperparameters(index))
      state[fmt::format("group.{}.{}", index, h.name)] =
          number(h.number != nullptr ? *h.number : (*h.flag ? 1.0 : 0.0));
    const auto names = state_names(index);
    for (const Slot& slot : groups_[index].slots) {
      const std::size_t number_of_slot = i++;
      if (slot.step == 0) continue;
      state[fmt::format("state.{}.step", number_of_slot)] = number(static_cast<double>(slot.step));
      for (std::size_t k = 0; k < max_slots; ++k) {
        if (names[k][0] == '\0') continue;
        Tensor copy = empty(slot.param.shape(), {.dtype = slot.dtype});
        if (copy.numel() > 0)
          std::memcpy(copy.impl().data, slot.state[k], static_cast<std::size_t>(copy.numel()) * item_size(slot.dtype));
        state[fmt::format("state.{}.{}", number_of_slot, names[k])] = std::move(copy);
      }
    }
  }
  return state;
}

void Optimizer::load_state_dict(const StateDict& state) {
  std::set<std::string> unexpected;
  for (const auto& [key, value] : state) unexpected.insert(key);
  std::vector<std::string> missing, wrong;
  const auto expect = [&](const std::string& key, const Shape& shape) {
    unexpected.erase(key);
    const auto found = state.find(key);
    if (found == state.end())
      missing.push_back(key);
    else if (!found->second.defined())
      wrong.push_back(fmt::format("{} is undefined", key));
    else if (!(found->second.shape() == shape))
      wrong.push_back(fmt::format("{} is {}, needed {}", key, found->second.shape().str(), shape.str()));
  };
  const auto has_state = [&](std::size_t i) {
    const auto first = state.lower_bound(fmt::format("state.{}.", i));
    return first != state.end() && first->first.starts_with(fmt::format("state.{}.", i));
  };
  std::size_t i = 0;
  for (std::size_t index = 0; index < groups_.size(); ++index) {
    for (const Hyperparameter& h : hyperparameters(index)) expect(fmt::format("group.{}.{}", index, h.name), {});
    for (const Slot& slot : groups_[index].slots) {
      if (has_state(i)) {
        expect(fmt::format("state.{}.step", i), {});
        for (const char* name : state_names(index))
          if (name[0] != '\0') expect(fmt::format("state.{}.{}", i, name), slot.param.shape());
      }
      ++i;
    }
  }
  if (!missing.empty() || !unexpected.empty() || !wrong.empty())
    throw ValueError(
        fmt::format("[{}.load_state_dict] the state does not fit this optimizer. Missing: {}. Unexpected: {}. "
                    "Wrong shape: {}. Load it into an optimizer with the same groups and options.",
                    name(), fmt::join(missing, ", "), fmt::join(unexpected, ", "), fmt::join(wrong, "; ")));
  const NoGrad guard;
  i = 0;
  for (std::size_t index = 0; index < groups_.size(); ++index) {
    for (const Hyperparameter& h : hyperparameters(index)) {
      const double value = state.at(fmt::format("group.{}.{}", index, h.name)).item<double>();
      if (h.number != nullptr)
        *h.number = value;
      else
        *h.flag = value != 0;
    }
    groups_[index].arenas.clear();
    make_state(index);
    const auto names = state_names(index);
    for (Slot& slot : groups_[index].slots) {
      const std::size_t number_of_slot = i++;
      slot.step = 0;
      if (!has_state(number_of_slot)) continue;
      slot.step = state.at(fmt::format("state.{}.step", number_of_slot)).item<std::int64_t>();
      for (std::size_t k = 0; k < max_slots; ++k) {
        if (names[k][0] == '\0') continue;
        const Tensor values =
            state.at(fmt::format("state.{}.{}", number_of_slot, names[k])).to(slot.dtype).contiguous();
        if (values.numel() > 0)
          std::memcpy(slot.state[k], values.impl().data,
                      static_cast<std::size_t>(values.numel()) * item_size(slot.dtype));
      }
    }
  }
}

}  // namespace xg::optim
