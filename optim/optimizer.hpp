// The base of optimizers: groups of parameters, their state, learning rates, and state dictionaries.
#pragma once

#include <xgrad/tensor/state_dict.hpp>

#include <array>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xg::optim {

using xg::StateDict;

/// Parameters that are updated with the same options.
template <class Options> struct ParamGroup {
  std::vector<Tensor> params;  ///< the parameters, which must be leaves
  Options options = {};        ///< the options for all of them
};

/// The finite numbers that an option may be: those in [low, high], or in [low, high).
struct Range {
  double low = 0;                                         ///< the smallest
  double high = std::numeric_limits<double>::infinity();  ///< the largest
  bool with_high = true;                                  ///< whether `high` itself is allowed
};

/// A number or a flag among an optimizer's options: its key in state dictionaries, its location, and the range that is
/// checked wherever its value comes from.
class XG_API Hyperparameter {
 public:
  /// `option` is its name among the options, where that is not `key`.
  Hyperparameter(const char* key, double& number, Range range = {}, const char* option = nullptr)
      : key(key), option(option != nullptr ? option : key), number_(&number), range_(range) {}
  /// A flag.
  Hyperparameter(const char* key, bool& flag) : key(key), option(key), flag_(&flag) {}

  /// The current value; a flag is 0 or 1.
  double value() const { return number_ != nullptr ? *number_ : (*flag_ ? 1 : 0); }
  void set(double value) const;  ///< writes it into the options; a flag is true unless 0
  /// Throws ValueError unless `value` is in range: `[Adam] lr is -1, it must be 0 or more.`
  void check(std::string_view who, std::string_view called, double value) const;
  /// Throws ValueError unless the current value is in range.
  void check(std::string_view who, std::string_view called) const { check(who, called, value()); }

  const char* key;     ///< the key in state dictionaries
  const char* option;  ///< the name among the options, for messages

 private:
  double* number_ = nullptr;
  bool* flag_ = nullptr;
  Range range_ = {};
};

/// The base of optimizers, which update parameters by their gradients. Names, defaults and arithmetic are PyTorch's.
///
/// Parameters are leaves. One without a grad(), such as a frozen one, is not changed: it keeps its number in state
/// dictionaries, takes no memory for state, and is updated again once it has a gradient. The state is stored in flat
/// blocks per group and allocated at the first step.
class XG_API Optimizer {
 public:
  virtual ~Optimizer();
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// The name, such as "Adam".
  virtual const char* name() const = 0;
  /// Updates every parameter with a gradient. It counts as an in-place write; nothing is recorded. Throws DtypeError or
  /// ShapeError where a gradient does not have its parameter's dtype or shape, or a parameter was converted since the
  /// optimizer was made.
  void step();
  /// Clears all gradients.
  void zero_grad();

  std::size_t group_count() const { return groups_.size(); }  ///< the number of groups
  /// All parameters, in the order of the groups.
  std::vector<Tensor> parameters() const;
  /// The parameters of a group. Throws IndexError if the group does not exist.
  const std::vector<Tensor>& group(std::size_t index) const;
  double lr(
      std::size_t group = 0) const;  ///< the learning rate of a group; throws IndexError if the group does not exist
  /// Sets the learning rate of all groups; schedulers made afterwards take it as their base rate. Throws ValueError for
  /// a negative or non-finite rate.
  void set_lr(double lr);
  /// Sets the learning rate of one group. Throws IndexError if the group does not exist, ValueError for a negative or
  /// non-finite rate.
  void set_lr(std::size_t group, double lr);

  /// State of parameter i as "state.i.exp_avg", its step count as "state.i.step", options of group g as "group.g.lr".
  StateDict state_dict() const;
  /// Restores state and options: the state of an amsgrad run makes this an amsgrad optimizer. Throws ValueError that
  /// lists all missing, unexpected and wrongly shaped keys, or names an option out of range or a step that is not a
  /// count; then nothing has changed.
  void load_state_dict(const StateDict& state);
  /// Saves state_dict() as a safetensors file. Throws IoError where it cannot be written.
  void save(const std::filesystem::path& path) const;
  /// Calls load_state_dict() with a safetensors file. Throws IoError for a file that cannot be read, and as
  /// load_state_dict().
  void load(const std::filesystem::path& path);

 protected:
  static constexpr std::size_t max_states = 4;  ///< maximum number of states of one parameter
  /// A parameter and its state.
  struct Slot {
    Tensor param;                           ///< the parameter
    Dtype dtype = Dtype::float32;           ///< its dtype when it was added
    bool ready = false;                     ///< whether its state is allocated
    std::int64_t step = 0;                  ///< number of steps in which it had a gradient
    std::array<void*, max_states> state{};  ///< its state; null where the options need none
  };
  /// The update of one parameter in one step: pointers to contiguous elements of one dtype.
  struct Update {
    void* param;         ///< the elements of the parameter
    const void* grad;    ///< the elements of its gradient
    std::int64_t numel;  ///< the number of elements
    Dtype dtype;         ///< the dtype of parameter, gradient and state
    const Slot& slot;    ///< the state of the parameter
  };

  Optimizer() = default;  ///< an optimizer without groups
  /// Throws IndexError if the group does not exist.
  void check_group(std::size_t index) const;
  /// Adds a group. Throws ValueError for an empty list, an undefined tensor, a non-leaf, and a parameter that is
  /// already in the optimizer; DtypeError for one that is not floating-point.
  void add_group(std::vector<Tensor> params);
  /// Throws ValueError where all parameters are frozen.
  void check_trainable() const;
  /// The names of the state tensors, "" for those that the options of the group do not need.
  virtual std::vector<const char*> state_names(std::size_t group) const = 0;
  /// The numbers and flags of a group's options, which are part of state dictionaries.
  virtual std::vector<Hyperparameter> hyperparameters(std::size_t group) = 0;
  /// Throws ValueError for incompatible options of the group.
  virtual void check_combination(std::size_t group) const = 0;
  /// The learning rate among the options of a group.
  virtual double& rate(std::size_t group) = 0;
  /// Called before the updates of a group in each step.
  virtual void begin(std::size_t group) = 0;
  /// Updates one parameter of a group and its state.
  virtual void update(std::size_t group, const Update& u) = 0;

 private:
  friend class Scheduler;
  friend class ReduceLROnPlateau;
  struct Group {
    std::vector<Tensor> params;
    std::vector<Slot> slots;
    std::vector<Tensor> arenas;        ///< memory for the states of slots, of one dtype each
    std::optional<double> initial_lr;  ///< the rate when the first scheduler was made
  };
  /// Allocates zeroed memory for the states of all slots for which `wanted` is true.
  template <class F>
  void make_state(std::size_t group, std::vector<Slot>& slots, std::vector<Tensor>& arenas, F&& wanted) const;
  void step_slot(std::size_t group, Slot& slot);
  /// The base rate of schedulers of the group: the rate when the first of them was made, so that chained ones agree, or
  /// the one last set by set_lr().
  double initial_lr(std::size_t group);
  /// Sets the rate without changing the base rate of schedulers.
  void schedule_lr(std::size_t group, double lr);

  std::vector<Group> groups_;
};

/// The arithmetic of the optimizer with these options, see step.hpp.
template <class Options> struct Step;

/// An optimizer whose groups have options of type Options.
template <class Options> class XG_API OptimizerOf : public Optimizer {
 public:
  /// An optimizer of one group. Throws ValueError for an option out of range, incompatible options, an empty list of
  /// parameters, an undefined tensor, a non-leaf, a parameter given twice, and parameters that are all frozen;
  /// DtypeError for a parameter that is not floating-point.
  explicit OptimizerOf(std::vector<Tensor> params, Options options = {});
  /// Rejects a number in place of the options at compile time.
  template <std::convertible_to<double> Rate> OptimizerOf(std::vector<Tensor> params, Rate)
      : OptimizerOf(std::move(params)) {
    static_assert(sizeof(Rate) == 0, "The options of an optimizer are written with their names: {.lr = 1e-3}");
  }
  /// An optimizer of several groups, each with its own options. Throws as above.
  explicit OptimizerOf(std::vector<ParamGroup<Options>> groups);
  ~OptimizerOf() override;
  const char* name() const final;  ///< the name, such as "Adam"
  /// Adds a group of parameters with its own options. Throws as the constructor.
  void add_param_group(ParamGroup<Options> group);
  /// The options of a group. Throws IndexError if the group does not exist.
  const Options& options(std::size_t group = 0) const;

 protected:
  std::vector<const char*> state_names(std::size_t group) const final;   ///< as declared by its Step
  std::vector<Hyperparameter> hyperparameters(std::size_t group) final;  ///< as declared by its Step
  void check_combination(std::size_t group) const final;                 ///< as declared by its Step
  double& rate(std::size_t group) final;                                 ///< the `lr` of the options
  void begin(std::size_t group) final;                    ///< resets the values that a step computes once
  void update(std::size_t group, const Update& u) final;  ///< one pass over the elements, in tiles by several threads

 private:
  struct Current;
  std::vector<Options> options_;
  std::unique_ptr<Current> current_;
};

}  // namespace xg::optim
