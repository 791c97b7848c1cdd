// How an optimizer is written: its options (a struct of the header), and a `Step` for them, which is its arithmetic.
//
// clang-format off
//   template <>
//   struct Step<RmspropOptions> : RmspropOptions {
//     static constexpr const char* name = "RMSprop";
//     static std::vector<Hyperparameter> hyperparameters(RmspropOptions& o);  // each option: its key, its range
//     static std::array<const char*, 3> states(const RmspropOptions& o);  // "" for one that is not needed
//     static std::array<bool, 2> flags(const RmspropOptions& o);  // optional: variants of the loop
//     static void check(const RmspropOptions& o);  // optional: options that do not go together
//     static constexpr bool decoupled = false;  // optional: see below
//     Step(const RmspropOptions& o, std::int64_t t);  // what step t computes once, in double
//     template <bool centered, bool momentum, class T>
//     void operator()(T& p, T g, T& square_avg, T& grad_avg, T& buffer) const;  // one element
//   };
// clang-format on
//   template class OptimizerOf<RmspropOptions>;
//
// The gradient g comes negated where the option `maximize` says so, and with `weight_decay` times p added to it unless
// the Step is `decoupled` and decays by itself. A state that the options do not ask for must not be touched.
#pragma once

#include <xgrad/optim/optimizer.hpp>
#include <xgrad/tensor/threads.hpp>

#include <array>
#include <tuple>
#include <utility>
#include <vector>

namespace xg::optim {

namespace detail {

/// f.template operator()<values[0], values[1], ...>()
template <bool... known, std::size_t n, class F> void with_flags(const std::array<bool, n>& values, const F& f) {
  if constexpr (sizeof...(known) == n)
    f.template operator()<known...>();
  else if (values[sizeof...(known)])
    with_flags<known..., true>(values, f);
  else
    with_flags<known..., false>(values, f);
}

/// The loop of a step over n elements, in one pass and without temporaries. Nothing overlaps.
template <bool decays, bool... flags, class S, class T, class... State>
void step_loop(const S& given, double sign_, double decay_, std::int64_t n, T* __restrict p, const T* __restrict g,
               State* __restrict... state) {
  const S step = given;  // a copy: a store cannot change it
  const T sign = static_cast<T>(sign_), decay = static_cast<T>(decay_);
  for (std::int64_t i = 0; i < n; ++i) {
    const T direction = decays ? sign * g[i] + decay * p[i] : sign * g[i];
    if constexpr (sizeof...(flags) == 0)
      step(p[i], direction, state[i]...);
    else
      step.template operator()<flags...>(p[i], direction, state[i]...);
  }
}

/// The variant of the loop for these options.
template <class S> auto flags_of(const S& step) {
  if constexpr (requires { S::flags(step); })
    return S::flags(step);
  else
    return std::array<bool, 0>{};
}

/// One parameter and its state, by the variant of the loop that the options of `step` need.
template <class T, class S, class Update> void update_elements(const S& step, const Update& u) {
  double sign = 1, decay = 0;
  if constexpr (requires { step.maximize; }) sign = step.maximize ? -1 : 1;
  if constexpr (requires { step.weight_decay; } && !requires { requires S::decoupled; }) decay = step.weight_decay;
  // An element's work in tens of microseconds: several arrays are read and written.
  constexpr std::int64_t tile = 1 << 15;
  T* const p = static_cast<T*>(u.param);
  const T* const g = static_cast<const T*>(u.grad);
  const auto run = [&]<bool... flags>() {
    [&]<std::size_t... k>(std::index_sequence<k...>) {
      // A state that is not there stands for nothing: the loop does not touch what takes its place.
      T* const state[] = {p, (u.slot.state[k] != nullptr ? static_cast<T*>(u.slot.state[k]) : p)...};
      xg::detail::parallel_ranges(u.numel, tile, [&](std::int64_t i, std::int64_t end) {
        if (decay != 0)
          step_loop<true, flags...>(step, sign, decay, end - i, p + i, g + i, state[k + 1] + i...);
        else
          step_loop<false, flags...>(step, sign, decay, end - i, p + i, g + i, state[k + 1] + i...);
      });
    }(std::make_index_sequence<std::tuple_size_v<decltype(S::states(step))>>());
  };
  with_flags(flags_of(step), run);
}

}  // namespace detail

/// The Step of the last update, which most parameters of a group share. Made once: a step calls no malloc.
template <class Options> struct OptimizerOf<Options>::Current {
  std::int64_t t;      ///< the step it was made for
  Step<Options> step;  ///< what that step computes once
};

template <class Options> OptimizerOf<Options>::OptimizerOf(std::vector<Tensor> params, Options options) {
  add_param_group({std::move(params), std::move(options)});
  check_trainable();
}

template <class Options> OptimizerOf<Options>::OptimizerOf(std::vector<ParamGroup<Options>> groups) {
  if (groups.empty()) add_group({});
  for (ParamGroup<Options>& group : groups) add_param_group(std::move(group));
  check_trainable();
}

template <class Options> OptimizerOf<Options>::~OptimizerOf() = default;

template <class Options> const char* OptimizerOf<Options>::name() const { return Step<Options>::name; }

template <class Options> void OptimizerOf<Options>::add_param_group(ParamGroup<Options> group) {
  for (const Hyperparameter& h : Step<Options>::hyperparameters(group.options)) h.check(name(), h.option);
  if constexpr (requires { Step<Options>::check(group.options); }) Step<Options>::check(group.options);
  options_.reserve(options_.size() + 1);
  add_group(std::move(group.params));
  options_.push_back(std::move(group.options));
}

template <class Options> const Options& OptimizerOf<Options>::options(std::size_t group) const {
  check_group(group);
  return options_[group];
}

template <class Options> std::vector<const char*> OptimizerOf<Options>::state_names(std::size_t group) const {
  const auto names = Step<Options>::states(options_[group]);
  return {names.begin(), names.end()};
}

template <class Options> std::vector<Hyperparameter> OptimizerOf<Options>::hyperparameters(std::size_t group) {
  return Step<Options>::hyperparameters(options_[group]);
}

template <class Options> void OptimizerOf<Options>::check_combination(std::size_t group) const {
  if constexpr (requires { Step<Options>::check(options_[group]); }) Step<Options>::check(options_[group]);
}

template <class Options> double& OptimizerOf<Options>::rate(std::size_t group) { return options_[group].lr; }

template <class Options> void OptimizerOf<Options>::begin(std::size_t) {
  if (current_) current_->t = -1;  // options may have changed
}

template <class Options> void OptimizerOf<Options>::update(std::size_t group, const Update& u) {
  using S = Step<Options>;
  if (!current_)
    current_.reset(new Current{u.slot.step, S(options_[group], u.slot.step)});
  else if (current_->t != u.slot.step)
    *current_ = {u.slot.step, S(options_[group], u.slot.step)};
  dispatch_floating(u.dtype, [&]<class T>() { detail::update_elements<T>(current_->step, u); });
}

}  // namespace xg::optim
