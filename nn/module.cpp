#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/inspect.hpp>
#include <xgrad/nn/module.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/random.hpp>
#include <xgrad/tensor/scope.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cxxabi.h>
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <typeinfo>
#include <unordered_set>

namespace xg::nn {
namespace {

thread_local constinit ForwardObserver* observer __attribute__((tls_model("initial-exec"))) = nullptr;

// "xg::nn::Dense" without its namespaces: the last name outside of template arguments.
std::string short_class_name(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status),
                                                    std::free);
  std::string full = status == 0 ? text.get() : type.name();
  full.resize(std::min(full.find('<'), full.size()));
  const std::size_t colon = full.rfind("::");
  return colon == std::string::npos ? full : full.substr(colon + 2);
}

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

}  // namespace

detail::KeepRandomState::KeepRandomState() : seed_(default_generator().seed()), offset_(default_generator().offset()) {}
detail::KeepRandomState::~KeepRandomState() {
  default_generator().manual_seed(seed_);
  default_generator().set_offset(offset_);
}

Module::Module(std::string name) : name_(std::move(name)) {}
Module::Module(const Module& other, ShareChildren)
    : name_(other.name_),
      parameters_(other.parameters_),
      buffers_(other.buffers_),
      children_(other.children_),
      training_(other.training_) {}
Module::~Module() = default;
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
  for (auto& [path, module] : named_modules())
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
  const auto taken = [&](const auto& list) {
    return std::any_of(list.begin(), list.end(), [&](const auto& entry) { return entry.name == name; });
  };
  if (taken(children_) || taken(parameters_) || taken(buffers_))
    throw ValueError(
        fmt::format("[{}.{}] name \"{}\" is taken in this module: give each child, parameter and buffer its "
                    "own.",
                    type_name(), what, name));
}

void Module::add_child(std::string name, std::shared_ptr<Module> child) {
  check_name("add", name);
  if (child == nullptr) throw ValueError(fmt::format("[{}.add] child \"{}\" is null.", type_name(), name));
  if (child.get() == this) throw ValueError(fmt::format("[{}.add] a module cannot be its own child.", type_name()));
  if (child->name_ != name) {
    child->set_name(name);
    child->named_by_place_ = true;
  }
  children_.push_back({std::move(name), std::move(child)});
}

Tensor Module::param(std::string name, Tensor value) {
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
  parameters_.push_back({std::move(name), value});
  return value;
}

Tensor Module::buffer(std::string name, Tensor value) {
  check_name("buffer", name);
  if (!value.defined())
    throw ValueError(fmt::format("[{}.buffer] \"{}\" is undefined, it must be a tensor.", type_name(), name));
  const NoGrad guard;
  value = value.detach();
  if (!has_own_record(value)) value = with_own_record(value.is_contiguous() ? value : value.contiguous());
  buffers_.push_back({std::move(name), value});
  return value;
}

void Module::set_name(std::string name) {
  name_ = std::move(name);
  named_by_place_ = false;
  scope_label_ = no_label;
}

std::string Module::type_name() const {
  return short_class_name(typeid(*this));
}

std::string Module::label() const {
  const std::string type = type_name();
  return name_.empty() || name_ == type ? type : fmt::format("{} ({})", name_, type);
}

std::string Module::place_name(const Module& child) const {
  const std::string number = std::to_string(children_.size());
  if (child.name_.empty() || child.named_by_place_) return number;
  const bool again = std::any_of(children_.begin(), children_.end(), [&](const Child& known) {
    return known.module.get() == &child && known.name == child.name_;
  });
  return again ? child.name_ + "_" + number : child.name_;
}

// Several threads may call one module for the first time: they all find the same number.
std::uint32_t Module::intern() const {
  const std::uint32_t label_id = intern_label(label());
  std::atomic_ref(scope_label_).store(label_id, std::memory_order_relaxed);
  return label_id;
}

void Module::train(bool on) {
  if (training_ != on) training_ = on;  // several threads may put a model into the mode that it is in
  for (const Child& child : children_) child.module->train(on);
}

void Module::build(const Shape&) {}
void Module::describe(LayerInfo&) const {}
std::int64_t Module::flops(const Shape&, const Shape&) const {
  return 0;
}

// f(path, module) for this module and all below it, parents first; a module in several places once for each.
template <class F>
void Module::walk(const std::string& prefix, F&& f) const {
  f(prefix, *this);
  for (const Child& child : children_) child.module->walk(joined(prefix, child.name), f);
}

std::vector<std::pair<std::string, Tensor>> Module::named_parameters() const {
  std::vector<std::pair<std::string, Tensor>> all;
  std::unordered_set<const xg::detail::TensorImpl*> seen;
  walk("", [&](const std::string& path, const Module& module) {
    if (module.children_.empty() && !module.is_built())
      throw ValueError(
          fmt::format("[parameters] {} has none yet, because it does not know its number of inputs: give it, as "
                      "in Dense(in, units), call the layer on an nn::input, or run the model once.",
                      module.label()));
    for (const Entry& p : module.parameters_)
      if (seen.insert(p.tensor.unsafe_impl()).second) all.emplace_back(joined(path, p.name), p.tensor);
  });
  return all;
}

std::vector<std::pair<std::string, Tensor>> Module::named_buffers() const {
  std::vector<std::pair<std::string, Tensor>> all;
  std::unordered_set<const xg::detail::TensorImpl*> seen;
  walk("", [&](const std::string& path, const Module& module) {
    for (const Entry& b : module.buffers_)
      if (seen.insert(b.tensor.unsafe_impl()).second) all.emplace_back(joined(path, b.name), b.tensor);
  });
  return all;
}

namespace {
std::vector<Tensor> tensors_of(std::vector<std::pair<std::string, Tensor>> named) {
  std::vector<Tensor> tensors;
  tensors.reserve(named.size());
  for (auto& [name, tensor] : named) tensors.push_back(std::move(tensor));
  return tensors;
}
}  // namespace

std::vector<Tensor> Module::parameters() const {
  return tensors_of(named_parameters());
}
std::vector<Tensor> Module::buffers() const {
  return tensors_of(named_buffers());
}

std::vector<std::pair<std::string, Module*>> Module::named_modules() {
  std::vector<std::pair<std::string, Module*>> all;
  std::unordered_set<const Module*> seen;
  walk("", [&](const std::string& path, const Module& module) {
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
  for (const Child& child : children_) child.module->apply(f);
  f(*this);
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
  walk("", [&](const std::string& path, const Module& module) {
    for (const Entry& p : module.parameters_) state[joined(path, p.name)] = p.tensor.detach();
    for (const Entry& b : module.buffers_) state[joined(path, b.name)] = b.tensor;
  });
  return state;
}

LoadReport Module::load_state_dict(const StateDict& state, LoadStateOptions options) {
  const StateDict own = state_dict();
  LoadReport report;
  std::vector<std::string> shapes;
  for (const auto& [key, tensor] : own) {
    const auto given = state.find(key);
    if (given == state.end() || !given->second.defined())
      report.missing.push_back(key);
    else if (!(given->second.shape() == tensor.shape()))
      shapes.push_back(fmt::format("{} is {}, needed {}", key, given->second.shape().str(), tensor.shape().str()));
  }
  for (const auto& [key, tensor] : state)
    if (!own.contains(key)) report.unexpected.push_back(key);
  if (!shapes.empty() || (options.strict && !report.complete())) {
    std::string message = fmt::format("[{}.load_state_dict] the state does not fit this module.", type_name());
    if (!report.missing.empty()) message += fmt::format(" Missing: {}.", fmt::join(report.missing, ", "));
    if (!report.unexpected.empty()) message += fmt::format(" Unexpected: {}.", fmt::join(report.unexpected, ", "));
    if (!shapes.empty()) message += fmt::format(" Wrong shape: {}.", fmt::join(shapes, "; "));
    message += shapes.empty() ? " Load it into a module of the same structure, or pass {.strict = false}."
                              : " Load it into a module of the same structure.";
    throw ValueError(message);
  }
  const NoGrad guard;
  for (const auto& [key, tensor] : own) {
    const auto given = state.find(key);
    if (given == state.end() || !given->second.defined()) continue;
    Tensor target = tensor;
    target.copy_(given->second);
  }
  return report;
}

void Module::copy_state_from(const Module& other) {
  std::vector<const Module*> sources, targets;
  other.walk("", [&](const std::string&, const Module& module) { sources.push_back(&module); });
  walk("", [&](const std::string&, const Module& module) { targets.push_back(&module); });
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
