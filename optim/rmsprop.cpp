#include <xgrad/optim/rmsprop.hpp>
#include <xgrad/tensor/kernels/optimizer.hpp>

namespace xg::optim {

RMSprop::RMSprop(std::vector<Tensor> params, RmspropOptions options) {
  add_param_group({std::move(params), options});
}
RMSprop::RMSprop(std::vector<ParamGroup<RmspropOptions>> groups) {
  add_groups(std::move(groups));
}

void RMSprop::check(const RmspropOptions& o) const {
  require(o.lr >= 0, "lr", o.lr, "0 or more");
  require(o.alpha >= 0, "alpha", o.alpha, "0 or more");
  require(o.eps >= 0, "eps", o.eps, "0 or more");
  require(o.weight_decay >= 0, "weight_decay", o.weight_decay, "0 or more");
  require(o.momentum >= 0, "momentum", o.momentum, "0 or more");
}

std::array<const char*, RMSprop::max_slots> RMSprop::state_names(std::size_t group) const {
  const RmspropOptions& o = options_[group];
  return {"square_avg", o.centered ? "grad_avg" : "", o.momentum > 0 ? "momentum_buffer" : ""};
}

std::vector<RMSprop::Hyperparameter> RMSprop::hyperparameters(std::size_t group) {
  RmspropOptions& o = options_[group];
  return {{.name = "lr", .number = &o.lr},
          {.name = "alpha", .number = &o.alpha},
          {.name = "eps", .number = &o.eps},
          {.name = "weight_decay", .number = &o.weight_decay},
          {.name = "momentum", .number = &o.momentum},
          {.name = "centered", .flag = &o.centered},
          {.name = "maximize", .flag = &o.maximize}};
}

void RMSprop::update(std::size_t group, const Update& u) {
  const RmspropOptions& o = options_[group];
  const kernels::RmspropStep step{.lr = o.lr,
                                  .alpha = o.alpha,
                                  .eps = o.eps,
                                  .momentum = o.momentum,
                                  .weight_decay = o.weight_decay,
                                  .maximize = o.maximize};
  dispatch_floating(u.dtype, [&]<class T>() {
    kernels::rmsprop_step(static_cast<T*>(u.param), static_cast<const T*>(u.grad), static_cast<T*>(u.slot.state[0]),
                          static_cast<T*>(u.slot.state[1]), static_cast<T*>(u.slot.state[2]), u.numel, step);
  });
}

}  // namespace xg::optim
