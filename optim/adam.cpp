#include <xgrad/optim/adam.hpp>
#include <xgrad/tensor/kernels/optimizer.hpp>

#include <cmath>

namespace xg::optim {

void detail::BiasCorrections::at(std::int64_t t, double b1, double b2) {
  if (t == step && b1 == beta1 && b2 == beta2) return;
  step = t, beta1 = b1, beta2 = b2;
  first = 1 - std::pow(b1, static_cast<double>(t));
  root_second = std::sqrt(1 - std::pow(b2, static_cast<double>(t)));
}

namespace {

void run(const kernels::AdamStep& step, Dtype dtype, void* param, const void* grad, const std::array<void*, 3>& state,
         std::int64_t numel) {
  dispatch_floating(dtype, [&]<class T>() {
    kernels::adam_step(static_cast<T*>(param), static_cast<const T*>(grad), static_cast<T*>(state[0]),
                       static_cast<T*>(state[1]), static_cast<T*>(state[2]), numel, step);
  });
}

// Both kinds have the same options; what they do with weight decay differs.
template <class Options>
kernels::AdamStep step_of(const Options& o, detail::BiasCorrections& corrections, std::int64_t t) {
  corrections.at(t, o.betas.first, o.betas.second);
  return {.beta1 = o.betas.first,
          .beta2 = o.betas.second,
          .step_size = o.lr / corrections.first,
          .root_bias2 = corrections.root_second,
          .eps = o.eps,
          .weight_decay = 0,
          .shrink = 1,
          .maximize = o.maximize};
}

}  // namespace

Adam::Adam(std::vector<Tensor> params, AdamOptions options) {
  add_param_group({std::move(params), options});
}
Adam::Adam(std::vector<ParamGroup<AdamOptions>> groups) {
  add_groups(std::move(groups));
}

void Adam::check(const AdamOptions& o) const {
  require(o.lr >= 0, "lr", o.lr, "0 or more");
  require(o.betas.first >= 0 && o.betas.first < 1, "betas.first", o.betas.first, "in [0, 1)");
  require(o.betas.second >= 0 && o.betas.second < 1, "betas.second", o.betas.second, "in [0, 1)");
  require(o.eps >= 0, "eps", o.eps, "0 or more");
  require(o.weight_decay >= 0, "weight_decay", o.weight_decay, "0 or more");
}

std::array<const char*, Adam::max_slots> Adam::state_names(std::size_t group) const {
  return {"exp_avg", "exp_avg_sq", options_[group].amsgrad ? "max_exp_avg_sq" : ""};
}

std::vector<Adam::Hyperparameter> Adam::hyperparameters(std::size_t group) {
  AdamOptions& o = options_[group];
  return {{.name = "lr", .number = &o.lr},
          {.name = "beta1", .number = &o.betas.first},
          {.name = "beta2", .number = &o.betas.second},
          {.name = "eps", .number = &o.eps},
          {.name = "weight_decay", .number = &o.weight_decay},
          {.name = "amsgrad", .flag = &o.amsgrad},
          {.name = "maximize", .flag = &o.maximize}};
}

void Adam::update(std::size_t group, const Update& u) {
  kernels::AdamStep step = step_of(options_[group], corrections_, u.slot.step);
  step.weight_decay = options_[group].weight_decay;
  run(step, u.dtype, u.param, u.grad, u.slot.state, u.numel);
}

AdamW::AdamW(std::vector<Tensor> params, AdamWOptions options) {
  add_param_group({std::move(params), options});
}
AdamW::AdamW(std::vector<ParamGroup<AdamWOptions>> groups) {
  add_groups(std::move(groups));
}

void AdamW::check(const AdamWOptions& o) const {
  require(o.lr >= 0, "lr", o.lr, "0 or more");
  require(o.betas.first >= 0 && o.betas.first < 1, "betas.first", o.betas.first, "in [0, 1)");
  require(o.betas.second >= 0 && o.betas.second < 1, "betas.second", o.betas.second, "in [0, 1)");
  require(o.eps >= 0, "eps", o.eps, "0 or more");
  require(o.weight_decay >= 0, "weight_decay", o.weight_decay, "0 or more");
}

std::array<const char*, AdamW::max_slots> AdamW::state_names(std::size_t group) const {
  return {"exp_avg", "exp_avg_sq", options_[group].amsgrad ? "max_exp_avg_sq" : ""};
}

std::vector<AdamW::Hyperparameter> AdamW::hyperparameters(std::size_t group) {
  AdamWOptions& o = options_[group];
  return {{.name = "lr", .number = &o.lr},
          {.name = "beta1", .number = &o.betas.first},
          {.name = "beta2", .number = &o.betas.second},
          {.name = "eps", .number = &o.eps},
          {.name = "weight_decay", .number = &o.weight_decay},
          {.name = "amsgrad", .flag = &o.amsgrad},
          {.name = "maximize", .flag = &o.maximize}};
}

void AdamW::update(std::size_t group, const Update& u) {
  const AdamWOptions& o = options_[group];
  kernels::AdamStep step = step_of(o, corrections_, u.slot.step);
  step.shrink = 1 - o.lr * o.weight_decay;
  run(step, u.dtype, u.param, u.grad, u.slot.state, u.numel);
}

}  // namespace xg::optim
