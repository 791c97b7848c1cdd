// The tree of modules: parameters, buffers and children register where they are declared.
#pragma once

#include <xgrad/nn/summary.hpp>
#include <xgrad/tensor/state_dict.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <atomic>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

namespace xg::nn {

class Module;
namespace detail {
template <class T> class ReleaseList;
/// The options of a layer: what its constructor takes last.
template <class T> struct LastArgument;
template <class... Args>
  requires(sizeof...(Args) > 0)
struct LastArgument<std::tuple<Args...>> {
  using type = std::tuple_element_t<sizeof...(Args) - 1, std::tuple<Args...>>;
};
template <class T> using OptionsOf = typename LastArgument<decltype(std::declval<const T&>().arguments())>::type;
}  // namespace detail

/// Tensors by name, as PyTorch names them: "h1.weight".
using xg::StateDict;

/// A module that may be used in several places: its parameters count once. Made by nn::shared(Dense(...)).
template <class M> class Shared;

/// A class derived from Module.
template <class M>
concept ModuleType = std::derived_from<M, Module>;

/// Options of load_state_dict() and load().
struct LoadStateOptions {
  bool strict = true;  ///< missing and unexpected keys are an error; else they are only reported
};

/// What load_state_dict found.
struct LoadReport {
  std::vector<std::string> missing;                                        ///< of the module, not in the dictionary
  std::vector<std::string> unexpected;                                     ///< in the dictionary, not of the module
  bool complete() const { return missing.empty() && unexpected.empty(); }  ///< neither missing nor unexpected keys?
};

/// Anything with parameters and a forward.
///
///     struct Block : xg::nn::Module {
///       xg::nn::Linear& fc;
///       xg::Tensor scale;
///       Block(int64_t n) : fc(add<xg::nn::Linear>("fc", n, n)), scale(param("scale", xg::ones({n}))) {}
///       xg::Tensor forward(const xg::Tensor& x) override { return relu(fc(x)) * scale + x; }
///     };
///
/// A module moves but is not copied: references to children could not follow. `clone()` copies.
class XG_API Module {
 public:
  explicit Module(StringRef name = {});        ///< a module without parameters, in training mode
  virtual ~Module();                           ///< Children that nobody shares go with it, however deep the nesting is.
  Module(Module&& other) noexcept;             ///< takes over parameters, buffers and children
  Module& operator=(Module&& other) noexcept;  ///< lets go of its own, then takes over
  Module& operator=(const Module&) = delete;
  Module(const Module&) = delete;

  /// The result for one tensor. A module of several inputs has an overload of its own and `using Module::forward;`.
  /// Throws Error where a module has none.
  virtual Tensor forward(const Tensor& x);
  /// forward(x), inside the scope of this module, so that errors carry its path.
  Tensor operator()(const Tensor& x);

  // ---- the tree
  /// Makes a child in place: `add<Linear>("fc", 10, 6)`. Throws ValueError for a name that is empty, taken or has a
  /// dot.
  template <ModuleType T, class... Args>
    requires std::constructible_from<T, Args...>
  T& add(StringRef name, Args&&... args) {
    auto child = std::make_shared<T>(std::forward<Args>(args)...);
    T& reference = *child;
    add_child(name, std::move(child));
    return reference;
  }
  /// The same with options in braces: `add<Linear>("fc", 10, 6, {.bias = false})`.
  template <ModuleType T> T& add(StringRef name, detail::OptionsOf<T> options) {
    return add<T, detail::OptionsOf<T>>(name, std::move(options));
  }
  /// The same after one argument.
  template <ModuleType T, class A> T& add(StringRef name, A&& a, detail::OptionsOf<T> options) {
    return add<T, A, detail::OptionsOf<T>>(name, std::forward<A>(a), std::move(options));
  }
  /// The same after two arguments.
  template <ModuleType T, class A, class B> T& add(StringRef name, A&& a, B&& b, detail::OptionsOf<T> options) {
    return add<T, A, B, detail::OptionsOf<T>>(name, std::forward<A>(a), std::forward<B>(b), std::move(options));
  }
  /// Moves a layer in: `add("fc", Linear(10, 6, {.bias = false}))`.
  template <class M>
    requires ModuleType<std::remove_cvref_t<M>>
  std::remove_cvref_t<M>& add(StringRef name, M&& layer) {
    static_assert(std::is_same_v<M, std::remove_cvref_t<M>>,
                  "add takes the layer over: pass std::move(layer) or nn::shared(...)");
    return add<M, M>(name, std::move(layer));
  }
  /// Takes a share of a module that may also be used elsewhere.
  template <ModuleType M> M& add(StringRef name, std::shared_ptr<M> layer) {
    M& reference = *layer;
    add_child(name, std::move(layer));
    return reference;
  }
  /// The same of what nn::shared made.
  template <ModuleType M> M& add(StringRef name, const Shared<M>& layer);
  /// Registers a parameter: a leaf that asks for gradients. Returns the handle to keep as a member; a parameter of
  /// another module is shared. Throws ValueError for the name or an undefined value, DtypeError unless floating,
  /// AutogradError for a result of ops.
  Tensor param(StringRef name, Tensor value);
  /// Registers a tensor that is saved with the module but not trained. Throws ValueError for the name or an undefined
  /// value.
  Tensor buffer(StringRef name, Tensor value);

  // ---- names
  const std::string& name() const { return name_; }  ///< its name in the module above it, or the one it was given
  void set_name(StringRef name);                     ///< renames it in errors and summaries; keys of state dicts stay
  /// The class: "Dense".
  virtual std::string type_name() const;
  /// How errors and summaries call it: "h1 (Dense)".
  virtual std::string label() const;
  /// label(), interned: for an xg::Scope around a forward of several tensors.
  std::uint32_t scope_label() const {
    const std::uint32_t known = std::atomic_ref(scope_label_).load(std::memory_order_relaxed);
    return known != no_label ? known : intern();
  }

  // ---- mode
  /// Puts this module and all below it into training mode. A class that overrides it calls Module::train(on) for what
  /// is below. Modules nested hundreds of levels below the one on which it is called come after all others.
  virtual void train(bool on = true);
  void eval() { train(false); }                   ///< train(false)
  bool is_training() const { return training_; }  ///< is it in training mode?
  /// Does forward give something else in training mode than in eval mode? Explainers ask for eval mode then.
  virtual bool depends_on_mode() const { return false; }

  // ---- what is inside; shared ones come once
  /// All parameters, those of parents first. Throws ValueError where a layer does not know its number of inputs yet.
  std::vector<Tensor> parameters() const;
  /// The same with their paths, such as "h1.weight".
  std::vector<std::pair<std::string, Tensor>> named_parameters() const;
  std::vector<Tensor> buffers() const;                                ///< all buffers, those of parents first
  std::vector<std::pair<std::string, Tensor>> named_buffers() const;  ///< the same with their paths
  /// This module ("") and all below it, parents first.
  std::vector<std::pair<std::string, Module*>> named_modules();
  /// The same without paths, whose total length is quadratic in the depth of nesting.
  std::vector<Module*> modules();
  /// The direct children.
  std::vector<std::pair<std::string, Module*>> named_children();
  std::vector<Module*> children();  ///< the same without names
  /// Calls f on every module of the tree, children first.
  Module& apply(const std::function<void(Module&)>& f);
  std::int64_t num_parameters() const;  ///< elements of all parameters, frozen ones too

  /// Forgets the gradients of all parameters.
  void zero_grad();
  /// Freezes (false) or unfreezes all parameters.
  Module& requires_grad_(bool value = true);
  /// Converts parameters and floating buffers in place: handles that members hold see it. Gradients are forgotten; make
  /// optimizers afterwards. Throws DtypeError unless floating.
  Module& to(Dtype dtype);

  // ---- state
  /// Parameters and buffers by name; the tensors share memory with the module.
  StateDict state_dict() const;
  /// Copies values in, converted to the module's dtypes: all of them or, where anything is thrown, none. Throws
  /// ValueError listing missing, unexpected and mis-shaped keys. A tensor with several names (tied parameters, a layer
  /// in several places) is complete where one of them is given, as writers that drop duplicates leave it; where several
  /// are given they must hold the same values, unless `.strict` is false: then the first in the module's order counts.
  LoadReport load_state_dict(const StateDict& state, LoadStateOptions options = {});
  /// safetensors with PyTorch's keys. Throws IoError.
  void save(const std::filesystem::path& path) const;
  /// load_state_dict() of a safetensors file. Throws IoError for a file that cannot be read.
  LoadReport load(const std::filesystem::path& path, LoadStateOptions options = {});
  /// A copy that shares nothing. Modules of this library copy themselves; a class of yours overrides this, most simply
  /// with `clone_as(*this, constructor arguments...)`. Throws Error where it does not.
  virtual std::shared_ptr<Module> clone() const;

  // ---- what it looks like
  /// nn::summary(*this)
  Summary summary(SummaryOptions options = {}) { return nn::summary(*this, std::move(options)); }
  /// nn::config(*this)
  std::vector<LayerInfo> config(SummaryOptions options = {}) { return nn::config(*this, std::move(options)); }

  // ---- what layers tell about themselves
  /// The shape of one row that this module takes, where it knows.
  virtual std::optional<Shape> input_shape() const { return std::nullopt; }
  /// Does the module take rows of any shape and give rows of the same one, as activations and dropout do?
  virtual bool keeps_shape() const { return false; }
  /// Tells the module the shape of one row before its first use, so that it can make parameters whose size depends on
  /// it.
  virtual void build(const Shape& row);
  /// The fewest rows of shape `row` that forward takes in the mode that the module is in: 2 for batch statistics of
  /// single values. Trainer refuses smaller batches before the first step.
  virtual std::int64_t min_rows(const Shape& row) const;
  /// Does it have all its parameters? A Dense without a number of inputs has none before `build`.
  virtual bool is_built() const { return true; }
  /// Fills in units, activation, weight and bias of a layer that has units.
  virtual void describe(LayerInfo& info) const;
  /// Floating-point operations for one row, children not included.
  virtual std::int64_t flops(const Shape& input, const Shape& output) const;

  /// A parameter or a buffer that is registered in this very module.
  struct Entry {
    std::string name;  ///< without a path
    Tensor tensor;     ///< its handle
  };
  const std::vector<Entry>& own_parameters() const { return parameters_; }  ///< in the order of registration
  const std::vector<Entry>& own_buffers() const { return buffers_; }        ///< in the order of registration

 protected:
  /// A child and its name.
  struct Child {
    std::string name;                ///< in this module
    std::shared_ptr<Module> module;  ///< which others may share
  };
  /// For containers that share their children with a copy of themselves.
  struct ShareChildren {};
  /// Parameters, buffers and children of `other`, shared with it.
  Module(const Module& other, ShareChildren);

  /// Appends a child. Throws ValueError for a name that is empty, taken or has a dot, for null, and for the module
  /// itself.
  void add_child(StringRef name, std::shared_ptr<Module> child);
  /// What a container calls its next child: by the child's own name, else by its number; a layer that is used again
  /// under its own name gets the number behind it.
  std::string place_name(const Module& child) const;
  /// The entries of config().
  virtual std::vector<LayerInfo> layers(const SummaryOptions& options);
  /// the children in the order in which they were added
  const std::vector<Child>& child_list() const { return children_; }
  /// Throws ValueError where `name` is empty, taken or has a dot; `what` is the method for the message.
  void check_name(const char* what, const std::string& name) const;
  /// Copies parameters, buffers, mode and freezing from a module of the same structure.
  void copy_state_from(const Module& other);
  template <ModuleType M, class... Args> friend std::shared_ptr<M> clone_as(const M& module, Args&&... args);

 private:
  friend XG_API Summary summary(Module& module, SummaryOptions options);
  friend XG_API std::vector<LayerInfo> config(Module& module, SummaryOptions options);
  friend detail::ReleaseList<Module>;
  Tensor call_watched(const Tensor& x);
  std::uint32_t intern() const;
  void check_registered(const Tensor& input, const Tensor& output);
  void check_built() const;
  void train_children(bool on);
  template <class F> void walk(F&& f) const;
  template <class F> void walk_tensors(const std::vector<Entry> Module::*entries, F&& f) const;
  std::vector<std::pair<std::string, Tensor>> named_tensors(const std::vector<Entry> Module::*entries) const;
  std::vector<Tensor> tensors(const std::vector<Entry> Module::*entries) const;

  static constexpr std::uint32_t no_label = 0xffffffff;
  std::string name_;
  std::vector<Entry> parameters_;
  std::vector<Entry> buffers_;
  std::vector<Child> children_;
  /// Names in use, with the child of that name or null for a tensor: a module may have very many.
  std::unordered_map<std::string, const Module*> names_;
  std::shared_ptr<Module> next_released;  // see ~Module
  bool training_ = true;
  bool named_by_place_ = false;
  bool registration_checked_ = false;
  mutable std::uint32_t scope_label_ = no_label;
};

namespace detail {
/// Puts the default generator back: initial values that are overwritten at once must not change later random numbers.
class XG_API KeepRandomState {
 public:
  KeepRandomState();
  ~KeepRandomState();
  KeepRandomState(const KeepRandomState&) = delete;
  KeepRandomState& operator=(const KeepRandomState&) = delete;

 private:
  std::uint64_t seed_, offset_;
};
}  // namespace detail

/// A module of class M constructed from `args`, with the parameters, buffers and mode of `module`.
template <ModuleType M, class... Args> std::shared_ptr<M> clone_as(const M& module, Args&&... args) {
  const detail::KeepRandomState random;
  auto copy = std::make_shared<M>(std::forward<Args>(args)...);
  copy->set_name(module.name());
  static_cast<Module&>(*copy).copy_state_from(module);
  return copy;
}

/// Sees every module call of its thread for as long as it lives: what summaries and pictures are made from.
class XG_API ForwardObserver {
 public:
  ForwardObserver();           ///< begins to watch; the observer before it waits
  virtual ~ForwardObserver();  ///< the observer before it watches again
  ForwardObserver(const ForwardObserver&) = delete;
  ForwardObserver& operator=(const ForwardObserver&) = delete;
  virtual void before(Module& module, const Tensor& input);  ///< is called before the forward of each module
  /// is called after it, unless it threw
  virtual void after(Module& module, const Tensor& input, const Tensor& output) = 0;

 private:
  ForwardObserver* previous_;
};

/// One call seen while a model ran.
struct LayerOutput {
  std::string name;  ///< of the module
  std::string type;  ///< its class: "Dense"
  Tensor output;     ///< what it gave
};
/// Runs the model on x and returns what every module gave, in the order in which they finished.
XG_API std::vector<LayerOutput> layer_outputs(Module& module, const Tensor& x);

}  // namespace xg::nn
