#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/inspect.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/autograd/substitution.hpp>
#include <xgrad/nn/detail/module_walk.hpp>
#include <xgrad/nn/detail/release_list.hpp>
#include <xgrad/nn/module.hpp>
#include <xgrad/tensor/class_name.hpp>
#include <xgrad/tensor/random.hpp>
#include <xgrad/tensor/scope.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <typeinfo>
#include <unordered_set>

namespace xg::nn {

namespace {

thread_local constinit ForwardObserver* observer __attribute__((tls_model("initial-exec"))) = nullptr;

// Returns a tensor whose record is separate from its elements. Most tensors are allocated in one block with their
// elements; parameters are not, so that Module::to can replace the elements while every handle stays valid.
Tensor with_own_record(const Tensor& value) { return Tensor::adopt(xg::detail::new_alias(value.impl())); }

bool has_own_record(const Tensor& value) { return !value.impl().owner() && value.impl().base() == nullptr; }

// The state of one outermost call of train: its depth of recursion, and the modules that are too deep to recurse into.
struct ModeWalk {
  int level = 0;
  std::unordered_map<Module*, bool> waiting;
};

thread_local constinit ModeWalk* mode_walk __attribute__((tls_model("initial-exec"))) = nullptr;

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

// Modules may be nested too deeply for recursion on the stack.
Module::~Module() {
  if (children_.empty()) return;
  detail::ReleaseList<Module> list;
  for (; !children_.empty(); children_.pop_back()) list.add(std::move(children_.back().module));
}

Module::Module(Module&&) noexcept = default;

Module& Module::operator=(Module&&) noexcept = default;

Tensor Module::forward(const Tensor&) {
  raise<Error>(
      "[{0}] this module has no `Tensor forward(const Tensor& x) override`: if it takes one tensor, declare its "
      "forward so (a forward of another signature, as of a Tensor by value, does not override it); else call the "
      "forward it has, with all its inputs.",
      type_name());
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

// A parameter that a constructor made but did not register would never be trained or saved. The leaves of the first
// graph reveal it; leaves that x depends on are the caller's.
void Module::check_registered(const Tensor& input, const Tensor& output) {
  std::unordered_set<const void*> known;
  for (const Tensor& p : parameters()) {
    known.insert(autograd::leaf_identity(p));
    if (const Tensor given = autograd::substitute_of(p); given.defined() && given.requires_grad())
      for (const void* leaf : autograd::leaf_identities(given)) known.insert(leaf);
  }
  if (input.defined() && input.requires_grad())
    for (const void* leaf : autograd::leaf_identities(input)) known.insert(leaf);
  for (const void* leaf : autograd::leaf_identities(output))
    if (!known.contains(leaf))
      raise<Error>(
          "[{}] a tensor that requires grad takes part in forward, but is not registered: make it with "
          "param(\"name\", ...), or the module that holds it with add.",
          type_name());
  for (Module* module : modules())
    std::atomic_ref(module->registration_checked_).store(true, std::memory_order_relaxed);
}

// ---- the tree

void Module::check_name(const char* what, const std::string& name) const {
  if (name.empty()) raise<ValueError>("[{}.{}] the name is empty: give it one.", type_name(), what);
  if (name.find('.') != std::string::npos)
    raise<ValueError>("[{}.{}] name \"{}\" has a dot, which separates levels in a state dict: use another character.",
                      type_name(), what, name);
  if (names_.contains(name))
    raise<ValueError>("[{}.{}] name \"{}\" is taken in this module: give each child, parameter and buffer its own.",
                      type_name(), what, name);
}

void Module::add_child(StringRef text, std::shared_ptr<Module> child) {
  std::string name = text.str();
  check_name("add", name);
  if (child == nullptr) raise<ValueError>("[{}.add] child \"{}\" is null.", type_name(), name);
  if (child.get() == this) raise<ValueError>("[{}.add] a module cannot be its own child.", type_name());
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
  if (!value.defined()) raise<ValueError>("[{}.param] \"{}\" is undefined, it must be a tensor.", type_name(), name);
  if (!value.is_floating_point())
    raise<DtypeError>("[{}.param] \"{}\" is {}, a parameter must be float32 or float64: use buffer.", type_name(), name,
                      xg::name(value.dtype()));
  if (!value.is_leaf())
    raise<AutogradError>("[{}.param] \"{}\" is the result of {}, a parameter must be a leaf: pass value.detach().",
                         type_name(), name, value.grad_fn_name());
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
  if (!value.defined()) raise<ValueError>("[{}.buffer] \"{}\" is undefined, it must be a tensor.", type_name(), name);
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

std::int64_t Module::min_rows(const Shape&) const { return 1; }

std::string Module::type_name() const { return xg::detail::short_class_name(typeid(*this).name()); }

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

// Several threads may call one module for the first time: they all store the same number.
std::uint32_t Module::intern() const {
  const std::uint32_t label_id = intern_label(label());
  std::atomic_ref(scope_label_).store(label_id, std::memory_order_relaxed);
  return label_id;
}

// train is virtual and therefore recursive, but only to a fixed depth: deeper modules wait until the recursion has
// returned. If an override calls train on a waiting module in the meantime, that call decides its mode.
void Module::train(bool on) {
  if (training_ != on) training_ = on;  // no write if unchanged: several threads may do this
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
  constexpr int max_levels = 200;
  struct Deeper {
    Deeper() { ++mode_walk->level; }
    ~Deeper() { --mode_walk->level; }
  } deeper;
  for (const Child& child : children_)
    if (mode_walk->level >= max_levels && !child.module->children_.empty())
      mode_walk->waiting[child.module.get()] = on;
    else
      child.module->train(on);
}

void Module::build(const Shape&) {}

void Module::describe(LayerInfo&) const {}

std::int64_t Module::flops(const Shape&, const Shape&) const { return 0; }

void Module::check_built() const {
  if (children_.empty() && !is_built())
    raise<ValueError>(
        "[parameters] {} has none yet, because it does not know its number of inputs: give it, as in Dense(in, units), "
        "call the layer on an nn::input, or run the model once.",
        label());
}

// Calls f(path, entry) for the parameters, or the buffers, of this module and all its descendants; for shared ones
// once.
template <class F> void Module::walk_tensors(const std::vector<Entry> Module::*entries, F&& f) const {
  std::unordered_set<const xg::detail::TensorImpl*> seen;
  walk([&](const std::string& path, const Module& module) {
    if (entries == &Module::parameters_) module.check_built();
    for (const Entry& entry : module.*entries)
      if (seen.insert(entry.tensor.unsafe_impl()).second) f(path, entry);
  });
}

std::vector<std::pair<std::string, Tensor>> Module::named_tensors(const std::vector<Entry> Module::*entries) const {
  std::vector<std::pair<std::string, Tensor>> all;
  walk_tensors(entries, [&](const std::string& path, const Entry& entry) {
    all.emplace_back(detail::joined(path, entry.name), entry.tensor);
  });
  return all;
}

std::vector<Tensor> Module::tensors(const std::vector<Entry> Module::*entries) const {
  std::vector<Tensor> all;
  walk_tensors(entries, [&](const std::string&, const Entry& entry) { all.push_back(entry.tensor); });
  return all;
}

std::vector<std::pair<std::string, Tensor>> Module::named_parameters() const {
  return named_tensors(&Module::parameters_);
}

std::vector<std::pair<std::string, Tensor>> Module::named_buffers() const { return named_tensors(&Module::buffers_); }

std::vector<Tensor> Module::parameters() const { return tensors(&Module::parameters_); }

std::vector<Tensor> Module::buffers() const { return tensors(&Module::buffers_); }

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
    raise<DtypeError>("[{}.to] dtype is {}, a module computes in float32 or float64.", type_name(), xg::name(dtype));
  const NoGrad guard;
  for (Tensor& p : parameters()) {
    p.zero_grad();
    if (p.dtype() != dtype) xg::detail::replace_elements(p.impl(), p.detach().to(dtype).contiguous().impl());
  }
  for (const Tensor& b : buffers())
    if (b.is_floating_point() && b.dtype() != dtype)
      xg::detail::replace_elements(b.impl(), b.to(dtype).contiguous().impl());
  return *this;
}

// ---- observers

ForwardObserver::ForwardObserver() : previous_(observer) { observer = this; }

ForwardObserver::~ForwardObserver() { observer = previous_; }

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
