#include <xgrad/optim/rmsprop.hpp>
#include <xgrad/tensor/kernels/optimizer.hpp>

namespace xg::optim {

RMSprop::RMSprop(std::vector<Tensor> params, RmspropOptions options) {
  add_groups({{std::move(params), options}});
}
RMSprop::RMSprop(std::vector<ParamGroup<RmspropOptions>> groups) {
  add_groups(std::move(groups));
}

std::array<const char*, RMSprop::max_slots> RMSprop::state_names(std::size_t group) const {
  const RmspropOptions& o = options_[group];
  return {"square_avg", o.centered ? "grad_avg" : "", o.momentum > 0 ? "momentum_buffer" : ""};
}

std::vector<RMSprop::Hyperparameter> RMSprop::hyperparameters_in(RmspropOptions& o) const {
  return {{.name = "lr", .number = &o.lr},
          {.name = "alpha", .number = &o.alpha, .range = Range::closed_unit},
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
