// What all optimizers share: groups of parameters, their state, learning rates, and state dictionaries.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace xg::optim {

/// Tensors by name.
using StateDict = std::map<std::string, Tensor>;

/// Parameters that are stepped with the same options.
template <class Options>
struct ParamGroup {
  std::vector<Tensor> params;
  Options options = {};
};

/// Changes parameters along their gradients. Names, defaults and arithmetic are PyTorch's.
///
/// Parameters are leaves that ask for gradients; one whose grad() is undefined is left as it is. The state lies in one
/// flat block per group and is made at the first step.
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

  std::size_t group_count() const { return groups_.size(); }
  /// All parameters, group after group.
  std::vector<Tensor> parameters() const;
  const std::vector<Tensor>& group(std::size_t index) const;
  double lr(std::size_t group = 0) const;
  /// Sets the rate of all groups. Throws ValueError for a negative or non-finite one.
  void set_lr(double lr);
  void set_lr(std::size_t group, double lr);

  /// State of parameter i as "state.i.exp_avg", its step count as "state.i.step", options of group g as "group.g.lr".
  StateDict state_dict() const;
  /// Throws ValueError listing all missing, unexpected and mis-shaped keys; then nothing has changed.
  void load_state_dict(const StateDict& state);
  /// The same as a safetensors file. Throws IoError.
  void save(const std::filesystem::path& path) const;
  void load(const std::filesystem::path& path);

 protected:
  static constexpr std::size_t max_slots = 3;
  /// A parameter and what an optimizer remembers of it.
  struct Slot {
    Tensor param;
    Dtype dtype = Dtype::float32;          ///< of the parameter when it was added
    std::int64_t step = 0;                 ///< steps in which it had a gradient
    std::array<void*, max_slots> state{};  ///< null where the options ask for none
  };
  /// Pointers to one parameter's elements for one step, all of one dtype and contiguous.
  struct Update {
    void* param;
    const void* grad;
    std::int64_t numel;
    Dtype dtype;
    const Slot& slot;
  };
  /// A number or switch among the options, to be saved and loaded. A null pointer ends the list.
  struct Hyperparameter {
    const char* name;
    double* number = nullptr;
    bool* flag = nullptr;
  };

  Optimizer() = default;
  /// Throws ValueError for an empty list, an undefined tensor, one that is no leaf or asks for no gradient, and one
  /// that is in the optimizer already.
  void add_group(std::vector<Tensor> params);
  /// The names of the state tensors, "" where the options of the group ask for none.
  virtual std::array<const char*, max_slots> state_names(std::size_t group) const = 0;
  virtual std::vector<Hyperparameter> hyperparameters(std::size_t group) = 0;
  virtual double& rate(std::size_t group) = 0;
  virtual void update(std::size_t group, const Update& u) = 0;
  /// Throws ValueError: `[Adam] lr is -1, it must be 0 or more.` unless `ok`.
  void require(bool ok, const char* option, double value, const char* needed) const;

 private:
  struct Group {
    std::vector<Tensor> params;
    std::vector<Slot> slots;
    std::vector<Tensor> arenas;  ///< one per dtype in use
    bool ready = false;
  };
  void make_state(std::size_t group);
  void step_slot(std::size_t group, Slot& slot);
  void check_group(std::size_t index) const;

  std::vector<Group> groups_;
};

/// An optimizer whose groups have options of one type.
template <class Options>
class XG_API OptimizerOf : public Optimizer {
 public:
  /// Adds parameters with options of their own. Throws as the constructor does.
  void add_param_group(ParamGroup<Options> group) {
    check(group.options);
    add_group(std::move(group.params));
    options_.push_back(group.options);
  }
  const Options& options(std::size_t group = 0) const { return options_.at(group); }

 protected:
  void add_groups(std::vector<ParamGroup<Options>> groups) {
    if (groups.empty()) add_group({});
    for (ParamGroup<Options>& group : groups) add_param_group(std::move(group));
  }
  virtual void check(const Options& options) const = 0;
  double& rate(std::size_t group) override { return options_[group].lr; }

  std::vector<Options> options_;
};

}  // namespace xg::optim
