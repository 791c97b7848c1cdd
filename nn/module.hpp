// Modules: trees of layers, whose parameters, buffers and children are registered where they are declared.
#pragma once

#include <xgrad/nn/summary.hpp>
#include <xgrad/tensor/state_dict.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <atomic>
#include <concepts>
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
/// The options of a layer: the last argument of its constructor.
template <class T> struct LastArgument;
template <class... Args>
  requires(sizeof...(Args) > 0)
struct LastArgument<std::tuple<Args...>> {
  using type = std::tuple_element_t<sizeof...(Args) - 1, std::tuple<Args...>>;
};
template <class T> using OptionsOf = typename LastArgument<decltype(std::declval<const T&>().arguments())>::type;
}  // namespace detail

/// Tensors by path, as in PyTorch: "h1.weight".
using xg::StateDict;

/// A module that may be used in several places; its parameters count once. nn::shared(Dense(...)) makes one.
template <class M> class Shared;

/// A class derived from Module.
template <class M>
concept ModuleType = std::derived_from<M, Module>;

/// Options of load_state_dict() and load().
struct LoadStateOptions {
  bool strict = true;  ///< missing and unexpected keys are an error; if false they are only reported
};

/// The result of load_state_dict().
struct LoadReport {
  std::vector<std::string> missing;     ///< keys of the module that the dictionary lacks
  std::vector<std::string> unexpected;  ///< keys of the dictionary that the module lacks
  bool complete() const { return missing.empty() && unexpected.empty(); }  ///< neither missing nor unexpected keys?
};

/// A function with parameters: the base of layers and models.
///
///     struct Block : xg::nn::Module {
///       xg::nn::Linear& fc;
///       xg::Tensor scale;
///       Block(int64_t n) : fc(add<xg::nn::Linear>("fc", n, n)), scale(param("scale", xg::ones({n}))) {}
///       xg::Tensor forward(const xg::Tensor& x) override { return relu(fc(x)) * scale + x; }
///     };
///
/// A module can be moved but not copied, because references to children would still refer to the original; use clone().
class XG_API Module {
 public:
  explicit Module(StringRef name = {});        ///< a module without parameters, in training mode
  virtual ~Module();                           ///< destroys children that are not shared, without recursion
  Module(Module&& other) noexcept;             ///< takes over parameters, buffers and children
  Module& operator=(Module&& other) noexcept;  ///< releases its own, then takes over those of `other`
  Module& operator=(const Module&) = delete;
  Module(const Module&) = delete;

  /// The result for one tensor. A module with several inputs declares another overload and `using Module::forward;`.
  /// Throws Error where a class does not override it.
  virtual Tensor forward(const Tensor& x);
  /// forward(x), inside the scope of this module, so that errors carry its path.
  Tensor operator()(const Tensor& x);

  // ---- the tree
  /// Constructs a child in place: `add<Linear>("fc", 10, 6)`. Throws ValueError for a name that is empty, taken or has
  /// a dot. So do all overloads.
  template <ModuleType T, class... Args>
    requires std::constructible_from<T, Args...>
  T& add(StringRef name, Args&&... args) {
    auto child = std::make_shared<T>(std::forward<Args>(args)...);
    T& reference = *child;
    add_child(name, std::move(child));
    return reference;
  }
  /// Constructs a child from options in braces: `add<Linear>("fc", 10, 6, {.bias = false})`.
  template <ModuleType T> T& add(StringRef name, detail::OptionsOf<T> options) {
    return add<T, detail::OptionsOf<T>>(name, std::move(options));
  }
  /// Constructs a child from one argument and options in braces.
  template <ModuleType T, class A> T& add(StringRef name, A&& a, detail::OptionsOf<T> options) {
    return add<T, A, detail::OptionsOf<T>>(name, std::forward<A>(a), std::move(options));
  }
  /// Constructs a child from two arguments and options in braces.
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
  /// Shares a module that may also be used elsewhere. Throws ValueError for null, too.
  template <ModuleType M> M& add(StringRef name, std::shared_ptr<M> layer) {
    M& reference = *layer;
    add_child(name, std::move(layer));
    return reference;
  }
  /// Shares a module made by nn::shared.
  template <ModuleType M> M& add(StringRef name, const Shared<M>& layer);
  /// Registers a parameter: a leaf that requires grad. Returns the handle to keep as a member; a parameter of another
  /// module is shared. Throws ValueError for a name as in add() and for an undefined value, DtypeError unless floating,
  /// AutogradError for the result of an op.
  Tensor param(StringRef name, Tensor value);
  /// Registers a tensor that is saved with the module but not trained. Returns the handle to keep as a member. Throws
  /// ValueError for a name as in add() and for an undefined value.
  Tensor buffer(StringRef name, Tensor value);

  // ---- names
  const std::string& name() const { return name_; }  ///< its name in its parent, or the one it was constructed with
  void set_name(StringRef name);                     ///< renames it in errors and summaries; keys of state dicts stay
  /// The name of its class: "Dense".
  virtual std::string type_name() const;
  /// Its name in errors and summaries: "h1 (Dense)".
  virtual std::string label() const;
  /// label(), interned: for an xg::Scope around a forward that takes several tensors.
  std::uint32_t scope_label() const {
    const std::uint32_t known = std::atomic_ref(scope_label_).load(std::memory_order_relaxed);
    return known != no_label ? known : intern();
  }

  // ---- mode
  /// Puts this module and all its descendants into training mode (true) or eval mode (false). An override calls
  /// Module::train(on) for the descendants. Those nested hundreds of levels deep are reached after all others.
  virtual void train(bool on = true);
  void eval() { train(false); }                   ///< train(false)
  bool is_training() const { return training_; }  ///< is it in training mode?
  /// Does forward compute something else in training mode than in eval mode? Explainers then require eval mode.
  virtual bool depends_on_mode() const { return false; }

  // ---- contents of the tree; what is shared is listed once
  /// All parameters, those of parents first. Throws ValueError where a layer does not know its number of inputs yet, as
  /// do all functions below that need the parameters.
  std::vector<Tensor> parameters() const;
  /// parameters() with their paths, such as "h1.weight".
  std::vector<std::pair<std::string, Tensor>> named_parameters() const;
  std::vector<Tensor> buffers() const;                                ///< all buffers, those of parents first
  std::vector<std::pair<std::string, Tensor>> named_buffers() const;  ///< buffers() with their paths
  /// This module ("") and all its descendants with their paths, parents first.
  std::vector<std::pair<std::string, Module*>> named_modules();
  /// named_modules() without the paths, whose total length is quadratic in the depth of nesting.
  std::vector<Module*> modules();
  /// The direct children with their names.
  std::vector<std::pair<std::string, Module*>> named_children();
  std::vector<Module*> children();  ///< the direct children
  /// Calls f on every module of the tree, children first.
  Module& apply(const std::function<void(Module&)>& f);
  std::int64_t num_parameters() const;  ///< elements of all parameters, frozen ones too

  /// Drops the gradients of all parameters.
  void zero_grad();
  /// Freezes (false) or unfreezes all parameters.
  Module& requires_grad_(bool value = true);
  /// Converts parameters and floating buffers in place, so that handles in members stay valid. Gradients are dropped;
  /// create optimizers afterwards. Throws DtypeError unless `dtype` is floating.
  Module& to(Dtype dtype);

  // ---- state
  /// Parameters and buffers by path; the tensors share memory with the module.
  StateDict state_dict() const;
  /// Copies values into the module, converted to its dtypes: all of them or, if it throws, none. Throws ValueError,
  /// listing missing, unexpected and mis-shaped keys. A tensor with several names (tied parameters, a layer in several
  /// places) needs only one of them, since some writers drop duplicates. If several are given they must hold the same
  /// values, unless `.strict` is false: then the first in the module's order is used.
  LoadReport load_state_dict(const StateDict& state, LoadStateOptions options = {});
  /// Writes state_dict() as safetensors, with PyTorch's keys. Throws IoError.
  void save(const std::filesystem::path& path) const;
  /// load_state_dict() of a safetensors file. Throws IoError for a file that cannot be read, else as load_state_dict.
  LoadReport load(const std::filesystem::path& path, LoadStateOptions options = {});
  /// A deep copy. Modules of this library have one; a class of yours overrides this, most simply with
  /// `clone_as(*this, constructor arguments...)`. Throws Error where a class does not override it.
  virtual std::shared_ptr<Module> clone() const;

  // ---- summaries
  /// nn::summary(*this)
  Summary summary(SummaryOptions options = {}) { return nn::summary(*this, std::move(options)); }
  /// nn::config(*this)
  std::vector<LayerInfo> config(SummaryOptions options = {}) { return nn::config(*this, std::move(options)); }

  // ---- properties that layers override
  /// The shape of one input row, if it is known.
  virtual std::optional<Shape> input_shape() const { return std::nullopt; }
  /// Does the module take rows of any shape and return rows of the same shape, as activations and dropout do?
  virtual bool keeps_shape() const { return false; }
  /// Creates the parameters whose sizes depend on the shape of one input row; called before the first use.
  virtual void build(const Shape& row);
  /// The minimum number of rows of shape `row` that forward takes in the module's current mode, for example 2 for batch
  /// statistics of single values. Trainer refuses smaller batches before the first step.
  virtual std::int64_t min_rows(const Shape& row) const;
  /// Have all parameters been created? A Dense without a number of inputs has none before build().
  virtual bool is_built() const { return true; }
  /// Fills in units, activation, weight and bias of a layer that has units.
  virtual void describe(LayerInfo& info) const;
  /// Floating-point operations for one row, excluding those of children; `input` and `output` are row shapes.
  virtual std::int64_t flops(const Shape& input, const Shape& output) const;

  /// A parameter or a buffer that is registered in this module itself.
  struct Entry {
    std::string name;  ///< its name in this module, not a path
    Tensor tensor;     ///< its handle
  };
  const std::vector<Entry>& own_parameters() const { return parameters_; }  ///< in the order of registration
  const std::vector<Entry>& own_buffers() const { return buffers_; }        ///< in the order of registration

 protected:
  /// A child and its name.
  struct Child {
    std::string name;                ///< its name in this module
    std::shared_ptr<Module> module;  ///< the child, which may be shared with other modules
  };
  /// Selects the constructor for containers that share their children with copies of themselves.
  struct ShareChildren {};
  /// Shares the parameters, buffers and children of `other`.
  Module(const Module& other, ShareChildren);

  /// Appends a child. Throws ValueError for a name that is empty, taken or has a dot, for null, and for the module
  /// itself.
  void add_child(StringRef name, std::shared_ptr<Module> child);
  /// The name for a container's next child: the child's own name, else its number. A layer that is added again under
  /// its own name gets its number appended.
  std::string place_name(const Module& child) const;
  /// The entries of config().
  virtual std::vector<LayerInfo> layers(const SummaryOptions& options);
  /// The children in the order in which they were added.
  const std::vector<Child>& child_list() const { return children_; }
  /// Throws ValueError where `name` is empty, taken or has a dot; `what` names the method in the message.
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
/// Restores the default generator's state: initial values that are overwritten at once must not change later random
/// numbers.
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

/// A module of class M constructed from `args`, with copies of the parameters and buffers of `module` and in its mode.
/// Throws ValueError where the new module has other children, parameters or buffers.
template <ModuleType M, class... Args> std::shared_ptr<M> clone_as(const M& module, Args&&... args) {
  const detail::KeepRandomState random;
  auto copy = std::make_shared<M>(std::forward<Args>(args)...);
  copy->set_name(module.name());
  static_cast<Module&>(*copy).copy_state_from(module);
  return copy;
}

/// Observes every module call of its thread during its lifetime. Summaries and figures are made with it.
class XG_API ForwardObserver {
 public:
  ForwardObserver();           ///< starts observing; the previous observer is suspended
  virtual ~ForwardObserver();  ///< the previous observer resumes
  ForwardObserver(const ForwardObserver&) = delete;
  ForwardObserver& operator=(const ForwardObserver&) = delete;
  virtual void before(Module& module, const Tensor& input);  ///< called before the forward of each module
  /// Called after the forward of each module, unless it threw.
  virtual void after(Module& module, const Tensor& input, const Tensor& output) = 0;

 private:
  ForwardObserver* previous_;
};

/// The output of one module call.
struct LayerOutput {
  std::string name;  ///< the module's name
  std::string type;  ///< the module's class: "Dense"
  Tensor output;     ///< the module's result
};
/// Runs the model on x and returns the output of every module, in the order in which they finished. Throws what the
/// model throws.
XG_API std::vector<LayerOutput> layer_outputs(Module& module, const Tensor& x);

}  // namespace xg::nn
