// What all optimizers share: groups of parameters, their state, learning rates, and state dictionaries.
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

/// Parameters that are stepped with the same options.
template <class Options> struct ParamGroup {
  std::vector<Tensor> params;  ///< leaves
  Options options = {};        ///< for all of them
};

/// The finite numbers that an option may be: those in [low, high], or in [low, high).
struct Range {
  double low = 0;                                         ///< the smallest
  double high = std::numeric_limits<double>::infinity();  ///< the largest
  bool with_high = true;                                  ///< is `high` itself allowed?
};

/// A number or a switch among an optimizer's options: its key in state dictionaries, where it stands, and what it may
/// be wherever it comes from.
class XG_API Hyperparameter {
 public:
  /// `option` is what it is called among the options, where that is not `key`.
  Hyperparameter(const char* key, double& number, Range range = {}, const char* option = nullptr)
      : key(key), option(option != nullptr ? option : key), number_(&number), range_(range) {}
  /// A switch.
  Hyperparameter(const char* key, bool& flag) : key(key), option(key), flag_(&flag) {}

  /// A switch is 0 or 1.
  double value() const { return number_ != nullptr ? *number_ : (*flag_ ? 1 : 0); }
  void set(double value) const;  ///< writes it into the options; a switch is on unless 0
  /// Throws ValueError unless `value` is one that it may have: `[Adam] lr is -1, it must be 0 or more.`
  void check(std::string_view who, std::string_view called, double value) const;
  /// The same of the value that it has.
  void check(std::string_view who, std::string_view called) const { check(who, called, value()); }

  const char* key;     ///< in state dictionaries
  const char* option;  ///< among the options, for messages

 private:
  double* number_ = nullptr;
  bool* flag_ = nullptr;
  Range range_ = {};
};

/// Changes parameters along their gradients. Names, defaults and arithmetic are PyTorch's.
///
/// Parameters are leaves. One whose grad() is undefined is left as it is, which includes the frozen ones: they keep
/// their number in state dictionaries, cost no state, and take part from the first step after they are thawed. The
/// state lies in flat blocks per group and is made at the first step.
class XG_API Optimizer {
 public:
  virtual ~Optimizer();
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// "Adam"
  virtual const char* name() const = 0;
  /// One step for every parameter with a gradient. Counts as an in-place write; nothing is recorded. Throws DtypeError
  /// or ShapeError for a gradient unlike its parameter, or a parameter that was converted since the first step.
  void step();
  /// Forgets all gradients.
  void zero_grad();

  std::size_t group_count() const { return groups_.size(); }  ///< the number of groups
  /// All parameters, group after group.
  std::vector<Tensor> parameters() const;
  /// the parameters of a group; IndexError where there is none
  const std::vector<Tensor>& group(std::size_t index) const;
  double lr(std::size_t group = 0) const;  ///< the rate of a group; IndexError where there is none
  /// Sets the rate of all groups, from which schedulers made afterwards start. Throws ValueError for a negative or
  /// non-finite one.
  void set_lr(double lr);
  /// The same of one group. Throws IndexError where there is none.
  void set_lr(std::size_t group, double lr);

  /// State of parameter i as "state.i.exp_avg", its step count as "state.i.step", options of group g as "group.g.lr".
  StateDict state_dict() const;
  /// Options travel in the state, and with them what is remembered of a parameter: the state of an amsgrad run makes
  /// an amsgrad optimizer, whatever it was made as. Throws ValueError listing all missing, unexpected and mis-shaped
  /// keys, or naming an option that is out of range or a step that is no count; then nothing has changed.
  void load_state_dict(const StateDict& state);
  /// The same as a safetensors file. Throws IoError.
  void save(const std::filesystem::path& path) const;
  /// load_state_dict() of a safetensors file. Throws IoError for a file that cannot be read.
  void load(const std::filesystem::path& path);

 protected:
  static constexpr std::size_t max_states = 4;  ///< of one parameter
  /// A parameter and what an optimizer remembers of it.
  struct Slot {
    Tensor param;                           ///< the parameter
    Dtype dtype = Dtype::float32;           ///< of the parameter when it was added
    bool ready = false;                     ///< is there memory for its state?
    std::int64_t step = 0;                  ///< steps in which it had a gradient
    std::array<void*, max_states> state{};  ///< null where the options ask for none
  };
  /// One parameter for one step: pointers to its elements, all of one dtype and contiguous.
  struct Update {
    void* param;         ///< its elements, to be changed
    const void* grad;    ///< those of its gradient
    std::int64_t numel;  ///< how many
    Dtype dtype;         ///< of both and of the state
    const Slot& slot;    ///< its state
  };

  Optimizer() = default;  ///< without groups
  /// Throws IndexError for a group that there is not.
  void check_group(std::size_t index) const;
  /// Throws ValueError for an empty list, an undefined tensor, one that is no leaf, and one that is in the optimizer
  /// already, DtypeError for one that cannot have a gradient.
  void add_group(std::vector<Tensor> params);
  /// Throws ValueError where all parameters are frozen.
  void check_trainable() const;
  /// The names of the state tensors, "" where the options of the group ask for none.
  virtual std::vector<const char*> state_names(std::size_t group) const = 0;
  /// The numbers and switches of a group's options, which state dictionaries hold.
  virtual std::vector<Hyperparameter> hyperparameters(std::size_t group) = 0;
  /// Throws ValueError for options of the group that do not go together.
  virtual void check_combination(std::size_t group) const = 0;
  /// The learning rate among the options of a group.
  virtual double& rate(std::size_t group) = 0;
  /// Comes before the updates of a group in a step.
  virtual void begin(std::size_t group) = 0;
  /// Changes one parameter of a group and its state.
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
  /// Makes zeroed memory for the states of all slots of which `wanted` is true.
  template <class F>
  void make_state(std::size_t group, std::vector<Slot>& slots, std::vector<Tensor>& arenas, F&& wanted) const;
  void step_slot(std::size_t group, Slot& slot);
  /// The rate that schedules of the group are relative to: what it had when the first of them was made, so that
  /// chained ones agree, or since it was last set by hand.
  double initial_lr(std::size_t group);
  /// Sets the rate without making it the start of schedules.
  void schedule_lr(std::size_t group, double lr);

  std::vector<Group> groups_;
};

/// The arithmetic of the optimizer whose options these are: see step.hpp.
template <class Options> struct Step;

/// An optimizer whose groups have options of one type.
template <class Options> class XG_API OptimizerOf : public Optimizer {
 public:
  /// Throws ValueError for options or parameters that make no sense, DtypeError for a parameter that cannot have a
  /// gradient.
  explicit OptimizerOf(std::vector<Tensor> params, Options options = {});
  /// Does not compile: the options have names.
  template <std::convertible_to<double> Rate> OptimizerOf(std::vector<Tensor> params, Rate)
      : OptimizerOf(std::move(params)) {
    static_assert(sizeof(Rate) == 0, "The options of an optimizer are written with their names: {.lr = 1e-3}");
  }
  /// The same for several groups, each with options of its own.
  explicit OptimizerOf(std::vector<ParamGroup<Options>> groups);
  ~OptimizerOf() override;
  const char* name() const final;  ///< "Adam"
  /// Adds parameters with options of their own. Throws as the constructor does.
  void add_param_group(ParamGroup<Options> group);
  /// Throws IndexError for a group that there is not.
  const Options& options(std::size_t group = 0) const;

 protected:
  std::vector<const char*> state_names(std::size_t group) const final;   ///< as its Step says
  std::vector<Hyperparameter> hyperparameters(std::size_t group) final;  ///< as its Step says
  void check_combination(std::size_t group) const final;                 ///< as its Step says
  double& rate(std::size_t group) final;                                 ///< `lr` of the options
  void begin(std::size_t group) final;                                   ///< forgets what the last step computed once
  void update(std::size_t group, const Update& u) final;  ///< one pass over the elements, in tiles by several threads

 private:
  struct Current;
  std::vector<Options> options_;
  std::unique_ptr<Current> current_;
};

}  // namespace xg::optim
