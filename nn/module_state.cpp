// State dictionaries of modules, and copies.
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/detail/module_walk.hpp>
#include <xgrad/nn/module.hpp>
#include <xgrad/tensor/io/text.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace xg::nn {

namespace {

/// "a, b, c and 7 more"
std::string listing(const std::vector<std::string>& texts, const char* separator = ", ") {
  constexpr std::size_t max_texts = 20;
  std::vector<std::string> first;
  for (std::size_t i = 0; i < std::min(max_texts, texts.size()); ++i) first.push_back(io::shortened(texts[i], 200));
  return fmt::format("{}{}", fmt::join(first, separator),
                     texts.size() > max_texts ? fmt::format(" and {} more", texts.size() - max_texts) : "");
}

}  // namespace

// ---- state

StateDict Module::state_dict() const {
  StateDict state;
  walk([&](const std::string& path, const Module& module) {
    for (const Entry& p : module.parameters_) state[detail::joined(path, p.name)] = p.tensor.detach();
    for (const Entry& b : module.buffers_) state[detail::joined(path, b.name)] = b.tensor;
  });
  return state;
}

namespace {

/// A tensor of a module with all its names: tied parameters and layers in several places have more than one.
struct Slot {
  Tensor target;
  std::vector<std::string> keys;  // in the module's order
  Tensor source = {};             // contiguous, of the target's dtype and shape; undefined if not in the dictionary
};

/// Do the two hold the same elements, bit for bit? Both are contiguous and alike in dtype and shape.
bool same_bytes(const Tensor& a, const Tensor& b) {
  const auto bytes = static_cast<std::size_t>(a.numel()) * item_size(a.dtype());
  return bytes == 0 || a.impl().data == b.impl().data || std::memcmp(a.impl().data, b.impl().data, bytes) == 0;
}

/// Copies without allocating, so that it cannot fail halfway.
void overwrite(const Tensor& target, const Tensor& source) noexcept {
  const xg::detail::TensorImpl& to = target.impl();
  const std::size_t item = item_size(to.dtype);
  auto* out = static_cast<std::byte*>(to.data);
  const auto* in = static_cast<const std::byte*>(source.impl().data);
  const std::int64_t n = target.numel();
  if (to.contiguous()) {
    if (n > 0 && out != in) std::memcpy(out, in, static_cast<std::size_t>(n) * item);
  } else {
    const Shape &shape = to.shape(), &strides = to.strides();
    for (std::int64_t i = 0; i < n; ++i) {
      std::int64_t index = i, offset = 0;
      for (std::size_t d = shape.size(); d-- > 0; index /= shape[d]) offset += index % shape[d] * strides[d];
      std::memcpy(out + offset * static_cast<std::int64_t>(item), in + static_cast<std::size_t>(i) * item, item);
    }
  }
  xg::detail::bump_version(to.storage(), "load_state_dict");
}

}  // namespace

LoadReport Module::load_state_dict(const StateDict& state, LoadStateOptions options) {
  const NoGrad guard;
  std::vector<Slot> slots;
  std::unordered_map<const void*, std::size_t> slot_numbers;
  std::unordered_set<std::string> known;
  std::unordered_set<const xg::detail::Storage*> storages;
  walk([&](const std::string& path, const Module& module) {
    for (const auto* entries : {&module.parameters_, &module.buffers_})
      for (const Entry& entry : *entries) {
        // Handles with the same data pointer are one tensor; tensors without elements are told apart by their records.
        const xg::detail::TensorImpl& impl = entry.tensor.impl();
        const void* identity = entry.tensor.numel() > 0 ? impl.data : entry.tensor.unsafe_impl();
        const auto [found, is_new] = slot_numbers.emplace(identity, slots.size());
        const bool tied = !is_new && slots[found->second].target.shape() == entry.tensor.shape() &&
                          slots[found->second].target.strides() == entry.tensor.strides() &&
                          slots[found->second].target.dtype() == entry.tensor.dtype();
        if (!tied) slots.push_back({entry.tensor.detach(), {}});
        Slot& slot = tied ? slots[found->second] : slots.back();
        slot.keys.push_back(detail::joined(path, entry.name));
        known.insert(slot.keys.back());
        storages.insert(&impl.storage());
      }
  });

  // Everything is found, checked and converted before the first element is written.
  LoadReport report;
  std::vector<std::string> missing, shapes, conflicts;
  for (Slot& slot : slots) {
    const std::string* first = nullptr;
    bool found = false;
    for (const std::string& key : slot.keys) {
      const auto given = state.find(key);
      if (given == state.end() || !given->second.defined()) continue;
      const Tensor& value = given->second;
      found = true;
      if (!(value.shape() == slot.target.shape())) {
        shapes.push_back(fmt::format("{} is {}, needed {} ({} for {})", key, value.shape().str(),
                                     slot.target.shape().str(), xg::name(value.dtype()),
                                     xg::name(slot.target.dtype())));
        continue;
      }
      Tensor ready = value.detach().to(slot.target.dtype()).contiguous();
      if (value.is_floating_point() && !ready.is_floating_point() && !equal(ready.to(value.dtype()), value.detach())) {
        shapes.push_back(fmt::format("{} has numbers that {} does not hold", key, xg::name(ready.dtype())));
        continue;
      }
      if (first == nullptr) {
        first = &key;
        // A source that shares memory with the module would change while it is copied, unless it is its own target.
        const bool own = storages.contains(&ready.impl().storage());
        slot.source = own && ready.impl().data != slot.target.impl().data ? ready.clone() : std::move(ready);
      } else if (options.strict && !same_bytes(ready, slot.source)) {
        conflicts.push_back(fmt::format("{} and {}", *first, key));
      }
    }
    if (found) continue;
    report.missing.insert(report.missing.end(), slot.keys.begin(), slot.keys.end());
    missing.push_back(fmt::format("{}", fmt::join(slot.keys, " or ")));
  }
  for (const auto& [key, tensor] : state)
    if (!known.contains(key)) report.unexpected.push_back(key);
  std::sort(report.missing.begin(), report.missing.end());
  std::sort(missing.begin(), missing.end());
  if (!shapes.empty() || !conflicts.empty() || (options.strict && !report.complete())) {
    std::string message = fmt::format("[{}.load_state_dict] the state does not fit this module.", type_name());
    if (!missing.empty()) message += fmt::format(" Missing: {}.", listing(missing));
    if (!report.unexpected.empty()) message += fmt::format(" Unexpected: {}.", listing(report.unexpected));
    if (!shapes.empty()) message += fmt::format(" Wrong shape: {}.", listing(shapes, "; "));
    if (!conflicts.empty())
      message += fmt::format(" Names of one tensor with different values: {}.", listing(conflicts, "; "));
    message += shapes.empty() ? " Load it into a module of the same structure, or pass {.strict = false}."
                              : " Load it into a module of the same structure.";
    throw ValueError(message);
  }
  for (const Slot& slot : slots)
    if (slot.source.defined()) overwrite(slot.target, slot.source);
  return report;
}

void Module::copy_state_from(const Module& other) {
  std::vector<const Module*> sources, targets;
  other.walk([&](const std::string&, const Module& module) { sources.push_back(&module); });
  walk([&](const std::string&, const Module& module) { targets.push_back(&module); });
  const auto differs = [&] {
    raise<ValueError>(
        "[{}.clone] the new module has other children, parameters or buffers than this one: construct it with the same "
        "arguments.",
        type_name());
  };
  const auto copy = [&](const std::vector<Entry>& from, std::vector<Entry>& to) {
    if (from.size() != to.size()) differs();
    for (std::size_t i = 0; i < to.size(); ++i) {
      if (from[i].name != to[i].name || !(from[i].tensor.shape() == to[i].tensor.shape())) differs();
      xg::detail::replace_elements(to[i].tensor.impl(), from[i].tensor.detach().clone().contiguous().impl());
    }
  };
  if (sources.size() != targets.size()) differs();
  const NoGrad guard;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    auto& target = const_cast<Module&>(*targets[i]);
    copy(sources[i]->parameters_, target.parameters_);
    copy(sources[i]->buffers_, target.buffers_);
    target.training_ = sources[i]->training_;
    for (std::size_t k = 0; k < target.parameters_.size(); ++k)
      target.parameters_[k].tensor.requires_grad_(sources[i]->parameters_[k].tensor.requires_grad());
  }
}

std::shared_ptr<Module> Module::clone() const {
  raise<Error>(
      "[{}.clone] this class does not say how it is constructed: override clone, as in `return clone_as(*this, "
      "constructor arguments...)`.",
      type_name());
}

}  // namespace xg::nn
