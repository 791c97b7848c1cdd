#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/inspect.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/module.hpp>
#include <xgrad/nn/detail/release_list.hpp>
#include <xgrad/tensor/class_name.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/io/text.hpp>
#include <xgrad/tensor/random.hpp>
#include <xgrad/tensor/scope.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <typeinfo>
#include <unordered_map>
#include <unordered_set>

namespace xg::nn {
namespace {

thread_local constinit ForwardObserver* observer __attribute__((tls_model("initial-exec"))) = nullptr;

// A record of its own for the same elements. Tensors that own their elements share a block with them; parameters do
// not, so that Module::to can give them other elements while every handle stays valid.
Tensor with_own_record(const Tensor& value) {
  return Tensor::adopt(xg::detail::new_alias(value.impl()));
}

bool has_own_record(const Tensor& value) {
  return !value.impl().owner && value.impl().base() == nullptr;
}

// Gives `tensor` the elements of `fresh`, which may be of another dtype. All handles see it.
void replace_elements(const Tensor& tensor, const Tensor& fresh) {
  auto& to = static_cast<xg::detail::SharingImpl&>(tensor.impl());
  const xg::detail::TensorImpl& from = fresh.impl();
  from.storage().refs.acquire();
  xg::detail::Storage* old = std::exchange(to.of, &from.storage());
  to.data = from.data;
  to.dtype = from.dtype;
  to.layout = from.layout;
  xg::detail::release_storage(old);
}

std::string joined(const std::string& prefix, const std::string& name) {
  return prefix.empty() ? name : prefix + "." + name;
}

// One call of train from outside: how many levels below it the current one is, and the modules that are too deep.
struct ModeWalk {
  int level = 0;
  std::unordered_map<Module*, bool> waiting;
};
thread_local constinit ModeWalk* mode_walk __attribute__((tls_model("initial-exec"))) = nullptr;

/// "a, b, c and 7 more"
std::string listing(const std::vector<std::string>& texts, const char* separator = ", ") {
  constexpr std::size_t most = 20;
  std::vector<std::string> first;
  for (std::size_t i = 0; i < std::min(most, texts.size()); ++i) first.push_back(io::shortened(texts[i], 200));
  return fmt::format("{}{}", fmt::join(first, separator),
                     texts.size() > most ? fmt::format(" and {} more", texts.size() - most) : "");
}

}  // namespace

detail::KeepRandomState::KeepRandomState() : seed_(default_generator().seed()), offset_(default_generator().offset()) {}
detail::KeepRandomState::~KeepRandomState() {
  default_generator().manual_seed(seed_);
  default_generator().set_offset(offset_);
}

Module::Module(StringRef name) : name_(name.str()) {}
Module::Module(const Module& other, ShareChildren)
    : name_(other.name_),
      parameters_(other.parameters_),
      buffers_(other.buffers_),
      children_(other.children_),
      names_(other.names_),
      training_(other.training_) {}

// Modules may be nested deeper than the stack is.
Module::~Module() {
  if (children_.empty()) return;
  detail::ReleaseList<Module> list;
  for (; !children_.empty(); children_.pop_back()) list.add(std::move(children_.back().module));
}
Module::Module(Module&&) noexcept = default;
Module& Module::operator=(Module&&) noexcept = default;

Tensor Module::forward(const Tensor&) {
  throw Error(fmt::format(
      "[{}] this module has no forward of one tensor: call the forward it has, with all its inputs.", type_name()));
}

Tensor Module::operator()(const Tensor& x) {
  const Scope scope(scope_label());
#ifdef NDEBUG
  if (observer != nullptr) [[unlikely]]
    return call_watched(x);
#else
  if (observer != nullptr || !std::atomic_ref(registration_checked_).load(std::memory_order_relaxed))
    return call_watched(x);
#endif
  return forward(x);
}

Tensor Module::call_watched(const Tensor& x) {
  thread_local int depth = 0;
  struct Deeper {
    Deeper() { ++depth; }
    ~Deeper() { --depth; }
  } deeper;
  if (observer != nullptr) observer->before(*this, x);
  Tensor y = forward(x);
  if (observer != nullptr) observer->after(*this, x, y);
#ifndef NDEBUG
  if (depth == 1 && y.defined() && y.requires_grad()) check_registered(x, y);
#endif
  return y;
}

// A parameter that a constructor made but did not register would never be trained or saved. It is found among the
// leaves of the first graph; leaves that came in through x are the caller's.
void Module::check_registered(const Tensor& input, const Tensor& output) {
  std::unordered_set<const void*> known;
  for (const Tensor& p : parameters()) known.insert(autograd::leaf_identity(p));
  if (input.defined() && input.requires_grad())
    for (const void* leaf : autograd::leaf_identities(input)) known.insert(leaf);
  for (const void* leaf : autograd::leaf_identities(output))
    if (!known.contains(leaf))
      throw Error(
          fmt::format("[{}] a tensor that asks for gradients takes part in forward, but is not registered: make it "
                      "with param(\"name\", ...), or the module that holds it with add.",
                      type_name()));
  for (Module* module : modules())
    std::atomic_ref(module->registration_checked_).store(true, std::memory_order_relaxed);
}

// ---- the tree

void Module::check_name(const char* what, const std::string& name) const {
  if (name.empty()) throw ValueError(fmt::format("[{}.{}] the name is empty: give it one.", type_name(), what));
  if (name.find('.') != std::string::npos)
    throw ValueError(
        fmt::format("[{}.{}] name \"{}\" has a dot, which separates levels in a state dict: use another "
                    "character.",
                    type_name(), what, name));
  if (names_.contains(name))
    throw ValueError(
        fmt::format("[{}.{}] name \"{}\" is taken in this module: give each child, parameter and buffer its "
                    "own.",
                    type_name(), what, name));
}

void Module::add_child(StringRef text, std::shared_ptr<Module> child) {
  std::string name = text.str();
  check_name("add", name);
  if (child == nullptr) throw ValueError(fmt::format("[{}.add] child \"{}\" is null.", type_name(), name));
  if (child.get() == this) throw ValueError(fmt::format("[{}.add] a module cannot be its own child.", type_name()));
  if (child->name_ != name) {
    child->set_name(name);
    child->named_by_place_ = true;
  }
  names_.emplace(name, child.get());
  children_.push_back({std::move(name), std::move(child)});
}

Tensor Module::param(StringRef text, Tensor value) {
  std::string name = text.str();
  check_name("param", name);
  if (!value.defined())
    throw ValueError(fmt::format("[{}.param] \"{}\" is undefined, it must be a tensor.", type_name(), name));
  if (!value.is_floating_point())
    throw DtypeError(fmt::format("[{}.param] \"{}\" is {}, a parameter must be float32 or float64: use buffer.",
                                 type_name(), name, xg::name(value.dtype())));
  if (!value.is_leaf())
    throw AutogradError(
        fmt::format("[{}.param] \"{}\" is the result of {}, a parameter must be a leaf: pass "
                    "value.detach().",
                    type_name(), name, value.grad_fn_name()));
  if (!(value.requires_grad() && has_own_record(value))) {
    const NoGrad guard;
    value = with_own_record(value.is_contiguous() ? value : value.contiguous());
    value.requires_grad_();
  }
  names_.emplace(name, nullptr);
  parameters_.push_back({std::move(name), value});
  return value;
}

Tensor Module::buffer(StringRef text, Tensor value) {
  std::string name = text.str();
  check_name("buffer", name);
  if (!value.defined())
    throw ValueError(fmt::format("[{}.buffer] \"{}\" is undefined, it must be a tensor.", type_name(), name));
  const NoGrad guard;
  value = value.detach();
  if (!has_own_record(value)) value = with_own_record(value.is_contiguous() ? value : value.contiguous());
  names_.emplace(name, nullptr);
  buffers_.push_back({std::move(name), value});
  return value;
}

void Module::set_name(StringRef name) {
  name_ = name.str();
  named_by_place_ = false;
  scope_label_ = no_label;
}

std::int64_t Module::min_rows(const Shape&) const {
  return 1;
}

std::string Module::type_name() const {
  return xg::detail::short_class_name(typeid(*this).name());
}

std::string Module::label() const {
  const std::string type = type_name();
  return name_.empty() || name_ == type ? type : fmt::format("{} ({})", name_, type);
}

std::string Module::place_name(const Module& child) const {
  const std::string number = std::to_string(children_.size());
  if (child.name_.empty() || child.named_by_place_) return number;
  const auto known = names_.find(child.name_);
  const bool again = known != names_.end() && known->second == &child;
  return again ? child.name_ + "_" + number : child.name_;
}

// Several threads may call one module for the first time: they all find the same number.
std::uint32_t Module::intern() const {
  const std::uint32_t label_id = intern_label(label());
  std::atomic_ref(scope_label_).store(label_id, std::memory_order_relaxed);
  return label_id;
}

// It is virtual and so must call itself, but only down to a fixed depth: what lies deeper waits until the stack is free
// again. A call that comes to a waiting module in the meantime, from a class that overrides it, has the last word.
void Module::train(bool on) {
  if (training_ != on) training_ = on;  // several threads may put a model into the mode that it is in
  if (mode_walk != nullptr) mode_walk->waiting.erase(this);
  if (children_.empty()) return;
  if (mode_walk != nullptr) return train_children(on);
  ModeWalk walk;
  struct Outermost {
    explicit Outermost(ModeWalk& walk) { mode_walk = &walk; }
    ~Outermost() { mode_walk = nullptr; }
  } outermost(walk);
  train_children(on);
  while (!walk.waiting.empty()) {
    const auto [module, mode] = *walk.waiting.begin();
    walk.waiting.erase(walk.waiting.begin());
    module->train(mode);
  }
}

void Module::train_children(bool on) {
  constexpr int most_levels = 200;
  struct Deeper {
    Deeper() { ++mode_walk->level; }
    ~Deeper() { --mode_walk->level; }
  } deeper;
  for (const Child& child : children_) {
    if (mode_walk->level >= most_levels && !child.module->children_.empty())
      mode_walk->waiting[child.module.get()] = on;
    else
      child.module->train(on);
  }
}

void Module::build(const Shape&) {}
void Module::describe(LayerInfo&) const {}
std::int64_t Module::flops(const Shape&, const Shape&) const {
  return 0;
}

// f(path, module) for this module and all below it, parents first; a module in several places once for each. The path
// is one text that grows and shrinks, and the levels are on the heap: neither depth nor length of names costs more than
// once.
template <class F>
void Module::walk(F&& f) const {
  struct Level {
    const Module* module;
    std::size_t next_child;
    std::size_t path_length;
  };
  std::string path;
  std::vector<Level> levels;
  const auto enter = [&](const Module& module) {
    f(std::as_const(path), module);
    levels.push_back({&module, 0, path.size()});
  };
  enter(*this);
  while (!levels.empty()) {
    Level& level = levels.back();
    path.resize(level.path_length);
    if (level.next_child == level.module->children_.size()) {
      levels.pop_back();
      continue;
    }
    const Child& child = level.module->children_[level.next_child++];
    if (!path.empty()) path += '.';
    path += child.name;
    enter(*child.module);
  }
}

void Module::check_built() const {
  if (children_.empty() && !is_built())
    throw ValueError(
        fmt::format("[parameters] {} has none yet, because it does not know its number of inputs: give it, as "
                    "in Dense(in, units), call the layer on an nn::input, or run the model once.",
                    label()));
}

std::vector<std::pair<std::string, Tensor>> Module::named_parameters() const {
  std::vector<std::pair<std::string, Tensor>> all;
  std::unordered_set<const xg::detail::TensorImpl*> seen;
  walk([&](const std::string& path, const Module& module) {
    module.check_built();
    for (const Entry& p : module.parameters_)
      if (seen.insert(p.tensor.unsafe_impl()).second) all.emplace_back(joined(path, p.name), p.tensor);
  });
  return all;
}

std::vector<std::pair<std::string, Tensor>> Module::named_buffers() const {
  std::vector<std::pair<std::string, Tensor>> all;
  std::unordered_set<const xg::detail::TensorImpl*> seen;
  walk([&](const std::string& path, const Module& module) {
    for (const Entry& b : module.buffers_)
      if (seen.insert(b.tensor.unsafe_impl()).second) all.emplace_back(joined(path, b.name), b.tensor);
  });
  return all;
}

std::vector<Tensor> Module::parameters() const {
  std::vector<Tensor> all;
  std::unordered_set<const xg::detail::TensorImpl*> seen;
  walk([&](const std::string&, const Module& module) {
    module.check_built();
    for (const Entry& p : module.parameters_)
      if (seen.insert(p.tensor.unsafe_impl()).second) all.push_back(p.tensor);
  });
  return all;
}

std::vector<Tensor> Module::buffers() const {
  std::vector<Tensor> all;
  std::unordered_set<const xg::detail::TensorImpl*> seen;
  walk([&](const std::string&, const Module& module) {
    for (const Entry& b : module.buffers_)
      if (seen.insert(b.tensor.unsafe_impl()).second) all.push_back(b.tensor);
  });
  return all;
}

std::vector<Module*> Module::modules() {
  std::vector<Module*> all;
  std::unordered_set<const Module*> seen;
  walk([&](const std::string&, const Module& module) {
    if (seen.insert(&module).second) all.push_back(const_cast<Module*>(&module));
  });
  return all;
}

std::vector<std::pair<std::string, Module*>> Module::named_modules() {
  std::vector<std::pair<std::string, Module*>> all;
  std::unordered_set<const Module*> seen;
  walk([&](const std::string& path, const Module& module) {
    if (seen.insert(&module).second) all.emplace_back(path, const_cast<Module*>(&module));
  });
  return all;
}

std::vector<std::pair<std::string, Module*>> Module::named_children() {
  std::vector<std::pair<std::string, Module*>> all;
  for (const Child& child : children_) all.emplace_back(child.name, child.module.get());
  return all;
}

std::vector<Module*> Module::children() {
  std::vector<Module*> all;
  for (const Child& child : children_) all.push_back(child.module.get());
  return all;
}

Module& Module::apply(const std::function<void(Module&)>& f) {
  std::vector<std::pair<Module*, std::size_t>> levels{{this, 0}};
  while (!levels.empty()) {
    auto& [module, next_child] = levels.back();
    if (next_child < module->children_.size()) {
      Module* child = module->children_[next_child++].module.get();
      levels.emplace_back(child, 0);
      continue;
    }
    Module* done = module;
    levels.pop_back();
    f(*done);
  }
  return *this;
}

std::int64_t Module::num_parameters() const {
  std::int64_t count = 0;
  for (const Tensor& p : parameters()) count += p.numel();
  return count;
}

void Module::zero_grad() {
  for (Tensor& p : parameters()) p.zero_grad();
}

Module& Module::requires_grad_(bool value) {
  for (Tensor& p : parameters()) p.requires_grad_(value);
  return *this;
}

Module& Module::to(Dtype dtype) {
  if (!is_floating(dtype))
    throw DtypeError(
        fmt::format("[{}.to] dtype is {}, a module computes in float32 or float64.", type_name(), xg::name(dtype)));
  const NoGrad guard;
  for (Tensor& p : parameters()) {
    p.zero_grad();
    if (p.dtype() != dtype) replace_elements(p, p.detach().to(dtype).contiguous());
  }
  for (const Tensor& b : buffers())
    if (b.is_floating_point() && b.dtype() != dtype) replace_elements(b, b.to(dtype).contiguous());
  return *this;
}

// ---- state

StateDict Module::state_dict() const {
  StateDict state;
  walk([&](const std::string& path, const Module& module) {
    for (const Entry& p : module.parameters_) state[joined(path, p.name)] = p.tensor.detach();
    for (const Entry& b : module.buffers_) state[joined(path, b.name)] = b.tensor;
  });
  return state;
}

namespace {

/// One tensor of a module under all its names: tied parameters and layers in several places have more than one.
struct Slot {
  Tensor target;
  std::vector<std::string> keys;  // in the module's order
  Tensor source = {};             // contiguous, of the target's dtype and shape; undefined where nothing is given
};

/// Do the two hold the same elements, bit for bit? Both are contiguous and alike in dtype and shape.
bool same_bytes(const Tensor& a, const Tensor& b) {
  const auto bytes = static_cast<std::size_t>(a.numel()) * item_size(a.dtype());
  return bytes == 0 || a.impl().data == b.impl().data || std::memcmp(a.impl().data, b.impl().data, bytes) == 0;
}

/// Copies without allocating, so that nothing can stop it half way.
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
      std::int64_t rest = i, offset = 0;
      for (std::size_t d = shape.size(); d-- > 0; rest /= shape[d]) offset += rest % shape[d] * strides[d];
      std::memcpy(out + offset * static_cast<std::int64_t>(item), in + static_cast<std::size_t>(i) * item, item);
    }
  }
  xg::detail::bump_version(to.storage(), "load_state_dict");
}

}  // namespace

LoadReport Module::load_state_dict(const StateDict& state, LoadStateOptions options) {
  const NoGrad guard;
  std::vector<Slot> slots;
  std::unordered_map<const void*, std::size_t> places;
  std::unordered_set<std::string> known;
  std::unordered_set<const xg::detail::Storage*> storages;
  walk([&](const std::string& path, const Module& module) {
    for (const auto* entries : {&module.parameters_, &module.buffers_})
      for (const Entry& entry : *entries) {
        // Handles that share all elements are one tensor; one without elements is only itself.
        const xg::detail::TensorImpl& impl = entry.tensor.impl();
        const void* identity = entry.tensor.numel() > 0 ? impl.data : entry.tensor.unsafe_impl();
        const auto [place, fresh] = places.emplace(identity, slots.size());
        const bool tied = !fresh && slots[place->second].target.shape() == entry.tensor.shape() &&
                          slots[place->second].target.strides() == entry.tensor.strides() &&
                          slots[place->second].target.dtype() == entry.tensor.dtype();
        if (!tied) slots.push_back({entry.tensor.detach(), {}});
        Slot& slot = tied ? slots[place->second] : slots.back();
        slot.keys.push_back(joined(path, entry.name));
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
        // Elements of the module itself would change while they are copied, unless they stay where they are.
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
    throw ValueError(
        fmt::format("[{}.clone] the new module has other children, parameters or buffers than this one: "
                    "construct it with the same arguments.",
                    type_name()));
  };
  const auto copy = [&](const std::vector<Entry>& from, std::vector<Entry>& to) {
    if (from.size() != to.size()) differs();
    for (std::size_t i = 0; i < to.size(); ++i) {
      if (from[i].name != to[i].name || !(from[i].tensor.shape() == to[i].tensor.shape())) differs();
      replace_elements(to[i].tensor, from[i].tensor.detach().clone().contiguous());
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
  throw Error(
      fmt::format("[{}.clone] this class does not say how it is constructed: override clone, as in `return "
                  "clone_as(*this, constructor arguments...)`.",
                  type_name()));
}

// ---- observers

ForwardObserver::ForwardObserver() : previous_(observer) {
  observer = this;
}
ForwardObserver::~ForwardObserver() {
  observer = previous_;
}
void ForwardObserver::before(Module&, const Tensor&) {}

std::vector<LayerOutput> layer_outputs(Module& module, const Tensor& x) {
  struct Recorder : ForwardObserver {
    std::vector<LayerOutput> outputs;
    void after(Module& layer, const Tensor&, const Tensor& output) override {
      outputs.push_back({layer.name(), layer.type_name(), output});
    }
  } recorder;
  module(x);
  return std::move(recorder.outputs);
}

}  // namespace xg::nn
