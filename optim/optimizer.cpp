#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/optim/detail/state_values.hpp>
#include <xgrad/optim/optimizer.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>
#include <unordered_set>

namespace xg::optim {
namespace {

constexpr std::int64_t long_state = 256;  // from this many elements on, a state begins on its own cache line

std::int64_t padded(std::int64_t numel) { return numel < long_state ? numel : (numel + 15) / 16 * 16; }

/// Calls its function at the end of the scope unless done() was called.
template <class F> class Rollback {
 public:
  explicit Rollback(F f) : f_(std::move(f)) {}
  Rollback(const Rollback&) = delete;
  Rollback& operator=(const Rollback&) = delete;
  ~Rollback() {
    if (!done_) f_();
  }
  void done() { done_ = true; }

 private:
  F f_;
  bool done_ = false;
};

}  // namespace

Optimizer::~Optimizer() = default;

void Hyperparameter::set(double value) const {
  if (number_ != nullptr)
    *number_ = value;
  else
    *flag_ = value != 0;
}

void Hyperparameter::check(std::string_view who, std::string_view called, double value) const {
  const auto [low, high, with_high] = range_;
  const bool inside =
      flag_ != nullptr ? value == 0 || value == 1 : value >= low && (with_high ? value <= high : value < high);
  const std::string needed = flag_ != nullptr   ? "0 or 1"
                             : std::isinf(low)  ? "a number"
                             : std::isinf(high) ? fmt::format("{} or more", low)
                                                : fmt::format("in [{}, {}{}", low, high, with_high ? ']' : ')');
  if (inside && std::isfinite(value)) return;
  raise<ValueError>("[{}] {} is {}, it must be {}{}.", who, called, value,
                    std::isfinite(value) || flag_ != nullptr ? "" : "finite and ", needed);
}

void Optimizer::add_group(std::vector<Tensor> params) {
  if (params.empty())
    raise<ValueError>(
        "[{}] the list of parameters is empty: pass model.parameters() after the model's layers know their sizes.",
        name());
  std::unordered_set<const xg::detail::TensorImpl*> known;
  for (const Group& group : groups_)
    for (const Tensor& param : group.params) known.insert(param.unsafe_impl());
  for (std::size_t i = 0; i < params.size(); ++i) {
    const Tensor& param = params[i];
    if (!param.defined()) raise<ValueError>("[{}] parameter {} is undefined, it must be a tensor.", name(), i);
    if (!param.is_leaf())
      raise<ValueError>(
          "[{}] parameter {} of shape {} is the result of {}, only leaves can be optimized: make it with "
          "requires_grad, or detach it.",
          name(), i, param.shape().str(), param.grad_fn_name());
    if (!is_floating(param.dtype()))
      raise<DtypeError>("[{}] parameter {} of shape {} is {}, it must be float32 or float64.", name(), i,
                        param.shape().str(), xg::name(param.dtype()));
    if (!known.insert(param.unsafe_impl()).second)
      raise<ValueError>("[{}] parameter {} of shape {} is given twice: a parameter belongs to one group.", name(), i,
                        param.shape().str());
  }
  Group group;
  group.slots.reserve(params.size());
  for (const Tensor& param : params) group.slots.push_back(Slot{.param = param, .dtype = param.dtype()});
  group.params = std::move(params);
  groups_.push_back(std::move(group));
}

void Optimizer::check_trainable() const {
  const std::vector<Tensor> all = parameters();
  if (std::none_of(all.begin(), all.end(), [](const Tensor& param) { return param.requires_grad(); }))
    raise<ValueError>(
        "[{}] every one of the {} parameters is frozen: call requires_grad_() on those that are to be trained.", name(),
        all.size());
}

template <class F>
void Optimizer::make_state(std::size_t index, std::vector<Slot>& all, std::vector<Tensor>& arenas, F&& wanted) const {
  const auto names = state_names(index);
  const auto used = static_cast<std::int64_t>(
      std::count_if(names.begin(), names.end(), [](const char* state) { return state[0] != '\0'; }));
  for (Dtype dtype : {Dtype::float32, Dtype::float64}) {
    std::vector<Slot*> slots;
    for (Slot& slot : all)
      if (slot.dtype == dtype && wanted(slot)) slots.push_back(&slot);
    // Long states come first: they are padded to whole cache lines, so each begins on one.
    std::stable_partition(slots.begin(), slots.end(),
                          [](const Slot* slot) { return slot->param.numel() >= long_state; });
    std::int64_t total = 0;
    for (const Slot* slot : slots) total += used * padded(slot->param.numel());
    char* next = nullptr;
    if (total > 0) {
      arenas.push_back(zeros({total}, {.dtype = dtype}));
      next = static_cast<char*>(arenas.back().impl().data);
    }
    for (Slot* slot : slots) {
      slot->ready = true;
      for (std::size_t k = 0; k < names.size(); ++k) {
        if (names[k][0] == '\0' || next == nullptr) continue;
        slot->state[k] = next;
        next += static_cast<std::size_t>(padded(slot->param.numel())) * item_size(dtype);
      }
    }
  }
}

void Optimizer::step() {
  for (std::size_t index = 0; index < groups_.size(); ++index) {
    begin(index);
    for (Slot& slot : groups_[index].slots) step_slot(index, slot);
  }
}

void Optimizer::step_slot(std::size_t group, Slot& slot) {
  const Tensor& grad = slot.param.grad();
  if (!grad.defined()) return;
  xg::detail::TensorImpl& p = slot.param.impl();
  const xg::detail::TensorImpl& g = grad.impl();
  if (p.dtype != slot.dtype || g.dtype != p.dtype) [[unlikely]]
    raise<DtypeError>(
        "[{}] a parameter of shape {} is {} and its gradient {}, at construction it was {}: make the optimizer after "
        "converting the model.",
        name(), p.shape().str(), xg::name(p.dtype), xg::name(g.dtype), xg::name(slot.dtype));
  if (!(p.shape() == g.shape())) [[unlikely]]
    raise<ShapeError>("[{}] a parameter has shape {} and its gradient {}, they must agree.", name(), p.shape().str(),
                      g.shape().str());
  if (!slot.ready) [[unlikely]]
    make_state(group, groups_[group].slots, groups_[group].arenas,
               [](const Slot& other) { return !other.ready && other.param.requires_grad(); });
  ++slot.step;
  if (p.contiguous() && g.contiguous()) [[likely]] {
    update(group, {p.data, g.data, p.numel(), p.dtype, slot});
    xg::detail::bump_version(p.storage(), name());
    return;
  }
  const NoGrad guard;
  Tensor alias = slot.param.detach();
  Tensor flat = alias.is_contiguous() ? alias : alias.clone().contiguous();
  const Tensor flat_grad = grad.contiguous();
  update(group, {flat.impl().data, flat_grad.impl().data, p.numel(), p.dtype, slot});
  if (flat.is_same(alias))
    xg::detail::bump_version(p.storage(), name());
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
    raise<IndexError>("[{}] group {} does not exist, there are {}.", name(), index, groups_.size());
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
  schedule_lr(group, lr);
  groups_[group].initial_lr.reset();
}

void Optimizer::schedule_lr(std::size_t group, double lr) {
  check_group(group);
  Hyperparameter("lr", lr).check(name(), "lr");
  rate(group) = lr;
}

double Optimizer::initial_lr(std::size_t group) {
  std::optional<double>& initial = groups_[group].initial_lr;
  if (!initial) initial = lr(group);
  return *initial;
}

void Optimizer::set_lr(double lr) {
  for (std::size_t group = 0; group < groups_.size(); ++group) set_lr(group, lr);
}

StateDict Optimizer::state_dict() const {
  StateDict state;
  std::size_t i = 0;
  for (std::size_t index = 0; index < groups_.size(); ++index) {
    for (const Hyperparameter& h : const_cast<Optimizer*>(this)->hyperparameters(index))
      state[fmt::format("group.{}.{}", index, h.key)] = detail::number(h.value());
    const auto names = state_names(index);
    for (const Slot& slot : groups_[index].slots) {
      const std::size_t number_of_slot = i++;
      if (slot.step == 0) continue;
      state[fmt::format("state.{}.step", number_of_slot)] = detail::number(static_cast<double>(slot.step));
      for (std::size_t k = 0; k < names.size(); ++k) {
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
  const std::string who = fmt::format("{}.load_state_dict", name());
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
    else
      return true;
    return false;
  };
  const auto has_state = [&](std::size_t i) {
    const auto first = state.lower_bound(fmt::format("state.{}.", i));
    return first != state.end() && first->first.starts_with(fmt::format("state.{}.", i));
  };

  // The options are loaded first, because they determine the states; they are restored if anything is wrong.
  struct Loaded {
    Hyperparameter place;
    std::string key;
    double value, before;
  };
  std::vector<Loaded> options;
  for (std::size_t index = 0; index < groups_.size(); ++index)
    for (const Hyperparameter& h : hyperparameters(index)) {
      std::string key = fmt::format("group.{}.{}", index, h.key);
      if (!expect(key, {})) continue;
      const double value = state.at(key).item<double>();
      options.push_back({h, std::move(key), value, h.value()});
    }
  for (const Loaded& option : options) option.place.check(who, option.key, option.value);
  Rollback rollback([&] {
    for (const Loaded& option : options) option.place.set(option.before);
  });
  for (const Loaded& option : options) option.place.set(option.value);

  std::size_t i = 0;
  for (std::size_t index = 0; index < groups_.size(); ++index)
    for (const Slot& slot : groups_[index].slots) {
      if (has_state(i)) {
        expect(fmt::format("state.{}.step", i), {});
        for (const char* state_name : state_names(index))
          if (state_name[0] != '\0') expect(fmt::format("state.{}.{}", i, state_name), slot.param.shape());
      }
      ++i;
    }
  if (!missing.empty() || !unexpected.empty() || !wrong.empty())
    raise<ValueError>(
        "[{}] the state does not fit this optimizer. Missing: {}. Unexpected: {}. Wrong shape: {}. Load it into an "
        "optimizer of the same kind with the same groups.",
        who, fmt::join(missing, ", "), fmt::join(unexpected, ", "), fmt::join(wrong, "; "));
  for (std::size_t index = 0; index < groups_.size(); ++index) check_combination(index);

  // The new state is complete before the old one is released.
  const NoGrad guard;
  struct Fresh {
    std::vector<Slot> slots;
    std::vector<Tensor> arenas;
  };
  std::vector<Fresh> fresh;
  i = 0;
  for (std::size_t index = 0; index < groups_.size(); ++index) {
    Fresh& group = fresh.emplace_back(Fresh{groups_[index].slots, {}});
    const auto names = state_names(index);
    const std::size_t first = i;
    for (Slot& slot : group.slots) slot.step = 0, slot.ready = false, slot.state = {};
    make_state(index, group.slots, group.arenas, [&](const Slot& slot) {
      return has_state(first + static_cast<std::size_t>(&slot - group.slots.data()));
    });
    for (Slot& slot : group.slots) {
      const std::size_t number_of_slot = i++;
      if (!slot.ready) continue;
      const std::string key = fmt::format("state.{}.step", number_of_slot);
      slot.step = detail::count_in(state, who, key);
      for (std::size_t k = 0; k < names.size(); ++k) {
        if (names[k][0] == '\0') continue;
        const Tensor values =
            state.at(fmt::format("state.{}.{}", number_of_slot, names[k])).to(slot.dtype).contiguous();
        if (values.numel() > 0)
          std::memcpy(slot.state[k], values.impl().data,
                      static_cast<std::size_t>(values.numel()) * item_size(slot.dtype));
      }
    }
  }
  rollback.done();
  for (std::size_t index = 0; index < groups_.size(); ++index) {
    groups_[index].slots.swap(fresh[index].slots);
    groups_[index].arenas.swap(fresh[index].arenas);
  }
}

}  // namespace xg::optim
